"""What a server may send, and how long a client waits for it: each limit, in one place.

What goes past a limit is left out or ends the request, and a line says so.
"""

from __future__ import annotations

from typing import Final

__all__ = [
    "ENDPOINT",
    "EXCUSE",
    "LIST_SECONDS",
    "LONGEST_MESSAGE",
    "MESSAGE",
    "MESSAGE_IN_WORDS",
    "MOST_ITEMS",
    "MOST_LINKS",
    "MOST_PAGES",
    "MOST_PROBLEMS",
    "MOST_RETRIES",
    "QUESTIONS",
    "QUOTED",
    "REASON",
    "RETRY",
    "STDERR",
    "STDERR_FILE",
]

MESSAGE: Final = 64_000_000
"""Bytes of one message after decoding: a JSON body, an event of SSE, a line of stdio, a document of OAuth.

An image of 5 MB takes 6.7 MB in base64, so nine of them fit into one result.
"""

MESSAGE_IN_WORDS: Final = f"{MESSAGE // 1_000_000} MB"

QUOTED: Final = 200
"""Characters of an offending line that an error quotes."""

STDERR: Final = 10_000
"""Bytes of a command's stderr that are kept: the last."""

STDERR_FILE: Final = 10_000_000
"""Bytes of a command's stderr on disk, after which it begins again."""

RETRY: Final = 10.0
"""Seconds after which a stream that the server ended is asked for again, should the server ask for more."""

ENDPOINT: Final = 10.0
"""Seconds that a server of the SSE transport has to name the address for messages."""

EXCUSE: Final = 2.0
"""Seconds for which an error without an id may belong to a notification: some servers answer those too."""

REASON: Final = 5.0
"""Seconds that the body of an HTTP error has to come, for what it says of the reason."""

QUESTIONS: Final = 100
"""Questions of a server that may wait for their answers at a time; more are not heard."""

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
