#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Tests of tools/trace: recordings of the tracepoints in, workload traces and Perfetto's form
out. KTAP.
"""

import contextlib
import io
import os
import sys
import tempfile

sys.dont_write_bytecode = True
TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
for part in ("trace", "common", "compare"):
    sys.path.append(os.path.join(TOP, "tools", part))

import convert as command  # noqa: E402
import ktap  # noqa: E402
import recording  # noqa: E402
import traces  # noqa: E402

FORMS = ("tracefs", "trace-cmd", "perf")


def switch(time, was, to, busy, switching, engine="compute"):
    """An event, in us."""
    return (time, "tessera_world_switch", {"engine": engine, "time_ns": time * 1000, "from": was,
                                           "to": to, "token": 1, "busy_ns": busy * 1000,
                                           "switch_ns": switching * 1000})


def enqueue(time, vgpu, busy, engine="compute"):
    """The same."""
    return (time, "tessera_enqueue", {"engine": engine, "time_ns": time * 1000, "vgpu": vgpu,
                                      "ctx": 3, "busy_ns": busy * 1000})


def idle(time, vgpu, busy, engine="compute"):
    """The same."""
    return (time, "tessera_idle", {"engine": engine, "time_ns": time * 1000, "vgpu": vgpu,
                                   "token": 1, "busy_ns": busy * 1000})


def reset(time, vgpu, engine="compute"):
    """The same."""
    return (time, "tessera_reset", {"engine": engine, "time_ns": time * 1000, "vgpu": vgpu,
                                    "tries": 0})


def text(*events, form="tracefs"):
    """A recording."""
    return "".join(traces.line(t * 1000, name, fields, form) + "\n" for t, name, fields in events)


# a has 5 ms of work from 1000 us on, is preempted by b, which has 2 ms from 2000 on
TWO = (enqueue(1000, "a", 0), switch(1005, "-", "a", 0, 5), enqueue(2000, "b", 995),
       switch(3010, "a", "b", 2000, 10), idle(5010, "b", 4000), switch(5015, "b", "a", 4000, 15),
       idle(8015, "a", 7000))
CSV = "time_ns,vgpu,length_ns,engine\n0,a,5000000,compute\n1000000,b,2000000,compute\n"


def csv(*events, form="tracefs"):
    """The trace that comes out."""
    return command.to_csv(traces.parse(text(*events, form=form)))


def refused(given, *words, dev=None):
    """It is refused with these words."""
    try:
        traces.parse(given, dev)
    except recording.RecordingError as e:
        for word in words:
            assert word in str(e), (word, str(e))
        return
    raise AssertionError("accepted")


def test_busy_periods_with_engine_time():
    for form in FORMS:
        assert csv(*TWO, form=form) == CSV, (form, csv(*TWO, form=form))


def test_other_lines_do_not_matter():
    given = text(*TWO)
    noise = ["# tracer: nop", "#", "", "cpus=2", "CPU 1 is empty",
             "# entries-in-buffer/entries-written: 9/9   #P:2",
             traces.line(1500000, "tessera_pick", {"engine": 0, "vgpu": "a", "slice_ns": 5}),
             traces.line(1500000, "sched_switch", {"prev_comm": "x: y", "next": "z"}),
             "   my prog: odd-77  [001] ..... 0.001500: tessera_admin: vgpu=a opcode=1"]
    lines = given.split("\n")
    assert command.to_csv(traces.parse("\n".join(lines[:3] + noise + lines[3:]))) == CSV


def test_idle_slots_make_no_period():
    # Under equal_share b's turn comes and goes without work
    assert csv(enqueue(0, "a", 0), switch(5, "-", "a", 0, 5), switch(2010, "a", "b", 2000, 10),
               idle(2010, "b", 2000), switch(4015, "b", "a", 2000, 15), idle(5015, "a", 3000)) == \
        "time_ns,vgpu,length_ns,engine\n0,a,3000000,compute\n"


def test_work_while_runlist_stays_in_force():
    assert csv(enqueue(0, "a", 0), switch(5, "-", "a", 0, 5), idle(1005, "a", 1000),
               enqueue(3000, "a", 1000), idle(3500, "a", 1500)) == \
        "time_ns,vgpu,length_ns,engine\n0,a,1000000,compute\n3000000,a,500000,compute\n"


def test_second_context_begins_no_period():
    assert csv(enqueue(0, "a", 0), switch(5, "-", "a", 0, 5), enqueue(500, "a", 495),
               idle(1005, "a", 1000)) == "time_ns,vgpu,length_ns,engine\n0,a,1000000,compute\n"


def test_busy_to_the_end():
    assert csv(*TWO[:-1]) == ("time_ns,vgpu,length_ns,engine\n0,a,0,compute\n"
                              "1000000,b,2000000,compute\n")


def test_busy_since_before_the_beginning():
    # a is never enqueued: it had work all along. c is never heard of but as a holder without work
    assert csv(switch(0, "b", "a", 0, 0), switch(2005, "a", "c", 2000, 5), idle(2005, "c", 2000),
               switch(4005, "c", "a", 2000, 10)) == \
        "time_ns,vgpu,length_ns,engine\n0,a,0,compute\n"
    assert csv(switch(0, "b", "a", 0, 0), idle(700, "a", 700)) == \
        "time_ns,vgpu,length_ns,engine\n0,a,700000,compute\n"
    # Another context of a, which was at work already
    assert csv(switch(0, "b", "a", 0, 0), enqueue(300, "a", 300), idle(700, "a", 700)) == \
        "time_ns,vgpu,length_ns,engine\n0,a,700000,compute\n"


def test_engines_apart():
    assert csv(enqueue(0, "a", 0), switch(5, "-", "a", 0, 5), enqueue(10, "a", 0, "copy"),
               switch(15, "-", "a", 0, 5, "copy"), idle(115, "a", 100, "copy"), idle(505, "a", 500)) == \
        "time_ns,vgpu,length_ns,engine\n0,a,500000,compute\n10000,a,100000,copy\n"


def test_accelerators_apart():
    # Another one, whose time has nothing to do with the first one's
    def other(given):
        return given.replace("0000:01:00.0", "0000:02:00.0")

    first = text(*TWO).splitlines(keepends=True)
    second = other(text(enqueue(9000, "c", 0), switch(9005, "-", "c", 0, 5),
                        idle(9505, "c", 500))).splitlines(keepends=True)
    both = "".join(first[:2] + second[:1] + first[2:5] + second[1:] + first[5:])
    assert command.to_csv(traces.parse(both, "0000:01:00.0")) == CSV
    assert command.to_csv(traces.parse(both, "0000:02:00.0")) == \
        "time_ns,vgpu,length_ns,engine\n0,c,500000,compute\n"
    refused(both, "2 accelerators", "0000:01:00.0, 0000:02:00.0")
    refused(both, "0000:03:00.0", "0000:01:00.0, 0000:02:00.0", dev="0000:03:00.0")


def test_reset_ends_the_guilty_ones_period():
    assert csv(enqueue(0, "a", 0), switch(5, "-", "a", 0, 5), enqueue(100, "b", 95),
               reset(9000, "a"), switch(9010, "a", "b", 9000, 10), idle(9510, "b", 9500)) == \
        "time_ns,vgpu,length_ns,engine\n0,a,9000000,compute\n100000,b,500000,compute\n"


def test_device_reset_and_removal():
    # Nobody may be in force then; whose work was dropped is reported idle
    assert csv(enqueue(0, "a", 0), switch(5, "-", "a", 0, 5), enqueue(100, "b", 95),
               switch(1000, "a", "-", 995, 5), reset(1000, "-"), idle(1000, "a", 995),
               idle(1000, "b", 995)) == "time_ns,vgpu,length_ns,engine\n0,a,995000,compute\n"


def test_perfetto_of_a_recording():
    given = text(*TWO, reset(8100, "a"))
    found = traces.check_perfetto(command.to_perfetto(traces.parse(given)))
    slices = [(e["name"], e["ts"], e["dur"], e["args"]["busy_us"]) for e in found
              if e.get("cat") == "slice"]
    assert slices == [("a", 1005, 2000, 2000), ("b", 3010, 2000, 2000), ("a", 5015, 3085, 3000)], slices
    switches = [(e["ts"], e["dur"]) for e in found if e.get("cat") == "switch"]
    assert switches == [(3005, 5), (5010, 5)], switches
    assert [e["name"] for e in found if e["ph"] == "b"] == ["a", "b"]
    assert [e["args"]["vgpu"] for e in found if e["ph"] == "i"] == ["a"]


def test_lost_events():
    good = text(*TWO).split("\n")
    for bad in ("CPU:0 [LOST 12 EVENTS]", "CPU:1 [12 EVENTS DROPPED]", "CPU:1 [EVENTS DROPPED]",
                "  swapper 0 [000] 1.0: PERF_RECORD_LOST lost 12"):
        refused("\n".join(good[:2] + [bad] + good[2:]), "line 3", "lost")
    refused("\n".join(["# entries-in-buffer/entries-written: 90/100   #P:1"] + good),
            "line 1", "90 of 100", "overwritten")


def test_malformed():
    good = text(*TWO)
    refused(good.replace("busy_ns=4000000", "busy_ns=many", 1), "line 5", "tessera_idle", "many")
    refused(good.replace(" busy_ns=4000000", "", 1), "line 5", "without busy_ns")
    refused(good.replace("engine=compute", "engine=7", 1), "line 1", "7 is not the name")
    refused(good.replace("dev=0000:01:00.0 ", "", 1), "line 1", "without dev")
    refused(good.replace(traces.line(2000000, *TWO[2][1:]), "rubbish"), "line 3", "rubbish")
    refused(good[:-30], "line 7", "cut short")
    refused("", "no event")
    refused("# tracer: nop\n", "no event")
    refused(text(TWO[0], TWO[1], TWO[3], TWO[2]), "line 4", "time goes backward")
    refused(text(*TWO[:6], idle(8015, "a", 1)), "line 7", "reset")


def test_command():
    def run(*argv):
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                status = command.main(list(argv))
            except SystemExit as e:
                status = e.code
        return status, out.getvalue(), err.getvalue()

    with tempfile.TemporaryDirectory() as tmp:
        path = os.path.join(tmp, "rec")
        with open(path, "w", encoding="utf-8") as f:
            f.write(text(*TWO))
        assert run("--to", "csv", path) == (0, CSV, "")
        assert run("--to", "csv", "--dev", "0000:01:00.0", path) == (0, CSV, "")
        assert run("--to", "csv", "--dev", "0000:02:00.0", path)[0] == 2
        status, out, _ = run("--to", "perfetto", path)
        assert status == 0
        traces.check_perfetto(out)
        with open(path, "a", encoding="utf-8") as f:
            f.write("rubbish\n")
        status, out, err = run("--to", "csv", path)
        assert status == 2 and not out and path in err and "line 8" in err, err
        for argv in (["--to", "png", path], [path], ["--to", "csv"], ["--to", "csv", tmp + "/none"]):
            assert run(*argv)[0] == 2, argv


if __name__ == "__main__":
    sys.exit(ktap.run(globals()))
