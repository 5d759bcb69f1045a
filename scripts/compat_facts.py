"""Write the table of facts about hosts in docs/compat.md.

The facts are in mcp_notebook/compat/facts.json. Run this after changing one; a test compares the page with them.
"""

from __future__ import annotations

from html import escape
from pathlib import Path

from mcp_notebook.compat.checks import CHECKS
from mcp_notebook.compat.facts import Fact, table

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "compat.md"
BEGIN, END = "<!-- scripts/compat_facts.py writes from here -->", "<!-- to here -->"


def facts() -> str:
    """Return the facts as Markdown: a table for each check, and one for features."""
    lines = [f"Read on {table().read}."]
    for check, words in CHECKS.items():
        lines += ["", f"**{words[0].upper()}{words[1:]}** (`{check}`)", "", *_rows(check)]
    lines += ["", "**Features besides tools**", "", *_rows("feature"), "", "**Approval**", "", *_rows("approval")]
    return "\n".join(lines)


def _rows(check: str) -> list[str]:
    rows = [
        f"| {table().titles[host]} | {fact.effect} | {_words(fact)} | {_source(fact)} |"
        for host in table().hosts
        for fact in table().about(check).get(host, [])
    ]
    return ["| host | | what happens | version, date |", "|---|---|---|---|", *rows]


def _words(fact: Fact) -> str:
    words = [escape(fact.happens, quote=False)] if fact.happens else []
    if fact.limit is not None:
        prefix = f", `{fact.prefix}` before it included" if fact.prefix else ""
        words.append(f"more than {fact.limit:,}{prefix}")
    if fact.pattern is not None:
        words.append(f"not `{fact.pattern}`".replace("|", "\\|"))
    if fact.keywords:
        words.append(", ".join(f"`{word}`" for word in sorted(fact.keywords)))
    if fact.not_below:
        words.append(f"not below {', '.join(f'`{word}`' for word in sorted(fact.not_below))}")
    return "; ".join(words)


def _source(fact: Fact) -> str:
    dated = " ".join(filter(None, [fact.version, str(fact.as_of)]))
    return f"[{dated}]({fact.source})" if fact.source.startswith("https://") else f"{dated}, measured"


def main() -> None:
    """Write the table into the page."""
    text = PAGE.read_text(encoding="utf-8")
    before, after = text.partition(BEGIN)[0], text.partition(END)[2]
    PAGE.write_text(f"{before}{BEGIN}\n\n{facts()}\n\n{END}{after}", encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
