# SPDX-License-Identifier: GPL-2.0-only
"""The report as one page of HTML that needs no other file."""

from html import escape

import figures
import plots
import table

TEXT_OF_POLICY = {
    "best_effort": "Round robin among those that have work. Time that a guest does not use goes "
                   "to the others at once: nothing is wasted, nothing is promised.",
    "equal_share": "Each running vGPU owns 1/N of the time. A guest that only idles keeps its "
                   "part; when its vGPU stops, time is divided anew among those left.",
    "fixed_share": "Each vGPU owns what its type says, a quarter for V4, whoever else runs. What "
                   "nobody owns or uses stays unused, so a guest's speed never depends on others.",
}

STYLE = """
:root { --ink: #1c1e21; --soft: #5b6068; --line: #d9dce1; --paper: #ffffff; --ground: #f4f5f7; }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink);
       font: 16px/1.5 system-ui, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; }
main { max-width: 1120px; margin: 0 auto; padding: 32px 24px 64px; }
h1 { font-size: 30px; line-height: 1.2; margin: 0 0 8px; }
h2 { font-size: 21px; margin: 40px 0 8px; }
h3 { font-size: 15px; margin: 16px 0 0; color: var(--soft); font-weight: 600; }
p { margin: 0 0 12px; max-width: 76ch; }
section, .panel { background: var(--paper); border: 1px solid var(--line); border-radius: 10px;
                  padding: 18px 22px; margin: 16px 0; }
section h2 { margin: 0 0 4px; font-family: ui-monospace, "DejaVu Sans Mono", monospace; }
svg { width: 100%; height: auto; display: block; }
.verdict { display: inline-block; border-radius: 6px; padding: 3px 12px; font-weight: 600; }
.passed { background: #d8f0e4; color: #0b5a3c; }
.failed { background: #fbdfdb; color: #8c1d11; }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(200px, 1fr)); gap: 14px;
         margin: 20px 0; }
.card { background: var(--paper); border: 1px solid var(--line); border-radius: 10px;
        padding: 14px 18px; }
.card b { display: block; font-size: 27px; line-height: 1.3; }
.card span { color: var(--soft); font-size: 14px; }
.key { color: var(--soft); font-size: 14px; }
.key i { display: inline-block; width: 13px; height: 13px; border-radius: 3px; margin: 0 5px -2px 12px;
         border: 1px solid rgba(0, 0, 0, .12); }
.key i.due { height: 3px; border: 0; border-radius: 0; width: 18px; margin-bottom: 4px; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: 14px; font-variant-numeric: tabular-nums; }
th, td { padding: 6px 9px; text-align: right; border-bottom: 1px solid var(--line);
         white-space: nowrap; }
th { color: var(--soft); font-weight: 600; }
th.text, td.text { text-align: left; }
td.due { color: var(--soft); }
code { font-family: ui-monospace, "DejaVu Sans Mono", monospace; font-size: 13px; word-break: break-all; }
ul { margin: 8px 0; padding-left: 22px; }
footer { color: var(--soft); font-size: 14px; margin-top: 32px; }
"""


def _table(head, body, texts):
    def row(cells, tag):
        out = []
        for i, cell in enumerate(cells):
            kind = "text" if i < texts else ("due" if head[i] == "due" else "")
            attr = f' class="{kind}"' if kind else ""
            out.append(f"<{tag}{attr}>{escape(cell)}</{tag}>")
        return "<tr>" + "".join(out) + "</tr>"

    return ('<div class="scroll"><table><thead>' + row(head, "th") + "</thead><tbody>" +
            "\n".join(row(r, "td") for r in body) + "</tbody></table></div>")


def _key():
    parts = [f'<i style="background:{c}"></i>guest {i + 1}' for i, c in enumerate(plots.COLOURS)]
    parts.append(f'<i style="background:{plots.SWITCHING}"></i>switching')
    parts.append(f'<i style="background:{plots.IDLE}"></i>idle')
    parts.append(f'<i class="due" style="background:{plots.OWED}"></i>share due')
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
            _table(["counter", "in all", "a batch"], rows, 1))


def _results(report):
    n = report["native"]
    where = [("bare metal", n), ("one guest, V1", report["v1"])]
    where += [(f"{r['policy']}, guest {i + 1}", g) for r in report["runs"]
              for i, g in enumerate(r["guests"])]
    rows = [[w, f"{g['accuracy']:.4f}", g["weights_sha256"][:16], g["predictions_sha256"][:16]]
            for w, g in where]
    return (_table(["where", "accuracy", "weights", "predictions"], rows, 1) +
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
    return f"""<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Tessera: three guests on one accelerator</title>
<style>{STYLE}</style></head><body><main>
<h1>Three virtual machines share one accelerator</h1>
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
<div class="panel">{_table(head, body, 2)}
<p class="key" style="margin-top:10px">Percent of the phase's time on the compute engine, from the
hardware's counters.</p></div>
<h2>One guest against bare metal</h2>
<div class="panel">{speed}</div>
<h2>Exits to the host</h2>
<div class="panel">{_exits(figures.window(raw))}</div>
<h2>Results of the network</h2>
<div class="panel">{_results(report)}</div>
<footer>{" · ".join(escape(n) for n in raw.notes)}</footer>
</main></body></html>
"""
