# SPDX-License-Identifier: GPL-2.0-only
"""The report as text, for the terminal."""


def _percent(x):
    return f"{100 * x:.2f}"


def rows(report):
    """Header and rows of the table of shares, all strings; the page shows the same."""
    head = ["policy", "phase"]
    for i in range(max((len(r["guests"]) for r in report["runs"]), default=0)):
        head += [f"guest {i + 1} got", "due"]
    head += ["idle", "switching", "seconds"]
    body = []
    for run in report["runs"]:
        for phase in run["phases"]:
            row = [run["policy"], phase["name"]]
            for share in phase["shares"]:
                row += [_percent(share["got"]), _percent(share["due"])]
            row += [_percent(phase["idle_share"]), _percent(phase["switch_share"]),
                    f"{phase['duration_ns'] / 1e9:.3f}"]
            body.append(row)
    return head, body


def text(report):
    """Some lines and a table."""
    head, body = rows(report)
    widths = [max(len(r[i]) for r in [head] + body) for i in range(len(head))]

    def line(cells):
        left = [c.ljust(w) for c, w in zip(cells[:2], widths[:2])]
        return "  ".join(left + [c.rjust(w) for c, w in zip(cells[2:], widths[2:])]).rstrip()

    native, v1 = report["native"], report["v1"]
    out = [
        "Shares of the compute engine's time, in %, from the hardware's counters",
        "",
        line(head),
        line(["-" * w for w in widths]),
        *(line(r) for r in body),
        "",
        f"test accuracy           {native['accuracy']:.4f}   "
        "(bare metal, every guest, every policy)",
        f"weights' sha256         {native['weights_sha256']}",
        f"predictions' sha256     {native['predictions_sha256']}",
        f"bare metal              {native['compute_jobs_per_s']:.1f} training batches a second",
        f"one guest (V1)          {v1['compute_jobs_per_s']:.1f} training batches a second, "
        f"{100 * v1['over_native']:.2f} % of bare metal",
        f"exits to the host       {v1['exits_per_batch']:.3f} a batch",
    ]
    return "\n".join(out)
