#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Check that each name in the kernel says whose it is: names.py SOURCE OBJECTS

SOURCE is the clone, OBJECTS the folder where it was compiled, with debug information. A symbol in
an oops, a trace or a linker's table, static or not, begins with the prefix of the part that its
file belongs to; each line of output is one that does not. to_PREFIX is right as well, as in the
kernel, for what turns one structure into another. A function that was inlined has no symbol here,
but may have one with another compiler, so functions are looked for in the source too.
"""
import pathlib
import re
import subprocess
import sys

# In order; of kmod's folders the rest are a kind of accelerator each, and its prefix is their name.
PARTS = (
    (r"guest-driver/[^/]+$", "tdrm"),
    (r"sched/(example/)?[^/]+$", "tessera"),
    (r"kmod/((accel|dispatch|vgpu)/)?[^/]+$", "tessera"),
    (r"kmod/(\w+)/[^/]+$", None),
)

# What the kernel's macros make of an event's name, and what the compiler and module_init() make
TRACE = "kmod/trace.h"
MADE = re.compile(r"\.|__|_rs\.|CSWTCH\.|(init|cleanup)_module$")
LOCAL = re.compile(r"\w+\.\d+$")

HEAD = r"^[A-Za-z_][\w \t*]*?[\s*](\w+)\([^;{}]*\)"
FUNCTION = re.compile(HEAD + r"\n\{", re.M)
DECLARATION = re.compile(HEAD + r"[\w\s]*;", re.M)
USER_SPACE = re.compile(r"^#ifdef __KERNEL__$.*?^#else$(.*?)^#endif", re.M | re.S)


def prefix(file):
    for pattern, name in PARTS:
        match = re.match(pattern, file)
        if match:
            return name or match[1]
    return None


def is_good(file, symbol):
    name = prefix(file)
    if file == TRACE:
        return f"{name}_" in symbol
    return re.match(rf"(to_)?{name}(_|$)", symbol)


def heads(source, pattern):
    """(file, line, match) of each head of a function, definition or declaration, in the source."""
    for path in sorted(source.rglob("*.[ch]")):
        file = str(path.relative_to(source))
        if not prefix(file):
            continue
        text = path.read_text()
        other = [match.span(1) for match in USER_SPACE.finditer(text)]
        for match in pattern.finditer(text):
            if not any(start <= match.start() < end for start, end in other):
                yield file, text.count("\n", 0, match.start(1)) + 1, match


def symbols(source, objects):
    """(file, line, name) of all symbols that were compiled from one of our files."""
    for path in sorted(objects.rglob("*.o")):
        file = str(path.relative_to(objects).with_suffix(".c"))
        if not prefix(file) or not (source / file).exists():
            continue
        out = subprocess.run(["nm", "-l", path], check=True, capture_output=True, text=True).stdout
        for kind, name, where, line in re.findall(r" (\w) (\S+)\t(\S+):(\d+)$", out, re.M):
            where = pathlib.PurePath(where).parts
            for i in range(len(where)):
                file = "/".join(where[i:])
                if kind != "U" and prefix(file) and (source / file).exists():
                    yield file, int(line), name
                    break


def main():
    source, objects = map(pathlib.Path, sys.argv[1:3])
    defined = {(file, line, match[1]) for file, line, match in heads(source, FUNCTION)}
    compiled = {(file, line, name) for file, line, name in symbols(source, objects)
                if not MADE.match(name) and not LOCAL.match(name)}
    bad = [f"{file}:{line}: {name}: begin it with {prefix(file)}_"
           for file, line, name in sorted(defined | compiled) if not is_good(file, name)]
    if len(compiled) < 10:
        bad.append(f"{objects}: only {len(compiled)} symbols: was it compiled, with -g?")
    print("\n".join(bad) or f"{len(defined)} functions, {len(compiled)} symbols")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
