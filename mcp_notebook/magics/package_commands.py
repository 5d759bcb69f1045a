"""The verbs that make a package of the notebook, and a notebook of a package."""

from __future__ import annotations

import os
import re
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import quote

import click
from IPython.display import display

from mcp_notebook.export.exporting import export
from mcp_notebook.export.options import OPTIONS, ExportOptions
from mcp_notebook.export.report import Exported
from mcp_notebook.importing.sources import import_source
from mcp_notebook.magics.options import SERVER, TEXT, typed
from mcp_notebook.magics.verb import verb
from mcp_notebook.rendering import look
from mcp_notebook.session.choosing import subject_of
from mcp_notebook.session.identity import notebook_path
from mcp_notebook.session.progress import interrupted_in_one_line, progress
from mcp_notebook.session.session import Session

__all__: list[str] = []


@verb(
    "export",
    click.argument("destination", type=TEXT, metavar="DEST"),
    click.option("--server", type=SERVER, help="The server to export. Default: the only one with definitions."),
    *(click.option(name, **typed(option)) for name, option in OPTIONS.items()),
)
def _export(
    session: Session,
    destination: str,
    server: str | None,
    **options: Any,
) -> Exported:
    """Write a server as a package that does not need this notebook, and prove it. Example: %mcp export ../books.

    The package depends only on the SDK. The proof installs it into a clean environment, starts it over stdio and HTTP,
    and compares its lists and the results of the recorded calls with those of the live server. A variable of the
    notebook in braces is replaced by its value in DEST and after --environment, as in {folder}/books.
    """
    destination = _with_variables(session, destination)
    if options["environment"]:
        options["environment"] = _with_variables(session, options["environment"])
    subject = subject_of(session, server)
    unproven = "the export was interrupted before its proof was written. Run it again."
    with interrupted_in_one_line(unproven), progress(session.shell) as say:
        exported = export(
            subject,
            Path(destination).expanduser(),
            session.registry.recorder.calls,
            options=ExportOptions(**options),
            portal=session.portal,
            environment=os.environ,
            on_progress=say,
        )
    if exported.dry and exported.server_file and hasattr(session.shell, "kernel"):
        # Front ends highlight it in Markdown, in their own colors. The value of the cell is the same text.
        shown = f"`src/{exported.name}/server.py`\n\n````python\n{exported.server_file}````"
        display({"text/markdown": shown, "text/plain": ""}, raw=True)
    return exported


def _with_variables(session: Session, place: str) -> str:
    """Replace variables in braces in a path, which IPython does not do for `%mcp`: its arguments can be JSON."""
    return re.sub(r"\{(\w+)\}", lambda found: str(session.namespace.get(found[1], found[0])), place)


@verb(
    "import",
    click.argument("path", type=TEXT),
    click.option("--to", type=TEXT, metavar="FILE", help="The notebook to write; it must not exist yet."),
    click.option(
        "--rename-fastmcp", is_flag=True, help="Replace FastMCP by MCPServer, and report what else must change."
    ),
    click.option(
        "--only",
        type=TEXT,
        multiple=True,
        metavar="PATTERN",
        help="Of an API, only operations whose name, path or tag fits, such as 'pets*'.",
    ),
)
def _import(session: Session, path: str, to: str | None, rename_fastmcp: bool, only: tuple[str, ...]) -> look.Rendering:
    """Write a server or a web API as a notebook next to this one, to edit its cells. Example: %mcp import server.py.

    PATH is a module that makes an MCPServer, a package with a server.py, the folder of its project, or the file or URL
    of an OpenAPI document, of which each operation becomes a tool.
    """
    here = notebook_path(session.namespace)
    folder = Path(here).parent if here else Path.cwd()
    made = import_source(path, Path(to) if to else None, folder, rename_fastmcp=rename_fastmcp, only=only)
    # A cell can insert only one other cell, so the result is a notebook to open.
    link = f'<a href="{quote(made.notebook.name)}">{escape(made.notebook.name)}</a>'
    about = f"<p>{escape(made.about)}</p>"
    return look.Rendering(str(made), look.card(f"notebook {link}", about, look.bullets(made.notes)))
