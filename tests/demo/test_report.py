#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Tests of the report's generator (tests/demo/report), on raw input made here. KTAP.

Each failure that the demo has to notice is put into otherwise good input, alone, and must be
reported, and nothing else with it.
"""

import contextlib
import io
import json
import os
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
sys.path.insert(0, os.path.join(TOP, "tests", "demo", "report"))
sys.path.append(os.path.join(TOP, "tests", "tools"))

import figures  # noqa: E402
import ktap  # noqa: E402
import raw as rawfile  # noqa: E402
import report as command  # noqa: E402
import page  # noqa: E402 (found once report has been)

UUIDS = ["aaaaaaaa-0000-4000-8000-00000000000%d" % i for i in (1, 2, 3)]
V1 = "bbbbbbbb-0000-4000-8000-000000000001"
SLICE_NS = 50_000_000
SWITCH = 0.0025
GOT = {  # what an exact scheduler gives in each phase
    "best_effort": {"all_busy": [1 / 3] * 3, "idle": [0, .5, .5], "one_stopped": [0, .5, .5]},
    "equal_share": {"all_busy": [1 / 3] * 3, "idle": [0, 1 / 3, 1 / 3], "one_stopped": [0, .5, .5]},
    "fixed_share": {"all_busy": [.25] * 3, "idle": [0, .25, .25], "one_stopped": [0, .25, .25]},
}
LENGTH = {"all_busy": 22, "idle": 7, "one_stopped": 12}


class Input:
    """Good raw input, with places to spoil it."""

    def __init__(self):
        self.mode = "deterministic"
        self.job = {"accuracy": 0.9515, "weights_sha256": "1" * 64, "predictions_sha256": "2" * 64,
                    "steady_jobs": 1000, "steady_ns": 1_000_000_000}
        self.jobs = {}  # (where, uuid): what differs there
        self.left_out = set()  # (where, uuid)
        self.got = {p: {n: list(g) for n, g in phases.items()} for p, phases in GOT.items()}
        self.length = dict(LENGTH)
        self.kvm = {"exits": (1000, 1800), "mmio_exits": (7, 7), "irq_injections": (100, 600)}
        self.dmesg = {w: ["[    1.000000] tessera: bound"] for w in ("host", "v1", "g1", "g2", "g3")}
        self.failed = []
        self.policies = list(GOT)
        self.end = True
        self.backward = False
        self.v1_busy = 390_000_000

    def mnist(self, where, uuid):
        """A result, or none."""
        if (where, uuid) in self.left_out:
            return []
        return [f"mnist {where} {uuid} " + json.dumps({**self.job, **self.jobs.get((where, uuid), {})})]

    def snap(self, where, phase, time, used, switch):
        """A snapshot in the mediator's format."""
        out = [f"snap {where} {phase}",
               f"engine compute time_ns={time} busy_ns={sum(used.values())} switch_ns={switch} "
               f"switches={switch // 5000}"]
        out += [f"vgpu compute {u} type=V4 running=1 busy_ns={n} slices=1 overshoot_ns=0 debt_ns=0 "
                "due_ppm=333333" for u, n in used.items()]
        return out + [f"engine copy time_ns={time} busy_ns=0 switch_ns=0 switches=0", "."]

    def run(self, policy):
        """A run under a policy."""
        out = [f"run {policy} strict 2000"]
        out += [f"guest {policy} {u} V4" for u in UUIDS]
        time, switch, used = 5_000_000_000, 0, dict.fromkeys(UUIDS, 10)
        for phase, length in self.length.items():
            out += self.snap(policy, phase, time, used, switch)
            for _ in range(length):
                time += SLICE_NS
                switch += int(SLICE_NS * SWITCH)
                for u, got in zip(UUIDS, self.got[policy][phase]):
                    used[u] += int(SLICE_NS * got * (1 - SWITCH))
                out += self.snap(policy, phase, time, used, switch)
        if self.backward:
            used[UUIDS[1]] += used[UUIDS[0]]
            used[UUIDS[0]] = 0
            out += self.snap(policy, "one_stopped", time + 1, used, switch)
        for u in UUIDS:
            out += self.mnist(policy, u)
        return out

    def text(self):
        """The raw file."""
        out = ["tessera-demo 1", f"mode {self.mode}", "note kernel 6.12"]
        out += self.mnist("native", "-")
        out += self.snap("v1", "steady", 1_000_000_000, {V1: 0}, 0)
        out += self.snap("v1", "steady", 1_400_000_000, {V1: self.v1_busy}, 0)
        out += [f"kvm {n} {a} {b}" for n, (a, b) in self.kvm.items()]
        out += self.mnist("v1", V1)
        for policy in self.policies:
            out += self.run(policy)
        for where, lines in self.dmesg.items():
            out += [f"dmesg {where}"] + ["|" + text for text in lines] + ["."]
        out += [f"failed {text}" for text in self.failed]
        return "\n".join(out + (["end"] if self.end else [])) + "\n"


