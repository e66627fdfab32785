#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""What `make bench` runs of the scheduler, and what it demands of the figures. See bench.sh.

    bench.py plan OUT REPO              OUT/runs/plan, for play.sh
    bench.py simulate OUT SIMULATOR     the same runs in the simulator, OUT/simulator/runs
    bench.py report OUT                 OUT/sched.json, OUT/sched.html; KTAP
"""

import json
import os
import sys
from types import SimpleNamespace

sys.dont_write_bytecode = True
TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
for part in ("compare", "common"):
    sys.path.append(os.path.join(TOP, "tools", part))

import compare  # noqa: E402
import figures  # noqa: E402
import gnuplot  # noqa: E402
import page  # noqa: E402
import scenarios  # noqa: E402

ALL = ("best_effort", "equal_share", "fixed_share", "deadline")	# for which figures are demanded
SLOTS = ("equal_share", "fixed_share")
RUN_TIME_NS = 500_000	# of the victim's jobs in noisy-neighbour
KEYS = ("share_error", "utilisation", "jain", "p50_ns", "p99_ns", "jobs_lost")


class Group:
    """A workload under some policies. @title: unlike any other's; @name: in the rows."""

    def __init__(self, name, workload, policies, sets=(), title=None, guests=False):
        self.name = name
        self.title = title or workload
        self.workload = workload
        self.policies = policies
        self.sets = list(sets)
        self.guests = guests

    def runs(self):
        """Its scenarios.Run."""
        path = os.path.join(TOP, "workloads", self.workload + ".workload")
        found = scenarios.find(path, os.path.dirname(path), False)
        found.name = self.title
        if self.guests:
            found.about += ", in whole guests"
        return scenarios.runs([found], self.policies, self.sets, "bench")


GROUPS = [
    *(Group("equal", f"equal-{n}", SLOTS) for n in (2, 4, 8, 16)),
    Group("weighted", "weighted", ("best_effort",)),
    Group("adversary", "adversary", ALL, ["preemption strict"], "adversary-strict"),
    Group("adversary", "adversary", ALL, ["preemption batch", "measure_ms 5000"], "adversary-batch"),
    *(Group(name, name, ALL) for name in scenarios.BUILT_IN if name not in scenarios.SWEPT),
    # Of a second, one slice of 10 ms more or less would be 1 % already
    *(Group(name, name, ALL, ["measure_ms 4000"]) for name in scenarios.SWEPT),
    Group("hang", "hang", ALL),
    # Starting the load in eight guests keeps the host's one CPU busy for a while
    Group("equal", "equal-4", SLOTS, ["warmup_ms 1000"], "equal-4-guests", guests=True),
    # Under the deadline policy those who had begun later catch up first, which takes 0.6 to 1.2 s
    Group("noisy-neighbour", "noisy-neighbour", ALL, ["warmup_ms 2000"], "noisy-neighbour-guests",
          guests=True),
]


class Checks:
    """KTAP, a line for each demand."""

    def __init__(self):
        self.lines = []
        self.failed = 0

    def check(self, what, holds, measured, demanded):
        """One of them."""
        self.failed += not holds
        self.lines.append(f"{'ok' if holds else 'not ok'} {len(self.lines) + 1} {what}: "
                          f"{measured}, {demanded}")

    def at_most(self, what, value, limit):
        """A fraction."""
        self.check(what, value is not None and value <= limit,
                   "none" if value is None else f"{value:.6f}", f"at most {limit:g}")

    def print(self):
        """All."""
        print(f"KTAP version 1\n1..{len(self.lines)}")
        print("\n".join(self.lines))


def name_of(result):
    """For a line of KTAP."""
    ms = f", slice {result.run.slice_us // 1000} ms" if result.run.slice_us else ""
    return f"{result.run.scenario.name}, {result.run.policy}{ms}"


