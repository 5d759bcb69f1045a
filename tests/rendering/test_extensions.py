from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from mcp.server.extension import Extension
from mcp.server.mcpserver import MCPServer

from mcp_notebook import connect
from mcp_notebook.client import Connection
from mcp_notebook.rendering.connection import connection_card
from mcp_notebook.rendering.extensions import extensions_part
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
    lines, html = extensions_part(connection)
    assert [" ".join(line.split()) for line in lines] == [
        "extensions",
        "extension this client a client without it",
        "skills need not declare it sees the files of skills as resources",
        "example.test/x does not declare it",
    ]
    assert html.count("<tr>") == 3
    connection.extensions.append("example.test/x")
    assert extensions_part(connection)[0][-1].split(maxsplit=1) == ["example.test/x", "declares it"]


def test_the_card_and_the_workbench_have_the_part(connection: Connection) -> None:
    for rendering in (connection_card(connection), overview(connection, Lists())):
        assert "example.test/x  does not declare it" in rendering.text
        assert "sees the files of skills as resources" in rendering.html


def test_a_server_without_extensions_has_no_part() -> None:
    with sdk_gaps.quiet_construction():
        server: MCPServer[Any] = MCPServer("plain")
    with connect(server) as connection:
        assert extensions_part(connection) == ([], "")
