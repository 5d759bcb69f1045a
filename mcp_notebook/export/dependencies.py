"""Find the dependencies of a package: from the imports of its modules, at the versions that ran."""

from __future__ import annotations

import ast
import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib.metadata import Distribution, PackageNotFoundError, distribution, distributions
from importlib.util import find_spec
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from mcp_notebook.export.findings import Finding
from mcp_notebook.export.module.writing import Module

__all__ = ["SERVING", "Dependencies", "of", "requirement", "top_levels"]

SERVING = ("anyio", "mcp", "starlette", "uvicorn")
"""The imports of the modules that serve a package, besides those of the notebook."""

WORKBENCH = "mcp_notebook"


@dataclass(frozen=True)
class Dependencies:
    """The content of ``pyproject.toml`` and ``requirements.lock``.

    Attributes:
        requirements: The requirements, with the versions that ran as lower bounds, by name.
        locked: Every distribution that those and the extras need here, transitively, as ``name==version``.
        unlocked: Needed distributions that are not installed here, so that pip chooses their versions.
        extras: The requirements of each extra, by its name; the lock has them if they are installed here.
        findings: Imports that no distribution has, and requirements that cannot be locked.
        hashes: The hashes of the files of each locked distribution; empty if one is unknown.
    """

    requirements: tuple[str, ...]
    locked: tuple[str, ...]
    unlocked: tuple[str, ...] = ()
    extras: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    hashes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def of(module: Module) -> Dependencies:
    """Return the dependencies of `module`, as far as they are installed here.

    Requirements of the notebook's own ``%pip install`` lines are taken as written, extras and versions included.
    """
    installed = _Installed()
    findings: list[Finding] = []
    guarded: dict[str, Finding] = {}
    wanted = {name: requirement(name) for name in SERVING}
    for dotted, needed in sorted(_imports(module).items()):
        name, finding = _provider(dotted, installed, needed=needed)
        if name is not None and needed:
            wanted[name] = requirement(name)
        elif name is not None and finding is not None:
            guarded.setdefault(name, finding)
            continue
        findings += [finding] if finding is not None and finding not in findings else []
    for line in module.pip:
        try:
            asked = Requirement(line)
        except InvalidRequirement:
            findings.append(Finding("warns", None, line, "This requirement is not valid, so it is left out."))
        else:
            wanted[canonicalize_name(asked.name)] = _completed(asked)
    extras = {name: tuple(map(requirement, needed)) for name, needed in module.extras.items()}
    optional = [need for needs in extras.values() for need in needs if need.specifier]
    locked, unlocked, elsewhere = _lock([*wanted.values(), *optional])
    there = {pin.partition("==")[0] for pin in locked}  # for another reason, or for a required one
    findings += [finding for name, finding in guarded.items() if name not in there]
    what = "It is not installed here, so pip chooses its version."
    findings += [Finding("warns", None, name, what) for name in unlocked]
    what = "It was installed from a place of its own, so an index may not have the version that ran."
    way_out = "Publish it on an index that the package's users reach."
    findings += [Finding("warns", None, name, what, way_out) for name in elsewhere]
    return Dependencies(
        tuple(_text(wanted[name]) for name in sorted(wanted)),
        locked,
        unlocked,
        {name: tuple(map(_text, extra)) for name, extra in extras.items()},
        tuple(findings),
    )


def requirement(name: str) -> Requirement:
    """Return a requirement with the installed version as the lowest, if any; for the SDK, below its next major one."""
    try:
        version = Version(distribution(name).version)
    except PackageNotFoundError:
        return Requirement(name)
    below = f",<{version.major + 1}" if name == "mcp" else ""
    # The public part: a local one such as +cpu is not on an index, and has no order.
    return Requirement(f"{name}>={version.public}{below}")


def _text(needed: Requirement) -> str:
    """Return a requirement with the lower bound before the upper one."""
    specifiers = sorted(map(str, needed.specifier), reverse=True)
    return str(needed).replace(str(needed.specifier), ",".join(specifiers)) if specifiers else str(needed)


def top_levels(module: Module) -> set[str]:
    """Return the first part of each module that the package or the SDK imports, without the standard library.

    A distribution of the SDK's is assumed to have the name of its module.
    """
    below = _modules_below(SERVING)
    return {dotted.partition(".")[0] for dotted in _imports(module)} | below | {*SERVING, *_of_extras(module)}


def _of_extras(module: Module) -> set[str]:
    """Return the modules of the extras' distributions, and of what those need."""
    named = {name for needed in module.extras.values() for name in needed}
    return named | _modules_below(named)


def _modules_below(names: Iterable[str]) -> set[str]:
    pins, _, _ = _lock(map(requirement, names))
    return {pin.partition("==")[0].replace("-", "_") for pin in pins}


def _completed(asked: Requirement) -> Requirement:
    """Return a requirement of the author's, with a lower bound if it has no version."""
    if asked.specifier or asked.url:
        return asked
    complete = requirement(canonicalize_name(asked.name))
    complete.extras, complete.marker = asked.extras, asked.marker
    return complete


# --- what is imported


def _imports(module: Module) -> dict[str, bool]:
    """Return each dotted name that is imported, and whether the package needs it."""
    extensions = [text for text in module.extensions.values() if isinstance(text, str)]  # and not what they serve
    own = {PurePosixPath(path).parts[0].removesuffix(".py") for path in module.files}
    found: dict[str, bool] = {}
    sources = [(source, own) for source in module.files.values()]
    optional = own | _of_extras(module)
    sources += [(source, optional) for source in extensions]
    for source, others in sources:
        for dotted, needed in _imported([ast.parse(source)], needed=True):
            top = dotted.partition(".")[0]
            if top not in sys.stdlib_module_names and top not in others:
                found[dotted] = found.get(dotted, False) or needed
    return found


