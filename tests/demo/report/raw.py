# SPDX-License-Identifier: GPL-2.0-only
"""What the virtual host sent over its result channel, taken apart.

tests/demo/host.sh writes it, a record a line:

    tessera-demo 1                                   first line: format and version
    mode deterministic | ordinary
    note TEXT                                        facts for the page's foot
    mnist WHERE UUID JSON                            a whole job; WHERE: native, v1 or a policy
    kvm FIELD BEGIN END                              KVM's counters round the window of v1
    run POLICY PREEMPTION TIMESLICE_US               begins a run under a policy
    guest POLICY UUID TYPE                           its guests, in order; the first finishes early
    snap WHERE PHASE                                 the mediator's snapshot file follows, then "."
    dmesg WHERE                                      lines with "|" before them follow, then "."
    failed TEXT                                      a step that went wrong
    end                                              last line: nothing is missing
"""

import json
from dataclasses import dataclass, field


class RawError(Exception):
    """The raw file is not what host.sh writes."""


@dataclass
class Snapshot:
    """One consistent reading of the compute engine's counters."""

    phase: str
    time_ns: int
    busy_ns: int
    switch_ns: int
    vgpus: dict  # uuid: engine time so far, ns


@dataclass
class Run:
    """What was collected under one policy."""

    policy: str
    preemption: str
    timeslice_us: int
    guests: list = field(default_factory=list)  # (uuid, type)


@dataclass
class Raw:
    """Everything."""

    mode: str = "ordinary"
    notes: list = field(default_factory=list)
    jobs: dict = field(default_factory=dict)  # (where, uuid): list of the program's results
    kvm: dict = field(default_factory=dict)  # counter: (begin, end)
    runs: list = field(default_factory=list)
    snaps: dict = field(default_factory=dict)  # where: list of Snapshot
    dmesg: dict = field(default_factory=dict)  # where: list of lines
    failed: list = field(default_factory=list)
    complete: bool = False


def _pairs(words):
    return dict(w.split("=", 1) for w in words if "=" in w)


def parse_snapshot(phase, lines):
    """The compute engine's part of debugfs tessera/BDF/engines (Documentation/mediator.rst)."""
    engine = None
    vgpus = {}
    for line in lines:
        words = line.split()
        if words[:2] == ["engine", "compute"]:
            engine = _pairs(words[2:])
        elif words[:2] == ["vgpu", "compute"]:
            vgpus[words[2]] = int(_pairs(words[3:])["busy_ns"])
    if engine is None:
        raise RawError(f"a snapshot of {phase} has no line of the compute engine")
    return Snapshot(phase, int(engine["time_ns"]), int(engine["busy_ns"]),
                    int(engine["switch_ns"]), vgpus)


def _block(lines, what):
    block = []
    for line in lines:
        if line == ".":
            return block
        block.append(line)
    raise RawError(f"the raw file ends inside {what}")


def parse(text):
    """Raw from the text of a raw file; RawError where it is no such file."""
    lines = iter(text.replace("\r", "").split("\n"))
    if next(lines, "") != "tessera-demo 1":
        raise RawError("not a raw file of the demo, or of another version")
    raw = Raw()
    for line in lines:
        key, _, rest = line.partition(" ")
        try:
            if key == "mode":
                raw.mode = rest
            elif key == "note":
                raw.notes.append(rest)
            elif key == "mnist":
                where, uuid, job = rest.split(" ", 2)
                raw.jobs.setdefault((where, uuid), []).append(json.loads(job))
            elif key == "kvm":
                name, begin, end = rest.split()
                raw.kvm[name] = (int(begin), int(end))
            elif key == "run":
                policy, preemption, us = rest.split()
                raw.runs.append(Run(policy, preemption, int(us)))
            elif key == "guest":
                policy, uuid, kind = rest.split()
                if not raw.runs or raw.runs[-1].policy != policy:
                    raise RawError(f"a guest of {policy} outside its run")
                raw.runs[-1].guests.append((uuid, kind))
            elif key == "snap":
                where, phase = rest.split()
                snap = parse_snapshot(phase, _block(lines, "a snapshot"))
                raw.snaps.setdefault(where, []).append(snap)
            elif key == "dmesg":
                raw.dmesg[rest] = [b[1:] for b in _block(lines, "a kernel log")]
            elif key == "failed":
                raw.failed.append(rest)
            elif key == "end":
                raw.complete = True
            elif line:
                raise RawError(f"unknown record: {line[:80]}")
        except (ValueError, KeyError, IndexError) as e:
            raise RawError(f"bad record: {line[:80]} ({e})") from e
    return raw
