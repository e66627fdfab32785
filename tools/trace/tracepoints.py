# SPDX-License-Identifier: GPL-2.0-only
"""Recordings of tracepoints as text. What trace-cmd report, perf script and tracefs' trace file have
in common is "TASK-PID [CPU] ... SECONDS: EVENT: TEXT"; perf puts "SYSTEM:" before the event's name.
"""

import re
from typing import NamedTuple

from lines import RecordingError

# What is before the time is short, and bounded here so that no line takes long to match
EVENT = re.compile(r"^\s{0,80}\S.{0,80}\[\d{1,6}\].{0,80}?\s(\d{1,10})\.(\d{6}|\d{9}):\s+"
                   r"(?:[\w-]+:)?(\w+):(?:\s+(.*))?$")
LOST = re.compile(r"LOST .{0,40}EVENTS|EVENTS DROPPED|PERF_RECORD_LOST")
OVERWRITTEN = re.compile(r"^# entries-in-buffer/entries-written: (\d{1,19})/(\d{1,19})")
HEADING = re.compile(r"^\s*$|^#|^cpus=\d+|^CPU \d+ is empty|^version = |^trace-cmd: ")


class Event(NamedTuple):
    """A line of a recording."""

    line: int
    time_ns: int
    name: str
    text: str


def events(lines):
    """The Events of numbered lines, in their order; RecordingError where some are missing."""
    for no, line in lines:
        match = EVENT.match(line)
        if match:
            seconds, fraction, name, text = match.groups()
            yield Event(no, int(seconds) * 10**9 + int(fraction.ljust(9, "0")), name, text or "")
            continue
        full = OVERWRITTEN.match(line)
        if full and int(full.group(1)) < int(full.group(2)):
            raise RecordingError(f"line {no}: only {full.group(1)} of {full.group(2)} events are "
                                 "left, the first were overwritten: use a bigger buffer")
        if LOST.search(line):
            raise RecordingError(f"line {no}: events were lost ({line.strip()[:60]}): "
                                 "use a bigger buffer")
        if not HEADING.match(line):
            raise RecordingError(f"line {no} isn't a valid trace record: {line.strip()[:60]!a}")
