#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Tests of `tessera compare` from end to end on the simulator, of its files, and of a run that is
recorded, converted and replayed. KTAP. TESSERA_SIMULATE overrules where the simulator is.
"""

import contextlib
import html
import io
import json
import os
import re
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
for part in ("compare", "trace", "common"):
    sys.path.append(os.path.join(TOP, "tools", part))

import compare  # noqa: E402
import convert  # noqa: E402
import figures  # noqa: E402
import ktap  # noqa: E402
import policies  # noqa: E402
import recorded  # noqa: E402
import scenarios  # noqa: E402
import simulator  # noqa: E402
import timeline  # noqa: E402
import traces  # noqa: E402
import trials  # noqa: E402

SIMULATE = os.environ.setdefault("TESSERA_SIMULATE", os.path.join(
    TOP, "out", "build", "user", "sched", "sim", "build", "simulate"))
SHORT = ["--set", "measure_ms 200", "--set", "warmup_ms 20"]


def run(*argv):
    """(status, standard output, standard error) of the command."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            status = compare.main(list(argv))
        except SystemExit as e:
            status = e.code
    return status, out.getvalue(), err.getvalue()


def good(*argv):
    """The output of one that has to succeed."""
    status, out, err = run(*argv)
    assert status == 0, (status, out, err)
    return out


def refused(*argv, words=(), status=2):
    """It ends with this status, one line that has these words, and no result."""
    with tempfile.TemporaryDirectory() as tmp:
        got, out, err = run("--out", os.path.join(tmp, "o"), *argv)
        assert got == status and not out, (argv, got, out, err)
        said = [line for line in err.strip().split("\n") if not line.startswith("[")][-1]
        for word in words:
            assert word in said, (word, err)
        assert not os.path.exists(os.path.join(tmp, "o", "compare.json"))


def read(*path):
    """A file's text."""
    with open(os.path.join(*path), encoding="utf-8") as f:
        return f.read()


def files(directory):
    """{name: text} of all files but the runs."""
    return {name: read(directory, name) for name in os.listdir(directory) if name != "runs"}


def workload(directory, name, *lines):
    """A workload file."""
    path = os.path.join(directory, name)
    with open(path, "w", encoding="utf-8") as f:
        f.write("\n".join(lines) + "\n")
    return path


def simulate(*argv):
    """A run's JSON."""
    return json.loads(subprocess.run([SIMULATE, *argv], capture_output=True, text=True,
                                     check=True).stdout)


def test_two_scenarios_end_to_end():
    with tempfile.TemporaryDirectory() as out:
        said = good("--out", out, *SHORT, "noisy-neighbour", "sixteen-mixed")
        made = files(out)
        assert set(made) == {"compare.json", "compare.html"} | {
            f"{s}-{p}.perfetto.json" for s in ("noisy-neighbour", "sixteen-mixed")
            for p in policies.names()}, sorted(made)
        rows = json.loads(made["compare.json"])["rows"]
        assert [(r["scenario"], r["policy"]) for r in rows] == [
            (s, p) for s in ("noisy-neighbour", "sixteen-mixed") for p in policies.names()]
        for row in rows:
            own = json.loads(read(out, row["run"]))
            assert own["policy"] == row["policy"] and own["source"] == "simulator"
            assert row["p99_ns"] == max(v["latency_ns"]["p99"] for v in own["vgpus"]
                                        if not v["greedy"] and v["latency_ns"]), row
            assert 0 < sum(s["got"] for s in row["shares"] if s["engine"] == "compute") <= 1
        for policy in policies.names():
            assert len(re.findall(rf"^  {policy} +\d", said, re.M)) == 2, said
        victim = [r["p99_ns"] for r in rows[:4]]
        assert victim[3] < victim[0], "deadline serves the victim sooner"


def test_page_stands_alone():
    with tempfile.TemporaryDirectory() as out:
        good("--out", out, *SHORT, "three-trainers", "preempt-cost")
        text = read(out, "compare.html")
        for word in ("src=", "<link", "@import", "<script", "http://", "https://"):
            # The name spaces of SVG are names, no references
            assert word not in re.sub(r'xmlns(:\w+)?="[^"]*"', "", text), word
        assert text.count("<svg") == 3 + 4, text.count("<svg")
        ids = re.findall(r"\bid=['\"]([^'\"]+)['\"]", text)
        assert len(ids) == len(set(ids)), "an id occurs twice"
        for target in re.findall(r"href=['\"]([^'\"]+)['\"]", text):
            assert target[0] == "#" and target[1:] in ids, target


