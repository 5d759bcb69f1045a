"""The report of an export, as text."""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import fill
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mcp_notebook.export.exporting import Exported
    from mcp_notebook.export.manifest import Update

__all__ = ["headline", "text", "tree", "what_was_done"]

WIDTH = 100
"""Characters to a line of text."""


def headline(exported: Exported) -> str:
    """Say in a few words how it ended."""
    if exported.stopped:
        return "not written: what stops it is below"
    if exported.dry:
        return "a dry run, so nothing was written"
    return "written" if exported.proof is None else exported.proof.verdict


def what_was_done(update: Update, *, dry: bool) -> list[str]:
    """Say what became of the directory's files."""
    be = "would be " if dry else ""
    same = f", {len(update.unchanged)} as they were" if update.unchanged else ""
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
    """Return all of it, as a terminal shows it."""
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
