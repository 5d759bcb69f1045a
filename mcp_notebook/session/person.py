"""Ask the person at the notebook the questions of servers."""

from __future__ import annotations

import asyncio
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, Literal

from IPython.core.displaypub import CapturingDisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from IPython.display import display

from mcp_notebook import main_thread
from mcp_notebook.client import Answer, Question
from mcp_notebook.client.answering import nobody
from mcp_notebook.client.answers import NO_ROOTS, in_words
from mcp_notebook.errors import RequestError
from mcp_notebook.session.dialog import NobodyThereError, ask_line_by_line
from mcp_notebook.session.identity import cell_id
from mcp_notebook.session.subshell import has_subshells
from mcp_notebook.session.surfaces import Surfaces

if TYPE_CHECKING:
    from mcp_notebook.widgets.question_card import QuestionCard

__all__ = ["Person", "has_viewer", "way_to_ask"]

HEARTBEAT = 0.2
"""Seconds until a cell that awaits the answer notices an interrupt."""


class Person:
    """An answerer that asks the person while a cell waits for or awaits a request: on a card, or line by line.

    Args:
        shell: The notebook's shell.
        surfaces: The surroundings of the cards.
    """

    def __init__(self, shell: InteractiveShell, surfaces: Surfaces) -> None:
        self._shell = shell
        self._surfaces = surfaces

    async def __call__(self, question: Question) -> Answer:
        """Ask, and wait for the answer without a limit.

        Raises:
            RequestError: Nobody is there, or the person interrupted.
        """
        if question.unprompted and question.kind == "roots":
            # Some servers ask as soon as they are connected; a person has no reason to answer then.
            return NO_ROOTS
        way = question.context.copy().run(way_to_ask, self._shell)
        if way == "card":
            return await self._on_a_card(question)
        if way == "lines" and not question.unprompted:  # else it would block an unrelated cell
            return await _in_lines(question)
        raise nobody(question)

    async def _on_a_card(self, question: Question) -> Answer:
        shown = _Shown(self._surfaces, question)
        try:
            # On the loop, so that simultaneous questions are shown in order.
            answer = asyncio.wrap_future(shown.open().answer)
            while not answer.done():
                await asyncio.wait([answer], timeout=HEARTBEAT)
                main_thread.wake()
            return answer.result()
        finally:
            shown.close()


def way_to_ask(shell: InteractiveShell) -> Literal["card", "lines"] | None:
    """Return how to ask the person who runs the current cell; None if nobody is there.

    Programs that run notebooks unattended (nbclient, nbconvert, papermill, nbval) do not allow questions on stdin.
    """
    kernel = getattr(shell, "kernel", None)
    if kernel is not None and not kernel.get_parent().get("content", {}).get("allow_stdin"):
        return None
    return "card" if has_viewer(shell) and has_subshells(shell) else "lines"


def has_viewer(shell: InteractiveShell) -> bool:
    """Return whether a person sees the outputs of the current cell in a notebook, as they change.

    Front ends for notebooks, which can show widgets, send the id of the cell; a console does not.
    """
    kernel = getattr(shell, "kernel", None)
    request = kernel.get_parent() if kernel is not None else {}
    hidden = isinstance(shell.display_pub, CapturingDisplayPublisher)  # a cell with %%capture
    there = request.get("content", {}).get("allow_stdin") and cell_id(shell)
    return bool(there) and not hidden


class _Shown:
    """A card below the cell that made the request; its buttons work while the cell runs."""

    def __init__(self, surfaces: Surfaces, question: Question) -> None:
        self._surfaces = surfaces
        self._question = question
        self._card: QuestionCard | None = None
        self._handle: Any = None

    def open(self) -> QuestionCard:
        from mcp_notebook.widgets.question_card import QuestionCard  # ipywidgets takes 0.2 s to import

        self._surfaces.prepare()
        card = self._card = QuestionCard(self._question)
        self._handle = self._question.context.copy().run(display, card, display_id=True)
        return card

    def close(self) -> None:
        """Replace the card by the question and its answer, which a saved notebook can show."""
        if self._card is not None:
            self._card.answer.cancel()
        if self._card is not None and self._handle is not None:
            self._question.context.copy().run(self._handle.update, self._card.rendering)
            self._card.close()


async def _in_lines(question: Question) -> Answer:
    """Ask on the main thread, because only it may use stdin; a cell that waits for a request runs its jobs."""
    asked: Future[Answer] = question.context.copy().run(main_thread.submit, lambda: ask_line_by_line(question))
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    asked.add_done_callback(lambda _: loop.call_soon_threadsafe(ended.set))
    try:
        await ended.wait()
    finally:
        asked.cancel()
    # Not raised directly: a KeyboardInterrupt belongs to the main thread, and would end this one.
    error = asked.exception()
    if isinstance(error, KeyboardInterrupt):
        raise RequestError(f"Interrupted while {question.server!r} asked {in_words(question)}.")
    if isinstance(error, NobodyThereError):
        raise nobody(question)
    return asked.result()
