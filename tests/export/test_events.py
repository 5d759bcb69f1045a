"""Events in an exported package: the types, the functions, and what a tool emits."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.packages import listening
from tests.support.raw_http import RawClient, envelope, modern_headers
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


MAKE = (
    "from mcp_notebook import NotebookServer\nshop = NotebookServer('shop')\nLOG = []",
    "%%mcp_event stock.low --server shop\nfrom pydantic import BaseModel\nclass Stock(BaseModel):\n    item: str",
)
OUT = "shop.emit('stock.low', {'item': item})"
RADIO = "class Radio:\n    def emit(self, *a): LOG.append(a)\nradio = Radio()"
HAPPENING = "from mcp_notebook.server.extensions.events import Happening"
TOOL = "%%mcp_tool --server shop\ndef sell(item: str) -> str:\n    'Sell.'\n    {}\n    return item"


def dry(shell: Shell, tmp_path: Path, *cells: str) -> tuple[str, list[str]]:
    """Return the source of the server and the findings that are more than notes."""
    found = shell.good(*cells, f"%mcp export {tmp_path / 'shopping'} --dry-run --server shop")
    return found.server_file, [str(finding) for finding in found.findings if finding.weight != "notes"]


@pytest.mark.parametrize(
    ("cells", "line"),
    [
        ([f"def tell(item):\n    {OUT}", TOOL.format("tell(item)")], 'events.emit("stock.low", {"item": item})'),
        (["store = shop", TOOL.format(OUT.replace("shop", "store"))], 'events.emit("stock.low", {"item": item})'),
        (["tell = shop.emit", TOOL.format("tell('stock.low', {'item': item})")], "tell = events.emit"),
        ([TOOL.format("getattr(shop, 'emit')('stock.low', {'item': item})")], 'getattr(events, "emit")("stock.low"'),
        (
            [RADIO, TOOL.format("radio.emit('stock.low')")],
            'radio.emit("stock.low")',
        ),
        ([TOOL.format("LOG.append(lambda signal: signal.emit('changed', item))")], 'signal.emit("changed", item)'),
    ],
)
def test_a_server_emits_by_the_extension_however_it_is_named(
    shell: Shell, tmp_path: Path, cells: list[str], line: str
) -> None:
    source, findings = dry(shell, tmp_path, *MAKE, *cells)
    assert (line in source, findings) == (True, []), source


@pytest.mark.parametrize(
    ("cells", "name"),
    [
        (["def tell(to, item):\n    to.emit('stock.low', {'item': item})", TOOL.format("tell(shop, item)")], "to.emit"),
        ([TOOL.format("{'a': shop}['a'].emit('stock.low', {'item': item})")], "{'a': shop}['a'].emit"),
    ],
)
def test_what_emits_in_a_way_that_cannot_be_seen_stops(
    shell: Shell, tmp_path: Path, cells: list[str], name: str
) -> None:
    _, (finding,) = dry(shell, tmp_path, *MAKE, *cells)
    assert name in finding
    assert "write shop.emit(...) here" in finding


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="a process cannot be asked to stop there")
def test_a_server_that_stops_ends_the_streams_of_events(shell: Shell, tmp_path: Path) -> None:
    shell.good(*CELLS, f"%mcp export {tmp_path / 'shopping'} --server shop --no-proof")
    params = envelope({"name": "stock.low", "maxAgeMs": 0})
    opened = {"jsonrpc": "2.0", "id": 7, "method": "events/stream", "params": params}
    command = ("-m", "shopping", "--transport", "http")
    patient = {"SHOPPING_TOKEN": "teas", "SHOPPING_GRACE_SECONDS": "60"}
    with (
        listening(tmp_path / "shopping", *command, **patient) as (url, process),
        RawClient(f"{url}/mcp", "teas") as client,
        client.http.stream(
            "POST", f"{url}/mcp", json=opened, headers=modern_headers("events/stream", params)
        ) as response,
    ):
        lines = response.iter_lines()
        assert "notifications/events/active" in next(line for line in lines if line.startswith("data:"))
        process.send_signal(signal.SIGTERM)
        last = [line for line in lines if line.startswith("data:")][-1]
        process.wait(timeout=30)  # of the 60 seconds
    assert '"id":7' in last
    assert '"resultType":"complete"' in last


def test_a_server_that_has_not_emitted_yet_has_to_declare_its_events(shell: Shell, tmp_path: Path) -> None:
    _, (finding,) = dry(shell, tmp_path, MAKE[0], TOOL.format(OUT))
    assert "the server has no type of events so far" in finding
    assert "%%mcp_event" in finding


def test_the_events_of_another_server_are_not_carried(shell: Shell, tmp_path: Path) -> None:
    other = "other = NotebookServer('other')\nother.emit('stock.low', {'item': 'tea'})"
    _, (finding,) = dry(shell, tmp_path, MAKE[0], other, TOOL.format(OUT.replace("shop", "other")))
    assert "not these: events" in finding


def test_a_class_that_is_another_one_by_now_stops(shell: Shell, tmp_path: Path) -> None:
    _, (finding,) = dry(shell, tmp_path, *MAKE, "class Stock(BaseModel):\n    item: int", TOOL.format(OUT))
    assert "Run the cell of the event again" in finding


@pytest.mark.parametrize(
    ("line", "written"),
    [
        (HAPPENING, "from .extensions.events import Events, Happening"),
        (
            f"{HAPPENING} as H\nHappening = H",
            "from .extensions.events import Happening as H",
        ),
        (
            f"def Happening(data):\n    {HAPPENING} as H\n    return H(data)",
            "    from .extensions.events import Happening as H",
        ),
    ],
)
def test_happening_comes_from_the_package(shell: Shell, tmp_path: Path, line: str, written: str) -> None:
    event = "%%mcp_event sold --server shop\ndef sold(cursor: int = 0):\n    return [Happening({})], 1"
    source, findings = dry(shell, tmp_path, MAKE[0], line, "LOG.append(Happening({'a': 1}))", event)
    assert (written in source, findings) == (True, []), source
    assert "mcp_notebook" not in source
