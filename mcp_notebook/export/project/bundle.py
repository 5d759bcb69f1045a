"""Write a package as a bundle (MCPB), which hosts install by a click and run with uv."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from mcp_notebook.errors import ExportError
from mcp_notebook.export.findings import Finding
from mcp_notebook.export.naming import printable
from mcp_notebook.export.project.host_settings import HostSetting, host_settings
from mcp_notebook.export.project.package import Package
from mcp_notebook.export.project.schemas import MANIFEST_VERSION
from mcp_notebook.files import put_in_place, write_whole
from mcp_notebook.server.definitions import definitions

__all__ = ["MANIFEST", "findings", "manifest", "pack", "place"]

MANIFEST = "manifest.json"

PARTS = (MANIFEST, "pyproject.toml", "README.md", "uv.lock", "LICENSE*", "src/**/*")
"""The files of a package that are in its bundle."""

RUN = ("run", "--directory", "${__dirname}", "--no-dev")
"""The arguments of uv, before the name of the command."""

EPOCH = (1980, 1, 1, 0, 0, 0)
"""The date of each file in a bundle: the same files make the same bytes."""


def manifest(package: Package) -> str:
    """Return the text of ``manifest.json``; `PARTS` are beside it."""
    settings = [one for one in host_settings(package) if _can_be_asked(one)]
    environment = {one.variable: f"${{user_config.{_key(one)}}}" for one in settings}
    tools = [d for d in definitions(package.server) if d.kind == "tool"]
    document: dict[str, Any] = {
        "manifest_version": MANIFEST_VERSION,
        "name": package.distribution,
        "display_name": package.title,
        "version": package.version,
        "description": package.description,
        # A manifest needs an author, and the export knows none.
        "author": {"name": f"The {package.distribution} authors"},
        "server": {
            "type": "uv",
            "entry_point": f"src/{package.name}/__main__.py",
            "mcp_config": {"command": "uv", "args": [*RUN, package.distribution], "env": environment},
        },
        "tools": [{"name": tool.name, "description": _first_line(tool.entry.description)} for tool in tools],
        # A listed prompt has its text in the manifest, and these are made by functions.
        "prompts_generated": any(d.kind == "prompt" for d in definitions(package.server)),
        **({"license": package.license} if package.license else {}),
        "compatibility": {
            "platforms": ["darwin", "linux", "win32"],
            "runtimes": {"python": f">={package.python}"},
        },
        **({"user_config": {_key(one): _option(one) for one in settings}} if settings else {}),
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def findings(package: Package) -> Iterator[Finding]:
    """Yield a note for each setting that a host cannot ask for."""
    for one in host_settings(package):
        if not _can_be_asked(one):
            what = (
                "keeps its default in the bundle: a host would put its own values for the ${...} of it."
                if _has_variables(one)
                else "keeps its default in the bundle: a host would set it to an empty text if it is not given."
            )
            yield Finding("notes", None, one.variable, what, "Without a default, the host asks for it.")


def _can_be_asked(one: HostSetting) -> bool:
    return one.required or (one.default is not None and not _has_variables(one))


def _has_variables(one: HostSetting) -> bool:
    """Return whether its default has what a host replaces, such as ``${HOME}``."""
    return isinstance(one.default, str) and "${" in one.default


def _key(one: HostSetting) -> str:
    return one.variable.lower()


def _option(one: HostSetting) -> dict[str, Any]:
    return {
        "type": one.kind,
        "title": one.title,
        "description": f"{one.meaning} ({one.variable})",
        "required": one.required,
        **({"sensitive": True} if one.secret else {}),
        **({} if one.default is None else {"default": one.default}),
    }


def _first_line(text: str | None) -> str:
    return " ".join(printable((text or "").strip().partition("\n")[0]).split())


def place(package: Package) -> str:
    """Return the path of the bundle in the package's directory."""
    return f"dist/{package.distribution}-{package.version}.mcpb"


def pack(directory: Path, place: str) -> None:
    """Write the bundle of a package's directory, with its author's edits.

    Raises:
        ExportError: There is no manifest, or the bundle cannot be written.
    """
    paths = sorted({path for part in PARTS for path in directory.glob(part) if path.is_file()})
    if directory / MANIFEST not in paths:
        raise ExportError(f"{MANIFEST} was deleted, so there is no bundle. Leave --bundle out, or export elsewhere.")
    target = directory / place
    part = target.with_suffix(".part")
    try:
        target.parent.mkdir(exist_ok=True)
        part.unlink(missing_ok=True)
        write_whole(part, _archive(directory, [path for path in paths if "__pycache__" not in path.parts]))
        put_in_place(part, target)
    except OSError as error:
        raise ExportError(f"{target} cannot be written ({error.strerror or error}). The package is.") from error


def _archive(directory: Path, paths: Iterable[Path]) -> bytes:
    content = BytesIO()
    with ZipFile(content, "w", ZIP_DEFLATED, compresslevel=9) as archive:
        for path in paths:
            entry = ZipInfo(path.relative_to(directory).as_posix(), EPOCH)
            entry.create_system, entry.external_attr = 3, 0o644 << 16  # on Windows, too
            entry.compress_type = ZIP_DEFLATED
            archive.writestr(entry, path.read_bytes())
    return content.getvalue()
