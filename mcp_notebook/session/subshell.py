"""Hearing widgets while a cell runs.

A kernel handles the messages of widgets on its main thread, after the cell that runs now. ipykernel has threads beside
it, its subshells, and from 7.4 on a comm can say which of them its messages go to. Both are private to ipykernel and
touched in this module only; where they are not to be had, there is no `Subshell`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

from IPython.core.interactiveshell import InteractiveShell

__all__ = ["Subshell", "has_subshells"]

T = TypeVar("T")

_ROUTE = "_reply_subshell_for"
"""The method of ipykernel's comms that names the subshell for a message from the front end."""

PATIENCE = 10.0
"""Seconds to wait for a subshell to start; it takes 2 ms."""


def has_subshells(shell: InteractiveShell) -> bool:
    """Whether this kernel can hear widgets while a cell runs."""
    kernel: Any = getattr(shell, "kernel", None)
    if not getattr(kernel, "_supports_kernel_subshells", False):
        return False
    from ipykernel.comm.comm import BaseComm  # here, because IPython in a terminal goes without

    manager = kernel.shell_channel_thread.manager
    return all(hasattr(manager, name) for name in ("_create_subshell", "_delete_subshell")) and hasattr(
        BaseComm, _ROUTE
    )


class Subshell:
    """A thread of the kernel that hears the messages of some widgets, also while a cell runs.

    Their callbacks run on it. To be made only where `has_subshells` says so, and on any thread but its own.
    """

    def __init__(self, shell: InteractiveShell) -> None:
        self._thread: Any = shell.kernel.shell_channel_thread
        self._manager = self._thread.manager
        self._heard: list[Any] = []
        self._id: str = self._on_its_thread(self._manager._create_subshell).result(PATIENCE)

    def hear(self, widget: Any) -> None:
        """Hear this widget and all that it holds, or will hold."""
        if hasattr(widget, "children"):
            widget.observe(lambda change: self._hear_each(change.new), "children")
            self._hear_each(widget.children)
        setattr(widget.comm, _ROUTE, lambda data, default: self._id)
        self._heard.append(widget)

    def close(self) -> None:
        """End the thread; the main thread hears the widgets from now on."""
        for widget in self._heard:
            if widget.comm is not None:  # it is closed
                vars(widget.comm).pop(_ROUTE, None)
        self._heard.clear()
        self._on_its_thread(self._manager._delete_subshell, self._id)

    def _hear_each(self, widgets: Any) -> None:
        for widget in widgets:
            if widget not in self._heard:
                self.hear(widget)

    def _on_its_thread(self, function: Callable[..., T], *args: object) -> Future[T]:
        """Have the thread of the shell channel, which alone may start and end subshells, call a function."""

        async def call() -> T:
            return function(*args)

        return asyncio.run_coroutine_threadsafe(call(), self._thread.io_loop.asyncio_loop)
