"""Try a package as those who did not write it get it: by `uvx` from an index, and as a bundle."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
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

__all__ = ["Tried", "by_others"]

Tried = Callable[[Portal, Offer, Cells], Iterable[Row]]
"""Starts a package, compares its lists with those of the live server, and yields the rows about it."""

Way = Callable[[Portal, Offer, Cells], Row]


@contextmanager
def by_others(package: Installed, bundle: Path | None, folder: Path) -> Iterator[Tried]:
    """Yield what tries each way in which others get a package; what takes time there is started at once.

    Args:
        package: The installed package.
        bundle: Its bundle; None if it has none.
        folder: For environments and unpacked files.
    """
    with _by_uvx(package, folder) as uvx:

        def tried(portal: Portal, live: Offer, cells: Cells) -> Iterator[Row]:
            bundled = () if bundle is None else _of_bundle(package, bundle, folder)
            yield from (way(portal, live, cells) for way in (*uvx, *bundled))
            if (package.source / "server.json").exists():
                yield _in_registry(package.source)

        yield tried


def _of_uv() -> dict[str, str]:
    """Return what configures uv; the rest of this environment is nothing to the package."""
    others = ("SSL_CERT_FILE", "SSL_CERT_DIR", "ALL_PROXY", "HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY")
    return {name: value for name, value in uv.variables().items() if name.startswith("UV_") or name in others}


@contextmanager
def _by_uvx(package: Installed, folder: Path) -> Iterator[list[Way]]:
    """Start to make the environment of `uvx NAME`, and yield what tries it; nothing if no environment was made at all.

    As for anyone who calls `uvx`, the environment stays in the cache of uv, until `uv cache prune`.

    Args:
        package: The installed package, and the index that it came from.
        folder: Where it runs.
    """
    installation, found = package.installation, uv.find()
    if installation is None:
        yield []
        return
    what = f"uvx {installation.local.name}, from a local index"
    if installation.tool != "uv" or found is None:
        why = "uv is not installed" if found is None else "uv could not install it"
        yield [lambda *_: Row(what, f"not tried: {why}")]
        return
    # The local index comes first: another one may have another project of this name.
    variables = uv.variables()
    indexes = f"{installation.local.url} {variables.get('UV_INDEX', '')}".strip()
    environment = {**_of_uv(), **package.variables, "UV_INDEX": indexes, "PYTHONDONTWRITEBYTECODE": "1"}
    uvx = [
        *("tool", "run", "--quiet", "--python", sys.executable, "--constraints", str(installation.constraints)),
        *("--from", installation.local.pin),
    ]
    with started([found, *uvx, "python", "-c", ""], folder, environment) as finish:

        def listing(portal: Portal, live: Offer, cells: Cells) -> Row:
            try:
                done = finish()
            except subprocess.TimeoutExpired as error:
                return Row(what, "no", ok=False, details=(f"it was not installed within {error.timeout:.0f} seconds",))
            if done.returncode != 0:
                return Row(what, "no", ok=False, details=(done.stderr.strip()[-300:],))
            command = Command(found, [*uvx, installation.local.name], env=environment, cwd=folder)
            return _same_lists(what, portal, command, live, cells)

        yield [listing]


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
        command = Command(found, arguments, env={**_of_uv(), **package.variables, **settings}, cwd=folder)
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
