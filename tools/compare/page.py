# SPDX-License-Identifier: GPL-2.0-only
"""The comparison as one page of HTML that needs no other file."""

from html import escape

import figures
import gnuplot
import markup
import plots
import table

KEY_ROWS = 64		# vGPUs in a table or key; what is cut off is said


def _key(result):
    parts = []
    names = plots.names(result)
    if len(names) > len(gnuplot.COLOURS):
        parts.append(f"<span>{len(names)} vGPUs in {len(gnuplot.COLOURS)} colours, by turns</span>")
        names = []
    for i, name in enumerate(names):
        loads = " + ".join(v["load"] for v in result.json["vgpus"] if v["name"] == name)
        parts.append(f'<span><i style="background:{gnuplot.colour(i)}"></i>{escape(name)} '
                     f"<small>({escape(loads)})</small></span>")
    parts.append(f'<span><i style="background:{gnuplot.SWITCHING}"></i>switching</span>')
    parts.append(f'<span><i style="background:{gnuplot.IDLE}"></i>idle</span>')
    parts.append("<span>&nbsp; lighter: held without work</span>")
    parts.append(f'<span><i class="due" style="background:{gnuplot.INK}"></i>share due</span>')
    return f'<p class="key">{" ".join(parts)}</p>'


def _vgpus(results):
    """Due, got and latency of each vGPU, all policies side by side."""
    head = ["vGPU", "engine", "load"]
    for r in results:
        head += [r.run.policy, "due", "p99 ms", "kept", "switching"]
    rows = []
    for i, v in enumerate(results[0].json["vgpus"][:KEY_ROWS]):
        cells = [v["name"], v["engine"], v["load"]]
        for r in results:
            s = r.figures["shares"][i]
            cells += [table.percent(s["got"]), table.percent(s["due"]), table.ms(s["p99_ns"]),
                      table.percent(s["kept"]), table.percent(s["switching"])]
        rows.append(cells)
    more = len(results[0].json["vgpus"]) - len(rows)
    rest = f"<p>{more} more are in compare.json.</p>" if more > 0 else ""
    return "<details><summary>Each vGPU</summary>" + markup.table(head, rows, 3) + rest + "</details>"


def _whose_latency(result):
    group = figures.latency_group(result.json["vgpus"])
    if any(v["greedy"] for v in group):
        return "all vGPUs"
    return ", ".join(dict.fromkeys(v["name"] for v in group)) if len(group) <= 6 else \
        "vGPUs that do not always have work"


def _sweep(comparison, scenario):
    sweeps = [w for w in comparison.sweeps if w["scenario"] == scenario.name]
    if not sweeps:
        return ""
    head, rows = table.sweep_rows(sweeps)
    said = "".join(f"<li>{escape(table.best_sentence(w))}</li>" for w in sweeps)
    return ("<h3>Slice length against switch cost</h3>" +
            plots.sweep(f"sweep-{scenario.name}", sweeps) + f"<ul>{said}</ul>" +
            "<details><summary>Each slice length</summary>" + markup.table(head, rows, 0) +
            "</details>")


def _answer(comparison, scenario):
    found = comparison.answers.get(scenario.name)
    return f'<p>{escape(found["text"])}</p>' if found else ""


def _scenario(comparison, scenario):
    shown = comparison.shown(scenario)
    head = list(table.HEAD)
    uneven = [r.run.policy for r in shown if not r.json["aligned"]]
    note = (f'<p class="key">Not measured over whole rounds: {", ".join(uneven)}.</p>'
            if uneven else "")
    latency = plots.latencies(f"latency-{scenario.name}", shown)
    latency = latency and (f"<h3>Job latency by percentile: {escape(_whose_latency(shown[0]))}</h3>"
                           + latency)
    return (f'<section id="{escape(scenario.name)}"><h2>{escape(scenario.name)}</h2>'
            f"<p>{escape(scenario.about)}</p><p class=\"key\">{shown[0].json['preemption']} preemption; "
            f"a switch takes {shown[0].json['switch_us']:g} µs</p>"
            + markup.table(head, [table.row(r) for r in shown], 1) + note
            + _answer(comparison, scenario) + _sweep(comparison, scenario)
            + "<h3>Who had the engine</h3>" + _key(shown[0])
            + plots.slices(f"slices-{scenario.name}", shown)
            + "<h3>Share got, and due</h3>" + plots.shares(f"shares-{scenario.name}", shown)
            + latency + _vgpus(shown) + "</section>")


def page(comparison, more=""):
    """The whole page; @more goes before the scenarios."""
    where = ("the simulator, which runs the scheduler's own code under a model of the engine"
             if comparison.on == "simulator" else
             "the virtual bench: the mediator itself on an emulated accelerator, in the "
             "deterministic clock")
    links = " · ".join(f'<a href="#{escape(s.name)}">{escape(s.name)}</a>'
                       for s in comparison.scenarios)
    sections = "\n".join(_scenario(comparison, s) for s in comparison.scenarios)
    return markup.document("Tessera: policies compared", f"""<h1>Scheduling policies compared</h1>
<p>Run on {where}. The same loads, with the same arrivals, under each policy; figures are of a
window of whole rounds after the warm-up. Two runs give the same bytes.</p>
<p>{links}</p>
<p class="key"><b>share error</b>: largest |got + kept - due| / due of a vGPU;
switching of more than once a slice is an error. <b>kept idle</b>: part of the time in which someone
had work, and the engine was kept for somebody without, or nobody was entitled to it. <b>utilisation</b>: part of
the time in which anyone had work that the engine worked or switched. <b>Jain</b>: Jain's index of
got / due. <b>p50, p99</b>: of job latency, from doorbell to end, of the vGPU where it is highest,
among those that do not always have work if there are any. <b>lost</b>: jobs lost to a reset.</p>
{more}
{sections}""")
