"""Let functions of a package run on a Dask cluster, as those of the notebook do."""

from __future__ import annotations

from mcp_notebook.export.module.extensions import FOLDER
from mcp_notebook.server import Definition
from mcp_notebook.server.definitions import may_run_again

__all__ = ["EXTRAS", "IMPORT", "MODULE", "wrapped"]

MODULE = "cluster"
IMPORT = f"from .{FOLDER}.{MODULE} import on_dask"

EXTRAS = {"dask": ("distributed", "cryptography")}
"""The extra of the package, with its distributions; cryptography is for the certificate of the embedded cluster."""


def wrapped(function: str, definition: Definition) -> str:
    """Write the expression that makes a function of a tool run on Dask.

    The function keeps its name, so that others can call it as before.
    """
    again = ", idempotent=True" if may_run_again(getattr(definition.entry, "annotations", None)) else ""
    return f"on_dask({function}{again})"
