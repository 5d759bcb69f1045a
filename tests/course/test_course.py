"""The course: every exercise is honest, every notebook is fit to be committed."""

from __future__ import annotations

import platform
import re
from contextlib import closing
from pathlib import Path
from typing import Annotated, Any

import anyio
import nbformat
import pytest
from click.testing import CliRunner
from mcp.server.mcpserver import Elicit, Resolve
from nbclient import NotebookClient
from nbformat.sign import NotebookNotary
from pydantic import BaseModel

from mcp_notebook import NotebookServer
from mcp_notebook.cli import main
from mcp_notebook.course import Case, check
from mcp_notebook.course.copy import FIRST, copy_course, course_source
from tests.course.answers import Answer, answers_of, source_files
from tests.support import ROOT

ALL = sorted(course_source().glob("*.ipynb"))
SECOND = {path.stem for path in source_files()}
"""The chapters of the second edition, see test_chapters."""
NOTEBOOKS = [path for path in ALL if path.stem not in SECOND]


def cells_of(path: Path) -> list[Any]:
    return nbformat.read(path, as_version=4).cells


WITH_EXERCISES = [path for path in NOTEBOOKS if any(cell.id.startswith("check-") for cell in cells_of(path))]


def text_of(cell: Any) -> str:
    return "".join(output.get("data", {}).get("text/plain", "") + output.get("text", "") for output in cell.outputs)


def name_of(path: Path) -> str:
    return path.name


def exercises(path: Path) -> list[str]:
    found = (re.fullmatch(r"exercise-(\D+)", cell.id) for cell in cells_of(path))
    return [match[1] for match in found if match]


def solutions(path: Path) -> dict[str, str]:
    """The solutions, from the cells where a learner finds them."""
    found = {}
    for cell in cells_of(path):
        if cell.id.startswith("solution-"):
            code = re.search(r"```python\n(.*?)```", cell.source, re.DOTALL)
            assert code is not None
            found[cell.id.removeprefix("solution-")] = code.group(1)
    return found


def run_with(path: Path, answers: dict[str, list[Answer]]) -> dict[str, list[str]]:
    """Run a notebook as a learner who tries these answers, one after the other; return what the checks say.

    Cells tagged ``deployment`` are left out: they install and start a package, which no exercise needs.
    """
    notebook = nbformat.read(path, as_version=4)
    cells = []
    checks: dict[str, list[Any]] = {name: [] for name in answers}
    for cell in notebook.cells:
        kind, _, name = cell.id.partition("-")
        if "deployment" in cell.metadata.get("tags", []) or (kind == "exercise" and name in answers):
            continue
        if kind == "check":
            for answer in answers[name]:
                checks[name].append(nbformat.v4.new_code_cell(cell.source))
                cells += [nbformat.v4.new_code_cell(answer.source), checks[name][-1]]
        else:
            cells.append(cell)
    notebook.cells = cells
    NotebookClient(notebook, timeout=60, kernel_name="python3", store_widget_state=False).execute()
    return {name: [text_of(cell) for cell in checked] for name, checked in checks.items()}


@pytest.mark.parametrize("path", WITH_EXERCISES, ids=name_of)
def test_there_are_at_least_three_exercises_each_with_a_check_a_solution_and_wrong_answers(path: Path) -> None:
    found = exercises(path)
    assert len(found) >= 3
    assert set(found) == set(solutions(path))
    assert {f"check-{name}" for name in found} == {cell.id for cell in cells_of(path) if cell.id.startswith("check-")}
    assert list(answers_of(path.stem)) == found
    assert all(sum(bool(answer.message) for answer in answers) >= 3 for answers in answers_of(path.stem).values())


def test_every_answer_is_read() -> None:
    files = [path for path in sorted((ROOT / "exercises").glob("*.md")) if path.stem not in SECOND]
    assert [path.stem for path in files] == [path.stem for path in WITH_EXERCISES]
    written = sum(path.read_text(encoding="utf-8").count("```python") for path in files)
    assert sum(len(answers) for path in WITH_EXERCISES for answers in answers_of(path.stem).values()) == written


def test_no_two_exercises_have_one_name() -> None:
    names = [name for path in NOTEBOOKS for name in exercises(path)]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("path", WITH_EXERCISES, ids=name_of)
def test_an_untouched_exercise_counts_as_not_attempted(path: Path) -> None:
    checks = [cell for cell in cells_of(path) if cell.id.startswith("check-")]
    assert [text_of(cell).splitlines()[0] for cell in checks] == ["not attempted"] * len(checks)


@pytest.mark.slow
@pytest.mark.parametrize("path", WITH_EXERCISES, ids=name_of)
def test_every_wrong_answer_fails_with_its_own_message_and_then_the_solution_passes(path: Path) -> None:
    answers = {name: [*answers_of(path.stem)[name], Answer(solution)] for name, solution in solutions(path).items()}
    said = run_with(path, answers)
    for name, tried in answers.items():
        for answer, outcome in zip(tried, said[name], strict=True):
            assert outcome.startswith("not yet" if answer.message else "passed"), (name, answer, outcome)
            assert answer.message in outcome
            assert not answer.message or "Read: " in outcome


def test_a_check_that_breaks_says_that_it_is_the_check() -> None:
    server = NotebookServer("library")

    @server.tool()
    def days_late(due: int) -> int:
        return due

    unserializable = Case({"due": object()}, "never sent", result=0)
    outcome = anyio.run(lambda: check(server, "days_late", [unserializable], read="nothing"))
    assert outcome.state == "the check is broken"


