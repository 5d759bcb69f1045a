"""Describe a call that waits for a person, and what that person is shown of it."""

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
from mcp_types import Tool as ListedTool

from mcp_notebook.recording import Decision
from mcp_notebook.recording.cutting import is_deep
from mcp_notebook.schema.parameters import mapping

__all__ = ["LONG", "MOST_SHOWN", "ApprovalRequest"]

MOST_SHOWN = 100_000
"""Characters of arguments shown to a person. A longer call is denied: nobody may allow what was not shown."""

LONG = 1_000
"""Arguments with more characters than this come last, so that they do not push short ones out of sight."""

_numbers = itertools.count(1)


class ApprovalRequest:
    """A call that waits for a person.

    Attributes:
        number: The argument of ``%mcp allow``; counts from 1 in each kernel, and is 0 until the person is asked.
        client: The name that the client gives itself; nobody has checked it.
        person: The verified user, if the server has authorization of its own; else empty.
        server: The name of the server.
        tool: The name of the tool.
        arguments: The arguments of the call.
        entry: The tool itself if a client calls one of this kernel, or as it is listed if other code calls it.
        redefined: Whether this is a second question, asked because the tool was redefined after the first.
    """

    def __init__(
        self,
        *,
        client: str,
        server: str,
        tool: str,
        arguments: Mapping[str, Any],
        person: str = "",
        entry: Tool | ListedTool | None = None,
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
        """Take a number and start the clock."""
        self.number = next(_numbers)
        self._asked = time.monotonic()
        self._ends = self._asked + timeout

    @property
    def key(self) -> tuple[str, str, str, str]:
        """The client, person, server and tool, without the arguments."""
        return self.client, self.person, self.server, self.tool

    @cached_property
    def text(self) -> str:
        """All arguments as JSON, in an order that the client does not choose.

        Short arguments come before long ones. Within each group, the tool's parameters come first, in their order;
        other arguments follow, sorted by name. Keys of nested objects are sorted.

        Raises:
            RecursionError: The arguments are nested too deep.
        """
        entry = self.entry
        schema = entry.input_schema if isinstance(entry, ListedTool) else entry.parameters if entry is not None else {}
        known = list(mapping(schema.get("properties")))
        written = {name: _json(self.arguments[name]) for name in sorted(self.arguments)}
        names = [name for name in known if name in written] + [name for name in written if name not in known]
        lines = [
            f"{_json(name)}: {written[name]}" for name in sorted(names, key=lambda name: len(written[name]) > LONG)
        ]
        inside = ",\n".join(lines).replace("\n", "\n  ")  # a line break in a text is escaped
        return f"{{\n  {inside}\n}}" if lines else "{}"

    @property
    def unshowable(self) -> str:
        """The reason why a person cannot be shown all arguments; empty if they can."""
        if is_deep(self.arguments):  # Python 3.14 writes such JSON without an error, as megabytes of indentation
            return "its arguments are nested too deep to be shown to a person"
        long = len(self.text)
        if long <= MOST_SHOWN:
            return ""
        return f"its arguments have {long:,} characters, and a person is shown at most {MOST_SHOWN:,}"

    @property
    def decision(self) -> Decision | None:
        """The decision; None while the request waits."""
        return self.answer.result() if self.answer.done() else None

    @property
    def waited(self) -> float:
        """Seconds since the question was asked."""
        return time.monotonic() - self._asked

    @property
    def left(self) -> float:
        """Seconds until the request is denied."""
        return max(self._ends - time.monotonic(), 0)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2, sort_keys=True, default=str)
