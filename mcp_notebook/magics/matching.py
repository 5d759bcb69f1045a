"""Put a completion into the completer of a shell."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from IPython.core import completer
from IPython.core.interactiveshell import InteractiveShell

from mcp_notebook.magics import older

__all__ = ["NOTHING", "Find", "Found", "matching"]


class Found(NamedTuple):
    """The completions of a line, and the end of the line that they replace."""

    texts: tuple[str, ...] = ()
    fragment: str = ""


NOTHING = Found()

Find = Callable[[str], Found]
"""Finds the completions of a line, up to the cursor."""


@contextmanager
def matching(shell: InteractiveShell, find: Find) -> Iterator[None]:
    """Complete what `find` knows, while this is open."""
    if not hasattr(completer, "context_matcher"):
        with older.matching(shell, find):
            yield
        return

    @completer.context_matcher()
    def match(context: completer.CompletionContext) -> completer.SimpleMatcherResult:
        found = find(context.text_until_cursor)
        return completer.SimpleMatcherResult(
            completions=[completer.SimpleCompletion(text=text, type="magic") for text in found.texts],
            matched_fragment=found.fragment,
            # File names and Python names do not belong here, except where we have nothing to offer.
            suppress=bool(found.texts),
        )

    matchers = shell.Completer.custom_matchers
    matchers.append(match)
    try:
        yield
    finally:
        matchers.remove(match)
