#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Tests of tests/isolation/isolation.py on KTAP written by hand. KTAP."""

import contextlib
import io
import json
import os
import sys
import tempfile

sys.dont_write_bytecode = True
TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
sys.path.append(os.path.join(TOP, "tests", "isolation"))

import isolation  # noqa: E402
import ktap  # noqa: E402

KTAP = """KTAP version 1
1..3
  KTAP version 1
  ok 1 - the module is there
    TAP version 13
    # test_a.c:10:one.good:figure load 300 us
    # test_a.c:11:one.good:figure load_alone 200 us
    # program: runs=3 worst_us=17
    # share_ppm=250100
    # program: 3 s
    ok 1 one.good
    not ok 2 one.bad
    ok 3 one.none # SKIP no such hardware
  not ok 2 - test_a
    ok 1 one.good
  ok 3 - test_b
not ok 1 - tests
ok 2 - the script ended well
"""


def run():
    """What the text above says."""
    out = isolation.Run()
    out.read("suite", KTAP.splitlines())
    return out


def test_results():
    results = run().results
    assert results["suite/one.good"] == "passed"
    assert results["suite/test_a/one.good"] == "passed"
    assert results["suite/test_a/one.bad"] == "failed"
    assert results["suite/test_a/one.none"] == "skipped"
    assert results["suite/test_b/one.good"] == "passed"
    assert "suite/test_b/one.bad" not in results
    assert results["suite/test_a"] == "failed" and results["suite/test_b"] == "passed"
    assert results["suite/tests/test_b"] == "passed"


def test_worst_counts():
    out = isolation.Run()
    for verdict in ("ok 1 a", "ok 1 a # SKIP none", "ok 1 b # SKIP none", "not ok 1 c", "ok 1 c"):
        out.read("s", [verdict])
    assert out.results == {"s/a": "passed", "s/b": "skipped", "s/c": "failed"}


def test_counts_what_does_not_pass():
    for names, bad in ((["suite/test_a/one.good"], 0), (["suite/test_a/one.bad"], 1),
                       (["suite/test_a/one.none"], 1), (["suite/test_a/one.gone"], 1),
                       (["suite/test_a/*"], 2), (["suite/test_b/*"], 0), (["other/*"], 1),
                       (["suite/test_b/*", "suite/test_a/one.bad"], 1)):
        assert isolation.Tests(*names).value(run()) == bad, names


def test_figures():
    assert isolation.Figure("suite/load", 1).value(run()) == 300
    assert isolation.Figure("suite/load", 1, 1 / 1000).value(run()) == 0.3
    assert isolation.Figure("suite/load", 1, per="suite/load_alone").value(run()) == 1.5
    assert isolation.Figure("suite/program.worst_us", 1).value(run()) == 17
    assert isolation.Figure("suite/share_ppm", 1).value(run()) == 250100
    assert isolation.Figure("suite/none", 1).value(run()) is None
    assert isolation.Figure("suite/load", 1, per="suite/none").value(run()) is None


def test_report():
    before, isolation.ROWS = isolation.ROWS, [
        ("right", isolation.Figure("suite/load", 300)),
        ("too much", isolation.Figure("suite/load", 299)),
        ("not measured", isolation.Figure("suite/none", 300)),
        ("failed", isolation.Tests("suite/test_a/one.bad")),
    ]
    said = io.StringIO()
    with tempfile.TemporaryDirectory() as where, contextlib.redirect_stdout(said):
        path = os.path.join(where, "bench", "isolation.json")
        assert isolation.report(run(), path) == 3
        with open(path, encoding="utf-8") as file:
            rows = json.load(file)["rows"]
    isolation.ROWS = before
    assert [row["ok"] for row in rows] == [True, False, False, False]
    assert rows[0] == {"name": "right", "value": 300.0, "goal": 300, "ok": True}
    assert rows[2]["value"] is None
    assert [line.split(" ", 1)[0] for line in said.getvalue().splitlines()] == [
        "KTAP", "1..4", "ok", "not", "not", "not"]


if __name__ == "__main__":
    sys.exit(ktap.run(globals()))
