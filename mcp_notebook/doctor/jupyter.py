"""Check the door in the Jupyter Server that started this process, if one did."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import ProxyHandler, build_opener

from mcp_notebook.addresses import DOOR_PATH, LOOPBACK, Door, runtime_dir
from mcp_notebook.doctor.diagnosis import Diagnosis
from mcp_notebook.doctor.streams import streams

__all__ = ["in_jupyter"]

PATIENCE = 5
"""Seconds to wait for Jupyter Server."""


def in_jupyter(environ: Mapping[str, str]) -> Iterator[Diagnosis]:
    """Check that the door is enabled, and that it answers."""
    door = Door.told(environ)
    pid = environ.get("JPY_PARENT_PID", "") if door is None else str(door.pid)
    server = _server(pid)
    if door is None and (server is None or _is_at_home(server, environ)):
        return
    install = "in Jupyter's environment: pip install mcp-notebook, then restart Jupyter (on a hub, your server)"
    if door is None:
        yield Diagnosis(
            "door: this Jupyter Server has none, so no client on another machine can connect", "note", install
        )
    elif server is None:
        yield Diagnosis(
            "door: the Jupyter Server that has it ended, or has another JUPYTER_RUNTIME_DIR and so does not find this "
            "notebook",
            "problem",
            "restart Jupyter and the kernel, both with the same JUPYTER_RUNTIME_DIR",
        )
    elif server.get("sock") or server.get("secure"):
        yield Diagnosis(f"door: Jupyter Server has it at {door.base}{DOOR_PATH}")
    elif (wrong := _what_is_wrong(server)) is not None:
        yield Diagnosis(f"door: {wrong}, so no client on another machine can connect", "problem", install)
    else:
        who = "for clients on other machines" if door.remote else "which only this machine can reach"
        yield Diagnosis(f"door: Jupyter Server has it at {door.base}{DOOR_PATH}, {who}")
        if door.remote:
            # A server on a hub has a token for itself; another Jupyter leaves its own in its file.
            yield streams(door, environ.get("JUPYTERHUB_API_TOKEN") if door.hub else server.get("token"))


def _server(pid: str) -> dict[str, Any] | None:
    """Return the description that a Jupyter Server leaves in the runtime folder; None if there is none."""
    try:
        found = json.loads((runtime_dir() / f"jpserver-{int(pid)}.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def _is_at_home(server: Mapping[str, Any], environ: Mapping[str, str]) -> bool:
    """Return whether people use this server only on its own machine, so that they need no door."""
    return server.get("hostname") in LOOPBACK and "JUPYTERHUB_SERVICE_PREFIX" not in environ


def _what_is_wrong(server: Mapping[str, Any]) -> str | None:
    """Ask the door for its list without a token: it refuses that in JSON, and another page would not."""
    host = server.get("hostname") or ""
    host = "127.0.0.1" if host in ("", "*", "0.0.0.0", "::") else f"[{host}]" if ":" in host else host
    url = f"http://{host}:{server.get('port')}{server.get('base_url', '/')}{DOOR_PATH}"
    try:
        with build_opener(ProxyHandler({})).open(url, timeout=PATIENCE) as answer:
            kind = answer.headers.get_content_type()
    except HTTPError as refusal:
        kind = refusal.headers.get_content_type() if refusal.code in (401, 403) else f"HTTP {refusal.code}"
        refusal.close()
    except (URLError, OSError) as error:
        return f"Jupyter Server does not answer at {url} ({error})"
    return None if kind == "application/json" else f"Jupyter Server has another page at {url} ({kind})"
