# SPDX-License-Identifier: GPL-2.0-only
"""rocprofv3's kernel_trace.csv and memory_copy_trace.csv: a file for each process, whose name begins
with the process's number or the name that was given. Times are in ns of one clock.
"""

import csv
import os
import re

from batches import Job
from lines import RecordingError, number, some

SUFFIX = re.compile(r"_(kernel|memory_copy)_trace$")


def is_header(line):
    """Is @line the first one of such a file?"""
    names = line.replace('"', "").split(",")
    return "Start_Timestamp" in names and "End_Timestamp" in names


class Recording:
    """Reads files; jobs() are all that ran on one agent, as ROCm calls a device."""

    def __init__(self, dev=None, by=None):
        self.dev = dev
        self.by = by
        self.devs = set()

    def jobs(self, path, lines):
        """Those of the file @path, of which @lines are the numbered lines."""
        program = SUFFIX.sub("", os.path.basename(path).removesuffix(".csv"))
        if program.isdigit():
            program = "pid" + program
        last = [0]
        reader = csv.reader(self._texts(lines, last), strict=True)
        try:
            columns = next(reader)
            copies = "Direction" in columns
            needed = ["Start_Timestamp", "End_Timestamp"]
            needed += ["Direction", "Source_Agent_Id", "Destination_Agent_Id"] if copies else ["Agent_Id"]
            needed += ["Queue_Id"] if self.by == "queue" and not copies else []
            for name in needed:
                if name not in columns:
                    raise RecordingError(f"line 1: there is no column {name}")
            for values in reader:
                if len(values) != len(columns):
                    raise RecordingError(f"line {last[0]}: it has {len(values)} fields, the first line "
                                         f"has {len(columns)}")
                yield from self._job(program, copies, dict(zip(columns, values)), f"line {last[0]}")
        except csv.Error as e:
            raise RecordingError(f"line {last[0]}: {e}") from e

    def check_devices(self):
        """Once all files are read."""
        if self.dev is None and len(self.devs) > 1:
            raise RecordingError(f"it is of {len(self.devs)} agents ({some(self.devs)}): choose one")
        if self.dev is not None and self.dev not in self.devs:
            raise RecordingError(f"it has nothing of the agent {self.dev}, only of {some(self.devs)}")

    @staticmethod
    def _texts(lines, last):
        """The texts of @lines; @last[0] is the number of the last one."""
        for no, line in lines:
            last[0] = no
            yield line + "\n"

    def _job(self, program, copies, row, where):
        begin = number(row["Start_Timestamp"], f"{where}: Start_Timestamp")
        end = number(row["End_Timestamp"], f"{where}: End_Timestamp")
        if end < begin:
            raise RecordingError(f"{where}: it ends before it begins")
        dev = row.get("Agent_Id")
        if copies:
            to_device = row["Direction"].endswith("HOST_TO_DEVICE")
            dev = row["Destination_Agent_Id" if to_device else "Source_Agent_Id"]
        self.devs.add(dev)
        if len(self.devs) > 1024:
            raise RecordingError(f"{where}: it has more than 1024 agents")
        if self.dev is None or self.dev == dev:
            queue = ""
            if self.by == "queue":
                queue = "-copies" if copies else f"-queue{row['Queue_Id']}"
            # When it was asked for is not recorded
            yield Job(begin, begin, end, program + queue, "copy" if copies else "compute")
