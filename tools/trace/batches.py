# SPDX-License-Identifier: GPL-2.0-only
"""Traces of workloads (Documentation/workloads.rst): their rows, and what batches that overlapped
on an accelerator would have needed of one engine.
"""

from typing import NamedTuple

from lines import RecordingError, some

MAX_ROWS = 2_000_000
# Of the simulator
MAX_VGPUS = 16384
MAX_NAME = 39
# Of the fraction of a nanosecond that a batch has of each while others run
SHARE_BITS = 20


class Row(NamedTuple):
    """A line of a trace."""

    time_ns: int
    vgpu: str
    length_ns: int
    engine: str


class Job(NamedTuple):
    """A batch that was on an engine from @begin_ns to @end_ns, maybe not alone."""

    arrival_ns: int
    begin_ns: int
    end_ns: int
    vgpu: str
    engine: str


def bounded(found):
    """A list of what is found; RecordingError if it is too long."""
    out = []
    for one in found:
        if len(out) == MAX_ROWS:
            raise RecordingError(f"it has more than {MAX_ROWS} batches: take a part of it")
        out.append(one)
    return out


def _shares(spans):
    """The length of each of @spans, (begin, end), if those that overlap divide the time equally:
    together as long as the time in which there was any."""
    ends = []
    for i, (begin, end) in enumerate(spans):
        if begin < end:
            ends += [(begin, 1, i), (end, 0, i)]
    ends.sort()
    lengths = [0] * len(spans)
    running, had, last = 0, 0, 0
    for time, begins, i in ends:
        if running:
            had += ((time - last) << SHARE_BITS) // running
        last = time
        running += 1 if begins else -1
        lengths[i] = had - lengths[i] if not begins else had
    return [length >> SHARE_BITS for length in lengths]


def rows(jobs):
    """The Rows of Jobs: what one engine of each name would have served. A length of 0 would mean
    something else."""
    out = []
    jobs = bounded(jobs)
    for engine in sorted({j.engine for j in jobs}):
        mine = [j for j in jobs if j.engine == engine]
        lengths = _shares([(j.begin_ns, j.end_ns) for j in mine])
        out += [Row(j.arrival_ns, j.vgpu, max(1, length), engine)
                for j, length in zip(mine, lengths)]
    return out


def renamed(found, names):
    """@found with vGPUs named as the dictionary @names says."""
    unknown = names.keys() - {r.vgpu for r in found}
    if unknown:
        raise RecordingError(f"it has no {some(unknown)}, only {some({r.vgpu for r in found})}")
    return [r._replace(vgpu=names.get(r.vgpu, r.vgpu)) for r in found]


def csv(found, begin_ns=None):
    """The trace, in the order of time, which counts from @begin_ns or the first row."""
    found = sorted(found)
    if begin_ns is None and found:
        begin_ns = found[0].time_ns
    vgpus = {r.vgpu for r in found}
    if len({(r.vgpu, r.engine) for r in found}) > MAX_VGPUS:
        raise RecordingError(f"it has {len(vgpus)} programs: a workload has at most {MAX_VGPUS} vGPUs")
    for name in sorted(vgpus):
        if not 0 < len(name) <= MAX_NAME or not name.isascii() or not name.isprintable() or \
           set(name) & set(',"\\'):
            raise RecordingError(f"{name[:60]!a} can't be a vGPU's name: it has not 1 to {MAX_NAME} "
                                 "letters, or has commas, quotes or backslashes")
    for row in found:
        if row.time_ns - begin_ns >= 1 << 63 or row.length_ns >= 1 << 63:
            raise RecordingError("it has a time beyond 2^63 ns")
    lines = ["time_ns,vgpu,length_ns,engine"]
    lines += [f"{r.time_ns - begin_ns},{r.vgpu},{r.length_ns},{r.engine}" for r in found]
    return "\n".join(lines) + "\n"
