# SPDX-License-Identifier: GPL-2.0-only
"""Arrivals of requests to a large language model, in the form of the Azure LLM inference traces of
2023 and 2024: TIMESTAMP,ContextTokens,GeneratedTokens.
"""

import datetime
import os
import re

from batches import Row
from lines import RecordingError, number

HEADER = "TIMESTAMP,ContextTokens,GeneratedTokens"
TIMESTAMP = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(?:\+00:00)?", re.ASCII)
MAX_TOKENS = 10**9
# Of engine time. Round numbers, measured nowhere
PROMPT_TOKEN_NS = 20_000
GENERATED_TOKEN_NS = 200_000
EPOCH = datetime.datetime(1970, 1, 1)


def _time_ns(text, where):
    match = TIMESTAMP.fullmatch(text)
    try:
        time = datetime.datetime.strptime(match.group(1), "%Y-%m-%d %H:%M:%S")
    except (AttributeError, ValueError) as e:
        raise RecordingError(f"{where}: TIMESTAMP is {text[:40]!a}, not such as "
                             "2023-11-16 18:15:46.6805900") from e
    return (time - EPOCH) // datetime.timedelta(seconds=1) * 10**9 + \
        int((match.group(2) or "0").ljust(9, "0"))


def rows(path, lines, costs, vgpus):
    """A Row for each request of the file @path, of which @lines are the numbered lines. @costs: ns
    of a token of a prompt and of a generated one; @vgpus: how many have the requests in turn."""
    name = re.sub(r"[^A-Za-z0-9_.-]", "_", os.path.basename(path).removesuffix(".csv"))[:32]
    for i, (no, line) in enumerate(lines):
        where = f"line {no}"
        if i == 0:
            if line != HEADER:
                raise RecordingError(f"{where} is not {HEADER}")
            continue
        fields = line.split(",")
        if len(fields) != 3:
            raise RecordingError(f"{where}: it has {len(fields)} fields, not {HEADER}")
        length_ns = number(fields[1], f"{where}: ContextTokens", MAX_TOKENS) * costs[0] + \
            number(fields[2], f"{where}: GeneratedTokens", MAX_TOKENS) * costs[1]
        if not length_ns:
            raise RecordingError(f"{where}: the request takes no time")
        yield Row(_time_ns(fields[0], where), name if vgpus == 1 else f"{name}{(i - 1) % vgpus}",
                  length_ns, "compute")
