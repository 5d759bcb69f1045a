"""The glossary: one row for a term, and each term of the course in it."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from scripts import chapters as building
from tests.course.answers import source_files

SOURCES = source_files()
OF_PROGRAMMERS = frozenset(
    "AI API ASCII CI CPU CSV DNS GB GET HTML HTTP HTTPS ID IP JSON KB MB MCP PDF PNG POST SDK SQL TOML".split()  # noqa: SIM905
)
"""What a learner knows who writes Python: the course asks for no more."""
OF_NAMES = frozenset("INSERT MAJOR MINOR MIT NO PATCH PROOF README SHA UPDATE".split())  # noqa: SIM905
"""Parts of commands, names of files, licenses and statements."""


def told(path: Path) -> str:
    """Return what a chapter says to learners, without code, drawings, and the words at its end."""
    cells = [cell.source for cell in building.source_of(path).cells if cell.cell_type == "markdown"]
    text = re.sub(r"^\[[\w-]+\]: data:\S+$", "", "\n\n".join(cells), flags=re.MULTILINE)
    text = re.sub(r"<details><summary>Words of this chapter.*?</details>", "", text, flags=re.DOTALL)
    return " ".join(re.sub(r"```.*?```", "", text, flags=re.DOTALL).split())


def is_in(term: str, text: str) -> bool:
    """Say whether a text has a term, in the singular or the plural."""
    stem = re.escape(term.removesuffix("y"))
    return re.search(rf"(?<![\w-]){stem}(?:y|ies|s|es)?(?![\w-])", text, re.IGNORECASE) is not None


def words_of(path: Path) -> list[str]:
    found = building.WORDS.search(path.read_text(encoding="utf-8"))
    return building.terms(found[1]) if found else []


def test_a_term_has_one_row() -> None:
    terms = re.findall(r"^\| \*\*(.+?)\*\*", building.GLOSSARY.read_text(encoding="utf-8"), re.MULTILINE)
    assert [term for term, rows in Counter(map(str.lower, terms)).items() if rows > 1] == []
    assert len(building.glossary()) == len(terms)


@pytest.mark.parametrize("path", SOURCES[1:], ids=lambda path: path.stem)
def test_a_chapter_explains_its_words(path: Path) -> None:
    words = words_of(path)
    assert len(words) >= 5
    assert [word for word in words if word not in building.glossary()] == []
    assert [word for word in words if not is_in(word, told(path))] == []


def test_a_word_is_explained_in_one_chapter() -> None:
    named = Counter(word for path in SOURCES for word in words_of(path))
    assert [word for word, chapters in named.items() if chapters > 1] == []


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_an_abbreviation_is_in_the_glossary(path: Path) -> None:
    text = re.sub(r"`[^`]*`|\]\([^)]*\)|https?://\S+", " ", told(path))
    rows = building.GLOSSARY.read_text(encoding="utf-8")
    known = set(re.findall(r"\b[A-Z]{2,}\b", rows)) | OF_PROGRAMMERS | OF_NAMES
    assert sorted(set(re.findall(r"\b[A-Z]{2,}\b", text)) - known) == []


def test_each_term_is_used() -> None:
    everything = " ".join(map(told, SOURCES))
    pages = [path for path in building.ROOT.glob("docs/**/*.md") if path != building.GLOSSARY]
    everything += " ".join(" ".join(path.read_text(encoding="utf-8").split()) for path in pages)
    assert [term for term in building.glossary() if not is_in(term, everything)] == []
