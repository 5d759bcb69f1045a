"""What JSON has no word for: the place is said before anything is sent, and a tool that returns it is told."""

from __future__ import annotations

import dataclasses
import datetime
import decimal
import enum
import json
import math
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from IPython.core.error import UsageError
from mcp.server.mcpserver import MCPServer
from mcp_types import CallToolResult, ElicitRequestFormParams
from pydantic import BaseModel, Field, field_serializer
from typing_extensions import TypedDict

from mcp_notebook import NotebookServer
from mcp_notebook.client import Connection, EraChoice, Url
from mcp_notebook.errors import RequestError
from mcp_notebook.plain_json import as_json
from mcp_notebook.portal import Portal
from mcp_notebook.server.notebook_server import adopt
from tests.client.test_connection_web import url, web
from tests.support.shells import Shell, running_shell

NAN, INF = float("nan"), float("inf")


class Scalar:
    """Like numpy's: no number to Python, and with a way to one."""

    def item(self) -> int:
        return 3


class Part(BaseModel):
    price: float


@dataclasses.dataclass
class Pair:
    first: Any
    second: Any = None


class Colour(enum.Enum):
    RED = "red"


def nested() -> list[Any]:
    found: list[Any] = []
    found.append(found)
    return found


NOT_JSON = {
    "nan": ({"x": NAN}, "x is NaN, which JSON cannot carry"),
    "infinity": ({"x": INF}, "x is Infinity, which JSON cannot carry"),
    "minus infinity": ({"x": [1, -INF]}, "x[1] is -Infinity, which JSON cannot carry"),
    "deep inside": ({"items": [1, 2, {"price": NAN}]}, "items[2].price is NaN, which JSON cannot carry"),
    "in a tuple": ({"x": ({"y": NAN},)}, "x[0].y is NaN, which JSON cannot carry"),
    "in a model": ({"part": Part(price=NAN)}, "part.price is NaN, which JSON cannot carry"),
    "in a dataclass": ({"pair": Pair(1, NAN)}, "pair.second is NaN, which JSON cannot carry"),
    "under an odd name": ({"a b": {"": NAN}}, '["a b"][""] is NaN, which JSON cannot carry'),
    "set": ({"x": {1}}, "x is a set, which JSON cannot carry. Give a list: sorted(...)"),
    "bytes": ({"x": b"a"}, "x is a bytes, which JSON cannot carry. Give a string"),
    "decimal": ({"x": [decimal.Decimal("1.5")]}, "x[0] is a Decimal, which JSON cannot carry. Give float(...)"),
    "moment": (
        {"at": datetime.datetime(2026, 1, 1)},
        "at is a datetime, which JSON cannot carry. Give a string: .isof",
    ),
    "day": ({"at": datetime.date(2026, 1, 1)}, "at is a date, which JSON cannot carry. Give a string: .isoformat()"),
    "complex": ({"x": 1j}, "x is a complex, which JSON cannot carry"),
    "scalar": ({"x": Scalar()}, "x is a Scalar, which JSON cannot carry. Give a plain number: .item()"),
    "function": ({"x": len}, "x is a builtin_function_or_method, which JSON cannot carry"),
    "a number as a key": ({"x": {1: 2}}, "x has the key 1, a int, but JSON keys must be strings"),
    "none as a key": ({"x": [{None: 2}]}, "x[0] has the key None, a NoneType, but JSON keys must be strings"),
    "huge": ({"x": 10**5000}, "x is a number of more than 4300 digits, which JSON cannot carry"),
    "itself": ({"x": nested()}, "x contains itself, or is nested more than 200 deep"),
}

JSON = {
    "plain": {"a": [None, True, 1, 1.5, "x", {"b": []}]},
    "big": {"n": 2**70, "small": -(10**4000), "least": 5e-324},
}


@pytest.fixture
def echo(portal: Portal) -> Iterator[tuple[Connection, list[Any]]]:
    server = NotebookServer("echo")
    got: list[Any] = []

    @server.tool()
    def say(x: Any = None, a: Any = None) -> str:
        got.append(x)
        return "ok"

    @server.prompt()
    def greet(name: str) -> str:
        got.append(name)
        return name

    with Connection(portal, server) as connection:
        yield connection, got


