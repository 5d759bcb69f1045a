"""Play the sign-in, for the chapters before the one that makes it real, and for calls in memory after it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from mcp.server.auth.middleware.auth_context import auth_context_var
from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
from mcp.server.auth.provider import AccessToken

__all__ = ["signed_in"]


@contextmanager
def signed_in(name: str, *scopes: str) -> Iterator[None]:
    """Make requests to servers in this process as a person who has signed in.

    A server over HTTP verifies the token of each request, and hands it to the tool. Within one process there is no
    HTTP, so this puts a token there that nobody had to verify. The server reads it as always: `get_access_token()`.

    Args:
        name: The person, which is the *subject* of the token.
        scopes: The scopes of the token.
    """
    token = AccessToken(token="a stand-in", client_id="notebook", scopes=list(scopes), subject=name)
    earlier = auth_context_var.set(AuthenticatedUser(token))
    try:
        yield
    finally:
        auth_context_var.reset(earlier)
