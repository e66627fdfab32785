#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Tests of tools/compare/figures.py on runs computed by hand. KTAP."""

import os
import random
import sys

sys.dont_write_bytecode = True
TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
os.environ.setdefault("TESSERA_SIMULATE", os.path.join(
    TOP, "out", "build", "user", "sched", "sim", "build", "simulate"))
for part in ("compare", "common"):
    sys.path.append(os.path.join(TOP, "tools", part))

import figures  # noqa: E402
import ktap  # noqa: E402
import recorded  # noqa: E402

SECOND = 1_000_000_000


def vgpu(name, got, **more):
    """An entry of "vgpus", got in thousandths of a second, as a hog's."""
    latency = dict.fromkeys(figures.LATENCIES, 1000)
    latency.update(more.pop("latency", {}))
    out = {"name": name, "type": "V4", "accelerator": 0, "engine": "compute", "load": "hog",
           "greedy": True, "weight": 100, "reservation": 0, "limit": 0, "elastic_cap": 0,
           "got_ns": got * 1_000_000, "demand_ns": SECOND, "jobs": 10, "jobs_lost": 0,
           "guilty": False, "latency_ns": latency, "overshoot_ns": 0, "slices": 1, "resets": 0,
           "latency": "normal", "running_ns": SECOND, "switch_ns": 0, "samples": 10,
           "deadline_us": 0, "jobs_late": 0, "jobs_dropped": 0}
    if "running" in more:
        out["running_ns"] = more.pop("running") * 1_000_000
        out["demand_ns"] = out["running_ns"]
    if "demand" in more:
        out["demand_ns"] = more.pop("demand") * 1_000_000
        out["greedy"] = False
        out["load"] = "frames"
    assert not set(more) - set(out), more
    out.update(more)
    return out


def run(policy, *vgpus, switch=0, work=1000, engines=("compute",)):
    """A run of one second."""
    return {"workload": "x", "source": "simulator", "policy": policy, "preemption": "strict",
            "timeslice_us": 2000, "switch_us": 500, "begin_ns": 0, "window_ns": SECOND,
            "aligned": True, "vgpus": list(vgpus),
            "engines": [{"accelerator": 0, "engine": e, "switch_ns": switch * 1_000_000,
                         "work_ns": work * 1_000_000, "switches": 1,
                         "busy_ns": sum(v["got_ns"] for v in vgpus if v["engine"] == e)}
                        for e in engines]}


def due(*args, **more):
    """In thousandths of a second."""
    return [round(ns / 1e6, 3) for ns in figures.due_ns(run(*args, **more))]


def close(a, b):
    """Within rounding."""
    return all(abs(x - y) < 1e-6 for x, y in zip(a, b)) and len(a) == len(b)


def test_divide_by_weight():
    assert close(figures.divide(60, [1, 2, 3], [0] * 3, [100] * 3), [10, 20, 30])


def test_divide_what_one_leaves():
    # The second wants 5 only; 55 are left for weights 1 and 3
    assert close(figures.divide(60, [1, 2, 3], [0] * 3, [100, 5, 100]), [13.75, 5, 41.25])


def test_divide_with_floor():
    # By weight the first had 10; with its floor of 30 the others divide 30 by 2 to 3
    assert close(figures.divide(60, [1, 2, 3], [30, 0, 0], [100] * 3), [30, 12, 18])


def test_divide_floor_and_cap_interact():
    # Floor 30 for the first, cap 10 for the third: 20 are left for the second
    assert close(figures.divide(60, [1, 2, 3], [30, 0, 0], [100, 100, 10]), [30, 20, 10])


def test_divide_less_than_all_want():
    assert close(figures.divide(60, [1, 1], [0, 0], [20, 10]), [20, 10])


def test_divide_floors_beyond_capacity():
    assert close(figures.divide(90, [1, 1], [75, 25], [100, 100]), [67.5, 22.5])


def test_divide_floor_above_cap():
    # A vGPU that asks for less than its reservation gets what it asks for
    assert close(figures.divide(100, [1, 1], [50, 0], [10, 100]), [10, 90])


def test_divide_nothing():
    assert close(figures.divide(0, [1, 1], [0, 0], [5, 5]), [0, 0])
    assert close(figures.divide(10, [1], [0], [0]), [0])


def test_best_effort_by_weight_after_switching():
    assert due("best_effort", vgpu("a", 1, weight=100), vgpu("b", 1, weight=300),
               switch=20) == [245, 735]


def test_deadline_like_best_effort():
    vgpus = [vgpu("a", 1, weight=100), vgpu("b", 1, weight=300), vgpu("c", 1, demand=100)]
    assert due("deadline", *vgpus) == due("best_effort", *vgpus) == [225, 675, 100]


