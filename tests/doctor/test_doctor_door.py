"""The doctor looks for the door in the Jupyter Server that started the kernel, and tries it."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mcp_notebook.addresses import Door, runtime_dir
from mcp_notebook.doctor import Diagnosis, examine
from tests.support.jupyter import running_jupyter

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX's")


@pytest.fixture(scope="module")
def jupyter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    with running_jupyter(tmp_path_factory.mktemp("jupyter")) as told:
        yield told


def about_the_door(environ: dict[str, str]) -> list[Diagnosis]:
    return [found for found in examine(None, environ) if found.what.startswith("door: ")]


def told(door: Door) -> dict[str, str]:
    environ: dict[str, str] = {}
    door.tell(environ)
    return environ


@pytest.mark.slow
def test_a_door_that_answers_is_fine(jupyter: dict[str, Any]) -> None:
    (here,) = about_the_door(told(Door("/", None, False, jupyter["pid"])))
    assert (here.status, here.what) == (
        "ok",
        "door: Jupyter Server has it at /mcp-notebook/, which only this machine can reach",
    )
    (there,) = about_the_door(told(Door("/", None, True, jupyter["pid"])))
    assert there.what.endswith("for clients on other machines")


@pytest.mark.slow
def test_another_page_in_its_place_is_a_problem(jupyter: dict[str, Any]) -> None:
    about = runtime_dir() / f"jpserver-{jupyter['pid']}.json"
    before = about.read_text()
    about.write_text(json.dumps(jupyter | {"base_url": "/elsewhere/"}))
    try:
        (found,) = about_the_door(told(Door("/", None, True, jupyter["pid"])))
    finally:
        about.write_text(before)
    assert found.status == "problem"
    assert "another page" in found.what
    assert "pip install mcp-notebook" in found.fix


def left(monkeypatch: pytest.MonkeyPatch, folder: Path, **about: Any) -> None:
    """Leave the file of a Jupyter Server whose id is 7."""
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(folder))
    (folder / "jpserver-7.json").write_text(json.dumps({"hostname": "localhost", "port": 1, "base_url": "/", **about}))


def test_a_jupyter_that_does_not_answer_is_a_problem(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    left(monkeypatch, tmp_path)
    (found,) = about_the_door(told(Door("/", None, True, 7)))
    assert found.status == "problem"
    assert "does not answer at http://localhost:1/mcp-notebook/" in found.what


def test_a_remote_jupyter_without_a_door_is_noted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    left(monkeypatch, tmp_path)
    assert about_the_door({"JPY_PARENT_PID": "7"}) == []
    (on_hub,) = about_the_door({"JPY_PARENT_PID": "7", "JUPYTERHUB_SERVICE_PREFIX": "/user/ada/"})
    assert on_hub.status == "note"
    assert on_hub.fix.startswith("in Jupyter's environment: pip install mcp-notebook")
    left(monkeypatch, tmp_path, hostname="0.0.0.0")
    assert [found.status for found in about_the_door({"JPY_PARENT_PID": "7"})] == ["note"]


@pytest.mark.parametrize("about", [{"sock": "/run/jupyter"}, {"secure": True}])
def test_a_jupyter_that_is_asked_in_another_way_is_believed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, about: dict[str, Any]
) -> None:
    left(monkeypatch, tmp_path, **about)
    (found,) = about_the_door(told(Door("/", None, True, 7)))
    assert found.status == "ok"


def test_nothing_is_said_without_a_jupyter_server() -> None:
    assert about_the_door({}) == []
    assert about_the_door({"JPY_PARENT_PID": "no number"}) == []


def test_a_jupyter_that_ended_or_looks_elsewhere_is_a_problem(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path))
    (found,) = about_the_door(told(Door("/", None, True, 7)))
    assert found.status == "problem"
    assert "JUPYTER_RUNTIME_DIR" in found.what
