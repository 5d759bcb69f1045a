"""Which objects the roots in a piece of code stand for while a statement runs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from mcp_notebook.export.closure.names import Names
from mcp_notebook.export.closure.objects import NOTHING, Found, Objects, both, group_of

__all__ = ["Scope", "Variables"]


class Variables:
    """The variables of the notebook while statement `now` runs.

    Attributes:
        written: Those that functions declare ``global`` which the statement runs.
    """

    def __init__(self, objects: Objects, names: Names, now: int) -> None:
        self.written: dict[str, None] = {}
        self._objects = objects
        self._names = names
        self._now = now
        self._before: dict[str, int] = {}
        self._given_back: dict[int, Found] = {}
        self._given_back_at: object = None

    def of(self, root: str) -> Found:
        """Return what a variable may be: what it was before, and what the statement binds to it."""
        if root.startswith(".") or self._objects.is_server(root):
            return NOTHING
        if root not in self._before:
            self._before[root] = group_of(self._objects.reaching(root, self._now))
        found = self._before[root]
        if root in self._names.binds or root in self.written:
            found |= 1 << self._objects.bound(self._now, root).number
        return found, 0

    def given_back(self, called: int) -> Found:
        """Return what a call of these objects may give back."""
        now = self._objects.behind.size, len(self.written)
        if self._given_back_at != now:
            self._given_back_at = now
            self._given_back.clear()
        if called not in self._given_back:
            self._given_back[called] = self._find_given_back(called)
        return self._given_back[called]

    def _find_given_back(self, called: int) -> Found:
        objects = self._objects
        passed_on = ~objects.code | objects.remembering
        held, makers = called & passed_on, 0
        while new := objects.behind.of(called) & (objects.running | objects.classes) & ~makers:
            makers |= new
            bodies = (body for code in objects.those(new) for body in code.functions.values())
            for root in frozenset[str]().union(*(body.returns for body in bodies)):
                found = self.of(root.removeprefix("()"))[0]
                if root.startswith("()"):
                    called |= found
                held |= found & passed_on if root.startswith("()") else found
        return held, makers


@dataclass(frozen=True, eq=False)
class Scope:
    """What roots stand for in the statement itself, or in a function that it runs.

    Attributes:
        variables: Those of the notebook.
        given: What the parameters of the function may be; None in the statement itself.
    """

    variables: Variables
    given: Mapping[str, Found] | None = None

    @property
    def is_statement(self) -> bool:
        """Whether it is that of the statement itself, where a module is meant by its name."""
        return self.given is None

    def look(self, root: str) -> Found:
        """Return what a root may stand for."""
        if root.startswith("()"):
            return self.variables.given_back(self.look(root[2:])[0])
        if root.startswith("."):
            return NOTHING if self.given is None else self.given.get(root[1:], NOTHING)
        return self.variables.of(root)

    def look_all(self, roots: Iterable[str]) -> Found:
        """Return what any of these roots may stand for."""
        found = NOTHING
        for root in roots:
            found = both(found, self.look(root))
        return found
