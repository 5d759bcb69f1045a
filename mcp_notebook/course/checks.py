"""Checks of an exercise: a client asks the learner's server, as an agent would."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

from mcp.client import Client
from mcp.server.mcpserver import MCPServer

from mcp_notebook.client.answering import Answering
from mcp_notebook.client.script import Script
from mcp_notebook.course.cases import Answer, AnyCase, entries
from mcp_notebook.rendering import look

__all__ = ["CheckResult", "check"]


class CheckResult(look.Rendering):
    """How a check ended: ``passed``, ``not attempted``, ``not yet`` or ``the check is broken``."""

    def __init__(self, state: str, lines: Sequence[str]) -> None:
        self.state = state
        html = look.card(escape(state), "".join(f"<p>{escape(line)}</p>" for line in lines), bad=state == "not yet")
        super().__init__("\n".join([state, *(f"  {line}" for line in lines)]), html)


async def check(
    server: MCPServer[Any], name: str, cases: Sequence[AnyCase], *, read: str, kind: str = "tool"
) -> CheckResult:
    """Ask each case of the server, and stop at the first that does not hold.

    Args:
        server: The learner's server.
        name: What the exercise asks for: a tool or prompt by name, a resource or template by URI.
        cases: What is checked; nothing else is.
        read: The one place to read where it does not hold.
        kind: What it is, in the learner's words.

    Returns:
        An outcome to look at; nothing is raised for a wrong answer.
    """
    answering = Answering(server.name, None)
    try:
        async with Client(
            server,
            cache=None,
            elicitation_callback=answering.elicit,
            sampling_callback=answering.sample,
            list_roots_callback=answering.list_roots,
        ) as client:
            if name not in await entries(client):
                return CheckResult("not attempted", [f"The server {server.name!r} has no {kind} {name!r} yet."])
            for case in cases:
                answer = await _asked(case, client, name, answering)
                if not answer.holds:
                    said = [f"{case.words(name)}: {case.about}", f"Expected {case.expected}, got {answer.got}."]
                    return CheckResult("not yet", [*said, f"Read: {read}."])
    except Exception as error:  # noqa: BLE001 - whatever went wrong here, it was not the learner's answer
        return CheckResult("the check is broken", [f"It raised {error!r}. This says nothing about your {kind}."])
    return CheckResult("passed", [f"{case.words(name)}: {case.about}" for case in cases])


async def _asked(case: AnyCase, client: Client, name: str, answering: Answering) -> Answer:
    """Ask one case, with the user's answers; questions that never came do not hold."""
    script = Script(case.answers)
    answering.answerer = script
    answer = await case.ask(client, name)
    if answer.holds and script.left:
        return Answer(False, f"{answer.got}, with {script.left} of {len(case.answers)} questions never asked")
    return answer
