#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Tests of `tessera fleet`: the command from end to end, its rates against the simulator of
accelerators and against what `tessera compare` calls due, its answer. KTAP. TESSERA_SIMULATE and
TESSERA_FLEET overrule where the simulators are.
"""

import csv
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
for part in ("compare", "fleet"):
    sys.path.append(os.path.join(TOP, "tools", part))

import figures  # noqa: E402
import fleet  # noqa: E402
import ktap  # noqa: E402

BUILT = os.path.join(TOP, "out", "build", "user", "sched", "sim", "build")
SIMULATE = os.environ.setdefault("TESSERA_SIMULATE", os.path.join(BUILT, "simulate"))
FLEET = os.environ.setdefault("TESSERA_FLEET", os.path.join(os.path.dirname(SIMULATE), "fleet"))
POLICIES = ("best_effort", "equal_share", "fixed_share", "deadline")
PLACEMENTS = ["first_fit", "best_fit", "spread", "by_share"]
WHOLE_MS = 1000000


def program(*argv, status=0, **more):
    """The standard output of the simulator of a fleet."""
    done = subprocess.run([FLEET, *argv], capture_output=True, text=True, check=False, **more)
    assert done.returncode == status, (argv, done)
    return done.stdout


def command(*argv):
    """(status, standard output, standard error) of tessera fleet."""
    done = subprocess.run([sys.executable, os.path.join(TOP, "tools", "fleet", "fleet.py"), *argv],
                          capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, done.stderr


def write(directory, name, *lines):
    """A file's path."""
    path = os.path.join(directory, name)
    with open(path, "w", encoding="utf-8") as f:
        f.write("\n".join(lines) + "\n")
    return path


def read_csv(path):
    """A dictionary a line."""
    with open(path, encoding="utf-8", newline="") as f:
        return list(csv.DictReader(f))


def random_vgpus(r, num, busy):
    """[(type, load, share or "", weight)], all there at once; @busy: part that always has work.
    Loads leave room for a batch of 1 ms at least every 20 ms."""
    shares_left = 100
    out = []
    for _ in range(num):
        share = r.choice(("", "", r.randint(1, 30)))
        if share and share > shares_left:
            share = ""
        shares_left -= share or 0
        load = 100 if r.random() < busy else r.randint(5, 60)
        out.append((r.choice((2, 4, 8, 16)), load, share, r.choice((100, 100, 50, 400))))
    return out


def place(directory, policy, accelerators, vgpus):
    """[(vGPU, accelerator, rate)] of those placed."""
    path = write(directory, "a.csv", *(f"0,V{t},{WHOLE_MS},{load},{share},{weight}"
                                       for t, load, share, weight in vgpus))
    out = os.path.join(directory, "v.csv")
    program("--policy", policy, "--accelerators", str(accelerators), "--placement", "spread",
            "--vgpus", out, path)
    rows = read_csv(out)
    assert len(rows) == len(vgpus)
    return [(v, int(row["accelerator"]), int(row["got_us"]) / (1000 * WHOLE_MS))
            for v, row in zip(vgpus, rows) if row["accelerator"]]


def simulated(directory, policy, accelerators, placed):
    """The same vGPUs in the simulator of accelerators: its run."""
    lines = [f"policy {policy}", f"accelerators {accelerators}", "warmup_ms 2000",
             "measure_ms 20000"]
    for i, ((kind, load, share, weight), accelerator, _) in enumerate(placed):
        # Random parts of a microsecond: no batch arrives in the nanosecond in which another ends
        length = 1000 + 37 * i
        work = (f"load=hog,length_us={length}" if load == 100 else
                f"load=frames,length_us={length},period_us={100 * length // load},"
                f"delay_us={531 * i},spread_us=1")
        lines.append(f"vgpu name=v{i},type=V{kind},accelerator={accelerator},weight={weight},"
                     f"reservation={share or 0},{work}")
    path = write(directory, "w.workload", *lines)
    return json.loads(subprocess.run([SIMULATE, path], capture_output=True, text=True,
                                     check=True).stdout)


