"""Tools that return data: tables, arrays, pictures and rows."""

from __future__ import annotations

import base64
import csv
import datetime
import decimal
import io
import json
import struct
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import anyio
import duckdb
import matplotlib as mpl
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from jsonschema import Draft202012Validator, FormatChecker
from mcp import Client
from mcp.server.mcpserver import MCPServer
from mcp.shared.exceptions import MCPError
from mcp_types import CallToolResult, ImageContent, ResourceLink, TextContent
from PIL import Image
from pydantic import BaseModel

from mcp_notebook import NotebookServer
from mcp_notebook.errors import DefinitionError
from mcp_notebook.server.data import returns_data
from mcp_notebook.server.definitions import build_tool
from mcp_notebook.server.extensions.data import kept, rows, serve_data, tables
from mcp_notebook.server.extensions.data.kept import KEPT, Kept
from mcp_notebook.server.notebook_server import adopt

mpl.use("agg")

UTC = datetime.timezone.utc
ZONE = datetime.timezone(datetime.timedelta(hours=2))
WHEN = datetime.datetime(2024, 7, 1, 12, 30, tzinfo=ZONE)


def plain() -> MCPServer[Any]:
    server: MCPServer[Any] = MCPServer("s", log_level="CRITICAL")
    serve_data(server)
    return server


def notebook() -> MCPServer[Any]:
    return NotebookServer("s")


def adopted() -> MCPServer[Any]:
    return adopt(MCPServer("s", log_level="CRITICAL"))


SERVERS = pytest.mark.parametrize("make", [plain, notebook, adopted])


class Got(NamedTuple):
    """A result, and what its links give.

    Attributes:
        result: The result.
        files: The contents of its links, by suffix.
        schema: The output schema of the tool.
    """

    result: CallToolResult
    files: dict[str, Any]
    schema: dict[str, Any] | None

    @property
    def text(self) -> str:
        return next(block.text for block in self.result.content if isinstance(block, TextContent))

    @property
    def data(self) -> dict[str, Any]:
        assert self.result.structured_content is not None
        return self.result.structured_content

    @property
    def csv(self) -> list[list[str]]:
        return list(csv.reader(io.StringIO(self.files["csv"])))


def got(value: Any, hint: Any = None, *, server: MCPServer[Any] | None = None, **options: Any) -> Got:
    """Return the result of a tool that returns a value; a function is the tool itself."""

    def f() -> Any:
        return value

    f.__annotations__ = {} if hint is None else {"return": hint}
    server = plain() if server is None else server
    server.add_tool(value if callable(value) and not isinstance(value, type) else f, name="f", **options)
    return anyio.run(_got, server)


async def _got(server: MCPServer[Any]) -> Got:
    async with Client(server) as client:
        schema = (await client.list_tools()).tools[0].output_schema
        result = await client.call_tool("f", {})
        links = [block.uri for block in result.content if isinstance(block, ResourceLink)]
        return Got(result, {uri.rpartition(".")[2]: await read(client, uri) for uri in links}, schema)


async def read(client: Client, uri: str) -> Any:
    (content,) = (await client.read_resource(uri)).contents
    return getattr(content, "text", None) or base64.b64decode(getattr(content, "blob", ""))


COLUMNS: dict[str, list[Any]] = {
    "whole": [1, 2],
    "number": [1.5, float("nan")],
    "infinite": [float("inf"), 0.0],
    "text": ["a|b\nc", None],
    "flag": [True, False],
    "zoned": [WHEN, None],
    "naive": [datetime.datetime(2024, 1, 2, 3, 4, 5, 600), None],
    "lasted": [datetime.timedelta(hours=1, minutes=30), None],
    "nested": [[1, None], []],
    "fields": [{"x": 1}, {"x": None}],
}
ROWS = [
    {
        "whole": 1, "number": 1.5, "infinite": None, "text": "a|b\nc", "flag": True,
        "zoned": "2024-07-01T12:30:00+02:00", "naive": "2024-01-02T03:04:05.000600", "lasted": "PT1H30M",
        "nested": [1, None], "fields": {"x": 1},
    },
    {
        "whole": 2, "number": None, "infinite": 0.0, "text": None, "flag": False, "zoned": None, "naive": None,
        "lasted": None, "nested": [], "fields": {"x": None},
    },
]  # fmt: skip


def of_pandas() -> pd.DataFrame:
    frame = pd.DataFrame(COLUMNS)
    frame["zoned"] = pd.to_datetime(frame["zoned"], utc=True).dt.tz_convert("Europe/Zurich")
    return frame


def of_polars() -> pl.DataFrame:
    return pl.DataFrame(COLUMNS).with_columns(pl.col("zoned").dt.convert_time_zone("Europe/Zurich"))


def of_pyarrow() -> pa.Table:
    return of_polars().to_arrow()


FRAMES = {"pandas": of_pandas, "polars": of_polars, "lazy": lambda: of_polars().lazy(), "pyarrow": of_pyarrow}


@pytest.mark.parametrize("library", FRAMES)
def test_each_kind_of_value_is_the_same_in_every_library(library: str) -> None:
    found = got(FRAMES[library]())
    assert found.data["rows"] == ROWS
    assert (found.data["row_count"], found.data["column_count"], found.data["truncated"]) == (2, 10, False)
    assert "NaN and infinite numbers are null here" in found.data["notes"][0]
    assert '| 1 | 1.5 |  | a\\|b c | true | 2024-07-01T12:30:00+02:00 |' in found.text  # fmt: skip
    assert "2 rows × 10 columns; all of it: result://" in found.text
    head, first, second = found.csv
    assert head == list(COLUMNS)
    assert first == [
        "1", "1.5", "inf", "a|b\nc", "true", "2024-07-01T12:30:00+02:00", "2024-01-02T03:04:05.000600", "PT1H30M",
        "[1, null]", '{"x": 1}',
    ]  # fmt: skip
    assert float(second.pop(2)) == 0  # pyarrow writes 0
    assert second == ["2", "", "", "false", "", "", "", "[]", '{"x": null}']


@pytest.mark.parametrize("library", FRAMES)
def test_the_rows_follow_the_schema_that_the_types_give(library: str) -> None:
    found = got(FRAMES[library]())
    schema = found.data["row_schema"]
    for row in found.data["rows"]:
        Draft202012Validator(schema, format_checker=FormatChecker()).validate(row)
    assert schema["properties"]["zoned"]["format"] == "date-time"
    assert "Europe/Zurich" in schema["properties"]["zoned"]["description"]
    assert "format" not in schema["properties"]["naive"]  # a date-time of JSON Schema has an offset
    assert schema["properties"]["lasted"]["format"] == "duration"
    assert schema["properties"]["whole"]["type"] == ["integer", "null"]


