"""What can be reached from what, in a graph that only grows."""

from __future__ import annotations

from collections.abc import Iterator

__all__ = ["Reach", "members"]


def members(group: int) -> Iterator[int]:
    """Give the nodes of a group: the numbers of the bits that are set, the lowest first."""
    while group:
        lowest = group & -group
        yield lowest.bit_length() - 1
        group ^= lowest


class Reach:
    """A graph whose transitive closure is kept up to date: groups of nodes are bit sets.

    An edge that adds nothing to the closure is not stored: whoever asks about that moment or a later one gets there
    another way.

    Attributes:
        size: How many edges are stored; it tells whether anything is new.
    """

    def __init__(self) -> None:
        self.size = 0
        self._from: list[int] = []
        self._into: list[int] = []
        self._edges: list[list[tuple[int, int]]] = []
        self._found: dict[int, int] = {}

    def add(self) -> None:
        """Add a node; it reaches itself."""
        itself = 1 << len(self._from)
        self._from.append(itself)
        self._into.append(itself)
        self._edges.append([])

    def of(self, group: int) -> int:
        """Return the group and all that it reaches now."""
        if group not in self._found:
            found = group
            for node in members(group):
                found |= self._from[node]
            self._found[group] = found
        return self._found[group]

    def join(self, node: int, group: int, moment: int) -> None:
        """Add edges from a node to each of a group; `moment` is not before that of any edge so far."""
        while missing := group & ~self._from[node]:
            other = missing.bit_length() - 1
            self.size += 1
            self._edges[node].append((moment, other))
            self._spread(self._into[node], self._from[other])
            self._found.clear()

    def _spread(self, above: int, below: int) -> None:
        for one in members(above):
            self._from[one] |= below
        for one in members(below):
            self._into[one] |= above

    def at(self, node: int, moment: int, seen: set[int]) -> Iterator[int]:
        """Give what is reached from a node by the edges until `moment`, except what is in `seen`; note it there."""
        work = [node]
        while work:
            one = work.pop()
            if one not in seen:
                seen.add(one)
                yield one
                work += (other for since, other in self._edges[one] if since <= moment)
