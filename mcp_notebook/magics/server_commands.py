"""The verbs about servers: which there are, which is meant, where they listen."""

from __future__ import annotations

import click

from mcp_notebook.errors import HostingError
from mcp_notebook.magics.options import NAME, SERVER
from mcp_notebook.magics.state import State
from mcp_notebook.magics.verb import ON_SERVER, verb
from mcp_notebook.server import LiveServer, definitions
from mcp_notebook.server.gate import Token
from mcp_notebook.server.hosting import Listener
from mcp_notebook.widgets import look
from mcp_notebook.widgets.listing import listing

__all__ = ["status"]


@click.pass_context
def status(ctx: click.Context) -> look.Rendering | None:
    """Show every live server; the callback of ``%mcp`` itself."""
    if ctx.invoked_subcommand is not None:
        return None
    state: State = ctx.obj
    state.sync()
    rows = []
    for live in state.registry.servers.values():
        counts = _counts(live)
        where = live.listener.url if live.listener else "in this kernel only"
        current = "current" if live is state.registry.current else ""
        rows.append((live.name, current, counts, where))
    return listing(
        "servers",
        ("name", "", "defines", "listens"),
        rows,
        empty="none yet. A %%mcp_tool cell makes one, and so does %mcp new NAME.",
    )


def _counts(live: LiveServer) -> str:
    kinds = [definition.kind for definition in definitions(live.server)]
    counted = [(kind, kinds.count(kind)) for kind in dict.fromkeys(kinds)]
    return ", ".join(f"{count} {kind}{'s' if count > 1 else ''}" for kind, count in counted) or "nothing yet"


@verb("new", click.argument("name", type=NAME))
def _new(state: State, name: str) -> look.Rendering:
    """Make an empty server and make it the current one. Example: %mcp new library."""
    earlier = state.registry.servers.get(name)
    words = "new, empty, current"
    if earlier is not None and definitions(earlier.server):
        words += f"; in the place of one that defined {_counts(earlier)}"
    state.registry.new(name)
    return _about(name, words)


@verb("use", click.argument("name", type=SERVER))
def _use(state: State, name: str) -> look.Rendering:
    """Switch to a live server, or adopt the MCPServer in a variable. Example: %mcp use mcp."""
    live = state.registry.use(name, state.namespace)
    words = f"current, defines {_counts(live)}"
    return _about(live.name, words)


@verb(
    "serve",
    click.option(
        "--port",
        type=click.IntRange(0, 65535),
        default=0,
        help="Listen on this port; on a free one if not given.",
    ),
    click.option("--no-token", is_flag=True, help="Let every program of this machine call, without a token."),
    ON_SERVER,
)
def _serve(state: State, port: int, no_token: bool, server: str | None) -> Listener:
    """Listen for clients outside the kernel. Example: %mcp serve."""
    live = state.live(server)
    listener = state.serve(live, port=port, with_token=not no_token)
    if port not in (0, listener.port) or (no_token and listener.token is not None):
        raise HostingError(f"{live.name!r} listens already, at {listener.url}. To change how, first: %mcp stop.")
    return listener


@verb("stop", ON_SERVER)
def _stop(state: State, server: str | None) -> look.Rendering:
    """Stop listening; the server stays in the kernel. Example: %mcp stop."""
    live = state.live(server)
    if live.listener is None:
        words = "it was not listening"
    else:
        listener, live.listener = live.listener, None
        listener.stop()
        words = "it listens no longer; its definitions are as they were"
    return _about(live.name, words)


@verb(
    "token",
    click.option("--show", is_flag=True, help="Print it. Clear this output before you save or share the notebook."),
    ON_SERVER,
)
def _token(state: State, show: bool, server: str | None) -> Token | None:
    """Return the token that clients send; it prints only with --show. Example: token = %mcp token."""
    live = state.live(server)
    if live.listener is None:
        raise HostingError(f"{live.name!r} does not listen, so it has no token. First: %mcp serve.")
    if live.listener.token is None:
        raise HostingError(f"{live.name!r} listens without a token of ours. For one: %mcp stop, then %mcp serve.")
    if show:
        print(str(live.listener.token))
        return None
    return live.listener.token


def _about(name: str, words: str) -> look.Rendering:
    return look.Rendering(f"server {name}: {words}", look.card(f"server {look.code(name)}", f"<p>{words}</p>"))
