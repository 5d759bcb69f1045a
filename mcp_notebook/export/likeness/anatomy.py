"""The anatomy of a server as JSON: its entries, and the functions that answer, layer by layer.

It needs nothing but Python, because its text also runs in a package's environment, which has no workbench.
"""

from __future__ import annotations

import dis
import functools
import hashlib
import types
from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import Enum
from pathlib import PurePath
from typing import Any

__all__ = ["EXTENSIONS", "GONE", "Anatomy", "digest"]

GONE: Any = object()
"""The value that `Anatomy.through` returns for something that does not count."""

DEEPEST = 24
"""Steps from the server to what is still looked at."""

MOST = 10_000
"""Members of a list or dict that are looked at."""

LIBRARIES = {"mcp", "mcp_types"}
"""Packages whose objects count with all that they have; the objects of others count with their functions."""

PATCHING = LIBRARIES | {
    "abc", "builtins", "collections", "dataclasses", "enum", "functools", "mcp_notebook", "pydantic", "typing",
}  # fmt: skip
"""Packages whose functions the SDK's classes may have."""

EXTENSIONS = "mcp_notebook.server.extensions"
"""The modules of the workbench that a package carries as they are."""

VOLATILE = {"_session_manager", "add_tool", "is_async", "parsed_template", "resolver_plans", "version"}
"""Attributes that show in others, or differ from start to start; the version is the package's own."""

AT_WORK = ("mcp.server.request_state", "mcp.server.subscriptions")
"""The SDK's modules whose objects have keys or listeners, which differ from start to start: only functions count."""

PLAIN = (bool, int, float, complex, str, type(None))


