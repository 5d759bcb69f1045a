"""Render the calls that wait for approval, and the latest decisions, as HTML and as text."""

from __future__ import annotations

import json
from html import escape

from mcp_types import Tool as ListedTool

from mcp_notebook.rendering import look
from mcp_notebook.server.approval import Approval, left_in_words
from mcp_notebook.server.approval_request import LONG, ApprovalRequest
from mcp_notebook.server.listing import behavior, listed
from mcp_notebook.visible import visible

__all__ = ["approvals", "decided", "heading", "request_card", "who"]

DECISIONS_SHOWN = 10
REDEFINED = "the tool was redefined after the first question"


def approvals(approval: Approval, name: str) -> str:
    """Write (text) the waiting requests and the latest decisions of the server `name`."""
    waiting = approval.waiting
    lines = [f"approvals of {_line(name)}: {_count(waiting)}"]
    for request in waiting:
        lines += [
            f"  {request.number}  {who(request)} wants to call {_line(request.tool)}{_of_server(request)} "
            f"({left_in_words(request.left)}{', asked again: ' + REDEFINED if request.redefined else ''})",
            *(f"       {line}" for line in _arguments(request).splitlines()),
        ]
        for title, text in _texts(request):
            lines += [f"       {title}", *(f"       | {line}".rstrip() for line in text.split("\n"))]
    if waiting:
        lines.append("  %mcp allow N, %mcp deny N [REASON]")
    latest = [_past(request) for request in approval.decided[-DECISIONS_SHOWN:]]
    return "\n".join([*lines, *(["decided", *look.columns(latest)] if latest else [])])


def heading(approval: Approval, name: str) -> str:
    """Draw (HTML) the rule, and the number of waiting calls."""
    which = "" if approval.which == "all" else " that may destroy something"
    rule = (
        f"You are asked about each call from outside this notebook to a tool of {look.code(name)}{which}. "
        f"A call is denied if you do not answer within {approval.timeout:g} s."
    )
    return look.card(f"approvals: {_count(approval.waiting)}", f"<p>{rule}</p>")


def decided(approval: Approval) -> str:
    """Draw (HTML) the latest decisions, and the tools that are always allowed."""
    latest = approval.decided[-DECISIONS_SHOWN:]
    rows = [[escape(cell) for cell in _past(request)] for request in reversed(latest)]
    standing = [f"{tool} from {_quoted(client, person)}" for client, person, _, tool in approval.standing]
    parts = []
    if standing:
        parts.append(f"<p>Always allowed: {escape(_line('; '.join(standing)))}</p>")
    if rows:
        parts.append(look.table(("", "tool", "client, as it calls itself", "decision"), rows, numbers=(0,)))
    return look.card("decided", *parts) if parts else ""


def request_card(request: ApprovalRequest) -> str:
    """Draw (HTML) one request, all its arguments included."""
    decision = request.decision
    state = f"waiting: {left_in_words(request.left)}" if decision is None else str(decision)
    text = _arguments(request)
    length = f" ({len(text):,} characters)" if len(text) > LONG else ""
    facts = [("client", f"{_line(request.client)} (as it calls itself)")]
    if _of_server(request):
        facts.append(("server", f"{_line(request.server)}, called by the code of a call that was allowed"))
    if request.person:
        facts.append(("signed in as", _line(request.person)))
    if request.entry is not None:
        stated = request.entry.annotations
        facts.append(("tool", behavior({"annotations": listed(stated)} if stated else {})))
    if request.redefined:
        facts.append(("asked again", REDEFINED))
    return look.card(
        f"{request.number}: {look.code(_line(request.tool))} {look.muted(_line(state))}",
        look.table(("", ""), [[look.muted(name), escape(value)] for name, value in facts]),
        *(look.section(title, look.pre(text)) for title, text in _texts(request)),
        look.section(f"arguments, all of them{length}", look.pre(text)),
    )


def who(request: ApprovalRequest) -> str:
    """Name the client of a request, in quotes, as it calls itself, and the person if one is signed in."""
    return _quoted(request.client, request.person)


def _of_server(request: ApprovalRequest) -> str:
    """Name the server of a call that other code makes; a client's own call is always one of the server that asks."""
    return f" of {_line(request.server)}" if isinstance(request.entry, ListedTool) else ""


def _line(text: str) -> str:
    """Return a text in one line with every character visible, so that a client cannot hide what it asks for."""
    return visible(text, one_line=True)


def _quoted(client: str, person: str) -> str:
    """Name a client and a person in a way that a client's own name cannot imitate."""
    return _line(json.dumps(client, ensure_ascii=False) + (f", signed in as {person}" if person else ""))


def _past(request: ApprovalRequest) -> tuple[str, str, str, str]:
    return str(request.number), _line(request.tool), who(request), _line(str(request.decision))


def _arguments(request: ApprovalRequest) -> str:
    """Write all arguments as JSON, with every character visible."""
    return "\n".join(map(_line, request.text.split("\n")))


def _texts(request: ApprovalRequest) -> list[tuple[str, str]]:
    """Write each argument that is a text of several lines, such as code, line by line, with every character visible."""
    texts = {name: value for name, value in request.arguments.items() if isinstance(value, str) and "\n" in value}
    return [(f"{_line(name)}, line by line", "\n".join(map(_line, value.split("\n")))) for name, value in texts.items()]


def _count(waiting: list[ApprovalRequest]) -> str:
    return f"{len(waiting)} waiting for you" if waiting else "none waiting"
