"""Push each change of tasks to a client's ``subscriptions/listen`` stream."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
from mcp.server.subscriptions import SUBSCRIPTION_ID_META_KEY
from mcp_types import Notification, SubscriptionsAcknowledgedNotification

from .task import Task

__all__ = ["asked_for", "pushing"]


Watching = Callable[[str, Callable[[Task], None]], Callable[[], None]]
"""Calls a watcher at each change of the task with this id; returns a function that ends this."""


def asked_for(ctx: ServerRequestContext[Any, Any]) -> list[str] | None:
    """Return the ids of the tasks that a request wants to listen to; None if it is about something else."""
    asked = (ctx.params or {}).get("notifications")
    ids = asked.get("taskIds") if isinstance(asked, dict) else None
    return [id for id in ids if isinstance(id, str)] if isinstance(ids, list) else None


async def pushing(
    ctx: ServerRequestContext[Any, Any],
    call_next: CallNext,
    ids: Sequence[str],
    watch: Watching,
    find: Callable[[str], Awaitable[Task | None]],
) -> HandlerResult:
    """Serve a listen stream with the SDK's handler, and push the tasks' states on it as well."""
    session = _Session(ctx.session, ids)
    work = asyncio.ensure_future(_push(ctx, ids, session.acknowledged, watch, find))
    try:
        return await call_next(replace(ctx, session=session))  # type: ignore[arg-type] # it looks like one
    finally:
        work.cancel()


async def _push(
    ctx: ServerRequestContext[Any, Any],
    ids: Sequence[str],
    acknowledged: asyncio.Event,
    watch: Watching,
    find: Callable[[str], Awaitable[Task | None]],
) -> None:
    loop, wake = asyncio.get_running_loop(), asyncio.Event()
    changed = dict.fromkeys(ids)  # also the state at the beginning, which nothing else tells

    def note(task: Task) -> None:  # on the task's loop
        changed[task.id] = None
        loop.call_soon_threadsafe(wake.set)

    with ExitStack() as leaving:
        for id in ids:
            leaving.callback(watch(id, note))
        await acknowledged.wait()
        while True:
            while changed:
                task = await find(changed.popitem()[0])
                if task is not None:
                    params = {**task.wire(), "_meta": {SUBSCRIPTION_ID_META_KEY: ctx.request_id}}
                    told: Any = Notification[dict[str, Any], str](method="notifications/tasks", params=params)
                    await ctx.session.send_notification(told, related_request_id=ctx.request_id)
            await wake.wait()
            wake.clear()


class _Session:
    """The session of a listen request; adds the tasks to what the SDK's handler acknowledges."""

    def __init__(self, session: Any, ids: Sequence[str]) -> None:
        self._session, self._ids = session, list(ids)
        self.acknowledged = asyncio.Event()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._session, name)

    async def send_notification(self, notification: Any, related_request_id: Any = None) -> None:
        if isinstance(notification, SubscriptionsAcknowledgedNotification):
            notification.params.notifications.taskIds = self._ids  # type: ignore[attr-defined] # of an extension
        await self._session.send_notification(notification, related_request_id)
        self.acknowledged.set()
