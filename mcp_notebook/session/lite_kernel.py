"""Complete the kernel of JupyterLite, which leaves out IPython's events after a cell that awaits."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from IPython.core.interactiveshell import InteractiveShell

__all__ = ["events_after_awaiting_cells"]


@contextmanager
def events_after_awaiting_cells(shell: InteractiveShell) -> Iterator[None]:
    """Trigger the events that ipykernel triggers after a cell that awaits, while the context is open.

    IPython's `run_cell` triggers them itself, and it calls `run_cell_async`, too.
    """
    run_cell, run_cell_async = shell.run_cell, shell.run_cell_async
    depth = 0

    def whole(*args: Any, **options: Any) -> Any:
        nonlocal depth
        depth += 1
        try:
            return run_cell(*args, **options)
        finally:
            depth -= 1

    async def awaiting(*args: Any, **options: Any) -> Any:
        inside = depth > 0
        result = await run_cell_async(*args, **options)
        if not inside:
            shell.events.trigger("post_execute")
            shell.events.trigger("post_run_cell", result)
        return result

    shell.run_cell, shell.run_cell_async = whole, awaiting
    try:
        yield
    finally:
        shell.run_cell, shell.run_cell_async = run_cell, run_cell_async
