"""Run the cases of an eval, and score each run."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import anyio
from mcp_types import CallToolResult

from mcp_notebook.agent.conversation import Conversation, Use
from mcp_notebook.agent.evals.checking import EvalCase, problems
from mcp_notebook.agent.evals.report import EvalReport, Side, Trial
from mcp_notebook.agent.model import Model
from mcp_notebook.agent.stand_in_model import StandInModel
from mcp_notebook.agent.toolbox import Toolbox
from mcp_notebook.client import Question
from mcp_notebook.errors import McpNotebookError, ModelError, TurnLimitError, innermost
from mcp_notebook.recording import Call

__all__ = ["Player", "RunLimits", "run"]

MOST_ERRORS = 3
"""The runs that a model may leave unanswered; after that, the rest of its runs are left out."""

LONGEST_REASON = 300
"""Characters of the text of an error."""

AT_ONCE = 4
"""The runs at a time with a provider's model, which takes seconds to answer."""


@dataclass(frozen=True)
class Player:
    """Provides a model for each run.

    Attributes:
        name: The name of the model.
        model: Returns the model for a run, by the case and the number of the run.
        scripted: Whether a script or the stand-in plays it: then one run follows the other, which is always the same.
        alike: Whether it does the same in each run of a case.
    """

    name: str
    model: Callable[[EvalCase, int], Model]
    scripted: bool
    alike: bool = False

    @classmethod
    def stand_in(cls) -> Player:
        """Return the stand-in, which overlooks other words in each run."""
        return cls(StandInModel.name, lambda _case, number: StandInModel(number), scripted=True)

    @classmethod
    def provided(cls, model: Model) -> Player:
        """Return the model of a provider."""
        return cls(model.name, lambda _case, _number: model, scripted=False)

    def side(self, toolbox: Toolbox, label: str = "") -> Side:
        """Return the side of its runs with these tools, without a run yet."""
        return Side(label, self.name, toolbox.tools, self.scripted, self.alike)


class RunLimits(NamedTuple):
    """The limits of a run, and the price of tokens.

    Attributes:
        turns: The most requests to the model in a run.
        tokens: The most tokens of each reply.
        price: US dollars for a million tokens of input and of output; None to take the cost that the model reports.
    """

    turns: int = 10
    tokens: int = 4096
    price: tuple[float, float] | None = None


async def run(
    report: EvalReport,
    players: Sequence[tuple[Side, Player, Toolbox]],
    limits: RunLimits,
    on_trial: Callable[[], Awaitable[None]] | None = None,
) -> None:
    """Make the runs of a report, and add each to its side when it ends, so that none is lost if this is cancelled.

    Questions of servers are declined. A call that the case forbids is not made: the model is told so. If a model or a
    step of a script raises, that run is not scored, and its side has the reason.

    Args:
        report: The report; its sides are filled.
        players: The sides, each with the model and the tools.
        limits: The limits.
        on_trial: Awaited after each run.
    """
    at_once = 1 if all(player.scripted for _, player, _ in players) else AT_ONCE
    limiter = anyio.CapacityLimiter(at_once)

    async def one(side: Side, player: Player, toolbox: Toolbox, case: EvalCase, number: int) -> None:
        async with limiter:
            if side.errors >= MOST_ERRORS:
                side.errors += 1
                return
            try:
                side.trials.append(await _trial(player.model(case, number), toolbox, case, number, limits))
            except Exception as error:  # noqa: BLE001 - a model and a script are code of others
                side.error, side.errors = _reason(error), side.errors + 1
            if on_trial is not None:
                await on_trial()

    report.running = True
    try:
        # One run of everything, then the next: if it is interrupted, all sides have about as many.
        for number in range(1, report.runs + 1):
            async with anyio.create_task_group() as group:
                for case in report.cases:
                    for side, player, toolbox in players:
                        if at_once == 1:
                            await one(side, player, toolbox, case, number)
                        else:
                            group.start_soon(one, side, player, toolbox, case, number)
    except Exception as error:  # noqa: BLE001 - of any class, and the task group has wrapped it
        raise innermost(error) from None
    finally:
        report.running = False


def _reason(error: Exception) -> str:
    """Return in one line why a run could not be made."""
    inner = innermost(error)
    if isinstance(inner, McpNotebookError):
        return str(inner)
    said = " ".join(str(inner).split())[:LONGEST_REASON]
    return str(ModelError(f"{type(inner).__name__}: {said}" if said else type(inner).__name__))


async def _trial(model: Model, toolbox: Toolbox, case: EvalCase, number: int, limits: RunLimits) -> Trial:
    conversation = Conversation()
    watching = _Calls(case)
    try:
        turn = await conversation.turn(
            case.prompt,
            model,
            toolbox,
            watching,
            approve=watching.allowed,
            answerer=_declined,
            most_requests=limits.turns,
            most_tokens=limits.tokens,
        )
    except TurnLimitError:
        found = [f"It was asked {limits.turns} times, and still called tools."]
    else:
        found = problems(case, watching.made, turn.answer)
    usage = conversation.usage
    if limits.price is not None:
        usage = usage.at(*limits.price)
    return Trial(case, number, tuple(found), conversation.messages, usage, tuple(watching.lost))


class _Calls:
    """Keeps the calls that the model asks for, under the names that the case has."""

    def __init__(self, case: EvalCase) -> None:
        self.made: list[tuple[str, dict[str, Any]]] = []
        self.lost: list[str] = []
        self._never = case.never
        self._named = {name for name, _ in case.calls or ()} | set(case.never)

    async def allowed(self, use: Use) -> bool:
        return self._name(use) not in self._never

    async def said(self, text: str) -> None:
        pass

    async def calling(self, use: Use) -> None:
        self.made.append((self._name(use), use.arguments))

    async def called(self, use: Use, result: CallToolResult, call: Call | None) -> None:
        pass

    async def failed(self, use: Use, reason: str, call: Call | None) -> None:
        if use.tool is not None and await self.allowed(use):  # otherwise it was not to be made
            self.lost.append(reason)

    def _name(self, use: Use) -> str:
        # A case may have the name that the model sees, with the server's name in front, or the tool's own.
        return use.name if use.name in self._named or use.tool is None else use.tool.name


def _declined(question: Question) -> Any:
    return None if question.kind in ("sampling", "roots") else "decline"
