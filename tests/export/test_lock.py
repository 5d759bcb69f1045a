"""The lock of an exported package has the hashes of its files, and what is made of it runs no unknown code."""

from __future__ import annotations

import re
import subprocess
import sys
import venv
from dataclasses import replace
from pathlib import Path

import pytest

from mcp_notebook.export import project
from mcp_notebook.export.project import hashes
from tests.support.packages import package, texts

ONE = "click==8.2.1"
HASH = "sha256:" + "0a" * 32


@pytest.fixture(scope="module")
def locked() -> project.Package:
    """A package whose lock has what the indexes of this machine tell."""
    plain = package()
    known = hashes.of(plain.dependencies.locked)
    assert known, "pip reaches no index that has what is installed here"
    return replace(plain, dependencies=replace(plain.dependencies, hashes=known))


@pytest.mark.slow
def test_the_lock_installs_where_pip_requires_hashes(locked: project.Package, tmp_path: Path) -> None:
    lock = tmp_path / "requirements.lock"
    lock.write_text(texts(project.files(locked))["requirements.lock"], "utf-8")
    pins = [line for line in lock.read_text("utf-8").splitlines() if re.match(r"\w", line)]
    assert all(re.fullmatch(r"[\w.-]+==\S+ \\", line) for line in pins)
    venv.create(tmp_path / "venv", with_pip=False)
    python = tmp_path / "venv" / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    command = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--no-compile"]
    done = subprocess.run(
        [*command, "--require-hashes", "--only-binary", ":all:", "-r", str(lock)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert subprocess.run([str(python), "-c", "import mcp, uvicorn"], check=False).returncode == 0
    wrong = re.sub(r"sha256:[0-9a-f]{8}", "sha256:00000000", lock.read_text("utf-8"))
    lock.write_text(wrong, "utf-8")
    done = subprocess.run(
        [*command, "--force-reinstall", "--require-hashes", "-r", str(lock)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode != 0
    assert "HASH" in done.stderr.upper()


def test_a_lock_keeps_the_hashes_that_it_has() -> None:
    text = "# about\n" + hashes.written(ONE, {ONE: (HASH, "sha256:" + "1b" * 32)})
    known = hashes.in_lock(text, [ONE])
    assert known == {ONE: (HASH, "sha256:" + "1b" * 32)}
    assert hashes.in_lock(text.replace("\n", "\r\n"), [ONE]) == known
    assert hashes.in_lock(text, [ONE, "anyio==4.10.0"]) == {}
    assert hashes.in_lock(text + "anyio==4.10.0\n", [ONE, "anyio==4.10.0"]) == {}


def test_without_an_index_the_lock_says_that_it_has_no_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable(_: Path) -> list[list[str]]:
        return [[sys.executable, "-c", "raise SystemExit(1)"]]

    monkeypatch.setattr(hashes, "_commands", unreachable)
    monkeypatch.setattr(hashes, "_KNOWN", {})
    assert hashes.of([ONE]) == {}
    lock = texts(project.files(package()))["requirements.lock"]
    assert "--hash" not in lock
    assert "Without hashes" in lock


def test_an_index_that_knows_all_but_one_gives_no_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    def partial(folder: Path) -> list[list[str]]:
        return [[sys.executable, "-c", f"open({str(folder / 'uv.txt')!r}, 'w').write('{ONE} --hash={HASH}')"]]

    monkeypatch.setattr(hashes, "_commands", partial)
    monkeypatch.setattr(hashes, "_KNOWN", {})
    assert hashes.of([ONE]) == {ONE: (HASH,)}
    assert hashes.of([ONE, "anyio==4.10.0"]) == {}


def test_an_index_that_does_not_answer_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        hashes, "_commands", lambda _: [[sys.executable, "-c", "import threading; threading.Event().wait(600)"]]
    )
    monkeypatch.setattr(hashes, "PATIENCE", 0.5)
    monkeypatch.setattr(hashes, "_KNOWN", {})
    assert hashes.of([ONE]) == {}


@pytest.mark.parametrize("known", [{}, {ONE: (HASH,)}], ids=["without", "with"])
def test_the_image_installs_wheels_only_and_builds_nothing(known: dict[str, tuple[str, ...]]) -> None:
    plain = package()
    dockerfile = texts(project.files(replace(plain, dependencies=replace(plain.dependencies, hashes=known))))[
        "Dockerfile"
    ]
    (install,) = [line for line in dockerfile.splitlines() if "install" in line and line.startswith("RUN")]
    hashed = "--require-hashes " if known else ""
    assert install == f"RUN pip install {hashed}--only-binary :all: -r requirements.lock"


def test_the_workflow_names_its_actions_by_commit() -> None:
    workflow = texts(project.files(package()))[".github/workflows/ci.yml"]
    used = re.findall(r"uses: (\S+)", workflow)
    assert used
    assert all(re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", action) for action in used)
