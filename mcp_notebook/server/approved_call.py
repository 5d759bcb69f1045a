"""Run a call of an outside client only after a person has allowed it.

The allowed call is exactly the one that runs: the question is asked at the point where the server looks up the tool,
after every step that could change the arguments, and it is asked again if the tool was redefined in the meantime.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from contextvars import ContextVar
from hashlib import sha256
from typing import Any

import anyio
from mcp.server.auth.middleware.auth_context import get_access_token
from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp_types import Tool as ListedTool

from mcp_notebook.recording import Call, Decision, current
from mcp_notebook.server import sdk_gaps, stable_tools
from mcp_notebook.server.approval import Approval, ApprovalRequest, Tell

__all__ = ["approve_inner", "approved", "current_approval"]

current_approval: ContextVar[Approval | None] = ContextVar("mcp_notebook_approval", default=None)
"""The approval of the listener that the running request came through; None for the notebook's own requests."""


async def approved(
    server: MCPServer[Any],
    call_tool: Callable[..., Awaitable[Any]],
    name: str,
    arguments: dict[str, Any],
    context: Any = None,
) -> Any:
    """Call a tool, after asking a person if the listener requires it.

    Raises:
        ToolError: The call was denied; the text is for the model.
    """
    approval, call = current_approval.get(), current.get()
    if approval is not None and call is not None:
        decision = await _decided(approval, server, call, name, arguments)
        if decision is not None and not decision.allowed:
            raise ToolError(_words(decision, approval.timeout))
    return await call_tool(name, arguments, context)


async def _decided(
    approval: Approval, server: MCPServer[Any], call: Call, name: str, arguments: dict[str, Any]
) -> Decision | None:
    """Ask until the approved tool is the one that would run; return None if no question is needed."""
    decision: Decision | None = None
    try:
        digest = sha256(json.dumps([name, arguments], sort_keys=True, default=str).encode()).digest()
    except RecursionError:
        raise ToolError("The arguments are nested too deep to be shown to a person, so this was not run.") from None
    while True:
        entry = sdk_gaps.entries(server, "tool").get(name)
        # The SDK reports an unknown tool. A call made by a stable tool comes through here again by itself.
        if entry is None or entry is stable_tools.TOOLS.get(name):
            return decision
        if call.allowed is not None and call.allowed[0] is entry and call.allowed[1] == digest:
            return decision
        asked = ApprovalRequest(
            client=call.client,
            person=_signed_in(),
            server=server.name,
            tool=name,
            arguments=arguments,
            entry=entry,
            redefined=decision is not None,
        )
        if not approval.concerns(asked):
            return decision
        if approval.stands(asked):
            call.approval = Decision(True, "a person", 0, "always, decided earlier")
            return call.approval
        call.state = "waiting for approval"
        try:
            decision = call.approval = await approval.ask(asked, _teller(call))
        except anyio.get_cancelled_exc_class():
            call.approval = asked.decision
            raise
        call.state = "running"
        if not decision.allowed:
            return decision
        call.allowed = (entry, digest)


async def approve_inner(server: str, tool: ListedTool, arguments: Mapping[str, Any]) -> None:
    """Ask a person about a call that the running call makes, by the rule of its listener; without one, do nothing.

    Args:
        server: The server of the tool.
        tool: The tool, as it is listed. "Always allow" holds as long as it is listed so.
        arguments: The arguments.

    Raises:
        ToolError: The call was denied; the text is for the model.
    """
    approval, call = current_approval.get(), current.get()
    if approval is None or call is None:
        return
    asked = ApprovalRequest(
        client=call.client, person=_signed_in(), server=server, tool=tool.name, arguments=arguments, entry=tool
    )
    if approval.concerns(asked) and not approval.stands(asked):
        decision = await approval.ask(asked)
        if not decision.allowed:
            raise ToolError(_words(decision, approval.timeout))


def _signed_in() -> str:
    token = get_access_token()
    return (token.subject or token.client_id) if token is not None else ""


def _teller(call: Call) -> Tell | None:
    async def tell(text: str) -> None:
        await call.session.report_progress(0, None, text)

    return tell if call.session is not None else None


def _words(decision: Decision, timeout: float) -> str:
    """Return the text that tells a model why its call did not run."""
    if decision.by == "a person":
        why = f" They say: {decision.reason.rstrip('.')}." if decision.reason else ""
        return f"A person denied this call, so it was not run.{why} Do not repeat it unless they ask you to."
    if decision.by == "timeout":
        return (
            f"Nobody allowed this call within {timeout:g} s, so it was not run. Ask the person to look at the "
            "notebook before you call again."
        )
    return f"The notebook denied this call because {decision.reason}; it was not run."