@pytest.mark.parametrize("hint", [pd.DataFrame, pl.DataFrame, pl.LazyFrame, pa.Table, duckdb.DuckDBPyRelation])
@SERVERS
def test_clients_know_the_form_of_tables_before_the_first_call(make: Callable[[], MCPServer[Any]], hint: Any) -> None:
    frame = of_polars().lazy() if hint is pl.LazyFrame else of_pandas()
    found = got(frame, hint, server=make())
    assert found.schema is not None
    assert set(found.schema["required"]) == set(found.data)
    Draft202012Validator(found.schema).validate(found.data)


@SERVERS
def test_a_function_without_an_annotation_may_return_data_or_something_else(make: Callable[[], MCPServer[Any]]) -> None:
    server = make()
    found = got(of_polars(), server=server)
    assert (found.schema, found.data["row_count"]) == (None, 2)
    assert returns_data(server)
    assert got("text", server=make()).result.content == [TextContent(text="text")]


def test_calls_and_their_output_schemas_are_as_before_for_everything_else() -> None:
    class Model(BaseModel):
        x: int = 1

    for value, hint in [("a", str), ({"a": 1}, dict[str, int]), ([1], list[int]), (Model(), Model), (None, None),
                        ([{"a": 1}], list[dict[str, int]]), (3, int)]:  # fmt: skip
        bare: MCPServer[Any] = MCPServer("s", log_level="CRITICAL")
        expected, with_data, in_notebook = (got(value, hint, server=s) for s in (bare, plain(), notebook()))
        assert with_data == expected
        assert (in_notebook.schema, in_notebook.data if hint else None) == (
            expected.schema,
            expected.data if hint else None,
        )
        assert in_notebook.result.content == expected.result.content


def test_a_table_of_a_million_rows_is_bounded_and_its_link_gives_all() -> None:
    found = got(pl.DataFrame({"n": range(1_000_000), "s": "x" * 10}))
    assert len(found.data["rows"]) == 20
    assert (found.data["row_count"], found.data["truncated"]) == (1_000_000, True)
    assert "1,000,000 rows × 2 columns, the first 20 shown; all of it: result://" in found.text
    assert len(found.result.model_dump_json()) < 10_000
    assert found.files["csv"].count("\n") == 1_000_001
    assert pl.read_parquet(io.BytesIO(found.files["parquet"])).height == 1_000_000


def test_long_values_and_many_columns_are_bounded_too() -> None:
    long = got(pd.DataFrame({"s": ["é" * 40_000] * 10}))
    assert len(long.data["rows"]) == 0
    assert "No row is shown" in long.data["notes"][0]
    assert len(long.files["csv"]) > 400_000
    wide = got(pd.DataFrame(np.zeros((3, 1_000))))
    assert (len(wide.data["rows"][0]), wide.data["column_count"], wide.data["truncated"]) == (50, 1_000, True)
    assert "the first 12 columns shown" in wide.text
    assert len(wide.csv[0]) == 1_000


@pytest.mark.parametrize("library", FRAMES)
def test_a_table_without_rows_still_has_its_columns_and_types(library: str) -> None:
    frame = FRAMES[library]()
    empty = frame.slice(0, 0) if library == "pyarrow" else frame.head(0)
    found = got(empty)
    assert (found.data["rows"], found.data["row_count"], found.data["truncated"]) == ([], 0, False)
    assert set(found.data["row_schema"]["properties"]) == set(COLUMNS)
    assert "0 rows × 10 columns; all of it:" in found.text
    assert found.csv == [list(COLUMNS)]


def test_a_table_without_columns_has_its_number_of_rows() -> None:
    found = got(pd.DataFrame(index=range(3)))
    assert (found.data["row_count"], found.data["column_count"]) == (3, 0)
    assert found.text.startswith("3 rows × 0 columns")
    assert got(pl.DataFrame()).data["row_count"] == 0


def test_columns_of_the_same_name_get_a_number() -> None:
    frame = pd.DataFrame([[1, 2, 3]], columns=["a", "a", "a_2"])
    found = got(frame)
    assert found.data["rows"] == [{"a": 1, "a_3": 2, "a_2": 3}]
    assert found.data["notes"] == ["Columns of the same name have a number: a is a_3."]
    assert list(frame.columns) == ["a", "a", "a_2"]
    table = pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["a", "a"])
    assert got(table).data["rows"] == [{"a": 1, "a_2": 2}]
    assert got(duckdb.sql("select 1 as a, 2 as a")).data["rows"] == [{"a": 1, "a_2": 2}]


def test_labels_that_are_not_texts_become_texts() -> None:
    assert got(pd.DataFrame({1: [1], ("a", "b"): [2]})).data["rows"] == [{"1": 1, "a.b": 2}]
    two = pd.DataFrame([[1, 2]], columns=pd.MultiIndex.from_tuples([("a", "x"), ("a", "y")]))
    assert got(two).data["rows"] == [{"a.x": 1, "a.y": 2}]


def test_an_index_that_says_something_is_a_column() -> None:
    by_name = pd.DataFrame({"n": [1, 2]}, index=pd.Index(["x", "y"], name="name"))
    assert got(by_name).data["rows"] == [{"name": "x", "n": 1}, {"name": "y", "n": 2}]
    grouped = pd.DataFrame({"n": [1], "a": [2], "b": [3]}).set_index(["a", "b"])
    assert got(grouped).data["rows"] == [{"a": 2, "b": 3, "n": 1}]
    same = pd.DataFrame({"n": [1]}, index=pd.Index(["x"], name="n"))
    assert got(same).data["rows"] == [{"n": "x", "n_2": 1}]
    filtered = pd.DataFrame({"n": [1, 2]}).query("n > 1")
    assert got(filtered).data["rows"] == [{"n": 2}]


PANDAS_ONLY = pd.DataFrame(
    {
        "kind": pd.Categorical(["a", None]),
        "size": pd.Categorical([10, 20]),
        "month": pd.period_range("2024-01", periods=2, freq="M"),
        "range": pd.interval_range(0, 2),
        "maybe": pd.array([1, None], dtype="Int64"),
        "mixed": [1, {"a": [decimal.Decimal("1.50"), b"\xff"]}],
        "delta": pd.to_timedelta(["-1h", None]),
        "nothing": [pd.NaT, pd.NaT],
    }
)


