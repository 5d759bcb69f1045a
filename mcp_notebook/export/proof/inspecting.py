"""Import an installed package, look for the workbench in it, and run its tests."""

from __future__ import annotations

import ast
import inspect
import json
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from mcp_notebook.errors import ExportError
from mcp_notebook.export.likeness import anatomy
from mcp_notebook.export.proof.environment import Installed

__all__ = ["Tested", "about", "importing", "tests"]

WORKBENCH = "mcp_notebook"

_ABOUT = f"""
import importlib, importlib.metadata, json, platform, sys
package, variable = sys.argv[1:]
for module in ("__main__", "server", "web"):
    importlib.import_module(f"{{package}}.{{module}}")
print(json.dumps({{
    "anatomy": Anatomy({{package}}).of(getattr(sys.modules[f"{{package}}.server"], variable)),
    "versions": {{
        "Python": platform.python_version(),
        "mcp": importlib.metadata.version("mcp"),
        "platform": f"{{platform.system()}} {{platform.machine()}}",
    }},
    "imported": sorted(name for name in sys.modules if name.partition(".")[0] == {WORKBENCH!r}),
    "installed": sorted({{d.name for d in importlib.metadata.distributions()}} & {{"mcp-notebook", "mcp_notebook"}}),
}}, default=str))
"""


_TESTS = "import sys, mcp_types.methods, pytest; sys.stdin.read(); sys.exit(pytest.main(sys.argv[1:]))"
"""Run pytest as ``python -m pytest`` does, once the input ends. The imports before that take half of its time."""


@contextmanager
def about(package: Installed, name: str, variable: str, cwd: Path) -> Iterator[Callable[[], dict[str, Any]]]:
    """Import the package's modules where it is installed, and yield what waits for that.

    It returns the anatomy of the package's server, and versions. It raises `ExportError` if they cannot be imported.
    """
    with package.started("-c", f"{inspect.getsource(anatomy)}\n{_ABOUT}", name, variable, cwd=cwd) as finish:

        def imported() -> dict[str, Any]:
            done = finish()
            if done.returncode != 0:
                raise ExportError(f"it cannot be imported: {_last_line(done.stderr)}")
            found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
            return found

        yield imported


def importing(source: Path) -> list[str]:
    """Return the lines of Python files that import the workbench, each with its place.

    A script that a skill serves may be of another Python, which nothing imports.
    """
    found = []
    for path in sorted(source.rglob("*.py")):
        for node in ast.walk(_parsed(path.read_bytes())):
            if isinstance(node, ast.Import | ast.ImportFrom) and WORKBENCH in _roots(node):
                found.append(f"{path.relative_to(source).as_posix()}, line {node.lineno}: {ast.unparse(node)}")
    return found


def _parsed(source: bytes) -> ast.Module:
    try:
        return ast.parse(source)
    except (SyntaxError, ValueError):
        return ast.Module([], [])


def _roots(node: ast.Import | ast.ImportFrom) -> set[str]:
    """Return the first part of each module that is imported."""
    names = [node.module or ""] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names]
    return {name.partition(".")[0] for name in names}


@dataclass(frozen=True)
class Tested:
    """The results of the package's tests.

    Attributes:
        passed: How many passed.
        failed: The others, each with the reason.
    """

    passed: int
    failed: tuple[str, ...]


@contextmanager
def tests(package: Installed, report: Path) -> Iterator[Callable[[], Tested]]:
    """Start a Python that imports pytest and no code of the package, and yield what makes it run the package's tests.

    That raises `ExportError` if they could not be run.

    Args:
        package: Where it is installed.
        report: A path for the report of pytest.
    """
    options = ["-q", "-p", "no:cacheprovider", f"--junit-xml={report}"]
    with package.started("-c", _TESTS, *options, cwd=package.source, held=True) as finish:

        def tested() -> Tested:
            try:
                done = finish()
            except subprocess.TimeoutExpired as error:
                raise ExportError(f"its tests did not end within {error.timeout:.0f} seconds") from None
            return _results(done, report)

        yield tested


def _results(done: subprocess.CompletedProcess[str], report: Path) -> Tested:
    """Return the results of tests that have ended, from the report of pytest."""
    if not report.exists():
        raise ExportError(f"its tests cannot be run: {_last_line(done.stderr or done.stdout)}")
    cases = list(ElementTree.parse(report).iter("testcase"))
    failed = [(case, problem) for case in cases for problem in case if problem.tag in ("failure", "error")]
    skipped = [case for case in cases if case.find("skipped") is not None]
    return Tested(
        len(cases) - len({id(case) for case, _ in failed}) - len(skipped),
        tuple(f"{case.get('name')}: {_first_line(problem.get('message') or '')}" for case, problem in failed),
    )


def _first_line(message: str) -> str:
    # A group of exceptions, as a client's task raises it, quotes the message of each.
    return message.replace("\\n", "\n").partition("\n")[0][:200]


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1][:300] if lines else "it says nothing"
