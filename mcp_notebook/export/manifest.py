"""Writing a package into its directory, where a person may have been at work since the last time."""

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
"""The file in the directory that says what we wrote: for each path the SHA-256 of its text, lines ended by LF."""

NOBODYS = frozenset({".git", ".venv", ".DS_Store", ".idea", ".vscode", ".mcp-notebook.lock", FOLDER})
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

    def then(self, later: Update) -> Update:
        """Return this update and a later one as one."""
        written = tuple(sorted({*self.written, *later.written}))
        removed = tuple(sorted({*self.removed, *later.removed}))
        unchanged = tuple(path for path in later.unchanged if path not in written)
        return replace(later, written=written, removed=removed, unchanged=unchanged)


def update(destination: Path, files: Mapping[str, str], *, dry_run: bool) -> Update:
    """Bring `destination` up to date: what a person edited stays, all else becomes `files`, or nothing does.

    An earlier export that was killed half-way is undone first; a dry run only reads as if it were.

    Raises:
        ExportError: The directory is somebody else's, a path leads out of it, or it cannot be written.
    """
    _refuse_file(destination)
    if dry_run:
        return _planned(destination, files)[0]
    made = _make(destination)
    try:
        with locked(destination):
            if (killed := interrupted(_root(destination))) is not None:
                killed.undo()
            done, new = _planned(destination, files)
            change(_root(destination), {_relative(destination, path): text for path, text in new.items()},
                   [_relative(destination, path) for path in done.removed])  # fmt: skip
    except OSError as error:
        what = "it is as it was. Name another."
        if interrupted(_root(destination)) is not None:
            what = "it is half written. Export again: what was there is put back first."
        raise ExportError(f"{destination} cannot be written ({error.strerror or error}); {what}") from error
    finally:
        _remove_empty(made)
    return done


def _planned(destination: Path, files: Mapping[str, str]) -> tuple[Update, dict[str, bytes]]:
    """Return what is to be done, and what is to be written, the manifest included."""
    killed = interrupted(_root(destination))
    ours = _read_manifest(destination, killed)
    found = {path: _read(destination, path, killed) for path in {*ours, *files}}
    done = _compare(ours, found, files)
    # What stays a person's keeps the hash of what we wrote last: it shows that it was edited, or deleted.
    hashes = {path: known for path, known in ours.items() if path in files}
    hashes |= {path: _hash(files[path]) for path in (*done.written, *done.unchanged)}
    manifest = json.dumps({"files": dict(sorted(hashes.items()))}, indent=2) + "\n"
    texts = {path: _like(found[path], files[path]) for path in done.written} | {MANIFEST: manifest}
    return done, {path: text.encode() for path, text in texts.items()}


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


def _refuse_file(destination: Path) -> None:
    files = [place for place in (destination, *destination.parents) if place.exists() and not place.is_dir()]
    if files:
        raise ExportError(f"{files[0]} is a file. Name a directory, which may be new.")


def _read_manifest(destination: Path, killed: Interrupted | None) -> dict[str, str]:
    """Return the hashes of what we wrote, as they were before an export that was killed."""
    place = destination / MANIFEST
    before = killed.texts if killed else {}
    if before.get(MANIFEST, b"") is None or not place.exists():
        new = {Path(path).parts[0] for path in (killed.made if killed else ())}
        there = {entry.name for entry in destination.iterdir()} if destination.exists() else set()
        others = sorted(there - NOBODYS - new)
        if others:
            raise ExportError(
                f"{destination} holds {others[0]} and no {MANIFEST}, so it is no package of ours. "
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


def _read(destination: Path, path: str, killed: Interrupted | None) -> str | None:
    """Return the text of a file, as it was before an export that was killed; None where there is none."""
    try:
        real = _relative(destination, path)
        content = killed.texts[real] if killed and real in killed.texts else (_root(destination) / real).read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ExportError(f"{destination / path} cannot be read ({error.strerror}). Move it out of the way.") from error
    return None if content is None else content.decode("utf-8", errors="replace")


def _root(destination: Path) -> Path:
    return destination.resolve()


def _relative(destination: Path, path: str) -> str:
    """Return where a file really is in the directory, links followed."""
    return _inside(destination, path).relative_to(_root(destination)).as_posix()


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


def _make(destination: Path) -> list[Path]:
    """Make the directory; return those that were not there, the inner ones first."""
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
