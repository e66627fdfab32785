# SPDX-License-Identifier: GPL-2.0-only
"""Plots drawn by gnuplot, as SVG for use inside a page: what all of them share."""

import re
import subprocess

# Told apart by colour-blind readers too (Okabe and Ito); then the same, lighter
COLOURS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#b8a800", "#7d6bb0",
           "#7fb8d8", "#f2cf80", "#80cfb9", "#e5bcd3", "#abd9f4", "#eaae80", "#dcd480", "#beb5d8")
SWITCHING = "#55595f"
IDLE = "#eef0f3"
INK = "#1c1e21"

HEAD = """
set terminal svg size {width},{height} dynamic enhanced font 'sans-serif,13' background '#ffffff'
set border 3 lc rgb '#6b7078'
set tics nomirror tc rgb '#3c4046'
set grid ytics lc rgb '#d9dce1' lt 1 lw 0.6
set style fill solid 1 noborder
set lmargin 8
set rmargin 2
"""
PERCENT = """
set yrange [0:100]
set ytics 25 format '%g %%'
"""


class PlotError(Exception):
    """gnuplot could not be run."""


def colour(i):
    """Of the i-th vGPU."""
    return COLOURS[i % len(COLOURS)]


def text(s):
    """A literal for gnuplot, without its mark-up."""
    for c in "\\{}_^@&~":
        s = s.replace(c, "\\" + c)
    return '"' + s.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def block(name, rows):
    """Data in the script; gnuplot refuses empty data, so that gets an invisible point."""
    rows = rows or [(float("nan"),) * 6]
    return f"${name} << EOD\n" + "\n".join(" ".join(f"{v:.4f}" for v in r) for r in rows) + "\nEOD\n"


def draw(name, script):
    """The SVG that @script draws, with ids that differ from those of all other plots of the page."""
    try:
        done = subprocess.run(["gnuplot"], input=script, capture_output=True, text=True,
                              check=True)
    except (OSError, subprocess.CalledProcessError) as e:
        raise PlotError(f"gnuplot: {getattr(e, 'stderr', '') or e}") from e
    if "<svg" not in done.stdout:
        raise PlotError(f"gnuplot drew nothing for {name}: {done.stderr}")
    return _inline(name, done.stdout[done.stdout.index("<svg"):])


def _inline(name, svg):
    """Several SVGs in one page: each needs ids of its own, and a name for screen readers."""
    svg = re.sub(r"\bid=(['\"])([^'\"]+)\1", rf'id="{name}-\2"', svg)
    svg = re.sub(r"(href=['\"])#", rf"\1#{name}-", svg)
    svg = re.sub(r"url\(#", f"url(#{name}-", svg)
    svg = re.sub(r"<title>[^<]*</title>", "", svg, count=1)
    svg = re.sub(r"<desc>[^<]*</desc>", "", svg, count=1)
    return svg.replace("<svg", f'<svg role="img" aria-label="{name}"', 1).strip()
