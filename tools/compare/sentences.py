# SPDX-License-Identifier: GPL-2.0-only
"""An answer in words: one paragraph, every figure of it from the runs."""

import answer
from answer import NEVER

NAMES = 8		# that are listed; of more, how many there are is said
ENOUGH = 100		# jobs for a 99th percentile


def ms(ns):
    """A time."""
    return "no job done" if ns == NEVER else f"{ns / 1e6:.3f} ms"


def percent(x, places=2):
    """Of a fraction."""
    return f"{100 * x:.{places}f} %"


def number(n, one, more=None):
    """How many of something."""
    return f"{n} {one if n == 1 else more or one + 's'}"


def names(found, most=NAMES):
    """A list of words; of a long one its beginning."""
    found = list(found)
    if len(found) > most:
        return ", ".join(found[:most]) + f" and {len(found) - most} more"
    return " and ".join([", ".join(found[:-1]), found[-1]] if len(found) > 1 else found)


def each(pairs, most=NAMES):
    """A list of values, each with all that have it; @pairs: (value, name), as texts."""
    found = {}
    for value, name in pairs:
        found.setdefault(value, []).append(name)
    return names([f"{value} {'each ' * (len(who) > 1)}for {names(who)}"
                  for value, who in found.items()], most)


def members(group):
    """Of a group."""
    return names(dict.fromkeys(name for name, _ in group), 3)


def spread(choice, name, show):
    """The median, and the range over the seeds if there is one."""
    low, high = min(choice.all(name)), max(choice.all(name))
    middle = show(choice.typical(name))
    if show(low) == show(high):
        return middle
    return f"{middle} ({show(low)} to {show(high)})"


def what(choice):
    """A choice's name."""
    low = f" and latency=low for {names(choice.low, 3)}" if choice.low else ""
    return f"{choice.policy} with slices of {choice.slice_us / 1000:g} ms{low}"


def promise(seed):
    """What is not kept in a run."""
    name, kind = seed["broken"]
    how = f"by {percent(seed['breach'])} of it beyond the tolerance"
    return f"{name} exceeds its limit {how}" if kind == "limit" else f"{name}'s {kind} is missed {how}"


def _worst(choice):
    return max(choice.seeds, key=lambda s: s["breach"])


def _step(name, best, groups, least):
    """What those that stayed after a step have in common."""
    return {
        "breach": "kept every promise of a share, a reservation or a limit" if not best else
                  "came closest to what was promised",
        "late": f"had the fewest jobs late, {percent(best)} of those with a deadline",
        "urgent_p99_ns": f"came within {100 * answer.P99:g} % of the lowest p99 of {members(groups.urgent)}, {ms(best)}",
        "useful": f"lost no more than {100 - 100 * least:g} % of the time in use to switching" if
                  best >= least else
                  f"lost least of the time in use to switching, {percent(1 - best)}",
        "busy_share": f"left at least {100 * least:g} % of the most time for work that any left, "
                      f"{percent(best)} of the engines' time",
        "p99_ns": f"came within {100 * answer.P99:g} % of the lowest p99 of {members(groups.others)}, {ms(best)}",
    }[name]


def _why(verdict, tried, groups, least):
    before, said = len(tried), []
    for name, best, stayed in verdict.steps:
        if len(stayed) < before or (name == "breach" and not best):
            whom = ("all" if len(stayed) == before else str(len(stayed))) + (" of these" if said else "")
            said.append(f"{whom} {_step(name, best, groups, least)}")
        before = len(stayed)
    policies = dict.fromkeys(c.policy for c in tried)
    slices = {c.slice_us for c in tried}
    low = ", with and without latency=low" if any(c.low for c in tried) else ""
    out = [f"Of {number(len(tried), 'choice')} tried ({names(policies)}, "
           f"{number(len(slices), 'slice length')}{low}), "
           + ("; ".join(said) if said else "none is better in what decides") + "."]
    if verdict.best.typical("breach"):
        out.append(f"No choice kept every promise: with this one {promise(_worst(verdict.best))}.")
    if verdict.alike:
        some = names([what(c) for c in verdict.alike], 3)
        out.append(f"It ties with {number(len(verdict.alike), 'other choice')} within the tolerances "
                   f"({some}); it is the first of them that no other beats in every figure.")
    key, whose = _whose(groups)
    if whose:
        out.append(f"With it the p99 of {members(whose)} is {spread(verdict.best, key, ms)}."
                   if verdict.best.typical(key) != NEVER else
                   f"It leaves one of {members(whose)} without a job done.")
    return out


