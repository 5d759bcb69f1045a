"""An observation: a part of a server that some host may not take as it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["Kind", "Observation"]

Kind = Literal["tool", "resource", "resource template", "prompt", "server"]


@dataclass(frozen=True)
class Observation:
    """A part of a server, which a check noticed or measured. It becomes a finding if a fact about a host holds for it.

    Attributes:
        check: The key of the check.
        kind: The kind of definition.
        name: Its name or URI; "" for the server.
        what: The observation in words.
        fix: The remedy in words.
        path: The part of the definition, such as ``parameter tags``; "" for the whole.
        size: The size that facts compare with a limit.
        text: The text that facts compare with a pattern.
        keywords: The keywords by which facts tell observations of a check apart.
        below: The keywords of the schema that lead to the part, such as ``$defs``.
    """

    check: str
    kind: Kind
    name: str
    what: str
    fix: str
    path: str = ""
    size: int = 0
    text: str = ""
    keywords: frozenset[str] = frozenset()
    below: frozenset[str] = frozenset()
