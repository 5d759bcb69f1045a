"""Change several files of a directory: all of them or none, even where the process is killed in between.

The new files are first written to a folder inside the directory, beside copies of the files that they replace and a
journal that lists both. Then each new file is moved into its place. Removing the journal completes the change: the next
export that finds a journal restores the copies.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mcp_notebook.files import put_in_place, write_whole

__all__ = ["FOLDER", "Interrupted", "change", "interrupted"]

FOLDER = ".export.part"
"""The folder in the directory, while files are changed."""

JOURNAL = "journal.json"


@dataclass(frozen=True)
class Interrupted:
    """The changes of an export that was killed, and the directory before it.

    Attributes:
        root: The directory.
        texts: The earlier content of each file that it changed; None for a new one. Files that a person has changed
            since are not among them.
        made: The new files, changed since or not; their folders may be new too.
    """

    root: Path
    texts: Mapping[str, bytes | None]
    made: frozenset[str] = frozenset()

    def undo(self) -> None:
        """Restore the earlier content.

        Raises:
            OSError: A file cannot be written; the journal stays, so that the next export tries again.
        """
        journal = _read(self.root) if self.texts else {}
        for path in self.texts:
            place, kept = self.root / path, self.root / FOLDER / str(journal[path]["kept"])
            if journal[path]["kept"] is None:
                place.unlink(missing_ok=True)
            else:
                place.parent.mkdir(parents=True, exist_ok=True)
                draft = kept.with_suffix(".again")
                draft.unlink(missing_ok=True)
                shutil.copy2(kept, draft)  # the copy stays until the journal is gone
                put_in_place(draft, place)
        for path in self.made:
            _remove_empty((self.root / path).parent, self.root)
        _sweep(self.root)


def interrupted(root: Path) -> Interrupted | None:
    """Return the traces of a killed export in a directory; None if there are none."""
    try:
        journal = _read(root)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError):
        return Interrupted(root, {})  # killed while it wrote the journal, so before it changed anything
    texts: dict[str, bytes | None] = {}
    for path, entry in journal.items():
        if _hash(root / path) == entry["after"] != entry["before"]:
            texts[path] = None if entry["kept"] is None else (root / FOLDER / entry["kept"]).read_bytes()
    return Interrupted(root, texts, frozenset(path for path, entry in journal.items() if entry["kept"] is None))


def change(root: Path, new: Mapping[str, bytes], removed: Iterable[str]) -> None:
    """Write files and remove others: all, or none if there is an error or an interrupt.

    Args:
        root: The directory, which exists and has no journal.
        new: The new content of each file.
        removed: The files to remove, which exist.

    Raises:
        OSError: A file cannot be written; the directory is unchanged.
    """
    removed = list(removed)
    try:
        staged = _stage(root, new, removed)
        for path, draft in staged.items():
            place = root / path
            place.parent.mkdir(parents=True, exist_ok=True)
            put_in_place(draft, place)
        for path in removed:
            (root / path).unlink(missing_ok=True)
        (root / FOLDER / JOURNAL).unlink()
    except BaseException:
        if (begun := interrupted(root)) is not None:
            begun.undo()
        _sweep(root)
        raise
    _sweep(root)
    for path in removed:
        _remove_empty((root / path).parent, root)


def _stage(root: Path, new: Mapping[str, bytes], removed: Iterable[str]) -> dict[str, Path]:
    """Write the new files, copies of the old ones, and the journal; return the places of the new files."""
    _sweep(root)
    folder = root / FOLDER
    folder.mkdir()
    staged: dict[str, Path] = {}
    journal: dict[str, dict[str, Any]] = {}
    for number, path in enumerate([*new, *removed]):
        place = root / path
        kept = f"{number}.old" if place.exists() else None
        if kept:
            shutil.copy2(place, folder / kept)
        if path in new:
            staged[path] = folder / f"{number}.new"
            write_whole(staged[path], new[path])
            if kept:
                shutil.copymode(place, staged[path])
        journal[path] = {"kept": kept, "before": _hash(place), "after": _hash(staged[path]) if path in staged else None}
    draft = folder / f"{JOURNAL}.new"
    write_whole(draft, json.dumps(journal, indent=1).encode())
    draft.replace(folder / JOURNAL)
    return staged


def _read(root: Path) -> dict[str, dict[str, Any]]:
    journal: dict[str, dict[str, Any]] = json.loads((root / FOLDER / JOURNAL).read_bytes())
    inside = root.resolve()
    for path, entry in journal.items():
        if inside not in (root / path).resolve().parents:
            raise ValueError(f"{path} leads out")
        if entry["kept"] is not None and Path(entry["kept"]).name != entry["kept"]:
            raise ValueError(f"{entry['kept']} is not a file of the folder")
    return journal


def _hash(place: Path) -> str | None:
    try:
        return hashlib.sha256(place.read_bytes()).hexdigest()
    except FileNotFoundError:
        return None


def _sweep(root: Path) -> None:
    """Remove the folder, the journal first: without it, the rest has no meaning."""
    folder = root / FOLDER
    (folder / JOURNAL).unlink(missing_ok=True)
    shutil.rmtree(folder, ignore_errors=True)


def _remove_empty(folder: Path, root: Path) -> None:
    """Remove a folder, and those above it, as long as they are empty."""
    while folder != root and root in folder.parents:
        try:
            folder.rmdir()
        except FileNotFoundError:
            pass  # it does not exist yet; the one above it may
        except OSError:
            return
        folder = folder.parent
