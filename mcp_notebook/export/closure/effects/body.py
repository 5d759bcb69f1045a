"""What a piece of code does to objects, as plain data: the calls in it, and all else."""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["Body", "Call", "Roots"]

Roots = frozenset[str]
"""Where an object comes from: see the room's docstring."""


@dataclass(frozen=True)
class Call:
    """A call.

    Attributes:
        name: What is called: the method, or the function.
        on: The roots of the object whose method is called; of the function itself where it is no method.
        is_method: Whether a method is called.
        positional: The roots of each positional argument; None where a star hides their order.
        keywords: The roots of each keyword argument.
        others: The roots of starred arguments.
        dropped: Whether nothing becomes of its value.
        decorates: Whether it decorates a function or class; its arguments are then those of the decorator.
    """

    name: str
    on: Roots
    is_method: bool
    positional: tuple[Roots, ...] | None
    keywords: tuple[tuple[str, Roots], ...]
    others: Roots
    dropped: bool
    decorates: bool = False

    @property
    def takes(self) -> bool:
        """Whether it takes something out of its object, as `get` without a key does with a queue."""
        return self.is_method and self.name == "get" and self.positional == ()

    @property
    def arguments(self) -> Roots:
        """The roots of all arguments."""
        named = (roots for _, roots in self.keywords)
        return self.others.union(*(self.positional or ()), *named)


@dataclass(eq=False)
class Body:
    """What a piece of code does, in roots that mean something outside: variables of the notebook, and parameters.

    Attributes:
        flows: For each variable of the notebook that it binds, the roots of what.
        changes: The roots of what is changed in place, and of what is put into it.
        calls: The calls.
        returns: The roots of what it gives back.
        parameters: Its parameters, in order.
        defaults: Those that have a default.
        writes: The variables of the notebook that it declares ``global``.
        keeps_state: Whether a function inside it changes a variable of it, as a counter made by a closure does.
        is_generator: Whether it runs when its value is read, bit by bit.
        of_class: Whether its first parameter is the class, not an object of it.
        is_implicit: Whether it runs without being called by name: an operator's method, a property.
    """

    flows: list[tuple[str, Roots]] = field(default_factory=list)
    changes: list[tuple[Roots, Roots]] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    returns: Roots = frozenset()
    parameters: tuple[str, ...] = ()
    defaults: frozenset[str] = frozenset()
    writes: frozenset[str] = frozenset()
    keeps_state: bool = False
    is_generator: bool = False
    of_class: bool = False
    is_implicit: bool = False

    @property
    def does_nothing(self) -> bool:
        """Whether a call of it can change nothing that was there before."""
        return not (self.writes or self.changes or self.calls or self.keeps_state)
