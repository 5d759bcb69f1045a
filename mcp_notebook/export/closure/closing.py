"""The statements that definitions need: a slice of the trace, in the order in which it ran.

Each name that a carried statement reads brings every statement that may have bound it by then, and every one that may
have changed its object. So whatever runs in the slice finds what it found in the notebook: the latest binding before an
eager read, and the last of all, as the notebook left it, for what a function reads when it is called at the end.
"""

from __future__ import annotations

import ast
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from mcp_notebook.export.closure import moments, pitfalls
from mcp_notebook.export.closure import names as scopes
from mcp_notebook.export.closure.names import Binding
from mcp_notebook.export.closure.objects import Object
from mcp_notebook.export.closure.pitfalls.files import makes_sure_of_a_directory, removals
from mcp_notebook.export.closure.statements import Notebook, Statement, awaits
from mcp_notebook.export.closure.trials import trials
from mcp_notebook.export.findings import Finding
from mcp_notebook.export.settings import environment_reads

__all__ = ["Slice", "close"]


@dataclass(frozen=True)
class Slice:
    """What a package carries.

    Attributes:
        statements: In execution order.
        findings: What could not be carried, what was left out.
        future: The features that ``from __future__`` imports turned on for them.
    """

    statements: tuple[Statement, ...]
    findings: tuple[Finding, ...] = ()
    future: frozenset[str] = frozenset()


def close(
    notebook: Notebook,
    wanted: Iterable[Statement],
    names: Iterable[str],
    *,
    server: str | None,
    leave_out: Iterable[Statement] = (),
    functions: Collection[str] = (),
) -> Slice:
    """Return the statements that `wanted` and `names` need, transitively.

    Args:
        notebook: All that ran.
        wanted: Statements that must be carried, such as registrations.
        names: Variables that are needed as they are at the end.
        server: The variable of the server; only its binding is carried, and `wanted`.
        leave_out: Statements that are never carried, such as registrations that another took the place of.
        functions: The names of functions that are registered: a call of one in a cell only tries it.
    """
    closing = _Closing(notebook, leave_out, server, functions)
    for statement in wanted:
        closing.want(statement.index)
    for name in names:
        closing.need(name, closing.end)
    closing.finish()
    carried = [notebook.statements[index] for index in sorted(closing.carried)]
    findings = [
        *closing.findings(),
        *pitfalls.twofold.findings(notebook, closing.carried),
        *pitfalls.in_statements(notebook, carried),
    ]
    findings += pitfalls.left_out(notebook, carried, closing.outside)
    return Slice(tuple(carried), tuple(dict.fromkeys(findings)), _future(notebook, max(closing.carried, default=0)))


def _future(notebook: Notebook, last: int) -> frozenset[str]:
    """Return what future imports before the last carried statement turned on: IPython keeps that for later cells."""
    nodes = (statement.node for statement in notebook.statements[:last])
    imports = (node for node in nodes if isinstance(node, ast.ImportFrom) and node.module == "__future__")
    return frozenset(alias.name for node in imports for alias in node.names)


class _Need(NamedTuple):
    """A name that is needed.

    Attributes:
        name: The name.
        moment: When it is read: the binding that it has then is carried.
        until: When what it stands for is used: what changes the object by then is carried.
        reader: The statement that reads it.
    """

    name: str
    moment: int
    until: int
    reader: int


