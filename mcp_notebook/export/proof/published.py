"""Try a package as those who did not write it get it: by `uvx` from an index, and as a bundle."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from zipfile import ZipFile

from mcp_notebook.client import Command, Connection
from mcp_notebook.errors import McpNotebookError
from mcp_notebook.export import uv
from mcp_notebook.export.project.schemas import problems
from mcp_notebook.export.proof.environment import Installed
from mcp_notebook.export.proof.evidence import Row, merged
from mcp_notebook.export.proof.offering import Cells, Offer, compared, offer_of
from mcp_notebook.export.proof.processes import ran, started
from mcp_notebook.portal import Portal

__all__ = ["Uvx", "by_uvx", "others"]

Way = Callable[[Portal, Offer, Cells], Row]
"""Tries a package in one way, and returns the row about it; the server there is compared with the live one."""

COMPILED = """
import shutil, sys, sysconfig
from pathlib import Path
here, there = Path(sysconfig.get_path("purelib")), Path(sys.argv[1])
for cache in there.rglob("__pycache__"):
    beside = here / cache.relative_to(there).parent
    if beside.is_dir() and not (beside / cache.name).exists():
        shutil.copytree(cache, beside / cache.name, ignore=shutil.ignore_patterns("*.pyc.*"))
print(sys.prefix)
"""
"""A program for the environment of `uvx`: it copies the compiled modules of another environment.

