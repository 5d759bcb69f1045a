"""The values that names had: what each may share, and which statements may have changed it.

A value is what one statement bound to one name. Groups of values are bit sets.
"""

from __future__ import annotations

import ast
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Set
from typing import NamedTuple

from mcp_notebook.slicing import known
from mcp_notebook.slicing.effects import Effects, function_of
from mcp_notebook.slicing.known import DISPLAYS, gives_iterator, name_of
from mcp_notebook.slicing.names import Names

__all__ = ["Binding", "Value", "Values"]


class Binding(NamedTuple):
    """A change of a name by the statement `at` an index: it binds it for certain, perhaps, or deletes it."""

    at: int
    certain: bool
    deletes: bool


class Value:
    """The object that statement `index` bound to `name`, with its functions; an index of -1 is for a module.

    `changed` are the statements that may have changed it, in order.
    """

    def __init__(self, bit: int, index: int, name: str) -> None:
        self.bit, self.index, self.name = bit, index, name
        self.functions: list[Effects] = []
        self.changed: list[int] = []
        self.held = 0


class Values:
    """All values of a notebook; `code` are the names that are functions, classes or modules somewhere in it."""

    def __init__(self, code: Set[str]) -> None:
        self.code = code
        self.bindings: dict[str, list[Binding]] = defaultdict(list)  # of each name, in order
        self.outside: dict[int, list[str]] = {}  # what statements do outside the notebook's own values
        self.links = 0  # how often values came to share something
        self.seeks_subclasses = False  # whether classes are asked for the classes that inherit from them
        # Values of a kind. Those that are "function", "class" or "import" are "code": it changes only where it is named
        # itself, unless it has "state", which others may change. An "object" is an import that is not a module.
        self.groups: dict[str, int] = defaultdict(int)
        self._all: list[Value] = []
        self._by_binding: dict[tuple[int, str], Value] = {}
        self._seen: dict[int, int] = defaultdict(int)

    def bound(self, index: int, name: str) -> Value:
        """Return the value that statement `index` bound to `name`."""
        if (index, name) not in self._by_binding:
            self._all.append(Value(1 << len(self._all), index, name))
            self._by_binding[index, name] = self._all[-1]
        return self._by_binding[index, name]

    def bind(self, index: int, names: Names, also: Iterable[str]) -> None:
        """Note what statement `index` binds and deletes; `also` are names that it perhaps binds."""
        for name in names.binds | set(also):
            certain = name in names.certain and name not in names.deletes
            self.bindings[name].append(Binding(index, certain, deletes=False))
        for name in names.deletes - names.binds:
            self.bindings[name].append(Binding(index, certain=True, deletes=True))

    def reaching(self, name: str, moment: int) -> list[Binding]:
        """Return, latest first, the bindings that `name` may have just before statement `moment` runs."""
        every, found = self.bindings.get(name, []), list[Binding]()
        for i in range(bisect_left(every, (moment,)) - 1, -1, -1):
            found.append(every[i])
            if every[i].certain:
                break
        return found

    def reached(self, name: str, moment: int) -> int:
        """Return the values that `name` may have just before statement `moment`."""
        return sum(self.bound(one.at, name).bit for one in self.reaching(name, moment) if not one.deletes)

    def those(self, group: int) -> Iterator[Value]:
        """Give the values of a group."""
        while group:
            lowest = group & -group
            yield self._all[lowest.bit_length() - 1]
            group ^= lowest

    def link(self, group: int, moment: int) -> None:
        """Note that the values of a group may share something from now on; functions have others in them only."""
        group &= ~self.groups["constant"]
        for one in self.those(group):
            new = group & ~one.bit & ~one.held
            if new and (not one.bit & self.groups["code"] or one.index == moment):
                one.held |= new
                self.links += 1

    def parts(self, group: int, seen: int = 0) -> int:
        """Return a group with all that its values may share something with; without those `seen`."""
        found, work = 0, group & ~seen
        while work:
            found |= work
            new = 0
            for one in self.those(work):
                new |= one.held
            work = new & ~found & ~seen
        return found

    def parts_once(self, one: Value, moment: int) -> Iterator[Value]:
        """Give a value and all that it shares something with; each once, however often that moment is asked for."""
        found = self.parts(one.bit, self._seen[moment])
        self._seen[moment] |= found
        return self.those(found)

    # The kind of a value.

    def describe(self, made: Value, node: ast.stmt, names: Names, effects: Effects) -> None:
        """Note what kind of value a statement binds, and the functions in it."""
        value = getattr(node, "value", None)
        is_function = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) or isinstance(value, ast.Lambda)
        kinds = ["function", "code"] if is_function else ["class", "code"] if isinstance(node, ast.ClassDef) else []
        if any(name_of(mark) in known.REMEMBERING for mark in getattr(node, "decorator_list", ())):
            kinds.append("state")
        if is_function:
            made.functions = [function_of(value or node, names, self.code)]
            kinds += ["state"] if made.functions[0].has_defaults else []
        for part in ast.walk(node) if not is_function else ():
            if isinstance(part, ast.ClassDef):
                methods = (one for one in part.body if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef))
                made.functions += [function_of(one, names, self.code, in_class=True) for one in methods]
                own = [
                    one
                    for one in made.functions
                    if one.of_class and ".." in one.touched.union(*(c.on for c in one.calls))
                ]
                kinds += ["state"] if part is node and (own or _has_state(part)) else []
            elif isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef) and part.name in names.binds:
                made.functions.append(function_of(part, names, self.code))
            elif isinstance(part, ast.Import | ast.ImportFrom):
                kinds += self._imported(made, part)
        if not kinds:
            made.functions += [effects] if effects.keeps or effects.unseen else []
            kinds = [kind for kind, holds in self._kinds(made.index, node, value) if holds]
            kinds += ["method"] if not known.CHANGING.isdisjoint(effects.loaded) else []
        for kind in kinds:
            self.groups[kind] |= made.bit

    def _imported(self, made: Value, node: ast.Import | ast.ImportFrom) -> list[str]:
        for alias in node.names:
            if alias.name == "*" or made.name in (alias.asname, alias.name, alias.name.split(".")[0]):
                is_object = isinstance(node, ast.ImportFrom)
                module = self.bound(-1, (getattr(node, "module", alias.name) or "").split(".")[0]).bit
                self.groups["import"] |= module
                self.groups["code"] |= module
                made.held |= module
                return ["import", "code", *(["object"] if is_object else [])]
        return []

    def _kinds(self, now: int, node: ast.stmt, value: ast.expr | None) -> Iterator[tuple[str, bool]]:
        assigns = isinstance(node, ast.Assign | ast.AnnAssign)
        constant = self._is_constant(value, now) and (assigns or self._is_constant(getattr(node, "target", None), now))
        starred = any(isinstance(part, ast.Starred) for part in ast.walk(node))  # which makes a list
        yield "constant", constant and not starred
        yield "built-in", constant or isinstance(value, DISPLAYS) or name_of(value or node) in known.BUILT_IN_TYPES
        yield "filling", any(name_of(part) == "defaultdict" for part in ast.walk(node))
        called = value.func.id if isinstance(value, ast.Call) and isinstance(value.func, ast.Name) else ""
        own = self.reached(called, now) & self.groups["code"] & ~self.groups["import"]
        functions = [one for code in self.those(own) for one in code.functions]
        by_itself = any(one.name == "__next__" if one.itself else one.iterates for one in functions)
        yield "once", assigns and (by_itself if own else gives_iterator(value))

    def _is_constant(self, node: ast.AST | None, now: int) -> bool:
        """Return whether a value is a number, a text, a path or the like, made of nothing else."""
        match node:
            case ast.Name():
                found = self.reached(node.id, now)
                return bool(found) and not found & ~self.groups["constant"]
            case ast.Call():
                text, is_method = ast.unparse(node.func), isinstance(node.func, ast.Attribute)
                known_one = name_of(node) in known.FRESH or text.startswith(("os.environ", "os.getenv", "Path."))
                return known_one or (is_method and self._is_constant(node.func, now))
            case ast.Attribute():
                return self._is_constant(node.value, now)
            case ast.BinOp() | ast.UnaryOp() | ast.Tuple():
                parts = (part for part in ast.iter_child_nodes(node) if isinstance(part, ast.expr))
                return all(self._is_constant(part, now) for part in parts)
        return isinstance(node, ast.Constant | ast.JoinedStr | ast.Compare)


def _has_state(node: ast.ClassDef) -> bool:
    """Return whether an object may change its class: by an attribute that is not constant, or by naming the class."""
    for part in node.body:
        # The typed attributes of a data class or model are fields: each object has its own.
        is_field = isinstance(part, ast.AnnAssign) and (node.bases or node.decorator_list)
        if isinstance(part, ast.Assign | ast.AnnAssign) and not is_field and not isinstance(part.value, ast.Constant):
            return True
    return any(name_of(part) in {"__class__", "type"} for part in ast.walk(node))
