"""Notebooks of the round trips: files in the percent format, with what is expected of their export above the cells."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from mcp_notebook import headless
from mcp_notebook.headless import Headless
from mcp_notebook.headless.notebook import CodeCell


class Request(NamedTuple):
    """One that the live server and the package are asked alike."""

    kind: str
    name: str
    arguments: dict[str, Any]


@dataclass(frozen=True)
class PercentNotebook:
    """A file of cells.

    Each cell begins with ``# %%``, and is known by its place, or by the id that follows: a cell with the id of an
    earlier one is that cell, run again. ``raises`` in that line says that its author expects it to raise.

    Attributes:
        header: For each word before a colon in the comment at the top, the texts that follow it.
        cells: As they run.
    """

    path: Path
    header: dict[str, list[str]]
    cells: list[CodeCell]

    def words(self, key: str) -> list[str]:
        return self.header.get(key, [])

    @property
    def requests(self) -> list[Request]:
        calls = [_call(kind, text) for kind in ("call", "prompt", "complete") for text in self.words(kind)]
        return [*calls, *(Request("read", uri, {}) for uri in self.words("read"))]

    @property
    def answers(self) -> list[dict[str, Any]]:
        return [json.loads(text) for text in self.words("answer")]


def _call(kind: str, text: str) -> Request:
    name, _, arguments = text.partition("(")
    call = ast.parse(f"f({arguments or ')'}", mode="eval").body
    assert isinstance(call, ast.Call)
    return Request(kind, name, {str(k.arg): ast.literal_eval(k.value) for k in call.keywords})


def read(path: Path) -> PercentNotebook:
    head, *parts = re.split(r"^# %%(?!%)", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    header: dict[str, list[str]] = {}
    for key, text in re.findall(r"^# (\w+): (.+)$", head, flags=re.MULTILINE):
        header.setdefault(key, []).append(text.strip())
    cells = []
    for number, part in enumerate(parts, 1):
        words, _, source = part.partition("\n")
        tags = {"raises-exception"} if "raises" in words.split() else set()
        names = [word for word in words.split() if word != "raises"]
        source = re.sub(r"^#(?=%%)", "", source.strip("\n"))
        cells.append(CodeCell(number, names[0] if names else f"cell-{number}", source, frozenset(tags)))
    return PercentNotebook(path, header, cells)


@contextmanager
def ran(notebook: PercentNotebook, directory: Path) -> Iterator[Headless]:
    """Run the notebook in a fresh shell, with `directory` as the place where its file is."""
    file = directory / "notebook.ipynb"
    file.write_text(json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": []}), encoding="utf-8")
    with headless.run(file) as running:
        running.run_cells(notebook.cells)
        yield running
