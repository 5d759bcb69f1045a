"""What a statement changes: which objects, what they hold from then on, and what is outside of the notebook."""

from __future__ import annotations

from mcp_notebook.export.closure.objects import NOTHING, Found, Objects, group_of

__all__ = ["Changes"]


class Changes:
    """The changes of statement `now`.

    Attributes:
        group: The objects that it may change.
        outside: The calls in it that do something outside the notebook's own objects.
    """

    def __init__(self, objects: Objects, now: int, *, is_trial: bool) -> None:
        self.group = 0
        self.outside: dict[str, None] = {}
        self._objects = objects
        self._now = now
        self._is_trial = is_trial

    def change(self, group: int, put_in: Found = NOTHING, *, modules: bool = False) -> None:
        """Note a change of objects and what is in them; of modules only where one is meant: anything may hold one."""
        objects = self._objects
        group = group if modules else group & ~objects.modules
        parts = group | objects.holds.of(group) & objects.changing
        parts |= objects.holds.of(group & objects.modules) & objects.modules
        self.group |= parts & ~objects.constant
        self.hold(parts, put_in)

    def hold(self, holders: int, found: Found) -> None:
        """Note what objects may hold from now on; nothing holds what it was given in a trial."""
        if not self._is_trial:
            self._objects.hold(holders, found, self._now)

    def draw(self, group: int) -> None:
        """Note that random numbers are drawn: what unseeded ones are is not the same again anyway."""
        objects = self._objects
        seeded = group_of(one for one in objects.those(group & objects.code) if self._is_set_up(1 << one.number))
        self.change(group & ~objects.code | seeded, modules=True)

    def _is_set_up(self, one: int) -> bool:
        """Whether a module that an object is of was changed, as by ``random.seed(1)``."""
        modules = self._objects.holds.of(one) & self._objects.modules
        return bool(modules & self.group) or any(module.changed for module in self._objects.those(modules))

    def count(self, group: int) -> None:
        """Note a change of what a function keeps to itself: all that its statement bound may share it."""
        objects = self._objects
        bound = (objects.bound_by(one.index) for one in objects.those(group & ~objects.code))
        self.change(group | group_of(one for together in bound for one in together))
