"""The board of a class and what is shared with it, as data: names, bounds, one row for each learner, the file."""

from __future__ import annotations

import csv
import io
import json
import random
import stat
import string
import sys
from pathlib import Path

import pytest

from mcp_notebook.course.board import MOST_LEARNERS, MOST_REPORTS, SECONDS_PER_REPORT, ClassReports
from mcp_notebook.course.board_file import board_as_csv, save_board
from mcp_notebook.course.exercises import chapters, exercises, predictions
from mcp_notebook.course.progress import Progress
from mcp_notebook.course.sharing import LONGEST_NAME, MOST_TRIES, class_name, own_id, report_of, shared_words
from mcp_notebook.errors import UsageError
from mcp_notebook.rendering.board import MOST_LEARNERS as MOST_SHOWN
from mcp_notebook.rendering.board import Work, board_card, totals

FIRST, SECOND = list(exercises())[:2]
IDS = [f"{number:032x}" for number in range(MOST_LEARNERS + 1)]


class Clock:
    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def board(clock: Clock) -> ClassReports:
    return ClassReports(chapters(), clock)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MCP_NOTEBOOK_COURSE", str(tmp_path))
    return tmp_path


def names(board: ClassReports) -> list[str]:
    return [row.name for row in board.standing().rows]


@pytest.mark.parametrize(
    "name", ["Ada", "李娜", "أمينة", "नन्दिनी", "Zoë 2", "O'Neil", "<b>Ada</b>", "x" * LONGEST_NAME]
)
def test_a_name_may_be_of_any_script(name: str) -> None:
    assert class_name(name) == name


@pytest.mark.parametrize(
    "name",
    [
        "",
        "  ",
        "x" * (LONGEST_NAME + 1),
        "x" * 1_000_000,
        "a\u202eb",
        "a\u200bb",
        "\u2800",
        "a\x1b[31mb",
        "--",
        "a" + "\u0301" * 20,
        "\ud800",
    ],
    ids=range(11),
)
def test_a_name_is_visible_and_short(name: str) -> None:
    with pytest.raises(UsageError, match="1 to 40 visible characters"):
        class_name(name)


def test_spaces_and_lines_in_a_name_become_single_spaces() -> None:
    assert class_name("  Ada \n\t L. ") == "Ada L."


def test_a_report_takes_the_place_of_the_earlier_one(board: ClassReports) -> None:
    board.take(IDS[0], "Adda", {FIRST: Work(1, False)}, 0)
    board.take(IDS[0], "Ada", {FIRST: Work(2, True), SECOND: Work(1, False)}, 1)
    (row,) = board.standing().rows
    assert (row.name, row.work, row.right, row.passed) == ("Ada", {FIRST: Work(2, True), SECOND: Work(1, False)}, 1, 1)


def test_two_learners_with_one_name_stay_apart(board: ClassReports) -> None:
    for learner, name in zip(IDS, ("Ada", "Bob", "ada", "Ada"), strict=False):
        board.take(learner, name, {}, 0)
    assert names(board) == ["Ada", "ada (2)", "Ada (3)", "Bob"]
    board.take(IDS[0], "Grace", {}, 0)
    assert names(board) == ["ada", "Ada (2)", "Bob", "Grace"]


@pytest.mark.parametrize(
    ("learner", "work", "right"),
    [
        ("", {}, 0),
        ("x" * 32, {}, 0),
        (IDS[0] + "0", {}, 0),
        (IDS[0], {}, -1),
        (IDS[0], {}, 10**30),
        (IDS[0], {FIRST: Work(-1, False)}, 0),
        (IDS[0], {FIRST: Work(MOST_TRIES + 1, False)}, 0),
    ],
)
def test_values_that_are_not_possible_are_refused(
    board: ClassReports, learner: str, work: dict[str, Work], right: int
) -> None:
    with pytest.raises(UsageError):
        board.take(learner, "Ada", work, right)
    assert names(board) == []
    assert not board.knows(learner)


def test_exercises_that_the_course_does_not_have_are_left_out(board: ClassReports) -> None:
    board.take(IDS[0], "Ada", {"99.1": Work(1, True), "<script>": Work(1, True), FIRST: Work(0, True)}, 0)
    assert board.standing().rows[0].work == {FIRST: Work(1, True)}


def test_a_board_is_full_for_new_learners_only(board: ClassReports) -> None:
    for learner in IDS[:MOST_LEARNERS]:
        board.take(learner, "Ada", {}, 0)
    with pytest.raises(UsageError, match=f"full: it has {MOST_LEARNERS} learners"):
        board.take(IDS[MOST_LEARNERS], "Eve", {}, 0)
    board.take(IDS[0], "Grace", {}, 0)
    assert len(names(board)) == MOST_LEARNERS
    assert board.clear() == MOST_LEARNERS
    board.take(IDS[MOST_LEARNERS], "Eve", {}, 0)
    assert names(board) == ["Eve"]


def test_one_learner_does_not_report_without_pause(board: ClassReports, clock: Clock) -> None:
    for _ in range(MOST_REPORTS):
        board.take(IDS[0], "Ada", {}, 0)
    with pytest.raises(UsageError, match="too fast"):
        board.take(IDS[0], "Ada", {}, 0)
    board.take(IDS[1], "Grace", {}, 0)
    clock.now += SECONDS_PER_REPORT
    board.take(IDS[0], "Ada", {}, 0)


