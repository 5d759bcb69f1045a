"""The texts of the package's files, and how what differs from package to package comes into them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib.resources import files
from string import Template

__all__ = ["render"]


class _Text(Template):
    """A text with ``@@name`` in it: Python, YAML and shell have no such thing of their own."""

    delimiter = "@@"


_SECTION = re.compile(r"^@@if (\w+)\n(.*?)^@@end\n", re.MULTILINE | re.DOTALL)


def render(template: str, values: Mapping[str, str], sections: Mapping[str, bool]) -> str:
    """Return a file's text.

    Args:
        template: The name of its template; what stands between ``@@if SECTION`` and ``@@end`` is for some packages.
        values: What replaces ``@@NAME``.
        sections: Which sections are wanted.
    """
    text = (files(__package__) / "templates" / f"{template}.txt").read_text(encoding="utf-8")
    chosen = _SECTION.sub(lambda match: match[2] if sections[match[1]] else "", text)
    return _Text(chosen).substitute(values)
