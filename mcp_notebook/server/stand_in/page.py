"""Draw the pages of the stand-in: the question to the person, and what went wrong."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from functools import cache
from html import escape
from importlib.resources import files

from pydantic import AnyUrl
from starlette.responses import HTMLResponse

from mcp_notebook.server.stand_in.clients import is_loopback
from mcp_notebook.server.stand_in.provider import PEOPLE, ConsentRequest
from mcp_notebook.visible import visible

__all__ = ["consent_page", "fault_page"]

LONGEST_NAME = 80
MOST_TOOLS = 6
"""The most characters of a client's name, and names of tools for each scope, that are shown."""

NOTE = (
    "<p class=stand-in role=note><strong>This is a stand-in.</strong> It takes the place of an authorization server, "
    "in a notebook on this machine. It asks for no password, and its people are invented.</p>"
)


def consent_page(asked: ConsentRequest, server: str, resource: str) -> HTMLResponse:
    """Return the page that asks a person whether a client may use the server.

    Args:
        asked: The question.
        server: The notebook's name for the server.
        resource: The URL of the server.
    """
    client, back = asked.client, asked.params.redirect_uri
    title = f"{client.document_host or 'An unverified program'} asks to use {server}"
    people = "".join(
        f"<label><input type=radio name=person value={person}{' checked' if person == PEOPLE[0] else ''}> "
        f"{person}</label>"
        for person in PEOPLE
    )
    scopes = "".join(_scope(scope, tools) for scope, tools in asked.scopes.items())
    return _page(
        title,
        f"<h1>{_shown(title)}</h1><dl>"
        f"<dt>Client</dt><dd>{_client(asked)}</dd>"
        f"<dt>Server</dt><dd><code>{_shown(resource)}</code></dd>"
        f"<dt>Afterwards</dt><dd>{_afterwards(back)}</dd></dl>"
        "<form method=post action=/consent>"
        f'<input type=hidden name=transaction value="{escape(asked.transaction)}">'
        f"<fieldset><legend>Sign in as</legend>{people}</fieldset>"
        f"<fieldset><legend>Allow</legend>{scopes}<p class=dim>"
        f"{'Besides these, ' if scopes else ''}{'the' if scopes else 'The'} tools that need no scope.</p></fieldset>"
        "<div class=buttons><button name=decision value=deny>Deny</button>"
        "<button class=allow name=decision value=allow>Allow</button></div></form>",
        form_to=back,
    )


def fault_page(words: str, back: tuple[str, AnyUrl] | None = None, status: int = 400) -> HTMLResponse:
    """Return a page that says why there is nothing to answer.

    Args:
        words: The reason.
        back: The URL that tells the client, and the client's redirect URI, if the person may go there.
        status: The status of the answer.
    """
    link = ""
    if back is not None:
        to, host = back
        link = f'<p>You can <a href="{escape(to)}" rel=noreferrer>tell {_shown(_place(host))} about it</a>.</p>'
    return _page("Not signed in", f"<h1>Not signed in</h1><p>{_shown(words)}</p>{link}", status=status)


def _page(title: str, body: str, *, form_to: AnyUrl | None = None, status: int = 200) -> HTMLResponse:
    css = _css()
    digest = base64.b64encode(hashlib.sha256(css.encode()).digest()).decode()
    policy = (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; frame-ancestors 'none'; "
        f"form-action {_form_action(form_to)}"
    )
    html = (
        "<!doctype html><html lang=en><head><meta charset=utf-8>"
        "<meta name=viewport content='width=device-width, initial-scale=1'>"
        f"<title>{_shown(title)}</title><style>{css}</style></head><body><main>{NOTE}{body}</main></body></html>"
    )
    headers = {"Content-Security-Policy": policy, "X-Frame-Options": "DENY"}
    return HTMLResponse(html, status_code=status, headers=headers)


def _form_action(to: AnyUrl | None) -> str:
    """Return where a form may go: browsers also apply this to the redirect after it."""
    if to is None:
        return "'none'"
    # A policy cannot name an IPv6 address.
    place = f"{to.scheme}:" if "[" in (to.host or "") else f"{to.scheme}://{to.host}:{to.port}"
    return f"'self' {place}"


def _client(asked: ConsentRequest) -> str:
    client = asked.client
    name = _shown((client.client_name or "")[:LONGEST_NAME])
    if client.document_host is not None:
        return (
            f"<strong>{_shown(client.document_host)}</strong>, verified by TLS. It calls itself “{name}” in <code>"
            f"{_shown(client.client_id)}</code>"
        )
    called = f" as “{name}”" if name else ""
    return f"Nobody has verified this client. It registered itself{called}, and any program can use that name."


def _afterwards(back: AnyUrl) -> str:
    place = f"Your browser goes back to <strong>{_shown(_place(back))}</strong>"
    if is_loopback(back):
        return f"{place}, a program on this machine. Nobody can verify which one it is: go on only if you started it."
    return f"{place}."


def _place(url: AnyUrl) -> str:
    default = {"http": 80, "https": 443}.get(url.scheme)
    return f"{url.host}" if url.port == default else f"{url.host}:{url.port}"


def _scope(scope: str, tools: Sequence[str]) -> str:
    named = ", ".join(f"<code>{_shown(tool[:LONGEST_NAME])}</code>" for tool in tools[:MOST_TOOLS])
    more = f" and {len(tools) - MOST_TOOLS} more" if len(tools) > MOST_TOOLS else ""
    return (
        f'<label><input type=checkbox name=scope value="{escape(scope)}" checked> <span><code>{_shown(scope)}</code> '
        f"<span class=dim>for {named}{more}</span></span></label>"
    )


def _shown(text: str) -> str:
    return escape(visible(text, one_line=True))


@cache
def _css() -> str:
    return (files("mcp_notebook.server.stand_in") / "page.css").read_text(encoding="utf-8")
