"""Record each call of a server, and notify its clients of changes.

One middleware of the SDK does this on every transport: every request of a client passes through it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import anyio
from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
from mcp.server.mcpserver import MCPServer
from mcp.server.request_state import authenticated_principal
from mcp.shared.exceptions import MCPError
from mcp_types import INVALID_PARAMS, METHOD_NOT_FOUND
from mcp_types.version import MODERN_PROTOCOL_VERSIONS as MODERN
from pydantic import ValidationError

from mcp_notebook.recording import Call, Recorder, current, output
from mcp_notebook.recording.call import MOST_CHARACTERS_OF_NAME
from mcp_notebook.recording.characters import whole
from mcp_notebook.recording.cutting import fits, fitted
from mcp_notebook.server import sdk_gaps
from mcp_notebook.server.approved_call import current_approval
from mcp_notebook.server.apps import for_client
from mcp_notebook.server.call_limits import limit_calls
from mcp_notebook.server.caller_errors import answer_caller_errors
from mcp_notebook.server.definitions import function_behind
from mcp_notebook.server.extended import extension_of
from mcp_notebook.server.extensions.data import serve_kept
from mcp_notebook.server.extensions.tasks import Task, Tasks
from mcp_notebook.server.notifier import ChangeNotifier
from mcp_notebook.server.recorded_session import RecordedSession
from mcp_notebook.server.results import in_whole
from mcp_notebook.server.stable_tools import SEARCHING
from mcp_notebook.server.tracing import SpansWhereCollected

__all__ = ["APPROVAL", "CALL_ID", "SEARCH", "TRANSPORT", "Runtime"]

CALL_ID = "mcp-notebook/call"
"""The ``_meta`` key by which a notebook recognizes its own requests."""

TRANSPORT = "mcp-notebook/transport"
"""The key in a request's ASGI scope for how the request arrived; set by the listener."""

APPROVAL = "mcp-notebook/approval"
"""The key for the `Approval` that the request needs; None if nobody is asked."""

SEARCH = "mcp-notebook/search"
"""The key for whether the client sees only the pair of tools that finds and calls the others."""

NAMED_BY = {
    "tools/call": "name",
    "resources/read": "uri",
    "prompts/get": "name",
    "completion/complete": "ref",
}
"""The recorded methods, with the parameter that names what is requested."""


