"""Cases of a call by a signed-in person, of one that is followed, and of an answer that is sent twice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import anyio
import pytest
from mcp.client import Client
from mcp.server.auth.middleware.auth_context import get_access_token
from mcp.server.mcpserver import Context, Elicit, Resolve
from pydantic import BaseModel

from mcp_notebook import NotebookServer
from mcp_notebook.course import Case, check
from mcp_notebook.course.checking.call_cases import Followed, SignedIn, Twice
from mcp_notebook.course.checking.checks import CheckResult
from mcp_notebook.course.people import signed_in


class Weeks(BaseModel):
    weeks: int = 3


def ask(title: str) -> Weeks | Elicit[Weeks]:
    return Weeks(weeks=0) if title == "Emma" else Elicit("How long?", Weeks)


def server() -> NotebookServer:
    server, lent = NotebookServer("library"), []

    @server.tool()
    def who() -> str:
        token = get_access_token()
        return "nobody" if token is None else str(token.subject)

    @server.tool()
    async def count(to: int, ctx: Context[Any, Any]) -> int:
        for number in range(1, to + 1):
            await ctx.report_progress(number, to if to < 3 else None)
        return to

    @server.tool()
    def borrow(title: str, answer: Annotated[Weeks, Resolve(ask)]) -> int:
        lent.append((who(), title, answer.weeks))
        return len(lent)

    return server


def outcome(cases: Sequence[Any], name: str) -> CheckResult:
    return anyio.run(lambda: check(server(), name, cases, read="this part"))


def test_a_person_signs_in_for_one_call() -> None:
    cases = [SignedIn({}, "Ada", result="Ada", person="Ada"), Case({}, "then nobody", result="nobody")]
    result = outcome(cases, "who")
    assert result.state == "passed"
    assert "Ada calls who(): Ada" in str(result)


def test_a_person_is_signed_in_inside_of_the_block_only() -> None:
    async def asked() -> list[Any]:
        async with Client(server()) as client:
            with signed_in("Ada"), signed_in("Grace"):
                inside = await client.call_tool("who")
            outside = await client.call_tool("who")
        return [each.structured_content for each in (inside, outside)]

    assert anyio.run(asked) == [{"result": "Grace"}, {"result": "nobody"}]


@pytest.mark.parametrize(
    ("case", "said"),
    [
        (Followed({"to": 2}, "two", result=2, progress=((1, 2), (2, 2))), ""),
        (Followed({"to": 3}, "no total", result=3, progress=((1, None), (2, None), (3, None))), ""),
        (
            Followed({"to": 2}, "three", result=2, progress=((1, 3),)),
            "the progress 1 of 3,\n    got 2, and the progress 1 of 2",
        ),
        (Followed({"to": 0}, "none", result=0, progress=((1, 1),)), "and the progress (none)"),
        (Followed({"to": 2}, "another result", result=4, progress=((1, 2), (2, 2))), "Expected 4, and the progress"),
        (Followed({"to": "x"}, "refused", error="to"), ""),
    ],
)
def test_a_followed_call_is_right_only_with_its_reports(case: Followed, said: str) -> None:
    result = outcome([case], "count")
    assert result.state == ("not yet" if said else "passed")
    assert said in str(result)


@pytest.mark.parametrize(
    ("case", "said"),
    [
        (Twice({"title": "Dune"}, "two", result=2, answer={"weeks": 1}, person="Ada"), ""),
        (Twice({"title": "Emma"}, "never asked", result=1, answer={"weeks": 1}, person="Ada"), "asked no question"),
        (Twice({"title": "Dune"}, "invalid", error="does not match", answer={"weeks": "x"}, person="Ada"), ""),
        (Twice({"title": "Dune"}, "one", result=1, answer={"weeks": 1}, person="Ada"), "Expected 1,\n    got 2"),
        (Twice({}, "no title", error="title", answer={"weeks": 1}, person="Ada"), ""),
    ],
)
def test_an_answer_is_sent_twice(case: Twice, said: str) -> None:
    result = outcome([case], "borrow")
    assert result.state == ("not yet" if said else "passed")
    assert said in str(result)
