# SPDX-License-Identifier: GPL-2.0-only
"""What a run leaves besides its JSON: slices and jobs, as CSV (Documentation/workloads.rst)."""

import csv
from dataclasses import dataclass

import perfetto


class RecordError(Exception):
    """A file is not in the form that a run writes."""


@dataclass
class Slice:
    """One state of an engine."""

    begin_ns: int
    end_ns: int
    accelerator: int
    engine: str
    state: str		# run, switch, idle
    vgpu: str
    busy_ns: int


@dataclass
class Job:
    """A job; @done_ns is 0 for one that was not done."""

    arrival_ns: int
    done_ns: int
    accelerator: int
    engine: str
    vgpu: str
    length_ns: int
    lost: int


def _read(path, kind):
    numbers = {name for name, t in kind.__annotations__.items() if t is int}
    rows = []
    with open(path, encoding="utf-8", newline="") as f:
        reader = csv.DictReader(f)
        if reader.fieldnames != list(kind.__annotations__):
            raise RecordError(f"{path}: the first line is not {','.join(kind.__annotations__)}")
        for row in reader:
            try:
                rows.append(kind(**{k: int(v) if k in numbers else v for k, v in row.items()}))
            except (TypeError, ValueError) as e:
                raise RecordError(f"{path}: line {reader.line_num} is malformed") from e
    return rows


def slices(path):
    """List of Slice."""
    return _read(path, Slice)


def jobs(path):
    """List of Job."""
    return _read(path, Job)


def to_perfetto(about, run_slices, run_jobs):
    """The text of a trace file."""
    trace = perfetto.Trace(about)
    end = max((s.end_ns for s in run_slices), default=0)
    for s in run_slices:
        if s.state == "run":
            trace.slice(s.accelerator, s.engine, s.vgpu, s.begin_ns, s.end_ns, s.busy_ns)
        elif s.state == "switch":
            trace.switch(s.accelerator, s.engine, s.begin_ns, s.end_ns)
    for j in run_jobs:
        args = {"length_us": j.length_ns / 1000}
        if j.lost:
            args["lost"] = True
        elif not j.done_ns:
            args["pending"] = True
        trace.job(j.accelerator, j.engine, j.vgpu, j.arrival_ns,
                  max(j.done_ns or end, j.arrival_ns), args)
    return trace.json()
