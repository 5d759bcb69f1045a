"""Keep the clients that sign in: those with a metadata document, and those that registered."""

from __future__ import annotations

import time
from collections import OrderedDict
from urllib.parse import parse_qs, urlsplit

from mcp.server.auth.provider import RegistrationError
from mcp.shared.auth import InvalidRedirectUriError, OAuthClientInformationFull
from pydantic import AnyUrl, ValidationError

from mcp_notebook.server.stand_in.documents import DocumentError, fetch_document

__all__ = ["KnownClient", "KnownClients", "is_loopback"]

MOST_CLIENTS = 100
"""Most clients of each kind that are kept; one more replaces the one that was unused for longest."""

DOCUMENT_SECONDS = 60.0
"""Seconds for which a document is used again, whatever its headers say; errors are never kept."""

REGISTERED_SECONDS = 24 * 3600.0
"""Seconds without use after which a registered client is forgotten."""

MOST_REDIRECTS = 20
MOST_BYTES = 5 * 1024
"""The most redirect URIs and bytes of a client, the same for both kinds."""

ANSWERED = {"code", "state", "iss", "error", "error_description", "error_uri"}
"""The parameters of an answer, which a client must not be able to invent."""

LOOPBACK_HOSTS = ("127.0.0.1", "[::1]", "localhost")


class KnownClient(OAuthClientInformationFull):
    """A client, with its redirect URIs checked.

    Attributes:
        document_host: The host of its metadata document, which its TLS certificate verified; None for a client that
            registered, whose name nobody has verified.
    """

    document_host: str | None = None

    def validate_redirect_uri(self, redirect_uri: AnyUrl | None) -> AnyUrl:
        """Return the URI to go back to: one of the client's, on loopback with any port.

        Raises:
            InvalidRedirectUriError: It is not one of the client's, or there are several to choose from.
        """
        if redirect_uri is None:
            return super().validate_redirect_uri(None)
        if any(_same(redirect_uri, known) for known in self.redirect_uris or ()):
            return redirect_uri
        raise InvalidRedirectUriError("The redirect_uri is not one of those that the client has given.")

    def validate_scope(self, requested_scope: str | None) -> list[str]:
        """Return the scopes of a request; the provider knows which of them exist."""
        return list(dict.fromkeys((requested_scope or "").split()))


class KnownClients:
    """The clients of one stand-in, in memory."""

    def __init__(self) -> None:
        self._documents: OrderedDict[str, tuple[float, KnownClient]] = OrderedDict()
        self._registered: OrderedDict[str, tuple[float, KnownClient]] = OrderedDict()

    async def find(self, client_id: str) -> KnownClient | None:
        """Return a client, after fetching its document if its id is a URL; None if it is not known.

        Raises:
            DocumentError: There is no valid document.
        """
        if "://" in client_id:
            return await self._documented(client_id)
        kept = self._registered.pop(client_id, None)
        if kept is None or kept[0] < time.monotonic():
            return None
        _keep(self._registered, client_id, kept[1], REGISTERED_SECONDS)
        return kept[1]

    def register(self, information: OAuthClientInformationFull) -> None:
        """Keep a client that registered.

        Raises:
            RegistrationError: It is too large, or one of its redirect URIs is not allowed.
        """
        if len(information.model_dump_json()) > MOST_BYTES:
            raise RegistrationError("invalid_client_metadata", f"A client may have {MOST_BYTES} bytes.")
        client = KnownClient.model_validate(information.model_dump())
        if fault := _fault(client):
            raise RegistrationError("invalid_redirect_uri", fault)
        _keep(self._registered, client.client_id, client, REGISTERED_SECONDS)

    async def _documented(self, url: str) -> KnownClient:
        kept_until, kept = self._documents.get(url, (0.0, None))
        if kept is not None and kept_until > time.monotonic():
            return kept
        document = await fetch_document(url)
        try:
            client = KnownClient.model_validate({**document, "document_host": urlsplit(url).netloc})
        except (ValidationError, RecursionError):
            raise DocumentError("a value in it has another type than RFC 7591 gives it") from None
        if "authorization_code" not in client.grant_types:
            raise DocumentError("its grant_types have no authorization_code")
        if fault := _fault(client):
            raise DocumentError(fault)
        _keep(self._documents, url, client, DOCUMENT_SECONDS)
        return client


def is_loopback(url: AnyUrl) -> bool:
    """Return whether a URL leads to this machine."""
    return url.host in LOOPBACK_HOSTS


def _keep(kept: OrderedDict[str, tuple[float, KnownClient]], key: str, client: KnownClient, seconds: float) -> None:
    kept[key] = (time.monotonic() + seconds, client)
    kept.move_to_end(key)
    if len(kept) > MOST_CLIENTS:
        kept.popitem(last=False)


def _fault(client: KnownClient) -> str | None:
    """Return why a client's redirect URIs are not allowed; None if they are.

    The MCP specification allows https, and loopback.
    """
    uris = client.redirect_uris or []
    if not 1 <= len(uris) <= MOST_REDIRECTS:
        return f"A client has 1 to {MOST_REDIRECTS} redirect URIs."
    for uri in uris:
        if uri.scheme != "https" and not (uri.scheme == "http" and is_loopback(uri)):
            return "A redirect URI must begin with https://, or lead to this machine (http://127.0.0.1)."
        if not uri.host or uri.username is not None or uri.password is not None or uri.fragment is not None:
            return "A redirect URI has a host, and neither a user name nor a fragment."
        if not ANSWERED.isdisjoint(parse_qs(uri.query or "", keep_blank_values=True)):
            return f"The query of a redirect URI has none of the names {', '.join(sorted(ANSWERED))}."
    return None


def _same(asked: AnyUrl, known: AnyUrl) -> bool:
    """Return whether two redirect URIs are the same; on loopback, the port may be another one (RFC 8252, 7.3)."""
    if asked == known:
        return True
    return asked.scheme == "http" and is_loopback(asked) and _without_port(asked) == _without_port(known)


def _without_port(url: AnyUrl) -> tuple[str | None, ...]:
    return url.scheme, url.username, url.password, url.host, url.path, url.query, url.fragment
