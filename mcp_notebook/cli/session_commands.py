"""The command for a session that is a file: ``mock``."""

from __future__ import annotations

from pathlib import Path

import click

__all__ = ["mock"]


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
def mock(file: Path) -> None:
    r"""Serve a session that %mcp log --save wrote, on stdio: the server answers from FILE.

    A request that the session does not have is refused. In a notebook, %mcp mock FILE and %mcp serve do the same over
    HTTP. Exit status: 2 if FILE is not a session.

    \b
    Examples:
      mcp-notebook mock shop.jsonl
      claude mcp add shop -- mcp-notebook mock /path/to/shop.jsonl
    """
    from mcp_notebook.errors import McpNotebookError
    from mcp_notebook.recording.saved import read
    from mcp_notebook.server.mock import MockServer

    try:
        server = MockServer(read(file))
    except McpNotebookError as error:
        click.echo(f"mcp-notebook mock: {error}", err=True)
        raise SystemExit(2) from None
    server.run("stdio")