def test_what_only_pandas_has_has_a_text_or_its_own_value() -> None:
    found = got(PANDAS_ONLY)
    first, second = found.data["rows"]
    assert first == {
        "kind": "a", "size": 10, "month": "2024-01", "range": "(0, 1]", "maybe": 1, "mixed": 1, "delta": "-PT1H",
        "nothing": None,
    }  # fmt: skip
    assert second["kind"] is None
    assert second["mixed"] == {"a": ["1.50", "/w=="]}
    properties = found.data["row_schema"]["properties"]
    assert (properties["kind"]["type"], properties["size"]["type"]) == (["string", "null"], ["integer", "null"])
    assert properties["month"] == {"description": "period[M]"}
    assert "parquet" not in found.files  # it may not have what is in a column of objects
    assert found.csv[1][:5] == ["a", "10", "2024-01", "(0, 1]", "1"]


def test_what_only_the_others_have_has_a_text_too() -> None:
    frame = pl.DataFrame(
        {
            "exact": [decimal.Decimal("1.50")],
            "bytes": [b"\xff"],
            "day": [datetime.date(2024, 1, 2)],
            "time": [datetime.time(1, 2)],
            "kind": pl.Series(["a"], dtype=pl.Categorical),
            "level": pl.Series(["low"], dtype=pl.Enum(["low", "high"])),
        }
    )
    row = {"exact": "1.50", "bytes": "/w==", "day": "2024-01-02", "time": "01:02:00", "kind": "a", "level": "low"}
    found = got(frame)
    assert found.data["rows"] == [row]
    assert found.csv == [list(row), list(row.values())]
    assert got(frame.select("exact", "bytes", "day", "time").to_arrow()).data["rows"] == [
        {key: row[key] for key in ("exact", "bytes", "day", "time")}
    ]
    of_duck = got(duckdb.sql("select 1.50::decimal(4, 2) as exact, interval 1 day as i, {'x': [1]} as s"))
    assert of_duck.data["rows"] == [{"exact": "1.50", "i": "P0M1DT0S", "s": {"x": [1]}}]


@pytest.mark.parametrize(
    "value",
    [pd.Series([1, 2], name="n"), pl.Series("n", [1, 2]), pa.table({"n": [1, 2]}), duckdb.sql("from range(1, 3) t(n)")],
)
def test_series_and_relations_are_tables(value: Any) -> None:
    assert got(value).data["rows"] == [{"n": 1}, {"n": 2}]


def test_a_row_of_pandas_has_its_labels() -> None:
    row = pd.DataFrame({"a": [1], "b": [2]}).iloc[0]
    assert got(row).data["rows"] == [{"index": "a", "0": 1}, {"index": "b", "0": 2}]


def test_unnamed_series_and_arrays_of_pyarrow_have_a_column_of_values() -> None:
    for value in (pd.Series([1]), pl.Series([1]), pa.array([1]), pa.chunked_array([[1]])):
        assert got(value).data["rows"] == [{"value": 1}]


@pytest.mark.parametrize("library", ["pandas", "polars", "array", "duckdb"])
def test_a_link_gives_what_the_call_returned_whatever_changes_later(library: str) -> None:
    connection = duckdb.connect()
    connection.sql("create table t as select 1 as n")
    frame: Any = {
        "pandas": lambda: pd.DataFrame({"n": [1]}),
        "polars": lambda: pl.DataFrame({"n": [1]}),
        "array": lambda: np.array([1]),
        "duckdb": lambda: connection.sql("from t"),
    }[library]()
    server = plain()
    server.add_tool(lambda: frame, name="f")

    async def change() -> str:
        async with Client(server) as client:
            result = await client.call_tool("f", {})
            if library == "pandas":
                frame.loc[0, "n"] = 2
            elif library == "polars":
                frame[0, "n"] = 2
            elif library == "array":
                frame[0] = 2
            else:
                connection.sql("update t set n = 2")
            assert result.structured_content is not None
            return str(await read(client, result.structured_content["whole"]["csv"]))

    assert anyio.run(change).replace('"', "").split() == ["value" if library == "array" else "n", "1"]


MANY = {f"field{i}": pl.Int64 for i in range(20_000)}


@pytest.mark.parametrize(
    "value",
    [
        np.array(["x" * 100_000] * 50),
        np.array(["x" * 20_000] * 50).reshape(5, 10),
        np.array([["y" * 1_000_000]], dtype=object),
        np.zeros((100_000, 0)),
        pd.DataFrame([[1] * 50] * 20, columns=[f"{'n' * 5_000}{i}" for i in range(50)]),
        pl.DataFrame({"e": pl.Series([None], dtype=pl.Enum([f"value {i}" for i in range(100_000)]))}),
        pl.DataFrame({"s": pl.Series([None], dtype=pl.Struct(MANY))}),
        pl.DataFrame({"s": pl.Series([None], dtype=pl.List(pl.Struct({"x" * 10_000: pl.Int64})))}),
        np.zeros(3, dtype=[(f"{'f' * 300}{i}", "i4") for i in range(2_000)]),
        np.zeros((3, 3), dtype=[(f"field {i}", "i4") for i in range(2_000)]),
        pa.table({"s": pa.array([None], pa.struct({name: pa.int64() for name in MANY}))}),
    ],
    ids=range(11),
)
def test_no_result_is_long_whatever_makes_it_long(value: Any) -> None:
    found = got(value)
    assert len(found.result.model_dump_json()) < 150_000
    assert found.files["csv"] or value.size == 0


def test_what_is_cut_is_said() -> None:
    wide = got(pd.DataFrame([[1, 2]], columns=["n" * 500 + "a", "n" * 500 + "b"]))
    first, second = wide.data["rows"][0]
    assert len(first) == 100
    assert second.startswith(first)
    assert list(wide.data["row_schema"]["properties"]) == [first, second]
    assert wide.data["notes"] == ["Names of columns are cut to 100 characters here."]
    assert [len(name) for name in wide.csv[0]] == [501, 501]
    long = got(np.array(["x" * 20_000] * 50))
    assert 0 < len(long.data["values"]) < 5
    assert (long.data["truncated"], long.data["notes"]) == (True, [])
    assert f"50 values of <U20000, the first {len(long.data['values'])} shown" in long.text
    one = got(np.array(["x" * 100_000]))
    assert one.data["values"] == []
    assert one.data["notes"] == ["No value is shown, because one alone is longer than 50 kB."]
    assert "1 value of <U100000, no value shown" in one.text


