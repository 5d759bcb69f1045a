"""Run JupyterLab on the learner's copy."""

from __future__ import annotations

import os
from pathlib import Path

from mcp_notebook.course.copy import FIRST
from mcp_notebook.errors import McpNotebookError

__all__ = ["run_lab"]


def run_lab(folder: Path, *, port: int, browser: bool) -> None:
    """Run JupyterLab on `folder` in this process until it ends; it prints its own address with the token.

    Raises:
        McpNotebookError: JupyterLab is not installed.
    """
    try:
        from jupyterlab.labapp import LabApp
    except ImportError:
        raise McpNotebookError(
            'JupyterLab is not installed in this Python. To install it: pip install "mcp-notebook[tutorial]"'
        ) from None
    arguments = [
        f"--ServerApp.root_dir={folder.resolve()}",
        # This makes JupyterLab print the address of the first notebook.
        f"--LabApp.default_url=/lab/tree/{FIRST}",
        f"--ServerApp.port={port}",
        f"--ServerApp.open_browser={browser}",
    ]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        # Containers run as root, which JupyterLab refuses by default.
        arguments.append("--allow-root")
    LabApp.launch_instance(argv=arguments)
