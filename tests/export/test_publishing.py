"""The parts of a package for its publication: a bundle, an entry of the registry, install lines, a workflow."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from mcp_notebook.client import Command, Connection
from mcp_notebook.errors import ExportError
from mcp_notebook.export import project, uv
from mcp_notebook.export.module.writing import Module, Setting
from mcp_notebook.export.project import bundle
from mcp_notebook.export.project.registry import server_json, server_name
from mcp_notebook.export.project.schemas import problems
from mcp_notebook.portal import Portal
from tests.support.packages import SERVER, package, texts, write
from tests.support.programs import Programs, installed_or_skip

SETTINGS = (
    Setting("api_key", "SecretStr", None, secret=True, variable="BOOKSHOP_API_KEY", description="Opens it."),
    Setting("copies", "int", "3", secret=False, variable="BOOKSHOP_COPIES"),
    Setting("rate", "float", "-2.5", secret=False, variable="BOOKSHOP_RATE"),
    Setting("open", "bool", "True", secret=False, variable="BOOKSHOP_OPEN"),
    Setting("city", "str", "'Oslo'", secret=False, variable="BOOKSHOP_CITY"),
    Setting("shelves", "list[str]", "['a', 'b']", secret=False, variable="BOOKSHOP_SHELVES"),
    Setting("proxy", "str | None", "None", secret=False, variable="BOOKSHOP_PROXY"),
    Setting("spare", "SecretStr", '""', secret=True, variable="BOOKSHOP_SPARE"),
    Setting("folder", "Path", "Path('x')", secret=False, variable="BOOKSHOP_FOLDER"),
)


def with_settings(*settings: Setting, **options: Any) -> project.Package:
    module = Module({"server.py": SERVER}, "mcp", settings=settings or SETTINGS)
    return package(module=module, **options)


def written(folder: Path, made: project.Package) -> Path:
    return write(folder, texts(project.files(made)))


# --- the bundle


def test_a_bundle_asks_for_the_settings_and_sets_no_other(tmp_path: Path) -> None:
    text = bundle.manifest(with_settings(bundle=True))
    assert problems("manifest.json", text) == ()
    document = json.loads(text)
    options = document["user_config"]
    assert {key: (one["type"], one.get("default"), one["required"]) for key, one in options.items()} == {
        "bookshop_api_key": ("string", None, True),
        "bookshop_copies": ("number", 3, False),
        "bookshop_rate": ("number", -2.5, False),
        "bookshop_open": ("boolean", True, False),
        "bookshop_city": ("string", "Oslo", False),
        "bookshop_shelves": ("string", '["a", "b"]', False),
    }
    assert [key for key, one in options.items() if one.get("sensitive")] == ["bookshop_api_key"]
    variables = document["server"]["mcp_config"]["env"]
    assert variables == {key.upper(): f"${{user_config.{key}}}" for key in options}
    left_out = [finding.name for finding in bundle.findings(with_settings())]
    assert left_out == ["BOOKSHOP_PROXY", "BOOKSHOP_SPARE", "BOOKSHOP_FOLDER"]


@pytest.mark.parametrize(
    "setting",
    [
        Setting("path", "str", "'${HOME}/books'", secret=False, variable="BOOKSHOP_PATH"),
        Setting("path", "list[str]", "['a', '${user_config.x}']", secret=False, variable="BOOKSHOP_PATH"),
    ],
)
def test_a_default_in_which_a_host_would_replace_variables_stays_as_it_is(setting: Setting) -> None:
    made = with_settings(setting, bundle=True, registry="io.github.someone/bookshop")
    document = json.loads(bundle.manifest(made))
    assert "user_config" not in document
    assert document["server"]["mcp_config"]["env"] == {}
    (finding,) = bundle.findings(made)
    assert (finding.name, "${...}" in finding.what) == ("BOOKSHOP_PATH", True)
    # A dollar alone is none.
    assert "user_config" in json.loads(
        bundle.manifest(with_settings(replace(setting, default='["$HOME"]'), bundle=True))
    )


def test_a_bundle_lists_the_tools_and_says_that_prompts_are_made() -> None:
    document = json.loads(bundle.manifest(package(bundle=True)))
    assert [tool["name"] for tool in document["tools"]] == ["price", "buy"]
    assert document["prompts_generated"]
    assert "user_config" not in document
    assert document["server"]["type"] == "uv"


def test_the_same_files_make_the_same_bytes(tmp_path: Path) -> None:
    made = package(bundle=True)
    found = []
    for name in ("one", "another one"):
        folder = written(tmp_path / name, made)
        write(folder, {"src/bookshop/__pycache__/old.pyc": "x", ".env": "KEY=secret", "notes.txt": "mine"})
        bundle.pack(folder, bundle.place(made))
        bundle.pack(folder, bundle.place(made))  # over the one that is there
        found.append((folder / bundle.place(made)).read_bytes())
        assert [path.name for path in (folder / "dist").iterdir()] == ["bookshop-0.1.0.mcpb"]
    assert found[0] == found[1]
    with zipfile.ZipFile(folder / bundle.place(made)) as archive:
        names = archive.namelist()
    assert {"manifest.json", "pyproject.toml", "README.md", "src/bookshop/server.py"} <= set(names)
    assert not [name for name in names if re.search(r"pycache|\.env|notes|tests/|Docker|requirements", name)]


def test_a_manifest_that_its_author_deleted_is_missed(tmp_path: Path) -> None:
    made = package(bundle=True)
    folder = written(tmp_path, made)
    (folder / "manifest.json").unlink()
    with pytest.raises(ExportError, match=r"manifest\.json was deleted"):
        bundle.pack(folder, bundle.place(made))


def lists(portal: Portal, command: Sequence[str], folder: Path) -> dict[str, list[dict[str, Any]]]:
    """Start a server over stdio; return the entries of its lists, as JSON."""
    target = Command(command[0], list(command[1:]), env=dict(uv.variables()), cwd=folder)
    with Connection(portal, target, "modern", deadline=120.0) as connection:
        return {
            field: [entry.model_dump(mode="json", by_alias=True) for page in pages for entry in getattr(page, field)]
            for field, pages in (
                ("tools", connection.pages("list_tools")),
                ("resources", connection.pages("list_resources")),
                ("prompts", connection.pages("list_prompts")),
            )
        }


@pytest.mark.outside
@pytest.mark.slow
def test_a_bundle_unpacked_by_the_official_tool_runs_and_lists_the_same(portal: Portal, tmp_path: Path) -> None:
    installed_or_skip()
    found = uv.find()
    assert found is not None
    made = with_settings(SETTINGS[1], bundle=True)
    folder = written(tmp_path / "a shop", made)
    bundle.pack(folder, bundle.place(made))
    mcpb = Programs(tmp_path)
    unpacked = tmp_path / "un packed"
    done = mcpb.run("mcpb", "unpack", str(folder / bundle.place(made)), str(unpacked))
    assert done.returncode == 0, done.stdout + done.stderr
    done = mcpb.run("mcpb", "validate", str(unpacked))
    assert done.returncode == 0, done.stdout + done.stderr
    manifest = json.loads((unpacked / "manifest.json").read_text("utf-8"))
    run = manifest["server"]["mcp_config"]
    assert run["command"] == "uv"
    assert run["env"] == {"BOOKSHOP_COPIES": "${user_config.bookshop_copies}"}
    arguments = [word.replace("${__dirname}", str(unpacked)) for word in run["args"]]
    with Connection(portal, made.server, "modern") as live:
        tools = [
            tool.model_dump(mode="json", by_alias=True) for page in live.pages("list_tools") for tool in page.tools
        ]
    as_it_says = lists(portal, [found, *arguments], tmp_path)
    assert as_it_says["tools"] == tools
    # A host may go by the entry point instead.
    entry = [found, "run", "--directory", str(unpacked), manifest["server"]["entry_point"]]
    assert lists(portal, entry, tmp_path) == as_it_says


@pytest.mark.outside
def test_the_official_tool_packs_what_the_export_packs(tmp_path: Path) -> None:
    installed_or_skip()
    made = package(bundle=True)
    folder = written(tmp_path / "shop", made)
    bundle.pack(folder, bundle.place(made))
    done = Programs(tmp_path).run("mcpb", "pack", str(folder), str(tmp_path / "theirs.mcpb"))
    assert done.returncode == 0, done.stdout + done.stderr
    with zipfile.ZipFile(folder / bundle.place(made)) as ours, zipfile.ZipFile(tmp_path / "theirs.mcpb") as theirs:
        assert sorted(theirs.namelist()) == sorted(ours.namelist())
        assert all(theirs.read(name) == ours.read(name) for name in ours.namelist())


# --- the registry


def test_the_registry_takes_the_entry_and_finds_the_package_by_it() -> None:
    made = with_settings(registry="io.github.someone/bookshop", version="1.2.3")
    document = json.loads(server_json(made))
    assert problems("server.json", json.dumps(document)) == ()
    (only,) = document["packages"]
    assert (document["version"], only["version"], only["identifier"]) == ("1.2.3", "1.2.3", "bookshop")
    variables = {one["name"]: one for one in only["environmentVariables"]}
    assert variables["BOOKSHOP_API_KEY"] == {
        "name": "BOOKSHOP_API_KEY", "description": "Opens it", "format": "string", "isRequired": True, "isSecret": True
    }  # fmt: skip
    assert variables["BOOKSHOP_OPEN"]["default"] == "true"
    assert variables["BOOKSHOP_SPARE"]["isSecret"]
    files = texts(project.files(made))
    assert "<!-- mcp-name: io.github.someone/bookshop -->\n" in files["README.md"]
    assert 'version = "1.2.3"' in files["pyproject.toml"]


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"name": "bookshop"}, "/name"),
        ({"description": "x" * 101}, "/description"),
        ({"version": 1}, "/version"),
        ({"packages": [{"registryType": "pypi"}]}, "/packages/0"),
    ],
)
def test_an_entry_that_the_registry_refuses_is_found(change: dict[str, Any], place: str) -> None:
    document = json.loads(server_json(package(registry="io.github.someone/bookshop")))
    found = problems("server.json", json.dumps(document | change))
    assert found[0].partition(":")[0] == place


def test_a_long_description_is_cut_for_the_registry() -> None:
    long = replace(package(registry="com.example/bookshop"), title="T" * 150)
    document = json.loads(server_json(long))
    assert len(document["title"]) == 100
    assert problems("server.json", json.dumps(document)) == ()


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("io.github.someone", "io.github.someone/book-shop"),
        ("com.example", "com.example/book-shop"),
        ("com.example/books", "com.example/books"),
    ],
)
def test_a_namespace_or_a_whole_name_is_taken(given: str, name: str) -> None:
    assert server_name(given, "book-shop") == name


@pytest.mark.parametrize("given", ["someone", "io.github.", "a b.c", "com.example/a/b", "", "com..example"])
def test_what_is_no_namespace_is_refused_with_the_way_out(given: str) -> None:
    with pytest.raises(ExportError, match=r"io\.github\.USER") as refusal:
        server_name(given, "book-shop")
    assert "\n" not in str(refusal.value)


# --- README.md


def test_the_readme_has_a_line_for_each_host_and_names_what_it_needs() -> None:
    text = texts(project.files(with_settings()))["README.md"]
    assert 'claude mcp add bookshop --env BOOKSHOP_API_KEY="$BOOKSHOP_API_KEY" -- uvx bookshop\n' in text
    assert 'codex mcp add bookshop --env BOOKSHOP_API_KEY="$BOOKSHOP_API_KEY" -- uvx bookshop\n' in text
    for host in ("Claude Code", "Claude Desktop", "Cursor", "VS Code", "Codex", "Gemini CLI"):
        assert f"**{host}**" in text
    blocks = [json.loads(block) for block in re.findall(r"```json\n(.*?)```", text, re.DOTALL)]
    entries = [block.get("mcpServers", block.get("servers"))["bookshop"] for block in blocks]
    started = [entry for entry in entries if "command" in entry]
    assert len(started) == 4
    for entry in started:
        assert (entry["command"], entry["args"]) == ("uvx", ["bookshop"])
        assert entry["env"] == {"BOOKSHOP_API_KEY": "<Opens it>"}
    assert "pip install bookshop" in text
    assert "mcpb" not in text
    assert "mcp-name" not in text


def test_the_readme_says_where_the_bundle_is() -> None:
    assert "dist/bookshop-0.1.0.mcpb" in texts(project.files(package(bundle=True)))["README.md"]


# --- the workflow


@pytest.mark.parametrize("bundled", [False, True])
@pytest.mark.parametrize("registry", [None, "io.github.someone/bookshop"])
def test_a_release_tests_and_builds_before_it_publishes(bundled: bool, registry: str | None) -> None:
    files = texts(project.files(package(bundle=bundled, registry=registry)))
    text = files[".github/workflows/release.yml"]
    workflow = yaml.safe_load(text)
    jobs = workflow["jobs"]
    publishing = {"publish", "image", "github-release", *(["registry"] if registry else [])}
    assert set(jobs) == {"test", "build", *publishing}

    def before(job: str) -> set[str]:
        needs = jobs[job].get("needs", [])
        named = {needs} if isinstance(needs, str) else set(needs)
        return named.union(*map(before, named))

    assert all({"test", "build"} <= before(job) for job in publishing)
    assert all("publish" in before(job) for job in publishing - {"publish"})  # nothing is out that PyPI refused
    assert workflow["permissions"] == {}
    writing = {name: [k for k, v in job["permissions"].items() if v == "write"] for name, job in jobs.items()}
    assert writing.pop("publish") == ["id-token"]
    assert writing.pop("image") == ["packages"]
    assert writing.pop("github-release") == ["contents"]
    assert writing.pop("registry", ["id-token"]) == ["id-token"]
    assert not any(writing.values())
    used = re.findall(r"uses: (?!\./)(\S+)", text)
    assert all(re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", action) for action in used)
    assert "secrets." not in text
    assert ("mcpb@" in text) == bundled
    # The tests are those of the other workflow, which takes the call.
    assert "workflow_call" in yaml.safe_load(files[".github/workflows/ci.yml"])[True]
    assert jobs["test"]["uses"] == "./.github/workflows/ci.yml"
    # It runs once for a tag: not by itself, too.
    push = yaml.safe_load(files[".github/workflows/ci.yml"])[True]["push"]
    assert push == {"branches": ["**"]}


@pytest.mark.skipif(sys.platform == "win32", reason="the workflow runs on Linux")
@pytest.mark.parametrize(("answers", "status"), [([0], 0), ([22, 22, 0], 0), ([22] * 20, 1)])
def test_the_registry_is_told_when_pypi_shows_the_version(tmp_path: Path, answers: list[int], status: int) -> None:
    files = texts(project.files(package(registry="io.github.someone/bookshop")))
    steps = yaml.safe_load(files[".github/workflows/release.yml"])["jobs"]["registry"]["steps"]
    names = [step.get("name", step.get("run", "")) for step in steps]
    at = names.index("Wait until PyPI shows the version")
    assert all("registry/cmd/publisher" in name for name in names[at + 1 :])
    (tmp_path / "answers").write_text("".join(f"{answer}\n" for answer in answers))
    programs = {
        "curl": 'echo "$@" >> asked\nstatus=$(head -1 answers)\nsed -i.old 1d answers\nexit "$status"',
        "sleep": "exit 0",
    }
    for name, text in programs.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{text}\n")
        (tmp_path / name).chmod(0o755)
    environment = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "GITHUB_REF_NAME": "v0.1.0"}
    ran = subprocess.run(
        ["bash", "-eo", "pipefail", "-c", steps[at]["run"]],
        cwd=tmp_path, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ran.returncode == status, ran.stderr
    asked = (tmp_path / "asked").read_text().splitlines()
    assert len(asked) == len(answers)
    assert all(line.endswith("https://pypi.org/pypi/bookshop/0.1.0/json") for line in asked)
    assert ("Run this job again" in ran.stderr) == (status == 1)


def test_the_readme_says_that_the_first_release_needs_a_pending_publisher() -> None:
    text = texts(project.files(package()))["README.md"]
    assert "add a *pending* trusted publisher in your account" in " ".join(text.split())
    assert "the project's name `bookshop`" in " ".join(text.split())


@pytest.mark.skipif(sys.version_info < (3, 11), reason="the workflow has 3.13, with tomllib")
@pytest.mark.parametrize(
    ("tag", "change", "says"),
    [
        ("v0.1.0", {}, ""),
        ("v0.2.0", {}, "pyproject.toml"),
        ("v0.1.0", {"version": "0.0.9"}, "server.json"),
        ("v0.1.0", {"packages": [{"version": "0.2.0"}]}, "server.json, package 0"),
    ],
)
def test_a_release_refuses_a_tag_that_is_not_the_version(
    tmp_path: Path, tag: str, change: dict[str, Any], says: str
) -> None:
    folder = written(tmp_path, package(bundle=True, registry="io.github.someone/bookshop"))
    server = json.loads((folder / "server.json").read_text("utf-8")) | change
    (folder / "server.json").write_text(json.dumps(server), "utf-8")
    steps = yaml.safe_load((folder / ".github/workflows/release.yml").read_text("utf-8"))["jobs"]["build"]["steps"]
    (script,) = [step["run"] for step in steps if "tag is the version" in step.get("name", "")]
    program = re.search(r"<<'CHECK'\n(.*)CHECK", script, re.DOTALL)
    assert program is not None
    done = subprocess.run(
        [sys.executable, "-c", program[1]],
        cwd=folder, env={"GITHUB_REF_NAME": tag}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode == 0) == (not says), done.stderr
    assert says in done.stderr
