"""What the documents say is true."""

from __future__ import annotations

import re
import sys
from dataclasses import fields
from pathlib import Path
from typing import get_args

import click
import nbformat
import pytest

from mcp_notebook.cli import main
from mcp_notebook.client import limits
from mcp_notebook.client.connection import DEADLINE
from mcp_notebook.magics import app_commands, cell_commands, chat_command, eval_commands
from mcp_notebook.magics.commands import verbs
from mcp_notebook.schema import budget, following
from mcp_notebook.server import http_limits, idle_sessions
from mcp_notebook.server.call_limits import Limits
from mcp_notebook.server.endpoint import WORKBENCH
from mcp_notebook.widgets.description import MOST_FIELDS
from scripts import platforms
from scripts.schedules import IN_A_TAB
from tests.support import ROOT
from tests.support.hostile_http import BATCH, INPUTS, Kind

pytestmark = pytest.mark.once

if sys.version_info >= (3, 11):
    import tomllib
else:
    from pip._vendor import tomli as tomllib

SECURITY = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
README = (ROOT / "README.md").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
DOCUMENTS = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]


def test_the_badges_of_each_notebook_are_derived_from_the_address_of_the_project() -> None:
    place, version = PROJECT["urls"]["Source"].removeprefix("https://github.com/"), f"v{PROJECT['version']}"
    notebooks = sorted(path.name for path in (ROOT / "notebooks").glob("*.ipynb"))
    colab = [f"https://colab.research.google.com/github/{place}/blob/{version}/notebooks/{name}" for name in notebooks]
    binder = [f"https://mybinder.org/v2/gh/{place}/{version}?urlpath=lab/tree/notebooks/{name}" for name in notebooks]
    assert re.findall(r"\((https://colab\.research\.google\.com/github/[^)]*)\)", README) == colab
    assert re.findall(r"\((https://mybinder\.org/v2/[^)]*)\)", README) == [binder[0], *binder]
    # The site of .github/workflows/lite.yml, for the chapters that run whole there.
    owner, _, name = place.partition("/")
    whole = [notebooks[0], *(notebook for notebook in notebooks if notebook.partition("-")[0] in IN_A_TAB)]
    tabs = [f"https://{owner}.github.io/{name}/lab/index.html?path={notebook}" for notebook in whole]
    assert re.findall(r"\((https://[^/)]*\.github\.io/[^)]*)\)", README) == tabs


def test_the_matrix_of_platforms_is_what_the_marks_of_tests_and_the_claims_say() -> None:
    known = {(platform, feature) for platform in platforms.PLATFORMS for feature in platforms.FEATURES}
    assert platforms.tested().keys() | platforms.CLAIMS.keys() == known
    assert platforms.tested().keys() & platforms.CLAIMS.keys() == set()
    assert f"{platforms.BEGIN}\n\n{platforms.matrix()}\n\n{platforms.END}" in platforms.PAGE.read_text(encoding="utf-8")


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_to_files_lead_somewhere(path: Path) -> None:
    targets = re.findall(r"\]\((?!https?:)([^)#]+)", path.read_text(encoding="utf-8"))
    assert [target for target in targets if not (path.parent / target).exists()] == []


def test_the_reference_names_every_verb() -> None:
    reference = (ROOT / "docs" / "reference.md").read_text(encoding="utf-8")
    assert [verb for verb in verbs.commands if f"`%mcp {verb}" not in reference] == []


def test_the_pages_name_every_option() -> None:
    pages = "".join(path.read_text(encoding="utf-8") for path in ROOT.glob("docs/**/*.md"))
    cells = [command for command in vars(cell_commands).values() if isinstance(command, click.Command)]
    commands = [*verbs.commands.values(), *main.commands.values(), *cells, app_commands.app, chat_command.chat]
    commands.append(eval_commands.eval_cell)
    options = {option for command in commands for parameter in command.params for option in long_options(parameter)}
    assert [option for option in sorted(options) if not re.search(rf"{option}\b", pages)] == []