def test_same_input_same_bytes():
    with tempfile.TemporaryDirectory() as a, tempfile.TemporaryDirectory() as b:
        for out in (a, b):
            good("--out", out, *SHORT, "idle-and-burst")
        assert files(a) == files(b)


def test_perfetto_files():
    with tempfile.TemporaryDirectory() as out:
        good("--out", out, *SHORT, "--policy", "equal_share", "sixteen-mixed")
        found = traces.check_perfetto(read(out, "sixteen-mixed-equal_share.perfetto.json"))
        base = os.path.join(out, "runs", "sixteen-mixed-equal_share")
        slices, jobs = recorded.slices(base + ".slices.csv"), recorded.jobs(base + ".jobs.csv")
        for state, cat in (("run", "slice"), ("switch", "switch")):
            want = [(s.begin_ns / 1000, (s.end_ns - s.begin_ns) / 1000, s.engine) for s in slices
                    if s.state == state]
            got = [(e["ts"], e["dur"], ("compute", "copy")[e["tid"] - 1]) for e in found
                   if e.get("cat") == cat]
            assert want and sorted(want) == sorted(got), state
        assert sum(e["ph"] == "b" for e in found) == len(jobs) > 0
        assert {e["args"]["name"] for e in found if e["name"] == "thread_name"} == {"compute", "copy"}


def test_best_slice_of_a_sweep():
    with tempfile.TemporaryDirectory() as out:
        said = good("--out", out, "--policy", "best_effort", "preempt-cost")
        found = json.loads(read(out, "compare.json"))
        assert [r["timeslice_us"] for r in found["rows"]] == [
            ms * 1000 for ms in scenarios.SLICES_MS["simulator"]]
        sweep, = found["sweeps"]
        useful = {p["timeslice_us"]: p["useful"] for p in sweep["points"]}
        assert abs(useful[2000] - .8) < .01, useful[2000]	# 0.5 ms of each 2.5
        assert useful[sweep["best_us"]] >= .95
        assert all(u < .95 for us, u in useful.items() if us < sweep["best_us"])
        best = f"{sweep['best_us'] / 1000:g}"
        assert f"best slice {best} ms" in said, said
        assert re.search(rf"^  best_effort +{best} ", said, re.M), "the table is of the best slice"
        less = good("--out", out, "--policy", "best_effort", "--efficiency", "80", "preempt-cost")
        assert "best slice 2 ms" in less or "best slice 3 ms" in less, less
        # 1 ms leaves 67 %, but 2 ms leaves more and serves sooner
        beaten = good("--out", out, "--policy", "best_effort", "--efficiency", "60", "preempt-cost")
        assert "best slice 2 ms" in beaten, beaten
        none = good("--out", out, "--policy", "best_effort", "--efficiency", "99.9", "preempt-cost")
        assert "no slice leaves 99.9 %" in none, none


def one_line(text):
    """Without line breaks, to find sentences in it."""
    return re.sub(r"\s+", " ", text)


