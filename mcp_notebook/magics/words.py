"""The words that a person types after a magic."""

from __future__ import annotations

__all__ = ["quoted", "split"]

_CLOSING = {"[": "]", "{": "}", "(": ")"}


def split(line: str) -> list[str]:
    """Split at white space outside quotes and brackets; quotes stay, so that a value keeps its type.

    `shlex` drops the quotes, and cuts ``tags=["a", "b"]`` in two. A quote or bracket that is never closed
    counts as an ordinary character: ``text=don't`` and ``text=:(`` are single words.
    """
    words: list[str] = []
    start = 0
    while start < len(line):
        if line[start].isspace():
            start += 1
            continue
        end = _end_of_word(line, start, nested=True) or _end_of_word(line, start, nested=False) or len(line)
        words.append(line[start:end])
        start = end
    return words


def _end_of_word(line: str, start: int, *, nested: bool) -> int | None:
    """Return where the word from `start` ends; None where a quote or bracket is left open."""
    quote = ""
    closing: list[str] = []
    escaped = False
    for i in range(start, len(line)):
        character = line[i]
        if quote:
            if character == quote and not escaped:
                quote = ""
            escaped = character == "\\" and not escaped
        elif nested and character in "\"'" and (i == start or line[i - 1] in "=[{(,: "):
            quote = character
        elif nested and character in _CLOSING:
            closing.append(_CLOSING[character])
        elif closing and character == closing[-1]:
            closing.pop()
        elif character.isspace() and not closing:
            return i
    return None if quote or closing else len(line)


def quoted(name: str) -> str:
    """Return a name as it can be typed on the line of a magic."""
    return f'"{name}"' if any(character.isspace() for character in name) else name
