"""The database of the neighborhood library, which the course's server works on."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from mcp_notebook.course.folder import course_folder

__all__ = ["TODAY", "fresh_library", "library_file", "library_for_a_check", "reset_library", "rows_of"]

TODAY = date(2026, 11, 2)
"""The day on which the course plays, so that results do not depend on when it is read."""

SCHEMA = """
CREATE TABLE books (
    title TEXT PRIMARY KEY, author TEXT NOT NULL, year INTEGER NOT NULL, subject TEXT NOT NULL,
    copies INTEGER NOT NULL CHECK (copies > 0)
);
CREATE TABLE members (name TEXT PRIMARY KEY, joined TEXT NOT NULL);
CREATE TABLE loans (
    id INTEGER PRIMARY KEY, title TEXT NOT NULL REFERENCES books, member TEXT NOT NULL REFERENCES members,
    lent TEXT NOT NULL, due TEXT NOT NULL, returned TEXT
);
"""

BOOKS = [
    ("Beloved", "Toni Morrison", 1987, "novel", 2),
    ("Dune", "Frank Herbert", 1965, "science fiction", 2),
    ("Emma", "Jane Austen", 1815, "novel", 1),
    ("Frankenstein", "Mary Shelley", 1818, "science fiction", 1),
    ("Kindred", "Octavia E. Butler", 1979, "science fiction", 1),
    ("Middlemarch", "George Eliot", 1871, "novel", 1),
    ("Parable of the Sower", "Octavia E. Butler", 1993, "science fiction", 2),
    ("Persuasion", "Jane Austen", 1817, "novel", 1),
    ("Piranesi", "Susanna Clarke", 2020, "fantasy", 1),
    ("Silent Spring", "Rachel Carson", 1962, "nature", 1),
    ("The Dispossessed", "Ursula K. Le Guin", 1974, "science fiction", 1),
    ("The Left Hand of Darkness", "Ursula K. Le Guin", 1969, "science fiction", 2),
]

MEMBERS = [("Ada", "2024-01-09"), ("Grace", "2024-03-18"), ("Mary", "2025-06-02"), ("Omar", "2026-02-23")]

LOAN_DAYS = 21

VARIABLE = "LIBRARY_FILE"
"""The environment variable that says where the database is. Cells read it, and so do packages made from them."""


def library_file() -> Path:
    """Return the file of the library's database; it is made, with its books and members, if it is missing.

    The environment variable `VARIABLE` names it from then on, for the cells of the course.
    """
    file = course_folder() / "library.sqlite3"
    if not file.exists():
        reset_library(file)
    os.environ[VARIABLE] = str(file)
    return file


def reset_library(file: Path) -> None:
    """Write the library as it is on the first day of the course, in place of what the file has."""
    with closing(sqlite3.connect(file)) as database, closing(fresh_library()) as fresh:
        fresh.backup(database)


def fresh_library() -> sqlite3.Connection:
    """Return the library of the first day of the course, in memory."""
    database = sqlite3.connect(":memory:", check_same_thread=False)
    database.executescript(SCHEMA)
    database.executemany("INSERT INTO books VALUES (?, ?, ?, ?, ?)", BOOKS)
    database.executemany("INSERT INTO members VALUES (?, ?)", MEMBERS)
    database.executemany(
        "INSERT INTO loans (title, member, lent, due, returned) VALUES (?, ?, ?, ?, ?)", list(_past_loans())
    )
    database.commit()
    return database


def _past_loans() -> Iterator[tuple[str, str, str, str, str | None]]:
    """Invent two years of loans, all returned, some late; the same ones each time."""
    day, number = date(2024, 11, 4), 0
    while day < TODAY - timedelta(days=60):
        title, member = BOOKS[number * 7 % len(BOOKS)][0], MEMBERS[number * number % len(MEMBERS)][0]
        due = day + timedelta(days=LOAN_DAYS)
        kept = 5 + number * 11 % 31
        yield title, member, day.isoformat(), due.isoformat(), (day + timedelta(days=kept)).isoformat()
        day, number = day + timedelta(days=3 + number % 4), number + 1


def rows_of(file: Path, sql: str, *values: Any) -> Sequence[tuple[Any, ...]]:
    """Run a statement on a database, and return its rows."""
    with closing(sqlite3.connect(file)) as database, database:
        return database.execute(sql, values).fetchall()


@contextmanager
def library_for_a_check(file: Path) -> Iterator[None]:
    """Put the library of the first day in place of the learner's while a check runs, and put the learner's back."""
    with closing(sqlite3.connect(":memory:")) as kept:
        with closing(sqlite3.connect(file)) as database:
            database.backup(kept)
        reset_library(file)
        try:
            yield
        finally:
            with closing(sqlite3.connect(file)) as database:
                kept.backup(database)
