# SPDX-License-Identifier: GPL-2.0-only
"""The comparison's plots."""

import figures
import policies
import timeline
from gnuplot import COLOURS, HEAD, IDLE, INK, SWITCHING, block, colour, draw, text

WIDTH = 1040
MAX_BARS = 32		# vGPUs to which a bar each can be given
MAX_LANES = 16


def _lighter(rgb):
    """A tint, for time held without work."""
    parts = [int(rgb[i:i + 2], 16) for i in (1, 3, 5)]
    return "#" + "".join(f"{255 - (255 - p) * 30 // 100:02x}" for p in parts)


def _width(i, lines):
    """Of the i-th line: those drawn first are broader, and visible where later ones cover them."""
    return 1.6 + 1.2 * (len(lines) - 1 - i)


def names(result):
    """The vGPUs of a scenario, in the order in which they are coloured."""
    return list(dict.fromkeys(v["name"] for v in result.json["vgpus"]))


def _lanes(results):
    engines = sorted({figures.engine_of(v) for v in results[0].json["vgpus"]})
    return [(r, e) for r in results for e in engines][:MAX_LANES]


def _lane_name(result, engine, engines, accelerators):
    parts = [result.run.policy]
    if accelerators > 1:
        parts.append(str(engine[0]))
    if engines > 1:
        parts.append(engine[1])
    return " ".join(parts)


def slices(name, results):
    """Which vGPU had which engine, a lane for each policy and engine. All of a slice is tinted;
    the full colour is as high as the part of it in which the engine worked."""
    begin = timeline.stretch(results)
    lanes = _lanes(results)
    engines = len({e[1] for _, e in lanes})
    accelerators = len({e[0] for _, e in lanes})
    which = {n: i % len(COLOURS) for i, n in enumerate(names(results[0]))}
    held, busy, switching = {}, {}, []
    script = HEAD.format(width=WIDTH, height=70 + 42 * len(lanes))
    ticks = []
    for i, (r, engine) in enumerate(lanes):
        y = len(lanes) - i
        ticks.append(f"{text(_lane_name(r, engine, engines, accelerators))} {y}")
        script += (f"set object rectangle from graph 0,first {y - 0.38:g} to graph 1,first {y + 0.38:g} "
                   f"fc rgb '{IDLE}' fs solid noborder behind\n")
        start = timeline.origin(r) + begin
        for s in r.slices():
            if figures.engine_of(vars(s)) != engine or s.end_ns <= start or s.state == "idle":
                continue
            if s.begin_ns >= start + timeline.STRETCH_NS:
                break
            a = max(0.0, (s.begin_ns - start) / 1e6)
            b = min(timeline.STRETCH_NS, s.end_ns - start) / 1e6
            box = ((a + b) / 2, y, a, b, y - 0.38)
            if s.state == "switch":
                switching.append((*box, y + 0.38))
            elif s.end_ns > s.begin_ns:
                part = min(1.0, s.busy_ns / (s.end_ns - s.begin_ns))
                held.setdefault(which[s.vgpu], []).append((*box, y + 0.38))
                busy.setdefault(which[s.vgpu], []).append((*box, y - 0.38 + 0.76 * part))
    plots = []
    for kind, boxes in (("held", held), ("busy", busy)):
        for i, rows in sorted(boxes.items()):
            script += block(f"{kind}{i}", rows)
            fill = _lighter(COLOURS[i]) if kind == "held" else COLOURS[i]
            plots.append(f"${kind}{i} with boxxyerror fs solid 1 border lc rgb '#ffffff' lw 0.3 "
                         f"fc rgb '{fill}'")
    script += block("switching", switching)
    plots.append(f"$switching with boxxyerror fs solid 1 noborder fc rgb '{SWITCHING}'")
    script += (f"set xrange [0:{timeline.STRETCH_NS / 1e6:g}]\nset yrange [0.4:{len(lanes) + 0.6:g}]\n"
               f"set ytics ({', '.join(ticks)}) scale 0\nset grid noytics\nset lmargin 22\n"
               f"set key off\nset tmargin 0.6\nset xlabel 'ms, from {begin / 1e6:.0f} ms after the start'\n")
    return draw(name, script + "plot " + ", \\\n  ".join(plots) + "\n")


def _shares_of_many(name, results):
    """Got over due, a line for each policy, the vGPUs by number."""
    script = HEAD.format(width=WIDTH, height=270)
    plots = []
    for i, r in enumerate(results):
        rows = [(n, s["got"] / s["due"]) for n, s in enumerate(r.figures["shares"]) if s["due"]]
        script += block(f"p{i}", rows)
        plots.append(f"$p{i} with points pt 7 ps 0.3 lc rgb '{policies.colour(r.run.policy)}' "
                     f"title {text(r.run.policy)}")
    script += "set yrange [0:*]\nset xlabel 'vGPU'\nset ylabel 'got / due'\nset key outside top horizontal\n"
    return draw(name, script + "plot " + ", ".join(plots) + "\n")


