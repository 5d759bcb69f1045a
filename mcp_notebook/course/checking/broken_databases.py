"""Databases in the states that a health check must tell apart."""

from __future__ import annotations

import asyncio
import inspect
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic
from typing import Any

from mcp_notebook.course.checking.bench import Bench
from mcp_notebook.course.library import reset_library

__all__ = ["State", "broken", "verdict_on"]

State = str
"""``good``, ``missing``, ``damaged``, ``without books`` or ``locked``."""

EXPECTED = {"good": "healthy", **dict.fromkeys(("missing", "damaged", "without books", "locked"), "unhealthy")}
"""The right verdict on each state."""

PATIENCE = 4.0
"""Seconds that a check may take; the probe of an exported package waits for 5."""


@contextmanager
def broken(state: State) -> Iterator[Path]:
    """Make a library's database in a state, for as long as the context lasts."""
    with TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        file = Path(folder, "library.sqlite3")
        if state == "damaged":
            file.write_text("This is not a database. " * 100, encoding="utf-8")
        elif state != "missing":
            reset_library(file)
        with closing(sqlite3.connect(file if state in ("without books", "locked") else ":memory:")) as other:
            other.isolation_level = None
            if state == "without books":
                other.execute("DELETE FROM loans")
                other.execute("DELETE FROM books")
            elif state == "locked":
                other.execute("BEGIN EXCLUSIVE")
            yield file


def verdict_on(state: State) -> Callable[[Bench], str]:
    """Return a look at the verdict of the learner's check on a database in a state, as a package would take it.

    An exception or False means unhealthy, and anything else healthy.
    """

    def look(bench: Bench) -> str:
        check: Callable[..., Any] = bench.namespace[bench.name]
        with broken(state) as file:
            begun = monotonic()
            try:
                answer = check(str(file))
                if inspect.iscoroutine(answer):
                    answer = asyncio.run(answer)
            except Exception as error:  # noqa: BLE001 - every exception of the check counts
                said, verdict = f" ({type(error).__name__})", "unhealthy"
            else:
                said, verdict = f" (it returned {answer!r})", "unhealthy" if answer is False else "healthy"
            if state == "missing" and file.exists():
                return f"{verdict}, but the check made the file"
            if monotonic() - begun > PATIENCE:
                return f"{verdict}, but only after more than {PATIENCE:g} s"
        return verdict if verdict == EXPECTED[state] else verdict + said

    return look