def test_best_effort_within_limit_and_reservation():
    assert due("best_effort", vgpu("a", 1, limit=10), vgpu("b", 1, reservation=60),
               vgpu("c", 1)) == [100, 600, 300]


def test_equal_share_keeps_an_idle_ones_part():
    assert due("equal_share", vgpu("a", 1, demand=50), vgpu("b", 1), vgpu("c", 1), vgpu("d", 1),
               switch=20) == [50, 245, 245, 245]


def test_fixed_share_is_of_the_whole_window():
    # 4/8 sold: switching comes out of the rest
    assert due("fixed_share", vgpu("a", 1, type="V4"), vgpu("b", 1, type="V8"),
               vgpu("c", 1, type="V8", demand=40), switch=100) == [250, 125, 40]


def test_fixed_share_scales_when_all_is_sold():
    assert due("fixed_share", *[vgpu(n, 1) for n in "abcd"], switch=40) == [240] * 4


def test_fixed_share_with_elastic_caps():
    # The examples of Documentation/scheduler.rst: what d leaves is divided among b and c
    def of(b, c, *d):
        return due("fixed_share", vgpu("a", 1), vgpu("b", 1, elastic_cap=b),
                   vgpu("c", 1, elastic_cap=c), *d)

    asleep = vgpu("d", 1, demand=0)
    assert of(100, 100, asleep) == [250, 375, 375, 0]
    assert of(30, 100, asleep) == [250, 300, 450, 0]
    assert of(100, 0, asleep) == [250, 500, 250, 0]
    # Unsold time as well; by shares: 1/4 to 1/8 of the 375 that nobody owns
    assert due("fixed_share", vgpu("a", 1, elastic_cap=100), vgpu("b", 1, type="V8", elastic_cap=100),
               vgpu("c", 1, demand=250)) == [500, 250, 250]
    # Nothing is lent where nothing is left
    assert due("fixed_share", *[vgpu(n, 1, elastic_cap=90) for n in "abcd"], switch=40) == [240] * 4


def test_engines_are_apart():
    assert due("best_effort", vgpu("a", 1), vgpu("b", 1), vgpu("a", 1, engine="copy"),
               engines=("compute", "copy")) == [500, 500, 1000]


def test_slots_of_vgpus_without_load_on_an_engine():
    # Both run on both engines, so half of copy stays idle; best_effort knows no slots
    vgpus = [vgpu("a", 1, type="V2"), vgpu("b", 1, type="V2"),
             vgpu("a", 1, type="V2", engine="copy")]
    engines = ("compute", "copy")
    assert due("equal_share", *vgpus, engines=engines, switch=10) == [495, 495, 495]
    assert due("fixed_share", *vgpus, engines=engines, switch=10) == [495, 495, 495]
    assert due("best_effort", *vgpus, engines=engines, switch=10) == [495, 495, 990]
    other = vgpu("c", 1, type="V2")
    other["accelerator"] = 1
    assert due("equal_share", *vgpus, other, engines=engines)[:3] == [500, 500, 500]


def test_one_that_hangs_is_owed_nothing():
    # What it used until it was reset is lost to the others
    vgpus = [vgpu("a", 1), vgpu("b", 1), vgpu("h", 20, guilty=True, load="hang", jobs_lost=1)]
    assert due("best_effort", *vgpus) == [490, 490, 0]
    # Its slots stay idle where slots do
    assert due("equal_share", *vgpus) == [round(980 / 3, 3)] * 2 + [0]


def test_policy_without_a_formula():
    # What it owes is not known, which is not the same as nothing
    properties = figures.policies.properties
    figures.policies.properties = lambda: {"least_attained": set()}
    try:
        f = figures.figures(run("least_attained", vgpu("a", 450), vgpu("b", 520)))
    finally:
        figures.policies.properties = properties
    assert [s["due"] for s in f["shares"]] == [None, None], f
    assert [s["got"] for s in f["shares"]] == [.45, .52]
    assert f["share_error"] is None and f["jain"] is None


def test_unknown_policy_and_type():
    for bad in (run("lottery", vgpu("a", 1)), run("fixed_share", vgpu("a", 1, type="big"))):
        try:
            figures.due_ns(bad)
        except figures.FigureError:
            continue
        raise AssertionError("accepted")


def test_share_error_and_jain():
    f = figures.figures(run("best_effort", vgpu("a", 450), vgpu("b", 520), vgpu("c", 0, demand=0)))
    assert f["share_error"] == 0.1, f		# 450 of 500
    assert f["jain"] == round((.9 + 1.04) ** 2 / (2 * (.9 ** 2 + 1.04 ** 2)), 6)
    assert [s["due"] for s in f["shares"]] == [.5, .5, 0]
    assert [s["got"] for s in f["shares"]] == [.45, .52, 0]
    assert figures.jain([1, 1, 1]) == 1 and figures.jain([1, 0, 0, 0]) == .25


