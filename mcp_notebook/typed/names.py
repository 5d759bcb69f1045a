"""Make Python identifiers of any names, each distinct."""

from __future__ import annotations

import keyword
import re
import unicodedata
from collections.abc import Collection, Iterable

__all__ = ["Identifiers", "class_name", "distinct", "identifier"]

LONGEST: int = 60
"""Characters of an identifier, without the number that may follow."""


def identifier(name: str, default: str = "name") -> str:
    """Return a name as a public identifier: ``search-issues`` becomes ``search_issues``, ``class`` becomes ``class_``.

    Underscores at the beginning go, because Tab hides such names and a class changes some of them. A name without a
    letter becomes `default`, and one that begins with a digit gets it in front.
    """
    # Python compares identifiers in this form, too.
    text = unicodedata.normalize("NFKC", name)
    text = "".join(character if character.isalnum() else "_" for character in text).lstrip("_")[:LONGEST]
    if not f"_{text}".isidentifier():  # a digit or letter of some script that Python does not take
        text = re.sub(r"\W", "_", text, flags=re.ASCII).lstrip("_")
    if not text:
        return default
    if text[0].isdecimal() or not text.isidentifier():
        text = f"{default}_{text}".lstrip("_")
    return f"{text}_" if keyword.iskeyword(text) or text in ("None", "True", "False") else text


def class_name(*names: str) -> str:
    """Return the name of a class: ``search-issues`` and ``filter`` make ``SearchIssuesFilter``."""
    words = [word for name in names for word in identifier(name, "").split("_") if word]
    return identifier("".join(word[0].upper() + word[1:] for word in words), "Value")


class Identifiers:
    """Identifiers that are given away once.

    Args:
        taken: Those that are never given away.
    """

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self._taken = set(taken)

    def free(self, wanted: str) -> str:
        """Return this identifier, or if it is taken the next one with a number: ``name_2``."""
        found, number = wanted, 1
        while found in self._taken:
            number += 1
            found = f"{wanted}_{number}"
        self._taken.add(found)
        return found


def distinct(names: Iterable[str], reserved: Collection[str] = (), default: str = "name") -> dict[str, str]:
    """Return an identifier for each name. One that is an identifier keeps it; of two others, the later gets a number.

    Args:
        names: The names; of equal ones, the first counts.
        reserved: Identifiers that no name gets.
        default: The identifier for a name without a letter.
    """
    wanted = {name: identifier(name, default) for name in names}
    given = Identifiers(reserved)
    kept = {name: given.free(name) for name, one in wanted.items() if name == one and name not in reserved}
    return {name: kept.get(name) or given.free(f"{one}_" if one in reserved else one) for name, one in wanted.items()}