def test_rates_are_those_of_the_scheduler():
    r = random.Random(5)
    worst = {}
    for policy in POLICIES:
        for accelerators, num, busy in ((1, 4, 1), (2, 9, .5), (3, 12, .3), (1, 9, .6), (2, 20, .8)):
            with tempfile.TemporaryDirectory() as tmp:
                placed = place(tmp, policy, accelerators, random_vgpus(r, num, busy))
                run = simulated(tmp, policy, accelerators, placed)
                for (vgpu, _, rate), v in zip(placed, run["vgpus"]):
                    got = v["got_ns"] / run["window_ns"]
                    error = abs(got - rate) / rate
                    worst[policy] = max(worst.get(policy, 0), error)
                    assert error < .01, (policy, vgpu, v["name"], rate, got)
    print("# largest difference of a vGPU's engine time: " +
          ", ".join(f"{p} {100 * e:.2f} %" for p, e in worst.items()))


def test_rates_are_what_compare_calls_due():
    r = random.Random(6)
    for _ in range(40):
        policy = r.choice(POLICIES)
        with tempfile.TemporaryDirectory() as tmp:
            placed = place(tmp, policy, 1, random_vgpus(r, r.randint(2, 16), r.random()))
        slice_ns = 2000000 if len(placed) <= 8 else 1000000
        shared = len(placed) > 1
        window = 10 ** 12
        run = {"window_ns": window, "policy": policy, "timeslice_us": slice_ns // 1000,
               "switch_us": 5,
               "engines": [{"accelerator": 0, "engine": "compute",
                            "switch_ns": window * 5000 / (slice_ns + 5000) if shared else 0}],
               "vgpus": [{"name": f"v{i}", "type": f"V{kind}", "accelerator": 0,
                          "engine": "compute", "load": "frames", "greedy": False, "guilty": False,
                          "weight": weight, "reservation": share or 0, "limit": 0,
                          "elastic_cap": 0, "running_ns": window, "got_ns": 0,
                          "demand_ns": window * load / 100}
                         for i, ((kind, load, share, weight), _, _) in enumerate(placed)]}
        for due, (vgpu, _, rate) in zip(figures.due_ns(run), placed):
            assert abs(due / window - rate) < 2e-5, (policy, vgpu, due / window, rate)


def test_outcome_of_a_small_fleet():
    """Two accelerators dealt out in turn put two V1 together; these four placements do not."""
    with tempfile.TemporaryDirectory() as tmp:
        path = write(tmp, "a.csv", "0,V1,1000,100", "0,V16,1000,100", "0,V16,1000,100",
                     "500,V1,1000,100")
        out = json.loads(program("--accelerators", "2", "--policy", "fixed_share", path))
        assert [p["placement"] for p in out["placements"]] == PLACEMENTS
        for p in out["placements"]:
            # The V16 are together beside the V1, and have left no room for the other
            assert (p["placed"], p["refused"], p["refused_full"], p["missed"]) == (3, 1, 1, 0)
            assert p["refused_types"] == {"V1": 1, "V2": 0, "V4": 0, "V8": 0, "V16": 0}
            assert p["in_use_max"] == 2 and p["got_ms"] == 1000 + 62 * 2
        assert out["end_ms"] == 1500 and out["promised_ms"] == 1000 + 62 * 2 + 1000
        p = out["placements"][0]
        assert p["utilisation"] == (1000 + 125) / 3000
        assert p["in_use"] == round(2 * 1000 / 1500, 6)
        assert p["allocated"] == 18 / 16 / 2 * 1000 / 1500
        # 14 sixteenths for 1 s, then two free accelerators for 0.5 s
        assert p["unusable"]["V1"] == round(14 / (14 + 16), 6)
        assert p["unusable"]["V2"] == round(6 / (14 + 16), 6)
        assert p["unusable"]["V16"] == 0


        out = json.loads(program("--accelerators", "2", "--policy", "fixed_share", "--begin-ms", "500",
                                 "--end-ms", "1000", path))
        # an accelerator's time is rounded down to a millisecond
        assert abs(out["placements"][0]["utilisation"] - (1 + .125) / 2) < 1 / 500