@pytest.mark.parametrize(("arguments", "line"), NOT_JSON.values(), ids=NOT_JSON)
def test_what_json_cannot_carry_is_refused_by_its_place_before_anything_is_sent(
    echo: tuple[Connection, list[Any]], arguments: dict[str, Any], line: str
) -> None:
    connection, got = echo
    calls = len(connection.recorder.calls)
    with pytest.raises(RequestError) as refused:
        connection.call("say", arguments)
    assert line in str(refused.value)
    assert "\n" not in str(refused.value)
    with pytest.raises(RequestError, match="JSON"):
        connection.start_call("say", arguments).result(10)
    assert (got, len(connection.recorder.calls)) == ([], calls)


@pytest.mark.parametrize("arguments", JSON.values(), ids=JSON)
def test_what_json_has_is_left_as_it_is(arguments: dict[str, Any]) -> None:
    assert json.dumps(as_json(arguments)) == json.dumps(arguments)


def test_tuples_models_dataclasses_and_enumerations_have_a_form_in_json(echo: tuple[Connection, list[Any]]) -> None:
    connection, got = echo
    connection.call("say", {"x": [(1, 2), Part(price=1.5), Pair("a"), Colour.RED]})
    assert got == [[[1, 2], {"price": 1.5}, {"first": "a", "second": None}, "red"]]


def test_a_number_of_numpy_is_refused_by_its_type_or_sent_as_what_it_is() -> None:
    double = type("float64", (float,), {"__module__": "numpy"})
    single = type("float32", (), {"__module__": "numpy", "tolist": lambda self: 1.0})
    assert type(as_json(double(1.5))) is float
    with pytest.raises(
        ValueError, match=r"x is a numpy\.float32, which JSON cannot carry\. Give plain numbers: \.tolist"
    ):
        as_json({"x": single()})


def test_arguments_of_a_prompt_are_texts_and_so_it_is_said(echo: tuple[Connection, list[Any]]) -> None:
    connection, got = echo
    with pytest.raises(RequestError, match=r"^The arguments of a prompt are strings, but name is a int. Nothing"):
        connection.prompt("greet", {"name": 3})  # type: ignore[dict-item]
    assert got == []


@pytest.fixture(scope="module")
def shell() -> Iterator[Shell]:
    with running_shell() as shell:
        shell.good(
            "%%mcp_tool\n"
            "def price(x: float = 0, items: list = [], text: str = '') -> str:\n"
            "    return repr([x, items, text])"
        )
        yield shell


LINES = {
    "--json": ("""--json '{"items": [1, {"price": NaN}]}'""", "items[1].price is NaN"),
    "--json -Infinity": ("""--json '{"x": -Infinity}'""", "x is -Infinity"),
    "--json too large": ("""--json '{"x": 1e999}'""", "x is Infinity"),
    "--args": ("--args broken", "items[0] is NaN"),
    "--args of bytes": ("--args raw", "x is a bytes"),
    "json": ("x=NaN", "x is NaN"),
    "json inside": ("items=[1, NaN]", "items[1] is NaN"),
    "too large": ("x=1e999", "x is Infinity"),
    "a variable": ("x=nan", "x is NaN"),
    "inside a variable": ("items=rows", "items[1].p is Infinity"),
    "a set": ("items={1, 2}", "items is a set"),
    "bytes": ("items=b'a'", "items is a bytes"),
    "keys": ("items={1: 2}", "items has the key 1, a int"),
}


@pytest.mark.parametrize(("words", "line"), LINES.values(), ids=LINES)
def test_a_magic_says_the_same_in_one_line(shell: Shell, words: str, line: str) -> None:
    shell.shell.user_ns |= {
        "nan": NAN, "rows": [{"p": 1}, {"p": INF}], "broken": {"items": [NAN]}, "raw": {"x": b"a"},
    }  # fmt: skip
    calls = len(shell.session.registry.recorder.calls)
    with pytest.raises(UsageError) as refused:
        shell.shell.run_line_magic("mcp", f"call price {words}")
    assert line in str(refused.value)
    assert "\n" not in str(refused.value)
    assert len(shell.session.registry.recorder.calls) == calls


