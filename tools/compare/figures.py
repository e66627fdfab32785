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


def _owed(policy, vgpus, running, window, capacity):
    """Engine time, ns, that a policy owes to each of the @vgpus with a load on one engine;
    @running: all that run on its accelerator, for each has its turns on both engines. None for each,
    under a policy whose definition is not known here."""
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
        # What stays idle is divided by shares, among those below their cap
        room = [max(0, min(d, window * v["elastic_cap"] / 100) - o)
                for o, d, v in zip(own, demands, vgpus)]
        lent = divide(capacity - sum(own), [1 / _inverse(v) for v in vgpus], [0] * len(own), room)
        return [o + e for o, e in zip(own, lent)]
    if policy in policies.names():
        return [None] * len(vgpus)
    raise FigureError(f"unknown policy {policy}")


def engine_of(entry):
    """What distinguishes engines, of an entry of "vgpus" or "engines"."""
    return entry["accelerator"], entry["engine"]


def due_ns(run):
    """Engine time owed to each entry of "vgpus" in the window, in their order; None: not known."""
    window = run["window_ns"]
    owed = [0.0] * len(run["vgpus"])
    for engine in run["engines"]:
        here = [i for i, v in enumerate(run["vgpus"]) if engine_of(v) == engine_of(engine)]
        if not here:
            continue
        vgpus = [run["vgpus"][i] for i in here]
        running = {v["name"]: v for v in run["vgpus"]
                   if v["accelerator"] == engine["accelerator"]}.values()
        lost = sum(v["got_ns"] for v in vgpus if v["guilty"])
        capacity = max(0, window - engine["switch_ns"] - lost)
        for i, ns in zip(here, _owed(run["policy"], vgpus, running, window, capacity)):
            owed[i] = ns
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


def figures(run):
    """A dictionary of what the comparison shows, shares as fractions of the window."""
    window = run["window_ns"]
    if window <= 0:
        raise FigureError("the measured window is empty")
    owed = due_ns(run)
    pairs = [(v["got_ns"], d) for v, d in zip(run["vgpus"], owed) if d is not None and d > 0]
    used = {engine_of(v) for v in run["vgpus"]}
    engines = [e for e in run["engines"] if engine_of(e) in used]
    busy, switching, work = (sum(e[k] for e in engines)
                             for k in ("busy_ns", "switch_ns", "work_ns"))
    time = window * len(engines)
    latency = latencies(run)
    return {
        "vgpus": len({v["name"] for v in run["vgpus"]}),
        "share_error": _round(max((abs(g - d) / d for g, d in pairs), default=None)),
        "utilisation": _round((busy + switching) / work if work else None),
        "jain": _round(jain([g / d for g, d in pairs]) if pairs else None),
        "p50_ns": latency["p50"],
        "p99_ns": latency["p99"],
        "jobs_lost": sum(v["jobs_lost"] for v in run["vgpus"] if not v["guilty"]),
        "useful": _round(busy / (busy + switching) if busy else None),
        "busy_share": _round(busy / time),
        "switch_share": _round(switching / time),
        "shares": [{"name": v["name"], "accelerator": v["accelerator"], "engine": v["engine"],
                    "load": v["load"], "due": None if d is None else _round(d / window),
                    "got": _round(v["got_ns"] / window),
                    "p50_ns": _latency([v], "p50"), "p99_ns": _latency([v], "p99")}
                   for v, d in zip(run["vgpus"], owed)],
    }


def best_slice(points, efficiency):
    """Of [(slice_us, useful)] the shortest slice from which useful is at least @efficiency;
    None if it is for none."""
    return min((us for us, useful in points if useful is not None and useful >= efficiency),
               default=None)


def agreement(run, other):
    """Largest difference, in fractions of engine time, of what a vGPU got in two runs."""
    mine = {(v["name"], *engine_of(v)): v["got_ns"] / run["window_ns"] for v in run["vgpus"]}
    theirs = {(v["name"], *engine_of(v)): v["got_ns"] / other["window_ns"] for v in other["vgpus"]}
    if set(mine) != set(theirs):
        raise FigureError("the runs are not of the same vGPUs")
    return max(abs(mine[k] - theirs[k]) for k in mine)
