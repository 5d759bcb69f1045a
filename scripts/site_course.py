"""The chapters of the course as pages of the site: the executed solutions, with the solutions of exercises folded.

`scripts/site_hooks.py` calls this while MkDocs builds.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import nbformat

ROOT = Path(__file__).resolve().parent.parent
SOLUTIONS = ROOT / "chapters" / "solutions"
DRAWINGS = ROOT / "chapters" / "drawings"

_ANSI = re.compile(r"\x1b\[[0-9;]*m")
_DATA = re.compile(r"^\[[\w-]+\]: data:\S+$", re.MULTILINE)
_STYLE = re.compile(r"<style>.*?</style>", re.DOTALL)


def course_pages() -> Iterator[tuple[str, str, str]]:
    """Yield the place, the title and the text of the page of each chapter, in order."""
    for path in sorted(SOLUTIONS.glob("*.ipynb")):
        notebook = nbformat.read(path, as_version=4)
        title = notebook.cells[0].source.splitlines()[0].lstrip("# ")
        yield f"course/{path.stem}.md", title, page_of(notebook)


def page_of(notebook: Any) -> str:
    """Return a chapter as Markdown."""
    return "\n\n".join(part for cell in notebook.cells for part in _parts(cell)) + "\n"


def _parts(cell: Any) -> Iterator[str]:
    if cell.cell_type == "markdown":
        yield _text(cell.source)
        return
    if "find_spec" in cell.source:  # the cell that installs the course where it is missing
        return
    code = f"````python\n{cell.source}\n````"
    if cell.metadata.get("exercise"):
        yield f'<details class="solution" markdown="1"><summary>A solution</summary>\n\n{code}\n\n</details>'
        return
    yield code
    for output in cell.outputs:
        yield from _output(output)


def _text(source: str) -> str:
    text = re.sub(r"!\[([^]]*)\]\[([\w-]+)\]", r"![\1](drawings/\2.svg)", _DATA.sub("", source))
    text = re.sub(r"\]\((\d\w*-[\w-]+)\.ipynb", r"](\1.md", text)
    # Without this, Python-Markdown leaves the text in a folded part as it is.
    return text.replace("<details>", '<details markdown="1">').strip()


def _output(output: Any) -> Iterator[str]:
    if output.output_type == "stream":
        yield _plain(output.text)
    elif output.output_type == "error":
        yield _plain("\n".join(output.traceback))
    else:
        yield _displayed(output.data)


def _displayed(data: Mapping[str, Any]) -> str:
    if "image/png" in data:
        source = f"data:image/png;base64,{data['image/png'].strip()}"
        return f'<img class="output" alt="The plot that the cell above drew" src="{source}">'
    if "text/html" in data:
        card = re.sub(r"\n\s*\n", "\n", _STYLE.sub("", data["text/html"]))
        return f'<div class="output">{card}</div>'
    return _plain(data.get("text/plain", ""))


def _plain(text: str) -> str:
    shown = _ANSI.sub("", text).rstrip()
    return f'<div class="output"><pre>{html.escape(shown)}</pre></div>' if shown else ""
