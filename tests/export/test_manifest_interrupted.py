"""An export that is interrupted between any two steps leaves the directory as it was, or as it was to be."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mcp_notebook.errors import ExportError
from mcp_notebook.export.manifest import MANIFEST, update
from tests.support.faults import FAULTS, Killed

BEFORE = {"README.md": "one\n", "src/shop/server.py": "two\n", "src/shop/old/gone.py": "gone\n", "mine.txt": "three\n"}
AFTER = {"README.md": "1\n", "src/shop/server.py": "2\n", "src/shop/new/added.py": "added\n", "mine.txt": "3\n"}


def content(folder: Path) -> dict[str, str]:
    """Return every file, ours for the journal too: nothing of it may be left."""
    files = {p.relative_to(folder).as_posix(): p for p in folder.rglob("*") if p.is_file()}
    return {path: place.read_text("utf-8") for path, place in files.items()}


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    folder = tmp_path / "shop"
    update(folder, BEFORE, dry_run=False)
    (folder / "mine.txt").write_text("a person's\n", "utf-8")
    return folder


@pytest.fixture
def wanted(tmp_path: Path) -> dict[str, str]:
    """What is there after an export that nothing interrupted."""
    folder = tmp_path / "other" / "shop"
    update(folder, BEFORE, dry_run=False)
    (folder / "mine.txt").write_text("a person's\n", "utf-8")
    update(folder, AFTER, dry_run=False)
    return content(folder)


def outcome(folder: Path) -> BaseException | None:
    """Export, and return what that raised."""
    try:
        update(folder, AFTER, dry_run=False)
    except BaseException as error:  # noqa: BLE001 - it is what the test is about
        return error
    return None


def steps(tmp_path: Path) -> int:
    folder = tmp_path / "counted"
    update(folder, BEFORE, dry_run=False)
    (folder / "mine.txt").write_text("a person's\n", "utf-8")
    with FAULTS.at(0, folder, Killed()) as count:
        update(folder, AFTER, dry_run=False)
    assert count[0] > 15
    return count[0]


def interruptions(tmp_path: Path, shop: Path) -> Iterator[tuple[int, Path]]:
    """Yield a directory for each step that a run may be interrupted at."""
    for number in range(1, steps(tmp_path) + 1):
        folder = tmp_path / f"run-{number}" / "shop"
        update(folder, BEFORE, dry_run=False)
        (folder / "mine.txt").write_text("a person's\n", "utf-8")
        yield number, folder


@pytest.mark.parametrize(
    "error",
    [KeyboardInterrupt(), SystemExit(1), MemoryError(), OSError(28, "No space left"), PermissionError(13, "no")],
    ids=["interrupt", "exit", "memory", "full", "permission"],
)  # fmt: skip
def test_whatever_comes_between_two_steps_nothing_is_mixed(
    tmp_path: Path, shop: Path, wanted: dict[str, str], error: BaseException
) -> None:
    before = content(shop)
    for number, folder in interruptions(tmp_path, shop):
        with FAULTS.at(number, folder, error):
            told = outcome(folder)
        assert told is None or told is error or ("is unchanged" in str(told) and "\n" not in str(told))
        there = content(folder)
        left = {path for path in there if path.startswith(".export.part")}
        assert {path: text for path, text in there.items() if path not in left} in (before, wanted), number
        assert not any("journal.json" in path for path in left), number
        update(folder, AFTER, dry_run=False)
        assert content(folder) == wanted, number


def test_a_killed_export_is_undone_by_the_next_and_no_edit_is_taken_for_ours(
    tmp_path: Path, shop: Path, wanted: dict[str, str]
) -> None:
    before = content(shop)
    expected = update(shop, AFTER, dry_run=True)
    for number, folder in interruptions(tmp_path, shop):
        with FAULTS.at(number, folder, Killed(), again=True):
            outcome(folder)
        frozen = content(folder)
        seen = update(folder, AFTER, dry_run=True)
        assert content(folder) == frozen, "a dry run writes nothing"
        done = update(folder, AFTER, dry_run=False)
        assert content(folder) == wanted, number
        assert not [path for path in content(folder) if path.startswith(".export.part")]
        if {path: frozen.get(path) for path in wanted} != {path: wanted.get(path) for path in wanted}:
            assert (seen.written, set(seen.kept)) == (expected.written, {"mine.txt"}), number
            assert (done.written, set(done.kept)) == (expected.written, {"mine.txt"}), number
    assert before == content(shop)


def test_what_a_person_edits_after_a_kill_stays_theirs(tmp_path: Path, shop: Path) -> None:
    for number, folder in interruptions(tmp_path, shop):
        with FAULTS.at(number, folder, Killed(), again=True):
            outcome(folder)
        (folder / "README.md").write_text("a person's, after the kill\n", "utf-8")
        assert "README.md" in update(folder, AFTER, dry_run=False).kept, number
        assert (folder / "README.md").read_text("utf-8") == "a person's, after the kill\n"


def test_a_first_export_that_is_killed_can_be_made_again(tmp_path: Path) -> None:
    number = 0
    while True:
        number += 1
        folder = tmp_path / str(number) / "shop"
        with FAULTS.at(number, folder, Killed(), again=True) as count:
            outcome(folder)
        update(folder, AFTER, dry_run=True)
        assert update(folder, AFTER, dry_run=False).kept == {}
        there = content(folder)
        there.pop(MANIFEST)
        assert there == AFTER
        if count[0] < number:
            break
    assert number > 10


def test_an_interrupted_first_export_leaves_no_directory(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "shop"
    with FAULTS.at(6, folder, KeyboardInterrupt()), pytest.raises(KeyboardInterrupt):
        update(folder, AFTER, dry_run=False)
    assert not (tmp_path / "deep").exists()


def test_an_interrupt_while_it_is_undone_leaves_that_to_the_next_export(tmp_path: Path, shop: Path) -> None:
    wanted = update(shop, AFTER, dry_run=True).written
    replaced = 0
    for number, folder in interruptions(tmp_path, shop):
        with FAULTS.at(number, folder, KeyboardInterrupt()) as count:
            hook = FAULTS.active
            assert hook is not None

            def step(count: list[int] = count, hook: Callable[[], None] = hook, number: int = number) -> None:
                if count[0] == number:  # the second one, in the midst of putting back
                    count[0] += 1
                    raise KeyboardInterrupt
                hook()

            FAULTS.active = step
            outcome(folder)
        replaced += (folder / ".export.part" / "journal.json").exists()
        done = update(folder, AFTER, dry_run=False)
        assert set(done.kept) == {"mine.txt"}
        assert done.written in (wanted, ())
    assert replaced


CHILD = """
import sys
from pathlib import Path
from mcp_notebook.export.manifest import update
files = {f"src/shop/part_{n}.py": sys.argv[2] * 20_000 for n in range(60)}
print("ready", flush=True)
while True:
    for text in ("a", "b"):
        update(Path(sys.argv[1]), {path: text * 20_000 for path in files}, dry_run=False)
