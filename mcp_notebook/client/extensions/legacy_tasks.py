"""Tasks of the revision 2025-11-25, which had them in its core: there, the client asks for a task with its call."""

from __future__ import annotations

from typing import Any

import anyio
from mcp.client import ClaimContext, Client
from mcp_types import CallToolRequest, CallToolRequestParams, CallToolResult, RequestParamsMeta, TaskMetadata, Tool
from pydantic import TypeAdapter, ValidationError

from mcp_notebook.client.extensions.task_numbers import seconds
from mcp_notebook.client.extensions.tasks import ENDED, FIRST, Follower, TaskResult, result_in
from mcp_notebook.client.reading import Flawed

__all__ = ["as_task", "call_as_task"]

REVISION = "2025-11-25"


class _Task(TaskResult):
    poll_interval: Any = None  # in milliseconds


class _Created(_Task):
    task_id: str


def as_task(client: Client, tool: Tool | None, *, wanted: bool) -> bool:
    """Return whether a tool is called as a task: if it requires that, or can be and that is `wanted`."""
    can = client.server_capabilities.tasks
    if client.protocol_version != REVISION or not (can and can.requests and can.requests.tools):
        return False
    support = tool.execution.task_support if tool is not None and tool.execution is not None else None
    return can.requests.tools.call is not None and (support == "required" or (support == "optional" and wanted))


async def call_as_task(
    client: Client, name: str, arguments: dict[str, Any], meta: RequestParamsMeta | None
) -> CallToolResult:
    """Call a tool as a task, and follow it to its end, see `following`.

    Raises:
        MCPError: The server refused the call, or the task failed.
        RequestError: The task was cancelled at the server.
    """
    params = CallToolRequestParams(name=name, arguments=arguments, task=TaskMetadata(), _meta=meta)
    result = await client.session.send_request(CallToolRequest(params=params), CallToolResult)
    # The SDK refuses this answer as no result of a call; what it does not know is kept.
    told = result.rest.get("task") if isinstance(result, Flawed) and isinstance(result.rest, dict) else None
    try:
        created = _Created.model_validate(told, by_name=False)
    except ValidationError:
        return result  # a server may answer at once
    context = ClaimContext(session=client.session, tool_name=name, read_timeout_seconds=None)
    return await _Follower(created.task_id, context).follow(created.status, created.status_message)


class _Follower(Follower):
    async def end(self) -> CallToolResult:
        """Poll until the task has ended or has a question, then wait for the result, which brings the questions."""
        task = await self._poll("working")
        if task.status == "cancelled":
            raise self.cancelled()
        async with anyio.create_task_group() as group:
            group.start_soon(self._poll, "working", "input_required")
            raw: dict[str, Any] = await self.send("result", TypeAdapter(dict[str, Any]))
            group.cancel_scope.cancel()
        return result_in(raw)

    async def _poll(self, *while_: str) -> _Task:
        wait = FIRST
        while True:
            await anyio.sleep(wait)
            task = await self.get(_Task)
            if task.status in ENDED or task.status not in while_:
                return task
            wait = seconds(task.poll_interval)
