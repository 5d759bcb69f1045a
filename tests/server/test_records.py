"""Tools that return a dict with pictures or arrays in it, such as a row of a dataset."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Callable
from typing import Any

import anyio
import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from jsonschema import Draft202012Validator
from mcp import Client
from mcp.server.mcpserver import MCPServer
from mcp_types import CallToolResult, ImageContent, ResourceLink, TextContent
from PIL import Image

from mcp_notebook.server.data import returns_data
from mcp_notebook.server.extensions.data import pictures, records
from mcp_notebook.server.extensions.data.records import is_record
from mcp_notebook.server.notebook_server import adopt
from tests.server.test_data import SERVERS, got, notebook, plain, read

mpl.use("agg")

RED = Image.new("RGB", (3, 2), "red")
HINTS = pytest.mark.parametrize("hint", [None, dict[str, Any], dict[str, object], dict])


async def called(server: MCPServer[Any]) -> tuple[CallToolResult, list[Any]]:
    """Return the result of the only tool, and what each of its links gives, in their order."""
    async with Client(server) as client:
        result = await client.call_tool("f", {})
        links = [block.uri for block in result.content if isinstance(block, ResourceLink)]
        return result, [await read(client, uri) for uri in links]


def wholes(value: Any) -> tuple[CallToolResult, list[Any]]:
    server = plain()
    server.add_tool(lambda: value, name="f")
    return anyio.run(called, server)


def images(result: CallToolResult) -> list[tuple[int, int]]:
    shown = [base64.b64decode(block.data) for block in result.content if isinstance(block, ImageContent)]
    return [Image.open(io.BytesIO(each)).size for each in shown]


def lines(result: CallToolResult) -> str:
    """Return the text about the pictures and arrays; the first text is the JSON."""
    _, text = [block.text for block in result.content if isinstance(block, TextContent)]
    return text


@SERVERS
@HINTS
def test_a_row_of_a_dataset_is_json_with_links_and_pictures(make: Callable[[], MCPServer[Any]], hint: Any) -> None:
    row = {
        "image": RED,
        "label": 3,
        "caption": "a <b> é",
        "score": np.float32(0.5),
        "features": np.arange(3_000, dtype="float32").reshape(1_000, 3),
        "objects": {"boxes": [np.array([1, 2]), [3, 4]], "crops": [Image.new("L", (4, 4)), None]},
    }
    server = make()
    found = got(row, hint, server=server)
    assert not found.result.is_error, found.text
    data = found.data
    features = data.pop("features")
    assert np.array(features).shape == (33, 3)
    assert features[1] == [3.0, 4.0, 5.0]
    links = [block.uri for block in found.result.content if isinstance(block, ResourceLink)]
    names = ["f.image.png", "f.features.csv", "f.features.npy", "f.objects.boxes.0.csv", "f.objects.boxes.0.npy"]
    assert [uri.rpartition("/")[2] for uri in links] == [*names, "f.objects.crops.0.png"]
    assert data == {
        "image": links[0],
        "label": 3,
        "caption": "a <b> é",
        "score": 0.5,
        "objects": {"boxes": [[1, 2], [3, 4]], "crops": [links[-1], None]},
    }
    assert images(found.result) == [(3, 2), (4, 4)]
    assert json.loads(found.text) == {**data, "features": features}
    assert len(found.text.splitlines()) < 20
    assert f"image: Image, 3 × 2 pixels; all of it: {links[0]}" in lines(found.result)
    assert "features: 1,000 × 3 values of float32, the first 33 × 3 shown; all of it: result://" in lines(found.result)
    assert "objects.crops[0]: Image, 4 × 4 pixels; all of it: result://" in lines(found.result)
    assert returns_data(server)


def test_the_links_give_the_wholes() -> None:
    array = np.arange(2_000).reshape(20, 10, 10)
    result, files = wholes({"picture": RED, "cube": array})
    assert Image.open(io.BytesIO(files[0])).getpixel((0, 0)) == (255, 0, 0)
    assert (np.load(io.BytesIO(files[1])) == array).all()
    assert len(files) == 2
    assert result.structured_content is not None


def test_what_a_cell_changes_later_does_not_show() -> None:
    array = np.zeros(3)
    server = plain()
    server.add_tool(lambda: {"a": array}, name="f")

    async def changed() -> Any:
        async with Client(server) as client:
            result = await client.call_tool("f", {})
            array[:] = 1
            (csv, _) = [block.uri for block in result.content if isinstance(block, ResourceLink)]
            return await read(client, csv)

    assert anyio.run(changed) == "value\n0.0\n0.0\n0.0\n"


def test_a_figure_in_a_dict_is_a_picture() -> None:
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(figsize=(2, 1))
    axes.plot([1, 2])
    found = got({"plot": figure, "n": 2}, dict[str, Any])
    assert len(images(found.result)) == 1
    assert found.data["n"] == 2
    assert plt.get_fignums() == []


PLAIN: list[Any] = [
    {},
    {"a": 1, "b": [1.5, None, {"c": "é"}], "d": True},
    {"nested": {"deep": [[[]]]}, "tuple": (1, 2)},
    {"many": [*range(1_000)]},
]


@SERVERS
@HINTS
@pytest.mark.parametrize("structured", [None, False])
@pytest.mark.parametrize("value", PLAIN)
def test_a_plain_dict_is_sent_as_before(
    make: Callable[[], MCPServer[Any]], hint: Any, structured: bool | None, value: Any
) -> None:
    bare: MCPServer[Any] = MCPServer("s", log_level="CRITICAL")
    server = make()
    expected, found = (got(value, hint, server=each, structured_output=structured) for each in (bare, server))
    assert found == expected
    assert not returns_data(server)


@HINTS
@pytest.mark.parametrize("structured", [None, False])
def test_tools_of_an_adopted_server_keep_their_output_schemas(hint: Any, structured: bool | None) -> None:
    def f() -> Any:
        return {"a": 1}

    f.__annotations__ = {} if hint is None else {"return": hint}
    bare: MCPServer[Any] = MCPServer("s", log_level="CRITICAL")
    bare.add_tool(f, structured_output=structured, description="About it.")

    async def look() -> Any:
        async with Client(bare) as client:
            return await client.list_tools(), await client.call_tool("f", {})

    before = anyio.run(look)
    adopt(bare)
    assert anyio.run(look) == before


def test_without_structured_content_the_text_has_all() -> None:
    for make in (plain, notebook):
        found = got({"image": RED}, dict[str, Any], server=make(), structured_output=False)
        assert (found.schema, found.result.structured_content) == (None, None)
        assert json.loads(found.text)["image"].startswith("result://")


def test_the_result_fits_the_listed_schema() -> None:
    found = got({"image": RED, "a": np.zeros(2)}, dict[str, Any])
    assert found.schema == got({}, dict[str, Any], server=MCPServer("s", log_level="CRITICAL")).schema
    Draft202012Validator(found.schema).validate(found.data)


def test_pictures_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    found = got({"images": [RED] * 7})
    assert len(images(found.result)) == records.MOST_SHOWN == 5
    assert len(set(found.data["images"])) == 7
    monkeypatch.setattr(records, "MOST_BYTES", 2 * len(RED._repr_png_()))
    assert len(images(got({"images": [RED] * 7}).result)) == 2
    monkeypatch.setattr(pictures, "MOST_BYTES", 10)
    alone = got({"image": RED})
    assert images(alone.result) == []
    assert "The picture is too large to be shown." in lines(alone.result)
    assert alone.data["image"].startswith("result://")


def test_many_pictures_and_arrays_are_null_from_some_on() -> None:
    found = got({"images": [RED] * 101, "array": np.zeros(2)})
    assert found.data["images"][99].startswith("result://")
    assert (found.data["images"][100], found.data["array"]) == (None, None)
    assert "2 more are null: only the first 100 pictures and arrays are kept." in lines(found.result)


def test_a_row_that_is_too_large_to_be_kept_has_no_links(monkeypatch: pytest.MonkeyPatch) -> None:
    from mcp_notebook.server.extensions.data.kept import KEPT

    monkeypatch.setattr(KEPT, "most_bytes", 10)
    found = got({"image": RED, "a": np.array([1])})
    assert found.data == {"image": None, "a": [1]}
    assert "image: Image, 3 × 2 pixels; it is too large to be kept, so there is no link to all of it" in lines(
        found.result
    )


def test_names_of_files_are_distinct_and_plain() -> None:
    value = {"a b": RED, "a_b": RED, "a_b-2": RED, "../é": RED, "x" * 300: RED, 3: RED}
    links = [block.uri for block in got(value).result.content if isinstance(block, ResourceLink)]
    names = [uri.rpartition("/")[2] for uri in links]
    assert len(set(names)) == 6
    assert all(name.isascii() and len(name) < 100 and "/" not in name and ".." not in name for name in names), names


def test_values_are_written_as_in_tables() -> None:
    found = got({"a": np.array([1.0, np.nan]), "when": pd.Timestamp("2024-01-02"), "nan": float("nan"), "raw": b"x"})
    assert found.data == {"a": [1.0, None], "when": "2024-01-02T00:00:00", "nan": None, "raw": "eA=="}


@pytest.mark.parametrize("make", [plain, notebook])
@pytest.mark.parametrize("hint", [None, dict[str, Any]])
def test_a_table_beside_a_picture_is_refused(make: Callable[[], MCPServer[Any]], hint: Any) -> None:
    found = got({"image": RED, "rows": {"t": pd.DataFrame({"n": [1]})}}, hint, server=make())
    assert found.result.is_error
    with pytest.raises(TypeError, match=r"rows\.t is a DataFrame in a dict\. Return it by itself\."):
        records.DataRecord({"image": RED, "rows": {"t": pd.DataFrame({"n": [1]})}})


def test_what_contains_itself_is_refused_in_one_line() -> None:
    inside: dict[str, Any] = {"image": RED}
    inside["again"] = {"x": inside, "y": inside}
    with pytest.raises(ValueError, match=r"^again contains itself, or is nested more than 100 deep\.$"):
        records.DataRecord(inside)
    empty: dict[str, Any] = {}
    empty["a"] = empty["b"] = empty
    assert not is_record(empty)


def test_only_a_dict_is_looked_into() -> None:
    for value in ([{"image": RED}], (RED,), "x", 3, {"n": [1, 2]}, {"n": np.float32(1)}):
        assert not is_record(value)
    assert is_record({"a": ({"b": [1, "x", RED]},)})


def test_a_callable_object_that_is_asynchronous_is_awaited() -> None:
    class Row:
        async def __call__(self) -> dict[str, Any]:
            await anyio.lowlevel.checkpoint()
            return {"image": RED}

    server = plain()
    server.add_tool(Row(), name="f")
    result, _ = anyio.run(called, server)
    assert images(result) == [(3, 2)]
