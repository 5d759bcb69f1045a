"""Where a value of the package differs from the one of the notebook."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mcp_notebook import json_diff
from mcp_notebook.recording.volatile import Varies

__all__ = ["differences"]


def differences(notebook: Any, package: Any) -> Iterator[tuple[str, Any, Any]]:
    """Yield each place where two JSON values differ, as a JSON pointer (RFC 6901), with both values there.

    The order of the members of an object counts: models and forms read a schema from top to bottom. Numbers are equal
    only where they are written alike. A `Varies` in the first is equal to what has its type.
    """
    for found in json_diff.differences(notebook, package, equal=_equal, ordered=True):
        yield found.pointer, found.before, found.after


def _equal(notebook: Any, package: Any) -> bool:
    return bool(notebook == package) if isinstance(notebook, Varies) else json_diff.same(notebook, package)
