"""The apps that come with this project, which show the rows in a tool's result, and the class for those of authors."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from typing import Any, Literal, get_args

from mcp.server.mcpserver.tools import Tool

from mcp_notebook.errors import DefinitionError
from mcp_notebook.schema import resolve

__all__ = ["VIEWS", "View", "expect_rows", "view_page", "with_app_class"]

View = Literal["table", "plot"]
VIEWS: tuple[View, ...] = get_args(View)


@cache
def view_page(view: View) -> str:
    """Return the page of a view, complete in itself."""
    page = _text(f"{view}.html")
    for part in ("rows.css", "rows.js"):
        page = page.replace(f"/* {part} */", _text(part).strip())
    return page


def expect_rows(tool: Tool) -> None:
    """Accept a tool whose results may have rows; without an output schema, any may.

    Raises:
        DefinitionError: Its results have none.
    """
    root = tool.output_schema
    if root is None:
        return
    fields: dict[str, Any] = root.get("properties", {})
    if not any(resolve(field, root).get("type", "array") == "array" for field in fields.values()):
        raise DefinitionError(
            f"{tool.name} returns no rows to show. Let it return a list of dicts, and say so: -> list[dict]."
        )


_HEAD = re.compile(r"\s*(<!doctype[^>]*>)?\s*(<html[^>]*>)?\s*(<head[^>]*>)?", re.IGNORECASE)


def with_app_class(page: str) -> str:
    """Return a page with the class ``App`` of npm's package ``@modelcontextprotocol/ext-apps``, before its own scripts.

    ``frontend/src/app/app_sdk.ts`` has the names that it defines.
    """
    end = match.end() if (match := _HEAD.match(page)) else 0
    return f"{page[:end]}<script>\n{_text('app_sdk.js')}</script>\n{page[end:]}"


def _text(name: str) -> str:
    return files("mcp_notebook.server.views").joinpath(name).read_text(encoding="utf-8")
