# SPDX-License-Identifier: GPL-2.0-only
"""What is run: scenarios, policies and slices, and the list of runs that they make."""

import os
import re
from dataclasses import dataclass, field

BUILT_IN = ("three-trainers", "noisy-neighbour", "frames-and-hog", "idle-and-burst",
            "sixteen-mixed", "preempt-cost")
# Slice lengths, ms, by which preempt-cost (or --sweep) is run. On the bench a run takes time
SWEPT = ("preempt-cost",)
SLICES_MS = {"simulator": (1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30), "bench": (1, 2, 5, 10, 20)}


class Misuse(Exception):
    """The command's arguments are wrong."""


def host_path(path):
    """As the user knows it: in the Debian tree the user's files are below TESSERA_ROOT."""
    root = os.environ.get("TESSERA_ROOT", "")
    path = os.path.abspath(path)
    return path[len(root):] if root and path.startswith(root + "/") else path


@dataclass
class Scenario:
    """A workload file, or a trace."""

    name: str
    path: str
    trace: bool = False
    about: str = ""
    swept: bool = False


@dataclass
class Run:
    """One run to be made: a scenario under a policy."""

    scenario: Scenario
    policy: str
    sets: list = field(default_factory=list)
    slice_us: int = 0		# 0: what the scenario says; in a sweep its own

    @property
    def id(self):
        """Name of its files."""
        sweep = f"-{self.slice_us}us" if self.slice_us else ""
        return f"{self.scenario.name}-{self.policy}{sweep}"


def _about(path):
    with open(path, encoding="utf-8", errors="replace") as f:
        for line in f:
            words = line.split("#")[0].split(None, 1)
            if len(words) == 2 and words[0] == "about":
                return words[1].strip()
    return ""


def find(word, directory, sweep):
    """The Scenario that the user means by a @word."""
    built_in = os.path.join(directory, word + ".workload")
    if os.path.isfile(word):
        path = word
    elif "/" not in word and os.path.isfile(built_in):
        path = built_in
    else:
        known = ", ".join(sorted(f[:-len(".workload")] for f in os.listdir(directory)
                                 if f.endswith(".workload")))
        raise Misuse(f"{word} is neither a file nor a built-in scenario ({known})")
    name, ending = os.path.splitext(os.path.basename(path))
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", name):
        raise Misuse(f"{word}: a scenario's name has letters, digits, '.', '_' and '-' only")
    if ending == ".csv":
        return Scenario(name, path, True, f"replay of {os.path.basename(path)}", sweep)
    return Scenario(name, path, False, _about(path), sweep or name in SWEPT)


def runs(scenarios, policies, sets, where):
    """All runs, in their order."""
    out = []
    for s in scenarios:
        for policy in policies:
            common = [*sets, f"policy {policy}"]
            if not s.swept:
                out.append(Run(s, policy, common))
                continue
            for ms in SLICES_MS[where]:
                out.append(Run(s, policy, [*common, f"timeslice_us {ms * 1000}"], ms * 1000))
    return out
