"""The verb that makes a package of the notebook."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from IPython.core.interactiveshell import InteractiveShell
from IPython.display import display

from mcp_notebook.export.exporting import Exported, export
from mcp_notebook.export.wishes import OPTIONS, Wishes
from mcp_notebook.magics.options import SERVER, TEXT
from mcp_notebook.magics.verb import verb
from mcp_notebook.session.choosing import subject_of
from mcp_notebook.session.session import Session

__all__: list[str] = []


def _typed(option: dict[str, Any]) -> dict[str, Any]:
    """Return what an option takes, text without the quotes that stand around it in a cell."""
    return option if "is_flag" in option or "default" in option else {"type": TEXT, **option}


@verb(
    "export",
    click.argument("destination", type=TEXT, metavar="DEST"),
    click.option("--server", type=SERVER, help="The server that is meant; the only one with definitions if not given."),
    *(click.option(name, **_typed(option)) for name, option in OPTIONS.items()),
)
def _export(
    session: Session,
    destination: str,
    server: str | None,
    **wishes: Any,
) -> Exported:
    """Make a package of a server, which needs nothing of this notebook, and prove that. Example: %mcp export ../books.

    The package stands on the SDK alone. The proof installs it into a clean environment, starts it over stdio and HTTP,
    and compares with the live server what it lists and what the recorded calls give.
    """
    subject = subject_of(session, server)
    with _in_one_line(), _progress(session.shell) as say:
        exported = export(
            subject,
            Path(destination).expanduser(),
            session.registry.recorder.calls,
            wishes=Wishes(**wishes),
            portal=session.portal,
            environment=os.environ,
            on_progress=say,
        )
    if exported.dry and exported.server_file and _in_a_kernel(session.shell):
        # Front ends highlight it in Markdown, in their own colours; as text, the value of the cell has it.
        shown = f"`src/{exported.name}/server.py`\n\n````python\n{exported.server_file}````"
        display({"text/markdown": shown, "text/plain": ""}, raw=True)
    return exported


def _in_a_kernel(shell: InteractiveShell) -> bool:
    return hasattr(shell, "kernel")


@contextmanager
def _in_one_line() -> Iterator[None]:
    """Have an interrupt end the cell as ever, but without the lines of this package on the way to it."""
    try:
        yield
    except KeyboardInterrupt as interrupt:
        line = "KeyboardInterrupt: the export ended here, and what it had started. No proof was written; run it again."
        setattr(interrupt, "_render_traceback_", lambda: [line])  # noqa: B010 - IPython asks an exception for it
        raise


@contextmanager
def _progress(shell: InteractiveShell) -> Iterator[Callable[[str], None]]:
    """Show the steps under the cell while they are taken, the seconds of the one under way; at the end the steps."""
    if not _in_a_kernel(shell):  # in a terminal nothing that was shown can be changed
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
