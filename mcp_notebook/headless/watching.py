"""A notebook's file that changes while it is served: what changed runs again, or nothing does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from mcp.server.mcpserver import MCPServer

from mcp_notebook.errors import McpNotebookError
from mcp_notebook.headless.notebook import CodeCell, chosen, read
from mcp_notebook.headless.running import Headless
from mcp_notebook.server import LiveServer, definitions, sdk_gaps
from mcp_notebook.server.changes import KINDS, put_back, take_place
from mcp_notebook.server.event_types import event_types, replace_event_types

__all__ = ["NotebookWatcher"]


class NotebookWatcher:
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
        before = Snapshot(self._headless)
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
        """Run what changed; if a cell makes a new server, also all cells below that define on it."""
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


class Snapshot:
    """The variables, and what each live server offers; values that cells change in place stay changed.

    While a change is tried, servers do not follow their listeners: a session belongs to the server that it began with.
    """

    def __init__(self, headless: Headless) -> None:
        self._namespace = headless.shell.user_ns
        self._variables = dict(self._namespace)
        self._origins = headless.session.origins
        self._registry = headless.session.registry
        self._current = self._registry.current.name if self._registry.servers else None
        self._lives = [(live, dict(vars(live))) for live in self._registry.servers.values()]
        self._tables = [
            (live.server, {kind: dict(sdk_gaps.entries(live.server, kind)) for kind in KINDS})
            for live, _ in self._lives
        ]
        self._events = [(live.server, event_types(live.server)) for live, _ in self._lives]
        self._held = [(live.server, dict(self._origins.held(live.server))) for live, _ in self._lives]
        for live, _ in self._lives:
            live.listener = None

    def replaced(self) -> Iterator[tuple[LiveServer, MCPServer[Any]]]:
        """Yield each name that another server has taken, and the server that had it."""
        for live, was in self._lives:
            if live.server is not was["server"]:
                yield live, was["server"]

    def listen_again(self) -> None:
        """Give the servers their listeners back."""
        for live, was in self._lives:
            live.listener = live.listener or was["listener"]

    def restore(self) -> None:
        """Go back to what was; clients are told where that changes what they see."""
        self._namespace.update(self._variables)
        for name in self._namespace.keys() - self._variables.keys():
            del self._namespace[name]
        for live, was in self._lives:
            vars(live).update(was)
        for name in self._registry.servers.keys() - {live.name for live, _ in self._lives}:
            del self._registry.servers[name]
        if self._current is not None:
            self._registry.use(self._current, {})
        for server, tables in self._tables:
            put_back(server, tables)
        for server, types in self._events:
            replace_event_types(server, types)
        for server, held in self._held:
            self._origins.held(server).clear()
            self._origins.held(server).update(held)
