"""Progress of what takes long, under the cell that started it."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from IPython.core.interactiveshell import InteractiveShell
from IPython.display import display

__all__ = ["interrupted_in_one_line", "progress"]


@contextmanager
def interrupted_in_one_line() -> Iterator[None]:
    """Have an interrupt end the cell as ever, but without the lines of this package on the way to it."""
    try:
        yield
    except KeyboardInterrupt as interrupt:
        line = "KeyboardInterrupt: the export ended here, and what it had started. No proof was written; run it again."
        setattr(interrupt, "_render_traceback_", lambda: [line])  # noqa: B010 - IPython asks an exception for it
        raise


@contextmanager
def progress(shell: InteractiveShell) -> Iterator[Callable[[str], None]]:
    """Show the steps under the cell while they are taken, the seconds of the one under way; at the end the steps."""
    if not hasattr(shell, "kernel"):  # in a terminal nothing that was shown can be changed
        yield lambda step: print(step, file=sys.stderr)
        return
    steps: list[tuple[str, float]] = []
    handle = display(_lines([]), raw=True, display_id=True)
    ended = threading.Event()

    def show() -> None:
        while not ended.wait(1.0):
            now = f" ({time.monotonic() - steps[-1][1]:.0f} s)" if steps else ""
            handle.update(
                _lines([*(step for step, _ in steps[:-1]), f"{steps[-1][0]}{now}"] if steps else []), raw=True
            )

    def say(step: str) -> None:
        steps.append((step, time.monotonic()))
        handle.update(_lines([step for step, _ in steps]), raw=True)

    showing = threading.Thread(target=show, name="mcp-notebook-progress", daemon=True)
    showing.start()
    try:
        yield say
    finally:
        ended.set()
        showing.join()
        handle.update(_lines([step for step, _ in steps]), raw=True)


def _lines(steps: list[str]) -> dict[str, str]:
    return {"text/plain": "\n".join(steps)}
