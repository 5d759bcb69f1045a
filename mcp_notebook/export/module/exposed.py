"""Variables that ``%mcp expose`` made resources, as functions that return them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from mcp_notebook.export.findings import Finding
from mcp_notebook.server import Definition
from mcp_notebook.slicing.statements import Magic

__all__ = ["IMPORTS", "call", "finding", "function", "is_exposed"]

IMPORTS = ("import json", "from pydantic_core import to_jsonable_python")

DRAWN_BY = {
    "text/html": "_repr_html_",
    "text/markdown": "_repr_markdown_",
    "text/latex": "_repr_latex_",
    "image/svg+xml": "_repr_svg_",
    "image/png": "_repr_png_",
    "image/jpeg": "_repr_jpeg_",
}
"""The methods by which objects draw themselves, for IPython and as well without it."""


def is_exposed(definition: Definition) -> bool:
    """Whether ``%mcp expose`` made the definition; its name is the variable's then."""
    return getattr(definition.function, "__module__", "") == "mcp_notebook.session.exposures"


def function(definition: Definition, namespace: Mapping[str, Any]) -> str | None:
    """Write the function that returns what clients read; None where only IPython can draw the value."""
    variable, form = _variable(definition), getattr(definition.entry, "mime_type", None)
    value = namespace.get(variable)
    if form == "text/plain" and isinstance(value, str):
        kind, returned = "str", variable
    elif form == "application/octet-stream" and isinstance(value, bytes):
        kind, returned = "bytes", variable
    elif form == "application/json" and _is_json(value):
        kind, returned = "str", f"json.dumps({variable}, ensure_ascii=False)"
    elif form == "application/json":
        # A date or a Decimal, say, as the notebook writes it.
        kind, returned = "str", f"json.dumps(to_jsonable_python({variable}, fallback=str), ensure_ascii=False)"
    elif _draws_itself(definition, value):
        kind = "bytes" if form in ("image/png", "image/jpeg") else "str"
        returned = f"{variable}.{DRAWN_BY[str(form)]}()"
    else:
        return None
    return f"def read_{variable}() -> {kind}:\n    return {returned}"


def _draws_itself(definition: Definition, value: Any) -> bool:
    """Whether a method of the value alone gives what clients read now; IPython can have been told to draw otherwise."""
    method = DRAWN_BY.get(str(getattr(definition.entry, "mime_type", "")), "")
    if definition.function is None or not callable(getattr(value, method, None)):
        return False
    try:
        return bool(getattr(value, method)() == definition.function())
    except Exception:  # noqa: BLE001 - it is code of the author's
        return False


def _variable(definition: Definition) -> str:
    return str(definition.entry.name)


def _is_json(value: Any) -> bool:
    try:
        json.dumps(value)
    except (TypeError, ValueError):
        return False
    return True


def call(definition: Definition) -> str:
    """Write the decorator of that function."""
    options = {"name": definition.entry.name, "description": definition.entry.description}
    mime_type = getattr(definition.entry, "mime_type", "text/plain")
    if mime_type != "text/plain":
        options["mime_type"] = mime_type
    given = "".join(f", {name}={value!r}" for name, value in options.items())
    return f".resource({definition.name!r}{given})"


def finding(definition: Definition, magics: Iterable[Magic], namespace: Mapping[str, Any]) -> Finding:
    """Say that a variable cannot be carried as a resource."""
    variable = _variable(definition)
    cells = [magic.cell for magic in magics if "expose" in magic.text and variable in magic.text.split()]
    return Finding(
        "stops",
        cells[-1] if cells else None,
        variable,
        f"IPython draws this {type(namespace.get(variable)).__name__} for its readers, and the package has no IPython.",
        f"Write a resource that returns its text or bytes: %%mcp_resource {definition.name}.",
    )