class Anatomy:
    """A walk over what a server is made of.

    Args:
        own: The modules and packages with the code that counts: ``__main__``, or the package.
        through: Gives what to look at in the place of a value, or `GONE`.
    """

    def __init__(self, own: set[str], through: Callable[[Any], Any] = lambda value: value) -> None:
        self._own = own
        self._through = through
        self._path: list[int] = []
        self._seen: set[int] = set()

    def of(self, value: Any) -> Any:
        """Describe a value; a function by its layers, an object of the SDK by what it has."""
        value = self._through(value)
        if value is GONE:
            return GONE
        if isinstance(value, (*PLAIN, bytes, bytearray, Enum, PurePath)):
            return _plain(value)
        if id(value) in self._path or len(self._path) > DEEPEST:
            return {"@a": _type(type(value))}
        self._path.append(id(value))
        try:
            return self._of(value)
        except Exception:  # noqa: BLE001 - it is anybody's object, which may answer a look with anything
            return {"@a": _type(type(value))}
        finally:
            self._path.pop()

    def _of(self, value: Any) -> Any:
        ways: tuple[tuple[Any, Callable[[Any], Any]], ...] = (
            (types.FunctionType, self._function),
            (types.MethodType, self._method),
            (functools.partial, self._partial),
            (type, self._class),
            (Mapping, self._mapping),
            ((list, tuple), self._list),
            ((set, frozenset), _set),
            (object, self._object),
        )
        return next(describe(value) for kind, describe in ways if isinstance(value, kind))

    def _method(self, method: types.MethodType) -> Any:
        return {"@method": self.of(method.__func__), "@of": self.of(method.__self__)}

    def _partial(self, value: functools.partial[Any]) -> Any:
        given = {"@args": list(value.args), "@keywords": dict(value.keywords)}
        return {"@partial": self.of(value.func), **self._members(given)}

    def _class(self, kind: type) -> Any:
        return {"@class": _type(kind), **self._methods(kind)}

    def _mapping(self, values: Mapping[Any, Any]) -> Any:
        return self._members({_key(key): value for key, value in list(values.items())[:MOST]})

    def _list(self, values: Sequence[Any]) -> Any:
        found = [self.of(value) for value in values[:MOST]]
        return [each for each in found if each is not GONE]

    def _function(self, function: types.FunctionType) -> dict[str, Any]:
        code = function.__code__
        found: dict[str, Any] = {"@function": getattr(function, "__qualname__", code.co_name)}
        if self._owns(function.__globals__.get("__name__")):
            name = getattr(code, "co_qualname", code.co_name)  # before Python 3.11 there is none
            found |= {"@code": digest(code), "@name": name, "@at": [code.co_filename, code.co_firstlineno]}
        given = {"@defaults": function.__defaults__ or (), "@keyword defaults": function.__kwdefaults__ or {}}
        found |= {key: self.of(each) for key, each in given.items() if each}
        wrapped = getattr(function, "__wrapped__", None)
        if wrapped is not None and _top(function.__globals__.get("__name__")) == "pydantic":  # as `validate_call` does
            inside = self.of(wrapped)
            return GONE if inside is GONE else {**found, "@wraps": inside}
        held = {name: _content(cell) for name, cell in zip(code.co_freevars, function.__closure__ or (), strict=False)}
        found |= self._callables("@holds", held)
        if wrapped is not None and not any(wrapped is each for each in held.values()):
            found["@wraps"] = self.of(wrapped)
        if "@code" in found:
            found |= self._called(function)
        return found

    def _called(self, function: types.FunctionType) -> dict[str, Any]:
        """Describe the author's functions and classes that a function finds by their names; each once."""
        called = {}
        for name in sorted(set(_names(function.__code__))):
            value = function.__globals__.get(name)
            owned = isinstance(value, types.FunctionType | type) and self._owns(value.__module__)
            # A package carries those of extensions as they are.
            if owned and ".extensions." not in value.__module__ and id(value) not in self._seen:
                self._seen.add(id(value))
                called[name] = value
        return self._callables("@calls", called)

    def _owns(self, module: Any) -> bool:
        return any(f"{module}.".startswith(f"{own}.") for own in self._own)

    def _methods(self, kind: type) -> dict[str, Any]:
        """Describe the methods of the author's classes, and those that somebody has put into the SDK's."""
        found: dict[str, Any] = {}
        for each in reversed(kind.__mro__):
            own, library = self._owns(each.__module__), _top(each.__module__) in LIBRARIES
            for name, value in vars(each).items() if own or library else ():
                alias = isinstance(value, property) and name not in getattr(each, "model_fields", (name,))
                for function in _functions(value):
                    of_module = str(function.__globals__.get("__name__"))
                    if (own or alias) and not self._owns(of_module):
                        continue  # made by a data class or pydantic; or FastMCP's old names for a model's fields
                    if own or not (_top(of_module) in PATCHING or of_module.startswith("namedtuple_")):
                        found[name] = function
        return self._members({"@methods": found}) if found else {}

    def _object(self, value: Any) -> dict[str, Any]:
        kind = type(value)
        found: dict[str, Any] = {"@a": _type(kind)}
        # Tools may share data of the protocol, such as annotations, or have equal ones: that is the same.
        if id(value) in self._seen and _top(kind.__module__) != "mcp_types":
            return found
        self._seen.add(id(value))
        found |= self._methods(kind)
        has = {name: each for name, each in sorted(_has(value).items()) if name not in VOLATILE}
        if any(_top(each.__module__) in LIBRARIES for each in kind.__mro__) and kind.__module__ not in AT_WORK:
            counting = {name: each for name, each in has.items() if not self._is_default(value, name, each)}
            return {**found, **self._members(counting)}
        return {**found, **self._callables("@has", has)}

    def _is_default(self, owner: Any, name: str, value: Any) -> bool:
        """Return whether an attribute is the method that the class has anyway."""
        found = self._through(value)
        is_own = isinstance(found, types.MethodType) and found.__self__ is owner
        return is_own and getattr(type(owner), name, None) is found.__func__

    def _members(self, values: Mapping[str, Any]) -> dict[str, Any]:
        found = {key: self.of(value) for key, value in values.items()}
        return {key: value for key, value in found.items() if value is not GONE}

    def _callables(self, word: str, values: Mapping[str, Any]) -> dict[str, Any]:
        """Describe what can be called of these values: data differs, as calls leave it."""
        flat = {path: each for name, value in values.items() for path, each in _flat(name, value) if _is_code(each)}
        found = self._members(flat)
        return {word: found} if found else {}


def _set(value: set[Any] | frozenset[Any]) -> Any:
    return {"@a": _type(type(value)), "@members": len(value)}


