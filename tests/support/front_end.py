"""The front end's forms without a page: those of the committed bundle, in Node, driven as a person would."""

from __future__ import annotations

import atexit
import itertools
import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from mcp_notebook.schema import Checker, Problem
from mcp_notebook.widgets.description import describe

HERE = Path(__file__).parent
OURS = HERE.parents[1] / ".node/node_modules/.bin/node"


def node_or_skip() -> str:
    """Return the path of Node, or skip the test; with REQUIRE_OUTSIDE=1 fail instead."""
    path = str(OURS) if OURS.exists() else shutil.which("node")
    if path is not None:
        return path
    if os.environ.get("REQUIRE_OUTSIDE") == "1":
        pytest.fail("REQUIRE_OUTSIDE=1, and there is no Node. Install it.")
    pytest.skip("NO NODE: install it to test the front end")


class _Driver:
    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [node_or_skip(), str(HERE / "front_end.mjs")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        atexit.register(self._process.kill)

    def ask(self, **message: Any) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(message) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        if "error" in answer:
            raise FrontEndError(answer["error"] + "\n" + answer["stack"])
        return answer["ok"]


class FrontEndError(Exception):
    """The front end raised."""


driver = cache(_Driver)
_numbers = itertools.count()


def local_match(pattern: str, text: str) -> bool | None:
    """Return whether the front end finds a pattern in a text; None if it leaves that to Python."""
    found = driver().ask(do="matches", pattern=pattern, text=text)
    return None if found is None else bool(found)


class Hands:
    """A form, and a person's hands on it.

    Args:
        schema: The schema of the arguments.
    """

    def __init__(self, schema: Any) -> None:
        self._number = next(_numbers)
        self._checker = Checker(schema if isinstance(schema, Mapping) else {})
        self._ask("new", description=json.loads(json.dumps(describe(schema))))
        self._is_open = True

    def __del__(self) -> None:
        if hasattr(self, "_is_open"):  # without Node the test was skipped
            self._ask("drop")

    def fill(self, values: Mapping[str, Any]) -> None:
        self._ask("fill", text=json.dumps(values))

    def draft(self) -> dict[str, Any]:
        found = json.loads(self.text())
        assert isinstance(found, dict)
        return found

    def text(self) -> str:
        """Return the arguments as the front end sends them, valid or not."""
        return str(self._ask("draft"))

    def act(self, name: str, *args: Any, at: tuple[str | int, ...] = ()) -> Any:
        return self._ask("act", place=at, name=name, args=args)

    def choose(self, label: str, *place: str | int) -> None:
        """Choose an option or a variant by its label."""
        node = self.look(*place)["node"]
        labels = [each for each, _ in node.get("options") or node["variants"]]
        self.act("choose" if "options" in node else "chooseVariant", labels.index(label), at=place)

    def type(self, characters: str, *place: str | int) -> None:
        """Type into the input of a field."""
        self.act("type", characters, at=place)

    def choose_null(self, *place: str | int) -> None:
        """Choose null: from the menu of the field, or among its options."""
        if self.look(*place)["canBeNull"]:
            self.act("setNull", at=place)
        else:
            values = [value for _, value in self.look(*place)["node"]["options"]]
            self.act("choose", values.index("null"), at=place)

    def look(self, *place: str | int) -> dict[str, Any]:
        found = self._ask("look", place=place)
        assert isinstance(found, dict)
        return found

    def whole(self) -> dict[str, Any]:
        """Look at the field of all arguments, also where a union stands there."""
        return self.shown()[0]

    def shown(self) -> list[dict[str, Any]]:
        """Look at all fields that are shown, in their order."""
        return list(self._ask("shown"))

    def count(self) -> int:
        """Count the fields that are shown."""
        return int(self._ask("count"))

    def local_problems(self) -> list[Problem]:
        return [Problem(tuple(found["place"]), found["reason"]) for found in self._ask("problems")]

    def problems(self) -> list[Problem]:
        """Return what the form shows after Python has checked it."""
        draft = self.text()
        found = self._checker.problems(json.loads(draft))
        self._ask("told", draft=draft, problems=[{"place": p.place, "reason": p.reason} for p in found])
        return self.local_problems()

    def read(self) -> dict[str, Any]:
        problems = self.problems()
        if problems:
            raise ValueError("\n".join(map(str, problems)))
        return self.draft()

    def _ask(self, what: str, **more: Any) -> Any:
        return driver().ask(do=what, form=self._number, **more)
