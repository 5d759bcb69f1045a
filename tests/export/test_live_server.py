"""What is done to a live server between making and exporting it is in the package, or stops the export."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.tools import Tool
from mcp_types import ToolAnnotations

from mcp_notebook.export import exporting
from mcp_notebook.export.findings import Finding
from mcp_notebook.export.likeness.anatomy import Anatomy
from mcp_notebook.export.likeness.comparing import Source, Unlike, unlike
from mcp_notebook.export.likeness.live import anatomy_of
from mcp_notebook.export.module.writing import Module, write
from mcp_notebook.session.choosing import subject_of
from tests.support.shells import Shell

SERVER = "import functools\nfrom mcp.server.mcpserver import MCPServer\nmcp = MCPServer('library')"
TOOLS = """
@mcp.tool()
def look(name: str = "x") -> str:
    "Look a name up."
    return name

@mcp.resource("notes://{day}")
def notes(day: str) -> str:
    return day

@mcp.prompt()
def advise(topic: str) -> str:
    return topic
"""
GUARD = """
def guarded(function):
    @functools.wraps(function)
    def checked(*args, **kwargs):
        raise PermissionError("no key")
    return checked
"""


@pytest.fixture(autouse=True)
def as_they_were() -> Iterator[None]:
    """Give the SDK's classes their methods back."""
    kept = [(kind, name, value) for kind in (MCPServer, Tool) for name, value in vars(kind).items()]
    yield
    for kind, name, value in kept:
        if vars(kind)[name] is not value:
            setattr(kind, name, value)


def exported(shell: Shell, *cells: str) -> Module:
    shell.good(*cells)
    return write(subject_of(shell.session))


def stops(module: Module) -> list[Finding]:
    return [finding for finding in module.findings if finding.weight == "stops"]


def differences(shell: Shell, module: Module, folder: Path) -> list[Unlike]:
    """Import the package, and say in what its server is another one than the live one."""
    name = f"package_{folder.name}"
    (folder / name).mkdir()
    for file, text in {"__init__.py": "", **module.files}.items():
        (folder / name / file).write_text(text)
    subject = subject_of(shell.session)
    found = anatomy_of(subject.server, subject.namespace)  # first, since the package may change what both have
    classes = {kind: dict(vars(kind)) for kind in (MCPServer, Tool)}
    for kind, name_of, value in [(kind, n, v) for kind, has in UNTOUCHED.items() for n, v in has.items()]:
        if classes[kind][name_of] is not value:
            setattr(kind, name_of, value)
    server = getattr(importlib.import_module(f"{name}.server"), module.variable)
    made_of = Anatomy({name}).of(server)
    sys.modules.pop(f"{name}.server")
    return unlike(found, made_of, Source.of(module.carried, module.files))


UNTOUCHED = {kind: dict(vars(kind)) for kind in (MCPServer, Tool)}

EACH = "for tool in server._tool_manager.list_tools():\n        tool.fn = guarded(tool.fn)"

