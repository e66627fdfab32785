#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Tests of the rule by which `tessera compare` decides, on made-up figures, and of what it says of
them. KTAP. TESSERA_SIMULATE overrules where the simulator is.
"""

import random
import re
import sys

sys.dont_write_bytecode = True

import ktap  # noqa: E402
import test_figures as made  # noqa: E402, puts tools/compare into the path

import alone  # noqa: E402
import answer  # noqa: E402
import figures  # noqa: E402
import sentences  # noqa: E402

FIGURES = {"breach": 0, "broken": ("", ""), "late": 0, "jobs_late": 0, "jobs_with_deadline": 0,
           "urgent_p99_ns": 0, "p99_ns": 1_000_000, "useful": .99, "busy_share": .99,
           "switch_share": .01, "idle_share": 0, "window_ns": made.SECOND, "switch_ns": 10_000_000}
GROUPS = answer.Groups((), (("v", "compute"),))
NAMES = ("breach", "late", "urgent_p99_ns", "useful", "busy_share", "p99_ns")


def entry(name="v", **more):
    """One of a run's "vgpus", as measured."""
    return {"name": name, "engine": "compute", "class": "normal", "greedy": False, "load": "frames",
            "got": .5, "p50_ns": 1_000_000, "p99_ns": 2_000_000, "samples": 500, "jobs_late": 0,
            "switch_ns": 1_000_000, **more}


def choice(policy="best_effort", slice_us=2000, low=(), seeds=5, **more):
    """One with the same figures for every seed, or a list of them."""
    out = answer.Choice(policy, slice_us, low)
    for i in range(seeds):
        own = {k: v[i] if isinstance(v, list) and k != "vgpus" else v for k, v in more.items()}
        out.seeds.append({**FIGURES, "vgpus": [entry()], **own})
    return out


def best(*choices, least=.95):
    """Which is chosen, by its number."""
    return choices.index(answer.choose(choices, least).best)


def test_a_broken_promise_comes_first():
    assert best(choice(breach=.05, busy_share=1, p99_ns=1), choice(busy_share=.6, useful=.6)) == 1
    assert best(choice(breach=.3), choice(breach=.2, busy_share=.1)) == 1
    # One seed's is enough
    assert best(choice(breach=[0, 0, .05, 0, 0]), choice(p99_ns=9_000_000)) == 1
    assert best(choice(breach=.001, p99_ns=1), choice(p99_ns=9_000_000)) == 1
    # Close to each other, where none keeps all of it
    assert best(choice(breach=.055, p99_ns=9_000_000), choice(breach=.06, p99_ns=1_000_000)) == 1


def test_then_late_jobs_and_those_in_a_hurry():
    assert best(choice(late=.01, urgent_p99_ns=1), choice(urgent_p99_ns=9_000_000)) == 1
    assert best(choice(late=.0005, urgent_p99_ns=1), choice(urgent_p99_ns=9_000_000)) == 0
    assert best(choice(urgent_p99_ns=9_000_000, busy_share=1), choice(busy_share=.2, useful=.5)) == 1
    assert best(choice(urgent_p99_ns=1_040_000, busy_share=.9),
                choice(urgent_p99_ns=1_000_000, busy_share=.5)) == 0
    assert best(choice(urgent_p99_ns=answer.NEVER), choice(urgent_p99_ns=9_000_000)) == 1


def test_then_engine_time_and_then_the_others():
    assert best(choice(useful=.9, p99_ns=1), choice(useful=.96)) == 1
    assert best(choice(useful=.8, p99_ns=1), choice(useful=.9)) == 1, "if none leaves enough, the most"
    assert best(choice(busy_share=.9, p99_ns=1), choice(busy_share=.97)) == 1
    assert best(choice(busy_share=.9), choice(busy_share=.93, p99_ns=2_000_000)) == 0
    assert best(choice(busy_share=.9), choice(busy_share=.93, p99_ns=2_000_000), least=.99) == 1
    assert best(choice(p99_ns=2_000_000), choice(p99_ns=1_000_000, busy_share=.95)) == 1
    # The median, whatever one seed says
    assert best(choice(p99_ns=[2, 2, 2, 2, 99]), choice(p99_ns=[3, 3, 3, 3, 3])) == 0


def test_a_tie_is_said_and_the_first_is_taken():
    same = [choice(), choice("deadline"), choice("deadline", 5000)]
    verdict = answer.choose(same, .95)
    assert verdict.best is same[0] and verdict.alike == same[1:]
    # But not one that another beats, however little
    nearly = [choice(busy_share=.989), choice("deadline")]
    verdict = answer.choose(nearly, .95)
    assert verdict.best is nearly[1] and verdict.alike == nearly[:1]


