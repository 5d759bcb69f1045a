"""Check an installed mcp-notebook, with nothing beside it: run with ``python -I``, outside the repository."""

import sys
from importlib.resources import files
from pathlib import Path

from IPython.core.interactiveshell import InteractiveShell

TOOL = "def add(a: int, b: int) -> int:\n    return a + b\n"


def main() -> None:
    """Load the extension, define a tool, call it, and look for the course."""
    shell = InteractiveShell.instance()
    shell.run_line_magic("load_ext", "mcp_notebook")
    shell.run_cell_magic("mcp_tool", "", TOOL)
    called = shell.run_line_magic("mcp", "call add a=1 b=2")
    assert called.structured_content == {"result": 3}, called
    assert "site-packages" in str(files("mcp_notebook")), files("mcp_notebook")
    first = files("mcp_notebook") / "notebooks" / "00-welcome.ipynb"
    assert first.is_file(), f"{first} is not in the package"
    door = Path(sys.prefix, "etc", "jupyter", "jupyter_server_config.d", "mcp_notebook.json")
    assert door.is_file(), f"{door} is missing, so Jupyter Server would not have the door"
    print("the installed package works: extension, tool, call, course, door")


if __name__ == "__main__":
    main()