class Runtime:
    """The notebook's middleware on one server.

    Attributes:
        recorder: Keeps the calls; a notebook's servers share one.
        notifier: Notifies the clients of changes.
        defined: The kind and name of each definition registered since the last cell ended, in order.
    """

    def __init__(self, server: MCPServer[Any], recorder: Recorder | None = None) -> None:
        self.recorder = recorder or Recorder()
        self.notifier = ChangeNotifier(sdk_gaps.own_bus(server))
        sdk_gaps.listen_to(server, self.notifier)
        self.defined: dict[tuple[str, str], None] = {}
        self._server = server
        self._rounds: dict[bytes, Call] = {}
        sdk_gaps.wrap_spans(server, SpansWhereCollected)
        sdk_gaps.bind_rounds(server, _principal)
        # First, and so outside the SDK's middleware that seals a request's state: only a sealed state is unique.
        server.middleware[:0] = [self, answer_caller_errors, limit_calls, serve_kept]

    async def __call__(self, ctx: ServerRequestContext[Any, Any], call_next: CallNext) -> HandlerResult:
        """Pass a message on, as middleware of the SDK; replace lone surrogates in the answer."""
        try:
            if ctx.method in NAMED_BY and ctx.request_id is not None:
                return await self._recorded(ctx, call_next)  # whole already, and noted with the call
            return whole(await self._passed_on(ctx, call_next))
        except MCPError as error:
            raise MCPError.from_error_data(whole(error.error)) from error

    async def _passed_on(self, ctx: ServerRequestContext[Any, Any], call_next: CallNext) -> HandlerResult:
        if ctx.method == "initialize" and not fits(ctx.params, MOST_BYTES_OF_A_CLIENT):
            raise MCPError(
                INVALID_PARAMS, f"A client may say at most {MOST_BYTES_OF_A_CLIENT // 1000} kB about itself."
            )
        if ctx.method in ("resources/subscribe", "resources/unsubscribe") and ctx.protocol_version not in MODERN:
            return await self._followed(ctx, call_next)
        if ctx.method == "notifications/initialized":
            self.notifier.join(sdk_gaps.connection(ctx.session))
        elif ctx.method == "subscriptions/listen":
            asked = (ctx.params or {}).get("notifications")
            uris = asked.get("resourceSubscriptions") if isinstance(asked, dict) else None
            # The SDK reports malformed values.
            if isinstance(uris, list) and all(isinstance(uri, str) for uri in uris):
                self.notifier.record_listening(uris)
        result = await call_next(ctx)
        if ctx.method == "initialize" and isinstance(result, dict):
            _announcing(result.get("capabilities", {}))
        if ctx.method == "tools/list" and isinstance(result, dict) and ctx.request and ctx.request.scope.get(SEARCH):
            result = {**result, "tools": [tool for tool in result["tools"] if tool["name"] in SEARCHING]}
        return for_client(self._server, ctx, result) if ctx.method in ("tools/list", "resources/list") else result

    async def _followed(self, ctx: ServerRequestContext[Any, Any], call_next: CallNext) -> HandlerResult:
        uri = (ctx.params or {}).get("uri")
        change = self.notifier.follow if ctx.method == "resources/subscribe" else self.notifier.unfollow
        if isinstance(uri, str):
            change(sdk_gaps.connection(ctx.session), uri)
        try:
            return await call_next(ctx)
        except MCPError as error:
            if error.code != METHOD_NOT_FOUND:
                raise
            return {}  # the SDK serves this method only if the author wrote a handler

    async def _recorded(self, ctx: ServerRequestContext[Any, Any], call_next: CallNext) -> HandlerResult:
        call = self._opened(ctx)
        RecordedSession.record(ctx.session, call)
        output.ensure()
        token = current.set(call)
        asking = current_approval.set(None if ctx.request is None else ctx.request.scope.get(APPROVAL))
        try:
            result = await call_next(ctx)
        except anyio.get_cancelled_exc_class():
            call.end("cancelled")
            raise
        except Exception as error:
            call.malformed = isinstance(error, ValidationError)
            call.end("refused", error=str(error), code=getattr(error, "code", None), data=getattr(error, "data", None))
            raise
        else:
            result = in_whole(result)
            if not await self._goes_on(call, result):
                self._ended(ctx, call, result)
            return result
        finally:
            current_approval.reset(asking)
            current.reset(token)
            if not call.running:
                self.recorder.closed(call)

    def _opened(self, ctx: ServerRequestContext[Any, Any]) -> Call:
        params = ctx.params or {}
        name = requested_name(params.get(NAMED_BY[ctx.method]))
        client = _client(ctx)
        answers = params.get("inputResponses")
        if isinstance(answers, dict):
            call = self._rounds.pop(_round(ctx.method, name, client, params), None)
            if call is not None:
                call.rounds += 1
                call.state, call.duration, call.asks = "running", None, False
                if params.get("requestState") is None:  # nothing proves that this is the client that was allowed
                    call.allowed = None
                for answer in answers.values():
                    call.add("answer", answer)
                return call
        call = Call(
            server=self._server.name,
            method=ctx.method,
            name=name,
            arguments=requested_arguments(ctx.method, params),
            client=client,
            transport=_transport(ctx),
            protocol_version=ctx.protocol_version,
            function=function_behind(self._server, ctx.method, name),
        )
        meta: Any = ctx.meta or {}
        own = meta.get(CALL_ID)
        self.recorder.opened(call, own if isinstance(own, str) else None)
        return call

    async def _goes_on(self, call: Call, result: HandlerResult) -> bool:
        """Return whether a call goes on as a task; then it ends when the task does."""
        if not isinstance(result, dict) or result.get("resultType") != "task":
            return False
        tasks, id = extension_of(self._server, Tasks), result["taskId"]
        if tasks is None:
            return False
        call.task = True

        def ended(task: Task | None) -> bool:
            if task is None or task.open or not call.running:
                return False
            leave()
            call.allowed = None
            _end_with(call, task)
            return True

        def changed(task: Task) -> None:
            if ended(task):
                self.recorder.closed(call)

        leave = tasks.watch(id, changed)
        ended(await tasks.load(id))  # before there was a watcher
        return True

    def _ended(self, ctx: ServerRequestContext[Any, Any], call: Call, result: HandlerResult) -> None:
        wire: dict[str, Any] = result if isinstance(result, dict) else {}
        call.asks = wire.get("resultType") == "input_required"
        if call.asks:
            for question in (wire.get("inputRequests") or {}).values():
                call.add("question", question)
            while len(self._rounds) > MOST_WAITING:
                self._rounds.pop(next(iter(self._rounds)))
            self._rounds[_round(ctx.method, call.name, _client(ctx), wire)] = call
        else:
            call.allowed = None
        call.end("error" if wire.get("isError") else "done", wire)


