"""The addresses of the notebooks on this machine: one private file for each served server.

The files are in Jupyter's runtime directory, ``mcp-notebook-HASH.json``, readable only by their owner, because they
contain the token. A file outlives its kernel, so that a restarted notebook gets the same port and token.

``mcp-notebook connect`` imports this package before it answers, so it must stay light.
"""

from mcp_notebook.addresses.address import DEFAULT_SERVER, LOOPBACK, Address
from mcp_notebook.addresses.entrance import (
    DOOR_PATH,
    GUESTS_PATH,
    STREAM_PATH,
    STREAM_PAUSE,
    Door,
    Entrance,
    entrance,
    guests_url,
    path_of,
)
from mcp_notebook.addresses.files import live, publish, remembered, reread, withdraw
from mcp_notebook.addresses.names import find, own_name
from mcp_notebook.addresses.place import chosen_runtime_dir, runtime_dir
from mcp_notebook.addresses.service import SERVICES, no_way_in, service_of

__all__ = [
    "DEFAULT_SERVER",
    "DOOR_PATH",
    "GUESTS_PATH",
    "LOOPBACK",
    "SERVICES",
    "STREAM_PATH",
    "STREAM_PAUSE",
    "Address",
    "Door",
    "Entrance",
    "chosen_runtime_dir",
    "entrance",
    "find",
    "guests_url",
    "live",
    "no_way_in",
    "own_name",
    "path_of",
    "publish",
    "remembered",
    "reread",
    "runtime_dir",
    "service_of",
    "withdraw",
]