def test_thousands_of_reports_made_from_a_seed_leave_a_board_that_can_be_drawn(
    board: ClassReports, clock: Clock
) -> None:
    chance = random.Random(7)
    letters = string.printable + "<>&'\"\u202e\u0301\U0001f600\ud800"
    for _ in range(5_000):
        clock.now += 0.01
        name = "".join(chance.choices(letters, k=chance.randint(0, 60)))
        work = {chance.choice([FIRST, SECOND, name]): Work(chance.randint(-9, 20_000), chance.random() < 0.5)}
        try:
            board.take(f"{chance.getrandbits(20):032x}", name, work, chance.randint(-1, 99))
        except UsageError:
            continue
    standing = board.standing()
    assert 0 < len(standing.rows) <= MOST_LEARNERS
    assert all(len(row.name) <= LONGEST_NAME + 6 for row in standing.rows)
    card = board_card(standing)
    assert "<script" not in card.html
    assert card.text.isprintable() or "\n" in card.text
    assert len(list(csv.reader(io.StringIO(board_as_csv(standing))))) == len(standing.rows) + 1


def test_the_class_is_counted_for_each_exercise(board: ClassReports) -> None:
    board.take(IDS[0], "Ada", {FIRST: Work(1, True)}, 0)
    board.take(IDS[1], "Bob", {FIRST: Work(4, False)}, 0)
    board.take(IDS[2], "Eve", {}, 0)
    assert [(one.number, one.passed, one.tried, one.not_yet) for one in totals(board.standing())][:2] == [
        (FIRST, 1, 1, 1),
        (SECOND, 0, 0, 3),
    ]


def test_the_board_as_text_has_no_times_and_is_the_same_each_time(board: ClassReports, clock: Clock) -> None:
    board.take(IDS[0], "Ada", {FIRST: Work(1, True), SECOND: Work(2, False)}, 1)
    first = board_card(board.standing())
    clock.now += 10_000
    board.take(IDS[0], "Ada", {FIRST: Work(1, True), SECOND: Work(2, False)}, 1)
    assert board_card(board.standing()).text == first.text
    assert board_card(board.standing()).html == first.html
    lines = first.text.splitlines()
    assert lines[0] == f"class board: 1 learner, 1 of {len(exercises())} exercises passed"
    assert "Ada" in lines[2]
    assert "■◧" in lines[2]
    assert "where to help" in lines
    assert IDS[0] not in first.text + first.html


def test_a_large_class_is_cut_in_the_text(board: ClassReports) -> None:
    for number, learner in enumerate(IDS[: MOST_SHOWN + 5]):
        board.take(learner, f"Learner {number:03}", {}, 0)
    assert "Not shown: 5 learners." in board_card(board.standing()).text


def test_the_file_is_a_table_that_no_spreadsheet_computes(board: ClassReports, tmp_path: Path) -> None:
    board.take(IDS[0], '=HYPERLINK("http://evil")', {FIRST: Work(3, True)}, 1)
    board.take(IDS[1], "+1", {SECOND: Work(2, False)}, 0)
    board.take(IDS[2], "Ada, Countess", {}, 0)
    file = tmp_path / "class.csv"
    save_board(board.standing(), file)
    header, *rows = csv.reader(io.StringIO(file.read_text(encoding="utf-8-sig")))
    assert header[:6] == [
        "learner", "exercises passed", "predictions right", "reported (UTC)", f"{FIRST} passed", f"{FIRST} tries",
    ]  # fmt: skip
    assert [row[0] for row in rows] == ["'+1", '\'=HYPERLINK("http://evil")', "Ada, Countess"]
    assert rows[1][1:6] == ["1", "1", "2027-01-15T08:00:00+00:00", "1", "3"]
    assert not any(learner in file.read_text(encoding="utf-8") for learner in IDS[:3])
    save_board(board.standing(), file)
    assert [path.name for path in tmp_path.iterdir()] == ["class.csv"]


def test_no_other_file_is_overwritten(board: ClassReports, tmp_path: Path) -> None:
    other = tmp_path / "thesis.txt"
    other.write_text("years of work", encoding="utf-8")
    with pytest.raises(UsageError, match="not a file of a board"):
        save_board(board.standing(), other)
    assert other.read_text(encoding="utf-8") == "years of work"
    with pytest.raises(UsageError, match="Cannot write"):
        save_board(board.standing(), tmp_path / "missing" / "class.csv")


def test_a_report_has_the_name_the_numbers_and_the_id_and_nothing_else(folder: Path) -> None:
    progress = Progress.load()
    done = progress.done(FIRST)
    done.tries, done.passed, done.source, done.hints = 3, True, "the secret = 'source'", 2
    progress.done(SECOND).hints = 1  # no try: not sent
    progress.done("99.9").tries = 4  # not of the course: not sent
    asked = next(iter(predictions().values()))
    progress.predictions.update({asked.number: asked.right, "99.z": 1})
    report = report_of(progress, own_id(), "Ada")
    assert report == {
        "learner": own_id(),
        "name": "Ada",
        "exercises": {FIRST: {"tries": 3, "passed": True}},
        "right": 1,
    }
    assert shared_words(report) == (
        "sent: the name 'Ada', 1 exercise tried and 1 passed, 1 prediction right, and a random id; nothing else"
    )


def test_the_id_is_random_and_stays_in_the_learners_folder(folder: Path) -> None:
    made = own_id()
    assert own_id() == made
    file = folder / "board.json"
    assert json.loads(file.read_text(encoding="utf-8")) == {"id": made}
    if sys.platform != "win32":
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    for broken in ("no JSON", "[]", '{"id": 5}', '{"id": "short"}'):
        file.write_text(broken, encoding="utf-8")
        assert own_id() != made
    assert [path.name for path in folder.iterdir()] == ["board.json"]
