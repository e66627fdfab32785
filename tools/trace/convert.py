#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Turn a recording into a trace of a workload, which `tessera simulate --trace` replays: of the
mediator's tracepoints, or of what another accelerator's programs did. Of the mediator's also into
a file for Perfetto. Documentation/workloads.rst and compare.rst.
"""

import argparse
import io
import itertools
import os
import sys

sys.dont_write_bytecode = True
sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "common"))

import batches  # noqa: E402
import drm_sched  # noqa: E402
import lines as text_lines  # noqa: E402
import llm  # noqa: E402
import nsys  # noqa: E402
import perfetto  # noqa: E402
import recording  # noqa: E402
import rocprof  # noqa: E402
import tracepoints  # noqa: E402
from lines import RecordingError  # noqa: E402

# The forms of what is read, and which options each has
OPTIONS = {"mediator": {"dev", "names"}, "drm_sched": {"dev", "names", "by"},
           "nsys": {"dev", "names", "by"}, "rocprof": {"dev", "names", "by"},
           "llm": {"names", "prompt_token_ns", "generated_token_ns", "vgpus"}}
SEVERAL = ("rocprof", "llm")


def to_rows(rec):
    """Busy periods; one that has not ended in the recording lasts to the end of the replay."""
    return [batches.Row(p.begin_ns, p.vgpu, p.used_ns if p.end_ns is not None else 0, p.engine)
            for p in rec.periods]


def to_csv(rec):
    """Of the mediator's recording."""
    return batches.csv(to_rows(rec), rec.begin_ns)


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


class Input:
    """A file that has been opened, and which form it has."""

    def __init__(self, path):
        self.path = path
        self.lines = iter(())
        self.events = iter(())
        # pylint: disable=consider-using-with # closed at the end of the program
        stream = sys.stdin.buffer if path == "-" else open(path, "rb")
        if not hasattr(stream, "peek"):
            stream = io.BufferedReader(stream)
        if stream.peek(len(nsys.MAGIC)).startswith(nsys.MAGIC):
            if path == "-":
                raise RecordingError("an SQLite file can't be read from the standard input")
            self.form = "nsys"
            return
        found = text_lines.numbered(io.TextIOWrapper(stream, encoding="utf-8", errors="replace"))
        first = next(found, None)
        self.lines = found if first is None else itertools.chain([first], found)
        if first is not None and rocprof.is_header(first[1]):
            self.form = "rocprof"
        elif first is not None and first[1] == llm.HEADER:
            self.form = "llm"
        else:
            self._tracepoints()

    def _tracepoints(self):
        """The first event that anybody knows says whose they are."""
        found = tracepoints.events(self.lines)
        self.form = "mediator"
        ev = next((ev for ev in found if ev.name in recording.NEEDED or ev.name in drm_sched.EVENTS),
                  None)
        if ev is None:
            raise RecordingError("it contains no event of the mediator (tessera_world_switch, "
                                 "tessera_enqueue, tessera_idle) or of drm_sched, and is nothing "
                                 "else that is known")
        other = recording.NEEDED
        if ev.name in drm_sched.EVENTS:
            self.form = "drm_sched"
        else:
            other = drm_sched.EVENTS
        self.events = self._without(itertools.chain([ev], found), other)

    @staticmethod
    def _without(events, other):
        for ev in events:
            if ev.name in other:
                raise RecordingError(f"line {ev.line}: it has events of the mediator and of drm_sched: "
                                     "record one of them")
            yield ev


def foreign_rows(inputs, args):
    """The rows of what is not the mediator's, and which jobs have none, or an empty text. An error
    is about the file args.at."""
    form = inputs[0].form
    without = ""
    if form == "drm_sched":
        rec = drm_sched.Recording(args.dev, args.by)
        rows = batches.rows(rec.jobs(inputs[0].events))
        without = rec.left_out()
    elif form == "nsys":
        rows = batches.rows(nsys.Recording(inputs[0].path, args.dev, args.by).jobs())
    elif form == "rocprof":
        rec = rocprof.Recording(args.dev, args.by)
        rows = batches.rows(j for i in _each(inputs, args) for j in rec.jobs(i.path, i.lines))
        rec.check_devices()
    else:
        costs = [args.prompt_token_ns, args.generated_token_ns]
        costs = [default if c is None else c
                 for c, default in zip(costs, (llm.PROMPT_TOKEN_NS, llm.GENERATED_TOKEN_NS))]
        rows = batches.bounded(r for i in _each(inputs, args)
                               for r in llm.rows(i.path, i.lines, costs, args.vgpus or 1))
    if not rows:
        raise RecordingError("it has no batch that both began and ended" +
                             (f" ({without})" if without else ""))
    return rows, without


