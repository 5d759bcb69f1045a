"""A model calls tools in a loop; scripts play the model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from mcp_types import CallToolResult, CreateMessageRequestParams, SamplingMessage, TextContent, ToolResultContent

from mcp_notebook import NotebookServer
from mcp_notebook.agent import Conversation, Model, ModelAnswerer, ScriptedModel, Toolbox, Turn, Use
from mcp_notebook.client import Connection, Era
from mcp_notebook.errors import ModelError
from mcp_notebook.portal import Portal
from mcp_notebook.recording import Call
from tests.support.results import text_of

FIND = {"tool": "find", "arguments": {"author": "Butler"}}


class Log:
    """Keeps what a watcher is told."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    async def said(self, text: str) -> None:
        self.lines.append(f"said {text}")

    async def calling(self, use: Use) -> None:
        self.lines.append(f"calling {use.name}")

    async def called(self, use: Use, result: CallToolResult, call: Call | None) -> None:
        self.lines.append(f"called {use.name}, error {result.is_error}, recorded {call is not None}")

    async def failed(self, use: Use, reason: str, call: Call | None) -> None:
        self.lines.append(f"failed {use.name}: {reason}")


def library() -> NotebookServer:
    server = NotebookServer("library", instructions="Say please.")

    @server.tool()
    def find(author: str) -> list[str]:
        """Find titles."""
        return ["Kindred"] if author == "Butler" else []

    @server.tool()
    def burn(title: str) -> str:
        """Burn a book."""
        raise RuntimeError("no")

    return server


@pytest.fixture(params=["modern", "legacy"])
def connection(request: pytest.FixtureRequest, portal: Portal) -> Connection:
    era: Era = request.param
    return Connection(portal, library(), era)


@pytest.fixture
def toolbox(connection: Connection) -> Toolbox:
    return Toolbox({"library": connection})


@pytest.fixture
def log() -> Log:
    return Log()


@pytest.fixture
def talk(portal: Portal, toolbox: Toolbox, log: Log) -> Callable[..., Turn]:
    def talk(model: Model, conversation: Conversation | None = None, **options: Any) -> Turn:
        async def turn() -> Turn:
            return await (conversation or Conversation()).turn("Which books?", model, toolbox, log, **options)

        return portal.run(turn)

    return talk


def last_result(messages: list[SamplingMessage]) -> ToolResultContent:
    block = messages[-1].content_as_list[-1]
    assert isinstance(block, ToolResultContent)
    return block


def test_calls_are_made_until_the_model_answers(talk: Callable[..., Turn], log: Log) -> None:
    turn = talk(ScriptedModel([["Let me look.", FIND], lambda m: f"We have {text_of(last_result(m).content)}."]))
    assert turn.answer == "We have Kindred."
    assert turn.requests == 2
    ((use, result),) = turn.calls
    assert (use.server, use.arguments) == ("library", {"author": "Butler"})
    assert result.structured_content == {"result": ["Kindred"]}
    assert log.lines == [
        "said Let me look.",
        "calling find",
        "called find, error False, recorded True",
        "said We have Kindred.",
    ]


@pytest.mark.parametrize(
    ("step", "told"),
    [
        ({"tool": "fnd"}, "There is no tool 'fnd'. Did you mean 'find'?"),
        ({"tool": "find", "arguments": {"writer": "Butler"}}, "Field required"),
        ({"tool": "burn", "arguments": {"title": "Kindred"}}, "Error executing tool burn"),
    ],
)
def test_the_model_is_told_what_went_wrong_and_may_go_on(talk: Callable[..., Turn], step: Any, told: str) -> None:
    turn = talk(ScriptedModel([step, lambda m: f"{last_result(m).is_error}: {text_of(last_result(m).content)}"]))
    assert turn.answer.startswith("True: ")
    assert told in turn.answer


def test_a_call_that_is_not_allowed_is_not_made(talk: Callable[..., Turn], log: Log) -> None:
    asked = []

    async def approve(use: Use) -> bool:
        asked.append(use.name)
        return False

    turn = talk(ScriptedModel([FIND, "Then not."]), approve=approve)
    assert asked == ["find"]
    assert turn.calls[0][1].is_error
    assert log.lines == ["calling find", "failed find: The user did not allow this call.", "said Then not."]


def test_the_model_is_told_what_the_servers_say_of_themselves(toolbox: Toolbox) -> None:
    assert toolbox.instructions == "About the tools of library: Say please."
    assert Toolbox({}).instructions is None


def test_a_conversation_goes_on(talk: Callable[..., Turn]) -> None:
    conversation = Conversation()
    talk(ScriptedModel([FIND, "Kindred."]), conversation)
    turn = talk(ScriptedModel([lambda m: f"{len(m)} messages, the second answer"]), conversation)
    assert turn.answer == "5 messages, the second answer"
    assert len(conversation.messages) == 6


def test_a_turn_that_fails_keeps_its_complete_rounds(talk: Callable[..., Turn]) -> None:
    conversation = Conversation()
    with pytest.raises(ModelError, match="The script has only 1 steps, and the model was asked again"):
        talk(ScriptedModel([FIND]), conversation)
    assert [message.role for message in conversation.messages] == ["user", "assistant", "user"]
    assert talk(ScriptedModel(["Kindred."]), conversation).answer == "Kindred."


def test_the_model_is_not_asked_for_ever(talk: Callable[..., Turn]) -> None:
    with pytest.raises(ModelError, match="asked 3 times and still calls tools"):
        talk(ScriptedModel([FIND] * 9), most_requests=3)


@pytest.mark.parametrize("step", [5, {"tool": "find", "args": {}}, [["nested"]], None])
def test_what_is_no_step_is_named(talk: Callable[..., Turn], step: Any) -> None:
    with pytest.raises(ModelError, match="Step 1 of the script is"):
        talk(ScriptedModel([step]))


def test_tools_of_one_name_get_their_servers_in_front(portal: Portal) -> None:
    def server(name: str, *tools: str) -> Connection:
        made = NotebookServer(name)
        for tool in tools:
            made.add_tool(lambda: name, name=tool)
        return Connection(portal, made)

    toolbox = Toolbox({"a": server("a", "find", "move.to", "x" * 90), "b": server("b", "find", "move_to")})
    names = [tool.name for tool in toolbox.tools]
    assert names == ["a_find", "move_to", "x" * 64, "b_find", "move_to_2"]
    found = toolbox.find("b_find")
    assert (found.server, found.tool.name) == ("b", "find")
    assert text_of(found.connection.call("find", {}).result) == "b"


def test_a_model_answers_when_a_server_samples(portal: Portal) -> None:
    from mcp_notebook.client import Question

    request = CreateMessageRequestParams(
        messages=[SamplingMessage(role="user", content=TextContent(type="text", text="Sum it up."))], max_tokens=9
    )
    answer = ModelAnswerer(ScriptedModel([lambda m: f"heard: {m[-1].content.text}"]), lambda _: "decline")
    sampled: Any = portal.run(answer, Question("sampling", request, "library"))
    assert sampled.content.text == "heard: Sum it up."
    assert sampled.model == "scripted"
