"""`compat` says nothing wrong of servers in the shapes that the documentation of the SDK shows."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Literal

import pytest
from mcp.server import Server, ServerRequestContext
from mcp.server.mcpserver import Context, Image, MCPServer
from mcp.server.mcpserver.resolve import Elicit, Resolve
from mcp_types import ListToolsResult, TextContent, Tool, ToolAnnotations
from pydantic import BaseModel, Field
from typing_extensions import TypedDict

from mcp_notebook.client import Command, connect
from mcp_notebook.compat import Report, check, of_connection
from mcp_notebook.compat.facts import BAD
from tests.support.programs import PROGRAMS, installed_or_skip


class Color(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Address(BaseModel):
    street: str
    zip_code: Annotated[str, Field(pattern=r"^\d{5}$")]


class Person(BaseModel):
    name: str
    born: date | None = None
    addresses: list[Address] = []
    friends: list[Person] = []


class Weather(TypedDict):
    temperature: float
    wind: dict[str, float]


@dataclass
class Point:
    x: float
    y: float


class Node(BaseModel):
    value: int
    next: Node | None


class Pair(BaseModel):
    span: tuple[int, int]


class Size(BaseModel):
    size: Literal["small", "large"]


async def ask() -> Elicit[Size]:
    return Elicit("Which size?", Size)


def plain() -> MCPServer[Any]:
    """Tools of plain types, a resource, a template, a prompt."""
    server = MCPServer("demo", instructions="A demonstration.")

    @server.tool()
    def add(a: int, b: int) -> int:
        """Add two numbers."""
        return a + b

    @server.tool()
    def greet(name: str, title: str | None = None, loud: bool = False) -> str:
        """Greet somebody."""
        return f"Hello {name}"

    @server.tool(title="Sum", annotations=ToolAnnotations(read_only_hint=True, open_world_hint=False))
    def total(numbers: list[float], weights: dict[str, float] | None = None) -> float:
        """Add many numbers."""
        return sum(numbers)

    @server.resource("config://app")
    def config() -> str:
        return "{}"

    @server.resource("users://{user}/profile", mime_type="application/json")
    def profile(user: str) -> str:
        return "{}"

    @server.resource("files://{+path}")
    def file(path: str) -> str:
        return path

    @server.prompt(title="Review")
    def review(code: str, language: str = "python") -> str:
        return code

    return server


def modeled() -> MCPServer[Any]:
    """Tools that take and return models, enumerations, literals and constrained values."""
    server = MCPServer("models")

    @server.tool()
    def invite(person: Person, color: Color = Color.RED) -> Person:
        """Invite a person, and the friends of that person."""
        return person

    @server.tool()
    def weather(
        city: Annotated[str, Field(description="A city.", min_length=1, max_length=100)], days: int = 3
    ) -> Weather:
        """Tell the weather."""
        return {"temperature": 1.0, "wind": {}}

    @server.tool()
    def move(point: Point, unit: Literal["m", "km"] = "m", factor: Annotated[float, Field(gt=0, le=10)] = 1) -> Point:
        """Move a point."""
        return point

    @server.tool()
    def either(value: int | str | list[int]) -> list[str]:
        """Take one of several types."""
        return [str(value)]

    @server.tool()
    def last(node: Node) -> int:
        """Return the last value of a chain."""
        return node.value

    @server.tool()
    def picture() -> Image:
        """Draw a picture."""
        return Image(data=b"\x89PNG\r\n\x1a\n", format="png")

    return server


def asking() -> MCPServer[Any]:
    """Tools with a context, with questions, and without structure."""
    server = MCPServer("asking")

    @server.tool()
    async def slow(steps: int, ctx: Context) -> str:
        """Report progress."""
        await ctx.report_progress(1, steps)
        return "done"

    @server.tool()
    def sized(size: Annotated[Size, Resolve(ask)]) -> str:
        """Ask for a size."""
        return size.size

    @server.tool(structured_output=False)
    def words(words: tuple[str, ...]) -> list[TextContent]:
        """Return blocks."""
        return []

    return server


def low(schema: dict[str, Any], **fields: Any) -> Server[Any]:
    """A server of the SDK's lower level, with one tool."""
    tool = Tool(name="find_book", description="Find a book.", input_schema=schema, **fields)

    async def tools(_ctx: ServerRequestContext[Any], _params: Any) -> ListToolsResult:
        return ListToolsResult(tools=[tool])

    return Server("low", on_list_tools=tools)


def report_of(target: object) -> Report:
    with connect(target) as connection:
        return check(of_connection(connection))


@pytest.mark.parametrize("server", [plain, modeled, asking])
def test_nothing_is_found_in_a_documented_shape(server: Any) -> None:
    report = report_of(server())
    assert report.findings == []
    assert {host.verdict for host in report.hosts} == {"no problem known"}


def test_nothing_is_found_in_a_tool_of_the_lower_level() -> None:
    taken = {"type": "object", "properties": {"query": {"type": "string"}}, "required": ["query"]}
    returned = {"type": "object", "properties": {"titles": {"type": "array", "items": {"type": "string"}}}}
    assert report_of(low(taken, output_schema=returned)).findings == []
    assert report_of(low({"type": "object"})).findings == []
    assert report_of(low({"type": "object", "additionalProperties": False})).findings == []


def test_what_is_found_in_a_documented_shape_is_true() -> None:
    """The page on the lower level shows a oneOf at the root, which 2026-07-28 allows, and some hosts do not take."""
    taken = {
        "type": "object",
        "properties": {"isbn": {"type": "string"}, "title": {"type": "string"}},
        "oneOf": [{"required": ["isbn"]}, {"required": ["title"]}],
    }
    (finding,) = report_of(low(taken)).findings
    assert finding.observation.check == "schema-root"
    assert finding.hosts["specification"].verdict == "accepts"
    assert finding.hosts["openai-api"].verdict == "rejects"


def test_a_tuple_in_a_model_is_found_only_for_the_host_that_loses_it() -> None:
    """VS Code does not look into definitions, and Codex rewrites them."""
    server: MCPServer[Any] = MCPServer("pairs")

    @server.tool()
    def within(pair: Pair) -> int:
        """Return the length of a span."""
        return pair.span[1] - pair.span[0]

    report = report_of(server)
    (finding,) = report.findings
    assert (finding.observation.check, finding.observation.path) == ("schema-prefix-items", "definition Pair.span")
    assert {key for key, host in finding.hosts.items() if host.verdict in BAD} == {"codex"}
    assert not report.rejected


@pytest.mark.outside
def test_only_what_is_true_is_found_in_the_everything_server_of_the_protocol() -> None:
    """It is a process, one of its tools runs only as a task, and the output schema of another names draft 7."""
    installed_or_skip()
    server = str(PROGRAMS / "mcp-server-everything")
    report = report_of(Command(str(PROGRAMS / "node"), (server, "stdio")))  # the machine may have no Node of its own
    found = [(finding.observation.check, finding.observation.name) for finding in report.findings]
    assert sorted(found) == [
        ("output-dialect", "get-structured-content"),
        ("task-required", "simulate-research-query"),
        ("transport-stdio", ""),
    ]
    assert report.sizes.tools > 0
