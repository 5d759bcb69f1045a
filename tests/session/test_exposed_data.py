"""Tables and arrays that `%mcp expose` serves, their queries, and `%mcp variables`."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import Any

import anyio
import pandas as pd
import polars as pl
import pytest
from IPython.core.error import UsageError
from jsonschema import Draft202012Validator
from mcp import Client
from mcp_types import CallToolResult, Tool

from tests.support.shells import Shell, running_shell

SETUP = """
import datetime, decimal
import duckdb, numpy as np, pandas as pd, polars as pl
df = pd.DataFrame({
    "n": range(100),
    "x": [None if i % 10 == 0 else i / 7 for i in range(100)],
    "s": [f"name{i % 5}" if i % 7 else None for i in range(100)],
    "zoned": pd.date_range("2024-03-30", periods=100, freq="h", tz="Europe/Zurich"),
    "naive": pd.date_range("2024-03-30", periods=100, freq="h"),
    "c": pd.Categorical(["a", "b"] * 50),
    "b": [True, False] * 50,
    "o": [[i] for i in range(100)],
})
"""


@pytest.fixture
def shell() -> Iterator[Shell]:
    with running_shell() as shell:
        shell.good(SETUP)
        yield shell


def listed(shell: Shell) -> tuple[list[str], dict[str, Tool]]:
    async def ask() -> Any:
        async with Client(shell.session.live().server) as client:
            resources = (await client.list_resources()).resources
            return [str(one.uri) for one in resources], {tool.name: tool for tool in (await client.list_tools()).tools}

    found: tuple[list[str], dict[str, Tool]] = anyio.run(ask)
    return found


def read(shell: Shell, uri: str) -> Any:
    async def ask() -> Any:
        async with Client(shell.session.live().server) as client:
            return (await client.read_resource(uri)).contents[0]

    return anyio.run(ask)


def queried(shell: Shell, **arguments: Any) -> CallToolResult:
    async def ask() -> Any:
        async with Client(shell.session.live().server) as client:
            return await client.call_tool("query_df", arguments)

    found: CallToolResult = anyio.run(ask)
    return found


def test_a_table_is_its_first_rows_and_files_with_all(shell: Shell) -> None:
    shell.good("small = df[['n', 's']]", "%mcp expose small")
    preview = read(shell, "notebook://small")
    assert preview.mime_type == "text/markdown"
    assert preview.text.startswith("| n | s |\n| --- | --- |\n| 0 |  |\n")
    assert "100 rows × 2 columns, the first 20 shown; all of it: notebook://small.csv" in preview.text
    assert len(pd.read_csv(io.StringIO(read(shell, "notebook://small.csv").text))) == 100
    assert listed(shell)[0] == ["notebook://small", "notebook://small.csv", "notebook://small.parquet"]
    shell.good("small = small.head(1)")
    assert "1 row × 2 columns" in read(shell, "notebook://small").text
    assert read(shell, "notebook://small.csv").text == "n,s\n0,\n"
    shell.good("%mcp remove notebook://small")
    assert listed(shell)[0] == []


def test_one_form_is_served_alone_if_it_is_asked_for(shell: Shell) -> None:
    shell.good("small = df[['n']].head(1)", "%mcp expose small --mime text/csv --uri data:small")
    assert (read(shell, "data:small").text, listed(shell)[0]) == ("n\n0\n", ["data:small"])
    shell.good("%mcp expose small --mime text/html --uri data:page")
    assert read(shell, "data:page").text.startswith("<div>")


def test_an_array_is_served_too(shell: Shell) -> None:
    shell.good("a = np.arange(1000)", "%mcp expose a")
    assert "1,000 values of int64, the first 500 shown; all of it: notebook://a.csv" in read(shell, "notebook://a").text
    assert read(shell, "notebook://a.csv").text.count("\n") == 1_001


LIBRARIES = {"pandas": "df", "polars": "pl.from_pandas(df)", "pyarrow": "pl.from_pandas(df).to_arrow()"}


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize(
    ("where", "count"),
    [
        ([], 100),
        ([("n", ">=", 90), ("c", "=", "a")], 5),
        ([("n", "in", [1, 2, 1000])], 2),
        ([("x", ">", 5)], 58),
        ([("x", "!=", 1)], 89),
        ([("x", "is missing", None)], 10),
        ([("x", "is not missing", None)], 90),
        ([("s", "contains", "4")], 17),
        ([("s", "contains", ".")], 0),
        ([("s", "not in", ["name1"])], 68),
        ([("s", "starts with", "name")], 85),
        ([("c", "starts with", "b")], 50),
        ([("zoned", ">=", "2024-04-02T00:00:00")], 29),
        ([("zoned", ">=", "2024-04-02T00:00:00Z")], 27),
        ([("naive", "<", "2024-03-30T02:00:00")], 2),
        ([("b", "=", True)], 50),
        ([("o", "is missing", None)], 0),
    ],
)
def test_a_query_finds_the_same_rows_in_every_library(
    shell: Shell, library: str, where: list[tuple[str, str, Any]], count: int
) -> None:
    shell.good(f"df = {LIBRARIES[library]}", "%mcp expose df --query")
    found = queried(shell, where=[{"column": c, "op": op, "value": value} for c, op, value in where])
    assert found.structured_content is not None
    assert found.structured_content["row_count"] == count
    schema = listed(shell)[1]["query_df"].output_schema
    assert schema is not None
    Draft202012Validator(schema).validate(found.structured_content)


def test_a_query_chooses_sorts_and_cuts(shell: Shell) -> None:
    shell.good("%mcp expose df --query")
    found = queried(shell, columns=["x", "n"], sort=[{"column": "x", "descending": True}], limit=2)
    assert found.structured_content is not None
    assert [list(row) for row in found.structured_content["rows"]] == [["x", "n"]] * 2
    assert [row["n"] for row in found.structured_content["rows"]] == [99, 98]
    last = queried(shell, columns=["x"], sort=[{"column": "x"}], limit=100)
    assert last.structured_content is not None
    whole = read(shell, last.structured_content["whole"]["csv"]).text.split("\n")
    assert whole[-2] in ("", '""')  # what is missing is last
    assert queried(shell, limit=0).structured_content is not None


@pytest.mark.parametrize(
    ("where", "said"),
    [
        (("zzz", "=", 1), "Input tag 'zzz' found using 'column' does not match"),
        (("n", "contains", "x"), "Input should be '=', '!='"),
        (("n", "=", "x"), "validation error"),
        (("n", "in", 3), "'in' on n needs a list of values."),
        (("n", "=", None), "'=' on n needs one value."),
        (("naive", "=", "2024-01-01T00:00:00Z"), "The times of naive have no zone. Leave the offset out."),
        (("zoned", "=", "yesterday"), "zoned is compared with a date and time in ISO 8601, and 'yesterday' is none."),
        (("o", "=", 1), "Input should be 'is missing'"),
    ],
)
def test_a_condition_that_makes_no_sense_says_why(shell: Shell, where: tuple[str, str, Any], said: str) -> None:
    shell.good("%mcp expose df --query")
    column, op, value = where
    found = queried(shell, where=[{"column": column, "op": op, "value": value}])
    assert found.is_error
    assert said in str(found.content)


def test_other_types_are_compared_with_texts_of_iso_8601(shell: Shell) -> None:
    shell.good(
        "df = pl.DataFrame({'day': [datetime.date(2024, 1, 2)], 'time': [datetime.time(3)], "
        "'lasted': [datetime.timedelta(hours=1)], 'exact': [decimal.Decimal('1.50')], "
        "'level': pl.Series(['low'], dtype=pl.Enum(['low', 'high']))})",
        "%mcp expose df --query",
    )
    for column, value in [
        ("day", "2024-01-02"),
        ("time", "03:00:00"),
        ("lasted", "PT1H"),
        ("exact", 1.5),
        ("level", "low"),
    ]:
        found = queried(shell, where=[{"column": column, "op": "=", "value": value}])
        assert found.structured_content is not None, found
        assert found.structured_content["row_count"] == 1, column


def test_the_columns_of_a_query_follow_the_variable(shell: Shell) -> None:
    shell.good("%mcp expose df --query")
    before = json.dumps(listed(shell)[1]["query_df"].input_schema)
    shell.good("df = df.assign(new=1)")
    after = json.dumps(listed(shell)[1]["query_df"].input_schema)
    assert '"new"' not in before
    assert '"new"' in after
    shell.good("df = df.drop(columns='new')", "x = 1")
    assert json.dumps(listed(shell)[1]["query_df"].input_schema) == before
    shell.good("del df")
    assert "no longer has a variable" in str(queried(shell).content)


@pytest.mark.parametrize("value", ["1", "np.arange(3)", "'text'"])
def test_only_tables_can_be_queried(shell: Shell, value: str) -> None:
    shell.good(f"v = {value}")
    with pytest.raises(UsageError, match="only tables can be queried"):
        shell.good("%mcp expose v --query")
    assert listed(shell) == ([], {})


def test_a_query_never_runs_code(shell: Shell) -> None:
    shell.good("%mcp expose df --query", "ran = []")
    for value in ("@ran.append(1)", "__import__('os')", "`n` > 0"):
        found = queried(shell, where=[{"column": "s", "op": "=", "value": value}])
        assert found.structured_content is not None
        assert found.structured_content["row_count"] == 0
    assert shell.session.namespace["ran"] == []


# --- variables


def offered(shell: Shell) -> list[dict[str, Any]]:
    async def ask() -> Any:
        async with Client(shell.session.live().server) as client:
            return (await client.call_tool("notebook_variables", {})).structured_content

    return list(anyio.run(ask)["result"])


def test_agents_see_the_shapes_of_the_chosen_variables_as_they_are_now(shell: Shell) -> None:
    shell.good("secret = 'abc'", "array = np.zeros((2, 3))", "lazy = pl.LazyFrame({'a': [1]})", "model = object()")
    shell.good("relation = duckdb.sql('select 1 as a')", "%mcp variables df array lazy relation model secret")
    df, array, lazy, relation, model, secret = offered(shell)
    assert (df["type"], df["shape"], df["columns"]["zoned"][:10]) == ("pandas.DataFrame", [100, 8], "datetime64")
    assert array == {"name": "array", "type": "numpy.ndarray", "shape": [2, 3], "dtype": "float64"}
    assert (lazy["shape"], lazy["columns"]) == ([None, 1], {"a": "Int64"})
    assert (relation["shape"], relation["columns"]) == ([None, 1], {"a": "INTEGER"})
    assert model == {"name": "model", "type": "object"}
    assert secret == {"name": "secret", "type": "str", "shape": [3]}
    shell.good("df = df.head(3)", "del model")
    assert [(one["name"], one.get("shape")) for one in offered(shell)][:2] == [("df", [3, 8]), ("array", [2, 3])]
    assert "model" not in {one["name"] for one in offered(shell)}


def test_variables_are_offered_until_that_is_stopped(shell: Shell) -> None:
    assert "none are offered" in str(shell.good("%mcp variables"))
    assert listed(shell)[1] == {}
    shell.good("a = 1", "b = 2", "%mcp variables a", "%mcp variables b")
    assert [one["name"] for one in offered(shell)] == ["a", "b"]
    assert str(shell.good("%mcp variables --stop a")).splitlines()[2:] == ["  b     int"]
    shell.good("%mcp variables --stop")
    assert listed(shell)[1] == {}
    with pytest.raises(UsageError, match="There is no variable 'zzz'"):
        shell.good("%mcp variables zzz")


def test_a_tool_of_the_same_name_stays(shell: Shell) -> None:
    shell.good("%%mcp_tool\ndef notebook_variables() -> str:\n    return 'mine'")
    with pytest.raises(UsageError, match="has a tool notebook_variables of its own"):
        shell.good("%mcp variables df")


def test_the_notebook_shows_a_table_and_no_random_part_of_a_link(shell: Shell) -> None:
    shell.good("%%mcp_tool\ndef f() -> pl.DataFrame:\n    return pl.DataFrame({'n': [1, 2]})")
    shown = shell.good("%mcp call f")
    text = str(shell.session.shell.display_formatter.format(shown)[0])
    assert "2 rows × 1 column; all of it: result://.../f.csv or result://.../f.parquet" in text
    assert pl.DataFrame(shown.structured_content["rows"]).height == 2