uv links the sources of both from its cache. Python compares the time and size of each, and compiles those that differ.
It leaves out files that another process is still writing: Python gives each its name when it is complete.
"""


class Uvx(NamedTuple):
    """The outcome of `uvx`.

    Attributes:
        row: The row about it; None if the proof has no environment of its own.
        command: The package's command in the environment that `uvx` made; None without that.
    """

    row: Row | None = None
    command: Path | None = None


@contextmanager
def by_uvx(package: Installed, folder: Path) -> Iterator[Callable[[], Uvx]]:
    """Start to make the environment of `uvx NAME` from the local index, and yield what waits for it.

    As for anyone who calls `uvx`, the environment stays in the cache of uv, until `uv cache prune`.
    """
    installation, found = package.installation, uv.find()
    if installation is None:
        yield Uvx
        return
    name = installation.local.name
    what = f"uvx {name}, from a local index"
    if installation.tool != "uv" or found is None:
        why = "uv is not installed" if found is None else "uv could not install it"
        yield lambda: Uvx(Row(what, f"not tried: {why}"))
        return
    # The local index comes first: another one may have another project of this name.
    variables = uv.variables()
    variables["UV_INDEX"] = f"{installation.local.url} {variables.get('UV_INDEX', '')}".strip()
    uvx = [found, "tool", "run", "--quiet", "--python", sys.executable, "--from", installation.local.pin]
    constraints = ["--constraints", str(installation.constraints)]
    with started(
        [*uvx, *constraints, "python", "-c", COMPILED, str(_libraries(package.python))], folder, variables
    ) as finish:

        def made() -> Uvx:
            try:
                done = finish()
            except subprocess.TimeoutExpired as error:
                why = f"its environment was not made within {error.timeout:.0f} seconds"
                return Uvx(Row(what, "no", ok=False, details=(why,)))
            if done.returncode != 0:
                return Uvx(Row(what, "no", ok=False, details=(done.stderr.strip()[-300:],)))
            commands = Path(done.stdout.split("\n")[0]) / ("Scripts" if os.name == "nt" else "bin")
            return Uvx(Row(what, "started over stdio"), commands / (f"{name}.exe" if os.name == "nt" else name))

        yield made


def _libraries(python: Path) -> Path:
    """Return the folder of the libraries of an environment, by its interpreter."""
    base = str(python.parent.parent)
    return Path(sysconfig.get_path("purelib", "nt" if os.name == "nt" else "posix_prefix", {"base": base}))


def others(package: Installed, bundle: Path | None, folder: Path) -> Iterator[Way]:
    """Yield each other way in which people get a package.

    Args:
        package: The installed package.
        bundle: Its bundle; None if it has none.
        folder: Where to unpack that.
    """
    if bundle is not None:
        yield from _of_bundle(package, bundle, folder)
    if (package.source / "server.json").exists():
        yield lambda *_: _in_registry(package.source)


def _of_bundle(package: Installed, bundle: Path, folder: Path) -> Iterator[Way]:
    """Yield what checks a bundle's manifest, and what unpacks it, starts it as it says, and compares its lists.

    The official tool does the first two if it is on the PATH; else a copy of its schema, and Python.

    Args:
        package: The installed package, whose variables are the values of its settings.
        bundle: The bundle.
        folder: Where to unpack it.
    """
    tool = shutil.which("mcpb")
    unpacked = folder / "unpacked"
    what, mcpb = bundle.name, () if tool is None else (tool,)

    def valid(*_: object) -> Row:
        unpacked.mkdir()
        if tool is None:
            with ZipFile(bundle) as archive:
                archive.extractall(unpacked)
            wrong = problems("manifest.json", (unpacked / "manifest.json").read_text(encoding="utf-8"))
            how = "valid by its schema; the official tool, mcpb, is not on the PATH"
        else:
            done = ran([*mcpb, "unpack", str(bundle), str(unpacked)])
            done = ran([*mcpb, "validate", str(unpacked)]) if done.returncode == 0 else done
            wrong = () if done.returncode == 0 else tuple(filter(None, map(str.strip, done.stdout.splitlines())))
            how = "valid by the official tool, mcpb"
        return Row(f"{what}, its manifest", "no" if wrong else how, ok=not wrong, details=wrong)

    def started_as_it_says(portal: Portal, live: Offer, cells: Cells) -> Row:
        if (found := uv.find()) is None:
            return Row(f"{what}, started", "not tried: uv is not installed")
        document = json.loads((unpacked / "manifest.json").read_text(encoding="utf-8"))
        values = {f"user_config.{key}": _text(one.get("default", "")) for key, one in _options(document)}
        values |= {f"user_config.{name.lower()}": value for name, value in package.variables.items()}
        values["__dirname"] = str(unpacked)
        run = document["server"]["mcp_config"]
        arguments = [_filled(one, values) for one in run["args"]]
        settings = {name: _filled(one, values) for name, one in run["env"].items()}
        variables = {**uv.variables(), **package.variables, **settings}
        command = Command(found, arguments, env=variables, cwd=folder)
        return _same_lists(f"{what}, started", portal, command, live, cells)

    yield valid
    yield started_as_it_says


def _options(document: Mapping[str, Any]) -> Iterable[tuple[str, Mapping[str, Any]]]:
    options: Mapping[str, Mapping[str, Any]] = document.get("user_config", {})
    return options.items()


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _filled(text: str, values: Mapping[str, str]) -> str:
    return re.sub(r"\$\{([\w.]+)\}", lambda match: values.get(match[1], match[0]), text)


def _in_registry(source: Path) -> Row:
    """Check ``server.json`` against the published schema, and that README.md names the server, as the registry asks."""
    text = (source / "server.json").read_text(encoding="utf-8")
    wrong = [*problems("server.json", text)]
    if not wrong and f"mcp-name: {json.loads(text)['name']}\n" not in (source / "README.md").read_text(
        encoding="utf-8"
    ).replace(" -->", "\n"):
        wrong.append("README.md does not have its name after 'mcp-name:', by which the registry knows the package.")
    return Row("server.json", "no" if wrong else "valid by the published schema", ok=not wrong, details=tuple(wrong))


def _same_lists(what: str, portal: Portal, command: Command, live: Offer, cells: Cells) -> Row:
    """Start a server by a command, over stdio, and compare its lists with those of the live server."""
    try:
        with Connection(portal, command, "modern", extensions="all", notice=lambda _: None, deadline=60.0) as there:
            offer = offer_of(there)
    except McpNotebookError as error:
        return Row(what, "not reached", ok=False, details=(str(error),))
    found = merged(difference for of_kind in compared(live, offer, cells).values() for difference in of_kind)
    result = "equal lists" if not found else f"{len(found)} different"
    return Row(what, result, ok=not found, details=tuple(map(str, found)))
