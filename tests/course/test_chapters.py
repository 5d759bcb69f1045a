"""The chapters: one source, exercises that are honest, and a shape that a learner can follow."""

from __future__ import annotations

import copy
import os
import re
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from mcp_notebook.course.exercises import Exercise, chapters, exercises, predictions
from scripts import chapters as building
from scripts import schedules
from scripts.drawings import DRAWINGS, styled
from tests.course.answers import Answer, answers_of, source_files
from tests.support import ROOT
from tests.support.prose import faults, of_notebook

SOURCES = source_files()
WITH_EXERCISES = [path for path in SOURCES if 'exercise="' in path.read_text(encoding="utf-8")]
PAGES = (ROOT / "tests" / "course" / "specification_pages.txt").read_text(encoding="utf-8").split()
MOST_LINES = 25
MOST_PARTS = 7
WORDS_A_SENTENCE = 25
FENCED = re.compile(r"```.*?```", re.DOTALL)
PICTURE = re.compile(r"'image/(?:png|jpeg)': '[^']*'|;base64,[\w+/=]+")
"""The bytes of a picture in a list of outputs, in which every pattern is found by chance."""


def name_of(path: Path) -> str:
    return path.stem


def number_of(path: Path) -> str:
    return re.sub("^0+(?=.)", "", path.stem.partition("-")[0])


def read(folder: Path, path: Path) -> Any:
    return nbformat.read(folder / f"{path.stem}.ipynb", as_version=4)


def text_of(cell: Any) -> str:
    return "".join(output.get("data", {}).get("text/plain", "") + output.get("text", "") for output in cell.outputs)


def texts(path: Path) -> str:
    cells = [cell.source for cell in building.source_of(path).cells if cell.cell_type == "markdown"]
    return re.sub(r"^\[[\w-]+\]: data:\S+$", "", "\n\n".join(cells), flags=re.MULTILINE)


def exercises_of(path: Path) -> dict[str, Exercise]:
    cells = (cell.metadata.get("exercise") for cell in building.source_of(path).cells)
    return {number: exercises()[number] for number in cells if number}


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_the_notebooks_are_what_the_source_gives(path: Path) -> None:
    assert list(building.differences(path)) == []


@pytest.mark.parametrize("path", WITH_EXERCISES, ids=name_of)
def test_each_exercise_has_its_check_right_answers_and_wrong_ones(path: Path) -> None:
    found = exercises_of(path)
    assert len(found) >= 3
    cells = [cell.source for cell in building.source_of(path).cells]
    assert [source for source in cells if source.startswith("%mcp check")] == [f"%mcp check {n}" for n in found]
    assert list(answers_of(path.stem)) == list(found)
    for answers in answers_of(path.stem).values():
        assert sum(not answer.message for answer in answers) >= 2
        wrong = [answer.message for answer in answers if answer.message]
        assert len(wrong) >= 3
        assert len(set(wrong)) == len(wrong)


def test_each_exercise_and_prediction_of_the_package_is_in_its_chapter() -> None:
    asked = {number for path in SOURCES for number in exercises_of(path)}
    assert asked == set(exercises())
    shown = {n for path in SOURCES for n in re.findall(r"^%mcp predict (\S+)$", path.read_text(encoding="utf-8"), re.M)}
    assert shown == set(predictions())
    assert {number_of(path) for path in SOURCES} == set(chapters())


def test_no_two_exercises_ask_for_one_name() -> None:
    names = [(exercise.kind, exercise.server, exercise.name) for exercise in exercises().values()]
    assert len(set(names)) == len(names)


def test_each_exercise_has_three_hints_and_names_a_part_of_its_chapter() -> None:
    headings = {number_of(path): re.findall(r"^#+ (.+)$", texts(path), re.MULTILINE) for path in SOURCES}
    for exercise in exercises().values():
        assert len(exercise.hints) == 3
        assert exercise.read in headings[exercise.chapter]
        assert len(exercise.cases) >= 3
        assert exercise.start.startswith("#")
        assert exercise.why.endswith(".")


