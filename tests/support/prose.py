"""Rules of plain English that a pattern can hold, and the texts of the project that they are held against."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support import ROOT


@dataclass(frozen=True)
class Text:
    """A text that people read.

    Attributes:
        place: The file, relative to the project, and the line where the text begins.
        words: The text, without code in it.
        summary: Whether it begins with the summary line of a docstring.
    """

    place: str
    words: str
    summary: bool = False


HABITS = {
    r"\bmend(?:s|ed|ing)?\b": "write 'fix'",
    r"\banew\b": "write 'again', or leave it out",
    r"\b(?:who|whom)(?:so)?ever\b": "write 'anyone who', or name them",
    r"(?<!\bthere )\b(?:is|are|was|were) no (?!longer\b|more\b|less\b|fewer\b|better\b|worse\b|one\b)[a-z]+": (
        "write 'is not a'"
    ),
    r"\bstands? (?:in|on|at|under|below|above|beside|next|there|here|between|around|before|after|where|open)\b": (
        "write 'is', or what it does there"
    ),
    r"\b(?:cannot|can|could|to) be had\b": "write 'is not available', or 'cannot get'",
    r"\bbelong(?:s|ed)? into\b": "write 'belongs in'",
    r"\bof before\b": "write 'the earlier', or 'previous'",
    r"\b(?:say|says|said) of\b": "write 'say about'",
    r"\bwith the way out\b": "write 'with a fix'",
    r"\bfor the sake of\b": "write 'for', or 'to save'",
    r"\bthat there (?:is|are)\b(?=[.,;:)]|$)": "write 'that exists'",
    r"\b(?:is|are|was|were) said\b(?! to\b)": "say who or what says it",
    r"\b(?:does|do|did) so too\b": "write 'does the same'",
    r"\bhence\b|\bthereof\b|\bwherein\b|\bthereby\b|\bwhereof\b|\bhitherto\b": "write it in today's words",
}

HEADLESS = re.compile(r"(?:^|(?<=[.!?:] ))(?:What|Who|Whose|Whom)\b[^.!?]*(?:[.!]|$)")
"""A sentence that opens with a relative clause without a noun, such as "What differs is named."; questions may."""

OPENING = re.compile(r"(?:What|Who|Whose|Whom|Whether|Which|Where|When|Why|How)\b")

BRITISH = {
    "analyse": "analyze", "artefact": "artifact", "amongst": "among", "authoris": "authoriz", "behaviour": "behavior",
    "catalogue": "catalog", "categoris": "categoriz", "centre": "center", "colour": "color", "customis": "customiz",
    "defence": "defense", "emphasis(?=e|ing)": "emphasiz", "favour": "favor", "finalis": "finaliz", "flavour": "flavor",
    "grey": "gray", "honour": "honor", "initialis": "initializ", "judgement": "judgment", "labelled": "labeled",
    "labelling": "labeling", "learnt": "learned", "licence": "license", "maximis": "maximiz",
    "minimis": "minimiz", "modelled": "modeled", "modelling": "modeling", "neighbour": "neighbor",
    "normalis": "normaliz", "offence": "offense", "optimis(?!t)": "optimiz", "organis(?!m)": "organiz",
    "practis": "practic", "programme\\b": "program", "realis(?!t|m)": "realiz", "recognis": "recogniz",
    "sanitis": "sanitiz", "serialis": "serializ", "signalled": "signaled", "specialis": "specializ",
    "spelt": "spelled", "summaris": "summariz", "synchronis": "synchroniz", "tokenis": "tokeniz",
    "travell": "travel", "utilis": "use", "visualis": "visualiz", "whilst": "while",
}  # fmt: skip
"""Beginnings of words, or whole ones, in British spelling, with the American. "Cancelled" is the protocol's own."""

_BRITISH = re.compile(rf"\b(?:re|un|de)?({'|'.join(BRITISH)})", re.IGNORECASE)
_HABITS = {re.compile(pattern, re.IGNORECASE): advice for pattern, advice in HABITS.items()}


