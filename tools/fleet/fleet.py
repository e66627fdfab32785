#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Show what the fleet simulator says of each placement: a table, and a sentence that names the
best one. Documentation/fleet.rst.
"""

import json
import os
import subprocess
import sys

HEAD = ("placement", "refused", "fragmented", "missed", "kept", "served", "utilisation", "allocated",
        "in use", "at most", "unusable V1", "V2", "V4", "V8")


def percent(x):
    """Of a fraction; "-" for None."""
    return "-" if x is None else f"{100 * x:.2f} %"


def ratio(part, whole):
    """A fraction; None of nothing."""
    return part / whole if whole else None


def kept(result, p):
    """Of the engine time that all vGPUs were promised, what was not lost to a refusal or a miss."""
    return ratio(result["promised_ms"] - p["refused_ms"] - p["missed_ms"], result["promised_ms"])


def served(result, p):
    """Of the engine time that all vGPUs wanted, what they had."""
    return ratio(p["got_ms"], result["wanted_ms"])


def row(result, p):
    """The cells of a placement."""
    return [p["placement"], str(p["refused"]), str(p["refused_fragmented"]), str(p["missed"]),
            percent(kept(result, p)), percent(served(result, p)), percent(p["utilisation"]),
            percent(p["allocated"]), f"{p['in_use']:.1f}", str(p["in_use_max"]),
            *(percent(p["unusable"][t]) for t in ("V1", "V2", "V4", "V8"))]


def table(result):
    """Lines, the first one the heading."""
    rows = [HEAD, *(row(result, p) for p in result["placements"])]
    widths = [max(len(r[i]) for r in rows) for i in range(len(HEAD))]
    return ["  ".join([r[0].ljust(widths[0]), *(c.rjust(w) for c, w in zip(r[1:], widths[1:]))])
            for r in rows]


# By what placements are compared, one after the other: those that are further than this below the
# highest drop out
CRITERIA = (
    (kept, .0001, "no other keeps as much of the engine time that was promised"),
    (served, .01, "of those that keep as much of the engine time that was promised it serves the "
                  "most load"),
    (lambda result, p: -p["in_use"], .05,
     "none that keeps as much of the engine time that was promised serves 1 % more of the load or "
     "has fewer accelerators in use"),
)


def outcome(result, p):
    """What a placement comes to, for a sentence."""
    return (f"{percent(kept(result, p))} kept ({p['refused']} refused, {p['missed']} missed), "
            f"{percent(served(result, p))} served, {p['in_use']:.1f} accelerators in use")


def answer(result):
    """(name of the best placement, a sentence that says why, and what the others cost)."""
    left, why = result["placements"], ""
    for measure, tolerance, reason in CRITERIA:
        values = [measure(result, p) or 0 for p in left]
        close = [p for p, value in zip(left, values) if value >= max(values) - tolerance]
        if len(close) < len(left):
            why = ", because " + reason
        left = close
    best = left[0]
    names = ", ".join(p["placement"] for p in left)
    others = sorted((p for p in result["placements"] if p not in left),
                    key=lambda p: kept(result, p) or 0, reverse=True)
    costs = "".join(f"; {p['placement']} comes to {outcome(result, p)}" for p in others)
    return best["placement"], (f"{names} {'is' if len(left) == 1 else 'are'} best for this input"
                               f"{why}: {best['placement']} comes to {outcome(result, best)}{costs}.")


def title(result):
    """What was simulated."""
    return (f"{result['arrivals']} vGPUs on {result['accelerators']} accelerators under "
            f"{result['policy']}; measured from {result['begin_ms']} to {result['end_ms']} ms")


def main(argv):
    """The command: all arguments but --json are the simulator's."""
    program = os.environ.get("TESSERA_FLEET", "fleet")
    try:
        done = subprocess.run([program, *(a for a in argv if a != "--json")],
                              stdout=subprocess.PIPE, text=True, check=False)
    except OSError as e:
        print(f"tessera fleet: {program}: {e.strerror}", file=sys.stderr)
        return 1
    if done.returncode:
        return done.returncode if done.returncode > 0 else 1
    if not done.stdout.startswith("{"):		# arrivals that were made up
        sys.stdout.write(done.stdout)
        return 0
    result = json.loads(done.stdout)
    result["best"], result["answer"] = answer(result)
    if "--json" in argv:
        print(json.dumps(result))
    else:
        print("\n".join([title(result), *("  " + line for line in table(result)), result["answer"]]))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
