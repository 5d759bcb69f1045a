"""A notebook's file that changes while it is served: what changed runs again, or nothing does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from mcp_notebook.errors import McpNotebookError
from mcp_notebook.headless.notebook import CodeCell, chosen, read
from mcp_notebook.headless.running import Headless
from mcp_notebook.headless.standing import Standing
from mcp_notebook.server import definitions
from mcp_notebook.server.changes import take_place

__all__ = ["Watcher"]


class Watcher:
    """Follows a notebook's file.

    The file is looked at, not subscribed to: editors save by putting another file in its place, and file systems of
    containers and networks tell of nothing.

    Args:
        headless: The notebook, as it ran.
        only: The cells to run, as of `run`.
        tell: Is told each thing that happened.
    """

    def __init__(self, headless: Headless, only: str | None, tell: Callable[[str], None]) -> None:
        self._headless = headless
        self._only = only
        self._tell = tell
        self._path = headless.notebook.path
        self._cells = {cell.id: cell for cell in chosen(headless.notebook, only) if cell.runs}
        self._seen = _state_of(self._path)
        self._hold()

    def look(self) -> None:
        """Apply what was saved since the last time, if anything was; all of it, or nothing."""
        now = _state_of(self._path)
        if now is None or now == self._seen:  # an editor may be putting the new file in its place
            return
        self._seen = now
        try:
            notebook = read(self._path)
            cells = [cell for cell in chosen(notebook, self._only) if cell.runs]
        except McpNotebookError as error:
            self._tell(f"{error} What is served is as it was.")
            return
        changed = [cell for cell in cells if cell.id not in self._cells or cell.source != self._cells[cell.id].source]
        gone = self._cells.keys() - {cell.id for cell in cells}
        if changed or gone:
            self._apply(cells, changed, gone)

    def _apply(self, cells: list[CodeCell], changed: list[CodeCell], gone: set[str]) -> None:
        before = Standing(self._headless)
        try:
            ran = list(self._run(cells, changed))
        except McpNotebookError as error:
            before.restore()
            self._tell(f"{error}\nWhat is served is as it was.")
            return
        withdrawn = [name for cell in gone for name in self._withdraw(cell)]
        for live, served in before.replaced():
            take_place(live.server, served)
        before.listen_again()
        self._hold()
        self._cells = {cell.id: cell for cell in cells}
        said = [f"cell {cell.number} ran" for cell in ran] + [f"{name} withdrawn" for name in withdrawn]
        self._tell(f"{self._path.name} changed: {', '.join(said) or 'nothing that is served'}.")

    def _run(self, cells: list[CodeCell], changed: list[CodeCell]) -> Iterator[CodeCell]:
        """Run what changed; below a cell that makes a server anew all that defines on it, so everything."""
        servers = self._servers()
        for cell in cells:
            if cell in changed or self._servers() != servers:
                self._headless.run_cells([cell])
                yield cell

    def _servers(self) -> list[object]:
        return [live.server for live in self._headless.session.registry.servers.values()]

    def _withdraw(self, cell: str) -> list[str]:
        """Withdraw what a cell held, as if it had run and defined nothing."""
        session = self._headless.session
        session.origins.begin(cell)
        return session.origins.end((live.server for live in session.registry.servers.values()), failed=False)

    def _hold(self) -> None:
        """Note for each definition the cell that its function is from: a server knows only what came later."""
        session = self._headless.session
        for live in session.registry.servers.values():
            held = session.origins.held(live.server)
            for found in definitions(live.server):
                cell = self._headless.ran.get(found.cell.execution_count) if found.cell else None
                if cell is not None:
                    held.setdefault((found.kind, found.name), cell.id)


def _state_of(path: Path) -> tuple[int, int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino
