"""The statements that are needed: a slice of all that ran, in the order in which it ran.

Each name that a kept statement reads brings every statement that may have bound it by then, and every one that may have
changed its value. So code in the slice finds what it found in the notebook: the latest binding before an eager read,
and the last of all for what a function reads when it is called at the end.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from mcp_notebook.slicing import known, names
from mcp_notebook.slicing.following import follow
from mcp_notebook.slicing.statements import Notebook, Statement, awaits
from mcp_notebook.slicing.trials import trials
from mcp_notebook.slicing.values import Binding, Value

__all__ = ["NotFollowed", "Slice", "cut"]


class NotFollowed(NamedTuple):
    """A statement that is not kept, though it may have changed `names`: it is a trial, or it raised, or awaits."""

    statement: Statement
    names: list[str]
    is_trial: bool


@dataclass(frozen=True)
class Slice:
    """The statements that are needed, and what a report tells about the others.

    Attributes:
        statements: In execution order.
        future: The features that ``from __future__`` imports turned on for them.
        unbound: The names that no statement binds, each with the cell that reads it.
        not_followed: Statements that may have changed kept values, and are not kept.
        changed_later: For names, a kept statement of another cell than their own that changes them.
        outside: Effects of statements outside the notebook's own values, by their index.
    """

    statements: tuple[Statement, ...]
    future: frozenset[str] = frozenset()
    unbound: Mapping[str, int | None] = field(default_factory=dict)
    not_followed: tuple[NotFollowed, ...] = ()
    changed_later: Mapping[str, Statement] = field(default_factory=dict)
    outside: Mapping[int, Collection[str]] = field(default_factory=dict)


def cut(
    notebook: Notebook,
    wanted: Iterable[Statement],
    needed: Iterable[str],
    *,
    server: str | None,
    leave_out: Iterable[Statement] = (),
    functions: Collection[str] = (),
    also: Callable[[Collection[int]], Iterable[int]] = lambda _: (),
) -> Slice:
    """Return the statements that `wanted` and `needed` need, transitively. The author's marks have the last word.

    Args:
        notebook: All that ran.
        wanted: Statements that must be kept, such as registrations.
        needed: Variables that are needed as they are at the end.
        server: The variable of the server; only its binding is kept, and `wanted`.
        leave_out: Statements that are never kept, such as registrations that another replaced.
        functions: The names of functions that are registered: a call of one in a cell only tries it.
        also: Gives more statements that are needed for what those of these indexes do to files.
    """
    every = notebook.statements
    slicer = _Slicer(notebook, [*leave_out, *(one for one in every if one.mark == "leave out")], server, functions)
    for statement in [*wanted, *(one for one in every if one.mark == "keep" and not awaits(one.node))]:
        slicer.want(statement.index)
    for name in needed:
        slicer.need(name, slicer.end, slicer.end)
    slicer.finish(also)
    return slicer.result()


class _Slicer:
    """The work on one slice; a moment is the index of the statement that is about to run."""

    def __init__(
        self, notebook: Notebook, leave_out: Iterable[Statement], server: str | None, functions: Collection[str]
    ) -> None:
        self._statements = every = notebook.statements
        self.end = len(every)
        self._kept: set[int] = set()
        self._wanted: set[int] = set()
        self._left_out = {statement.index for statement in leave_out}
        self._names = names.of_all([statement.node for statement in every])
        self._trials = trials(every, self._names, server=server, functions=functions)
        self._unsafe = {one.index for one in every if one.raised or awaits(one.node)} | self._trials
        there = [one for one in every if one.mark != "leave out"]  # the others bind and change nothing
        self._values = follow(there, self._names, server=server, trials=self._unsafe | self._left_out)
        self._needed: set[tuple[str, int, int]] = set()
        self._called: set[tuple[int, int]] = set()
        # Names that are needed: as bound at one moment, with all that changes them until another, for a reader.
        self._work: list[tuple[str, int, int, int]] = []
        self._changed_later: dict[str, int] = {}
        self._deletes: set[tuple[int, str]] = set()
        self._unbound: dict[str, int] = {}
        self._unfollowed: dict[int, set[Value]] = defaultdict(set)

    def result(self) -> Slice:
        """Return the slice."""
        every, kept = self._statements, self._kept
        made = frozenset[str]().union(*(self._names[index].globals for index in kept))
        unbound = {
            name: every[reader].cell if reader < self.end else None
            for name, reader in sorted(self._unbound.items(), key=lambda item: item[1])
            # A name that a function binds once it is called is there then, as in the notebook.
            if name not in made or name in self._names[reader].reads
        }
        unfollowed = {
            index: found
            for index, values in sorted(self._unfollowed.items())
            if index not in kept and (found := sorted({one.name for one in values if one.index in kept | {-1}}))
        }
        return Slice(
            tuple(every[index] for index in sorted(kept)),
            names.future([one.node for one in every[: max(kept, default=0)]]),
            unbound,
            tuple(NotFollowed(every[i], found, i in self._trials) for i, found in unfollowed.items()),
            {name: every[i] for name, i in sorted(self._changed_later.items()) if i in kept - self._wanted},
            {i: calls for i, calls in self._values.outside.items() if i not in self._left_out | unfollowed.keys()},
        )

    def want(self, index: int) -> None:
        """Keep a statement, and what the objects that it puts to use need at the end."""
        self._wanted.add(index)
        self._keep(index)
        self._work += [(name, index, self.end, index) for name in sorted(self._names[index].reads)]
        self._call(index, self.end)
        self._use_bound(index, self.end)

    def need(self, name: str, moment: int, reader: int) -> None:
        """Keep the statements that give `name` the value that it has at `moment`, for the statement `reader`."""
        self._work.append((name, moment, moment, reader))

    def finish(self, also: Callable[[Collection[int]], Iterable[int]]) -> None:
        """Follow what is needed until there is no more."""
        while self._work:
            need = self._work.pop()
            if need[:3] not in self._needed:
                self._needed.add(need[:3])
                self._follow(*need)
            if not self._work:
                self._delete()
            if not self._work:
                for index in set(also(self._kept)) - self._unsafe:
                    self._keep(index)

    def _follow(self, name: str, moment: int, until: int, reader: int) -> None:
        """Keep the statements that bind a name as it is needed, and what their objects need."""
        bindings = self._bindings_of(name, moment)
        if not bindings and until == self.end and not (reader < self.end and name in self._names[reader].binds):
            self._unbound.setdefault(name, reader)
        for binding in bindings:
            if binding.deletes:
                self._deletes.add((binding.at, name))
            else:
                self._keep(binding.at)
                self._use(self._values.bound(binding.at, name), until)

    def _bindings_of(self, name: str, moment: int) -> list[Binding]:
        """Return the bindings that a name may have.

        A block or ``+=`` that cannot be kept for what it changes counts only where there are no others.
        """
        bindings = found = self._values.reaching(name, moment)
        while found and self._binds_in_passing(found[-1]):
            found = self._values.reaching(name, found[-1].at)
            bindings = bindings + found
        others = [binding for binding in bindings if not self._binds_in_passing(binding)]
        for binding in bindings if others else ():
            if binding not in others:
                self._unfollowed[binding.at] |= {self._values.bound(one.at, name) for one in others}
        return others or bindings

    def _binds_in_passing(self, binding: Binding) -> bool:
        statement = self._statements[binding.at]
        by_the_way = not binding.certain or isinstance(statement.node, ast.AugAssign)
        return by_the_way and not statement.raised and binding.at in self._unsafe

    def _use_bound(self, index: int, moment: int) -> None:
        """Use what a statement binds though nothing reads its name, as when it has put that into something."""
        for name in sorted(self._names[index].binds):
            self._use(self._values.bound(index, name), moment)

    def _delete(self) -> None:
        """Keep the deletions of what an earlier kept statement binds, or the name would be there again."""
        for index, name in sorted(self._deletes):
            earlier = self._values.bindings[name]
            if any(one.at < index and one.at in self._kept and not one.deletes for one in earlier):
                self._keep(index)

    def _use(self, one: Value, moment: int) -> None:
        """Keep what has changed an object by `moment`, and what the functions need that it is or holds."""
        groups = self._values.groups
        for part in self._values.parts_once(one, moment):
            for index in part.changed:
                if index >= moment or index in self._left_out:
                    continue
                if index not in self._unsafe:
                    self._keep_change(index, part, moment)
                elif not part.bit & (groups["function"] | groups["class"]):  # which is called there, and stays the same
                    self._unfollowed[index].add(part)
            if part.functions or part.bit & groups["class"]:
                self._call(part.index, moment)

    def _keep_change(self, index: int, part: Value, moment: int) -> None:
        """Keep a statement for what it changes, and what the functions need that it may have put into that."""
        self._keep(index)
        self._call(index, moment)
        groups, statement = self._values.groups, self._statements[index]
        called = {part.func for part in ast.walk(statement.node) if isinstance(part, ast.Call)}
        handed_on = {part.id for part in ast.walk(statement.node) if isinstance(part, ast.Name) and part not in called}
        for name in sorted(self._names[index].reads & handed_on):
            if self._values.reached(name, index) & groups["function"]:
                self._work.append((name, index, moment, index))
        if isinstance(statement.node, known.DEFINITIONS):  # its decorator did, or the class that it inherits from
            self._use_bound(index, moment)
        elif part.index >= 0 and not part.bit & groups["code"] and statement.cell != self._statements[part.index].cell:
            self._changed_later.setdefault(part.name, index)

    def _keep(self, index: int) -> None:
        """Keep a statement, and what it needs to run."""
        if index in self._kept or index in self._left_out:
            return
        self._kept.add(index)
        found = self._names[index]
        for name in sorted(found.reads | found.hints | found.deletes):
            self.need(name, index, index)
        for name in sorted(found.reads - found.binds):
            if not self._values.reaching(name, index):
                self._unbound.setdefault(name, index)
        if found.late and not isinstance(self._statements[index].node, known.DEFINITIONS):
            # A lambda in a call, or a generator, may run before the statement is done.
            self._call(index, index)

    def _call(self, index: int, moment: int) -> None:
        """Keep what the functions of a statement read when they are called at `moment`."""
        if (index, moment) not in self._called:
            self._called.add((index, moment))
            for name in sorted(self._names[index].late | self._names[index].hints):
                self.need(name, moment, index)
