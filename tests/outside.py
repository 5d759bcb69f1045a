"""A client of another process: what an agent's host does. URL on the command line, token in the environment."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

PROGRAM = """
import asyncio, json, os, sys
import httpx2
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

async def main(url, mode, tool, arguments):
    headers = {"Authorization": "Bearer " + os.environ["TOKEN"]}
    async with httpx2.AsyncClient(headers=headers) as http:
        async with Client(streamable_http_client(url, http_client=http), mode=mode) as client:
            names = [tool.name for tool in (await client.list_tools()).tools]
            result = await client.call_tool(tool, json.loads(arguments))
            print(json.dumps([names, result.structured_content, result.is_error, client.protocol_version]))

asyncio.run(main(*sys.argv[1:]))
"""


def call(url: str, token: str, tool: str, arguments: dict[str, Any], mode: str = "auto") -> list[Any]:
    """Return the names of the tools, the structured result, whether it is an error, and the protocol version."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, url, mode, tool, json.dumps(arguments)],
        env={**os.environ, "TOKEN": token},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
