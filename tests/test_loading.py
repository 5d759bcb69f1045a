"""The cell that loads the extension is a cell like any other."""

from __future__ import annotations

import pytest

from tests.kernels import running_kernel


@pytest.mark.parametrize(
    "imports", ["from mcp import Client", "from mcp.server import MCPServer", "from mcp_notebook import NotebookServer"]
)
def test_the_cell_that_loads_the_extension_may_import_the_sdk(imports: str) -> None:
    with running_kernel() as kernel:
        kernel.good(f"%load_ext mcp_notebook\n{imports}")
        kernel.good("%%mcp_tool\ndef add(a: int, b: int) -> int:\n    return a + b")
        assert kernel.good("%mcp call add a=1 b=2").text == "3"
