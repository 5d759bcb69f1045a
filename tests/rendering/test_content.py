from __future__ import annotations

import base64
import json
from typing import Any

import anyio
import pytest
from mcp import Client
from mcp_types import (
    AudioContent,
    BlobResourceContents,
    CallToolResult,
    CompleteResult,
    Completion,
    ContentBlock,
    EmbeddedResource,
    GetPromptResult,
    ImageContent,
    PromptMessage,
    ReadResourceResult,
    ResourceLink,
    TextContent,
    TextResourceContents,
)

from mcp_notebook.rendering.content import render
from mcp_notebook.server.notebook_server import NotebookServer

DATA = base64.b64encode(b"12345").decode()
HOSTILE = '<script>alert("1")</script>'
ESCAPED = "&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;"


def text(words: str) -> TextContent:
    return TextContent(type="text", text=words)


def embedded(resource: Any) -> EmbeddedResource:
    return EmbeddedResource(type="resource", resource=resource)


def drawn(*content: Any, **rest: Any) -> str:
    return render(CallToolResult(content=list(content), **rest)).text


def drawn_from_tool(function: Any) -> str:
    """Draw what a client gets from a tool made of `function`."""
    server = NotebookServer()
    server.tool(name="t")(function)

    async def main() -> CallToolResult:
        async with Client(server, cache=None) as client:
            return await client.call_tool("t", {})

    return render(anyio.run(main)).text


def test_text_is_shown_as_it_stands() -> None:
    assert drawn(text("one\n  two")) == "one\n  two"
    assert "<pre>one\n  two</pre>" in render(CallToolResult(content=[text("one\n  two")])).html


@pytest.mark.parametrize("words", ["5", "true", "null", "{not json", '"quoted"', ""])
def test_text_that_is_no_json_object_or_list_stays_text(words: str) -> None:
    assert drawn(text(words), text("end")) == f"{words}\nend".strip("\n")


def test_json_text_is_shown_with_its_structure() -> None:
    value = {"city": "Graz", "notes": ["ü" * 40, "b" * 40]}
    assert drawn(text('{"a":1}')) == '{"a": 1}'
    assert drawn(text(json.dumps(value))) == json.dumps(value, ensure_ascii=False, indent=2)


def test_a_result_without_content_says_so() -> None:
    rendering = render(CallToolResult(content=[]))
    assert rendering.text == repr(rendering) == "(no content)"
    assert "(no content)" in rendering.html


def returns_a_number() -> int:
    return 5


def returns_a_fraction() -> float:
    return 0.5


def returns_a_list() -> list[int]:
    return [1, 2]


def returns_a_dict() -> dict[str, int]:
    return {"a": 1}


def returns_an_empty_dict() -> dict[str, int]:
    return {}


def returns_text() -> str:
    return "hello"


def returns_a_number_as_text() -> str:
    return "5"


def returns_json_as_text() -> str:
    return '{"a": 1}'


def returns_numbers_as_texts() -> list[str]:
    return ["1", "b"]


@pytest.mark.parametrize(
    ("function", "shown"),
    [
        (returns_a_number, "5"),
        (returns_a_fraction, "0.5"),
        (returns_a_list, "1\n2"),
        (returns_a_dict, '{"a": 1}'),
        (returns_an_empty_dict, "{}"),
        (returns_text, "hello"),
        (returns_a_number_as_text, "5"),
        (returns_json_as_text, '{"a": 1}'),
        (returns_numbers_as_texts, "1\nb"),
    ],
)
def test_a_returned_value_is_shown_once_though_the_sdk_sends_it_twice(function: Any, shown: str) -> None:
    assert drawn_from_tool(function) == shown


def returns_an_empty_list() -> list[int]:
    return []


def test_an_empty_list_is_not_shown_as_no_content() -> None:
    shown = drawn_from_tool(returns_an_empty_list)
    assert "[]" in shown
    assert "no content" not in shown


