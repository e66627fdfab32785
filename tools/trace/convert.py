#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Turn a recording of the mediator's tracepoints into a trace of a workload, which
`tessera simulate --trace` replays, or into a file for Perfetto. Documentation/compare.rst.
"""

import argparse
import os
import sys

sys.dont_write_bytecode = True
sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "common"))

import perfetto  # noqa: E402
import recording  # noqa: E402


def to_csv(rec):
    """Busy periods (Documentation/workloads.rst); one that has not ended in the recording lasts
    to the end of the replay."""
    lines = ["time_ns,vgpu,length_ns,engine"]
    lines += [f"{p.begin_ns - rec.begin_ns},{p.vgpu},{p.used_ns if p.end_ns is not None else 0},"
              f"{p.engine}" for p in rec.periods]
    return "\n".join(lines) + "\n"


def to_perfetto(rec):
    """Slices, switches and resets; busy periods as jobs."""
    trace = perfetto.Trace("recording of tessera's tracepoints")
    for h in rec.held:
        if h.switch_ns:
            trace.switch(0, h.engine, h.begin_ns - h.switch_ns, h.begin_ns)
        if h.vgpu != recording.NOBODY:
            trace.slice(0, h.engine, h.vgpu, h.begin_ns, h.end_ns, h.busy_ns)
    for p in rec.periods:
        args = {"used_us": p.used_ns / 1000}
        if p.end_ns is None:
            args["pending"] = True
        trace.job(0, p.engine, p.vgpu, p.begin_ns, rec.end_ns if p.end_ns is None else p.end_ns, args)
    for ev in rec.resets:
        trace.instant(0, ev.engine, "reset", ev.time_ns, {"vgpu": ev.vgpu})
    return trace.json()


def main(argv):
    """The command."""
    p = argparse.ArgumentParser(
        prog="tessera trace", allow_abbrev=False,
        description="Turn a recording of the tracepoints events/tessera into a trace of a workload "
                    "(csv) or a file for Perfetto (perfetto), on the standard output.",
        epilog="FILE: the text of trace-cmd report, perf script, or tracefs' trace; - reads the "
               "standard input.")
    p.add_argument("--to", choices=("csv", "perfetto"), required=True)
    p.add_argument("--dev", metavar="BDF",
                   help="PCI address of the accelerator, if the recording is of several")
    p.add_argument("file", metavar="FILE")
    args = p.parse_args(argv)
    try:
        if args.file == "-":
            text = sys.stdin.read()
        else:
            with open(args.file, encoding="utf-8", errors="replace") as f:
                text = f.read()
        rec = recording.parse(text, args.dev)
    except OSError as e:
        print(f"tessera trace: {args.file}: {e.strerror}", file=sys.stderr)
        return 2
    except recording.RecordingError as e:
        print(f"tessera trace: {args.file}: {e}", file=sys.stderr)
        return 2
    sys.stdout.write(to_csv(rec) if args.to == "csv" else to_perfetto(rec))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
