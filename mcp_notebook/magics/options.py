"""Words that several commands take: their types, and what Tab offers for them."""

from __future__ import annotations

import builtins
import json
import keyword
from collections.abc import Callable, Iterable
from typing import Any

import click
from click.shell_completion import CompletionItem

from mcp_notebook import addresses
from mcp_notebook.client.arguments import parted, quoted_key, unquote
from mcp_notebook.compat.facts import table
from mcp_notebook.course.exercises import exercises, predictions
from mcp_notebook.course.project import chapter_numbers
from mcp_notebook.errors import McpNotebookError
from mcp_notebook.schema import choices, parameters
from mcp_notebook.session.catalog import Catalog
from mcp_notebook.session.session import Session

__all__ = [
    "ARGUMENTS",
    "CHAPTER",
    "CONNECTED",
    "DEFINITION",
    "EVAL",
    "EVENT",
    "EXERCISE",
    "HOST",
    "IMPORTING",
    "NAME",
    "NOTEBOOK_VARIABLE",
    "OPENED",
    "PREDICTION",
    "PROMPT",
    "RESOURCE",
    "SERVER",
    "TARGET",
    "TEXT",
    "TOOL",
    "VARIABLE",
    "arguments_of",
    "typed",
]


class _Live(click.ParamType):
    """A word that Tab completes from what is live; quotes around it are dropped."""

    def __init__(self, name: str, offer: Callable[[Session, click.Context], Iterable[str]] = lambda _s, _c: ()) -> None:
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
            self.fail(f"{value!r} is not a name that a variable can have.", param, ctx)
        return value


def _named(*kinds: str) -> Callable[[Session, click.Context], Iterable[str]]:
    def offer(session: Session, ctx: click.Context) -> Iterable[str]:
        catalog = session.catalog(ctx.params.get("server"))
        return [name for kind in kinds for name in _LISTED[kind](catalog)]

    return offer


_LISTED: dict[str, Callable[[Catalog], list[str]]] = {
    "tool": lambda catalog: [tool.name for tool in catalog.tools()],
    "prompt": lambda catalog: [prompt.name for prompt in catalog.prompts()],
    "resource": lambda catalog: [resource.uri for resource in catalog.resources()],
    "resource template": lambda catalog: [template.uri_template for template in catalog.templates()],
}


def _connections(session: Session, _ctx: click.Context) -> Iterable[str]:
    session.sync()
    return [*session.connected, *session.registry.servers]


def _opened(session: Session, _ctx: click.Context) -> Iterable[str]:
    return session.connected


def _targets(session: Session, ctx: click.Context) -> Iterable[str]:
    return dict.fromkeys([*(address.name for address in addresses.live()), *_servers(session, ctx)])


def _servers(session: Session, _ctx: click.Context) -> Iterable[str]:
    session.sync()
    return session.registry.names(session.namespace)


class _Arguments(click.ParamType):
    """``key=value``, its keys and enumerated values completed from the schema; kept as typed."""

    name = "key=value"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        try:
            known = arguments_of(ctx.obj, ctx)
        except McpNotebookError:
            return []
        key, equals, _ = parted(incomplete)
        if equals:
            typed = incomplete.replace('"', "").replace("'", "")
            written = [(f"{key}={value}", f"{quoted_key(key)}={json.dumps(value)}") for value in known.get(key, [])]
            return [CompletionItem(quoted) for plain, quoted in written if plain.startswith(typed)]
        given = {parted(word)[0] for word in ctx.params.get("arguments") or ()}
        keys = [quoted_key(name) for name in known if name not in given]
        return [CompletionItem(f"{key}=") for key in keys if key.startswith(incomplete)]


def arguments_of(session: Session, ctx: click.Context) -> dict[str, list[Any]]:
    """Return the parameters of the tool, prompt or event type named on the line, each with its enumerated values."""
    catalog = session.catalog(ctx.params.get("server"))
    name = ctx.params.get("tool") or ctx.params.get("prompt")
    if "event" in ctx.params:
        listed = {one.name: one for one in session.on(ctx.params.get("server")).events()}
        schema = listed[ctx.params["event"]].input_schema if ctx.params["event"] in listed else {}
        return {p.name: choices(p.schema) or [] for p in parameters(schema)}
    if "prompt" in ctx.params:
        return {a.name: [] for p in catalog.prompts() if p.name == name for a in p.arguments or []}
    return {
        p.name: choices(p.schema) or [] for t in catalog.tools() if t.name == name for p in parameters(t.input_schema)
    }


def _events(session: Session, ctx: click.Context) -> Iterable[str]:
    return [one.name for one in session.on(ctx.params.get("server")).events()]


def _hosts(_session: Session, _ctx: click.Context) -> Iterable[str]:
    return table().hosts


def _public_variables(session: Session, _ctx: click.Context) -> Iterable[str]:
    return [name for name in session.namespace if not name.startswith("_")]


TEXT = _Live("text")
IMPORTING = click.option(
    "--import",
    "importing",
    type=TEXT,
    default="server:mcp",
    show_default=True,
    help="The server to import in the tests.",
)
VARIABLE = _Variable("variable")
NAME = _Live("name")
SERVER = _Live("server", _servers)
CONNECTED = _Live("name", _connections)
OPENED = _Live("name", _opened)
TARGET = _Live("target", _targets)
TOOL = _Live("tool", _named("tool"))
PROMPT = _Live("prompt", _named("prompt"))
RESOURCE = _Live("uri", _named("resource", "resource template"))
DEFINITION = _Live("name", _named("tool", "resource", "resource template", "prompt"))
EVAL = _Live("eval", lambda session, _ctx: session.evals)
EVENT = _Live("event", _events)
HOST = _Live("host", _hosts)
CHAPTER = _Live("chapter", lambda _session, _ctx: chapter_numbers())
EXERCISE = _Live("number", lambda _session, _ctx: exercises())
PREDICTION = _Live("number", lambda _session, _ctx: predictions())
NOTEBOOK_VARIABLE = _Live("variable", _public_variables)
ARGUMENTS = _Arguments()


def typed(option: dict[str, Any]) -> dict[str, Any]:
    """Return what an option takes, text without the quotes around it in a cell."""
    return option if "is_flag" in option or "default" in option else {"type": TEXT, **option}
