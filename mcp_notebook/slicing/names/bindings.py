"""Which statements may have bound a name as it was at a moment of the trace."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from mcp_notebook.slicing.names.scopes import Names

__all__ = ["Binding", "Bindings"]


@dataclass(frozen=True)
class Binding:
    """What statement `index` does to a name: binds it, perhaps binds it, or deletes it."""

    index: int
    kind: Literal["binds", "may bind", "deletes"]


class Bindings:
    """All bindings of all names, found by name and moment."""

    def __init__(self) -> None:
        self._by_name: dict[str, list[Binding]] = defaultdict(list)

    def add(self, index: int, names: Names, also: Sequence[str] = ()) -> None:
        """Note what statement `index`, later than all before, binds; `also` are names that it perhaps binds."""
        for name in names.binds | set(also):
            certain = name in names.certain and name not in names.deletes
            self._by_name[name].append(Binding(index, "binds" if certain else "may bind"))
        for name in names.deletes - names.binds:
            self._by_name[name].append(Binding(index, "deletes"))

    def of(self, name: str) -> Sequence[Binding]:
        """Return all bindings of a name, in order."""
        return self._by_name.get(name, ())

    def reaching(self, name: str, moment: int) -> Iterator[Binding]:
        """Give, latest first, the bindings that `name` may have just before statement `moment` runs."""
        known = self._by_name.get(name, ())
        for i in range(bisect_left(known, moment, key=lambda binding: binding.index) - 1, -1, -1):
            yield known[i]
            if known[i].kind != "may bind":
                return
