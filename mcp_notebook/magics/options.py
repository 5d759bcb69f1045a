"""Words that several commands take: their types, and what Tab offers for them."""

from __future__ import annotations

import builtins
import json
import keyword
from collections.abc import Callable, Iterable
from typing import Any

import click
from click.shell_completion import CompletionItem
from mcp_types import Tool

from mcp_notebook.errors import McpNotebookError
from mcp_notebook.magics.state import State
from mcp_notebook.magics.words import unquote
from mcp_notebook.schema import choices, parameters
from mcp_notebook.server import definitions

__all__ = [
    "ARGUMENTS",
    "DEFINITION",
    "NAME",
    "NOTEBOOK_VARIABLE",
    "PROMPT",
    "RESOURCE",
    "SERVER",
    "TEXT",
    "TOOL",
    "VARIABLE",
    "arguments_of",
]


class _Live(click.ParamType):
    """A word that Tab completes from what is live; quotes around it are dropped."""

    def __init__(self, name: str, offer: Callable[[State, click.Context], Iterable[str]] = lambda _s, _c: ()) -> None:
        self.name = name
        self._offer = offer

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        word = unquote(value)
        if not word:
            self.fail(f"an empty {self.name} is none.", param, ctx)
        return word

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        return [CompletionItem(word) for word in self._offer(ctx.obj, ctx) if word.startswith(incomplete)]


class _Variable(_Live):
    """The name of a variable that may be assigned."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if not value.isidentifier() or keyword.iskeyword(value) or hasattr(builtins, value):
            self.fail(f"{value!r} is no name for a variable of yours.", param, ctx)
        return value


def _named(*kinds: str) -> Callable[[State, click.Context], Iterable[str]]:
    def offer(state: State, ctx: click.Context) -> Iterable[str]:
        return [d.name for d in definitions(state.live(ctx.params.get("server")).server) if d.kind in kinds]

    return offer


def _servers(state: State, _ctx: click.Context) -> Iterable[str]:
    state.sync()
    return state.registry.names(state.namespace)


class _Arguments(click.ParamType):
    """``key=value``, its keys and enumerated values completed from the schema; kept as typed."""

    name = "key=value"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        try:
            known = arguments_of(ctx.obj, ctx)
        except McpNotebookError:
            return []
        key, equals, _ = incomplete.partition("=")
        if equals:
            typed = incomplete.replace('"', "").replace("'", "")
            written = [(f"{key}={value}", f"{key}={json.dumps(value)}") for value in known.get(key, [])]
            return [CompletionItem(quoted) for plain, quoted in written if plain.startswith(typed)]
        given = {word.partition("=")[0] for word in ctx.params.get("arguments") or ()}
        return [CompletionItem(f"{name}=") for name in known if name not in given and name.startswith(incomplete)]


def arguments_of(state: State, ctx: click.Context) -> dict[str, list[Any]]:
    """Return the parameters of the tool or prompt named on the line, each with its enumerated values."""
    server = state.live(ctx.params.get("server")).server
    name = ctx.params.get("tool") or ctx.params.get("prompt")
    if "prompt" in ctx.params:
        prompts = state.portal.run(server.list_prompts)
        return {a.name: [] for p in prompts if p.name == name for a in p.arguments or []}
    tools: list[Tool] = state.portal.run(server.list_tools)
    return {p.name: choices(p.schema) or [] for t in tools if t.name == name for p in parameters(t.input_schema)}


def _public_variables(state: State, _ctx: click.Context) -> Iterable[str]:
    return [name for name in state.namespace if not name.startswith("_")]


TEXT = _Live("text")
VARIABLE = _Variable("variable")
NAME = _Live("name")
SERVER = _Live("server", _servers)
TOOL = _Live("tool", _named("tool"))
PROMPT = _Live("prompt", _named("prompt"))
RESOURCE = _Live("uri", _named("resource", "resource template"))
DEFINITION = _Live("name", _named("tool", "resource", "resource template", "prompt"))
NOTEBOOK_VARIABLE = _Live("variable", _public_variables)
ARGUMENTS = _Arguments()
