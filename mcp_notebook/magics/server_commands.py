"""The verbs about servers: which there are, which is meant, where they listen."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any, Literal

import click
from IPython.display import display
from mcp.server.mcpserver import MCPServer

from mcp_notebook import browser_tab
from mcp_notebook.client.notices import say
from mcp_notebook.errors import HostingError, PortTakenError
from mcp_notebook.magics.options import NAME, SERVER, TEXT
from mcp_notebook.magics.verb import ON_SERVER, verb
from mcp_notebook.rendering import look
from mcp_notebook.rendering.connection import connection_list
from mcp_notebook.rendering.listing import listing
from mcp_notebook.server import LiveServer, definitions
from mcp_notebook.server.approval import WHICH, Which
from mcp_notebook.server.auth import Token
from mcp_notebook.server.endpoint import LOOPBACK, Endpoint, refuse_unsafe
from mcp_notebook.server.event_types import event_types
from mcp_notebook.server.hosting import Listener
from mcp_notebook.server.mock import MockServer
from mcp_notebook.session.functions import code_server_of
from mcp_notebook.session.session import Session

__all__ = ["status"]


MOST_CALLERS = 10
"""Clients of a server that are named; a client may give itself another name for each call."""


@click.pass_context
def status(ctx: click.Context) -> look.Rendering | None:
    """Show every live server and every connection; the callback of ``%mcp`` itself."""
    if ctx.invoked_subcommand is not None:
        return None
    session: Session = ctx.obj
    session.sync()
    rows = []
    for live in session.serving().values():
        counts = _counts(live.server)
        where = _where(session, live)
        current = "current" if live is session.registry.current else ""
        rows.append((live.name, current, counts, where, _callers(session, live)))
    for variable, server in session.registry.plain(session.namespace).items():
        rows.append((variable, "", _counts(server), f"not watched; to work on it: %mcp use {variable}", ""))
    servers = listing(
        "servers",
        ("name", "", "defines", "listens", "called by"),
        rows,
        empty="none yet. A %%mcp_tool cell makes one, and so does %mcp new NAME.",
    )
    if not session.distinct:
        return servers
    connections = connection_list(session.distinct)
    return look.Rendering(f"{servers.text}\n{connections.text}", servers.html + connections.html)


def _where(session: Session, live: LiveServer) -> str:
    if live.listener is None:
        return "in this kernel only"
    entrance = session.listening.entrance(live.name)
    url = live.listener.url if entrance is None else entrance.url
    return f"{url}, clients sign in" if live.listener.endpoint.oauth else url


def _counts(server: MCPServer[Any]) -> str:
    if isinstance(server, MockServer):
        return "what is in its session"
    kinds = [*(definition.kind for definition in definitions(server)), *("event type" for _ in event_types(server))]
    counted = [(kind, kinds.count(kind)) for kind in dict.fromkeys(kinds)]
    return ", ".join(f"{count} {kind}{'s' if count > 1 else ''}" for kind, count in counted) or "nothing yet"


def _callers(session: Session, live: LiveServer) -> str:
    """Name the clients outside the notebook that have called, as far as the log goes back."""
    calls = Counter(
        call.client or "unnamed"
        for call in session.registry.recorder.calls
        if call.server == live.server.name and call.transport != "memory"
    )
    shown = [f"{client} ({count} call{'s' if count > 1 else ''})" for client, count in calls.most_common(MOST_CALLERS)]
    more = len(calls) - len(shown)
    return ", ".join([*shown, *([f"{more} more"] if more else [])])


@verb("new", click.argument("name", type=NAME))
def _new(session: Session, name: str) -> look.Rendering:
    """Make an empty server and make it the current one. Example: %mcp new library."""
    earlier = session.registry.servers.get(name)
    words = "new, empty, current"
    if earlier is not None and (definitions(earlier.server) or event_types(earlier.server)):
        words += f"; in the place of one that defined {_counts(earlier.server)}"
    session.registry.new(name)
    return _about(name, words)


@verb("use", click.argument("name", type=SERVER))
def _use(session: Session, name: str) -> look.Rendering:
    """Switch to a live server, or adopt the MCPServer in a variable. Example: %mcp use mcp."""
    live = session.registry.use(name, session.namespace)
    words = f"current, defines {_counts(live.server)}"
    return _about(live.name, words)


@verb(
    "serve",
    click.option(
        "--port",
        type=click.IntRange(1, 65535),
        help="Listen on this port. Default: the previous port, or a free one.",
    ),
    click.option("--any-port", is_flag=True, help="If the port is taken, use a free one."),
    click.option(
        "--transport",
        type=click.Choice(["http", "sse"]),
        default="http",
        show_default=True,
        help="Streamable HTTP for both eras, or SSE for old clients.",
    ),
    click.option("--no-token", is_flag=True, help="Let every program on this machine call without a token."),
    click.option(
        "--oauth",
        is_flag=True,
        help="Have clients sign in, at a stand-in for an authorization server that asks for no password.",
    ),
    click.option(
        "--allow-other-users", is_flag=True, help="Allow --no-token or --oauth on a machine that other people use."
    ),
    click.option(
        "--host", type=TEXT, default=LOOPBACK, help="Listen on this address, so that other machines can connect."
    ),
    click.option(
        "--allow-host",
        "allowed_hosts",
        type=TEXT,
        multiple=True,
        help="Also accept this host name, for clients that connect through a proxy.",
    ),
    click.option(
        "--no-door",
        is_flag=True,
        help="Do not let Jupyter Server pass clients on, so that only programs on this machine can connect.",
    ),
    click.option(
        "--stable-tools",
        is_flag=True,
        help="Add two tools that list and call the others, for clients that do not notice when tools change.",
    ),
    click.option(
        "--search",
        is_flag=True,
        help="List two tools that find and call the others, in place of these, to save a model's tokens.",
    ),
    click.option(
        "--approve",
        type=click.Choice(WHICH),
        help="Ask you before each call from outside: only for tools that may destroy something, or for all.",
    ),
    click.option(
        "--approve-timeout",
        type=click.FloatRange(min=0, min_open=True),
        default=60,
        show_default=True,
        metavar="SECONDS",
        help="Deny a call if you do not answer within so many seconds.",
    ),
    click.option(
        "--code",
        is_flag=True,
        help="Offer, in place of the tools, one that finds functions of all servers here, and one that runs code that "
        "calls them. You are asked before each run.",
    ),
    click.option("--webhooks", is_flag=True, help="Let clients with the token have events posted to their URLs."),
    ON_SERVER,
)
def _serve(
    session: Session,
    port: int | None,
    any_port: bool,
    transport: Literal["http", "sse"],
    no_token: bool,
    oauth: bool,
    allow_other_users: bool,
    host: str,
    allowed_hosts: tuple[str, ...],
    no_door: bool,
    stable_tools: bool,
    search: bool,
    approve: Which | None,
    approve_timeout: float,
    code: bool,
    webhooks: bool,
    server: str | None,
) -> Listener:
    """Listen for clients outside the kernel. Example: %mcp serve.

    The port and the token stay the same after a restart of the kernel.
    """
    live = session.live(server)
    asked = session.listening.endpoint(
        live,
        port=port,
        no_token=no_token,
        oauth=oauth,
        allow_other_users=allow_other_users,
        host=host,
        transport=transport,
        allowed_hosts=allowed_hosts,
        door=not no_door,
        stable_tools=stable_tools,
        search=search,
        approve="destructive" if code and approve is None else approve,
        approve_timeout=approve_timeout,
        code=code,
        webhooks=webhooks,
    )
    refuse_unsafe(asked, own=live.server.settings.auth is not None)
    listener = _listening(session, live, asked, port, any_port=any_port)
    nothing = not definitions(live.server) and not event_types(live.server) and not isinstance(live.server, MockServer)
    if nothing and not code:
        say(f"server {live.name!r} defines nothing yet. Its clients see each definition at once.")
    if listener.approval is not None:
        display(session.listening.approval_card(live.name, listener.approval))
    return listener


def _listening(session: Session, live: LiveServer, asked: Endpoint, port: int | None, *, any_port: bool) -> Listener:
    if live.listener is not None:
        return _the_same(live, live.listener, asked, port)
    instead = code_server_of(session, live.name) if asked.code else None
    try:
        return session.listening.serve(live, asked, instead)
    except PortTakenError:
        if not any_port:
            raise
        return session.listening.serve(live, replace(asked, port=0), instead)


def _the_same(live: LiveServer, listener: Listener, asked: Endpoint, port: int | None) -> Listener:
    """Return the listener that is there, where it does what is asked for."""
    there = listener.endpoint
    wanted = replace(asked, port=port or there.port, token=there.token if asked.token else None)
    if wanted != there:
        raise HostingError(f"{live.name!r} already listens, at {listener.url}. To change that, first: %mcp stop.")
    return listener


@verb("stop", ON_SERVER)
def _stop(session: Session, server: str | None) -> look.Rendering:
    """Stop listening; the server stays in the kernel. Example: %mcp stop."""
    live = session.live(server)
    if live.listener is None:
        words = "it was not listening"
    else:
        session.listening.stop(live)
        words = "it no longer listens; its definitions have not changed"
    return _about(live.name, words)


@verb(
    "token",
    click.option("--show", is_flag=True, help="Print it. Clear this output before you save or share the notebook."),
    ON_SERVER,
)
def _token(session: Session, show: bool, server: str | None) -> Token | None:
    """Return the token that clients send; it prints only with --show. Example: token = %mcp token."""
    live = session.live(server)
    if browser_tab.HERE:
        raise HostingError(browser_tab.elsewhere(browser_tab.CANNOT_LISTEN))
    if live.listener is None:
        raise HostingError(f"{live.name!r} does not listen, so it has no token. First: %mcp serve.")
    if live.listener.endpoint.oauth:
        raise HostingError(
            f"Clients of {live.name!r} sign in, so there is no token. For one: %mcp stop, then %mcp serve."
        )
    if live.listener.token is None:
        raise HostingError(
            f"{live.name!r} listens without a token of this package. For one: %mcp stop, then %mcp serve."
        )
    if show:
        print(str(live.listener.token))
        return None
    return live.listener.token


def _about(name: str, words: str) -> look.Rendering:
    return look.Rendering(f"server {name}: {words}", look.card(f"server {look.code(name)}", f"<p>{words}</p>"))