def test_the_page_on_security_names_tests_that_there_are() -> None:
    named = re.findall(r"`(test_\w+)\.py(?:::(test_\w+))?`", SECURITY)
    assert len(named) > 30
    tests = {path.stem: path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py")}
    assert [f"{file}::{test}" for file, test in named if f"def {test or 'test_'}" not in tests.get(file, "")] == []


def test_the_page_on_security_has_the_limits_of_the_code() -> None:
    said = [
        f"{limits.MESSAGE // 1_000_000} MB a message",
        f"{limits.STDERR_FILE // 1_000_000} MB of stderr on disk, {limits.STDERR // 1000} kB shown",
        f"{limits.QUESTIONS} open questions",
        f"{DEADLINE:g} s to connect, {limits.ENDPOINT:g} s for the address of an SSE server, {limits.REASON:g} s for",
        f"{limits.MOST_PAGES:,} pages, {limits.MOST_ITEMS:,} items, {limits.LIST_SECONDS:g} s",
        f"{limits.MOST_PROBLEMS} problems, {limits.LONGEST_MESSAGE} characters of an error",
        f"{limits.MOST_LINKS} links, {limits.MOST_RETRIES} tries",
        f"{budget.SECONDS:g} s and {budget.STEPS:,} steps a check",
        f"follow {following.MOST:,} parts",
        f"{MOST_FIELDS} fields at once",
        f"{http_limits.MOST_CONNECTIONS} connections a process",
        f"{http_limits.MOST_HEADERS // 1024} KiB of headers within {http_limits.HEADERS_SECONDS} s",
        f"{http_limits.MOST_BODY // 1024**2} MiB of body, of which {http_limits.BODY_BYTES // 1024} KiB must come",
        f"every {http_limits.BODY_SECONDS} s; {http_limits.WRITE_SECONDS} s for a client",
        f"{idle_sessions.MOST_SESSIONS:,} legacy sessions, and of more than {idle_sessions.IDLE_SESSIONS} those end",
        f"idle for {idle_sessions.IDLE_SECONDS} s",
    ]
    page = " ".join(SECURITY.split())
    assert [words for words in said if words not in page] == []


def test_the_page_on_operating_has_the_settings_and_limits_of_the_code() -> None:
    page = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
    limits = {f"SHOP_LIMIT_{one.name.upper()}": one.default for one in fields(Limits)}
    assert [name for name, default in limits.items() if f"| `{name}` | {default} |" not in page] == []
    of_packages = (ROOT / "mcp_notebook/export/project/environment.py").read_text(encoding="utf-8")
    named = {name.removeprefix("SHOP_") for name in re.findall(r"`(SHOP_[A-Z_]+)[=`]", page)} - {"LIMIT_RATE"}
    assert [name for name in named if f'"{name}"' not in of_packages and f"SHOP_{name}" not in limits] == []
    said = [
        f"| connections | {http_limits.MOST_CONNECTIONS} a process",
        f"| {http_limits.MOST_HEADERS // 1024} KiB, within {http_limits.HEADERS_SECONDS} s |",
        f"| {http_limits.MOST_BODY // 1024**2} MiB, of which {http_limits.BODY_BYTES // 1024} KiB must come every",
        f"| {http_limits.WRITE_SECONDS} s | it is disconnected",
        f"{idle_sessions.MOST_SESSIONS:,}; of more than {idle_sessions.IDLE_SESSIONS}, those end",
        f"a result may have {WORKBENCH.result_bytes // 1024**2} MiB",
        f"a caller may have {WORKBENCH.streams} streams",
    ]
    assert [words for words in said if words not in " ".join(page.split())] == []
    differ = {one.name for one in fields(Limits) if getattr(WORKBENCH, one.name) != getattr(Limits(), one.name)}
    assert (WORKBENCH.seconds, differ) == (0, {"seconds", "streams", "result_bytes"})


def test_the_page_on_security_says_how_much_the_fuzzer_sends() -> None:
    page = " ".join(SECURITY.split())
    assert f"The fuzzer sends {INPUTS:,} inputs to each of the five" in page
    assert f"a valid call after each {BATCH}" in page
    assert INPUTS * len(get_args(Kind)) >= 10_000


def long_options(parameter: click.Parameter) -> list[str]:
    """The names that say to do something: of an option with an opposite that is the default, only the opposite."""
    if not isinstance(parameter, click.Option):
        return []
    names = parameter.secondary_opts if parameter.default is True else [*parameter.opts, *parameter.secondary_opts]
    return [name for name in names if name.startswith("--") and name != "--output"]


@pytest.mark.parametrize("path", sorted((ROOT / "notebooks").glob("*.ipynb")), ids=lambda path: path.name)
def test_a_notebook_opens_with_what_one_will_do_how_long_it_takes_and_what_it_needs(path: Path) -> None:
    first = nbformat.read(path, as_version=4).cells[0].source
    assert all(word in first for word in ("**You will**", "**Time**", "**You need**"))
