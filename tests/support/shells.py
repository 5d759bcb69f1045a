"""A shell of IPython in this process, for what needs no kernel."""

from __future__ import annotations

import atexit
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from mcp_notebook import load_ipython_extension, unload_ipython_extension
from mcp_notebook.session.attaching import session_of
from mcp_notebook.session.session import Session


class Shell:
    def __init__(self, shell: InteractiveShell) -> None:
        self.shell = shell

    @property
    def session(self) -> Session:
        return session_of(self.shell)

    def run(self, *cells: str) -> Any:
        """Run cells, and return what IPython says of the last; they may raise."""
        for cell in cells:
            result = self.shell.run_cell(cell, store_history=True)
        return result

    def good(self, *cells: str) -> Any:
        """Run cells that have to end well, and return the value of the last."""
        for cell in cells:
            result = self.shell.run_cell(cell, store_history=True)
            result.raise_error()
        return result.result


@contextmanager
def running_shell(*, loaded: bool = True) -> Iterator[Shell]:
    """Yield a shell with the extension, its history in memory; it is the only one of the process meanwhile."""
    config = Config()
    config.HistoryManager.hist_file = ":memory:"
    InteractiveShell.clear_instance()
    shell = InteractiveShell.instance(config=config)
    try:
        if loaded:
            load_ipython_extension(shell)
        yield Shell(shell)
    finally:
        unload_ipython_extension(shell)
        _forget_ports()
        atexit.unregister(shell.atexit_operations)
        history = shell.history_manager
        # It would collect garbage, over all that the tests have imported: half a second for each shell.
        shell.displayhook.flush = lambda: None
        shell.atexit_operations()
        history.db.close()  # which IPython 8 leaves to the collector
        shell.restore_sys_module_state()
        InteractiveShell.clear_instance()


def _forget_ports() -> None:
    """Remove the addresses of this process: the next shell would use their ports, which others may have by then."""
    for path in Path(os.environ["JUPYTER_RUNTIME_DIR"]).glob("mcp-notebook-*.json"):
        if f'"pid": {os.getpid()},' in path.read_text(encoding="utf-8"):
            path.unlink()
