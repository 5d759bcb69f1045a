"""A package's directory, written again after a person has worked in it."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from mcp_notebook.errors import ExportError
from mcp_notebook.export.manifest import MANIFEST, Update, update

FILES = {"README.md": "one\n", "src/shop/server.py": "two\n"}


def content(folder: Path) -> dict[str, str]:
    files = (path for path in folder.rglob("*") if path.is_file() and path.name != MANIFEST)
    return {path.relative_to(folder).as_posix(): path.read_bytes().decode() for path in files}


def again(folder: Path, files: dict[str, str]) -> Update:
    return update(folder, files, dry_run=False)


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    folder = tmp_path / "deep" / "shop"
    again(folder, FILES)
    return folder


def test_a_new_directory_gets_all(shop: Path) -> None:
    assert content(shop) == FILES


def test_a_dry_run_says_what_it_would_do_and_does_nothing(tmp_path: Path) -> None:
    done = update(tmp_path / "shop", FILES, dry_run=True)
    assert done == Update(written=("README.md", "src/shop/server.py"))
    assert not (tmp_path / "shop").exists()


def test_the_second_time_nothing_changes(shop: Path) -> None:
    manifest = (shop / MANIFEST).read_bytes()
    assert again(shop, FILES) == Update(unchanged=tuple(FILES))
    assert (shop / MANIFEST).read_bytes() == manifest


def test_what_nobody_edited_is_written_anew(shop: Path) -> None:
    assert again(shop, {**FILES, "README.md": "1\n"}).written == ("README.md",)
    assert content(shop)["README.md"] == "1\n"


def test_what_a_person_edited_stays_and_shows_as_a_diff_each_time(shop: Path) -> None:
    (shop / "README.md").write_text("mine\n", "utf-8")
    for _ in range(2):
        done = again(shop, {**FILES, "README.md": "1\n"})
        assert done.kept == {"README.md": "--- README.md (yours)\n+++ README.md (exported)\n@@ -1 +1 @@\n-mine\n+1\n"}
        assert content(shop)["README.md"] == "mine\n"


def test_what_a_person_edited_to_what_we_write_is_ours_again(shop: Path) -> None:
    (shop / "README.md").write_text("1\n", "utf-8")
    assert again(shop, {**FILES, "README.md": "1\n"}).kept == {}
    assert again(shop, {**FILES, "README.md": "2\n"}).written == ("README.md",)


def test_a_file_that_a_person_made_is_theirs(shop: Path) -> None:
    (shop / "Makefile").write_text("mine\n", "utf-8")
    assert list(again(shop, {**FILES, "Makefile": "ours\n"}).kept) == ["Makefile"]
    assert content(shop)["Makefile"] == "mine\n"


def test_what_is_no_longer_part_goes_with_the_folder_that_it_leaves_empty(shop: Path) -> None:
    assert again(shop, {"README.md": "one\n"}).removed == ("src/shop/server.py",)
    assert not (shop / "src").exists()


def test_what_is_no_longer_part_stays_where_a_person_edited_it(shop: Path) -> None:
    (shop / "README.md").write_text("mine\n", "utf-8")
    rest = {"src/shop/server.py": "two\n"}
    assert again(shop, rest).left == ("README.md",)
    assert again(shop, rest) == Update(unchanged=("src/shop/server.py",))
    assert content(shop)["README.md"] == "mine\n"


def test_what_a_person_deleted_stays_deleted_and_is_said_each_time(shop: Path) -> None:
    (shop / "README.md").unlink()
    for _ in range(2):
        assert again(shop, {**FILES, "README.md": "1\n"}).deleted == ("README.md",)
    assert "README.md" not in content(shop)


def test_line_ends_of_a_checkout_are_no_edit_and_stay(shop: Path) -> None:
    (shop / "README.md").write_bytes(b"one\r\n")
    assert again(shop, FILES).kept == {}
    again(shop, {**FILES, "README.md": "1\n2\n"})
    assert (shop / "README.md").read_bytes() == b"1\r\n2\r\n"


@pytest.mark.skipif(os.name == "nt", reason="modes of POSIX")
def test_the_mode_that_a_person_gave_stays(shop: Path) -> None:
    (shop / "README.md").chmod(0o755)
    again(shop, {**FILES, "README.md": "1\n"})
    assert (shop / "README.md").stat().st_mode & 0o777 == 0o755


def test_a_directory_with_a_repository_and_nothing_else_is_as_good_as_new(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    assert again(tmp_path, FILES).written == tuple(FILES)


def test_a_directory_of_somebody_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").touch()
    with pytest.raises(ExportError, match=r"has thesis\.txt"):
        again(tmp_path, FILES)
    assert sorted(content(tmp_path)) == ["thesis.txt"]


def test_a_file_in_the_place_of_the_directory_is_refused(tmp_path: Path) -> None:
    (tmp_path / "shop").touch()
    with pytest.raises(ExportError, match="is a file"):
        again(tmp_path / "shop", FILES)


def test_a_link_is_not_followed_out_of_the_directory(shop: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (shop / "src" / "shop" / "server.py").unlink()
    (shop / "src" / "shop").rmdir()
    (shop / "src" / "shop").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ExportError, match="leads out of"):
        again(shop, {**FILES, "README.md": "1\n"})
    assert content(shop)["README.md"] == "one\n"
    assert content(tmp_path / "elsewhere") == {}


def test_a_manifest_that_names_a_file_outside_removes_nothing_there(shop: Path, tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("one\n", "utf-8")
    known = json.loads((shop / MANIFEST).read_text("utf-8"))["files"]
    outside = {"../../thesis.txt": known["README.md"]}
    (shop / MANIFEST).write_text(json.dumps({"files": {**known, **outside}}), "utf-8")
    with pytest.raises(ExportError, match="leads out of"):
        again(shop, FILES)
    assert (tmp_path / "thesis.txt").exists()


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"files": 1}'])
def test_a_manifest_that_cannot_be_read_is_one_line(shop: Path, text: str) -> None:
    (shop / MANIFEST).write_text(text, "utf-8")
    with pytest.raises(ExportError, match="cannot be read"):
        again(shop, FILES)


def test_when_one_file_cannot_be_written_none_is(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = content(shop)
    replace = Path.replace

    def full(self: Path, target: Path) -> Path:
        if target.name == "server.py":
            raise OSError(28, "No space left on device")
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(ExportError, match="No space left"):
        again(shop, {"README.md": "1\n", "new.txt": "new\n", "src/shop/server.py": "2\n"})
    assert content(shop) == before
