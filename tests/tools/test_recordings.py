#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Tests of tools/trace: recordings of other people's accelerators in, workload traces out. KTAP.
TESSERA_SIMULATE overrules where the simulator is.
"""

import contextlib
import io
import json
import os
import random
import sqlite3
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
for part in ("trace", "common"):
    sys.path.append(os.path.join(TOP, "tools", part))

import batches  # noqa: E402
import convert as command  # noqa: E402
import ktap  # noqa: E402
import lines  # noqa: E402
import llm  # noqa: E402

HEAD = "time_ns,vgpu,length_ns,engine\n"
FORMS = ("tracefs", "trace-cmd", "perf")
SIMULATE = os.environ.get("TESSERA_SIMULATE", os.path.join(
    TOP, "out", "build", "user", "sched", "sim", "build", "simulate"))


def run(files, *argv, stdin=b""):
    """The command with @files, {name: text or bytes or function that makes one}: its exit status,
    output and errors."""
    out, err = io.StringIO(), io.StringIO()
    with tempfile.TemporaryDirectory() as tmp:
        for name, what in files.items():
            path = os.path.join(tmp, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            if callable(what):
                what(path)
                continue
            with open(path, "wb") as f:
                f.write(what if isinstance(what, bytes) else what.encode())
        was = sys.stdin
        sys.stdin = io.TextIOWrapper(io.BytesIO(stdin))
        try:
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                status = command.main(["--to", "csv", *argv,
                                       *(os.path.join(tmp, name) for name in files)])
        except SystemExit as e:
            status = e.code
        finally:
            sys.stdin = was
    return status, out.getvalue(), err.getvalue().replace(tmp + "/", "")


def made(files, *argv):
    """The trace, which comes without a word."""
    status, out, err = run(files, *argv)
    assert (status, err) == (0, ""), (status, err)
    return out


def refused(files, *words, argv=()):
    """Refused in one line that has these words, with nothing written."""
    status, out, err = run(files, *argv)
    assert status == 2 and not out, (status, out, err)
    assert err.count("\n") == 1 and len(err) < 500, err
    for word in words:
        assert word in err, (word, err)


# ---------------------------------------------------------------- drm_sched --

def line(time_ns, name, rest, form="tracefs"):
    """A line of a recording, as each of the tools prints it."""
    if form == "tracefs":
        at = f"{time_ns // 10**9}.{time_ns // 1000 % 10**6:06d}"
        return f"        game:cs0-1234    [003] .....  {at}: {name}: {rest}\n"
    at = f"{time_ns // 10**9}.{time_ns % 10**9:09d}"
    if form == "trace-cmd":
        return f"        game:cs0-1234  [003] .....  {at}: {name:22s} {rest}\n".replace(
            f"{name} ", f"{name}: ", 1)
    return f"game:cs0  1234 [003]  {at}: gpu_scheduler:{name}: {rest}\n"


def stable(kind, at, fence, client=7, ring="gfx_0.0.0", dev="0000:03:00.0", form="tracefs"):
    """An event since Linux 6.16, in us."""
    rest = f"fence={fence} signaled"
    if kind != "done":
        rest = f"dev={dev}, fence={fence}, ring={ring}, job count:1, hw job count:0, client_id:{client}"
    return line(at * 1000, f"drm_sched_job_{kind}", rest, form)


def older(kind, at, fence, entity="00000000aa000007", ring="gfx", form="tracefs"):
    """The same before."""
    name = {"queue": "drm_sched_job", "run": "drm_run_job", "done": "drm_sched_process_job"}[kind]
    rest = f"fence={fence} signaled"
    if kind != "done":
        rest = f"entity={entity}, id=5, fence={fence}, ring={ring}, job count:1, hw job count:0"
    return line(at * 1000, name, rest, form)


def depends(at, fence, on):
    """An event since Linux 6.16."""
    return line(at * 1000, "drm_sched_job_add_dep", f"fence={fence} depends on fence={on}")


def job(queue, start, done, fence, make=stable, **more):
    """A whole job's lines, with their times."""
    return [(queue, make("queue", queue, fence, **more)), (start, make("run", start, fence, **more)),
            (done, make("done", done, fence, **({"form": more["form"]} if "form" in more else {})))]


def text(*jobs):
    """A recording of jobs' lines, in the order of time."""
    return "".join(t for _, t in sorted((e for j in jobs for e in j), key=lambda e: e[0]))


