"""Identify the notebook and the kernel, as far as the front end tells."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from IPython.core.interactiveshell import InteractiveShell

__all__ = ["cell_id", "kernel_id", "notebook_path"]


def notebook_path(namespace: Mapping[str, Any]) -> str | None:
    """Return the absolute path of the notebook; None if the front end does not tell it.

    Jupyter Server puts it into the environment of the kernels that it starts for a notebook, VS Code into a
    variable.
    """
    named = namespace.get("__vsc_ipynb_file__") or os.environ.get("JPY_SESSION_NAME")
    return str(Path(str(named)).resolve()) if named and str(named).endswith(".ipynb") else None


def cell_id(shell: InteractiveShell) -> str | None:
    """Return the id of the running cell; None if the front end gives it none.

    IPython passes it on since 8.3, but only under Jupyter's name; Colab sends its own.
    """
    kernel = getattr(shell, "kernel", None)
    if kernel is None:
        return getattr(shell, "cell_id", None)
    metadata = kernel.get_parent().get("metadata") or {}
    colab = metadata.get("colab")
    return metadata.get("cellId") or (colab.get("cell_id") if isinstance(colab, dict) else None)


def kernel_id(shell: InteractiveShell) -> str | None:
    """Return an id that survives restarts of this kernel; None outside a kernel."""
    kernel = getattr(shell, "kernel", None)
    connection_file = getattr(getattr(kernel, "parent", None), "connection_file", None)
    return Path(connection_file).stem if connection_file else None
