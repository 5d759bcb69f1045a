"""Functions that answer on the live server and would not in the package; found before anything is written."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from mcp.server.mcpserver.tools import Tool

from mcp_notebook.cells import execution_count
from mcp_notebook.export.findings import Finding
from mcp_notebook.export.likeness.comparing import about, called, functions_in, layers
from mcp_notebook.export.likeness.live import anatomy_of
from mcp_notebook.export.module.registrations import Registration, Registrations
from mcp_notebook.export.ran import Subject
from mcp_notebook.server import Definition, sdk_gaps
from mcp_notebook.server.event_types import EVENT
from mcp_notebook.slicing import names
from mcp_notebook.slicing.statements import Notebook, Statement

__all__ = ["findings"]

WAY_OUT = "Do that to the server in a statement of a cell, such as a call that is given the server, and export again."

FIELDS = ("title", "description", "annotations", "icons", "meta")


def findings(
    subject: Subject, notebook: Notebook, carried: Sequence[Statement], plan: Registrations
) -> Iterator[Finding]:
    """Stop if a function answers on the live server that the package would not have, or not in that place.

    Args:
        subject: The server, and the cells that it came from.
        notebook: All that ran.
        carried: The statements that the package has.
        plan: The registrations of the server.
    """
    found = anatomy_of(subject.server, subject.namespace)
    reached = _Reached(carried)
    here = _keys(carried)
    without: _Places = defaultdict(list)
    elsewhere: _Places = defaultdict(list)
    for path, function in functions_in(found):
        home = _home(function, notebook)
        if home is not None and not here & _keys([home]):
            without[home.cell, called(function)].append(about(path))
    others = reached.by(plan.others)
    for key, maker in plan.makers.items():
        if key[0] == EVENT:  # the extension has it, and not one of the SDK's tables
            continue
        entry = found
        for name in (*sdk_gaps.kept_in(key[0]), key[1]):
            entry = entry.get(name, {})
        for function in islice(layers(entry.get("fn")), 1):
            home = _home(function, notebook)
            if home is None or home is maker.statement or not here & _keys([home]):
                continue
            if not _keys([home]) & (reached.by([maker.statement]) | others):
                elsewhere[home.cell, called(function)].append(" ".join(key))
    missing = "works for {} on the live server, and is not in the package, which would answer without it."
    yield from _stops(without, missing)
    yield from _stops(elsewhere, "answers for {} on the live server, and no statement of the package puts it there.")
    if not plan.others:  # which may have changed an entry, and are carried
        yield from _changed(plan)


_Places = dict[tuple[int, str], list[str]]
"""The definitions that functions work for, by the cell and the name of each function."""


def _stops(places: _Places, what: str) -> Iterator[Finding]:
    for (cell, name), every in places.items():
        once = list(dict.fromkeys(every))
        listed = ", ".join(once[:3]) + (f" and {len(once) - 3} more" if len(once) > 3 else "")
        yield Finding("stops", cell, name, what.format(listed), WAY_OUT)


def _keys(statements: Iterable[Statement]) -> set[int | str]:
    """Return what a statement is known by: one that ran again with the same text is as good as itself."""
    return {key for statement in statements for key in (statement.index, statement.text)}


def _home(function: Mapping[str, Any], notebook: Notebook) -> Statement | None:
    """Return the statement that a described function is written in; None if no cell has it."""
    filename, line = function["@at"]
    cell = execution_count(filename)
    return next((s for s in notebook.statements if s.cell == cell and s.first <= line <= s.last), None)


class _Reached:
    """The carried statements that others reach by the names that they read."""

    def __init__(self, carried: Sequence[Statement]) -> None:
        found = names.of_all([statement.node for statement in carried])
        self._reads = {s.index: one.reads | one.late | one.hints for s, one in zip(carried, found, strict=True)}
        self._binding: dict[str, list[Statement]] = defaultdict(list)
        for statement, one in zip(carried, found, strict=True):
            for name in one.binds:
                self._binding[name].append(statement)

    def by(self, statements: Iterable[Statement]) -> set[int | str]:
        """Return the keys of statements, and of those that bind what they read, and so on."""
        work = list(statements)
        found = {statement.index: statement for statement in work}
        while work:
            for name in self._reads.get(work.pop().index, ()):
                new = [s for s in self._binding.get(name, ()) if s.index not in found]
                found |= {s.index: s for s in new}
                work += new
        return _keys(found.values())


# --- entries that differ from the statement that registered them


def _changed(plan: Registrations) -> Iterator[Finding]:
    """Stop if something has changed an entry, as no carried statement does that."""
    for (kind, name), maker in plan.makers.items():
        definition = plan.definitions[kind, name]
        options = _options(maker)
        if options is None:
            continue
        changed = [field for field in FIELDS if _differs(field, options, definition)]
        if len(getattr(maker.statement.node, "decorator_list", [])) < 2 and _has_another_schema(definition):
            changed.append("input schema")
        if changed:
            what = f"the {' and '.join(changed)} of this {kind} differs on the live server from what its cell says."
            way_out = "Say it where it is registered, and run that cell again."
            yield Finding("stops", maker.statement.cell, name, what, way_out)


def _options(maker: Registration) -> dict[str | None, ast.expr] | None:
    """Return the options that a statement registers with; None if its text does not show all."""
    statement = ast.parse(maker.source).body[0] if maker.source else maker.statement.node
    call = getattr(statement, "value", None)
    if isinstance(call, ast.Call) and isinstance(call.func, ast.Call):
        call = call.func
    if not maker.method or not isinstance(call, ast.Call) or maker.method in ("add_prompt", "add_resource"):
        return None
    is_entry = any(isinstance(argument, ast.Call) for argument in call.args)  # it was made elsewhere
    options = {word.arg: word.value for word in call.keywords}
    return None if is_entry or len(call.args) > 1 or None in options else options


def _differs(field: str, options: Mapping[str | None, ast.expr], definition: Definition) -> bool:
    live = getattr(definition.entry, field, None)
    if field in options:
        try:
            return bool(live != ast.literal_eval(options[field]))
        except (ValueError, TypeError):
            return False  # the proof knows its value
    if field != "description":
        return live is not None
    functions = (definition.function, getattr(definition.entry, "fn", None))
    constants = getattr(getattr(definition.function, "__code__", None), "co_consts", ())
    # The docstring, as it is now or as it was written.
    return live not in {
        "",
        *(getattr(function, "__doc__", None) for function in functions),
        *filter(None, constants[:1]),
    }


def _has_another_schema(definition: Definition) -> bool:
    entry, function = definition.entry, definition.function
    if not isinstance(entry, Tool) or function is None:
        return False
    try:
        plain = Tool.from_function(function, name=entry.name, structured_output=False)
    except Exception:  # noqa: BLE001 - annotations are the author's code
        return False
    return bool(plain.parameters != entry.parameters)
