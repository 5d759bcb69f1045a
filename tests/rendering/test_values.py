"""JSON values, rows, Markdown and structured content, as they are drawn."""

from __future__ import annotations

import json
import re
from html import unescape
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mcp_types import (
    AudioContent,
    CallToolResult,
    ContentBlock,
    EmbeddedResource,
    ImageContent,
    ReadResourceResult,
    ResourceLink,
    TextContent,
    TextResourceContents,
)

from mcp_notebook.client.checking import checked
from mcp_notebook.client.reading import in_words
from mcp_notebook.rendering.content import draw, render
from mcp_notebook.visible import visible

BOOK = {
    "type": "object",
    "properties": {
        "title": {"type": "string", "title": "Title", "description": "As on the cover"},
        "copies": {"type": "integer", "title": "Copies on the shelf"},
        "note": {"type": "string"},
    },
    "required": ["title"],
}


def called(value: dict[str, Any], schema: Any = None, text: str | None = None) -> Any:
    blocks: list[ContentBlock] = [TextContent(type="text", text=json.dumps(value) if text is None else text)]
    return render(CallToolResult(content=blocks, structured_content=value), schema)


def test_objects_that_are_alike_are_a_table() -> None:
    text, html = draw([{"city": "Graz", "t": 21.5}, {"city": "Wien", "t": 9}])
    assert text == "city  t\nGraz  21.5\nWien  9"
    assert "<th>city</th><th class=n>t</th>" in html
    assert "<td class=n>21.5</td>" in html


def test_an_object_of_columns_and_rows_is_a_table_with_what_else_it_says() -> None:
    text, _ = draw({"columns": ["a", "b"], "rows": [[1, "x"], [None, ""]], "of": 12})
    assert text == 'a     b\n1     x\nnull  ""\nof: 12'
    assert draw({"columns": ["a"], "data": [[1]], "index": [0]})[0] == "a\n1"


@pytest.mark.parametrize(
    "value",
    [
        [{"a": 1}],
        [{"a": 1}, 2],
        [{"a": {"b": {"c": 1}}}, {"a": 1}],
        [{"a": 1}, {"b": 1}, {"c": 1}],
        {"columns": ["a", "b"], "rows": [[1]]},
        {"columns": 3, "rows": []},
    ],
)
def test_what_is_no_table_stays_json(value: Any) -> None:
    assert json.loads(draw(value)[0]) == value


def test_a_long_table_says_how_many_rows_are_not_shown() -> None:
    text, html = draw([{"n": n} for n in range(700)])
    assert text.endswith("49\n... and 650 more rows, not shown.")
    assert "... and 200 more rows" in html
    assert html.count("<tr>") == 501


def test_a_table_of_long_texts_has_fewer_rows_and_stays_small() -> None:
    text, html = draw([{f"column {n}": "x" * 500 for n in range(10)} for _ in range(400)])
    assert "... and 350 more rows" in text
    assert "... and 350 more rows" in html
    assert len(html) < 120_000


def test_json_marks_its_keys_and_values_and_keeps_every_character() -> None:
    value = {"a key": 'text with "quotes": 1, true & <b>', "n": [-1.5e10, None, True], "empty": {}}
    html = draw(value)[1]
    assert "<span class=key>&quot;a key&quot;</span>:" in html
    assert "<span class=num>-15000000000.0</span>" in html
    assert "<span class=lit>null</span>" in html
    assert "<span class=lit>true</span>" in html
    assert json.loads(unescape(re.sub(r"<[^>]*>", "", html))) == value


@pytest.mark.parametrize("key", ['"', "\\", "\u200b", "\n"])
def test_a_key_that_could_be_taken_for_another_is_written_as_json_in_a_tree(key: str) -> None:
    html = draw({key: 1, "many": list(range(40))})[1]
    found = re.search("<code class=key>(.*?)</code>", html)
    assert found is not None
    assert json.loads(unescape(visible(found[1]))) == key


