# SPDX-License-Identifier: GPL-2.0-only
"""The demo's plots."""

import figures
import gnuplot

COLOURS = gnuplot.COLOURS[:3]	# of the three guests
HEAD = gnuplot.HEAD + gnuplot.PERCENT


def over_time(name, rows, phases, start_ns):
    """Stacked: percent of engine time by guest, over device time. @rows: figures.series()."""
    guests = len(rows[0][2])
    points = []
    for begin, _, got, switch, _ in rows:
        stack, total = [], 0.0
        for g in got + [switch]:
            total += g
            stack.append(total)
        points.append([begin / 1e3] + stack)
    points.append([rows[-1][1] / 1e3] + points[-1][1:])
    script = HEAD.format(width=1040, height=290) + gnuplot.block("data", points)
    script += f"set xrange [0:{points[-1][0]:.4f}]\nset xlabel 'device time, s'\n"
    script += "set key off\nset tmargin 2.2\n"
    script += f"set object rectangle from graph 0,0 to graph 1,1 fc rgb '{gnuplot.IDLE}' fs solid behind\n"
    texts = {figures.ALL_BUSY: "all busy", figures.IDLE: "guest 1 idle",
             figures.ONE_STOPPED: "guest 1 stopped"}
    for p in phases:
        a = (p.begin_ns - start_ns) / 1e9
        b = a + p.duration_ns / 1e9
        for x in (a, b):
            script += (f"set arrow from {x:.4f},0 to {x:.4f},100 nohead front "
                       f"lc rgb '{gnuplot.INK}' lw 1 dt 3\n")
        script += (f"set label '{texts[p.name]}' at {(a + b) / 2:.4f},104 center front "
                   f"font ',12' tc rgb '{gnuplot.INK}'\n")
    parts = [f"$data using 1:{guests + 2} with fillsteps lc rgb '{gnuplot.SWITCHING}'"]
    for i in reversed(range(guests)):
        parts.append(f"$data using 1:{i + 2} with fillsteps lc rgb '{COLOURS[i]}'")
    return gnuplot.draw(name, script + "plot " + ", \\\n  ".join(parts) + "\n")


def got_and_due(name, phases):
    """A bar for each guest and phase: got; and a line across it: due."""
    bars, ticks, groups, x = [], [], [], 0.0
    for p in phases:
        first = x
        for i, (_, due, got) in enumerate(p.shares):
            bars.append((x, 100 * got, i, 100 * due))
            ticks.append(f"'{i + 1}' {x:g}")
            x += 1.0
        groups.append(((first + x - 1) / 2, p.name.replace("_", " ")))
        x += 0.8
    script = HEAD.format(width=1040, height=250)
    script += f"set xrange [-0.7:{x - 1.1:g}]\nset yrange [0:60]\nset ytics 20\nset key off\n"
    script += "set boxwidth 0.62\nset tmargin 2.2\n"
    script += f"set xtics ({', '.join(ticks)}) scale 0\nset xlabel 'guest'\n"
    for at, text in groups:
        script += f"set label '{text}' at {at:g},63 center font ',12' tc rgb '{gnuplot.INK}'\n"
    for bx, got, _, due in bars:
        script += (f"set arrow from {bx - 0.43:g},{due:.4f} to {bx + 0.43:g},{due:.4f} nohead "
                   f"front lc rgb '{gnuplot.INK}' lw 2.5\n")
        script += (f"set label '{got:.2f}' at {bx:g},{max(got, due) + 4:.4f} center front "
                   f"font ',12' tc rgb '{gnuplot.INK}'\n")
    for i, colour in enumerate(COLOURS):
        script += gnuplot.block(f"g{i}", [(b[0], b[1]) for b in bars if b[2] == i] or [(-9, 0)])
    script += "plot " + ", ".join(f"$g{i} with boxes lc rgb '{c}'"
                                  for i, c in enumerate(COLOURS)) + "\n"
    return gnuplot.draw(name, script)


def against_native(name, native, v1):
    """Two lying bars: batches a second on bare metal and in one guest."""
    top = 1.18 * max(native, v1)
    script = HEAD.format(width=1040, height=130)
    script += f"set xrange [0:{top:.4f}]\nset yrange [-0.6:1.6]\nset lmargin 20\n"
    script += "set ytics ('bare metal' 1, 'one guest (V1)' 0) scale 0\nset xtics auto\n"
    script += "set grid noytics xtics lc rgb '#d9dce1' lt 1 lw 0.6\nset key off\n"
    script += "set xlabel 'training batches a second'\nset style fill solid 1 noborder\n"
    for y, value, colour in ((1, native, "#8a9099"), (0, v1, COLOURS[0])):
        script += (f"set object rectangle from 0,{y - 0.3:g} to {value:.4f},{y + 0.3:g} "
                   f"fc rgb '{colour}' fs solid noborder\n")
        script += f"set label '{value:.1f}' at {value + top / 100:.4f},{y} left tc rgb '{gnuplot.INK}'\n"
    return gnuplot.draw(name, script + "plot -9 notitle\n")
