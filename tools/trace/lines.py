# SPDX-License-Identifier: GPL-2.0-only
"""What all readers of recordings share: lines of bounded length, numbers of bounded size, and the
error that says what is wrong and where.
"""

import re

# A kernel's name has all of its template's arguments
MAX_LINE = 65536
MAX_NUMBER = (1 << 63) - 1
NUMBER = re.compile(r"[0-9]{1,20}")


class RecordingError(Exception):
    """What is wrong, with the number of the line."""


def numbered(stream):
    """(number, text without its end) of each line of a text stream."""
    no = 0
    while True:
        line = stream.readline(MAX_LINE + 1)
        if not line:
            return
        no += 1
        if not line.endswith("\n"):
            if len(line) > MAX_LINE:
                raise RecordingError(f"line {no} has more than {MAX_LINE} characters")
            raise RecordingError(f"line {no} is cut short: the recording ends inside it")
        yield no, line[:-1]


def number(text, what, most=MAX_NUMBER):
    """@text as a number from 0 to @most; @what begins the message if it isn't one."""
    if not NUMBER.fullmatch(text) or int(text) > most:
        raise RecordingError(f"{what} is {text[:30]!r}, not a number from 0 to {most}")
    return int(text)


def some(names):
    """A list for a message: the first of many."""
    names = sorted(names)
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return ", ".join(names[:5]) + more
