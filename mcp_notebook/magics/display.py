"""How results of the SDK are shown as the value of a cell, whoever made the call."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import mcp_types
from IPython.core.interactiveshell import InteractiveShell

from mcp_notebook.widgets.content import RENDERERS, render

__all__ = ["result_display"]


@contextmanager
def result_display(shell: InteractiveShell) -> Iterator[None]:
    """While this is open, the shell draws results as content; what another extension set is put back after."""

    def as_html(result: Any) -> str:
        return render(result).html

    def as_text(result: Any, printer: Any, _cycle: bool) -> None:
        printer.text(render(result).text)

    undo = []
    for mime, draw in (("text/html", as_html), ("text/plain", as_text)):
        formatter = shell.display_formatter.formatters[mime]
        for name in RENDERERS:
            kind = getattr(mcp_types, name)
            undo.append((formatter, kind, formatter.for_type(kind, draw)))
    try:
        yield
    finally:
        for formatter, kind, earlier in undo:
            if earlier is None:
                formatter.pop(kind, None)
            else:
                formatter.for_type(kind, earlier)
