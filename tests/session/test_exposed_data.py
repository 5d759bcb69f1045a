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
from mcp.shared.exceptions import MCPError
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
        (("zoned", "=", "yesterday"), "such as 2024-07-01T12:30:00, and 'yesterday' is none."),
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


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize(
    ("where", "count"),
    [
        (("n", "in", [1.5, 2]), 1),
        (("n", "in", [1.5]), 0),
        (("n", "not in", [1.5]), 100),
        (("n", "=", 2.0), 1),
        (("n", ">", 97.5), 2),
        (("n", "in", []), 0),
        (("s", "not in", []), 85),
        (("x", "<", 10**30), 90),
    ],
)
def test_a_number_that_the_column_cannot_have_is_in_no_row(
    shell: Shell, library: str, where: tuple[str, str, Any], count: int
) -> None:
    shell.good(f"df = {LIBRARIES[library]}", "%mcp expose df --query")
    column, op, value = where
    found = queried(shell, where=[{"column": column, "op": op, "value": value}], limit=10**30)
    assert found.structured_content is not None, found
    assert found.structured_content["row_count"] == count


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("n", 2**63, "n has whole numbers from -9223372036854775808 to 9223372036854775807, and 9223372036854775808"),
        ("n", -1e300, "n has whole numbers from"),
        ("zoned", "1704067200", "zoned is compared with a date and time in ISO 8601, such as 2024-07-01T12:30:00"),
        ("naive", "0", "naive is compared with a date and time"),
        ("naive", "1e3", "naive is compared with a date and time"),
    ],
)
def test_a_value_that_no_column_has_is_refused_in_words(
    shell: Shell, library: str, column: str, value: Any, said: str
) -> None:
    shell.good(f"df = {LIBRARIES[library]}", "%mcp expose df --query")
    found = queried(shell, where=[{"column": column, "op": "=", "value": value}])
    assert found.is_error
    assert said in str(found.content)


def test_what_the_library_refuses_is_said_without_its_words(shell: Shell) -> None:
    shell.good(
        "df = pl.DataFrame({'exact': [decimal.Decimal('1.50')], 'small': pl.Series([200], dtype=pl.UInt8), "
        "'o': pl.Series([object()])})",
        "%mcp expose df --query",
    )
    refused = queried(shell, where=[{"column": "exact", "op": ">", "value": 1e300}])
    assert "'>' on exact cannot be answered for this value (" in str(refused.content)
    assert "from 0 to 255" in str(queried(shell, where=[{"column": "small", "op": "=", "value": 256}]).content)
    assert "The table cannot be sorted by o (" in str(queried(shell, sort=[{"column": "o"}]).content)


def test_a_query_of_no_columns_is_refused(shell: Shell) -> None:
    shell.good("%mcp expose df --query")
    assert "at least 1 item" in str(queried(shell, columns=[]).content)


def test_a_variable_that_is_no_table_any_more_is_said(shell: Shell) -> None:
    shell.good("%mcp expose df --query", "df = 5")
    assert "df is not a table any more. Its type is now int." in str(queried(shell).content)


@pytest.mark.parametrize("empty", ["pd.DataFrame()", "pl.DataFrame()", "pd.DataFrame(index=range(3))"])
def test_a_table_without_columns_can_be_queried_for_its_rows(shell: Shell, empty: str) -> None:
    shell.good("%mcp expose df --query", f"df = {empty}")
    assert list(listed(shell)[1]["query_df"].input_schema["properties"]) == ["limit"]
    assert queried(shell, limit=1).structured_content is not None
    shell.good("del df", f"df = {empty}", "%mcp remove query_df", "%mcp expose df --query")
    assert list(listed(shell)[1]["query_df"].input_schema["properties"]) == ["limit"]


BROKEN = "pl.LazyFrame({'a': [1]}).select('zz')"


def test_a_query_of_polars_that_cannot_be_run_is_said_in_one_line(shell: Shell) -> None:
    shell.good(f"broken = {BROKEN}")
    for options in ("", " --query", " --mime text/csv"):
        with pytest.raises(UsageError, match=r"broken cannot be read \(ColumnNotFoundError") as caught:
            shell.good(f"%mcp expose broken{options}")
        assert "\n" not in str(caught.value)
    assert listed(shell) == ([], {})
    shell.good("%mcp expose df --query", "df = broken")
    assert "The table df cannot be read (ColumnNotFoundError)." in str(queried(shell).content)

    async def refused() -> str:
        async with Client(shell.session.live().server) as client:
            with pytest.raises(MCPError) as caught:
                await client.read_resource("notebook://df")
            return caught.value.message

    assert anyio.run(refused) == "df cannot be read (ColumnNotFoundError)."