@pytest.mark.parametrize("library", FRAMES)
def test_line_ends_inside_of_texts_stay_as_they_are(library: str) -> None:
    texts = ["x\r\ny", "\r", "p\nq", "\r\n"]
    frame = pl.DataFrame({"a\rb": texts, "n": [0.5, None, 1.5, 2.5]})
    of = {"pandas": frame.to_pandas, "polars": lambda: frame, "lazy": frame.lazy, "pyarrow": frame.to_arrow}
    written = got(of[library]()).files["csv"]
    rows = list(csv.reader(io.StringIO(written, newline="")))
    assert [row[0] for row in rows] == ["a\rb", *texts]
    assert [row[1] for row in rows] == ["n", "0.5", "", "1.5", "2.5"]
    assert written.endswith(",2.5\n")

    def f():
        yield from ({"a": text} for text in texts)

    rows = list(csv.reader(io.StringIO(got(f).files["csv"], newline="")))
    assert [row[0] for row in rows] == ["a", *texts]


def test_missing_texts_are_not_called_numbers() -> None:
    for column in (["a", None], pd.Categorical(["a", None]), ["a", float("nan")], [{"a": 1}, None], [True, None]):
        assert got(pd.DataFrame({"c": pd.Series(column)})).data["notes"] == []
    for column in ([1.5, float("nan")], ["a", float("inf")], [{"a": float("nan")}, None], [[float("inf")], None]):
        assert got(pd.DataFrame({"c": pd.Series(column)})).data["notes"] == [
            "NaN and infinite numbers are null here, as JSON does not have them."
        ]


NANOSECONDS = [1_700_000_000_123_456_789, -1, 86_399_123_456_000, None]


@pytest.mark.parametrize("library", ["pandas", "polars", "pyarrow"])
def test_no_library_loses_nanoseconds(library: str) -> None:
    frame = pl.DataFrame(
        {
            "zoned": pl.Series(NANOSECONDS).cast(pl.Datetime("ns", "Europe/Zurich")),
            "naive": pl.Series(NANOSECONDS).cast(pl.Datetime("ns")),
            "lasted": pl.Series(NANOSECONDS).cast(pl.Duration("ns")),
            "time": pl.Series([1, 86_399_999_999_999, 1_000, None]).cast(pl.Time),
        }
    )
    if library == "pandas":
        frame = frame.drop("time")
    of = {"pandas": frame.to_pandas, "polars": lambda: frame, "pyarrow": frame.to_arrow}
    found = got(of[library]())
    columns = {name: [row[name] for row in found.data["rows"]] for name in frame.columns}
    assert columns["zoned"] == [
        "2023-11-14T23:13:20.123456789+01:00", "1970-01-01T00:59:59.999999999+01:00",
        "1970-01-02T00:59:59.123456+01:00", None,
    ]  # fmt: skip
    assert columns["naive"][0] == "2023-11-14T22:13:20.123456789"
    assert columns["lasted"] == ["P19675DT22H13M20.123456789S", "-PT0.000000001S", "PT23H59M59.123456S", None]
    if library != "pandas":
        assert columns["time"] == ["00:00:00.000000001", "23:59:59.999999999", "00:00:00.000001", None]
    assert [row[:3] for row in found.csv[1:]] == [
        [columns[name][i] or "" for name in ("zoned", "naive", "lasted")] for i in range(4)
    ]
    assert found.data["notes"] == []


def test_fixed_offsets_have_nanoseconds_too() -> None:
    table = pa.table({"t": pa.array([1_700_000_000_123_456_789], pa.timestamp("ns", "+05:30"))})
    assert got(table).data["rows"] == [{"t": "2023-11-15T03:43:20.123456789+05:30"}]


def test_a_note_says_where_nanoseconds_are_lost() -> None:
    times = pd.Series([datetime.time(1)], dtype=pd.ArrowDtype(pa.time64("ns")))
    assert got(pd.DataFrame({"t": times})).data["notes"] == ["In t, times are cut to microseconds."]
    nested = pl.DataFrame({"t": pl.Series([[1]]).cast(pl.List(pl.Datetime("ns")))})
    assert got(nested).data["notes"] == ["In t, times are cut to microseconds."]
    assert got(nested.cast(pl.List(pl.Datetime("us")))).data["notes"] == []


def test_durations_have_one_form() -> None:
    frame = pl.DataFrame({"d": [datetime.timedelta(days=400), datetime.timedelta(0), datetime.timedelta(seconds=-90)]})
    for value in (frame, frame.to_pandas(), frame.to_arrow()):
        assert [row["d"] for row in got(value).data["rows"]] == ["P400D", "PT0S", "-PT1M30S"]


def test_views_of_texts_are_texts() -> None:
    table = pa.table({"s": pa.array(["a", None], pa.string_view())})
    found = got(table)
    assert found.data["rows"] == [{"s": "a"}, {"s": None}]
    assert found.csv[:2] == [["s"], ["a"]]
    assert pl.read_parquet(io.BytesIO(found.files["parquet"])).to_dict(as_series=False) == {"s": ["a", None]}


# --- arrays


def test_an_array_has_its_shape_its_type_and_its_first_values() -> None:
    found = got(np.arange(3_000.0).reshape(1_000, 3), np.ndarray)
    assert (found.data["shape"], found.data["dtype"], found.data["truncated"]) == ([1_000, 3], "float64", True)
    assert found.data["values"][0] == [0.0, 1.0, 2.0]
    assert sum(map(len, found.data["values"])) <= 500
    assert found.schema is not None
    Draft202012Validator(found.schema).validate(found.data)
    assert len(found.csv) == 1_001
    assert np.load(io.BytesIO(found.files["npy"])).shape == (1_000, 3)


@pytest.mark.parametrize("shape", [(0,), (0, 3), (2, 2, 2), (100, 100, 100), (1, 100_000)])
def test_arrays_of_every_shape_are_bounded(shape: tuple[int, ...]) -> None:
    found = got(np.zeros(shape))
    assert found.data["shape"] == list(shape)
    assert np.array(found.data["values"]).size <= 500
    assert np.array_equal(np.load(io.BytesIO(found.files["npy"])), np.zeros(shape))


