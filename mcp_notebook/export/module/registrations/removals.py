"""What was taken off a server again, and would be on it in the package: where a loop or function registers it."""

from __future__ import annotations

import ast
import shlex
from collections.abc import Iterable, Iterator, Set

from mcp_notebook.export.findings import Finding
from mcp_notebook.export.module.registrations.registration import Key, Registration
from mcp_notebook.export.module.registrations.uses import removing
from mcp_notebook.slicing.statements import Notebook, Statement

__all__ = ["IMPORTS", "coming_back", "findings", "statement"]

IMPORTS = ("import contextlib", "from mcp.server.mcpserver.exceptions import ToolError")


def coming_back(
    gone: Iterable[Key],
    notebook: Notebook,
    aliases: Set[str],
    live: Iterable[Key],
    sites: Iterable[Registration],
    others: Iterable[Statement],
) -> list[Key]:
    """Return what the package would have again.

    Args:
        gone: What was seen on the server, and is not there now.
        notebook: All that ran.
        aliases: The variables of the server.
        live: What is on it.
        sites: The places that register one definition; those of what is gone are left out.
        others: The statements that register in another way, which are carried whole.
    """
    texts = [statement.text for statement in others]
    if not texts:
        return []
    here, registered = set(live), {site.name for site in sites}
    found = [*gone, *(("tool", name) for name in _named(notebook, aliases))]
    return [
        key
        for key in dict.fromkeys(found)
        if key not in here and (key[1] not in registered or any(key[1] in text for text in texts))
    ]


def _named(notebook: Notebook, aliases: Set[str]) -> Iterator[str]:
    """Yield the names of tools that statements and magics take off, as far as they are written there."""
    for each in notebook.statements:
        for part in ast.walk(each.node):
            if removing(part, aliases):
                texts = (node.value for node in ast.walk(each.node) if isinstance(node, ast.Constant))
                yield from (text for text in texts if isinstance(text, str))
                break
    for magic in notebook.magics:
        if magic.text.startswith("%mcp remove "):
            yield from (word for word in shlex.split(magic.text)[2:] if not word.startswith("-"))


def statement(variable: str, name: str) -> str:
    """Write the statement that takes a tool off again, whether it is there or not."""
    return f"with contextlib.suppress(ToolError):\n    {variable}.remove_tool({name!r})"


def findings(keys: Iterable[Key], others: Iterable[Statement]) -> Iterator[Finding]:
    """Stop where a resource or prompt would come back: the SDK has no way to take one off."""
    cell = next((statement.cell for statement in others), None)
    for kind, name in keys:
        if kind != "tool":
            what = f"this {kind} was taken off, and what registers it here would put it on the package's server again."
            yield Finding("stops", cell, name, what, "Register only what is meant to stay, and run that again.")