def middle(values):
    """The median of an odd number of them."""
    return sorted(values)[len(values) // 2]


def test_answer():
    with tempfile.TemporaryDirectory() as out:
        said = one_line(good("--out", out, *SHORT, "noisy-neighbour", "three-trainers"))
        answers = json.loads(read(out, "compare.json"))["answers"]
        assert [a["scenario"] for a in answers] == ["noisy-neighbour", "three-trainers"]
        page = one_line(html.unescape(read(out, "compare.html")))
        for a in answers:
            assert a["text"] in said and a["text"] in page, a["text"]
        noisy = answers[0]
        policies_tried = {c["policy"] for c in noisy["choices"]}
        assert policies_tried == set(policies.names())
        assert {c["timeslice_us"] for c in noisy["choices"]} == {1000, 2000, 5000, 10000, 20000}
        assert {tuple(c["low_latency"]) for c in noisy["choices"]} == {(), ("victim",)}
        assert {len(c["p99_ns"]["seeds"]) for c in noisy["choices"]} == {5}
        # The figures are those of the simulator
        path = os.path.join(TOP, "workloads", "noisy-neighbour.workload")
        for c in (*noisy["choices"][:7], noisy):
            sets = [f"policy {c['policy']}", f"timeslice_us {c['timeslice_us']}",
                    *[f"at_ms 0 vgpu name={n},latency=low" for n in c["low_latency"]]]
            runs = [simulate(*SHORT, *[a for x in (*sets, f"seed {seed}") for a in ("--set", x)], path)
                    for seed in range(1, 6)]
            p99 = [r["vgpus"][0]["latency_ns"]["p99"] for r in runs]
            assert c["p99_ns"] == {"typical": middle(p99), "seeds": p99}, c
            busy = [r["engines"][0]["busy_ns"] / r["window_ns"] for r in runs]
            assert abs(c["busy_share"]["typical"] - middle(busy)) < 1e-6, c
        assert f"Use {noisy['policy']} with slices of {noisy['timeslice_us'] / 1000:g} ms" in said
        assert f"the p99 of victim is {noisy['p99_ns']['typical'] / 1e6:.3f} ms (" in noisy["text"]
        half = middle([r["vgpus"][0]["latency_ns"]["p50"] for r in runs])	# of the answer's
        alone = simulate(*SHORT, workload(out, "a.workload", "vgpu name=victim,load=frames,"
                                          "period_us=25013,length_us=500"))["vgpus"][0]
        assert noisy["slowdown"][0] == {"name": "victim", "engine": "compute", "times": round(
            half / alone["latency_ns"]["p50"], 4)}
        hogs = [s["times"] for s in noisy["slowdown"][1:]]
        assert len(hogs) == 7 and all(6.9 < x < 8.2 for x in hogs), hogs


def test_answer_with_deadlines_and_a_reservation():
    with tempfile.TemporaryDirectory() as tmp:
        path = workload(tmp, "w.workload", "switch_us 100", "measure_ms 1000",
                        "vgpu name=f,type=V4,load=frames,period_us=9000,length_us=1000,deadline_us=4000",
                        "vgpu name=r,type=V4,reservation=50,length_us=900",
                        "vgpu name=h,type=V4,count=2,length_us=5000")
        out = os.path.join(tmp, "o")
        good("--out", out, path)
        a, = json.loads(read(out, "compare.json"))["answers"]
        # The others promise no reservation
        assert a["policy"] in ("best_effort", "deadline") and a["breach"]["typical"] == 0, a
        assert {c["policy"] for c in a["choices"] if c["breach"]["typical"]} >= {
            "equal_share", "fixed_share"}
        assert "r's reservation is missed by" in a["text"], a["text"]
        late = min(c["late"]["typical"] for c in a["choices"] if not c["breach"]["typical"])
        assert a["late"]["typical"] <= late + .001, a
        assert re.search(r"Of \d+ jobs or frames with a deadline \d+ (is|are) late", a["text"]), a["text"]
        assert a["urgent_p99_ns"]["typical"] == a["p99_ns"]["typical"], "of f, which is both"


def test_answer_to_a_trace():
    with tempfile.TemporaryDirectory() as tmp:
        trace = workload(tmp, "t.csv", "time_ns,vgpu,length_ns", *[
            f"{i * 1000000},{'abc'[i % 3]},{100000 + 700000 * (i % 3)}" for i in range(600)])
        out = os.path.join(tmp, "o")
        good("--out", out, "--set", "timeslice_us 3000", "--set", "measure_ms 400", trace)
        a, = json.loads(read(out, "compare.json"))["answers"]
        assert {c["timeslice_us"] for c in a["choices"]} == {3000}, "as was asked for"
        assert [s["name"] for s in a["slowdown"]] == ["a", "b", "c"]
        assert all(s["times"] >= 1 for s in a["slowdown"]), a["slowdown"]
        assert "all 5 seeds gave the same figures" in a["text"], a["text"]


def test_what_is_run_for_an_answer():
    asked, run_it = [], simulator.run

    def noted(arguments, what):
        asked.append([arguments[i + 1] for i, a in enumerate(arguments) if a == "--set"])
        return run_it(arguments, what)

    with tempfile.TemporaryDirectory() as out:
        simulator.run = noted
        try:
            good("--out", out, *SHORT, "--policy", "deadline", "--policy", "equal_share",
                 "noisy-neighbour")
        finally:
            simulator.run = run_it
    seeds = [f"seed {n}" for n in range(1, 6)]
    tried = [a[2:] for a in asked if a[-1:] and a[-1] in seeds]
    low = ["at_ms 0 vgpu name=victim,latency=low"]
    assert sorted(tried) == sorted([
        [f"policy {policy}", f"timeslice_us {us}", *to, seed] for seed in seeds
        for us in (1000, 2000, 5000, 10000, 20000)
        for policy, to in (("deadline", []), ("deadline", low), ("equal_share", []))]), tried
    # Of hogs that are alike one is run alone
    assert len(asked) == 2 + len(tried) + 2, len(asked)


def test_no_other_slices_of_a_long_run():
    with tempfile.TemporaryDirectory() as out:
        most, trials.EVENTS = trials.EVENTS, 100
        try:
            good("--out", out, *SHORT, "--policy", "equal_share", "three-trainers")
        finally:
            trials.EVENTS = most
        a, = json.loads(read(out, "compare.json"))["answers"]
        assert [(c["policy"], c["timeslice_us"]) for c in a["choices"]] == [("equal_share", 2000)]
        assert "Of 1 choice tried (equal_share, 1 slice length)" in a["text"], a["text"]


def test_what_switching_costs_is_seen():
    with tempfile.TemporaryDirectory() as out:
        path = os.path.join(TOP, "sched", "test", "faults", "switching.workload")
        said = good("--out", out, "--policy", "best_effort", "--set", "measure_ms 200", path)
        row, = json.loads(read(out, "compare.json"))["rows"]
        own = json.loads(read(out, row["run"]))
        engine, = own["engines"]
        for key, ns in (("switch_share", engine["switch_ns"]), ("idle_share", engine["work_ns"] -
                        engine["busy_ns"] - engine["switch_ns"])):
            assert abs(row[key] - ns / own["window_ns"]) < 1e-6, (key, row)
            assert f" {100 * row[key]:.2f} %" in said, (key, said)
        for s, v in zip(row["shares"], own["vgpus"]):
            assert abs(s["switching"] - v["switch_ns"] / own["window_ns"]) < 1e-6, s
        # Whatever the scheduler: one without its share is not said to have it
        hog = row["shares"][0]
        assert hog["due"] > .2465, hog
        assert row["share_error"] >= abs(hog["got"] / hog["due"] - 1) - 1e-4, row
        assert abs(sum(s["kept"] for s in row["shares"]) - row["idle_share"]) < 1e-4, row
        assert sum(s["got"] + s["kept"] for s in row["shares"]) + row["switch_share"] < 1.0001, row


def test_sweep_of_another_scenario():
    with tempfile.TemporaryDirectory() as out:
        good("--out", out, *SHORT, "--policy", "deadline", "--sweep", "three-trainers")
        sweep, = json.loads(read(out, "compare.json"))["sweeps"]
        points = {p["timeslice_us"]: (p["useful"], -p["p99_ns"]) for p in sweep["points"]}
        # The shortest leaves enough here, but is beaten in both figures
        best = points.pop(sweep["best_us"])
        assert best[0] > points[1000][0] >= .95 and best[1] > points[1000][1], sweep
        assert not any(u >= best[0] and l >= best[1] for u, l in points.values()), sweep


def test_own_file_and_settings():
    with tempfile.TemporaryDirectory() as tmp:
        path = workload(tmp, "mine.workload", "about two of mine", "vgpu name=x,type=V2,weight=300",
                        "vgpu name=y,type=V2")
        out = os.path.join(tmp, "o")
        said = good("--out", out, "--policy", "best_effort", "--preemption", "batch",
                    "--set", "switch_us 50", "--set", "timeslice_us 4000", *SHORT, path)
        assert said.startswith("mine: two of mine\n"), said
        row, = json.loads(read(out, "compare.json"))["rows"]
        assert (row["preemption"], row["timeslice_us"]) == ("batch", 4000)
        assert json.loads(read(out, row["run"]))["switch_us"] == 50
        assert [round(s["due"] / (1 - row["switch_share"]), 3) for s in row["shares"]] == [.75, .25]


def test_results_before_do_not_stay():
    with tempfile.TemporaryDirectory() as out:
        good("--out", out, *SHORT, "--policy", "deadline", "three-trainers", "frames-and-hog")
        workload(out, "kept", "the user's")
        good("--out", out, *SHORT, "--policy", "deadline", "three-trainers")
        assert set(files(out)) == {"kept", "compare.json", "compare.html",
                                   "three-trainers-deadline.perfetto.json"}


def test_misuse():
    refused("--policy", "lottery", words=("lottery", "best_effort"))
    refused("no-such", words=("no-such", "three-trainers"))
    refused("--set", "policy deadline", words=("--policy",))
    refused("--set", "frobnicate 1", "three-trainers", words=("frobnicate",))
    refused("--set", "timeslice_us 2000", "preempt-cost", words=("timeslice_us",))
    refused("--efficiency", "0", words=("--efficiency",))
    refused("--efficiency", "much")
    refused("--on", "mars")
    refused("--preemption", "never")
    refused("--nonsense")
    with tempfile.TemporaryDirectory() as tmp:
        bad = workload(tmp, "bad.workload", "vgpu name=a", "vgpu name=b,load=nonsense")
        refused(bad, words=("bad.workload", "2"))
        empty = workload(tmp, "empty.workload", "about nothing")
        refused(empty)
        refused(workload(tmp, "a b.workload", "vgpu name=a"), words=("name",))
        refused("three-trainers", workload(tmp, "three-trainers.workload", "vgpu name=a"),
                words=("two of the scenarios",))
        trace = workload(tmp, "t.csv", "time_ns,vgpu,length_ns", "0,a,1000", "zero,a,1000")
        refused(trace, words=("t.csv", "3"))
        status, out, err = run("--out", os.path.join(bad, "below"), "three-trainers")
        assert status == 2 and not out and "below" in err, (status, err)


def test_failures_of_the_simulator():
    with tempfile.TemporaryDirectory() as tmp:
        for text, words in (("exit 3", ("status 3",)), ("echo '{}'", ("JSON",)),
                            ("echo rubbish", ("JSON",))):
            fake = workload(tmp, "fake", "#!/bin/sh", text)
            os.chmod(fake, 0o755)
            os.environ["TESSERA_SIMULATE"] = fake
            try:
                refused("three-trainers", words=words, status=1)
                os.environ["TESSERA_SIMULATE"] = fake + "-missing"
                refused("three-trainers", words=("fake-missing",), status=1)
            finally:
                os.environ["TESSERA_SIMULATE"] = SIMULATE


def test_installed_command():
    with tempfile.TemporaryDirectory() as tmp:
        subprocess.run(["make", "-C", os.path.join(TOP, "tools"), "install", f"DESTDIR={tmp}",
                        "PREFIX=/usr", f"OUT={tmp}/build"], check=True, capture_output=True)
        tessera = tmp + "/usr/bin/tessera"

        def installed(*argv, path=os.environ["PATH"]):
            env = {k: v for k, v in os.environ.items() if not k.startswith("TESSERA_")}
            done = subprocess.run(["/bin/bash", tessera, *argv], cwd=tmp, env={**env, "PATH": path},
                                  capture_output=True, text=True, check=False)
            return done.returncode, done.stdout, done.stderr

        status, out, err = installed("compare", *SHORT, "--policy", "deadline", "three-trainers")
        assert status == 0 and "three-trainers" in out, err
        assert os.path.exists(os.path.join(tmp, "tessera-compare", "compare.html"))
        status, out, _ = installed("simulate", tmp + "/usr/share/tessera/workloads/equal-2.workload")
        assert status == 0 and json.loads(out)["workload"] == "equal-2"
        for argv, word in ((["compare", "--on", "bench"], "clone"), (["compare", "--on=bench"], "clone"),
                           (["frobnicate"], "frobnicate"), ([], "usage"),
                           (["trace", "--to", "csv", "/none"], "/none"),
                           (["simulate", "/none"], "/none")):
            status, out, err = installed(*argv)
            assert status == 2 and not out and word in err, (argv, status, err)
        tools = os.path.join(tmp, "tools")	# no python3, no gnuplot
        os.mkdir(tools)
        os.symlink("/usr/bin/readlink", os.path.join(tools, "readlink"))
        for program in ("python3", "gnuplot"):
            status, out, err = installed("compare", "three-trainers", path=tools)
            assert status == 1 and err == f"tessera: {program} is missing; install it\n", err
            os.symlink("/bin/true", os.path.join(tools, program))


def test_plan_for_the_bench():
    with tempfile.TemporaryDirectory() as out:
        good("--on", "bench", "--step", "plan", "--out", out, "--policy", "deadline", "--set",
             "measure_ms 300", "three-trainers", "preempt-cost")
        lines = [line.split("\t") for line in read(out, "runs", "plan").strip().split("\n")]
        assert [x[0] for x in lines] == ["three-trainers-deadline"] + [
            f"preempt-cost-deadline-{ms}000us" for ms in scenarios.SLICES_MS["bench"]]
        for _, kind, path, sets in lines:
            assert kind == "vfio" and os.path.isabs(path) and path.endswith(".workload")
            assert sets.startswith("measure_ms 300;policy deadline"), sets
        assert lines[1][3].endswith(";timeslice_us 1000")
        # What the bench leaves is reported as the simulator's
        for name, _, path, sets in lines:
            base = os.path.join(out, "runs", name)
            given = [a for line in sets.split(";") for a in ("--set", line)]
            found = simulate("--slices", base + ".slices.csv", "--jobs", base + ".jobs.csv", *given,
                             path)
            with open(base + ".json", "w", encoding="utf-8") as f:
                json.dump({**found, "source": "vfio"}, f)
        said = good("--on", "bench", "--step", "report", "--out", out, "--policy", "deadline",
                    "--set", "measure_ms 300", "three-trainers", "preempt-cost")
        assert "three-trainers" in said and "virtual bench" in read(out, "compare.html")
        answers = json.loads(read(out, "compare.json"))["answers"]
        assert [len(a["choices"]) for a in answers] == [1, len(scenarios.SLICES_MS["bench"])]
        for a in answers:
            assert "All this is of one run each" in a["text"] and not a["slowdown"], a["text"]
        os.unlink(os.path.join(out, "runs", "three-trainers-deadline.json"))
        status, _, err = run("--on", "bench", "--step", "report", "--out", out, "--policy",
                             "deadline", "three-trainers")
        assert status == 1 and "three-trainers-deadline" in err, err


def test_stretch_is_inside_all_windows_and_shows_everyone():
    with tempfile.TemporaryDirectory() as tmp:
        # In a tenth of the time only is there anything of the second to be seen
        path = workload(tmp, "w.workload", "vgpu name=steady,type=V4,length_us=700",
                        "vgpu name=burst,type=V4,load=bursty,period_us=400000,burst=20,length_us=500,"
                        "delay_us=300000")
        good("--out", tmp, path)
        results = [compare.Result(r, tmp) for r in scenarios.runs(
            [scenarios.find(path, tmp, False)], policies.names(), [], "simulator")]
        at = timeline.stretch(results)
        for r in results:
            begin = timeline.origin(r) + at
            assert r.json["begin_ns"] <= begin
            assert begin + timeline.STRETCH_NS <= r.json["begin_ns"] + r.json["window_ns"]
            seen = {s.vgpu for s in r.slices() if s.state == "run" and s.busy_ns and
                    s.end_ns > begin and s.begin_ns < begin + timeline.STRETCH_NS}
            assert seen == {"burst", "steady"}, (r.run.policy, seen)


def test_recorded_run_replays_with_the_same_shares():
    with tempfile.TemporaryDirectory() as tmp:
        path = workload(tmp, "w.workload", "vgpu name=hog,type=V8,length_us=700",
                        "vgpu name=other,type=V8,length_us=1300",
                        "vgpu name=p,type=V8,load=poisson,period_us=9000,length_us=400,spread_us=200",
                        "vgpu name=f,type=V8,load=frames,period_us=16667,length_us=900",
                        "vgpu name=f,type=V8,engine=copy,load=frames,period_us=7000,length_us=300")
        for policy in ("best_effort", "deadline", "equal_share"):
            base = os.path.join(tmp, policy)
            sets = ["--set", f"policy {policy}", "--set", "timeslice_us 2000"]
            first = simulate("--slices", base + ".s", "--jobs", base + ".j", *sets, path)
            text = traces.recording(recorded.slices(base + ".s"), recorded.jobs(base + ".j"))
            trace = workload(tmp, f"{policy}.csv", convert.to_csv(traces.parse(text)).strip())
            again = simulate("--trace", trace, *sets)
            difference = figures.agreement(first, again)
            assert difference < .005, (policy, difference)
            jobs = {(v["name"], v["engine"]): v["jobs"] for v in again["vgpus"]}
            assert jobs[("p", "compute")] > 50 and jobs[("f", "copy")] > 100, jobs


if __name__ == "__main__":
    sys.exit(ktap.run(globals()))
