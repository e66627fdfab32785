# SPDX-License-Identifier: GPL-2.0-only
"""From a run's JSON (Documentation/workloads.rst) to figures: who was owed what, and how well
that and everything else came out.

What a policy owes is computed here from its definition (Documentation/scheduler.rst), never
taken from the scheduler, so that the scheduler is checked and not believed.
"""

import policies

BY_DEMAND = ("best_effort", "deadline")
LATENCIES = ("p1", "p5", "p10", "p25", "p50", "p75", "p90", "p95", "p99", "p99.9", "max")


class FigureError(Exception):
    """A run's JSON lacks something, or can't be right."""


def divide(capacity, weights, floors, caps):
    """Weighted max-min: x[i] = level * weights[i], but at least floors[i] and at most caps[i],
    with the level at which all of @capacity is given out (or all are at their caps). Floors
    that exceed @capacity in sum shrink alike."""
    floors = [min(f, c) for f, c in zip(floors, caps)]
    if sum(floors) >= capacity:
        whole = sum(floors)
        return [f * capacity / whole if whole else 0.0 for f in floors]
    if sum(caps) <= capacity:
        return list(caps)

    def given(level):
        return [max(f, min(c, level * w)) for w, f, c in zip(weights, floors, caps)]

    # The sum grows piecewise linearly with the level; it bends where a vGPU leaves its floor
    # or reaches its cap
    low = 0.0
    for high in sorted({b / w for w, f, c in zip(weights, floors, caps) for b in (f, c) if w}):
        a, b = sum(given(low)), sum(given(high))
        if b >= capacity:
            if b > a:
                low += (high - low) * (capacity - a) / (b - a)
            return given(low)
        low = high
    return given(low)


def _inverse(vgpu):
    kind = str(vgpu["type"])
    if not kind.startswith("V") or not kind[1:].isdigit() or int(kind[1:]) == 0:
        raise FigureError(f"vGPU {vgpu['name']} is of no known type: {kind}")
    return int(kind[1:])


def _owed(policy, vgpus, running, window, capacity, loans=True):
    """Engine time, ns, that a policy owes to each of the @vgpus with a load on one engine in @window,
    in which all @running run on its accelerator: each has its turns on both engines. Without
    @loans, fixed_share's own turns alone. None for each, under a policy whose definition is not
    known here."""
    demands = [0 if v["guilty"] else min(v["demand_ns"], window) for v in vgpus]
    if policy in BY_DEMAND:
        limits = [window * v["limit"] / 100 if v["limit"] else window for v in vgpus]
        return divide(capacity, [v["weight"] for v in vgpus],
                      [window * v["reservation"] / 100 for v in vgpus],
                      [min(d, m) for d, m in zip(demands, limits)])
    if policy == "equal_share":
        return [min(d, capacity / len(running)) for d in demands]
    if policy == "fixed_share":
        scale = min(1.0, capacity / sum(window / _inverse(v) for v in running))
        own = [min(d, scale * window / _inverse(v)) for d, v in zip(demands, vgpus)]
        if not loans:
            return own
        # What stays idle is divided by shares, among those below their cap
        room = [max(0, min(d, window * v["elastic_cap"] / 100) - o)
                for o, d, v in zip(own, demands, vgpus)]
        lent = divide(capacity - sum(own), [1 / _inverse(v) for v in vgpus], [0] * len(own), room)
        return [o + e for o, e in zip(own, lent)]
    if policy in policies.names():
        return [None] * len(vgpus)
    raise FigureError(f"unknown policy {policy}")


def _owed_apart(run, vgpus, running, capacity):
    """What is owed to each whoever else runs: a share that was sold, if there is room for all."""
    window = run["window_ns"]
    sold = sum(window / _inverse(v) for v in running.values())
    if run["policy"] != "fixed_share" or sold > capacity or any(v["elastic_cap"] for v in vgpus):
        return [None] * len(vgpus)
    return [0 if v["guilty"] else min(v["demand_ns"], v["running_ns"] / _inverse(v)) for v in vgpus]


