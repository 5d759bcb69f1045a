"""Check an installed mcp-notebook, with nothing beside it: run with ``python -I``, outside the repository."""

import sys
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path

from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell

TOOL = "def add(a: int, b: int) -> int:\n    return a + b\n"


def main() -> None:
    """Load the extension, define a tool, call it, look for the course, and miss the extra ``export``."""
    shell = InteractiveShell.instance()
    shell.run_line_magic("load_ext", "mcp_notebook")
    shell.run_cell_magic("mcp_tool", "", TOOL)
    called = shell.run_line_magic("mcp", "call add a=1 b=2")
    assert called.structured_content == {"result": 3}, called
    assert "site-packages" in str(files("mcp_notebook")), files("mcp_notebook")
    first = files("mcp_notebook") / "notebooks" / "00-welcome.ipynb"
    assert first.is_file(), f"{first} is not in the package"
    assert find_spec("ruff") is None, "only the extra `export` brings ruff"
    refused = ""
    try:
        shell.run_line_magic("mcp", "export nowhere")
    except UsageError as error:
        refused = str(error)
    assert 'pip install "mcp-notebook[export]"' in refused, "an export without ruff was not refused"
    door = Path(sys.prefix, "etc", "jupyter", "jupyter_server_config.d", "mcp_notebook.json")
    assert door.is_file(), f"{door} is missing, so Jupyter Server would not have the door"
    print("the installed package works: extension, tool, call, course, door")


if __name__ == "__main__":
    main()
