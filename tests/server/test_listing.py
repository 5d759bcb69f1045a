from __future__ import annotations

import json
from typing import Annotated, Any

import pytest
from mcp.server.mcpserver.tools import Tool
from mcp_types import Resource
from mcp_types import Tool as ListedTool
from pydantic import Field, create_model

from mcp_notebook.schema import parameters
from mcp_notebook.server.lint import lint
from mcp_notebook.server.listing import argument_in_words, behavior, diff, listed, tokens

notes: list[str] = []


def entry_of(function: Any, **options: Any) -> dict[str, Any]:
    tool = Tool.from_function(function, **options)
    return listed(
        ListedTool(
            name=tool.name,
            description=tool.description,
            input_schema=tool.parameters,
            output_schema=tool.output_schema,
            annotations=tool.annotations,
        )
    )


def tool(properties: dict[str, Any] | None = None, *, required: tuple[str, ...] = (), **rest: Any) -> dict[str, Any]:
    schema = {"type": "object", "properties": properties or {}, "required": list(required)}
    return {"name": "t", "description": "Does it.", "inputSchema": schema, **rest}


def test_an_entry_is_listed_under_the_names_of_the_wire_without_what_is_not_set() -> None:
    assert listed(Resource(uri="data://a", name="a", mime_type="text/plain")) == {
        "uri": "data://a",
        "name": "a",
        "mimeType": "text/plain",
    }


def test_a_default_of_null_stays_in_the_listed_schema() -> None:
    def search(limit: int | None = None) -> str:
        return ""

    assert entry_of(search)["inputSchema"]["properties"]["limit"]["default"] is None


def test_tokens_are_a_quarter_of_the_characters_of_the_compact_json() -> None:
    entry = {"name": "x" * 389}
    assert len(json.dumps(entry, separators=(",", ":"))) == 400
    assert tokens(entry) == 100


def test_tokens_count_a_character_of_any_script_once() -> None:
    assert tokens({"name": "ü" * 400}) == tokens({"name": "u" * 400})


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("word", "string, required"),
        ("limit", "integer, 1 to 10, default 5"),
        ("language", "string, default null"),
        ("greeting", 'string, default "grüß dich"'),
        ("free", "any, optional"),
    ],
)
def test_an_argument_is_said_with_its_type_and_whether_it_must_be_given(name: str, words: str) -> None:
    root = {
        "properties": {
            "word": {"type": "string"},
            "limit": {"type": "integer", "minimum": 1, "maximum": 10, "default": 5},
            "language": {"type": "string", "default": None},
            "greeting": {"type": "string", "default": "grüß dich"},
            "free": {},
        },
        "required": ["word"],
    }
    (parameter,) = (p for p in parameters(root) if p.name == name)
    assert argument_in_words(parameter, root) == words


NOT_STATED = "not stated, so a client assumes that it may change and destroy things, and reaches beyond this server"


@pytest.mark.parametrize(
    ("annotations", "words"),
    [
        ({}, NOT_STATED),
        ({"title": "Search"}, NOT_STATED),
        ({"readOnlyHint": True}, "only reads; reaches beyond this server (assumed)"),
        (
            {"readOnlyHint": True, "destructiveHint": True, "openWorldHint": False},
            "only reads; stays within this server",
        ),
        (
            {"readOnlyHint": False, "destructiveHint": False, "idempotentHint": True, "openWorldHint": True},
            "may change things; only adds; calling twice is as calling once; reaches beyond this server",
        ),
        (
            {"destructiveHint": True, "idempotentHint": False},
            "may change things (assumed); may destroy or overwrite; calling twice acts twice; "
            "reaches beyond this server (assumed)",
        ),
    ],
)
def test_behavior_tells_what_a_tool_states_from_what_a_client_assumes(annotations: Any, words: Any) -> None:
    assert behavior(tool(annotations=annotations)) == words


def test_a_tool_without_annotations_is_as_one_with_empty_ones() -> None:
    assert behavior(tool()) == behavior(tool(annotations={}))


def test_a_tool_that_says_everything_gets_no_advice() -> None:
    def search(word: Annotated[str, Field(description="What to look for.")]) -> str:
        """Search the notes."""
        return word

    assert lint(entry_of(search), search) == []


def test_each_thing_that_is_missing_gets_its_advice() -> None:
    def search(word, limit: int = 3):
        notes.append(word)
        return limit

    assert lint(entry_of(search), search) == [
        "no description: a model chooses a tool by it. Write a docstring.",
        "no type: parameter 'word'. Clients are told that it is a string; annotate it.",
        "no description: parameter 'word', parameter 'limit'. Write Annotated[..., Field(description=\"...\")].",
        "it writes (notes.append()) and does not say whether that destroys anything: "
        "--destructive or --no-destructive.",
    ]


def test_a_description_of_white_space_is_none() -> None:
    assert lint(tool(description=" \n "), None) == ["no description: a model chooses a tool by it. Write a docstring."]


