"""The address of a notebook for clients on other machines: behind the door in the running Jupyter Server.

The door's extension describes itself in its own environment, which kernels and terminals inherit. So they name the
door only where it is. One that outlives its Jupyter still names it: a hub starts the next one at the same address.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, MutableMapping
from dataclasses import asdict, dataclass
from urllib.parse import quote, urlsplit

from mcp_notebook.addresses.address import Address
from mcp_notebook.addresses.names import own_name

__all__ = [
    "DOOR_PATH",
    "GUESTS_PATH",
    "STREAM_PATH",
    "STREAM_PAUSE",
    "Door",
    "Entrance",
    "entrance",
    "guests_url",
    "path_of",
]

VARIABLE = "MCP_NOTEBOOK_DOOR"
DOOR_PATH = "mcp-notebook/"
"""The part of a URL between Jupyter's base URL and the name of a notebook."""

GUESTS_PATH = "mcp-notebook-guests/"
"""The same for servers with guests, who need no token of Jupyter."""

STREAM_PATH = "stream"
"""The part of a URL after `DOOR_PATH` for the stream that the doctor times."""

STREAM_PAUSE = 1.0
"""Seconds between the three lines of that stream."""


@dataclass(frozen=True)
class Entrance:
    """A notebook's address for clients on other machines.

    Attributes:
        url: The URL.
        token_from: The place where a person gets the token that clients send, such as ``your hub: URL``.
        note: The part of the URL that a person has to fill in; "" if there is none.
    """

    url: str
    token_from: str
    note: str = ""


@dataclass(frozen=True)
class Door:
    """The door of a Jupyter Server, as its extension describes it.

    Attributes:
        base: The server's address for people, or only its path if the host is not known; it ends with a slash.
        hub: The address or path of the hub that gives out the tokens; None if they are Jupyter's own.
        remote: True if people may use the server from other machines.
        pid: The id of the server's process.
    """

    base: str
    hub: str | None
    remote: bool
    pid: int

    @classmethod
    def told(cls, environ: Mapping[str, str] = os.environ) -> Door | None:
        """Return the door of the Jupyter Server that started this process; None if it has none."""
        try:
            door = cls(**json.loads(environ[VARIABLE]))
        except (KeyError, ValueError, TypeError):
            return None
        kinds = isinstance(door.base, str) and isinstance(door.hub, str | None) and isinstance(door.pid, int)
        return door if kinds else None

    def tell(self, environ: MutableMapping[str, str] = os.environ) -> None:
        """Describe the door to the processes that this one starts."""
        environ[VARIABLE] = json.dumps(asdict(self))

    def url_of(self, name: str, part: str = DOOR_PATH) -> str:
        """Return the URL of a notebook behind the door."""
        return self._whole(self.base + path_of(name, part))

    def entrance(self, name: str) -> Entrance:
        """Return the address of a notebook behind the door."""
        url = self.url_of(name)
        known = url.startswith(self.base)
        note = "" if known else f"{self._placeholder} is the first part of the address in your browser"
        if self.hub is None:
            return Entrance(url, "your Jupyter: 'jupyter server list' in a terminal prints it", note)
        return Entrance(url, f"your hub: {self._whole(f'{self.hub}token')}", note)

    @property
    def _placeholder(self) -> str:
        return "https://YOUR-JUPYTER" if self.hub is None else "https://YOUR-HUB"

    def _whole(self, address: str) -> str:
        return address if urlsplit(address).scheme else self._placeholder + address


def path_of(name: str, part: str = DOOR_PATH) -> str:
    """Return the path of a notebook behind the door, from Jupyter's base URL on."""
    # A path as a name must not leave two slashes in a row, which proxies merge.
    return f"{part}{quote(name, safe='' if name.startswith('/') else '/')}/mcp"


def entrance(address: Address | None, environ: Mapping[str, str] = os.environ) -> Entrance | None:
    """Return a notebook's address for clients on other machines.

    It is None if people use this Jupyter only on this machine, and if the door does not serve the notebook.
    """
    door = Door.told(environ)
    if address is None or not address.at_door or door is None or not door.remote:
        return None
    return door.entrance(own_name(address))


def guests_url(address: Address | None, environ: Mapping[str, str] = os.environ) -> str | None:
    """Return the URL for the guests of a server who are on other machines; None if there is none."""
    door = Door.told(environ)
    if address is None or not address.guests or not address.at_door or door is None or not door.remote:
        return None
    return door.url_of(own_name(address), GUESTS_PATH)
