# SPDX-License-Identifier: GPL-2.0-only
"""What has to hold for the demo to have succeeded. Each check that fails is one sentence.

In the ordinary mode the clock is the machine's own, and a loaded machine may be late: there
the figures of time are shown but not judged.
"""

import os
import subprocess
import tempfile

import figures

MIN_ACCURACY = 0.93
MIN_OVER_NATIVE = 0.95
SHARE_TOLERANCE = 0.02		# of the share due
STOPPED_SHARE = 0.001		# the most that counts as nothing
MIN_DURATION_NS = {figures.ALL_BUSY: 1_000_000_000, figures.ONE_STOPPED: 500_000_000}
GUESTS = 3
# A doorbell that left the guest would be one MMIO exit a batch, or more
MAX_MMIO_EXITS_PER_BATCH = 0.01


def results(raw):
    """Accuracy, and the same bytes everywhere."""
    bad = []
    for key in ("weights_sha256", "predictions_sha256"):
        seen = {}
        for (where, uuid), jobs in raw.jobs.items():
            for done in jobs:
                seen.setdefault(done[key], f"{where} {uuid}".removesuffix(" -"))
        if len(seen) > 1:
            bad.append(f"{key} differs: " +
                       ", ".join(f"{sha[:12]} ({where})" for sha, where in seen.items()))
    for (where, uuid), jobs in raw.jobs.items():
        for done in jobs:
            if done["accuracy"] < MIN_ACCURACY:
                bad.append(f"accuracy {done['accuracy']:.4f} is below {MIN_ACCURACY} "
                           f"({where} {uuid})".replace(" -)", ")"))
    return bad


def _share(run, name, uuid, due, got):
    if due == 0.0:
        if got > STOPPED_SHARE:
            return [f"{run}, {name}: {uuid} got {100 * got:.2f} % and was owed nothing"]
    elif abs(got - due) > SHARE_TOLERANCE * due:
        return [f"{run}, {name}: {uuid} got {100 * got:.2f} % of the engine, "
                f"not within {100 * SHARE_TOLERANCE:.0f} % of the {100 * due:.2f} % it is owed"]
    return []


def shares(raw):
    """Each guest's share in each phase, the idle one (which is not in report.json) included."""
    bad = []
    for run in raw.runs:
        snaps = raw.snaps.get(run.policy, [])
        for name in (figures.ALL_BUSY, figures.IDLE, figures.ONE_STOPPED):
            p = figures.phase(run, snaps, name)
            if p.duration_ns < MIN_DURATION_NS.get(name, 0):
                bad.append(f"{run.policy}, {name}: sampled for {p.duration_ns / 1e9:.3f} s only")
            for uuid, due, got in p.shares:
                bad += _share(run.policy, name, uuid, due, got)
    return bad


def overhead(raw, report):
    """A guest that has the accelerator alone, against bare metal; and its doorbells."""
    bad = []
    if report["v1"]["over_native"] < MIN_OVER_NATIVE:
        bad.append(f"one guest reaches {report['v1']['over_native']:.4f} of bare metal, "
                   f"less than {MIN_OVER_NATIVE}")
    steady = figures.window(raw)
    if "mmio_exits" not in steady.kvm:
        bad.append("KVM's mmio_exits were not collected")
    elif steady.kvm["mmio_exits"] > MAX_MMIO_EXITS_PER_BATCH * steady.batches:
        bad.append(f"{steady.kvm['mmio_exits']} MMIO exits for {steady.batches:.0f} batches: "
                   "doorbells leave the guest")
    return bad


def completeness(raw):
    """Nothing left out, no step failed."""
    bad = [f"a step failed: {text}" for text in raw.failed]
    if not raw.complete:
        bad.append("the virtual host did not finish: its results end early")
    policies = tuple(run.policy for run in raw.runs)
    if policies != figures.POLICIES:
        bad.append(f"runs of {', '.join(policies) or 'nothing'} instead of "
                   f"{', '.join(figures.POLICIES)}")
    for run in raw.runs:
        if len(run.guests) != GUESTS:
            bad.append(f"{run.policy}: {len(run.guests)} guests instead of {GUESTS}")
    for log in ("host", "v1", *(f"g{i + 1}" for i in range(GUESTS))):
        if not raw.dmesg.get(log):
            bad.append(f"no kernel log of {log}")
    return bad


def kernel_logs(raw, dmesg_check, consoles=()):
    """Lines that report a kernel bug, as @dmesg_check (a program) finds them."""
    bad = []
    with tempfile.TemporaryDirectory() as tmp:
        logs = [(where, os.path.join(tmp, where)) for where in raw.dmesg]
        for where, path in logs:
            with open(path, "w", encoding="utf-8") as f:
                f.write("\n".join(raw.dmesg[where]) + "\n")
        logs += [(os.path.basename(c), c) for c in consoles]
        for where, path in logs:
            done = subprocess.run([dmesg_check, path], capture_output=True, text=True, check=False)
            if done.returncode:
                first = (done.stdout + done.stderr).strip().split("\n")[0]
                bad.append(f"the kernel log of {where} is not clean: {first}")
    return bad


def run(raw, report, dmesg_check, consoles=()):
    """(what failed, what is only noted); @report is None where it could not be made."""
    bad = completeness(raw) + results(raw) + kernel_logs(raw, dmesg_check, consoles)
    timing = []
    if report is not None:
        timing = overhead(raw, report) + shares(raw)
    if raw.mode == "deterministic":
        return bad + timing, []
    return bad, timing