def test_options():
    """A quarter each, less what switching takes of it: a miss or not."""
    with tempfile.TemporaryDirectory() as tmp:
        path = write(tmp, "a.csv", *["0,V4,1000000,100"] * 4)
        for argv, slice_us, switch_us, missed in (
                ((), 2000, 5, 0), (("--switch-us", "100"), 2000, 100, 4),
                (("--switch-us", "100", "--timeslice-us", "30000"), 30000, 100, 0),
                (("--switch-us", "100", "--tolerance", "5"), 2000, 100, 0),
                (("--tolerance", "0"), 2000, 5, 4)):
            out = json.loads(program("--policy", "fixed_share", *argv, path))
            for p in out["placements"]:
                want = WHOLE_MS * slice_us / (slice_us + switch_us)
                assert want - 8 <= p["got_ms"] <= want and p["missed"] == missed, (argv, p)


def test_placements_differ_where_they_should():
    with tempfile.TemporaryDirectory() as tmp:
        first = ["0,V2,9000,100", "0,V8,9000,100", "0,V8,9000,100", "0,V8,9000,100"]
        out = os.path.join(tmp, "v.csv")
        path = write(tmp, "a.csv", *first, "1,V16,9000,100,80")
        program("--accelerators", "3", "--vgpus", out, path)
        where = {}
        for row in read_csv(out):
            where.setdefault(row["placement"], []).append(row["accelerator"])
        assert where == {"first_fit": ["0"] * 4 + ["0"], "best_fit": ["0"] * 4 + ["0"],
                         "spread": ["0", "1", "2", "0", "1"],
                         "by_share": ["0", "1", "2", "1", "2"]}, where


def test_command():
    with tempfile.TemporaryDirectory() as tmp:
        path = os.path.join(tmp, "a.csv")
        with open(path, "w", encoding="utf-8") as f:
            f.write(program("--generate", "arrivals=2000,every_ms=1000,duration_ms=300000,seed=4"))
        status, said, err = command("--accelerators", "60", path)
        assert status == 0 and not err, (status, err)
        lines = said.splitlines()
        assert lines[0].startswith("2000 vGPUs on 60 accelerators under best_effort; ")
        assert [line.split()[0] for line in lines[1:6]] == ["placement", *PLACEMENTS]
        assert len({len(line) for line in lines[1:6]}) == 1, "columns are aligned"
        assert len(lines) == 7
        status, text, _ = command("--json", "--accelerators", "60", path)
        result = json.loads(text)
        assert text.count("\n") == 1 and result["answer"] == lines[6]
        assert lines[6].startswith(result["best"] + " is best for this input, because ")
        for p in PLACEMENTS:
            assert p in lines[6]
        raw = json.loads(program("--accelerators", "60", path))
        assert {**raw, "best": result["best"], "answer": result["answer"]} == result
        # From the standard input, through a pipe
        with open(path, encoding="utf-8") as f:
            assert json.loads(program("--accelerators", "60", "-", stdin=f)) == raw
        for option in ("--generate", "--gen"):
            status, text, _ = command(option, "arrivals=3")
            assert status == 0 and text.count("\n") == 4, (option, text)
        assert command("--json", "--placement", "spread", path)[1].count('"placement"') == 1


def test_example_of_the_documentation():
    with open(os.path.join(TOP, "Documentation", "fleet.rst"), encoding="utf-8") as f:
        text = f.read()
    commands = re.findall(r"^    \$ tessera fleet (.*)$", text, re.M)
    shown = text.split(commands[1])[1].split("\n\n")[0]
    with tempfile.TemporaryDirectory() as tmp:
        generate, _, name = commands[0].partition(" > ")
        path = write(tmp, name, program(*generate.split()).strip())
        argv = [path if a == name else a for a in commands[1].split()]
        assert command(*argv)[1].split() == shown.split()
        argv += ["--placement", "first_fit", "--json"]
        out = json.loads(command(*argv, "--policy", "fixed_share")[1])
        assert out["placements"][0]["missed"] == 0
        assert f"serves {100 * fleet.served(out, out['placements'][0]):.2f} % of the load" in text
        out = json.loads(command(*argv, "--accelerators", "25")[1])
        assert out["placements"][0]["refused"] == 0 and "``--accelerators 25``" in text


