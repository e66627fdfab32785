# SPDX-License-Identifier: GPL-2.0-only
"""The simulator, run as a command."""

import os
import subprocess

from scenarios import Misuse


class Failed(Exception):
    """A run failed."""


def run(arguments, what):
    """Its standard output; @what: which run that is, for messages."""
    command = [os.environ.get("TESSERA_SIMULATE", "simulate"), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as e:
        raise Failed(f"the simulator can't be run: {e}") from e
    if done.returncode == 2:
        raise Misuse(done.stderr.strip() or f"the simulator refuses {what}")
    if done.returncode:
        raise Failed(f"{what}: the simulator ended with status {done.returncode}: "
                     f"{done.stderr.strip()}")
    return done.stdout


def of_scenario(scenario, sets):
    """Its arguments for a scenario with more lines."""
    out = [a for line in sets for a in ("--set", line)]
    return out + (["--trace", scenario.path] if scenario.trace else [scenario.path])
