"""The commands for notebooks and modules: ``lab``, ``serve``, ``export`` and ``import``."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from mcp_notebook.export.options import OPTIONS, ExportOptions

__all__ = ["export_notebook", "import_server", "lab", "serve"]


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path), default="course")
@click.option("--fresh", is_flag=True, help="Start over; notebooks that you changed are moved into a dated folder.")
@click.option("--port", type=int, default=8888, show_default=True, help="JupyterLab's port, or the next free one.")
@click.option("--no-browser", is_flag=True, help="Only print the address.")
def lab(folder: Path, fresh: bool, port: int, no_browser: bool) -> None:
    """Open the course in JupyterLab, on a copy of the notebooks in FOLDER.

    Run again, it keeps every notebook that is there, and adds those that are not.
    """
    from mcp_notebook.course.copy import copy_course
    from mcp_notebook.course.lab import run_lab
    from mcp_notebook.errors import McpNotebookError

    try:
        click.echo(copy_course(folder, fresh=fresh))
        run_lab(folder, port=port, browser=not no_browser)
    except McpNotebookError as error:
        raise click.ClickException(str(error)) from None
    except OSError as error:
        raise click.ClickException(
            f"{folder} cannot be written ({error.strerror}). Name another folder: mcp-notebook lab FOLDER"
        ) from None


@click.command()
@click.argument("notebook", type=click.Path(path_type=Path))
@click.option(
    "--transport",
    type=click.Choice(["stdio", "http"]),
    default="stdio",
    show_default=True,
    help="stdio for one client, which starts this as a process, or http for any number on this machine.",
)
@click.option(
    "--only",
    metavar="CELLS|TAGS",
    help="Run only these code cells: numbers from the top (1-5,8 or 3-), tags (setup,tools), or both; all by default.",
)
@click.option("--server", metavar="NAME", help="The server to serve. Default: the only one with definitions.")
@click.option("--watch", is_flag=True, help="Apply each saved change of the notebook; clients stay connected.")
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    metavar="SECONDS",
    help="End with an error if a cell takes longer. Default: no limit.",
)
@click.option(
    "--port",
    type=click.IntRange(1, 65535),
    metavar="PORT",
    help="With http, listen on this port. Default: the previous port, or a free one.",
)
@click.option("--no-token", is_flag=True, help="With http, let every program on this machine call without a token.")
@click.option("--allow-other-users", is_flag=True, help="Allow --no-token on a machine that other people use.")
@click.option("--show-token", is_flag=True, help="With http, print the token.")
def serve(notebook: Path, **options: Any) -> None:
    r"""Run NOTEBOOK from top to bottom without a front end, and serve the MCP server that its cells define.

    On stdio it ends when the client closes stdin, and always with Ctrl+C or SIGTERM. The output of cells and tools
    goes to stderr. Exit status: 1 a cell raised, 2 nothing to run or to serve.

    \b
    Examples:
      mcp-notebook serve sales.ipynb
      mcp-notebook serve sales.ipynb --transport http --port 8000 --watch
      mcp-notebook serve sales.ipynb --only setup,tools --server shop
      claude mcp add sales -- mcp-notebook serve /path/to/sales.ipynb
    """
    given = [
        f"--{name.replace('_', '-')}"
        for name in ("port", "no_token", "allow_other_users", "show_token")
        if options[name]
    ]
    if given and options["transport"] == "stdio":
        raise click.UsageError(f"{given[0]} is for HTTP, and stdio needs none. Add --transport http.")

    from mcp_notebook.errors import CellError, McpNotebookError
    from mcp_notebook.headless.serving import Service, serve

    try:
        status = serve(notebook, Service(**options))
    except CellError as error:
        click.echo(str(error), err=True)
        raise SystemExit(1) from None
    except McpNotebookError as error:
        click.echo(f"mcp-notebook serve: {error}", err=True)
        raise SystemExit(2) from None
    raise SystemExit(status)


def _export_options(command: Callable[..., None]) -> Callable[..., None]:
    for name, option in reversed(OPTIONS.items()):
        command = click.option(name, **option)(command)
    return command


@click.command("export")
@click.argument("notebook", type=click.Path(path_type=Path))
@click.argument("destination", type=click.Path(path_type=Path), metavar="DEST")
@click.option("--server", metavar="NAME", help="The server to export. Default: the only one with definitions.")
@_export_options
def export_notebook(notebook: Path, destination: Path, server: str | None, **options: Any) -> None:
    r"""Run NOTEBOOK from top to bottom, write its server as a package in DEST, and prove that both are the same.

    Exit status: 0 proven (or only written, as asked), 1 not proven, 2 nothing written.

    \b
    Examples:
      mcp-notebook export sales.ipynb sales
      mcp-notebook export sales.ipynb build/sales --name sales --license MIT
      mcp-notebook export sales.ipynb sales --dry-run
    """
    from mcp_notebook.errors import McpNotebookError
    from mcp_notebook.headless.ending import ended_by_signals
    from mcp_notebook.headless.exporting import export_notebook

    start = time.monotonic()

    def say(step: str) -> None:
        seconds = f"{time.monotonic() - start:6.1f} s  " if sys.stderr.isatty() else ""
        click.echo(f"{seconds}{step}", err=True)

    with ended_by_signals() as ended:
        try:
            exported = export_notebook(
                notebook,
                destination,
                ExportOptions(**options),
                server=server,
                on_progress=say,
                stopped=ended.signal.done,
            )
        except McpNotebookError as error:
            click.echo(f"mcp-notebook export: {error}", err=True)
            raise SystemExit(2) from None
        except KeyboardInterrupt as stop:
            click.echo(f"mcp-notebook export: {stop or 'interrupted; run it again to go on.'}", err=True)
            raise SystemExit(ended.status) from None
    click.echo(str(exported))
    if exported.stopped:
        raise SystemExit(2)
    raise SystemExit(int(exported.proof is not None and not exported.proof.ok))


@click.command("import")
@click.argument("path")
@click.argument("notebook", type=click.Path(path_type=Path, dir_okay=False), required=False)
@click.option("--rename-fastmcp", is_flag=True, help="Replace FastMCP by MCPServer, and report what else must change.")
@click.option(
    "--only", multiple=True, metavar="PATTERN", help="Of an API, only operations whose name, path or tag fits."
)
def import_server(path: str, notebook: Path | None, rename_fastmcp: bool, only: tuple[str, ...]) -> None:
    r"""Write the server of a module, or a web API, as a NOTEBOOK, to work on it in cells.

    PATH is a module that makes an MCPServer, a package with a server.py, the folder of its project, or the file or URL
    of an OpenAPI document, of which each operation becomes a tool. Without a name the notebook is called as the module,
    package or API is. No notebook is overwritten.

    \b
    Examples:
      mcp-notebook import server.py
      mcp-notebook import projects/sales work/sales.ipynb
      mcp-notebook import old_server.py --rename-fastmcp
      mcp-notebook import https://api.example.com/openapi.json --only orders
    """
    from mcp_notebook.errors import McpNotebookError
    from mcp_notebook.importing.sources import import_source

    try:
        click.echo(str(import_source(path, notebook, Path.cwd(), rename_fastmcp=rename_fastmcp, only=only)))
    except McpNotebookError as error:
        raise click.ClickException(str(error)) from None
