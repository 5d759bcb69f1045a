"""Update the directory of a package, and keep the edits that a person made there."""

from __future__ import annotations

import difflib
import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from mcp_notebook.errors import ExportError
from mcp_notebook.export.journal import FOLDER, Interrupted, change, interrupted
from mcp_notebook.files import locked

__all__ = ["MANIFEST", "Update", "update"]

MANIFEST = ".export.json"
"""The file with the SHA-256 of each file as it was written; of a text, with lines ended by LF."""

NOBODYS = frozenset({".git", ".venv", ".DS_Store", ".idea", ".vscode", ".mcp-notebook.lock", FOLDER})
"""Names that a new directory may have."""


@dataclass(frozen=True)
class Update:
    """The changes to a directory, made or planned, as paths of files.

    Attributes:
        written: New files, and changed ones that nobody edited.
        unchanged: Files that already have their content.
        kept: Files that a person edited or made, so they stay; with the diff to the exported content.
        removed: Files that are no longer part of the package.
        left: Files that are no longer part of it, but a person edited them, so they stay.
        deleted: Files that a person deleted, so they are not written again.
    """

    written: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    kept: Mapping[str, str] = field(default_factory=dict)
    removed: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    deleted: tuple[str, ...] = ()

    def then(self, later: Update) -> Update:
        """Return this update and a later one as one."""
        written = tuple(sorted({*self.written, *later.written}))
        removed = tuple(sorted({*self.removed, *later.removed}))
        unchanged = tuple(path for path in later.unchanged if path not in written)
        return replace(later, written=written, removed=removed, unchanged=unchanged)


def update(destination: Path, files: Mapping[str, str | bytes], *, dry_run: bool) -> Update:
    """Update `destination`: edited files stay, all others become `files`, or nothing changes.

    The lines of a text may end otherwise in the directory, as git checks it out; bytes are written as they are.

    An earlier export that was killed is undone first; a dry run only reads as if it were.

    Raises:
        ExportError: The directory has other files, a path leads out of it, or it cannot be written.
    """
    _refuse_file(destination)
    if dry_run:
        return _planned(destination, files)[0]
    made = _make(destination)
    root = destination.resolve()
    try:
        with locked(destination):
            if (killed := interrupted(root)) is not None:
                killed.undo()
            done, new = _planned(destination, files)
            texts = {_relative(destination, path): text for path, text in new.items()}
            change(root, texts, [_relative(destination, path) for path in done.removed])
    except OSError as error:
        what = "it is unchanged. Name another."
        if interrupted(root) is not None:
            what = "it is half written. Export again, which restores it first."
        raise ExportError(f"{destination} cannot be written ({error.strerror or error}); {what}") from error
    finally:
        _remove_empty(made)
    return done


def _planned(destination: Path, files: Mapping[str, str | bytes]) -> tuple[Update, dict[str, bytes]]:
    """Return the update, and the files to write, with the manifest."""
    killed = interrupted(destination.resolve())
    ours = _read_manifest(destination, killed)
    found = {path: _read(destination, path, killed) for path in {*ours, *files}}
    done = _compare(ours, found, files)
    # A file that a person edited or deleted keeps the hash of the last written content, which shows that.
    hashes = {path: known for path, known in ours.items() if path in files}
    hashes |= {path: _hash(_plain(files[path])) for path in (*done.written, *done.unchanged)}
    manifest = json.dumps({"files": dict(sorted(hashes.items()))}, indent=2) + "\n"
    new = {path: _like(found[path], files[path]) for path in done.written}
    return done, {**new, MANIFEST: manifest.encode()}


# --- which files change


def _compare(ours: Mapping[str, str], found: Mapping[str, bytes | None], files: Mapping[str, str | bytes]) -> Update:
    groups: defaultdict[str, list[str]] = defaultdict(list)
    for path in sorted(found):
        groups[_fate(ours.get(path), found[path], files.get(path))].append(path)
    kept = {path: _diff(path, found[path] or b"", files[path]) for path in groups["kept"]}
    others = {fate: tuple(groups[fate]) for fate in ("written", "unchanged", "removed", "left", "deleted")}
    return Update(kept=kept, **others)


