"""The extension: the cell magics, ``%%mcp_tool`` and its kin, and ``%mcp``.

Loading imports nothing but IPython, so it takes a few milliseconds; the SDK is imported in a thread once that cell
has ended.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell

from mcp_notebook.cells.older import numbered
from mcp_notebook.magics.magics import Magics
from mcp_notebook.magics.matching import NOTHING, Found, matching
from mcp_notebook.magics.registering import python_stays_python, registered
from mcp_notebook.session.attaching import Attachment

if TYPE_CHECKING:
    from mcp_notebook.session.session import Session

__all__ = ["load", "unload"]

_EXTENSION = "_mcp_notebook"
"""The shell's attribute with the extension. ``%autoreload`` would lose a variable of this module."""


def load(shell: InteractiveShell) -> None:
    """Register the magics, their completion and the display of results; loading again changes nothing."""
    if not hasattr(shell, _EXTENSION):
        extension = Extension(shell)
        setattr(shell, _EXTENSION, extension)
        extension.load()


def unload(shell: InteractiveShell) -> None:
    """Undo `load`: stop listening, close connections, take everything out of the shell."""
    extension: Extension | None = getattr(shell, _EXTENSION, None)
    if extension is not None:
        delattr(shell, _EXTENSION)
        extension.unload()


class Extension:
    """The extension, loaded into one shell."""

    def __init__(self, shell: InteractiveShell) -> None:
        self.shell = shell
        self._undo = ExitStack()
        self._magics = Magics(self._run)
        self._attachment = Attachment(shell)

    @property
    def session(self) -> Session:
        """The session of the notebook; the first use waits for the SDK's import."""
        return self._attachment.session

    def load(self) -> None:
        """Put everything into the shell, each with the step that takes it out."""
        for kind, function in (
            ("line", self._magics.mcp),
            ("cell", self._magics.mcp_tool),
            ("cell", self._magics.mcp_resource),
            ("cell", self._magics.mcp_prompt),
            ("cell", self._magics.mcp_app),
            ("cell", self._magics.mcp_skill),
            ("cell", self._magics.mcp_event),
            ("cell", self._magics.mcp_chat),
            ("cell", self._magics.mcp_eval),
        ):
            self._undo.enter_context(registered(self.shell, kind, function))
        self._undo.enter_context(python_stays_python(self.shell))
        self._undo.enter_context(matching(self.shell, self._complete))
        self._undo.enter_context(numbered(self.shell))
        self._attachment.attach()

    def unload(self) -> None:
        """Take everything out of the shell again."""
        try:
            self._attachment.detach()
        finally:
            self._undo.close()

    def _run(self, magic: str, line: str, cell: str | None = None, local: dict[str, Any] | None = None) -> Any:
        session = self.session
        session.local = local or {}
        from mcp_notebook.errors import McpNotebookError
        from mcp_notebook.magics.commands import run

        try:
            return run(session, magic, line, cell)
        except McpNotebookError as error:
            raise UsageError(str(error)) from None
        finally:
            session.local = {}

    def _complete(self, line: str) -> Found:
        if "%mcp" not in line:
            return NOTHING
        from mcp_notebook.magics.completion import complete

        return complete(self.session, line)
