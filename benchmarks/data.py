"""What a result of 1,000,000 rows adds to a call: next to the same tool with a text, and to a tool that sends all rows.

The function returns a table that is there already, so that all the time is the result's: the snapshot, the first rows,
their schema, and the link.
"""

from __future__ import annotations

from statistics import median

from benchmarks.table import Row
from tests.support.kernels import running_kernel

SERVER = """
import time
import numpy as np, pandas as pd, polars as pl
from mcp import Client
from mcp_notebook import NotebookServer

ROWS = 1_000_000
numbers = np.random.default_rng(1)
pandas = pd.DataFrame({
    "id": np.arange(ROWS),
    "price": numbers.random(ROWS),
    "name": np.array(["ann", "bob", "cy"])[numbers.integers(0, 3, ROWS)],
    "at": pd.date_range("2024", periods=ROWS, freq="s", tz="Europe/Zurich"),
    "kind": pd.Categorical(np.array(["a", "b"])[numbers.integers(0, 2, ROWS)]),
})
polars = pl.from_pandas(pandas)
server = NotebookServer("data")

@server.tool()
def of_pandas() -> pd.DataFrame:
    return pandas

@server.tool()
def of_polars() -> pl.DataFrame:
    return polars

@server.tool()
def text() -> str:
    return "done"

async def took(client, name):
    start = time.perf_counter()
    result = await client.call_tool(name, {})
    assert not result.is_error
    return (time.perf_counter() - start) * 1000

async def measured(times):
    async with Client(server) as client:
        first = [await took(client, name) for name in ("text", "of_pandas", "of_polars")]
        turns = [[await took(client, name) for name in ("text", "of_pandas", "of_polars")] for _ in range(times)]
        result = await client.call_tool("of_pandas", {})
        return first, turns, len(result.model_dump_json())
"""


def rows(*, quick: bool = False) -> list[Row]:
    times = 20 if quick else 100
    with running_kernel() as kernel:
        kernel.good("%load_ext mcp_notebook")
        kernel.good(SERVER)
        kernel.good(f"found = await measured({times})")
        first, turns, size = kernel.value("found")
    return [
        Row(
            what=f"a result of 1,000,000 rows of {library}, {size / 1000:.0f} kB of it sent",
            ours=f"{median(turn[i] for turn in turns):.1f} ms",
            peer=f"a text: {median(turn[0] for turn in turns):.1f} ms",
            target=f"adds under 200 ms (measured {median(turn[i] - turn[0] for turn in turns):.1f} ms, and "
            f"{first[i] - first[0]:.0f} ms in the first call)",
            holds=median(turn[i] - turn[0] for turn in turns) < 200,
            runs=f"{times} calls each, in turns",
        )
        for i, library in ((1, "pandas"), (2, "polars"))
    ]
