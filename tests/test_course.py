"""The course: every exercise is honest, every notebook is fit to be committed."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import anyio
import nbformat
import pytest
from click.testing import CliRunner
from nbclient import NotebookClient

from mcp_notebook import NotebookServer
from mcp_notebook.cli import main
from mcp_notebook.course import Case, check
from mcp_notebook.course.copy import FIRST, copy_course, course_source

NOTEBOOKS = sorted(course_source().glob("*.ipynb"))

WRONG = {
    "exercise-days-late": {
        "%%mcp_tool\ndef days_late(due: int, today: int) -> int:\n    return today - due": "never less than 0",
        "%%mcp_tool\ndef days_late(due: int, today: int) -> int:\n    return due - today": "2 days late on day 5",
        "%%mcp_tool\ndef days_late(due: int, today: int) -> int:\n    return max(1, today - due)": "on the day itself",
    },
    "exercise-oldest": {
        "%%mcp_tool\ndef oldest(count: int) -> list[str]:\n"
        "    return sorted(catalogue, key=lambda t: catalogue[t]['year'])[:count]": "more than 3 is refused",
        "%%mcp_tool\ndef oldest(count: Annotated[int, Field(ge=1, le=3)]) -> list[str]:\n"
        "    return sorted(catalogue)[:count]": "Emma is the oldest",
        "%%mcp_tool\ndef oldest(count: Annotated[int, Field(le=3)]) -> list[str]:\n"
        "    return sorted(catalogue, key=lambda t: catalogue[t]['year'])[:count]": "and so is less than 1",
    },
    "exercise-lend": {
        "%%mcp_tool\ndef lend(title: str, member: str) -> str:\n"
        "    return f'{title}: lent to {member}'": "names the title we do not have",
        "%%mcp_tool\ndef lend(title: str, member: str) -> str:\n    catalogue[title]\n"
        "    return f'{title}: lent to {member}'": "names the title we do not have",
        "%%mcp_tool\ndef lend(title: str, member: str) -> str:\n"
        "    if title not in catalogue: raise ToolError(title)\n"
        "    return f'{title}: lent to {member}'": "names the person who is no member",
    },
}


def cells_of(path: Path) -> list[Any]:
    return nbformat.read(path, as_version=4).cells


def text_of(cell: Any) -> str:
    return "".join(output.get("data", {}).get("text/plain", "") + output.get("text", "") for output in cell.outputs)


def run_with(answers: dict[str, str]) -> dict[str, str]:
    """Run the first notebook with these answers in its exercise cells; return what each check says."""
    notebook = nbformat.read(course_source() / FIRST, as_version=4)
    for cell in notebook.cells:
        cell.source = answers.get(cell.id, cell.source)
    NotebookClient(notebook, timeout=60, kernel_name="python3", store_widget_state=False).execute()
    return {cell.id: text_of(cell) for cell in notebook.cells if cell.id.startswith("check-")}


def solutions() -> dict[str, str]:
    """The solutions, from the cells where a learner finds them."""
    found = {}
    for cell in cells_of(course_source() / FIRST):
        if cell.id.startswith("solution-"):
            code = re.search(r"```python\n(.*?)```", cell.source, re.DOTALL)
            assert code is not None
            found[cell.id.replace("solution-", "exercise-")] = code.group(1)
    return found


def test_there_are_at_least_three_exercises_each_with_a_check_and_a_solution() -> None:
    ids = {cell.id for cell in cells_of(course_source() / FIRST)}
    exercises = [name for name in ids if re.fullmatch(r"exercise-\D+", name)]
    assert len(exercises) >= 3
    assert set(exercises) == set(solutions()) == set(WRONG)
    assert {name.replace("exercise-", "check-") for name in exercises} <= ids


def test_an_untouched_exercise_counts_as_not_attempted() -> None:
    checks = [cell for cell in cells_of(course_source() / FIRST) if cell.id.startswith("check-")]
    assert [text_of(cell).splitlines()[0] for cell in checks] == ["not attempted"] * len(checks)


def test_every_solution_passes() -> None:
    assert {said.splitlines()[0] for said in run_with(solutions()).values()} == {"passed"}


@pytest.mark.parametrize("attempt", range(3))
def test_every_plausible_wrong_answer_fails_with_a_message_of_its_own(attempt: int) -> None:
    answers = {exercise: list(wrong.items())[attempt] for exercise, wrong in WRONG.items()}
    said = run_with({exercise: source for exercise, (source, _) in answers.items()})
    for exercise, (_, message) in answers.items():
        outcome = said[exercise.replace("exercise-", "check-")]
        assert outcome.startswith("not yet")
        assert message in outcome
        assert "Read: " in outcome


def test_a_check_that_breaks_says_that_it_is_the_check() -> None:
    server = NotebookServer("library")

    @server.tool()
    def days_late(due: int) -> int:
        return due

    unserializable = Case({"due": object()}, "never sent", result=0)
    outcome = anyio.run(lambda: check(server, "days_late", [unserializable], read="nothing"))
    assert outcome.state == "the check is broken"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_a_committed_notebook_ran_from_top_to_bottom(path: Path) -> None:
    counts = [cell.execution_count for cell in cells_of(path) if cell.cell_type == "code"]
    assert counts == list(range(1, len(counts) + 1))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_a_committed_notebook_holds_no_secret_port_identifier_or_timing(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    outputs = "".join(str(cell.get("outputs", "")) for cell in notebook.cells)
    assert not re.search(r"127\.0\.0\.1:\d|localhost:\d", outputs)
    assert not re.search(r"\b[A-Za-z0-9_-]{43}\b", outputs)
    assert not re.search(r"[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}", outputs)
    assert not re.search(r"\b\d+(\.\d+)? ?(ms|µs|seconds)\b", outputs)
    assert "widgets" not in notebook.metadata
    assert not any("execution" in cell.metadata for cell in notebook.cells)


def test_copying_the_course_again_keeps_what_the_learner_changed(tmp_path: Path) -> None:
    folder = tmp_path / "my course"
    assert "1 copied" in copy_course(folder)
    (folder / FIRST).write_text("mine", encoding="utf-8")
    assert "--fresh starts over" in copy_course(folder)
    assert (folder / FIRST).read_text(encoding="utf-8") == "mine"


def test_starting_over_moves_the_learners_notebook_aside(tmp_path: Path) -> None:
    copy_course(tmp_path)
    (tmp_path / FIRST).write_text("mine", encoding="utf-8")
    copy_course(tmp_path, fresh=True)
    assert (tmp_path / FIRST).read_bytes() == (course_source() / FIRST).read_bytes()
    assert [path.read_text(encoding="utf-8") for path in tmp_path.glob("kept-*/*.ipynb")] == ["mine"]


def test_a_folder_that_cannot_be_written_gives_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    result = CliRunner().invoke(main, ["lab", str(tmp_path / "file" / "course")])
    assert result.exit_code != 0
    assert "Name another folder" in result.output
    assert len(result.output.strip().splitlines()) == 1
