"""Checks that need a kernel, made on the kernel's own data."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from mcp_notebook import browser_tab
from mcp_notebook.doctor.diagnosis import Diagnosis
from mcp_notebook.doctor.places import Place

__all__ = ["KernelFacts", "in_kernel"]


@dataclass(frozen=True)
class KernelFacts:
    """The data that only the kernel has.

    Attributes:
        front_end: The front end of the notebook, from `front_end`.
        subshells: True if the kernel has subshells; None without a kernel.
        loop: The module of the event loop that cells run on; "" for none.
        ports: The port of each server that listens.
        remembered: The earlier port of each server that does not listen now.
        stand_ins: The servers whose clients sign in at a stand-in for an authorization server.
    """

    front_end: str
    subshells: bool | None = None
    loop: str = ""
    ports: Mapping[str, int] = field(default_factory=dict)
    remembered: Mapping[str, int] = field(default_factory=dict)
    stand_ins: Sequence[str] = ()


def in_kernel(kernel: KernelFacts, place: Place | None = None) -> Iterator[Diagnosis]:
    """Check the front end, subshells, event loop, ports and logging."""
    yield Diagnosis(f"front end: {kernel.front_end}")
    yield from _subshells(kernel, place)
    yield from _loop(kernel)
    yield from _ports(kernel)
    yield from _stand_ins(kernel)
    yield from _root_logging()


def _subshells(kernel: KernelFacts, place: Place | None) -> Iterator[Diagnosis]:
    if kernel.subshells:
        yield Diagnosis("subshells: a form can be answered while a cell runs")
    elif kernel.subshells is None:
        yield Diagnosis(
            "no kernel, so no widgets: a form is shown as text",
            "note",
            "open the notebook in JupyterLab, Notebook, VS Code or Colab",
        )
    elif browser_tab.HERE:
        yield Diagnosis("while a cell runs, questions appear as input lines, not as a form", "note")
    else:
        newer = 'pip install -U "ipykernel>=7", then restart the kernel'
        yield Diagnosis(
            "this kernel has no subshells: while a cell runs, questions appear as input lines, not as a form",
            "note",
            newer if place is None else place.fix(newer),
        )


def _loop(kernel: KernelFacts) -> Iterator[Diagnosis]:
    # Both packages leave the first mark on asyncio when they are applied; only nest_asyncio2 leaves the second.
    if hasattr(asyncio, "_nest_patched") and not hasattr(asyncio, "_nest_asyncio2"):
        yield Diagnosis(
            "nest_asyncio is applied: with it, ipykernel can lose the next queued cell",
            "problem",
            "remove nest_asyncio.apply() and restart the kernel; if cells need nested loops: %mcp asyncio on",
        )
    elif hasattr(asyncio, "_nest_patched"):
        yield Diagnosis("event loop: nest_asyncio2 is applied, so asyncio.run() works in cells")
    elif kernel.loop:
        yield Diagnosis(f"event loop: {kernel.loop.partition('.')[0]}'s, not nested")


def _ports(kernel: KernelFacts) -> Iterator[Diagnosis]:
    for server, port in kernel.ports.items():
        yield Diagnosis(f"server {server} listens on port {port} of this machine")
    for server, port in kernel.remembered.items():
        if _taken(port):
            yield Diagnosis(
                f"another program uses port {port}, the earlier port of server {server}",
                "problem",
                f"stop that program; or %mcp serve --server {server} --any-port, then %mcp clients --http again",
            )
    if not kernel.ports:
        yield Diagnosis("no server listens for clients outside the kernel")


def _stand_ins(kernel: KernelFacts) -> Iterator[Diagnosis]:
    for server in kernel.stand_ins:
        yield Diagnosis(
            f"clients of server {server} sign in at a stand-in, which asks for no password: any program of this "
            "machine can sign in as anyone",
            "note",
            "for others, use an authorization server: %mcp export DEST --auth jwt",
        )


def _root_logging() -> Iterator[Diagnosis]:
    handlers = [h for h in logging.getLogger().handlers if not isinstance(h, logging.NullHandler)]
    if handlers:
        names = ", ".join(dict.fromkeys(type(handler).__name__ for handler in handlers))
        yield Diagnosis(
            f"the root logger has handlers ({names}): logs of libraries can appear in cells",
            "note",
            "if you did not add them yourself: logging.getLogger().handlers.clear()",
        )
    else:
        yield Diagnosis("logging: the root logger has no handlers, so logs stay out of cells")


def _taken(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False
