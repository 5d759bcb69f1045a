"""Running a notebook in this process, where its file says, as Jupyter has it."""

from __future__ import annotations

import asyncio
import atexit
import builtins
import getpass
import os
import signal
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, redirect_stdout
from pathlib import Path
from typing import Any, NoReturn, TextIO

from IPython.core.interactiveshell import InteractiveShell

from mcp_notebook import magics
from mcp_notebook.errors import CellError, NotebookError
from mcp_notebook.headless.ending import children_end
from mcp_notebook.headless.notebook import CodeCell, NotebookFile, chosen, read
from mcp_notebook.headless.report import CellTimeout, earlier_cause, report
from mcp_notebook.headless.shell import HeadlessShell
from mcp_notebook.session.attaching import session_of
from mcp_notebook.session.session import Session

__all__ = ["Headless", "run"]


class Headless:
    """A notebook that ran, and is live until the context of `run` ends.

    Attributes:
        notebook: As it was read.
        shell: Its own; the process's one as long as it is open.
        loop: The event loop of its cells; it turns only while one of them runs, unless somebody else has it run.
        ran: The cell behind each ``In [n]``.
    """

    def __init__(
        self,
        notebook: NotebookFile,
        shell: HeadlessShell,
        loop: asyncio.AbstractEventLoop,
        timeout: float | None,
        stopped: Callable[[], bool],
    ) -> None:
        self.notebook = notebook
        self.shell = shell
        self.loop = loop
        self.ran: dict[int, CodeCell] = {}
        self._timeout = timeout
        self._stopped = stopped
        self._let_through: dict[CodeCell, BaseException] = {}
        """The cells that may raise and did."""

    @property
    def session(self) -> Session:
        """The session of the notebook."""
        return session_of(self.shell)

    def run_cells(self, cells: Iterable[CodeCell]) -> None:
        """Run cells in the order given.

        Raises:
            CellError: One raised, or took too long; those after it did not run.
        """
        for cell in cells:
            self._run(cell)

    def _run(self, cell: CodeCell) -> None:
        self.ran[self.shell.execution_count] = cell
        self.shell.tags, self.shell.cell_id = cell.tags, cell.id
        try:
            with _limited(self._timeout):
                result = self.loop.run_until_complete(self.shell.execute(cell.source))
            error = result.error_before_exec or result.error_in_exec
        except CellTimeout as late:  # it came while the cell awaited
            error = late
        if isinstance(error, KeyboardInterrupt) or self._stopped():
            raise KeyboardInterrupt(f"interrupted in cell {cell.number}, which begins {cell.first_line!r}.")
        if isinstance(error, CellTimeout) or (error is not None and not cell.may_raise):
            raised = self.shell.first_error or error
            said = report(self.notebook.path, cell, raised, self.ran)
            raise CellError("\n".join([said, *earlier_cause(raised, self._let_through)]))
        if error is not None:
            self._let_through[cell] = self.shell.first_error or error


@contextmanager
def run(
    path: Path,
    *,
    only: str | None = None,
    stdout: TextIO | None = None,
    timeout: float | None = None,
    on_progress: Callable[[str], object] = str,
    stopped: Callable[[], bool] = bool,
) -> Iterator[Headless]:
    """Run a notebook from top to bottom; it stays live until the context ends.

    To be used on the main thread, outside of any event loop. Other notebooks may be run before and after it, each in
    a fresh shell. The notebook's folder is the working directory, and its modules can be imported.

    Args:
        path: The ``.ipynb`` file.
        only: The cells to run, see `chosen`; None for all.
        stdout: Where prints of cells go; stderr if not given.
        timeout: Seconds that one cell may take; None for no limit.
        on_progress: Told in a line what runs, when it has been read.
        stopped: Says whether a signal came: no more cells run then, also where one has made nothing of it.

    Raises:
        NotebookError: It cannot be read, or `only` means no cell of it.
        CellError: A cell raised, or took too long.
        KeyboardInterrupt: A cell was interrupted; says which.
    """
    notebook = read(path)
    wanted = {cell for cell in chosen(notebook, only) if cell.runs}
    on_progress(f"running {path.name}: {len(wanted)} code cells")
    with ExitStack() as undo:
        undo.enter_context(children_end())
        undo.enter_context(warnings.catch_warnings())
        warnings.filterwarnings("ignore", message="To exit:")  # IPython's message about a SystemExit
        undo.enter_context(redirect_stdout(stdout or sys.stderr))
        undo.enter_context(_as_jupyter_has_it(notebook.path))
        undo.enter_context(_nobody_types())
        shell = undo.enter_context(_the_shell())
        loop = undo.enter_context(_event_loop())
        magics.load(shell)
        undo.callback(magics.unload, shell)
        headless = Headless(notebook, shell, loop, timeout, stopped)
        for cell in notebook.cells:
            if cell in wanted:
                headless.run_cells([cell])
            else:
                shell.skip()
        yield headless


@contextmanager
def _limited(seconds: float | None) -> Iterator[None]:
    """Raise `CellTimeout` on the main thread after so long."""
    if seconds is None:
        yield
        return
    if not hasattr(signal, "setitimer"):
        raise NotebookError("This system has no alarm that could end a cell. Leave --timeout out.")

    def end(*_: object) -> NoReturn:
        raise CellTimeout(f"No end within {seconds:g} s. Give it more: --timeout SECONDS")

    earlier = signal.signal(signal.SIGALRM, end)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, earlier)


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
