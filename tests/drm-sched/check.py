#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Convert the recordings of drm_sched's KUnit tests and check that what comes out is what the mock
scheduler did: check.py DIRECTORY. KTAP.

Each test has a device of its own, whose name ends in its number. Jobs of drm_sched_basic_test have
1 ms each, one after another.
"""

import contextlib
import csv
import io
import json
import os
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
for part in ("tools/trace", "tests/tools"):
    sys.path.append(os.path.join(TOP, part))

import convert as command  # noqa: E402
import ktap  # noqa: E402

FORMS = ("tracefs", "trace-cmd", "perf")
SUBMIT = "drm_sched_basic_submit.drm-mock-scheduler-0"
TESTS = {n: f"drm_sched_basic_test.drm-mock-scheduler-{n}" for n in (1, 2, 3, 4)}
CLEANUP = "drm_sched_basic_entity_cleanup.drm-mock-scheduler-5"
JOB_NS = 1_000_000
# From the end of a job in hardware to the event, and what recorders add to each other
LATE_NS = 50_000


def converted(form, *argv):
    """Status, output and errors."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = command.main(["--to", "csv", *argv, os.path.join(DIRECTORY, form)])
    return status, out.getvalue(), err.getvalue()


def rows(form, dev, by):
    """[(time, vGPU, length)] of one test's jobs, all of which ran and ended."""
    status, out, err = converted(form, "--dev", dev, "--by", by)
    assert (status, err) == (0, ""), (status, err)
    found = list(csv.DictReader(io.StringIO(out)))
    assert {r["engine"] for r in found} == {"compute"}, found
    return [(int(r["time_ns"]), r["vgpu"], int(r["length_ns"])) for r in found]


def counts(found):
    """How many rows each vGPU has, sorted."""
    names = [name for _, name, _ in found]
    return sorted(names.count(n) for n in set(names))


def test_kunit_is_content():
    with open(os.path.join(DIRECTORY, "kunit"), encoding="utf-8") as f:
        said = f.read()
    assert "not ok" not in said and "pass:6 fail:0 skip:0 total:6" in said, said


def test_devices_apart():
    for form in FORMS:
        status, out, err = converted(form)
        assert (status, out) == (2, "") and "it is of 6 devices" in err, err


def test_a_job_takes_until_the_mock_ends_it():
    # The test looks on for half a second first
    for form in FORMS:
        (time, name, length), = rows(form, SUBMIT, "client")
        assert (time, name) == (0, "client1") and 500 * JOB_NS <= length <= 520 * JOB_NS, length


def test_jobs_of_one_client():
    for form in FORMS:
        for dev in TESTS.values():
            found = rows(form, dev, "client")
            assert {name for _, name, _ in found} == {"client1"} and len(found) == 100, found
            assert all(abs(length - JOB_NS) < LATE_NS for _, _, length in found), found
            # Whatever was late, the whole is what the engine did
            assert 0 <= sum(length for _, _, length in found) - 100 * JOB_NS < LATE_NS, found
            # All of them are queued while the first ones run
            assert max(time for time, _, _ in found) < 10 * JOB_NS, found


def test_entities_are_queues():
    for form in FORMS:
        for n, dev in TESTS.items():
            assert counts(rows(form, dev, "queue")) == ([100] if n < 3 else [25] * 4), (form, dev)


def test_jobs_that_were_killed():
    # Half of the queue, and one, have run when the entities go
    for form in FORMS:
        found = rows(form, CLEANUP, "queue")
        ran = [length for _, _, length in found if length > JOB_NS - LATE_NS]
        assert len(ran) == 51 and counts(found) == [25] * 4, found
        assert sum(length for _, _, length in found) < 52 * JOB_NS, found


def test_recorders_agree():
    for dev in TESTS.values():
        one, *others = (rows(form, dev, "queue") for form in FORMS)
        for other in others:
            assert len(one) == len(other)
            for a, b in zip(one, other):
                assert a[1] == b[1] and abs(a[0] - b[0]) < LATE_NS and abs(a[2] - b[2]) < LATE_NS, (a, b)


def test_simulator_takes_it():
    with tempfile.TemporaryDirectory() as tmp:
        for form in FORMS:
            path = os.path.join(tmp, form + ".csv")
            with open(path, "w", encoding="ascii") as f:
                f.write(converted(form, "--dev", TESTS[3], "--by", "queue")[1])
            done = subprocess.run([os.environ["TESSERA_SIMULATE"], "--trace", path, "--set", "warmup_ms 0"],
                                  check=True, text=True, stdout=subprocess.PIPE)
            assert [v["jobs"] for v in json.loads(done.stdout)["vgpus"]] == [25] * 4, done.stdout


if __name__ == "__main__":
    DIRECTORY = sys.argv[1]
    sys.exit(ktap.run(globals()))
