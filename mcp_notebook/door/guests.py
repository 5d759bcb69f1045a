"""Let the guests of a server in, who have no token of this Jupyter: the server itself checks the code they send."""

from __future__ import annotations

from jupyter_server.auth import decorator

from mcp_notebook.addresses import Address
from mcp_notebook.door.handlers import NotebookHandler
from mcp_notebook.door.notebooks import AwayError
from mcp_notebook.errors import UnknownNameError

__all__ = ["GuestHandler"]

MOST_BODY = 64 * 1024
"""Bytes of the body of a guest's request."""

_for_everybody = getattr(decorator, "allow_unauthenticated", lambda method: method)  # Jupyter Server before 2.13


class GuestHandler(NotebookHandler):
    """One request of a guest to a server that has guests; for all other servers there is nothing here.

    Nothing that Jupyter knows about the person goes to the server: no cookie, and no token. A page of another site is
    refused by its Origin, as elsewhere in Jupyter.
    """

    has_right = False
    most_body = MOST_BODY

    def check_xsrf_cookie(self) -> None:
        """Check nothing: no right comes from a cookie here."""

    @_for_everybody
    async def post(self, name: str) -> None:
        """Pass the request on. The server checks the code in it, and limits wrong ones."""
        await self.pass_on(name)

    @_for_everybody
    def get(self, name: str) -> None:
        """Refuse: a guest opens no stream."""
        self.refuse(405, f"A guest of {name!r} sends requests by POST only.")

    delete = get

    def address_of(self, name: str) -> Address:
        """Return the address of a server with guests; the errors name no other server.

        Raises:
            AwayError: Nothing listens there now.
            UnknownNameError: There is no server with guests of this name.
        """
        try:
            address = super().address_of(name)
        except (AwayError, UnknownNameError):
            address = None
        if address is None or not address.guests:
            raise UnknownNameError(f"No server {name!r} with guests listens here now.")
        return address
