"""Arguments as they are typed: names of any kind, and values that are what the schema says."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from IPython.core.error import UsageError
from mcp_types import GetPromptResult, PromptMessage, TextContent

from mcp_notebook.client.arguments import named_values, parted, quoted_key
from mcp_notebook.errors import UnknownNameError
from mcp_notebook.magics.completion import complete
from mcp_notebook.magics.words import split
from tests.support.shells import Shell, running_shell

ODD_NAMES = [
    "a b",
    "a=b",
    "",
    "größe",
    "名前",
    'say "hi"',
    "it's",
    "-x",
    "--json",
    "[a",
    "a,b",
    "a:b",
    "a\nb",
    "\\",
    "=",
    '"',
]


def values(line: str, schema: Any, namespace: Any = None) -> dict[str, Any]:
    return named_values(split(line), schema, namespace or {}, "tool")


@pytest.mark.parametrize("name", ODD_NAMES)
def test_a_name_of_any_kind_can_be_typed(name: str) -> None:
    schema = {"properties": {name: {"type": "string"}, "n": {"type": "integer"}}}
    line = f'{quoted_key(name)}="two words" n=1'
    assert values(line, schema) == {name: "two words", "n": 1}


def test_quotes_of_either_kind_stand_around_a_name() -> None:
    schema: dict[str, Any] = {"properties": {"a b": {}, "c": {}}}
    assert values("'a b'=1 \"c\"=[1, 2]", schema) == {"a b": 1, "c": [1, 2]}
    assert values("c='a=b'", schema) == {"c": "a=b"}


@given(st.text(max_size=8), st.text(max_size=8))
def test_what_is_quoted_is_read_as_it_was(name: str, value: str) -> None:
    import json

    (word,) = split(f"{quoted_key(name)}={json.dumps(value)}")
    assert parted(word) == (name, "=", json.dumps(value))


@pytest.mark.parametrize("name", ["a", "a_b", "a-b", "a.b", "größe", "x1"])
def test_an_ordinary_name_needs_no_quotes(name: str) -> None:
    assert quoted_key(name) == name


def test_a_name_that_is_not_there_is_named_as_it_is_typed() -> None:
    with pytest.raises(UnknownNameError, match=r'it takes: "a b", c\)\. Did you mean'):
        values("cc=1", {"properties": {"a b": {}, "c": {}}})


OBJECT = {"type": "object"}
SPELLED = {
    "object": (OBJECT, """'{"x": 1}'""", {"x": 1}),
    "object in double quotes": (OBJECT, r'''"{\"x\": 1}"''', {"x": 1}),
    "object of Python": (OBJECT, """'{"x": None}'""", {"x": None}),
    "object by its parts": ({"properties": {"x": {}}}, """'{"x": 1}'""", {"x": 1}),
    "object by reference": ({"$ref": "#/$defs/o"}, """'{"x": 1}'""", {"x": 1}),
    "object or null": ({"anyOf": [OBJECT, {"type": "null"}]}, """'{"x": 1}'""", {"x": 1}),
    "null for it": ({"anyOf": [OBJECT, {"type": "null"}]}, "'null'", None),
    "array": ({"type": "array"}, "'[1, \"a\"]'", [1, "a"]),
    "number": ({"type": "number"}, "'1.5'", 1.5),
    "integer": ({"type": "integer"}, "'12'", 12),
    "boolean": ({"type": "boolean"}, "'true'", True),
    "one of some numbers": ({"enum": [1, 2]}, "'2'", 2),
    "one of several types": ({"type": ["object", "array"]}, "'[]'", []),
    "what is no JSON": (OBJECT, "'hello'", "hello"),
    # Text stays text where a text fits.
    "text": ({"type": "string"}, """'{"x": 1}'""", '{"x": 1}'),
    "text unquoted": ({"type": "string"}, """{"x": 1}""", '{"x": 1}'),
    "text or null": ({"type": ["string", "null"]}, "'null'", "null"),
    "object or text": ({"anyOf": [OBJECT, {"type": "string"}]}, """'{"x": 1}'""", '{"x": 1}'),
    "object or text, an object": ({"anyOf": [OBJECT, {"type": "string"}]}, """{"x": 1}""", {"x": 1}),
    "one of some texts": ({"enum": ["1", "2"]}, "'1'", "1"),
    "anything": ({}, """'{"x": 1}'""", '{"x": 1}'),
    "no schema": (True, "'1'", "1"),
}


@pytest.mark.parametrize(("schema", "typed", "sent"), SPELLED.values(), ids=SPELLED)
def test_a_quoted_value_is_what_the_schema_says(schema: Any, typed: str, sent: Any) -> None:
    root = {"properties": {"p": schema}, "$defs": {"o": OBJECT}}
    assert values(f"p={typed}", root) == {"p": sent}


def test_a_name_that_the_schema_does_not_have_keeps_its_text() -> None:
    assert values("""q='{"x": 1}'""", {"additionalProperties": True}) == {"q": '{"x": 1}'}


@pytest.fixture(scope="module")
def shell() -> Iterator[Shell]:
    with running_shell() as shell:
        shell.good(
            "%%mcp_tool\ndef echo(p: dict) -> dict:\n    return p",
            "%%mcp_prompt\ndef plain(text: str) -> str:\n    return text",
        )
        server = shell.session.registry.current.server

        async def get_prompt(name: str, arguments: Any = None, context: Any = None) -> GetPromptResult:
            content = TextContent(type="text", text=repr(arguments))
            return GetPromptResult(messages=[PromptMessage(role="user", content=content)])

        async def list_prompts() -> list[Any]:
            from mcp_types import Prompt, PromptArgument

            arguments = [PromptArgument(name=name, required=name == "a b") for name in ODD_NAMES]
            return [Prompt(name="odd", arguments=arguments)]

        server.get_prompt = get_prompt  # type: ignore[method-assign]
        server.list_prompts = list_prompts  # type: ignore[method-assign]
        yield shell


def magic(shell: Shell, line: str) -> Any:
    return shell.shell.run_line_magic("mcp", line)


def test_a_prompt_is_sent_arguments_of_any_name(shell: Shell) -> None:
    typed = " ".join(f"{quoted_key(name)}=v{i}" for i, name in enumerate(ODD_NAMES))
    sent = magic(shell, f"prompt odd {typed}").messages[0].content.text
    assert sent == repr({name: f"v{i}" for i, name in enumerate(ODD_NAMES)})
    assert magic(shell, """prompt odd --json '{"a b": "c"}'""").messages[0].content.text == "{'a b': 'c'}"
    shell.shell.user_ns["given"] = {"a b": "d", "": "e"}
    assert magic(shell, "prompt odd --args given").messages[0].content.text == "{'a b': 'd', '': 'e'}"


def test_the_line_that_says_what_a_prompt_needs_can_be_followed(shell: Shell) -> None:
    with pytest.raises(UsageError, match=r'^odd requires "a b": %mcp prompt odd "a b"=\.\.\.$'):
        magic(shell, "prompt odd")


def test_tab_offers_names_as_they_are_typed(shell: Shell) -> None:
    offered = list(complete(shell.session, "%mcp prompt odd ").texts)
    assert '"a b"=' in offered
    assert "größe=" in offered
    assert list(complete(shell.session, '%mcp prompt odd "a b"=1 "a').texts[:1]) == ['"a=b"=']


def test_a_tool_that_takes_an_object_gets_one(shell: Shell) -> None:
    assert magic(shell, """call echo p='{"x": 1}'""").content[0].text == '{\n  "x": 1\n}'
