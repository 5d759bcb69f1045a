"""Exercise 8.1: copy a file inside one folder, and nowhere else."""

from __future__ import annotations

from pathlib import Path

from mcp_notebook.course.checking.bench import Bench, Then
from mcp_notebook.course.checking.cases import Case
from mcp_notebook.course.exercises import Exercise
from mcp_notebook.course.papers import lay_out_papers

__all__ = ["COPY_PAPER"]


def _office() -> Path:
    return lay_out_papers().parent


def _paper(name: str, expected: bytes | None) -> Then:
    """Look at a file of the office; None means that it must not exist."""

    def look(bench: Bench) -> bytes | None:
        file = Path(bench.namespace["ROOT"]).parent / name
        return file.read_bytes() if file.exists() else None

    return Then(f"{name} has", look, expected)


COPY_PAPER = Exercise(
    number="8.1",
    name="copy_paper",
    title="a copy of a paper",
    server="papers",
    read="2 · Files that nobody waits for",
    start="# Exercise 8.1. Begin this cell with %%mcp_tool --server papers, and define copy_paper(source, target).",
    cases=(
        Case(
            {"source": "stamp.png", "target": "minutes/stamp.png"},
            "a picture is copied byte by byte",
            result=32,
            given=lambda bench: _office(),
            then=[_paper("papers/minutes/stamp.png", b"\x89PNG\r\n\x1a\n" + bytes(24))],
        ),
        Case(
            {"source": "minutes/may.txt", "target": "rules.txt"},
            "nothing is overwritten",
            error="rules.txt",
            then=[_paper("papers/rules.txt", b"Be quiet.\nBring books back.\n")],
        ),
        Case(
            {"source": "../alarm.txt", "target": "a.txt"},
            "nothing comes in from outside",
            error="not among the papers",
            then=[_paper("papers/a.txt", None)],
        ),
        Case(
            {"source": "door.txt", "target": "b.txt"},
            "a link brings nothing in either",
            error="not among the papers",
            then=[_paper("papers/b.txt", None)],
        ),
        Case(
            {"source": "rules.txt", "target": "../mine.txt"},
            "nothing goes out",
            error="not among the papers",
            then=[_paper("mine.txt", None)],
        ),
        Case(
            {"source": "rules.txt", "target": "old/mine.txt"},
            "nothing goes out through a link",
            error="not among the papers",
            then=[_paper("papers-old/mine.txt", None)],
        ),
        Case({"source": "june.txt", "target": "c.txt"}, "the error names the missing source", error="june.txt"),
    ),
    hints=(
        "Two paths come from the model. Which function must see both?",
        "`inside` for both, `is_file()` for the source, and the mode `xb`, which fails if the file exists.",
        "`data = inside(source).read_bytes()`, then `with inside(target).open('xb') as file: file.write(data)` in a `try` "
        "with `except FileExistsError`. A `def` is fine: the SDK runs it on a thread.",
    ),
    solution='''
%%mcp_tool --server papers --no-destructive --closed-world
def copy_paper(source: Place, target: Place) -> int:
    """Copy a paper of any kind. Never overwrites. Returns the number of bytes."""
    original, copy = inside(source), inside(target)
    if not original.is_file():
        raise ToolError(f"There is no paper {source!r}. Use list_papers to see them.")
    try:
        with copy.open("xb") as file:
            return file.write(original.read_bytes())
    except FileExistsError:
        raise ToolError(f"{target!r} exists. Choose another name.") from None
    except OSError as error:
        raise ToolError(f"Cannot write {target!r}: {error.strerror}.") from None
''',
    why="The mode x asks and creates in one step. A check cannot see the moment between exists() and open(); another "
    "program can.",
)