def some(chance):
    """A choice with random figures, of few values, so that there are ties."""
    return choice(seeds=chance.choice((1, 2, 5)), breach=chance.choice((0, 0, 0, .005, .1)),
                  late=chance.choice((0, 0, .0009, .2)), useful=chance.choice((.5, .94, .95, 1)),
                  urgent_p99_ns=chance.choice((0, 100, 104, 110, answer.NEVER)),
                  busy_share=chance.choice((.1, .9, .93, .95, .98)),
                  p99_ns=chance.choice((0, 100, 104, 105, 300, answer.NEVER)))


def test_none_beats_the_chosen():
    chance = random.Random(1)
    ties = 0
    for _ in range(5000):
        choices = [some(chance) for _ in range(chance.randrange(1, 12))]
        verdict = answer.choose(choices, chance.choice((.01, .5, .95, 1)))
        mine = {name: verdict.best.typical(name) for name in NAMES}
        for other in choices:
            theirs = {name: other.typical(name) for name in NAMES}
            sign = {name: -1 if name in ("useful", "busy_share") else 1 for name in NAMES}
            assert mine == theirs or any(sign[n] * mine[n] < sign[n] * theirs[n] for n in NAMES), (
                mine, theirs)
        assert verdict.best in choices and verdict.best not in verdict.alike
        assert [len(left) for _, _, left in verdict.steps] == sorted(
            (len(left) for _, _, left in verdict.steps), reverse=True)
        ties += bool(verdict.alike)
        for other in answer.alternatives(verdict.best, choices, .95):
            assert other is not verdict.best
    assert ties > 100, ties


def missing(policy, *vgpus, kept=None, slice_us=1000):
    """What answer.missing() says, without the amounts."""
    run = made.run(policy, *vgpus)
    run["timeslice_us"] = slice_us
    return [(name, what) for _, name, what in answer.missing(run, kept or [0] * len(vgpus))]


def test_what_was_promised():
    hog = made.vgpu("hog", 500)
    assert not missing("best_effort", hog, made.vgpu("b", 500))
    assert missing("best_effort", hog, made.vgpu("b", 480)) == [("b", "share")]
    assert not missing("best_effort", hog, made.vgpu("b", 490)), "2 %, and a slice"
    assert not missing("best_effort", hog, made.vgpu("b", 485), slice_us=6000)
    assert missing("best_effort", hog, made.vgpu("b", 485)) == [("b", "share")]
    most = made.vgpu("hog", 792)
    assert not missing("best_effort", most, made.vgpu("b", 208, limit=20), slice_us=6000)
    assert missing("best_effort", most, made.vgpu("b", 208, limit=20)) == [("b", "limit")]
    assert not missing("best_effort", hog, made.vgpu("b", 250), kept=[0, 250e6])
    # By every policy: equal_share knows no reservation, and gives everyone half
    assert missing("equal_share", hog, made.vgpu("r", 500, reservation=80)) == [("r", "reservation")]
    assert missing("equal_share", hog, made.vgpu("r", 500, limit=20)) == [("r", "limit")]
    assert not missing("best_effort", made.vgpu("hog", 800), made.vgpu("r", 200, limit=20))
    # Of those that do not always have work, what is owed in 100 ms may be pending
    hog = made.vgpu("hog", 820)
    assert not missing("best_effort", hog, made.vgpu("f", 180, demand=200))
    assert missing("best_effort", hog, made.vgpu("f", 170, demand=200)) == [("f", "share")]
    # A reservation of which nothing is asked for, and one that hangs
    assert not missing("best_effort", made.vgpu("hog", 1000),
                       made.vgpu("r", 0, demand=0, reservation=50))
    assert not missing("best_effort", made.vgpu("hog", 1000), made.vgpu("h", 0, guilty=True))
    # Of a share that is lent nothing is promised
    lent = [made.vgpu("a", 250), made.vgpu("c", 250, elastic_cap=100)]
    assert figures.due_ns(made.run("fixed_share", *lent))[1] == 750e6
    assert not missing("fixed_share", *lent)
    # One that comes and goes may be gone before its turn
    assert not missing("best_effort", made.vgpu("hog", 1000), made.vgpu("c", 0, running=300))
    assert missing("best_effort", made.vgpu("hog", 1000),
                   made.vgpu("c", 0, running=300, reservation=50)) == [("c", "reservation")]


def measured(*vgpus, groups=None, **more):
    """What answer.measure() says."""
    run = made.run("best_effort", *vgpus, **more)
    return answer.measure(run, [0] * len(vgpus), groups or answer.Groups.of(run))


