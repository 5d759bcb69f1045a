"""Events in an exported package: the types, the functions, and what a tool emits."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.support.shells import Shell

CELLS = (
    "from mcp_notebook import NotebookServer\nfrom pydantic import BaseModel\nshop = NotebookServer('shop')",
    "ORDERS = [{'customer': 'Ada'}]",
    '%%mcp_event order.placed --server shop --description "Somebody ordered."\n'
    "def orders(cursor: int = 0):\n    return ORDERS[cursor:], len(ORDERS)",
    "%%mcp_event stock.low --server shop\nclass Stock(BaseModel):\n    'Nearly gone.'\n    item: str",
    "%%mcp_tool --server shop\ndef order(customer: str) -> str:\n    'Order.'\n"
    "    ORDERS.append({'customer': customer})\n    shop.emit('stock.low', {'item': 'tea'})\n    return 'ok'",
    "shop.emit('trial', {'n': 1})",
)

TRIED = """
import anyio
from mcp.client import Client
from mcp_types import Request, Result
from pydantic import ConfigDict
from shopping.server import orders, shop

class Anything(Result):
    model_config = ConfigDict(extra="allow")

async def main():
    async with Client(shop) as client:
        async def ask(method, **params):
            found = await client.session.send_request(Request[dict, str](method=method, params=params), Anything)
            return found.model_dump()
        print([(one["name"], one.get("description")) for one in (await ask("events/list"))["events"]])
        cursors = {n: (await ask("events/poll", name=n))["cursor"] for n in ("order.placed", "stock.low")}
        await client.call_tool("order", {"customer": "Bob"})
        for name, cursor in cursors.items():
            print([one["data"] for one in (await ask("events/poll", name=name, cursor=cursor))["events"]])

anyio.run(main)
"""


def test_a_package_has_the_types_of_events_and_emits_without_this_project(shell: Shell, tmp_path: Path) -> None:
    exported = shell.good(*CELLS, f"%mcp export {tmp_path / 'shopping'} --dry-run --server shop")
    source = exported.server_file
    assert "@events.event('order.placed', description='Somebody ordered.')" in source.replace('"', "'")
    assert "shop = MCPServer('shop', extensions=[events])" in source.replace('"', "'")
    assert "events.emit('stock.low', {'item': 'tea'})" in source.replace('"', "'")
    assert "shop.emit" not in source
    assert "events.declare('stock.low', payload=Stock, description='Nearly gone.')" in source.replace('"', "'")
    assert not [finding for finding in exported.findings if finding.weight != "notes"]
    package = tmp_path / "shopping"
    for path, text in exported.files.items():
        if path.startswith("src/shopping/"):
            written = package / path.removeprefix("src/shopping/")
            written.parent.mkdir(parents=True, exist_ok=True)
            written.write_text(text, encoding="utf-8")
            assert "mcp_notebook" not in text
    done = subprocess.run([sys.executable, "-c", TRIED], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.stdout.splitlines() == [
        "[('order.placed', 'Somebody ordered.'), ('stock.low', 'Nearly gone.'), ('trial', None)]",
        "[{'customer': 'Bob'}]",
        "[{'item': 'tea'}]",
    ], done.stderr