def test_a_short_value_can_be_read_and_copied_and_a_long_one_folds_without_scripts() -> None:
    short, long = {"a": [1, 2]}, {"list": [{"deep": [n]} for n in range(40)], "last": "x"}
    assert draw(short)[1].startswith("<pre class=json>{<span class=key>&quot;a&quot;</span>: [")
    html = draw(long)[1]
    assert "<details open><summary>" in html
    assert "<code class=key>list</code>: <span" in html
    assert "40 items" in html
    assert json.loads(draw(long)[0]) == long


def test_a_tree_is_bounded_in_nodes_in_depth_and_in_the_length_of_its_texts() -> None:
    many = draw({"list": [[n] for n in range(3000)]})[1]
    assert "more, not shown." in many
    assert len(many) < 200_000
    deep: Any = "end"
    for _ in range(100):
        deep = [deep, "beside"]
    assert "end" in draw(deep)[1]
    assert len(draw({"long": "x" * 50_000, "list": list(range(40))})[1]) < 10_000


def test_fields_are_shown_with_what_the_output_schema_says_of_them() -> None:
    rendering = called({"title": "Emma", "copies": 2, "note": "old"}, BOOK)
    assert (
        rendering.text
        == 'title   As on the cover      "Emma"\ncopies  Copies on the shelf  2\nnote                         "old"'
    )
    assert "As on the cover" in rendering.html
    assert "<code><span class=str>&quot;Emma&quot;</span></code>" in rendering.html


def test_rows_are_shown_with_what_the_output_schema_says_of_the_columns() -> None:
    schema = {
        "type": "object",
        "properties": {"result": {"type": "array", "items": {"$ref": "#/$defs/B"}}},
        "$defs": {"B": BOOK},
    }
    rendering = called({"result": [{"title": "Emma"}, {"title": "Dune"}]}, schema)
    assert rendering.text.startswith("title\nEmma\nDune\n  title: As on the cover")


def misfits(value: Any, schema: Any) -> list[str]:
    return in_words(checked(CallToolResult(content=[], structured_content=value), schema))


def test_what_does_not_fit_the_output_schema_is_said_with_its_place() -> None:
    result = CallToolResult(content=[], structured_content={"title": "Emma", "copies": "two"})
    rendering = render(checked(result, BOOK), BOOK)
    assert rendering.text.endswith('problems\n  structuredContent.copies: "two" is not of type integer')
    assert "problems" in rendering.html
    assert misfits({}, BOOK) == ["structuredContent.title: required"]
    assert misfits({"title": "Emma"}, BOOK) == []


@pytest.mark.parametrize(
    ("schema", "line"),
    [
        ({"type": "nonsense"}, "outputSchema: not a JSON Schema: type"),
        ({"properties": {"title": {"pattern": "("}}}, "not checked: the pattern '(' cannot be compiled"),
    ],
)
def test_an_output_schema_that_cannot_be_used_costs_nothing_but_the_check(schema: Any, line: str) -> None:
    assert misfits({"title": "Emma"}, schema)[0].startswith(line)
    assert "Emma" in called({"title": "Emma"}, schema).text


def test_what_an_output_schema_refers_to_elsewhere_is_not_fetched() -> None:
    schema = {"$ref": "https://example.com/elsewhere"}
    assert misfits({"title": "Emma"}, schema) == ["not checked: $ref: Unresolvable: https://example.com/elsewhere"]
    assert "Emma" in called({"title": "Emma"}, schema).text


def test_a_text_that_the_sdk_wrapped_is_shown_as_the_text_also_with_its_schema() -> None:
    schema = {"type": "object", "properties": {"result": {"type": "string", "title": "Result"}}}
    assert called({"result": "sunny"}, schema, text="sunny").text == "sunny"


def test_without_a_schema_the_text_of_a_model_is_what_is_shown() -> None:
    assert called({"title": "Emma"}).text == '{"title": "Emma"}'


def markdown(text: str, mime_type: str = "text/markdown") -> Any:
    return render(ReadResourceResult(contents=[TextResourceContents(uri="data://a", text=text, mime_type=mime_type)]))