def test_the_word_nan_is_a_text_where_only_text_fits(shell: Shell) -> None:
    result = shell.shell.run_line_magic("mcp", "call price text=NaN")
    assert "'NaN'" in result.content[0].text


def test_an_answer_that_json_cannot_carry_is_refused_too(portal: Portal) -> None:
    from mcp_notebook.client import Question
    from mcp_notebook.client.answers import answer_from

    question = Question("form", ElicitRequestFormParams(message="How much?", requested_schema={}), "shop")
    with pytest.raises(RequestError, match=r"the answer cannot be sent: price is NaN, which JSON cannot carry"):
        portal.run(answer_from, question, {"price": NAN})


# What an own tool returns.


class Row(TypedDict):
    name: str
    price: float


class Renamed(BaseModel):
    price: float = Field(serialization_alias="unitPrice")


class Written(BaseModel):
    price: float

    @field_serializer("price")
    def write(self, price: float) -> float:
        return 0 if math.isnan(price) else price


def measuring(server: MCPServer[Any]) -> MCPServer[Any]:
    @server.tool()
    def bare() -> float:
        return NAN

    @server.tool()
    async def negative() -> float:
        return -INF

    @server.tool()
    def rows() -> list[Row]:
        return [{"name": "a", "price": 1}, {"name": "b", "price": NAN}]

    @server.tool()
    def model() -> Part:
        return Part(price=INF)

    @server.tool()
    def renamed() -> Renamed:
        return Renamed(price=NAN)

    @server.tool()
    def optional() -> dict[str, float | None]:
        return {"a": None, "b": NAN}

    @server.tool()
    def whole() -> CallToolResult:
        return CallToolResult(content=[], structured_content={"deep": [{"x": NAN}]})

    @server.tool()
    def fine() -> Written:
        return Written(price=NAN)

    @server.tool(structured_output=False)
    def text() -> str:
        return "NaN"

    return server


RETURNED = {
    "bare": "it returned NaN, which JSON cannot carry",
    "negative": "it returned -Infinity, which JSON cannot carry",
    "rows": "it returned NaN at [1].price, which JSON cannot carry",
    "model": "it returned Infinity at price, which JSON cannot carry",
    "renamed": "it returned NaN at price, which JSON cannot carry",
    "optional": "it returned NaN at b, which JSON cannot carry",
    "whole": "it returned NaN at deep[0].x, which JSON cannot carry",
}


def check_what_is_returned(connection: Connection) -> None:
    for tool, words in RETURNED.items():
        result = connection.call(tool).result
        assert result.is_error, tool
        assert words in result.content[0].text  # type: ignore[union-attr]
    assert connection.call("fine").result.structured_content == {"price": 0}
    assert connection.call("text").result.content[0].text == "NaN"  # type: ignore[union-attr]


@pytest.mark.parametrize("era", ["modern", "legacy"])
@pytest.mark.parametrize("made", [lambda: NotebookServer("shop"), lambda: adopt(MCPServer("shop"))])
def test_a_tool_that_returns_no_number_is_told_where(portal: Portal, era: EraChoice, made: Any) -> None:
    with Connection(portal, measuring(made()), era) as connection:
        check_what_is_returned(connection)


@pytest.mark.parametrize("era", ["modern", "legacy"])
def test_so_it_is_over_http(portal: Portal, era: EraChoice) -> None:
    app = measuring(NotebookServer("shop")).streamable_http_app()
    with web(app) as port, Connection(portal, Url(url(port)), era) as connection:
        check_what_is_returned(connection)


def test_a_tool_that_was_there_before_its_server_was_adopted_is_told_too(portal: Portal) -> None:
    with Connection(portal, adopt(measuring(MCPServer("shop")))) as connection:
        check_what_is_returned(connection)


def test_a_large_integer_goes_as_far_as_python_reads_it() -> None:
    most = sys.get_int_max_str_digits() if hasattr(sys, "get_int_max_str_digits") else 4300
    assert as_json(10 ** (most - 1)) == 10 ** (most - 1)
    with pytest.raises(ValueError, match="digits"):
        as_json(10 ** (most + 1))
    assert not math.isnan(as_json(1.0))
