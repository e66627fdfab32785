# SPDX-License-Identifier: GPL-2.0-only
"""HTML that all pages share: one style, tables, a document that needs no other file."""

from html import escape

STYLE = """
:root { --ink: #1c1e21; --soft: #5b6068; --line: #d9dce1; --paper: #ffffff; --ground: #f4f5f7; }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink);
       font: 16px/1.5 system-ui, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; }
main { max-width: 1120px; margin: 0 auto; padding: 32px 24px 64px; }
h1 { font-size: 30px; line-height: 1.2; margin: 0 0 8px; }
h2 { font-size: 21px; margin: 40px 0 8px; }
h3 { font-size: 15px; margin: 16px 0 0; color: var(--soft); font-weight: 600; }
p { margin: 0 0 12px; max-width: 76ch; }
section, .panel { background: var(--paper); border: 1px solid var(--line); border-radius: 10px;
                  padding: 18px 22px; margin: 16px 0; }
section h2 { margin: 0 0 4px; font-family: ui-monospace, "DejaVu Sans Mono", monospace; }
svg { width: 100%; height: auto; display: block; }
.verdict { display: inline-block; border-radius: 6px; padding: 3px 12px; font-weight: 600; }
.passed { background: #d8f0e4; color: #0b5a3c; }
.failed { background: #fbdfdb; color: #8c1d11; }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(200px, 1fr)); gap: 14px;
         margin: 20px 0; }
.card { background: var(--paper); border: 1px solid var(--line); border-radius: 10px;
        padding: 14px 18px; }
.card b { display: block; font-size: 27px; line-height: 1.3; }
.card span { color: var(--soft); font-size: 14px; }
.key { color: var(--soft); font-size: 14px; }
.key i { display: inline-block; width: 13px; height: 13px; border-radius: 3px; margin: 0 5px -2px 12px;
         border: 1px solid rgba(0, 0, 0, .12); }
.key i.due { height: 3px; border: 0; border-radius: 0; width: 18px; margin-bottom: 4px; }
.key span { white-space: nowrap; }
summary { cursor: pointer; color: var(--soft); font-size: 14px; margin: 10px 0; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: 14px; font-variant-numeric: tabular-nums; }
th, td { padding: 6px 9px; text-align: right; border-bottom: 1px solid var(--line);
         white-space: nowrap; }
th { color: var(--soft); font-weight: 600; }
th.text, td.text { text-align: left; }
td.due { color: var(--soft); }
code { font-family: ui-monospace, "DejaVu Sans Mono", monospace; font-size: 13px; word-break: break-all; }
ul { margin: 8px 0; padding-left: 22px; }
footer { color: var(--soft); font-size: 14px; margin-top: 32px; }
"""


def table(head, body, texts):
    """A table of texts; the first @texts columns are words, the rest numbers."""
    def row(cells, tag):
        out = []
        for i, cell in enumerate(cells):
            kind = "text" if i < texts else ("due" if head[i] == "due" else "")
            attr = f' class="{kind}"' if kind else ""
            out.append(f"<{tag}{attr}>{escape(cell)}</{tag}>")
        return "<tr>" + "".join(out) + "</tr>"

    return ('<div class="scroll"><table><thead>' + row(head, "th") + "</thead><tbody>" +
            "\n".join(row(r, "td") for r in body) + "</tbody></table></div>")


def document(title, body):
    """The whole page."""
    return f"""<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)}</title>
<style>{STYLE}</style></head><body><main>
{body}
</main></body></html>
"""
