"""Run the protocol's official conformance suite, as far as any server can pass it without prepared tools."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from mcp_notebook.client.targets import Target, Url
from mcp_notebook.errors import RequestError

__all__ = ["PACKAGE", "SCENARIO_NAMES", "Scenario", "run"]

PACKAGE: Final = "@modelcontextprotocol/conformance@0.2.0-alpha.12"
"""The version whose scenarios are named here; 0.2 is the first that knows 2026-07-28."""

SCENARIO_NAMES: Final = (
    "server-initialize", "server-session-lifecycle", "ping", "tools-list", "resources-list", "prompts-list",
    "sep-2164-resource-not-found", "caching", "dns-rebinding-protection",
)  # fmt: skip
"""The scenarios that ask for no tool, resource or prompt of a certain name; the suite's others are for SDKs."""

SECONDS = 60
"""The most seconds for a scenario."""


@dataclass(frozen=True)
class Scenario:
    """The outcome of one scenario.

    Attributes:
        scenario: Its name.
        checks: The number of its checks that count.
        failed: The checks that failed, a line each.
    """

    scenario: str
    checks: int
    failed: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON data."""
        return asdict(self)


def run(target: Target) -> list[Scenario]:
    """Run the scenarios against a server.

    Raises:
        RequestError: It is not a URL without a token, or the suite is not installed or does not run.
    """
    if not isinstance(target, Url) or target.transport != "http" or target.token is not None or target.headers:
        raise RequestError(
            "--conformance needs the URL of a server without a token, because the suite sends none. For a notebook's "
            "own server: %mcp serve --no-token."
        )
    program = shutil.which("conformance")
    if program is None:
        raise RequestError(
            f"The conformance suite is not installed. It needs Node 22 or newer: npm install --global {PACKAGE}"
        )
    return [_outcome(program, target.url, scenario) for scenario in SCENARIO_NAMES]


def _outcome(program: str, url: str, scenario: str) -> Scenario:
    with TemporaryDirectory() as folder:
        line = [program, "server", "--url", url, "--scenario", scenario, "--output-dir", folder]
        try:
            done = subprocess.run(line, capture_output=True, stdin=subprocess.DEVNULL, timeout=SECONDS, check=False)
        except subprocess.TimeoutExpired:
            return Scenario(scenario, 0, [f"no result after {SECONDS} s"])
        except OSError as error:
            raise RequestError(f"The conformance suite does not start ({error.strerror}): {program}") from None
        found = [*_checks(Path(folder))]
    if not found:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise RequestError(f"The conformance suite does not run: {said[-1] if said else 'it wrote no result'}")
    scored = [check for check in found if check.get("status") in ("SUCCESS", "FAILURE")]
    failed = [
        f"{check.get('id')}: {check.get('errorMessage') or check.get('description')}"
        for check in scored
        if check["status"] == "FAILURE"
    ]
    return Scenario(scenario, len(scored), failed)


def _checks(folder: Path) -> Iterator[dict[str, Any]]:
    for path in folder.glob("*/checks.json"):
        yield from json.loads(path.read_text(encoding="utf-8"))
