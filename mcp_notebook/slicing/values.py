"""The values that names had: what each may share, and which statements may have changed it.

A value is what one statement bound to one name. Groups of values are bit sets.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from mcp_notebook.slicing import known
from mcp_notebook.slicing.functions import late
from mcp_notebook.slicing.names import Bindings, Names
from mcp_notebook.slicing.nodes import name_of
from mcp_notebook.slicing.uses import Call, Function

__all__ = ["Value", "Values"]


BUILT_IN = (ast.List, ast.Dict, ast.Set, ast.Tuple, ast.ListComp, ast.DictComp, ast.SetComp)
"""Expressions of a built-in class."""


@dataclass(eq=False)
class Value:
    """What a statement bound to a name; or a module, or what is imported from it.

    Attributes:
        number: Its place among all; in a group, its bit.
        index: The statement; -1 for what is imported.
        name: The name.
        kind: What it is. Functions, classes and imports change only where they are named themselves.
        functions: Those that it is or has.
        changes_by_itself: Whether it keeps what others may change: a class with attributes, a function with a cache.
        is_built_in: Whether it is a list, dict or the like, as far as the statement shows.
        fills: Whether reading an item may add it, as of a ``defaultdict``.
        is_once: Whether iterating over it may use it up.
        methods: The methods, not called, that it was made of: ``add = books.append``.
        changed: The statements that may have changed it, in order.
    """

    number: int
    index: int
    name: str
    kind: str = "value"
    functions: list[Function] = field(default_factory=list)
    changes_by_itself: bool = False
    is_built_in: bool = False
    fills: bool = False
    is_once: bool = False
    methods: set[str] = field(default_factory=set)
    changed: list[int] = field(default_factory=list)

    @property
    def has_code(self) -> bool:
        """Whether what it gives back may have a function of its own in it."""
        return any(function.uses.has_code or function.uses.yields for function in self.functions)

    @property
    def returns(self) -> Iterator[str]:
        """The roots, in the notebook, of what it gives back where it is a function."""
        if self.kind == "function":
            for function in self.functions:
                yield from (root for root in function.uses.returns if root.lstrip("()")[0] != ".")

    def may_run(self, function: Function, call: Call) -> bool:
        """Return whether a call on this may mean that function of it."""
        if not call.is_method:
            return self.kind != "class" or function.name[:2] == "__" or function.name == ""
        if self.kind == "class":
            makes = call.name == "__init_subclass__" and function.name in {"__new__", "__init__"}
            return function.name == call.name or makes
        return call.name not in known.CHANGING_METHODS | known.LOOKING_METHODS

    @property
    def is_code(self) -> bool:
        """Whether it is a function, class or import."""
        return self.kind in {"function", "class", "import"}


class Values:
    """All values of a notebook.

    Attributes:
        bindings: Which statements bound which names.
        outside: What statements do outside the notebook's own values, by their index.
    """

    def __init__(self) -> None:
        self.bindings = Bindings()
        self.outside: dict[int, list[str]] = {}
        self._all: list[Value] = []
        self._held: list[list[tuple[int, int]]] = []
        self._by_binding: dict[tuple[int, str], Value] = {}
        self._by_statement: dict[int, list[Value]] = defaultdict(list)
        self._seen: dict[int, int] = defaultdict(int)
        self._groups: dict[str, int] = {}
        self.links = 0

    def bound(self, index: int, name: str) -> Value:
        """Return the value that statement `index` bound to `name`; an index of -1 is for what is imported."""
        if (index, name) not in self._by_binding:
            made = self._by_binding[index, name] = Value(len(self._all), index, name)
            self._all.append(made)
            self._held.append([])
            self._by_statement[index].append(made)
            self._groups.clear()
        return self._by_binding[index, name]

    def bound_by(self, index: int) -> list[Value]:
        """Return the values that a statement bound."""
        return self._by_statement.get(index, [])

    def reaching(self, name: str, moment: int) -> list[Value]:
        """Return the values that `name` may have just before statement `moment`."""
        found = self.bindings.reaching(name, moment)
        return [self.bound(binding.index, name) for binding in found if binding.kind != "deletes"]

    def those(self, group: int) -> Iterator[Value]:
        """Give the values of a group."""
        while group:
            lowest = group & -group
            yield self._all[lowest.bit_length() - 1]
            group ^= lowest

    def group(self, what: str) -> int:
        """Return the group of all values of a kind, such as "import", or with a property, such as "once"."""
        if not self._groups:
            groups: dict[str, int] = defaultdict(int)
            for one in self._all:
                bit = 1 << one.number
                groups[one.kind] |= bit
                groups["code"] |= bit if one.is_code else 0
                groups["built-in"] |= bit if one.is_built_in or one.kind == "constant" else 0
                groups["filling"] |= bit if one.fills else 0
                groups["once"] |= bit if one.is_once else 0
                groups["running"] |= bit if one.functions else 0
                groups["changers"] |= bit if one.methods & known.CHANGING_METHODS else 0
                groups["free"] |= bit if one.changes_by_itself or one.kind == "value" else 0
            self._groups = groups
        return self._groups.get(what, 0)

    def hold(self, holders: int, held: int, moment: int) -> None:
        """Note that each value of a group may hold others from now on; what is constant neither holds nor is held."""
        constant = self.group("constant")
        held &= ~constant
        for one in self.those(holders & ~constant if held else 0):
            new = held & ~(1 << one.number)
            for _, bits in self._held[one.number]:
                new &= ~bits
            if new:
                self._held[one.number].append((moment, new))
                self.links += 1

    def parts(self, group: int, moment: int | None = None, seen: int = 0) -> int:
        """Return a group with all that its values may hold, as it was before `moment`; without those `seen`."""
        found, work = 0, group & ~seen
        while work:
            found |= work
            new = 0
            for one in self.those(work):
                for since, bits in self._held[one.number]:
                    if moment is None or since < moment:
                        new |= bits
            work = new & ~found & ~seen
        return found

    def parts_once(self, one: Value, moment: int) -> Iterator[Value]:
        """Give a value and all that it may hold at `moment`; each once, however often that moment is asked for."""
        found = self.parts(1 << one.number, moment, self._seen[moment])
        self._seen[moment] |= found
        return self.those(found)

    def describe(self, made: Value, node: ast.stmt, names: Names) -> None:
        """Note what kind of value a statement binds."""
        self._groups.clear()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == made.name:
            function = late(node, names)
            made.kind, made.functions = "function", [function]
            made.changes_by_itself = function.keeps_state or any(
                name_of(mark) in known.REMEMBERING for mark in node.decorator_list
            )
        elif isinstance(node, ast.ClassDef) and node.name == made.name:
            made.kind, made.functions, made.changes_by_itself = "class", _methods(node, names), _has_state(node)
        else:
            for part in ast.walk(node):
                self._describe_part(made, part, names)
            self._describe_value(made, node)

    def _describe_part(self, made: Value, part: ast.AST, names: Names) -> None:
        if isinstance(part, ast.Lambda | ast.FunctionDef | ast.AsyncFunctionDef | ast.GeneratorExp):
            made.functions.append(late(part, names))
        elif isinstance(part, ast.ClassDef):
            made.functions += _methods(part, names)
        elif isinstance(part, ast.Import | ast.ImportFrom):
            for alias in part.names:
                if alias.name == "*" or made.name in (alias.asname, alias.name, alias.name.split(".")[0]):
                    module = f"{part.module}." if isinstance(part, ast.ImportFrom) else ""
                    whole, top = f"{module}{alias.name}", f"{module}{alias.name}".split(".", maxsplit=1)[0]
                    made.kind = "import"
                    for name in (whole, top):
                        other = self.bound(-1, name)
                        other.kind = "import"
                        self.hold(1 << made.number, 1 << other.number, made.index)

    def _describe_value(self, made: Value, node: ast.stmt) -> None:
        value = getattr(node, "value", None)
        called = {part.func for part in ast.walk(node) if isinstance(part, ast.Call)}
        loaded = (part for part in ast.walk(node) if isinstance(part, ast.Attribute) and part not in called)
        made.methods = {part.attr for part in loaded if isinstance(part.ctx, ast.Load)}
        made.is_built_in = isinstance(value, BUILT_IN) or (
            isinstance(value, ast.Call) and name_of(value) in known.BUILT_IN_TYPES
        )
        made.fills = any(name_of(part) == "defaultdict" for part in called)
        made.is_once = isinstance(node, ast.Assign | ast.AnnAssign) and self._is_once(value, made.index)
        if isinstance(value, ast.Lambda):
            made.kind = "function"
            made.changes_by_itself = made.functions[0].keeps_state
        starred = any(
            getattr(part.value, "id", "") == made.name for part in ast.walk(node) if isinstance(part, ast.Starred)
        )
        if isinstance(node, ast.Assign | ast.AnnAssign) and self._is_constant(value, made.index) and not starred:
            made.kind = "constant"
        if isinstance(node, ast.AugAssign) and all(self._is_constant(n, made.index) for n in (node.target, value)):
            made.kind = "constant"

    def _is_constant(self, node: ast.AST | None, now: int) -> bool:
        """Whether a value is a number, a text, a path or the like, made of nothing else."""
        match node:
            case ast.Name():
                found = self.reaching(node.id, now)
                return bool(found) and all(one.kind == "constant" for one in found)
            case ast.Call(func=ast.Name(id=name)):
                return name in known.CONSTANT
            case ast.Call(func=ast.Attribute(attr=name)):
                text = ast.unparse(node.func)
                return (
                    self._is_constant(node.func, now)
                    or name in known.CONSTANT
                    or text.startswith(("os.environ", "os.getenv", "Path."))
                )
            case ast.Attribute():
                return self._is_constant(node.value, now)
            case ast.BinOp() | ast.UnaryOp() | ast.Tuple():
                parts = [part for part in ast.iter_child_nodes(node) if isinstance(part, ast.expr)]
                return all(self._is_constant(part, now) for part in parts)
        return isinstance(node, ast.Constant | ast.JoinedStr | ast.Compare)

    def _is_once(self, node: ast.AST | None, now: int) -> bool:
        """Whether iterating over a value may use it up: it is an iterator, or nobody knows."""
        match node:
            case ast.Name():
                return any(one.is_once for one in self.reaching(node.id, now))
            case ast.Call():
                name = name_of(node)
                found = self.reaching(name, now) if isinstance(node.func, ast.Name) else []
                if any(one.kind == "function" for one in found):
                    return any(function.uses.yields or function.is_once for one in found for function in one.functions)
                if any(one.kind == "class" for one in found):
                    return any(function.name == "__next__" for one in found for function in one.functions)
                return name not in known.CONTAINERS and name not in known.FRESH_METHODS and name[:5] != "read_"
            case ast.IfExp():
                return self._is_once(node.body, now) or self._is_once(node.orelse, now)
        return isinstance(node, ast.GeneratorExp)


def _methods(node: ast.ClassDef, names: Names) -> list[Function]:
    definitions = (part for part in node.body if isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef))
    return [late(part, names, in_class=True) for part in definitions]


def _has_state(node: ast.ClassDef) -> bool:
    """Whether an object may change its class: by an attribute that is no constant, or by naming the class."""
    for part in node.body:
        # The typed attributes of a data class or model are fields: each object has its own.
        is_field = isinstance(part, ast.AnnAssign) and (node.bases or node.decorator_list)
        if isinstance(part, ast.Assign | ast.AnnAssign) and not is_field and not isinstance(part.value, ast.Constant):
            return True
    return any(getattr(part, "attr", getattr(part, "id", "")) in {"__class__", "type"} for part in ast.walk(node))
