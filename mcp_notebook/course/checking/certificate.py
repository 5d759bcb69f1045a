"""Read the proof of a package that the learner exported, as the certificate of the chapter on deployment."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from mcp_notebook.course.checking.bench import Bench
from mcp_notebook.course.checking.cases import Answer

__all__ = ["Certificate", "Proven", "edited_files", "health_function"]

PROVEN = "Proven: the package behaves as the notebook."

ROW = re.compile(r"^\| (?P<name>[^|]+?)(?: \((?P<count>\d+)\))? \| (?P<stdio>.*?) \| (?P<http>.*?) \| (?P<ok>\S+) \|$")


class Line(NamedTuple):
    """A line of the table of a proof.

    Attributes:
        number: The number of definitions or calls; for the package's tests, of those that passed.
        words: The results over both transports, in words.
        ok: Whether it passed.
    """

    number: int
    words: str
    ok: bool


@dataclass(frozen=True)
class Certificate:
    """The content of a ``PROOF.md``.

    Attributes:
        verdict: Its first sentence.
        lines: The lines of its table, by their names.
    """

    verdict: str
    lines: Mapping[str, Line]

    @classmethod
    def of(cls, package: Path) -> Certificate:
        """Read the proof in the folder of a package.

        Raises:
            LookupError: There is none.
        """
        try:
            text = (package / "PROOF.md").read_text(encoding="utf-8")
        except OSError:
            raise LookupError("no PROOF.md: the package was not proven") from None
        verdict = next((line for line in text.splitlines() if line and not line.startswith("#")), "")
        found = filter(None, map(ROW.match, text.splitlines()))
        return cls(verdict, {row["name"]: _line(row) for row in found if row["name"].strip("-")})

    def __str__(self) -> str:
        lines = [f"{line.words:>28}  {name}" for name, line in self.lines.items()]
        return "\n".join([self.verdict, *lines])


def _line(row: re.Match[str]) -> Line:
    passed = re.match(r"(\d+) passed", row["stdio"])
    both = row["stdio"] == row["http"]
    words = f"{row['stdio']} over stdio and HTTP" if both else row["stdio"]
    count = int(row["count"] or (passed[1] if passed else 0))
    return Line(count, f"{row['count']}, {words}" if row["count"] else words, row["ok"] == "ok")


@dataclass(frozen=True)
class Proven:
    """A line of the proof of the package whose export is in the learner's variable.

    Attributes:
        line: The name of the line; "" for the verdict.
        about: The purpose of the case, as a sentence.
        least: The least number of definitions, calls or tests.
        live: Whether it must have as many as the learner's server lists now.
    """

    line: str
    about: str
    least: int = 0
    live: bool = False

    @property
    def answers(self) -> tuple[()]:
        """No answers: the case asks nothing."""
        return ()

    @property
    def expected(self) -> str:
        """The expected line, in words."""
        if not self.line:
            return repr(PROVEN)
        number = "as many as your server has" if self.live else f"{self.least} or more"
        return f"{number}, and ok"

    def words(self, name: str) -> str:
        """Name the line."""
        return f"PROOF.md, {self.line or 'its first line'}"

    async def ask(self, bench: Bench) -> Answer:
        """Read the proof."""
        try:
            certificate = Certificate.of(_package(bench))
        except LookupError as error:
            return Answer(False, str(error))
        if not self.line:
            return Answer(certificate.verdict == PROVEN, repr(certificate.verdict), certificate.verdict)
        if (found := certificate.lines.get(self.line)) is None:
            return Answer(False, "no such line")
        wanted = await _listed(bench, self.line) if self.live else found.number
        got = f"{found.words}{'' if found.ok else ', not ok'}{f', your server has {wanted}' if self.live else ''}"
        return Answer(found.ok and found.number == wanted and found.number >= self.least, got, found.words)


async def _listed(bench: Bench, kind: str) -> int:
    if kind == "tools":
        return len((await bench.client.list_tools()).tools)
    if kind == "prompts":
        return len((await bench.client.list_prompts()).prompts)
    if kind == "resources":
        return len((await bench.client.list_resources()).resources)
    return len((await bench.client.list_resource_templates()).resource_templates)


def _package(bench: Bench) -> Path:
    """Return the folder of the package: the variable has the report of the export, or the folder itself."""
    made: Any = bench.namespace[bench.name]
    place = getattr(made, "destination", made)
    if not isinstance(place, str | Path):
        raise LookupError(f"{place!r}, which is not the result of an export")
    return Path(place)


def edited_files(bench: Bench) -> list[str]:
    """Return the files of the package that are not as the export wrote them, and its proof if nobody made it.

    Its tests may grow.
    """
    package = _package(bench)
    if not (package / ".export.json").is_file():
        raise LookupError("there is no package in the folder")
    written: dict[str, str] = json.loads((package / ".export.json").read_text(encoding="utf-8"))["files"]
    known = {"PROOF.md": "not written by an export", **written}
    return [path for path in known if not path.startswith("tests/") and _hash(package / path) != known[path]]


def _hash(path: Path) -> str:
    if not path.is_file():
        return ""
    return hashlib.sha256(path.read_bytes().replace(b"\r\n", b"\n")).hexdigest()


def health_function(bench: Bench) -> str:
    """Return the name of the function that the package's health check asks; "" if it asks none."""
    found = [path.read_text(encoding="utf-8") for path in _package(bench).glob("src/*/health.py")]
    if not found:
        raise LookupError("there is no package in the folder")
    asked = re.search(r"if (?:await )?(?:anyio\.to_thread\.run_sync\()?(\w+)\b.* is False:$", found[0], re.MULTILINE)
    return asked[1] if asked else ""