@pytest.mark.parametrize("content", [[text("5 degrees")], [text('{"t": 6}')], [], [text('{"t": 5}'), text("more")]])
def test_structured_content_that_says_something_else_is_shown_beside_the_text(content: Any) -> None:
    rendering = render(CallToolResult(content=content, structured_content={"t": 5}))
    assert rendering.text.endswith('structured: {"t": 5}')
    assert "structured content" in rendering.html
    for block in content:
        assert block.text in rendering.text


def test_structured_content_beside_an_image_is_shown() -> None:
    shown = drawn(ImageContent(type="image", data=DATA, mime_type="image/png"), structured_content={"t": 5})
    assert shown == '[image, image/png, 5 bytes]\nstructured: {"t": 5}'


def test_a_result_in_several_blocks_is_shown_in_their_order() -> None:
    blocks: list[ContentBlock] = [
        text("first"),
        ImageContent(type="image", data=DATA, mime_type="image/png"),
        text("last"),
    ]
    rendering = render(CallToolResult(content=blocks))
    assert rendering.text == "first\n[image, image/png, 5 bytes]\nlast"
    html = rendering.html
    assert html.index("<pre>first</pre>") < html.index("<img") < html.index("<pre>last</pre>")


def test_an_error_of_the_tool_is_marked_in_words_and_shape() -> None:
    rendering = render(CallToolResult(content=[text("No such city.")], is_error=True))
    assert rendering.text == "error from the tool\nNo such city."
    assert 'class="mcpnb bad"' in rendering.html
    assert "error from the tool" in rendering.html
    assert 'class="mcpnb bad"' not in render(CallToolResult(content=[text("No such city.")])).html


BLOB: dict[str, Any] = {"uri": "data://b", "blob": DATA}


@pytest.mark.parametrize(
    ("block", "words", "markup"),
    [
        (
            ImageContent(type="image", data=DATA, mime_type="image/png"),
            "[image, image/png, 5 bytes]",
            f'<img alt="image, image/png, 5 bytes" src="data:image/png;base64,{DATA}">',
        ),
        (
            AudioContent(type="audio", data=DATA, mime_type="audio/wav"),
            "[audio, audio/wav, 5 bytes]",
            f'<audio controls aria-label="audio, audio/wav, 5 bytes" src="data:audio/wav;base64,{DATA}">',
        ),
        (
            ResourceLink(type="resource_link", name="notes", uri="data://notes"),
            "[resource link notes: data://notes]",
            "<p>resource link notes: <code>data://notes</code></p>",
        ),
        (
            embedded(TextResourceContents(uri="data://a", text="one\ntwo")),
            "embedded resource data://a\n  one\n  two",
            '<h5 class="jp-toc-ignore">embedded resource data://a</h5><pre>one\ntwo</pre>',
        ),
        (
            embedded(BlobResourceContents(**BLOB, mime_type="image/gif")),
            "embedded resource data://b\n  [image, image/gif, 5 bytes]",
            f'src="data:image/gif;base64,{DATA}"',
        ),
        (
            embedded(BlobResourceContents(**BLOB, mime_type="audio/ogg")),
            "embedded resource data://b\n  [audio, audio/ogg, 5 bytes]",
            f'src="data:audio/ogg;base64,{DATA}"',
        ),
        (
            embedded(BlobResourceContents(**BLOB, mime_type="application/zip")),
            "embedded resource data://b\n  [binary, application/zip, 5 bytes]",
            "<p>binary, application/zip, 5 bytes</p>",
        ),
        (
            embedded(BlobResourceContents(**BLOB)),
            "embedded resource data://b\n  [binary, application/octet-stream, 5 bytes]",
            "<p>binary, application/octet-stream, 5 bytes</p>",
        ),
    ],
    ids=["image", "audio", "link", "text", "image blob", "audio blob", "zip blob", "untyped blob"],
)
def test_each_kind_of_content_has_its_form(block: Any, words: str, markup: str) -> None:
    rendering = render(CallToolResult(content=[block]))
    assert rendering.text == words
    assert markup in rendering.html


