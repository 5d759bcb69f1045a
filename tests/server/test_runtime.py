"""Requests are recorded, from each kind of client."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

import anyio
import pytest
from mcp import Client
from mcp.server.mcpserver import Context, Elicit, Resolve
from mcp.server.mcpserver.exceptions import ToolError
from mcp.shared.exceptions import MCPError
from mcp_types import ElicitResult, Implementation, PromptReference
from pydantic import BaseModel

from mcp_notebook.recording import Call
from mcp_notebook.server.notebook_server import NotebookServer

DEADLINE = 20

both_eras = pytest.mark.parametrize(("mode", "era"), [("2026-07-28", "modern"), ("legacy", "legacy")])


class Colour(BaseModel):
    colour: str


def ask_colour() -> Elicit[Colour]:
    return Elicit("Which colour?", Colour)


def add(a: int, b: int = 2) -> int:
    return a + b


def today() -> str:
    return "rain"


def weather(day: str) -> str:
    return f"rain on {day}"


def plan(topic: str) -> str:
    return f"Plan {topic}."


@pytest.fixture
def server() -> NotebookServer:
    server = NotebookServer("shop")
    server.tool()(add)
    server.resource("memo://today")(today)
    server.resource("memo://{day}/weather")(weather)
    server.prompt()(plan)
    return server


def recorded(server: NotebookServer, use: Any, mode: str = "2026-07-28", **options: Any) -> Call:
    """Use a client; return the last call that was recorded."""

    async def main() -> None:
        who = Implementation(name="tester", version="3.1")
        async with Client(server, mode=mode, cache=None, client_info=who, **options) as client:
            await use(client)

    anyio.run(main)
    return server.runtime.recorder.calls[-1]


@both_eras
def test_a_call_is_recorded_with_who_made_it_and_what_came_of_it(server: NotebookServer, mode: str, era: str) -> None:
    call = recorded(server, lambda client: client.call_tool("add", {"a": 1}), mode)
    assert (call.number, call.server, call.method, call.name) == (1, "shop", "tools/call", "add")
    assert (call.arguments, call.client, call.transport, call.era) == ({"a": 1}, "tester 3.1", "memory", era)
    assert (call.state, call.error, call.raised, call.rounds) == ("done", None, None, 1)
    assert call.function is not None
    assert call.content["structuredContent"] == {"result": 3}
    assert call.duration is not None
    assert 0 < call.duration < DEADLINE


@both_eras
def test_lists_and_handshakes_are_no_calls(server: NotebookServer, mode: str, era: str) -> None:
    async def use(client: Client) -> None:
        await client.list_tools()
        await client.list_resources()
        await client.call_tool("add", {"a": 1})

    assert recorded(server, use, mode).number == 1


@both_eras
@pytest.mark.parametrize(
    ("use", "method", "name", "function"),
    [
        (lambda client: client.read_resource("memo://today"), "resources/read", "memo://today", today),
        (
            lambda client: client.read_resource("memo://monday/weather"),
            "resources/read",
            "memo://monday/weather",
            weather,
        ),
        (lambda client: client.get_prompt("plan", {"topic": "tea"}), "prompts/get", "plan", plan),
    ],
    ids=["resource", "template", "prompt"],
)
def test_other_requests_are_calls_too(
    server: NotebookServer, mode: str, era: str, use: Any, method: str, name: str, function: Any
) -> None:
    call = recorded(server, use, mode)
    assert (call.method, call.name, call.state, call.era) == (method, name, "done", era)
    assert getattr(call.function, "__wrapped__", call.function) is function
    assert call.content


def test_a_completion_is_a_call_by_the_name_of_what_it_completes(server: NotebookServer) -> None:
    @server.completion()
    async def complete(ref: Any, argument: Any, context: Any) -> None:
        return None

    argument = {"name": "topic", "value": "t"}
    call = recorded(server, lambda client: client.complete(PromptReference(name="plan"), argument))
    assert (call.method, call.name, call.state) == ("completion/complete", "plan", "done")


def test_a_tools_own_error_is_an_error_and_a_refusal_is_refused(server: NotebookServer) -> None:
    @server.tool()
    def close() -> str:
        raise ToolError("closed")

    call = recorded(server, lambda client: client.call_tool("close"))
    assert (call.state, call.error, call.raised) == ("error", None, None)

    async def nowhere(client: Client) -> None:
        with pytest.raises(MCPError):
            await client.read_resource("memo://no/such/thing")

    refused = recorded(server, nowhere)
    assert refused.state == "refused"
    assert "memo://no/such/thing" in str(refused.error)
    assert refused.result is None


@both_eras
def test_a_call_that_its_client_cancels_is_cancelled(server: NotebookServer, mode: str, era: str) -> None:
    began = asyncio.Event()

    @server.tool()
    async def wait() -> str:
        began.set()
        await asyncio.sleep(DEADLINE)
        return "never"

    async def use(client: Client) -> None:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(client.call_tool, "wait")
            await began.wait()
            assert server.runtime.recorder.calls[-1].running
            tasks.cancel_scope.cancel()
        with anyio.fail_after(DEADLINE):
            while server.runtime.recorder.calls[-1].running:
                await asyncio.sleep(0.001)

    assert recorded(server, use, mode).state == "cancelled"


@both_eras
def test_progress_is_kept_with_the_call(server: NotebookServer, mode: str, era: str) -> None:
    @server.tool()
    async def work(ctx: Context) -> str:
        for step in (1, 2):
            await ctx.report_progress(step, 2, f"step {step}")
        return "done"

    call = recorded(server, lambda client: client.call_tool("work"), mode)
    assert [(event.kind, event.value) for event in call.events] == [
        ("progress", {"progress": 1, "total": 2, "message": "step 1"}),
        ("progress", {"progress": 2, "total": 2, "message": "step 2"}),
    ]


@pytest.mark.filterwarnings("ignore::mcp.shared.exceptions.MCPDeprecationWarning")
def test_messages_to_the_client_are_kept_with_the_call(server: NotebookServer) -> None:
    @server.tool()
    async def work(ctx: Context) -> str:
        await ctx.info("low on tea")
        return "done"

    call = recorded(server, lambda client: client.call_tool("work"), "legacy")
    (message,) = [event.value for event in call.events if event.kind == "message"]
    assert (message["level"], message["data"]) == ("info", "low on tea")


@both_eras
def test_questions_and_answers_are_kept_and_it_is_one_call(server: NotebookServer, mode: str, era: str) -> None:
    @server.tool()
    def paint(chosen: Annotated[Colour, Resolve(ask_colour)]) -> str:
        return chosen.colour

    async def blue(context: Any, params: Any) -> ElicitResult:
        return ElicitResult(action="accept", content={"colour": "blue"})

    call = recorded(server, lambda client: client.call_tool("paint"), mode, elicitation_callback=blue)
    assert call.number == 1
    assert call.rounds == (2 if era == "modern" else 1)
    assert call.state == "done"
    question, answer = call.events
    assert (question.kind, answer.kind) == ("question", "answer")
    assert "Which colour?" in repr(question.value)
    assert answer.value == {"action": "accept", "content": {"colour": "blue"}}
    assert call.content["structuredContent"] == {"result": "blue"}


def test_answers_to_calls_that_ask_the_same_at_once_are_told_apart(server: NotebookServer) -> None:
    @server.tool()
    def paint(what: str, chosen: Annotated[Colour, Resolve(ask_colour)]) -> str:
        return f"{what} {chosen.colour}"

    count = 0

    async def number(context: Any, params: Any) -> ElicitResult:
        nonlocal count
        count += 1
        mine = count
        await asyncio.sleep(0)
        return ElicitResult(action="accept", content={"colour": str(mine)})

    async def use(client: Client) -> None:
        async with anyio.create_task_group() as tasks:
            for what in ("door", "wall", "roof"):
                tasks.start_soon(client.call_tool, "paint", {"what": what})

    recorded(server, use, elicitation_callback=number)
    calls = server.runtime.recorder.calls
    assert [call.arguments["what"] for call in calls] == ["door", "wall", "roof"]
    for call in calls:
        (answer,) = [event.value for event in call.events if event.kind == "answer"]
        said = answer["content"]["colour"]
        assert call.content["structuredContent"] == {"result": f"{call.arguments['what']} {said}"}


def test_what_a_call_is_given_is_not_changed_by_what_the_tool_does_with_it(server: NotebookServer) -> None:
    @server.tool()
    def grow(items: list[int]) -> int:
        items.append(99)
        return len(items)

    assert recorded(server, lambda client: client.call_tool("grow", {"items": [1]})).arguments == {"items": [1]}


def test_a_result_of_many_megabytes_reaches_the_client_whole_and_is_cut_in_the_record(server: NotebookServer) -> None:
    @server.tool(structured_output=False)
    def big() -> str:
        return "x" * 5_000_000

    got: list[Any] = []

    async def use(client: Client) -> None:
        got.append(await client.call_tool("big"))

    call = recorded(server, use)
    assert len(got[0].content[0].text) == 5_000_000
    assert call.cut
    assert call.size < 200_000
