# SPDX-License-Identifier: GPL-2.0-only
"""A workload, or a trace, with one of its vGPUs alone."""


def _keys(text):
    return dict(part.partition("=")[::2] for part in text.split(","))


def _words(line):
    """(keyword, value), without comment."""
    words = line.split("#")[0].split(None, 1)
    return (words + ["", ""])[0], (words + ["", ""])[1].strip()


def _names(keys, number):
    name, count = keys.get("name", ""), keys.get("count", "")
    if not count.isdigit() or count == "0":
        return [name or f"vgpu{number}"]
    return [f"{name}{i}" if name else f"vgpu{number + i}" for i in range(int(count))]


def groups(lines):
    """{name of a vGPU: the numbers of its lines}: those of the same lines have the same loads."""
    out, number = {}, 0
    for i, line in enumerate(lines):
        word, value = _words(line)
        if word == "vgpu":
            names = _names(_keys(value), number)
            number += len(names)
            for name in names:
                out[name] = (*out.get(name, ()), i)
    return out


def workload(lines, name):
    """The lines of a workload in which the vGPU of that @name has the accelerator to itself: nobody
    else is there, and nothing limits it."""
    own, out = groups(lines).get(name, ()), []
    for i, line in enumerate(lines):
        word, value = _words(line)
        if word == "vgpu":
            if i not in own:
                continue
            keys = {k: v for k, v in _keys(value).items()
                    if k not in ("count", "limit", "reservation", "elastic_cap", "accelerator")}
            keys["name"] = name
            line = "vgpu " + ",".join(f"{k}={v}" for k, v in keys.items())
        elif word in ("policy", "at_ms", "accelerators"):
            continue
        out.append(line)
    return out


def traces(text):
    """{name of a vGPU: the lines of a trace that are of it, below the trace's head}."""
    head, *lines = text.splitlines(keepends=True) or [""]
    out = {}
    for line in lines:
        name = (line.split(",", 2) + [""])[1]
        out.setdefault(name, [head]).append(line)
    return {name: "".join(own) for name, own in out.items()}
