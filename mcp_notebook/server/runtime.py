"""What a kernel adds to a server: it records each call, and tells clients of changes.

One middleware of the SDK, on every transport: all that a client asks passes through it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import anyio
from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
from mcp.server.mcpserver import MCPServer
from mcp.shared.exceptions import MCPError
from mcp_types import METHOD_NOT_FOUND
from mcp_types.version import MODERN_PROTOCOL_VERSIONS as MODERN

from mcp_notebook.recording import Call, Recorder, current, output
from mcp_notebook.recording.characters import whole
from mcp_notebook.server import sdk_gaps
from mcp_notebook.server.approved_call import door
from mcp_notebook.server.audience import Audience
from mcp_notebook.server.characters import in_whole
from mcp_notebook.server.definitions import function_behind
from mcp_notebook.server.recorded_session import RecordedSession
from mcp_notebook.server.tracing import SpansWhereCollected

__all__ = ["APPROVAL", "CALL_ID", "TRANSPORT", "Runtime"]

CALL_ID = "mcp-notebook/call"
"""The ``_meta`` key by which a notebook recognises a request of its own."""

TRANSPORT = "mcp-notebook/transport"
"""Where the listener notes in a request's ASGI scope how it came."""

APPROVAL = "mcp-notebook/approval"
"""Where it notes the `Approval` that such a request needs; None where nobody is asked."""

NAMED_BY = {
    "tools/call": "name",
    "resources/read": "uri",
    "prompts/get": "name",
    "completion/complete": "ref",
}
"""The methods that are recorded, and which parameter says what was asked for."""


class Runtime:
    """The middleware of one server.

    Attributes:
        recorder: Keeps the calls; a notebook's servers share one.
        audience: The clients that hear of changes.
        defined: The kind and name of each definition that was registered since somebody last looked, in order.
    """

    def __init__(self, server: MCPServer[Any], recorder: Recorder | None = None) -> None:
        self.recorder = recorder or Recorder()
        self.audience = Audience(sdk_gaps.own_bus(server))
        sdk_gaps.listen_to(server, self.audience)
        self.defined: dict[tuple[str, str], None] = {}
        self._server = server
        self._rounds: dict[tuple[str, str, str], Call] = {}
        sdk_gaps.wrap_spans(server, SpansWhereCollected)
        # First, so outside the SDK's own that seals a request's state: sealed, it is another for each call.
        server.middleware.insert(0, self)

    async def __call__(self, ctx: ServerRequestContext[Any, Any], call_next: CallNext) -> HandlerResult:
        """Pass a message on, as middleware of the SDK does; what goes back has whole characters."""
        try:
            return whole(await self._passed_on(ctx, call_next))
        except MCPError as error:
            raise MCPError.from_error_data(whole(error.error)) from error

    async def _passed_on(self, ctx: ServerRequestContext[Any, Any], call_next: CallNext) -> HandlerResult:
        if ctx.method in NAMED_BY and ctx.request_id is not None:
            return await self._recorded(ctx, call_next)
        if ctx.method in ("resources/subscribe", "resources/unsubscribe") and ctx.protocol_version not in MODERN:
            return await self._followed(ctx, call_next)
        if ctx.method == "notifications/initialized":
            self.audience.join(sdk_gaps.connection(ctx.session))
        elif ctx.method == "subscriptions/listen":
            asked = (ctx.params or {}).get("notifications")
            self.audience.listens(asked.get("resourceSubscriptions") or () if isinstance(asked, dict) else ())
        result = await call_next(ctx)
        if ctx.method == "initialize" and isinstance(result, dict):
            _announcing(result.get("capabilities", {}))
        return result

    async def _followed(self, ctx: ServerRequestContext[Any, Any], call_next: CallNext) -> HandlerResult:
        uri = str((ctx.params or {}).get("uri"))
        change = self.audience.follow if ctx.method == "resources/subscribe" else self.audience.unfollow
        change(sdk_gaps.connection(ctx.session), uri)
        try:
            return await call_next(ctx)
        except MCPError as error:
            if error.code != METHOD_NOT_FOUND:
                raise
            return {}  # the SDK serves it only where the author wrote a handler

    async def _recorded(self, ctx: ServerRequestContext[Any, Any], call_next: CallNext) -> HandlerResult:
        call = self._opened(ctx)
        RecordedSession.record(ctx.session, call)
        output.ensure()
        token = current.set(call)
        asking = door.set(None if ctx.request is None else ctx.request.scope.get(APPROVAL))
        try:
            result = await call_next(ctx)
        except anyio.get_cancelled_exc_class():
            call.end("cancelled")
            raise
        except Exception as error:
            call.end("refused", error=str(error))
            raise
        else:
            result = in_whole(result)
            self._ended(ctx, call, result)
            return result
        finally:
            door.reset(asking)
            current.reset(token)
            self.recorder.closed(call)

    def _opened(self, ctx: ServerRequestContext[Any, Any]) -> Call:
        params = ctx.params or {}
        asked = params.get(NAMED_BY[ctx.method])
        name = (asked.get("name") or asked.get("uri", "")) if isinstance(asked, dict) else str(asked)
        answers = params.get("inputResponses")
        if answers is not None:
            call = self._rounds.pop((ctx.method, name, str(params.get("requestState"))), None)
            if call is not None:
                call.rounds += 1
                call.state, call.duration = "running", None
                if params.get("requestState") is None:  # nothing shows that this is the client which was allowed
                    call.allowed = None
                for answer in answers.values():
                    call.add("answer", answer)
                return call
        client = ctx.session.client_params
        call = Call(
            server=self._server.name,
            method=ctx.method,
            name=name,
            arguments=params.get("arguments") or _completed(params),
            client=f"{client.client_info.name} {client.client_info.version}".strip() if client else "",
            transport="memory" if ctx.request is None else ctx.request.scope.get(TRANSPORT, "http"),
            protocol_version=ctx.protocol_version,
            function=function_behind(self._server, ctx.method, name),
        )
        meta: Any = ctx.meta or {}
        self.recorder.opened(call, meta.get(CALL_ID))
        return call

    def _ended(self, ctx: ServerRequestContext[Any, Any], call: Call, result: HandlerResult) -> None:
        wire: dict[str, Any] = result if isinstance(result, dict) else {}
        if wire.get("resultType") == "input_required":
            for question in (wire.get("inputRequests") or {}).values():
                call.add("question", question)
            while len(self._rounds) > MOST_WAITING:
                self._rounds.pop(next(iter(self._rounds)))
            self._rounds[ctx.method, call.name, str(wire.get("requestState"))] = call
        else:
            call.allowed = None
        call.end("error" if wire.get("isError") else "done", wire)


MOST_WAITING = 1_000
"""How many calls may wait for a client's answers and still be known as the same call when those come."""


def _completed(params: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a completion is asked for: the argument, as far as it is typed."""
    argument = params.get("argument")
    return {str(argument.get("name")): argument.get("value")} if isinstance(argument, dict) else {}


def _announcing(capabilities: dict[str, Any]) -> None:
    """Correct what the SDK says at the legacy handshake: changes are announced, and resources can be followed."""
    for kind in ("tools", "prompts", "resources"):
        if kind in capabilities:
            capabilities[kind]["listChanged"] = True
    if "resources" in capabilities:
        capabilities["resources"]["subscribe"] = True
