"""The functions that may run while a statement does, and with which arguments."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from mcp_notebook.export.closure.effects import Body, Call
from mcp_notebook.export.closure.moments.scope import Scope
from mcp_notebook.export.closure.objects import NOTHING, Found, Object, both

__all__ = ["Run", "Runs", "given"]


@dataclass
class Run:
    """A function as it may run: what its parameters may be, and the objects whose method it is."""

    given: dict[str, Found] = field(default_factory=dict)
    on: int = 0

    def widen(self, given: dict[str, Found], on: int) -> bool:
        """Take in another call; say whether that brings anything new."""
        before = self.given.copy(), self.on
        for name, found in given.items():
            self.given[name] = both(self.given.get(name, NOTHING), found)
        self.on |= on
        return before != (self.given, self.on)


class Runs:
    """All functions that may run, and those of them that are still to be followed."""

    def __init__(self) -> None:
        self._all: dict[Body, Run] = {}
        self._waiting: dict[Body, Run] = {}

    def add(self, body: Body, given: dict[str, Found], on: int) -> None:
        """Have a function followed with these arguments, unless it was with more."""
        run = self._all.setdefault(body, Run())
        if run.widen(given, on):
            self._waiting[body] = run

    def each(self) -> Iterator[tuple[Body, Run]]:
        """Give all functions, and again each that another adds arguments to."""
        self._waiting = dict(self._all)
        while self._waiting:
            yield self._waiting.popitem()


def given(body: Body, call: Call, scope: Scope, on: int, itself: Object, *, direct: bool) -> dict[str, Found]:
    """Return the objects behind each parameter; where the order is not known, all behind each.

    Args:
        body: The function.
        call: That may run it.
        scope: Of the call.
        on: The objects that the call is on.
        itself: The function, or the class that has it.
        direct: Whether the call names it, and not something that holds it.
    """
    names = list(body.parameters)
    found: dict[str, Found] = {}
    if itself.is_class:
        # The object of a constructor is new, but its class is not.
        state = 1 << itself.number if itself.has_state or body.of_class else 0
        own = state if direct and not call.is_method else on | state
        if names:
            found[names.pop(0)] = own, 0
    everything = scope.look_all(call.arguments)
    if call.positional is None or not (direct or itself.is_class):
        return found | dict.fromkeys(names, (everything[0] | on, everything[1]))
    found |= {name: scope.look_all(roots) for name, roots in zip(names, call.positional, strict=False)}
    rest = scope.look_all([*call.others, *(root for roots in call.positional[len(names) :] for root in roots)])
    words = {word: scope.look_all(roots) for word, roots in call.keywords}
    for name in names:
        if name in words:
            found[name] = words[name]
        elif name in body.defaults and name not in found:
            found[name] = 1 << itself.number, 0
        elif name not in found:
            found[name] = everything if (rest[0] or words) else NOTHING
    return found
