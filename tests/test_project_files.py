"""The files that GitHub and contributors' tools read: workflows, forms, the container, the changelog."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from scripts import release_notes
from tests.support import ROOT

pytestmark = pytest.mark.once

if sys.version_info >= (3, 11):
    import tomllib
else:
    from pip._vendor import tomli as tomllib

GITHUB = ROOT / ".github"
YAML_FILES = sorted(GITHUB.rglob("*.yml"))
WORKFLOWS = sorted((GITHUB / "workflows").glob("*.yml"))
CHANGELOG = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
PINNED = re.compile(r"[\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")


def parsed(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def jobs(name: str) -> dict[str, Any]:
    found: dict[str, Any] = parsed(GITHUB / "workflows" / name)["jobs"]
    return found


def uses(path: Path) -> list[str]:
    return re.findall(r"^\s*(?:- )?uses: (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)


def commands(job: dict[str, Any]) -> str:
    return "\n".join(step.get("run", "") for step in job.get("steps", []))


@pytest.mark.parametrize("path", YAML_FILES, ids=lambda path: path.name)
def test_a_yaml_file_has_a_mapping_in_it(path: Path) -> None:
    assert isinstance(parsed(path), dict)


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_every_action_is_pinned_by_its_commit_with_the_version_beside_it(path: Path) -> None:
    named = [action for action in uses(path) if not action.startswith("./")]
    assert named
    assert [action for action in named if not PINNED.fullmatch(action)] == []


def test_an_action_has_the_same_commit_in_every_workflow() -> None:
    pairs = {tuple(action.split("@")) for path in WORKFLOWS for action in uses(path) if "@" in action}
    assert len(pairs) == len({name for name, _ in pairs})


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_that_calls_another_names_a_file_that_exists(path: Path) -> None:
    called = [action for action in uses(path) if action.startswith("./")]
    assert [action for action in called if not (ROOT / action).is_file()] == []


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_may_write_nothing_unless_a_job_says_what(path: Path) -> None:
    assert parsed(path)["permissions"] in ({}, {"contents": "read"})


def test_the_fast_tests_run_on_every_python_of_the_classifiers_and_on_three_systems() -> None:
    matrix = jobs("ci.yml")["fast"]["strategy"]["matrix"]
    prefix = "Programming Language :: Python :: "
    promised = [text.removeprefix(prefix) for text in PROJECT["classifiers"] if text.startswith(f"{prefix}3.")]
    assert matrix["python"] == promised
    assert f">={promised[0]}" == PROJECT["requires-python"]
    assert {name.partition("-")[0] for name in matrix["os"]} == {"ubuntu", "macos", "windows"}


def test_one_job_runs_everything_with_the_pythons_that_it_looks_for() -> None:
    job = jobs("ci.yml")["everything"]
    assert "bash .ci/run" in commands(job)
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    wanted = set(re.findall(r"scripts/python\.sh (3\.\d+)", script))
    wanted.add((ROOT / "binder" / "runtime.txt").read_text(encoding="utf-8").strip().removeprefix("python-"))
    installed = next(
        step["with"]["python-version"] for step in job["steps"] if "python-version" in step.get("with", {})
    )
    assert wanted <= set(installed.split())


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_no_workflow_reads_a_secret_of_the_repository(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"\bsecrets\b|\bpassword:|API_TOKEN", text)


def test_a_release_is_published_by_its_identity_once_the_tests_and_the_build_passed() -> None:
    release = jobs("release.yml")
    publish = release["publish"]
    assert publish["permissions"] == {"id-token": "write"}
    assert publish["environment"]
    assert set(publish["needs"]) == {"test", "build"}
    assert [name for name, job in release.items() if "id-token" in job["permissions"]] == ["publish"]
    assert parsed(GITHUB / "workflows" / "release.yml")[True] == {"push": {"tags": ["v*"]}}


def test_the_job_that_publishes_runs_no_code_of_the_repository() -> None:
    steps = jobs("release.yml")["publish"]["steps"]
    assert all("checkout" not in step["uses"] and "run" not in step for step in steps)


def test_dependabot_looks_after_actions_python_and_npm() -> None:
    updates = parsed(GITHUB / "dependabot.yml")["updates"]
    folders = {update["package-ecosystem"]: update.get("directories") or [update["directory"]] for update in updates}
    assert set(folders) == {"github-actions", "pip", "npm"}
    assert all((ROOT / folder.lstrip("/")).is_dir() for named in folders.values() for folder in named)


@pytest.mark.parametrize("name", ["bug.yml", "feature.yml"])
def test_a_form_for_issues_has_what_github_asks_of_one(name: str) -> None:
    form = parsed(GITHUB / "ISSUE_TEMPLATE" / name)
    assert form["name"]
    assert form["description"]
    fields = [field for field in form["body"] if field["type"] != "markdown"]
    assert len({field["id"] for field in fields}) == len(fields)
    assert all(field["attributes"]["label"] for field in fields)
    assert {field["type"] for field in form["body"]} <= {"markdown", "textarea", "input", "dropdown", "checkboxes"}


def test_the_container_installs_with_the_script_that_make_uses() -> None:
    container = json.loads((ROOT / ".devcontainer" / "devcontainer.json").read_text(encoding="utf-8"))
    *_, script, _, extra = container["postCreateCommand"].split()
    assert (ROOT / script).is_file()
    assert extra in PROJECT["optional-dependencies"]


def test_the_address_of_the_project_is_in_pyproject_and_what_is_derived_from_it_only() -> None:
    owner = PROJECT["urls"]["Source"].removeprefix("https://github.com/").partition("/")[0]
    files = [*YAML_FILES, *GITHUB.glob("*.md"), *ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), ROOT / "mkdocs.yml"]
    assert [path.name for path in files if owner in path.read_text(encoding="utf-8")] == ["README.md"]


def test_the_changelog_has_a_dated_section_for_the_version_below_what_is_not_released() -> None:
    headings = re.findall(r"^## (.*)$", CHANGELOG, re.MULTILINE)
    assert headings[0] == "Unreleased"
    assert headings[1].startswith(f"{PROJECT['version']} - ")
    assert release_notes.notes(CHANGELOG, PROJECT["version"]).startswith("### ")


def test_the_notes_of_a_release_are_its_section_and_nothing_of_the_others() -> None:
    latest = "## 1.1.0 - 2026-02-01\n\n### Added\n\n- one\n\n"
    changelog = f"# Changelog\n\n## Unreleased\n\nlater\n\n{latest}## 1.0.0 - 2026-01-01\n\nfirst\n"
    assert release_notes.notes(changelog, "1.1.0") == "### Added\n\n- one"
    assert release_notes.notes(changelog, "1.0.0") == "first"


@pytest.mark.parametrize("version", ["1.1", "2.0.0", "1x1x0"])
def test_a_version_without_a_dated_section_has_no_notes(version: str) -> None:
    changelog = "## 1.1.0 - 2026-02-01\n\nx\n\n## 2.0.0\n\ny\n"
    with pytest.raises(ValueError, match="has no notes"):
        release_notes.notes(changelog, version)


def test_a_tag_that_is_not_the_version_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    with pytest.raises(SystemExit, match=r"but pyproject\.toml has version"):
        release_notes.main("v999.0.0")


def test_the_notes_of_this_version_are_printed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ROOT)
    release_notes.main(f"v{PROJECT['version']}")
    assert "### " in capsys.readouterr().out


def test_each_package_of_npm_in_the_bundles_is_named_with_its_license() -> None:
    """`scripts/frontend.sh check` compares the file with what esbuild has put into the bundles."""
    notices = (ROOT / "mcp_notebook" / "THIRD_PARTY_LICENSES").read_text(encoding="utf-8")
    named = set(re.findall(r"^(\S+) (\d\S*) \(([\w.-]+)\)$", notices, re.MULTILINE))
    locked = json.loads((ROOT / "frontend" / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    of = {path.removeprefix("node_modules/"): (one.get("version"), one.get("license")) for path, one in locked.items()}
    assert {name: tuple(about) for name, *about in named} == {name: of[name] for name, *_ in named}
    direct = json.loads((ROOT / "frontend" / "package.json").read_text(encoding="utf-8"))["dependencies"]
    assert direct.keys() <= {name for name, *_ in named}
    texts = {"MIT": "Permission is hereby granted", "Apache-2.0": "Apache License\n"}
    for license in {license for *_, license in named}:
        assert texts[license] in notices
    # The bundle that goes into the pages of apps, and so into exported packages, has its own.
    beginning, _, _ = (ROOT / "mcp_notebook/server/views/app_sdk.js").read_text(encoding="utf-8").partition("*/")
    assert {f"{name} {version} ({license})" for name, version, license in named if name != "preact"} == set(
        re.findall(r"^\S+ \d\S* \([\w.-]+\)$", beginning, re.MULTILINE)
    )
    assert "mcp_notebook/THIRD_PARTY_LICENSES" in PROJECT["license-files"]
