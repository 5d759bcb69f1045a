"""The result of an export, and its report as text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from textwrap import fill

from mcp_notebook.export.findings import Finding, Group, grouped
from mcp_notebook.export.manifest import Update
from mcp_notebook.export.proof import Proof

__all__ = ["Exported", "headline", "text", "tree", "what_was_done"]

WIDTH = 100
"""Characters in a line of text."""


@dataclass(frozen=True, repr=False)
class Exported:
    """The result of an export.

    Attributes:
        name: The name of the package for imports.
        destination: Its directory.
        files: The content of each file, by its path: a text, or the bytes of a file that the server serves as it is.
        findings: The findings about the cells, those that stop first.
        update: The changes to the directory, made or planned; None if a finding stopped the export.
        proof: The evidence; None if there is no proof.
        dry: Whether it was a dry run.
    """

    name: str
    destination: Path
    files: Mapping[str, str | bytes]
    findings: tuple[Finding, ...] = ()
    update: Update | None = None
    proof: Proof | None = None
    dry: bool = False

    def __repr__(self) -> str:
        return text(self)

    @property
    def stopped(self) -> bool:
        """Return whether a finding stopped it."""
        return self.update is None

    @property
    def groups(self) -> list[Group]:
        """The findings, with those that have the same words together."""
        return grouped(self.findings)

    @property
    def server_file(self) -> str:
        """The source of the module with the server."""
        source = self.files.get(f"src/{self.name}/server.py", "")
        return source if isinstance(source, str) else ""


def headline(exported: Exported) -> str:
    """Return the outcome in a few words."""
    if exported.stopped:
        return "not written; the reasons are below"
    if exported.dry:
        return "a dry run, so nothing was written"
    return "written" if exported.proof is None else exported.proof.verdict


def what_was_done(update: Update, *, dry: bool) -> list[str]:
    """Return one line for each change to the directory."""
    be = "would be " if dry else ""
    same = f", {len(update.unchanged)} unchanged" if update.unchanged else ""
    lines = [f"{_files(len(update.written))} {be}written{same}"]
    for paths, words in (
        (tuple(update.kept), "kept, because you edited it"),
        (update.deleted, "not written again, because you deleted it"),
        (update.left, "left, because you edited it, and no longer part of the package"),
        (update.removed, f"{be}removed, no longer part of the package"),
    ):
        lines += [f"{path}: {words}" for path in paths]
    return lines


def tree(paths: list[str]) -> str:
    """Draw paths as a tree of folders, files before folders."""
    return "\n".join(_branch([path.split("/") for path in paths], ""))


def text(exported: Exported) -> str:
    """Return the whole report, as a terminal shows it."""
    lines = [f"package {exported.name} in {exported.destination}: {headline(exported)}"]
    if exported.update is not None:
        lines += [_line(line) for line in what_was_done(exported.update, dry=exported.dry)]
        lines += [diff.rstrip("\n") for diff in exported.update.kept.values()]
    if exported.dry and exported.files:
        lines += ["", tree(sorted(exported.files)), "", exported.server_file.rstrip("\n"), ""]
    if exported.proof is not None and exported.proof.rows:
        lines += exported.proof.text.splitlines()[1:]
    lines += [_line(f"{group.findings[0].weight}  {group}") for group in exported.groups]
    return "\n".join(lines)


def _line(words: str) -> str:
    return fill(words, WIDTH, initial_indent="  ", subsequent_indent="    ", break_on_hyphens=False)


def _files(count: int) -> str:
    return "1 file" if count == 1 else f"{count} files"


def _branch(paths: list[list[str]], indent: str) -> Iterator[str]:
    yield from (f"{indent}{path[0]}" for path in paths if len(path) == 1)
    for folder in dict.fromkeys(path[0] for path in paths if len(path) > 1):
        yield f"{indent}{folder}/"
        yield from _branch([path[1:] for path in paths if len(path) > 1 and path[0] == folder], f"{indent}  ")
