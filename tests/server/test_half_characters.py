"""Half characters: clients get U+FFFD for them, a person who sends one reads where it is, and the log shows both."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from typing import Annotated, Any

import pytest
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.mcpserver.resolve import Elicit, Resolve
from mcp_types import ElicitRequestFormParams
from pydantic import BaseModel

from mcp_notebook import NotebookServer, connect
from mcp_notebook.client import Connection, Question
from mcp_notebook.errors import RequestError
from mcp_notebook.recording.characters import half_in, whole
from tests.client.test_connection_web import web
from tests.client.test_misbehaving_peers import over
from tests.support.kernels import Kernel

NAME = os.fsdecode(b"caf\xe9.csv")
SENT = "caf\ufffd.csv"


class File(BaseModel):
    name: str
    parts: list[str]


class Answer(BaseModel):
    name: str


async def ask() -> Elicit[Answer]:
    return Elicit(f"Open {NAME}?", Answer)


def server() -> NotebookServer:
    server = NotebookServer("files")

    @server.tool()
    def text() -> str:
        return NAME

    @server.tool()
    async def plain() -> list[Any]:
        return [NAME, {"name": NAME}]

    @server.tool()
    def structured() -> dict[str, list[str]]:
        return {NAME: [NAME]}

    @server.tool()
    def model() -> File:
        return File(name=NAME, parts=[NAME])

    @server.tool()
    def fails() -> str:
        raise ToolError(NAME)

    @server.tool()
    async def tells(ctx: Context) -> str:
        await ctx.report_progress(1, 2, NAME)
        await ctx.session.send_log_message("info", {NAME: NAME}, related_request_id=ctx.request_id)
        return "told"

    @server.tool()
    def asks(answer: Annotated[Answer, Resolve(ask)]) -> str:
        return answer.name

    @server.tool()
    def echo(value: Any) -> Any:
        return value

    @server.tool()
    def prints() -> str:
        print(NAME)
        return "printed"

    @server.resource("files://name")
    def file() -> str:
        return NAME

    @server.prompt(name="name")
    def prompt(a: str = "") -> str:
        return NAME

    return server


@pytest.fixture(params=["modern", "legacy"])
def era(request: pytest.FixtureRequest) -> Any:
    return request.param


@pytest.fixture(params=["memory", "frames", "http"])
def connection(request: pytest.FixtureRequest, era: Any) -> Iterator[Connection]:
    own = server()
    own.runtime.recorder.wire.on = request.param == "frames"
    if request.param == "http":
        with web(own.streamable_http_app()) as port, connect(f"http://127.0.0.1:{port}/mcp", era=era) as connection:
            yield connection
    else:
        with connect(own, era=era) as connection:
            yield connection


def sent(result: BaseModel) -> str:
    return result.model_dump_json()  # which raises where a character is half


@pytest.mark.filterwarnings("ignore:The logging capability")
@pytest.mark.parametrize("tool", ["text", "plain", "structured", "model", "fails"])
def test_every_client_gets_what_a_tool_returns(connection: Connection, tool: str) -> None:
    said = sent(connection.start_call(tool).result(30).result)
    assert SENT in said
    if tool in ("structured", "model"):
        assert connection.call(tool).result.is_error is False


def test_every_client_gets_resources_and_prompts(connection: Connection) -> None:
    assert SENT in sent(connection.start_read("files://name").result(30).result)
    assert SENT in sent(connection.start_prompt("name").result(30).result)


@pytest.mark.filterwarnings("ignore:The logging capability")
def test_every_client_gets_progress_and_messages(connection: Connection) -> None:
    reported: list[str | None] = []
    heard: list[Any] = []
    connection.follow(heard.append)
    outcome = connection.start_call("tells", on_progress=lambda *progress: reported.append(progress[2])).result(30)
    assert sent(outcome.result)
    assert reported == [SENT]
    assert outcome.call is not None
    assert {"level": "info", "data": {SENT: SENT}, "logger": None}.items() <= next(
        {"logger": None, **e.value}.items() for e in outcome.call.events if e.kind == "message"
    )


def test_every_client_gets_questions(connection: Connection) -> None:
    asked: list[str] = []

    def answer(question: Question) -> dict[str, str]:
        assert isinstance(question.params, ElicitRequestFormParams)
        asked.append(question.params.message)
        return {"name": "Ada"}

    assert "Ada" in sent(connection.start_call("asks", answers=answer).result(30).result)
    assert asked == [f"Open {SENT}?"]


@pytest.mark.parametrize(
    ("arguments", "place"),
    [
        ({"value": "cut \ud83d"}, "arguments.value"),
        ({"value": {"user": {"names": ["Ada", NAME]}}}, "arguments.value.user.names[1]"),
        ({"value": {NAME: 1}}, f"arguments.value.{SENT}"),
        ({NAME: 1}, f"arguments.{SENT}"),
    ],
)
def test_an_argument_with_half_a_character_is_named_and_not_sent(
    connection: Connection, arguments: dict[str, Any], place: str
) -> None:
    with pytest.raises(RequestError) as raised:
        connection.start_call("echo", arguments).result(30)
    assert str(raised.value).startswith(f"{place} has half a character, which JSON cannot carry: ")
    assert connection.call("echo", {"value": "\ud83d\ude00".encode("utf-16", "surrogatepass").decode("utf-16")})


def test_names_values_and_answers_with_half_a_character_are_not_sent(connection: Connection) -> None:
    for request in (
        lambda: connection.start_read(f"files://{NAME}"),
        lambda: connection.start_prompt("name", {"a": NAME}),
        lambda: connection.start_call(NAME),
        lambda: connection.start_call("asks", answers=[{"name": NAME}]),
    ):
        with pytest.raises(RequestError, match="has half a character"):
            request().result(30)
    assert SENT in sent(connection.start_call("text").result(30).result)


def test_a_foreign_server_is_not_sent_half_a_character_either() -> None:
    with over("silence") as connection:
        with pytest.raises(RequestError, match=r"arguments\.a has half a character"):
            connection.start_call("good", {"a": NAME}).result(30)
        assert connection.start_call("good").result(30)


def test_the_author_is_told_what_was_replaced(era: Any) -> None:
    with connect(server(), era=era) as connection:
        call = connection.call("text").call
        assert call is not None
        assert "sent as U+FFFD" in call.text("log")


def test_what_is_kept_of_a_call_can_be_shown(connection: Connection) -> None:
    with pytest.raises(RequestError):
        connection.call("echo", {"value": NAME})
    for tool in ("prints", "structured", "fails"):
        connection.call(tool)
    for call in connection.recorder.calls:
        shown = [call.name, call.client, call.arguments, call.result, call.error, [e.value for e in call.events]]
        assert repr(shown).encode()
    assert json.dumps([f.message for f in connection.wire.frames], ensure_ascii=False).encode()


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("\ud83d\ude00", "\U0001f600"),
        ({"\ud83d": ("\udce9", b"\xe9", 1)}, {"\ufffd": ("\ufffd", b"\xe9", 1)}),
        ([{"a": ["\udce9"]}], [{"a": ["\ufffd"]}]),
    ],
)
def test_half_characters_are_replaced_wherever_they_are(value: Any, expected: Any) -> None:
    assert half_in(value) is not None
    assert whole(value) == expected
    assert whole(expected) is expected


FIND = """%%mcp_tool
def find() -> dict[str, str]:
    print(name)
    return {name: name}

def take(a: str) -> str:
    return a
"""


@pytest.mark.slow
def test_the_log_of_a_notebook_shows_them(kernel: Kernel) -> None:
    kernel.good("import os\nname = os.fsdecode(b'caf\\xe9.csv')")
    kernel.good(FIND)
    assert SENT in kernel.good("%mcp call find").everything
    refused = kernel.run("%mcp call take a=name")
    assert "arguments.a has half a character" in refused.everything
    assert "Traceback" not in refused.everything
    for line in ("%mcp log", "%mcp log 1", "%mcp log --wire"):
        assert "Traceback" not in kernel.good(line).everything
