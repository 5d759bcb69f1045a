"""What a package can be called."""

from __future__ import annotations

import keyword
import re
import sys
import unicodedata
from collections.abc import Collection

from mcp_notebook.export.findings import Finding

__all__ = ["package_name"]

RESERVED = frozenset({"src", "test", "tests", "pip", "setuptools", "wheel", "hatchling", "pytest", "ruff", "pyright"})
"""Names that tools around a package have."""

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
    reason = f"{wanted!r} is {why}" if why else f"{wanted!r} is no name for a package"
    return name, (Finding("notes", None, wanted, f"The package is called {name}, because {reason}."),)


def _taken(name: str, imported: Collection[str]) -> str:
    if keyword.iskeyword(name) or keyword.issoftkeyword(name):
        return "a word of Python"
    if name in sys.stdlib_module_names:
        return "a module of Python's standard library"
    if name in {top.lower() for top in imported}:
        return "a package that it imports itself"
    if name in RESERVED:
        return "the name of a tool that works on it"
    return ""
