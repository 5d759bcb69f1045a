r"""Lines of a command's stdout, as a codec: the SDK's stdio client reads through no other code of its caller.

A line is decoded when it is whole, so a long one costs no more than its length, and it is cut at the limit. A byte that
is not UTF-8 becomes an escape such as ``\xe9``: the line then fails as a message, and the error can show it.
"""

from __future__ import annotations

import codecs

from mcp_notebook.client import limits

__all__ = ["CUT", "ENCODING"]

ENCODING = "mcp-notebook-lines"

CUT = f" [cut: more than {limits.MESSAGE_IN_WORDS}]"
"""The end of a line that was longer than the limit."""


class _Lines(codecs.IncrementalDecoder):
    """Decode whole lines; hold the rest until it is one."""

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
        """Keep a part of a line; return the line at once where that makes it too long, and drop what follows."""
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
