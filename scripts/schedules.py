"""Write the tables of the course: its chapters into README.md, schedules into docs/teaching.md.

``make notebooks`` runs it after the notebooks are built.

A schedule names chapters, each whole or its fast track, and breaks. The minutes of a chapter come from its source, by
the rule in `scripts.chapters`; a fast track takes half of them.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator
from pathlib import Path

from scripts.chapters import LEARNER, row_of

if sys.version_info >= (3, 11):
    import tomllib
else:
    from pip._vendor import tomli as tomllib

ROOT = Path(__file__).resolve().parent.parent
PAGE, README = ROOT / "docs" / "teaching.md", ROOT / "README.md"
BEGIN, END = "<!-- scripts/schedules.py writes from here -->", "<!-- to here -->"
BADGES = {
    "Colab": "https://colab.research.google.com/assets/colab-badge.svg",
    "Binder": "https://mybinder.org/badge_logo.svg",
    "a browser tab": "https://jupyterlite.readthedocs.io/en/latest/_static/badge.svg",
}
IN_A_TAB = {"00", "04b"}
"""The chapters that run whole in a browser tab, see tests/browser_tab."""
BREAK = "break"
FAST = " fast"

SCHEDULES: dict[str, tuple[str, int, list[list[str]]]] = {
    "Half a day": (
        "a first server that an agent can use",
        240,
        [["0", "1", BREAK, "2 fast", "4b fast", BREAK, "7 fast"]],
    ),
    "One day": (
        "from the first tool to a package",
        420,
        [["0", "1", BREAK, "2", "lunch", "4 fast", "4b fast", BREAK, "5b fast", "6 fast", "7 fast"]],
    ),
    "Two days": (
        "the whole way, to a server in operation",
        420,
        [
            ["0", "1", BREAK, "2", "lunch", "3 fast", "4", BREAK, "4b", "7 fast"],
            ["5 fast", "5b", BREAK, "6", "lunch", "8 fast", "9", BREAK, "10 fast", "11 fast"],
        ],
    ),
}
"""For each schedule its aim, the most minutes of a day, lunch not counted, and what each day has."""

PAUSES = {BREAK: 15, "lunch": 60}


def times() -> dict[str, tuple[str, int]]:
    """Return the title and the minutes of each chapter, by its number."""
    found = {}
    for path in sorted(LEARNER.glob("*.ipynb")):
        link, _, taken = row_of(path)
        before, _, title = link[1:].partition("](")[0].rpartition(" · ")
        found[before or "0"] = (title, taken)
    return found


def rows_of(day: list[str]) -> Iterator[tuple[str, int]]:
    """Yield the items of a day, each with its minutes."""
    known = times()
    for item in day:
        if item in PAUSES:
            yield item, PAUSES[item]
            continue
        title, whole = known[item.removesuffix(FAST)]
        number = item.removesuffix(FAST)
        name = title if number == "0" else f"{number} · {title}"
        yield (f"{name}, fast track", fast(whole)) if item.endswith(FAST) else (name, whole)


def fast(whole: int) -> int:
    """Return the minutes of a fast track, rounded up to five."""
    return 5 * math.ceil(whole / 10)


def length(day: list[str]) -> int:
    """Return the minutes of a day without its lunch."""
    return sum(taken for item, taken in rows_of(day) if item != "lunch")


def tables() -> str:
    """Return the minutes of all chapters and the schedules, as Markdown."""
    lines = ["| chapter | whole | fast track |", "|---|---|---|"]
    for number, (title, whole) in times().items():
        name = title if number == "0" else f"{number} · {title}"
        lines.append(f"| {name} | {whole} | {fast(whole) if number != '0' else ''} |")
    for name, (aim, _, days) in SCHEDULES.items():
        for i, day in enumerate(days, 1):
            which = f"{name}, day {i}" if len(days) > 1 else f"{name}: {aim}"
            lines += ["", f"### {which}", "", "| from | minutes | |", "|---|---|---|"]
            lines += _timed(day)
            hours, rest = divmod(length(day), 60)
            lines += ["", f"Together {hours} h {rest} min" + (", without lunch." if "lunch" in day else ".")]
    return "\n".join(lines)


def _timed(day: list[str]) -> Iterator[str]:
    at = 9 * 60
    for item, taken in rows_of(day):
        yield f"| {at // 60:02}:{at % 60:02} | {taken} | {item} |"
        at += taken


def chapters_table() -> str:
    """Return the chapters, each with its promise, its minutes, and where it opens."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    place, version = project["urls"]["Source"].removeprefix("https://github.com/"), f"v{project['version']}"
    owner, _, name = place.partition("/")
    addresses = {
        "Colab": f"https://colab.research.google.com/github/{place}/blob/{version}/notebooks/",
        "Binder": f"https://mybinder.org/v2/gh/{place}/{version}?urlpath=lab/tree/notebooks/",
        "a browser tab": f"https://{owner}.github.io/{name}/lab/index.html?path=",
    }
    lines = ["| notebook | you will | minutes | open |", "|---|---|---|---|"]
    for path in sorted(LEARNER.glob("*.ipynb")):
        badges = [
            f"[![Open in {where}]({BADGES[where]})]({address}{path.stem}.ipynb)"
            for where, address in addresses.items()
            if where != "a browser tab" or path.stem.partition("-")[0] in IN_A_TAB
        ]
        link, promise, taken = row_of(path)
        lines.append(f"| {link.replace('](', '](notebooks/')} | {promise} | {taken} | {' '.join(badges)} |")
    return "\n".join(lines)


def written(page: Path, table: str) -> str:
    """Return a page with the table between its marks."""
    text = page.read_text(encoding="utf-8")
    return f"{text.partition(BEGIN)[0]}{BEGIN}\n\n{table}\n\n{END}{text.partition(END)[2]}"


def pages() -> dict[Path, str]:
    """Return the pages with tables, as they have to be."""
    return {README: written(README, chapters_table()), PAGE: written(PAGE, tables())}


def main() -> None:
    """Write the tables into the pages."""
    for page, text in pages().items():
        page.write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
