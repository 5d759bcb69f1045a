"""Running a notebook in this process, where its file says, as Jupyter has it."""

from __future__ import annotations

import asyncio
import atexit
import builtins
import getpass
import os
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, redirect_stdout
from pathlib import Path
from typing import Any, NoReturn, TextIO, TypeVar

from IPython.core.interactiveshell import InteractiveShell

from mcp_notebook import magics
from mcp_notebook.errors import CellError
from mcp_notebook.headless.notebook import CodeCell, Notebook, chosen, read
from mcp_notebook.headless.report import report
from mcp_notebook.headless.shell import HeadlessShell
from mcp_notebook.magics.state import State

__all__ = ["Headless", "run"]

T = TypeVar("T")


class Headless:
    """A notebook that ran, and is live until the context of `run` ends.

    Attributes:
        notebook: As it was read.
        shell: Its own; the process's one as long as it is open.
        state: Its servers and connections.
        loop: The event loop of its cells; it turns only while one of them runs, or `wait` waits.
    """

    def __init__(self, notebook: Notebook, shell: HeadlessShell, loop: asyncio.AbstractEventLoop) -> None:
        self.notebook = notebook
        self.shell = shell
        self.loop = loop

    @property
    def state(self) -> State:
        """The servers and connections of the notebook."""
        return magics.state_of(self.shell)

    def run_cells(self, cells: Iterable[CodeCell]) -> None:
        """Run cells in the order given.

        Raises:
            CellError: One raised; those after it did not run.
        """
        for cell in cells:
            self._run(cell)

    def _run(self, cell: CodeCell) -> None:
        result = self.loop.run_until_complete(self.shell.execute(cell.source, cell.id))
        error = result.error_before_exec or result.error_in_exec
        if isinstance(error, KeyboardInterrupt):
            raise error
        if error is not None and not cell.may_raise:
            raise CellError(report(self.notebook.path, cell, self.shell.first_error or error))


@contextmanager
def run(path: Path, *, only: str | None = None, stdout: TextIO | None = None) -> Iterator[Headless]:
    """Run a notebook from top to bottom; it stays live until the context ends.

    To be used on the main thread, outside of any event loop. Other notebooks may be run before and after it, each in
    a fresh shell. What the file is next to can be imported, and is the working directory.

    Args:
        path: The ``.ipynb`` file.
        only: The cells to run, see `chosen`; None for all.
        stdout: Where prints of cells go; stderr if not given.

    Raises:
        NotebookError: It cannot be read, or `only` means no cell of it.
        CellError: A cell raised.
    """
    notebook = read(path)
    wanted = set(chosen(notebook, only))
    with ExitStack() as undo:
        undo.enter_context(warnings.catch_warnings())
        warnings.filterwarnings("ignore", message="To exit:")  # what IPython says of a SystemExit
        undo.enter_context(redirect_stdout(stdout or sys.stderr))
        undo.enter_context(_as_jupyter_has_it(notebook.path))
        undo.enter_context(_nobody_types())
        shell = undo.enter_context(_the_shell())
        loop = undo.enter_context(_event_loop())
        magics.load(shell)
        undo.callback(magics.unload, shell)
        headless = Headless(notebook, shell, loop)
        for cell in notebook.cells:
            if cell in wanted and cell.runs:
                headless.run_cells([cell])
            else:
                shell.skip()
        yield headless


@contextmanager
def _as_jupyter_has_it(notebook: Path) -> Iterator[None]:
    """The notebook's folder is where its cells are, and import from; modules from there go with it."""
    folder = str(notebook.parent)
    cwd, path, environment, modules = Path.cwd(), sys.path[:], dict(os.environ), set(sys.modules)
    os.chdir(folder)
    sys.path[:] = [folder, *(entry for entry in path if entry != folder)]
    os.environ["JPY_SESSION_NAME"] = str(notebook)
    os.environ.setdefault("MPLBACKEND", "module://matplotlib_inline.backend_inline")
    try:
        yield
    finally:
        new = {name for name in sys.modules if name not in modules and _is_from(folder, name)}
        for name in [name for name in sys.modules if name.partition(".")[0] in new]:
            del sys.modules[name]
        os.environ.clear()
        os.environ.update(environment)
        sys.path[:] = path
        os.chdir(cwd)


def _is_from(folder: str, package: str) -> bool:
    place = getattr(sys.modules[package], "__spec__", None)
    return place is not None and (place.origin or "").startswith(
        (str(Path(folder, f"{package}.")), str(Path(folder, package, "__init__.")))
    )


def _refuse(*_args: Any, **_options: Any) -> NoReturn:
    raise EOFError(
        "This notebook runs without a front end, so nobody can answer input(). Give the value in a variable, or leave "
        "the cell out with the tag skip-execution."
    )


@contextmanager
def _nobody_types() -> Iterator[None]:
    replaced: list[tuple[Any, str, Callable[..., Any]]] = [
        (module, name, getattr(module, name)) for module, name in ((builtins, "input"), (getpass, "getpass"))
    ]
    for module, name, _ in replaced:
        setattr(module, name, _refuse)
    try:
        yield
    finally:
        for module, name, earlier in replaced:
            setattr(module, name, earlier)


@contextmanager
def _the_shell() -> Iterator[HeadlessShell]:
    """Make a fresh shell the process's one, which ``display`` and ``get_ipython`` mean; then the earlier again."""
    kinds = [kind for kind in HeadlessShell.mro() if issubclass(kind, InteractiveShell)]
    earlier = [kind._instance for kind in kinds]
    # A shell takes the place of these, and gives back only some.
    main, hooks = sys.modules["__main__"], (sys.displayhook, sys.excepthook)
    shell = HeadlessShell()
    for kind in kinds:
        kind._instance = shell
    try:
        yield shell
    finally:
        atexit.unregister(shell.atexit_operations)
        shell.atexit_operations()
        shell.restore_sys_module_state()
        sys.modules["__main__"] = main
        sys.displayhook, sys.excepthook = hooks
        for kind, instance in zip(kinds, earlier, strict=True):
            kind._instance = instance


@contextmanager
def _event_loop() -> Iterator[asyncio.AbstractEventLoop]:
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        yield loop
    finally:
        left = asyncio.all_tasks(loop)
        for task in left:
            task.cancel()
        loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        loop.run_until_complete(loop.shutdown_asyncgens())
        asyncio.set_event_loop(None)
        loop.close()