_SHAPE = {
    "CACHE", "COPY_FREE_VARS", "EXTENDED_ARG", "KW_NAMES", "MAKE_CELL", "NOP", "PRECALL", "PUSH_NULL", "RESUME",
}  # fmt: skip
"""Instructions that come and go with the form of others."""

_ALIKE = {"LOAD_METHOD": "LOAD_ATTR", "CALL_METHOD": "CALL", "CALL_FUNCTION": "CALL"}
"""A method of a module is called in another way where the same source imports the module."""


def digest(code: types.CodeType) -> str:
    """Return what two code objects have in common that do the same, wherever they are written."""
    kinds = 0x04 | 0x08 | 0x20 | 0x80 | 0x200  # *args, **kwargs, generators, coroutines
    steps = [
        (_ALIKE.get(each.opname, each.opname), None if each.opcode in _JUMPS else _constant(each.argval))
        for each in dis.get_instructions(code)
        if each.opname not in _SHAPE
    ]
    counts = code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount, code.co_flags & kinds
    parts = (*counts, code.co_varnames, code.co_freevars, steps)
    return hashlib.sha256(repr(parts).encode("utf-8", "surrogatepass")).hexdigest()[:16]


_JUMPS = {*dis.hasjrel, *dis.hasjabs}


def _constant(value: Any) -> Any:
    if isinstance(value, types.CodeType):
        return digest(value)
    if isinstance(value, frozenset):
        return "set", sorted(map(repr, value))
    return [_constant(each) for each in value] if isinstance(value, tuple) else (type(value).__name__, repr(value))


def _names(code: types.CodeType) -> Iterator[str]:
    """Yield the names of the module that code reads, that of the functions in it too."""
    yield from (each.argval for each in dis.get_instructions(code) if each.opname in ("LOAD_GLOBAL", "LOAD_NAME"))
    for each in code.co_consts:
        if isinstance(each, types.CodeType):
            yield from _names(each)


def _plain(value: Any) -> Any:
    if isinstance(value, bytes | bytearray):
        return {"@a": "bytes"}
    return value if isinstance(value, PLAIN) and not isinstance(value, Enum | complex) else str(value)


def _type(kind: type) -> str:
    """Return the name of a class; of the workbench's own, of the SDK's that it is made from."""
    outside = (k for k in kind.__mro__ if not k.__module__.startswith("mcp_notebook.") or EXTENSIONS in k.__module__)
    return next(outside, kind).__qualname__


def _top(module: Any) -> str:
    return str(module).partition(".")[0]


def _key(key: Any) -> str:
    return key if isinstance(key, str) else str(getattr(key, "__qualname__", type(key).__name__))


def _content(cell: types.CellType) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # it is empty
        return None


def _has(value: Any) -> dict[str, Any]:
    """Return the attributes of an object, without what its class works out when it is asked."""
    lazily = {
        name
        for each in type(value).__mro__
        for name, it in vars(each).items()
        if type(it).__name__ == "cached_property"
    }
    found = {name: each for name, each in getattr(value, "__dict__", {}).items() if name not in lazily}
    slots = {name for each in type(value).__mro__ for name in _slots(each) if not name.startswith("__")}
    extra = getattr(value, "__pydantic_extra__", None) or {}
    return {**{name: getattr(value, name, None) for name in slots}, **found, **extra}


def _slots(kind: type) -> tuple[str, ...]:
    slots = vars(kind).get("__slots__", ())
    return (slots,) if isinstance(slots, str) else tuple(slots)


def _functions(value: Any) -> Iterator[types.FunctionType]:
    """Yield the functions that an attribute of a class is: a method of any kind, a property."""
    parts = [value, *(getattr(value, name, None) for name in ("__func__", "fget", "fset", "func", "__wrapped__"))]
    yield from (each for each in parts[:5] if isinstance(each, types.FunctionType))


def _flat(name: str, value: Any, depth: int = 2) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping) and depth:
        for key, each in list(value.items())[:MOST]:
            yield from _flat(f"{name}.{_key(key)}", each, depth - 1)
    elif isinstance(value, list | tuple) and depth:
        for i, each in enumerate(value[:MOST]):
            yield from _flat(f"{name}.{i}", each, depth - 1)
    else:
        yield name, value


def _is_code(value: Any) -> bool:
    return callable(value) and not isinstance(value, types.ModuleType)
