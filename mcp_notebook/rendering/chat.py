"""Render a conversation with a model: its opening, the model's texts, its calls and their results."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from textwrap import indent
from typing import Any

from mcp_notebook.rendering import look
from mcp_notebook.rendering.content import markdown

__all__ = ["calls", "fails", "gives", "opening", "says"]


def opening(model: str, tools: Mapping[str, int], *, script: str | None, goes_on: bool) -> look.Rendering:
    """Draw the opening: the model and its tools.

    Args:
        model: The model's name.
        tools: The number of tools of each server.
        script: The name of the script, if a script plays the model.
        goes_on: Whether there were earlier turns.
    """
    who = model if script is None else f"the script {script} instead of a model"
    has = ", ".join(f"{count} of {server}" for server, count in tools.items()) or "none"
    title = "chat, continued" if goes_on else "chat"
    words = f"with {who}; tools: {has}"
    return look.Rendering(f"{title} {words}", look.card(escape(title), f"<p>{escape(words)}</p>"))


def says(text: str, who: str) -> look.Rendering:
    """Draw a text of the model, or of `who` plays it; its Markdown loads nothing from elsewhere."""
    body = markdown.to_html(text) or f'<p style="white-space:pre-wrap">{escape(text)}</p>'
    return look.Rendering(f"{who}: {text}", look.card(who, body))


def calls(tool: str, server: str, arguments: Mapping[str, Any]) -> look.Rendering:
    """Draw a call that the model asks for."""
    where = f" on {server}" if server else ""
    value = look.json_text(arguments)
    shown = look.pre(value) if "\n" in value else f"<p>{look.code(value)}</p>"
    card = look.card(f"calls {look.code(tool)}{look.muted(where)}", shown)
    return look.Rendering(f"calls {tool}{where}: {value}", _further_in(card))


def gives(result: look.Rendering) -> look.Rendering:
    """Draw the result of a call."""
    return look.Rendering(indent(result.text, "  "), _further_in(result.html))


def fails(reason: str) -> look.Rendering:
    """Draw the reason why a call has no result."""
    card = look.card("no result", f"<p>{escape(reason)}</p>", bad=True)
    return look.Rendering(f"  no result: {reason}", _further_in(card))


def _further_in(html: str) -> str:
    return f'<div style="margin-left:2em">{html}</div>'