@pytest.mark.parametrize("stated", [{"destructiveHint": False}, {"destructiveHint": True}, {"readOnlyHint": True}])
def test_a_tool_that_writes_and_has_said_what_that_does_is_not_asked_again(stated: Any) -> None:
    def note(word: str) -> None:
        notes.append(word)

    assert lint(tool(annotations=stated), note) == []
    assert len(lint(tool(annotations={"readOnlyHint": False}), note)) == 1


def test_the_missing_type_of_a_parameter_that_clients_do_not_see_is_no_matter() -> None:
    def search(word: str, context=None) -> str:
        return word

    assert lint(tool({"word": {"type": "string", "description": "What."}}), search) == []


def test_lint_takes_a_callable_that_is_no_function() -> None:
    class Search:
        def __call__(self, word):
            return word

    assert lint(tool(), Search()) == []


def test_nothing_changed_is_an_empty_list() -> None:
    entry = tool({"word": {"type": "string"}}, annotations={"readOnlyHint": True}, title="T")
    assert diff(entry, json.loads(json.dumps(entry))) == []


def test_the_order_of_parameters_is_no_change() -> None:
    first = tool({"a": {"type": "string"}, "b": {"type": "string"}})
    second = tool({"b": {"type": "string"}, "a": {"type": "string"}})
    assert diff(first, second) == []


WORD = {"word": {"type": "string"}}


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        (tool(), tool(description="Does that."), ['description: "Does it." → "Does that."']),
        (tool(), tool(title="The tool"), ['title: none → "The tool"']),
        (tool(mimeType="a/b"), tool(mimeType="a/c"), ['mimeType: "a/b" → "a/c"']),
        (tool(), tool(WORD), ["parameter 'word' added: string, optional"]),
        (tool(), tool(WORD, required=("word",)), ["parameter 'word' added: string, required"]),
        (tool(WORD), tool(), ["parameter 'word' removed"]),
        (
            tool(WORD),
            tool({"term": {"type": "string"}}),
            ["parameter 'word' removed", "parameter 'term' added: string, optional"],
        ),
        (tool(WORD), tool({"word": {"type": "integer"}}), ["parameter 'word': string, optional → integer, optional"]),
        (tool(WORD), tool(WORD, required=("word",)), ["parameter 'word': string, optional → string, required"]),
        (
            tool(WORD),
            tool({"word": {"type": "string", "default": "x"}}),
            ["parameter 'word': string, optional → string, default \"x\""],
        ),
        (
            tool(WORD),
            tool({"word": {"type": "string", "description": "What."}}),
            ["parameter 'word': description changed"],
        ),
        (
            tool(WORD),
            tool({"word": {"type": "string", "pattern": "^a"}}),
            ["parameter 'word': details of its schema changed"],
        ),
        (
            tool(),
            tool(outputSchema={"properties": {"total": {"type": "integer"}}}),
            ["result field 'total' added: integer"],
        ),
        (
            tool(annotations={"readOnlyHint": False, "destructiveHint": True}),
            tool(annotations={"readOnlyHint": False, "destructiveHint": False}),
            [
                "behavior: may change things; only adds; calling twice acts twice (assumed); "
                "reaches beyond this server (assumed)"
            ],
        ),
        (
            tool(),
            tool(annotations={"readOnlyHint": True}),
            ["behavior: only reads; reaches beyond this server (assumed)"],
        ),
        (tool(), tool(icons=[{"src": "https://example.com/i.png"}]), ["details of its entry (see the JSON)"]),
    ],
)
def test_each_change_is_said_as_clients_see_it(before: Any, after: Any, found: Any) -> None:
    assert diff(before, after) == found


def prompt(**arguments: dict[str, Any]) -> dict[str, Any]:
    return {"name": "p", "arguments": [{"name": name, **rest} for name, rest in arguments.items()]}


def test_the_arguments_of_a_prompt_are_compared_by_name() -> None:
    assert diff(prompt(a={}, b={"required": True}, c={}), prompt(b={"required": False}, c={}, d={})) == [
        "argument 'a' removed",
        "argument 'd' added",
        "argument 'b' changed",
    ]


def test_a_change_inside_a_model_is_seen_though_its_name_is_the_same() -> None:
    def listing(**fields: Any) -> dict[str, Any]:
        definitions: dict[str, Any] = {name: (annotation, ...) for name, annotation in fields.items()}
        model = create_model("Place", **definitions)

        def go(place):
            """Go there."""

        go.__annotations__ = {"place": model}
        return entry_of(go)

    assert diff(listing(city=str), listing(city=str, street=str)) == [
        "parameter 'place': details of its schema changed"
    ]


def test_long_texts_are_cut_in_the_account_of_a_change_and_lines_joined() -> None:
    (line,) = diff(tool(description="Does\n   it."), tool(description="word " * 50))
    assert line.startswith('description: "Does it." → "word word')
    assert line.endswith('..."')
    assert len(line) < 120


def test_several_changes_are_all_said() -> None:
    before = tool(WORD, annotations={"readOnlyHint": True})
    after = tool(WORD, required=("word",), annotations={"readOnlyHint": True, "openWorldHint": False}, title="T")
    assert diff(before, after) == [
        'title: none → "T"',
        "parameter 'word': string, optional → string, required",
        "behavior: only reads; stays within this server",
    ]
