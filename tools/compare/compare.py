#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Run workloads under every scheduling policy and show the results side by side.

Writes compare.json, compare.html and a trace of each run (*.perfetto.json) to a directory, and
prints a table. Documentation/compare.rst describes all of it.
"""

import argparse
import json
import os
import shutil
import sys

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.append(os.path.join(HERE, "..", "common"))

import answer  # noqa: E402
import figures  # noqa: E402
import gnuplot  # noqa: E402
import page  # noqa: E402
import plots  # noqa: E402
import policies  # noqa: E402
import recorded  # noqa: E402
import scenarios as plan  # noqa: E402
import table  # noqa: E402
import sentences  # noqa: E402
import simulator  # noqa: E402
import trials  # noqa: E402
from scenarios import Misuse, host_path  # noqa: E402
from simulator import Failed  # noqa: E402


class Result:
    """A run with its results."""

    def __init__(self, run, directory):
        self.run = run
        self.base = os.path.join(directory, "runs", run.id)
        self._slices = self._jobs = None
        try:
            with open(self.base + ".json", encoding="utf-8") as f:
                self.json = json.load(f)
            self.figures = figures.figures(self.json, self.slices())
        except (OSError, ValueError, KeyError, TypeError, figures.FigureError) as e:
            raise Failed(f"{run.id}: its JSON can't be used: {type(e).__name__}: {e}") from e

    def slices(self):
        """Read once."""
        if self._slices is None:
            self._slices = recorded.slices(self.base + ".slices.csv")
        return self._slices

    def jobs(self):
        """Read only when needed: they are long."""
        if self._jobs is None:
            self._jobs = recorded.jobs(self.base + ".jobs.csv")
        return self._jobs

    def row(self):
        """Its entry in compare.json."""
        j = self.json
        return {"scenario": self.run.scenario.name, "policy": j["policy"],
                "preemption": j["preemption"], "timeslice_us": j["timeslice_us"],
                "source": j["source"], "window_ns": j["window_ns"], "aligned": j["aligned"],
                **self.figures, "latency_ns": figures.latencies(j), "run": f"runs/{self.run.id}.json"}


def write(path, text):
    """All of it or nothing."""
    with open(path + ".new", "w", encoding="utf-8") as f:
        f.write(text)
    os.replace(path + ".new", path)


def simulate(run, directory):
    """Make a run by the simulator."""
    base = os.path.join(directory, "runs", run.id)
    write(base + ".json", simulator.run(
        ["--slices", base + ".slices.csv", "--jobs", base + ".jobs.csv",
         *simulator.of_scenario(run.scenario, run.sets)], run.id))


def arguments(argv):
    """What the user wants; Misuse if that makes no sense."""
    p = argparse.ArgumentParser(
        prog="tessera compare", allow_abbrev=False,
        description="Run workloads under every scheduling policy, lay the results side by side.",
        epilog=f"Built-in scenarios, all run if none is named: {', '.join(plan.BUILT_IN)}.")
    p.add_argument("--on", choices=("simulator", "bench"), default="simulator",
                   help="where they run (default: simulator)")
    p.add_argument("--policy", action="append", metavar="NAME", default=[],
                   help=f"only this policy; may be repeated ({', '.join(policies.names())})")
    p.add_argument("--preemption", choices=("strict", "batch"), help="instead of the scenario's own")
    p.add_argument("--out", metavar="DIR", default=os.environ.get("TESSERA_COMPARE_OUT",
                                                                  "tessera-compare"),
                   help="where the files go (default: out/compare in a clone, else tessera-compare)")
    p.add_argument("--set", action="append", metavar="LINE", default=[], dest="sets",
                   help="a line of a workload file that overrides the scenario's; may be repeated")
    p.add_argument("--sweep", action="store_true",
                   help="find the best slice for every scenario, not for preempt-cost alone")
    p.add_argument("--efficiency", type=float, metavar="PERCENT", default=95.0,
                   help="useful part of the engine's time that the best slice must leave "
                        "(default: 95)")
    p.add_argument("--step", choices=("plan", "report"), help=argparse.SUPPRESS)
    p.add_argument("scenario", nargs="*", metavar="SCENARIO|FILE",
                   help="a built-in scenario, a workload file, or a trace (.csv)")
    args = p.parse_args(argv)
    for name in args.policy:
        if name not in policies.names():
            raise Misuse(f"no policy {name}; there are {', '.join(policies.names())}")
    for line in args.sets:
        word = (line.split() or [""])[0]
        if word in ("policy", "preemption"):
            raise Misuse(f"--set '{line}': use --{word}")
    if not 0 < args.efficiency <= 100:
        raise Misuse("--efficiency is a percentage, above 0 and up to 100")
    args.policies = [name for name in policies.names() if not args.policy or name in args.policy]
    if args.preemption:
        args.sets.append(f"preemption {args.preemption}")
    directory = os.environ.get("TESSERA_WORKLOADS", os.path.join(HERE, "..", "..", "workloads"))
    args.scenarios = [plan.find(word, directory, args.sweep)
                      for word in dict.fromkeys(args.scenario or plan.BUILT_IN)]
    names = [s.name for s in args.scenarios]
    for name in names:
        if names.count(name) > 1:
            raise Misuse(f"two of the scenarios are called {name}")
    for s in args.scenarios:
        if s.swept and any(line.split()[:1] == ["timeslice_us"] for line in args.sets):
            raise Misuse(f"{s.name} is run with many slices: --set 'timeslice_us ...' contradicts that")
    return args


def prepare(out):
    """An empty directory for the runs; what else is in @out stays."""
    try:
        shutil.rmtree(os.path.join(out, "runs"), ignore_errors=True)
        os.makedirs(os.path.join(out, "runs"))
        for name in os.listdir(out):
            if name in ("compare.json", "compare.html") or name.endswith(".perfetto.json"):
                os.unlink(os.path.join(out, name))
    except OSError as e:
        raise Misuse(f"--out {host_path(out)}: {e.strerror}") from e


def write_plan(runs, out):
    """For tests/play/play.sh."""
    write(os.path.join(out, "runs", "plan"), "".join(
        f"{r.id}\tvfio\t{host_path(r.scenario.path)}\t{';'.join(r.sets)}\n" for r in runs))


def best_of_sweep(results, efficiency):
    """The sweep's entry in compare.json, of the runs of one scenario under one policy."""
    points = [{"timeslice_us": r.run.slice_us, "useful": r.figures["useful"],
               "share_error": r.figures["share_error"], "p50_ns": r.figures["p50_ns"],
               "p99_ns": r.figures["p99_ns"]} for r in results]
    return {"scenario": results[0].run.scenario.name, "policy": results[0].run.policy,
            "efficiency": efficiency / 100,
            "best_us": figures.best_slice(
                [(p["timeslice_us"], p["useful"], p["p99_ns"]) for p in points], efficiency / 100),
            "points": points}


