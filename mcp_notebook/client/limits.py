"""What a server may send: each bound on it, in one place. What goes past one is left out, and that is said."""

from __future__ import annotations

from typing import Final

__all__ = [
    "LIST_SECONDS",
    "LONGEST_MESSAGE",
    "MOST_ITEMS",
    "MOST_LINKS",
    "MOST_PAGES",
    "MOST_PROBLEMS",
    "MOST_RETRIES",
]

MOST_PAGES: Final = 1_000
"""Pages of one list; a server can name a next one for ever."""

MOST_ITEMS: Final = 10_000
"""Items of one list, over all its pages."""

LIST_SECONDS: Final = 60.0
"""How long one list may take, over all its pages."""

MOST_PROBLEMS: Final = 50
"""Problems of one result, or of one list, that are told."""

LONGEST_MESSAGE: Final = 500
"""Characters of an error's message that are told; the error has the whole."""

MOST_LINKS: Final = 5
"""Links that a server may ask to have opened before it goes on with a request."""

MOST_RETRIES: Final = 3
"""How often a request is made again after such links were opened."""
