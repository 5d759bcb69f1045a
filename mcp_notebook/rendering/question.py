"""Render a server's question and its answer, as HTML and as text."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

from mcp_types import (
    CreateMessageRequestParams,
    ElicitRequestFormParams,
    ElicitRequestURLParams,
    ElicitResult,
    ErrorData,
    ListRootsResult,
)

from mcp_notebook.client.questions import Answer, Question
from mcp_notebook.rendering import look
from mcp_notebook.urls import address_of
from mcp_notebook.visible import visible

__all__ = ["answer_in_words", "asked"]

LEGACY = "deprecated in 2026-07-28"

Part = tuple[str, str, str]
"""A piece of a question: its name, its text and its HTML."""


def asked(question: Question, answer: str | None = None) -> look.Rendering:
    """Draw a question, and its answer if there is one."""
    message, parts = _PARTS[question.kind](question.params)
    title = f"{question.server} asks" if answer is None else f"{question.server} asked"
    if question.kind in ("sampling", "roots"):
        title += f" ({question.kind}, {LEGACY})"
    if answer is not None:
        parts.append(("answer", answer, look.pre(answer)))
    # A message of several lines must not look like the parts below it.
    lines = [visible(title, one_line=True) + ": " + message.replace("\n", "\n  | ")]
    for name, text, _ in parts:
        lines += [f"  {name}", *(f"    {line}" for line in text.splitlines())]
    html = f"<p>{escape(message)}</p>" + "".join(look.section(name, html) for name, _, html in parts)
    return look.Rendering("\n".join(lines), look.card(escape(title), html))


def answer_in_words(answer: Answer) -> str:
    """Describe an answer."""
    if isinstance(answer, ElicitResult):
        if answer.action == "accept":
            return f"accepted {look.json_text(answer.content)}" if answer.content is not None else "accepted"
        return {"decline": "declined", "cancel": "cancelled"}[answer.action]
    if isinstance(answer, ErrorData):
        return f"declined: {answer.message}"
    if isinstance(answer, ListRootsResult):
        return "\n".join(str(root.uri) for root in answer.roots) or "no roots"
    return "\n".join(map(_block, _listed(answer.content)))


def _form(params: ElicitRequestFormParams) -> tuple[str, list[Part]]:
    return params.message, []


def _url(params: ElicitRequestURLParams) -> tuple[str, list[Part]]:
    address = address_of(params.url)
    if address.href is None:
        parts = [("URL", address.written, f"<p>{look.code(address.written)}</p>")]
    else:
        before, host, after = map(escape, address.parts)
        # Only the person opens it. Underlined here, because front ends remove the underline.
        looks = 'style="color:inherit;text-decoration:underline"'
        link = f'<a href="{escape(address.href)}" target="_blank" rel="noopener noreferrer" {looks}>'
        shown = f"{link}{before}<strong>{host}</strong>{after}</a>"
        parts = [("URL", address.href, f"<p><code>{shown}</code></p>")]
    parts.append(("host", address.host or "none", f"<p><strong>{escape(address.host or 'none')}</strong></p>"))
    if address.site and address.site != address.host:
        parts.append(("part of", address.site, f"<p><strong>{escape(address.site)}</strong></p>"))
    if address.cautions:
        parts.append(("caution", "\n".join(address.cautions), look.bullets(address.cautions)))
    if address.rewritten:
        before, found, after = map(escape, address.written.partition(address.host))
        parts.append(("as written", address.written, f"<p><code>{before}<strong>{found}</strong>{after}</code></p>"))
    return params.message, parts


def _sampling(params: CreateMessageRequestParams) -> tuple[str, list[Part]]:
    messages = [f"{message.role}: {_block(block)}" for message in params.messages for block in _listed(message.content)]
    preferences = params.model_preferences
    facts = {
        "models": ", ".join(filter(None, (hint.name for hint in preferences.hints or []))) if preferences else "",
        "priorities": _priorities(preferences) if preferences else "",
        "max tokens": str(params.max_tokens),
        "temperature": "" if params.temperature is None else str(params.temperature),
        "stop at": ", ".join(map(repr, params.stop_sequences or [])),
        "tools": ", ".join(tool.name for tool in params.tools or []),
    }
    parts = [_pre("system prompt", params.system_prompt)] if params.system_prompt else []
    parts.append(_pre("messages", "\n".join(messages)))
    rows = [(name, value) for name, value in facts.items() if value]
    table = look.table(("", ""), [(look.muted(name), escape(value)) for name, value in rows])
    parts.append(("request", "\n".join(look.columns(rows, indent="")), table))
    return "What would a model answer?", parts


def _priorities(preferences: Any) -> str:
    named = [(name, getattr(preferences, f"{name}_priority")) for name in ("cost", "speed", "intelligence")]
    return ", ".join(f"{name} {value}" for name, value in named if value is not None)


def _roots(params: None) -> tuple[str, list[Part]]:
    return "Which directories may it know about?", []


_PARTS: dict[str, Any] = {"form": _form, "url": _url, "sampling": _sampling, "roots": _roots}


def _pre(name: str, text: str) -> Part:
    return name, text, look.pre(text)


def _listed(content: Any) -> Sequence[Any]:
    return content if isinstance(content, list) else [content]


def _block(block: Any) -> str:
    return block.text if block.type == "text" else f"[{block.type}]"
