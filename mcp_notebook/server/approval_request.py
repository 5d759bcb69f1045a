"""One call that waits for a person, and what that person is shown of it."""

from __future__ import annotations

import itertools
import json
import math
import time
from collections.abc import Mapping
from concurrent.futures import Future
from functools import cached_property
from typing import Any

from mcp.server.mcpserver.tools import Tool

from mcp_notebook.recording import Decision
from mcp_notebook.recording.cutting import is_deep

__all__ = ["LONG", "MOST_SHOWN", "Request"]

MOST_SHOWN = 100_000
"""Characters of arguments that a person is shown. A call with more is denied: nobody may allow what was not shown."""

LONG = 1_000
"""Characters from which on an argument comes after the short ones, so that it does not push them out of sight."""

_numbers = itertools.count(1)


class Request:
    """A call that waits for a person.

    Attributes:
        number: Counts from 1 in each kernel; what ``%mcp allow`` takes. 0 until it is asked.
        client: The name that the client gives itself; nobody has checked it.
        person: Who signed in, where the server has authorization of its own, which has checked that; else empty.
        server: The name of the server.
        tool: The name of the tool.
        arguments: What the tool is called with.
        entry: The tool itself, where the server is this kernel's.
        redefined: Whether it is asked again, because the tool was redefined after the first question.
    """

    def __init__(
        self,
        *,
        client: str,
        server: str,
        tool: str,
        arguments: Mapping[str, Any],
        person: str = "",
        entry: Tool | None = None,
        redefined: bool = False,
    ) -> None:
        self.number = 0
        self.client = client or "unnamed"
        self.person = person
        self.server = server
        self.tool = tool
        self.arguments = arguments
        self.entry = entry
        self.redefined = redefined
        self.answer: Future[Decision] = Future()
        self._asked = time.monotonic()
        self._ends = math.inf

    def begin(self, timeout: float) -> None:
        """Take a number, and count the time from now on."""
        self.number = next(_numbers)
        self._asked = time.monotonic()
        self._ends = self._asked + timeout

    @property
    def key(self) -> tuple[str, str, str, str]:
        """Whose request it is, and for what, without the arguments."""
        return self.client, self.person, self.server, self.tool

    @cached_property
    def text(self) -> str:
        """The arguments as JSON, all of them, in an order that the client does not choose.

        First the short ones, then the long ones, each in the order of the tool's parameters; what is no parameter
        comes after those, by name. Objects in them are sorted.

        Raises:
            RecursionError: They are nested too deep.
        """
        known = list((self.entry.parameters if self.entry is not None else {}).get("properties") or ())
        written = {name: _json(self.arguments[name]) for name in sorted(self.arguments)}
        names = [name for name in known if name in written] + [name for name in written if name not in known]
        lines = [
            f"{_json(name)}: {written[name]}" for name in sorted(names, key=lambda name: len(written[name]) > LONG)
        ]
        inside = ",\n".join(lines).replace("\n", "\n  ")  # a line break in a text is escaped
        return f"{{\n  {inside}\n}}" if lines else "{}"

    @property
    def unshowable(self) -> str:
        """Why a person cannot be shown all of the arguments; empty where they can."""
        if is_deep(self.arguments):  # Python 3.14 writes such JSON without an error, with megabytes of indents
            return "its arguments are nested too deep to be shown to a person"
        long = len(self.text)
        if long <= MOST_SHOWN:
            return ""
        return f"its arguments have {long:,} characters, and a person is shown {MOST_SHOWN:,} at most"

    @property
    def decision(self) -> Decision | None:
        """How it was decided; None while it waits."""
        return self.answer.result() if self.answer.done() else None

    @property
    def waited(self) -> float:
        """Seconds since the question."""
        return time.monotonic() - self._asked

    @property
    def left(self) -> float:
        """Seconds until it is denied."""
        return max(self._ends - time.monotonic(), 0)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2, sort_keys=True, default=str)
