"""The ways in which people make servers and lay out their modules, on their way into a notebook."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from mcp_notebook import headless
from mcp_notebook.cli import main
from mcp_notebook.errors import NotebookError
from mcp_notebook.importing.notebook import Imported, import_server
from mcp_notebook.session.choosing import choose

SDK = "from mcp.server.mcpserver import MCPServer\n"
TOOL = "\n@{}.tool()\ndef twice(a: int) -> int:\n    return 2 * a\n"
GUARD = "if __name__ == '__main__':\n    "


def lay(folder: Path, files: Mapping[str, str]) -> Path:
    for name, text in files.items():
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")
    return folder


def imported(module: Path, **options: Any) -> Imported:
    work = module.parent / "work"
    work.mkdir()
    return import_server(module, None, work, **options)


def answer(made: Imported, tool: str = "twice", **arguments: Any) -> Any:
    """What a tool of the notebook gives."""
    with headless.run(made.notebook) as ran:
        assert list(ran.session.registry.servers) == [made.variable]
        return ran.session.connection(choose(ran.session)).call(tool, arguments or {"a": 4}).result.structured_content


MADE = {
    "aliased": "from mcp.server.mcpserver import MCPServer as S\nmcp = S('s')" + TOOL.format("mcp"),
    "by module": "import mcp.server.mcpserver as m\napp = m.MCPServer('s')" + TOOL.format("app"),
    "dotted": "import mcp.server.mcpserver\napp = mcp.server.mcpserver.MCPServer('s')" + TOOL.format("app"),
    "guarded": "try:\n    from mcp.server.mcpserver import MCPServer as Server\nexcept ImportError:\n"
    "    from mcp.server.fastmcp import FastMCP as Server\nmcp = Server('s')" + TOOL.format("mcp"),
    "annotated": SDK + "mcp: MCPServer[None] = MCPServer('s')" + TOOL.format("mcp"),
    "subscript": SDK + "mcp = MCPServer[None]('s')" + TOOL.format("mcp"),
    "subclass": SDK + "class Base(MCPServer): ...\nclass Mine(Base): ...\nmcp = Mine('s')" + TOOL.format("mcp"),
    "chain": SDK + "app = mcp = MCPServer('s')" + TOOL.format("mcp"),
    "tuple": SDK + "mcp, limit = MCPServer('s'), 3" + TOOL.format("mcp"),
    "either": SDK + "import os\nmcp = MCPServer('a') if os.sep else MCPServer('b')" + TOOL.format("mcp"),
    "if": SDK + "import os\nif os.sep:\n    mcp = MCPServer('s')\nelse:\n    mcp = None" + TOOL.format("mcp"),
    "try": SDK + "try:\n    mcp = MCPServer('s')\nexcept ValueError:\n    raise" + TOOL.format("mcp"),
    "with": SDK + "import contextlib as c\nwith c.suppress(OSError):\n    mcp = MCPServer('s')" + TOOL.format("mcp"),
    "walrus": SDK + "if (mcp := MCPServer('s')).name:\n    pass" + TOOL.format("mcp"),
    "lambda": SDK + "make = lambda: MCPServer('s')\nmcp = make()" + TOOL.format("mcp"),
    "partial": SDK + "import functools\nmake = functools.partial(MCPServer, 's')\nmcp = make()" + TOOL.format("mcp"),
    "factory": SDK + "def make():\n    server = MCPServer('s')\n    return server\nmcp = make()" + TOOL.format("mcp"),
    "factory of a factory": "def make():\n    from mcp.server.mcpserver import MCPServer as S\n    return S('s')\n"
    "def create_server():\n    return make()\nmcp = create_server()" + TOOL.format("mcp"),
    "global": SDK + "mcp = None\ndef setup():\n    global mcp\n    mcp = MCPServer('s')\nsetup()" + TOOL.format("mcp"),
    "class attribute": SDK + "class App:\n    mcp = MCPServer('s')" + TOOL.format("App.mcp"),
    "instance attribute": SDK + "class App:\n    def __init__(self):\n        self.mcp = MCPServer('s')\napp = App()"
    + TOOL.format("app.mcp"),
    "method": SDK + "class App:\n    def create(self):\n        return MCPServer('s')\nmcp = App().create()"
    + TOOL.format("mcp"),
}  # fmt: skip


@pytest.mark.parametrize("way", MADE)
def test_a_server_is_found_whatever_way_it_is_made(tmp_path: Path, way: str) -> None:
    made = imported(lay(tmp_path, {"server.py": MADE[way]}) / "server.py")
    assert answer(made) == {"result": 8}


INSIDE = "    @server.tool()\n    def twice(a: int) -> int:\n        return 2 * a\n    return server\n"


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        (f"def create_server() -> MCPServer:\n    server = MCPServer('s')\n{INSIDE}", "mcp = create_server()"),
        (f"def make(name='s'):\n    server = MCPServer(name)\n{INSIDE}{GUARD}app = make('t')\n", "app = make('t')"),
        (f"async def make():\n    server = MCPServer('s')\n{INSIDE}", "mcp = await make()"),
        (
            "def setup():\n    global mcp\n    mcp = MCPServer('s')\n    @mcp.tool()\n    def twice(a: int) -> int:\n"
            f"        return 2 * a\n{GUARD}setup()\n",
            "setup()",
        ),
    ],
)
def test_a_function_that_nothing_calls_is_called_in_a_cell_that_was_added(tmp_path: Path, text: str, cell: str) -> None:
    made = imported(lay(tmp_path, {"server.py": SDK + text}) / "server.py")
    assert f"An added cell makes the server: {cell}." in made.notes
    assert answer(made) == {"result": 8}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            f"{SDK}def make(name):\n    return MCPServer(name)",
            "line 2: make() makes the server and requires name. Call it",
        ),
        (
            f"{SDK}def main():\n    mcp = MCPServer('s')\n    mcp.run()",
            "line 2: main() makes a server but does not return it",
        ),
        (f"{SDK}{GUARD}mcp = MCPServer('s')\n    mcp.run()", "line 2: the server is made under if __name__"),
        (f"{SDK}MCPServer('s').run()", "line 2: the server is not assigned to a variable"),
        ("from mcp.server.fastmcp import FastMCP\nmcp = FastMCP('s')", "FastMCP (of the SDK before 2) is not"),
        ("from fastmcp import FastMCP\nmcp = FastMCP('s')", "FastMCP (of the package fastmcp) is not the SDK's class."),
        ("import fastmcp\nmcp = fastmcp.FastMCP('s')", "let the import do that with --rename-fastmcp."),
    ],
)
def test_a_server_out_of_reach_is_told_with_what_to_change(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(NotebookError) as caught:
        imported(lay(tmp_path, {"server.py": text}) / "server.py")
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


OLD = """from mcp.server.fastmcp import FastMCP, Context, Image
from mcp.server.fastmcp.exceptions import ToolError

