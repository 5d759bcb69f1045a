"""For IPython before 8.6, as on Colab and Kaggle (7.34): completion without the matcher API."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from IPython.core.interactiveshell import InteractiveShell

__all__ = ["matching"]


@contextmanager
def matching(shell: InteractiveShell, find: Callable[[str], tuple[tuple[str, ...], str]]) -> Iterator[None]:
    """Complete what `find` knows, while this is open."""
    completer = shell.Completer

    def match(_line: str) -> list[str]:
        until: str = completer.text_until_cursor
        texts, fragment = find(until)
        # IPython completes only the text after the last delimiter, such as the = in ``a=1``.
        known = len(fragment) - len(completer.splitter.split_line(until))
        return [text[known:] for text in texts] if known >= 0 else []

    completer.magic_arg_matchers.append(match)
    try:
        yield
    finally:
        completer.magic_arg_matchers.remove(match)