def test_an_array_with_fields_is_a_table_and_one_of_dates_has_texts() -> None:
    fields = np.array([(1, "a")], dtype=[("n", "i4"), ("s", "U1")])
    assert got(fields).data["rows"] == [{"n": 1, "s": "a"}]
    dates = got(np.array(["2024-01-01", "NaT"], dtype="datetime64[D]"))
    assert dates.data["values"] == ["2024-01-01", None]
    assert got(np.array([np.nan, 1.0])).data["values"] == [None, 1.0]


def test_arrays_of_nanoseconds_are_dates_and_durations_in_every_form() -> None:
    when = np.array(["2024-01-01T00:00:00.123456789", "NaT"], dtype="M8[ns]")
    lasted = np.array([1_500_000_001, -1], dtype="m8[ns]")
    dates, words = ["2024-01-01T00:00:00.123456789", None], ["PT1.500000001S", "-PT0.000000001S"]
    assert got(when).data["values"] == dates
    assert [row[0] for row in got(when).csv] == ["value", dates[0], ""]
    assert got(np.stack([when, when])).data["values"] == [dates, dates]
    assert got(np.stack([lasted, lasted])).csv == [["0", "1"], words, words]
    assert got(np.array([5, -1], dtype="m8[M]")).data["values"] == ["P5M", "-P1M"]
    fields = np.array([(when[0], lasted[0], (1, when[0]))], dtype=[
        ("t", "M8[ns]"), ("d", "m8[ns]"), ("inner", [("n", "i4"), ("t", "M8[ns]")]),
    ])  # fmt: skip
    row = {"t": dates[0], "d": words[0], "inner": {"n": 1, "t": dates[0]}}
    assert got(fields).data["rows"] == [row]
    assert got(np.stack([fields, fields])).data["values"] == [[row], [row]]
    assert got(pd.DataFrame({"cell": [when]})).data["rows"] == [{"cell": dates}]


def test_an_array_with_fields_is_as_it_was_at_the_call() -> None:
    fields = np.array([(1, "a")], dtype=[("n", "i4"), ("s", "U1")])
    server = plain()
    server.add_tool(lambda: fields, name="f")

    async def change() -> str:
        async with Client(server) as client:
            result = await client.call_tool("f", {})
            fields["n"] = 2
            assert result.structured_content is not None
            return str(await read(client, result.structured_content["whole"]["csv"]))

    assert anyio.run(change) == "n,s\n1,a\n"


def test_a_masked_value_is_in_no_form() -> None:
    whole = got(np.ma.array([1, 2, 3], mask=[False, True, False]))
    assert whole.data["values"] == [1, None, 3]
    assert set(whole.files) == {"csv"}
    assert [row[0] for row in whole.csv] == ["value", "1", "", "3"]
    assert set(got(np.ma.array([1, 2], mask=False)).files) == {"csv", "npy"}
    number = got(np.ma.array([1.0, 2.0], mask=[False, True]))
    assert np.array_equal(np.load(io.BytesIO(number.files["npy"])), [1.0, np.nan], equal_nan=True)
    for kind in ("M8[s]", "m8[s]"):
        date = got(np.ma.array(np.array([1, 2], dtype=kind), mask=[False, True]))
        assert date.data["values"][1] is None
        assert list(np.isnat(np.load(io.BytesIO(date.files["npy"])))) == [False, True]
    fields: Any = np.ma.array([(1, 2), (3, 4)], mask=[(0, 1), (0, 0)], dtype=[("a", "i4"), ("b", "i4")])  # type: ignore[arg-type]
    assert got(fields).data["rows"] == [{"a": 1, "b": None}, {"a": 3, "b": 4}]


def test_the_text_of_an_array_is_json_and_a_note_says_what_is_null() -> None:
    found = got(np.array([1.0, np.nan, np.inf]))
    assert json.loads(found.text.splitlines()[0]) == found.data["values"] == [1.0, None, None]
    assert found.data["notes"] == ["NaN and infinite numbers are null here, as JSON does not have them."]
    assert found.text.endswith(found.data["notes"][0])
    assert [row[0] for row in found.csv[1:]] == ["1.0", "", "inf"]
    assert json.loads(got(np.array([True, False])).text.splitlines()[0]) == [True, False]


@pytest.mark.parametrize(
    "value",
    [
        np.array([object()]),
        np.array(["a", None], dtype=object),
        np.zeros(1, dtype=[("a", "O")]).reshape(1, 1),
        pd.Categorical(["a", "b"]),
        pd.array([1, None], dtype="Int64"),
        pd.array(["a"], dtype="string"),
    ],
)
def test_each_link_of_an_array_can_be_read(value: Any) -> None:
    assert set(got(value).files) == {"csv"}


def test_a_number_of_numpy_is_no_array() -> None:
    server = notebook()
    assert got(np.int64(1), server=server).result.is_error
    assert got(np.array(1), server=server).result.is_error


# --- rows of generators


@dataclass
class Point:
    x: int
    y: float | None = None


class Pair(NamedTuple):
    x: int
    y: float | None


class Model(BaseModel):
    x: int
    y: float | None = None


@pytest.mark.parametrize("make", [Point, Pair, lambda x, y: Model(x=x, y=y), lambda x, y: {"x": x, "y": y}])
def test_a_generator_of_rows_is_a_table(make: Callable[..., Any]) -> None:
    def f():
        for number in range(30):
            yield make(number, None if number else 0.5)

    found = got(f)
    assert (found.data["row_count"], len(found.data["rows"]), found.data["truncated"]) == (30, 20, True)
    assert found.data["rows"][0] == {"x": 0, "y": 0.5}
    assert found.data["row_schema"]["properties"]["y"] == {"type": ["number", "null"]}
    assert len(found.csv) == 31
    assert json.loads(found.files["jsonl"].splitlines()[29]) == {"x": 29, "y": None}


def test_async_generators_and_iterators_are_taken_too() -> None:
    async def f() -> AsyncIterator[dict[str, int]]:
        yield {"a": 1}
        yield {"b": 2}

    found = got(f)
    assert found.data["rows"] == [{"a": 1, "b": None}, {"a": None, "b": 2}]
    assert found.schema is not None
    assert got([{"a": 1}], Iterator[dict[str, int]]).data["rows"] == [{"a": 1}]
    assert got(iter(()), Iterator[Model]).data["row_count"] == 0


def test_a_generator_that_does_not_end_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    from mcp_notebook.server.extensions.data import serving

    monkeypatch.setattr(serving, "MOST", 100)

    def f():
        while True:
            yield {"a": 1}

    found = got(f)
    assert found.data["row_count"] == 100
    assert "The generator was stopped after" in found.data["notes"][0]


