"""``mcp-notebook`` and ``python -m mcp_notebook``: the bridge at once, all else by way of click."""

from __future__ import annotations

import io
import os
import sys
import threading

GRACE = 2.0
"""Seconds that threads have to end in, as the SDK's client gives a server."""


def main() -> None:
    """Run what the command line says."""
    _open_closed()
    if sys.argv[1:2] == ["connect"]:
        # Before click, which takes longer to import than the bridge to answer.
        from mcp_notebook.bridge.command import connect, plain_arguments

        if (arguments := plain_arguments(sys.argv[1:])) is not None:
            sys.exit(connect(*arguments))
    from mcp_notebook.cli import main as click_main

    if isinstance(sys.stdout, io.TextIOWrapper):
        # The encoding of Windows' pipes and files has few letters, and a notebook's name may have any.
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        click_main(prog_name="mcp-notebook")
    except SystemExit as ended:
        _let_go(ended.code if isinstance(ended.code, int) else 0)
        raise


def _open_closed() -> None:
    """Give the process the streams that its parent closed: Python has None in their place."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115, PTH123


def _let_go(status: int) -> None:
    """End the process soon, also where a thread that a notebook's cell left running would keep it for ever."""
    left = [thread for thread in threading.enumerate() if not thread.daemon and thread is not threading.main_thread()]
    if left:
        timer = threading.Timer(GRACE, os._exit, [status])
        timer.daemon = True
        timer.start()


if __name__ == "__main__":
    main()
