"""The messages of the events extension, and its errors."""

from __future__ import annotations

from enum import IntEnum
from typing import Any

from mcp.shared.exceptions import MCPError
from mcp_types import Notification, RequestParams
from pydantic import BaseModel, Field, JsonValue, SecretStr

__all__ = [
    "Code",
    "ListParams",
    "PollParams",
    "StreamNotification",
    "StreamParams",
    "SubscribeParams",
    "UnsubscribeParams",
    "refusal",
]

MOST_CHARACTERS = 10_000
"""Most characters of a cursor or a URL."""


class Code(IntEnum):
    """The codes of the extension's errors."""

    INVALID_PARAMS = -32602
    INTERNAL_ERROR = -32603
    NOT_FOUND = -32023
    FORBIDDEN = -32024
    RESOURCE_EXHAUSTED = -32025
    UNSUPPORTED = -32026
    CALLBACK_ENDPOINT = -32027


def refusal(code: Code, message: str, **data: JsonValue) -> MCPError:
    """Return an error of the protocol; `data` says which case of its code it is."""
    return MCPError(int(code), message, data or None)


class ListParams(RequestParams):
    """The parameters of ``events/list``."""

    cursor: str | None = None


class _Subscription(RequestParams):
    name: str
    arguments: dict[str, Any] = Field(default_factory=dict)
    cursor: str | None = Field(None, max_length=MOST_CHARACTERS)
    max_age_ms: int | None = Field(None, ge=0)


class PollParams(_Subscription):
    """The parameters of ``events/poll``."""

    max_events: int | None = Field(None, ge=1)


class StreamParams(_Subscription):
    """The parameters of ``events/stream``."""


class _Callback(BaseModel):
    url: str = Field(max_length=MOST_CHARACTERS)


class _SignedCallback(_Callback):
    mode: str = "webhook"
    secret: SecretStr


class SubscribeParams(_Subscription):
    """The parameters of ``events/subscribe``."""

    delivery: _SignedCallback
    ttl_ms: int | None = Field(None, ge=0)


class UnsubscribeParams(RequestParams):
    """The parameters of ``events/unsubscribe``."""

    name: str
    arguments: dict[str, Any] = Field(default_factory=dict)
    delivery: _Callback


class StreamNotification(Notification[dict[str, Any], str]):
    """A message on a push stream; its method begins with ``notifications/events/``."""
