"""Writing a package into its directory, where a person may have been at work since the last time."""

from __future__ import annotations

import difflib
import hashlib
import json
import secrets
import shutil
from collections import defaultdict
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from mcp_notebook.errors import ExportError

__all__ = ["MANIFEST", "Update", "update"]

MANIFEST = ".export.json"
"""The file in the directory that says what we wrote: for each path the SHA-256 of its text, lines ended by LF."""

NOBODYS = frozenset({".git", ".venv", ".DS_Store", ".idea", ".vscode"})
"""What a directory may hold and yet be new to us."""


@dataclass(frozen=True)
class Update:
    """What was done, or would be; each with its paths.

    Attributes:
        written: New, or changed and still as we had written them.
        unchanged: As we would write them.
        kept: A person edited or made them, so they stay; with the diff from what is there to what we would write.
        removed: We wrote them once, and they are no longer part of the package.
        left: Those too, but a person edited them, so they stay.
        deleted: A person deleted them, so they are not written again.
    """

    written: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    kept: Mapping[str, str] = field(default_factory=dict)
    removed: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    deleted: tuple[str, ...] = ()


def update(destination: Path, files: Mapping[str, str], *, dry_run: bool) -> Update:
    """Bring `destination` up to date: what a person edited stays, all else becomes `files`, or nothing does.

    Raises:
        ExportError: The directory is somebody else's, a path leads out of it, or it cannot be written.
    """
    ours = _read_manifest(destination)
    found = {path: _read(destination, path) for path in {*ours, *files}}
    done = _compare(ours, found, files)
    if not dry_run:
        # What stays a person's keeps the hash of what we wrote last: it shows that it was edited, or deleted.
        hashes = {path: known for path, known in ours.items() if path in files}
        hashes |= {path: _hash(files[path]) for path in (*done.written, *done.unchanged)}
        manifest = json.dumps({"files": dict(sorted(hashes.items()))}, indent=2) + "\n"
        texts = {path: _like(found[path], files[path]) for path in done.written}
        _write(destination, {**texts, MANIFEST: manifest}, done.removed)
    return done


# --- what is to be done


def _compare(ours: Mapping[str, str], found: Mapping[str, str | None], files: Mapping[str, str]) -> Update:
    groups: defaultdict[str, list[str]] = defaultdict(list)
    for path in sorted(found):
        groups[_fate(ours.get(path), found[path], files.get(path))].append(path)
    return Update(
        written=tuple(groups["written"]),
        unchanged=tuple(groups["unchanged"]),
        kept={path: _diff(path, found[path] or "", files[path]) for path in groups["kept"]},
        removed=tuple(groups["removed"]),
        left=tuple(groups["left"]),
        deleted=tuple(groups["deleted"]),
    )


def _fate(ours: str | None, found: str | None, wanted: str | None) -> str:
    """Return which group of `Update` a file belongs to; "" for one that nobody has or wants any more.

    Args:
        ours: The hash of what we wrote last; None where we never did.
        found: What is there; None where nothing is.
        wanted: What belongs there; None where nothing does.
    """
    if found is None:
        return "" if wanted is None else "written" if ours is None else "deleted"
    edited = ours != _hash(found)
    if wanted is None:
        return "left" if edited else "removed"
    if _plain(found) == _plain(wanted):
        return "unchanged"
    return "kept" if edited else "written"


def _diff(path: str, there: str, wanted: str) -> str:
    names = f"{path} (yours)", f"{path} (exported)"
    lines = difflib.unified_diff(_plain(there).splitlines(), wanted.splitlines(), *names, lineterm="")
    return "".join(f"{line}\n" for line in lines)


def _plain(text: str) -> str:
    """Return a text with its lines ended by LF: git may have checked it out with others."""
    return text.replace("\r\n", "\n")


def _like(found: str | None, wanted: str) -> str:
    """Return a text with its lines ended as those that it replaces."""
    return wanted.replace("\n", "\r\n") if found is not None and "\r\n" in found else wanted


def _hash(text: str) -> str:
    return hashlib.sha256(_plain(text).encode()).hexdigest()


# --- the directory


def _read_manifest(destination: Path) -> dict[str, str]:
    files = [place for place in (destination, *destination.parents) if place.exists() and not place.is_dir()]
    if files:
        raise ExportError(f"{files[0]} is a file. Name a directory, which may be new.")
    place = destination / MANIFEST
    if not place.exists():
        others = sorted({entry.name for entry in destination.iterdir()} - NOBODYS) if destination.exists() else []
        if others:
            raise ExportError(
                f"{destination} holds {others[0]} and no {MANIFEST}, so it is no package of ours. "
                "Name a directory that is new or empty."
            )
        return {}
    try:
        known = json.loads(place.read_text(encoding="utf-8"))["files"]
        return {str(path): str(text) for path, text in known.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ExportError(
            f"{place} cannot be read ({error}). Restore it, or move the directory away and export anew."
        ) from error


def _read(destination: Path, path: str) -> str | None:
    """Return the text of a file; None where there is none."""
    try:
        # newline="": the ends of its lines are to be seen.
        with _inside(destination, path).open(encoding="utf-8", errors="replace", newline="") as file:
            return file.read()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ExportError(f"{destination / path} cannot be read ({error.strerror}). Move it out of the way.") from error


def _inside(destination: Path, path: str) -> Path:
    """Return where a file really is, links followed.

    Raises:
        ExportError: That is outside the directory.
    """
    root = destination.resolve()
    place = (root / path).resolve()
    if root not in place.parents:
        raise ExportError(f"{path} leads out of {destination}, to {place}. Replace the link by a folder or a file.")
    return place


def _write(destination: Path, texts: Mapping[str, str], removed: Iterable[str]) -> None:
    """Write all, or on an error leave all as it was: first beside their places, then each into its place."""
    places = {_inside(destination, path): text for path, text in texts.items()}
    before = {place: place.read_bytes() if place.exists() else None for place in places}
    beside: dict[Path, Path] = {}
    try:
        for place, text in places.items():
            place.parent.mkdir(parents=True, exist_ok=True)
            beside[place] = place.with_name(f".export-{secrets.token_hex(8)}")
            beside[place].write_text(text, encoding="utf-8", newline="")
            if before[place] is not None:
                shutil.copymode(place, beside[place])
        for place, new in beside.items():
            new.replace(place)
    except OSError as error:
        for new in beside.values():
            new.unlink(missing_ok=True)
        for place, content in before.items():
            _restore(place, content)
        raise ExportError(
            f"{destination} cannot be written ({error.strerror}); it is as it was. Name another."
        ) from error
    for path in removed:
        _remove(destination, _inside(destination, path))


def _restore(place: Path, content: bytes | None) -> None:
    with suppress(OSError):
        if content is None:
            place.unlink(missing_ok=True)
        elif place.read_bytes() != content:
            place.write_bytes(content)


def _remove(destination: Path, place: Path) -> None:
    """Remove a file, and the folders that it leaves empty."""
    place.unlink(missing_ok=True)
    for folder in place.parents:
        if folder == destination.resolve() or any(folder.iterdir()):
            break
        folder.rmdir()
