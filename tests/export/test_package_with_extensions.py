"""A package with all of the protocol's extensions, proven in an environment of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from mcp_notebook.export.report import Exported
from tests.support.shells import Shell

TASK = """
%%mcp_tool --task --server shop
from mcp.server.mcpserver import Context
from pydantic import BaseModel

class Sure(BaseModel):
    ok: bool

async def restock(items: list[str], ctx: Context) -> str:
    "Order all that is nearly gone."
    for count, item in enumerate(items, 1):
        await ctx.report_progress(count, len(items), f"asking for {item}")
    answer = await ctx.elicit(f"Order {len(items)} items?", Sure)
    if answer.action != "accept":
        raise ValueError("nobody agreed")
    for item in items:
        tell(item)
    return f"ordered {len(items)}"

def _count(items: list[str]) -> int:
    return len(items)
"""

EMITS = """
def tell(item: str) -> None:
    "Tell that an item is nearly gone."
    shop.emit("stock.low", {"item": item, "left": 1}, id=f"low-{item}")
"""

EVENT = """
%%mcp_event order.placed --server shop
from datetime import datetime, timezone

from mcp_notebook.server.extensions.events import Happening

def orders(cursor: int = 0, customer: str = ""):
    "An order was placed."
    made = datetime(2026, 11, 1, tzinfo=timezone.utc)
    new = [Happening(o, id=f"order-{i}", time=made) for i, o in enumerate(ORDERS[cursor:], cursor)]
    return [one for one in new if customer in ("", one.data["customer"])], len(ORDERS)
"""

STOCK = """
%%mcp_event stock.low --server shop
from pydantic import BaseModel

class Stock(BaseModel):
    "An item is nearly gone."
    item: str
    left: int
"""

CALLS = """
from mcp_notebook import connect
with connect(shop) as one, connect(shop, era="legacy") as legacy, connect(shop, extensions="none") as plain:
    one.call("restock", {"items": ["tea", "milk"]}, answers=[{"ok": True}])
    one.call("restock", {"items": ["tea"]}, answers=["decline"])
    legacy.call("restock", {"items": []}, answers=[{"ok": True}])
    plain.call("stock")
    one.call("stock", {"least": 5})
    one.read("skill://acme/refunds/scripts/refund.py")
    one.read("skill://acme/refunds/assets/logo.png")
"""

CELLS = [
    "from mcp_notebook import NotebookServer\nshop = NotebookServer('shop')\nORDERS = [{'customer': 'Ada'}]",
    EMITS.strip(),
    TASK.strip(),
    EVENT.strip(),
    STOCK.strip(),
    "%mcp skill refunds --prefix acme --server shop",
    "%%mcp_tool --read-only --view table --server shop\ndef stock(least: int = 0) -> list[dict]:\n"
    "    'Return what is there.'\n    return [{'item': 'tea', 'left': 7}][: 1 if least < 7 else 0]",
    "%%mcp_tool --app page --server shop\ndef greet() -> str:\n    'Greet.'\n    return 'hi'\n"
    "def page() -> str:\n    return '<p>hi</p>'",
    "shop.emit('stock.low', {'item': 'coffee', 'left': 0})",
    CALLS,
]


@pytest.fixture
def skill(tmp_path: Path) -> Path:
    folder = tmp_path / "refunds"
    for part in ("scripts", "assets"):
        (folder / part).mkdir(parents=True)
    (folder / "SKILL.md").write_text(
        "---\nname: refunds\ndescription: Use it for refunds.\n---\nRun scripts/refund.py.\n"
    )
    (folder / "scripts" / "refund.py").write_text("import sys,os\nprint( sys.argv )\n")
    (folder / "assets" / "logo.png").write_bytes(b"\x89PNG\r\n\x1a\n\xff\x00")
    return folder


@pytest.mark.slow
@pytest.mark.usefixtures("skill")
def test_all_extensions_are_proven_and_an_edit_of_one_is_not(shell: Shell, tmp_path: Path) -> None:
    found = shell.good(*CELLS, "%mcp export package --server shop --name shopping")
    assert isinstance(found, Exported)
    assert [str(finding) for finding in found.findings if finding.weight != "notes"] == []
    assert found.proof is not None
    assert found.proof.ok, found.proof.markdown
    rows = {row.what: (row.stdio, row.http) for row in found.proof.rows}
    both = ("equal", "equal")
    for what in ("skills (1)", "events (2)", "app pages (2)", "recorded calls (11)"):
        assert rows[what] == both
    readme = (tmp_path / "package" / "README.md").read_text(encoding="utf-8")
    assert "## Extensions" in readme

    source = tmp_path / "package" / "src" / "shopping"
    for path, old, new in (
        ("skills/acme/refunds/SKILL.md", b"Run ", b"Do not run "),
        ("apps/tools-stock.html", b"<title>table", b"<title>Table"),
        ("server.py", b"left: int", b"left: float"),
        ("server.py", b'"ordered', b'"has ordered'),
    ):
        content = (source / path).read_bytes()
        assert old in content, path
        (source / path).write_bytes(content.replace(old, new))
    again = shell.good("%mcp export package --server shop --name shopping")
    failed = [row.what for row in again.proof.rows if not row.ok]
    assert [*failed[:4]] == ["skills (1)", "events (2)", "app pages (2)", "recorded calls (11)"]