def test_utilisation():
    f = figures.figures(run("best_effort", vgpu("a", 300), switch=10, work=400))
    assert f["utilisation"] == .775
    assert f["useful"] == round(300 / 310, 6)
    assert (f["busy_share"], f["switch_share"]) == (.3, .01)
    idle = figures.figures(run("best_effort", vgpu("a", 0, demand=0), work=0))
    assert idle["utilisation"] is None and idle["share_error"] is None


def test_engine_that_nobody_uses_does_not_count():
    f = figures.figures(run("best_effort", vgpu("a", 500), engines=("compute", "copy")))
    assert f["busy_share"] == .5


def test_latency_of_those_that_do_not_always_work():
    victim = vgpu("v", 10, demand=10, latency={"p50": 5, "p99": 7})
    other = vgpu("w", 10, demand=10, latency={"p50": 6, "p99": 6})
    hog = vgpu("h", 900, latency={"p50": 100, "p99": 200})
    f = figures.figures(run("best_effort", victim, other, hog))
    assert (f["p50_ns"], f["p99_ns"]) == (6, 7)
    assert figures.figures(run("best_effort", hog))["p99_ns"] == 200
    hang = vgpu("x", 0, demand=0, guilty=True, load="hang", latency={"p99": 999})
    assert figures.figures(run("best_effort", hang, hog))["p99_ns"] == 200
    none = vgpu("i", 0, demand=0, jobs=0, latency={"p99": 999})
    assert figures.figures(run("best_effort", none, hog))["p99_ns"] == 200


def test_switching_beyond_one_a_slice_is_an_error():
    # Slices of 2 ms, switches of 0.5: a fifth is owed to switching. What more there is was taken
    # from the one that is always busy, and may not be explained away
    vgpus = [vgpu("hog", 16), *[vgpu(n, 16, demand=16) for n in "abc"]]
    most = run("best_effort", *vgpus, switch=936)
    assert figures.due_ns(most)[0] == (800 - 3 * 16) * 1e6
    f = figures.figures(most)
    assert f["share_error"] > .97 and f["switch_share"] == .936, f
    few = run("best_effort", vgpu("hog", 852), *vgpus[1:], switch=100)
    assert figures.figures(few)["share_error"] == 0, "fewer switches than that leave more to all"
    none = run("best_effort", vgpu("hog", 1000))
    none["switch_us"] = 0
    assert figures.due_ns(none) == [SECOND]


def slice_of(name, begin, end, busy, state="run", engine="compute"):
    """In milliseconds."""
    return recorded.Slice(begin * 1_000_000, end * 1_000_000, 0, engine, state, name, busy * 1_000_000)


def test_what_the_engine_is_kept_for_is_used_up():
    # The client has half of the time and works in half of that; the hog has its half
    vgpus = [vgpu("hog", 500), vgpu("loop", 250, demand=250)]
    slices = [slice_of("hog", 0, 500, 500), slice_of("loop", 500, 1000, 250)]
    f = figures.figures(run("best_effort", *vgpus), slices)
    assert f["share_error"] == 0 and f["idle_share"] == .25, f
    assert [(s["due"], s["got"], s["kept"]) for s in f["shares"]] == [(.5, .5, 0), (.5, .25, .25)]
    # Kept for one beyond its share, at the hog's cost
    slices = [slice_of("hog", 0, 250, 250), slice_of("loop", 250, 1000, 250)]
    f = figures.figures(run("best_effort", vgpu("hog", 250), vgpus[1]), slices)
    assert f["share_error"] == .5, f
    # Idle without being kept for anyone
    f = figures.figures(run("best_effort", vgpu("hog", 250), vgpus[1]),
                        [slice_of("hog", 0, 250, 250), slice_of("loop", 500, 750, 250)])
    assert f["share_error"] == round(500 / 750, 6) and f["idle_share"] == .5, f


def test_kept_in_the_window_and_from_somebody_only():
    a, b = vgpu("a", 100, demand=100), vgpu("b", 100, demand=100)
    slices = [slice_of("a", 0, 500, 100), slice_of("b", 500, 1000, 100)]
    # Nobody had work in the 800 ms
    assert figures.kept_ns(run("best_effort", a, b, work=200), slices) == [0, 0]
    # In half of them somebody had
    assert figures.kept_ns(run("best_effort", a, b, work=600), slices) == [200e6, 200e6]
    early = run("best_effort", a, b)
    early["begin_ns"] = 500_000_000
    assert figures.kept_ns(early, slices) == [0, 400e6]
    # A turn without work is the vGPU's own
    assert figures.kept_ns(run("equal_share", a, b), slices) == [0, 0]


