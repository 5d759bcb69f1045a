"""What ``--timeout`` and ``--run-on`` of ``%%mcp_tool`` become: plain code, or a word on the difference."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping

from mcp_notebook.export.findings import Finding
from mcp_notebook.server import Definition

__all__ = ["DECORATOR", "IMPORTS", "decorators", "findings"]

IMPORTS = (
    "import functools",
    "from collections.abc import Callable",
    "from typing import Any",
    "import anyio",
    "from mcp.server.mcpserver.exceptions import ToolError",
)
DECORATOR = '''
def time_limit(seconds: float) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Stop calls of an async tool that take longer."""

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        async def limited(*args: Any, **kwargs: Any) -> Any:
            with anyio.move_on_after(seconds):
                return await function(*args, **kwargs)
            raise ToolError(f"No answer within {seconds:g} s; it was stopped.")

        return limited

    return decorate
'''.strip()


def decorators(definition: Definition, options: Mapping[str, str]) -> list[str]:
    """Return the decorators that a tool needs to behave as its magic asked for."""
    return [f"time_limit({options['timeout']})"] if "timeout" in options and _is_async(definition) else []


def _is_async(definition: Definition) -> bool:
    return inspect.iscoroutinefunction(definition.function)


def findings(definition: Definition, cell: int, options: Mapping[str, str]) -> Iterator[Finding]:
    """Say where calls of the package will run otherwise than here."""
    usual = "loop" if _is_async(definition) else "worker"
    there = "on the server's event loop" if _is_async(definition) else "on a worker thread"
    if options.get("run-on", usual) != usual:
        yield Finding(
            "warns",
            cell,
            definition.name,
            f"--run-on {options['run-on']} is a matter of the notebook; the package runs it {there}.",
            "Make sure that what it uses may be used there.",
        )
    if "timeout" in options and not _is_async(definition):
        yield Finding(
            "warns",
            cell,
            definition.name,
            f"its time limit of {options['timeout']} s is not in the package: a thread cannot be stopped.",
            "Make it an async def that awaits, or give what it waits for a time limit.",
        )