DONE: dict[str, str | list[str]] = {
    "a function that is given the server wraps each tool": f"def protect(server):\n    {EACH}\nprotect(mcp)",
    "in another cell": [f"def protect(server):\n    {EACH}", "protect(mcp)"],
    "by a keyword": f"def protect(*, server):\n    {EACH}\nprotect(server=mcp)",
    "a function that knows the server by its variable": f"def protect():\n    server = mcp\n    {EACH}\nprotect()",
    "a function that calls another": f"def inner(server):\n    {EACH}\ndef protect(s):\n    inner(s)\nprotect(mcp)",
    "a loop": "for tool in mcp._tool_manager.list_tools():\n    tool.fn = guarded(tool.fn)",
    "a comprehension": "[setattr(tool, 'fn', guarded(tool.fn)) for tool in mcp._tool_manager.list_tools()]",
    "a variable of a tool": "tool = mcp._tool_manager.get_tool('look')\ntool.fn = guarded(tool.fn)",
    "the attributes as a dict": "def swap(s, f):\n    vars(s._tool_manager._tools['look'])['fn'] = f\n"
    "swap(mcp, guarded(look))",
    "a callback": "hooks = [guarded]\ndef protect(s):\n    for t in s._tool_manager._tools.values():\n"
    "        for hook in hooks:\n            t.fn = hook(t.fn)\nprotect(mcp)",
    "a lambda in a list": "hooks = [\n"
    "    lambda s: [setattr(t, 'fn', guarded(t.fn)) for t in s._tool_manager.list_tools()]\n]\n"
    "for hook in hooks:\n    hook(mcp)",
    "a class": f"class Key:\n    def protect(self, server):\n        {EACH.replace(chr(10), chr(10) + '    ')}\n"
    "Key().protect(mcp)",
    "a found server": "import gc\nservers = [o for o in gc.get_objects() if isinstance(o, MCPServer) and o is mcp]\n"
    "for s in servers:\n    for t in s._tool_manager.list_tools():\n        t.fn = guarded(t.fn)",
    "a thread": "import threading\ndef work():\n    for t in mcp._tool_manager.list_tools():\n"
    "        t.fn = guarded(t.fn)\n"
    "thread = threading.Thread(target=work)\nthread.start()\nthread.join()",
    "code in a text": "exec('for t in s._tool_manager.list_tools(): t.fn = guarded(t.fn)',"
    " {'s': mcp, 'guarded': guarded})",
    "another tool object": "from mcp.server.mcpserver.tools import Tool\ndef swap(tools):\n"
    "    tools['look'] = Tool.from_function(guarded(look), name='look')\nswap(mcp._tool_manager._tools)",
    "a tool that protects the others": "@mcp.tool()\ndef lock() -> str:\n    t = mcp._tool_manager.get_tool('look')\n"
    "    t.fn = guarded(t.fn)\n    return 'locked'\nlock()",
    "another function": "def strict() -> str:\n    return 'no'\nmcp._tool_manager._tools['look'].fn = strict",
    "a prompt's function": "def protect(s):\n    for p in s._prompt_manager.list_prompts():\n"
    "        p.fn = guarded(p.fn)\nprotect(mcp)",
    "a template's function": "def protect(s):\n    for t in s._resource_manager._templates.values():\n"
    "        t.fn = guarded(t.fn)\nprotect(mcp)",
    "a method of the server": "def protect(s):\n    s.call_tool = guarded(s.call_tool)\nprotect(mcp)",
    "a method of its class": "MCPServer.call_tool = guarded(MCPServer.call_tool)",
    "a method of the class of tools": "from mcp.server.mcpserver.tools import Tool\nTool.run = guarded(Tool.run)",
    "a method of a tool": "object.__setattr__(mcp._tool_manager.get_tool('look'), 'run', guarded(look))",
    "middleware": "class Guard:\n    async def __call__(self, ctx, call_next):\n        return await call_next(ctx)\n"
    "def chain():\n    return mcp.middleware\nchain().append(Guard())",
    "middleware by a function": "async def watch(ctx, call_next):\n    return await call_next(ctx)\n"
    "def install(s):\n    s.middleware.insert(0, watch)\ninstall(mcp)",
    "a low-level handler": "from mcp_types import PaginatedRequestParams, ListToolsResult\n"
    "async def nothing(ctx, params):\n    return ListToolsResult(tools=[])\n"
    "def install(low):\n    low.add_request_handler('tools/list', PaginatedRequestParams, nothing)\n"
    "install(mcp._lowlevel_server)",
    "a completion handler": "def install(s):\n    @s.completion()\n    async def complete(ref, argument, context):\n"
    "        return None\ninstall(mcp)",
    "a route": "async def admin(request):\n    return None\ndef install(s):\n"
    "    s.custom_route('/admin', methods=['GET'])(admin)\ninstall(mcp)",
    "the settings": "def install(s):\n    s.settings.debug = True\ninstall(mcp)",
    "the instructions": "def install(s):\n    s._lowlevel_server.instructions = 'Ask first.'\ninstall(mcp)",
    "a description": "def install(s):\n    s._tool_manager._tools['look'].description = 'Never.'\ninstall(mcp)",
    "annotations": "from mcp_types import ToolAnnotations\ndef install(s):\n"
    "    for t in s._tool_manager.list_tools():\n        t.annotations = ToolAnnotations(read_only_hint=True)\n"
    "install(mcp)",
    "a schema": "def install(s):\n    s._tool_manager._tools['look'].parameters['additionalProperties'] = False\n"
    "install(mcp)",
    "a partial": "def twice(function, times):\n    return function()\n"
    "mcp._tool_manager._tools['look'].fn = functools.partial(twice, look, times=2)",
    "the class of the server": "class Strict(MCPServer):\n    async def call_tool(self, *a, **k):\n"
    "        raise PermissionError\nmcp.__class__ = Strict",
}


