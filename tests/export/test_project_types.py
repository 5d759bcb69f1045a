"""The types of an exported package, under pyright as its own CI runs it."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from mcp_notebook.export import project
from tests.export.test_project import AUTHORIZED, OWN_HEALTH, with_settings
from tests.support.packages import package, texts, write
from tests.support.programs import Programs

pytestmark = [pytest.mark.slow, pytest.mark.outside]


def test_pyright_finds_nothing(tmp_path: Path) -> None:
    packages = {
        "checked": package(health="is_well"),
        "authorized": package(AUTHORIZED),
        "own-health": package(OWN_HEALTH),
        "settings": with_settings(),
    }
    for name, made in packages.items():
        files = texts(project.files(made))
        # One run for all, which reads the SDK once: the configuration of each is the default.
        assert "typeCheckingMode" not in files["pyproject.toml"]
        write(tmp_path / name, {path: text for path, text in files.items() if path.endswith(".py")})
    roots = [{"root": name, "extraPaths": [f"{name}/src"]} for name in packages]
    write(tmp_path, {"pyrightconfig.json": json.dumps({"executionEnvironments": roots})})
    done = Programs(tmp_path).run("pyright", "--pythonpath", sys.executable)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 errors" in done.stdout