def run_with(path: Path, answers: dict[str, list[Answer]], folder: Path) -> dict[str, list[str]]:
    """Run a chapter as a learner who tries these answers; return what the checks say, first without any answer.

    Cells tagged ``deployment`` are left out: they install and start a package, which no exercise needs.
    """
    notebook = building.learners(building.source_of(path))
    cells, checks = [], {number: [] for number in answers}  # type: ignore[var-annotated]
    for cell in notebook.cells:
        number = cell.metadata.get("exercise")
        if number:
            for answer in (None, *answers[number]):
                check = nbformat.v4.new_code_cell(f"%mcp check {number}")
                checks[number].append(check)
                cells += [*([nbformat.v4.new_code_cell(answer.source)] if answer else []), check]
        elif "deployment" not in cell.metadata.get("tags", []) and not cell.source.startswith("%mcp check"):
            cells.append(cell)
    notebook.cells = cells
    client = NotebookClient(
        notebook, timeout=60, kernel_name="python3", store_widget_state=False, resources={"metadata": {"path": folder}}
    )
    client.execute(env={**os.environ, "MCP_NOTEBOOK_COURSE": str(folder)})
    return {number: [text_of(cell) for cell in checked] for number, checked in checks.items()}


@pytest.mark.slow
@pytest.mark.once
@pytest.mark.parametrize("path", WITH_EXERCISES, ids=name_of)
def test_right_answers_pass_and_wrong_ones_fail_with_their_own_message(path: Path, tmp_path: Path) -> None:
    answers = {n: [*answers_of(path.stem)[n], Answer(one.solution)] for n, one in exercises_of(path).items()}
    said = run_with(path, answers, tmp_path)
    for number, tried in answers.items():
        untouched, *outcomes = said[number]
        assert untouched.startswith("not attempted"), (number, untouched)
        for answer, outcome in zip(tried, outcomes, strict=True):
            assert outcome.startswith("not yet" if answer.message else "passed"), (number, answer, outcome)
            assert answer.message in outcome.replace(",\n    got ", ", got "), (number, answer, outcome)
            assert not answer.message or "Read: " in outcome


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_the_solutions_ran_from_top_to_bottom_and_pass(path: Path) -> None:
    cells = [cell for cell in read(building.SOLUTIONS, path).cells if cell.cell_type == "code"]
    # A checkpoint runs cells, which count.
    counts = [cell.execution_count for cell in cells]
    assert None not in counts
    assert counts == sorted(set(counts))
    checks = [text_of(cell).splitlines()[0] for cell in cells if cell.source.startswith("%mcp check")]
    assert set(checks) <= {"passed"}


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_a_solution_holds_no_secret_port_identifier_or_timing(path: Path) -> None:
    notebook = read(building.SOLUTIONS, path)
    outputs = PICTURE.sub("", "".join(str(cell.get("outputs", "")) for cell in notebook.cells))
    assert not re.search(r"127\.0\.0\.1:\d|localhost:\d", outputs)
    assert not re.search(r"\b[A-Za-z0-9_-]{43}\b", outputs)
    # The addresses of facts about hosts have the 40 digits of a commit.
    assert not re.search(
        r"(?<![0-9a-f])[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}(?![0-9a-f])", outputs
    )
    assert not re.search(r"\b(\d+(\.\d+)? ?(ms|µs)|\d+\.\d+ seconds)\b", outputs)
    assert "widgets" not in notebook.metadata
    assert not any("execution" in cell.metadata for cell in notebook.cells)


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_a_cell_whose_output_is_not_compared_says_why_and_is_kept_without_it(path: Path) -> None:
    cells = read(building.SOLUTIONS, path).cells
    ignored = [cell for cell in cells if {"nbval-ignore-output", "nbval-skip"} & set(cell.metadata.get("tags", []))]
    assert all(cell.metadata["reason"] and not cell.outputs for cell in ignored)
    assert len(ignored) <= len(cells) / 10


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_the_learners_edition_has_no_outputs_and_no_answer_before_its_question(path: Path) -> None:
    cells = read(building.LEARNER, path).cells
    assert not any(cell.get("outputs") or cell.get("execution_count") for cell in cells)
    assert not any("teacher" in cell.metadata.get("tags", []) for cell in cells)
    for cell in cells:
        if number := cell.metadata.get("exercise"):
            assert cell.source == exercises()[number].start.strip()
        # Explanations and answers are folded, so that they are read after the cell.
        assert "Explanation" not in re.sub(r"<details>.*?</details>", "", cell.source, flags=re.DOTALL)


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_a_chapter_has_an_honest_size(path: Path) -> None:
    source = building.source_of(path)
    parts = [line for line in re.findall(r"^## (.+)$", texts(path), re.MULTILINE) if re.match(r"\d+ · ", line)]
    assert len(parts) <= MOST_PARTS
    long = {
        cell.source.splitlines()[0]: len(cell.source.splitlines())
        for edition in (source, building.solved(source))
        for cell in edition.cells
        if cell.cell_type == "code" and len(cell.source.splitlines()) > MOST_LINES
    }
    assert long == {}


