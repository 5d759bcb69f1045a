"""The rooms import in one direction, each outside library has its room, and no test sleeps."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import mcp_notebook

pytestmark = pytest.mark.once

PACKAGE = Path(mcp_notebook.__file__).parent
TESTS = Path(__file__).parent

MAY_IMPORT = {
    "files": set(),
    "json_diff": set(),
    "visible": set(),
    "plain_json": set(),
    "plain_yaml": set(),
    "errors": {"visible"},
    "browser_tab": {"errors"},
    "urls": {"visible"},
    "background": {"browser_tab"},
    "main_thread": {"browser_tab"},
    "portal": {"browser_tab", "main_thread"},
    "addresses": {"errors", "files"},
    "bridge": {"errors", "addresses"},
    "door": {"errors", "addresses"},
    "hosts": {"errors", "files"},
    "cells": set(),
    "schema": set(),
    "formatting": {"browser_tab", "errors"},
    "file_calls": set(),
    "slicing": {"file_calls"},
    "typed": {"visible", "schema"},
    "recording": {"background", "errors", "json_diff", "formatting"},
    "server": {
        "browser_tab",
        "visible",
        "plain_json",
        "json_diff",
        "errors",
        "main_thread",
        "portal",
        "cells",
        "schema",
        "file_calls",
        "recording",
    },
    "client": {
        "browser_tab",
        "visible",
        "plain_json",
        "urls",
        "errors",
        "portal",
        "addresses",
        "schema",
        "recording",
        "server",
    },
    "export": {
        "errors",
        "files",
        "json_diff",
        "formatting",
        "file_calls",
        "portal",
        "hosts",
        "cells",
        "slicing",
        "recording",
        "server",
        "client",
    },
    "functions": {
        "visible",
        "plain_json",
        "errors",
        "schema",
        "typed",
        "recording",
        "server",
        "client",
    },
    "agent": {"plain_yaml", "errors", "schema", "formatting", "recording", "client"},
    "compat": {"errors", "hosts", "schema", "recording", "server", "client"},
    "rendering": {
        "visible",
        "urls",
        "addresses",
        "json_diff",
        "hosts",
        "cells",
        "schema",
        "recording",
        "server",
        "client",
        "compat",
        "export",
        "agent",
    },
    "widgets": {
        "background",
        "visible",
        "errors",
        "portal",
        "cells",
        "schema",
        "recording",
        "server",
        "client",
        "rendering",
    },
    "course": {
        "visible",
        "errors",
        "files",
        "portal",
        "addresses",
        "recording",
        "server",
        "client",
        "agent",
        "compat",
        "rendering",
    },
    "session": {
        "background",
        "browser_tab",
        "visible",
        "plain_json",
        "errors",
        "main_thread",
        "portal",
        "addresses",
        "cells",
        "schema",
        "recording",
        "server",
        "client",
        "formatting",
        "functions",
        "export",
        "agent",
        "compat",
        "rendering",
        "widgets",
        "course",
    },
    "importing": {"visible", "plain_yaml", "errors", "schema", "typed", "formatting", "slicing", "export"},
    "doctor": {"browser_tab", "addresses", "hosts", "rendering"},
    "magics": {
        "browser_tab",
        "visible",
        "plain_json",
        "errors",
        "main_thread",
        "portal",
        "addresses",
        "hosts",
        "cells",
        "schema",
        "recording",
        "server",
        "client",
        "agent",
        "compat",
        "rendering",
        "widgets",
        "doctor",
        "export",
        "importing",
        "session",
        "course",
    },
    "headless": {
        "visible",
        "errors",
        "formatting",
        "portal",
        "cells",
        "recording",
        "server",
        "export",
        "session",
        "magics",
    },
    "cli": {
        "visible",
        "errors",
        "addresses",
        "bridge",
        "recording",
        "server",
        "client",
        "agent",
        "compat",
        "rendering",
        "doctor",
        "course",
        "export",
        "importing",
        "headless",
    },
    "__main__": {"bridge", "cli"},
    "__init__": {"errors", "server", "client", "widgets", "session", "magics"},
}

ROOMS_THAT_KNOW = {
    "IPython": {"magics", "session", "cells", "headless", "__init__"},
    "ipywidgets": {"widgets"},
    "anywidget": {"widgets"},
    "click": {"magics", "cli"},
    "uvicorn": {"server"},
    "jupyter_server": {"door"},
    "tornado": {"door"},
    "pyflakes": {"slicing"},
    "pydantic_ai": {"agent"},
    "publicsuffixlist": {"urls"},
    "pyodide": {"browser_tab"},
    "js": {"browser_tab"},
}


def modules() -> Iterator[tuple[str, Path, ast.Module]]:
    for path in sorted(PACKAGE.rglob("*.py")):
        room = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
        if room != "notebooks":
            yield room, path, ast.parse(path.read_text(encoding="utf-8"))


def imported(tree: ast.Module) -> Iterator[str]:
    """Names of imported modules, those inside functions and those for type checkers included."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_every_room_has_a_place_in_the_order() -> None:
    assert {room for room, _, _ in modules()} <= set(MAY_IMPORT)


