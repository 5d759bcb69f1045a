"""Checks that need a kernel, made on the kernel's own data."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from mcp_notebook.doctor.finding import Finding
from mcp_notebook.doctor.places import Place

__all__ = ["Kernel", "in_kernel"]


@dataclass(frozen=True)
class Kernel:
    """The data that only the kernel has.

    Attributes:
        front_end: The front end of the notebook, from `front_end`.
        subshells: True if the kernel has subshells; None without a kernel.
        loop: The module of the event loop that cells run on; "" for none.
        ports: The port of each server that listens.
        remembered: The earlier port of each server that does not listen now.
    """

    front_end: str
    subshells: bool | None = None
    loop: str = ""
    ports: Mapping[str, int] = field(default_factory=dict)
    remembered: Mapping[str, int] = field(default_factory=dict)


def in_kernel(kernel: Kernel, place: Place | None = None) -> Iterator[Finding]:
    """Check the front end, subshells, event loop, ports and logging."""
    yield Finding(f"front end: {kernel.front_end}")
    yield from _subshells(kernel, place)
    yield from _loop(kernel)
    yield from _ports(kernel)
    yield from _root_logging()


def _subshells(kernel: Kernel, place: Place | None) -> Iterator[Finding]:
    if kernel.subshells:
        yield Finding("subshells: a form can be answered while a cell runs")
    elif kernel.subshells is None:
        yield Finding(
            "no kernel, so no widgets: a form is shown as text",
            "note",
            "open the notebook in JupyterLab, Notebook, VS Code or Colab",
        )
    else:
        newer = 'pip install -U "ipykernel>=7", then restart the kernel'
        yield Finding(
            "this kernel has no subshells: while a cell runs, questions appear as input lines, not as a form",
            "note",
            newer if place is None else place.fix(newer),
        )


def _loop(kernel: Kernel) -> Iterator[Finding]:
    # Both packages leave the first mark on asyncio when they are applied; only nest_asyncio2 leaves the second.
    if hasattr(asyncio, "_nest_patched") and not hasattr(asyncio, "_nest_asyncio2"):
        yield Finding(
            "nest_asyncio is applied: with it, ipykernel can lose the next queued cell",
            "problem",
            "remove nest_asyncio.apply() and restart the kernel; if cells need nested loops: %mcp asyncio on",
        )
    elif hasattr(asyncio, "_nest_patched"):
        yield Finding("event loop: nest_asyncio2 is applied, so asyncio.run() works in cells")
    elif kernel.loop:
        yield Finding(f"event loop: {kernel.loop.partition('.')[0]}'s, not nested")


def _ports(kernel: Kernel) -> Iterator[Finding]:
    for server, port in kernel.ports.items():
        yield Finding(f"server {server} listens on port {port} of this machine")
    for server, port in kernel.remembered.items():
        if _taken(port):
            yield Finding(
                f"another program uses port {port}, the earlier port of server {server}",
                "problem",
                f"stop that program; or %mcp serve --server {server} --any-port, then %mcp clients --http again",
            )
    if not kernel.ports:
        yield Finding("no server listens for clients outside the kernel")


def _root_logging() -> Iterator[Finding]:
    handlers = [h for h in logging.getLogger().handlers if not isinstance(h, logging.NullHandler)]
    if handlers:
        names = ", ".join(dict.fromkeys(type(handler).__name__ for handler in handlers))
        yield Finding(
            f"the root logger has handlers ({names}): logs of libraries can appear in cells",
            "note",
            "if you did not add them yourself: logging.getLogger().handlers.clear()",
        )
    else:
        yield Finding("logging: the root logger has no handlers, so logs stay out of cells")


def _taken(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False