def engine_of(entry):
    """What distinguishes engines, of an entry of "vgpus" or "engines"."""
    return entry["accelerator"], entry["engine"]


def _stretches(running, window):
    """The parts of the window in which the same vGPUs run: [(ns, their names)]. None if several come
    and go: a run's JSON says for how long each ran, and not when."""
    always = {name for name, v in running.items() if v["running_ns"] >= window}
    others = [name for name, v in running.items() if 0 < v["running_ns"] < window]
    if len(others) > 1:
        return None
    parts = [(running[name]["running_ns"], always | {name}) for name in others]
    return parts + [(window - sum(ns for ns, _ in parts), always)]


def switching_owed(run, engine):
    """What of an engine's switching, ns, those who share it have to bear: one switch a slice. More
    than that is the scheduler's doing: it takes from what is got, and not from what is due."""
    slice_us, switch_us = run["timeslice_us"], run["switch_us"]
    return min(engine["switch_ns"], run["window_ns"] * switch_us / (slice_us + switch_us)
               if switch_us else 0)


def kept_ns(run, slices):
    """For how long of the window the engine was kept for each entry of "vgpus", without work, while
    others had some; @slices: as in recorded.py. Under policies by turns it is never kept: there
    a turn without work is the vGPU's own."""
    begin, end = run["begin_ns"], run["begin_ns"] + run["window_ns"]
    empty = {}
    for s in slices if run["policy"] in BY_DEMAND else ():
        inside = min(s.end_ns, end) - max(s.begin_ns, begin)
        if s.state == "run" and inside > 0:
            key = s.vgpu, s.accelerator, s.engine
            idle = inside * (s.end_ns - s.begin_ns - s.busy_ns) / (s.end_ns - s.begin_ns)
            empty[key] = empty.get(key, 0) + idle
    out = [0.0] * len(run["vgpus"])
    for engine in run["engines"]:
        # Where nobody had work it was kept from nobody
        cost = engine["work_ns"] - engine["busy_ns"] - engine["switch_ns"]
        whole = sum(ns for key, ns in empty.items() if key[1:] == engine_of(engine))
        for i, v in enumerate(run["vgpus"]):
            if whole > 0 and engine_of(v) == engine_of(engine):
                out[i] = empty.get((v["name"], *engine_of(v)), 0) * min(1.0, cost / whole)
    return out


def due_ns(run, kept=None, loans=True):
    """Engine time owed to each entry of "vgpus" in the window, in their order; None: not known. What
    the engine was @kept for counts as demand. Without @loans, what was promised alone."""
    window = run["window_ns"]
    owed = [0.0] * len(run["vgpus"])
    for engine in run["engines"]:
        here = [i for i, v in enumerate(run["vgpus"]) if engine_of(v) == engine_of(engine)]
        if not here:
            continue
        running = {v["name"]: v for v in run["vgpus"] if v["accelerator"] == engine["accelerator"]}
        lost = sum(run["vgpus"][i]["got_ns"] for i in here if run["vgpus"][i]["guilty"])
        capacity = max(0, window - switching_owed(run, engine) - lost)
        stretches = _stretches(running, window)
        if stretches is None:
            for i, ns in zip(here, _owed_apart(run, [run["vgpus"][i] for i in here], running,
                                               capacity)):
                owed[i] = ns
            continue
        for ns, names in stretches:
            there = [i for i in here if run["vgpus"][i]["name"] in names]
            if not ns or not there:
                continue
            vgpus = []
            for i in there:
                v = run["vgpus"][i]
                demand = v["demand_ns"] + (kept[i] if kept else 0)
                vgpus.append({**v, "demand_ns": demand * ns / min(window, v["running_ns"])})
            parts = _owed(run["policy"], vgpus, [running[name] for name in names], ns,
                          capacity * ns / window, loans)
            for i, part in zip(there, parts):
                owed[i] = None if part is None else owed[i] + part
    return owed


def jain(values):
    """Jain's index of fairness: 1 if all are alike, 1/n if one has everything."""
    squares = sum(x * x for x in values)
    return sum(values) ** 2 / (len(values) * squares) if squares else None


