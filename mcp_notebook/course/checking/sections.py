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
        cell = next((id for name, id in headings.items() if name == found[1] or name.startswith(f"{found[1]} ·")), None)
        if cell is not None:
            # JupyterLab and the pages of nbconvert find a cell by this, and JupyterLab no heading by its name.
            link = f'<a href="#cell-id={quote(cell)}">{escape(found.group())}</a>'
            html += [escape(read[at : found.start()]), link]
            at = found.end()
    return "".join([*html, escape(read[at:])])


def _headings() -> dict[str, str]:
    """Return the headings of the notebook that runs, with the ids of their cells.

    Jupyter's server tells the kernel the path of the notebook; without it there are none.
    """
    try:
        notebook = json.loads(Path(os.environ.get("JPY_SESSION_NAME", "")).read_text(encoding="utf-8"))
        texts = [(cell["id"], "".join(cell["source"])) for cell in notebook["cells"] if cell["cell_type"] == "markdown"]
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    return {name: id for id, text in texts for name in re.findall(r"^#+ +(.+?) *$", text, re.MULTILINE)}
