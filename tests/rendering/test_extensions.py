from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from mcp.server.extension import Extension
from mcp.server.mcpserver import MCPServer

from mcp_notebook import connect
from mcp_notebook.client import Connection
from mcp_notebook.rendering.connection import connection_card
from mcp_notebook.rendering.extensions import extension_rows
from mcp_notebook.rendering.overview import Lists, overview
from mcp_notebook.server import sdk_gaps
from mcp_notebook.server.extensions.skills import Skills


class Evil(Extension):
    identifier = "example.test/x"


@pytest.fixture
def connection() -> Iterator[Connection]:
    with sdk_gaps.quiet_construction():
        server: MCPServer[Any] = MCPServer("shop", extensions=[Skills(), Evil()])
    with connect(server) as connection:
        yield connection


def test_both_sides_are_named_and_what_a_client_without_gets(connection: Connection) -> None:
    assert extension_rows(connection) == [
        ("extensions", "skills, example.test/x"),
        ("", "a client without skills: it sees the files of skills as resources"),
    ]
    connection.extensions.append("example.test/x")
    assert ("", "this client declares example.test/x too") in extension_rows(connection)


def test_the_card_and_the_workbench_have_the_rows(connection: Connection) -> None:
    for rendering in (connection_card(connection), overview(connection, Lists())):
        assert "skills, example.test/x" in rendering.text
        assert "a client without skills" in rendering.html


def test_a_server_without_extensions_has_no_row() -> None:
    with sdk_gaps.quiet_construction():
        server: MCPServer[Any] = MCPServer("plain")
    with connect(server) as connection:
        assert extension_rows(connection) == []
