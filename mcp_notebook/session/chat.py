"""Talk to a model that may call the servers' tools: choose the model, show the turn, and ask before calls."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple, TypeVar

from IPython.display import display
from mcp_types import CallToolResult, ElicitRequestFormParams, ElicitResult

from mcp_notebook import main_thread
from mcp_notebook.agent import Conversation, Model, ScriptedModel, StandInModel, Toolbox, Turn, Use, provided
from mcp_notebook.client import Answerer, Answers, Connection, Question
from mcp_notebook.client.answers import answer_from
from mcp_notebook.client.script import Script
from mcp_notebook.errors import ModelError, UsageError
from mcp_notebook.recording import Call
from mcp_notebook.rendering import chat as drawn
from mcp_notebook.rendering import look
from mcp_notebook.rendering.content import render
from mcp_notebook.server.approval import Which, destructive
from mcp_notebook.session.person import Person, way_to_ask
from mcp_notebook.session.saying import say_call
from mcp_notebook.session.session import Session
from mcp_notebook.visible import visible

__all__ = ["TurnLimits", "connections_of", "model_or_script", "steps_of", "take_turn"]

T = TypeVar("T")


class TurnLimits(NamedTuple):
    """The most requests to the model in a turn, and the most tokens of each reply."""

    turns: int
    tokens: int


def take_turn(
    session: Session,
    prompt: str,
    *,
    model: str | None,
    script: str | None,
    names: Sequence[str],
    approve: Which | None,
    answers: Answers,
    new: bool,
    limits: TurnLimits,
) -> Turn:
    """Send a prompt to a model, show its turn step by step, and return it.

    Args:
        session: The session, which keeps the conversation and the model.
        prompt: The prompt.
        model: The model's name; if None, the model of the previous turn.
        script: The variable with the script that plays the model.
        names: The servers whose tools the model gets; all if empty.
        approve: The calls that the person is asked about.
        answers: The answers to questions of the servers, and to requests for approval.
        new: Whether to begin a new conversation.
        limits: The limits of the turn.

    Raises:
        UnknownNameError: There is no such server.
        UsageError: The script cannot be used.
        ModelError: The model cannot be used, or failed.
    """
    asked = model_or_script(session, model, script)
    if model is not None and script is None:
        session.model = model
    toolbox = Toolbox(connections_of(session, names))
    answerer = answers if answers is None or callable(answers) else Script(answers)
    if new:
        session.conversation = Conversation()
    display(_opening(session, asked, toolbox, script))
    turn = partial(
        session.conversation.turn,
        approve=None if approve is None else _Asking(session, approve, answerer),
        answerer=answerer,
        most_requests=limits.turns,
        most_tokens=limits.tokens,
    )
    return session.portal.run(partial(turn, prompt, asked, toolbox, _Shown(_who(asked))))


def _opening(session: Session, model: Model, toolbox: Toolbox, script: str | None) -> look.Rendering:
    counts = Counter(entry.server for entry in toolbox)
    return drawn.opening(model.name, counts, script=script, goes_on=bool(session.conversation.messages))


def _who(model: Model) -> str:
    if isinstance(model, StandInModel):
        return "stand-in for a model"
    return "scripted model" if isinstance(model, ScriptedModel) else "model"


class _Shown:
    """Shows a turn in its cell, step by step."""

    def __init__(self, who: str) -> None:
        self._who = who

    async def said(self, text: str) -> None:
        await _on_main(display, drawn.says(text, self._who))

    async def calling(self, use: Use) -> None:
        await _on_main(display, drawn.calls(use.name, use.server, use.arguments))

    async def called(self, use: Use, result: CallToolResult, call: Call | None) -> None:
        await _on_main(say_call, call)
        await _on_main(display, drawn.gives(render(result)))

    async def failed(self, use: Use, reason: str, call: Call | None) -> None:
        await _on_main(say_call, call)
        await _on_main(display, drawn.fails(reason))


async def _on_main(function: Callable[..., T], *args: Any) -> T:
    # Output reaches the waiting cell only from the main thread.
    try:
        return await asyncio.wrap_future(main_thread.submit(partial(function, *args)))
    except KeyboardInterrupt:  # re-raised here, it would end the portal's loop
        raise ModelError("The cell was interrupted.") from None


def model_or_script(session: Session, name: str | None, script: str | None) -> Model:
    """Return the model that a line names.

    Raises:
        UsageError: The script cannot be used.
        ModelError: The provider's model cannot be used, or neither a model nor a script is named.
    """
    if script is not None:
        if name not in (None, ScriptedModel.name):
            raise UsageError(f"Either {name} or the script can answer, not both: leave out --model or --script.")
        return ScriptedModel(steps_of(session, script))
    if name == StandInModel.name:
        return StandInModel()
    if name == ScriptedModel.name:
        raise UsageError("A scripted model needs a script: --script VAR, a variable with a list of texts and calls.")
    name = name or session.model
    if name is None:
        raise ModelError(
            "No model is chosen. Use --model anthropic:NAME, openai:NAME, google:NAME, ollama:NAME or another "
            "provider's, or --script VAR, a variable with a list of texts and calls that play the model. Without "
            "either, --model stand-in chooses tools by their words."
        )
    return provided(session.variables.get(name, name))


def steps_of(session: Session, script: str) -> Sequence[Any]:
    """Return the steps in a variable.

    Raises:
        UsageError: It is not a list.
    """
    steps = session.variables.get(script)
    if not isinstance(steps, list):
        raise UsageError(
            f"--script: {script} is not a list. A script is a list of texts and of calls, {{'tool': NAME, 'arguments': "
            "{...}}."
        )
    return steps


def connections_of(session: Session, names: Sequence[str]) -> dict[str, Connection]:
    """Return the connections to servers by their names; all of the notebook if none is named.

    Raises:
        UnknownNameError: There is no such server.
    """
    if not names and not session.opened and not session.registry.servers and session.registry.plain(session.namespace):
        session.live()  # adopts the plain server in a variable
    chosen = names or (*session.registry.servers, *session.opened)
    return {name: session.on(name) for name in chosen}


@dataclass
class _Asking:
    """Asks before a call: takes a prepared answer if there are any, else asks the person who runs the cell."""

    session: Session
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
        way = way_to_ask(self.session.shell)
        if way == "lines":
            return (await _on_main(input, f"{message} y or n: ")).strip().lower() in ("y", "yes")
        # If nobody is there, the answer is no.
        return way == "card" and await _accepted(Person(self.session.shell, self.session.surfaces), message)


async def _accepted(answerer: Answerer, message: str) -> bool:
    params = ElicitRequestFormParams(message=message, requested_schema={"type": "object", "properties": {}})
    answer = await answer_from(Question("form", params, "the chat"), answerer)
    return isinstance(answer, ElicitResult) and answer.action == "accept"