def _end_with(call: Call, task: Task) -> None:
    """End a call as its task ended."""
    if task.result is not None:
        call.end("error" if task.result.get("isError") else "done", in_whole(task.result))
    elif task.error is not None:
        call.end("refused", error=task.message, code=task.error.get("code"), data=task.error.get("data"))
    else:
        call.end("cancelled")


MOST_WAITING = 1_000
"""Most calls that wait for a client's answers and are still recognized when the answers come."""


MOST_BYTES_OF_A_CLIENT = 64_000
"""Most bytes that a client may say about itself when it opens a legacy session; the session keeps them."""


def requested_name(asked: Any) -> str:
    """Return the requested name or URI; if it is not a string, its repr."""
    if isinstance(asked, dict):
        asked = asked.get("name") or asked.get("uri")
    if isinstance(asked, str):
        return asked
    return "" if asked is None else repr(fitted(asked, MOST_CHARACTERS_OF_NAME)[0])


def requested_arguments(method: str, params: Mapping[str, Any]) -> Any:
    """Return the arguments of a request as they came; for a completion, the partial argument."""
    if method != "completion/complete":
        arguments = params.get("arguments")
        return {} if arguments is None else arguments
    argument = params.get("argument")
    if isinstance(argument, dict) and isinstance(argument.get("name"), str):
        return {argument["name"]: argument.get("value")}
    return argument


def _client(ctx: ServerRequestContext[Any, Any]) -> str:
    """Return the name and version that a client gives itself."""
    client = ctx.session.client_params
    return f"{client.client_info.name} {client.client_info.version}".strip() if client else ""


def _transport(ctx: ServerRequestContext[Any, Any]) -> str:
    return "memory" if ctx.request is None else str(ctx.request.scope.get(TRANSPORT, "http"))


def _principal(ctx: ServerRequestContext[Any, Any]) -> str:
    """Return the owner of a multi-round call's state; the state is valid for nobody else.

    If the server has authorization of its own, the owner is the user. Otherwise it is only the transport and the
    client's name. A notebook has one token, so the kernel cannot tell its bearers apart, and each may use any name.
    This keeps an honest client from continuing another's call, and it keeps a state copied from a log or a screen from
    being valid under another name. It does not stop somebody who has the token and also takes the name. The same holds
    for "always allow" decisions.
    """
    return json.dumps([authenticated_principal(ctx), _transport(ctx), _client(ctx)])


def _round(method: str, name: str, client: str, message: Mapping[str, Any]) -> bytes:
    """Return a key that identifies the rounds of one call; a digest, because a state may be long."""
    state = message.get("requestState")
    key = "\0".join((method, name, client, state if isinstance(state, str) else ""))
    return sha256(key.encode("utf-8", "surrogatepass")).digest()


def _announcing(capabilities: dict[str, Any]) -> None:
    """Correct the capabilities of the legacy handshake: changes are announced, and resources can be followed."""
    for kind in ("tools", "prompts", "resources"):
        if kind in capabilities:
            capabilities[kind]["listChanged"] = True
    if "resources" in capabilities:
        capabilities["resources"]["subscribe"] = True
