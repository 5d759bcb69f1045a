"""Write arguments and errors on one line, as the outcome of a check shows them."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

__all__ = ["innermost", "one_line", "written"]

LONGEST_ARGUMENT = 60
"""Characters of an argument that are shown."""


def written(arguments: Mapping[str, Any]) -> str:
    """Write the arguments of a call on one line; long values are cut."""
    return ", ".join(f"{name}={_shortened(_without_folder(repr(value)))}" for name, value in arguments.items())


def _without_folder(text: str) -> str:
    """Leave out the random name of a temporary folder: it would change a saved notebook on each run."""
    folder = tempfile.gettempdir()
    # macOS has it behind a link. In a repr, Windows' backslashes are doubled.
    names = {form for path in (os.path.realpath(folder), folder) for form in (path, repr(path)[1:-1])}
    either = "|".join(map(re.escape, sorted(names, key=len, reverse=True)))
    return re.sub(rf"(?:{either})[/\\]+\w+", "/...", text)


def _shortened(text: str) -> str:
    return text if len(text) <= LONGEST_ARGUMENT else f"{text[:LONGEST_ARGUMENT]}..."


def one_line(error: str) -> str:
    """Write an error on one line; of pydantic's text, only the places and the reasons."""
    lines = error.splitlines()
    found = [
        f"{place.strip()}: {reason.strip().partition(' [type=')[0]}"
        for place, reason in pairwise(lines)
        if " [type=" in reason
    ]
    head = lines[0].rpartition(": ")[0] if found and re.search(r"\d+ validation errors? for ", lines[0]) else ""
    if found:
        return f"{head}: {'; '.join(found)}" if head else "; ".join(found)
    return " ".join(line.strip() for line in lines)


def innermost(error: BaseException) -> BaseException:
    """Return the exception inside groups that have one: a client that is left by an exception wraps it."""
    inside: Sequence[BaseException] = getattr(error, "exceptions", ())
    return innermost(inside[0]) if len(inside) == 1 else error
