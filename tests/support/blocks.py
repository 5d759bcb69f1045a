"""The code blocks of the documents: read, checked and run.

A block is `python` (with magics, as in a cell), `sh`, `json`, `yaml`, `toml`, or `text`, which is what the block before
it prints. A comment on the line above says what is special about a block:

    <!-- not run: it needs a key -->     it is only checked
    <!-- fails: the name is wrong -->    it has to fail, and the text below it shows how
    <!-- only shown: it is a header -->  it is a text that no block prints
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.support import ROOT

DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
LANGUAGES = {"python", "sh", "json", "yaml", "toml", "text"}
MARKS = {"not run", "fails", "only shown"}

_BLOCK = re.compile(
    r"(?:^ *<!-- (?P<mark>[a-z ]+): (?P<reason>[^\n]*?) -->\n)?"
    r"^(?P<margin> *)(?P<fence>`{3,}|~{3,})(?P<language>[^\n]*)\n(?P<code>.*?)^(?P=margin)(?P=fence)$",
    re.DOTALL | re.MULTILINE,
)


@dataclass(frozen=True)
class Block:
    """A fenced block of a document.

    Attributes:
        place: The document, and the line of the fence.
        language: The word after the fence.
        code: The lines in it, without the margin that they have in a list.
        mark: What the comment above says, such as `not run`; empty without a comment.
        reason: The reason in that comment.
        before: The block before it in the document.
    """

    place: str
    language: str
    code: str
    mark: str
    reason: str
    before: Block | None = None

    @property
    def run(self) -> bool:
        """Whether a test runs it: cells are run, and so are shell lines with their output below."""
        return self.language == "python" and self.mark != "not run"

    @property
    def shown(self) -> bool:
        """Whether it is the output of the block before it."""
        return self.language == "text" and self.mark != "only shown"


def blocks_of(path: Path) -> list[Block]:
    """Return the blocks of a document in their order."""
    return list(_blocks(path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")))


def _blocks(name: str, text: str) -> Iterator[Block]:
    before = None
    for found in _BLOCK.finditer(text):
        line = text.count("\n", 0, found.start("fence")) + 1
        code = textwrap.dedent(found["code"])
        mark, reason = found["mark"] or "", found["reason"] or ""
        before = Block(f"{name}:{line}", found["language"].strip(), code, mark, reason, before)
        yield before


def marks_of(text: str) -> int:
    """Return how many comments for blocks are in a document, also those that no block follows."""
    return len(re.findall(rf"<!-- (?:{'|'.join(sorted(MARKS))}):", text))


def shows(printed: str, shown: str) -> bool:
    """Return whether an output has the lines of a text one after the other; `...` stands for anything."""
    wanted = r"\s*".join(_line(line) for line in shown.split("\n") if line.strip())
    return re.search(wanted, printed, re.DOTALL) is not None


def _line(line: str) -> str:
    return ".*?".join(r"\s+".join(map(re.escape, part.split())) for part in line.split("..."))
