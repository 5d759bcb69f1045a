"""`%mcp expose` of collections of Dask: the first rows and the types, and never the whole computation."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from mcp_types import TextResourceContents

from mcp_notebook.server.extensions.data import is_lazy
from tests.support.shells import Shell, running_shell

pytest.importorskip("dask.dataframe")
pytest.importorskip("dask.array")

SETTING = """
import dask, pandas as pd, numpy as np
import dask.array as da, dask.bag as db, dask.dataframe as dd
read = []

def load(number):
    read.append(number)
    return pd.DataFrame({"number": range(number * 10, number * 10 + 10), "page": f"p{number}"})

def block(block_info=None):
    read.append(block_info[None]["chunk-location"])
    return np.ones((100, 100))

frame = dd.from_map(load, range(40), meta={"number": "int64", "page": "object"})
array = da.map_blocks(block, chunks=((100,) * 10, (100,) * 10), dtype="float64", meta=np.ones((0, 0)))
bag = db.from_sequence(range(40), npartitions=40).map(lambda n: {"n": n, "read": read.append(n)})
read.clear()
"""


@pytest.fixture(scope="module")
def shell() -> Iterator[Shell]:
    with running_shell() as shell:
        shell.good(SETTING)
        yield shell


def exposed(shell: Shell, code: str) -> str:
    """The text that a client reads of what the code makes; afterwards, ``read`` has what was read for it."""
    shell.good(f"made = {code}", "read.clear()", "%mcp expose made --uri data://made")
    (content,) = shell.session.on().read("data://made").result.contents
    assert isinstance(content, TextResourceContents)
    return content.text


@pytest.mark.parametrize(
    "code", ["frame", "frame[frame.number > 3]", "frame.assign(twice=frame.number * 2)", "frame.number", "frame.index"]
)
def test_the_first_rows_need_the_first_partition_only(shell: Shell, code: str) -> None:
    text = exposed(shell, code)
    assert "in 40 partitions" in text
    assert text.startswith("| ")
    assert "Types: " in text
    assert set(shell.good("read")) <= {0}


@pytest.mark.parametrize(
    "code",
    [
        "frame.sort_values('number')",
        "frame.groupby('page').number.sum()",
        "frame.set_index('number')",
        "frame[frame.number > frame.number.mean()]",
        "frame.merge(frame, on='number')",
        "frame.number.sum()",
        "array.sum()",
        "array[array > 0.5]",
        "array.mean(axis=0)",
        "bag.groupby(str)",
        "bag.count()",
        "dask.delayed(load)(3)",
    ],
)
def test_what_needs_more_is_described_without_reading_anything(shell: Shell, code: str) -> None:
    text = exposed(shell, code)
    assert ".compute()" in text
    assert shell.good("len(read)") == 0


def test_the_schema_is_there_without_rows(shell: Shell) -> None:
    text = exposed(shell, "frame.sort_values('number')")
    assert "| number | int64 |" in text
    assert "A table of Dask, 2 columns." in text


def test_the_first_values_of_an_array_and_of_a_bag(shell: Shell) -> None:
    text = exposed(shell, "array + 1")
    assert text.startswith("[[2.0, 2.0")
    assert "An array of Dask, 1000 × 1000 of float64, in 100 chunks, the first values shown." in text
    assert shell.good("len(read)") <= 2
    text = exposed(shell, "bag")
    assert text.startswith("| n | read |\n| --- | --- |\n| 0 |")
    assert shell.good("set(read)") == {0}


def test_no_file_of_the_whole_is_offered(shell: Shell) -> None:
    exposed(shell, "frame")
    listed = [str(resource.uri) for resource in shell.session.portal.run(shell.session.live().server.list_resources)]
    assert listed == ["data://made"]


def test_a_tool_that_returns_one_is_told_to_compute_it(shell: Shell) -> None:
    shell.good("%%mcp_tool\ndef all_of_it():\n    return frame", "%mcp call all_of_it -o found")
    (call,) = [call for call in shell.session.registry.recorder.calls if call.name == "all_of_it"]
    assert ".compute()" in str(call.raised)


def test_other_values_are_not_lazy() -> None:
    import pandas as pd

    assert not any(map(is_lazy, [1, "x", None, [1], pd.DataFrame({"a": [1]})]))
