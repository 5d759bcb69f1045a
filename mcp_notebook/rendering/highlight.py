"""Mark the parts of JSON: keys, texts, numbers and literals. The style sheet colors them, without a script."""

from __future__ import annotations

import re
from html import escape

__all__ = ["highlight", "kind_of"]

MOST_MARKED = 50_000
"""A text with more characters stays plain: the marks would make a saved notebook much larger."""

_TOKEN = re.compile(
    r'(?P<text>"(?:[^"\\]|\\.)*")(?P<key>\s*:)?'
    r"|(?P<num>-?\d[\d.]*(?:[eE][+-]?\d+)?|-?Infinity|NaN)"
    r"|(?P<lit>\b(?:true|false|null)\b)"
)


def highlight(json: str) -> str:
    """Return JSON as HTML, with a mark around each key and value; anything else stays as it is."""
    if len(json) > MOST_MARKED:
        return escape(json)
    html, at = [], 0
    for found in _TOKEN.finditer(json):
        html += [escape(json[at : found.start()]), _marked(found)]
        at = found.end()
    return "".join([*html, escape(json[at:])])


def kind_of(json: str) -> str:
    """Return the class of a single JSON value: ``str``, ``num`` or ``lit``; "" for another text."""
    found = _TOKEN.match(json)
    return "" if found is None else _class(found)


def _class(found: re.Match[str]) -> str:
    return "str" if found["text"] else "num" if found["num"] else "lit"


def _marked(found: re.Match[str]) -> str:
    if found["key"]:
        return f"<span class=key>{escape(found['text'])}</span>{found['key']}"
    return f"<span class={_class(found)}>{escape(found.group())}</span>"
