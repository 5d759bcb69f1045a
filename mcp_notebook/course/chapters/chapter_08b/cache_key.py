"""Exercise 8b.2: the key of a kept result, with the caller in it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mcp_types import Tool, ToolAnnotations

from mcp_notebook.course.checking.bench import Bench
from mcp_notebook.course.checking.cases import Probe
from mcp_notebook.course.exercises import Exercise

__all__ = ["CACHE_KEY"]

Key = Callable[..., Any]


def _tool(name: str, *, read_only: bool | None = True) -> Tool:
    hints = None if read_only is None else ToolAnnotations(read_only_hint=read_only)
    return Tool(name=name, input_schema={"type": "object"}, annotations=hints)


LOANS = _tool("library_loans")


def _keys(about: str, request: str, look: Callable[[Key], Any], expected: Any = True) -> Probe:
    def use(bench: Bench) -> Any:
        return look(bench.namespace["cache_key"])

    return Probe(request, about, use, expected)


def _number(key: Key, *calls: tuple[str, Tool, dict[str, Any]]) -> int:
    """Return the number of different keys of some calls; a key that is None is not one."""
    return len({found for call in calls if (found := key(*call)) is not None})


CACHE_KEY = Exercise(
    number="8b.2",
    name="cache_key",
    title="the key of a kept result",
    kind="code",
    read="4 · Keep answers, try again",
    start="# Exercise 8b.2. Define the function cache_key(caller, tool, arguments).",
    cases=(
        _keys(
            "equal calls have one key, which can be the key of a dictionary",
            "keys of two equal calls of a tool that only reads",
            lambda key: _number(key, ("Ada", LOANS, {"year": 2026}), ("Ada", LOANS, {"year": 2026})),
            1,
        ),
        _keys(
            "the order of the arguments does not matter",
            "keys of a call with its arguments in two orders",
            lambda key: _number(key, ("Ada", LOANS, {"a": 1, "b": 2}), ("Ada", LOANS, {"b": 2, "a": 1})),
            1,
        ),
        _keys(
            "Grace must not read what Ada was told",
            "keys of the same call by two callers",
            lambda key: _number(key, ("Ada", LOANS, {}), ("Grace", LOANS, {})),
            2,
        ),
        _keys(
            "another tool is another question",
            "keys of two tools with the same arguments",
            lambda key: _number(key, ("Ada", LOANS, {"n": 1}), ("Ada", _tool("library_search"), {"n": 1})),
            2,
        ),
        _keys(
            "a number, a text and a truth are three values",
            "keys of calls with 1, '1' and true",
            lambda key: _number(key, *[("Ada", LOANS, {"n": value}) for value in (1, "1", True)]),
            3,
        ),
        _keys(
            "lists and objects are arguments, too",
            "keys of calls with two different nested arguments",
            lambda key: _number(key, *[("Ada", LOANS, {"where": {"years": [2025, last]}}) for last in (2026, 2027)]),
            2,
        ),
        _keys(
            "names and texts that run together the same way are not the same",
            "keys of Ada with {'b': 'x'}, and of 'Ada b' with {'': 'x'}",
            lambda key: _number(key, ("Ada", LOANS, {"b": "x"}), ("Ada b", LOANS, {"": "x"})),
            2,
        ),
        _keys(
            "a tool that changes something is never kept",
            "the key for a tool with readOnlyHint false",
            lambda key: key("Ada", _tool("library_lend", read_only=False), {}),
            None,
        ),
        _keys(
            "a tool that says nothing may change something",
            "the key for a tool without annotations",
            lambda key: key("Ada", _tool("library_mystery", read_only=None), {}),
            None,
        ),
    ),
    hints=(
        "Three things make two calls the same. A tuple of three values is a good key, if each of them can be hashed.",
        "`tool.annotations` may be None; `read_only_hint` may be, too. A dictionary cannot be hashed, its JSON can: "
        "`json.dumps(arguments, sort_keys=True)`.",
        "`if not (tool.annotations and tool.annotations.read_only_hint): return None`, then "
        "`return caller, tool.name, json.dumps(arguments, sort_keys=True)`.",
    ),
    solution='''
def cache_key(caller, tool, arguments):
    """Return the key of a result that may be kept; None if it must not be."""
    if not (tool.annotations and tool.annotations.read_only_hint):
        return None
    return caller, tool.name, json.dumps(arguments, sort_keys=True)
''',
    why="A shared cache without the caller in its key shows one person the data of another. Nothing fails, so nobody "
    "notices for a long time.",
)
