"""Report a learner's progress to the board of a class: once on request, then in the background after checks."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from mcp_notebook.client import Connection
from mcp_notebook.client.targets import Url
from mcp_notebook.course.progress import Progress
from mcp_notebook.course.sharing import report_of
from mcp_notebook.errors import McpNotebookError, RequestError, UsageError
from mcp_notebook.portal import Portal
from mcp_notebook.server.auth import Token
from mcp_notebook.server.class_code import CODE_HEADER, GUEST_HEADER
from mcp_notebook.visible import visible

__all__ = ["Sharing"]

SECONDS: Final = 5.0
"""Seconds to connect, and then to wait for the answer."""

MOST_WORDS: Final = 200
"""Characters of what the board answers that are shown."""


class _WrongCodeError(RequestError):
    """The board does not know the class code."""


class Sharing:
    """Reports to one board. The class code is only in the memory of the kernel.

    Args:
        portal: The loop to connect on.
        url: The URL of the board.
        code: The class code.
        learner: The learner's random id.
        name: The name that the learner chose.

    Raises:
        UsageError: The URL is not one of HTTP, or the code is not one.
    """

    def __init__(self, portal: Portal, url: str, code: Token, learner: str, name: str) -> None:
        self.url, self.name = url, name
        self._portal = portal
        self._learner = learner
        try:
            self._target = Url(url, headers={CODE_HEADER: str(code), GUEST_HEADER: learner})
        except RequestError as error:
            raise UsageError(str(error)) from None
        self._lock = threading.Lock()
        self._sent: Mapping[str, Any] | None = None
        self._waiting: Mapping[str, Any] | None = None
        self._running = self._ended = False
        self._trouble = ""

    @property
    def in_the_clear(self) -> bool:
        """Return whether others in the network can read what is sent."""
        parts = urlsplit(self.url)
        return parts.scheme == "http" and parts.hostname not in ("127.0.0.1", "localhost", "::1")

    def begin(self, progress: Progress) -> Mapping[str, Any]:
        """Report now, wait for the answer, and return what was sent.

        Raises:
            RequestError: The board cannot be reached, or refuses.
        """
        report = report_of(progress, self._learner, self.name)
        self._send(report)
        self._sent = report
        return report

    def changed(self, progress: Progress) -> None:
        """Report in the background if something has changed; this neither waits nor raises."""
        report = report_of(progress, self._learner, self.name)
        with self._lock:
            if self._ended or report == (self._waiting or self._sent):
                return
            self._waiting = report
            if not self._running:
                self._running = True
                threading.Thread(target=self._work, name="mcp-notebook-sharing", daemon=True).start()

    def trouble(self) -> str:
        """Return once why the latest report did not arrive; "" if it did."""
        with self._lock:
            trouble, self._trouble = self._trouble, ""
            return trouble

    def end(self) -> None:
        """Report no more."""
        with self._lock:
            self._ended, self._waiting = True, None

    def _work(self) -> None:
        while True:
            with self._lock:
                report, self._waiting = self._waiting, None
                if report is None:
                    self._running = False
                    return
            trouble = ""
            try:
                self._send(report)
            except _WrongCodeError:
                # To try again would count as guessing.
                self.end()
                trouble = "The board has another class code now, so sharing has ended. Share again with the new one."
            except McpNotebookError as error:
                trouble = f"{error} It is sent again with this check."
            except Exception as error:  # noqa: BLE001 - whatever it is, checks must go on
                trouble = f"The board was not reached ({type(error).__name__}). It is sent again with this check."
            with self._lock:
                self._trouble = trouble
                if not trouble:
                    self._sent = report

    def _send(self, report: Mapping[str, Any]) -> None:
        try:
            # Quiet: nothing of the board is shown but a refusal, and nobody is asked anything.
            with Connection(
                self._portal,
                self._target,
                "modern",
                name="board",
                notice=lambda _: None,
                deadline=SECONDS,
                timeout=SECONDS,
                extensions="none",
            ) as board:
                answer = board.call("report", dict(report))
        except McpNotebookError as error:
            raise _refused(str(error)) from None
        if answer.result.is_error:
            words = " ".join(getattr(part, "text", "") for part in answer.result.content)
            raise RequestError(f"The board did not take it: {visible(words, one_line=True)[:MOST_WORDS]}")


def _refused(words: str) -> RequestError:
    """Return why a board did not answer, in the words of a class."""
    if "(401)" in words:
        return _WrongCodeError("The board does not know this class code. Ask your teacher for the one that it shows.")
    if "answered 429" in words:
        return RequestError("The board takes no codes now, because many wrong ones came. Try again in a minute.")
    return RequestError(f"The board was not reached: {words[:MOST_WORDS]}")
