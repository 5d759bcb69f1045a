"""Build the notebooks of the course from their sources: ``python scripts/chapters.py [--check] [NAME ...]``.

One source a chapter, ``chapters/NN-name.py`` in Jupytext's percent format, gives three notebooks:

- ``notebooks/NN-name.ipynb`` for learners: no outputs, and the exercises empty;
- ``chapters/solutions/NN-name.ipynb``: the exercises solved, and executed, with the outputs that nbval compares;
- ``chapters/teacher/NN-name.ipynb``: the exercises solved, and the cells that are tagged ``teacher``.

An exercise is an empty cell with its number (``# %% exercise="1.2"``); its start and its solution come from
``mcp_notebook/course/chapters``. The word MINUTES in the text is the place for the minutes that the chapter takes, by a
rule (see `minutes`), and MAP for the table of all chapters. A paragraph that begins with WORDS names terms of the
glossary, with commas between them, and gives a folded list of them with their meanings.

With ``--check`` nothing is written; the status is 1 if a notebook is not what its source gives.
"""

from __future__ import annotations

import base64
import copy
import math
import os
import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jupytext
import nbformat
from nbclient import NotebookClient

from mcp_notebook.course.exercises import exercise_of

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ROOT / "chapters"
LEARNER, SOLUTIONS, TEACHER = ROOT / "notebooks", SOURCES / "solutions", SOURCES / "teacher"
GLOSSARY = ROOT / "docs" / "glossary.md"
WORDS = re.compile(r"^WORDS ((?:.+\n?)+?)(?=\n\n|\n?\Z)", re.MULTILINE)
WIDGET = "application/vnd.jupyter.widget-view+json"
METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}

WORDS_A_MINUTE = 120
LINES_A_MINUTE = 10
EXERCISE_MINUTES = 6
PREDICTION_MINUTES = 1
"""The rule was fitted to the times of a reading as a teacher of the first edition: 49, 85, 121 and 141 minutes for
chapters 1, 2, 4 and 8, where it gives 55, 85, 116 and 147."""


def source_of(path: Path) -> Any:
    """Read a source as a notebook, with the same ids in each build."""
    notebook = _read(path)
    notebook.cells = [part for cell in notebook.cells for part in _by_headings(cell)]
    notebook.metadata = copy.deepcopy(METADATA)
    taken = {}
    for cell in notebook.cells:
        wanted = _id(cell)
        taken[wanted] = taken.get(wanted, 0) + 1
        cell.id = wanted if taken[wanted] == 1 else f"{wanted}-{taken[wanted]}"
        if cell.cell_type == "markdown":
            _embed_drawings(cell)
    own = str(minutes(notebook))
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = re.sub(r"^MAP$", lambda _: the_map(), cell.source.replace("MINUTES", own), flags=re.MULTILINE)
            cell.source = WORDS.sub(_meanings, cell.source)
    return notebook


def the_map() -> str:
    """Return the table of all chapters, each with its promise and its minutes."""
    rows = [row_of(path) for path in sorted(LEARNER.glob("*.ipynb")) if not path.stem.startswith("00")]
    table = (f"| {link} | {promise} | {taken} |" for link, promise, taken in rows)
    return "\n".join(["| chapter | you will | minutes |", "|---|---|---|", *table])


def terms(paragraph: str) -> list[str]:
    """Return the terms that the text after WORDS names."""
    return [" ".join(term.split()) for term in paragraph.split(",")]


def glossary() -> dict[str, str]:
    """Return the meaning of each term of the glossary."""
    return dict(re.findall(r"^\| \*\*(.+?)\*\*.*? \| (.+) \|$", GLOSSARY.read_text(encoding="utf-8"), re.MULTILINE))


def _meanings(words: re.Match[str]) -> str:
    meanings = glossary()
    rows = "\n".join(f"- **{term}**: {meanings[term]}" for term in terms(words[1]))
    return f"<details><summary>Words of this chapter</summary>\n\n{rows}\n\n</details>"


def row_of(path: Path) -> tuple[str, str, int]:
    """Return a link to a chapter, its promise and its minutes."""
    notebook = _read(SOURCES / f"{path.stem}.py")
    opening = notebook.cells[0].source
    (title,) = re.findall(r"^# (.+)$", opening, re.MULTILINE)
    (promise,) = re.findall(r"\*\*You will\*\* (.+?)\.\s*?(?:\n\n|$)", opening, re.DOTALL)[:1]
    return f"[{title}]({path.stem}.ipynb)", " ".join(promise.split()), minutes(notebook)


def _read(path: Path) -> Any:
    return jupytext.read(path, fmt={"extension": ".py", "format_name": "percent", "comment_magics": False})


def _by_headings(cell: Any) -> Iterator[Any]:
    """Split a text before each heading: front ends fold parts, and link to them, by cell."""
    for name in ("lines_to_next_cell", "cell_marker"):
        cell.metadata.pop(name, None)
    if cell.cell_type != "markdown":
        yield cell
        return
    for text in re.split(r"^(?=##+ )", cell.source, flags=re.MULTILINE):
        if text.strip():
            yield nbformat.v4.new_markdown_cell(text.strip(), metadata=copy.deepcopy(cell.metadata))


def _embed_drawings(cell: Any) -> None:
    """Put the drawings of a text at its end, so that the notebook is whole in one file.

    They are not attachments of the cell: JupyterLab shows no SVG from these.
    """
    for name in re.findall(r"\]\(drawings/([\w-]+)\.svg\)", cell.source):
        data = base64.b64encode((SOURCES / "drawings" / f"{name}.svg").read_bytes()).decode()
        text = cell.source.replace(f"](drawings/{name}.svg)", f"][{name}]")
        cell.source = f"{text}\n\n[{name}]: data:image/svg+xml;base64,{data}"


