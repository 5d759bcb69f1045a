"""The shell of a notebook that nobody sees: a kernel's behavior, without its messages."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from typing import Any

from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.error import UsageError
from IPython.core.interactiveshell import ExecutionResult, InteractiveShell
from traitlets import Type
from traitlets.config import Config

__all__ = ["FOR_A_PERSON", "HeadlessShell", "do_without"]


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
    """Discards rich display."""

    def publish(self, *_args: Any, **_options: Any) -> None:
        """Show nothing."""

    def clear_output(self, *_args: Any, **_options: Any) -> None:
        """Clear nothing: IPython's would write a terminal's codes."""


class HeadlessShell(InteractiveShell):
    """A shell whose cells run on a loop that is there already, as in a kernel.

    Attributes:
        tags: Those of the cell that runs.
        cell_id: The id of that cell.
        first_error: The first error of the cell that runs now: a magic may raise because of it. IPython prints none.
    """

    displayhook_class = Type(_Unseen)
    display_pub_class = Type(_Nowhere)

    def __init__(self) -> None:
        # No history file: what a notebook runs is not what a person typed.
        super().__init__(config=Config(HistoryManager={"enabled": False}))
        self.tags = frozenset[str]()
        self.cell_id: str | None = None
        self.first_error: BaseException | None = None
        do_without(self)

    async def execute(self, source: str) -> ExecutionResult:
        """Run a cell with history, as a kernel does: what awaits on this loop, all else at once."""
        self.first_error = None
        transformed, problem = self._transformed(source)
        if not self.should_run_async(source, transformed_cell=transformed, preprocessing_exc_tuple=problem):
            return self.run_cell(source, store_history=True)
        result = await self.run_cell_async(
            source, store_history=True, transformed_cell=transformed, preprocessing_exc_tuple=problem
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


FOR_A_PERSON = (
    *("autosave", "clear", "cls", "connect_info", "edit", "less", "man", "more", "qtconsole", "subshell"),
    *("tensorboard", "watermark"),
)
"""Line magics that only show something or open something: those of ipykernel, then those of extensions."""

EXTENSIONS_FOR_A_PERSON = frozenset({
    *("blackcellmagic", "google.colab.data_table", "jupyter_black", "lab_black", "nb_black"),
    *("tensorboard", "watermark"),
})  # fmt: skip
"""Extensions that format what a person types, or show something; where one is not installed, nothing is missing."""


def do_without(shell: InteractiveShell) -> None:
    """Give a shell the magics that a kernel has and IPython alone has not."""
    for name in FOR_A_PERSON:
        if name == "edit" or shell.find_line_magic(name) is None:  # IPython's %edit needs a terminal
            shell.register_magic_function(_nothing, "line", name)
    shell.extension_manager.load_extension("storemagic")  # as a kernel does
    _load_what_is_there(shell)
    for name in ("conda", "mamba", "micromamba"):
        if (install := shell.find_line_magic(name)) is not None:
            shell.register_magic_function(partial(_where_it_is_one, name, install), "line", name)


def _where_it_is_one(name: str, install: Callable[[str], Any], line: str) -> Any:
    """Run a package manager in an environment of its own; in another one, imports say what is missing."""
    try:
        return install(line)
    except ValueError as error:
        if "conda environment" not in str(error):
            raise
        print(f"%{name}: this is not an environment of conda's, so nothing was installed.", file=sys.stderr)
        return None


def _nothing(_line: str) -> None:
    """Do nothing: nobody would see it."""


def _load_what_is_there(shell: InteractiveShell) -> None:
    load = shell.find_line_magic("load_ext")

    def load_ext(line: str) -> Any:
        """Load an extension; one that is not installed is an error only where a cell could miss it."""
        name = line.strip()
        try:
            return load(line)
        except ModuleNotFoundError as error:
            if error.name is None or not f"{name}.".startswith(f"{error.name}."):
                raise  # something that the extension itself imports
            if name not in EXTENSIONS_FOR_A_PERSON:
                raise UsageError(
                    f"The extension {name!r} is not installed here. Install the package that has it, or tag this "
                    "cell skip-execution if the server can do without."
                ) from None
            print(f"%load_ext {name}: not installed, and not needed without a front end.", file=sys.stderr)
            return None

    shell.register_magic_function(load_ext, "line", "load_ext")
