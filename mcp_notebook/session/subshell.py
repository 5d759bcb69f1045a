"""Handle events of widgets while a cell runs.

A kernel handles the messages of widgets on its main thread, after the running cell. ipykernel also has other threads,
its subshells, and since 7.4, a comm can choose the subshell that gets its messages. Both are private to ipykernel and
used only in this module. Without them, `Subshell` is not available.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar
from weakref import WeakSet

from IPython.core.interactiveshell import InteractiveShell

__all__ = ["Subshell", "has_subshells"]

T = TypeVar("T")

_ROUTE = "_reply_subshell_for"
"""The method of ipykernel's comms that chooses the subshell for a message from the front end."""

PATIENCE = 10.0
"""Seconds to wait for a subshell to start; it takes 2 ms."""


def has_subshells(shell: InteractiveShell) -> bool:
    """Return whether this kernel can handle widgets while a cell runs."""
    kernel: Any = getattr(shell, "kernel", None)
    if not getattr(kernel, "_supports_kernel_subshells", False):
        return False
    from ipykernel.comm.comm import BaseComm  # imported here, because IPython in a terminal does not need it

    manager = kernel.shell_channel_thread.manager
    return all(hasattr(manager, name) for name in ("_create_subshell", "_delete_subshell")) and hasattr(
        BaseComm, _ROUTE
    )


class Subshell:
    """A thread of the kernel that handles the messages of some widgets and runs their callbacks, also during a cell.

    Make one only if `has_subshells` is true, and not on the subshell's own thread.
    """

    def __init__(self, shell: InteractiveShell) -> None:
        self._thread: Any = shell.kernel.shell_channel_thread
        self._manager = self._thread.manager
        self._heard: WeakSet[Any] = WeakSet()  # closed widgets may go
        self._id: str = self._on_its_thread(self._manager._create_subshell).result(PATIENCE)

    def hear(self, widget: Any) -> None:
        """Handle the messages of this widget."""
        setattr(widget.comm, _ROUTE, lambda data, default: self._id)
        self._heard.add(widget)

    def close(self) -> None:
        """End the thread; from now on, the main thread handles the widgets."""
        for widget in self._heard:
            if widget.comm is not None:  # it is closed
                vars(widget.comm).pop(_ROUTE, None)
        self._heard.clear()
        self._on_its_thread(self._manager._delete_subshell, self._id)

    def _on_its_thread(self, function: Callable[..., T], *args: object) -> Future[T]:
        """Call a function on the thread of the shell channel; only that may start and end subshells."""

        async def call() -> T:
            return function(*args)

        return asyncio.run_coroutine_threadsafe(call(), self._thread.io_loop.asyncio_loop)