def faults(text: Text) -> Iterator[str]:
    """Yield what is wrong with a text, each with its place, the words and the advice."""
    for pattern, advice in _HABITS.items():
        yield from (f"{text.place}: {found[0]!r}: {advice}" for found in pattern.finditer(text.words))
    for found in _BRITISH.finditer(text.words):
        yield f"{text.place}: {found[0]!r}: the spelling is American"
    for found in HEADLESS.finditer(text.words):
        yield f"{text.place}: {found[0][:40]!r}: begin the sentence with a noun"
    if text.summary and OPENING.match(text.words):
        yield f"{text.place}: {text.words[:40]!r}: open with a verb or a noun"


def of_markdown(path: Path) -> Iterator[Text]:
    """Yield the paragraphs, headings, list items and table cells of a document, without its code."""
    yield from _of_text(path.read_text(encoding="utf-8"), str(path.relative_to(ROOT)))


def of_notebook(notebook: Any, name: str) -> Iterator[Text]:
    """Yield the paragraphs, headings, list items and table cells of a notebook's texts, without their code."""
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            text = re.sub(r"^\[[\w-]+\]: data:\S+$", "", cell.source, flags=re.MULTILINE)
            yield from _of_text(text, f"{name} {cell.id}")


def _of_text(source: str, place: str) -> Iterator[Text]:
    source = re.sub(r"^```.*?^```", _blank, source, flags=re.DOTALL | re.MULTILINE)
    line = 1
    for block in re.split(r"(\n\s*\n|\n(?=[-*|#]|\d+\. ))", source):
        if block.strip():
            for cell in re.split(r"(?<!\\)\|", block) if block.startswith("|") else [block]:
                yield Text(f"{place}:{line}", _plain(cell.lstrip("#-* 0123456789.")))
        line += block.count("\n")


def of_python(path: Path) -> Iterator[Text]:
    """Yield the docstrings, messages and comments of a module."""
    place = path.relative_to(ROOT)
    source = path.read_text(encoding="utf-8")
    tree = ast.parse(source)
    skipped: set[ast.AST] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            skipped.add(node.value)
            yield Text(f"{place}:{node.lineno}", _plain(node.value.value), summary=True)
        elif isinstance(node, ast.JoinedStr):
            skipped.update(node.values)
            parts = [part.value if isinstance(part, ast.Constant) else "`x`" for part in node.values]
            yield Text(f"{place}:{node.lineno}", _plain("".join(map(str, parts))))
    for node in ast.walk(tree):
        message = isinstance(node, ast.Constant) and node not in skipped and node.value
        if isinstance(node, ast.Constant) and isinstance(message, str) and " " in message.strip():
            yield Text(f"{place}:{node.lineno}", _plain(message))
    yield from _comments(source, str(place))


def of_shell(path: Path) -> Iterator[Text]:
    """Yield the comments and the quoted messages of a script or makefile."""
    place = path.relative_to(ROOT)
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        for words in re.findall(r'(?:^|\s)#+ (.*)|"([^"]* [^"]*)"', line):
            yield Text(f"{place}:{number}", _plain("".join(words)))


def _comments(source: str, place: str) -> Iterator[Text]:
    """Yield comments, those on lines of their own joined to paragraphs."""
    held: list[str] = []
    begun = last = 0
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type != tokenize.COMMENT:
            continue
        if held and token.start[0] != last + 1:
            yield Text(f"{place}:{begun}", _plain(" ".join(held)))
            held = []
        begun = begun if held else token.start[0]
        held.append(token.string.lstrip("# "))
        last = token.start[0]
    if held:
        yield Text(f"{place}:{begun}", _plain(" ".join(held)))


def _plain(text: str) -> str:
    """Leave out code, links' targets, HTML and emphasis, and join the lines."""
    text = re.sub(r"``.+?``|`[^`]*`", "x", text, flags=re.DOTALL)
    text = re.sub(r"\]\([^)]*\)|https?://\S+|<[^<>\n]*>", " ", text)
    return " ".join(re.sub(r"[*\[\]]|\b_|_\b", "", text).split())


def _blank(found: re.Match[str]) -> str:
    return "\n" * found[0].count("\n")
