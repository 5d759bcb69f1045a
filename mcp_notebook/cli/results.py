"""Print results for a person at a terminal, or for a program."""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import Sequence
from typing import Any

import click
from mcp_types import BlobResourceContents, CallToolResult, ReadResourceResult, TextContent, TextResourceContents
from pydantic import BaseModel

from mcp_notebook.client import Outcome
from mcp_notebook.errors import RequestError
from mcp_notebook.rendering.content import render
from mcp_notebook.visible import visible

__all__ = ["in_words", "print_json", "print_result", "say_problems", "write_contents"]


def say_problems(outcome: Outcome[Any]) -> None:
    """Say on stderr what is wrong with a result."""
    for line in outcome.in_words:
        click.echo(f"mcp: {visible(line)}", err=True)


def in_words(result: CallToolResult) -> str:
    """Return what a script wants of a result: its texts, or else its structured content as JSON."""
    blocks: Sequence[Any] = result.content
    if blocks and all(isinstance(block, TextContent) for block in blocks):
        return _for_stdout("\n".join(block.text for block in blocks))
    if not blocks and result.structured_content is not None:
        return _for_stdout(_json_text(result.structured_content))
    return render(result).text


def write_contents(result: ReadResourceResult) -> None:
    """Write texts as they are, and bytes unless stdout is a terminal.

    Raises:
        RequestError: They are bytes, and stdout is a terminal.
    """
    contents: Sequence[Any] = result.contents
    if contents and all(isinstance(content, TextResourceContents) for content in contents):
        # color=True keeps what click would drop
        click.echo(_for_stdout("\n".join(content.text for content in contents)), color=True)
    elif len(contents) == 1 and isinstance(contents[0], BlobResourceContents):
        if sys.stdout.isatty():
            kind = contents[0].mime_type or "no text"
            raise RequestError(f"This resource is {kind}. Write it into a file: mcp-notebook read ... > FILE")
        sys.stdout.buffer.write(base64.b64decode(contents[0].blob))
        sys.stdout.buffer.flush()
    else:
        click.echo(render(result).text)


def _for_stdout(text: str) -> str:
    """Return a server's text as it is for a program; for a terminal, with its control characters made visible."""
    return visible(text) if sys.stdout.isatty() else text


def print_result(result: BaseModel) -> None:
    """Print a result as the JSON that came from the server."""
    print_json(result.model_dump(by_alias=True, mode="json", exclude_none=True))


def print_json(value: Any) -> None:
    """Print JSON on several lines."""
    click.echo(_json_text(value))


def _json_text(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=not sys.stdout.isatty())
