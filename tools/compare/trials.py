# SPDX-License-Identifier: GPL-2.0-only
"""The runs on which an answer rests: every choice with several seeds, and each vGPU alone."""

import dataclasses
import json
import os
import sys

import alone
import answer
import figures
import policies
import recorded
import simulator

SEEDS = (1, 2, 3, 4, 5)
SLICES_US = (1000, 2000, 5000, 10000, 20000)	# tried where the scenario has no slices of its own
ALONE = 64			# vGPUs that are run alone, and put into another class, at most
EVENTS = 20_000_000		# jobs and slices beyond which no other slices are tried


def _kept(run, slices):
    """What figures.kept_ns() says; the slices are read only where there is something to be found."""
    idle = sum(e["work_ns"] - e["busy_ns"] - e["switch_ns"] for e in run["engines"])
    if run["policy"] not in figures.BY_DEMAND or idle * 1000 < run["window_ns"]:
        return [0] * len(run["vgpus"])
    return figures.kept_ns(run, recorded.slices(slices))


def _events(results):
    return max(sum(v["jobs"] + v["slices"] for v in r.json["vgpus"]) for r in results)


def choices(results, groups, sets, swept):
    """What is to be tried, in order of preference; @results: the scenario's runs."""
    own = results[0].json["timeslice_us"]
    slices = dict.fromkeys(r.json["timeslice_us"] for r in results)
    vgpus = results[0].json["vgpus"]
    low = {v["name"]: None for v in vgpus if not v["greedy"] and
           (v["name"], v["engine"]) in (groups.urgent or groups.others)}
    low = () if any(v["latency"] == "low" for v in vgpus) else tuple(low)[:ALONE]
    names = list(dict.fromkeys(r.run.policy for r in results))

    def found(slices):
        return [answer.Choice(policy, us, to) for policy in names for us in slices
                for to in ((), low)[:1 + (bool(low) and policies.has(policy, "work_conserving"))]]

    if swept or any(line.split()[:1] == ["timeslice_us"] for line in sets):
        return found(slices)
    more = found(dict.fromkeys((own, *SLICES_US)))
    return more if _events(results) * len(more) * len(SEEDS) <= EVENTS else found((own,))


def make(scenario, sets, tried, groups, directory):
    """Run all @tried, and put what comes out into them."""
    slices = os.path.join(directory, "runs", "choice.slices.csv")
    for i, c in enumerate(tried, 1):
        lines = [*sets, f"policy {c.policy}", f"timeslice_us {c.slice_us}",
                 *[f"at_ms 0 vgpu name={name},latency=low" for name in c.low]]
        what = f"{scenario.name}, {c.policy}, slice {c.slice_us / 1000:g} ms"
        if i == 1 or i % 10 == 0 or i == len(tried):
            print(f"[{scenario.name}: choice {i}/{len(tried)}]", file=sys.stderr, flush=True)
        for seed in SEEDS:
            run = json.loads(simulator.run(["--slices", slices, *simulator.of_scenario(
                scenario, [*lines, f"seed {seed}"])], f"{what}, seed {seed}"))
            c.seeds.append(answer.measure(run, _kept(run, slices), groups))
    if os.path.exists(slices):
        os.unlink(slices)


def _alone(scenario, sets, names):
    """[(what distinguishes its load, its name, the text of a file in which it is alone)]."""
    with open(scenario.path, encoding="utf-8") as f:
        text = f.read()
    if scenario.trace:
        traces = alone.traces(text)
        return [(name, name, traces[name]) for name in names if name in traces]
    lines = [*text.splitlines(), *sets]
    kinds = alone.groups(lines)
    return [(kinds[name], name, "\n".join(alone.workload(lines, name)) + "\n")
            for name in names if name in kinds]


def alone_of(scenario, sets, names, directory):
    """{name: its entries of "vgpus" when it has the accelerator to itself}, of the first of @names."""
    done, out = {}, {}
    for kind, name, text in _alone(scenario, sets, names[:ALONE]):
        if kind not in done:
            ending = ".csv" if scenario.trace else ".workload"
            path = os.path.join(directory, "runs", f"{scenario.name}-alone-{len(done)}{ending}")
            with open(path, "w", encoding="utf-8") as f:
                f.write(text)
            more = alone.workload(sets, name) if scenario.trace else []
            said = simulator.run(simulator.of_scenario(
                dataclasses.replace(scenario, path=path), more), f"{scenario.name}, {name} alone")
            run = json.loads(said)
            groups = answer.Groups((), ())
            done[kind] = answer.measure(run, [0] * len(run["vgpus"]), groups)["vgpus"]
        out[name] = done[kind]
    return out
