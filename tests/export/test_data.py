"""Packages whose tools return data."""

from __future__ import annotations

from pathlib import Path

import pytest

from mcp_notebook.export.module.writing import write
from mcp_notebook.export.report import Exported
from mcp_notebook.session.choosing import subject_of
from tests.support.shells import Shell

FRAME = """
import pandas as pd
df = pd.DataFrame({
    "n": range(100), "at": pd.date_range("2024", periods=100, freq="h", tz="Europe/Zurich"), "x": [None, 0.5] * 50
})
"""
TABLE = '%%mcp_tool\ndef orders(n: int) -> pd.DataFrame:\n    "List orders."\n    return df.head(n)'
OTHERS = """%%mcp_tool
def rows():
    "Count."
    for number in range(30):
        yield {"n": number}

def picture():
    "Draw."
    import matplotlib
    matplotlib.use("agg")
    import matplotlib.pyplot as plt
    figure, axes = plt.subplots(figsize=(2, 1))
    axes.plot(df["n"])
    return figure

def row():
    "Look."
    import numpy as np
    from PIL import Image
    return {"image": Image.new("RGB", (3, 2)), "values": np.arange(1000), "label": "cat"}

def text():
    "Say."
    return "x"
"""

ROW = """%%mcp_tool
from typing import Any
def row(picture: bool) -> dict[str, Any]:
    "Look."
    import numpy as np
    return {"values": np.arange(3)} if picture else {"values": [0, 1, 2]}
"""


def source(shell: Shell) -> str:
    return write(subject_of(shell.session)).files["server.py"]


def test_a_package_without_data_does_not_know_of_it(shell: Shell) -> None:
    shell.good("%%mcp_tool\ndef text():\n    return 'x'", "%mcp call text")
    module = write(subject_of(shell.session))
    assert "data" not in module.files["server.py"]
    assert (module.extensions, module.pip) == ({}, ())


@pytest.mark.parametrize(
    ("server", "tool", "made"),
    [
        ("", TABLE, 'mcp = MCPServer("notebook")\nserve_data(mcp)\n'),
        (
            "from mcp_notebook import NotebookServer\nshop = NotebookServer('shop')",
            '@shop.tool()\ndef orders() -> pd.DataFrame:\n    "List orders."\n    return df',
            'shop = MCPServer("shop")\n\nserve_data(shop)\n',
        ),
        (
            "from mcp.server.mcpserver import MCPServer\nshop = MCPServer('shop')",
            '@shop.tool()\ndef orders() -> pd.DataFrame:\n    "List orders."\n    return df',
            'shop = MCPServer("shop")\n\nserve_data(shop)\n',
        ),
    ],
)
def test_a_package_serves_data_from_where_its_server_is_made(shell: Shell, server: str, tool: str, made: str) -> None:
    shell.good(FRAME, server, tool)
    if "shop" in server:
        shell.good("%mcp use shop")
    module = write(subject_of(shell.session))
    assert made in module.files["server.py"]
    assert "from .extensions.data import serve_data\n" in module.files["server.py"]
    assert "extensions/data/serving.py" in module.extensions
    assert module.pip == ("narwhals", "pyarrow")
    assert [str(found) for found in module.findings if found.weight == "stops"] == []


def test_a_tool_without_an_annotation_is_known_by_its_calls(shell: Shell) -> None:
    shell.good(OTHERS)
    assert "serve_data" not in source(shell)
    shell.good("%mcp call rows")
    assert "serve_data(mcp)" in source(shell)


def test_a_tool_that_returns_dicts_needs_it_only_after_a_dict_with_data(shell: Shell) -> None:
    shell.good(ROW, "%mcp call row picture=false")
    assert "serve_data" not in source(shell)
    shell.good("%mcp call row picture=true")
    assert "serve_data(mcp)" in source(shell)


def test_what_the_notebook_shows_of_its_variables_is_not_in_a_package(shell: Shell) -> None:
    shell.good(FRAME, TABLE, "%mcp variables df")
    module = write(subject_of(shell.session))
    assert "notebook_variables" not in "".join(module.files.values())
    assert [str(found) for found in module.findings if found.weight == "stops"] == []


def test_exposed_tables_and_their_queries_are_in_a_package(shell: Shell) -> None:
    shell.good(FRAME, "%mcp expose df --query")
    text = source(shell)
    assert 'mcp.add_tool(\n    query_of(lambda: df, "df"),' in text
    assert 'return as_text(df, "notebook://df")' in text
    assert 'def read_df_csv() -> str | bytes:\n    return as_file(df, "csv")' in text
    assert 'def read_df_parquet() -> str | bytes:\n    return as_file(df, "parquet")' in text


@pytest.mark.slow
def test_a_package_that_returns_data_is_proven(shell: Shell, tmp_path: Path) -> None:
    shell.good(FRAME, TABLE, OTHERS, "%mcp expose df --query")
    shell.good("%mcp call orders n=30", "%mcp call orders n=0", "%mcp call rows", "%mcp call picture", "%mcp call text")
    shell.good("%mcp call row")
    shell.good('%mcp call query_df where=[{"column":"n","op":">","value":50}] limit=30', "%mcp read notebook://df")
    exported = shell.good("%mcp export shop")
    assert isinstance(exported, Exported)
    assert "proven: the package behaves as the notebook" in str(exported), str(exported)
    tests = (tmp_path / "shop" / "tests" / "test_calls.py").read_text()
    assert "result://1/orders.csv" in tests
    project = (tmp_path / "shop" / "pyproject.toml").read_text()
    assert '"narwhals>=' in project


@pytest.mark.slow
def test_a_package_whose_link_gives_something_else_is_not_proven(shell: Shell) -> None:
    # The first rows, which the call returns, are the same: only the whole differs.
    shell.good(
        "import os\nimport pandas as pd\nPLACE = os.getpid()",
        "%%mcp_tool\ndef f() -> pd.DataFrame:\n    return pd.DataFrame({'n': [0] * 30 + [os.getpid()]})",
        "%mcp call f",
    )
    exported = shell.good("%mcp export shop")
    assert "/whole/f.csv" in str(exported)
