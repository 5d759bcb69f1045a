"""A notebook and the package exported from it pass the protocol's official conformance suite, in both eras."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import nbformat
import pytest

from mcp_notebook.export.options import ExportOptions
from mcp_notebook.headless.exporting import export_notebook
from tests.support.kernels import running_kernel
from tests.support.packages import listening
from tests.support.programs import Programs

pytestmark = [pytest.mark.slow, pytest.mark.outside]

NOTEBOOK = Path(__file__).parent / "conformance" / "everything.ipynb"

MEASURED = {"2025-11-25": (33, 84), "2026-07-28": (40, 152)}
"""Scenarios and scored checks, all passed. The SDK's own example (examples/servers/everything-server, on h11) passes as
many: 84 and 151 with 0.2.0-alpha.11 of the suite, and alpha.12 has one check more."""


EXTENSIONS = {
    "sep-2640-skills-directory": 7,
    "sep-2640-skills-enumeration": 32,
    "sep-2640-skills-manifest": 6,
    "tasks-lifecycle": 9,
    "tasks-capability-negotiation": 5,
    "tasks-wire-fields": 4,
    "tasks-request-state-removal": 3,
    "tasks-mrtr-input": 4,
    "tasks-request-headers": 5,
    "tasks-dispatch-and-envelope": 9,
    "tasks-required-task-error": 3,
    "tasks-mrtr-composition": 2,
}
"""The scenarios of extensions, each with its scored checks. The suite skips ``tasks-status-notifications`` itself."""


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Programs:
    return Programs(tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="module", params=["notebook", "package"])
def url(request: pytest.FixtureRequest, programs: Programs) -> Iterator[str]:
    """Where the notebook serves, or the package that was exported from it."""
    with (served_by_the_notebook if request.param == "notebook" else served_by_the_package)(programs) as url:
        yield url


@contextmanager
def served_by_the_notebook(programs: Programs) -> Iterator[str]:
    """Run the notebook as it stands, and serve what it defined."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JUPYTER_RUNTIME_DIR", str(programs.home / "runtime"))
        with running_kernel() as kernel:
            for cell in nbformat.read(NOTEBOOK, as_version=4).cells:
                if cell.cell_type == "code":
                    ran = kernel.good(cell.source)
                    assert not ran.stderr, f"cell {cell.id}: {ran.stderr}"
            # The suite sends no headers of ours, so no token either.
            kernel.good("_served = %mcp serve --no-token --allow-other-users")
            yield kernel.value("_served.url")


@contextmanager
def served_by_the_package(programs: Programs) -> Iterator[str]:
    """Export the notebook, and start the package on its own, without a token."""
    exported = export_notebook(
        NOTEBOOK, programs.home / "everything", ExportOptions(proof=False), server=None, on_progress=lambda _: None
    )
    assert not exported.stopped, exported
    starting = ("-m", "everything", "--transport", "http")
    with listening(programs.home / "everything", *starting, EVERYTHING_LOG_LEVEL="ERROR") as (url, _):
        yield f"{url}/mcp"


@pytest.mark.parametrize("version", MEASURED)
def test_it_passes_every_scored_check(programs: Programs, url: str, version: str, tmp_path: Path) -> None:
    done = programs.run(
        "conformance", "server", "--url", url, "--suite", "all", "--spec-version", version, "-o", str(tmp_path)
    )
    scored = passed(tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    # A scenario that the suite left out fails nothing else.
    counts = {scenario: len(checks) for scenario, checks in sorted(scored.items())}
    assert (len(counts), sum(counts.values())) == MEASURED[version], counts


@pytest.mark.parametrize("scenario", EXTENSIONS)
def test_it_passes_every_scored_check_of_an_extension(
    programs: Programs, url: str, scenario: str, tmp_path: Path
) -> None:
    done = programs.run("conformance", "server", "--url", url, "--scenario", scenario, "--force", "-o", str(tmp_path))
    scored = passed(tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert {name: len(checks) for name, checks in scored.items()} == {scenario: EXTENSIONS[scenario]}


def passed(folder: Path) -> dict[str, list[dict[str, Any]]]:
    """Return the scored checks in a folder of results by scenario; fail if one has not passed."""
    scored = {scenario_of(path): scored_checks(path) for path in folder.glob("*/checks.json")}
    failed = [
        f"{scenario}: {check['id']} ({check['status']}): {check.get('errorMessage') or check['description']}"
        for scenario, checks in scored.items()
        for check in checks
        if check["status"] != "SUCCESS"
    ]
    assert not failed, "\n".join(failed)
    return scored


def scenario_of(path: Path) -> str:
    """``server-tools-list-2026-11-22T11-17-42-702Z/checks.json`` is of ``tools-list``."""
    found = re.fullmatch(r"server-(.+)-\d{4}-\d\d-\d\dT.+", path.parent.name)
    assert found, f"the suite names its folders in another way now: {path.parent.name}"
    return found[1]


def scored_checks(path: Path) -> list[dict[str, Any]]:
    return [check for check in json.loads(path.read_text(encoding="utf-8")) if check["status"] != "INFO"]


def test_the_notebook_is_committed_without_outputs() -> None:
    cells = nbformat.read(NOTEBOOK, as_version=4).cells
    assert [cell.id for cell in cells if cell.get("outputs") or cell.get("execution_count")] == []
