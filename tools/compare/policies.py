# SPDX-License-Identifier: GPL-2.0-only
"""The scheduling policies there are: the simulator, which compiles them, is asked."""

import colorsys
import functools
import os
import subprocess

FIRST_COLOURS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7")
GOLDEN_RATIO = 0.618033988749895	# neighbours in the list get hues that are far apart


class PolicyError(Exception):
    """The simulator can't be asked."""


@functools.cache
def properties():
    """{name: set of properties}, the default policy first."""
    simulator = os.environ.get("TESSERA_SIMULATE", "simulate")
    try:
        done = subprocess.run([simulator, "--list-policies"], capture_output=True, text=True,
                              check=True)
    except (OSError, subprocess.CalledProcessError) as e:
        raise PolicyError(f"the simulator can't be asked for its policies: {e}") from e
    lines = [line.split() for line in done.stdout.splitlines()]
    return {words[0]: set(words[1:]) for words in lines}


def names():
    """All of them."""
    return tuple(properties())


def has(name, what):
    """Whether a policy has a property."""
    return what in properties().get(name, ())


def colour(name):
    """Of a policy in plots: each has one of its own."""
    i = names().index(name)
    if i < len(FIRST_COLOURS):
        return FIRST_COLOURS[i]
    rgb = colorsys.hls_to_rgb(i * GOLDEN_RATIO % 1.0, 0.38, 0.75)
    return "#" + "".join(f"{round(255 * part):02x}" for part in rgb)
