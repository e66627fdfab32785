#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""A policy of one's own is one file and one line (Documentation/policies.rst): a copy of the tree
gets policy_least_attained.c and a line in sched/policies.h. Everything builds, every test of the
scheduler passes, and the comparison shows the policy, in a colour that no other has. KTAP.
"""

import filecmp
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.join(HERE, "..", "..")
sys.path.append(os.path.join(ROOT, "tools", "compare"))

import ktap  # noqa: E402

NAME = "least_attained"
COPIED = ("sched", "kmod/accel", "uapi", "tests/ktap.h", "tests/capacity.h", "tools", "workloads")
FLAGS = ("-std=gnu11", "-Wall", "-Wextra", "-Werror", "-Wno-unused-parameter")


def make_copy(where):
    """What the scheduler and the comparison are built from."""
    built = shutil.ignore_patterns("build", "*.o", "__pycache__")
    for name in COPIED:
        source, target = os.path.join(ROOT, name), os.path.join(where, name)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        if os.path.isdir(source):
            shutil.copytree(source, target, ignore=built)
        else:
            shutil.copy(source, target)


def register(where):
    """The one line."""
    with open(os.path.join(where, "sched", "policies.h"), "a", encoding="utf-8") as f:
        f.write(f"TESSERA_SCHED_POLICY({NAME})\n")
    shutil.copy(os.path.join(HERE, f"policy_{NAME}.c"), os.path.join(where, "sched"))


def changed(where):
    """Lines that differ between the tree and the copy, and files that only the copy has."""
    lines, new = [], []
    for name in COPIED:
        for folder, _, files in os.walk(os.path.join(where, name)):
            for file in files:
                mine = os.path.join(folder, file)
                theirs = os.path.join(ROOT, os.path.relpath(mine, where))
                if not os.path.exists(theirs):
                    new.append(os.path.relpath(mine, where))
                elif not filecmp.cmp(mine, theirs, shallow=False):
                    done = subprocess.run(["diff", theirs, mine], capture_output=True, text=True)
                    lines += [x for x in done.stdout.splitlines() if x[:1] in "<>"]
    return lines, new


def run(*command, **more):
    """A command that has to succeed; its output."""
    done = subprocess.run(command, capture_output=True, text=True, **more)
    assert done.returncode == 0, (command, done.returncode, done.stdout[-2000:], done.stderr[-2000:])
    return done.stdout


def test_one_file_one_line():
    with tempfile.TemporaryDirectory() as tmp:
        make_copy(tmp)
        register(tmp)
        lines, new = changed(tmp)
        assert lines == [f"> TESSERA_SCHED_POLICY({NAME})"], lines
        assert new == [f"sched/policy_{NAME}.c"], new


def test_every_test_passes():
    with tempfile.TemporaryDirectory() as tmp:
        make_copy(tmp)
        register(tmp)
        out = run("make", "-s", "-C", os.path.join(tmp, "sched", "test"), "check", "STEPS=50000")
        assert not re.search(r"^not ok", out, re.M), out[-2000:]
        assert len(re.findall(r"^ok", out, re.M)) > 100, out[-2000:]
        # As the module compiles it: without a C library
        run("cc", *FLAGS, "-ffreestanding", "-c", f"policy_{NAME}.c", "-o", "policy.o",
            cwd=os.path.join(tmp, "sched"))


def test_compared_in_a_colour_of_its_own():
    with tempfile.TemporaryDirectory() as tmp:
        make_copy(tmp)
        register(tmp)
        run("make", "-s", "-C", os.path.join(tmp, "sched", "sim"))
        simulator = os.path.join(tmp, "sched", "sim", "build", "simulate")
        listed = run(simulator, "--list-policies")
        assert f"{NAME} work_conserving\n" in listed, listed
        names = [line.split()[0] for line in listed.splitlines()]
        out = os.path.join(tmp, "out")
        compare = os.path.join(tmp, "tools", "compare", "compare.py")
        env = dict(os.environ, TESSERA_SIMULATE=simulator)
        printed = run(sys.executable, compare, "--policy", NAME, "--policy", "best_effort",
                      "--out", out, "noisy-neighbour", env=env)
        assert re.search(rf"^  {NAME} +\d", printed, re.M), printed
        with open(os.path.join(out, "compare.json"), encoding="utf-8") as f:
            rows = {row["policy"]: row for row in json.load(f)["rows"]}
        # The comparison has no formula for it
        assert {s["due"] for s in rows[NAME]["shares"]} == {None}, rows[NAME]
        assert None not in {s["due"] for s in rows["best_effort"]["shares"]}
        colours = json.loads(run(
            sys.executable, "-c",
            "import json, policies; print(json.dumps({n: policies.colour(n) for n in policies.names()}))",
            cwd=os.path.join(tmp, "tools", "compare"), env=env))
        assert sorted(colours) == sorted(names), colours
        assert len(set(colours.values())) == len(names), colours
        with open(os.path.join(out, "compare.html"), encoding="utf-8") as f:
            page = f.read()
        assert NAME in page
        found = colours[NAME].lower()
        rgb = ",".join(str(int(found[i:i + 2], 16)) for i in (1, 3, 5))
        assert found in page.lower() or f"rgb({rgb})" in page.replace(" ", "") or \
            f"rgb( {rgb}" in page, found


if __name__ == "__main__":
    sys.exit(ktap.run(globals()))