def _whose(groups):
    """The figure of the latency that matters most, and the loads that it is of."""
    return ("urgent_p99_ns", groups.urgent) if groups.urgent else ("p99_ns", groups.others)


def _costs(best):
    """Engine time, and who causes switches."""
    first = best.seeds[0]
    said = (f"It leaves {spread(best, 'busy_share', percent)} of the engines' time for work, and "
            f"switching takes {spread(best, 'switch_share', percent)}: {ms(first['switch_ns'])} of a "
            f"window of {ms(first['window_ns'])} with the first seed")
    to = {}
    for v in first["vgpus"]:
        to[v["name"]] = to.get(v["name"], 0) + v["switch_ns"]
    most = sorted(((-ns, name) for name, ns in to.items() if ns))
    if most:
        said += ", of which " + each([(ms(-ns), name) for ns, name in most], 3)
    said += "."
    if round(first["idle_share"], 4):
        said += (f" For {spread(best, 'idle_share', percent)} of the time someone had work and the "
                 "engine did nothing.")
    return [said]


def _late(best):
    jobs = sum(best.all("jobs_with_deadline"))
    if not jobs:
        return ["No job has a deadline."]
    late = sum(best.all("jobs_late"))
    who = {}
    for s in best.seeds:
        for v in s["vgpus"]:
            who[v["name"]] = who.get(v["name"], 0) + v["jobs_late"]
    whose = [f"{n} of {name}" for name, n in who.items() if n]
    return [f"Of {number(jobs, 'job')} or frames with a deadline {late} {'is' if late == 1 else 'are'} "
            f"late ({percent(late / jobs)})" + (f": {names(whose)}." if whose else ".")]


