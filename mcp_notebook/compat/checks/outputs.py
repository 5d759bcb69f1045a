"""Check the output schemas and the annotations of tools."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mcp_notebook.compat.checked_server import CheckedServer
from mcp_notebook.compat.checks.dialects import broken, fault, names_older_draft
from mcp_notebook.compat.observation import Observation
from mcp_notebook.compat.walking import nodes
from mcp_notebook.schema import brief, one_look
from mcp_notebook.schema.parameters import points_to
from mcp_notebook.server.listing import Entry

__all__ = ["CHECKS", "observe"]

CHECKS = {
    "output-not-object": "an output schema whose root is not of type object",
    "output-invalid": "an output schema that is not valid JSON Schema",
    "output-dialect": "an output schema that names a draft before 2020-12",
    "output-tuple": "a closed tuple in an output schema: prefixItems with items false",
    "annotations": "annotations that contradict each other",
    "task-required": "a tool that runs only as a task",
}


def observe(server: CheckedServer) -> Iterator[Observation]:
    """Yield observations about output schemas and annotations."""
    for tool in server.tools:
        output = tool.get("outputSchema")
        if isinstance(output, Mapping):
            with one_look():
                yield from _output(tool["name"], output)
        yield from _behavior(tool["name"], tool)


def _output(name: str, output: Mapping[str, Any]) -> Iterator[Observation]:
    if output.get("type") != "object":
        what = "the root of its output schema is not of type object"
        fix = "Return a model or a dict with named fields."
        yield Observation("output-not-object", "tool", name, what, fix)
    if (reason := fault(output)) is not None:
        what, fix = f"its output schema is not valid: {reason}", "Correct it; pydantic writes valid ones."
        yield Observation("output-invalid", "tool", name, what, fix, keywords=frozenset({broken(output)}))
        return  # the rest of it may be the same fault
    if names_older_draft(output):
        what = f"its output schema names another draft than 2020-12: {brief(output['$schema'])}"
        fix = "Write it in 2020-12, or leave $schema out, which means the same."
        yield Observation("output-dialect", "tool", name, what, fix)
    for node in nodes(output, "result"):
        schema = node.schema
        if not isinstance(schema, Mapping):
            continue
        if "prefixItems" in schema and schema.get("items") is False:
            what, fix = "it is a tuple that takes nothing further: items is false", "Leave items out, and set maxItems."
            yield Observation("output-tuple", "tool", name, what, fix, node.place or "result")
        reference = schema.get("$ref")
        if isinstance(reference, str) and reference.startswith("#") and points_to(reference, output) is None:
            what = f"the $ref {brief(reference)} in its output schema leads to nothing"
            fix, keywords = "Put what it means into $defs of the output schema.", frozenset({"$ref"})
            yield Observation("output-invalid", "tool", name, what, fix, node.place, keywords=keywords)


def _behavior(name: str, tool: Entry) -> Iterator[Observation]:
    stated = tool.get("annotations", {})
    if stated.get("readOnlyHint") and stated.get("destructiveHint"):
        what = "it says that it only reads (readOnlyHint), and that it destroys (destructiveHint)"
        yield Observation("annotations", "tool", name, what, "Say only what is true.")
    if tool.get("execution", {}).get("taskSupport") == "required":
        what = "it runs only as a task (taskSupport is required)"
        yield Observation("task-required", "tool", name, what, 'Make that "optional".')