class Sure(BaseModel):
    sure: bool


def ask_whether_sure() -> Elicit[Sure]:
    return Elicit("Sure?", Sure)


def asking_server() -> NotebookServer:
    server = NotebookServer("library")

    @server.tool()
    def burn(sure: Annotated[Sure, Resolve(ask_whether_sure)]) -> bool:
        return sure.sure

    @server.tool()
    def keep() -> bool:
        return True

    return server


@pytest.mark.parametrize(
    ("tool", "answers", "said"),
    [
        ("burn", [{"sure": True}], "the user answers {'sure': True}: on purpose"),
        ("burn", [{"sure": False}], "got False"),
        ("burn", ["decline"], "got the error"),
        ("burn", [], "asked 'Sure?', and the 0 answers given are used up"),
        ("keep", [{"sure": True}], "got True, but 1 of 1 questions were never asked"),
    ],
)
def test_a_check_answers_what_the_tool_asks_and_wants_to_be_asked(tool: str, answers: list[Any], said: str) -> None:
    case = Case({}, "on purpose", result=True, answers=answers)
    outcome = anyio.run(lambda: check(asking_server(), tool, [case], read="nothing"))
    assert said in str(outcome)
    assert outcome.state == ("passed" if "the user answers {'sure': True}: on" in said else "not yet")


@pytest.mark.parametrize("path", NOTEBOOKS, ids=name_of)
def test_a_committed_notebook_ran_from_top_to_bottom(path: Path) -> None:
    counts = [cell.execution_count for cell in cells_of(path) if cell.cell_type == "code"]
    assert counts == list(range(1, len(counts) + 1))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=name_of)
def test_a_committed_notebook_holds_no_secret_port_identifier_or_timing(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    outputs = "".join(str(cell.get("outputs", "")) for cell in notebook.cells)
    assert not re.search(r"127\.0\.0\.1:\d|localhost:\d", outputs)
    assert not re.search(r"\b[A-Za-z0-9_-]{43}\b", outputs)
    assert not re.search(r"[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}", outputs)
    assert not re.search(r"\b\d+(\.\d+)? ?(ms|µs|seconds)\b", outputs)
    assert "widgets" not in notebook.metadata
    assert not any("execution" in cell.metadata for cell in notebook.cells)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=name_of)
def test_a_cell_whose_output_is_not_compared_says_why_and_is_kept_without_it(path: Path) -> None:
    cells = cells_of(path)
    ignored = [cell for cell in cells if "nbval-ignore-output" in cell.metadata.get("tags", [])]
    assert all(cell.metadata["reason"] and not cell.outputs for cell in ignored)
    assert len(ignored) <= len(cells) / 10


def test_copying_the_course_again_keeps_what_the_learner_changed(tmp_path: Path) -> None:
    folder = tmp_path / "my course"
    assert f"{len(ALL)} copied" in copy_course(folder)
    (folder / FIRST).write_text("mine", encoding="utf-8")
    assert "to start over: --fresh" in copy_course(folder)
    assert (folder / FIRST).read_text(encoding="utf-8") == "mine"


def test_starting_over_moves_the_learners_notebook_aside(tmp_path: Path) -> None:
    copy_course(tmp_path)
    (tmp_path / FIRST).write_text("mine", encoding="utf-8")
    copy_course(tmp_path, fresh=True)
    fresh, source = (nbformat.read(folder / FIRST, as_version=4) for folder in (tmp_path, course_source()))
    assert [cell.source for cell in fresh.cells] == [cell.source for cell in source.cells]
    assert [path.read_text(encoding="utf-8") for path in tmp_path.glob("kept-*/*.ipynb")] == ["mine"]


def test_a_copy_counts_no_cell_as_run(tmp_path: Path) -> None:
    copy_course(tmp_path)
    for path in tmp_path.glob("*.ipynb"):
        cells = [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
        assert {cell.execution_count for cell in cells} == {None}
        assert {output.get("execution_count") for cell in cells for output in cell.outputs} <= {None}


def test_a_copy_that_another_python_was_at_is_not_the_learners_work(tmp_path: Path) -> None:
    copy_course(tmp_path)
    opened = nbformat.read(tmp_path / FIRST, as_version=4)
    assert opened.metadata.language_info.version == platform.python_version()
    opened.metadata.language_info.version = "3.99"
    nbformat.write(opened, tmp_path / FIRST)
    assert "kept with your changes" not in copy_course(tmp_path)


def test_a_folder_that_cannot_be_written_gives_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    result = CliRunner().invoke(main, ["lab", str(tmp_path / "file" / "course")])
    assert result.exit_code != 0
    assert "Name another folder" in result.output
    assert len(result.output.strip().splitlines()) == 1


def test_copies_are_signed_so_that_jupyter_shows_their_outputs_in_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "data"))
    copy_course(tmp_path / "course")
    notary = NotebookNotary()
    copies = sorted((tmp_path / "course").glob("*.ipynb"))
    assert copies
    with closing(notary.store):
        assert all(notary.check_signature(nbformat.read(copy, as_version=4)) for copy in copies)


def test_without_a_data_directory_the_course_is_copied_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "file" / "below"))
    copy_course(tmp_path / "course")
    assert sorted(path.name for path in (tmp_path / "course").iterdir())[0] == "00-welcome.ipynb"
