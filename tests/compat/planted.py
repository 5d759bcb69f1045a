"""The kept set: small servers, each with one planted fault.

A server is a good one with a tool, a resource, a template, a prompt and instructions, in which one thing is wrong. The
fault is named by what the check has to find of it: its check, the definition, and the part of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from mcp_notebook.recording import Call
from mcp_notebook.recording.saved import SavedSession, Server

__all__ = ["GOOD", "PLANTED", "Planted", "saved"]

OBJECT: dict[str, Any] = {"type": "object", "properties": {}}
READS = {"readOnlyHint": True}
GOOD: dict[str, Any] = {
    "name": "find",
    "description": "Find what is in the shop.",
    "inputSchema": {
        "type": "object",
        "properties": {
            "what": {"type": "string", "description": "A word.", "minLength": 1},
            "most": {"type": "integer", "default": 10, "description": "The most results.", "minimum": 1},
            "kinds": {"type": "array", "items": {"$ref": "#/$defs/Kind"}, "description": "The kinds."},
            "price": {"anyOf": [{"type": "number"}, {"type": "null"}], "default": None, "description": "The most."},
        },
        "required": ["what"],
        "$defs": {"Kind": {"enum": ["tea", "coffee"], "type": "string"}},
    },
    "outputSchema": {"type": "object", "properties": {"result": {"type": "string"}}, "required": ["result"]},
    "annotations": READS,
}


@dataclass(frozen=True)
class Planted:
    """A server with one fault.

    Attributes:
        check: The check that has to find it.
        kind: The kind of the definition.
        name: Its name.
        path: The part of it.
        also: Further checks that find the same fault.
        tools: Tools besides the good one.
        resources: Resources besides the good one.
        templates: Templates besides the good one.
        prompts: Prompts besides the good one.
        server: Fields of the server that differ.
        calls: Recorded calls.
        hosts: What some hosts have to do with it.
        reach: How the server is reached, where that is the fault: fields of `CheckedServer`.
    """

    check: str
    kind: str = "tool"
    name: str = "bad"
    path: str = ""
    also: tuple[str, ...] = ()
    tools: tuple[dict[str, Any], ...] = ()
    resources: tuple[dict[str, Any], ...] = ()
    templates: tuple[dict[str, Any], ...] = ()
    prompts: tuple[dict[str, Any], ...] = ()
    server: Mapping[str, Any] = field(default_factory=dict)
    calls: tuple[Call, ...] = ()
    hosts: Mapping[str, str] = field(default_factory=dict)
    reach: Mapping[str, Any] = field(default_factory=dict)


def tool(name: str = "bad", **fields: Any) -> dict[str, Any]:
    return {"name": name, "description": "A tool.", "inputSchema": OBJECT, "annotations": READS, **fields}


def taking(schema: Any, key: str = "x", root: Mapping[str, Any] = MappingProxyType({}), **more: Any) -> dict[str, Any]:
    """A tool with one parameter."""
    if isinstance(schema, dict):
        schema = {"description": "A parameter.", **schema}
    return tool(inputSchema={"type": "object", "properties": {key: schema}, **root, **more})


def refers(definition: dict[str, Any]) -> dict[str, Any]:
    """A tool with one parameter, which refers to a definition."""
    return taking({"$ref": "#/$defs/Row"}, root={"$defs": {"Row": definition}})


def called(result: Any = None, *, name: str = "bad", asked: str | None = None) -> Call:
    """A recorded call."""
    call = Call(server="shop", method="tools/call", name=name, arguments={})
    if asked is not None:
        call.add("question", {"method": asked, "params": {}})
    call.end("done", result if result is not None else text("fine"), None)
    call.duration = 0.1
    return call


def text(words: str, **more: Any) -> dict[str, Any]:
    return {"content": [{"type": "text", "text": words}], **more}


def saved(planted: Planted | None) -> SavedSession:
    """The server as a saved session: the good one, with the fault."""
    given = planted or Planted("none")
    about = {"name": "shop", "version": "1", "instructions": "Ask for a word.", "capabilities": {"tools": {}}}
    return SavedSession(
        Server(**{**about, **given.server}),
        {
            "tool": [GOOD, *given.tools],
            "resource": [{"name": "today", "uri": "notes://today", "description": "Notes."}, *given.resources],
            "resourceTemplate": [
                {"name": "day", "uriTemplate": "notes://{day}", "description": "A day."},
                *given.templates,
            ],
            "prompt": [{"name": "review", "arguments": [{"name": "text", "required": True}]}, *given.prompts],
        },
        list(given.calls),
    )


ONE = {"required": ["x"]}
NODE = {"type": "object", "properties": {"next": {"$ref": "#/$defs/Node"}}, "required": ["next"]}
ROWS = {
    "type": "object",
    "properties": {"rows": {"type": "array", "items": {"$ref": "#/$defs/Row"}, "minItems": 1}},
    "required": ["rows"],
}
LEAVES_OUT = {"claude-code": "rejects", "codex": "rejects", "gemini": "rejects"}
RESULT = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
PAIR = [{"type": "string"}, {"type": "integer"}]
CLOSED_PAIR = {"type": "array", "prefixItems": PAIR, "minItems": 2, "maxItems": 2}
DRAFT_7 = "http://json-schema.org/draft-07/schema#"
BLOCKS = {
    "claude-desktop": "rejects",
    "cursor": "rejects",
    "openai-api": "rejects",
    "claude-code": "degrades",
    "codex": "degrades",
}
SAMPLES = {"claude-code": "rejects", "codex": "rejects", "gemini": "rejects", "vscode": "accepts", "goose": "accepts"}

PLANTED: dict[str, Planted] = {
    # Names
    "a space in a name": Planted("tool-name-characters", name="my tool", tools=(tool("my tool"),), hosts=BLOCKS),
    "a dot in a name": Planted(
        "tool-name-characters", name="my.tool", tools=(tool("my.tool"),), hosts={**BLOCKS, "gemini": "accepts"}
    ),
    "a slash in a name": Planted("tool-name-characters", name="my/tool", tools=(tool("my/tool"),), hosts=BLOCKS),
    "a letter that is not ASCII": Planted("tool-name-characters", name="über", tools=(tool("über"),), hosts=BLOCKS),
    "a name of 58 characters": Planted(
        "tool-name-length",
        name="n" * 58,
        tools=(tool("n" * 58),),
        hosts={"cursor": "rejects", "vscode": "degrades", "gemini": "degrades", "claude-desktop": "accepts"},
    ),
    "a name of 70 characters": Planted(
        "tool-name-length",
        name="n" * 70,
        tools=(tool("n" * 70),),
        hosts={"claude-desktop": "rejects", "openai-api": "rejects", "claude-code": "accepts", "codex": "accepts"},
    ),
    "a name of 128 characters": Planted(
        "tool-name-length",
        name="n" * 128,
        tools=(tool("n" * 128),),
        hosts={"claude-code": "rejects", "codex": "degrades", "specification": "accepts"},
    ),
    "a name twice": Planted("tool-name-duplicate", tools=(tool(), tool(description="Another.")), hosts=LEAVES_OUT),
    "names that become one": Planted(
        "tool-name-collision",
        name="a.b",
        also=("tool-name-characters",),
        tools=(tool("a.b"), tool("a_b")),
        hosts={"claude-code": "rejects", "codex": "degrades", "claude-desktop": "unknown"},
    ),
    "a reserved name of the server": Planted(
        "server-name", "server", "", server={"name": "workspace"}, hosts={"claude-code": "rejects"}
    ),
    "no description": Planted(
        "description-missing", tools=(tool(description=""),), hosts={"vscode": "degrades", "codex": "accepts"}
    ),
    "a long description": Planted(
        "description-length", tools=(tool(description="d" * 4097),), hosts={"claude-code": "degrades"}
    ),
    # Input schemas
    "anyOf at the root": Planted(
        "schema-root",
        tools=(taking({"type": "string"}, anyOf=[ONE]),),
        hosts={"openai-api": "rejects", "claude-code": "degrades", "vscode": "degrades", "codex": "unknown"},
    ),
    "oneOf at the root": Planted("schema-root", tools=(taking({"type": "string"}, oneOf=[ONE]),)),
    "allOf at the root": Planted("schema-root", tools=(taking({"type": "string"}, allOf=[ONE]),)),
    "not at the root": Planted(
        "schema-root", tools=(taking({"type": "string"}, root={"not": ONE}),), hosts={"claude-code": "unknown"}
    ),
    "no type at the root": Planted(
        "schema-not-object",
        tools=(tool(inputSchema={"properties": {}}),),
        hosts={"claude-code": "rejects", "gemini": "rejects", "vscode": "degrades", "specification": "rejects"},
    ),
    "a union in place of an object": Planted("schema-not-object", tools=(tool(inputSchema={"anyOf": [OBJECT]}),)),
    "an array at the root": Planted("schema-not-object", tools=(tool(inputSchema={"type": "array", "items": {}}),)),
    "an array without items": Planted(
        "schema-array",
        path="parameter x",
        tools=(taking({"type": "array"}),),
        hosts={"vscode": "rejects", "codex": "degrades", "claude-code": "accepts", "cursor": "unknown"},
    ),
    "an array without items, deep inside": Planted(
        "schema-array",
        path="parameter x[].rows",
        tools=(taking({"type": "array", "items": {"type": "object", "properties": {"rows": {"type": "array"}}}}),),
    ),
    "a tuple of draft 7": Planted(
        "schema-tuple",
        path="parameter x",
        tools=(taking({"type": "array", "items": PAIR}, root={"$schema": DRAFT_7}),),
        hosts={"claude-code": "rejects", "claude-desktop": "rejects", "codex": "rejects", "vscode": "degrades"},
    ),
    "a tuple of draft 7 in a schema that names no draft": Planted(
        "schema-tuple",
        path="parameter x",
        tools=(taking({"type": "array", "items": PAIR}),),
        hosts={"claude-code": "rejects", "codex": "rejects", "gemini": "unknown"},
    ),
    "an array without items, in a definition": Planted(
        "schema-array",
        path="definition Row.cells",
        tools=(refers({"type": "object", "properties": {"cells": {"type": "array"}}}),),
        hosts={"vscode": "accepts", "codex": "degrades", "claude-code": "accepts"},
    ),
    "an array without items, in a tuple's place": Planted(
        "schema-array",
        path="parameter x[0]",
        also=("schema-prefix-items",),
        tools=(taking({"type": "array", "prefixItems": [{"type": "array"}], "items": {}}),),
        hosts={"vscode": "accepts", "codex": "degrades"},
    ),
    "a tuple of draft 7, in a definition": Planted(
        "schema-tuple",
        path="definition Row",
        tools=(refers({"type": "array", "items": PAIR}),),
        hosts={"vscode": "accepts", "claude-code": "rejects", "codex": "rejects"},
    ),
    "a tuple of draft 7 without a type": Planted(
        "schema-tuple",
        path="parameter x",
        tools=(taking({"items": PAIR}),),
        hosts={"vscode": "accepts", "claude-code": "rejects", "codex": "rejects"},
    ),
    "a tuple of 2020-12, in a definition": Planted(
        "schema-prefix-items",
        path="definition Row.span",
        tools=(refers({"type": "object", "properties": {"span": CLOSED_PAIR}, "required": ["span"]}),),
        hosts={"vscode": "accepts", "codex": "degrades", "claude-code": "accepts"},
    ),
    "a tuple of 2020-12 with further items": Planted(
        "schema-prefix-items",
        path="parameter x",
        tools=(taking({"type": "array", "prefixItems": PAIR, "items": {}}),),
        hosts={"vscode": "accepts", "codex": "degrades", "claude-code": "accepts"},
    ),
    "a tuple of 2020-12 without further items": Planted(
        "schema-prefix-items",
        path="parameter x",
        tools=(taking({"type": "array", "prefixItems": PAIR, "items": False}),),
        hosts={"vscode": "rejects", "codex": "degrades", "claude-code": "accepts"},
    ),
    "a tuple of 2020-12 without a type": Planted(
        "schema-prefix-items",
        path="parameter x",
        tools=(taking({"prefixItems": PAIR}),),
        hosts={"vscode": "accepts", "codex": "degrades", "claude-code": "accepts"},
    ),
    "a tuple of 2020-12": Planted(
        "schema-prefix-items",
        path="parameter x",
        tools=(taking(CLOSED_PAIR),),
        hosts={"vscode": "rejects", "codex": "degrades", "claude-code": "accepts"},
    ),
    "a type that does not exist": Planted(
        "schema-invalid",
        tools=(taking({"type": "int"}),),
        hosts={"claude-code": "rejects", "vscode": "rejects", "specification": "rejects", "codex": "degrades"},
    ),
    "a keyword of 2020-12 that is broken": Planted(
        "schema-invalid",
        tools=(taking({"type": "string", "$anchor": 5}),),
        hosts={"specification": "rejects", "vscode": "accepts", "claude-code": "rejects", "codex": "degrades"},
    ),
    "a parameter that is not a schema": Planted("schema-invalid", tools=(taking("string"),)),
    "required is null": Planted("schema-invalid", tools=(taking({"type": "string"}, required=None),)),
    "a boolean limit in 2020-12": Planted(
        "schema-invalid", tools=(taking({"type": "integer", "minimum": 0, "exclusiveMinimum": True}),)
    ),
    "a boolean limit in draft 4": Planted(
        "schema-dialect",
        tools=(
            taking(
                {"type": "integer", "minimum": 0, "exclusiveMinimum": True},
                root={"$schema": "http://json-schema.org/draft-04/schema#"},
            ),
        ),
        hosts={"claude-code": "rejects", "claude-desktop": "rejects", "codex": "accepts", "vscode": "rejects"},
    ),
    "a keyword that only draft 7 does not know": Planted(
        "schema-dialect",
        tools=(taking({"type": "string", "$anchor": 5}, root={"$schema": DRAFT_7}),),
        hosts={"codex": "accepts", "vscode": "accepts"},
    ),
    "a reference to nothing": Planted(
        "schema-reference",
        path="parameter x",
        tools=(taking({"$ref": "#/$defs/Nothing"}),),
        hosts={"claude-code": "rejects", "codex": "accepts", "gemini": "unknown", "specification": "accepts"},
    ),
    "a reference to another document": Planted(
        "schema-reference",
        path="parameter x",
        tools=(taking({"$ref": "https://example.com/x.json"}),),
        hosts={"specification": "rejects", "gemini": "unknown"},
    ),
    "a loop of required parts": Planted(
        "schema-loop",
        path="definition Node.next",
        tools=(taking({"type": "array", "items": {"type": "string"}}, root={"$defs": {"Node": NODE}}),),
        hosts={"gemini": "rejects", "claude-code": "unknown"},
    ),
    "a loop through an array that cannot be empty": Planted(
        "schema-loop",
        path="parameter x",
        tools=(refers(ROWS),),
        hosts={"gemini": "rejects", "claude-code": "unknown"},
    ),
    "true in place of a schema": Planted(
        "schema-boolean",
        path="parameter x",
        tools=(taking(True),),
        hosts={"gemini": "rejects", "codex": "degrades", "claude-code": "accepts"},
    ),
    "patterns of names": Planted(
        "schema-keywords",
        path="parameter x",
        tools=(taking({"type": "object", "patternProperties": {"^a": {"type": "string"}}}),),
        hosts={"codex": "degrades", "claude-code": "accepts"},
    ),
    "required, but not described": Planted(
        "schema-required",
        path="parameter y",
        tools=(taking({"type": "string"}, required=["y"]),),
        hosts={"vscode": "degrades", "claude-code": "accepts"},
    ),
    "required, but not described, deep inside": Planted(
        "schema-required",
        path="parameter x.b",
        tools=(taking({"type": "object", "properties": {"a": {"type": "string"}}, "required": ["b"]}),),
        hosts={"vscode": "degrades", "claude-code": "accepts", "codex": "accepts"},
    ),
    "a header that is none": Planted(
        "schema-header",
        path="parameter x",
        tools=(taking({"type": "string", "x-mcp-header": "a header"}),),
        hosts={"specification": "rejects"},
    ),
    "a header of a list": Planted(
        "schema-header",
        path="parameter x",
        tools=(taking({"type": "array", "items": {"type": "string"}, "x-mcp-header": "Region"}),),
    ),
    "a space in a parameter's name": Planted(
        "parameter-name",
        path="parameter my word",
        tools=(taking({"type": "string"}, key="my word"),),
        hosts={"claude-code": "rejects"},
    ),
    "a parameter's name of 65 characters": Planted(
        "parameter-name", path=f"parameter {'p' * 59}…", tools=(taking({"type": "string"}, key="p" * 65),)
    ),
    "a parameter without a name": Planted(
        "parameter-name",
        path='parameter ""',
        tools=(taking({"type": "string"}, key=""),),
        hosts={"claude-code": "rejects"},
    ),
    "a $schema that is not a text": Planted(
        "schema-invalid",
        tools=(taking({"type": "string"}, root={"$schema": 5}),),
        hosts={"specification": "rejects", "vscode": "rejects", "codex": "degrades", "claude-code": "unknown"},
    ),
    # Output schemas and annotations
    "an array as output": Planted(
        "output-not-object",
        tools=(tool(outputSchema={"type": "array", "items": {"type": "string"}}),),
        hosts={"gemini": "rejects", "claude-code": "accepts", "codex": "accepts"},
    ),
    "properties of an output that are a number": Planted(
        "output-invalid",
        tools=(tool(outputSchema={"type": "object", "properties": 5}),),
        hosts={"specification": "rejects", "gemini": "rejects", "claude-code": "accepts", "cursor": "unknown"},
    ),
    "a keyword of 2020-12 that is broken in an output": Planted(
        "output-invalid",
        tools=(tool(outputSchema={"type": "object", "properties": {"n": {"$anchor": 5}}}),),
        hosts={"specification": "rejects"},
    ),
    "a type that does not exist in an output": Planted(
        "output-invalid",
        tools=(tool(outputSchema={"type": "object", "properties": {"n": {"type": "int"}}}),),
        hosts={"specification": "rejects", "gemini": "accepts", "claude-code": "accepts", "codex": "accepts"},
    ),
    "an output's reference to nothing": Planted(
        "output-invalid",
        path="result n",
        tools=(tool(outputSchema={"type": "object", "properties": {"n": {"$ref": "#/$defs/Nothing"}}}),),
        hosts={"specification": "rejects", "gemini": "accepts", "claude-code": "accepts"},
    ),
    "an output's $schema that is not a text": Planted(
        "output-invalid",
        tools=(tool(outputSchema={"$schema": 5, **RESULT}),),
        hosts={"specification": "rejects", "claude-code": "rejects", "gemini": "accepts"},
    ),
    "an output of draft 7": Planted(
        "output-dialect",
        tools=(tool(outputSchema={"$schema": DRAFT_7, **RESULT}),),
        hosts={"claude-desktop": "rejects", "claude-code": "accepts", "specification": "accepts", "vscode": "unknown"},
    ),
    "a closed tuple as output": Planted(
        "output-tuple",
        path="result x",
        tools=(
            tool(
                outputSchema={
                    "type": "object",
                    "properties": {"x": {"type": "array", "prefixItems": PAIR, "items": False}},
                }
            ),
        ),
        hosts={"cursor": "rejects"},
    ),
    "it only reads, and destroys": Planted(
        "annotations",
        tools=(tool(annotations={"readOnlyHint": True, "destructiveHint": True}),),
        hosts={"vscode": "degrades"},
    ),
    "it runs only as a task": Planted(
        "task-required",
        tools=(tool(execution={"taskSupport": "required"}),),
        hosts={"claude-code": "rejects", "vscode": "accepts"},
    ),
    # The server as a whole
    "129 tools": Planted(
        "tools-number",
        "server",
        "",
        tools=tuple(tool(f"tool_{number}") for number in range(128)),
        hosts={"vscode": "rejects", "windsurf": "rejects", "cursor": "degrades", "claude-code": "accepts"},
    ),
    "81 tools": Planted(
        "tools-number",
        "server",
        "",
        tools=tuple(tool(f"tool_{number}") for number in range(80)),
        hosts={"vscode": "accepts", "windsurf": "accepts", "cursor": "degrades"},
    ),
    "long instructions": Planted(
        "instructions-length", "server", "", server={"instructions": "i" * 4097}, hosts={"claude-code": "degrades"}
    ),
    "a URI without a scheme": Planted(
        "resource-uri",
        "resource",
        "notes/today",
        resources=({"name": "n", "uri": "notes/today", "description": "x"},),
        hosts={"specification": "rejects", "vscode": "unknown"},
    ),
    "a template with an open brace": Planted(
        "resource-template",
        "resource template",
        "notes://{day",
        templates=({"name": "n", "uriTemplate": "notes://{day", "description": "x"},),
        hosts={"specification": "rejects"},
    ),
    "an argument of a prompt without a name": Planted(
        "unreadable", "server", "", prompts=({"name": "p", "arguments": [{}]},), hosts={"specification": "rejects"}
    ),
    "a tool without a schema": Planted("unreadable", "server", "", tools=({"name": "bad", "description": "x"},)),
    "a process": Planted(
        "transport-stdio",
        "server",
        "",
        reach={"transport": "stdio"},
        hosts={"chatgpt": "rejects", "openai-api": "rejects", "claude-code": "accepts", "vscode": "accepts"},
    ),
    "SSE": Planted(
        "transport-sse",
        "server",
        "",
        reach={"transport": "sse"},
        hosts={"codex": "rejects", "goose": "rejects", "specification": "degrades", "claude-code": "accepts"},
    ),
    "a fixed token": Planted(
        "access-token",
        "server",
        "",
        reach={"transport": "http", "access": "token"},
        hosts={"chatgpt": "rejects", "claude-desktop": "rejects", "claude-code": "accepts"},
    ),
    # Recorded calls
    "a long result": Planted(
        "result-size",
        tools=(tool(),),
        calls=(called(text("r" * 60_000)),),
        hosts={"claude-code": "degrades", "codex": "degrades", "gemini": "degrades", "vscode": "unknown"},
    ),
    "an SVG image": Planted(
        "result-image",
        tools=(tool(),),
        calls=(called({"content": [{"type": "image", "data": "PHN2Zy8+", "mimeType": "image/svg+xml"}]}),),
        hosts={"claude-code": "degrades", "codex": "degrades", "claude-desktop": "rejects"},
    ),
    "a result that does not fit": Planted(
        "result-schema",
        tools=(tool(outputSchema=RESULT),),
        calls=(called(text("x", structuredContent={"n": "x"})),),
        hosts={"gemini": "rejects", "claude-code": "accepts", "specification": "rejects"},
    ),
    "a result without its structure": Planted(
        "result-schema", tools=(tool(outputSchema=RESULT),), calls=(called(text("x")),), hosts={"gemini": "rejects"}
    ),
    "it samples": Planted(
        "asks-sampling", tools=(tool(),), calls=(called(asked="sampling/createMessage"),), hosts=SAMPLES
    ),
    "it asks a person": Planted(
        "asks-elicitation",
        tools=(tool(),),
        calls=(called(asked="elicitation/create"),),
        hosts={"gemini": "rejects", "claude-desktop": "rejects", "claude-code": "accepts", "codex": "accepts"},
    ),
    "it asks for roots": Planted(
        "asks-roots",
        tools=(tool(),),
        calls=(called(asked="roots/list"),),
        hosts={"codex": "rejects", "claude-desktop": "unknown", "claude-code": "accepts", "gemini": "accepts"},
    ),
}