def test_jobs_of_a_ring_one_after_another():
    # Both are on the ring from 20 us on; the second one begins when the first one is done
    for form in FORMS:
        for make, a, b in ((stable, "101:1", "102:1"), (older, "00000000f0000001", "f0000002")):
            first = {"client": 11} if make is stable else {"entity": "00000000aa000011"}
            name = "client" if make is stable else "entityaa0000"
            given = text(job(10, 20, 520, a, make, form=form, **first),
                         job(15, 20, 620, b, make, form=form))
            second = "7" if make is stable else "07"
            assert made({"r": given}) == HEAD + f"0,{name}11,500000,compute\n" \
                f"5000,{name}{second},100000,compute\n", (form, made({"r": given}))


def test_rings_at_once_are_one_engine():
    # Two rings work from 100 to 200 us: each has half of that. The copy engine is another one
    given = text(job(0, 0, 200, "1:1", ring="gfx"), job(0, 100, 300, "2:1", ring="comp_1.0.0", client=8),
                 job(0, 0, 300, "3:1", ring="sdma0"), job(0, 0, 300, "4:1", ring="bcs0", client=8))
    assert made({"r": given}) == HEAD + (
        "0,client7,150000,compute\n0,client7,150000,copy\n"
        "0,client8,150000,compute\n0,client8,150000,copy\n")


def test_shares_add_up():
    random.seed(3)
    for _ in range(300):
        spans = []
        for _ in range(random.randrange(1, 40)):
            begin = random.randrange(1000)
            spans.append((begin, begin + random.choice((0, 1, 5, 50, 1000))))
        want = [0.0] * len(spans)
        for t in range(2000):
            on = [i for i, (a, b) in enumerate(spans) if a <= t < b]
            for i in on:
                want[i] += 1 / len(on)
        got = [r.length_ns for r in batches.rows(batches.Job(0, a, b, str(i), "compute")
                                                 for i, (a, b) in enumerate(spans))]
        union = sum(1 for t in range(2000) if any(a <= t < b for a, b in spans))
        for g, w in zip(got, want):
            assert g >= 1 and w - 1.01 <= g <= max(1, w + 0.01), (spans, got, want)
        assert sum(g for g, w in zip(got, want) if w >= 1) <= union


def test_vgpus_by_client_and_queue():
    given = text(job(0, 0, 10, "101:1"), job(0, 20, 30, "102:1"))
    assert {r.split(",")[1] for r in made({"r": given}).split()[1:]} == {"client7"}
    by_queue = made({"r": given}, "--by", "queue")
    assert {r.split(",")[1] for r in by_queue.split()[1:]} == {"queue101", "queue102"}
    pointers = text(job(0, 0, 10, "f1", older))
    assert made({"r": pointers}, "--by", "queue") == made({"r": pointers})
    refused({"r": pointers}, "line 1", "no client", argv=("--by", "client"))


def test_names():
    given = text(job(0, 0, 10, "1:1"), job(0, 20, 30, "2:1", client=8))
    assert made({"r": given}, "--name", "client7=game", "--name", "client8=game") == \
        HEAD + "0,game,10000,compute\n0,game,10000,compute\n"
    refused({"r": given}, "no client9, only client7, client8", argv=("--name", "client9=x"))
    for bad in ("a,b", 'a"', "a\\", "x" * 40, "\u00e9", "a\nb"):
        refused({"r": given}, "can't be a vGPU's name", argv=("--name", "client7=" + bad))
    assert run({"r": given}, "--name", "client7")[0] == 2


def test_dependent_jobs_arrive_when_they_could_run():
    given = text(job(0, 5, 105, "1:1"), job(10, 110, 210, "2:1", client=8),
                 [(11, depends(11, "2:1", "1:1"))],
                 # of what nobody knows, and of one that has already ended
                 job(220, 230, 240, "3:1", client=9), [(221, depends(221, "3:1", "9:9"))],
                 [(222, depends(222, "3:1", "1:1"))])
    assert made({"r": given}) == HEAD + ("0,client7,100000,compute\n105000,client8,100000,compute\n"
                                         "220000,client9,10000,compute\n")


