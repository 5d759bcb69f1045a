"""Open the links that a server requires before it continues with a request, then repeat the request."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

from mcp.client import Client
from mcp.shared.exceptions import MCPError
from mcp_types import URL_ELICITATION_REQUIRED, ElicitRequestURLParams, ElicitResult
from pydantic import ValidationError

from mcp_notebook.client.answering import Answering, Asked
from mcp_notebook.client.limits import MOST_LINKS, MOST_RETRIES
from mcp_notebook.errors import RequestError
from mcp_notebook.schema import brief

__all__ = ["opening_links"]

T = TypeVar("T")


def opening_links(
    send: Callable[[Client], Awaitable[T]], asked: Asked, answering: Answering
) -> Callable[[Client], Awaitable[T]]:
    """Return a request that is repeated once a person has opened the links in the server's error.

    Legacy servers send such errors (``-32042``); modern ones ask during the request.
    """

    async def sending(client: Client) -> T:
        for left in reversed(range(MOST_RETRIES + 1)):
            try:
                return await send(client)
            except MCPError as error:
                links = _links(error)
                if not links:
                    raise
                if not left or asked.answerer is None or not await _opened(links, answering):
                    raise _to_be_opened(error, links) from None
        raise AssertionError  # the last try returns or raises

    return sending


async def _opened(links: list[ElicitRequestURLParams], answering: Answering) -> bool:
    """Ask a person to open links, one after the other; return whether all were opened."""
    for link in links:
        answer = await answering.ask_to_open(link)
        if not isinstance(answer, ElicitResult) or answer.action != "accept":
            return False
    return True


def _links(error: MCPError) -> list[ElicitRequestURLParams]:
    """Return the valid links in an error."""
    listed = error.data.get("elicitations") if isinstance(error.data, Mapping) else None
    if error.code != URL_ELICITATION_REQUIRED or not isinstance(listed, list):
        return []
    read = (_link(item, error.message) for item in listed[:MOST_LINKS])
    return [link for link in read if link is not None]


def _link(item: Any, message: str) -> ElicitRequestURLParams | None:
    if not isinstance(item, Mapping) or not isinstance(item.get("url"), str):
        return None
    said, known_as = item.get("message"), item.get("elicitationId")
    try:
        return ElicitRequestURLParams(
            message=said if isinstance(said, str) and said else message,
            url=item["url"],
            elicitation_id=known_as if isinstance(known_as, str) else None,
        )
    except ValidationError:
        return None


def _to_be_opened(error: MCPError, links: list[ElicitRequestURLParams]) -> RequestError:
    named = ", ".join(f"{brief(link.url, 300)} ({brief(link.message, 100)})" for link in links)
    return RequestError(
        f"The server wants you to open a link first: {named}. Open it if you trust it, then make the request again.",
        code=error.code,
        data=error.data,
    )
