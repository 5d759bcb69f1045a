"""What people see of results with data in JupyterLab: tables, arrays, figures, and dicts with pictures."""

from __future__ import annotations

import pytest

from tests.support.lab import Lab
from tests.support.looks import assert_good

pytestmark = [pytest.mark.browser, pytest.mark.slow]

TOOLS = '''%%mcp_tool
import numpy as np
import pandas as pd
from PIL import Image

def sales(rows: int) -> pd.DataFrame:
    """Return sales."""
    return pd.DataFrame({"day": pd.date_range("2026-01-01", periods=rows), "sold": range(rows), "note": "a text"})

def grid(side: int) -> np.ndarray:
    """Return an array."""
    return np.arange(side * side).reshape(side, side)

def sample():
    """Return a row of a dataset."""
    return {"image": Image.new("RGB", (60, 30), "teal"), "label": "cat", "values": np.arange(1000)}
'''
CARDS = [
    "%mcp call sales rows=100000",
    "%mcp call grid side=30",
    "%mcp call sample",
    "%mcp expose frame --query",
    "%mcp compat",
]
"""Cells whose cards are looked at."""


@pytest.fixture(scope="module")
def notebook(lab: Lab) -> Lab:
    lab.open("data", ["%load_ext mcp_notebook", TOOLS, "frame = sales(1000)", *CARDS])
    if lab.page.locator(".jp-FileBrowser").first.is_visible():
        lab.page.keyboard.press("Control+b")
    lab.run_all()
    lab.wait_until_idle()
    return lab


@pytest.mark.parametrize("width", [1280, 500])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_the_cards_look_right(notebook: Lab, width: int, dark: bool) -> None:
    notebook.page.set_viewport_size({"width": 1280, "height": 1000})
    notebook.theme(dark=dark)
    notebook.page.set_viewport_size({"width": width, "height": 1000})
    for cell in CARDS:
        card = notebook.output(cell).locator(".mcpnb").first
        assert_good(card)
        notebook.picture(f"data-{'-'.join(cell.split()[1:3])}-{width}-{'dark' if dark else 'light'}", card)
