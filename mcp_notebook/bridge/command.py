"""``mcp-notebook connect``: the bridge as a process."""

from __future__ import annotations

import os
import signal
import sys

from mcp_notebook import addresses
from mcp_notebook.bridge.forward import Bridge
from mcp_notebook.bridge.host import Host
from mcp_notebook.bridge.kernel import Kernel
from mcp_notebook.errors import UnknownNameError

__all__ = ["WAIT", "connect", "plain_arguments"]

WAIT = 60.0
"""Seconds for which a request waits for a kernel that is away, where the person does not say."""


def plain_arguments(words: list[str]) -> tuple[str, float] | None:
    """Return name and wait of ``connect NAME [--wait SECONDS]``; None where click has something to say about them."""
    match words:
        case ["connect", name]:
            wait = str(WAIT)
        case ["connect", "--wait", wait, name] | ["connect", name, "--wait", wait]:
            pass
        case _:
            return None
    try:
        seconds = float(wait)
    except ValueError:
        return None
    return None if name.startswith("-") or not seconds >= 0 else (name, seconds)


def connect(name: str, wait: float) -> int:
    """Forward between stdin, stdout and the notebook of this name until the host ends it; return the exit status."""
    try:
        address = addresses.find(name)
    except UnknownNameError as error:
        print(f"mcp-notebook connect: {error}", file=sys.stderr)
        return 2
    if address.running and address.transport != "http":
        print(
            f"mcp-notebook connect: {name!r} is served over {address.transport}, which the bridge does not speak. "
            "Run %mcp serve without --transport.",
            file=sys.stderr,
        )
        return 2
    host = Host()
    bridge = Bridge(Kernel(name, address, wait, host.tell), host)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: bridge.ended.set())
    bridge.start()
    bridge.ended.wait()
    bridge.close()
    # Threads may still wait for the host or the kernel, and nothing is left to be tidied.
    os._exit(0)
