# SPDX-License-Identifier: GPL-2.0-only
"""Shared by the tests of traces: the rules of the Trace Event Format, checked; and a recording as
the mediator would have made it, of a simulated run."""

import bisect
import io
import json
import os
import sys

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "tools", "trace"))

import lines  # noqa: E402
import recording as mediator  # noqa: E402
import tracepoints  # noqa: E402

NEVER = 1 << 62
PHASES = {"X", "b", "e", "M", "i"}
METADATA = {"process_name", "thread_name"}


def check_perfetto(text):
    """The events of a file, having checked that it keeps the format's rules."""
    whole = json.loads(text)
    assert isinstance(whole, dict) and whole["displayTimeUnit"] in ("ms", "ns"), whole.keys()
    stacks, open_jobs, last = {}, {}, {}
    for ev in whole["traceEvents"]:
        assert ev["ph"] in PHASES, ev
        assert isinstance(ev["name"], str) and ev["name"], ev
        assert isinstance(ev["pid"], int) and isinstance(ev["tid"], int), ev
        if ev["ph"] == "M":
            assert ev["name"] in METADATA and isinstance(ev["args"]["name"], str), ev
            continue
        assert isinstance(ev["ts"], (int, float)) and ev["ts"] >= 0, ev
        assert isinstance(ev["cat"], str) and ev["cat"], ev
        thread = (ev["pid"], ev["tid"])
        if ev["ph"] == "X":
            assert ev["dur"] >= 0, ev
            # Events of a thread nest; ours never overlap at all
            assert ev["ts"] >= stacks.get(thread, 0) - 1e-6, ev
            stacks[thread] = ev["ts"] + ev["dur"]
        elif ev["ph"] == "i":
            assert ev["s"] in ("g", "p", "t"), ev
        else:
            key = (ev["pid"], ev["cat"], ev["id"], ev["name"])
            assert isinstance(ev["id"], str), ev
            if ev["ph"] == "b":
                assert key not in open_jobs, ev
                open_jobs[key] = ev["ts"]
            else:
                assert ev["ts"] >= open_jobs.pop(key), ev
        assert ev["ts"] >= last.get("ts", 0), "not in the order of time"
        last["ts"] = ev["ts"]
    assert not open_jobs, open_jobs
    named = {(e["pid"], e["tid"]) for e in whole["traceEvents"] if e["name"] == "thread_name"}
    used = {(e["pid"], e["tid"]) for e in whole["traceEvents"] if e["ph"] != "M"}
    assert used <= named, (used, named)
    return whole["traceEvents"]


def parse(text, dev=None):
    """The mediator's recording.Recording of a text."""
    return mediator.parse(tracepoints.events(lines.numbered(io.StringIO(text))), dev)


def line(time_ns, event, fields, form="tracefs", dev="0000:01:00.0"):
    """A line of a recording, as each of the tools prints it."""
    at = f"{time_ns // 1_000_000_000}.{time_ns // 1000 % 1_000_000:06d}"
    text = " ".join([f"dev={dev}"] + [f"{k}={v}" for k, v in fields.items()])
    return {"tracefs": f"          <idle>-0       [000] d.h1.  {at}: {event}: {text}",
            "trace-cmd": f"          <idle>-0     [000]  {at}: {event}: {text}",
            "perf": f"         swapper     0 [000]  {at}: tessera:{event}: {text}"}[form]


def recording(slices, jobs, form="tracefs"):
    """Of recorded.Slice and recorded.Job of one accelerator, what the mediator would have traced."""
    out = ["# tracer: nop", "#"] if form == "tracefs" else []
    out += ["cpus=1"] if form == "trace-cmd" else []
    found = []
    for engine in ("compute", "copy"):
        found += _engine(engine, [s for s in slices if s.engine == engine],
                         [j for j in jobs if j.engine == engine])
    found.sort(key=lambda e: e[:2])
    return "\n".join(out + [line(t, name, fields, form) for t, _, name, fields in found]) + "\n"


def _engine(engine, slices, jobs):
    periods = _periods(jobs)
    worked = []		# (begin, end, busy before) of the engine's work
    busy = 0
    for s in slices:
        for begin, end in periods.get(s.vgpu, []) if s.state == "run" else []:
            a, b = max(begin, s.begin_ns), min(end, s.end_ns)
            if b > a:
                worked.append((a, b, busy))
                busy += b - a
    begins = [w[0] for w in worked]

    def busy_at(time):
        i = bisect.bisect_right(begins, time) - 1
        return worked[i][2] + min(time, worked[i][1]) - worked[i][0] if i >= 0 else 0

    out = []
    switching, holder = 0, "-"
    for s in slices:
        if s.state == "switch":
            switching += s.end_ns - s.begin_ns
            continue
        vgpu = s.vgpu if s.state == "run" else "-"
        out.append((s.begin_ns, 1, "tessera_world_switch",
                    {"engine": engine, "time_ns": s.begin_ns, "from": holder, "to": vgpu,
                     "token": len(out), "busy_ns": busy_at(s.begin_ns), "switch_ns": switching}))
        holder = vgpu
    for vgpu, spans in periods.items():
        for begin, end in spans:
            for order, time, name in ((2, begin, "tessera_enqueue"), (0, end, "tessera_idle")):
                if time < NEVER:
                    out.append((time, order, name, {"engine": engine, "time_ns": time, "vgpu": vgpu,
                                                    "busy_ns": busy_at(time)}))
    return out


def _periods(jobs):
    """{vgpu: [(begin, end)] while it had work}."""
    out = {}
    for j in sorted(jobs, key=lambda j: j.arrival_ns):
        spans = out.setdefault(j.vgpu, [])
        end = j.done_ns or NEVER
        if spans and j.arrival_ns <= spans[-1][1]:
            spans[-1] = (spans[-1][0], max(spans[-1][1], end))
        else:
            spans.append((j.arrival_ns, end))
    return out
