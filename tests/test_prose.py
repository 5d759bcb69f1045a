"""Messages, docstrings, comments and documents are plain English, as far as a pattern can tell."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import ROOT
from tests.support.prose import Text, faults, of_markdown, of_python, of_shell

pytestmark = pytest.mark.once

PACKAGE = ROOT / "mcp_notebook"
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob(".github/**/*.md")])
SCRIPTS = sorted([ROOT / "Makefile", ROOT / ".ci" / "run", *ROOT.glob("scripts/*.sh"), *ROOT.glob("scripts/*.py")])
ROOMS = sorted(
    path.relative_to(PACKAGE).parts[0]
    for path in PACKAGE.iterdir()
    if path.suffix == ".py" or (path / "__init__.py").is_file()
)

JUSTIFIED: dict[str, str] = {}
"""Faults that stay, by the words that `faults` quotes after the place, with the reason."""


def texts(room: str) -> Iterator[Text]:
    path = PACKAGE / room
    for module in [path] if path.is_file() else sorted(path.rglob("*.py")):
        yield from of_python(module)


def found(texts: Iterator[Text]) -> list[str]:
    return [fault for text in texts for fault in faults(text) if _words(fault) not in JUSTIFIED]


def _words(fault: str) -> str:
    """Return a fault without its place, so that an exception survives when lines move."""
    return fault.partition(": ")[2]


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_document_is_plain_english(path: Path) -> None:
    assert found(of_markdown(path)) == []


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_a_script_is_plain_english(path: Path) -> None:
    assert found(of_python(path) if path.suffix == ".py" else of_shell(path)) == []


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_is_plain_english(room: str) -> None:
    assert found(texts(room)) == []


def test_an_exception_is_still_needed() -> None:
    everything = [of_markdown(path) for path in DOCUMENTS] + [texts(room) for room in ROOMS]
    quoted = {_words(fault) for each in everything for text in each for fault in faults(text)}
    assert [words for words in JUSTIFIED if words not in quoted] == []


@pytest.mark.parametrize(
    "words",
    [
        "Mend the cell and run it again.",
        "The session is opened anew.",
        "Whoever has the token gets in.",
        "That is no JSON, no literal and no variable.",
        "Templates stand in a list of their own.",
        "The port cannot be had.",
        "It belongs into the settings.",
        "It speaks the protocol of before.",
        "The page lists what a server says of itself.",
        "It names tests that there are.",
        "The reason is said below.",
        "What waits is shown on a card.",
        "It is short. Who looks only at that loses the rest.",
        "The colour repeats it.",
        "Unrecognised values are sent.",
        "The behaviour is the same.",
    ],
)
def test_a_habit_to_lose_is_found(words: str) -> None:
    assert list(faults(Text("here", words)))


@pytest.mark.parametrize(
    "words",
    [
        "There is no port in it, and there are no calls.",
        "The session is no longer open.",
        "Its result is no more than a list.",
        "The commend was amended.",
        "What is a tool? Which of them is called?",
        "Show what waits, and who asked.",
        "A star stands for every member.",
        "It was cancelled, and the premise is a promise.",
        "An exercise needs advice, expertise and otherwise nothing.",
        "Code is left alone: `whoever`.",
    ],
)
def test_ordinary_english_is_left_alone(words: str) -> None:
    text = Text("here", words.replace("`whoever`", "x"), summary=True)
    assert [fault for fault in faults(text) if "open with" not in fault] == []


@pytest.mark.parametrize("opening", ["What", "Who", "Whether", "Which", "Where", "When", "Why", "How"])
def test_a_summary_line_opens_with_a_verb_or_a_noun(opening: str) -> None:
    words = f"{opening} it is"
    assert any("open with" in fault for fault in faults(Text("here", words, summary=True)))
    assert not any("open with" in fault for fault in faults(Text("here", words)))
    assert list(faults(Text("here", "Return it.", summary=True))) == []


def test_code_in_a_document_is_not_prose(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.support.prose.ROOT", tmp_path)
    page = tmp_path / "page.md"
    page.write_text(
        "# A page\n\n```python\ncolour = 1  # anew\n```\n\nPlain `whoever` [text](anew.md).\n\n| grey | x |\n"
    )
    assert found(of_markdown(page)) == ["page.md:9: 'grey': the spelling is American"]


def test_docstrings_messages_and_comments_of_a_module_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.support.prose.ROOT", tmp_path)
    module = tmp_path / "module.py"
    module.write_text(
        '"""Whether it works."""\n\n# This is opened\n# anew.\nLIMIT = 1\n"""How many."""\n'
        'raise ValueError(f"{LIMIT} is no number")\nkey = "anew"\n'
    )
    places = [fault.split(": ")[0] for fault in found(of_python(module))]
    assert sorted(places) == ["module.py:1", "module.py:3", "module.py:6", "module.py:7"]
