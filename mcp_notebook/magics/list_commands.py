"""The verbs that show what an agent sees."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from mcp_notebook.magics.options import PROMPT, RESOURCE, TOOL
from mcp_notebook.magics.state import State
from mcp_notebook.magics.verb import ON_SERVER, known_or_fail, verb
from mcp_notebook.server import definitions
from mcp_notebook.server.interface import lint, listed, tokens
from mcp_notebook.widgets import look
from mcp_notebook.widgets.card import definition_card
from mcp_notebook.widgets.listing import listing

__all__: list[str] = []


@verb("tools", click.argument("name", type=TOOL, required=False), ON_SERVER)
def _tools(state: State, name: str | None, server: str | None) -> look.Rendering:
    """Show what an agent sees of the tools, or of one. Example: %mcp tools add."""
    live = state.live(server)
    functions = {d.name: d for d in definitions(live.server) if d.kind == "tool"}
    entries = {tool.name: listed(tool) for tool in state.portal.run(live.server.list_tools)}
    if name is not None:
        known_or_fail(name, entries, "tool", live)
        return definition_card("tool", entries[name], server=live.name, function=functions[name].function)
    rows = [
        (
            tool,
            _first_line(entry),
            f"{tokens(entry)}",
            f"{len(lint(entry, functions[tool].function)) or 'none'}",
            _cell(functions[tool]),
        )
        for tool, entry in entries.items()
    ]
    return listing(
        f"tools of {live.name}",
        ("name", "description", "tokens", "lint", "defined in"),
        rows,
        empty="none yet. Start a cell with %%mcp_tool.",
        numbers=(2, 3),
    )


@verb("resources", click.argument("name", type=RESOURCE, required=False), ON_SERVER)
def _resources(state: State, name: str | None, server: str | None) -> look.Rendering:
    """Show what an agent sees of the resources and templates, or of one. Example: %mcp resources."""
    live = state.live(server)
    found = {d.name: d for d in definitions(live.server) if d.kind in ("resource", "resource template")}
    entries = {r.uri: listed(r) for r in state.portal.run(live.server.list_resources)}
    entries |= {t.uri_template: listed(t) for t in state.portal.run(live.server.list_resource_templates)}
    if name is not None:
        known_or_fail(name, entries, "resource", live)
        return definition_card(found[name].kind, entries[name], server=live.name)
    rows = [
        (uri, found[uri].kind, entry.get("mimeType", ""), _first_line(entry), _cell(found[uri]))
        for uri, entry in entries.items()
    ]
    return listing(
        f"resources of {live.name}",
        ("uri", "kind", "MIME type", "description", "defined in"),
        rows,
        empty="none yet. Start a cell with %%mcp_resource URI.",
    )


@verb("prompts", click.argument("name", type=PROMPT, required=False), ON_SERVER)
def _prompts(state: State, name: str | None, server: str | None) -> look.Rendering:
    """Show what an agent sees of the prompts, or of one. Example: %mcp prompts."""
    live = state.live(server)
    found = {d.name: d for d in definitions(live.server) if d.kind == "prompt"}
    entries = {prompt.name: listed(prompt) for prompt in state.portal.run(live.server.list_prompts)}
    if name is not None:
        known_or_fail(name, entries, "prompt", live)
        return definition_card("prompt", entries[name], server=live.name)
    rows = [
        (
            prompt,
            _first_line(entry),
            ", ".join(a["name"] for a in entry.get("arguments", [])),
            _cell(found[prompt]),
        )
        for prompt, entry in entries.items()
    ]
    return listing(
        f"prompts of {live.name}",
        ("name", "description", "arguments", "defined in"),
        rows,
        empty="none yet. Start a cell with %%mcp_prompt.",
    )


def _first_line(entry: Mapping[str, Any]) -> str:
    lines = entry.get("description", "").strip().splitlines()
    return lines[0] if lines else "(no description)"


def _cell(definition: Any) -> str:
    return f"cell {definition.cell.execution_count}" if definition.cell else ""
