"""The forms in which a text may have a secret: as it is, in quotes, in a URL, as base64."""

from __future__ import annotations

import base64
import json
from functools import cache
from urllib.parse import quote

from mcp_notebook.export.settings.wording import is_filling, is_word

__all__ = ["forms"]


@cache
def forms(value: str) -> frozenset[str]:
    """Return the forms in which a text may have a secret.

    A short one, which a text may have by chance, only counts as a literal; a placeholder does not count at all.
    """
    if is_filling(value):
        return frozenset()
    escaped = {repr(value), json.dumps(value)}
    if len(value) < 6 or is_word(value):
        return frozenset(escaped)
    coded = base64.b64encode(value.encode(errors="replace")).decode()
    return frozenset({value, quote(value, safe=""), coded, *(text[1:-1] for text in escaped)})
