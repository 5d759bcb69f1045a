"""``%%mcp_chat``: a cell that talks to a model, which may call the tools of the servers."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import click
from IPython.core.interactiveshell import InteractiveShell
from IPython.display import display
from mcp_types import CallToolResult, ElicitRequestFormParams, ElicitResult

from mcp_notebook import main_thread
from mcp_notebook.agent import Conversation, Model, ScriptedModel, Toolbox, Turn, Use, provided
from mcp_notebook.client import Answerer, Connection, Question
from mcp_notebook.client.answers import answer_from
from mcp_notebook.client.connection import say
from mcp_notebook.client.script import Script
from mcp_notebook.errors import ModelError, UnknownNameError
from mcp_notebook.magics.answers import ANSWERS, answers_of
from mcp_notebook.magics.options import NOTEBOOK_VARIABLE, SERVER, TEXT
from mcp_notebook.magics.verb import INTO
from mcp_notebook.recording import Call
from mcp_notebook.rendering import chat as drawn
from mcp_notebook.rendering.content import render
from mcp_notebook.server.approval import WHICH, Which, destructive
from mcp_notebook.session.person import Person, way_to_ask
from mcp_notebook.session.saying import say_call
from mcp_notebook.session.session import Session
from mcp_notebook.visible import visible

__all__ = ["chat", "model_or_script"]

T = TypeVar("T")


@click.command("%%mcp_chat")
@click.option(
    "--model",
    type=TEXT,
    metavar="PROVIDER:NAME",
    help="The model, such as anthropic:claude-sonnet-4-5, or a variable that holds one of pydantic-ai's; the one of "
    "the cell before if not given. Its key is read from the environment.",
)
@click.option(
    "--script",
    type=NOTEBOOK_VARIABLE,
    metavar="VAR",
    help="Let the steps in this variable play the model: texts, and calls as {'tool': NAME, 'arguments': {...}}.",
)
@click.option(
    "--on",
    "names",
    type=SERVER,
    multiple=True,
    metavar="NAME",
    help="A server whose tools the model gets; all of this notebook and all that are connected, if not given.",
)
@click.option("--approve", type=click.Choice(WHICH), help="Ask you before calls that may destroy, or all.")
@click.option(
    "--max-turns", type=click.IntRange(min=1), default=10, show_default=True, help="Ask the model this often at most."
)
@click.option(
    "--max-tokens", type=click.IntRange(min=1), default=4096, show_default=True, help="Of each reply of the model."
)
@click.option("--new", is_flag=True, help="Begin a new conversation; else it goes on from cell to cell.")
@ANSWERS
@INTO
@click.pass_obj
def chat(
    session: Session,
    /,
    model: str | None,
    script: str | None,
    names: tuple[str, ...],
    approve: Which | None,
    max_turns: int,
    max_tokens: int,
    new: bool,
    answers: str | None,
    output: str | None,
) -> None:
    """Say the cell's text to a model, which may call the tools of the servers."""
    _, prompt = session.cell
    if not prompt.strip():
        raise UnknownNameError("There is nothing to say: write it in the lines under %%mcp_chat.")
    asked = model_or_script(session, model, script)
    if model is not None and script is None:
        session.model = model
    toolbox = Toolbox(_connections(session, names))
    given = answers_of(session, answers)
    answerer = given if given is None or callable(given) else Script(given)
    if new:
        session.conversation = Conversation()
    counts = Counter(entry.server for entry in toolbox)
    display(drawn.opening(asked.name, counts, script=script, goes_on=bool(session.conversation.messages)))
    turn: Turn = session.portal.run(
        partial(
            session.conversation.turn,
            prompt.strip(),
            asked,
            toolbox,
            _Shown(scripted=script is not None),
            approve=None if approve is None else _Asking(session.shell, approve, answerer),
            answerer=answerer,
            most_requests=max_turns,
            most_tokens=max_tokens,
        )
    )
    if turn.cut:
        say(f"the answer was cut at {max_tokens} tokens; --max-tokens allows more.")
    if output is not None:
        session.namespace[output] = turn


class _Shown:
    """Shows a turn in its cell, step by step."""

    def __init__(self, *, scripted: bool) -> None:
        self._scripted = scripted

    async def said(self, text: str) -> None:
        await _on_main(display, drawn.says(text, scripted=self._scripted))

    async def calling(self, use: Use) -> None:
        await _on_main(display, drawn.calls(use.name, use.server, use.arguments))

    async def called(self, use: Use, result: CallToolResult, call: Call | None) -> None:
        await _on_main(say_call, call)
        await _on_main(display, drawn.gives(render(result)))

    async def failed(self, use: Use, reason: str, call: Call | None) -> None:
        await _on_main(say_call, call)
        await _on_main(display, drawn.fails(reason))


async def _on_main(function: Callable[..., T], *args: Any) -> T:
    # Only there does what is shown land in the cell that waits.
    try:
        return await asyncio.wrap_future(main_thread.submit(partial(function, *args)))
    except KeyboardInterrupt:  # it interrupts the cell there, and would end this loop here
        raise ModelError("The cell was interrupted.") from None


def model_or_script(session: Session, name: str | None, script: str | None) -> Model:
    """Return the model that a line names.

    Raises:
        UnknownNameError: Of a script.
        ModelError: Of a provider's model, or where neither is named.
    """
    if script is not None:
        if name not in (None, ScriptedModel.name):
            raise UnknownNameError(f"Either {name} answers or the script does: leave out --model or --script.")
        return ScriptedModel(_steps(session, script))
    if name == ScriptedModel.name:
        raise UnknownNameError("A scripted model needs its script: --script VAR, a list of texts and calls.")
    name = name or session.model
    if name is None:
        raise ModelError(
            "Which model? --model anthropic:NAME, openai:NAME, google:NAME, ollama:NAME or another provider's; or "
            "--script VAR, a list of texts and calls that plays the model."
        )
    return provided(session.variables.get(name, name))


def _steps(session: Session, script: str) -> Sequence[Any]:
    steps = session.variables.get(script)
    if not isinstance(steps, list):
        raise UnknownNameError(
            f"--script: {script} is no list. A script is a list of texts and of calls, {{'tool': NAME, 'arguments': "
            "{...}}."
        )
    return steps


def _connections(session: Session, names: Sequence[str]) -> dict[str, Connection]:
    if not names and not session.opened and not session.registry.servers and session.registry.plain(session.namespace):
        session.live()  # the one in a variable
    chosen = names or (*session.registry.servers, *session.opened)
    return {name: session.on(name) for name in chosen}


@dataclass
class _Asking:
    """Asks before a call: the answers that were given, else the person who runs the cell."""

    shell: InteractiveShell
    which: Which
    answerer: Answerer | None

    async def __call__(self, use: Use) -> bool:
        if use.tool is None or (self.which == "destructive" and not destructive(use.tool)):
            return True
        message = visible(
            f"May the model call {use.name} on {use.server}? {json.dumps(use.arguments, ensure_ascii=False)}",
            one_line=True,
        )
        if self.answerer is not None:
            return await _accepted(self.answerer, message)
        way = way_to_ask(self.shell)
        if way == "lines":
            return (await _on_main(input, f"{message} y or n: ")).strip().lower() in ("y", "yes")
        # Where nobody is there, the answer is no.
        return way == "card" and await _accepted(Person(self.shell), message)


async def _accepted(answerer: Answerer, message: str) -> bool:
    params = ElicitRequestFormParams(message=message, requested_schema={"type": "object", "properties": {}})
    answer = await answer_from(Question("form", params, "the chat"), answerer)
    return isinstance(answer, ElicitResult) and answer.action == "accept"
