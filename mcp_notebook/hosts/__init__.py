"""Hosts, the applications with an MCP client: the format of their configuration, and writing it."""

from mcp_notebook.hosts.configuration import (
    BridgeLink,
    CommandLink,
    HttpLink,
    Link,
    add_command,
    document,
    server_key,
    snippet,
    token_hint,
)
from mcp_notebook.hosts.names import TITLES
from mcp_notebook.hosts.table import HOSTS, Host
from mcp_notebook.hosts.writing import Written, write

__all__ = [
    "HOSTS",
    "TITLES",
    "BridgeLink",
    "CommandLink",
    "Host",
    "HttpLink",
    "Link",
    "Written",
    "add_command",
    "document",
    "server_key",
    "snippet",
    "token_hint",
    "write",
]
