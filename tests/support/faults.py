"""Faults at each step that changes files: what a full disk, an interrupt or a kill does, at every place in turn."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

__all__ = ["FAULTS", "Killed"]

EVENTS = {"open", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.chmod", "os.link", "os.truncate"}


class Killed(BaseException):
    """What a process is after ``kill -9``: nothing that it still wants to do is done."""


class Faults:
    """Counts the steps that change files below a folder, and raises at one of them."""

    def __init__(self) -> None:
        self.active: Callable[[], None] | None = None
        self.root = ""
        sys.addaudithook(self._seen)

    def _seen(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self.active is None or event not in EVENTS or self.root not in str(arguments[0]):
            return
        if event == "open" and not self._writes(arguments):
            return
        self.active()

    @staticmethod
    def _writes(arguments: tuple[Any, ...]) -> bool:
        return bool(arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)) if isinstance(arguments[2], int) else True

    @contextmanager
    def at(self, number: int, root: Path, error: BaseException, *, again: bool = False) -> Iterator[list[int]]:
        """Raise at the step of this number, and with `again` at all after it; yield how many there were."""
        count = [0]

        def step() -> None:
            count[0] += 1
            if count[0] == number or (again and count[0] > number):
                raise error

        self.root, self.active = str(root), step
        try:
            yield count
        finally:
            self.active = None


FAULTS = Faults()
