"""The statements that are needed: a slice of all that ran, in the order in which it ran.

Each name that a kept statement reads brings every statement that may have bound it by then, and every one that may have
changed its value. So whatever runs in the slice finds what it found in the notebook: the latest binding before an eager
read, and the last of all, as the notebook left it, for what a function reads when it is called at the end.
"""

from __future__ import annotations

import ast
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import NamedTuple

from mcp_notebook.slicing import known
from mcp_notebook.slicing import names as scopes
from mcp_notebook.slicing.following import follow
from mcp_notebook.slicing.names import Binding
from mcp_notebook.slicing.nodes import awaits
from mcp_notebook.slicing.result import NotFollowed, Slice
from mcp_notebook.slicing.statements import Notebook, Statement
from mcp_notebook.slicing.trials import trials
from mcp_notebook.slicing.values import Value

__all__ = ["cut"]


def cut(
    notebook: Notebook,
    wanted: Iterable[Statement],
    names: Iterable[str],
    *,
    server: str | None,
    leave_out: Iterable[Statement] = (),
    functions: Collection[str] = (),
    also: Callable[[Collection[int]], Iterable[int]] = lambda _: (),
) -> Slice:
    """Return the statements that `wanted` and `names` need, transitively. The author's marks have the last word.

    Args:
        notebook: All that ran.
        wanted: Statements that must be kept, such as registrations.
        names: Variables that are needed as they are at the end.
        server: The variable of the server; only its binding is kept, and `wanted`.
        leave_out: Statements that are never kept, such as registrations that another took the place of.
        functions: The names of functions that are registered: a call of one in a cell only tries it.
        also: Says which more statements are needed for what those of these indexes do to files.
    """
    marked_out = [statement for statement in notebook.statements if statement.mark == "leave out"]
    slicer = _Slicer(notebook, [*leave_out, *marked_out], server, functions)
    marked = [one for one in notebook.statements if one.mark == "keep" and not awaits(one.node)]
    for statement in [*wanted, *marked]:
        slicer.want(statement.index)
    for name in names:
        slicer.need(name, slicer.end)
    slicer.finish(also)
    return Slice(
        tuple(notebook.statements[index] for index in sorted(slicer.kept)),
        scopes.future([s.node for s in notebook.statements[: max(slicer.kept, default=0)]]),
        slicer.unbound,
        tuple(slicer.not_followed),
        slicer.changed_later,
        slicer.outside,
    )


class _Need(NamedTuple):
    """A name that is needed.

    Attributes:
        name: The name.
        moment: When it is read: the binding that it has then is kept.
        until: When what it stands for is used: what changes the object by then is kept.
        reader: The statement that reads it.
    """

    name: str
    moment: int
    until: int
    reader: int