def test_generators_of_something_else_stay_what_they_are() -> None:
    def f():
        yield from (1, 2)

    assert [json.loads(block.text) for block in got(f).result.content if isinstance(block, TextContent)] == [[1, 2]]


def add_to(value: Any, number: int) -> None:
    """Change a value in place, in the first thing in it that can be."""
    if isinstance(value, np.ndarray):
        value[0] = number
    elif isinstance(value, set):
        value.add(number)
    elif isinstance(value, Box):
        value.x.append(number)
    elif isinstance(value, dict):
        add_to(value["x"], number)
    elif isinstance(value[0], int):
        value.append(number)
    else:
        add_to(value[0], number)


@pytest.mark.parametrize(
    "held",
    [
        lambda: [0],
        lambda: {0},
        lambda: np.array([0]),
        lambda: {"x": [0]},
        lambda: [{"x": [0]}],
        lambda: ([0],),
        lambda: Box([0]),
        lambda: [Box([0])],
    ],
)
def test_a_row_is_as_it_was_when_it_was_yielded(held: Callable[[], Any]) -> None:
    def f():
        value = held()
        for number in (1, 2):
            yield {"a": value}
            add_to(value, number)

    first, second = got(f).data["rows"]
    assert "1" not in json.dumps(first)
    assert "1" in json.dumps(second)


@dataclass
class Box:
    x: list[int]


@pytest.mark.parametrize("kind", [Point, Pair, Model])
def test_a_class_is_no_row(kind: type) -> None:
    server = notebook()
    assert got([kind], Iterator[dict[str, int]], server=server).result.is_error
    raised = server.runtime.recorder.calls[-1].raised  # type: ignore[attr-defined]
    assert "Yield rows: dicts, models or data classes." in str(raised)


def test_the_memory_of_rows_counts_what_is_in_them() -> None:
    nested = [{"a": [["x" * 1_000_000]]} for _ in range(10)]
    assert rows.RowTable(nested).size > 10_000_000
    late = [{"a": "x"}] * 2_000 + [{"a": "x" * 1_000_000}] * 2_000
    assert rows.RowTable(late).size > 1_000_000_000
    assert rows.RowTable([{"a": np.zeros(1_000_000)}]).size > 8_000_000
    assert tables.table_of(pd.DataFrame({"a": [["x" * 1_000_000]] * 10})).size > 10_000_000


# --- pictures


def figure(inches: float = 2) -> Any:
    import matplotlib.pyplot as plt

    made, axes = plt.subplots(figsize=(inches, inches))
    axes.plot([1, 2])
    return made


def size_of(png: bytes) -> tuple[int, ...]:
    assert png.startswith(b"\x89PNG")
    return struct.unpack(">II", png[16:24])


@pytest.mark.parametrize("of", [lambda f: f, lambda f: f.axes[0]])
def test_a_figure_is_an_image_and_is_not_shown_again_by_pyplot(of: Callable[[Any], Any]) -> None:
    import matplotlib.pyplot as plt

    made = figure()
    assert plt.get_fignums()
    found = got(of(made), type(of(made)))
    image = found.result.content[0]
    assert isinstance(image, ImageContent)
    assert base64.b64decode(image.data) == found.files["png"]
    width, height = size_of(found.files["png"])
    assert found.text.startswith(f"Figure, {width} × {height} pixels; all of it: result://")
    assert (found.result.structured_content, found.schema) == (None, None)
    assert not plt.get_fignums()


def test_a_large_image_is_made_smaller_and_its_link_gives_it_whole() -> None:
    noise = Image.fromarray(np.random.default_rng(1).integers(0, 255, (1_500, 1_500, 3), dtype=np.uint8))
    found = got(noise)
    text = found.text
    assert size_of(found.files["png"]) == (1_500, 1_500)
    images = [block for block in found.result.content if isinstance(block, ImageContent)]
    assert all(max(size_of(base64.b64decode(image.data))) <= 1_024 for image in images)
    assert "The picture here is smaller than the whole." in text or "too large to be shown" in text
    assert sum(len(image.data) for image in images) < 1_100_000


def noise(width: int, height: int) -> Image.Image:
    return Image.fromarray(np.random.default_rng(1).integers(0, 255, (height, width, 3), dtype=np.uint8))