class _Closing:
    """The work of one closure; a moment is the index of the statement that is about to run."""

    def __init__(
        self, notebook: Notebook, leave_out: Iterable[Statement], server: str | None, functions: Collection[str]
    ) -> None:
        self.end = len(notebook.statements)
        self.carried: set[int] = set()
        self._wanted: set[int] = set()
        self._left_out = {statement.index for statement in leave_out}
        self._notebook = notebook
        self._statements = notebook.statements
        self._names = scopes.of_all([statement.node for statement in notebook.statements])
        servers = () if server is None else (server,)
        self._trials = trials(notebook.statements, self._names, servers=servers, functions=functions)
        self._environment = {s.index for s in notebook.statements if environment_reads.only_sets(s.node)}
        self._unsafe = {s.index for s in notebook.statements if s.raised or awaits(s.node)}
        not_followed = {*self._unsafe, *self._trials, *self._environment}
        self._objects = moments.follow(notebook.statements, self._names, server=server, trials=not_followed)
        self._needed: set[tuple[str, int, int]] = set()
        self._called: set[tuple[int, int]] = set()
        self._work: list[_Need] = []
        self._changed_later: dict[str, int] = {}
        self._deletes: set[tuple[int, str]] = set()
        self._unbound: dict[str, int] = {}
        self._unfollowed: dict[int, set[Object]] = defaultdict(set)

    @property
    def outside(self) -> Mapping[int, Collection[str]]:
        """What statements do outside the notebook's own objects, as far as nothing else is said of them."""
        said = {index for index, _ in self._not_followed()} | self._environment
        return {index: calls for index, calls in self._objects.outside.items() if index not in said}

    def findings(self) -> Iterator[Finding]:
        """Give what is needed and not to be had, and what was changed in a way that cannot be followed."""
        made = frozenset[str]().union(*(self._names[index].globals for index in self.carried))
        missing = {
            name: self._statements[reader].cell if reader < self.end else None
            for name, reader in sorted(self._unbound.items(), key=lambda item: item[1])
            # What a function binds once it is called is there then, as in the notebook.
            if name not in made or name in self._names[reader].reads
        }
        yield from pitfalls.unbound(missing, self._notebook)
        for index, names in self._not_followed():
            yield pitfalls.not_followed(self._statements[index], names, is_trial=index in self._trials)
        for name, index in sorted(self._changed_later.items()):
            if index in self.carried - self._wanted:
                yield pitfalls.changed_later(name, self._statements[index])

    def _not_followed(self) -> Iterator[tuple[int, list[str]]]:
        """Give the statements that are not carried though they may have changed what is, and the names of that."""
        for index, objects in sorted(self._unfollowed.items()):
            if index in self.carried:
                continue
            names = sorted({one.name for one in objects if one.index < 0 or one.index in self.carried})
            if names:
                yield index, names

    def want(self, index: int) -> None:
        """Carry a statement, and what the objects that it puts to use need at the end."""
        self._wanted.add(index)
        self._carry(index)
        self._work += [_Need(name, index, self.end, index) for name in sorted(self._names[index].reads)]
        self._call(index, self.end)
        self._use_bound(index, self.end)

    def need(self, name: str, moment: int, reader: int | None = None) -> None:
        """Carry what gives `name` the value that it has at `moment`; `reader` is the statement that reads it."""
        self._work.append(_Need(name, moment, moment, self.end if reader is None else reader))

    def finish(self) -> None:
        """Follow what is needed until there is no more."""
        while self._work:
            need = self._work.pop()
            if need[:3] not in self._needed:  # whoever reads it
                self._needed.add(need[:3])
                self._follow(need)
            if not self._work:
                self._delete()
            if not self._work:
                self._prepare()
            if not self._work:
                self._remove()

    def _follow(self, need: _Need) -> None:
        """Carry the statements that bind a name as it is needed, and what their objects need."""
        bindings = self._bindings_of(need)
        if not bindings and need.until == self.end and not self._bound_later(need):
            self._unbound.setdefault(need.name, need.reader)
        for binding in bindings:
            if binding.kind == "deletes":
                self._deletes.add((binding.index, need.name))
                continue
            self._carry(binding.index)
            self._use(self._objects.bound(binding.index, need.name), need.until)

    def _bindings_of(self, need: _Need) -> list[Binding]:
        """Return the bindings that a name may have; those in passing only where it has no others."""
        bindings = list(self._objects.bindings.reaching(need.name, need.moment))
        while bindings and self._binds_in_passing(bindings[-1]):
            earlier = list(self._objects.bindings.reaching(need.name, bindings[-1].index))
            bindings += earlier
            if not earlier:
                break
        others = [binding for binding in bindings if not self._binds_in_passing(binding)]
        if not others:
            return bindings
        for binding in bindings:
            if self._binds_in_passing(binding):
                self._unfollowed[binding.index] |= {self._objects.bound(other.index, need.name) for other in others}
        return others

    def _binds_in_passing(self, binding: Binding) -> bool:
        """Whether a block or ``+=`` binds a name, and is not carried for what it changes: it may be left out."""
        statement = self._statements[binding.index]
        by_the_way = binding.kind == "may bind" or isinstance(statement.node, ast.AugAssign)
        return by_the_way and not statement.raised and not self._may_follow(binding.index)

    def _may_follow(self, index: int) -> bool:
        """Whether a statement may be carried for what it changes."""
        return index not in self._unsafe and index not in self._trials

    def _bound_later(self, need: _Need) -> bool:
        """Whether the statement that reads a name binds it itself."""
        return need.reader < self.end and need.name in self._names[need.reader].binds

    def _use_bound(self, index: int, moment: int) -> None:
        """Use what a statement binds though nothing reads its name, as when it has put that into something."""
        for one in self._objects.bound_by(index):
            self._use(one, moment)

    def _delete(self) -> None:
        """Carry the deletions of what an earlier carried statement binds, or the name would be there again."""
        for index, name in sorted(self._deletes):
            earlier = self._objects.bindings.of(name)
            if any(one.index < index and one.index in self.carried and one.kind != "deletes" for one in earlier):
                self._carry(index)

    def _prepare(self) -> None:
        """Carry what makes sure that a carried directory is there: whatever writes into it needs that."""
        for statement in self._statements:
            if statement.index not in self.carried and makes_sure_of_a_directory(statement.node):
                names = self._names[statement.index].reads
                paths = [
                    one for name in names for one in self._objects.reaching(name, statement.index) if not one.is_code
                ]
                if paths and all(one.index in self.carried for one in paths) and self._may_follow(statement.index):
                    self._carry(statement.index)

    def _remove(self) -> None:
        """Carry what removes a file again that something carried makes: else each start would leave it behind."""
        for index in removals(self._statements, self.carried):
            if self._may_follow(index):
                self._carry(index)

    def _use(self, one: Object, moment: int) -> None:
        """Carry what has changed an object by `moment`, and what the functions need that it is or holds."""
        for part in self._objects.parts(one, moment):
            for index in part.changed[: bisect_left(part.changed, moment)]:
                if index in self._environment:
                    continue
                if self._may_follow(index):
                    self._carry_change(index, part, moment)
                elif not (part.is_function or part.is_class):  # which is called there, and stays what it is
                    self._unfollowed[index].add(part)
            if part.index >= 0 and (part.is_class or part.functions):
                self._call(part.index, moment)

    def _carry_change(self, index: int, part: Object, moment: int) -> None:
        """Carry a statement for what it changes."""
        if index in self._left_out:
            return
        self._carry(index)
        self._put_in(index, moment)
        statement = self._statements[index]
        is_code = isinstance(statement.node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        if is_code:  # which its decorator, or the class that it inherits from, has noted
            self._use_bound(index, moment)
        if not is_code and part.index >= 0 and not part.is_code and statement.cell != self._statements[part.index].cell:
            self._changed_later.setdefault(part.name, index)

    def _put_in(self, index: int, moment: int) -> None:
        """Carry what the functions need that a statement may have put into an object, as they may be called then."""
        self._call(index, moment)
        for name in _handed_on(self._statements[index].node) & self._names[index].reads:
            if any(one.is_function for one in self._objects.reaching(name, index)):
                self._work.append(_Need(name, index, moment, index))

    def _carry(self, index: int) -> None:
        """Carry a statement, and what it needs to run."""
        if index in self.carried or index in self._left_out:
            return
        self.carried.add(index)
        found = self._names[index]
        for name in sorted(found.reads | found.hints | found.deletes):
            self.need(name, index, index)
        for name in sorted(found.reads):
            if not any(True for _ in self._objects.bindings.reaching(name, index)) and name not in found.binds:
                self._unbound.setdefault(name, index)
        if found.late and _calls_itself(self._statements[index].node):
            self._call(index, index)

    def _call(self, index: int, moment: int) -> None:
        """Carry what the functions of a statement read when they are called at `moment`."""
        if (index, moment) not in self._called:
            self._called.add((index, moment))
            found = self._names[index]
            for name in sorted(found.late | found.hints):
                self.need(name, moment, index)


def _handed_on(node: ast.stmt) -> set[str]:
    """Return the names that a statement reads other than to call them."""
    called = {part.func for part in ast.walk(node) if isinstance(part, ast.Call)}
    return {part.id for part in ast.walk(node) if isinstance(part, ast.Name) and part not in called}


def _calls_itself(node: ast.stmt) -> bool:
    """Whether what a statement defines may run before the statement is done: a lambda in a call, a generator."""
    return not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
