"""Import what a person names: a module with a server, or the document of a web API."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from mcp_notebook.errors import NotebookError
from mcp_notebook.importing.notebook import Imported, import_server
from mcp_notebook.importing.openapi.document import is_url
from mcp_notebook.importing.openapi.notebook import ImportedApi, import_api

__all__ = ["import_source"]


def import_source(
    source: str, to: Path | None, folder: Path, *, rename_fastmcp: bool = False, only: Sequence[str] = ()
) -> Imported | ImportedApi:
    """Write a notebook from a module with an `MCPServer`, or from an OpenAPI document.

    Args:
        source: A URL or a file that is not Python is a document; else it is a module, or a folder with one.
        to: The notebook to write; its name has a default.
        folder: The folder for the notebook.
        rename_fastmcp: For a module: whether to replace the names of ``FastMCP`` by those of the SDK.
        only: For a document: patterns for its operations.

    Raises:
        NotebookError: It cannot be imported, or an option does not fit it.
    """
    path = Path(source).expanduser()
    if is_url(source) or (path.is_file() and path.suffix != ".py"):
        if rename_fastmcp:
            raise NotebookError("--rename-fastmcp is for modules; this is a document of an API. Leave it out.")
        return import_api(source, to, folder, only=only)
    if only:
        raise NotebookError("--only chooses operations of an OpenAPI document, but this is not one. Leave it out.")
    return import_server(path, to, folder, rename_fastmcp=rename_fastmcp)