def _each(inputs, args):
    for i in inputs:
        args.at = i.path
        yield i


def _number(least, most):
    def parse(text):
        if not text.isascii() or not text.isdigit() or not least <= int(text[:20]) <= most:
            raise argparse.ArgumentTypeError(f"{text[:30]!r} is not a number from {least} to {most}")
        return int(text)
    return parse


def _name(text):
    old, equals, new = text.partition("=")
    if not old or not equals or not new:
        raise argparse.ArgumentTypeError(f"{text[:60]!r} is not OLD=NEW")
    return old, new


def _parser():
    p = argparse.ArgumentParser(
        prog="tessera trace", allow_abbrev=False,
        description="Turn a recording into a trace of a workload (csv), on the standard output; one of "
                    "the tracepoints events/tessera also into a file for Perfetto (perfetto).",
        epilog="FILE: the text of trace-cmd report, perf script, or tracefs' trace, of the tracepoints "
               "events/tessera or events/gpu_scheduler; what nsys export --type sqlite wrote; "
               "rocprofv3's kernel_trace.csv and memory_copy_trace.csv, of one or several processes; or "
               f"arrivals of requests ({llm.HEADER}). - reads the standard input.")
    p.add_argument("--to", choices=("csv", "perfetto"), required=True)
    p.add_argument("--dev", metavar="DEVICE",
                   help="which accelerator, if the recording is of several: its PCI address, nsys' "
                        "deviceId, rocprofv3's Agent_Id")
    p.add_argument("--by", choices=("client", "queue"),
                   help="what becomes a vGPU: a client (a process; the default where it is recorded), "
                        "or each of its queues")
    p.add_argument("--name", metavar="OLD=NEW", type=_name, action="append", dest="names",
                   help="rename a vGPU; several may become one; may be repeated")
    p.add_argument("--prompt-token-ns", metavar="N", type=_number(0, 10**9),
                   help=f"of requests: engine time of a token of the prompt ({llm.PROMPT_TOKEN_NS})")
    p.add_argument("--generated-token-ns", metavar="N", type=_number(0, 10**9),
                   help=f"of requests: engine time of a generated token ({llm.GENERATED_TOKEN_NS})")
    p.add_argument("--vgpus", metavar="N", type=_number(1, 1000),
                   help="of requests: vGPUs that have a file's requests in turn (1)")
    p.add_argument("files", metavar="FILE", nargs="+")
    return p


def _check(inputs, args):
    """The options against what is read."""
    forms = {i.form for i in inputs}
    form = inputs[0].form
    if len(inputs) > 1 and (len(forms) > 1 or form not in SEVERAL):
        raise RecordingError("several files have to be of one kind, rocprofv3's or requests")
    for option in ("dev", "by", "prompt_token_ns", "generated_token_ns", "vgpus"):
        if getattr(args, option) is not None and option not in OPTIONS[form]:
            raise RecordingError(f"there is no --{option.replace('_', '-')} for what it has")
    if args.to == "perfetto" and form != "mediator":
        raise RecordingError("--to perfetto takes the mediator's tracepoints alone")
    names = [os.path.basename(i.path) for i in inputs]
    if len(set(names)) < len(names):
        raise RecordingError("another file has the same name, by which vGPUs are named")
    args.names = dict(args.names or [])


def convert(args):
    """What is to be written, and which jobs are not in it, or an empty text; an error is about the
    file args.at."""
    inputs = []
    for path in args.files:
        args.at = path
        inputs.append(Input(path))
    _check(inputs, args)
    args.at = inputs[0].path
    if inputs[0].form != "mediator":
        rows, without = foreign_rows(inputs, args)
        return batches.csv(batches.renamed(rows, args.names)), without
    rec = recording.parse(inputs[0].events, args.dev)
    if args.to == "perfetto":
        return to_perfetto(rec), ""
    return batches.csv(batches.renamed(to_rows(rec), args.names), rec.begin_ns), ""


def main(argv):
    """The command."""
    args = _parser().parse_args(argv)

    # One line, whatever a recording has for a name
    def say(what):
        what = "".join(c if c.isprintable() else "?" for c in what[:400])
        print(f"tessera trace: {what}", file=sys.stderr)
    try:
        out, without = convert(args)
    except OSError as e:
        say(f"{args.at}: {e.strerror}")
        return 2
    except RecordingError as e:
        say(f"{args.at}: {e}")
        return 2
    if without:
        say(f"{args.at}: jobs left out: {without}")
    sys.stdout.write(out)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