def outcome(given, files=False):
    """(failures, notes, report.json's text, report.html's text) of an Input or a text."""
    text = given.text() if isinstance(given, Input) else given
    with tempfile.TemporaryDirectory() as out:
        bad, noted, _ = command.make(rawfile.parse(text), out,
                                     os.path.join(command.LAB, "dmesg-check.sh"), [])
        read = []
        for name in ("report.json", "report.html"):
            path = os.path.join(out, name)
            if os.path.exists(path):
                with open(path, encoding="utf-8") as f:
                    read.append(f.read())
            else:
                read.append("")
    return (bad, noted, *read) if files else (bad, noted)


def expect(given, *words):
    """Exactly one failure, with these words in it."""
    bad, _ = outcome(given)
    assert len(bad) == 1, bad
    for word in words:
        assert word in bad[0], (word, bad[0])


def test_good_input_passes():
    bad, noted = outcome(Input())
    assert not bad and not noted, (bad, noted)


def test_json_has_the_agreed_form():
    out = json.loads(outcome(Input(), files=True)[2])
    assert list(out) == ["native", "v1", "runs"]
    result = ["accuracy", "weights_sha256", "predictions_sha256"]
    assert list(out["native"]) == result + ["compute_jobs_per_s"]
    assert list(out["v1"]) == result + ["compute_jobs_per_s", "over_native", "exits_per_batch"]
    assert [r["policy"] for r in out["runs"]] == list(GOT)
    for run in out["runs"]:
        assert list(run) == ["policy", "preemption", "timeslice_us", "guests", "phases"]
        assert [list(g) for g in run["guests"]] == [["uuid", "type"] + result] * 3
        assert [p["name"] for p in run["phases"]] == ["all_busy", "one_stopped"]
        for phase in run["phases"]:
            assert list(phase) == ["name", "duration_ns", "idle_share", "switch_share", "shares"]
            assert [list(s) for s in phase["shares"]] == [["uuid", "due", "got"]] * 3


def test_json_figures():
    out = json.loads(outcome(Input(), files=True)[2])
    assert out["v1"]["exits_per_batch"] == 2.0, out["v1"]	# 800 exits, 400 ms at 1 batch a ms
    assert out["v1"]["over_native"] == 1.0
    assert out["native"]["compute_jobs_per_s"] == 1000.0
    fixed = out["runs"][2]["phases"]
    assert fixed[0]["duration_ns"] == LENGTH["all_busy"] * SLICE_NS
    assert abs(fixed[0]["switch_share"] - SWITCH) < 1e-5
    assert abs(fixed[0]["idle_share"] - (1 - .75 * (1 - SWITCH) - SWITCH)) < 1e-5
    assert [s["due"] for s in fixed[1]["shares"]] == [0.0, 0.25, 0.25]
    assert [s["due"] for s in out["runs"][1]["phases"][1]["shares"]] == [0.0, 0.5, 0.5]
    assert [s["due"] for s in out["runs"][0]["phases"][0]["shares"]] == [0.333333] * 3


