r"""Decode the lines of a command's stdout, as a codec: the SDK's stdio client can be changed in no other way.

A line is decoded once it is complete, so that a long one costs no more than its length, and it is cut at the limit. A
byte that is not UTF-8 becomes an escape such as ``\xe9``. The line is then not a valid message, and the error shows it.
"""

from __future__ import annotations

import codecs

from mcp_notebook.client import limits

__all__ = ["CUT", "ENCODING"]

ENCODING = "mcp-notebook-lines"

CUT = f" [cut: more than {limits.MESSAGE_IN_WORDS}]"
"""The end of a line that was cut at the limit."""


class _Lines(codecs.IncrementalDecoder):
    """A decoder of whole lines; it keeps the rest until the line is complete."""

    def __init__(self, errors: str = "strict") -> None:
        super().__init__(errors)
        self._parts: list[bytes] = []
        self._size = 0

    def decode(self, data: object, final: bool = False) -> str:
        """Return the lines that `data` completes."""
        *ends, rest = bytes(data).split(b"\n")  # type: ignore[call-overload]
        lines = [self._hold(end) + self._line() for end in ends]
        return "".join(lines) + self._hold(rest)

    def _hold(self, part: bytes) -> str:
        """Keep a part of a line; if it makes the line too long, return the line cut, and drop the rest."""
        fitted, self._size = self._size <= limits.MESSAGE, self._size + len(part)
        if self._size <= limits.MESSAGE:
            self._parts.append(part)
            return ""
        self._parts, head = [], b"".join(self._parts)[: limits.QUOTED * 5]
        return f"{_text(head or part[: limits.QUOTED * 5])}{CUT}\n" if fitted else ""

    def _line(self) -> str:
        line, fitted = b"".join(self._parts).removeprefix(codecs.BOM_UTF8), self._size <= limits.MESSAGE
        self._parts, self._size = [], 0
        return f"{_text(line)}\n" if fitted else ""


def _text(line: bytes) -> str:
    return line.decode("utf-8", "backslashreplace")


def _found(name: str) -> codecs.CodecInfo | None:
    if name.replace("-", "_") != ENCODING.replace("-", "_"):
        return None
    utf8 = codecs.lookup("utf-8")
    return codecs.CodecInfo(utf8.encode, utf8.decode, incrementaldecoder=_Lines, name=ENCODING)


codecs.register(_found)