class _Slicer:
    """The work on one slice; a moment is the index of the statement that is about to run."""

    def __init__(
        self, notebook: Notebook, leave_out: Iterable[Statement], server: str | None, functions: Collection[str]
    ) -> None:
        self.end = len(notebook.statements)
        self.kept: set[int] = set()
        self._wanted: set[int] = set()
        self._left_out = {statement.index for statement in leave_out}
        self._notebook = notebook
        self._statements = notebook.statements
        self._names = scopes.of_all([statement.node for statement in notebook.statements])
        servers = () if server is None else (server,)
        self._trials = trials(notebook.statements, self._names, servers=servers, functions=functions)
        self._unsafe = {s.index for s in notebook.statements if s.raised or awaits(s.node)}
        not_followed = {*self._unsafe, *self._trials, *self._left_out}
        there = [s for s in notebook.statements if s.mark != "leave out"]  # the others bind and change nothing
        self._values = follow(there, self._names, server=server, trials=not_followed)
        self._needed: set[tuple[str, int, int]] = set()
        self._called: set[tuple[int, int]] = set()
        self._work: list[_Need] = []
        self._changed_later: dict[str, int] = {}
        self._deletes: set[tuple[int, str]] = set()
        self._unbound: dict[str, int] = {}
        self._unfollowed: dict[int, set[Value]] = defaultdict(set)

    @property
    def outside(self) -> Mapping[int, Collection[str]]:
        """What statements do outside the notebook's own values, as far as nothing else is said of them."""
        said = {each.statement.index for each in self.not_followed} | self._left_out
        return {index: calls for index, calls in self._values.outside.items() if index not in said}

    @property
    def unbound(self) -> dict[str, int | None]:
        """The names that are needed and that no statement binds, with the cell that reads each."""
        made = frozenset[str]().union(*(self._names[index].globals for index in self.kept))
        return {
            name: self._statements[reader].cell if reader < self.end else None
            for name, reader in sorted(self._unbound.items(), key=lambda item: item[1])
            # What a function binds once it is called is there then, as in the notebook.
            if name not in made or name in self._names[reader].reads
        }

    @property
    def changed_later(self) -> dict[str, Statement]:
        """For names, a kept statement of another cell that changes them."""
        found = sorted(self._changed_later.items())
        return {name: self._statements[index] for name, index in found if index in self.kept - self._wanted}

    @property
    def not_followed(self) -> Iterator[NotFollowed]:
        """The statements that are not kept though they may have changed what is, and the names of that."""
        for index, values in sorted(self._unfollowed.items()):
            names = sorted({one.name for one in values if one.index < 0 or one.index in self.kept})
            if names and index not in self.kept:
                yield NotFollowed(self._statements[index], names, index in self._trials)

    def want(self, index: int) -> None:
        """Keep a statement, and what the objects that it puts to use need at the end."""
        self._wanted.add(index)
        self._keep(index)
        self._work += [_Need(name, index, self.end, index) for name in sorted(self._names[index].reads)]
        self._call(index, self.end)
        self._use_bound(index, self.end)

    def need(self, name: str, moment: int, reader: int | None = None) -> None:
        """Keep what gives `name` the value that it has at `moment`; `reader` is the statement that reads it."""
        self._work.append(_Need(name, moment, moment, self.end if reader is None else reader))

    def finish(self, also: Callable[[Collection[int]], Iterable[int]]) -> None:
        """Follow what is needed until there is no more."""
        while self._work:
            need = self._work.pop()
            if need[:3] not in self._needed:  # whoever reads it
                self._needed.add(need[:3])
                self._follow(need)
            if not self._work:
                self._delete()
            if not self._work:
                for index in also(self.kept):
                    if self._may_follow(index):
                        self._keep(index)

    def _follow(self, need: _Need) -> None:
        """Keep the statements that bind a name as it is needed, and what their objects need."""
        bindings = self._bindings_of(need)
        binds_itself = need.reader < self.end and need.name in self._names[need.reader].binds
        if not bindings and need.until == self.end and not binds_itself:
            self._unbound.setdefault(need.name, need.reader)
        for binding in bindings:
            if binding.kind == "deletes":
                self._deletes.add((binding.index, need.name))
                continue
            self._keep(binding.index)
            self._use(self._values.bound(binding.index, need.name), need.until)

    def _bindings_of(self, need: _Need) -> list[Binding]:
        """Return the bindings that a name may have; those in passing only where it has no others."""
        bindings = list(self._values.bindings.reaching(need.name, need.moment))
        while bindings and self._binds_in_passing(bindings[-1]):
            earlier = list(self._values.bindings.reaching(need.name, bindings[-1].index))
            bindings += earlier
            if not earlier:
                break
        others = [binding for binding in bindings if not self._binds_in_passing(binding)]
        if not others:
            return bindings
        for binding in bindings:
            if self._binds_in_passing(binding):
                self._unfollowed[binding.index] |= {self._values.bound(other.index, need.name) for other in others}
        return others

    def _binds_in_passing(self, binding: Binding) -> bool:
        """Whether a block or ``+=`` binds a name, and is not kept for what it changes: it may be left out."""
        statement = self._statements[binding.index]
        by_the_way = binding.kind == "may bind" or isinstance(statement.node, ast.AugAssign)
        return by_the_way and not statement.raised and not self._may_follow(binding.index)

    def _may_follow(self, index: int) -> bool:
        """Whether a statement may be kept for what it changes."""
        return index not in self._unsafe and index not in self._trials

    def _use_bound(self, index: int, moment: int) -> None:
        """Use what a statement binds though nothing reads its name, as when it has put that into something."""
        for one in self._values.bound_by(index):
            self._use(one, moment)

    def _delete(self) -> None:
        """Keep the deletions of what an earlier kept statement binds, or the name would be there again."""
        for index, name in sorted(self._deletes):
            earlier = self._values.bindings.of(name)
            if any(one.index < index and one.index in self.kept and one.kind != "deletes" for one in earlier):
                self._keep(index)

    def _use(self, one: Value, moment: int) -> None:
        """Keep what has changed an object by `moment`, and what the functions need that it is or holds."""
        for part in self._values.parts_once(one, moment):
            for index in part.changed[: bisect_left(part.changed, moment)]:
                if self._may_follow(index):
                    self._keep_change(index, part, moment)
                elif part.kind not in {"function", "class"} and index not in self._left_out:
                    # A function is called there, and stays what it is.
                    self._unfollowed[index].add(part)
            if part.index >= 0 and (part.kind == "class" or part.functions):
                self._call(part.index, moment)

    def _keep_change(self, index: int, part: Value, moment: int) -> None:
        """Keep a statement for what it changes."""
        if index in self._left_out:
            return
        self._keep(index)
        self._put_in(index, moment)
        statement = self._statements[index]
        is_code = isinstance(statement.node, known.DEFINITIONS)
        if is_code:  # which its decorator, or the class that it inherits from, has noted
            self._use_bound(index, moment)
        if not is_code and part.index >= 0 and not part.is_code and statement.cell != self._statements[part.index].cell:
            self._changed_later.setdefault(part.name, index)

    def _put_in(self, index: int, moment: int) -> None:
        """Keep what the functions need that a statement may have put into an object, as they may be called then."""
        self._call(index, moment)
        for name in _handed_on(self._statements[index].node) & self._names[index].reads:
            if any(one.kind == "function" for one in self._values.reaching(name, index)):
                self._work.append(_Need(name, index, moment, index))

    def _keep(self, index: int) -> None:
        """Keep a statement, and what it needs to run."""
        if index in self.kept or index in self._left_out:
            return
        self.kept.add(index)
        found = self._names[index]
        for name in sorted(found.reads | found.hints | found.deletes):
            self.need(name, index, index)
        for name in sorted(found.reads):
            if not any(True for _ in self._values.bindings.reaching(name, index)) and name not in found.binds:
                self._unbound.setdefault(name, index)
        if found.late and not isinstance(self._statements[index].node, known.DEFINITIONS):
            # A lambda in a call, or a generator, may run before the statement is done.
            self._call(index, index)

    def _call(self, index: int, moment: int) -> None:
        """Keep what the functions of a statement read when they are called at `moment`."""
        if (index, moment) not in self._called:
            self._called.add((index, moment))
            found = self._names[index]
            for name in sorted(found.late | found.hints):
                self.need(name, moment, index)


def _handed_on(node: ast.stmt) -> set[str]:
    """Return the names that a statement reads other than to call them."""
    called = {part.func for part in ast.walk(node) if isinstance(part, ast.Call)}
    return {part.id for part in ast.walk(node) if isinstance(part, ast.Name) and part not in called}
