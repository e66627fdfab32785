# SPDX-License-Identifier: GPL-2.0-only
"""Runs the functions of a module whose names begin with test_, and prints KTAP."""

import traceback


def run(names):
    """@names: the module's globals(). Returns the exit status."""
    tests = [(n, f) for n, f in names.items() if n.startswith("test_")]
    print(f"KTAP version 1\n1..{len(tests)}")
    failed = 0
    for i, (name, test) in enumerate(tests, 1):
        try:
            test()
        except Exception:  # pylint: disable=broad-except
            failed += 1
            print("# " + traceback.format_exc().strip().replace("\n", "\n# "))
            print(f"not ok {i} {name}")
        else:
            print(f"ok {i} {name}", flush=True)
    return 1 if failed else 0
