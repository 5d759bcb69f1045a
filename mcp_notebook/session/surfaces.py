"""Fit surfaces into the front end that shows the notebook: where they are drawn, and which thread hears them."""

from __future__ import annotations

import hashlib
import threading
from typing import Any

from IPython.core.interactiveshell import InteractiveShell

from mcp_notebook import browser_tab
from mcp_notebook.session.identity import notebook_path
from mcp_notebook.session.subshell import Subshell, has_subshells

__all__ = ["Surfaces"]


class Surfaces:
    """The surroundings of the surfaces of one notebook.

    Args:
        shell: The notebook's shell.
    """

    def __init__(self, shell: InteractiveShell) -> None:
        self._shell = shell
        self._subshell: Subshell | None = None
        self._lock = threading.Lock()
        self._prepared = False
        self._run: tuple[object, int] = ((), 0)

    def prepare(self) -> None:
        """Make surfaces fit in; called before the first one is made."""
        from mcp_notebook.widgets.surface import Surface  # ipywidgets takes 0.2 s to import

        Surface.fit(self.attached, self._hear)
        self._prepared = True

    def attached(self) -> str | None:
        """Return the class of the element that the surface shown next attaches to.

        JupyterLab and Notebook 7 attach a surface to its HTML in the output. The class names the cell and the notebook,
        so that it is the same when the cell runs again. Other front ends get "": they show the widget itself. Without a
        front end it is None.
        """
        kernel = getattr(self._shell, "kernel", None)
        if kernel is None:
            return None
        request = kernel.get_parent()
        metadata = request.get("metadata", {})
        if not request.get("content", {}).get("allow_stdin"):
            return None
        # Only JupyterLab and Notebook 7 send these two.
        if not metadata.get("cellId") or "deletedCells" not in metadata:
            return ""
        place = f"{notebook_path(self._shell.user_ns)}\n{metadata['cellId']}"
        run, count = self._run
        now = place, request.get("header", {}).get("msg_id")
        self._run = now, count + 1 if run == now else 0
        name = hashlib.sha256(f"{place}\n{self._run[1]}".encode()).hexdigest()[:12]
        return f"mcpnb-at-{name}"

    def close(self) -> None:
        """Let the main thread hear the surfaces from now on, and new ones fit in nowhere."""
        if self._prepared:
            from mcp_notebook.widgets.surface import Surface

            Surface.fit()
            self._prepared = False
        if self._subshell is not None:
            self._subshell.close()
            self._subshell = None

    def _hear(self, surface: Any) -> None:
        """Handle what the front end asks of a surface also while a cell runs, where the kernel can do that."""
        if browser_tab.HERE:
            # The page calls the comm in a way that cannot wait, and an action may call a tool.
            surface.comm.on_msg(lambda message: browser_tab.soon(surface._handle_msg, message))
            return
        with self._lock:
            if self._subshell is None and has_subshells(self._shell):
                self._subshell = Subshell(self._shell)
        if self._subshell is not None:
            self._subshell.hear(surface)