def test_same_input_same_bytes():
    assert outcome(Input(), files=True) == outcome(Input(), files=True)


def test_page_needs_no_other_file():
    html = outcome(Input(), files=True)[3]
    assert html.count("<svg") == 2 * len(GOT) + 1, html.count("<svg")
    for word in ("src=", "<link", "@import", "<script"):
        assert word not in html, word
    ids = [part.split('"')[0] for part in html.split(' id="')[1:]]
    assert len(ids) == len(set(ids)), "an id occurs twice"


def test_low_accuracy():
    given = Input()
    given.jobs[("equal_share", UUIDS[1])] = {"accuracy": 0.9295}
    expect(given, "0.9295", "equal_share", UUIDS[1])


def test_other_weights():
    given = Input()
    given.jobs[("fixed_share", UUIDS[2])] = {"weights_sha256": "3" * 64}
    expect(given, "weights_sha256 differs", "fixed_share " + UUIDS[2])


def test_other_predictions_on_bare_metal():
    given = Input()
    given.jobs[("native", "-")] = {"predictions_sha256": "3" * 64}
    expect(given, "predictions_sha256 differs", "native")


def test_second_job_of_a_guest_differs():
    given = Input()
    other = json.dumps({**given.job, "weights_sha256": "4" * 64})
    expect(given.text().replace("\nend\n", f"\nmnist best_effort {UUIDS[1]} {other}\nend\n"),
           "weights_sha256 differs")


def test_share_beyond_tolerance():
    for factor in (0.975, 1.03):
        given = Input()
        given.got["fixed_share"]["all_busy"][1] *= factor
        expect(given, "fixed_share, all_busy", UUIDS[1], "25.00 %")


def test_more_engine_time_than_time():
    given = Input()
    given.got["equal_share"]["all_busy"][1] *= 1.1
    expect(given, "more engine time than time")


def test_share_inside_tolerance():
    given = Input()
    given.got["equal_share"]["all_busy"][1] *= 0.985
    assert not outcome(given)[0]


def test_stopped_guest_gets_time():
    given = Input()
    given.got["fixed_share"]["one_stopped"][0] = 0.01
    expect(given, "fixed_share, one_stopped", UUIDS[0], "owed nothing")


def test_equal_share_redivides_for_idle_guest():
    given = Input()
    given.got["equal_share"]["idle"] = [0, .5, .5]
    bad, _ = outcome(given)
    assert len(bad) == 2 and all("equal_share, idle" in b for b in bad), bad


def test_equal_share_keeps_time_of_stopped_guest():
    given = Input()
    given.got["equal_share"]["one_stopped"] = [0, 1 / 3, 1 / 3]
    bad, _ = outcome(given)
    assert len(bad) == 2 and all("equal_share, one_stopped" in b for b in bad), bad


def test_best_effort_wastes_time():
    given = Input()
    given.got["best_effort"]["one_stopped"] = [0, .4, .4]
    bad, _ = outcome(given)
    assert len(bad) == 2 and all("best_effort, one_stopped" in b for b in bad), bad


def test_short_phase():
    given = Input()
    given.length["all_busy"] = 19
    bad, _ = outcome(given)
    assert len(bad) == 3 and all("0.950 s only" in b for b in bad), bad


def test_slow_guest():
    given = Input()
    given.jobs[("v1", V1)] = {"steady_ns": 1_060_000_000}
    expect(given, "0.9434", "bare metal")


def test_doorbells_that_exit():
    given = Input()
    given.kvm["mmio_exits"] = (7, 407)
    expect(given, "400 MMIO exits for 400 batches")


def test_window_not_steady():
    given = Input()
    given.v1_busy = 300_000_000
    expect(given, "not training all through")


def test_host_log_not_clean():
    given = Input()
    given.dmesg["host"].append("[    9.000000] WARNING: CPU: 0 PID: 1 at kmod/x.c:1 f+0x1/0x2")
    expect(given, "kernel log of host", "kmod/x.c")