@pytest.mark.parametrize(
    "block",
    [
        ImageContent(type="image", data="not base64", mime_type="image/png"),
        AudioContent(type="audio", data="x", mime_type="audio/wav"),
        embedded(BlobResourceContents(uri="data://b", blob="x")),
    ],
    ids=["image", "audio", "blob"],
)
def test_content_with_broken_base64_is_shown_too(block: Any) -> None:
    assert drawn(text("before"), block).startswith("before\n")


def test_a_read_resource_is_shown_with_all_its_contents() -> None:
    result = ReadResourceResult(
        contents=[
            TextResourceContents(uri="data://a", text='{"a":1}'),
            TextResourceContents(uri="data://a", text="plain"),
            BlobResourceContents(**BLOB),
        ]
    )
    rendering = render(result)
    assert rendering.text == '{"a": 1}\nplain\n[binary, application/octet-stream, 5 bytes]'
    assert "<pre>plain</pre>" in rendering.html


def test_an_empty_resource_says_so() -> None:
    assert render(ReadResourceResult(contents=[])).text == "(no content)"


def test_a_prompt_is_shown_message_by_message_with_who_says_it() -> None:
    result = GetPromptResult(
        messages=[
            PromptMessage(role="user", content=text("Name two rivers.\nIn Austria.")),
            PromptMessage(role="assistant", content=text("Mur and Enns.")),
            PromptMessage(role="user", content=ImageContent(type="image", data=DATA, mime_type="image/png")),
        ]
    )
    rendering = render(result)
    assert rendering.text == (
        "user:\n  Name two rivers.\n  In Austria.\nassistant:\n  Mur and Enns.\nuser:\n  [image, image/png, 5 bytes]"
    )
    assert '<h5 class="jp-toc-ignore">assistant</h5><pre>Mur and Enns.</pre>' in rendering.html


def test_a_result_of_a_kind_without_a_form_is_shown_as_json() -> None:
    rendering = render(CompleteResult(completion=Completion(values=["a", "b"])))
    assert json.loads(rendering.text)["completion"] == {"values": ["a", "b"]}
    assert "CompleteResult" in rendering.html
    assert "&quot;values&quot;" in rendering.html


@pytest.mark.parametrize(
    "result",
    [
        CallToolResult(content=[text(HOSTILE)]),
        CallToolResult(content=[text(HOSTILE)], is_error=True),
        CallToolResult(content=[text(json.dumps({"a": HOSTILE.replace('"', "")}))]),
        CallToolResult(content=[], structured_content={"a": HOSTILE}),
        CallToolResult(content=[ImageContent(type="image", data=DATA, mime_type=f'image/png">{HOSTILE}')]),
        CallToolResult(content=[ImageContent(type="image", data=f'{DATA}">{HOSTILE}', mime_type="image/png")]),
        CallToolResult(content=[AudioContent(type="audio", data=DATA, mime_type=f'audio/wav">{HOSTILE}')]),
        CallToolResult(content=[ResourceLink(type="resource_link", name=HOSTILE, uri=f"data://{HOSTILE}")]),
        CallToolResult(content=[embedded(TextResourceContents(uri=f"data://{HOSTILE}", text=HOSTILE))]),
        CallToolResult(content=[embedded(BlobResourceContents(**BLOB, mime_type=HOSTILE))]),
        CallToolResult(content=[embedded(BlobResourceContents(**BLOB, mime_type=f'image/">{HOSTILE}'))]),
        ReadResourceResult(contents=[TextResourceContents(uri="data://a", text=HOSTILE)]),
        GetPromptResult(messages=[PromptMessage(role="user", content=text(HOSTILE))]),
        CompleteResult(completion=Completion(values=[HOSTILE])),
    ],
)
def test_what_a_server_sends_is_never_markup(result: Any) -> None:
    html = render(result).html
    assert "<script" not in html
    assert "&lt;script&gt;" in html


def test_hostile_text_is_shown_and_not_dropped() -> None:
    rendering = render(CallToolResult(content=[text(HOSTILE)]))
    assert f"<pre>{ESCAPED}</pre>" in rendering.html
    assert rendering.text == HOSTILE
