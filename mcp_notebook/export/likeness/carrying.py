"""Whether the package has the statements that make what answers on the live server; said before it is written."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mcp.server.mcpserver.tools import Tool

from mcp_notebook.cells import execution_count
from mcp_notebook.export.findings import Finding
from mcp_notebook.export.likeness.live import anatomy_of
from mcp_notebook.export.likeness.parts import about, called, functions_in, layers
from mcp_notebook.export.module.entries import is_exposed
from mcp_notebook.export.module.registrations import Key, Registration, Registrations
from mcp_notebook.export.ran import Subject
from mcp_notebook.server import Definition, sdk_gaps
from mcp_notebook.slicing import names
from mcp_notebook.slicing.statements import Notebook, Statement

__all__ = ["findings"]

WAY_OUT = "Do that to the server in a statement of a cell, such as a call that is given the server, and export again."


def findings(
    subject: Subject, notebook: Notebook, carried: Sequence[Statement], plan: Registrations
) -> Iterator[Finding]:
    """Stop where a function answers on the live server which the package would not have, or not in that place.

    Args:
        subject: What is exported.
        notebook: All that ran.
        carried: The statements that the package has.
        plan: What the cells have to do with the server.
    """
    found = anatomy_of(subject.server, subject.namespace)
    reading = _Reading(notebook, carried)
    left_behind: _Places = defaultdict(list)
    for path, function in functions_in(found):
        statement = reading.statement_of(function)
        if statement is not None and not reading.has(statement):
            left_behind[statement.cell, called(function)].append(about(path))
    for (cell, name), places in left_behind.items():
        what = (
            f"works for {_listed(places)} on the live server, and is not in the package, which would answer without it."
        )
        yield Finding("stops", cell, name, what, WAY_OUT)
    for (cell, name), places in _put_there(found, reading, plan).items():
        what = f"answers for {_listed(places)} on the live server, and nothing that the package does puts it there."
        yield Finding("stops", cell, name, what, WAY_OUT)
    yield from _changed(plan)


_Places = dict[tuple[int, str], list[str]]
"""What functions work for, by the cell and the name of each."""


def _put_there(found: Any, reading: _Reading, plan: Registrations) -> _Places:
    """Find the functions that answer, are carried, and that no carried statement puts into their place."""
    wrong: _Places = defaultdict(list)
    others = reading.reached(plan.others)
    for key, definition in plan.definitions.items():
        maker = plan.makers.get(key)
        answering = None if maker is None else next(layers(_entry(found, key).get("fn")), None)
        statement = None if answering is None else reading.statement_of(answering)
        if maker is None or answering is None or statement is None or is_exposed(definition):
            continue
        if reading.has(statement) and not reading.has(statement, reading.expected(maker.statement, plan) | others):
            wrong[statement.cell, called(answering)].append(f"{key[0]} {key[1]}")
    return wrong


def _entry(found: Any, key: Key) -> Any:
    for name in (*sdk_gaps.kept_in(key[0]), key[1]):
        found = found.get(name, {})
    return found


def _listed(places: Sequence[str]) -> str:
    once = list(dict.fromkeys(places))
    return ", ".join(once[:3]) + (f" and {len(once) - 3} more" if len(once) > 3 else "")


class _Reading:
    """Which carried statements there are, and which they reach by the names that they read."""

    def __init__(self, notebook: Notebook, carried: Sequence[Statement]) -> None:
        self._by_cell: dict[int, list[Statement]] = defaultdict(list)
        for statement in notebook.statements:
            self._by_cell[statement.cell].append(statement)
        self._indexes = {statement.index: statement.text for statement in carried}
        self._texts = set(self._indexes.values())
        found = names.of_all([statement.node for statement in carried])
        self._reads = {s.index: one.reads | one.late | one.hints for s, one in zip(carried, found, strict=True)}
        self._binding: dict[str, list[int]] = defaultdict(list)
        for statement, one in zip(carried, found, strict=True):
            for name in one.binds:
                self._binding[name].append(statement.index)

    def statement_of(self, function: Mapping[str, Any]) -> Statement | None:
        """Return the statement that a described function is written in; None for one of no cell."""
        filename, line = function["@at"]
        cell = execution_count(filename)
        return next((s for s in self._by_cell.get(cell or 0, ()) if s.first <= line <= s.last), None)

    def has(self, statement: Statement, among: frozenset[int] | None = None) -> bool:
        """Whether a statement is carried, or is among these: one that ran again is as good as itself."""
        if among is None:
            return statement.index in self._indexes or statement.text in self._texts
        return statement.index in among or any(self._indexes.get(index) == statement.text for index in among)

    def expected(self, maker: Statement, plan: Registrations) -> frozenset[int]:
        """Return the statements whose functions may answer where this one registers."""
        if not isinstance(maker.node, ast.FunctionDef | ast.AsyncFunctionDef):
            return self.reached([maker])
        read = (
            {part.id for part in ast.walk(decorator) if isinstance(part, ast.Name)}
            for decorator in maker.node.decorator_list
        )
        above = frozenset[str]().union(*(each for each in read if not each & plan.aliases))
        return frozenset({maker.index}) | self._reached(above)

    def reached(self, roots: Sequence[Statement]) -> frozenset[int]:
        """Return these statements, and those that bind what they read, and so on."""
        here = frozenset(statement.index for statement in roots)
        return here | self._reached(frozenset[str]().union(*(self._reads.get(index, ()) for index in here)))

    def _reached(self, read: frozenset[str]) -> frozenset[int]:
        work, found = list(read), set[int]()
        seen = set(read)
        while work:
            for index in self._binding.get(work.pop(), ()):
                found.add(index)
                work += self._reads[index] - seen
                seen |= self._reads[index]
        return frozenset(found)


# --- entries that are not what the statement that registered them says

FIELDS = ("title", "description", "annotations", "icons", "meta")

SAY_IT = "Say it where it is registered, and run that cell again."


def _changed(plan: Registrations) -> Iterator[Finding]:
    """Stop where something has changed an entry since, and no carried statement does that.

    What an option that is no literal gives is only known once it runs: that is left to the proof.
    """
    if plan.others:  # which may have changed it, and are carried
        return
    for (kind, name), definition in plan.definitions.items():
        maker = plan.makers.get((kind, name))
        options = None if maker is None or not maker.method else _options(maker)
        if maker is None or options is None:
            continue
        changed = [field for field in FIELDS if _differs(field, options, definition)]
        if not options["decorated"] and _has_another_schema(definition):
            changed.append("input schema")
        if changed:
            what = f"the {' and '.join(changed)} of this {kind} is another one on the live server than its cell says."
            yield Finding("stops", maker.statement.cell, name, what, SAY_IT)


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