def judge(checks, group, result, other):
    """What is demanded of a run on the bench; @other: the same in the simulator, or of a run in
    guests, the same without: what its guests themselves cost is not the scheduler's."""
    f, what = result.figures, name_of(result)
    if result.run.policy in figures.BY_DEMAND and group.name != "preempt-cost":
        used = f["utilisation"]
        checks.check(f"{what}: utilisation", used is not None and used >= .99, used, "at least 0.99")
    if group.name == "noisy-neighbour" and result.run.policy == "deadline":
        limit = (result.json["timeslice_us"] + result.json["switch_us"]) * 1000 + RUN_TIME_NS
        checks.check(f"{what}: the victim's p99", f["p99_ns"] is not None and f["p99_ns"] <= limit,
                     f"{f['p99_ns']} ns", f"at most slice + switch + run time = {limit:.0f} ns")
    if group.guests:
        checks.at_most(f"{what}: shares differ from those without guests",
                       figures.agreement(result.json, other.json), .01)
        return
    if group.name in ("equal", "weighted", "adversary", "hang"):
        limit = {"equal": .005, "weighted": .01, "hang": .01,
                 "adversary": .02 if result.json["preemption"] == "batch" else .01}[group.name]
        checks.at_most(f"{what}: share error", f["share_error"], limit)
    if group.name == "hang":
        checks.check(f"{what}: neighbours' jobs lost", f["jobs_lost"] == 0, f["jobs_lost"], "none")
    checks.at_most(f"{what}: shares differ from those in the simulator",
                   figures.agreement(result.json, other.json), .005)


def row(group, result):
    """An entry of sched.json."""
    j = result.json
    return {"name": group.name, "policy": j["policy"], "preemption": j["preemption"],
            "timeslice_us": j["timeslice_us"], "vgpus": result.figures["vgpus"],
            **{k: result.figures[k] for k in KEYS}, "source": j["source"]}


def instructions_plot(counts):
    """Instructions a decision by number of vGPUs, a line for each policy."""
    script = gnuplot.HEAD.format(width=1040, height=300)
    lines = []
    for i, (policy, found) in enumerate(counts.items()):
        script += gnuplot.block(f"p{i}", [(int(n), c) for n, c in found.items()])
        lines.append(f"$p{i} with linespoints pt 7 ps 0.5 lw 2 lc rgb '{gnuplot.colour(i)}' "
                     f"title {gnuplot.text(policy)}")
    script += "set logscale x\nset yrange [0:*]\nset xlabel 'vGPUs'\nset key outside top horizontal\n"
    return gnuplot.draw("instructions", script + "plot " + ", ".join(lines) + "\n")


def write_page(out, groups, results, counts):
    """sched.html: the comparison's page of all that was run, and the instructions."""
    args = SimpleNamespace(on="bench", efficiency=95.0, policies=ALL,
                           scenarios=[g[0].run.scenario for g in groups])
    more = ("<section><h2>Instructions a decision</h2><p>Charge, pick, switched, now and then a wake "
            "and a sleep, counted by callgrind.</p>" + instructions_plot(counts) + "</section>")
    compare.write(os.path.join(out, "sched.html"),
                  page.page(compare.Comparison(args, results), more))


def report(out):
    """From the files of all runs to sched.json, sched.html and KTAP."""
    checks = Checks()
    rows, simulated, groups, done = [], [], [], {}
    for group in GROUPS:
        here = []
        for run in group.runs():
            result = compare.Result(run, out)
            if group.guests:
                other = done[(group.workload, run.policy)]
            else:
                other = compare.Result(run, os.path.join(out, "simulator"))
                simulated.append(row(group, other))
            done.setdefault((group.workload, run.policy), result)
            judge(checks, group, result, other)
            rows.append(row(group, result))
            here.append(result)
        groups.append(here)
    with open(os.path.join(out, "instructions.json"), encoding="utf-8") as f:
        counts = json.load(f)
    compare.write(os.path.join(out, "sched.json"), json.dumps(
        {"rows": rows, "instructions_per_decision": counts, "simulator": {"rows": simulated}},
        indent=1) + "\n")
    write_page(out, groups, [r for here in groups for r in here], counts)
    checks.print()
    return 1 if checks.failed else 0


def main(argv):
    """The program."""
    step, out = argv[0], argv[1]
    runs = [(g, r) for g in GROUPS for r in g.runs()]
    if step == "plan":
        os.makedirs(os.path.join(out, "runs"))
        compare.write(os.path.join(out, "runs", "plan"), "".join(
            f"{r.id}\t{'guests' if g.guests else 'vfio'}\t{argv[2]}/workloads/{g.workload}.workload\t"
            f"{';'.join(r.sets)}\n" for g, r in runs))
    elif step == "simulate":
        os.makedirs(os.path.join(out, "simulator", "runs"))
        os.environ["TESSERA_SIMULATE"] = argv[2]
        for group, run in runs:
            if not group.guests:
                compare.simulate(run, os.path.join(out, "simulator"))
    elif step == "report":
        return report(out)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except (compare.Failed, compare.Misuse, figures.FigureError, gnuplot.PlotError, OSError) as e:
        sys.exit(f"bench.py: {e}")
