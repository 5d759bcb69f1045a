"""A conversation with a model: who takes part, what the model says, what it calls."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from textwrap import indent
from typing import Any

from mcp_notebook.widgets import look

__all__ = ["calls", "fails", "gives", "opening", "says"]


def opening(model: str, tools: Mapping[str, int], *, script: str | None, goes_on: bool) -> look.Rendering:
    """Draw who takes part.

    Args:
        model: The model's name.
        tools: How many tools each server has.
        script: The variable that holds the script, where a script plays the model.
        goes_on: Whether there were turns before.
    """
    who = model if script is None else f"a script: its replies are written in {script}, no model is asked"
    has = ", ".join(f"{count} of {server}" for server, count in tools.items()) or "none"
    facts = [("model", who), ("tools", has), ("conversation", "goes on" if goes_on else "new")]
    rows = [[look.muted(name), escape(value)] for name, value in facts]
    return look.Rendering("\n".join(["chat", *look.columns(facts)]), look.card("chat", look.table(("", ""), rows)))


def says(text: str, *, scripted: bool) -> look.Rendering:
    """Draw what the model says: as text, because Markdown from a model can load an image from anywhere."""
    who = "scripted model" if scripted else "model"
    body = f'<p style="white-space:pre-wrap">{escape(text)}</p>'
    return look.Rendering(f"{who}: {text}", look.card(who, body))


def calls(tool: str, server: str, arguments: Mapping[str, Any]) -> look.Rendering:
    """Draw a call that the model asks for."""
    where = f" on {server}" if server else ""
    value = look.json_text(arguments)
    title = f"calls {look.code(tool)}{look.muted(where)}"
    return look.Rendering(f"calls {tool}{where}: {value}", look.card(title, look.pre(value)))


def gives(result: look.Rendering) -> look.Rendering:
    """Draw what a call gave."""
    return look.Rendering(indent(result.text, "  "), result.html)


def fails(reason: str) -> look.Rendering:
    """Draw why a call gave nothing."""
    return look.Rendering(f"  no result: {reason}", look.card("no result", f"<p>{escape(reason)}</p>", bad=True))
