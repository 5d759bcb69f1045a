"""Write the minutes of chapters and the schedules into docs/teaching.md: ``python -m scripts.schedules``.

A schedule names chapters, each whole or its fast track, and breaks. The minutes of a chapter come from its source, by
the rule in `scripts.chapters`; a fast track takes half of them.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from pathlib import Path

from scripts.chapters import SOURCES, minutes, source_of

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "teaching.md"
BEGIN, END = "<!-- scripts/schedules.py writes from here -->", "<!-- to here -->"
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
            ["5 fast", "5b", BREAK, "6", "lunch", "8 fast", "9", BREAK, "10", "11 fast"],
        ],
    ),
}
"""For each schedule its aim, the most minutes of a day, lunch not counted, and what each day has."""

PAUSES = {BREAK: 15, "lunch": 60}


def times() -> dict[str, tuple[str, int]]:
    """Return the title and the minutes of each chapter, by its number."""
    found = {}
    for path in sorted(SOURCES.glob("*.py")):
        source = source_of(path)
        title = source.cells[0].source.splitlines()[0].lstrip("# ").partition(" · ")
        number = re.sub("^0+(?=.)", "", path.stem.partition("-")[0])
        found[number] = (title[2] or title[0], minutes(source))
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


def main() -> None:
    """Write the tables into the page."""
    text = PAGE.read_text(encoding="utf-8")
    before, after = text.partition(BEGIN)[0], text.partition(END)[2]
    PAGE.write_text(f"{before}{BEGIN}\n\n{tables()}\n\n{END}{after}", encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
