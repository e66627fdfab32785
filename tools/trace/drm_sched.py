# SPDX-License-Identifier: GPL-2.0-only
"""Recordings of drm_sched's tracepoints (events/gpu_scheduler), which most DRM drivers' jobs pass:
since Linux 6.16 the stable ones (DOC: uAPI trace events in gpu_scheduler_trace.h), before that
those that name jobs by pointers and know no client.
"""

import re

from batches import MAX_ROWS, Job
from lines import RecordingError, number, some

QUEUE = ("drm_sched_job_queue", "drm_sched_job")
RUN = ("drm_sched_job_run", "drm_run_job")
DONE = ("drm_sched_job_done", "drm_sched_process_job")
DEPENDS = ("drm_sched_job_add_dep",)
EVENTS = frozenset(QUEUE + RUN + DONE + DEPENDS)
FIELD = re.compile(r"([a-z_ ]{1,20})[=:](.*)")
FENCE = re.compile(r"[0-9]{1,20}:[0-9]{1,20}|(?:0x)?[0-9a-f]{1,16}")
COPY = re.compile("sdma|bcs|copy")
MAX_RINGS = 4096


class _Pending:
    """A job from its queue to its end."""

    def __init__(self, arrival_ns, fields):
        self.arrival_ns = arrival_ns
        self.fields = fields
        self.run_ns = None
        self.awaited_by = {}	# jobs that depend on this one, by fence


def _fields(ev):
    """{name: value} of an event's text."""
    out = {}
    for part in ev.text.split(", "):
        match = FIELD.match(part)
        if match:
            out[match.group(1)] = match.group(2)
    return out


def _fence(text, ev):
    if not text or not FENCE.fullmatch(text):
        raise RecordingError(f"line {ev.line}: {ev.name} without a fence")
    return text


class Recording:
    """Reads Events; jobs() are those that both ran and ended in it."""

    def __init__(self, dev=None, by=None):
        self.dev = dev
        self.by = by
        self.pending = {}	# by fence
        self.ring_done_ns = {}	# when the last job of a ring was done, by (device, ring)
        self.begin_ns = None
        self.time_ns = None
        self.before = 0		# jobs that ran when the recording began
        self.lost = 0		# whose fence came again before their end, or that never ran

    def jobs(self, events):
        """The jobs, in the order of their ends."""
        for ev in events:
            if ev.name not in EVENTS:
                continue
            if self.begin_ns is None:
                self.begin_ns = self.time_ns = ev.time_ns
            if ev.time_ns < self.time_ns:
                raise RecordingError(f"line {ev.line}: time goes backward")
            self.time_ns = ev.time_ns
            if ev.name in DONE:
                yield from self._done(ev)
            elif ev.name in DEPENDS:
                self._depends(ev)
            else:
                self._job(ev)
        devs = {dev for dev, _ in self.ring_done_ns}
        if self.dev is None and len(devs) > 1:
            raise RecordingError(f"it is of {len(devs)} devices ({some(devs)}): choose one")
        if self.dev is not None and self.dev not in devs:
            raise RecordingError(f"it has no jobs of the device {self.dev}, only of "
                                 f"{some(d or 'a device that it does not name' for d in devs)}")

    def left_out(self):
        """What is to be said of jobs without a line, or an empty text."""
        pending = sum(1 for job in self.pending.values() if self._wanted(job))
        parts = [(self.before, "ran when the recording began"),
                 (pending + self.lost, "did not both run and end in it")]
        return ", ".join(f"{n} {what}" for n, what in parts if n)

    def _wanted(self, job):
        return self.dev is None or job.fields.get("dev") == self.dev

    def _job(self, ev):
        fields = _fields(ev)
        fence = _fence(fields.get("fence"), ev)
        for key in ("ring", "entity" if ":" not in fence else "dev"):
            if not fields.get(key):
                raise RecordingError(f"line {ev.line}: {ev.name} without {key}")
        if ":" in fence:
            number(fields.get("client_id", ""), f"line {ev.line}: {ev.name}'s client_id",
                   (1 << 64) - 1)
        elif self.by == "client":
            raise RecordingError(f"line {ev.line}: before Linux 6.16 jobs have no client")
        self.ring_done_ns.setdefault((fields.get("dev", ""), fields["ring"]), ev.time_ns)
        if len(self.ring_done_ns) > MAX_RINGS or len(self.pending) > MAX_ROWS:
            raise RecordingError(f"line {ev.line}: it has more than {MAX_RINGS} rings or "
                                 f"{MAX_ROWS} jobs at once")
        job = self.pending.get(fence)
        if ev.name in RUN and job and job.run_ns is None:
            job.run_ns = ev.time_ns
            return
        # A pointer comes again when its fence is freed. Then no end was reported, as of a job that
        # was killed
        if job:
            if ":" in fence:
                raise RecordingError(f"line {ev.line}: {ev.name} of the fence {fence} again")
            self.lost += self._wanted(job)
        self.pending[fence] = job = _Pending(ev.time_ns, fields)
        if ev.name in RUN:
            # It was queued before the recording
            job.arrival_ns = self.begin_ns
            job.run_ns = ev.time_ns

    def _depends(self, ev):
        match = re.fullmatch(r"fence=(\S+) depends on fence=(\S+)", ev.text)
        if not match:
            raise RecordingError(f"line {ev.line}: {ev.name} without two fences")
        fence, other = (_fence(f, ev) for f in match.groups())
        if fence in self.pending and other in self.pending:
            self.pending[other].awaited_by[fence] = self.pending[fence]

    def _done(self, ev):
        text = _fields(ev).get("fence", "").removesuffix(" signaled")
        job = self.pending.pop(_fence(text, ev), None)
        if not job:
            self.before += 1
            return
        # The driver of a guest would ring the doorbell once what it depends on is done
        for other in job.awaited_by.values():
            if other.run_ns is None:
                other.arrival_ns = ev.time_ns
        ring = (job.fields.get("dev", ""), job.fields["ring"])
        if job.run_ns is None:
            self.lost += self._wanted(job)
            return
        # A ring runs its jobs one after another
        begin_ns = max(job.run_ns, self.ring_done_ns[ring])
        self.ring_done_ns[ring] = ev.time_ns
        if self._wanted(job):
            yield Job(job.arrival_ns, begin_ns, ev.time_ns, self._vgpu(text, job.fields),
                      "copy" if COPY.search(ring[1]) else "compute")

    def _vgpu(self, fence, fields):
        if ":" not in fence:
            return "entity" + fields["entity"].removeprefix("0x").lstrip("0")
        return f"queue{fence.split(':')[0]}" if self.by == "queue" else f"client{fields['client_id']}"