def test_rooms_import_only_those_below_them() -> None:
    wrong = [
        f"{path.relative_to(PACKAGE)} imports {name}"
        for room, path, tree in modules()
        for name in imported(tree)
        if name.startswith("mcp_notebook.") and (other := name.split(".")[1]) != room and other not in MAY_IMPORT[room]
    ]
    assert wrong == []


CARRIED = ["call_limits.py", "extensions", "http_limits.py", "idle_sessions.py", "sign_in", "telemetry.py"]
"""Parts of `server` that exported packages carry as they are."""


def test_what_packages_carry_imports_nothing_of_the_project() -> None:
    parts = [PACKAGE / "server" / name for name in CARRIED]
    files = [path for _, path, _ in modules() if any(part == path or part in path.parents for part in parts)]
    assert {path.relative_to(PACKAGE / "server").parts[0] for path in files} == set(CARRIED)
    wrong = [
        f"{path.relative_to(PACKAGE)} imports {name}"
        for path in files
        for name in imported(ast.parse(path.read_text(encoding="utf-8")))
        if name.startswith("mcp_notebook.")
    ]
    assert wrong == []


def test_the_stand_in_is_known_where_servers_listen_and_nowhere_else() -> None:
    inside = "mcp_notebook.server.stand_in"
    knowing = {
        str(path.relative_to(PACKAGE))
        for _, path, tree in modules()
        if path.parent.name != "stand_in" and any(name.startswith(inside) for name in imported(tree))
    }
    assert knowing == {str(Path("server", "hosting.py")), str(Path("rendering", "serving.py"))}


def test_the_order_has_no_circle() -> None:
    left = dict(MAY_IMPORT)
    while left:
        free = [room for room, below in left.items() if not below & set(left)]
        assert free, f"a circle among {sorted(left)}"
        for room in free:
            del left[room]


def test_modules_import_each_other_in_no_circle() -> None:
    names = {path: ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts) for _, path, _ in modules()}
    names = {path: name.removesuffix(".__init__") for path, name in names.items()}
    known = set(names.values())
    left = {}
    for _, path, tree in modules():
        found = (name if name in known else name.rpartition(".")[0] for name in imported(tree))
        left[names[path]] = set(found) & known - {names[path]}
    while left:
        free = [name for name, below in left.items() if not below & set(left)]
        assert free, f"a circle among {sorted(_in_circles(left))}"
        for name in free:
            del left[name]


def _in_circles(left: dict[str, set[str]]) -> set[str]:
    """Drop the modules that nothing left imports, so that only those on the way round remain."""
    found = set(left)
    while True:
        imported = set().union(*(left[name] for name in found)) & found
        if imported == found:
            return found
        found = imported


def test_no_two_public_classes_share_a_name() -> None:
    places: dict[str, list[str]] = {}
    for _, path, tree in modules():
        for node in tree.body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                places.setdefault(node.name, []).append(str(path.relative_to(PACKAGE)))
    assert {name: found for name, found in places.items() if len(found) > 1} == {}


def test_modules_and_functions_are_short() -> None:
    long = []
    for _, path, tree in modules():
        lines = len(path.read_text(encoding="utf-8").splitlines())
        long += [f"{path.relative_to(PACKAGE)}: {lines} lines"] if lines > 300 else []
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno is not None:
                lines = node.end_lineno - node.lineno + 1
                long += [f"{path.relative_to(PACKAGE)}: {node.name} has {lines} lines"] if lines > 50 else []
    assert long == []


def test_outside_libraries_stay_in_their_rooms() -> None:
    wrong = [
        f"{path.relative_to(PACKAGE)} imports {name}"
        for room, path, tree in modules()
        for name in imported(tree)
        if room not in ROOMS_THAT_KNOW.get(name.split(".")[0], {room})
    ]
    assert wrong == []


def test_rendering_loads_no_widgets() -> None:
    modules = [
        ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts)
        for path in (PACKAGE / "rendering").rglob("*.py")
    ]
    script = (
        f"import importlib, sys; [importlib.import_module(m) for m in {modules}]; print('ipywidgets' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_private_parts_of_the_sdk_are_touched_in_one_module_only() -> None:
    private = {
        "_tool_manager", "_resource_manager", "_prompt_manager", "_lowlevel_server", "_tools", "_resources",
        "_templates", "_prompts", "_subscriptions", "_bus", "_connection", "_security",
    }  # fmt: skip
    touching = {
        path.name
        for _, path, tree in modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr in private and ast.unparse(node.value) != "self"
    }
    assert touching == {"sdk_gaps.py"}


def test_no_test_sleeps() -> None:
    """A test waits for a condition (`tests.support.waiting`); the cells in it are texts, and may sleep."""
    sleeping = [
        f"{path.relative_to(TESTS)}:{node.lineno}"
        for path in sorted(TESTS.rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if (isinstance(node, ast.Attribute) and ast.unparse(node) == "time.sleep")
        or (isinstance(node, ast.ImportFrom) and node.module == "time" and "sleep" in {a.name for a in node.names})
    ]
    assert sleeping == []
