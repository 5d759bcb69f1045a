"""Render a server that listens."""

from __future__ import annotations

from html import escape

from mcp_notebook.rendering import look
from mcp_notebook.server.hosting import Listener

__all__ = ["serving_card"]


def serving_card(listener: Listener) -> look.Rendering:
    """Draw where a server listens, who can reach it, and what to do next; the token itself is not shown."""
    local = listener.endpoint.local
    reach = look.chip("this machine only", "good") if local else look.chip("reachable from other machines", "warn")
    if listener.token:
        token = f"{look.chip('required', 'good')} {look.code('token = %mcp token')} keeps it in a variable"
    else:
        token = look.chip("not required", "warn")
    rows = [("reached from", reach), ("token", token)]
    if listener.approval is not None:
        asked = escape(f"a person allows calls ({listener.approval.which}): ")
        rows.append(("approval", f"{asked}{look.code('%mcp approvals')}"))
    rows.append(("next", f"{look.code('%mcp clients')} says how to connect a client"))
    rows.append(("to end", look.code("%mcp stop")))
    html = look.card(
        f"server {look.code(listener.name)} {look.chip('listens', 'good')}",
        look.pre(listener.url),
        look.table(("", ""), [(look.muted(name), value) for name, value in rows]),
    )
    return look.Rendering(repr(listener), html)
