"""The verbs about calls that wait for a person."""

from __future__ import annotations

import click
from click.shell_completion import CompletionItem

from mcp_notebook.errors import HostingError, UnknownNameError
from mcp_notebook.magics.options import TEXT
from mcp_notebook.magics.verb import ON_SERVER, verb
from mcp_notebook.rendering.approvals import who
from mcp_notebook.server.approval import Approval
from mcp_notebook.session.session import Session
from mcp_notebook.visible import visible
from mcp_notebook.widgets.approval import ApprovalCard

__all__: list[str] = []


def _waiting(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    numbers = [str(request.number) for approval in _approvals(ctx.obj) for request in approval.waiting]
    return [CompletionItem(number) for number in numbers if number.startswith(incomplete)]


NUMBER = click.argument("number", type=click.IntRange(min=1), metavar="N", shell_complete=_waiting)


@verb(
    "approvals",
    click.option("--ask-again", is_flag=True, help='Revoke all "always allow" decisions.'),
    ON_SERVER,
)
def _show(session: Session, ask_again: bool, server: str | None) -> ApprovalCard:
    """Show the calls that wait for you, and the latest decisions. Example: %mcp approvals."""
    live = session.live(server)
    approval = live.listener.approval if live.listener is not None else None
    if approval is None:
        raise HostingError(
            f"{live.name!r} does not ask for approval. To be asked before calls: %mcp serve --approve destructive."
        )
    if ask_again:
        approval.ask_again()
    return session.listening.approval_card(live.name, approval)


@verb(
    "allow",
    NUMBER,
    click.option(
        "--always",
        is_flag=True,
        help="Do not ask about this tool again, for clients with the same name and person.",
    ),
)
def _allow(session: Session, number: int, always: bool) -> None:
    """Allow a waiting call to run. Example: %mcp allow 3."""
    request = _holding(session, number).allow(number, always=always)
    print(f"Allowed: {visible(request.tool, one_line=True)}, for {who(request)}.")


@verb("deny", NUMBER, click.argument("reason", nargs=-1, type=TEXT))
def _deny(session: Session, number: int, reason: tuple[str, ...]) -> None:
    """Deny a waiting call, and tell its model the reason. Example: %mcp deny 3 not this one."""
    request = _holding(session, number).deny(number, " ".join(reason))
    print(f"Denied: {visible(request.tool, one_line=True)}, for {who(request)}.")


def _approvals(session: Session) -> list[Approval]:
    listeners = [live.listener for live in session.registry.servers.values() if live.listener is not None]
    return [listener.approval for listener in listeners if listener.approval is not None]


def _holding(session: Session, number: int) -> Approval:
    """Return the approval with which a request waits."""
    approvals = _approvals(session)
    waiting = {request.number: approval for approval in approvals for request in approval.waiting}
    if number not in waiting:
        known = ", ".join(map(str, waiting)) or "nothing"
        raise UnknownNameError(
            f"No request {number} is waiting: it was answered or ended, or never existed (waiting: {known}). "
            "%mcp approvals shows what was decided."
        )
    return waiting[number]
