# SPDX-License-Identifier: GPL-2.0-only
"""Slices and jobs in the Trace Event Format (JSON), which Chrome's tracing page and Perfetto read.

A process is an accelerator, a thread one of its engines. A slice or a switch is a complete event
("X") of the engine; a job is a pair of asynchronous events ("b", "e") of its own id, since jobs
of one vGPU overlap. Times are in microseconds.
"""

import json


def _us(ns):
    return ns / 1000


class Trace:
    """Events as they are added; json() in the end."""

    def __init__(self, about):
        self.about = about
        self.engines = {}  # (accelerator, engine): its thread
        self.events = []
        self.jobs = 0

    def _thread(self, accelerator, engine):
        tid = self.engines.setdefault((accelerator, engine), 1 + sum(
            a == accelerator for a, _ in self.engines))
        return {"pid": accelerator + 1, "tid": tid}

    def slice(self, accelerator, engine, vgpu, begin_ns, end_ns, busy_ns):
        """@vgpu's runlist was in force; @busy_ns of that in work."""
        self.events.append({"name": vgpu, "cat": "slice", "ph": "X", "ts": _us(begin_ns),
                            "dur": _us(end_ns - begin_ns), **self._thread(accelerator, engine),
                            "args": {"busy_us": _us(busy_ns)}})

    def switch(self, accelerator, engine, begin_ns, end_ns):
        """The engine switched runlists."""
        self.events.append({"name": "switch", "cat": "switch", "ph": "X", "ts": _us(begin_ns),
                            "dur": _us(end_ns - begin_ns), **self._thread(accelerator, engine)})

    def job(self, accelerator, engine, vgpu, begin_ns, end_ns, args):
        """A job (or a busy period) from its arrival to its end."""
        self.jobs += 1
        common = {"name": vgpu, "cat": "job", "id": f"0x{self.jobs:x}",
                  **self._thread(accelerator, engine)}
        self.events.append({**common, "ph": "b", "ts": _us(begin_ns), "args": args})
        self.events.append({**common, "ph": "e", "ts": _us(end_ns)})

    def instant(self, accelerator, engine, name, time_ns, args):
        """Something happened to an engine."""
        self.events.append({"name": name, "cat": name, "ph": "i", "s": "t", "ts": _us(time_ns),
                            **self._thread(accelerator, engine), "args": args})

    def json(self):
        """The text of the file."""
        names = []
        for accelerator in sorted({a for a, _ in self.engines}):
            names.append({"name": "process_name", "ph": "M", "pid": accelerator + 1, "tid": 0,
                          "args": {"name": f"accelerator {accelerator}"}})
        for accelerator, engine in sorted(self.engines):
            names.append({"name": "thread_name", "ph": "M", **self._thread(accelerator, engine),
                          "args": {"name": engine}})
        events = sorted(self.events, key=lambda e: e["ts"])
        return ('{"displayTimeUnit":"ms","otherData":' + json.dumps({"about": self.about}) +
                ',"traceEvents":[\n' +
                ",\n".join(json.dumps(e, separators=(",", ":")) for e in names + events) + "\n]}\n")
