"""Make every character of foreign text visible."""

from __future__ import annotations

import re

__all__ = ["visible"]

_HIDDEN = re.compile(
    # Controls: a terminal obeys ESC and C1 codes; a lone CR or a backspace lets later text overwrite a line.
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]|\r(?!\n)"
    # Characters that change the direction of text or break lines, zero-width ones, fillers, annotations, surrogates.
    "|[\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u2800\u3164\ufeff\uffa0"
    "\ufff0-\ufffb\ud800-\udfff\U0001bca0-\U0001bca3\U0001d173-\U0001d17a]"
    # Variation selectors and tags: each can carry a hidden byte.
    "|[\u180b-\u180d\u180f\ufe00-\ufe0f\U000e0000-\U000e0fff]"
)

_NOT_IN_A_LINE = re.compile("[\n\r\t\xa0\u1680\u2000-\u200a\u202f\u205f\u3000]")
"""Characters that end a line or a cell, and spaces that only look like the usual one."""

_JOINERS = "\u200c\u200d"

_PICTURE = re.compile("[\xa9\xae\u203c-\u3299\ufe0f\U0001f000-\U0001faff]")
_JOINING_SCRIPT = re.compile("[\u0600-\u08ff\u0900-\u0dff\u1000-\u109f\u1780-\u17ff\u1800-\u18aa]")
_IDEOGRAPH = re.compile("[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")


def visible(text: str, *, one_line: bool = False) -> str:
    r"""Escape characters that are invisible, change the direction of text, or control a terminal.

    Line ends and tabs stay, and so do the characters that ordinary writing needs: joiners inside emoji and between
    letters of Arabic or Indic scripts, and one variation selector after a character that has variants.

    Args:
        text: The text.
        one_line: Whether the text is part of a line, which it must not end: also escape line ends, tabs and unusual
            spaces.
    """
    if not (text.isascii() and text.replace("\n", " ").isprintable()):
        text = _HIDDEN.sub(_written, text)
    return _NOT_IN_A_LINE.sub(_escape, text) if one_line else text


def _written(found: re.Match[str]) -> str:
    """Return the character if ordinary writing has it in this place, else its escape."""
    character, text = found.group(), found.string
    before, after = text[max(found.start() - 1, 0) : found.start()], text[found.end() : found.end() + 1]
    if character in _JOINERS:
        keeps = any(kind.match(before) and kind.match(after) for kind in (_PICTURE, _JOINING_SCRIPT))
    elif "\U000e0100" <= character <= "\U000e01ef":
        keeps = bool(_IDEOGRAPH.match(before))
    elif "\ufe00" <= character <= "\ufe0f":
        keeps = bool(before and (before in "#*0123456789" or (before > "\x9f" and not _HIDDEN.match(before))))
    else:
        keeps = "\u180b" <= character <= "\u180f" and "\u1820" <= before <= "\u18aa"
    return character if keeps else _escape(found)


def _escape(found: re.Match[str]) -> str:
    character = found.group()
    usual = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}.get(character)
    return usual or (f"\\u{ord(character):04x}" if character <= "\uffff" else f"\\U{ord(character):08x}")
