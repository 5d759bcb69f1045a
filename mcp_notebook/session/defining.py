"""Define tools, resources and prompts with the functions of a cell: run the cell, build, then register."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from IPython.core.error import UsageError
from mcp.server.mcpserver.prompts import Prompt
from pydantic import BaseModel

from mcp_notebook import cells
from mcp_notebook.errors import DefinitionError, did_you_mean
from mcp_notebook.server import LiveServer
from mcp_notebook.server.apps import put_app
from mcp_notebook.server.definitions import build_prompt, build_tool, define_resource, register
from mcp_notebook.server.extended import extended
from mcp_notebook.server.extensions.tasks import Tasks
from mcp_notebook.server.listing import Entry, listed
from mcp_notebook.session.app_pages import AppOfTool
from mcp_notebook.session.session import Session

__all__ = ["Defined", "define_prompts", "define_resource_of", "define_tools", "run_cell"]

Functions = dict[str, Callable[..., Any]]
Texts = Mapping[str, str | None]
"""The name, the title and the description for a cell's only definition; None if not given."""


class Defined(NamedTuple):
    """A definition as clients see it.

    Attributes:
        kind: ``tool``, ``resource``, ``resource template``, ``prompt`` or ``event``.
        name: The name or URI that clients use.
        entry: The entry in the server's list.
        function: The function behind it, if its source tells more than the entry.
        before: The earlier entry in the list; None for a new definition.
        values: The names of the arguments that a request needs.
    """

    kind: str
    name: str
    entry: Entry
    function: Callable[..., Any] | None
    before: Entry | None
    values: Sequence[str] = ()


def define_tools(
    session: Session,
    live: LiveServer,
    functions: Sequence[str],
    texts: Texts,
    *,
    app: AppOfTool | None = None,
    task_ttl: float | None = None,
    task_only: bool = False,
    **options: Any,
) -> list[Defined]:
    """Run the cell, and make its public functions tools, or only those that are named.

    Args:
        session: The session, which knows the cell.
        live: The server.
        functions: The names of the functions; all public ones if empty.
        texts: The texts for a cell with one definition.
        app: The app that shows the results; None for none.
        task_ttl: Seconds that a call's task is kept after its end; None if calls do not run as tasks.
        task_only: Whether to refuse clients that cannot follow a task.
        options: Further options of `build_tool`.

    Raises:
        DefinitionError: The cell defines no such function, or it cannot be a tool; nothing changed on the server.
        UsageError: The cell raised an exception.
    """
    defined = _run(session, functions, texts, app.apart if app else ())
    with _hinting_at_helpers(defined, functions):
        built = [build_tool(function, **{**options, **texts}) for function in defined.values()]
    apps = [app.build(one) for one in built] if app else []
    before = _listed(session, live.server.list_tools)
    register(live.server, *built, withdrawn=session.origins.withdrawn(live.server, "tool", (b.name for b in built)))
    for each in apps:
        put_app(live.server, each)
    for one in built if task_ttl is not None else ():
        extended(live.server, Tasks).add(one.name, ttl=task_ttl, required=task_only)
    after = _listed(session, live.server.list_tools)
    return [
        Defined("tool", one.name, after[one.name], function, before.get(one.name), one.parameters.get("required", []))
        for one, function in zip(built, defined.values(), strict=True)
    ]


def define_resource_of(
    session: Session, live: LiveServer, uri: str, functions: Sequence[str], texts: Texts, *, mime_type: str | None
) -> Defined:
    """Run the cell, and make its public function a resource, or a resource template if the URI has variables.

    Raises:
        DefinitionError: As in `define_tools`, or the cell defines several functions.
        UsageError: The cell raised an exception.
    """
    defined = _run(session, functions, texts)
    if len(defined) > 1:
        raise DefinitionError(
            f"A URI has one function, but this cell defines {', '.join(defined)}. Name the one for the resource, "
            f"%%mcp_resource {uri} {next(iter(defined))}, or start the names of the others with an underscore."
        )
    (function,) = defined.values()
    server = live.server
    before = _listed(session, server.list_resources) | _listed(session, server.list_resource_templates)
    define_resource(server, uri, function, mime_type=mime_type, **texts)
    static, templates = (_listed(session, ask) for ask in (server.list_resources, server.list_resource_templates))
    kind = "resource" if uri in static else "resource template"
    return Defined(kind, uri, (static | templates)[uri], function, before.get(uri))