def test_whose_latency_counts():
    hog, frames = made.vgpu("hog", 500), made.vgpu("f", 100, demand=100, latency={"p99": 7000})
    low = made.vgpu("low", 10, demand=10, latency={"p99": 3000})
    low["latency"] = "low"
    timed = made.vgpu("t", 10, demand=10, latency={"p99": 5000}, deadline_us=4, jobs_late=2, samples=8)
    assert answer.Groups.of(made.run("best_effort", hog, frames, low, timed)) == answer.Groups(
        (("low", "compute"), ("t", "compute")),
        (("f", "compute"), ("low", "compute"), ("t", "compute")))
    found = measured(hog, frames, low, timed)
    assert (found["urgent_p99_ns"], found["p99_ns"]) == (5000, 7000)
    assert (found["late"], found["jobs_late"], found["jobs_with_deadline"]) == (.25, 2, 8)
    assert measured(hog)["p99_ns"] == 1000, "all, if all always have work"
    none = dict(frames, latency_ns=dict.fromkeys(figures.LATENCIES), samples=0)
    assert measured(hog, none)["p99_ns"] == answer.NEVER, "no job done is no low latency"
    # A pipeline's requests, not their parts
    pipe = dict(made.vgpu("p", 100, demand=100), load="pipeline", requests=9,
                request_ns=dict.fromkeys(figures.LATENCIES, 9000))
    copies = dict(made.vgpu("p", 100, demand=100, engine="copy"), load="pipeline")
    found = measured(pipe, copies, engines=("compute", "copy"))
    assert found["p99_ns"] == 9000 and [v["samples"] for v in found["vgpus"]] == [9], found


def said(choices, alone_by_name=None, groups=GROUPS, least=.95):
    """The paragraph on some choices."""
    verdict = answer.choose(choices, least)
    others = answer.alternatives(verdict.best, choices, least)
    return sentences.paragraph(verdict, choices, others, groups, alone_by_name or {}, least)


def test_what_is_said_first():
    text = said([choice(p99_ns=[3_000_000, 1_000_000, 2_000_000, 2_000_000, 2_000_000]),
                 choice("deadline", 5000, busy_share=.5), choice("equal_share", p99_ns=9_000_000)])
    assert text.startswith("Use best_effort with slices of 2 ms. Of 3 choices"), text
    assert "the p99 of v is 2.000 ms (1.000 ms to 3.000 ms)." in text, text
    assert "all kept every promise" in text and "2 of these left at least 95 %" in text, text
    assert "With deadline with slices of 5 ms instead" in text, text
    assert "50.00 % of the engines' time is left for work, 49.00 percentage points less" in text, text
    assert "9.000 ms, 7.000 ms more" in text and "ties" not in text, text
    assert "medians of 5 seeds" in text and "No job has a deadline." in text, text


def test_ties_and_doubts_are_said():
    text = said([choice(), choice("deadline")])
    assert "It ties with 1 other choice within the tolerances (deadline with slices of 2 ms)" in text
    assert "nothing differs that could be measured" in text, text
    assert "all 5 seeds gave the same figures" in text and "medians" not in text, text
    near = [choice(p99_ns=[9, 10, 10, 10, 30]), choice("deadline", p99_ns=[20, 20, 20, 25, 25])]
    assert "(the seeds' ranges overlap: too close to tell)" in said(near)
    far = [choice(p99_ns=[9, 10, 10, 10, 19]), choice("deadline", p99_ns=[20, 20, 20, 25, 25])]
    assert "overlap" not in said(far)
    assert "how far chance moves the figures is not known" in said([choice(seeds=1)])
    assert "(0.000 ms to no job done)" in said([choice(p99_ns=[9, 10, 10, 10, answer.NEVER])])
    assert "alone was not tried" in said([choice(seeds=1)])


def test_broken_promises_are_said():
    text = said([choice(breach=[0, .125, 0, 0, 0], broken=("r", "reservation"))])
    assert "No choice kept every promise: with this one r's reservation is missed by 12.50 %" in text
    text = said([choice(), choice("deadline", breach=.2, broken=("l", "limit"))])
    assert "1 of" not in text.split(";", maxsplit=1)[0].split("), ")[0] and "), 1 kept every" in text
    assert "With deadline with slices of 2 ms instead, l exceeds its limit by 20.00 %" in text, text


def test_late_jobs_samples_and_switching_are_said():
    vgpus = [entry("v", samples=99, jobs_late=2, switch_ns=7_000_000), entry("w", samples=100),
             entry("x", samples=0, p99_ns=None), entry("l", **{"class": "low"}, p99_ns=500_000)]
    text = said([choice(vgpus=vgpus, jobs_late=2, jobs_with_deadline=99, late=2 / 99)])
    assert "Of 495 jobs or frames with a deadline 10 are late (2.02 %): 10 of v." in text, text
    assert "except v (99) and x (0)" in text and "at least 100 jobs" in text, text
    assert "of which 7.000 ms for v" in text, text
    assert "at most 0.500 ms in the class low (for l)" in text, text
    assert "not known in the class normal, for x has done no job" in text, text
    few = said([choice(vgpus=[entry(samples=3)])])
    assert "None has the 100 jobs in a run that a 99th percentile needs, but v (3)" in few, few


