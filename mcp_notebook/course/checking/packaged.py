"""Define a case about the package that an export would write."""

from __future__ import annotations

from dataclasses import dataclass

import anyio

from mcp_notebook.course.checking.bench import Bench
from mcp_notebook.course.checking.cases import Answer
from mcp_notebook.course.checking.writing import one_line
from mcp_notebook.errors import McpNotebookError

__all__ = ["Packaged"]


@dataclass(frozen=True)
class Packaged:
    """A setting of the package that an export of the learner's server would write.

    Attributes:
        setting: The name of the setting.
        about: The purpose of the case, as a sentence.
        result: Its default, as it would be written in the package, or ``a secret``.
    """

    setting: str
    about: str
    result: str

    @property
    def answers(self) -> tuple[()]:
        """No answers: the case asks nothing."""
        return ()

    @property
    def expected(self) -> str:
        """The expected default, in words."""
        return f"{self.setting} = {self.result}"

    def words(self, name: str) -> str:
        """Name the setting."""
        return f"the setting {self.setting} of the package"

    async def ask(self, bench: Bench) -> Answer:
        """Draft the package, on a thread, because that takes a moment."""
        try:
            settings = await anyio.to_thread.run_sync(bench.settings)
        except McpNotebookError as error:
            return Answer(False, f"the error {one_line(str(error))!r}")
        got = ", ".join(f"{setting} = {value}" for setting, value in settings.items())
        return Answer(settings.get(self.setting) == self.result, got or "a package without settings")
