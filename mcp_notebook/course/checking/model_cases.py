"""Define the cases of exercises about models: a tool that is chosen, that hosts take, and that costs few tokens."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mcp_notebook.agent.stand_in import choose
from mcp_notebook.compat import CheckedServer, check, table
from mcp_notebook.compat.facts import BAD
from mcp_notebook.course.checking.bench import Bench, entries
from mcp_notebook.course.checking.cases import Answer
from mcp_notebook.course.checking.writing import written
from mcp_notebook.recording.saved import LISTS
from mcp_notebook.server.listing import tokens

__all__ = ["AtMost", "Chosen", "minded", "size_of_entry"]


class _Unasked:
    """A case in which the server asks no question."""

    @property
    def answers(self) -> Sequence[Any]:
        """No answers."""
        return ()


@dataclass(frozen=True)
class Chosen(_Unasked):
    """A prompt for the stand-in, which has the tools of the server.

    Attributes:
        prompt: The person's text.
        about: The purpose of the case, as a sentence.
        arguments: The arguments of the call that it must make; None if it must not call the tool.
        least: The number of runs in which it must do that.
        runs: The number of runs.
    """

    prompt: str
    about: str
    arguments: Mapping[str, Any] | None = None
    least: int = 16
    runs: int = 20

    @property
    def expected(self) -> str:
        """The expected answer, in words."""
        call = "no call of it" if self.arguments is None else f"the call with {written(self.arguments)}"
        return f"{call} in at least {self.least} of {self.runs} runs"

    def words(self, name: str) -> str:
        """Name the prompt."""
        return f"the stand-in is asked {self.prompt!r}"

    async def ask(self, bench: Bench) -> Answer:
        """Let the stand-in choose, in each run with other words that it overlooks."""
        listed = (await bench.client.list_tools()).tools
        tools = [(tool.name, tool.description or "", tool.input_schema) for tool in listed]
        right, others = 0, dict[str, int]()
        for run in range(self.runs):
            calls = choose(self.prompt, tools, run)
            own = [arguments for name, arguments in calls if name == bench.name]
            if (own == []) if self.arguments is None else (own == [dict(self.arguments)] and len(calls) == 1):
                right += 1
            else:
                made = ", ".join(f"{name}({written(arguments)})" for name, arguments in calls) or "no tool"
                others[made] = others.get(made, 0) + 1
        most = max(others, key=lambda made: others[made], default="")
        return Answer(
            right >= self.least, f"{right} of {self.runs} runs" + (f"; otherwise mostly {most}" if most else "")
        )


@dataclass(frozen=True)
class AtMost(_Unasked):
    """A number that must not be larger than a limit.

    Attributes:
        request: The thing that is measured.
        about: The purpose of the case, as a sentence.
        measure: Measures it.
        limit: The limit.
        unit: The unit, for people.
    """

    request: str
    about: str
    measure: Callable[[Bench], Any]
    limit: int
    unit: str = "tokens"

    @property
    def expected(self) -> str:
        """The expected answer, in words."""
        return f"at most {self.limit:,} {self.unit}"

    def words(self, name: str) -> str:
        """Name the thing that is measured."""
        return self.request

    async def ask(self, bench: Bench) -> Answer:
        """Measure it."""
        size = await self.measure(bench)
        return Answer(size <= self.limit, f"{size:,} {self.unit}")


async def minded(bench: Bench) -> list[str]:
    """Return the parts of the tool that hosts reject or degrade, each with these hosts."""
    listed = (await entries(bench.client))[bench.name]
    server = CheckedServer(bench.server.name, {kind: [listed] if kind == "tool" else [] for kind in LISTS})
    titles = table().titles
    found = []
    for finding in check(server).findings:
        hosts = [f"{titles[key]} {one.verdict}" for key, one in finding.hosts.items() if one.verdict in BAD]
        found.append(f"{finding.observation.what}: {', '.join(hosts)}")
    return found


async def size_of_entry(bench: Bench) -> int:
    """Return the estimated tokens of the tool in the list."""
    return tokens((await entries(bench.client))[bench.name])
