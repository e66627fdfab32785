# SPDX-License-Identifier: GPL-2.0-only
"""Which stretch of the runs of a scenario a timeline shows: the same one for all policies."""

STRETCH_NS = 50_000_000
STEP_NS = 5_000_000


def origin(result):
    """When a run's loads began, so that the runs of several policies can be shown side by side:
    the same seed gives the same arrivals after it."""
    return min((j.arrival_ns for j in result.jobs()), default=result.slices()[0].begin_ns)


def _buckets(result, start):
    """{step of time after @start: (engines' holders, whether some engine idles)}."""
    out = {}
    for s in result.slices():
        if s.state == "switch" or s.end_ns <= start:
            continue
        first = max(0, (s.begin_ns - start) // STEP_NS)
        for i in range(first, (s.end_ns - 1 - start) // STEP_NS + 1):
            seen = out.setdefault(i, (set(), set()))
            if s.state == "run":
                seen[0].add((s.accelerator, s.engine, s.vgpu))
            if s.state == "idle" or s.busy_ns < (s.end_ns - s.begin_ns) * 0.9:
                seen[1].add("idle")
    return out


def stretch(results):
    """Where it begins, as time after origin(): inside all windows, and of all such stretches
    the first in which most vGPUs are seen, and idle time if there is any."""
    begins = [r.json["begin_ns"] - origin(r) for r in results]
    ends = [b + r.json["window_ns"] for b, r in zip(begins, results)]
    low, high = max(0, *begins), min(ends) - STRETCH_NS
    if high <= low:
        return low
    buckets = [_buckets(r, origin(r)) for r in results]
    best, best_score = low, -1
    for at in range(-(-low // STEP_NS), high // STEP_NS + 1):
        score = 0
        for b in buckets:
            holders, idle = set(), set()
            for i in range(at, at + STRETCH_NS // STEP_NS):
                seen = b.get(i, (set(), set()))
                holders |= seen[0]
                idle |= seen[1]
            score += len(holders) + len(idle)
        if score > best_score:
            best, best_score = at * STEP_NS, score
    return best
