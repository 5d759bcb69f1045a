"""Link the sections of the notebook that a check names."""

from __future__ import annotations

import json
import os
import re
from html import escape
from pathlib import Path
from urllib.parse import quote

__all__ = ["linked"]

_QUOTED = re.compile(r"'((?:[^'\\]|\\.)+)'")


def linked(read: str) -> str:
    """Return what is to be read (HTML), with a link for each heading of this notebook that it quotes.

    A part may be quoted by its number, without its title.
    """
    headings = _headings()
    html, at = [], 0
    for found in _QUOTED.finditer(read):
        heading = next((each for each in headings if each == found[1] or each.startswith(f"{found[1]} ·")), None)
        if heading is not None:
            words = escape(found.group())
            html += [escape(read[at : found.start()]), f'<a href="#{quote(heading.replace(" ", "-"))}">{words}</a>']
            at = found.end()
    return "".join([*html, escape(read[at:])])


def _headings() -> list[str]:
    """Return the headings of the notebook that runs; Jupyter's server tells the kernel its path."""
    try:
        notebook = json.loads(Path(os.environ.get("JPY_SESSION_NAME", "")).read_text(encoding="utf-8"))
        texts = ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "markdown"]
    except (OSError, ValueError, KeyError, TypeError):
        return []
    return re.findall(r"^#+ +(.+?) *$", "\n".join(texts), re.MULTILINE)