def test_same_bytes():
    with tempfile.TemporaryDirectory() as tmp:
        texts = [program("--generate", "arrivals=500,seed=3") for _ in range(2)]
        assert texts[0] == texts[1] != program("--generate", "arrivals=500,seed=4")
        path = write(tmp, "a.csv", texts[0].strip())
        runs = []
        for name in ("x", "y"):
            files = [os.path.join(tmp, name + part) for part in ("each", "vgpus")]
            said = program("--accelerators", "9", "--each", files[0], "--vgpus", files[1], path)
            runs.append([said, *(open(f, encoding="utf-8").read() for f in files)])
        assert runs[0] == runs[1]


def test_files_agree_with_the_json():
    with tempfile.TemporaryDirectory() as tmp:
        path = write(tmp, "a.csv", program("--generate", "arrivals=3000,every_ms=700").strip())
        each, vgpus = (os.path.join(tmp, n) for n in ("each.csv", "vgpus.csv"))
        out = json.loads(program("--accelerators", "7", "--each", each, "--vgpus", vgpus, path))
        each, vgpus = read_csv(each), read_csv(vgpus)
        assert len(each) == 4 * 7 and len(vgpus) == 4 * 3000
        for p in out["placements"]:
            here = [row for row in each if row["placement"] == p["placement"]]
            assert [int(row["accelerator"]) for row in here] == list(range(7))
            for figure, whole in (("utilisation", 7), ("in_use", 1), ("allocated", 7)):
                mean = sum(float(row[figure]) for row in here) / whole
                assert abs(mean - p[figure]) < 1e-5, (figure, mean, p[figure])
            rows = [row for row in vgpus if row["placement"] == p["placement"]]
            placed = [row for row in rows if row["accelerator"]]
            assert len(placed) == p["placed"] and len(rows) - len(placed) == p["refused"]
            for why in ("full", "fragmented", "reserved"):
                assert sum(row["refused"] == why for row in rows) == p["refused_" + why]
            assert sum(row["missed"] == "1" for row in placed) == p["missed"] > 0
            assert abs(sum(int(row["got_us"]) for row in placed) / 1000 - p["got_ms"]) < len(rows)
            lost = sum(int(row["promised_us"]) - int(row["got_us"]) for row in placed
                       if row["missed"] == "1") / 1000
            assert abs(lost - p["missed_ms"]) <= p["missed"]
            assert all(float(row["utilisation"]) <= float(row["in_use"]) for row in here)


def result_of(*placements):
    """A result with these: (name, refused_ms, missed_ms, got_ms, in_use)."""
    return {"promised_ms": 1000, "wanted_ms": 2000,
            "placements": [{"placement": n, "refused": r // 10, "missed": m // 10, "refused_ms": r,
                            "missed_ms": m, "got_ms": g, "in_use": u}
                           for n, r, m, g, u in placements]}


def test_answer():
    name, text = fleet.answer(result_of(("a", 0, 50, 900, 9), ("b", 40, 0, 800, 9),
                                        ("c", 0, 60, 2000, 1)))
    assert name == "b" and text == (
        "b is best for this input, because no other keeps as much of the engine time that was "
        "promised: b comes to 96.00 % kept (4 refused, 0 missed), 40.00 % served, 9.0 accelerators "
        "in use; "
        "a comes to 95.00 % kept (0 refused, 5 missed), 45.00 % served, 9.0 accelerators in use; "
        "c comes to 94.00 % kept (0 refused, 6 missed), 100.00 % served, 1.0 accelerators in use."
    ), text
    name, text = fleet.answer(result_of(("a", 0, 0, 900, 2), ("b", 0, 0, 921, 9)))
    assert name == "b" and "it serves the most load:" in text, text
    # Less than 1 % of the load is no reason to have more accelerators in use
    name, text = fleet.answer(result_of(("a", 0, 0, 919, 2), ("b", 0, 0, 900, 1),
                                        ("c", 20, 0, 900, 0)))
    assert name == "b" and "has fewer accelerators in use: b" in text, text
    name, text = fleet.answer(result_of(("a", 0, 0, 900, 2), ("b", 0, 0, 900, 2)))
    assert name == "a" and text == (
        "a, b are best for this input: a comes to 100.00 % kept (0 refused, 0 missed), 45.00 % "
        "served, 2.0 accelerators in use."), text
    name, text = fleet.answer(result_of(("a", 0, 0, 900, 2)))
    assert text.startswith("a is best for this input: a comes to 100.00 % kept"), text
    idle = {**result_of(("a", 0, 0, 0, 2)), "promised_ms": 0, "wanted_ms": 0}
    assert "- kept" in fleet.answer(idle)[1]