def test_dependent_jobs_of_a_ring_arrive_when_they_are_queued():
    # drm_sched does not wait for the end of a job of the same ring
    given = text(job(0, 5, 105, "1:1"), job(10, 20, 205, "2:1", client=8), [(11, depends(11, "2:1", "1:1"))])
    assert made({"r": given}) == HEAD + "0,client7,100000,compute\n10000,client8,100000,compute\n"


def test_jobs_from_before_the_recording():
    given = [(5, stable("done", 5, "1:1")), (8, stable("run", 8, "1:2")), (20, stable("done", 20, "1:2"))]
    status, out, err = run({"r": text(given, job(30, 40, 50, "1:3"), [(60, stable("queue", 60, "1:4"))])})
    assert (status, out) == (0, HEAD + "0,client7,12000,compute\n25000,client7,10000,compute\n"), out
    assert err == "tessera trace: r: jobs left out: 1 ran when the recording began, " \
        "1 did not both run and end in it\n", err


def test_pointers_come_again():
    given = text(job(0, 0, 10, "f1", older), job(20, 20, 25, "f1", older, entity="b"))
    assert made({"r": given}) == HEAD + "0,entityaa000007,10000,compute\n20000,entityb,5000,compute\n"
    # A job that was killed has no end
    killed = text([(0, older("queue", 0, "f1")), (1, older("run", 1, "f1"))],
                  job(20, 20, 25, "f1", older, entity="b"))
    status, out, err = run({"r": killed})
    assert (status, out) == (0, HEAD + "0,entityb,5000,compute\n"), out
    assert "1 did not both run and end in it" in err, err
    # or an end alone
    never = text([(0, stable("queue", 0, "1:1")), (3, stable("done", 3, "1:1"))], job(5, 5, 6, "1:2"))
    status, out, err = run({"r": never})
    assert (status, out) == (0, HEAD + "0,client7,1000,compute\n"), out
    assert "1 did not both run and end in it" in err, err
    again = text(job(0, 0, 10, "1:1"), [(5, stable("queue", 5, "1:1"))])
    refused({"r": again}, "line 3", "fence 1:1 again")


def test_devices():
    given = text(job(0, 0, 10, "1:1"), job(0, 0, 30, "2:1", dev="0000:04:00.0"),
                 [(40, stable("queue", 40, "2:2", dev="0000:04:00.0"))])
    refused({"r": given}, "2 devices (0000:03:00.0, 0000:04:00.0)")
    assert made({"r": given}, "--dev", "0000:03:00.0") == HEAD + "0,client7,10000,compute\n"
    refused({"r": given}, "no jobs of the device x, only of 0000:03:00.0", argv=("--dev", "x"))
    many = text(*(job(i, i, i + 1, f"{i}:1", dev=f"d{i:02}") for i in range(9)))
    refused({"r": many}, "9 devices (d00, d01, d02, d03, d04 and 4 more)")
    refused({"r": text(job(0, 0, 10, "f1", older))}, "only of a device that it does not name",
            argv=("--dev", "x"))


def test_malformed_drm_sched():
    good = text(job(10, 20, 30, "1:1"), job(40, 50, 60, "1:2"))
    for old, new, *words in (
            ("client_id:7", "client_id:-7", "line 1", "client_id is '-7'"),
            (", client_id:7", "", "line 1", "client_id is ''"),
            ("client_id:7", "client_id:18446744073709551616", "line 1", "18446744073709551615"),
            ("ring=gfx_0.0.0, ", "", "line 1", "without ring"),
            ("dev=0000:03:00.0, ", "", "line 1", "without dev"),
            ("fence=1:1", "fence=zebra", "line 1", "without a fence"),
            ("fence=1:1 signaled", "signaled", "line 3", "drm_sched_job_done without a fence"),
            ("0.000040", "0.000025", "line 4", "time goes backward"),
            ("[003] .....  0.000010", "[003]  10", "line 1", "isn't a valid trace record")):
        assert old in good, old
        refused({"r": good.replace(old, new, 1)}, *words)
    refused({"r": good[:-20]}, "line 6 is cut short")
    refused({"r": good + "CPU:1 [LOST 3 EVENTS]\n"}, "line 7", "lost")
    refused({"r": "# entries-in-buffer/entries-written: 6/60   #P:4\n" + good}, "6 of 60")
    refused({"r": good + "x" * (lines.MAX_LINE + 1) + "\n"}, "line 7 has more than 65536")
    mine = "dev=0000:01:00.0 engine=compute time_ns=1 vgpu=a busy_ns=0"
    refused({"r": good + line(70000, "tessera_idle", mine)}, "line 7", "record one of them")
    refused({"r": line(0, "tessera_idle", mine) + good}, "line 2", "record one of them")
    refused({"r": line(0, "drm_sched_job_add_dep", "fence=1:1")}, "line 1", "without two fences")
    refused({"r": stable("queue", 0, "1:1")}, "no batch that both began and ended")
    refused({"r": good}, "perfetto", argv=("--to", "perfetto"))
    refused({"r": good}, "no --vgpus", argv=("--vgpus", "2"))
    refused({"r": good, "s": good}, "several files")
    refused({"r": b""}, "no event")
    refused({"r": b"\x00\xff\x7fELF" * 50000}, "line 1")
    refused({"r": b"\n" * 100000}, "no event")


