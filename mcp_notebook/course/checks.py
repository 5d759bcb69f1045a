"""Checks of an exercise: the learner's tool is called through a client, as an agent would call it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from mcp.client import Client
from mcp.server.mcpserver import MCPServer
from mcp_types import CallToolResult, TextContent

from mcp_notebook.widgets import look

__all__ = ["Case", "Outcome", "check"]


@dataclass(frozen=True)
class Case:
    """One call and what has to come of it.

    Attributes:
        arguments: What the tool is called with.
        about: What this case is there to show, as a sentence.
        result: The value that the tool returns.
        error: Given instead of a result: the call has to be an error, with this in its text.
    """

    arguments: Mapping[str, Any]
    about: str
    result: Any = None
    error: str | None = None


class Outcome(look.Rendering):
    """How a check ended: ``passed``, ``not attempted``, ``not yet`` or ``the check is broken``."""

    def __init__(self, state: str, lines: Sequence[str]) -> None:
        self.state = state
        html = look.card(escape(state), "".join(f"<p>{escape(line)}</p>" for line in lines), bad=state == "not yet")
        super().__init__("\n".join([state, *(f"  {line}" for line in lines)]), html)


async def check(server: MCPServer[Any], tool: str, cases: Sequence[Case], *, read: str) -> Outcome:
    """Call `tool` once for each case, and stop at the first that does not hold.

    Args:
        server: The learner's server.
        tool: The name that the exercise asks for.
        cases: What is checked; nothing else is.
        read: The one place to read where it does not hold.

    Returns:
        An outcome to look at; nothing is raised for a wrong answer.
    """
    try:
        async with Client(server, cache=None) as client:
            names = [found.name for found in (await client.list_tools()).tools]
            if tool not in names:
                return Outcome("not attempted", [f"The server {server.name!r} has no tool {tool!r} yet."])
            for case in cases:
                result = await client.call_tool(tool, dict(case.arguments))
                if not _holds(case, result):
                    return Outcome("not yet", [*_difference(tool, case, result), f"Read: {read}."])
    except Exception as error:  # noqa: BLE001 - whatever went wrong here, it was not the learner's answer
        return Outcome("the check is broken", [f"It raised {error!r}. This says nothing about your tool."])
    return Outcome("passed", [f"{_call(tool, case)}: {case.about}" for case in cases])


def _holds(case: Case, result: CallToolResult) -> bool:
    if case.error is not None:
        return result.is_error and case.error in _text(result)
    return not result.is_error and _value(result) == case.result


def _difference(tool: str, case: Case, result: CallToolResult) -> list[str]:
    expected = f"an error that says {case.error!r}" if case.error is not None else repr(case.result)
    got = f"the error {_text(result)!r}" if result.is_error else repr(_value(result))
    return [f"{_call(tool, case)}: {case.about}", f"Expected {expected}, got {got}."]


def _value(result: CallToolResult) -> Any:
    """Return what the tool returned: the SDK wraps what is no object as ``{"result": ...}``."""
    structured = result.structured_content
    if structured is None:
        return _text(result)
    return structured["result"] if set(structured) == {"result"} else structured


def _text(result: CallToolResult) -> str:
    return "\n".join(block.text for block in result.content if isinstance(block, TextContent))


def _call(tool: str, case: Case) -> str:
    return f"{tool}({', '.join(f'{name}={value!r}' for name, value in case.arguments.items())})"