def test_refusals():
    with tempfile.TemporaryDirectory() as tmp:
        good = write(tmp, "good.csv", "0,V1,1,1")
        bad = write(tmp, "bad.csv", "time_ms,type,duration_ms,load_percent", "0,V1,1,1", "0,V3,1,1")
        each = os.path.join(tmp, "each.csv")
        for argv, words in (
                ([bad], f"fleet: {bad}:3: type: not V1, V2, V4, V8 or V16: 'V3'\n"),
                (["/none.csv"], "fleet: /none.csv: No such file or directory\n"),
                ([tmp], f"fleet: {tmp}: Is a directory\n"),
                (["/dev/null"], "fleet: /dev/null: no arrival in it\n"),
                (["--accelerators", "0", good], "fleet: --accelerators: not a value for it: '0'\n"),
                (["--accelerators=65537", good],
                 "fleet: --accelerators: not a value for it: '65537'\n"),
                (["--placement", "worst_fit", good],
                 "fleet: --placement: not a value for it: 'worst_fit'\n"),
                (["--policy", "lottery", good], "fleet: --policy: not a value for it: 'lottery'\n"),
                (["--timeslice-us", "999", good], "fleet: --timeslice-us: not a value for it: '999'\n"),
                (["--switch-us", "-1", good], "fleet: --switch-us: not a value for it: '-1'\n"),
                (["--tolerance", "101", good], "fleet: --tolerance: not a value for it: '101'\n"),
                (["--begin-ms", "1", good],
                 "fleet: nothing is measured: --begin-ms is not before the end\n"),
                (["--generate", "seed=x"],
                 "fleet: --generate: seed: not a number from 0 to 18446744073709551615: 'x'\n")):
            status, out, err = command("--each", each, *argv)
            assert (status, out, err) == (2, "", words), (argv, status, out, err)
            assert not os.path.exists(each), argv
        for argv in ([], [good, good], ["--frobnicate", good], ["--accelerators"],
                     ["--generate", "seed=1", good]):
            status, out, err = command(*argv)
            assert status == 2 and not out and err.startswith("usage: fleet "), (argv, err)
        status, out, err = command("--each", "/none/each.csv", good)
        assert (status, out, err) == (2, "", "fleet: /none/each.csv: No such file or directory\n")
        status, out, err = command("--each", "/dev/full", good)
        assert (status, out, err) == (1, "", "fleet: /dev/full: No space left on device\n")
        os.environ["TESSERA_FLEET"] = "/none"
        try:
            assert command(good) == (1, "", "tessera fleet: /none: No such file or directory\n")
        finally:
            os.environ["TESSERA_FLEET"] = FLEET


def test_thousand_accelerators_in_a_minute():
    with tempfile.TemporaryDirectory() as tmp:
        path = write(tmp, "a.csv", program(
            "--generate", "arrivals=100000,every_ms=1000,duration_ms=4000000").strip())
        begin = time.monotonic()
        out = json.loads(program("--accelerators", "1000", path))
        took = time.monotonic() - begin
        print(f"# {took:.1f} s")
        assert took < 60, took
        for p in out["placements"]:
            assert p["placed"] + p["refused"] == 100000 and p["in_use_max"] > 500


def test_installed_command():
    with tempfile.TemporaryDirectory() as tmp:
        subprocess.run(["make", "-C", os.path.join(TOP, "tools"), "install", f"DESTDIR={tmp}",
                        "PREFIX=/usr", f"OUT={tmp}/build"], check=True, capture_output=True)
        env = {k: v for k, v in os.environ.items() if not k.startswith("TESSERA_")}
        path = write(tmp, "a.csv", "0,V1,1000,50")
        done = subprocess.run(["/bin/bash", tmp + "/usr/bin/tessera", "fleet", path], cwd=tmp,
                              env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 0 and "best for this input" in done.stdout, done


if __name__ == "__main__":
    sys.exit(ktap.run(globals()))