@pytest.mark.parametrize("adopted", [False, True], ids=["plain", "adopted"])
@pytest.mark.parametrize("done", DONE, ids=lambda key: key.replace(" ", "_"))
def test_what_is_done_to_a_live_server_is_carried_or_stops(
    shell: Shell, tmp_path: Path, done: str, *, adopted: bool
) -> None:
    cells = [DONE[done]] if isinstance(DONE[done], str) else DONE[done]
    module = exported(shell, SERVER, *(["%mcp use mcp"] if adopted else []), TOOLS, GUARD, *cells)
    if not stops(module):
        found = [each.about for each in differences(shell, module, tmp_path)]
        # Once the server is adopted, its own call_tool is what it was, whatever becomes of its class.
        unlike_here = ["the server's call_tool"] if adopted and done in OF_CLASSES else []
        assert found == unlike_here, module.files["server.py"]


OF_CLASSES = {"a method of its class", "the class of the server"}


@pytest.mark.parametrize("done", ["a thread", "code in a text", "a tool that protects the others"])
def test_what_cannot_be_carried_stops_with_a_line_that_says_what_differs(shell: Shell, done: str) -> None:
    (finding,) = stops(exported(shell, SERVER, TOOLS, GUARD, str(DONE[done])))
    assert finding.cell == 3
    assert finding.name == "checked"
    assert "tool look" in finding.what


CHANGED = {
    "description": "tool.description = 'Never.'",
    "title": "tool.title = 'Look'",
    "annotations": "tool.annotations = hints",
    "meta": "tool.meta = {'a': 1}",
    "input schema": "tool.parameters['properties']['name']['maxLength'] = 3",
}


@pytest.mark.parametrize("field", CHANGED)
def test_an_entry_that_was_changed_out_of_sight_stops_without_a_proof(shell: Shell, field: str) -> None:
    code = f"tool = server._tool_manager.get_tool('look'); {CHANGED[field]}"
    shell.good("from mcp_types import ToolAnnotations")
    cells = (SERVER, TOOLS, f"exec({code!r}, {{'server': mcp, 'hints': ToolAnnotations(read_only_hint=True)}})")
    (finding,) = stops(exported(shell, *cells))
    assert (finding.cell, finding.name) == (3, "look")
    assert field in finding.what