def photo(width: int, height: int) -> Image.Image:
    return noise(width // 8, height // 8).resize((width, height))


class Saved:
    """An image that draws itself, and is not of Pillow."""

    def __init__(self, image: Image.Image) -> None:
        self.image = image

    def _repr_png_(self) -> bytes:
        out = io.BytesIO()
        self.image.save(out, format="png")
        return out.getvalue()


@pytest.mark.parametrize(
    "value",
    [
        noise(1_500, 1_200),
        noise(100, 9_000),
        photo(2_000, 1_500),
        Saved(noise(1_500, 1_200)),
        noise(1_500, 1_200).convert("CMYK"),
    ],
)
def test_a_picture_becomes_smaller_until_it_fits(value: Any) -> None:
    found = got(value)
    (image,) = (block for block in found.result.content if isinstance(block, ImageContent))
    shown = base64.b64decode(image.data)
    assert len(shown) <= 750_000
    assert Image.open(io.BytesIO(shown)).get_format_mimetype() == image.mime_type
    assert "The picture here is smaller than the whole." in found.text
    assert any(len(whole) > 750_000 for whole in found.files.values())


def test_an_array_of_axes_is_the_picture_of_their_figure() -> None:
    import matplotlib.pyplot as plt

    frame = pd.DataFrame({"a": [1, 2], "b": [2, 1]})
    makers: list[Callable[[], Any]] = [
        frame.hist, lambda: plt.subplots(2)[1], lambda: plt.subplots(1, 2)[1], lambda: frame.plot(subplots=True),
    ]  # fmt: skip
    for make in makers:
        found = got(make())
        assert isinstance(found.result.content[0], ImageContent)
        assert set(found.files) == {"png"}
        assert not plt.get_fignums()
    server = notebook()
    assert got(frame.hist(), np.ndarray, server=server).result.is_error
    raised = server.runtime.recorder.calls[-1].raised  # type: ignore[attr-defined]
    assert str(raised) == "it returned axes, and its annotation promises values. Leave the annotation out."
    plt.close("all")


def test_images_draw_themselves_by_the_methods_that_ipython_uses() -> None:
    assert size_of(got(Image.new("RGB", (3, 2))).files["png"]) == (3, 2)
    assert got(Image.new("CMYK", (3, 2))).files["jpeg"].startswith(b"\xff\xd8")

    class Drawn:
        def _repr_svg_(self) -> str:
            return "<svg/>"

    assert got(Drawn()).files == {"svg": "<svg/>"}


@pytest.mark.parametrize("end", ["", ".", ",", ": "])
def test_a_chart_without_its_program_has_its_page_and_says_how_to_get_a_picture(end: str) -> None:
    def to_image(self: Any, format: str) -> bytes:
        raise ValueError(f"\nImage export needs Kaleido, v1 or greater{end}\nMore about it.")

    methods = {
        "to_image": to_image,
        "to_html": lambda self: "<html>",
        "to_json": lambda self: "{}",
        "_repr_mimebundle_": lambda self, **_: {},
    }
    chart = type("Figure", (), {**methods, "__module__": "plotly.graph_objs"})()
    found = got(chart)
    assert found.files == {"html": "<html>", "json": "{}"}
    assert (
        "There is no picture of it: Image export needs Kaleido, v1 or greater. To have one: pip install kaleido."
        in found.text
    )


# --- the links


def test_the_oldest_results_leave_and_the_error_says_to_call_again(monkeypatch: pytest.MonkeyPatch) -> None:
    store = Kept(most=2, most_bytes=1_000)
    for module in (kept, __import__("mcp_notebook.server.extensions.data.results", fromlist=["KEPT"])):
        monkeypatch.setattr(module, "KEPT", store)
    server = plain()
    server.add_tool(lambda: pd.DataFrame({"n": [1]}), name="f")

    async def calls() -> None:
        async with Client(server) as client:
            uris = []
            for _ in range(3):
                result = await client.call_tool("f", {})
                assert result.structured_content is not None
                uris.append(result.structured_content["whole"]["csv"])
            assert await read(client, uris[2]) == "n\n1\n"
            with pytest.raises(MCPError, match=r"only the last 2 are, up to 0 MB.*Call the tool again for a new link"):
                await read(client, uris[0])

    anyio.run(calls)


def test_a_result_that_is_too_large_to_be_kept_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(KEPT, "most_bytes", 10)
    found = got(pd.DataFrame({"n": range(100)}))
    assert found.files == {}
    assert (found.data["whole"], found.data["row_count"]) == ({}, 100)
    assert "too large to be kept" in found.text


def test_links_cannot_be_guessed_and_other_resources_are_read_as_before() -> None:
    first, second = (got(pd.DataFrame({"n": [1]})).data["whole"]["csv"] for _ in range(2))
    assert first != second
    assert len(first.removeprefix("result://").split("/")[0]) == 22
    server = plain()

    @server.resource("notes://today")
    def today() -> str:
        return "today"

    async def others() -> None:
        async with Client(server) as client:
            assert await read(client, "notes://today") == "today"
            with pytest.raises(MCPError, match="is not kept"):
                await read(client, "result://x/y.csv")
            assert (await client.list_resource_templates()).resource_templates == []

    anyio.run(others)


@pytest.mark.parametrize("mode", ["legacy", "auto"])
def test_links_are_read_in_both_eras(mode: Any) -> None:
    server = notebook()
    server.add_tool(lambda: pd.DataFrame({"n": [1]}), name="f")

    async def both() -> str:
        async with Client(server, mode=mode) as client:
            result = await client.call_tool("f", {})
            assert result.structured_content is not None
            return str(await read(client, result.structured_content["whole"]["csv"]))

    assert anyio.run(both) == "n\n1\n"


def test_a_table_that_parquet_refuses_has_an_error_without_its_text(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Any) -> bytes:
        raise ValueError("secret")

    monkeypatch.setattr(tables.FrameTable, "_parquet", refuse)
    server = plain()
    server.add_tool(lambda: pl.DataFrame({"n": [1]}), name="f")

    async def refused() -> str:
        async with Client(server) as client:
            result = await client.call_tool("f", {})
            assert result.structured_content is not None
            with pytest.raises(MCPError) as caught:
                await read(client, result.structured_content["whole"]["parquet"])
            return caught.value.message

    words = anyio.run(refused)
    assert "cannot be written as application/vnd.apache.parquet (ValueError)" in words
    assert "secret" not in words


# --- dicts with data in them


def row() -> dict[str, Any]:
    return {
        "image": Image.new("RGB", (3, 2)),
        "label": np.int64(3),
        "embedding": np.arange(1_000.0),
        "audio": {"array": np.array([0.5, np.nan]), "rate": 16_000},
        "crops": [Image.new("L", (1, 1)), Image.new("L", (1, 2))],
        "at": datetime.datetime(2024, 1, 1),
        "plot": figure(),
        "axes": np.array([figure().axes[0]]),
        "missing": [float("nan"), None, pd.NA],
        "text": "x",
    }


@pytest.mark.parametrize("hint", [None, dict, dict[str, Any], dict[str, object]])
@SERVERS
def test_a_dict_may_have_pictures_and_arrays_in_it(make: Callable[[], MCPServer[Any]], hint: Any) -> None:
    found = got(row(), hint, server=make())
    bare = got({"a": 1}, hint, server=MCPServer("s", log_level="CRITICAL"))
    assert found.schema == bare.schema
    data = dict(found.data)
    assert data.pop("embedding") == [float(n) for n in range(500)]
    links = [data.pop("image"), *data.pop("crops"), data.pop("plot"), data.pop("axes")]
    assert [uri.rpartition("/")[2] for uri in links] == [
        "f.image.png", "f.crops-0.png", "f.crops-1.png", "f.plot.png", "f.axes.png",
    ]  # fmt: skip
    assert data == {
        "label": 3, "audio": {"array": [0.5, None], "rate": 16_000}, "at": "2024-01-01T00:00:00",
        "missing": [None, None, None], "text": "x",
    }  # fmt: skip
    assert json.loads(found.text) == found.data
    images = [block for block in found.result.content if isinstance(block, ImageContent)]
    assert [size_of(base64.b64decode(image.data)) for image in images][:3] == [(3, 2), (1, 1), (1, 2)]
    assert len(images) == len(links)
    words = [block.text for block in found.result.content if isinstance(block, TextContent)][1]
    assert f"image: Image, 3 × 2 pixels; all of it: {links[0]}\n" in words
    assert "embedding: 1,000 values of float64, the first 500 shown; all of it: result://" in words
    assert "audio.array: 2 values of float64; all of it: result://" in words
    assert words.endswith("NaN and infinite numbers are null here, as JSON does not have them.")


def test_each_picture_and_array_of_a_dict_has_a_link_to_all_of_it() -> None:
    server = plain()
    same = {"a b": np.array([1]), "a-b": np.array([2]), "a/b": {"é": Image.new("RGB", (3, 2))}}
    server.add_tool(lambda: {"long": np.arange(1_000), **same}, name="f")

    async def whole() -> dict[str, Any]:
        async with Client(server) as client:
            result = await client.call_tool("f", {})
            uris = [block.uri for block in result.content if isinstance(block, ResourceLink)]
            return {uri.rpartition("/")[2]: await read(client, uri) for uri in uris}

    files = anyio.run(whole)
    assert files["f.long.csv"].count("\n") == 1_001
    assert np.load(io.BytesIO(files["f.long.npy"])).shape == (1_000,)
    assert (files["f.a-b.csv"], files["f.a-b_2.csv"]) == ("value\n1\n", "value\n2\n")
    assert size_of(files["f.a-b.png"]) == (3, 2)


def test_a_dict_of_many_pictures_and_arrays_is_bounded() -> None:
    pictures = got({"pages": [noise(500, 300) for _ in range(15)]})
    images = [block for block in pictures.result.content if isinstance(block, ImageContent)]
    assert 0 < len(images) <= 10
    assert sum(len(image.data) for image in images) <= 4_000_000
    assert len(pictures.data["pages"]) == 15
    words = [block.text for block in pictures.result.content if isinstance(block, TextContent)][1]
    assert words.count("The picture is not shown, because there are many.") == 15 - len(images)
    arrays = got({"rows": [np.arange(1_000.0)] * 200})
    assert len(arrays.result.model_dump_json()) < 250_000
    assert isinstance(arrays.data["rows"][0], list)
    assert arrays.data["rows"][-1].startswith("result://")
    assert sum(isinstance(block, ResourceLink) for block in arrays.result.content) <= 100
    words = [block.text for block in arrays.result.content if isinstance(block, TextContent)][1]
    assert "1,000 values of float64, no value shown; all of it: result://" in words
    assert words.endswith("... and 150 more pictures and arrays")


class Shown(BaseModel):
    """A model that a notebook draws."""

    x: int = 1

    def _repr_png_(self) -> bytes:
        return b"png"


@dataclass
class Sketch:
    x: int = 1

    def _repr_svg_(self) -> str:
        return "<svg/>"


@pytest.mark.parametrize("hint", [None, dict, dict[str, Any], dict[str, object]])
@pytest.mark.parametrize(
    "value",
    [
        {"a": 1}, {}, {"a": [1, 2.5, None, "x", {"b": []}]}, {"at": datetime.datetime(2024, 1, 1, tzinfo=UTC)},
        {"m": Model(x=1)}, {"p": Point(1)}, {"shown": Shown()}, {"sketch": Sketch()}, {"b": b"text"},
        {"exact": decimal.Decimal("1.50")}, {1: 2}, {"s": {3}}, {"many": list(range(20_000))},
    ],
    ids=str,
)  # fmt: skip
def test_a_dict_without_data_is_sent_as_the_sdk_sends_it(value: Any, hint: Any) -> None:
    expected, found = (got(value, hint, server=s) for s in (MCPServer("s", log_level="CRITICAL"), plain()))
    assert found == expected


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({"i": Image.new("L", (1, 1)), "x": {"t": pd.DataFrame({"n": [1]})}},
         "it returned a dict with a pandas.DataFrame at x.t, which JSON does not have."),
        ({"i": np.array([1]), "x": len},
         "it returned a dict with a builtins.builtin_function_or_method at x, which JSON does not have."),
    ],
)  # fmt: skip
def test_what_json_does_not_have_is_refused_beside_pictures_too(value: Any, said: str) -> None:
    server = notebook()
    assert got(value, server=server).result.is_error
    assert str(server.runtime.recorder.calls[-1].raised) == said  # type: ignore[attr-defined]


