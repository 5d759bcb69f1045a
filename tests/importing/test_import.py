"""The way back: a module with an MCPServer becomes a notebook that defines the same."""

from __future__ import annotations

import importlib
import json
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import anyio
import nbformat
import pytest
from click.testing import CliRunner
from mcp import Client
from mcp.server.mcpserver import MCPServer

from mcp_notebook import headless
from mcp_notebook.cli import main
from mcp_notebook.errors import NotebookError
from mcp_notebook.export.module.writing import write
from mcp_notebook.importing.notebook import import_server
from mcp_notebook.session.choosing import choose, subject_of

SERVER = '''"""What the shop sells."""

from __future__ import annotations

import logging
from typing import Annotated

from mcp.server.mcpserver import Context, MCPServer
from pydantic import BaseModel, Field

from . import prices
from .helpers import RATE as rate, shout
from shop.models import *

logger = logging.getLogger(__name__)
LIMIT = 10  # how many at once
NAMES = ["tea",
         "milk"]

# The one server of the shop.
mcp = MCPServer("shop", instructions="Sells tea.")


class Order(BaseModel):
    """What somebody wants."""

    what: str
    count: Annotated[int, Field(ge=1, le=LIMIT)] = 1


@mcp.tool()
async def order(order: Order, ctx: Context) -> Bill:
    """Order something."""
    # Money is counted in cents.
    return Bill(text=shout(order.what), cents=prices.of(order.what) * order.count * rate)


@mcp.resource("shop://{name}")
def about(name: str) -> str:
    return shout(name)


@mcp.prompt(title="Sell")
def sell(what: str) -> str:
    return f"Sell {what}"


if __name__ == "__main__":
    mcp.run()
'''

HELPERS = """import logging

logger = logging.getLogger(__name__)
RATE = 2

def shout(text: str) -> str:
    return text.upper()
"""

MODELS = """'''Models.'''
from pydantic import BaseModel


class Bill(BaseModel):
    text: str
    cents: int
"""

SHOP = {
    "__init__.py": "",
    "server.py": SERVER,
    "helpers.py": HELPERS,
    "prices.py": "from .helpers import RATE\n\ndef of(what: str) -> int:\n    return len(what) * RATE\n",
    "models.py": MODELS,
    "__main__.py": "from .server import mcp\nmcp.run()\n",
}

SCRIPT = """from pathlib import Path
from mcp.server.mcpserver import MCPServer
import beside
mcp = MCPServer('s')
HERE = Path(__file__).name
@mcp.tool()
def where() -> str:
    return HERE + beside.suffix
"""

