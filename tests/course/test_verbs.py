"""The verbs of the course: check, hint, solution, progress, predict and checkpoint."""

from __future__ import annotations

import json
import re
from html import escape
from pathlib import Path

import pytest

from mcp_notebook.course.exercises import exercises
from mcp_notebook.course.library import library_file, reset_library, rows_of
from mcp_notebook.course.progress import Progress
from mcp_notebook.course.project import chapter_numbers
from tests.support.kernels import Kernel

SOURCE = "import inspect\nprint(inspect.getsource(days_late))"
DAYS_LATE = exercises()["1.1"].solution.strip()
WRONG = "%%mcp_tool\nfrom datetime import date\n\n\ndef days_late(due: date, today: date) -> int:\n    return 1"
OWN = WRONG.replace("return 1", "return max((today - due).days, 0)  # mine")


@pytest.fixture
def learner(kernel: Kernel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Kernel:
    """A kernel of a learner, whose folder this process knows, too."""
    monkeypatch.setenv("MCP_NOTEBOOK_COURSE", str(tmp_path))
    kernel.good(f"import os\nos.environ['MCP_NOTEBOOK_COURSE'] = {str(tmp_path)!r}")
    kernel.good("%mcp checkpoint 1")
    return kernel


def begin(learner: Kernel) -> None:
    learner.good(
        "from typing import Annotated\nfrom pydantic import Field\nfrom mcp_notebook import NotebookServer\n"
        "library = NotebookServer('library')"
    )


def test_without_an_answer_an_exercise_is_not_attempted_and_counts_no_try(learner: Kernel) -> None:
    assert learner.good("%mcp check 1.1").text.startswith("not attempted")
    begin(learner)
    assert learner.good("%mcp check 1.1").text.startswith("not attempted")
    assert Progress.load().exercises == {}


def test_an_answer_that_passes_is_kept_with_its_cell(learner: Kernel) -> None:
    begin(learner)
    learner.good(OWN)
    outcome = learner.good("%mcp check 1.1").text
    assert outcome.startswith("passed")
    assert "1 of 3 exercises of chapter 1" in outcome
    done = Progress.load().exercises["1.1"]
    assert (done.passed, done.tries, done.source) == (True, 1, OWN)
    assert "1 of 3 (left: 1.2, 1.3)" in learner.good("%mcp progress").text


def test_a_function_defined_again_without_its_magic_is_named(learner: Kernel) -> None:
    begin(learner)
    learner.good(WRONG)
    learner.good(OWN.removeprefix("%%mcp_tool\n"))
    outcome = learner.good("%mcp check 1.1").text
    assert outcome.startswith("not yet")
    assert "does not begin with %%mcp_tool" in outcome


def test_hints_come_one_by_one(learner: Kernel) -> None:
    hints = exercises()["1.1"].hints
    shown = [learner.good("%mcp hint 1.1").text for _ in range(4)]
    assert [sum(hint in text for hint in hints) for text in shown] == [1, 2, 3, 3]
    assert "opens after" in shown[3]


def test_the_solution_opens_after_three_tries_or_a_pass(learner: Kernel) -> None:
    begin(learner)
    learner.good(WRONG)
    for tries in ("no answers", "1 answer", "2 answers"):
        assert f"checked {tries}" in learner.run("%mcp solution 1.1").everything
        learner.good("%mcp check 1.1")
    assert DAYS_LATE in learner.good("%mcp solution 1.1").text
    assert "checked no answers" in learner.run("%mcp solution 1.2").everything
    learner.good(exercises()["1.1"].solution.strip())
    learner.good("%mcp check 1.1")
    assert "Why it matters" in learner.good("%mcp solution 1.1").text


def test_the_cases_are_shown_before_the_first_try(learner: Kernel) -> None:
    shown = learner.good("%mcp check 1.3 --cases").data[0]["text/html"]
    assert all(escape(case.about) in shown for case in exercises()["1.3"].cases)
    assert Progress.load().exercises == {}


def test_a_check_leaves_the_learners_database_as_it_was(learner: Kernel) -> None:
    learner.good("%mcp checkpoint 2")
    file = library_file()
    rows_of(file, "INSERT INTO members VALUES ('Zoe', '2026-11-01')")
    before = rows_of(file, "SELECT * FROM loans")
    assert learner.good("%mcp check 1.3").text.startswith("passed")
    assert rows_of(file, "SELECT * FROM loans") == before
    assert rows_of(file, "SELECT name FROM members WHERE name = 'Zoe'") == [("Zoe",)]
    reset_library(file)
    assert rows_of(file, "SELECT name FROM members WHERE name = 'Zoe'") == []


def test_a_checkpoint_takes_the_learners_answer_if_it_passes(learner: Kernel) -> None:
    begin(learner)
    learner.good(OWN)
    learner.good("%mcp check 1.1")
    learner.good("%reset -f")
    restored = learner.good("%mcp checkpoint 2").text
    assert "your answers" in restored
    assert "1.1" in restored.partition("your answers")[2].partition("\n")[0]
    assert learner.good("library").text
    assert "# mine" in learner.good(SOURCE).stdout
    assert "your answers" not in learner.good("%mcp checkpoint 2 --reset").text
    assert "# mine" not in learner.good(SOURCE).stdout


def test_a_checkpoint_replaces_an_answer_that_does_not_pass_any_more(learner: Kernel) -> None:
    progress = Progress.load()
    done = progress.done("1.1")
    done.passed, done.source = True, WRONG
    progress.done("1.2").passed = True
    progress.done("1.2").source = "%%mcp_tool\nthis is not Python"
    progress.save()
    restored = learner.good("%mcp checkpoint 2").text
    assert "1.1, 1.2" in restored.partition("do not pass any more")[2]
    assert learner.good("%mcp call days_late due=2026-11-01 today=2026-11-03").text == "2"
    assert learner.good("%mcp call oldest count=1").text == "Emma"


def test_a_checkpoint_in_the_cell_that_loads_the_extension_keeps_all_its_tools(learner: Kernel) -> None:
    learner.good("%unload_ext mcp_notebook", cell="first")
    # A front end gives cells an id, by which what a cell no longer defines is withdrawn.
    restored = learner.good("%load_ext mcp_notebook\n%mcp checkpoint 2", cell="second")
    assert "search, days_late, oldest, author, lend" in " ".join(restored.text.split())
    assert restored.stderr == ""


def test_cells_of_a_checkpoint_are_in_the_history_so_that_an_export_finds_them(learner: Kernel, tmp_path: Path) -> None:
    learner.good("%mcp checkpoint 2")
    learner.good(f"%mcp export {tmp_path / 'package'} --no-proof")
    written = [path.read_text(encoding="utf-8") for path in (tmp_path / "package").rglob("*.py")]
    assert any("def lend(" in text for text in written)


def test_an_export_leaves_out_the_calls_of_checks_which_had_a_database_of_their_own(
    learner: Kernel, tmp_path: Path
) -> None:
    learner.good("%mcp checkpoint 2")
    learner.good("%mcp check 1.2")
    learner.good("%mcp call oldest count=2")
    learner.good(f"%mcp export {tmp_path / 'package'} --no-proof")
    tests = (tmp_path / "package" / "tests" / "test_calls.py").read_text(encoding="utf-8")
    assert re.findall(r"async def (test_\w+)", tests) == ["test_oldest_count_2"]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("%mcp check 1.9", "Chapter 1 has no exercise '1.9'. It has: 1.1, 1.2, 1.3."),
        ("%mcp hint", "Missing argument 'NUMBER'"),
        ("%mcp check days_late", "There is no exercise 'days_late'"),
        ("%mcp predict 1.z", "Chapter 1 has no prediction '1.z'. It has: 1.a, 1.b, 1.c."),
        ("%mcp checkpoint 99", "There is no chapter '99'. The chapters: 0, 1,"),
    ],
)
def test_a_number_that_does_not_exist_gives_one_line(kernel: Kernel, line: str, said: str) -> None:
    assert said in kernel.run(line).everything


