#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""What is promised of isolation, each with what the last run of the suites says of it.

    isolation.py TESTS OUT      TESTS/SUITE/ktap of each suite; the rows go to OUT, JSON, and KTAP

A row is a number of tests that failed or did not run, of which none may, or a figure that a test
has printed, or a quotient of two, with its goal. What nobody ran is not ok. Figures are printed as
"figure NAME VALUE UNIT", or on a line of their own as "# PROGRAM: NAME=VALUE NAME=VALUE ...".
"""

import json
import os
import re
import sys

RESULT = re.compile(r"^( *)(not )?ok \d+ -? ?([^#]*)(# *SKIP.*)?")
FIGURE = re.compile(r"figure (\S+) (-?\d+)")
FIGURES = re.compile(r"^ *# (?:(\w+): )?((?:\w+=\d+ ?)+)$")


class Run:
    """What the suites have said: results by SUITE/PROGRAM/TEST, figures by SUITE/NAME."""

    def __init__(self):
        self.results = {}
        self.figures = {}

    def read(self, suite, lines):
        """A suite's KTAP. A result follows those of the tests that it sums up, which are deeper."""
        pending = []
        for line in lines:
            found = FIGURE.search(line)
            if found:
                self.figures[f"{suite}/{found[1]}"] = int(found[2])
            found = FIGURES.match(line)
            for pair in found[2].split() if found else ():
                name, value = pair.split("=")
                self.figures[f"{suite}/{found[1] + '.' if found[1] else ''}{name}"] = int(value)
            found = RESULT.match(line)
            if not found:
                continue
            depth = len(found[1])
            name = found[3].strip()
            verdict = "failed" if found[2] else "skipped" if found[4] else "passed"
            while pending and pending[-1][0] > depth:
                deeper = pending.pop()
                self.note(f"{suite}/{name}/{deeper[1]}", deeper[2])
            pending.append((depth, name, verdict))
            self.note(f"{suite}/{name}", verdict)

    def note(self, name, verdict):
        """Of a test that was run several times the worst counts, but a skip only where that is all."""
        order = ("skipped", "passed", "failed")
        self.results[name] = max(verdict, self.results.get(name, verdict), key=order.index)


class Tests:
    """Tests of which each has to pass; a name may end in *."""

    def __init__(self, *names):
        self.names = names
        self.goal = 0

    def value(self, run):
        """How many do not."""
        bad = 0
        for name in self.names:
            if name.endswith("*"):
                found = [v for k, v in run.results.items() if k.startswith(name[:-1])]
            else:
                found = [run.results[name]] if name in run.results else []
            bad += sum(v != "passed" for v in found) if found else 1
        return bad


class Figure:
    """A figure, scaled; or the quotient of two."""

    def __init__(self, name, goal, scale=1.0, per=None):
        self.name = name
        self.goal = goal
        self.scale = scale
        self.per = per

    def value(self, run):
        """None where it is not known."""
        value = run.figures.get(self.name)
        if value is None or (self.per and not run.figures.get(self.per)):
            return None
        return round(value * self.scale / (run.figures[self.per] if self.per else 1), 3)


def alone(row, **kwargs):
    """How many times as long as alone a neighbour's command takes."""
    return Figure(f"shares/{row}.neighbour", per=f"shares/{row}.neighbour_alone", **kwargs)


