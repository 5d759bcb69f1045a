from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import IPython
import pytest
from hypothesis import settings

from mcp_notebook.portal import Portal
from tests.support.kernels import Kernel, running_kernel
from tests.support.lab import Lab, browser_or_skip, in_browser, running_lab
from tests.support.shells import Shell, running_shell
from tests.support.unpatched import undo_nest_asyncio

settings.register_profile("same", derandomize=True, database=None)
settings.register_profile("explore", max_examples=2_000)
# The same examples each time, so that a change is not blamed for what it did not do. EXPLORE=1 tries others.
settings.load_profile("explore" if os.environ.get("EXPLORE") else "same")


def pytest_configure(config: pytest.Config) -> None:
    """Let libraries as old as those of Colab's image use what is deprecated now; newer ones show what we use."""
    if IPython.version_info < (8,):
        for category in (DeprecationWarning, ResourceWarning):
            config.addinivalue_line("filterwarnings", f"ignore::{category.__name__}")


AGAIN = 64
"""The exit status of a run in which only tests failed that depend on time: `scripts/dev.py` and `.ci/run` know it."""

_failed: dict[str, bool] = {}


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Note whether a test's failure depends on time.

    It does if the test has servers, kernels or a browser of its own, or if the failure is what the garbage collector
    found: it runs at any time, and then the test that happens to run is blamed for an earlier one.
    """
    if report.failed:
        crash = getattr(report.longrepr, "reprcrash", None)
        first = crash.message.partition("\n")[0] if crash is not None else ""
        # Of several at once, pytest makes a group.
        garbage = "PytestUnraisableExceptionWarning" in first or "multiple unraisable exception warnings" in first
        of_time = garbage or "browser" in report.keywords or "slow" in report.keywords
        _failed[report.nodeid] = of_time and _failed.get(report.nodeid, True)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Say by the exit status if only such tests failed."""
    if session.exitstatus == pytest.ExitCode.TESTS_FAILED and _failed and all(_failed.values()):
        session.exitstatus = AGAIN


@pytest.fixture(scope="session", autouse=True)
def private_runtime_dir(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Keep the files of Jupyter apart from those of this machine: addresses of servers, signatures of notebooks."""
    with pytest.MonkeyPatch.context() as patch:
        directory = tmp_path_factory.mktemp("runtime")
        patch.setenv("JUPYTER_RUNTIME_DIR", str(directory))
        patch.setenv("JUPYTER_DATA_DIR", str(tmp_path_factory.mktemp("data")))
        # In a terminal of a Jupyter Server, its door would be named.
        patch.delenv("MCP_NOTEBOOK_DOOR", raising=False)
        yield directory


@pytest.fixture(autouse=True)
def unpatched_asyncio() -> Iterator[None]:
    """Give each test the asyncio of Python, whatever an old jupyter_client has made of it."""
    undo_nest_asyncio()
    yield
    undo_nest_asyncio()


@pytest.fixture
def portal() -> Iterator[Portal]:
    portal = Portal()
    yield portal
    portal.close()


@pytest.fixture
def shell() -> Iterator[Shell]:
    """A shell of IPython in this process, with the extension loaded."""
    with running_shell() as shell:
        yield shell


@pytest.fixture(scope="module")
def shared_kernel() -> Iterator[Kernel]:
    with running_kernel() as kernel:
        kernel.good("%load_ext mcp_notebook")
        yield kernel


@pytest.fixture
def kernel() -> Iterator[Kernel]:
    """A fresh kernel with the extension loaded."""
    with running_kernel() as kernel:
        kernel.good("%load_ext mcp_notebook")
        yield kernel


@pytest.fixture(scope="session")
def learners_lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    """One JupyterLab for the browser tests of a process: the learner's home, and its address."""
    browser_or_skip()
    home = tmp_path_factory.mktemp("a learner's home")
    with running_lab(home) as url:
        yield home, url


@pytest.fixture(scope="module")
def lab(learners_lab: tuple[Path, str]) -> Iterator[Lab]:
    """That JupyterLab in a browser; each test opens notebooks of its own."""
    with in_browser(*learners_lab) as lab:
        yield lab
