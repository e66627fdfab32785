# SPDX-License-Identifier: GPL-2.0-only
"""From counters to figures: who got how much of the engine, and who was owed what.

What a policy owes is computed here from its definition alone (Documentation/scheduler.rst),
never taken from the mediator, so that the mediator is checked and not believed.
"""

from dataclasses import dataclass, field

# Phases of a run. "idle" is in the plots only: the first guest has nothing to do, but its
# vGPU runs on.
ALL_BUSY, IDLE, ONE_STOPPED = "all_busy", "idle", "one_stopped"
REPORTED = (ALL_BUSY, ONE_STOPPED)
SKEW_NS = 1000		# the counters of a snapshot are read one after another
STEADY_BUSY = 0.9	# of the steady window, at least, the engine has worked for the guest

# What a busy guest is owed under each policy of the demo: of its type, the number of guests that
# run, and the number of those that have work. tests/demo/select_policies.py runs these.
OWED = {
    "best_effort": lambda kind, running, active: 1.0 / active,
    "equal_share": lambda kind, running, active: 1.0 / running,
    "fixed_share": lambda kind, running, active: 1.0 / int(kind.rpartition("V")[2]),
}
POLICIES = tuple(OWED)


class FigureError(Exception):
    """A figure can't be computed from what was collected."""


@dataclass
class Phase:
    """Shares of one phase, fractions of its device time."""

    name: str
    begin_ns: int
    duration_ns: int
    idle_share: float
    switch_share: float
    shares: list = field(default_factory=list)  # (uuid, due, got)


@dataclass
class Window:
    """What v1 did between two snapshots, with KVM's counters read at each."""

    duration_ns: int
    busy_ns: int
    batches: float
    kvm: dict  # counter: difference


def due(policy, kinds, first):
    """Shares owed to guests of types @kinds when all are busy but the first, which is
    "busy", "idle" (its vGPU runs) or "stopped"."""
    if policy not in OWED:
        raise FigureError(f"unknown policy {policy}")
    running = len(kinds) - (first == "stopped")
    active = len(kinds) - (first != "busy")
    owed = [OWED[policy](kind, running, active) for kind in kinds]
    if first != "busy":
        owed[0] = 0.0  # nothing is owed to one that asks for nothing
    return owed


STATE_OF_FIRST = {ALL_BUSY: "busy", IDLE: "idle", ONE_STOPPED: "stopped"}


def spans(snaps):
    """Pairs of neighbouring snapshots; the counters of each pair are sane."""
    for a, b in zip(snaps, snaps[1:]):
        if b.time_ns < a.time_ns or b.busy_ns < a.busy_ns or b.switch_ns < a.switch_ns:
            raise FigureError(f"a counter of the engine went backward in {b.phase}")
        for uuid, ns in b.vgpus.items():
            if ns < a.vgpus.get(uuid, 0):
                raise FigureError(f"the engine time of {uuid} went backward in {b.phase}")
        used = sum(b.vgpus.values()) - sum(a.vgpus.values())
        if used + b.switch_ns - a.switch_ns > b.time_ns - a.time_ns + SKEW_NS:
            raise FigureError(f"more engine time than time in {b.phase}")
        if b.time_ns > a.time_ns:
            yield a, b


def phase(run, snaps, name):
    """The Phase of that name, from its first snapshot to its last."""
    inside = [s for s in snaps if s.phase == name]
    if len(inside) < 2:
        raise FigureError(f"{run.policy}: phase {name} was not sampled")
    a, b = inside[0], inside[-1]
    ns = b.time_ns - a.time_ns
    if ns <= 0:
        raise FigureError(f"{run.policy}: phase {name} took no time")
    owed = due(run.policy, [kind for _, kind in run.guests], STATE_OF_FIRST[name])
    shares = []
    for (uuid, _), d in zip(run.guests, owed):
        if uuid not in a.vgpus or uuid not in b.vgpus:
            raise FigureError(f"{run.policy}: no counters of {uuid} in phase {name}")
        shares.append((uuid, d, (b.vgpus[uuid] - a.vgpus[uuid]) / ns))
    switch = (b.switch_ns - a.switch_ns) / ns
    used = sum(b.vgpus[u] - a.vgpus[u] for u, _, _ in shares) + b.switch_ns - a.switch_ns
    return Phase(name, a.time_ns, ns, max(0, ns - used) / ns, switch, shares)


