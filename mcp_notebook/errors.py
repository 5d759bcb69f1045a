"""What can go wrong, as one tree.

    McpNotebookError
    ├── DefinitionError     a function that cannot become a tool, resource or prompt
    ├── UnknownNameError    a server, tool, prompt or variable of that name is not there
    ├── HostingError        the server cannot listen
    │   └── PortTakenError  its port is taken
    ├── ExportError         the cells cannot become a package, or not be written there
    ├── HostError           a client's configuration cannot be given, or not be written
    ├── ModelError          a model cannot be had, or did not answer
    ├── NotebookError       a notebook's file cannot be read, or not be run as asked
    │   └── CellError       a cell of it raised
    └── RequestError        the server refused a request, or the connection did not hold

Each message is one line: what, why, and what to do next. A magic shows it as it stands, without a
traceback; Python code catches it by its class.
"""

from __future__ import annotations

from collections.abc import Iterable

TYPE_CHECKING = False  # typing's own takes 7 ms to import, and the bridge is in a hurry
if TYPE_CHECKING:
    from mcp_notebook.recording import Call

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
    "UnknownNameError",
    "did_you_mean",
    "innermost",
]


class McpNotebookError(Exception):
    """The base of every error that this package raises on purpose."""

    def __str__(self) -> str:
        from mcp_notebook.visible import visible  # here, because nobody but a mistake needs it

        # A message may repeat what another program sent, and a traceback shows it in a terminal.
        return visible(super().__str__())


class DefinitionError(McpNotebookError):
    """A function that cannot become a tool, resource or prompt; the server is as it was."""


class UnknownNameError(McpNotebookError):
    """There is no server, tool, prompt or variable of that name."""


class HostingError(McpNotebookError):
    """The server cannot listen where it was asked to."""


class PortTakenError(HostingError):
    """The port that the server should listen on is taken."""


class ExportError(McpNotebookError):
    """The cells cannot become a package, or it cannot be written there; nothing was written."""


class HostError(McpNotebookError):
    """The configuration of an MCP client cannot be given that way, or not be written; its file is as it was."""


class ModelError(McpNotebookError):
    """A model cannot be had, or it did not answer."""


class NotebookError(McpNotebookError):
    """A notebook's file cannot be read, or the notebook cannot be run or served as asked."""


class CellError(NotebookError):
    """A cell of a notebook that runs without a front end raised; the message is a report of several lines."""


class RequestError(McpNotebookError):
    """The server refused a request, or the connection to it did not hold.

    Attributes:
        call: What the recorder kept of the request; None where it did not come so far.
        code: The code of the server's error; None where no error of the server is the reason.
        data: What the server sent with its error, JSON; None where that is nothing.
    """

    def __init__(self, message: str, call: Call | None = None, *, code: int | None = None, data: object = None) -> None:
        super().__init__(message)
        self.call = call
        self.code = code
        self.data = data


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return ``" Did you mean 'x'?"`` for the name nearest to `word`, or ``""``."""
    from difflib import get_close_matches  # here, because nobody but a mistake needs it

    close = get_close_matches(word, list(known), n=1)
    return f" Did you mean {close[0]!r}?" if close else ""


def innermost(error: BaseException) -> BaseException:
    """Return the first exception inside exception groups: task groups wrap what is raised in them."""
    while inside := getattr(error, "exceptions", None):
        error = inside[0]
    return error