def _latency(vgpus, name):
    found = [v["latency_ns"][name] for v in vgpus
             if v.get("latency_ns") and v["latency_ns"].get(name) is not None and v["jobs"]]
    return max(found) if found else None


def latency_group(vgpus):
    """The vGPUs whose latency matters: those that do not always have work, if there are any,
    otherwise all; never one that hangs."""
    vgpus = [v for v in vgpus if not v["guilty"]]
    return [v for v in vgpus if not v["greedy"] and v["jobs"]] or vgpus


def latencies(run):
    """{percentile: ns}, each that of the vGPU of latency_group() where it is highest."""
    group = latency_group(run["vgpus"])
    return {name: _latency(group, name) for name in LATENCIES}


def _round(x, places=6):
    return None if x is None else round(x, places)


def figures(run, slices=()):
    """A dictionary of what the comparison shows, shares as fractions of the window. @slices: of the
    run, as in recorded.py."""
    window = run["window_ns"]
    if window <= 0:
        raise FigureError("the measured window is empty")
    kept = kept_ns(run, slices)
    owed = due_ns(run, kept)
    had = [v["got_ns"] + k for v, k in zip(run["vgpus"], kept)]
    pairs = [(h, d) for h, d in zip(had, owed) if d is not None and d > 0]
    used = {engine_of(v) for v in run["vgpus"]}
    engines = [e for e in run["engines"] if engine_of(e) in used]
    busy, switching, work = (sum(e[k] for e in engines)
                             for k in ("busy_ns", "switch_ns", "work_ns"))
    time = window * len(engines)
    latency = latencies(run)
    return {
        "vgpus": len({v["name"] for v in run["vgpus"]}),
        "share_error": _round(max((abs(h - d) / d for h, d in pairs), default=None)),
        "utilisation": _round((busy + switching) / work if work else None),
        "jain": _round(jain([h / d for h, d in pairs]) if pairs else None),
        "p50_ns": latency["p50"],
        "p99_ns": latency["p99"],
        "jobs_lost": sum(v["jobs_lost"] for v in run["vgpus"] if not v["guilty"]),
        "useful": _round(busy / (busy + switching) if busy else None),
        "busy_share": _round(busy / time),
        "switch_share": _round(switching / time),
        "idle_share": _round((work - busy - switching) / time),
        "shares": [{"name": v["name"], "accelerator": v["accelerator"], "engine": v["engine"],
                    "load": v["load"], "due": None if d is None else _round(d / window),
                    "got": _round(v["got_ns"] / window), "kept": _round(k / window),
                    "switching": _round(v["switch_ns"] / window),
                    "p50_ns": _latency([v], "p50"), "p99_ns": _latency([v], "p99")}
                   for v, d, k in zip(run["vgpus"], owed, kept)],
    }


def dominated(one, others):
    """Whether another is at least as good in each of its figures, and better in one; lower is
    better."""
    return any(o != one and all(x <= y for x, y in zip(o, one)) for o in others)


def best_slice(points, efficiency):
    """Of [(slice_us, useful, p99_ns)] the shortest slice of those with a useful part of at least
    @efficiency of which no other has a larger one with no more latency, or less latency with no
    smaller one; None if there is none."""
    good = {us: (-useful, float("inf") if p99 is None else p99) for us, useful, p99 in points
            if useful is not None and useful >= efficiency}
    return min((us for us, own in good.items() if not dominated(own, good.values())), default=None)


def agreement(run, other):
    """Largest difference, in fractions of engine time, of what a vGPU got in two runs."""
    mine = {(v["name"], *engine_of(v)): v["got_ns"] / run["window_ns"] for v in run["vgpus"]}
    theirs = {(v["name"], *engine_of(v)): v["got_ns"] / other["window_ns"] for v in other["vgpus"]}
    if set(mine) != set(theirs):
        raise FigureError("the runs are not of the same vGPUs")
    return max(abs(mine[k] - theirs[k]) for k in mine)
