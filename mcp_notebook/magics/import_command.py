"""``%mcp import``: a module's server as a notebook."""

from __future__ import annotations

from html import escape
from pathlib import Path
from urllib.parse import quote

import click

from mcp_notebook.importing.notebook import import_server
from mcp_notebook.magics.options import TEXT
from mcp_notebook.magics.verb import verb
from mcp_notebook.rendering import look
from mcp_notebook.session.identity import notebook_path
from mcp_notebook.session.session import Session

__all__: list[str] = []


@verb(
    "import",
    click.argument("path", type=TEXT),
    click.option("--to", type=TEXT, metavar="FILE", help="The notebook to write; it must not be there yet."),
    click.option(
        "--rename-fastmcp", is_flag=True, help="Write MCPServer where PATH has FastMCP, and say what differs."
    ),
)
def _import(session: Session, path: str, to: str | None, rename_fastmcp: bool) -> look.Rendering:
    """Write a module's server as a notebook beside this one, to work on it in cells. Example: %mcp import server.py.

    PATH is a module that makes an MCPServer, a package with a server.py, or the folder of its project.
    """
    here = notebook_path(session.namespace)
    folder = Path(here).parent if here else Path.cwd()
    made = import_server(Path(path).expanduser(), Path(to) if to else None, folder, rename_fastmcp=rename_fastmcp)
    # One cell can bring no other cells about but a single one, so it is a notebook that is opened.
    link = f'<a href="{quote(made.notebook.name)}">{escape(made.notebook.name)}</a>'
    about = f"<p>{made.cells} cells from {look.code(made.source.name)}, server {look.code(made.variable)}.</p>"
    return look.Rendering(str(made), look.card(f"notebook {link}", about, look.bullets(made.notes)))