@pytest.mark.parametrize(
    "made",
    [
        "pl.LazyFrame({'x' * 10_000: [1]})",
        "pl.DataFrame({'x' * 10_000: [1]})",
        "pd.DataFrame({'x' * 10_000: [1]})",
        "pl.LazyFrame({'e': []}, schema={'e': pl.Enum([f'v{i}' for i in range(10_000)])})",
        "np.zeros((2, 2), dtype=[(f'f{i}', 'i4') for i in range(5_000)])",
    ],
)
def test_long_names_and_types_of_columns_are_cut(shell: Shell, made: str) -> None:
    shell.good(f"v = {made}", "%mcp variables v")
    (one,) = offered(shell)
    assert len(json.dumps(one, ensure_ascii=False)) < 1_000
    assert "…" in json.dumps(one, ensure_ascii=False)


def test_a_variable_that_cannot_be_read_does_not_hide_the_others(shell: Shell) -> None:
    shell.good("a = 1", f"broken = {BROKEN}")
    assert "It cannot be read (ColumnNotFoundError)." in str(shell.good("%mcp variables broken a"))
    assert offered(shell) == [
        {"name": "broken", "type": "polars.LazyFrame", "error": "It cannot be read (ColumnNotFoundError)."},
        {"name": "a", "type": "int"},
    ]


def test_a_query_of_polars_is_run_once_for_each_result(shell: Shell) -> None:
    shell.good(
        "runs = []",
        "def seen(frame):\n    runs.append(len(frame))\n    return frame",
        "def lazy():\n    return pl.LazyFrame({'n': [1, 2]}).map_batches(seen, schema={'n': pl.Int64})",
        "df = lazy()",
    )
    runs = shell.session.namespace["runs"]

    def new_runs() -> int:
        count = sum(1 for rows in runs if rows)
        runs.clear()
        return count

    shell.good("%mcp expose df --query")
    assert new_runs() == 1
    for uri in ("notebook://df", "notebook://df.csv", "notebook://df.parquet"):
        read(shell, uri)
        assert new_runs() == 1, uri
    queried(shell)
    assert new_runs() == 1
    shell.good("df = lazy()", "%mcp variables df")
    assert new_runs() == 0


@pytest.mark.parametrize(
    ("made", "change", "column"),
    [
        ("df", "df['new'] = 1", "new"),
        ("df[['n']].copy()", "df['n'] = df['n'].astype(str)", "TextCondition"),
        ("df.copy()", "df.index.name = 'new'", "new"),
        ("pl.DataFrame({'n': [1]})", "df.insert_column(0, pl.Series('new', [1]))", "new"),
        ("pd.Series([1], name='n')", "df.name = 'new'", "new"),
    ],
)
def test_a_query_follows_a_table_that_changes_in_place(shell: Shell, made: str, change: str, column: str) -> None:
    shell.good(f"df = {made}", "%mcp expose df --query")
    assert column not in json.dumps(listed(shell)[1]["query_df"].input_schema)
    shell.good(change)
    assert column in json.dumps(listed(shell)[1]["query_df"].input_schema)


def test_the_query_goes_with_the_table(shell: Shell) -> None:
    shell.good("%mcp expose df --query", "%mcp remove notebook://df")
    assert listed(shell) == ([], {})
    shell.good("%mcp expose df --query", "%mcp expose df")
    assert listed(shell)[1] == {}
    shell.good("%mcp expose df --query", "%mcp expose df --query --uri data:df", "%mcp remove data:df")
    assert "query_df" in listed(shell)[1]
    shell.good("%mcp expose df --mime text/html")
    assert listed(shell) == (["notebook://df"], {})
    shell.good("other = df", "%mcp expose df --query", "%mcp expose other --query --uri notebook://df")
    assert set(listed(shell)[1]) == {"query_other"}


def test_a_tool_of_the_name_of_a_query_stays(shell: Shell) -> None:
    shell.good("%%mcp_tool\ndef query_df() -> str:\n    return 'mine'")
    with pytest.raises(UsageError, match=r"has a tool query_df of its own\. Give that another name first\."):
        shell.good("%mcp expose df --query")
    assert listed(shell)[0] == []
    shell.good("%mcp remove query_df", "%mcp expose df --query")
    shell.good("%%mcp_tool\ndef query_df() -> str:\n    return 'mine'", "df = df.assign(new=1)")
    assert "mine" in str(queried(shell).content)
    shell.good("%mcp remove notebook://df")
    assert "mine" in str(queried(shell).content)


def test_long_names_of_columns_are_in_no_schema(shell: Shell) -> None:
    shell.good("df = pd.DataFrame([[1] * 101], columns=[f'{\"x\" * 5_000}{i}' for i in range(100)] + ['n'])")
    shell.good("%mcp expose df --query")
    tool = listed(shell)[1]["query_df"]
    assert len(tool.model_dump_json()) < 10_000
    assert "Only 1 of its columns can be named." in str(tool.description)


def test_what_is_exposed_is_escaped_in_the_output(shell: Shell) -> None:
    shown = shell.good("%mcp expose df --uri 'data:<b>x</b>'")
    assert "<b>" not in shown._repr_html_()


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
    with pytest.raises(UsageError, match=r"'a' is not offered\. Offered: b"):
        shell.good("%mcp variables --stop a")
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
