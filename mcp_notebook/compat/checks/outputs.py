"""Check the output schemas and the annotations of tools."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from mcp_notebook.compat.spots import Spot
from mcp_notebook.compat.subject import CheckedServer
from mcp_notebook.compat.walking import nodes
from mcp_notebook.server.listing import Entry

__all__ = ["CHECKS", "spots"]

CHECKS = {
    "output-not-object": "an output schema whose root is not of type object",
    "output-tuple": "a closed tuple in an output schema: prefixItems with items false",
    "annotations": "annotations that contradict each other",
    "task-required": "a tool that runs only as a task",
}


def spots(subject: CheckedServer) -> Iterator[Spot]:
    """Yield spots about output schemas and annotations."""
    for tool in subject.tools:
        yield from _of_tool(tool["name"], tool)


def _of_tool(name: str, tool: Entry) -> Iterator[Spot]:
    output = tool.get("outputSchema")
    if isinstance(output, Mapping):
        if output.get("type") != "object":
            what, fix = (
                "the root of its output schema is not of type object",
                "Return a model or a dict with named fields.",
            )
            yield Spot("output-not-object", "tool", name, what, fix)
        for place, node in nodes(output):
            if isinstance(node, Mapping) and "prefixItems" in node and node.get("items") is False:
                what = "it is a tuple that takes nothing further: items is false"
                yield Spot(
                    "output-tuple", "tool", name, what, "Leave items out, and set maxItems.", f"result {place}".strip()
                )
    stated = tool.get("annotations", {})
    if stated.get("readOnlyHint") and stated.get("destructiveHint"):
        what = "it says that it only reads (readOnlyHint), and that it destroys (destructiveHint)"
        yield Spot("annotations", "tool", name, what, "Say only what is true.")
    if tool.get("execution", {}).get("taskSupport") == "required":
        what = "it runs only as a task (taskSupport is required)"
        yield Spot("task-required", "tool", name, what, 'Make that "optional".')
