"""`scripts/dev.py`, which make and people without make use."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from scripts import dev

pytestmark = pytest.mark.once


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """A project without .venv; returns the programs that are run in it, none of which does anything."""
    ran: list[tuple[str, ...]] = []

    def run(*words: str | Path) -> int:
        ran.append(tuple(str(word) for word in words))
        return 0

    (tmp_path / "pyproject.toml").write_text("[project]", encoding="utf-8")
    (tmp_path / ".venv").mkdir()
    monkeypatch.setattr(dev, "ROOT", tmp_path)
    monkeypatch.setattr(dev, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(dev, "OWN_PYTHON", tmp_path / ".venv" / "python")
    monkeypatch.setattr(dev, "run", run)
    monkeypatch.setattr(shutil, "which", lambda name: None)
    monkeypatch.delenv("PYTHON", raising=False)
    return ran


def test_an_environment_is_made_and_filled_once(
    project: list[tuple[str, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert dev.main(["environment", "dev"]) == 0
    made, filled = project
    assert made[:3] == (sys.executable, "-m", "venv")
    assert filled[-2:] == ("-e", ".[dev]")
    monkeypatch.setattr(dev, "OWN_PYTHON", Path(sys.executable))
    assert dev.main(["environment", "test"]) == 0
    assert len(project) == 2
    (dev.ROOT / "pyproject.toml").write_text("[project]\ndependencies = []", encoding="utf-8")
    assert dev.main(["environment", "test"]) == 0
    assert project[-1][-1] == ".[test]"


def test_uv_fills_it_where_it_is_and_pip_where_uv_cannot(
    project: list[tuple[str, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def run_and_fail(*words: str | Path) -> int:
        ran(*words)
        return int(words[0] == "/bin/uv")

    ran = dev.run
    monkeypatch.setattr(shutil, "which", lambda name: f"/bin/{name}")
    monkeypatch.setattr(dev, "run", run_and_fail)
    assert dev.main(["environment", "test"]) == 0
    assert [words[0] for words in project[1:]] == ["/bin/uv", str(dev.OWN_PYTHON)]


def test_installing_that_fails_is_said_and_tried_again(
    project: list[tuple[str, ...]], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(dev, "run", lambda *words: int("install" in words))
    assert dev.main(["lab"]) == 1
    assert "No network?" in capsys.readouterr().err
    assert not list(dev.VENV.glob("installed-*"))


def test_an_environment_of_another_python_is_kept(
    project: list[tuple[str, ...]], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(dev, "OWN_PYTHON", Path(sys.executable))
    monkeypatch.setenv("PYTHON", "python0.0")
    assert dev.main(["lab"]) == 1
    assert "leave PYTHON out" in capsys.readouterr().err
    assert project == []


@pytest.mark.parametrize("words", [[], ["labb"], ["environment"], ["environment", "dev", "test"]])
def test_other_words_get_the_usage(
    words: list[str], project: list[tuple[str, ...]], capsys: pytest.CaptureFixture[str]
) -> None:
    assert dev.main(words) == 1
    assert project == []
    assert "python scripts/dev.py lab" in capsys.readouterr().err
