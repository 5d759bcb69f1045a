"""Attach a session to a shell, so that it follows each cell and shows results until it is detached."""

from __future__ import annotations

import asyncio
import gc
import sys
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING, Any

from IPython.core.interactiveshell import InteractiveShell

from mcp_notebook import browser_tab, main_thread
from mcp_notebook.session.hints import Hints
from mcp_notebook.session.history import history_of
from mcp_notebook.session.identity import cell_id
from mcp_notebook.session.lite_kernel import events_after_awaiting_cells

if TYPE_CHECKING:
    from mcp_notebook.addresses import Entrance
    from mcp_notebook.session.session import Session

__all__ = ["Attachment", "attached_session", "session_of", "within_a_cell"]

_ATTACHMENT = "_mcp_notebook_attachment"
_SESSION = "_mcp_notebook_session"
"""The shell's attribute for the session, kept even while nothing is attached. A variable of this module would be lost
when ``%autoreload`` runs the module again."""


def session_of(shell: InteractiveShell) -> Session:
    """Return the session that is attached to a shell."""
    attachment: Attachment = getattr(shell, _ATTACHMENT)
    return attachment.session


def attached_session(shell: InteractiveShell | None) -> Session | None:
    """Return the session that is attached to a shell; None if there is none."""
    return session_of(shell) if shell is not None and hasattr(shell, _ATTACHMENT) else None


def within_a_cell(shell: InteractiveShell) -> AbstractContextManager[None]:
    """Take cells that are run in this context as parts of the running cell; see `Attachment.within_a_cell`."""
    attachment: Attachment = getattr(shell, _ATTACHMENT)
    return attachment.within_a_cell()


class Attachment:
    """Makes a session follow the cells of one shell.

    Attaching imports only IPython; a thread imports the SDK once the attaching cell has ended. In a browser tab, which
    has no threads, the first use imports it.
    """

    def __init__(self, shell: InteractiveShell) -> None:
        self._shell = shell
        self._undo = ExitStack()
        self._importer = threading.Thread(target=self._warm_up, name="mcp-notebook-import", daemon=True)
        self._ready = threading.Event()
        self._depth = 0
        self._hints = Hints()

    @property
    def session(self) -> Session:
        """The session of the notebook; the first use waits for the SDK's import."""
        self._wait_for_sdk()
        if not hasattr(self._shell, _SESSION):
            from mcp_notebook.session.session import Session

            setattr(self._shell, _SESSION, Session(self._shell))
        session: Session = getattr(self._shell, _SESSION)
        return session

    def attach(self) -> None:
        """Follow the cells from now on; an earlier session of this shell continues."""
        setattr(self._shell, _ATTACHMENT, self)
        if (missing := browser_tab.missing_here()) is not None:
            print(missing)
        self._undo.callback(main_thread.serve_on, None)
        if browser_tab.HERE:
            self._undo.enter_context(events_after_awaiting_cells(self._shell))
        for event, callback in (("pre_run_cell", self._before_cell), ("post_run_cell", self._after_cell)):
            self._shell.events.register(event, callback)
            self._undo.callback(self._shell.events.unregister, event, callback)
        if hasattr(self._shell, _SESSION):
            self.session.resume()

    def detach(self) -> None:
        """Stop listening, close the connections, and stop following cells."""
        if not browser_tab.HERE:
            self._start_import()
            self._importer.join()
        try:
            if hasattr(self._shell, _SESSION):
                self.session.pause()
        finally:
            self._undo.close()
            delattr(self._shell, _ATTACHMENT)

    @contextmanager
    def within_a_cell(self) -> Iterator[None]:
        """Take cells that are run in this context as parts of the running cell.

        Otherwise they are that only if the extension was loaded before it. Several would then have the id of one cell,
        and each would withdraw what the one before it defined.
        """
        self._depth += 1
        try:
            yield
        finally:
            self._depth = max(self._depth - 1, 0)

    def _start_import(self) -> None:
        if self._importer.ident is None:
            self._importer.start()

    def _wait_for_sdk(self) -> None:
        if not browser_tab.HERE:
            self._start_import()
        elif not self._ready.is_set():
            self._warm_up()
        self._ready.wait()

    def _warm_up(self) -> None:
        try:
            from mcp_notebook.client import Answer, Question
            from mcp_notebook.client.background_call import BackgroundCall
            from mcp_notebook.client.opening import answer_by
            from mcp_notebook.rendering import look
            from mcp_notebook.server.in_kernel import at_home
            from mcp_notebook.session import background_calls
            from mcp_notebook.session.cards import card_of
            from mcp_notebook.session.display import calls_keep_displays, result_display
            from mcp_notebook.session.person import Person

            # Both need the session, which the first use makes.
            async def ask(question: Question) -> Answer:
                return await Person(self._shell, self.session.surfaces)(question)

            def show(rendering: look.Rendering) -> Any:
                return card_of(self.session, rendering)

            def show_call(call: BackgroundCall) -> None:
                background_calls.show(self.session, call)

            self._undo.enter_context(at_home())
            self._undo.enter_context(calls_keep_displays(self._shell))

            def entrance(name: str) -> Entrance | None:
                return self.session.listening.entrance(name)

            self._undo.enter_context(result_display(self._shell, show, show_call, entrance))
            answer_by(ask)
            self._undo.callback(answer_by, None)
        finally:
            self._ready.set()
        # Checking an output schema needs this, and importing it takes a second.
        import jsonschema.validators  # noqa: F401

        # A full garbage collection visits every object of the kernel, and most come from these imports. With 100
        # clients that took 1 ms of each call's 2.9; with them frozen, it takes 0.3 ms.
        gc.freeze()
        self._undo.callback(gc.unfreeze)

    def _before_cell(self, info: Any) -> None:
        # A cell that makes a server imports the SDK anyway. Waiting here means that the SDK is already patched.
        if "mcp" in (info.raw_cell or ""):
            self._wait_for_sdk()
        if threading.current_thread() is threading.main_thread():
            with suppress(RuntimeError):  # plain IPython has no loop while a cell runs
                main_thread.serve_on(asyncio.get_running_loop())
        self._depth += 1
        if self._depth == 1 and self._at_work:
            self.session.origins.begin(cell_id(self._shell))

    def _after_cell(self, result: Any) -> None:
        # Not earlier: the cell that loads the extension may import the SDK too, and two threads importing the same
        # package can deadlock.
        if not browser_tab.HERE:
            self._start_import()
        self._depth = max(self._depth - 1, 0)
        history_of(self._shell).ended(result, within=self._depth > 0)
        if threading.current_thread() is threading.main_thread():
            main_thread.drain()
        # The body of a cell magic runs as a cell inside the cell.
        if self._depth == 0:
            if self._at_work:
                self.session.cell_ended(failed=not result.success)
            self._hints.say_after(result)

    @property
    def _at_work(self) -> bool:
        return "mcp.server.mcpserver" in sys.modules and self._ready.is_set()