OWNER = "vfio/test_owner/owner."
GUESTS = "guests/"
ROWS = [
    ("C1 memory taken away by many threads at once", Tests("vfio/test_pins/threads.*")),
    ("C1 unmap of a GiB in one piece, ms", Figure("shares/unmap_256_mib", 10, 4 / 1000)),
    ("C1 unmap of 32,768 runs in 256 MiB, us a run", Figure("shares/unmap_32768_runs", 10, 1 / 32768)),
    ("C2 98,304 mappings of a page destroyed, ms",
     Figure("shares/destroy_98304_mappings", 420 * 98304 / 262144, 1 / 1000)),
    ("C2 a neighbour's longest command meanwhile, ms",
     Figure("shares/destroy_98304_mappings.neighbour", 1, 1 / 1000)),
    ("C2 a neighbour's longest command during an unmap, ms",
     Figure("shares/unmap_32768_runs.neighbour", 1, 1 / 1000)),
    ("C3 each resource used up by one vGPU", Tests("vfio/test_parts/*")),
    ("H1 killed while memory does not come", Tests(
        OWNER + "killed_while_memory_is_late", OWNER + "ends_while_memory_is_late",
        OWNER + "files_do_not_wait", OWNER + "killed_while_memory_goes")),
    ("H2 a device that does not answer", Tests("lifecycle/test_dead/dead.*")),
    ("H3 a neighbour's command in a flood of interrupts, times", alone("irq_flood", goal=2)),
    ("H3 a neighbour's command in a flood of events, times", alone("event_flood", goal=2)),
    ("H4 progress is not forged", Tests(GUESTS + "timeout.preemptible.forged_progress")),
    ("M1 opens at once after its owner was killed", Tests(OWNER + "opens_at_once")),
    ("M3 the worker is the owner's", Tests(OWNER + "pays_for_the_worker", OWNER + "limit_of_threads")),
    ("M4, M5 one process takes all", Tests(GUESTS + "share")),
    ("B1 a guest with bounce buffers", Tests(GUESTS + "a: works again")),
    ("B2 engine time, not the clock's", Tests(GUESTS + "timeout.preemptible.engine_time")),
    ("B3 VRAM mapped after unplug", Tests(GUESTS + "reset.unbind_with_users")),
    ("B4 a reset of the physical function", Tests("lifecycle/test_pci_reset/*",
                                                   GUESTS + "a goes on", GUESTS + "b goes on")),
    ("B5 over RLIMIT_MEMLOCK", Tests("vfio/test_pins/limit.memlock")),
    ("B6 fdinfo grows while running", Tests(GUESTS + "fdinfo.grows_while_running")),
    ("B7 an imported buffer is mapped", Tests(GUESTS + "prime.system.import_udmabuf",
                                                  GUESTS + "prime.vram.import_udmabuf")),
    ("hostile neighbours", Tests("hostile/seed*")),
    ("hostile neighbours: the victim's longest admin command, us",
     Figure("hostile/admin_worst_us", 10_000)),
    ("recovery", Tests("recovery/tests", "recovery-smp/tests")),
    ("recovery: after its owner was killed a vGPU works again within, us",
     Figure("recovery/kill.again_worst_us", 1_000_000)),
    ("recovery: resets of the device for hangs", Figure("recovery/hang.device_resets", 0)),
    ("recovery: from a hang, with a preemption timeout of 10 ms, us",
     Figure("recovery/hang.recovery_worst_us", 20_000)),
    ("bus mastering and memory off", Tests(
        "vfio/test_irq/irq.bus_master_off", "vfio/test_ctrl/ctrl.bus_master_off*",
        "vfio/test_config/config.memory_off*")),
]


def report(run, out):
    """Write the rows to a file, and KTAP to standard output. Return how many are not ok."""
    rows = []
    print("KTAP version 1")
    print(f"1..{len(ROWS)}")
    for i, (name, source) in enumerate(ROWS, 1):
        value = source.value(run)
        ok = value is not None and value <= source.goal
        rows.append({"name": name, "value": value, "goal": source.goal, "ok": ok})
        print(f"{'ok' if ok else 'not ok'} {i} - {name}: {value}, at most {source.goal}")
    os.makedirs(os.path.dirname(out), exist_ok=True)
    with open(out, "w", encoding="utf-8") as file:
        json.dump({"rows": rows}, file, indent=1)
        file.write("\n")
    return sum(not row["ok"] for row in rows)


def main():
    """As above."""
    if len(sys.argv) != 3:
        sys.exit("usage: isolation.py TESTS OUT")
    run = Run()
    for suite in sorted(os.listdir(sys.argv[1])):
        path = os.path.join(sys.argv[1], suite, "ktap")
        if os.path.exists(path):
            with open(path, encoding="utf-8", errors="replace") as file:
                run.read(suite, file)
    sys.exit(report(run, sys.argv[2]) > 0)


if __name__ == "__main__":
    main()