"""


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="signals are those of POSIX")
def test_a_process_that_is_really_killed_leaves_nothing_mixed(tmp_path: Path) -> None:
    for _ in range(5):
        child = subprocess.Popen([sys.executable, "-c", CHILD, str(tmp_path / "shop"), "x"], stdout=subprocess.PIPE)
        assert child.stdout is not None
        child.stdout.readline()
        threading.Event().wait(0.2)
        child.send_signal(signal.SIGKILL)
        child.wait()
        child.stdout.close()
        done = update(tmp_path / "shop", {f"src/shop/part_{n}.py": "c" for n in range(60)}, dry_run=False)
        assert (done.kept, done.deleted, len(done.written + done.unchanged)) == ({}, (), 60)
        assert len({text for path, text in content(tmp_path / "shop").items() if path != MANIFEST}) == 1


def test_two_exports_into_one_directory_come_one_after_the_other(tmp_path: Path) -> None:
    folder = tmp_path / "shop"
    failed: list[BaseException] = []

    def export(text: str) -> None:
        try:
            for _ in range(5):
                update(folder, {f"part_{n}.py": text for n in range(10)}, dry_run=False)
        except BaseException as error:  # noqa: BLE001 - shown by the test
            failed.append(error)

    threads = [threading.Thread(target=export, args=(f"{n}\n",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert len({text for path, text in content(folder).items() if path != MANIFEST}) == 1


def test_a_journal_that_leads_out_of_the_directory_changes_nothing_there(tmp_path: Path, shop: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine\n", "utf-8")
    part = shop / ".export.part"
    part.mkdir()
    (part / "0.old").write_text("theirs\n", "utf-8")
    entry = {"kept": "0.old", "before": None, "after": "x"}
    (part / "journal.json").write_text(json.dumps({"../thesis.txt": entry}), "utf-8")
    update(shop, AFTER, dry_run=False)
    assert (tmp_path / "thesis.txt").read_text("utf-8") == "mine\n"
    assert not part.exists()


def test_a_disk_that_is_full_at_any_file_leaves_all_as_it_was(
    tmp_path: Path, shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = content(shop)
    sync, left = os.fsync, [0]

    def full(descriptor: int) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise OSError(28, "No space left on device")
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", full)
    for number in range(4):
        left[0] = number
        with pytest.raises(ExportError, match=r"No space left on device\); it is unchanged"):
            update(shop, AFTER, dry_run=False)
        assert content(shop) == before
