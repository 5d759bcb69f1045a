"""A result as a file, to be downloaded whole."""

from __future__ import annotations

import json
from typing import Any

import pytest
from mcp_types import (
    BlobResourceContents,
    CallToolResult,
    ImageContent,
    ReadResourceResult,
    TextContent,
    TextResourceContents,
)

from mcp_notebook.rendering.content.file import as_file

IMAGE = ImageContent(type="image", data="AA==", mime_type="image/jpeg")


def called(*content: Any, **rest: Any) -> CallToolResult:
    return CallToolResult(content=list(content), **rest)


def text(words: str) -> TextContent:
    return TextContent(type="text", text=words)


@pytest.mark.parametrize(
    ("result", "name", "content"),
    [
        (called(text("one\n" * 50_000)), "plot.txt", "one\n" * 50_000),
        (called(text("x"), structured_content={"result": "x"}), "plot.txt", "x"),
        (called(IMAGE), "plot.jpg", "AA=="),
        (
            ReadResourceResult(contents=[TextResourceContents(uri="a:b", text="# A", mime_type="text/markdown")]),
            "plot.md",
            "# A",
        ),
        (ReadResourceResult(contents=[BlobResourceContents(uri="a:b", blob="AA==")]), "plot.bin", "AA=="),
    ],
)
def test_a_result_of_one_block_is_a_file_of_its_type(result: Any, name: str, content: str) -> None:
    file = as_file(result, "plot")
    assert file["name"] == name
    assert (file.get("text") or file["data"]) == content


def test_every_other_result_is_json_and_whole() -> None:
    rows = [{"n": n} for n in range(5_000)]
    for result in (called(text(json.dumps(rows))), called(text("a"), IMAGE), called(structured_content={"rows": rows})):
        file = as_file(result, "plot")
        assert file["name"] == "plot.json"
        assert json.loads(file["text"]) == result.model_dump(by_alias=True, mode="json", exclude_none=True)


@pytest.mark.parametrize(
    ("name", "written"), [("../../etc/passwd", "etc-passwd"), ("notes://a b", "notes-a-b"), ("", "result")]
)
def test_a_name_has_no_folders_and_no_signs(name: str, written: str) -> None:
    assert as_file(called(text("x")), name)["name"] == f"{written}.txt"


def test_an_ending_is_made_of_letters_and_digits_only() -> None:
    hostile = ImageContent(type="image", data="AA==", mime_type='image/"><script>/../../sh')
    assert as_file(called(hostile), "x")["name"] == "x.sh"
