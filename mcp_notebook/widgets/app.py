"""The frame of an app: an HTML page of a server, which speaks with that server through the notebook."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from importlib.metadata import version
from importlib.resources import files
from typing import Any, Protocol

from mcp_types import CallToolResult, ReadResourceResult, Tool
from pydantic import BaseModel

from mcp_notebook.client.extensions.apps import AppPage, callable_by_apps
from mcp_notebook.errors import McpNotebookError, RequestError
from mcp_notebook.rendering import look
from mcp_notebook.rendering.apps import app_card, consent, link
from mcp_notebook.server.listing import listed
from mcp_notebook.visible import visible
from mcp_notebook.widgets.question_card import QuestionCard
from mcp_notebook.widgets.surface import Action, Surface

__all__ = ["AppFrame", "AppServer", "Opened"]

LONGEST_MESSAGE = 20_000
"""Characters of a message that an app may have sent to the model."""


@cache
def _bridge() -> str:
    return files("mcp_notebook.widgets").joinpath("app_bridge.js").read_text(encoding="utf-8")


@dataclass(frozen=True)
class Opened:
    """An app as it is shown.

    Attributes:
        page: Its page.
        tools: The tools of its server, by name.
        arguments: The arguments of the call that it shows.
        result: The result of the call; None if there was none.
        note: Why there was none.
    """

    page: AppPage
    tools: Mapping[str, Tool] = field(default_factory=dict)
    arguments: Mapping[str, Any] = field(default_factory=dict)
    result: CallToolResult | None = None
    note: str = ""


class AppServer(Protocol):
    """The server of an app, as far as the app may use it."""

    name: str
    foreign: bool

    def call(self, name: str, arguments: dict[str, Any], ask: Callable[[QuestionCard], None]) -> Future[CallToolResult]:
        """Start a call; `ask` shows the server's questions."""

    def read(self, uri: str) -> Future[ReadResourceResult]:
        """Start to read a resource."""

    def say(self, text: str) -> None:
        """Give a message to the model's conversation."""


class AppFrame(Surface):
    """An app in a sandboxed frame.

    The page of a server of another process waits until the person agrees to what it may do; see `consent`.

    Args:
        uri: The app.
        tool: The tool whose result it shows; None if it has none.
        server: Its server.
        opened: The app as it is now.
        again: Shows it again, on a new result.
        agreed: The digests of what the person has agreed to.
    """

    def __init__(
        self,
        uri: str,
        tool: str | None,
        server: AppServer,
        opened: Opened,
        *,
        again: Callable[[], None],
        agreed: set[str],
    ) -> None:
        self._uri, self._tool, self._server, self._again, self._agreed = uri, tool, server, again, agreed
        self._opened = opened
        self._refused = False
        self._shows = 0
        about = {
            "uri": visible(uri, one_line=True),
            "server": visible(server.name, one_line=True),
            "tool": None if tool is None else visible(tool, one_line=True),
            "foreign": server.foreign,
            "version": version("mcp-notebook"),
        }
        super().__init__("app", about, {"phase": "idle", "questions": []})
        self.show(opened)

    @property
    def rendering(self) -> look.Rendering:
        """The line and the result that stand for the app in a saved notebook."""
        opened = self._opened
        return app_card(self._uri, self._server.name, self._tool, opened.arguments, opened.result, opened.note)

    @property
    def actions(self) -> dict[str, Action]:
        """The actions that the front end can ask for, by name."""
        return {
            "bridge": lambda _: _bridge(),
            "agree": lambda _: self._agree(),
            "refuse": lambda _: self._refuse(),
            "again": lambda _: self._again(),
            "call": self._call,
            "read": self._read,
            "link": lambda message: link(str(message["url"])),
            "say": self._say,
        }

    def show(self, opened: Opened) -> None:
        """Show the app as it is now; may be called from any thread."""
        self._opened = opened
        self._refused = False
        if not self._may_show:
            words = consent(self._server.name, opened.page, list(opened.tools.values()))
            self.set(phase="asking", consent=visible(words), error="")
            return
        self._shows += 1
        tool = opened.tools.get(self._tool or "")
        self.set(
            phase="shown",
            error="",
            note=visible(opened.note, one_line=True),
            questions=[],
            shown={
                "number": self._shows,
                "html": opened.page.html,
                "policy": opened.page.policy,
                "domains": opened.page.domains,
                "border": opened.page.border,
                "tool": None if tool is None else listed(tool),
                "input": dict(opened.arguments),
                "result": None if opened.result is None else _wire(opened.result),
            },
        )

    def fail(self, words: str) -> None:
        """Say why the app could not be shown again; the page stays as it was."""
        self.set(error=visible(words, one_line=True))

    def ask(self, card: QuestionCard) -> None:
        """Show a question of the server below the app."""
        self.set(questions=[*self.state["questions"], card.inside()])

    @property
    def _may_show(self) -> bool:
        return not self._server.foreign or self._digest in self._agreed

    @property
    def _digest(self) -> str:
        """A digest of the page and of all that it may do, so that another page needs another word."""
        opened = self._opened
        names = sorted(name for name, tool in opened.tools.items() if callable_by_apps(tool))
        parts = (self._server.name, self._uri, opened.page.html, opened.page.policy, *names)
        return sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()

    def _agree(self) -> None:
        self._agreed.add(self._digest)
        self.show(self._opened)

    def _refuse(self) -> None:
        self._refused = True
        self.set(phase="refused")

    def _live(self) -> None:
        if self._refused or not self._may_show:
            raise RequestError(f"The app {self._uri} is not shown, so it may ask for nothing.")

    def _call(self, message: dict[str, Any]) -> Future[Any]:
        self._live()
        name, arguments = str(message["name"]), message.get("arguments") or {}
        tool = self._opened.tools.get(name)
        if tool is None:
            raise RequestError(f"{self._server.name} has no tool {name!r}. To see a new one, show the app again.")
        if not callable_by_apps(tool):
            raise RequestError(f"The tool {name!r} is only for models: its visibility leaves out apps.")
        if not isinstance(arguments, dict):
            raise RequestError(f"The arguments of {name!r} have to be an object.")
        return _in_json(self._server.call(name, arguments, self.ask))

    def _read(self, message: dict[str, Any]) -> Future[Any]:
        self._live()
        return _in_json(self._server.read(str(message["uri"])))

    def _say(self, message: dict[str, Any]) -> None:
        self._live()
        text = str(message["text"])
        if len(text) > LONGEST_MESSAGE:
            raise McpNotebookError(f"A message of an app may have {LONGEST_MESSAGE} characters; this has {len(text)}.")
        self._server.say(text)


def _wire(result: BaseModel) -> dict[str, Any]:
    return result.model_dump(by_alias=True, mode="json", exclude_none=True)


def _in_json(result: Future[Any]) -> Future[Any]:
    """Return a future of the result as it goes over the wire."""
    answer: Future[Any] = Future()

    def pass_on(done: Future[Any]) -> None:
        try:
            answer.set_result(_wire(done.result()))
        except BaseException as error:  # noqa: BLE001 - the one who waits for the answer raises it
            answer.set_exception(error)

    result.add_done_callback(pass_on)
    return answer