def test_markdown_that_says_so_is_drawn_and_its_text_is_at_hand() -> None:
    rendering = markdown("# Title\n\nsome **bold** words")
    assert rendering.text == "# Title\n\nsome **bold** words"
    assert "<h1>Title</h1>" in rendering.html
    assert "<pre># Title" in rendering.html


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "a <img src=x onerror=alert(1)> b",
        "![spy](https://example.com/pixel.png)",
        "![a](x'onerror='alert(1))",
        "[click](javascript:alert(1))",
        "[click](JaVaScRiPt:alert(1))",
        "<javascript:alert(1)>",
        "[click](data:text/html;base64,PHNjcmlwdD4=)",
        '[click](https://example.com "\\" onmouseover=alert(1)")',
        "```<script>\nalert(1)\n```",
        "| a |\n|---|\n| <script> |",
    ],
)
def test_markdown_of_a_server_runs_and_fetches_nothing(text: str) -> None:
    harmless(markdown(text).html)


def test_a_text_that_looks_like_markdown_is_shown_as_it_stands_and_drawn_on_request() -> None:
    html = render(CallToolResult(content=[TextContent(type="text", text="# Title\n\n- one\n- two")])).html
    assert html.index("<pre># Title") < html.index("<summary>as Markdown</summary>") < html.index("<h1>Title</h1>")
    assert "as Markdown" not in render(CallToolResult(content=[TextContent(type="text", text="- 3 degrees")])).html


def test_a_large_picture_is_named_and_not_kept() -> None:
    block = ImageContent(type="image", data="A" * 6_000_000, mime_type="image/png")
    rendering = render(CallToolResult(content=[block]))
    assert rendering.text == "[image, image/png, 4500000 bytes, too large to show]"
    assert len(rendering.html) < 10_000


class Elements(HTMLParser):
    """Collects the elements of some HTML with their attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


KNOWN = re.compile(
    "style|div|h[1-6]|p|ul|ol|li|pre|code|span|table|thead|tbody|tr|th|td|details|summary|strong|em|del|a|br|hr|"
    "blockquote|img|audio|wbr"
)


def harmless(html: str) -> None:
    """Fail where an element or attribute came from the server's text."""
    for tag, attributes in Elements(html).found:
        assert KNOWN.fullmatch(tag)
        assert not any(name.startswith("on") for name in attributes)
        assert (attributes.get("src") or "data:").startswith("data:")
        assert not re.match(r"\s*(javascript|data|vbscript|file):", attributes.get("href") or "", re.IGNORECASE)


texts = st.text() | st.sampled_from(
    [
        "<script>x</script>",
        '"><img src=x onerror=y>',
        "</pre><b>",
        "&lt;",
        "# t\n- [a](javascript:b)",
        '[{"a":"<b>"},{"a":2}]',
    ]
)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner) | st.dictionaries(texts, inner),
    max_leaves=20,
)
schemas = st.none() | st.just(BOOK) | st.dictionaries(st.sampled_from(["type", "properties", "$defs", "items"]), values)
blocks = st.one_of(
    st.builds(TextContent, type=st.just("text"), text=texts),
    st.builds(TextContent, type=st.just("text"), text=values.map(json.dumps)),
    st.builds(ImageContent, type=st.just("image"), data=texts, mime_type=texts),
    st.builds(AudioContent, type=st.just("audio"), data=texts, mime_type=texts),
    st.builds(
        ResourceLink, type=st.just("resource_link"), name=texts, uri=texts, title=st.none() | texts, mime_type=texts
    ),
    st.builds(
        EmbeddedResource,
        type=st.just("resource"),
        resource=st.builds(
            TextResourceContents, uri=texts, text=texts, mime_type=st.sampled_from(["text/markdown", "text/plain"])
        ),
    ),
)


@pytest.mark.once
@settings(max_examples=150, deadline=None)
@given(
    st.builds(
        CallToolResult,
        content=st.lists(blocks, max_size=4),
        structured_content=st.none() | st.dictionaries(texts, values),
        is_error=st.booleans(),
    ),
    schemas,
)
def test_every_result_is_drawn_and_what_it_says_is_never_markup(result: Any, schema: Any) -> None:
    rendering = render(result, schema)
    harmless(rendering.html)
    assert isinstance(rendering.text, str)
