"""Identify the notebook and the kernel, as far as the front end tells."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from IPython.core.interactiveshell import InteractiveShell

__all__ = ["kernel_id", "notebook_path"]


def notebook_path(namespace: Mapping[str, Any]) -> str | None:
    """Return the absolute path of the notebook; None if the front end does not tell it.

    Jupyter Server puts it into the environment of the kernels that it starts for a notebook, VS Code into a
    variable.
    """
    named = namespace.get("__vsc_ipynb_file__") or os.environ.get("JPY_SESSION_NAME")
    return str(Path(str(named)).resolve()) if named and str(named).endswith(".ipynb") else None


def kernel_id(shell: InteractiveShell) -> str | None:
    """Return an id that survives restarts of this kernel; None outside a kernel."""
    kernel = getattr(shell, "kernel", None)
    connection_file = getattr(getattr(kernel, "parent", None), "connection_file", None)
    return Path(connection_file).stem if connection_file else None