def test_one_that_comes_and_goes():
    half = vgpu("c", 1, running=500)
    for policy, due_of_three in (("equal_share", [416.667, 416.667, 166.667]),
                                 ("best_effort", [416.667, 416.667, 166.667])):
        assert due(policy, vgpu("a", 1), vgpu("b", 1), half) == due_of_three, policy
    # Of its own time, and beyond the types that there are room for
    assert due("fixed_share", vgpu("a", 1), half) == [250, 125]
    assert due("fixed_share", vgpu("a", 1, type="V1"), vgpu("c", 1, type="V1", running=500)) == [750, 250]
    assert due("fixed_share", vgpu("a", 1, elastic_cap=100), vgpu("c", 1, type="V2", running=500)) == [
        750, 250]
    assert due("equal_share", vgpu("a", 1), vgpu("c", 0, running=0)) == [1000, 0]
    # Reservation and limit are of the time in which it runs
    assert due("best_effort", vgpu("a", 1), vgpu("c", 1, running=500, limit=10)) == [950, 50]
    assert due("best_effort", vgpu("a", 1), vgpu("c", 1, running=500, reservation=80)) == [600, 400]


def test_several_that_come_and_go():
    # Whether at once or in turn a run's JSON does not say
    vgpus = [vgpu("a", 1), vgpu("c", 1, running=500), vgpu("d", 1, running=500)]
    assert figures.due_ns(run("equal_share", *vgpus)) == [None] * 3
    f = figures.figures(run("equal_share", *vgpus))
    assert f["share_error"] is None and [s["due"] for s in f["shares"]] == [None] * 3
    # A share that was sold is owed whoever else runs, if there is room for all
    assert due("fixed_share", *vgpus) == [250, 125, 125]
    for other in (vgpu("b", 1, type="V1"), vgpu("b", 1, elastic_cap=50)):
        assert figures.due_ns(run("fixed_share", *vgpus, other)) == [None] * 4


def test_jobs_lost_of_neighbours_only():
    f = figures.figures(run("best_effort", vgpu("a", 1, jobs_lost=2), vgpu("b", 1, jobs_lost=1),
                            vgpu("h", 0, guilty=True, jobs_lost=7)))
    assert f["jobs_lost"] == 3


def test_vgpus_are_counted_once():
    f = figures.figures(run("best_effort", vgpu("a", 1), vgpu("a", 1, engine="copy"),
                            engines=("compute", "copy")))
    assert f["vgpus"] == 1


def test_best_slice():
    points = [(3000, .97, 30), (1000, .5, 10), (2000, .95, 20), (4000, None, None)]
    assert figures.best_slice(points, .95) == 2000
    assert figures.best_slice(points, .96) == 3000
    assert figures.best_slice(points, .98) is None


def test_best_slice_is_not_beaten_in_both():
    # 2 ms is the shortest with enough, but 3 ms leaves more and serves sooner
    assert figures.best_slice([(2000, .95, 40), (3000, .96, 30), (4000, .97, 50)], .95) == 3000
    assert figures.best_slice([(2000, .95, 40), (3000, .95, 30)], .95) == 3000
    assert figures.best_slice([(2000, .95, 40), (3000, .96, 40)], .95) == 3000
    assert figures.best_slice([(2000, .95, 40), (3000, .95, 40)], .95) == 2000
    assert figures.best_slice([(2000, .95, None), (3000, .96, None)], .95) == 3000
    # No job was done at all
    assert figures.best_slice([(2000, .95, None), (3000, .95, 40)], .95) == 3000
    chance = random.Random(1)
    for _ in range(2000):
        points = [(us, chance.randrange(20) / 20, chance.choice((None, *range(9))))
                  for us in chance.sample(range(1, 31), chance.randrange(1, 9))]
        best = figures.best_slice(points, .5)
        good = {us: (useful, 99 if p99 is None else p99) for us, useful, p99 in points if useful >= .5}
        assert (best is None) == (not good)
        for useful, p99 in good.values():
            mine = good[best]
            assert not (useful >= mine[0] and p99 <= mine[1] and (useful, p99) != mine), points


def test_slice_of_2_ms_with_switch_of_half():
    f = figures.figures(run("best_effort", vgpu("a", 400), vgpu("b", 400), switch=200))
    assert f["useful"] == .8


def test_agreement():
    a = run("best_effort", vgpu("a", 500), vgpu("b", 500))
    b = run("best_effort", vgpu("a", 505), vgpu("b", 490))
    assert abs(figures.agreement(a, b) - .01) < 1e-9
    try:
        figures.agreement(a, run("best_effort", vgpu("a", 500)))
    except figures.FigureError:
        return
    raise AssertionError("accepted")


def test_empty_window():
    empty = run("best_effort", vgpu("a", 1))
    empty["window_ns"] = 0
    try:
        figures.figures(empty)
    except figures.FigureError:
        return
    raise AssertionError("accepted")


if __name__ == "__main__":
    sys.exit(ktap.run(globals()))