def test_no_line_takes_long():
    good = text(job(0, 0, 10, "1:1"))
    for part in ("[1] ", "1.000001: ", "LOST ", " ", "a [0] 1.0 ", "[0] 1.000001: x", "x=", ", "):
        begin = time.process_time()
        run({"r": good + (part * 60000)[:60000] + "\n" + good})
        run({"r": good + line(99000, "drm_sched_job_run", (part * 60000)[:60000])})
        assert time.process_time() - begin < 1, part


def test_bounds():
    was = batches.MAX_ROWS, batches.MAX_VGPUS
    try:
        batches.MAX_ROWS = 3
        given = text(*(job(i, i, i + 1, f"1:{i}") for i in range(4)))
        refused({"r": given}, "more than 3 batches")
        batches.MAX_ROWS, batches.MAX_VGPUS = 9, 2
        given = text(*(job(i, i, i + 1, f"1:{i}", client=i) for i in range(3)))
        refused({"r": given}, "3 programs", "at most 2 vGPUs")
    finally:
        batches.MAX_ROWS, batches.MAX_VGPUS = was


# --------------------------------------------------------------------- nsys --

PID = 1 << 24


def database(kernels=(), copies=(), launches=(), extra=()):
    """A function that makes a file as nsys does, of (start, end, stream, pid, correlation[, device]),
    and launches of (start, pid, correlation)."""
    def make(path):
        db = sqlite3.connect(path)
        for table, given in (("KERNEL", kernels), ("MEMCPY", copies)):
            if not given:
                continue
            db.execute(f"CREATE TABLE CUPTI_ACTIVITY_KIND_{table} (start INT NOT NULL, end INT NOT "
                       "NULL, deviceId INT NOT NULL, contextId INT, streamId INT NOT NULL, "
                       "correlationId INT, globalPid INT)")
            for start, end, stream, pid, correlation, *dev in given:
                db.execute(f"INSERT INTO CUPTI_ACTIVITY_KIND_{table} VALUES (?, ?, ?, 1, ?, ?, ?)",
                           (start, end, dev[0] if dev else 0, stream, correlation, pid * PID))
        if launches:
            db.execute("CREATE TABLE CUPTI_ACTIVITY_KIND_RUNTIME (start INT, end INT, globalTid INT, "
                       "correlationId INT)")
            db.executemany("INSERT INTO CUPTI_ACTIVITY_KIND_RUNTIME VALUES (?, 0, ?, ?)",
                           [(start, pid * PID + 77, c) for start, pid, c in launches])
        for sql in extra:
            db.execute(sql)
        db.commit()
        db.close()
    return make


def test_nsys():
    # Two streams overlap; a copy runs beside them; another process's launch has the same number
    made_by = database(kernels=[(1000, 2000, 7, 42, 1), (1500, 2500, 8, 42, 2), (3000, 3100, 7, 43, 1)],
                       copies=[(1000, 1600, 7, 42, 3)],
                       launches=[(100, 42, 1), (200, 42, 2), (300, 43, 1), (350, 43, 1)])
    assert made({"r.sqlite": made_by}) == HEAD + (
        "0,pid42,750,compute\n100,pid42,750,compute\n200,pid43,100,compute\n900,pid42,600,copy\n")
    by_queue = made({"r.sqlite": made_by}, "--by", "queue", "--name", "pid43-stream7=other")
    assert by_queue.split()[1:] == ["0,pid42-stream7,750,compute", "100,pid42-stream8,750,compute",
                                    "200,other,100,compute", "900,pid42-stream7,600,copy"]


