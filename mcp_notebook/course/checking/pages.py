"""Look at what the page of an app does, without running its script, and at the listed arguments of an event."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from mcp_types import TextResourceContents

from mcp_notebook.client.extensions.events import list_events
from mcp_notebook.course.checking.bench import Bench, entries
from mcp_notebook.course.checking.writing import one_line

__all__ = ["app_of_tool", "event_arguments", "in_order", "pressed", "reached"]

OFFICIAL = re.compile(r"<script>\s*/\*.*?</script>\n", re.DOTALL)
"""The script with the class ``App``, which begins with its licenses."""

CALL = re.compile(r"callServerTool\(\s*\{\s*name:\s*[\"'`]([\w.-]+)[\"'`]\s*,\s*arguments:\s*\{([^{}]+)\}")
"""A call with arguments in the script of a page."""

ADDRESS = re.compile(r"\b(?:https?|wss?):(?://|\\/\\/)[^\s\"'`<>]+|(?<=[\"'`])//[\w.-]+[^\s\"'`<>]*")


async def app_of_tool(bench: Bench, tool: str) -> Any:
    """Return the URI of the app that a tool is linked to; None if it is linked to none."""
    listed = (await entries(bench.client))[tool]
    return listed.get("_meta", {}).get("ui", {}).get("resourceUri")


async def in_order(bench: Bench) -> list[str]:
    """Return the steps by which a page gets the first result, in the order in which it takes them."""
    whole, own = await _page(bench)
    places = {"ontoolresult": own.find("ontoolresult"), "connect": own.find(".connect(")}
    found = sorted((place, step) for step, place in places.items() if place >= 0)
    return ["the class App"] * (whole != own and "new App(" in own) + [step for _, step in found]


async def pressed(bench: Bench, row: Mapping[str, Any]) -> str:
    """Make the call that a page makes for a row of its tool's result; return how it ended, in words.

    Each argument gets the value of the row's field that the script names.
    """
    _, own = await _page(bench)
    call = CALL.search(own)
    if call is None:
        return "the page has no app.callServerTool({ name: ..., arguments: { ... } }) with an argument"
    name, inside = call.groups()
    pairs = (part.partition(":") for part in inside.split(",") if part.strip())
    fields = {key.strip(): (value.strip() or key.strip()).rpartition(".")[2] for key, _, value in pairs}
    if unknown := [field for field in fields.values() if field not in row]:
        return f"a row of the result has no {unknown[0]}"
    result = await bench.client.call_tool(name, {key: row[field] for key, field in fields.items()})
    texts = " ".join(getattr(block, "text", "") for block in result.content)
    return f"{name}: {'error: ' if result.is_error else ''}{one_line(texts)}"


async def reached(bench: Bench) -> list[str]:
    """Return the addresses in a page, and the domains that it declares."""
    _, own = await _page(bench)
    declared = (await entries(bench.client))[bench.name].get("_meta", {}).get("ui", {}).get("csp", {})
    return [*ADDRESS.findall(own), *(domain for domains in declared.values() for domain in domains)]


async def event_arguments(bench: Bench, name: str) -> dict[str, Any]:
    """Return the arguments of a type of events, each with its default."""
    (found,) = [one for one in await list_events(bench.client) if one.name == name]
    return {key: schema.get("default") for key, schema in found.input_schema.get("properties", {}).items()}


async def _page(bench: Bench) -> tuple[str, str]:
    """Return the page of the app, whole and without the official script."""
    (content,) = (await bench.client.read_resource(bench.name)).contents
    assert isinstance(content, TextResourceContents)
    return content.text, OFFICIAL.sub("", content.text, count=1)
