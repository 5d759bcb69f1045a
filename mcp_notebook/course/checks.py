"""Check an exercise: a client sends requests to the learner's server, as an agent would."""

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


_KINDS: dict[str, look.Kind] = {
    "passed": "good",
    "not attempted": "",
    "not yet": "warn",
    "the check is broken": "bad",
}


class CheckResult(look.Rendering):
    """The outcome of a check: ``passed``, ``not attempted``, ``not yet`` or ``the check is broken``."""

    def __init__(self, state: str, lines: Sequence[str]) -> None:
        self.state = state
        words = "".join(f"<p>{escape(line)}</p>" for line in lines)
        html = look.card(look.chip(state, _KINDS[state]), words, bad=state == "not yet")
        super().__init__("\n".join([state, *(f"  {line}" for line in lines)]), html)


async def check(
    server: MCPServer[Any], name: str, cases: Sequence[AnyCase], *, read: str, kind: str = "tool"
) -> CheckResult:
    """Try each case on the server, and stop at the first that fails.

    Args:
        server: The learner's server.
        name: The definition that the exercise asks for: a tool's or prompt's name, a resource's or template's URI.
        cases: The cases; nothing else is checked.
        read: The section to read again if a case fails.
        kind: The kind of definition, in the learner's words.

    Returns:
        The outcome; a wrong answer raises no exception.
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
    except Exception as error:  # noqa: BLE001 - an exception here is a fault of the check, not of the learner's answer
        return CheckResult("the check is broken", [f"It raised {error!r}. Your {kind} is not to blame."])
    return CheckResult("passed", [f"{case.words(name)}: {case.about}" for case in cases])


async def _asked(case: AnyCase, client: Client, name: str, answering: Answering) -> Answer:
    """Try one case, with the user's answers; it fails if the server asks fewer questions."""
    script = Script(case.answers)
    answering.answerer = script
    answer = await case.ask(client, name)
    if answer.holds and script.left:
        return Answer(False, f"{answer.got}, but {script.left} of {len(case.answers)} questions were never asked")
    return answer
