"""Show the progress of a long operation below its cell."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from IPython.core.interactiveshell import InteractiveShell
from IPython.display import display

from mcp_notebook.background import Background, Rests

__all__ = ["interrupted_in_one_line", "progress"]


@contextmanager
def interrupted_in_one_line(what: str) -> Iterator[None]:
    """Let an interrupt end the cell as usual, but say `what` was interrupted instead of this package's traceback."""
    try:
        yield
    except KeyboardInterrupt as interrupt:
        line = f"KeyboardInterrupt: {what}"
        setattr(interrupt, "_render_traceback_", lambda: [line])  # noqa: B010 - IPython asks an exception for it
        raise


@contextmanager
def progress(shell: InteractiveShell) -> Iterator[Callable[[str], None]]:
    """Show the steps below the cell as they are taken, with the seconds of the current one."""
    if not hasattr(shell, "kernel"):  # a terminal cannot update earlier output
        yield lambda step: print(step, file=sys.stderr)
        return
    steps: list[tuple[str, float]] = []
    handle = display(_lines([]), raw=True, display_id=True)

    def show() -> Rests:
        while True:
            yield 1.0
            now = f" ({time.monotonic() - steps[-1][1]:.0f} s)" if steps else ""
            handle.update(
                _lines([*(step for step, _ in steps[:-1]), f"{steps[-1][0]}{now}"] if steps else []), raw=True
            )

    def say(step: str) -> None:
        steps.append((step, time.monotonic()))
        handle.update(_lines([step for step, _ in steps]), raw=True)

    showing = Background(show(), "mcp-notebook-progress")
    try:
        yield say
    finally:
        showing.end()
        showing.join()
        handle.update(_lines([step for step, _ in steps]), raw=True)


def _lines(steps: list[str]) -> dict[str, str]:
    return {"text/plain": "\n".join(steps)}
