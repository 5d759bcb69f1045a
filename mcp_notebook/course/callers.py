"""Make calls in memory in the name of a person, as if they had signed in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from mcp.client import Client
from mcp.server.auth.middleware.auth_context import auth_context_var
from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
from mcp.server.auth.provider import AccessToken

from mcp_notebook.course.bench import Bench, entries
from mcp_notebook.course.cases import Answer, Case

__all__ = ["CallBy", "calling_as"]


@contextmanager
def calling_as(person: str, *scopes: str) -> Iterator[None]:
    """Make the calls of clients that are opened in this context in the name of a person.

    Args:
        person: The subject of the token, such as ``ada``.
        scopes: The scopes of the token.
    """
    token = AccessToken(token="in-memory", client_id="check", scopes=list(scopes), subject=person)
    before = auth_context_var.set(AuthenticatedUser(token))
    try:
        yield
    finally:
        auth_context_var.reset(before)


@dataclass(frozen=True)
class CallBy(Case):
    """One call of a tool by a person who has signed in.

    A call without the scopes that the tool names in its ``_meta`` is an error, as at the door of the server.

    Attributes:
        person: The subject of the token.
        scopes: The scopes of the token.
    """

    person: str = "ada"
    scopes: Sequence[str] = ()

    def words(self, name: str) -> str:
        """Write the case as a call."""
        return f"{super().words(name)} by {self.person} with {', '.join(self.scopes) or 'no scope'}"

    async def ask(self, bench: Bench) -> Answer:
        """Call the tool in the person's name."""
        required = (await entries(bench.client))[bench.name].get("_meta", {}).get("requiredScopes", [])
        missing = [scope for scope in required if scope not in self.scopes]
        if missing:
            return self._judged(None, f'HTTP 403, scope="{" ".join(missing)}"')
        with calling_as(self.person, *self.scopes):
            async with Client(bench.server, cache=None) as client:
                return await super().ask(replace(bench, client=client))
