#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Check that what a header declares has kernel-doc where it is defined: kerneldoc.py SOURCE

SOURCE is the clone. For the same files as in names.py: each line of output is a function that a
header declares, not static or inline, and that no definition has a comment right above which
begins with its name, "()" and a brief. What is in such a comment is for the kernel's script.
"""
import pathlib
import re
import sys

from names import DECLARATION, FUNCTION, heads


def is_local(match):
    return re.search(r"\b(static|inline)\b", match.string[match.start():match.start(1)])


def has_doc(match):
    above = match.string[:match.start()]
    comment = above[above.rfind("/*"):]
    return re.fullmatch(rf"/\*\*\n \* {match[1]}\(\) - (?:(?!\*/).)+\*/\n", comment, re.S)


def main():
    source = pathlib.Path(sys.argv[1])
    where, documented = {}, set()
    for file, line, match in heads(source, DECLARATION):
        if file.endswith(".h") and not is_local(match):
            where[match[1]] = f"{file}:{line}"
    declared = set(where)
    for file, line, match in heads(source, FUNCTION):
        if match[1] not in declared or is_local(match):
            continue
        where[match[1]] = f"{file}:{line}"
        if has_doc(match):
            documented.add(match[1])
    bad = [f"{where[name]}: {name}: no kernel-doc above its definition"
           for name in sorted(declared - documented)]
    if not declared:
        bad.append(f"{source}: no header declares a function")
    print("\n".join(bad) or f"{len(declared)} functions")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