def test_a_dict_that_is_in_itself_is_refused() -> None:
    value: dict[str, Any] = {"a": np.array([1])}
    value["self"] = value
    assert got(value, server=notebook()).result.is_error


def test_without_structured_content_a_dict_is_text_pictures_and_links() -> None:
    found = got(row(), server=plain(), structured_output=False)
    assert found.result.structured_content is None
    assert any(isinstance(block, ImageContent) for block in found.result.content)


# --- options and what is missing


def test_without_structured_content_there_is_the_text_alone() -> None:
    for server in (plain(), notebook()):
        found = got(pd.DataFrame({"n": [1]}), pd.DataFrame, server=server, structured_output=False)
        assert (found.schema, found.result.structured_content) == (None, None)
        assert found.text.startswith("| n |")


def test_without_narwhals_the_annotation_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def f() -> pd.DataFrame:
        return pd.DataFrame({"n": [1]})

    f.__annotations__ = {"return": pd.DataFrame}
    monkeypatch.setattr(tables, "find_spec", lambda name: None)
    with pytest.raises(DefinitionError, match=r"f: Tables need narwhals.* %pip install narwhals\."):
        build_tool(f)


def test_without_narwhals_and_without_an_annotation_a_table_is_its_text_as_before(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tables, "find_spec", lambda name: None)
    frame = pd.DataFrame({"n": [1]})
    found = got(frame, server=notebook())
    assert json.loads(found.text) == str(frame)


def test_a_tool_may_return_a_table_or_nothing() -> None:
    found = got(None, pd.DataFrame | None)
    assert (found.result.content, found.schema, found.result.is_error) == ([], None, False)
    assert got(pd.DataFrame({"n": [1]}), pd.DataFrame | None).data["row_count"] == 1


def test_async_tools_and_annotations_that_are_texts_work() -> None:
    async def f() -> pl.DataFrame:
        return pl.DataFrame({"n": [1]})

    assert got(f).data["rows"] == [{"n": 1}]
    assert got(f).schema is not None


def test_rows_are_refused_where_something_else_is_yielded() -> None:
    server = notebook()
    assert got([1], Iterator[dict[str, int]], server=server).result.is_error
    raised = server.runtime.recorder.calls[-1].raised  # type: ignore[attr-defined]
    assert str(raised) == "it yielded a int. Yield rows: dicts, models or data classes."
    assert rows.MOST == 1_000_000
