"""The cell that loads the extension is a cell like any other."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.support.kernels import running_kernel


@pytest.mark.parametrize(
    "imports", ["from mcp import Client", "from mcp.server import MCPServer", "from mcp_notebook import NotebookServer"]
)
def test_the_cell_that_loads_the_extension_may_import_the_sdk(imports: str) -> None:
    with running_kernel() as kernel:
        kernel.good(f"%load_ext mcp_notebook\n{imports}")
        kernel.good("%%mcp_tool\ndef add(a: int, b: int) -> int:\n    return a + b")
        assert kernel.good("%mcp call add a=1 b=2").text == "3"


def test_a_client_imports_what_checks_results_only_when_there_is_something_to_check() -> None:
    code = (
        "import sys, mcp_notebook\n"
        "mcp_notebook.connect\n"
        "import mcp_notebook.client.requests\n"
        "sys.exit(', '.join(name for name in ('jsonschema', 'referencing', 'regex') if name in sys.modules) or 0)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
