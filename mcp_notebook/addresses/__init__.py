"""Where the notebooks of this machine listen: one private file for each served server.

The files are in Jupyter's runtime directory, ``mcp-notebook-HASH.json``, readable by their owner only, because the
token is in them. A file outlives its kernel, so that port and token come back when the notebook does.

``mcp-notebook connect`` imports this before it answers, so it stays light.
"""

from mcp_notebook.addresses.address import DEFAULT_SERVER, Address
from mcp_notebook.addresses.files import live, publish, remembered, reread, withdraw
from mcp_notebook.addresses.names import find
from mcp_notebook.addresses.place import chosen_runtime_dir, runtime_dir

__all__ = [
    "DEFAULT_SERVER",
    "Address",
    "chosen_runtime_dir",
    "find",
    "live",
    "publish",
    "remembered",
    "reread",
    "runtime_dir",
    "withdraw",
]
