"""Give the drawings of the course one style: ``python scripts/drawings.py [--look FOLDER] [NAME ...]``.

A drawing is ``chapters/drawings/NAME.svg``: shapes with the classes below. This puts the style sheet and the arrowhead
into each, so that a file is whole. With ``--look`` it also takes a picture of each, light and dark, into a folder.

- ``panel``: the ground that everything is on, so that the drawing is readable on any page;
- ``box``, with ``a`` (blue), ``b`` (green), ``c`` (orange) or ``d`` (red); ``soft`` for a frame around boxes;
- ``line``: an arrow; ``dash`` for a notification or something that may not happen, ``plain`` for one without a head;
- text: ``t`` for a title, ``s`` for a note, ``m`` for code; ``mid`` and ``end`` set the anchor.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

DRAWINGS = Path(__file__).resolve().parent.parent / "chapters" / "drawings"

LIGHT = {
    "panel": "#fbfaf7", "edge": "#d9d6cc", "text": "#1f2933", "note": "#52606d", "box": "#ffffff", "line": "#52606d",
    "a": "#e3effb", "a-edge": "#1f5fbf", "b": "#e5f4e8", "b-edge": "#2e7d32", "c": "#fdeedd", "c-edge": "#a65d00",
    "d": "#fae5e5", "d-edge": "#b00020",
}  # fmt: skip
DARK = {
    "panel": "#1d2125", "edge": "#3a4149", "text": "#e6e9ec", "note": "#aab4be", "box": "#272c32", "line": "#aab4be",
    "a": "#16304f", "a-edge": "#6ea8ff", "b": "#17361f", "b-edge": "#6fcf7c", "c": "#40290b", "c-edge": "#f0a94a",
    "d": "#47171b", "d-edge": "#ff8f8f",
}  # fmt: skip


def rules(colors: dict[str, str]) -> str:
    """Return the rules for one set of colors."""
    boxes = "".join(f".box.{k}{{fill:{colors[k]};stroke:{colors[f'{k}-edge']}}}" for k in "abcd")
    lines = "".join(f".line.{k}{{stroke:{colors[f'{k}-edge']}}}" for k in "abcd")
    return (
        f".panel{{fill:{colors['panel']};stroke:{colors['edge']}}}text{{fill:{colors['text']}}}"
        f".s{{fill:{colors['note']}}}.box{{fill:{colors['box']};stroke:{colors['line']}}}{boxes}"
        f".soft{{fill:none;stroke:{colors['note']}}}.line{{stroke:{colors['line']}}}{lines}.head{{fill:{colors['line']}}}"
    )


STYLE = (
    "text{font:14px system-ui,-apple-system,'Segoe UI',sans-serif}.t{font-weight:600}.s{font-size:12px}"
    ".m{font-family:ui-monospace,Menlo,Consolas,monospace;font-size:12px}.mid{text-anchor:middle}.end{text-anchor:end}"
    ".box{stroke-width:1.5}.soft{stroke-dasharray:3 3}.line{fill:none;stroke-width:1.5;marker-end:url(#head)}"
    ".dash{stroke-dasharray:5 4}.plain{marker-end:none}"
    f"{rules(LIGHT)}@media(prefers-color-scheme:dark){{{rules(DARK)}}}"
)
HEAD = (
    '<defs><marker id="head" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7" '
    'orient="auto-start-reverse"><path class="head" d="M0 0L10 5L0 10z"/></marker></defs>'
)
OPENING = re.compile(r"(<svg[^>]*>)(?:\s*<style>.*?</style>)?(?:\s*<defs>.*?</defs>)?", re.DOTALL)


def styled(drawing: str) -> str:
    """Return a drawing with the style and its size in place; without a size, pages show it small."""
    if box := re.search(r'viewBox="0 0 (\d+) (\d+)"', drawing):
        drawing = re.sub(
            r'<svg(?: (?:width|height)="\d+")*', f'<svg width="{box[1]}" height="{box[2]}"', drawing, count=1
        )
    return OPENING.sub(lambda opening: f"{opening[1]}\n<style>{STYLE}</style>\n{HEAD}", drawing, count=1)


def look(paths: list[Path], folder: Path) -> None:
    """Take a picture of each drawing in both color schemes."""
    from playwright.sync_api import sync_playwright

    from tests.support.lab import FLAGS, browser_or_skip

    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_or_skip(), args=FLAGS)
        for scheme in ("light", "dark"):
            page = browser.new_page(color_scheme=scheme, viewport={"width": 800, "height": 600})
            for path in paths:
                page.goto(path.as_uri())
                page.screenshot(path=folder / f"{path.stem}-{scheme}.png")


def main(words: list[str]) -> None:
    """Style the drawings that are named, or all."""
    folder = Path(words[words.index("--look") + 1]) if "--look" in words else None
    names = [word for word in words if word != "--look" and word != str(folder)]
    paths = [path for path in sorted(DRAWINGS.glob("*.svg")) if not names or path.stem in names]
    for path in paths:
        text = path.read_text(encoding="utf-8")
        if (made := styled(text)) != text:
            path.write_text(made, encoding="utf-8")
    if folder is not None:
        look(paths, folder)


if __name__ == "__main__":
    main(sys.argv[1:])