def test_slowdown():
    vgpus = [entry("v", p50_ns=3_000_000), entry("h", greedy=True, got=.25),
             entry("h", engine="copy", greedy=True, got=.5), entry("z", p50_ns=None)]
    by_name = {"v": [entry("v", p50_ns=2_000_000)], "z": [entry("z")],
               "h": [entry("h", greedy=True, got=1), entry("h", engine="copy", greedy=True, got=1)]}
    verdict = answer.choose([choice(vgpus=vgpus)], .95)
    assert sentences.slowdowns(verdict.best, by_name) == {
        ("v", "compute"): 1.5, ("h", "compute"): 4, ("h", "copy"): 2}
    text = said([choice(vgpus=vgpus)], by_name)
    assert "the median job takes 1.50 times as long for v" in text, text
    assert "there is 25.0 % for h (compute) and 50.0 % for h (copy)." in text, text


def test_those_alike_are_told_together():
    assert sentences.each([("1 ms", "a"), ("2 ms", "b"), ("1 ms", "c")]) == (
        "1 ms each for a and c and 2 ms for b")
    assert sentences.each([(f"{i} ms", "a") for i in range(5)], 2) == "0 ms for a, 1 ms for a and 3 more"
    assert sentences.names("abc") == "a, b and c" and sentences.names("a") == "a"
    assert sentences.names("abcd", 2) == "a, b and 2 more"


def test_whatever_the_figures_it_is_sentences():
    chance = random.Random(2)
    for _ in range(1500):
        vgpus = [entry(f"v{i}", greedy=chance.random() < .3, samples=chance.choice((0, 1, 99, 100, 5000)),
                       p99_ns=chance.choice((None, 1, 10 ** 6, 10 ** 12)), got=chance.choice((0, .3)),
                       p50_ns=chance.choice((None, 1, 10 ** 6)), switch_ns=chance.choice((0, 999)),
                       jobs_late=chance.choice((0, 1)))
                 for i in range(chance.randrange(9))]
        choices = [some(chance) for _ in range(chance.randrange(1, 9))]
        group = tuple((v["name"], "compute") for v in vgpus)
        groups = answer.Groups(chance.choice(((), group)), group)
        for c in choices:
            for s in c.seeds:
                s["p99_ns"] = chance.choice((s["p99_ns"], 10 ** 6, answer.NEVER))
                if not groups.urgent:
                    s["urgent_p99_ns"] = 0
                if not groups.others:
                    s["p99_ns"] = 0
                s.update(vgpus=vgpus, jobs_with_deadline=chance.choice((0, 7)), broken=chance.choice(
                    (("v0", "limit"), ("v0", "share"))), idle_share=chance.choice((0, .3)))
        text = said(choices, chance.choice(({}, {v["name"]: [v] for v in vgpus})), groups)
        assert text.startswith("Use ") and text.endswith("."), text
        for word in ("nan", "None ", "inf ", "  ", "..", ",,", " .", " ,"):
            assert word not in text.replace("None has", "It has"), (word, text)
        assert re.search(r"\bof [,;.]|\bis [,;.]|, and \.|\(\)|: ;", text) is None, text


WORKLOAD = """\
# three of them
about x  # y
policy deadline
at_ms 5 vgpu name=a1,weight=3
switch_us 7
vgpu name=a,count=2,weight=200,limit=30,length_us=10
vgpu load=idle   # the third
vgpu name=a1,engine=copy,accelerator=0
accelerators 1""".splitlines()


def test_a_workload_with_one_alone():
    assert alone.groups(WORKLOAD) == {"a0": (5,), "a1": (5, 7), "vgpu2": (6,)}
    assert [line for line in alone.workload(WORKLOAD, "a1") if line[0] != "#"] == [
        "about x  # y", "switch_us 7", "vgpu name=a1,weight=200,length_us=10",
        "vgpu name=a1,engine=copy"]
    assert "vgpu load=idle,name=vgpu2" in alone.workload(WORKLOAD, "vgpu2")
    assert not [line for line in alone.workload(WORKLOAD, "b") if line.startswith("vgpu")]


def test_a_trace_with_one_alone():
    text = "time_ns,vgpu,length_ns\n0,a,10\n1,b,20\n2,a,0\n"
    assert alone.traces(text) == {"a": "time_ns,vgpu,length_ns\n0,a,10\n2,a,0\n",
                                  "b": "time_ns,vgpu,length_ns\n1,b,20\n"}
    assert not alone.traces("")


if __name__ == "__main__":
    sys.exit(ktap.run(globals()))