def series(run, snaps):
    """Rows (begin ms, end ms, percent of engine time by guest..., switching, phase)."""
    rows = []
    if not snaps:
        return rows
    start = snaps[0].time_ns
    for a, b in spans(snaps):
        ns = b.time_ns - a.time_ns
        got = [100.0 * (b.vgpus.get(u, 0) - a.vgpus.get(u, 0)) / ns for u, _ in run.guests]
        rows.append(((a.time_ns - start) / 1e6, (b.time_ns - start) / 1e6, got,
                     100.0 * (b.switch_ns - a.switch_ns) / ns,
                     b.phase if a.phase == b.phase else ""))
    return rows


def job(raw, where, uuid):
    """The program's first whole job there, or None."""
    jobs = raw.jobs.get((where, uuid))
    return jobs[0] if jobs else None


def throughput(done):
    """Training batches a second of device time, over the whole steady part of a job."""
    return done["steady_jobs"] * 1e9 / done["steady_ns"]


def v1_uuid(raw):
    """UUID of the guest that has the accelerator alone."""
    for where, uuid in raw.jobs:
        if where == "v1":
            return uuid
    raise FigureError("no result of the guest with the V1 vGPU")


def window(raw):
    """The steady window of v1. Its batches are the program's steady rate times the window's
    device time: every training batch costs the same, and nothing need run in the guest during
    the window merely to count."""
    snaps = raw.snaps.get("v1", [])
    if len(snaps) < 2 or not raw.kvm:
        raise FigureError("no steady window of the V1 guest")
    uuid = v1_uuid(raw)
    done = job(raw, "v1", uuid)
    a, b = snaps[0], snaps[-1]
    busy = b.vgpus.get(uuid, 0) - a.vgpus.get(uuid, 0)
    ns = b.time_ns - a.time_ns
    if busy < STEADY_BUSY * ns or ns <= 0:
        raise FigureError("the V1 guest was not training all through its steady window")
    return Window(ns, busy, throughput(done) * ns / 1e9,
                  {name: end - begin for name, (begin, end) in raw.kvm.items()})


def _result(done):
    if done is None:
        raise FigureError("a result is missing")
    return {"accuracy": round(done["accuracy"], 6),
            "weights_sha256": done["weights_sha256"],
            "predictions_sha256": done["predictions_sha256"]}


def report(raw):
    """report.json as a dictionary, in its order; FigureError where something is missing."""
    native = job(raw, "native", "-")
    if native is None:
        raise FigureError("no result of bare metal")
    uuid = v1_uuid(raw)
    v1 = job(raw, "v1", uuid)
    steady = window(raw)
    out = {
        "native": {**_result(native), "compute_jobs_per_s": round(throughput(native), 3)},
        "v1": {**_result(v1), "compute_jobs_per_s": round(throughput(v1), 3),
               "over_native": round(throughput(v1) / throughput(native), 6),
               "exits_per_batch": round(steady.kvm["exits"] / steady.batches, 3)},
        "runs": [],
    }
    for run in raw.runs:
        for _ in spans(raw.snaps.get(run.policy, [])):
            pass	# it raises where a counter can't be right
        guests = []
        for guest, kind in run.guests:
            done = job(raw, run.policy, guest)
            if done is None:
                raise FigureError(f"{run.policy}: no result of guest {guest}")
            guests.append({"uuid": guest, "type": kind, **_result(done)})
        phases = []
        for name in REPORTED:
            p = phase(run, raw.snaps.get(run.policy, []), name)
            phases.append({"name": name, "duration_ns": p.duration_ns,
                           "idle_share": round(p.idle_share, 6),
                           "switch_share": round(p.switch_share, 6),
                           "shares": [{"uuid": u, "due": round(d, 6), "got": round(g, 6)}
                                      for u, d, g in p.shares]})
        out["runs"].append({"policy": run.policy, "preemption": run.preemption,
                            "timeslice_us": run.timeslice_us, "guests": guests,
                            "phases": phases})
    return out
