"""What clients get of values that JSON does not know."""

from __future__ import annotations

import dataclasses
import datetime
import decimal
import enum
import json
import pathlib
from collections import deque
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

import anyio
import numpy as np
import pandas as pd
import pydantic
import pytest
from IPython.core.error import UsageError
from mcp import Client
from mcp.server.mcpserver import MCPServer
from mcp.shared.exceptions import MCPError
from pydantic import BaseModel

from mcp_notebook import NotebookServer
from mcp_notebook.export.module.writing import write
from mcp_notebook.recording import Call
from mcp_notebook.server.notebook_server import adopt
from mcp_notebook.session.choosing import subject_of
from tests.support.shells import Shell, running_shell


class Color(enum.Enum):
    RED = "red"


@dataclasses.dataclass
class Point:
    x: Any


class Model(BaseModel):
    x: Any


class Plain: ...


async def _call(server: MCPServer[Any]) -> Any:
    async with Client(server) as client:
        return await client.call_tool("f", {})


def called(server: MCPServer[Any], function: Callable[..., Any]) -> tuple[Any, Call]:
    server.add_tool(function, name="f")
    result = anyio.run(_call, server)
    return result, adopt(server).runtime.recorder.calls[-1]  # type: ignore[attr-defined]


def told(value: Any, hint: Any = None) -> str:
    """What the author is told of a tool that returns a value; clients get the SDK's one sentence."""

    def f() -> Any:
        return value

    f.__annotations__ = {} if hint is None else {"return": hint}
    result, call = called(NotebookServer("s"), f)
    assert result.is_error
    assert result.content[0].text == "Error executing tool f"
    assert isinstance(call.raised, TypeError)
    return str(call.raised)


FRAME = pd.DataFrame({"n": [1, 2], "t": pd.to_datetime(["2020-01-01", None])})

WRONG = {
    "numpy scalar": (np.int64(3), "The result is a numpy.int64, which JSON does not know. Return a value of Python"),
    "numpy bool": (np.bool_(True), "numpy.bool"),
    "numpy float": (np.float32(0.5), "numpy.float32, which JSON does not know. Return a value of Python: .item()."),
    "array of no dimension": (np.array(1), "a numpy.ndarray, which JSON does not know. Return a value of Python"),
    "array within": ([np.array([1, 2])], "has a numpy.ndarray, which JSON does not know. Return values of Python"),
    "numpy date": (np.datetime64("2020-01-01"), "Return its text: str(...)."),
    "nested": ({"a": {"b": [1, np.int64(1)]}}, "The result has a numpy.int64, which JSON does not know."),
    "list": ([np.int64(1)], "The result has a numpy.int64"),
    "dataclass": (Point(np.int64(1)), "The result has a numpy.int64"),
    "model": (Model(x={"y": np.int64(1)}), "The result has a numpy.int64"),
    "NaT": (pd.NaT, "The result is a NaT, which JSON does not know. Return None instead."),
    "NA": ({"a": pd.NA}, "Return None instead."),
    "rows": (FRAME.to_dict("records"), "The result has a NaT, which JSON does not know. Return None instead."),
    "row within": ([FRAME.iloc[0]], "Return values of Python: .to_dict() for a row, or .tolist()."),
    "frame within": ({"rows": FRAME}, 'Return its rows: .to_dict("records").'),
    "bytes": (b"\xff", "The result is bytes that are not text. Return base64.b64encode(...).decode(), or an Image"),
    "view": ({1: 2}.values(), "Return a list: list(...)."),
    "range": (range(3), "Return a list: list(...)."),
    "object": (Plain(), "Return a dict, a dataclass or a BaseModel with what is in it."),
    "function": ({"f": len}, "Return what it gives, or its name."),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_a_value_that_json_does_not_know_is_an_error_with_what_to_return(case: str) -> None:
    value, said = WRONG[case]
    assert said in told(value)


@pytest.mark.parametrize(("value", "hint"), [(np.int64(3), int), ({"a": np.int64(1)}, dict[str, Any]),
    (np.array([1]), list[int]), ({"n": np.int64(1)}, dict[str, int])])  # fmt: skip
def test_hints_make_no_difference_to_that(value: Any, hint: Any) -> None:
    assert "which JSON does not know" in told(value, hint)


@pytest.mark.parametrize("make", [lambda: NotebookServer("s"), lambda: adopt(MCPServer("s", log_level="CRITICAL"))])
@pytest.mark.parametrize("is_async", [True, False])
def test_it_holds_for_async_tools_and_adopted_servers(make: Callable[[], MCPServer[Any]], is_async: bool) -> None:
    async def later() -> Any:
        return np.int64(1)

    result, call = called(make(), later if is_async else lambda: np.int64(1))
    assert (result.is_error, "numpy.int64" in str(call.raised)) == (True, True)


def _numbers() -> Iterator[int]:
    yield from (1, 2)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (np.float64(0.5), "0.5"),
        (np.str_("x"), "x"),
        (pd.Timestamp("2020-01-01"), '"2020-01-01T00:00:00"'),
        (pd.Timedelta("1h"), '"PT1H"'),
        (FRAME.iloc[0].to_dict(), '{"n": 1, "t": "2020-01-01T00:00:00"}'),
        (decimal.Decimal("1.5"), '"1.5"'),
        ({1}, "[1]"),
        pytest.param(
            deque([1]),
            "[1]",
            marks=pytest.mark.skipif(pydantic.VERSION.startswith("2.12."), reason="pydantic 2.12 writes its repr"),
        ),
        (_numbers, "[1, 2]"),
        (b"text", '"text"'),
        (Point(1), '{"x": 1}'),
        (Model(x=1), '{"x": 1}'),
        (Color.RED, '"red"'),
        (pathlib.Path("a"), '"a"'),
        (datetime.date(2020, 1, 1), '"2020-01-01"'),
        (Fraction(1, 2), '"1/2"'),
        (2**70, str(2**70)),
        ({np.int64(1): 2}, '{"1": 2}'),
    ],
)
def test_what_has_a_right_json_is_left_to_the_sdk(value: Any, text: str) -> None:
    def f() -> Any:
        return value() if callable(value) and not isinstance(value, type) else value

    result, call = called(NotebookServer("s"), f)
    plain = MCPServer("s", log_level="CRITICAL")
    plain.add_tool(f, name="f")
    expected = anyio.run(_call, plain)
    assert (result.is_error, result.content) == (expected.is_error, expected.content)
    if expected.is_error and pydantic.VERSION.startswith("2.12."):
        pytest.skip("pydantic 2.12 cannot write it, and so the SDK cannot")
    assert (result.is_error, call.raised) == (False, None)
    shown = result.content[0].text
    assert (shown if shown == text else json.dumps(json.loads(shown))) == text


