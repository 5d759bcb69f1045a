"""Entries of the live server that are not what the statement says which registered them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

from mcp.server.mcpserver.tools import Tool

from mcp_notebook.export.findings import Finding
from mcp_notebook.export.module.registrations import Registration, Registrations
from mcp_notebook.server import Definition

__all__ = ["findings"]

FIELDS = ("title", "description", "annotations", "icons", "meta")

WAY_OUT = "Say it where it is registered, and run that cell again."


def findings(plan: Registrations) -> Iterator[Finding]:
    """Stop where something has changed an entry since, and no carried statement does that.

    What an option that is no literal gives is only known once it runs: that is left to the proof.
    """
    if plan.others:  # which may have changed it, and are carried
        return
    for (kind, name), definition in plan.definitions.items():
        maker = plan.makers.get((kind, name))
        options = None if maker is None or maker.line is not None else _options(maker)
        if maker is None or options is None:
            continue
        changed = [field for field in FIELDS if _differs(field, options, definition)]
        if not options["decorated"] and _has_another_schema(definition):
            changed.append("input schema")
        if changed:
            what = f"the {' and '.join(changed)} of this {kind} is another one on the live server than its cell says."
            yield Finding("stops", maker.statement.cell, name, what, WAY_OUT)


def _options(maker: Registration) -> dict[str, Any] | None:
    """Return the options that a statement registers with; None where its text does not tell them."""
    node = maker.statement.node
    decorators = getattr(node, "decorator_list", [])
    call = decorators[maker.decorator] if maker.decorator is not None else getattr(node, "value", None)
    if isinstance(call, ast.Call) and isinstance(call.func, ast.Call):
        call = call.func
    if not isinstance(call, ast.Call):
        return None
    is_added = any(isinstance(argument, ast.Call) for argument in call.args)  # an entry that was made elsewhere
    if is_added or len(call.args) > 1 or any(word.arg is None for word in call.keywords):
        return None
    if getattr(call.func, "attr", "") in ("add_prompt", "add_resource"):
        return None
    return {**{str(word.arg): word.value for word in call.keywords}, "decorated": len(decorators) > 1}


def _differs(field: str, options: dict[str, Any], definition: Definition) -> bool:
    live = getattr(definition.entry, field, None)
    if field in options:
        try:
            return bool(live != ast.literal_eval(options[field]))
        except (ValueError, TypeError):
            return False
    return live not in _documented(definition) if field == "description" else live is not None


def _documented(definition: Definition) -> set[str | None]:
    """Return what the SDK takes for a description that is not given."""
    functions = (definition.function, getattr(definition.entry, "fn", None))
    constants = getattr(getattr(definition.function, "__code__", None), "co_consts", ())
    return {"", *(getattr(function, "__doc__", None) for function in functions), *(c for c in constants[:1] if c)}


def _has_another_schema(definition: Definition) -> bool:
    entry, function = definition.entry, definition.function
    if not isinstance(entry, Tool) or function is None:
        return False
    try:
        return bool(
            Tool.from_function(function, name=entry.name, structured_output=False).parameters != entry.parameters
        )
    except Exception:  # noqa: BLE001 - annotations are the author's code
        return False
