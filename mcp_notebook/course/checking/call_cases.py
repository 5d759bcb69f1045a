"""Define further cases of an exercise: calls by a signed-in person, one that is followed, an answer sent twice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from mcp.shared.exceptions import MCPError
from mcp_types import CallToolResult, ElicitResult, InputRequiredResult, InputResponses

from mcp_notebook.course.checking.bench import Bench, entries
from mcp_notebook.course.checking.cases import Answer, Case
from mcp_notebook.course.checking.results import text_of, value_of
from mcp_notebook.course.people import signed_in

__all__ = ["Followed", "SignedIn", "Twice"]


@dataclass(frozen=True)
class SignedIn(Case):
    """A call with the token of a person.

    If the token lacks a scope that the tool names in its ``_meta``, the call is an error, as at the door over HTTP.

    Attributes:
        person: The signed-in person.
        scopes: The scopes of the token.
    """

    person: str = ""
    scopes: Sequence[str] = ()

    def words(self, name: str) -> str:
        """Write the case as a call of the person."""
        having = f" with {', '.join(self.scopes)}" if self.scopes else ""
        return f"{self.person} calls {super().words(name)}{having}"

    async def ask(self, bench: Bench) -> Answer:
        """Call the tool with the person's token."""
        required = (await entries(bench.client))[bench.name].get("_meta", {}).get("requiredScopes", [])
        missing = [scope for scope in required if scope not in self.scopes]
        if missing:
            return self._judged(None, f'HTTP 403, scope="{" ".join(missing)}"')
        with signed_in(self.person, *self.scopes):
            return await super().ask(bench)


@dataclass(frozen=True)
class Followed(Case):
    """A call whose client asks for progress.

    Attributes:
        progress: The expected reports, each the progress and the total.
    """

    progress: Sequence[tuple[float, float | None]] = ()

    @property
    def expected(self) -> str:
        """The expected answer, in words."""
        return f"{super().expected}, and the progress {_reports(self.progress)}"

    async def ask(self, bench: Bench) -> Answer:
        """Call the tool, and note the reports."""
        heard: list[tuple[float, float | None]] = []

        async def hear(progress: float, total: float | None, message: str | None) -> None:
            heard.append((progress, total))

        try:
            result = await bench.client.call_tool(bench.name, dict(self.arguments), progress_callback=hear)
        except MCPError as error:
            return self._judged(None, str(error))
        answer = self._judged(value_of(result), text_of(result) if result.is_error else None)
        got = f"{answer.got}, and the progress {_reports(heard)}"
        return Answer(answer.holds and heard == list(self.progress), got)


@dataclass(frozen=True)
class Twice(SignedIn):
    """A call with a question, whose answer a client sends two times, with the same sealed state.

    The result is that of the second time.

    Attributes:
        answer: The content of the user's answer.
    """

    answer: Mapping[str, Any] = field(default_factory=dict)

    def words(self, name: str) -> str:
        """Write the case as a call."""
        return f"{super().words(name)}, and the client sends the answer {dict(self.answer)!r} twice"

    async def ask(self, bench: Bench) -> Answer:
        """Make the first round, then the second one two times, and look at the world afterwards."""
        with signed_in(self.person):
            try:
                asked, result = await self._rounds(bench)
            except MCPError as error:
                return self._judged(None, str(error))
        answer = self._judged(value_of(result), text_of(result) if result.is_error else None)
        if not asked and not result.is_error:
            return Answer(False, f"{answer.got}, but the tool asked no question")
        for then in self.then if answer.holds else ():
            if (seen := then.look(bench)) != then.expected:
                return Answer(False, f"{answer.got}, and then {then.words}: {seen!r}")
        return answer

    async def _rounds(self, bench: Bench) -> tuple[bool, CallToolResult]:
        """Return whether the tool asked, and the last result."""
        call, arguments = bench.client.session.call_tool, dict(self.arguments)
        first = await call(bench.name, arguments, allow_input_required=True)
        if not isinstance(first, InputRequiredResult):
            return False, first
        answer = ElicitResult(action="accept", content=dict(self.answer))
        answers: InputResponses = dict.fromkeys(first.input_requests or {}, answer)
        for _ in range(2):
            result = await call(bench.name, arguments, input_responses=answers, request_state=first.request_state)
        return True, result


def _reports(reports: Sequence[tuple[float, float | None]]) -> str:
    written = ", ".join(f"{done:g} of {total:g}" if total is not None else f"{done:g}" for done, total in reports)
    return written or "(none)"
