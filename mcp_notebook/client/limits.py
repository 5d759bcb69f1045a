"""Limit what a server may send and how long a client waits, all in one place.

Data beyond a limit is left out or ends the request, and a message says so.
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
"""Bytes of one decoded message: a JSON body, an event of SSE, a line of stdio, a document of OAuth.

An image of 5 MB takes 6.7 MB in base64, so nine of them fit into one result.
"""

MESSAGE_IN_WORDS: Final = f"{MESSAGE // 1_000_000} MB"

QUOTED: Final = 200
"""Characters of an offending line that an error quotes."""

STDERR: Final = 10_000
"""Bytes of a command's stderr that are kept, from its end."""

STDERR_FILE: Final = 10_000_000
"""Bytes of a command's stderr on disk, after which the file is cut."""

RETRY: Final = 10.0
"""Longest pause in seconds before an ended stream is requested again, even if the server asks for a longer one."""

ENDPOINT: Final = 10.0
"""Seconds that a server of the SSE transport has to name the address for messages."""

EXCUSE: Final = 2.0
"""Seconds for which an error without an id may belong to a notification: some servers answer those too."""

REASON: Final = 5.0
"""Seconds to wait for the body of an HTTP error, which may contain the reason."""

QUESTIONS: Final = 100
"""Most questions of a server that may wait for answers at once; further ones are ignored."""

MOST_PAGES: Final = 1_000
"""Most pages of one list; a server could name a next page forever."""

MOST_ITEMS: Final = 10_000
"""Most items of one list, over all its pages."""

LIST_SECONDS: Final = 60.0
"""Most seconds for one list, over all its pages."""

MOST_PROBLEMS: Final = 50
"""Most problems reported for one result or list."""

LONGEST_MESSAGE: Final = 500
"""Most characters shown of an error's message; the error has all of it."""

MOST_LINKS: Final = 5
"""Most links that a server may ask a person to open before it continues with a request."""

MOST_RETRIES: Final = 3
"""Most times that a request is repeated after such links were opened."""