@pytest.mark.parametrize("path", WITH_EXERCISES, ids=name_of)
def test_a_chapter_says_what_a_learner_needs(path: Path) -> None:
    opening, *_ = FENCED.sub("", texts(path)).split("\n## ")
    for words in ("**You will**", "**Time** about ", "**Fast track:**", "**You need**"):
        assert words in opening, words
    closing = texts(path).split("\n## Looking back\n")[1]
    for words in ("**Test yourself**", "**Outdated elsewhere**", "**In the specification:**", "**Next:**"):
        assert words in closing, words
    questions = closing.split("**Test yourself**")[1].split("**Outdated elsewhere**")[0]
    assert questions.count("<details><summary>") == 5
    links = re.findall(r"\(https://modelcontextprotocol\.io(/[^)]*)\)", closing.split("**In the specification:**")[1])
    assert 3 <= len(links) <= 5
    assert [link for link in links if link.partition("#")[0] not in PAGES] == []


@pytest.mark.parametrize("path", WITH_EXERCISES, ids=name_of)
def test_a_chapter_has_notes_for_teachers(path: Path) -> None:
    notes = [cell.source for cell in building.source_of(path).cells if "teacher" in cell.metadata.get("tags", [])]
    assert len(notes) >= 3
    assert all(note.startswith("**For teachers.**") for note in notes)


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_a_chapter_is_plain_english(path: Path) -> None:
    notebook = building.teachers(building.source_of(path))
    assert [fault for text in of_notebook(notebook, path.name) for fault in faults(text)] == []


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_sentences_are_short_on_average(path: Path) -> None:
    text = re.sub(r"^\|.*$|^#.*$|^\s*[-*] ", "\n", FENCED.sub("", texts(path)), flags=re.MULTILINE)
    text = re.sub(r"<[^>]*>|!\[.*?\]\(.*?\)|\]\(.*?\)", " ", text, flags=re.DOTALL)
    sentences = [s for s in re.split(r"(?<=[.!?:])\s+|\n\s*\n", text) if len(s.split()) > 2]
    assert sum(len(s.split()) for s in sentences) / len(sentences) <= WORDS_A_SENTENCE


def test_the_tables_of_the_documents_are_what_the_chapters_give() -> None:
    assert [page.name for page, text in schedules.pages().items() if page.read_text(encoding="utf-8") != text] == []


def test_the_days_of_a_schedule_are_not_too_long() -> None:
    for _, most, days in schedules.SCHEDULES.values():
        assert all(schedules.length(day) <= most for day in days)


def test_each_drawing_is_styled_described_and_used() -> None:
    names = sorted(path.name for path in DRAWINGS.glob("*.svg"))
    assert [name for name in names if styled(text := (DRAWINGS / name).read_text(encoding="utf-8")) != text] == []
    sources = "".join(path.read_text(encoding="utf-8") for path in SOURCES)
    found = re.findall(r"!\[([^]]*)\]\(drawings/([^)]*)\)", sources)
    used = {name: len(words.split()) for words, name in found}
    assert sorted(used) == names
    assert [name for name, words in used.items() if words < 8] == []


def test_building_twice_gives_the_same(tmp_path: Path) -> None:
    source = building.source_of(SOURCES[0])
    again = building.source_of(SOURCES[0])
    assert source == again
    assert building.learners(copy.deepcopy(source)) == building.learners(again)