DECORATED = {
    "plain": "@mcp.tool()\ndef add(a: int) -> int:\n    return a",
    "a decorator": "@mcp.tool()\n@guarded\ndef add(a: int) -> int:\n    return a",
    "a decorator that was made": "def make(n):\n    return guarded\nlimited = make(3)\n"
    "@mcp.tool()\n@limited\ndef add(a: int) -> int:\n    return a",
    "a lambda": "mcp.add_tool(lambda a: a, name='add')",
    "a partial": "def both(a: int, b: int) -> int:\n    return a + b\npart = functools.partial(both, b=2)\n"
    "part.__name__ = 'add'\npart.__doc__ = 'Add.'\nmcp.add_tool(part, name='add')",
    "a method": "class Shop:\n    def __init__(self):\n        self.sold = []\n    def sell(self, name: str) -> str:\n"
    "        self.sold.append(name)\n        return name\nshop = Shop()\nmcp.add_tool(shop.sell)",
    "an object that is called": "class Seller:\n    __name__ = 'sell'\n    def __call__(self, name: str) -> str:\n"
    "        return name\nmcp.add_tool(Seller(), name='sell')",
    "a function of a library": "import json\nfrom textwrap import shorten\n"
    "@mcp.tool()\ndef cut(text: str) -> str:\n    return shorten(text, 10)",
    "what remembers": "@mcp.tool()\n@functools.lru_cache\ndef square(n: int) -> int:\n    return n * n",
    "what closes over data": "def counter():\n    seen = []\n    def count() -> int:\n        seen.append(1)\n"
    "        return len(seen)\n    return count\nmcp.add_tool(counter(), name='count')",
    "in a loop": "for word in ('a', 'b'):\n    @mcp.tool(name=f'say_{word}')\n    def say(word: str = word) -> str:\n"
    "        return word",
    "through a library's decorator": "from contextlib import contextmanager\nfrom pydantic import validate_call\n"
    "@mcp.tool()\n@validate_call\ndef add(a: int) -> int:\n    return a",
    "a function that is bound to another thing later": "@mcp.tool()\ndef add(a: int) -> int:\n    return a\nadd = 3",
    "a model": "from pydantic import BaseModel\nclass Book(BaseModel):\n    title: str\n"
    "@mcp.tool()\ndef book() -> Book:\n    return Book(title='x')",
    "hints that two tools share": "%%mcp_tool --read-only\ndef add(a: int) -> int:\n    return a + 1\n\n\n"
    "def take(a: int) -> int:\n    return a - 1",
    "an import within": "@mcp.tool()\ndef root(n: float) -> float:\n    import math\n    return math.sqrt(n)",
}


@pytest.mark.parametrize("twice", [False, True], ids=["once", "run_again"])
@pytest.mark.parametrize("cell", DECORATED.values(), ids=[key.replace(" ", "_") for key in DECORATED])
def test_what_is_usual_does_not_stop_and_is_the_same(shell: Shell, tmp_path: Path, cell: str, *, twice: bool) -> None:
    module = exported(shell, SERVER, "%mcp use mcp", TOOLS, GUARD, *([cell] * (2 if twice else 1)))
    assert stops(module) == [], module.findings
    assert differences(shell, module, tmp_path) == [], module.files["server.py"]


@pytest.mark.parametrize(("name", "counts"), [("readOnlyHint", False), ("read_only_hint", True)])
def test_a_library_may_add_a_name_to_a_model_and_not_replace_one(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, name: str, *, counts: bool
) -> None:
    shell.good(SERVER, "from mcp_types import ToolAnnotations")
    shell.good("@mcp.tool(annotations=ToolAnnotations(title='Hinted'))\ndef hinted() -> str:\n    return 'x'")
    library: dict[str, Any] = {"__name__": "library.compat"}  # FastMCP has one
    exec("def hint(self): return None", library)
    monkeypatch.setattr(ToolAnnotations, name, property(library["hint"]), raising=False)
    subject = subject_of(shell.session)
    found = anatomy_of(subject.server, subject.namespace)["_tool_manager"]["_tools"]["hinted"]["annotations"]
    assert (name in found.get("@methods", {})) is counts


@pytest.mark.slow
def test_a_function_that_differs_is_not_proven_though_no_call_reached_it(
    shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prove: Any = vars(exporting)["prove"]
    monkeypatch.setattr(exporting, "prove", lambda *a, **o: prove(*a, **{**o, "python": Path(sys.executable)}))
    shell.good(SERVER, TOOLS)
    first = shell.good("%mcp export books")
    assert first.proof.ok, first
    module = tmp_path / "books/src/books/server.py"
    module.write_text(module.read_text().replace("return topic", "return topic.upper()"))
    proof = shell.good("%mcp export books").proof
    assert not proof.ok
    (wrong,) = (row for row in proof.rows if not row.ok)
    (detail,) = wrong.details
    assert detail.startswith("prompt advise (cell 2), /fn")


def test_a_look_at_a_server_shows_no_value(shell: Shell, tmp_path: Path) -> None:
    module = exported(shell, SERVER, TOOLS)
    key = "only-for-" + "members"
    shell.good(f"vars(mcp)['_lowlevel_server'].instructions = {key!r}")
    (found,) = differences(shell, module, tmp_path)
    assert found.about == "the server's instructions"
    assert key not in str(found)
