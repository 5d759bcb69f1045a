"""The shell of a notebook that nobody sees: a kernel's behaviour, without its messages."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from typing import Any

from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.interactiveshell import ExecutionResult, InteractiveShell
from traitlets import Type
from traitlets.config import Config

from mcp_notebook.headless.front_end import do_without

__all__ = ["HeadlessShell"]


class _Unseen(DisplayHook):
    """Keeps ``Out`` and ``_`` as ever, and shows nothing."""

    def compute_format_data(self, _result: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        """Have nothing drawn."""
        return {}, {}

    def write_output_prompt(self) -> None:
        """Write none."""

    def finish_displayhook(self) -> None:
        """Write no empty line."""
        self._is_active = False


class _Nowhere(DisplayPublisher):
    """Where rich display goes."""

    def publish(self, *_args: Any, **_options: Any) -> None:
        """Show nothing."""

    def clear_output(self, *_args: Any, **_options: Any) -> None:
        """Clear nothing: IPython's would write a terminal's codes."""


class HeadlessShell(InteractiveShell):
    """A shell whose cells run on a loop that is there already, as in a kernel.

    Attributes:
        first_error: The first error of the cell that runs now: a magic may raise because of it. IPython prints none.
    """

    displayhook_class = Type(_Unseen)
    display_pub_class = Type(_Nowhere)

    def __init__(self) -> None:
        # No history file: what a notebook runs is not what a person typed.
        super().__init__(config=Config(HistoryManager={"enabled": False}))
        self.first_error: BaseException | None = None
        do_without(self)

    async def execute(self, source: str, cell_id: str) -> ExecutionResult:
        """Run a cell with history, as a kernel does: what awaits on this loop, all else at once."""
        self.first_error = None
        transformed, problem = self._transformed(source)
        if not self.should_run_async(source, transformed_cell=transformed, preprocessing_exc_tuple=problem):
            return self.run_cell(source, store_history=True, cell_id=cell_id)
        result = await self.run_cell_async(
            source, store_history=True, cell_id=cell_id, transformed_cell=transformed, preprocessing_exc_tuple=problem
        )
        self.events.trigger("post_execute")
        self.events.trigger("post_run_cell", result)
        return result

    def _transformed(self, source: str) -> tuple[str, Any]:
        try:
            return self.transform_cell(source), None
        except Exception:  # noqa: BLE001 - a transformer of the author's may raise anything; running tells it
            return source, sys.exc_info()

    def skip(self) -> None:
        """Count a cell that does not run, so that ``In [n]`` is the n-th code cell."""
        self.history_manager.store_inputs(self.execution_count, "")
        self.execution_count += 1

    def enable_gui(self, gui: str | None = None) -> None:
        """Start no event loop of a window system: nobody would see its windows."""

    def enable_matplotlib(self, gui: str | None = None) -> tuple[str | None, str]:
        """Draw as ``%matplotlib inline`` does, whatever was asked for; without matplotlib there is nothing to set up.

        A notebook that plots says itself that the package is missing, by its import.
        """
        if find_spec("matplotlib") is None:
            return gui, "inline"
        drawn: tuple[str | None, str] = super().enable_matplotlib("inline")
        return drawn

    def ask_exit(self) -> None:
        """End the cell that calls ``exit()``; there is no kernel to end."""
        raise SystemExit

    def showtraceback(self, exc_tuple: Any = None, *_args: Any, **_options: Any) -> None:
        """Keep the error, for one report."""
        if self.first_error is None:
            self.first_error = self._get_exc_info(exc_tuple)[1]

    def showsyntaxerror(self, *_args: Any, **_options: Any) -> None:
        """Keep the error, for one report."""
        self.showtraceback()