def _id(cell: Any) -> str:
    """Name a cell by its exercise, its check, its heading, or its first words."""
    if number := cell.metadata.get("exercise"):
        return f"exercise-{number.replace('.', '-')}"
    if verb := re.match(r"%mcp (check|predict) ([\w.]+)$", cell.source):
        return f"{verb[1]}-{verb[2].replace('.', '-')}"
    kind = "text" if cell.cell_type == "markdown" else "code"
    words = re.findall(r"[a-z0-9]+", re.sub(r"<[^>]*>|%%?mcp\w*", " ", cell.source.lower()))
    return "-".join([kind, *words[:4]])[:60]


def minutes(notebook: Any) -> int:
    """Return the minutes that a chapter takes, rounded up to five.

    By the rule, a minute is 120 words, 10 lines of code or a prediction, and an exercise takes six minutes.
    """
    shown = [cell for cell in notebook.cells if "teacher" not in cell.metadata.get("tags", [])]
    texts = [cell.source for cell in shown if cell.cell_type == "markdown"]
    code = [cell for cell in shown if cell.cell_type == "code"]
    words = sum(len(re.sub(r"<[^>]*>|\[[\w-]+\]: data:\S+", " ", text).split()) for text in texts)
    lines = sum(bool(line.strip()) for cell in code for line in cell.source.splitlines())
    exercises = sum("exercise" in cell.metadata for cell in code)
    predictions = sum(cell.source.startswith("%mcp predict") for cell in code)
    exact = words / WORDS_A_MINUTE + lines / LINES_A_MINUTE + exercises * EXERCISE_MINUTES
    return 5 * math.ceil((exact + predictions * PREDICTION_MINUTES) / 5)


def learners(source: Any) -> Any:
    """Make the learner's edition: no outputs, and the exercises empty."""
    return _edition(source, solved=False, teacher=False)


def teachers(source: Any) -> Any:
    """Make the teacher's edition: the solutions, and notes."""
    return _edition(source, solved=True, teacher=True)


def solved(source: Any) -> Any:
    """Make the edition to execute: the solutions, without notes."""
    return _edition(source, solved=True, teacher=False)


def _edition(source: Any, *, solved: bool, teacher: bool) -> Any:
    notebook = copy.deepcopy(source)
    notebook.cells = [cell for cell in notebook.cells if teacher or "teacher" not in cell.metadata.get("tags", [])]
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
        if number := cell.metadata.get("exercise"):
            exercise = exercise_of(number)
            cell.source = (exercise.solution if solved else exercise.start).strip()
    return notebook


def execute(notebook: Any, folder: Path) -> None:
    """Execute a notebook in `folder`, and leave out everything that would differ in the next run."""
    with tempfile.TemporaryDirectory() as library:
        client = NotebookClient(
            notebook,
            timeout=120,
            kernel_name="python3",
            record_timing=False,
            store_widget_state=False,
            # How many pieces a text comes in is a matter of timing.
            coalesce_streams=True,
            resources={"metadata": {"path": str(folder)}},
        )
        client.execute(env={**os.environ, "MCP_NOTEBOOK_COURSE": f"{library}/my-library"})
    for cell in notebook.cells:
        if "nbval-ignore-output" in cell.metadata.get("tags", []):
            cell.outputs = []
        for output in cell.get("outputs", []):
            if len(output.get("data", {})) > 1:
                output["data"].pop(WIDGET, None)
    notebook.metadata = copy.deepcopy(METADATA)


def differences(path: Path) -> Iterator[str]:
    """Yield the notebooks of a chapter that are not what its source gives; outputs are left to nbval."""
    source = source_of(path)
    for folder, made in ((LEARNER, learners(source)), (TEACHER, teachers(source)), (SOLUTIONS, solved(source))):
        notebook = folder / f"{path.stem}.ipynb"
        if not notebook.is_file() or _without_outputs(nbformat.read(notebook, as_version=4)) != _without_outputs(made):
            yield str(notebook.relative_to(ROOT))


def _without_outputs(notebook: Any) -> list[tuple[Any, ...]]:
    return [(cell.cell_type, cell.id, cell.source, cell.metadata) for cell in notebook.cells]


def write(notebook: Any, path: Path) -> None:
    """Write a notebook in one form."""
    path.parent.mkdir(exist_ok=True)
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    nbformat.validate(notebook)
    nbformat.write(notebook, path)


def build(path: Path) -> None:
    """Build the three notebooks of a chapter."""
    source = source_of(path)
    write(learners(source), LEARNER / f"{path.stem}.ipynb")
    write(teachers(source), TEACHER / f"{path.stem}.ipynb")
    made = solved(source)
    SOLUTIONS.mkdir(exist_ok=True)
    execute(made, SOLUTIONS)
    write(made, SOLUTIONS / f"{path.stem}.ipynb")


def main(words: list[str]) -> int:
    """Build or check the chapters that are named, or all."""
    names = [word for word in words if not word.startswith("-")]
    paths = [path for path in sorted(SOURCES.glob("*.py")) if not names or any(path.stem.startswith(n) for n in names)]
    if "--check" in words:
        wrong = [each for path in paths for each in differences(path)]
        print(
            *(f"{each} is not what its source gives: make notebooks" for each in wrong),
            sep="\n",
            end="\n" * bool(wrong),
        )
        return bool(wrong)
    for path in paths:
        print(path.stem, flush=True)
        build(path)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
