"""A server that answers from a saved session."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from contextlib import suppress
from functools import cached_property
from typing import Any, TypeVar

from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
from mcp.server.mcpserver import MCPServer
from mcp.shared.exceptions import MCPError
from mcp_types import INVALID_PARAMS, Prompt, Resource, ResourceTemplate, Tool
from mcp_types.methods import CACHEABLE_METHODS
from mcp_types.version import MODERN_PROTOCOL_VERSIONS
from pydantic import BaseModel, ValidationError

from mcp_notebook.recording import Call
from mcp_notebook.recording.saved import SavedSession
from mcp_notebook.server.runtime import NAMED_BY, requested_arguments, requested_name

__all__ = ["MockServer"]

Entry = TypeVar("Entry", bound=BaseModel)

_LISTS = {
    "tools/list": ("tools", "tool"),
    "resources/list": ("resources", "resource"),
    "resources/templates/list": ("resourceTemplates", "resourceTemplate"),
    "prompts/list": ("prompts", "prompt"),
}
"""The methods that list something: the field of the result, and the kind of its entries."""

_DECLARED = ("completions", "prompts", "resources", "tools")
"""The capabilities that a mock can have. It declares those that the recorded server declared."""

_OF_ONE_ANSWER = ("resultType", "requestState")
"""Fields of a result that its own request decides on."""

_PROTOCOL = "io.modelcontextprotocol/"
"""The beginning of the names in ``_meta`` that are the protocol's own."""

REFUSED = "The server refused: "
"""The words that a client's log has before the server's own."""

MOST_NAMED = 5
"""Recorded calls that an error names."""


class MockServer(MCPServer[Any]):
    """Lists what the server of a session listed, and answers as that did.

    The same request gets the results in their order, and then the last one again. A request that was not recorded, or
    whose result was too long to be kept, is refused.

    Attributes:
        saved: The session.
    """

    def __init__(self, session: SavedSession) -> None:
        about = session.server
        super().__init__(about.name, version=about.version, instructions=about.instructions, log_level="WARNING")
        self.middleware.append(_Answers(session))
        self.saved = session
        self._lists = session.lists

    async def list_tools(self) -> list[Tool]:
        """Return the tools that follow the protocol; clients get the others, too."""
        return _parsed(Tool, self._lists["tool"])

    async def list_resources(self) -> list[Resource]:
        """Return the resources that follow the protocol; clients get the others, too."""
        return _parsed(Resource, self._lists["resource"])

    async def list_resource_templates(self) -> list[ResourceTemplate]:
        """Return the resource templates that follow the protocol; clients get the others, too."""
        return _parsed(ResourceTemplate, self._lists["resourceTemplate"])

    async def list_prompts(self) -> list[Prompt]:
        """Return the prompts that follow the protocol; clients get the others, too."""
        return _parsed(Prompt, self._lists["prompt"])


def _parsed(kind: type[Entry], entries: Iterable[Mapping[str, Any]]) -> list[Entry]:
    found = []
    for entry in entries:
        with suppress(ValidationError):
            found.append(kind.model_validate(entry, by_name=False))
    return found


class _Answers:
    """Middleware that answers in the server's place."""

    def __init__(self, session: SavedSession) -> None:
        self._lists = session.lists
        self._recorded = session.calls
        self._capabilities = session.server.capabilities

    @cached_property
    def _calls(self) -> dict[tuple[str, str], dict[str, list[Call]]]:
        """The calls by their methods, names and arguments; made for the first request, because many calls take time."""
        found: dict[tuple[str, str], dict[str, list[Call]]] = defaultdict(lambda: defaultdict(list))
        for call in self._recorded:
            if call.method in NAMED_BY and call.state in ("done", "error", "refused"):
                found[call.method, call.name][_key(call.arguments)].append(call)
        return found

    async def __call__(self, ctx: ServerRequestContext[Any, Any], call_next: CallNext) -> HandlerResult:
        if ctx.method in _LISTS:
            field, kind = _LISTS[ctx.method]
            return _complete({field: self._lists[kind]}, ctx)
        if ctx.method in NAMED_BY:
            params: Mapping[str, Any] = ctx.params or {}
            name = requested_name(params.get(NAMED_BY[ctx.method]))
            return _complete(self._answer(ctx.method, name, requested_arguments(ctx.method, params)), ctx)
        answered = await call_next(ctx)
        return self._declared(answered) if ctx.method in ("initialize", "server/discover") else answered

    def _declared(self, answered: HandlerResult) -> HandlerResult:
        """Replace the capabilities in the result by those of the recorded server that a mock can have."""
        if not self._capabilities or not isinstance(answered, dict):
            return answered
        return {**answered, "capabilities": {name: {} for name in _DECLARED if name in self._capabilities}}

    def _answer(self, method: str, name: str, arguments: Any) -> dict[str, Any]:
        of_name = self._calls.get((method, name), {})
        calls = of_name.get(_key(arguments), [])
        if not calls:
            known = [key for key in of_name if key][:MOST_NAMED]
            recorded = f" It has calls of it with {', '.join(known)}." if known else ""
            raise MCPError(INVALID_PARAMS, f"The session has no such {method} of {name!r}.{recorded}")
        call = calls.pop(0) if len(calls) > 1 else calls[0]
        if call.cut:
            raise MCPError(INVALID_PARAMS, f"The result of this {method} of {name!r} was too long to be kept whole.")
        if call.result is None:
            words = (call.error or "It was refused.").removeprefix(REFUSED)
            raise MCPError(call.code or INVALID_PARAMS, words, call.data)
        kept = {key: value for key, value in call.result.items() if key not in _OF_ONE_ANSWER}
        if isinstance(meta := kept.pop("_meta", None), Mapping):
            own = {key: value for key, value in meta.items() if not key.startswith(_PROTOCOL)}
            kept |= {"_meta": own} if own else {}
        return kept


def _complete(result: Mapping[str, Any], ctx: ServerRequestContext[Any, Any]) -> dict[str, Any]:
    """Add what the protocol requires, which the SDK adds to the results of handlers but not to those of middleware."""
    if ctx.protocol_version not in MODERN_PROTOCOL_VERSIONS:
        return {**result}
    fresh = {"ttlMs": 0, "cacheScope": "private"} if ctx.method in CACHEABLE_METHODS else {}
    return {"resultType": "complete", **fresh, **result}


def _key(arguments: Any) -> str:
    """Return arguments as text that is equal for equal arguments; none at all are like an empty object."""
    return json.dumps(arguments or {}, sort_keys=True)
