"""Fill the templates of the package's files."""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib.resources import files
from string import Template

__all__ = ["render"]


class _Text(Template):
    """A text with ``@@name`` in it, which Python, YAML and shell do not use."""

    delimiter = "@@"


_SECTION = re.compile(r"^@@if (\w+)\n(.*?)^@@end\n", re.MULTILINE | re.DOTALL)


def render(template: str, values: Mapping[str, str], sections: Mapping[str, bool]) -> str:
    """Return a file's text.

    Args:
        template: The name of its template; the text between ``@@if SECTION`` and ``@@end`` is for some packages.
        values: The values of each ``@@NAME``.
        sections: Whether to include each section.
    """
    text = (files(__package__) / "templates" / f"{template}.txt").read_text(encoding="utf-8")
    chosen = _SECTION.sub(lambda match: match[2] if sections[match[1]] else "", text)
    return _Text(chosen).substitute(values)
