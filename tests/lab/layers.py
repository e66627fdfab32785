#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Check that kmod/ is built in layers, and sched/ without circles: layers.py SOURCE OBJECTS

SOURCE has the folders kmod and sched, OBJECTS the same as they were compiled. Two rules, and each
line of output is an arrow that breaks one:

- a file of kmod/ includes headers of its own folder, or of a layer below;
- what the files of both call of each other has no cycle. What goes through a table of functions, as
  from the scheduler's core to its policies, is not counted.
"""
import collections
import pathlib
import re
import subprocess
import sys

# From the bottom; what is beside the folders ties them together. Every other folder is a kind.
LAYERS = {"accel": 1, "dispatch": 2, "vgpu": 3}
KIND = 4
TOP = 5
FOR_ALL = {"tessera.h", "trace.h"}
# Fewer object files than the module ever had
LEAST = {"kmod": 10, "sched": 5}


def layer(path):
    folder = path.parts[0] if len(path.parts) > 1 else None
    if folder is None:
        return TOP, "the top"
    return LAYERS.get(folder, KIND), folder + "/"


def included(kmod, folder, quoted, bracketed):
    """The file of kmod/ that a line of a file in this folder includes, or nothing."""
    for start in (folder, kmod) if quoted else (kmod,):
        found = (start / (quoted or bracketed)).resolve()
        if found.is_file():
            return found.relative_to(kmod) if found.is_relative_to(kmod) else None
    return None


def bad_includes(kmod):
    for path in sorted(kmod.rglob("*.[ch]")):
        name = path.relative_to(kmod)
        level, where = layer(name)
        if str(name) in FOR_ALL or str(name) == "trace.c":
            level, where = 0, "what every file may know"
        for line, text in enumerate(path.read_text().splitlines(), 1):
            match = re.match(r'\s*#\s*include\s+(?:"([^"]+)"|<([^>]+)>)', text)
            target = match and included(kmod, path.parent, *match.groups())
            if not target or str(target) in FOR_ALL:
                continue
            to_level, to_where = layer(target)
            if to_level > level or (to_level == level and to_where != where):
                yield (f"kmod/{name}:{line}: {name} -> {target}: "
                       f"{where} may not include {to_where}")


def symbols(path):
    out = subprocess.run(["nm", path], check=True, capture_output=True, text=True).stdout
    defined, wanted = set(), set()
    for text in out.splitlines():
        *_, kind, name = text.split()
        if kind == "U":
            wanted.add(name)
        elif kind in "TDRBVW":
            defined.add(name)
    return defined, wanted


def calls(objects):
    """Which file uses which symbols of which other file."""
    files = {}
    # Below sched/ are programs and tests of their own
    for path in sorted([*(objects / "kmod").rglob("*.o"), *(objects / "sched").glob("*.o")]):
        name = path.relative_to(objects).with_suffix(".c")
        if (objects / name).exists() and not name.name.endswith(".mod.c"):
            files[str(name)] = symbols(path)
    owner = {s: f for f, (defined, _) in files.items() for s in defined}
    edges = collections.defaultdict(lambda: collections.defaultdict(set))
    for file, (_, wanted) in files.items():
        for symbol in wanted:
            if owner.get(symbol, file) != file:
                edges[file][owner[symbol]].add(symbol)
    return files, edges


def find_cycle(files, edges):
    """A list of files, each of which uses the next, and the last the first; or nothing."""
    done, path = set(), []

    def visit(file):
        if file in path:
            return path[path.index(file):]
        if file in done:
            return None
        path.append(file)
        for to in sorted(edges[file]):
            cycle = visit(to)
            if cycle:
                return cycle
        path.pop()
        done.add(file)
        return None

    for file in files:
        cycle = visit(file)
        if cycle:
            return cycle
    return []


def main():
    source, objects = map(pathlib.Path, sys.argv[1:3])
    bad = list(bad_includes((source / "kmod").resolve()))
    files, edges = calls(objects)
    for folder, least in LEAST.items():
        num = sum(file.startswith(folder + "/") for file in files)
        if num < least:
            bad.append(f"{objects}/{folder}: only {num} object files: was it compiled?")
    cycle = find_cycle(files, edges)
    for file, to in zip(cycle, cycle[1:] + cycle[:1]):
        uses = ", ".join(sorted(edges[file][to]))
        bad.append(f"{file} -> {to}: part of a cycle by {uses}")
    print("\n".join(bad) or f"{len(files)} files, {sum(map(len, edges.values()))} arrows")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
