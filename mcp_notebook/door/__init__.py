"""The door: an extension of Jupyter Server that serves the live notebooks of its user.

A notebook listens on loopback only, so clients on other machines cannot reach it. Jupyter Server is reachable, and
knows who may use it: by its own token, or by a hub's tokens and scopes. The door serves each live notebook at
``<base_url>/mcp-notebook/NAME/mcp`` to those who may run code there. It finds port and token in the same private files
as the bridge.

This package runs in Jupyter's process, so it imports neither the SDK nor IPython.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from mcp_notebook.addresses import DOOR_PATH, GUESTS_PATH, LOOPBACK, STREAM_PATH, Door
from mcp_notebook.door.connections import ConnectionPool
from mcp_notebook.door.guests import GuestHandler
from mcp_notebook.door.handlers import ListHandler, NotebookHandler, StreamHandler
from mcp_notebook.door.notebooks import Notebooks

if TYPE_CHECKING:
    from jupyter_server.serverapp import ServerApp

__all__ = ["door_of"]


def _load_jupyter_server_extension(app: ServerApp) -> None:
    """Add the door to a Jupyter Server, and tell its kernels and terminals."""
    shared: dict[str, Any] = {"notebooks": Notebooks(), "connections": ConnectionPool()}
    base = re.escape(app.base_url + DOOR_PATH)
    guests = re.escape(app.base_url + GUESTS_PATH)
    app.web_app.add_handlers(
        ".*$",
        [
            (f"{base}?", ListHandler, shared),
            (f"{base}{STREAM_PATH}", StreamHandler, shared),
            (f"{base}(?P<name>.+)/mcp", NotebookHandler, shared),
            (f"{guests}(?P<name>.+)/mcp", GuestHandler, shared),
        ],
    )
    door_of(app, os.environ).tell()
    app.log.info("mcp_notebook: live notebooks are at %s%sNAME/mcp", app.base_url, DOOR_PATH)


def door_of(app: ServerApp, environ: Mapping[str, str]) -> Door:
    """Describe the door of a Jupyter Server: where people find it, and whose tokens it takes.

    Args:
        app: The server.
        environ: Its environment variables.
    """
    # A Jupyter that a person starts in a terminal of the hub has these variables, too, but is at another path.
    under_hub = _is_same_path(environ.get("JUPYTERHUB_SERVICE_PREFIX"), app.base_url)
    public = environ.get("JUPYTERHUB_PUBLIC_URL", "") if under_hub else app.custom_display_url
    hub = None
    # Binder runs on a hub, but Jupyter has a token of its own there.
    if under_hub and (type(app.identity_provider).__module__.startswith("jupyterhub.") or not _has_own_token(app)):
        hub = environ.get("JUPYTERHUB_PUBLIC_HUB_URL") or f"{environ.get('JUPYTERHUB_BASE_URL', '/')}hub/"
    return Door(
        base=f"{public.rstrip('/')}/" if public else app.base_url,
        hub=hub,
        remote=under_hub or bool(public) or not (app.sock or app.ip in LOOPBACK),
        pid=os.getpid(),
    )


def _is_same_path(prefix: str | None, base: str) -> bool:
    return prefix is not None and unquote(prefix).strip("/") == unquote(base).strip("/")


def _has_own_token(app: ServerApp) -> bool:
    return bool(getattr(app.identity_provider, "token", ""))