def _vgpus(best):
    """{name: (class, median p99, samples of a seed)} of those that have jobs on some engine."""
    out = {}
    for i, v in enumerate(best.seeds[0]["vgpus"]):
        found = [s["vgpus"][i]["p99_ns"] for s in best.seeds]
        found = sorted(NEVER if p is None else p for p in found)
        p99, few = found[len(found) // 2], min(s["vgpus"][i]["samples"] for s in best.seeds)
        if v["name"] not in out or p99 > out[v["name"]][1]:
            out[v["name"]] = (v["class"], p99, few)
    return out


def _latency(best):
    found = _vgpus(best)
    said = []
    for kind in dict.fromkeys(k for k, _, _ in found.values()):
        name, p99 = max(((n, p) for n, (k, p, _) in found.items() if k == kind), key=lambda x: x[1])
        said.append(f"at most {ms(p99)} in the class {kind} (for {name})" if p99 != NEVER else
                    f"not known in the class {kind}, for {name} has done no job")
    if not said:
        return ["There is no job whose latency could be told."]
    told = [(ms(p), n) for n, (_, p, _) in found.items() if p != NEVER]
    out = [f"The p99 of latency is {' and '.join(said)}"
           + (f"; by vGPU it is {each(told)}." if told else ".")]
    few = {n: c for n, (_, _, c) in found.items() if c < ENOUGH}
    many = [c for _, _, c in found.values() if c >= ENOUGH]
    which = names([f"{n} ({c})" for n, c in few.items()], 3)
    if not few:
        out.append(f"Each has at least {number(min(many), 'job')} in a run.")
    elif not many:
        out.append(f"None has the {ENOUGH} jobs in a run that a 99th percentile needs, but {which}: what "
                   "is told is close to the longest.")
    else:
        out.append(f"Each has at least {number(min(many), 'job')} in a run, except {which}, too few to "
                   "tell a 99th percentile: what is told of such is close to the longest.")
    return out


def slowdowns(best, alone):
    """{(name, engine): how many times longer a vGPU's typical job takes than alone, or for one that
    always has work, how many times less it gets}."""
    out = {}
    for i, v in enumerate(best.seeds[0]["vgpus"]):
        own = next((a for a in alone.get(v["name"], ()) if a["engine"] == v["engine"]), None)
        key = "got" if v["greedy"] else "p50_ns"
        with_others = sorted(s["vgpus"][i][key] or 0 for s in best.seeds)[len(best.seeds) // 2]
        if own and own[key] and with_others:
            out[v["name"], v["engine"]] = (own[key] / with_others if v["greedy"] else
                                           with_others / own[key])
    return out


def _slowdown(best, alone):
    if not alone:
        return ["How fast each would be alone was not tried."]
    vgpus = best.seeds[0]["vgpus"]
    greedy = {(v["name"], v["engine"]) for v in vgpus if v["greedy"]}
    jobs, hogs = [], []
    for (name, engine), x in slowdowns(best, alone).items():
        if sum(v["name"] == name for v in vgpus) > 1:
            name = f"{name} ({engine})"
        if (name.split(" ")[0], engine) in greedy:
            hogs.append((percent(1 / x, 1), name))
        else:
            jobs.append((f"{x:.2f} times as long", name))
    said = []
    if jobs:
        said.append(f"the median job takes {each(jobs)}")
    if hogs:
        said.append(f"of the engine time that it would have, there is {each(hogs)}")
    return ["Against running alone, " + "; ".join(said) + "."] if said else []


def _difference(best, other, groups):
    """What @other costs, compared with @best."""
    said = []
    if other.typical("breach") > best.typical("breach"):
        said.append(promise(_worst(other)))
    if abs(other.typical("late") - best.typical("late")) > answer.LATE:
        said.append(f"{percent(other.typical('late'))} of the jobs with a deadline are late")
    key, whose = _whose(groups)
    a, b = best.typical(key), other.typical(key)
    if whose and a != b and b == NEVER:
        said.append(f"one of {members(whose)} has no job done")
    elif whose and a != b:
        close = len(best.seeds) > 2 and min(other.all(key)) <= max(best.all(key)) and \
            min(best.all(key)) <= max(other.all(key))
        said.append(f"the p99 of {members(whose)} is {spread(other, key, ms)}"
                    + (f", {ms(abs(b - a))} {'more' if b > a else 'less'}" if a != NEVER else "")
                    + (" (the seeds' ranges overlap: too close to tell)" if close else ""))
    gain = other.typical("busy_share") - best.typical("busy_share")
    if abs(gain) >= .0001:
        said.append(f"{percent(other.typical('busy_share'))} of the engines' time is left for work, "
                    f"{100 * abs(gain):.2f} percentage points "
                    f"{'more' if gain > 0 else 'less'}")
    if not said:
        return "nothing differs that could be measured"
    return ", and ".join(said)


def _alternatives(best, others, groups):
    return [f"With {what(o)} instead, {_difference(best, o, groups)}." for o in others]


def _seeds(best):
    if len(best.seeds) == 1:
        return ["All this is of one run each: how far chance moves the figures is not known."]
    if all(s == best.seeds[0] for s in best.seeds):
        return [f"Chance has no part in it: all {len(best.seeds)} seeds gave the same figures."]
    return [f"Figures are medians of {len(best.seeds)} seeds, in brackets from the lowest to the highest."]


def paragraph(verdict, tried, others, groups, alone, least):
    """The whole answer; @others: the alternatives of which the cost is told."""
    best = verdict.best
    said = [f"Use {what(best)}."]
    said += _why(verdict, tried, groups, least) + _costs(best) + _late(best) + _latency(best)
    said += _slowdown(best, alone) + _alternatives(best, others, groups) + _seeds(best)
    return " ".join(said)
