"""A Jupyter notebook as a workbench for the Model Context Protocol.

``%load_ext mcp_notebook`` in a notebook; then a cell that starts with ``%%mcp_tool`` is a live tool.
"""

from __future__ import annotations

from importlib import import_module

TYPE_CHECKING = False  # typing's own takes 7 ms to import, and the bridge is in a hurry
if TYPE_CHECKING:
    from typing import Any

    from IPython.core.interactiveshell import InteractiveShell

    from mcp_notebook.client import Command as Command
    from mcp_notebook.client import Live as Live
    from mcp_notebook.client import Url as Url
    from mcp_notebook.client import connect as connect
    from mcp_notebook.errors import McpNotebookError as McpNotebookError
    from mcp_notebook.server import NotebookServer as NotebookServer
    from mcp_notebook.session.functions import namespace as namespace
    from mcp_notebook.widgets.workbench import Workbench as Workbench

__all__ = [
    "Command",
    "Live",
    "McpNotebookError",
    "NotebookServer",
    "Url",
    "Workbench",
    "__version__",
    "connect",
    "load_ipython_extension",
    "namespace",
    "unload_ipython_extension",
]

_HOMES = {
    "Command": "mcp_notebook.client",
    "Live": "mcp_notebook.client",
    "McpNotebookError": "mcp_notebook.errors",
    "NotebookServer": "mcp_notebook.server",
    "Url": "mcp_notebook.client",
    "Workbench": "mcp_notebook.widgets.workbench",
    "connect": "mcp_notebook.client",
    "namespace": "mcp_notebook.session.functions",
}


def __getattr__(name: str) -> Any:
    # Lazy, because the SDK takes half a second to import and loading the extension must not wait for it.
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    if name == "__version__":
        from importlib.metadata import version

        return version("mcp-notebook")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": "mcp_notebook.door"}]


def load_ipython_extension(shell: InteractiveShell) -> None:
    """Load the magics; called by ``%load_ext mcp_notebook``."""
    from mcp_notebook.magics import load

    load(shell)


def unload_ipython_extension(shell: InteractiveShell) -> None:
    """Undo `load_ipython_extension`; called by ``%unload_ext mcp_notebook``."""
    from mcp_notebook.magics import unload

    unload(shell)
