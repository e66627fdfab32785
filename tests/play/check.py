#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Check runs that tests/play/play.sh has left, and compare them with the simulator's. KTAP.

    check.py PLAYED-DIR SIMULATED-DIR ID...

Each directory has ID.json, ID.slices.csv and ID.jobs.csv.
"""

import csv
import json
import os
import sys

SHARE = 0.005	# of an engine's time, between bench and simulator
PERCENTILES = ("p1", "p5", "p10", "p25", "p50", "p75", "p90", "p95", "p99", "p99.9", "max")


def rows(path):
    with open(path, encoding="utf-8", newline="") as f:
        for row in csv.DictReader(f):
            yield {k: int(v) if k.endswith("_ns") or k == "lost" else v for k, v in row.items()}


class Run:
    """A run's JSON, slices and jobs."""

    def __init__(self, where, name):
        base = os.path.join(where, name)
        with open(base + ".json", encoding="utf-8") as f:
            self.json = json.loads(f.read())
        self.slices = list(rows(base + ".slices.csv"))
        self.jobs = list(rows(base + ".jobs.csv"))

    def shares(self):
        return {(v["name"], v["engine"]): v["got_ns"] / self.json["window_ns"]
                for v in self.json["vgpus"]}

    def vgpus(self, engine):
        return [v for v in self.json["vgpus"] if v["engine"] == engine]


def agreement(run, sim):
    want, got = sim.shares(), run.shares()
    if want.keys() != got.keys():
        yield "not the same vGPUs"
        return
    if run.json["aligned"] != sim.json["aligned"]:
        yield "only one of them is of whole rounds"
    for key, share in want.items():
        if not abs(share - got[key]) <= SHARE:
            yield f"{key[0]}, {key[1]}: simulated {100 * share:.3f} %, played {100 * got[key]:.3f} %"


def engine_time(run):
    """The figures of the window against each other."""
    window = run.json["window_ns"]
    for e in run.json["engines"]:
        got = sum(v["got_ns"] for v in run.vgpus(e["engine"]))
        # Of a slice that the window cuts, fractions of a ns are dropped
        if not 0 <= e["busy_ns"] - got <= 2 * len(run.json["vgpus"]):
            yield f"{e['engine']}: vGPUs got {got} of {e['busy_ns']} ns"
        if not 0 < e["busy_ns"] + e["switch_ns"] <= window:
            yield f"{e['engine']}: busy {e['busy_ns']}, switching {e['switch_ns']} in {window} ns"
        if abs(e["switch_ns"] - e["switches"] * run.json["switch_us"] * 1000) > \
                run.json["switch_us"] * 1000:
            yield f"{e['engine']}: {e['switches']} switches took {e['switch_ns']} ns"
    for v in run.json["vgpus"]:
        points = [v["latency_ns"][p] for p in PERCENTILES if v["latency_ns"][p] is not None]
        if points != sorted(points):
            yield f"{v['name']}: latencies {points}"


def slices(run):
    """One after another, without a gap."""
    last = {}
    for s in run.slices:
        if s["begin_ns"] != last.get(s["engine"], s["begin_ns"]):
            yield f"{s['engine']}: from {last[s['engine']]} to {s['begin_ns']} there is no slice"
        if not s["begin_ns"] < s["end_ns"] or s["busy_ns"] > s["end_ns"] - s["begin_ns"]:
            yield f"{s['engine']}: {s}"
        last[s["engine"]] = s["end_ns"]


def jobs(run):
    """In order, all there, and the engine time that the hardware counted is theirs."""
    for v in run.json["vgpus"]:
        mine = [j for j in run.jobs if (j["vgpu"], j["engine"]) == (v["name"], v["engine"])]
        done = [j for j in mine if j["done_ns"] and not j["lost"]]
        ends = [j["done_ns"] for j in done]
        if len(done) != v["jobs"] or sum(j["lost"] for j in mine) != v["jobs_lost"]:
            yield f"{v['name']}, {v['engine']}: {len(done)} done, not {v['jobs']}"
        if ends != sorted(ends) or any(j["done_ns"] < j["arrival_ns"] + j["length_ns"] for j in done):
            yield f"{v['name']}, {v['engine']}: ends are out of order, or sooner than can be"
        busy = sum(s["busy_ns"] for s in run.slices
                   if (s["state"], s["vgpu"], s["engine"]) == ("run", v["name"], v["engine"]))
        # Of the one that is not done yet there may be a part; of one that hangs any
        begun = next((j["length_ns"] for j in mine if not j["done_ns"] or j["lost"]), 0)
        if v["guilty"]:
            begun = run.json["window_ns"]
        work = sum(j["length_ns"] for j in done)
        if not work <= busy <= work + begun:
            yield f"{v['name']}, {v['engine']}: {busy} ns of engine time for {work} ns of work"


def main(argv):
    played, simulated, names = argv[0], argv[1], argv[2:]
    checks = (("shares are those of the simulator", agreement), ("engine time adds up", engine_time),
              ("slices follow one another", slices), ("jobs are all there", jobs))
    print(f"KTAP version 1\n1..{len(checks) * len(names)}")
    n = failed = 0
    for name in names:
        run, sim = Run(played, name), Run(simulated, name)
        for what, check in checks:
            wrong = list(check(run, sim) if check is agreement else check(run))
            n += 1
            failed += bool(wrong)
            for line in wrong[:5]:
                print(f"# {line}")
            print(f"{'not ok' if wrong else 'ok'} {n} - {name}: {what}")
    return 1 if failed or not names else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
