from __future__ import annotations

import textwrap
from typing import Any

import pytest

from mcp_notebook.rendering.definition import definition_card

SEARCH: dict[str, Any] = {
    "name": "search",
    "description": "Search the notes.\n\nNewest first.",
    "inputSchema": {
        "type": "object",
        "properties": {
            "word": {"type": "string", "description": "What to look for."},
            "limit": {"type": "integer", "minimum": 1, "maximum": 50, "default": 10},
        },
        "required": ["word"],
    },
    "outputSchema": {
        "type": "object",
        "properties": {"found": {"type": "array", "items": {"type": "string"}, "description": "The notes."}},
        "required": ["found"],
    },
    "annotations": {"readOnlyHint": True},
}

NOTES = {"uri": "data://notes", "name": "notes", "description": "All notes.", "mimeType": "text/plain"}


def untyped(word, limit=10):
    return [word] * limit


def dedented(expected: str) -> str:
    return textwrap.dedent(expected).strip("\n")


def changed_lines(card_text: str) -> list[str]:
    return [line.strip() for line in card_text.partition("changed for clients\n")[2].splitlines()]


def test_the_card_of_a_tool_is_what_an_agent_sees_of_it() -> None:
    rendering = definition_card("tool", SEARCH, server="notebook", function=untyped, try_it="%mcp call search word=x")
    assert rendering.text == dedented("""
        tool search on notebook, about 110 tokens
          Search the notes.

          Newest first.
          arguments
            word   string, required              What to look for.
            limit  integer, 1 to 50, default 10
          result
            found  array of string  The notes.
          behavior: only reads; reaches beyond this server (assumed)
          lint
            !  no type: parameter 'word', parameter 'limit'. Clients are told that it is a string; annotate
               it.
            !  no description: parameter 'limit'. Write Annotated[..., Field(description="...")].
          try it: %mcp call search word=x
    """)


def test_the_card_of_a_bare_tool_says_what_is_missing() -> None:
    assert definition_card("tool", {"name": "bare"}, server="notebook").text == dedented("""
        tool bare on notebook, about 4 tokens
          (no description)
          behavior: not stated, so a client assumes that it may change and destroy things, and reaches
            beyond this server
          lint
            !  no description: a model chooses a tool by it. Write a docstring.
    """)


def test_the_card_of_a_resource_shows_its_uri_and_type() -> None:
    rendering = definition_card("resource", NOTES, server="shop", try_it="%mcp read data://notes")
    assert rendering.text == dedented("""
        resource data://notes on shop, about 22 tokens
          All notes.
          MIME type: text/plain
          try it: %mcp read data://notes
    """)


def test_the_card_of_a_template_shows_its_uri_template() -> None:
    entry = {"uriTemplate": "data://notes/{day}", "name": "notes", "description": "The notes of a day."}
    assert definition_card("resource template", entry, server="shop").text == dedented("""
        resource template data://notes/{day} on shop, about 22 tokens
          The notes of a day.
    """)


def test_the_card_of_a_prompt_shows_its_arguments_as_the_texts_they_are() -> None:
    arguments = [{"name": "city", "required": True, "description": "Where to."}, {"name": "days"}]
    entry = {"name": "plan", "description": "Plan a trip.", "arguments": arguments}
    assert definition_card("prompt", entry, server="notebook").text == dedented("""
        prompt plan on notebook, about 33 tokens
          Plan a trip.
          arguments
            city  string, required  Where to.
            days  string, optional
    """)


def test_a_replaced_tool_says_what_changed_for_clients() -> None:
    before = {**SEARCH, "description": "Search.", "outputSchema": {}}
    assert changed_lines(definition_card("tool", SEARCH, server="notebook", before=before).text) == [
        '*  description: "Search." → "Search the notes. Newest first."',
        "*  result field 'found' added: array of string",
    ]


def test_a_replaced_tool_that_looks_the_same_to_clients_says_that() -> None:
    assert changed_lines(definition_card("tool", SEARCH, server="notebook", before=dict(SEARCH)).text) == [
        "*  nothing: clients see the same as before"
    ]


def test_a_new_definition_says_nothing_of_changes() -> None:
    rendering = definition_card("tool", SEARCH, server="notebook")
    assert "changed" not in rendering.text
    assert "changed for clients" not in rendering.html


@pytest.mark.parametrize("kind", ["resource", "resource template", "prompt"])
def test_only_tools_have_behavior_and_lint(kind: str) -> None:
    rendering = definition_card(kind, {"name": "a"}, server="notebook")
    assert "behavior" not in rendering.text + rendering.html
    assert "lint" not in rendering.text + rendering.html


def test_the_card_in_html_says_what_the_text_says_and_holds_the_json() -> None:
    rendering = definition_card(
        "tool", SEARCH, server="shop", before={**SEARCH, "title": "Old"}, try_it="%mcp call search word=x"
    )
    for words in (
        "<code>search</code>",
        "on shop · about 110 tokens",
        "Search the notes.<br><br>Newest first.",
        "integer, 1 to 50, default 10",
        "array of string",
        "only reads; reaches beyond this server (assumed)",
        "no description: parameter &#x27;limit&#x27;",
        "title: &quot;Old&quot; → none",
        "<code>%mcp call search word=x</code>",
        "<span class=key>&quot;readOnlyHint&quot;</span>: <span class=lit>true</span>",
    ):
        assert words in rendering.html


HOSTILE = '<script>alert("1")</script>'


def hostile_tool() -> dict[str, Any]:
    properties = {HOSTILE: {"type": HOSTILE, "description": HOSTILE, "default": HOSTILE}}
    schema = {"type": "object", "properties": properties}
    return {"name": HOSTILE, "title": HOSTILE, "description": HOSTILE, "inputSchema": schema, "outputSchema": schema}


@pytest.mark.parametrize(
    ("kind", "entry"),
    [
        ("tool", hostile_tool()),
        ("tool", {"name": HOSTILE, "inputSchema": {"properties": {HOSTILE: {"enum": [HOSTILE]}}}}),
        ("resource", {"uri": HOSTILE, "name": HOSTILE, "description": HOSTILE, "mimeType": HOSTILE}),
        ("resource template", {"uriTemplate": HOSTILE, "name": HOSTILE}),
        ("prompt", {"name": HOSTILE, "arguments": [{"name": HOSTILE, "description": HOSTILE}]}),
        (HOSTILE, {"name": "a"}),
    ],
)
def test_nothing_in_an_entry_is_markup(kind: Any, entry: Any) -> None:
    html = definition_card(kind, entry, server=HOSTILE, before={"name": "a", "title": HOSTILE * 2}, try_it=HOSTILE).html
    assert "<script" not in html
    assert "&lt;script&gt;" in html
