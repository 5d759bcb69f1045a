"""How uv is found, which indexes it asks, what it locks, and what happens without it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from packaging.utils import canonicalize_name

from mcp_notebook.export import dependencies, project, uv
from mcp_notebook.export.drafting import _version
from mcp_notebook.export.module.writing import Module
from mcp_notebook.export.project import uv_lock
from mcp_notebook.export.proof import installing
from mcp_notebook.export.proof.environment import installed
from tests.support.packages import SERVER, package, texts, write
from tests.support.shells import Shell

INDEXES = re.compile(r"(PIP|UV)_\w*(INDEX|FIND_LINKS|CONFIG|CERT|PROXY|HOST)\w*")


@pytest.fixture
def unconfigured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No index is configured but by a file of pip's, whose path this is."""
    for name in [name for name in os.environ if INDEXES.fullmatch(name)]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("APPDATA", str(tmp_path / "config"))
    monkeypatch.setenv("PIP_CONFIG_FILE", str(tmp_path / "pip.conf"))
    return tmp_path / "pip.conf"


def added() -> dict[str, str]:
    """Return the variables that uv gets besides those of this process."""
    return {name: value for name, value in uv.variables().items() if os.environ.get(name) != value}


def test_uv_asks_the_indexes_that_pip_is_configured_for(unconfigured: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    unconfigured.write_text(
        "[global]\nindex-url = https://someone:secret@index.example/simple\n"
        "extra-index-url =\n    https://one.example/simple\n    https://two.example/simple\n"
        "[install]\nfind-links = /wheels https://wheels.example\n",
        "utf-8",
    )
    found = added()
    assert found["UV_DEFAULT_INDEX"] == "https://someone:secret@index.example/simple"
    assert found["UV_INDEX"] == "https://one.example/simple https://two.example/simple"
    assert found["UV_FIND_LINKS"] == "/wheels,https://wheels.example"
    assert found["UV_INDEX_STRATEGY"] == "unsafe-best-match"
    monkeypatch.setenv("PIP_INDEX_URL", "https://other.example/simple")
    assert added()["UV_DEFAULT_INDEX"] == "https://other.example/simple"
    assert uv.variables(shared=True)["UV_FIND_LINKS"] == "https://wheels.example"


def test_uv_keeps_the_indexes_of_its_own(unconfigured: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    unconfigured.write_text("[global]\nindex-url = https://index.example/simple\n", "utf-8")
    monkeypatch.setenv("UV_DEFAULT_INDEX", "https://mine.example/simple")
    assert added() == {}
    monkeypatch.delenv("UV_DEFAULT_INDEX")
    assert "UV_DEFAULT_INDEX" in added()
    (tmp_path / "config" / "uv").mkdir(parents=True)
    (tmp_path / "config" / "uv" / "uv.toml").write_text('index-url = "https://mine.example/simple"\n', "utf-8")
    assert added() == {}


def test_uv_is_found_on_the_path_or_as_a_wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    beside = uv.find()
    assert beside is None or Path(beside).is_file()  # the wheel's, where it is installed
    monkeypatch.setitem(sys.modules, "uv", None)
    assert uv.find() is None
    program = tmp_path / ("uv.exe" if os.name == "nt" else "uv")
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    assert uv.find() is not None


# --- installing


def versions(python: Path) -> dict[str, str]:
    program = "import importlib.metadata as m; print(*sorted(f'{d.name}=={d.version}' for d in m.distributions()))"
    done = subprocess.run([str(python), "-c", program], capture_output=True, text=True, check=True)
    pins = (pin.split("==") for pin in done.stdout.split())
    return {canonicalize_name(name): version for name, version in pins}


@pytest.mark.slow
def test_pip_installs_the_same_versions_as_uv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if uv.find() is None:
        pytest.skip("there is no uv")
    folder = write(tmp_path / "a shop", texts(project.files(package())))
    made = {}
    for name in ("uv", "pip"):
        (tmp_path / name).mkdir()
        found = installed(folder, tmp_path / name, {}, python=None, say=lambda _: None)
        assert found.installation is not None
        assert (found.installation.tool, found.installation.local.pin) == (name, "bookshop==0.1.0")
        made[name] = versions(found.python)
        monkeypatch.setattr(uv, "find", lambda: None)
    pins = dict(pin.split("==") for pin in package().dependencies.locked)
    for found_versions in made.values():
        assert {name: found_versions.get(name) for name in pins} == pins
    assert {name: v for name, v in made["uv"].items() if name in pins} == {
        name: v for name, v in made["pip"].items() if name in pins
    }


@pytest.mark.slow
def test_pip_installs_if_uv_cannot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fails = tmp_path / ("uv.bat" if os.name == "nt" else "uv")
    fails.write_text("@exit 1\n" if os.name == "nt" else "#!/bin/sh\necho 'error: no index' >&2\nexit 1\n")
    fails.chmod(0o755)
    monkeypatch.setattr(uv, "find", lambda: str(fails))
    folder = write(tmp_path / "shop", texts(project.files(package())))
    found = installed(folder, tmp_path, {}, python=None, say=lambda _: None)
    assert found.installation is not None
    assert found.installation.tool == "pip"


def test_a_project_of_the_same_name_on_another_index_is_not_taken(tmp_path: Path) -> None:
    """The environment of the first step knows the local index only."""
    kept = installing._without_indexes(
        {
            "PATH": "p", "UV_INDEX": "https://other.example", "UV_DEFAULT_INDEX": "x", "UV_FIND_LINKS": "y",
            "PIP_EXTRA_INDEX_URL": "z", "PIP_FIND_LINKS": "f", "PIP_CONSTRAINT": "c", "UV_CACHE_DIR": "kept",
            "PIP_CONFIG_FILE": "mine",
        }
    )  # fmt: skip
    assert kept == {"PATH": "p", "UV_CACHE_DIR": "kept", "PIP_CONFIG_FILE": os.devnull, "UV_NO_CONFIG": "1"}


@pytest.mark.slow
def test_a_proof_says_who_installed_the_package_and_how_else_it_was_tried(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    shell.good("%%mcp_tool\ndef add(a: int, b: int) -> int:\n    return a + b", "%mcp call add a=1 b=2")
    if uv.find() is not None:
        done = shell.good("%mcp export sums --bundle")
        rows = {row.what: row for row in done.proof.rows}
        assert done.proof.ok, done
        assert rows["installs and imports"].stdio == "in a clean environment, by uv"
        assert rows["uvx sums, from a local index"].stdio == "started over stdio"
        assert rows["sums-0.1.0.mcpb, started"].stdio == "equal lists"
        assert rows["sums-0.1.0.mcpb, its manifest"].stdio.startswith("valid by ")
        shutil.rmtree("sums")
    monkeypatch.setattr(uv, "find", lambda: None)
    done = shell.good("%mcp export sums --bundle --registry com.example")
    rows = {row.what: row for row in done.proof.rows}
    assert done.proof.ok, done
    assert rows["installs and imports"].stdio == "in a clean environment, by pip"
    assert rows["uvx sums, from a local index"].stdio == "not tried: uv is not installed"
    assert rows["sums-0.1.0.mcpb, started"].stdio == "not tried: uv is not installed"
    assert rows["server.json"].stdio == "valid by the published schema"
    assert any("uv.lock: is left out, because there is no uv" in str(group) for group in done.groups)


# --- the lock of uv

PYPROJECT = '[project]\nname = "shop"\nversion = "0.1.0"\nrequires-python = ">=3.10"\ndependencies = ["anyio>=4"]\n'


@pytest.fixture
def nothing_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uv_lock, "_KNOWN", {})


@pytest.mark.usefixtures("nothing_known")
def test_a_lock_of_uv_has_the_versions_that_ran(tmp_path: Path) -> None:
    if uv.find() is None:
        pytest.skip("there is no uv")
    text = uv_lock.locked(PYPROJECT, ["anyio==4.10.0", "idna==3.10"], "")
    assert text, "uv reaches no index"
    found = dict(re.findall(r'name = "([^"]+)"\nversion = "([^"]+)"', text))
    assert (found["anyio"], found["idna"]) == ("4.10.0", "3.10")
    assert "constraints" not in text
    write(tmp_path, {"pyproject.toml": PYPROJECT, "uv.lock": text})
    check = [str(uv.find()), "lock", "--check"]
    assert subprocess.run(check, cwd=tmp_path, env=uv.variables(shared=True), check=False).returncode == 0


@pytest.mark.usefixtures("nothing_known")
def test_without_an_index_the_lock_that_is_there_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uv, "find", lambda: sys.executable)  # which knows no `lock`
    assert uv_lock.locked(PYPROJECT, [], "as it was") == "as it was"
    assert uv_lock.locked(PYPROJECT, [], "") == ""
    monkeypatch.setattr(uv, "find", lambda: None)
    assert uv_lock.locked(PYPROJECT, [], "as it was") == "as it was"
    assert uv_lock.locked(PYPROJECT, [], "") is None


@pytest.mark.usefixtures("nothing_known")
def test_a_lock_that_only_this_machine_can_use_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def lock(_: Any, cwd: Path, **__: Any) -> Any:
        (cwd / "uv.lock").write_text('source = { registry = "/opt/index" }\n', "utf-8")
        return subprocess.CompletedProcess([], 0)

    monkeypatch.setattr(uv, "find", lambda: "uv")
    monkeypatch.setattr(subprocess, "run", lock)
    assert uv_lock.locked(PYPROJECT, [], "") == ""


def test_the_version_of_a_package_is_its_authors(tmp_path: Path) -> None:
    assert _version(tmp_path) == "0.1.0"
    module = Module({"server.py": SERVER}, "mcp")
    files = texts(project.files(package(module=module, dependencies=dependencies.of(module))))
    write(tmp_path, {"pyproject.toml": files["pyproject.toml"].replace('version = "0.1.0"', 'version = "2.0.0"', 1)})
    assert _version(tmp_path) == "2.0.0"
