# SPDX-License-Identifier: GPL-2.0-only
"""The comparison as text; page.py shows the same rows."""

import textwrap

HEAD = ("policy", "slice ms", "share error", "p50 ms", "p99 ms", "utilisation", "switching",
        "kept idle", "Jain", "lost")


def percent(x, places=2):
    """Of a fraction; "-" for None."""
    return "-" if x is None else f"{100 * x:.{places}f} %"


def ms(ns):
    """Of nanoseconds."""
    return "-" if ns is None else f"{ns / 1e6:.3f}"


def row(result):
    """The cells of a run."""
    f = result.figures
    return [result.run.policy, f"{result.json['timeslice_us'] / 1000:g}", percent(f["share_error"]),
            ms(f["p50_ns"]), ms(f["p99_ns"]), percent(f["utilisation"]), percent(f["switch_share"]),
            percent(f["idle_share"]), "-" if f["jain"] is None else f"{f['jain']:.4f}", str(f["jobs_lost"])]


def sweep_rows(sweeps):
    """(head, rows) of one scenario's sweeps: a row a slice, columns by policy."""
    head = ["slice ms"]
    for w in sweeps:
        head += [w["policy"], "p99 ms"]
    rows = []
    for i, point in enumerate(sweeps[0]["points"]):
        cells = [f"{point['timeslice_us'] / 1000:g}"]
        for w in sweeps:
            p = w["points"][i]
            mark = "*" if p["timeslice_us"] == w["best_us"] else " "
            cells += [percent(p["useful"]) + mark, ms(p["p99_ns"])]
        rows.append(cells)
    return head, rows


def best_sentence(sweep):
    """What a sweep has found."""
    wanted = f"{100 * sweep['efficiency']:g} %"
    if sweep["best_us"] is None:
        top = max((p["useful"] or 0 for p in sweep["points"]), default=0)
        return f"{sweep['policy']}: no slice leaves {wanted} useful; the most is {percent(top)}"
    best = next(p for p in sweep["points"] if p["timeslice_us"] == sweep["best_us"])
    first = sweep["points"][0]
    return (f"{sweep['policy']}: best slice {sweep['best_us'] / 1000:g} ms, "
            f"{percent(best['useful'])} useful (at least {wanted}), p99 {ms(best['p99_ns'])} ms; "
            f"at {first['timeslice_us'] / 1000:g} ms {percent(first['useful'])} useful, "
            f"p99 {ms(first['p99_ns'])} ms")


def _lines(head, rows, words=1):
    widths = [max(len(r[i]) for r in [head, *rows]) for i in range(len(head))]
    return ["  ".join(c.ljust(w) if i < words else c.rjust(w)
                      for i, (c, w) in enumerate(zip(cells, widths))).rstrip()
            for cells in [head, *rows]]


def text(comparison):
    """All scenarios."""
    out = []
    for scenario in comparison.scenarios:
        shown = comparison.shown(scenario)
        out += ["", scenario.name + (f": {scenario.about}" if scenario.about else "")]
        out += ["  " + line for line in _lines(HEAD, [row(r) for r in shown])]
        sweeps = [w for w in comparison.sweeps if w["scenario"] == scenario.name]
        if sweeps:
            out += ["", "  useful part of the engine's time (what is not lost to switching), and latency, by slice"]
            out += ["  " + line for line in _lines(*sweep_rows(sweeps), words=0)]
            out += ["  " + best_sentence(w) for w in sweeps]
        if not all(r.json["aligned"] for r in shown):
            names = ", ".join(r.run.policy for r in shown if not r.json["aligned"])
            out += [f"  not measured over whole rounds: {names}"]
        if scenario.name in comparison.answers:
            out += ["", *textwrap.wrap(comparison.answers[scenario.name]["text"], 100,
                                       initial_indent="  ", subsequent_indent="  ",
                                       break_long_words=False, break_on_hyphens=False)]
    return "\n".join(out[1:])