def test_guest_log_not_clean():
    given = Input()
    given.dmesg["g3"].append("[    9.000000] BUG: unable to handle page fault")
    expect(given, "kernel log of g3")


def test_log_missing():
    given = Input()
    del given.dmesg["g2"]
    expect(given, "no kernel log of g2")


def test_step_failed():
    given = Input()
    given.failed = ["guest 2 did not boot"]
    expect(given, "guest 2 did not boot")


def test_results_end_early():
    given = Input()
    given.end = False
    expect(given, "end early")


def test_guest_without_result():
    given = Input()
    given.left_out.add(("fixed_share", UUIDS[1]))
    expect(given, "fixed_share", "no result of guest " + UUIDS[1])


def test_bare_metal_without_result():
    given = Input()
    given.left_out.add(("native", "-"))
    expect(given, "bare metal")


def test_policy_left_out():
    given = Input()
    given.policies = ["best_effort", "fixed_share"]
    expect(given, "best_effort, equal_share, fixed_share")


def selected(listed):
    """(status, standard output, standard error) of the selection from a simulator's list."""
    with tempfile.TemporaryDirectory() as tmp:
        fake = os.path.join(tmp, "simulate")
        with open(fake, "w", encoding="utf-8") as f:
            f.write(f"#!/bin/sh\ncat <<EOT\n{listed}\nEOT\n")
        os.chmod(fake, 0o755)
        done = subprocess.run([os.path.join(TOP, "tests", "demo", "select_policies.py")],
                              env=dict(os.environ, TESSERA_SIMULATE=fake), check=False,
                              capture_output=True, text=True)
    return done.returncode, done.stdout.split(), done.stderr


def test_policies_selected():
    listed = "\n".join(f"{p} proportional" for p in ("new", *reversed(figures.POLICIES)))
    assert selected(listed) == (0, list(GOT), ""), selected(listed)
    assert set(page.TEXT_OF_POLICY) == set(figures.POLICIES)
    for wrong, text in ((listed.replace("fixed_share", "fixed"), "no policy fixed_share"),
                        (listed.replace("fixed_share proportional", "fixed_share lends"),
                         "fixed_share promises no shares")):
        status, names, error = selected(wrong)
        assert status == 1 and not names and text in error, (status, names, error)


def test_phase_not_sampled():
    given = Input()
    del given.length["one_stopped"]
    expect(given, "one_stopped was not sampled")


def test_counter_goes_backward():
    given = Input()
    given.backward = True
    expect(given, "engine time of " + UUIDS[0], "went backward")


def test_ordinary_mode_judges_no_times():
    given = Input()
    given.mode = "ordinary"
    given.got["equal_share"]["all_busy"][1] *= 0.9
    bad, noted = outcome(given)
    assert not bad and len(noted) == 1 and "equal_share" in noted[0], (bad, noted)
    given.jobs[("equal_share", UUIDS[1])] = {"accuracy": 0.5}
    assert len(outcome(given)[0]) == 1


def test_truncated_and_foreign_input():
    text = Input().text()
    for broken in ("", "hello\n", text[:text.index("engine")], text.replace("busy_ns=", "busy="),
                   text.replace("kvm exits 1000", "kvm exits many"), text + "surprise 1\n"):
        try:
            rawfile.parse(broken)
        except rawfile.RawError:
            continue
        raise AssertionError(f"accepted: {broken[:60]!r}")


def test_command_exits_as_it_finds():
    with tempfile.TemporaryDirectory() as out:
        path = os.path.join(out, "raw")
        for status, text in ((0, Input().text()), (1, Input().text().replace("end\n", "")),
                             (2, "nothing\n")):
            with open(path, "w", encoding="utf-8") as f:
                f.write(text)
            sys.argv = ["report.py", "--out", out, path]
            said = io.StringIO()
            with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
                got = command.main()
            assert got == status, (got, status, said.getvalue())
            assert os.path.exists(os.path.join(out, "report.json")) == (status != 2)
            assert status != 1 or "FAILED: " in said.getvalue()


if __name__ == "__main__":
    sys.exit(ktap.run(globals()))