def test_nsys_without_launches():
    assert made({"r": database(kernels=[(1000, 2000, 7, 42, 1)])}) == HEAD + "0,pid42,1000,compute\n"
    # A clock's difference does not make a kernel run before it is launched
    assert made({"r": database(kernels=[(1000, 2000, 7, 42, 1), (5000, 6000, 7, 42, 2)],
                               launches=[(1500, 42, 1), (4000, 42, 2)])}) == \
        HEAD + "0,pid42,1000,compute\n3000,pid42,1000,compute\n"


def test_nsys_refused():
    good = [(1000, 2000, 7, 42, 1)]
    refused({"r": database(kernels=[(2000, 1000, 7, 42, 1)])}, "KERNEL, row 1", "ends before it begins")
    refused({"r": database(kernels=good + [(1, "many", 7, 42, 1)])}, "row 2", "end is 'many'")
    refused({"r": database(kernels=good + [(1.5, 2, 7, 42, 1)])}, "row 2", "start is '1.5'")
    refused({"r": database(kernels=good, launches=[("x", 42, 1)])}, "start of the launch")
    refused({"r": database(extra=["CREATE TABLE t (a INT)"])}, "none of the tables")
    refused({"r": database(extra=["CREATE TABLE CUPTI_ACTIVITY_KIND_KERNEL (start INT)"])},
            "KERNEL has no column end")
    refused({"r": database(kernels=[(1, 2, 7, 42, 1, 0), (1, 2, 7, 42, 2, 1)])}, "2 devices (0, 1)")
    refused({"r": database(kernels=good)}, "nothing of the device 3, only of 0", argv=("--dev", "3"))
    # Views run what they like
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)"
    refused({"r": database(extra=["CREATE VIEW CUPTI_ACTIVITY_KIND_KERNEL AS " + endless +
                                  " SELECT i AS start, i AS end, 0 AS deviceId, 0 AS streamId, "
                                  "0 AS globalPid FROM n"])}, "none of the tables")
    lost = "INSERT INTO DIAGNOSTIC_EVENT VALUES ('12 CUDA events were dropped')"
    refused({"r": database(kernels=good, extra=["CREATE TABLE DIAGNOSTIC_EVENT (text TEXT)", lost])},
            "12 CUDA events were dropped")
    refused({"r": b"SQLite format 3\0" + b"x" * 5000}, "SQLite:")

    def cut(path):
        database(kernels=[(i, i + 1, 7, 42, i) for i in range(2000)])(path)
        os.truncate(path, os.path.getsize(path) // 2)
    refused({"r": cut}, "SQLite:")
    status, out, err = run({}, "-", stdin=b"SQLite format 3\0")
    assert (status, out) == (2, "") and "standard input" in err, err


# ------------------------------------------------------------------ rocprof --

KERNELS = ('"Kind","Agent_Id","Queue_Id","Stream_Id","Thread_Id","Dispatch_Id","Kernel_Id",'
           '"Kernel_Name","Correlation_Id","Start_Timestamp","End_Timestamp","LDS_Block_Size"\n')
COPIES = ('"Kind","Direction","Source_Agent_Id","Destination_Agent_Id","Correlation_Id",'
          '"Start_Timestamp","End_Timestamp"\n')


def kernel(start, end, queue=1, agent="Agent 2"):
    """A line."""
    return (f'"KERNEL_DISPATCH","{agent}",{queue},0,70,1,33,"void f<int>(int, ""x"",\n float)",1,{start},'
            f"{end},0\n")


def test_rocprof():
    files = {"199_kernel_trace.csv": KERNELS + kernel(2000, 3000, 2) + kernel(1000, 2500),
             "199_memory_copy_trace.csv": COPIES + '"MEMORY_COPY","HOST_TO_DEVICE","Agent 0","Agent 2",0,'
             '1000,1200\n"MEMORY_COPY","DEVICE_TO_HOST","Agent 2","Agent 0",0,1300,1400\n',
             "infer_kernel_trace.csv": KERNELS + kernel(5000, 5001)}
    assert made(files) == HEAD + ("0,pid199,200,copy\n0,pid199,1250,compute\n300,pid199,100,copy\n"
                                  "1000,pid199,750,compute\n4000,infer,1,compute\n")
    by_queue = made(files, "--by", "queue")
    assert {r.split(",")[1] for r in by_queue.split()[1:]} == \
        {"pid199-copies", "pid199-queue1", "pid199-queue2", "infer-queue1"}


def test_rocprof_refused():
    name = "1_kernel_trace.csv"
    refused({name: KERNELS + kernel(5, 4)}, "line 3", "ends before it begins")
    refused({name: KERNELS + kernel(-5, 4)}, "line 3", "Start_Timestamp is '-5'")
    refused({name: KERNELS + kernel(1, 10**19)}, "line 3", "End_Timestamp")
    refused({name: KERNELS + kernel(1, 2)[:-1]}, "line 3 is cut short")
    refused({name: KERNELS + '"KERNEL_DISPATCH","Agent 2"\n'}, "line 2", "2 fields", "12")
    refused({name: KERNELS + kernel(1, 2) + '"open\n'}, "line 4")
    refused({name: KERNELS.replace("Agent_Id", "Agent")}, "line 1", "no column Agent_Id")
    refused({name: KERNELS}, "no batch")
    refused({name: KERNELS + kernel(1, 2) + kernel(1, 2, agent="Agent 3")}, "2 agents")
    refused({name: KERNELS + kernel(1, 2)}, "only of Agent 2", argv=("--dev", "Agent 9"))
    # Of several files it is said which
    refused({"0_kernel_trace.csv": KERNELS + kernel(1, 2), name: KERNELS + kernel(2, 1)},
            name + ": line 3")
    refused({"a,b_kernel_trace.csv": KERNELS + kernel(1, 2)}, "can't be a vGPU's name")


# ----------------------------------------------------------------- requests --

def requests(*rows):
    """A file."""
    return llm.HEADER + "\n" + "".join(r + "\n" for r in rows)


def test_requests():
    # A made-up file; the second form is that of 2024
    given = {"conv.csv": requests("2023-11-16 18:15:46.6805900,374,44", "2023-11-16 18:15:47.68059,10,0",
                                  "2023-11-16 18:15:46.680590001+00:00,0,1")}
    assert made(given) == HEAD + ("0,conv,16280000,compute\n1,conv,200000,compute\n"
                                  "1000000000,conv,200000,compute\n")
    assert made(given, "--vgpus", "2", "--prompt-token-ns", "1", "--generated-token-ns", "1000") == \
        HEAD + "0,conv0,44374,compute\n1,conv0,1000,compute\n1000000000,conv1,10,compute\n"
    refused({"a/c.csv": requests("2023-11-16 18:15:46.1,1,1"), "b/c.csv": requests()}, "another file")
    both = made(given | {"code.csv": requests("2023-11-16 18:15:45.680590,1,1")}).split()
    assert both[1] == "0,code,220000,compute" and both[2] == "1000000000,conv,16280000,compute", both


def test_requests_refused():
    good = "2023-11-16 18:15:46.6805900,374,44"
    for bad, *words in (("2023-11-31 18:15:46.6,1,1", "TIMESTAMP is '2023-11-31"), ("today,1,1", "TIMESTAMP"),
                        ("2023-11-16 18:15:46.6805900,-3,1", "ContextTokens is '-3'"),
                        ("2023-11-16 18:15:46.6805900,3,1e3", "GeneratedTokens is '1e3'"),
                        ("2023-11-16 18:15:46.6805900,3,1000000001", "GeneratedTokens"),
                        ("2023-11-16 18:15:46.6805900,0,0", "takes no time"),
                        ("2023-11-16 18:15:46.6805900,3", "2 fields"), ("", "1 fields")):
        refused({"c.csv": requests(good, bad)}, "c.csv: line 3", *words)
    refused({"c.csv": requests(good)[:-1]}, "line 2 is cut short")
    refused({"c.csv": requests(good)}, "no --by", argv=("--by", "queue"))
    refused({"c.csv": requests(good)}, "no --dev", argv=("--dev", "1"))
    refused({"c.csv": requests(good), "1_kernel_trace.csv": KERNELS}, "one kind")
    for argv in (("--vgpus", "0"), ("--vgpus", "1001"), ("--prompt-token-ns", "-1"),
                 ("--generated-token-ns", "9" * 5000), ("--vgpus", "\u0663")):
        assert run({"c.csv": requests(good)}, *argv)[:2] == (2, ""), argv


# ------------------------------------------------------------------ of all --

def samples(rng):
    """A file of each form, and its name."""
    out = []
    for make in (stable, older):
        jobs, queue = [], rng.randrange(10**6)
        for i in range(rng.randrange(1, 30)):
            queue += rng.choice((0, 3, 1000))
            start = queue + rng.choice((0, 9, 5000))
            fence = f"{rng.randrange(4)}:{i}" if make is stable else f"{rng.randrange(1 << 40):x}"
            ring = rng.choice(("gfx", "sdma0", "comp"))
            jobs.append(job(queue, start, start + rng.choice((0, 1, 700)), fence, make, ring=ring))
        out.append(("drm", text(*jobs).encode()))
    out.append(("5_kernel_trace.csv", (KERNELS + "".join(
        kernel(t, t + rng.randrange(999)) for t in rng.sample(range(9999), 9))).encode()))
    out.append(("c.csv", requests(*(f"2023-11-16 18:{rng.randrange(60):02}:11.1,{rng.randrange(999)},1"
                                    for _ in range(9))).encode()))
    with tempfile.TemporaryDirectory() as tmp:
        path = os.path.join(tmp, "db")
        database(kernels=[(t, t + 9, 7, 42, t) for t in rng.sample(range(9999), 20)],
                 launches=[(t, 42, t) for t in range(0, 9999, 50)])(path)
        with open(path, "rb") as f:
            out.append(("db", f.read()))
    return out


def spoiled(rng, data):
    """The same with something wrong, maybe."""
    data = bytearray(data)
    for _ in range(rng.randrange(1, 4)):
        at = rng.randrange(len(data))
        kind = rng.randrange(5)
        if kind == 0:
            data[at] = rng.randrange(256)
        elif kind == 1:
            del data[at:at + rng.randrange(1, 100)]
        elif kind == 2:
            data[at:at] = data[:rng.randrange(1, 200)]
        elif kind == 3:
            data[at:at] = rng.choice((b"-", b"9" * 30, b",", b'"', b"\0", b"\n", b"\r", b"\xff"))
        else:
            del data[max(1, at):]
    return bytes(data)


def test_anything_makes_a_trace_or_one_line():
    rng = random.Random(11)
    accepted = 0
    with tempfile.TemporaryDirectory() as tmp:
        for turn in range(150):
            for name, data in samples(rng):
                if turn:
                    data = spoiled(rng, data)
                status, out, err = run({name: data}, *rng.choice(((), ("--by", "queue"))
                                                                  if name != "c.csv" else ((),)))
                if status == 2:
                    assert turn and not out and err.count("\n") == 1, (name, err)
                    continue
                assert status == 0 and out.startswith(HEAD), (name, status, err)
                times = [int(r.split(",")[0]) for r in out.split("\n")[1:-1]]
                assert times == sorted(times) and times[0] == 0 and "-" not in str(times), out
                accepted += 1
                if turn % 30 == 0:
                    path = os.path.join(tmp, "t.csv")
                    with open(path, "w", encoding="ascii") as f:
                        f.write(out)
                    # A spoiled time may be years later, which is no matter
                    subprocess.run([SIMULATE, "--trace", path, "--set", "measure_ms 50"], check=True,
                                   stdout=subprocess.DEVNULL)
    assert accepted > 50, accepted


def test_simulator_serves_what_was_recorded():
    # Two clients that kept a ring busy in turn: alone on one engine they have that much again
    given = text(*(job(i * 1000, i * 1000 + 2, i * 1000 + 900, f"{1 + i % 2}:{i}", client=1 + i % 2)
                   for i in range(500)))
    with tempfile.TemporaryDirectory() as tmp:
        path = os.path.join(tmp, "t.csv")
        with open(path, "w", encoding="ascii") as f:
            f.write(made({"r": given}))
        done = subprocess.run([SIMULATE, "--trace", path, "--set", "warmup_ms 0", "--set",
                               "measure_ms 600", "--set", "switch_us 0"], check=True, text=True,
                              stdout=subprocess.PIPE)
        for vgpu in json.loads(done.stdout)["vgpus"]:
            assert (vgpu["jobs"], vgpu["demand_ns"]) == (250, 250 * 898000), vgpu


if __name__ == "__main__":
    sys.exit(ktap.run(globals()))