mcp: "FastMCP" = FastMCP("old", "Be kind.", host="0.0.0.0", port=9000, stateless_http=True)


@mcp.tool()
async def twice(a: int, ctx: Context) -> int:
    return 2 * a


def other(server: FastMCP) -> FastMCP:
    return server.get_context() and ctx.session

if __name__ == "__main__":
    mcp.run(transport="streamable-http")
"""

STANDALONE = """import fastmcp
from fastmcp import FastMCP as F, Context
from fastmcp.exceptions import ToolError

mcp = F(name="new", instructions="Be kind.", mask_error_details=True)


@mcp.tool
def twice(a: int) -> int:
    return 2 * a


@mcp.tool(name="thrice", tags={"numbers"})
def _thrice(a: int, ctx: Context) -> int:
    return 3 * a


@mcp.resource("x://{y}", tags={"numbers"})
def one(y: str) -> str:
    return y


@mcp.prompt
def ask() -> str:
    return fastmcp.FastMCP.__name__
"""


@pytest.mark.parametrize(
    ("text", "notes"),
    [
        (
            OLD,
            [
                "server.py, line 4: left out host, port, stateless_http in FastMCP(...). "
                "Pass host, port, stateless_http to run() or the app"
            ],
        ),
        (
            STANDALONE,
            ["line 5: left out mask_error_details in FastMCP(...).", "line 13: left out tags in tool(...)."],
        ),
        ("import mcp.server.fastmcp as f\nmcp = f.FastMCP('s', 'Be kind.')" + TOOL.format("mcp"), []),
        ("from mcp.server import FastMCP\nmcp = FastMCP('s', 'Be kind.')" + TOOL.format("mcp"), []),
    ],
)
def test_the_names_of_fastmcp_are_changed_on_request_and_what_differs_is_said(
    tmp_path: Path, text: str, notes: list[str]
) -> None:
    made = imported(lay(tmp_path, {"server.py": text}) / "server.py", rename_fastmcp=True)
    for note in notes:
        assert any(note in said for said in made.notes), made.notes
    assert answer(made) == {"result": 8}
    with headless.run(made.notebook) as ran:
        server = choose(ran.session).server
        assert (type(server).__name__, server.instructions or "Be kind.") == ("MCPServer", "Be kind.")


def test_what_the_sdk_has_not_is_named_line_by_line(tmp_path: Path) -> None:
    text = (
        "from fastmcp import FastMCP, Client, Context\nmcp = FastMCP('s')\n@mcp.tool\n"
        "def twice(a: int, ctx: Context):\n    return ctx.get_state('x')\nmcp.mount(mcp)\n"
    )
    made = imported(lay(tmp_path, {"server.py": text}) / "server.py", rename_fastmcp=True)
    said = "\n".join(made.notes)
    assert "line 1: the SDK has no Client; change the code that uses it by hand." in said
    assert "line 5: the SDK's Context has no get_state; change that by hand." in said
    assert "line 6: MCPServer has no mount; change that by hand." in said


def test_the_shell_renames_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(lay(tmp_path, {"server.py": OLD}))
    refused = CliRunner().invoke(main, ["import", "server.py"])
    assert (refused.exit_code, "--rename-fastmcp" in refused.output) == (1, True)
    assert CliRunner().invoke(main, ["import", "server.py", "--rename-fastmcp"]).exit_code == 0


PYPROJECT = {"pyproject.toml": ""}

WRAPPING = {
    "aliased function": {"core.py": "def twice(a: int) -> int:\n    return 2 * a\n",
        "server.py": f"{SDK}from .core import twice as _twice\nmcp = MCPServer('s')\n"
                     "@mcp.tool()\ndef twice(a: int) -> int:\n    return _twice(a)\n"},
    "by module": {"core.py": "FACTOR = 2\n\ndef twice(a: int) -> int:\n    return FACTOR * a\n",
        "server.py": f"{SDK}from . import core\nFACTOR = 3\nmcp = MCPServer('s')\n"
                     "@mcp.tool()\ndef twice(a: int) -> int:\n    return core.twice(a)\n"},
    "module kept": {"core.py": "def twice(a: int) -> int:\n    return 2 * a\n",
        "server.py": f"{SDK}from . import core\nmcp = MCPServer('s')\n"
                     "@mcp.tool()\ndef twice(a: int) -> int:\n    core_twice = core.twice(a)\n    return core_twice\n"},
    "recursive": {"core.py": "def twice(a: int) -> int:\n    return 0 if a == 0 else 2 + twice(a - 1)\n",
        "server.py": f"{SDK}from .core import twice as run\nmcp = MCPServer('s')\n"
                     "@mcp.tool()\ndef twice(a: int) -> int:\n    return run(a)\n"},
    "helper of the same name": {
        "a.py": "def _go(a: int) -> int:\n    return a\ndef f(a: int) -> int:\n    return _go(a)\n",
        "b.py": "def _go(a: int) -> int:\n    return -a\ndef g(a: int) -> int:\n    return _go(a)\n",
        "server.py": f"{SDK}from .a import f\nfrom .b import g\nmcp = MCPServer('s')\n"
                     "@mcp.tool()\ndef twice(a: int) -> int:\n    return f(a) - g(a)\n"},
    "imports of the same name": {"a.py": "from json import loads\ndef f(a: int) -> int:\n    return loads('2') * a\n",
        "b.py": "def loads(text: str) -> int:\n    return 1\n",
        "server.py": f"{SDK}from .a import f\nfrom .b import loads\nmcp = MCPServer('s')\n"
                     "@mcp.tool()\ndef twice(a: int) -> int:\n    return f(a) * loads('')\n"},
    "star": {"core.py": "def twice(a: int) -> int:\n    return 2 * a\n",
        "more.py": "from .core import *\ndef again(a: int) -> int:\n    return twice(a)\n",
        "server.py": f"{SDK}from .more import again\nmcp = MCPServer('s')\n"
                     "@mcp.tool()\ndef twice(a: int) -> int:\n    return again(a)\n"},
}  # fmt: skip


@pytest.mark.parametrize("way", WRAPPING)
def test_two_modules_may_use_one_name_for_two_things(tmp_path: Path, way: str) -> None:
    package = lay(tmp_path / "p", {"__init__.py": "", **WRAPPING[way]})
    made = imported(package / "server.py")
    assert answer(made) == {"result": 8}
    assert any(" is now " in note for note in made.notes)


@pytest.mark.parametrize(
    ("files", "said"),
    [
        (
            {"tools.py": "from .app import mcp\n@mcp.tool()\ndef same() -> int:\n    return 1\n",
             "app.py": f"{SDK}mcp = MCPServer('s')\n",
             "server.py": "from .app import mcp\nfrom . import tools\n@mcp.tool()\ndef same() -> int:\n    return 2\n"},
            "same means different things in tools.py and server.py",
        ),
        (
            {"a.py": "n = 0\ndef f() -> None:\n    global n\n    n += 1\n",
             "server.py": f"{SDK}from .a import f\nn = 1\ndef g() -> None:\n    global n\nmcp = MCPServer('s')"},
            "n means different things in a.py and server.py",
        ),
    ],
)  # fmt: skip
def test_a_name_that_clients_see_or_that_functions_rebind_is_not_changed(
    tmp_path: Path, files: dict[str, str], said: str
) -> None:
    lay(tmp_path / "p", {"__init__.py": "", **files})
    with pytest.raises(NotebookError, match=said):
        imported(tmp_path / "p" / "server.py")


HELPER = {"helpers.py": "def double(a: int) -> int:\n    return 2 * a\n"}
USES = f"{SDK}{{}}\nmcp = MCPServer('s')\n@mcp.tool()\ndef twice(a: int) -> int:\n    return double(a)\n"


@pytest.mark.parametrize(
    ("files", "server"),
    [
        ({"__init__.py": "", **HELPER, "server.py": USES.format("from helpers import double")}, "server.py"),
        (
            {"__init__.py": "", "app/__init__.py": "", **HELPER,
             "app/server.py": USES.format("from helpers import double")},
            "app/server.py",
        ),
        (
            {**PYPROJECT, "src/shop/helpers.py": HELPER["helpers.py"],
             "src/shop/server.py": USES.format("from shop.helpers import double")},
            "src/shop/server.py",
        ),
        (
            {**PYPROJECT, "shop_lib/helpers.py": HELPER["helpers.py"], "shop_app/__init__.py": "",
             "shop_app/server.py": USES.format("from shop_lib.helpers import double")},
            "shop_app/server.py",
        ),
    ],
)  # fmt: skip
def test_modules_are_found_though_init_files_are_elsewhere(
    tmp_path: Path, files: dict[str, str], server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = lay(tmp_path / "project", files)
    (tmp_path / "work").mkdir()
    made = import_server(project / server, None, tmp_path / "work")
    assert answer(made) == {"result": 8}


def test_a_module_that_is_nowhere_is_named(tmp_path: Path) -> None:
    text = USES.format("from nowhere_at_all import double")
    made = imported(lay(tmp_path, {"server.py": text}) / "server.py")
    assert any("server.py, line 2: there is no module nowhere_at_all here." in note for note in made.notes)


def test_a_folder_named_as_an_installed_package_is_not_taken_for_it(tmp_path: Path) -> None:
    files = {"pyproject.toml": "", "mcp/server.py": MADE["annotated"] + "from mcp import Client\n", "mcp/types.py": ""}
    made = imported(lay(tmp_path, files) / "mcp" / "server.py")
    assert answer(made) == {"result": 8}
