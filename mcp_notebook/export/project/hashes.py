"""Find the hashes for a lock: those of every file that the indexes of this machine have for a release.

uv knows those of all platforms, pip those of the files that it would install here. Both are asked, since each has
indexes of its own. Without uv, pip is also asked for the files that an image on Linux would install. Nothing is
installed.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from packaging.utils import canonicalize_name

from mcp_notebook.export import uv

__all__ = ["in_lock", "of", "written"]

PATIENCE = 30.0
"""Seconds that the indexes have to answer; then the lock is written without hashes."""

AGAIN = 300.0
"""Seconds until indexes that did not answer are asked again."""

HASH = re.compile(r"--hash=(sha256:[0-9a-f]{64})")
IMAGE = ("x86_64", "aarch64")
"""The machines that an image runs on."""

_KNOWN: dict[tuple[str, ...], tuple[float, dict[str, tuple[str, ...]]]] = {}

Hashes = Mapping[str, tuple[str, ...]]
"""For each pin, ``name==version``, the hashes of its files."""


def of(pins: Sequence[str]) -> Hashes:
    """Return the hashes of each pin; none if one is unknown, since pip wants all or none.

    A process asks once for the same pins, and again after some minutes if that failed.
    """
    key = tuple(pins)
    asked, found = _KNOWN.get(key, (0.0, {}))
    if not found and (not asked or time.monotonic() - asked > AGAIN):
        found = _asked(key)
        _KNOWN[key] = (time.monotonic(), found)
    return found if all(pin in found for pin in pins) else {}


def in_lock(text: str, pins: Sequence[str]) -> Hashes:
    """Return the hashes in a lock, if it has them for all these pins and pins nothing else."""
    found = dict(_read(text))
    return found if set(found) == set(pins) and all(found.values()) else {}


def written(pin: str, hashes: Hashes) -> str:
    """Return the lines of a lock for a pin."""
    return " \\\n    ".join([pin, *(f"--hash={each}" for each in sorted(hashes.get(pin, ())))])


def _read(text: str) -> Iterable[tuple[str, tuple[str, ...]]]:
    for line in re.sub(r"\\\r?\n", " ", text).splitlines():
        if line[:1] not in ("#", "", "-", " "):
            yield line.split()[0], tuple(HASH.findall(line))


def _asked(pins: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    with tempfile.TemporaryDirectory(prefix="mcp-notebook-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        (folder / "pins.txt").write_text("".join(f"{pin}\n" for pin in pins), encoding="utf-8")
        variables = uv.variables() if uv.find() else None
        running = [
            subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd=folder,
                env=variables,
            )
            for command in _commands(folder)
        ]
        end = time.monotonic() + PATIENCE
        try:
            for process in running:
                with suppress(subprocess.TimeoutExpired):
                    process.wait(max(0.0, end - time.monotonic()))
        finally:
            for process in running:
                process.kill()
                process.wait()
        found: dict[str, set[str]] = {pin: set() for pin in pins}
        for pin, hashes in [*_of_uv(folder / "uv.txt"), *_of_pip(folder.glob("*.json"))]:
            found.get(pin, set()).update(hashes)
    return {pin: tuple(sorted(hashes)) for pin, hashes in found.items() if hashes}


def _commands(folder: Path) -> list[list[str]]:
    pins = str(folder / "pins.txt")
    pip = [sys.executable, "-m", "pip", "install", "--dry-run", "--ignore-installed", "--no-deps", "--quiet"]
    pip += ["--no-input", "--disable-pip-version-check", "--retries", "0", "--timeout", "5", "-r", pins]
    commands = [[*pip, "--report", str(folder / "here.json")]]
    if (found := uv.find()) is not None:
        commands.append(
            [found, "pip", "compile", "--generate-hashes", "--no-deps", "--no-header", "--no-annotate", "--quiet",
             "--python", sys.executable, "--output-file", str(folder / "uv.txt"), pins]
        )  # fmt: skip
        return commands
    for machine in IMAGE:
        tags = [f"manylinux{tag}_{machine}" for tag in ("2014", "_2_17", "_2_28", "_2_34", "_2_39")]
        platforms = [word for tag in tags for word in ("--platform", tag)]
        target = ["--only-binary", ":all:", "--target", str(folder / machine)]
        commands.append([*pip, *target, *platforms, "--report", str(folder / f"{machine}.json")])
    return commands


def _of_uv(place: Path) -> Iterable[tuple[str, tuple[str, ...]]]:
    return _read(place.read_text(encoding="utf-8")) if place.exists() else ()


def _of_pip(places: Iterable[Path]) -> Iterable[tuple[str, tuple[str, ...]]]:
    for place in places:
        try:
            report = json.loads(place.read_text(encoding="utf-8"))
        except ValueError:
            continue  # pip was killed while it wrote
        for item in report["install"]:
            about = item["metadata"]
            hashes = item["download_info"].get("archive_info", {}).get("hashes", {})
            if "sha256" in hashes:
                yield f"{canonicalize_name(about['name'])}=={about['version']}", (f"sha256:{hashes['sha256']}",)
