#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Find wording that a reader of English stumbles over: words.py FILE...

Prints "FILE:LINE: words: what to write instead" and exits with 1 if there is any. The list is
short on purpose: only words that are wrong wherever they occur, so that no good sentence is
refused. A phrase is found across the end of a line too, in comments as well.
"""
import re
import sys

# (regular expression, what to write instead, not behind this). A blank stands for the end of a
# line as well, with what begins the next line of a comment.
WORDS = (
    (r"\blet(s|ting)? go\b", 'write "release" or "free"'),
    (r"\b(his|he|him|himself)\b", 'write "its", "it", "they" or name what is meant'),
    (r"\bpatience\b", 'write "preemption timeout"'),
    (r"\bfor ever\b", 'write "forever"'),
    (r"\bElse\b", 'write "Otherwise"'),
    (r"\b(is|are|was|were) none of\b", 'write "is not" or "is not one of"'),
    (r"\b(it|that|which) (is|was) none\b(?! of)", 'write "is not one" or name what is meant'),
    (r"\b(is|are) no (power of|T1|trace|vGPU|UUID|run|number|name of)\b", 'write "is not a"',
     r"\b(there|where|here) $"),
    (r"\b(can't|can not|cannot|could not|couldn't) be had\b", 'write "is not available"'),
    (r"\btells? of\b", 'write "reports"'),
    (r"\bhead tells\b", 'write "first comment describes"'),
    (r"\b(what|that|which|keys|fields) stands? (in|at|on|there|behind|beside)\b(?! for)",
     'write "is"'),
    (r"\b(is|are) worth nothing\b", 'write "is stale" or "is not used"'),
    (r"\btakes? offence\b", "say what it does"),
    (r"\bneed not be thought of\b", 'write "the core handles"'),
    (r"\bfor who (use|work|want|write|read)s?\b", 'write "for users", "for developers"'),
)

# "Whose clock is behind goes first.": a sentence that begins so and is no question. A heading has
# no full stop before its paragraph or comment ends or a line is drawn under it.
WHO = re.compile(r"(?:\A|[.;] |/\*\*? |\n[ \t]*(?:\*|#|//|\"\"\")? *|\"\"\")(Who(?:se)?) "
                 r"(?:(?!\*/)[^.;?])*[.;]")

# "Else" is wrong only with its capital, and He with one is a name
CASE = ("Else", "his")

# As \b, but a word in an identifier is one as well: out_of_patience, REVOKE_PATIENCE
EDGE = r"(?:(?<![^\W_])(?=[^\W_])|(?<=[^\W_])(?![^\W_]))"

BREAK = r"(?:[ \t]+|[ \t]*\n[ \t]*(?:(?:\*|\#|//)[ \t]+)?)"


def compiled(pattern, instead, unless=None):
    flags = 0 if any(word in pattern for word in CASE) else re.IGNORECASE
    return (re.compile(pattern.replace(" ", BREAK).replace(r"\b", EDGE), flags), instead,
            unless and re.compile(unless.replace(" ", BREAK), re.IGNORECASE))


LIST = [compiled(*entry) for entry in WORDS]


def hits(text):
    """(line, words, what to write instead) for each place in @text, in order."""
    found = []
    for pattern, instead, unless in LIST:
        for m in pattern.finditer(text):
            if not unless or not unless.search(text[max(0, m.start() - 40):m.start()]):
                found.append((m.start(), m.group(), instead))
    for m in WHO.finditer(text):
        if not re.search(r"\n(\n|==|--)", m.group()):
            found.append((m.start(1), m.group(1), "name what does it, or ask"))
    return [(text.count("\n", 0, at) + 1, " ".join(words.split()), instead)
            for at, words, instead in sorted(found)]


def main(files):
    bad = 0
    for name in files:
        with open(name, encoding="utf-8", errors="replace") as f:
            for line, words, instead in hits(f.read()):
                print(f"{name}:{line}: \"{words}\": {instead}")
                bad = 1
    return bad


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
