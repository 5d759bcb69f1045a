"""Check an exercise: a client sends requests to the learner's server, as an agent would."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mcp.client import Client
from mcp.server.mcpserver import MCPServer

from mcp_notebook.client.answering import Answering
from mcp_notebook.client.script import Script
from mcp_notebook.course.cases import Answer, AnyCase, entries
from mcp_notebook.course.outcome import CheckResult, Tried

__all__ = ["CheckResult", "check"]


async def check(
    server: MCPServer[Any], name: str, cases: Sequence[AnyCase], *, read: str, kind: str = "tool"
) -> CheckResult:
    """Try each case on the server.

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
            tried: list[Tried] = []
            for case in cases:
                failed = any(not each.holds for each in tried)
                tried.append(await _tried(case, client, name, answering, after_failure=failed))
    except Exception as error:  # noqa: BLE001 - an exception here is a fault of the check, not of the learner's answer
        return CheckResult("the check is broken", [f"It raised {error!r}. Your {kind} is not to blame."])
    return CheckResult("passed" if all(each.holds for each in tried) else "not yet", cases=tried, read=read)


async def _tried(case: AnyCase, client: Client, name: str, answering: Answering, *, after_failure: bool) -> Tried:
    """Try one case; a case that follows a wrong one may not be possible any more."""
    try:
        answer = await _asked(case, client, name, answering)
    except Exception:
        if not after_failure:
            raise
        return Tried(case.words(name), case.about, None)
    return Tried(case.words(name), case.about, answer.holds, case.expected, answer.got)


async def _asked(case: AnyCase, client: Client, name: str, answering: Answering) -> Answer:
    """Try one case, with the user's answers; it fails if the server asks fewer questions."""
    script = Script(case.answers)
    answering.answerer = script
    answer = await case.ask(client, name)
    if answer.holds and script.left:
        return Answer(False, f"{answer.got}, but {script.left} of {len(case.answers)} questions were never asked")
    return answer
