"""The verbs about what is around the notebook: the hosts that can use its servers, and what would be in their way."""

from __future__ import annotations

import asyncio
import os
import sys
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click
from IPython.display import display

from mcp_notebook import addresses, browser_tab, doctor
from mcp_notebook.errors import HostError, HostingError
from mcp_notebook.hosts import HOSTS, BridgeLink, Host, HttpLink, Link, write
from mcp_notebook.magics.verb import ON_SERVER, verb
from mcp_notebook.rendering import look
from mcp_notebook.rendering.host_setup import Configurations, snippet_card, written_card
from mcp_notebook.server import LiveServer
from mcp_notebook.session.cards import card_of
from mcp_notebook.session.session import Session

__all__: list[str] = []


@verb(
    "clients",
    click.argument("host", type=click.Choice(list(HOSTS)), metavar="HOST", required=False),
    click.option("--http", is_flag=True, help="Connect by URL, instead of by a bridge that the client starts."),
    click.option(
        "--local", is_flag=True, help="On a hub or a remote Jupyter, configure a client on the machine of the kernel."
    ),
    click.option(
        "--write",
        "save",
        is_flag=True,
        help="Write the configuration into HOST's own file, and keep a copy of the earlier file.",
    ),
    click.option(
        "--show-token", is_flag=True, help="With --http, show the token itself. Clear this output before saving."
    ),
    ON_SERVER,
)
def _clients(
    session: Session, host: str | None, http: bool, local: bool, save: bool, show_token: bool, server: str | None
) -> Any:
    """Configure a client: claude-code, cursor, codex, gemini and others. Example: %mcp clients cursor."""
    if show_token and not http:
        raise click.UsageError("--show-token requires --http: the configuration of a bridge has no token.")
    if save and host is None:
        raise click.UsageError(f"--write requires a host: {', '.join(HOSTS)}.")
    live = session.live(server)
    # A file of this machine, and the token of the kernel, are for clients on this machine.
    link = None if local or save or show_token else _through_the_door(session, live, host)
    if link is None:
        link = _link(session, live, http=http, show_token=show_token)
    if host is not None and HOSTS[host].calls is None and _signs_in(live):
        raise HostError(
            f"{HOSTS[host].title} connects by a bridge, which cannot sign in. Listen without --oauth: %mcp stop, then "
            "%mcp serve."
        )
    if save:
        return _saved(HOSTS[host or ""], link)
    if host is not None:
        return card_of(session, Configurations(live.name, link, [HOSTS[host]]))
    known = [known for known in HOSTS.values() if _takes(known, link)]
    found = Configurations(live.name, link, known)
    return card_of(session, found, found.head, found.tabs)


@verb("doctor")
def _doctor(session: Session) -> look.Rendering:
    """Report what would not work here, and how to fix it. Example: %mcp doctor."""
    findings = doctor.examine(_kernel(session))
    rows = [(f"<b>{found.status}</b>", escape(found.what), escape(found.fix)) for found in findings]
    html = look.card(f"doctor {look.muted(doctor.summary(findings))}", look.table(("", "found", "fix"), rows))
    return look.Rendering(doctor.report(findings), html)


def _link(session: Session, live: LiveServer, *, http: bool, show_token: bool) -> Link:
    listener = live.listener
    if browser_tab.HERE:
        raise HostingError(browser_tab.elsewhere(browser_tab.CANNOT_LISTEN))
    if listener is None:
        raise HostingError(f"{live.name!r} does not listen, so no client can reach it. First: %mcp serve.")
    address = session.listening.remembered(live)
    if http or _signs_in(live):
        return HttpLink(
            address.name if address else live.name,
            listener.url,
            transport=listener.endpoint.transport,
            asks_token=listener.token is not None,
            token=str(listener.token) if listener.token is not None and show_token else None,
        )
    if address is None:
        raise HostingError(
            f"A bridge would not find {live.name!r}, because its address is in no file. See %mcp doctor, or add --http."
        )
    return BridgeLink(addresses.own_name(address), addresses.chosen_runtime_dir())


def _signs_in(live: LiveServer) -> bool:
    """Return whether clients sign in; a bridge only sends the token in a file."""
    return live.listener is not None and live.listener.endpoint.oauth


def _through_the_door(session: Session, live: LiveServer, host: str | None) -> Link | None:
    address = session.listening.remembered(live) if live.listener is not None else None
    entrance = addresses.entrance(address)
    if address is None or entrance is None:
        return None
    if host is not None and HOSTS[host].calls is None:
        raise HostError(
            f"{HOSTS[host].title} can only start processes on its own machine, and this notebook is on another. If it "
            f"runs on this one: %mcp clients {host} --local."
        )
    return HttpLink(addresses.own_name(address), entrance.url, token_from=entrance.token_from, note=entrance.note)


def _saved(host: Host, link: Link) -> look.Rendering:
    try:
        done = write(host, link, folder=Path.cwd())
    except HostError:
        display(snippet_card(host, link))  # the error says the rest
        raise
    return written_card(host, link, done)


def _kernel(session: Session) -> doctor.KernelFacts:
    kernel = getattr(session.shell, "kernel", None)
    # JupyterLite's kernel has no `kernel_info`.
    features = getattr(kernel, "kernel_info", {}).get("supported_features", ())
    servers = session.registry.servers.values()
    before = {live.name: session.listening.remembered(live) for live in servers if live.listener is None}
    return doctor.KernelFacts(
        front_end=doctor.front_end(
            kernel=kernel is not None,
            variables=session.namespace,
            environ=os.environ,
            modules=sys.modules,
            parent=doctor.parent_command() if kernel is not None else "",
        ),
        subshells="kernel subshells" in features if kernel is not None else None,
        loop=_loop(),
        ports={live.name: live.listener.endpoint.port for live in servers if live.listener is not None},
        remembered={name: urlsplit(address.url).port or 0 for name, address in before.items() if address is not None},
        stand_ins=[live.name for live in servers if _signs_in(live)],
    )


def _loop() -> str:
    try:
        return type(asyncio.get_running_loop()).__module__
    except RuntimeError:
        return ""


def _takes(host: Host, link: Link) -> bool:
    """Return whether a host can connect in that way."""
    return not isinstance(link, HttpLink) or (host.calls is not None and (host.sse or link.transport != "sse"))
