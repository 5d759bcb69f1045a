"""The board of a class in a teacher's notebook: the reports, and the server that takes them."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address
from typing import Annotated, Any, Final
from urllib.parse import urlsplit

from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.mcpserver.tools import Tool
from mcp_types import ToolAnnotations
from pydantic import BaseModel, ConfigDict, Field

from mcp_notebook.course.board import ClassReports
from mcp_notebook.course.exercises import chapters
from mcp_notebook.course.sharing import LONGEST_NAME, MOST_TRIES
from mcp_notebook.errors import HostingError, McpNotebookError, PortTakenError, UsageError
from mcp_notebook.recording import Recorder
from mcp_notebook.rendering.board import Work
from mcp_notebook.server import LiveServer, NotebookServer
from mcp_notebook.server.call_limits import Limits
from mcp_notebook.server.changes import replace as put
from mcp_notebook.server.class_code import in_groups, new_code
from mcp_notebook.server.endpoint import LOOPBACK, Endpoint
from mcp_notebook.server.hosting import Listener
from mcp_notebook.server.notebook_server import adopt
from mcp_notebook.session.listening import Listening

__all__ = ["NAME", "ClassBoard"]

NAME: Final = "board"
"""The name of its server."""

LIMITS: Final = Limits(
    rate=100, burst=2_000, at_once=256, streams=8, seconds=10, request_bytes=64 * 1024, result_bytes=16 * 1024
)
"""The limits of all learners together: those of a hub, or of one machine, come from one address."""

MOST_EXERCISES: Final = 500
"""Exercises in a report; those that are not in the course are left out."""


class ReportedWork(BaseModel):
    """The work on one exercise."""

    model_config = ConfigDict(extra="forbid", strict=True)
    tries: int = Field(ge=0, le=MOST_TRIES, description="How many answers were checked")
    passed: bool = Field(description="Whether one has passed")


class ClassBoard:
    """The board of one notebook. It keeps its reports until the kernel ends, or they are cleared.

    Its server is not among the notebook's own: no cell defines tools on it, no export takes it, and its calls are not
    in the log.

    Attributes:
        reports: The reports.
        live: The server, and its listener while it listens.

    Args:
        listening: Starts and stops the listener.
    """

    def __init__(self, listening: Listening) -> None:
        self.reports = ClassReports(chapters())
        self.live = LiveServer(NAME, self._server())
        self._listening = listening

    @property
    def listener(self) -> Listener:
        """The listener.

        Raises:
            HostingError: The board does not listen.
        """
        if self.live.listener is None:
            raise HostingError("The board does not listen. First: %mcp board.")
        return self.live.listener

    def open(self, *, host: str | None, port: int | None, any_port: bool, door: bool) -> Listener:
        """Listen, or go on listening as before.

        Raises:
            HostingError: It listens in another way, or cannot listen there.
            UsageError: The host is not one address.
        """
        if self.live.listener is not None:
            there = self.live.listener.endpoint
            if host not in (None, there.host) or port not in (None, there.port) or door < there.door:
                raise HostingError(
                    f"The board already listens, at {self.live.listener.url}. To change that, first: %mcp board --stop."
                )
            return self.live.listener
        asked = self._endpoint(_one_address(host) if host is not None else LOOPBACK, port, door=door)
        try:
            return self._listening.serve(self.live, asked)
        except PortTakenError:
            if not any_port:
                raise
            return self._listening.serve(self.live, replace(asked, port=0))

    def _endpoint(self, host: str, port: int | None, *, door: bool) -> Endpoint:
        names = (f"[{host}]",) if ":" in host else ()  # as it is in a Host header
        asked = self._listening.endpoint(
            self.live,
            port=port,
            no_token=False,
            host=host,
            allowed_hosts=names,
            door=door,
            knows=self.reports.knows,
        )
        return replace(asked, limits=LIMITS)

    def stop(self) -> None:
        """Stop listening; the reports stay."""
        self._listening.stop(self.live)

    def change_code(self) -> None:
        """Listen with another class code, at the same address.

        Raises:
            HostingError: The board does not listen.
        """
        endpoint = replace(self.listener.endpoint, token=new_code())
        self.stop()
        self.reports.ask_again()
        self._listening.serve(self.live, endpoint)

    def joining(self) -> dict[str, str]:
        """Return what learners need, and who can reach the board: for a page or a terminal, never for an output.

        Raises:
            HostingError: The board does not listen.
        """
        listener = self.listener
        outside = self._listening.guests_url(NAME)
        url = outside or listener.url
        if not listener.endpoint.local:
            who = lan_words(listener.endpoint.host)
        elif outside is not None:
            who = "Everyone who reaches this Jupyter in a browser can report with the code, without an account here."
        else:
            who = "Only programs on this machine reach it. Other machines of your network: %mcp board --host ADDRESS."
        unknown = outside is not None and urlsplit(outside).hostname in ("your-hub", "your-jupyter")
        note = "Put the first part of the address in your browser in place of https://YOUR-..." if unknown else ""
        return {"url": url, "code": in_groups(listener.token or ""), "who": who, "note": note}

    def _server(self) -> Any:
        server = NotebookServer(NAME, instructions="Learners of the course report here how far they are.")
        reporting = ToolAnnotations(
            read_only_hint=False, destructive_hint=False, idempotent_hint=True, open_world_hint=False
        )
        put(server, "tool", {"report": Tool.from_function(self.report, annotations=reporting)})
        return adopt(server, Recorder(most_calls=20, most_bytes=1_000_000))

    async def report(
        self,
        learner: Annotated[str, Field(pattern="^[0-9a-f]{32}$", description="A random id, the same in each report")],
        name: Annotated[str, Field(min_length=1, max_length=4 * LONGEST_NAME, description="The name on the board")],
        exercises: Annotated[dict[str, ReportedWork], Field(max_length=MOST_EXERCISES, description="By number")],
        right: Annotated[int, Field(ge=0, le=MOST_EXERCISES, description="Predictions that were right")],
    ) -> str:
        """Report how far a learner of the course is; a later report of the same learner replaces it."""
        work = {number: Work(done.tries, done.passed) for number, done in exercises.items()}
        try:
            self.reports.take(learner, name, work, right)
        except McpNotebookError as error:
            raise ToolError(str(error)) from None
        return "taken"


def lan_words(host: str) -> str:
    """Say who can reach a board that listens on an address of the network."""
    return f"Plain HTTP at {host}: everyone in your network can read what is sent, and report with the code."


def _one_address(host: str) -> str:
    try:
        address = ip_address(host.strip("[]"))
    except ValueError:
        address = None
    if address is None or address.is_unspecified or address.is_multicast:
        raise UsageError(
            f"--host {host} is not one address of this machine. Give one that the class reaches, such as 192.168.1.20."
        )
    return str(address)
