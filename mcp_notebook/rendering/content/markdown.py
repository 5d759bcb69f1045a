"""Render Markdown from a server as safe HTML, if mistune is installed."""

from __future__ import annotations

import re
from html import escape

from mcp_notebook.urls import address_of

__all__ = ["seems", "to_html"]

_MARKS = (
    r"^#{1,6} \S",
    r"^```",
    r"^\|.+\|\s*$",
    r"^\s*(?:[-*]|\d+\.) \S",
    r"\*\*\S[^*\n]*\*\*",
    r"\[[^\]\n]+\]\([^)\s]+\)",
)

FRONT_MATTER = re.compile(r"\A---\r?\n((?:.*\n)*?)---\r?(?:\n|\Z)")
"""YAML between two lines of dashes at the beginning of a text, as in the files of skills."""


def seems(text: str) -> bool:
    """Return whether a text has at least two of the marks of Markdown, such as a heading and a list."""
    return sum(re.search(mark, text, re.MULTILINE) is not None for mark in _MARKS) >= 2


def to_html(text: str) -> str | None:
    """Return Markdown as HTML, without its own HTML and images, and with links to web pages only, with their hosts.

    Return None without mistune. JupyterLab brings it, through nbconvert; the core does not depend on it.
    """
    try:
        import mistune
    except ImportError:
        return None

    class Safe(mistune.HTMLRenderer):
        """Renders no images, which a browser would fetch, and shows the host of each link."""

        def link(self, text: str, url: str, title: str | None = None) -> str:
            address = address_of(url)
            if address.href is None:
                return f"{text} [not a link: {escape(address.written)}]"
            link = f'<a href="{escape(address.href)}" target="_blank" rel="noopener noreferrer">{text}</a>'
            return link if text == escape(address.href) else f'{link} <span class="dim">[{escape(address.host)}]</span>'

        def image(self, text: str, url: str, title: str | None = None) -> str:
            return f"[image {escape(text)}: {escape(url)}]"

    markdown = mistune.create_markdown(renderer=Safe(escape=True), plugins=["table", "strikethrough"])
    # Markdown would take the last lines of a skill's front matter for a heading.
    return str(markdown(FRONT_MATTER.sub(r"```yaml\n\1```\n", text)))