def _imported(nodes: Iterable[ast.AST], *, needed: bool) -> Iterator[tuple[str, bool]]:
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from ((alias.name, needed) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from ((f"{node.module}.{alias.name}", needed) for alias in node.names)
        elif isinstance(node, ast.Try) and any(_catches_missing(handler) for handler in node.handlers):
            yield from _imported([*node.body, *node.handlers], needed=False)
            yield from _imported([*node.orelse, *node.finalbody], needed=needed)
        else:
            yield from _imported(ast.iter_child_nodes(node), needed=needed)


def _catches_missing(handler: ast.ExceptHandler) -> bool:
    caught = {"ImportError", "ModuleNotFoundError", "Exception", "BaseException"}
    return handler.type is None or any(
        isinstance(node, ast.Name) and node.id in caught for node in ast.walk(handler.type)
    )


# --- which distribution has it


class _Installed:
    """The files of every distribution here.

    `importlib.metadata.packages_distributions` goes by the first part of a name, which the distributions of a
    namespace such as ``google`` share. Before Python 3.11, it knows only distributions that declare it.
    """

    def __init__(self) -> None:
        self._files: dict[str, str] = {}
        for found in distributions():
            name = canonicalize_name(_name(found))
            self._files.setdefault(name, "\n" + (found.read_text("RECORD") or "\n".join(map(str, found.files or ()))))

    def having(self, dotted: str) -> list[str]:
        """Return the distributions whose files are nearest to the dotted name."""
        parts = dotted.split(".")
        for depth in range(len(parts), 0, -1):
            path = "\n" + "/".join(parts[:depth])
            names = [name for name, files in self._files.items() if f"{path}/" in files or f"{path}." in files]
            if names:
                return sorted(names)
        return []


def _provider(dotted: str, installed: _Installed, *, needed: bool) -> tuple[str | None, Finding | None]:
    """Return the distribution that has a module, and a finding about it."""
    top = dotted.partition(".")[0]
    if top == WORKBENCH:
        what = "It is the workbench, which a package does not have."
        return None, Finding("stops", None, top, what, "Take the import out of the cell.")
    names = installed.having(dotted) or _editable(top)
    if not names:
        return None, _nowhere(top) if needed else None
    if not needed:
        what = "Its import may fail, so it is not required, although it was here."
        way_out = f"If the package should have it, write %pip install {names[0]} in a cell."
        return names[0], Finding("notes", None, top, what, way_out)
    if len(names) > 1:
        return names[0], Finding("notes", None, dotted, f"{' and '.join(names)} have it; {names[0]} is required.")
    return names[0], None


def _editable(top: str) -> list[str]:
    """Return the distributions installed from the folder of the module: they do not list its files."""
    origin = _origin(top)
    if origin is None:
        return []
    return [
        canonicalize_name(_name(found))
        for found in distributions()
        if (url := _direct_url(found)).startswith("file:") and Path(url2pathname(urlsplit(url).path)) in origin.parents
    ]


def _origin(top: str) -> Path | None:
    try:
        spec = find_spec(top)
    except (ImportError, ValueError):  # ValueError: a module made by hand, which has no spec
        return None
    places = [spec.origin or "", *(spec.submodule_search_locations or [])] if spec else []
    return next((Path(place) for place in places if place and Path(place).exists()), None)


def _nowhere(top: str) -> Finding:
    what = "It is imported, and no installed package has it."
    way_out = "Install it with %pip install in a cell, and run the cell that imports it."
    if _origin(top) is not None:
        what = "It is a file of this machine, and no installed package has it."
        way_out = "Move its code into cells, or make it a package and install that."
    return Finding("stops", None, top, what, way_out)


# --- the lock


def _lock(wanted: Iterable[Requirement]) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """Return all needed distributions as pins; those that are not installed; and those from outside an index."""
    locked: dict[str, Distribution] = {}
    unlocked: set[str] = set()
    seen: set[tuple[str, str]] = set()
    pending = [need for need in wanted if need.marker is None or need.marker.evaluate({"extra": ""})]
    while pending:
        need = pending.pop()
        name = canonicalize_name(need.name)
        try:
            found = locked.setdefault(name, distribution(name))
        except PackageNotFoundError:
            unlocked.add(name)
            continue
        for extra in {"", *need.extras}:
            if (name, extra) not in seen:
                seen.add((name, extra))
                pending += _needs(found, extra)
    pins = tuple(f"{name}=={Version(found.version).public}" for name, found in sorted(locked.items()))
    return pins, tuple(sorted(unlocked)), tuple(name for name, found in sorted(locked.items()) if _direct_url(found))


def _needs(found: Distribution, extra: str) -> list[Requirement]:
    needs = map(Requirement, found.requires or ())
    return [need for need in needs if need.marker is None or need.marker.evaluate({"extra": extra})]


def _name(found: Distribution) -> str:
    """Return a distribution's name; "" for remains that pip may leave behind."""
    try:
        metadata: Any = found.metadata or {}
    except FileNotFoundError:  # from Python 3.15 on; before, there is no metadata
        return ""
    return str(metadata.get("Name", ""))


def _direct_url(found: Distribution) -> str:
    """Return the place that a distribution was installed from, if not an index (PEP 610)."""
    text = found.read_text("direct_url.json")
    return str(json.loads(text)["url"]) if text else ""
