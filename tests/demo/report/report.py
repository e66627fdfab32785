#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Turn what the demo collected into report.json, report.html and a table in the terminal.

    report.py --out DIR [--dmesg-check PROGRAM] [--console FILE]... RAW

Exits 1, saying what, if any of the demo's claims does not hold (checks.py), 2 if RAW can't be
read. The files' bytes depend on RAW alone.
"""

import argparse
import json
import os
import sys

sys.dont_write_bytecode = True	# the repository may be read-only, and stays clean
TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..")
sys.path.append(os.path.join(TOP, "tools", "common"))

import checks  # noqa: E402
import figures  # noqa: E402
import gnuplot  # noqa: E402
import page  # noqa: E402
import raw as rawfile  # noqa: E402
import table  # noqa: E402

LAB = os.path.join(TOP, "tests", "lab")


def _write(directory, name, text):
    path = os.path.join(directory, name)
    with open(path + ".new", "w", encoding="utf-8") as f:
        f.write(text)
    os.replace(path + ".new", path)


def make(raw, out, dmesg_check, consoles):
    """Write the files; returns (failures, notes, table or "")."""
    report, text = None, ""
    bad, noted = [], []
    try:
        report = figures.report(raw)
        bad, noted = checks.run(raw, report, dmesg_check, consoles)
    except figures.FigureError as e:
        bad = [str(e)] + checks.run(raw, None, dmesg_check, consoles)[0]
    if report is not None:
        text = table.text(report)
        _write(out, "report.json", json.dumps(report, indent=2) + "\n")
        try:
            _write(out, "report.html", page.page(raw, report, bad, noted))
        except (figures.FigureError, gnuplot.PlotError) as e:
            bad.append(f"report.html was not made: {e}")
    return bad, noted, text


def main():
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--out", required=True, help="directory of the files made")
    parser.add_argument("--dmesg-check", default=os.path.join(LAB, "dmesg-check.sh"))
    parser.add_argument("--console", action="append", default=[], help="kernel log to check too")
    parser.add_argument("raw")
    args = parser.parse_args()
    for name in ("report.json", "report.html"):
        if os.path.exists(os.path.join(args.out, name)):
            os.unlink(os.path.join(args.out, name))
    try:
        with open(args.raw, encoding="utf-8", errors="replace") as f:
            raw = rawfile.parse(f.read())
    except (OSError, rawfile.RawError) as e:
        print(f"report: {e}", file=sys.stderr)
        return 2
    bad, noted, text = make(raw, args.out, args.dmesg_check, args.console)
    if text:
        print(text)
    for note in noted:
        print(f"noted (not judged in the ordinary mode): {note}")
    for failure in bad:
        print(f"FAILED: {failure}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