MAKE = "from mcp.server.mcpserver import MCPServer\n"
TWICE = {"server.py": f"{MAKE}from .a import f\nfrom .b import g\nmcp = MCPServer('s')\n",
         "a.py": "def f(): ...\nclass Same: x = 1\n",
         "b.py": "def g(): ...\nclass Same: x = 2\n"}  # fmt: skip


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A package on disk, importable, and forgotten by Python afterwards: other tests have one of the same name."""
    package = tmp_path / "shop"
    lay(package, SHOP)
    monkeypatch.syspath_prepend(str(tmp_path))
    forget_shop()
    yield package
    forget_shop()


def forget_shop() -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "shop"]:
        del sys.modules[name]


def lay(folder: Path, files: Mapping[str, str]) -> None:
    folder.mkdir(parents=True)
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")


async def _lists(server: MCPServer[Any]) -> Any:
    async with Client(server) as client:
        lists = [await client.list_tools(), await client.list_resources(), await client.list_resource_templates(),
                 await client.list_prompts()]  # fmt: skip
    return [each.model_dump(mode="json", by_alias=True, exclude={"ttl_ms", "cache_scope"}) for each in lists]


def lists(server: MCPServer[Any]) -> Any:
    return anyio.run(_lists, server)


def code(notebook: Path) -> list[str]:
    return [cell.source for cell in nbformat.read(notebook, as_version=4).cells if cell.cell_type == "code"]


def lists_of_notebook(notebook: Path) -> Any:
    with headless.run(notebook) as ran:
        return ran.session.portal.run(_lists, choose(ran.session).server)


def test_the_notebook_of_a_package_defines_what_the_package_does(shop: Path, tmp_path: Path) -> None:
    expected = lists(importlib.import_module("shop.server").mcp)
    (tmp_path / "work").mkdir()
    made = import_server(shop, None, tmp_path / "work")
    assert made.notebook == tmp_path / "work" / "shop.ipynb"
    assert lists_of_notebook(made.notebook) == expected
    with headless.run(made.notebook) as ran:
        connection = ran.session.connection(ran.session.live())
        answer = connection.call("order", {"order": {"what": "tea", "count": 2}}).result
        assert answer.structured_content == {"text": "TEA", "cents": 3 * 2 * 2 * 2}


def test_cells_read_as_a_person_would_have_written_them(shop: Path, tmp_path: Path) -> None:
    made = import_server(shop / "server.py", None, tmp_path)
    cells = code(made.notebook)
    assert cells[0] == "%load_ext mcp_notebook"
    assert cells[1].splitlines()[0] == "from __future__ import annotations"
    assert "RATE = 2" in cells[2]
    assert 'LIMIT = 10  # how many at once\nNAMES = ["tea",\n         "milk"]' in "\n".join(cells)
    after = cells.index("%mcp use mcp")
    assert cells[after - 1].startswith("# The one server of the shop.\nmcp = MCPServer(")
    defined = [re.search(r"(?:class|def) (\w+)", cell) for cell in cells[after + 1 :]]
    assert [found and found[1] for found in defined] == ["Order", "order", "about", "sell"]
    assert "    # Money is counted in cents." in cells[after + 2]
    assert "cents=of(order.what) * order.count" in cells[after + 2]
    assert not any("__main__" in cell or "from ." in cell for cell in cells)
    assert any("__main__" in note for note in made.notes)


def test_a_module_that_a_local_name_is_in_the_way_of_stays_a_variable(tmp_path: Path) -> None:
    sets = "def sets() -> int:\n    rate = settings.rate\n    return rate"
    server = f"{sets}\n\ndef all_cents() -> int:\n    return p.cents()\n"
    files = {"settings.py": "rate = 2\n", "prices.py": "def cents() -> int:\n    return 3\n",
             "server.py": f"{MAKE}import settings\nimport prices as p\nmcp = MCPServer('s')\n{server}"}  # fmt: skip
    lay(tmp_path / "p", files)
    cells = code(import_server(tmp_path / "p", None, tmp_path).notebook)
    assert "from types import SimpleNamespace\nsettings = SimpleNamespace(rate=rate)" in "\n".join(cells)
    assert cells[-2:] == [sets, "def all_cents() -> int:\n    return cents()"]


def test_a_server_that_a_function_makes_is_found(tmp_path: Path) -> None:
    make = "def create() -> MCPServer:\n    return MCPServer('s')\nmcp = None\nmcp = create()\nother = create()\n"
    lay(tmp_path / "p", {"server.py": f"{MAKE}{make}if '__main__' == __name__:\n    mcp.run()\n"})
    made = import_server(tmp_path / "p", None, tmp_path)
    assert made.variable == "mcp"
    assert code(made.notebook)[-4:] == ["mcp = None", "mcp = create()", "%mcp use mcp", "other = create()"]
    assert any("%mcp use other" in note for note in made.notes)


def test_there_and_back_again_is_the_same(shop: Path, tmp_path: Path) -> None:
    made = import_server(shop, None, tmp_path)
    with headless.run(made.notebook) as ran:
        choose(ran.session)
        module = write(subject_of(ran.session, None))
        before = ran.session.portal.run(_lists, ran.session.live().server)
    assert [str(found) for found in module.findings if found.weight == "stops"] == []
    lay(tmp_path / "again", {"__init__.py": "", **module.files})
    second = import_server(tmp_path / "again", None, tmp_path)
    assert lists_of_notebook(second.notebook) == before


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"a.py": "x = 1"}, "no module with an MCPServer"),
        ({"server.py": "x = 1"}, "makes no MCPServer"),
        ({"server.py": "x = ("}, "cannot be parsed as Python"),
        (TWICE, "means different things in a.py"),
        (
            {"server.py": f"{MAKE}def f():\n    from . import a\n", "a.py": "x = 1"},
            "line 3: 'from . import a' is not at",
        ),
        (
            {"server.py": f"{MAKE}from . import a\na.x = 2\n", "a.py": "x = 1"},
            "line 3: the module a is assigned a new x",
        ),
        ({"server.py": f"{MAKE}from . import a\nb = vars(a)\n", "a.py": "x = 1"}, "module a is used as a value"),
        ({"server.py": f"{MAKE}from . import a\nb = a.__name__\n", "a.py": "x = 1"}, "module a is used as a value"),
    ],
)
def test_what_cannot_be_a_notebook_is_one_line(tmp_path: Path, files: dict[str, str], said: str) -> None:
    lay(tmp_path / "p", {"__init__.py": "", **files})
    with pytest.raises(NotebookError, match=said) as caught:
        import_server(tmp_path / "p", None, tmp_path)
    assert "\n" not in str(caught.value)


def test_the_shell_writes_it_and_never_over_a_notebook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lay(tmp_path / "scripts", {"where.py": SCRIPT, "beside.py": "suffix = '!'\n"})
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(main, ["import", "scripts/where.py"])
    assert done.exit_code == 0, done.output
    assert "'scripts/where.py'" in done.output
    with headless.run(tmp_path / "where.ipynb") as ran:
        answer = ran.session.connection(choose(ran.session)).call("where", {}).result
        assert answer.structured_content == {"result": "where.py!"}
    again = CliRunner().invoke(main, ["import", "scripts/where.py"])
    assert (again.exit_code, "already exists" in again.output) == (1, True)
    assert CliRunner().invoke(main, ["import", "scripts/where.py", "other.ipynb"]).exit_code == 0
    assert json.loads((tmp_path / "other.ipynb").read_text(encoding="utf-8"))["nbformat"] == 4
