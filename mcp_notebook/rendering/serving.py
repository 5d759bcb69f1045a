"""Render a server that listens."""

from __future__ import annotations

from html import escape

from mcp_notebook.addresses import Entrance
from mcp_notebook.rendering import look
from mcp_notebook.server.hosting import Listener
from mcp_notebook.server.stand_in import PEOPLE

__all__ = ["serving_card"]


def serving_card(listener: Listener, entrance: Entrance | None = None, no_way_in: str | None = None) -> look.Rendering:
    """Draw where a server listens, who can reach it, and what to do next; the token itself is not shown.

    Args:
        listener: The listener.
        entrance: Its address for clients on other machines, if it has one. Then this comes first.
        no_way_in: The reason that it has none, if people are not at this machine.
    """
    local = listener.endpoint.local
    reach = look.chip("this machine only", "good") if local else look.chip("reachable from other machines", "warn")
    if listener.token:
        token = f"{look.chip('required', 'good')} {look.code('token = %mcp token')} keeps it in a variable"
    else:
        token = look.chip("not required", "warn")
    rows = [("reached from", reach), ("token", token)]
    if listener.endpoint.oauth:
        people = " or ".join(map(look.code, PEOPLE))
        stand_in = f"as {people}, without a password: this is a stand-in for an authorization server"
        rows[1] = ("sign-in", f"{look.chip('required', 'good')} {stand_in}")
    if entrance is not None:
        with_token = f"with {look.code('token = %mcp token')}" if listener.token else "without a token"
        rows = [
            ("reached from", look.chip("your own machine, through Jupyter", "good")),
            ("token", f"{look.chip('required', 'good')} from {escape(entrance.token_from)}"),
            *([("fill in", escape(entrance.note))] if entrance.note else []),
            ("directly", f"{look.code(listener.url)} {reach} {with_token}"),
        ]
    elif no_way_in is not None:
        rows.append(("elsewhere", f"{look.chip('out of reach', 'warn')} {escape(no_way_in)}"))
    if listener.approval is not None:
        asked = escape(f"a person allows calls ({listener.approval.which}): ")
        rows.append(("approval", f"{asked}{look.code('%mcp approvals')}"))
    if listener.endpoint.code:
        rows.append(
            ("offers", f"{look.code('search')}, which finds functions, and {look.code('run')}, which runs code")
        )
    rows.append(("next", f"{look.code('%mcp clients')} says how to connect a client"))
    rows.append(("to end", look.code("%mcp stop")))
    html = look.card(
        f"server {look.code(listener.name)} {look.chip('listens', 'good')}",
        look.pre(listener.url if entrance is None else entrance.url),
        look.table(("", ""), [(look.muted(name), value) for name, value in rows]),
    )
    outside = _outside(entrance) if entrance else "" if no_way_in is None else f"\n  {no_way_in}"
    return look.Rendering(repr(listener) + outside, html)


def _outside(entrance: Entrance) -> str:
    lines = [
        f"From your own machine, through Jupyter: {entrance.url}",
        f"with a token from {entrance.token_from}",
        *([entrance.note] if entrance.note else []),
    ]
    return "".join(f"\n  {line}" for line in lines)
