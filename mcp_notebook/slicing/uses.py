"""What code does with names, as data: which it changes, which may share their value from then on, what it calls.

A root says where a value comes from: a variable of the notebook (``books``), a local variable (``.row``), or what a
call of a function gives back (``()load``). A value has no root where it shares nothing that can change, as a length.
What an assignment binds is marked (``=books``): the value that the name had before is another.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

__all__ = ["Call", "Function", "Roots", "Uses", "outside"]

Roots = frozenset[str]


@dataclass(frozen=True)
class Call:
    """A call: what it does depends on what its names stand for.

    Attributes:
        name: The method or function that is called.
        on: The roots of the object whose method it is, or of the function.
        is_method: Whether a method is called.
        given: The roots of all arguments.
        dropped: Whether nothing is done with its value.
        decorates: Whether it decorates a function or class.
        in_place: Whether it is told to change its object, or where to write.
        is_empty: Whether it has no positional arguments.
    """

    name: str
    on: Roots
    is_method: bool
    given: Roots
    dropped: bool = False
    decorates: bool = False
    in_place: bool = False
    is_empty: bool = False


@dataclass
class Uses:
    """What a piece of code does.

    Attributes:
        changes: The roots of what it changes whatever that is, by an assignment or ``del``.
        ties: Roots whose value may hold, from then on, that of other roots.
        iterates: The roots of what it iterates over, which uses up an iterator.
        items: The roots of what it reads an item of, which a ``defaultdict`` adds where it is missing.
        calls: Its calls.
        returns: The roots of what it gives back.
        writes: The variables that it declares ``global``.
        inner: The roots of what functions inside it change.
        yields: Whether it is a generator.
        has_code: Whether there is a function in it, which may be part of what it gives back.
    """

    changes: set[str] = field(default_factory=set)
    ties: list[tuple[Roots, Roots]] = field(default_factory=list)
    iterates: set[str] = field(default_factory=set)
    items: set[str] = field(default_factory=set)
    calls: list[Call] = field(default_factory=list)
    returns: set[str] = field(default_factory=set)
    writes: set[str] = field(default_factory=set)
    inner: set[str] = field(default_factory=set)
    yields: bool = False
    has_code: bool = False


@dataclass(eq=False)
class Function:
    """A function, and what it does when it is called.

    Attributes:
        name: Its name; "" for a lambda or generator expression.
        uses: What it does, functions inside it taken to be called too.
        parameters: The names of its parameters, those of functions inside included.
        itself: The first parameter of a method, which is the object; "" where there is none.
        of_class: Whether that is the class.
        is_implicit: Whether it runs without being called by name, as an operator or a property.
        keeps_state: Whether it changes what it keeps to itself, such as a default or a variable of the function around.
        is_once: Whether iterating over what it gives back may use that up.
    """

    name: str
    uses: Uses
    parameters: frozenset[str] = frozenset()
    itself: str = ""
    of_class: bool = False
    is_implicit: bool = False
    keeps_state: bool = False
    is_once: bool = False


def outside(uses: Uses, parameters: frozenset[str]) -> Uses:
    """Replace each local variable but the parameters by what it may share its value with."""
    flows: dict[str, set[str]] = {}
    for holders, held in uses.ties:
        for holder in holders:
            flows.setdefault(holder.lstrip("="), set()).update(held)
    found: dict[str, set[str]] = {}

    def of(root: str) -> set[str]:
        mark = "()" if root[0] == "(" else "=" if root[0] == "=" else ""
        name = root[len(mark) :]
        if name[0] != ".":
            return {root}
        if name not in found:
            seen, work = {name}, [name]
            while work:
                new = flows.get(work.pop(), set()) - seen
                seen |= new
                work += [each for each in new if each[0] == "."]
            found[name] = {each for each in seen if each[0] != "." or each[1:] in parameters}
        return {"()" + each if mark == "()" and each[0] != "(" else each for each in found[name]}

    def all_of(roots: Iterable[str]) -> frozenset[str]:
        return frozenset(each for root in roots for each in of(root))

    ties = [(all_of(holders), all_of(held)) for holders, held in uses.ties]
    return replace(
        uses,
        changes=set(all_of(uses.changes)),
        ties=[(holders, held) for holders, held in ties if holders and held],
        iterates=set(all_of(uses.iterates)),
        items=set(all_of(uses.items)),
        calls=[replace(call, on=all_of(call.on), given=all_of(call.given)) for call in uses.calls],
        returns=set(all_of(uses.returns)),
    )
