"""Where two JSON values differ."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest
from math import isnan
from typing import Any

from mcp_notebook.export.proof.evidence import ABSENT
from mcp_notebook.recording.volatile import Varies

__all__ = ["differences"]


def differences(notebook: Any, package: Any, at: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Yield each place where two JSON values differ, as a JSON pointer (RFC 6901), with both values there.

    The order of the members of an object counts: models and forms read a schema from top to bottom. Numbers are equal
    only where they are written alike. A `Varies` in the first is equal to what has its type.
    """
    if isinstance(notebook, dict) and isinstance(package, dict):
        for key in dict.fromkeys([*notebook, *package]):
            inside = f"{at}/{key.replace('~', '~0').replace('/', '~1')}"
            yield from differences(notebook.get(key, ABSENT), package.get(key, ABSENT), inside)
        if notebook.keys() == package.keys() and [*notebook] != [*package]:
            yield at, {"in this order": [*notebook]}, {"in this order": [*package]}
    elif isinstance(notebook, list) and isinstance(package, list):
        for i, (one, other) in enumerate(zip_longest(notebook, package, fillvalue=ABSENT)):
            yield from differences(one, other, f"{at}/{i}")
    elif isinstance(notebook, float) and isinstance(package, float) and isnan(notebook) and isnan(package):
        return  # which is not even equal to itself
    elif notebook != package or type(notebook) not in (type(package), Varies):
        yield at, notebook, package