class Comparison:
    """All results, by scenario; what table.py and page.py show."""

    def __init__(self, args, results):
        self.on = args.on
        self.efficiency = args.efficiency
        self.policies = args.policies
        self.scenarios = args.scenarios
        self.results = results
        self.sweeps = []
        self.answers = {}
        for s in args.scenarios:
            for policy in args.policies if s.swept else []:
                here = [r for r in results if r.run.scenario is s and r.run.policy == policy]
                if here:
                    self.sweeps.append(best_of_sweep(here, args.efficiency))

    def sweep(self, scenario, policy):
        """Of a scenario under a policy; None if its slice was not varied."""
        return next((w for w in self.sweeps
                     if (w["scenario"], w["policy"]) == (scenario.name, policy)), None)

    def shown(self, scenario):
        """One result for each policy: of a sweep the best slice's, or the longest one's."""
        out = []
        for policy in self.policies:
            here = [r for r in self.results
                    if r.run.scenario is scenario and r.run.policy == policy]
            if not here:
                continue
            best = (self.sweep(scenario, policy) or {}).get("best_us")
            out.append(next((r for r in here if r.run.slice_us == best), here[-1]))
        return out

    def answer(self, scenario, sets, directory):
        """Try what else there is, and decide."""
        results = [r for r in self.results if r.run.scenario is scenario]
        groups = answer.Groups.of(results[0].json)
        alone = {}
        if self.on == "simulator":
            tried = trials.choices(results, groups, sets, scenario.swept)
            trials.make(scenario, sets, tried, groups, directory)
            alone = trials.alone_of(scenario, sets, plots.names(results[0]), directory)
        else:
            tried = [answer.Choice(r.run.policy, r.json["timeslice_us"], (), [answer.measure(
                r.json, figures.kept_ns(r.json, r.slices()), groups)]) for r in results]
        verdict = answer.choose(tried, self.efficiency / 100)
        others = answer.alternatives(verdict.best, tried, self.efficiency / 100)
        self.answers[scenario.name] = {
            "scenario": scenario.name, **verdict.best.json(), "text": sentences.paragraph(
                verdict, tried, others, groups, alone, self.efficiency / 100),
            "slowdown": [{"name": n, "engine": e, "times": round(x, 4)} for (n, e), x in
                         sentences.slowdowns(verdict.best, alone).items()],
            "vgpus": verdict.best.seeds[0]["vgpus"], "choices": [c.json() for c in tried]}

    def json(self):
        """compare.json."""
        return {"on": self.on, "rows": [r.row() for r in self.results], "sweeps": self.sweeps,
                "answers": list(self.answers.values())}


def report(args, runs):
    """Write the files from the runs, print the table."""
    done = Comparison(args, [Result(run, args.out) for run in runs])
    for scenario in done.scenarios:
        done.answer(scenario, args.sets, args.out)
    for scenario in done.scenarios:
        for r in done.shown(scenario):
            about = f"{scenario.name}, {r.run.policy}, {r.json['source']}"
            write(os.path.join(args.out, f"{scenario.name}-{r.run.policy}.perfetto.json"),
                  recorded.to_perfetto(about, r.slices(), r.jobs()))
    write(os.path.join(args.out, "compare.json"), json.dumps(done.json(), indent=1) + "\n")
    print(table.text(done))
    try:
        write(os.path.join(args.out, "compare.html"), page.page(done))
    except gnuplot.PlotError as e:
        raise Failed(f"compare.html was not made: {e}") from e
    print(f"\npage: {host_path(args.out)}/compare.html; figures: compare.json; "
          "traces for Perfetto: *.perfetto.json")


def main(argv):
    """The command."""
    try:
        args = arguments(argv)
        runs = plan.runs(args.scenarios, args.policies, args.sets, args.on)
        if args.step != "report":
            prepare(args.out)
        if args.step == "plan":
            write_plan(runs, args.out)
            return 0
        if args.on == "simulator":
            for i, run in enumerate(runs, 1):
                print(f"[{i}/{len(runs)}] {run.scenario.name}, {run.policy}" +
                      (f", slice {run.slice_us / 1000:g} ms" if run.slice_us else ""),
                      file=sys.stderr, flush=True)
                simulate(run, args.out)
        report(args, runs)
    except Misuse as e:
        print(f"tessera compare: {e}", file=sys.stderr)
        return 2
    except (Failed, policies.PolicyError, recorded.RecordError, OSError) as e:
        print(f"tessera compare: {e}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