def shares(name, results):
    """A bar for each vGPU and policy: got; and a line across it, where it is known: due."""
    if len(results[0].figures["shares"]) > MAX_BARS:
        return _shares_of_many(name, results)
    which = {n: i for i, n in enumerate(names(results[0]))}
    bars, groups, x = [], [], 0.0
    engines = len({s["engine"] for s in results[0].figures["shares"]})
    gap = max(0.8, 0.08 * len(results[0].figures["shares"]) / engines)
    for r in results:
        for engine in sorted({s["engine"] for s in r.figures["shares"]}):
            first = x
            for s in r.figures["shares"]:
                if s["engine"] == engine:
                    due = None if s["due"] is None else 100 * s["due"]
                    bars.append((x, 100 * s["got"], which[s["name"]] % len(COLOURS), due))
                    x += 1.0
            groups.append(((first + x - 1) / 2,
                           r.run.policy + (f"\n{engine}" if engines > 1 else "")))
            x += gap
        x += gap * (engines > 1)
    top = 1.15 * max([b[1] for b in bars] + [b[3] or 0 for b in bars] + [1])
    script = HEAD.format(width=WIDTH, height=260 + 18 * (engines > 1))
    script += f"set xrange [-0.8:{x - gap:g}]\nset yrange [0:{top:.4f}]\nset ytics auto format '%g %%'\n"
    script += f"set boxwidth 0.7\nset tmargin 0.8\nset key off\nset bmargin {2 + (engines > 1)}\n"
    script += f"set xtics ({', '.join(f'{text(t)} {at:g}' for at, t in groups)}) scale 0\n"
    room = WIDTH / max(1.0, x)
    for bx, got, _, due in bars:
        if due is not None:
            script += (f"set arrow from {bx - 0.46:g},{due:.4f} to {bx + 0.46:g},{due:.4f} nohead "
                       f"front lc rgb '{INK}' lw {2.5 if room > 20 else 1.6}\n")
        if room > 38:
            script += (f"set label '{got:.2f}' at {bx:g},{max(got, due or 0) + top * 0.035:.4f} center front "
                       f"font ',11' tc rgb '{INK}'\n")
    used = sorted({b[2] for b in bars})
    for i in used:
        script += block(f"g{i}", [(b[0], b[1]) for b in bars if b[2] == i])
    return draw(name, script + "plot " + ", ".join(
        f"$g{i} with boxes lc rgb '{colour(i)}'" for i in used) + "\n")


def latencies(name, results):
    """Percentiles of job latency, a line for each policy."""
    script = HEAD.format(width=WIDTH, height=280)
    plots = []
    for i, r in enumerate(results):
        found = figures.latencies(r.json)
        rows = [(x, found[p] / 1e6) for x, p in enumerate(figures.LATENCIES) if found[p]]
        if rows:
            script += block(f"p{i}", rows)
            plots.append(f"$p{i} with linespoints pt 7 ps 0.5 lw {_width(i, results)} "
                         f"lc rgb '{policies.colour(r.run.policy)}' title {text(r.run.policy)}")
    if not plots:
        return ""
    ticks = ", ".join(f"'{p}' {x}" for x, p in enumerate(figures.LATENCIES))
    script += (f"set logscale y\nset yrange [*:*]\nset ytics auto format '%g ms'\nset lmargin 10\n"
               f"set xtics ({ticks})\nset xrange [-0.3:{len(figures.LATENCIES) - 0.7:g}]\n"
               "set key outside top horizontal\nset tmargin 2\n")
    return draw(name, script + "plot " + ", ".join(plots) + "\n")


def sweep(name, sweeps):
    """Useful part of the engine's time, and 99th percentile of latency, by slice length."""
    script = HEAD.format(width=WIDTH, height=330)
    top, low = [], []
    for i, w in enumerate(sweeps):
        points = w["points"]
        policy = w["policy"]
        style = f"lc rgb '{policies.colour(policy)}' title {text(policy)}"
        script += block(f"u{i}", [(p["timeslice_us"] / 1e3, 100 * p["useful"]) for p in points
                                  if p["useful"] is not None])
        script += block(f"l{i}", [(p["timeslice_us"] / 1e3, p["p99_ns"] / 1e6) for p in points
                                  if p["p99_ns"] is not None])
        line = f"with linespoints pt 7 ps 0.5 lw {_width(i, sweeps)} {style}"
        top.append(f"$u{i} {line}")
        low.append(f"$l{i} {line}")
    wanted = 100 * sweeps[0]["efficiency"]
    script += ("set multiplot layout 1,2\nset key bottom right\nset xlabel 'slice, ms'\n"
               "set xrange [0:*]\nset lmargin 9\nset title 'useful engine time'\n"
               f"set ytics auto format '%g %%'\nset yrange [*:100]\n"
               f"set arrow from graph 0,first {wanted:g} to graph 1,first {wanted:g} nohead "
               f"lc rgb '{INK}' dt 3\nplot {', '.join(top)}\nunset arrow\n"
               "set title '99th percentile of latency'\nset yrange [0:*]\n"
               f"set ytics auto format '%g ms'\nset key top left\nplot {', '.join(low)}\n"
               "unset multiplot\n")
    return draw(name, script)
