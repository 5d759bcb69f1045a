"""A server listens on the background loop."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator

import pytest

from mcp_notebook import NotebookServer
from mcp_notebook.portal import Portal
from mcp_notebook.server.hosting import Endpoint, Listener

META = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientCapabilities": {},
}


@pytest.fixture
def listener() -> Iterator[Listener]:
    server = NotebookServer("shelf")

    @server.tool()
    def count() -> int:
        return 3

    portal = Portal()
    listener = Listener(portal, server, name="shelf", endpoint=Endpoint(token=None))
    yield listener
    listener.stop()
    portal.close()


@pytest.mark.parametrize("name", ["count", "count \t", " count "])
def test_whitespace_around_a_header_is_no_part_of_it(listener: Listener, name: str) -> None:
    request = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "count", "_meta": META}}
    headers = {
        "Content-Type": "application/json",
        "Accept": "application/json, text/event-stream",
        "Mcp-Protocol-Version": "2026-07-28",
        "Mcp-Method": "tools/call",
        "Mcp-Name": name,
    }
    # httpx refuses to send such a header.
    connection = http.client.HTTPConnection("127.0.0.1", listener.endpoint.port, timeout=10)
    connection.request("POST", "/mcp", json.dumps(request), headers)
    response = connection.getresponse()
    answer = json.loads(response.read())
    connection.close()
    assert response.status == 200, answer
    assert answer["result"]["structuredContent"] == {"result": 3}
