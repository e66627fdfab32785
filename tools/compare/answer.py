# SPDX-License-Identifier: GPL-2.0-only
"""Which policy, slice and settings are best for a workload: the rule by which that is decided,
as Documentation/compare.rst states it."""

from dataclasses import dataclass, field
from statistics import median

import figures

# What may be missing of a promise, beside one slice that the window's edge cuts: a part of it, and
# for those that do not always have work what they are owed in so long a time
PROMISE = .02
BACKLOG_NS = 100_000_000
# How close is alike
BREACH = .01		# of what was promised, where nothing keeps all of it
LATE = .001		# of the jobs
P99 = .05		# of the lowest

NEVER = float("inf")


def is_job(v):
    """Whether an entry of "vgpus" has jobs of its own to wait for. A pipeline's copies are a part of
    the requests that its compute load counts."""
    return not v["guilty"] and not (v["load"] == "pipeline" and v["engine"] == "copy")


def percentile(v, which="p99"):
    """Of an entry's jobs, or requests, ns; None if it has done none."""
    found = v["request_ns"] if "requests" in v else v["latency_ns"]
    return found[which] if found else None


def missing(run, kept):
    """What was promised and not kept, beyond the tolerance: [(part of it, name, what)]."""
    window, slice_ns = run["window_ns"], run["timeslice_us"] * 1000
    out = []
    for v, k, due in zip(run["vgpus"], kept, figures.due_ns(run, kept, loans=False)):
        if v["guilty"]:
            continue
        if v["running_ns"] < window:
            due = None	# it may have been gone before its turn came
        had, demand = v["got_ns"] + k, min(v["demand_ns"] + k, v["running_ns"])
        owed = [("share", due),
                ("reservation", min(demand, v["running_ns"] * v["reservation"] / 100))]
        slack = PROMISE + (0 if v["greedy"] else BACKLOG_NS / window)
        out += [((ns - had - slice_ns) / ns - slack, v["name"], what) for what, ns in owed if ns]
        limit = v["running_ns"] * v["limit"] / 100
        if limit:
            out.append(((v["got_ns"] - limit - slice_ns) / limit - PROMISE, v["name"], "limit"))
    return [b for b in out if b[0] > 0]


@dataclass(frozen=True)
class Groups:
    """The loads of which latency is looked at, (name, engine): by the workload itself, so that they are
    the same for every choice."""

    urgent: tuple		# of the low latency class, or with deadlines
    others: tuple		# that do not always have work, or all if there are none

    @staticmethod
    def of(run):
        """By a run of the workload as it is."""
        jobs = [v for v in run["vgpus"] if is_job(v) and v["load"] != "idle"]
        sparse = [v for v in jobs if not v["greedy"]] or jobs
        return Groups(tuple((v["name"], v["engine"]) for v in jobs
                            if v["latency"] == "low" or v["deadline_us"]),
                      tuple((v["name"], v["engine"]) for v in sparse))


def _worst(vgpus, group):
    found = [percentile(v) for v in vgpus if (v["name"], v["engine"]) in group]
    return max((NEVER if p is None else p for p in found), default=0)


def measure(run, kept, groups):
    """The figures of one run."""
    jobs = [v for v in run["vgpus"] if is_job(v) and v["load"] != "idle"]
    timed = [v for v in jobs if v["deadline_us"]]
    late, counted = (sum(x) for x in zip(*[
        (v["jobs_late"], max(v["samples"], v["jobs_late"])) for v in timed])) if timed else (0, 0)
    broken = max(missing(run, kept), default=(0, "", ""))
    shown = figures.figures(run)
    return {"breach": round(broken[0], 6), "broken": broken[1:],
            "late": round(late / counted, 6) if counted else 0,
            "jobs_late": late, "jobs_with_deadline": counted,
            "urgent_p99_ns": _worst(jobs, groups.urgent), "p99_ns": _worst(jobs, groups.others),
            "useful": shown["useful"] or 0, "busy_share": shown["busy_share"],
            "switch_share": shown["switch_share"],
            "idle_share": shown["idle_share"], "window_ns": run["window_ns"],
            "switch_ns": sum(e["switch_ns"] for e in run["engines"]),
            "vgpus": [{"name": v["name"], "engine": v["engine"], "class": v["latency"],
                       "greedy": v["greedy"], "load": v["load"],
                       "got": round(v["got_ns"] / run["window_ns"], 6),
                       "p50_ns": percentile(v, "p50"), "p99_ns": percentile(v),
                       "samples": v["requests"] if "requests" in v else v["samples"],
                       "jobs_late": v["jobs_late"], "switch_ns": v["switch_ns"]} for v in jobs]}