async def _contents(server: MCPServer[Any], uri: str) -> Any:
    async with Client(server) as client:
        try:
            return (await client.read_resource(uri)).contents[0].text  # type: ignore[union-attr]
        except MCPError as error:
            return str(error)


@pytest.mark.parametrize("uri", ["rows://all", "rows://{name}"])
@pytest.mark.parametrize("is_async", [True, False])
@pytest.mark.parametrize("adopted", [True, False])
def test_a_resource_is_looked_at_as_a_tool_is(uri: str, is_async: bool, adopted: bool) -> None:
    server: MCPServer[Any] = MCPServer("s", log_level="CRITICAL") if adopted else NotebookServer("s")
    kept: dict[str, Any] = {"rows": [np.int64(1)]}
    if "{" in uri and is_async:

        @server.resource(uri)
        async def later(name: str) -> Any:
            return kept["rows"]
    elif "{" in uri:

        @server.resource(uri)
        def named(name: str) -> Any:
            return kept["rows"]
    elif is_async:

        @server.resource(uri)
        async def whole_later() -> Any:
            return kept["rows"]
    else:

        @server.resource(uri)
        def whole() -> Any:
            return kept["rows"]

    adopt(server)
    assert "numpy" not in anyio.run(_contents, server, "rows://all")
    raised = server.runtime.recorder.calls[-1].raised  # type: ignore[attr-defined]
    assert str(raised) == "The content has a numpy.int64, which JSON does not know. Return a value of Python: .item()."
    kept["rows"] = [1]
    assert json.loads(anyio.run(_contents, server, "rows://all")) == [1]


@pytest.fixture
def shell() -> Iterator[Shell]:
    with running_shell() as shell:
        shell.good("import numpy as np, pandas as pd, datetime, decimal")
        yield shell


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("np.int64(3)", "v is a numpy.int64, which JSON does not know. Expose a value of Python: .item()."),
        ("{'a': [np.int64(3)]}", "v has a numpy.int64, which JSON does not know. Expose a value of Python: .item()."),
        ("[np.array([1])]", "v has a numpy.ndarray, which JSON does not know. Expose values of Python: .tolist()."),
        ("[pd.NaT]", "v has a NaT, which JSON does not know. Expose None instead."),
        ("[pd.Series([1])]", "Expose values of Python: .to_dict() for a row, or .tolist()."),
    ],
)
def test_a_variable_that_json_does_not_know_is_not_exposed(shell: Shell, value: str, said: str) -> None:
    shell.good(f"v = {value}")
    with pytest.raises(UsageError) as caught:
        shell.good("%mcp expose v")
    assert said in str(caught.value)
    shell.good("%mcp expose v --mime text/plain")


async def _read(server: MCPServer[Any], uri: str) -> Any:
    async with Client(server) as client:
        return (await client.read_resource(uri)).contents[0]


@pytest.mark.parametrize(
    "value",
    [
        "{'when': datetime.date(2020, 1, 1), 'what': {decimal.Decimal('1.5')}}",
        "[pd.Timestamp('2020-01-01'), 'é']",
        "pd.DataFrame({'a': [1, 2]})",
        "np.array([[1, 2]])",
        "type('Drawn', (), {'_repr_markdown_': lambda self: '# x'})()",
        "type('Drawn', (), {'_repr_png_': lambda self: b'png'})()",
        "{'a': 1}",
    ],
)
def test_an_exposed_variable_reads_the_same_from_the_package(shell: Shell, value: str) -> None:
    shell.good(f"v = {value}", "%mcp expose v")
    live = shell.session.live().server
    module = write(subject_of(shell.session))
    assert [str(found) for found in module.findings if found.weight == "stops"] == []
    space: dict[str, Any] = {"__name__": "server"}
    source = module.files["server.py"].replace("from .extensions.", "from mcp_notebook.server.extensions.")
    exec(compile(source, "server.py", "exec"), space)
    (server,) = (found for found in space.values() if isinstance(found, MCPServer))
    read = anyio.run(_read, server, "notebook://v")
    assert read == anyio.run(_read, live, "notebook://v")
    unused = [n for n in ("import json", "to_jsonable_python") if n in module.files["server.py"].split("def ")[0]]
    assert all(module.files["server.py"].count(name.split()[-1]) > 1 for name in unused)
