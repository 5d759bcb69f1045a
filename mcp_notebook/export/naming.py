"""Names for a package."""

from __future__ import annotations

import keyword
import re
import sys
import unicodedata
from collections.abc import Collection
from pathlib import Path

from mcp_notebook.errors import ExportError
from mcp_notebook.export.findings import Finding

__all__ = ["package_name", "printable", "refuse_place"]

RESERVED = frozenset({"src", "test", "tests", "pip", "setuptools", "wheel", "hatchling", "pytest", "ruff", "pyright"})
"""Names that tools around a package have."""

DEVICES = re.compile(r"con|prn|aux|nul|com[0-9]|lpt[0-9]")
"""Names that no folder can have on Windows."""

BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Characters that make text read in another order than it has."""

LONGEST = 60
"""Characters that a name has at most: it is a folder's too."""


def package_name(wanted: str, imported: Collection[str] = ()) -> tuple[str, tuple[Finding, ...]]:
    """Return a name that is valid for a module and for a distribution, and what had to be changed.

    Args:
        wanted: The name of the destination's folder, or of the server.
        imported: First parts of the modules that the package imports: one of its own by such a name would hide it.
    """
    plain = unicodedata.normalize("NFKD", wanted).encode("ascii", "ignore").decode()  # a letter without its accent
    name = re.sub(r"[^a-z0-9]+", "_", plain.lower()).strip("_") or "server"
    name = name[:LONGEST].strip("_")
    if name[0].isdigit():
        name = f"server_{name}"
    why = _taken(name, imported)
    if why:
        name = f"{name}_server"
    if name == wanted.replace("-", "_"):
        return name, ()
    shown = wanted if len(wanted) <= LONGEST else f"{wanted[:LONGEST]}..."
    reason = f"{shown!r} is {why}" if why else f"{shown!r} is not a name for a package"
    return name, (
        Finding("notes", None, " ".join(printable(shown).split()), f"The package is called {name}, because {reason}."),
    )


def printable(text: str) -> str:
    """Return a text as a document can have it: what cannot be seen or written down is a replacement character."""
    return "".join(c if c in "\n\t" or not _is_control(c) else "\ufffd" for c in text)


def refuse_place(destination: Path) -> None:
    """Refuse a directory whose name no file system takes, or that no line can show.

    Raises:
        ExportError: There is a control character in it, or a part of it is too long.
    """
    shown = printable(str(destination)).replace("\n", "\ufffd").replace("\t", "\ufffd")
    if shown != str(destination):
        raise ExportError(f"{shown[:200]!r} has a control character, so no directory is made. Name another.")
    for part in destination.parts:
        if len(part.encode(errors="replace")) > 255:
            raise ExportError(f"{part[:40]}... is longer than the 255 bytes that a name can have. Name another.")


def _is_control(character: str) -> bool:
    return unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp", "Cn") or character in BIDI


def _taken(name: str, imported: Collection[str]) -> str:
    if keyword.iskeyword(name) or keyword.issoftkeyword(name):
        return "a word of Python"
    if name in sys.stdlib_module_names:
        return "a module of Python's standard library"
    if name in {top.lower() for top in imported}:
        return "a package that it imports itself"
    if name in RESERVED:
        return "the name of a tool that works on it"
    if DEVICES.fullmatch(name):
        return "a device on Windows"
    return ""
