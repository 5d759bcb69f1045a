"""Offer the requests of a connection as methods that wait for the answer, or that start a request."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import CancelledError, Future
from functools import partial
from typing import Any, Literal, TypeVar

from mcp_types import CallToolResult, GetPromptResult, Prompt, ReadResourceResult, Resource, ResourceTemplate, Tool

from mcp_notebook.client.event_delivery import Delivery, chosen_delivery, known_or_fail
from mcp_notebook.client.event_following import FollowedEvents
from mcp_notebook.client.extensions.events import (
    EventStreams,
    ListedEvent,
    Subscribed,
    list_events,
    subscribe,
    unsubscribe,
)
from mcp_notebook.client.extensions.skills import ServedSkill, get_skill, verified
from mcp_notebook.client.extensions.tasks import OnTask
from mcp_notebook.client.notices import say
from mcp_notebook.client.questions import Answerer, Answers
from mcp_notebook.client.reading import ItemList
from mcp_notebook.client.requests import OnProgress, Outcome, Reference, Requests
from mcp_notebook.errors import RequestError
from mcp_notebook.portal import Portal

__all__ = ["Blocking"]

T = TypeVar("T")


class Blocking:
    """The requests of a connection, each waiting for its answer.

    Interrupting the wait cancels the request at the server, and so does its timeout.

    Raises:
        McpNotebookError: From every request: the server refused it, its answer does not fit its own schema, or the
            connection broke.
    """

    name: str

    def __init__(self, portal: Portal, requests: Requests, streams: EventStreams | None = None) -> None:
        self._portal = portal
        self._requests = requests
        self._streams = streams

    def tools(self, *, timeout: float | None = None) -> ItemList[Tool]:
        """Return all tools that the server lists."""
        return self._ask(self._requests.every, "list_tools", "tools", timeout)

    def prompts(self, *, timeout: float | None = None) -> ItemList[Prompt]:
        """Return all prompts that the server lists."""
        return self._ask(self._requests.every, "list_prompts", "prompts", timeout)

    def resources(self, *, timeout: float | None = None) -> ItemList[Resource]:
        """Return all resources that the server lists."""
        return self._ask(self._requests.every, "list_resources", "resources", timeout)

    def templates(self, *, timeout: float | None = None) -> ItemList[ResourceTemplate]:
        """Return all resource templates that the server lists."""
        return self._ask(self._requests.every, "list_resource_templates", "resource_templates", timeout)

    def events(self, *, timeout: float | None = None) -> list[ListedEvent]:
        """Return all event types that the server lists."""
        return self._ask(self._requests.ask, list_events, timeout)

    def follow_events(
        self,
        name: str,
        arguments: Mapping[str, Any] | None = None,
        *,
        cursor: str | None = None,
        seconds: float | None = None,
        delivery: Delivery | None = None,
        notice: Callable[[str], None] = say,
    ) -> FollowedEvents:
        """Follow the events of one type: ``for event in connection.follow_events("order.placed"): ...``.

        Args:
            name: The type.
            arguments: The arguments of the subscription, as JSON.
            cursor: Where to begin, from an earlier subscription; None for now.
            seconds: When to end; None for never.
            delivery: ``push`` or ``poll``; defaults to push if both sides can.
            notice: Called with a line when events were missed, or the server has trouble; prints by default.
        """
        listed = known_or_fail(name, self.events(), self.name)
        return FollowedEvents(
            self._portal,
            self._requests,
            self._streams,
            listed,
            arguments or {},
            delivery=delivery or chosen_delivery(listed, self._streams),
            cursor=cursor,
            seconds=seconds,
            notice=notice,
        )

    def subscribe_events(
        self,
        name: str,
        arguments: Mapping[str, Any] | None = None,
        *,
        url: str,
        secret: str,
        cursor: str | None = None,
        seconds: float | None = None,
    ) -> Subscribed:
        """Have the events of one type posted to a URL, or refresh that.

        Args:
            name: The type.
            arguments: The arguments of the subscription, as JSON.
            url: Where they go.
            secret: The key that signs them: ``whsec_`` and 24 to 64 bytes in base64.
            cursor: Where to begin; None for now.
            seconds: How long, unless it is refreshed; None for what the server thinks right.
        """
        params: dict[str, Any] = {"name": name, "arguments": dict(arguments or {}), "cursor": cursor}
        params["delivery"] = {"mode": "webhook", "url": url, "secret": secret}
        if seconds is not None:
            params["ttlMs"] = int(seconds * 1000)
        found: Subscribed = self._ask(self._requests.ask, partial(subscribe, params=params))
        return found

    def unsubscribe_events(self, name: str, arguments: Mapping[str, Any] | None = None, *, url: str) -> None:
        """Have the events of one type no longer posted to a URL."""
        params = {"name": name, "arguments": dict(arguments or {}), "delivery": {"url": url}}
        self._ask(self._requests.ask, partial(unsubscribe, params=params))

    def skills(self, *, timeout: float | None = None) -> ItemList[ServedSkill]:
        """Return all skills that the server lists; nothing is read of them."""
        return self._ask(self._requests.every, "list_skills", "skills", timeout)

    def skill(self, uri: str, *, timeout: float | None = None) -> ServedSkill:
        """Return the entry of the skill whose ``SKILL.md`` has this URI, whether it is listed or not."""
        skill: ServedSkill = self._ask(self._requests.ask, partial(get_skill, uri=uri), timeout)
        return skill

    def read_skill(self, skill: ServedSkill, file: str = "", *, timeout: float | None = None) -> bytes:
        """Read a file of a skill, and check it against the entry; see `verified`.

        Args:
            skill: The entry.
            file: The URI of the file; "" for its ``SKILL.md``.
            timeout: As of `call`.
        """
        file = file or skill.uri
        return verified(skill, file, self.read(file, timeout=timeout).checked())

    def pages(
        self,
        method: Literal["list_tools", "list_prompts", "list_resources", "list_resource_templates"],
        *,
        timeout: float | None = None,
    ) -> ItemList[Any]:
        """Return the pages of a list as the server sends them, each a result of the protocol."""
        return self._ask(self._requests.pages, method, timeout)

    def start_call(
        self,
        name: str,
        arguments: Mapping[str, Any] | None = None,
        *,
        answers: Answers = None,
        answerer: Answerer | None = None,
        on_progress: OnProgress | None = None,
        timeout: float | None = None,
        on_task: OnTask | None = None,
    ) -> Future[Outcome[CallToolResult]]:
        """Start a call, see `call`, and return its future; cancelling that cancels the call at the server.

        If the server makes a task of it, `on_task` is called with its state, on the connection's loop.
        """
        return self._portal.start(
            self._requests.call, name, dict(arguments or {}), answers, answerer, on_progress, timeout, on_task
        )

    def call(
        self,
        name: str,
        arguments: Mapping[str, Any] | None = None,
        *,
        answers: Answers = None,
        answerer: Answerer | None = None,
        on_progress: OnProgress | None = None,
        timeout: float | None = None,
    ) -> Outcome[CallToolResult]:
        """Call a tool. If the tool itself fails, the result has ``is_error``; no exception is raised.

        Args:
            name: The tool.
            arguments: The arguments, as JSON values.
            answers: Answers to what the server asks during this call: a list in order, see `Script`, or a function
                that takes the `Question`.
            answerer: Answers the questions if there are no `answers`.
            on_progress: Called with the call's progress.
            timeout: Seconds to wait for the answer, or for the next progress report. Defaults to the connection's
                timeout; ``math.inf`` waits forever.
        """
        try:
            return self._ask(self._requests.call, name, dict(arguments or {}), answers, answerer, on_progress, timeout)
        except CancelledError:
            raise RequestError(f"The call of {name!r} was cancelled at the server.") from None

    def start_read(
        self, uri: str, *, answers: Answers = None, answerer: Answerer | None = None, timeout: float | None = None
    ) -> Future[Outcome[ReadResourceResult]]:
        """Start to read a resource; return its future."""
        return self._portal.start(self._requests.read, uri, answers, answerer, timeout)

    def read(
        self, uri: str, *, answers: Answers = None, answerer: Answerer | None = None, timeout: float | None = None
    ) -> Outcome[ReadResourceResult]:
        """Read a resource."""
        return self._ask(self._requests.read, uri, answers, answerer, timeout)

    def start_prompt(
        self,
        name: str,
        arguments: Mapping[str, str] | None = None,
        *,
        answers: Answers = None,
        answerer: Answerer | None = None,
        timeout: float | None = None,
    ) -> Future[Outcome[GetPromptResult]]:
        """Start to get a prompt; return its future."""
        return self._portal.start(self._requests.prompt, name, dict(arguments or {}), answers, answerer, timeout)

    def prompt(
        self,
        name: str,
        arguments: Mapping[str, str] | None = None,
        *,
        answers: Answers = None,
        answerer: Answerer | None = None,
        timeout: float | None = None,
    ) -> Outcome[GetPromptResult]:
        """Get a prompt, with its arguments filled in."""
        return self._ask(self._requests.prompt, name, dict(arguments or {}), answers, answerer, timeout)

    def complete(
        self,
        ref: Reference,
        argument: str,
        value: str,
        given: Mapping[str, str] | None = None,
        *,
        timeout: float | None = None,
    ) -> list[str]:
        """Return suggestions for an argument of a prompt or template, given its current text and other arguments."""
        return self._ask(self._requests.complete, ref, argument, value, given or {}, timeout)

    def _ask(self, request: Callable[..., Awaitable[T]], *args: object) -> T:
        return self._portal.run(request, *args)