def _fate(ours: str | None, found: bytes | None, wanted: str | bytes | None) -> str:
    """Return the group of `Update` for a file; "" for one that is gone on both sides.

    Args:
        ours: The hash of the last written content; None if there was none.
        found: The content in the directory; None if there is none.
        wanted: The exported content; None if there is none.
    """
    if found is None:
        return "" if wanted is None else "written" if ours is None else "deleted"
    edited = ours not in (_hash(found), _hash(_with_lf(found)))  # it may have been bytes, or a text
    if wanted is None:
        return "left" if edited else "removed"
    there = found if isinstance(wanted, bytes) else _with_lf(found)
    if there == _plain(wanted):
        return "unchanged"
    return "kept" if edited else "written"


def _diff(path: str, there: bytes, wanted: str | bytes) -> str:
    names = f"{path} (yours)", f"{path} (exported)"
    try:
        before, after = (_with_lf(content).decode().splitlines() for content in (there, _plain(wanted)))
    except UnicodeDecodeError:
        return f"{names[0]} and {names[1]} differ; they are not texts\n"
    return "".join(f"{line}\n" for line in difflib.unified_diff(before, after, *names, lineterm=""))


def _plain(content: str | bytes) -> bytes:
    """Return the bytes that stand for a content: those of a text with its lines ended by LF."""
    return _with_lf(content.encode()) if isinstance(content, str) else content


def _with_lf(content: bytes) -> bytes:
    return content.replace(b"\r\n", b"\n")


def _like(found: bytes | None, wanted: str | bytes) -> bytes:
    """Return the content to write; a text with the line ends of the one that it replaces."""
    if isinstance(wanted, bytes):
        return wanted
    content = wanted.encode()
    return content.replace(b"\n", b"\r\n") if found is not None and b"\r\n" in found else content


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


# --- the directory


def _refuse_file(destination: Path) -> None:
    files = [place for place in (destination, *destination.parents) if place.exists() and not place.is_dir()]
    if files:
        raise ExportError(f"{files[0]} is a file. Name a directory, which may be new.")


def _read_manifest(destination: Path, killed: Interrupted | None) -> dict[str, str]:
    """Return the hashes of the written files, as they were before a killed export."""
    place = destination / MANIFEST
    before = killed.texts if killed else {}
    if before.get(MANIFEST, b"") is None or not place.exists():
        new = {Path(path).parts[0] for path in (killed.made if killed else ())}
        there = {entry.name for entry in destination.iterdir()} if destination.exists() else set()
        others = sorted(there - NOBODYS - new)
        if others:
            raise ExportError(
                f"{destination} has {others[0]} and no {MANIFEST}, so it is not an exported package. "
                "Name a directory that is new or empty."
            )
        return {}
    try:
        content = before.get(MANIFEST) or place.read_bytes()
        known = json.loads(content)["files"]
        return {str(path): str(text) for path, text in known.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ExportError(
            f"{place} cannot be read ({error}). Restore it, or move the directory away and export again."
        ) from error


def _read(destination: Path, path: str, killed: Interrupted | None) -> bytes | None:
    """Return the content of a file, as it was before a killed export; None if there is none."""
    try:
        real = _relative(destination, path)
        return killed.texts[real] if killed and real in killed.texts else (destination.resolve() / real).read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ExportError(f"{destination / path} cannot be read ({error.strerror}). Move it out of the way.") from error


def _relative(destination: Path, path: str) -> str:
    """Return the place of a file in the directory, with links followed.

    Raises:
        ExportError: It is outside the directory.
    """
    root = destination.resolve()
    place = (root / path).resolve()
    if root not in place.parents:
        raise ExportError(f"{path} leads out of {destination}, to {place}. Replace the link by a folder or a file.")
    return place.relative_to(root).as_posix()


def _make(destination: Path) -> list[Path]:
    """Make the directory; return the new ones, the inner ones first."""
    made = [place for place in (destination, *destination.parents) if not place.exists()]
    try:
        destination.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        _remove_empty(made)
        raise ExportError(f"{destination} cannot be made ({error.strerror}). Name another.") from error
    return made


def _remove_empty(folders: Iterable[Path]) -> None:
    for folder in folders:
        with suppress(OSError):
            folder.rmdir()
