#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Print the policies that the demo runs, in order: select_policies.py

They are those for which the report can compute what a guest is owed (report/figures.py). The
simulator, TESSERA_SIMULATE, is asked whether they exist and have shares; exits 1 if not.
"""

import os
import sys

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.append(os.path.join(HERE, "report"))
sys.path.append(os.path.join(HERE, "..", "..", "tools", "compare"))

import figures  # noqa: E402
import policies  # noqa: E402


def main():
    """The command."""
    try:
        for name in figures.POLICIES:
            if name not in policies.names():
                raise policies.PolicyError(f"there is no policy {name}")
            if not policies.has(name, "proportional"):
                raise policies.PolicyError(f"policy {name} promises no shares")
    except policies.PolicyError as e:
        print(f"select_policies: {e}", file=sys.stderr)
        return 1
    print(*figures.POLICIES)
    return 0


if __name__ == "__main__":
    sys.exit(main())
