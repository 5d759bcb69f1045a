"""Run the bridge as the process ``mcp-notebook connect``."""

from __future__ import annotations

import os
import signal
import sys

from mcp_notebook import addresses
from mcp_notebook.bridge.forward import Bridge
from mcp_notebook.bridge.host import HostProcess
from mcp_notebook.bridge.kernel import Kernel
from mcp_notebook.errors import UnknownNameError

__all__ = ["WAIT", "connect", "plain_arguments"]

LOOK = 0.2 if sys.platform == "win32" else None
"""Seconds after which the wait for the end is interrupted, to handle signals."""

WAIT = 60.0
"""The default for the seconds that a request waits for a kernel that is away."""


def plain_arguments(words: list[str]) -> tuple[str, float, str | None] | None:
    """Parse the arguments of ``connect``: name, wait and runtime directory.

    Return None if click must handle them, to print help or an error.
    """
    names: list[str] = []
    options = {"--wait": str(WAIT)}
    rest = iter(words[1:])
    for word in rest:
        if word in ("--wait", "--runtime-dir"):
            options[word] = next(rest, "")
        else:
            names.append(word)
    try:
        seconds = float(options["--wait"])
    except ValueError:
        return None
    if len(names) != 1 or names[0].startswith("-") or not seconds >= 0:
        return None
    return names[0], seconds, options.get("--runtime-dir")


def connect(name: str, wait: float, runtime_dir: str | None = None) -> int:
    """Forward between stdio and the notebook of this name until the host ends; return the exit status."""
    if runtime_dir is not None:
        os.environ["JUPYTER_RUNTIME_DIR"] = runtime_dir
    try:
        address = addresses.find(name)
    except UnknownNameError as error:
        print(f"mcp-notebook connect: {error}", file=sys.stderr)
        return 2
    if address.running and address.transport != "http":
        print(
            f"mcp-notebook connect: {name!r} is served over {address.transport}, which the bridge does not support. "
            "Run %mcp serve without --transport.",
            file=sys.stderr,
        )
        return 2
    host = HostProcess()
    bridge = Bridge(Kernel(name, address, wait, host.tell), host)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: bridge.ended.set())
    bridge.start()
    while not bridge.ended.wait(LOOK):  # on Windows before Python 3.14, signals are handled only after a wait ends
        pass
    bridge.close()
    # Threads may still wait for the host or the kernel, but there is nothing to clean up.
    os._exit(0)