def test_a_file_of_progress_that_cannot_be_read_is_kept_aside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MCP_NOTEBOOK_COURSE", str(tmp_path))
    for content in ("no JSON", "[]", '{"exercises": {"1.1": {"tries": "x"}}, "predictions": {}}'):
        (tmp_path / "progress.json").write_text(content, encoding="utf-8")
        assert Progress.load().exercises == {}
        assert (tmp_path / "progress.unreadable.json").read_text(encoding="utf-8") == content


def test_progress_is_written_as_a_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MCP_NOTEBOOK_COURSE", str(tmp_path))
    progress = Progress.load()
    progress.done("1.1").tries = 2
    progress.predictions["1.a"] = 1
    progress.save()
    assert json.loads((tmp_path / "progress.json").read_text(encoding="utf-8"))["predictions"] == {"1.a": 1}
    assert Progress.load() == progress
    assert [path.name for path in tmp_path.iterdir()] == ["progress.json"]


@pytest.mark.slow
@pytest.mark.once
@pytest.mark.parametrize("number", chapter_numbers())
def test_a_checkpoint_restores_the_project_for_every_chapter(learner: Kernel, number: str) -> None:
    restored = learner.good(f"%mcp checkpoint {number}")
    assert restored.text.startswith(f"ready for chapter {number}")
    assert restored.stderr == ""


def test_variables_in_braces_say_where_an_export_goes(learner: Kernel, tmp_path: Path) -> None:
    learner.good("%mcp checkpoint 2")
    learner.good(f"from pathlib import Path\nplace = Path({str(tmp_path)!r})")
    learner.good("%mcp export {place}/books --no-proof")
    assert (tmp_path / "books" / "pyproject.toml").is_file()