def define_prompts(session: Session, live: LiveServer, functions: Sequence[str], texts: Texts) -> list[Defined]:
    """Run the cell, and make its public functions prompts, or only those that are named.

    Raises:
        DefinitionError: As in `define_tools`.
        UsageError: The cell raised an exception.
    """
    defined = _run(session, functions, texts)
    with _hinting_at_helpers(defined, functions):
        built = [build_prompt(function, **texts) for function in defined.values()]
    before = _listed(session, live.server.list_prompts)
    register(live.server, *built, withdrawn=session.origins.withdrawn(live.server, "prompt", (b.name for b in built)))
    after = _listed(session, live.server.list_prompts)
    return [Defined("prompt", one.name, after[one.name], None, before.get(one.name), _required(one)) for one in built]


def _required(prompt: Prompt) -> list[str]:
    return [argument.name for argument in prompt.arguments or [] if argument.required]


def _run(session: Session, names: Sequence[str], texts: Texts, apart: Collection[str] = ()) -> Functions:
    """Run the cell and return the functions to register: those named, or all public ones."""
    defined = run_cell(session)
    for name in names:
        found = defined.get(name, session.namespace.get(name))
        if not callable(found):
            raise DefinitionError(
                f"This cell defines no function {name!r}.{did_you_mean(name, defined)} It defines: "
                f"{', '.join(defined) or 'none'}."
            )
        defined[name] = found
    chosen = {name: defined[name] for name in names or defined if name in names or name not in apart}
    if not chosen:
        raise DefinitionError(
            "This cell defines no public function. Write one at its top level: def NAME(...), without a leading "
            "underscore in the name."
        )
    given = [f"--{option}" for option, value in texts.items() if value is not None]
    if len(chosen) > 1 and given:
        raise DefinitionError(
            f"{given[0]} applies to one function, but this cell has {', '.join(chosen)}. Name one of them after the "
            f"magic, or put each in its own cell."
        )
    return chosen


def run_cell(session: Session) -> Functions:
    """Run the cell and return its public functions.

    Raises:
        DefinitionError: It awaits at its top level.
        UsageError: It raised an exception.
    """
    magic, body = session.cell
    if cells.awaits(session.shell, body):
        raise DefinitionError(
            "This cell awaits at its top level, which does not work in a cell with a magic. Await in another cell, "
            "keep the result in a variable, and define the function here."
        )
    defined, error = cells.run_cell(session.shell, magic, body)
    if error is not None:
        raise UsageError(
            f"This cell raised {type(error).__name__} (above), so nothing changed on the server. "
            "Fix the cell and run it again."
        )
    return defined


@contextmanager
def _hinting_at_helpers(defined: Functions, named: Sequence[str]) -> Iterator[None]:
    """If a cell has several functions, add to the error how to exclude a helper."""
    try:
        yield
    except DefinitionError as error:
        if len(defined) == 1 or named:
            raise
        raise DefinitionError(
            f"{error} If it is a helper, start its name with an underscore, or name the other functions after the "
            "magic."
        ) from error


def _listed(session: Session, list_all: Callable[..., Any]) -> dict[str, Entry]:
    items: Iterable[BaseModel] = session.portal.run(list_all)
    entries = [listed(item) for item in items]
    return {entry.get("uri") or entry.get("uriTemplate") or entry["name"]: entry for entry in entries}
