"""The server's side of the extension Events, ``io.modelcontextprotocol/events``: clients learn what happens.

Rules come from SEP-3415 (Final), as published at https://modelcontextprotocol.io/seps/3415-events-extension; the
sections are named where they apply. A type of events is a function that says what happened since a cursor, or it is
emitted. Clients poll, hold a stream, or are posted to.
"""

from __future__ import annotations

from .extension import Events
from .occurrences import Happening
from .webhooks import Webhooks

__all__ = ["Events", "Happening", "Webhooks"]
