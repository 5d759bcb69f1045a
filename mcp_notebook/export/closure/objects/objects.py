"""The objects of a notebook: what each may be, have in it, and have been changed by."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from mcp_notebook.export.closure import known
from mcp_notebook.export.closure.effects import Body
from mcp_notebook.export.closure.names import Bindings
from mcp_notebook.export.closure.objects.reach import Reach, members

__all__ = ["NOTHING", "Found", "Object", "Objects", "both", "group_of"]


@dataclass(eq=False)
class Object:
    """What a statement bound to a name, or a module.

    Attributes:
        number: Its place among all; in a group of objects, its bit.
        index: The statement; -1 for a module.
        name: The name; a module's own.
        functions: The functions that it is or has: one for a ``def``, a class's by their names.
        is_function: Whether it is a function.
        is_class: Whether it is a class.
        makes_classes: Whether it is a class of classes.
        has_state: Whether it is a class with an attribute of its own that its objects may change, or a function that
            remembers what it gave back.
        methods: The methods, not called, that its value was made of: ``add = books.append``.
        is_module: Whether it is a module, or something imported from one.
        is_constant: Whether nothing can change it.
        is_used_up: Whether reading it changes it, as a generator.
        changed: The statements that may have changed it, in order.
    """

    number: int
    index: int
    name: str
    functions: dict[str, Body] = field(default_factory=dict)
    is_function: bool = False
    is_class: bool = False
    makes_classes: bool = False
    has_state: bool = False
    methods: set[str] = field(default_factory=set)
    is_module: bool = False
    is_constant: bool = False
    is_used_up: bool = False
    changed: list[int] = field(default_factory=list)

    @property
    def is_code(self) -> bool:
        """Whether it is a function, class or module: changed only where it is named itself."""
        return self.is_function or self.is_class or self.is_module


Found = tuple[int, int]
"""The group of objects that a root may stand for, and that of the functions and classes that made it."""

NOTHING: Found = 0, 0


def both(one: Found, other: Found) -> Found:
    """Return what was found in either way."""
    return one[0] | other[0], one[1] | other[1]


def group_of(objects: Iterable[Object]) -> int:
    """Return the group of these objects: the sum of their bits."""
    group = 0
    for one in objects:
        group |= 1 << one.number
    return group


class Objects:
    """The objects of the notebook, by the statement and the name that it bound; groups of them are bit sets.

    Attributes:
        holds: Which objects each may be, be part of or have in it.
        behind: The same, with the functions and classes that made it or that it inherits from.
        bindings: Which statements bound which names.
        outside: The calls of each statement that do something outside the notebook's own objects.
        code: The group of functions, classes and modules.
        classes: The group of classes.
        modules: The group of modules and of what is imported from them.
        changing: The group of those that may change with what holds them.
        constant: The group of those that nothing changes.
        used_up: The group of those that reading changes.
        running: The group of those that have functions.
        generators: The group of those that have generator functions.
        changers: The group of those made of a method that changes its object.
        remembering: The group of functions that remember what they gave back.
    """

    def __init__(self, *, server: str | None) -> None:
        self.holds = Reach()
        self.behind = Reach()
        self.bindings = Bindings()
        self.outside: dict[int, list[str]] = {}
        self.code = self.classes = self.modules = self.changing = self.constant = 0
        self.used_up = self.running = self.generators = self.changers = self.remembering = 0
        self._server = server
        self._all: list[Object] = []
        self._by_binding: dict[tuple[int, str], Object] = {}
        self._by_statement: dict[int, list[Object]] = defaultdict(list)
        self._modules: dict[str, Object] = {}
        self._seen: dict[int, set[int]] = defaultdict(set)

    def bound(self, index: int, name: str) -> Object:
        """Return the object that statement `index` bound to `name`."""
        if (index, name) not in self._by_binding:
            made = self._by_binding[index, name] = self._new(index, name)
            self._by_statement[index].append(made)
        return self._by_binding[index, name]

    def bound_by(self, index: int) -> Sequence[Object]:
        """Return the objects that a statement bound."""
        return self._by_statement.get(index, ())

    def module(self, name: str) -> Object:
        """Return the module at the top of a dotted name: its submodules are part of it."""
        top = name.split(".", maxsplit=1)[0]
        if top not in self._modules:
            self._modules[top] = self._new(-1, top, is_module=True)
        return self._modules[top]

    def _new(self, index: int, name: str, *, is_module: bool = False) -> Object:
        made = Object(len(self._all), index, name, is_module=is_module)
        self._all.append(made)
        self.holds.add()
        self.behind.add()
        self.sort(made)
        return made

    def sort(self, one: Object) -> None:
        """Put an object into the groups that it belongs to, by what it is now."""
        bodies = one.functions.values()
        for group, belongs in {
            "code": one.is_code,
            "classes": one.is_class,
            "modules": one.is_module,
            "changing": not one.is_code or one.has_state,
            "constant": one.is_constant,
            "used_up": one.is_used_up,
            "running": bool(bodies),
            "generators": any(body.is_generator for body in bodies),
            "remembering": one.is_function and one.has_state,
            "changers": bool(one.methods & known.CHANGING_METHODS),
        }.items():
            bit = 1 << one.number
            setattr(self, group, getattr(self, group) & ~bit | (bit if belongs else 0))

    def those(self, group: int) -> Iterator[Object]:
        """Give the objects of a group."""
        return (self._all[number] for number in members(group))

    def reaching(self, name: str, moment: int) -> list[Object]:
        """Return the objects that `name` may have just before `moment`."""
        found = self.bindings.reaching(name, moment)
        return [self.bound(binding.index, name) for binding in found if binding.kind != "deletes"]

    def hold(self, holders: int, found: Found, moment: int) -> None:
        """Note that each of a group may from now on hold what was found."""
        held, makers = found[0] & ~self.constant, found[1]
        if not held | makers:
            return
        for holder in members(holders & ~self.constant):
            self.holds.join(holder, held, moment)
            self.behind.join(holder, held | makers, moment)
        if makers & self.generators:
            self.used_up |= holders & ~self.constant & ~self.code

    def parts(self, one: Object, moment: int) -> Iterator[Object]:
        """Give the object and all that may be behind it at `moment`; each once, however often that moment is asked."""
        return (self._all[number] for number in self.behind.at(one.number, moment, self._seen[moment]))

    def is_server(self, name: str) -> bool:
        """Whether a variable is the server's."""
        return name == self._server
