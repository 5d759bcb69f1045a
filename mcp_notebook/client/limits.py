"""How much a server may send, and how long a client waits for it."""

from __future__ import annotations

__all__ = [
    "ENDPOINT",
    "EXCUSE",
    "MESSAGE",
    "MESSAGE_IN_WORDS",
    "QUESTIONS",
    "QUOTED",
    "REASON",
    "RETRY",
    "STDERR",
    "STDERR_FILE",
]

MESSAGE = 64_000_000
"""Bytes of one message after decoding: a JSON body, an event of SSE, a line of stdio, a document of OAuth.

An image of 5 MB takes 6.7 MB in base64, so nine of them fit into one result.
"""

MESSAGE_IN_WORDS = f"{MESSAGE // 1_000_000} MB"

QUOTED = 200
"""Characters of an offending line that an error quotes."""

STDERR = 10_000
"""Bytes of a command's stderr that are kept: the last."""

STDERR_FILE = 10_000_000
"""Bytes of a command's stderr on disk, after which it begins again."""

RETRY = 10.0
"""Seconds after which a stream that the server ended is asked for again, should the server ask for more."""

ENDPOINT = 10.0
"""Seconds that a server of the SSE transport has to name the address for messages."""

EXCUSE = 2.0
"""Seconds for which an error without an id may belong to a notification: some servers answer those too."""

REASON = 5.0
"""Seconds that the body of an HTTP error has to come, for what it says of the reason."""

QUESTIONS = 100
"""Questions of a server that may wait for their answers at a time; more are not heard."""
