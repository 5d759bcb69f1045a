"""Checks that ask and break, and copies of the course."""

from __future__ import annotations

import platform
from contextlib import closing
from pathlib import Path
from typing import Annotated, Any

import anyio
import nbformat
import pytest
from click.testing import CliRunner
from mcp.server.mcpserver import Elicit, Resolve
from nbformat.sign import NotebookNotary
from pydantic import BaseModel

from mcp_notebook import NotebookServer
from mcp_notebook.cli import main
from mcp_notebook.course import Case, check
from mcp_notebook.course.copy import FIRST, copy_course, course_source

ALL = sorted(course_source().glob("*.ipynb"))


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
