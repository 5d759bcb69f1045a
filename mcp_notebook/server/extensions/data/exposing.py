"""A variable as resources: the first rows as text, and the whole as files, each as it is when it is read."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from .arrays import Array
from .envelopes import ended, markdown, size_of_array, size_of_table
from .frames import without_rows
from .kinds import kind_of
from .lazy import is_lazy, lazy_text
from .preview import Preview
from .tables import can_read, table_of

__all__ = ["as_file", "as_text", "forms"]

Write = Callable[[], str | bytes]


def forms(value: Any) -> dict[str, str]:
    """Return the media types of the files for a table or an array, by suffix; {} for another value."""
    return dict(list(_written(without_rows(value)))) if _is_data(value) else {}


def as_text(value: Any, uri: str) -> str:
    """Return the first rows of a table as Markdown, or the first values of an array, with the URIs of the whole.

    A collection of Dask is not computed for that, and has no files.

    Args:
        value: The table or the array.
        uri: The URI of the text; those of the files have their suffixes behind it.

    Raises:
        TypeError: The value is neither.
    """
    if is_lazy(value):
        return lazy_text(value)
    if not _is_data(value):
        raise TypeError(f"a {type(value).__qualname__} is not a table or an array.")
    if kind_of(value) == "array":
        array = Array(value)
        files, notes = array.files(), array.notes
        text, size = f"{json.dumps(array.values)}\n", size_of_array(array.shape, array.shown, array.dtype)
    else:
        table = table_of(value)
        preview = Preview(table)
        files, notes = table.files(), preview.notes
        text = markdown(preview.names, preview.rows)
        size = size_of_table(table.count, len(table.names), len(preview.rows))
    return f"{text}\n{ended(size, (f'{uri}.{suffix}' for suffix, _ in files), notes)}"


def as_file(value: Any, suffix: str) -> str | bytes:
    """Return the whole of a table or an array as a file.

    Raises:
        TypeError: The value cannot be written to such a file.
    """
    files = {name: write for (name, _), write in _written(value).items()} if _is_data(value) else {}
    if suffix not in files:
        raise TypeError(f"a {type(value).__qualname__} cannot be written as {suffix}.")
    return files[suffix]()


def _is_data(value: Any) -> bool:
    kind = kind_of(value)
    return kind == "array" or (kind == "table" and can_read())


def _written(value: Any) -> dict[tuple[str, str], Write]:
    return Array(value).files() if kind_of(value) == "array" else table_of(value).files()
