"""``mcp-notebook`` and ``python -m mcp_notebook``: the bridge at once, all else by way of click."""

from __future__ import annotations

import sys


def main() -> None:
    """Run what the command line says."""
    if sys.argv[1:2] == ["connect"]:
        # Before click, which takes longer to import than the bridge to answer.
        from mcp_notebook.bridge.command import connect, plain_arguments

        if (arguments := plain_arguments(sys.argv[1:])) is not None:
            sys.exit(connect(*arguments))
    from mcp_notebook.cli import main as click_main

    click_main(prog_name="mcp-notebook")


if __name__ == "__main__":
    main()
