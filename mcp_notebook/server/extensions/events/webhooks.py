"""Webhooks: clients give a URL, and the events of their subscription are posted to it.

Subscriptions are kept in memory and end with the time that they were granted. A client refreshes its own before.
"""

from __future__ import annotations

import hmac
import json
import secrets
import threading
import time
from collections import deque
from collections.abc import Callable
from datetime import datetime, timezone
from hashlib import sha256
from typing import Any

import anyio
from mcp.server.context import ServerRequestContext
from mcp.server.request_state import authenticated_principal

from .delivering import Subscription
from .occurrences import canonical, timestamp
from .posting import NotDeliveredError, check_url, message_id, post, secret_of
from .sources import Types
from .wire import Code, SubscribeParams, UnsubscribeParams, refusal

__all__ = ["Webhooks"]

Context = ServerRequestContext[Any, Any]

DEFAULT_TTL = 3600.0
LEAST_TTL = 60.0
MOST_TTL = 24 * 3600.0
"""Seconds that a subscription is granted. It is lost if the process ends; its client finds out with its refresh."""

MOST_VERIFICATIONS = 10
"""Verifications of one host in a minute: a client could give the URL of somebody who wants no messages."""


class Webhooks:
    """Posts events to the URLs of clients.

    Args:
        principal: Returns who makes a request; None for nobody in particular, who may not subscribe. Defaults to the
            user of the SDK's authorization.
        loopback: Whether a URL may also be ``http`` or ``https`` on this machine, for a receiver in development. Other
            private networks are always refused.
    """

    def __init__(
        self, principal: Callable[[Context], str | None] = authenticated_principal, *, loopback: bool = False
    ) -> None:
        self._principal = principal
        self._loopback = loopback
        self._subscriptions: dict[str, Subscription] = {}
        self._verified: dict[tuple[str, str], float] = {}
        self._attempts: dict[str, deque[float]] = {}
        self._lock = threading.Lock()

    async def subscribe(self, types: Types, ctx: Context, params: SubscribeParams) -> dict[str, Any]:
        """Begin to post the events of a subscription, or refresh it.

        Raises:
            MCPError: The subscription is refused, or its receiver did not confirm that it wants it.
        """
        principal = self._known(ctx)
        found = types.named(params.name)
        url, secret = params.delivery.url, params.delivery.secret.get_secret_value()
        try:
            check_url(url, loopback=self._loopback)
            key = secret_of(secret)
            found.checked(params.arguments)
        except ValueError as error:
            raise refusal(Code.INVALID_PARAMS, str(error)) from None
        self._drop_expired()
        id = _id(principal, url, params.name, params.arguments)
        batch = await types.read(found, params.arguments, params.cursor, 1, params.max_age_ms)
        await self._verify(principal, url, id, key)
        expires = time.time() + _granted(params)
        with self._lock:
            there = self._subscriptions.get(id)
            if there is None or there.ended:
                there = None
                new = Subscription(id, url, found, params.arguments, batch.start, loopback=self._loopback)
                self._subscriptions[id] = new
            else:
                new = there
        new.refresh(key, expires)
        if there is None:
            new.start(types, self._forget)
        self._verified[principal, url] = max(expires, self._verified.get((principal, url), 0))
        return {
            "resultType": "complete",
            "id": id,
            "refreshBefore": timestamp(datetime.fromtimestamp(expires, timezone.utc)),
            "cursor": new.watermark,
            "truncated": batch.truncated and there is None,
            **({} if there is None else {"deliveryStatus": new.status()}),
        }

    def unsubscribe(self, ctx: Context, params: UnsubscribeParams) -> None:
        """End a subscription.

        Raises:
            MCPError: There is none, or nobody in particular asks.
        """
        id = _id(self._known(ctx), params.delivery.url, params.name, params.arguments)
        self._drop_expired()
        with self._lock:
            there = self._subscriptions.pop(id, None)
        if there is None:
            raise refusal(Code.NOT_FOUND, "There is no such subscription.", kind="subscription")
        there.stop()

    def close(self) -> None:
        """End all subscriptions."""
        with self._lock:
            ended, self._subscriptions = self._subscriptions, {}
        for subscription in ended.values():
            subscription.stop()

    def _known(self, ctx: Context) -> str:
        principal = self._principal(ctx)
        if principal is None:
            raise refusal(Code.FORBIDDEN, "Only a client that has identified itself can subscribe by webhook.")
        return principal

    def _drop_expired(self) -> None:
        now = time.time()
        with self._lock:
            for id in [id for id, one in self._subscriptions.items() if one.expires <= now or one.ended]:
                self._subscriptions.pop(id).stop()
            for known in [known for known, until in self._verified.items() if until <= now]:
                del self._verified[known]

    def _forget(self, subscription: Subscription) -> None:
        with self._lock:
            if self._subscriptions.get(subscription.id) is subscription:
                del self._subscriptions[subscription.id]

    async def _verify(self, principal: str, url: str, id: str, key: bytes) -> None:
        """Have the receiver confirm that it wants messages, once for each principal and URL."""
        if self._verified.get((principal, url), 0) > time.time():
            return
        self._count_attempt(check_url(url, loopback=self._loopback).hostname or "")
        challenge = secrets.token_urlsafe(32)
        body = canonical({"type": "verification", "challenge": challenge}).encode()
        reason = "challenge_failed"
        try:
            answer = await post(
                url, body, id=message_id("verification"), subscription=id, keys=[key], loopback=self._loopback
            )
            echo = json.loads(answer)
        except NotDeliveredError as error:
            reason, echo = error.reason, None
        except (ValueError, RecursionError):
            echo = None
        echoed = echo.get("challenge") if isinstance(echo, dict) else None
        if not isinstance(echoed, str) or not hmac.compare_digest(
            echoed.encode("utf-8", "replace"), challenge.encode()
        ):
            raise refusal(Code.CALLBACK_ENDPOINT, "The receiver did not confirm the subscription.", reason=reason)

    def _count_attempt(self, host: str) -> None:
        now = anyio.current_time()
        with self._lock:
            for known in [known for known, times in self._attempts.items() if times[-1] < now - 60]:
                del self._attempts[known]
            times = self._attempts.setdefault(host, deque(maxlen=MOST_VERIFICATIONS))
            if len(times) == MOST_VERIFICATIONS and times[0] > now - 60:
                raise refusal(Code.RESOURCE_EXHAUSTED, "Too many new receivers on this host.", limit="verifications")
            times.append(now)


def _id(principal: str, url: str, name: str, arguments: dict[str, Any]) -> str:
    """Return the identifier of a subscription: the same for the same principal, URL, type and arguments."""
    key = canonical([principal, url, name, arguments])
    return f"sub_{sha256(key.encode('utf-8', 'replace')).hexdigest()[:32]}"


def _granted(params: SubscribeParams) -> float:
    """Return the seconds for the ``ttlMs`` that a client suggests; null asks for no end, which is not granted."""
    if params.ttl_ms is None:
        return MOST_TTL if "ttl_ms" in params.model_fields_set else DEFAULT_TTL
    return min(max(params.ttl_ms / 1000, LEAST_TTL), MOST_TTL)
