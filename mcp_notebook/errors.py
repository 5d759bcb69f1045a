"""Define the package's exceptions, as one tree.

    McpNotebookError
    ├── DefinitionError     a function cannot become a tool, resource or prompt
    ├── UnknownNameError    there is no server, tool, prompt or variable of that name
    ├── UsageError          a command or an option does not fit, or does not say what is meant
    ├── HostingError        the server cannot listen
    │   └── PortTakenError  its port is taken
    ├── ExportError         the cells cannot become a package, or it cannot be written
    ├── HostError           a client's configuration cannot be made or written
    ├── ModelError          a model is not available, or did not answer
    │   └── TurnLimitError  it still calls tools after the most requests of a turn
    ├── NotebookError       a notebook's file cannot be read, or the notebook cannot be run
    │   └── CellError       one of its cells raised
    └── RequestError        the server refused a request, or the connection broke

Each message is one line: what went wrong, why, and what to do next. A magic shows it without a traceback; Python code
catches it by its class.
"""

from __future__ import annotations

from collections.abc import Iterable

TYPE_CHECKING = False  # importing typing's takes 7 ms, and the bridge has to start fast
if TYPE_CHECKING:
    from typing import Any

__all__ = [
    "CellError",
    "DefinitionError",
    "ExportError",
    "HostError",
    "HostingError",
    "McpNotebookError",
    "ModelError",
    "NotebookError",
    "PortTakenError",
    "RequestError",
    "TurnLimitError",
    "UnknownNameError",
    "UsageError",
    "did_you_mean",
    "innermost",
]


class McpNotebookError(Exception):
    """The base class of all errors that this package raises on purpose."""

    def __str__(self) -> str:
        from mcp_notebook.visible import visible  # imported here, because only errors need it

        # A message may repeat text from another program, and a traceback shows it in a terminal.
        return visible(super().__str__())


class DefinitionError(McpNotebookError):
    """A function cannot become a tool, resource or prompt; the server is unchanged."""


class UnknownNameError(McpNotebookError):
    """There is no server, tool, prompt or variable of that name."""


class UsageError(McpNotebookError):
    """A command, an option or a value is not usable as given, though every name in it exists.

    Separate from `UnknownNameError`, so that code which tries a name and falls back does not hide a wrong command.
    """


class HostingError(McpNotebookError):
    """The server cannot listen at the requested address."""


class PortTakenError(HostingError):
    """The requested port is taken."""


class ExportError(McpNotebookError):
    """The cells cannot become a package, or it cannot be written there; nothing was written."""


class HostError(McpNotebookError):
    """The configuration of an MCP client cannot be made or written; its file is unchanged."""


class ModelError(McpNotebookError):
    """A model is not available, or it did not answer."""


class TurnLimitError(ModelError):
    """A model still calls tools after the most requests that a turn may make."""


class NotebookError(McpNotebookError):
    """A notebook's file cannot be read, or the notebook cannot be run or served as asked."""


class CellError(NotebookError):
    """A cell raised in a notebook that runs without a front end; the message is a report of several lines."""


class RequestError(McpNotebookError):
    """The server refused a request, or the connection to it broke.

    Attributes:
        call: The recorder's `Call` for the request; None if the request failed before it was recorded.
        code: The code of the server's error; None if the error is not the server's.
        data: The data of the server's error, as JSON; None if there is none.
    """

    def __init__(self, message: str, call: Any = None, *, code: int | None = None, data: object = None) -> None:
        super().__init__(message)
        self.call = call
        self.code = code
        self.data = data


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return ``" Did you mean 'x'?"`` for the known name closest to `word`, or ``""``."""
    from difflib import get_close_matches  # imported here, because only errors need it

    close = get_close_matches(word, list(known), n=1)
    return f" Did you mean {close[0]!r}?" if close else ""


def innermost(error: BaseException) -> BaseException:
    """Return the first exception inside nested exception groups; task groups wrap what is raised in them."""
    while inside := getattr(error, "exceptions", None):
        error = inside[0]
    return error
