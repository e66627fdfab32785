# SPDX-License-Identifier: GPL-2.0-only
"""The report as one page of HTML that needs no other file."""

from html import escape

import figures
import gnuplot
import markup
import plots
import table

TEXT_OF_POLICY = {
    "best_effort": "Round robin among those that have work. Time that a guest does not use goes "
                   "to the others at once: nothing is wasted, nothing is promised.",
    "equal_share": "Each running vGPU owns 1/N of the time. A guest that only idles keeps its "
                   "part; when its vGPU stops, time is divided among the remaining ones.",
    "fixed_share": "Each vGPU owns what its type says, a quarter for V4, whoever else runs. What "
                   "nobody owns or uses stays unused, so a guest's speed never depends on others.",
}


def _key():
    parts = [f'<i style="background:{c}"></i>guest {i + 1}' for i, c in enumerate(plots.COLOURS)]
    parts.append(f'<i style="background:{gnuplot.SWITCHING}"></i>switching')
    parts.append(f'<i style="background:{gnuplot.IDLE}"></i>idle')
    parts.append(f'<i class="due" style="background:{gnuplot.INK}"></i>share due')
    return f'<p class="key">{"".join(parts)}</p>'


def _cards(report):
    worst = max((abs(s["got"] - s["due"]) / s["due"] for r in report["runs"]
                 for p in r["phases"] if p["name"] == figures.ALL_BUSY
                 for s in p["shares"] if s["due"]), default=0.0)
    cards = [
        (f"{report['native']['accuracy']:.4f}", "test accuracy of the int8 network, the same "
         "everywhere"),
        (f"{100 * report['v1']['over_native']:.2f} %", "engine throughput of one guest, against "
         "bare metal"),
        (f"{report['v1']['exits_per_batch']:.3f}", "exits to the host for each submitted batch"),
        (f"{100 * worst:.2f} %", "largest difference of a share from what is due, "
         "all guests busy"),
    ]
    return ('<div class="cards">' + "".join(
        f'<div class="card"><b>{escape(a)}</b><span>{escape(b)}</span></div>' for a, b in cards) +
        "</div>")


def _run(raw, run, reported):
    snaps = raw.snaps[run.policy]
    phases = [figures.phase(run, snaps, n) for n in (figures.ALL_BUSY, figures.IDLE,
                                                     figures.ONE_STOPPED)]
    rows = figures.series(run, snaps)
    time = plots.over_time(f"time-{run.policy}", rows, phases, snaps[0].time_ns)
    bars = plots.got_and_due(f"shares-{run.policy}",
                             [p for p in phases if p.name in figures.REPORTED])
    return (f"<section><h2>{run.policy}</h2><p>{escape(TEXT_OF_POLICY[run.policy])} "
            f"Slice {reported['timeslice_us'] / 1000:g} ms, {run.preemption} preemption.</p>"
            f"<h3>Engine time by vGPU over time</h3>{time}"
            f"<h3>Share got against share due</h3>{bars}</section>")


def _exits(steady):
    rows = [[name, str(n), f"{n / steady.batches:.4f}"]
            for name, n in sorted(steady.kvm.items(), key=lambda kv: (-kv[1], kv[0]))
            if name in ("mmio_exits", "io_exits") or
            n > 0 and not name.endswith(("_ns", "_hist")) and not name.startswith("halt_poll")]
    return (f"<p>KVM's own counters over {steady.duration_ns / 1e9:.3f} s of steady training in "
            f"the guest that has the accelerator alone, {steady.batches:.0f} batches. A batch is "
            "submitted by a doorbell, a write into a page that is mapped straight to the "
            f"hardware: <b>{steady.kvm.get('mmio_exits', 0)} MMIO exits</b>.</p>" +
            markup.table(["counter", "in all", "a batch"], rows, 1))


def _results(report):
    n = report["native"]
    where = [("bare metal", n), ("one guest, V1", report["v1"])]
    where += [(f"{r['policy']}, guest {i + 1}", g) for r in report["runs"]
              for i, g in enumerate(r["guests"])]
    rows = [[w, f"{g['accuracy']:.4f}", g["weights_sha256"][:16], g["predictions_sha256"][:16]]
            for w, g in where]
    return (markup.table(["where", "accuracy", "weights", "predictions"], rows, 1) +
            '<p class="key" style="margin-top:10px">sha256 of the trained weights: '
            f"<code>{n['weights_sha256']}</code><br>sha256 of the 2,000 predictions: "
            f"<code>{n['predictions_sha256']}</code></p>")


def page(raw, report, bad, noted):
    """The whole page."""
    verdict = '<span class="verdict passed">all checks passed</span>'
    if bad:
        verdict = (f'<span class="verdict failed">{len(bad)} failed</span><ul>' +
                   "".join(f"<li>{escape(b)}</li>" for b in bad) + "</ul>")
    if noted:
        verdict += ("<p>Noted, not judged in the ordinary mode:</p><ul>" +
                    "".join(f"<li>{escape(b)}</li>" for b in noted) + "</ul>")
    exact = ("Every figure was taken in the bench's deterministic clock: it comes out the same, "
             "to the last digit, on every machine."
             if raw.mode == "deterministic" else
             "Figures of time were taken in the ordinary clock of this machine: another run "
             "gives others.")
    runs = "\n".join(_run(raw, run, rep) for run, rep in zip(raw.runs, report["runs"]))
    head, body = table.rows(report)
    speed = plots.against_native("native", report["native"]["compute_jobs_per_s"],
                                 report["v1"]["compute_jobs_per_s"])
    return markup.document("Tessera: three guests on one accelerator", f"""<h1>Three virtual machines share one accelerator</h1>
<p>Each of three guests has a quarter of the same accelerator (type V4). In each, at the same
time, a small network is trained on handwritten digits and then classifies 2,000 others in int8,
every matrix product on the accelerator; once under each of three schedulers. {exact}</p>
<p>{verdict}</p>
{_cards(report)}
<h2>Shares of the engine, by policy</h2>
<p>All three train; then the first guest finishes and its vGPU idles; then its driver is unloaded
and the vGPU stops, while the others go on.</p>
{_key()}
{runs}
<h2>The same in numbers</h2>
<div class="panel">{markup.table(head, body, 2)}
<p class="key" style="margin-top:10px">Percent of the phase's time on the compute engine, from the
hardware's counters.</p></div>
<h2>One guest against bare metal</h2>
<div class="panel">{speed}</div>
<h2>Exits to the host</h2>
<div class="panel">{_exits(figures.window(raw))}</div>
<h2>Results of the network</h2>
<div class="panel">{_results(report)}</div>
<footer>{" · ".join(escape(n) for n in raw.notes)}</footer>""")