@dataclass(eq=False)
class Choice:
    """A policy, a slice and settings, with what came out for each seed."""

    policy: str
    slice_us: int
    low: tuple = ()		# vGPUs that are put into the low latency class
    seeds: list = field(default_factory=list)

    def all(self, name):
        """A figure for each seed."""
        return [s[name] for s in self.seeds]

    def typical(self, name):
        """The median over the seeds; of breaches the worst."""
        return max(self.all(name)) if name == "breach" else median(self.all(name))

    def json(self):
        """Its entry in compare.json; null where no job was done."""
        def figure(name):
            found = [None if x == NEVER else x for x in self.all(name)]
            typical = self.typical(name)
            return {"typical": None if typical == NEVER else typical, "seeds": found}

        return {"policy": self.policy, "timeslice_us": self.slice_us, "low_latency": list(self.low),
                **{name: figure(name) for name in ("breach", "late", "urgent_p99_ns", "p99_ns",
                                                   "useful", "busy_share", "switch_share", "idle_share")}}

    def tuple(self):
        """What it is judged by, in the order of STEPS; lower is better."""
        return tuple(-self.typical(name) if name in HIGHER else self.typical(name)
                     for name, _ in STEPS)


# The steps of the decision: a figure, and up to which value it is as good as the best one; of
# those of which more is better, both negative. @least: part of the engine's time to be useful
HIGHER = ("useful", "busy_share")
STEPS = (("breach", lambda best, least: best + BREACH if best else 0),
         ("late", lambda best, least: best + LATE),
         ("urgent_p99_ns", lambda best, least: best * (1 + P99)),
         ("useful", lambda best, least: max(best, -least)),
         ("busy_share", lambda best, least: best * least),
         ("p99_ns", lambda best, least: best * (1 + P99)))


@dataclass
class Verdict:
    """What was decided, and by which steps: [(figure, its best value, choices that stayed)]."""

    best: Choice
    alike: list
    steps: list


def choose(choices, least):
    """The Verdict on @choices, which are in order of preference where nothing else decides.

    Each step keeps what is as good as the best, within its tolerance. As one that beats another in
    one figure, and is no worse in any, stays wherever the other stays, it is enough to look for such
    among the last."""
    steps, left = [], list(choices)
    for i, (name, limit) in enumerate(STEPS):
        values = [c.tuple()[i] for c in left]
        best = min(values)
        left = [c for c, v in zip(left, values) if v <= limit(best, least)]
        steps.append((name, abs(best), left))
    tuples = [c.tuple() for c in left]
    best = next(c for c, t in zip(left, tuples) if not figures.dominated(t, tuples))
    return Verdict(best, [c for c in left if c is not best], steps)


def alternatives(best, tried, least):
    """Those of which it is worth telling what they cost: the same choice without the low latency
    class, the policy's next best slice, and every other policy at its best."""
    def of(found):
        return [choose(found, least).best] if found else []

    out = of([c for c in tried if best.low and (c.policy, c.slice_us, c.low) ==
              (best.policy, best.slice_us, ())])
    out += of([c for c in tried if c.policy == best.policy and c.slice_us != best.slice_us])
    for policy in dict.fromkeys(c.policy for c in tried if c.policy != best.policy):
        out += of([c for c in tried if c.policy == policy])
    return out
