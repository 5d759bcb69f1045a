"""Following the statements of a notebook, one moment after the other."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Sequence

from mcp_notebook.export.closure import effects
from mcp_notebook.export.closure.effects import Body
from mcp_notebook.export.closure.moments.calls import Calls
from mcp_notebook.export.closure.moments.changes import Changes
from mcp_notebook.export.closure.moments.runs import Run, Runs
from mcp_notebook.export.closure.moments.scope import Scope, Variables
from mcp_notebook.export.closure.names import Names
from mcp_notebook.export.closure.objects import Objects, describe
from mcp_notebook.export.closure.statements import Statement

__all__ = ["follow"]

_DEFINITIONS = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def follow(
    statements: Sequence[Statement], names: Sequence[Names], *, server: str | None, trials: Collection[int] = ()
) -> Objects:
    """Return the objects that the statements made, with what each did to them.

    Args:
        statements: In execution order.
        names: What each binds and reads.
        server: The variable of the server.
        trials: Statements that no package has: what they change is noted, but not what came to hold what in them.
    """
    objects = Objects(server=server)
    asks_for_subclasses = any("__subclasses__" in statement.text for statement in statements)
    for statement in statements:
        moment = _Moment(objects, statement, names[statement.index], is_trial=statement.index in trials)
        moment.run(asks_for_subclasses=asks_for_subclasses)
    return objects


class _Moment:
    """What one statement does to the objects."""

    def __init__(self, objects: Objects, statement: Statement, names: Names, *, is_trial: bool) -> None:
        self._objects = objects
        self._statement = statement
        self._now = statement.index
        self._names = names
        self._variables = Variables(objects, names, self._now)
        self._scope = Scope(self._variables)
        self._changes = Changes(objects, self._now, is_trial=is_trial)
        self._runs = Runs()
        self._calls = Calls(objects, self._changes, self._runs)

    def run(self, *, asks_for_subclasses: bool) -> None:
        """Bind, connect, change: again and again until there is nothing new."""
        node = self._statement.node
        body = effects.eager(node, self._names, dropped=not self._statement.shown)
        for name in sorted(self._names.binds):  # the same objects in each run, whatever the hashes
            describe(self._objects.bound(self._now, name), node, self._names, self._objects)
        if not isinstance(node, _DEFINITIONS) and any(_writes_a_file(part) for part in ast.walk(node)):
            self._changes.outside["a file"] = None
        before = None
        while before != (before := self._state()):
            self._connect(body, self._scope)
            if isinstance(node, ast.ClassDef) and asks_for_subclasses:
                made = 1 << self._objects.bound(self._now, node.name).number
                self._changes.change(self._objects.behind.of(made) & self._objects.classes & ~made)
            self._calls.read(self._scope.look_all(self._names.reads)[0], self._scope)
            self._do(body, self._scope)
            for other, run in self._runs.each():
                self._follow(other, run)
        self._note(node)

    def _state(self) -> tuple[object, ...]:
        """Return what tells whether anything is new."""
        objects = self._objects
        written = len(self._variables.written)
        return objects.holds.size, objects.behind.size, written, objects.used_up, self._changes.group

    def _connect(self, body: Body, scope: Scope) -> None:
        """Have what the code binds hold what it binds to it."""
        for name, sources in body.flows:
            is_new = name in body.writes
            targets = 1 << self._objects.bound(self._now, name).number if is_new else scope.look(name)[0]
            self._changes.hold(targets, scope.look_all(sources))

    def _do(self, body: Body, scope: Scope) -> None:
        for roots, put_in in body.changes:
            self._changes.change(scope.look_all(roots)[0], scope.look_all(put_in), modules=scope.is_statement)
        for call in body.calls:
            self._calls.call(call, scope)

    def _follow(self, body: Body, run: Run) -> None:
        """Go into a function that runs."""
        inside = Scope(self._variables, run.given)
        self._variables.written.update(dict.fromkeys(body.writes))
        self._connect(body, inside)
        self._do(body, inside)
        if body.keeps_state:
            self._changes.count(run.on)

    def _note(self, node: ast.stmt) -> None:
        """Leave what was found with the objects, for who asks later."""
        for one in self._objects.those(self._changes.group):
            one.changed.append(self._now)
        if self._changes.outside:
            self._objects.outside[self._now] = list(self._changes.outside)
        is_block = hasattr(node, "body")
        if is_block or not self._statement.raised:
            self._objects.bindings.add(self._now, self._names, list(self._variables.written))


def _writes_a_file(node: ast.AST) -> bool:
    """Whether a call opens a file to write to it, or makes one."""
    if not isinstance(node, ast.Call):
        return False
    name = getattr(node.func, "attr", getattr(node.func, "id", ""))
    options = [*node.args, *(word.value for word in node.keywords if word.arg == "mode")]
    modes = {part.value for part in options if isinstance(part, ast.Constant) and isinstance(part.value, str)}
    is_to_write = any(re.fullmatch(r"[wax][bt+]*|r[bt]*\+[bt]*", mode) for mode in modes)
    return name in {"write_text", "write_bytes", "mkdir", "makedirs", "touch"} or (name == "open" and is_to_write)
