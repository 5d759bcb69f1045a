"""Notebooks that become modules: the module lists and answers what the live server did."""

from __future__ import annotations

import importlib
import logging
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import mcp_types as types
import pytest
from mcp import Client
from mcp.server.mcpserver import MCPServer
from ruff import find_ruff_bin

from mcp_notebook.export.likeness.anatomy import Anatomy
from mcp_notebook.export.likeness.comparing import Source, unlike
from mcp_notebook.export.likeness.live import anatomy_of
from mcp_notebook.export.module.writing import LONG, Module, write
from mcp_notebook.export.pitfalls.leaving import LEFT_OUT
from mcp_notebook.session.choosing import subject_of
from tests.support.notebooks import PercentNotebook, Request, ran, read

NOTEBOOKS = sorted(Path(__file__).with_name("round_trips").rglob("*.ipy"))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_module_is_what_the_notebook_was(path, tmp_path, monkeypatch, caplog):
    notebook = read(path)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    with ran(notebook, tmp_path) as running:
        subject = subject_of(running.session, next(iter(notebook.words("server")), None))
        module = write(subject, longest=int(next(iter(notebook.words("longest")), LONG)))
        findings = found(module)
        expected = {weight: notebook.words(weight) for weight in findings}
        # What is left out is noted too, and most notebooks leave something out.
        assert set(expected["notes"]) <= set(findings["notes"]), findings
        assert findings | {"notes": []} == expected | {"notes": []}, "\n".join(map(str, module.findings))
        if expected["stops"]:
            return
        caplog.clear()
        with caplog.at_level(logging.WARNING, logger="mcp"):
            server = imported(module, tmp_path, path.stem)
        assert [r.message for r in caplog.records if "already exists" in r.message] == []
        live, exported = (running.loop.run_until_complete(seen(s, notebook)) for s in (subject.server, server))
        assert exported == live, module.files["server.py"]
        made_of = Anatomy({f"package_{path.stem}"}).of(server)
        source = Source.of(module.carried, module.files)
        assert unlike(anatomy_of(subject.server, subject.namespace), made_of, source) == [], module.files["server.py"]
    check(module, notebook, tmp_path)


def found(module: Module) -> dict[str, list[str]]:
    """The findings as the header of a notebook has them: cell and name; without those left out."""
    weights = ("stops", "warns", "notes")
    named = [f for f in module.findings if f.what != LEFT_OUT]
    places = {weight: [f for f in named if f.weight == weight] for weight in weights}
    return {weight: [f"{f.cell or ''} {f.name}".strip() for f in those] for weight, those in places.items()}


def imported(module: Module, directory: Path, name: str) -> MCPServer[Any]:
    package = directory / f"package_{name}"
    package.mkdir()
    for file, source in {"__init__.py": "", **module.files, **module.extensions}.items():
        (package / file).parent.mkdir(parents=True, exist_ok=True)
        (package / file).write_bytes(source if isinstance(source, bytes) else source.encode())
    return getattr(importlib.import_module(f"{package.name}.server"), module.variable)


def check(module: Module, notebook: PercentNotebook, directory: Path) -> None:
    """The files are clean, and have what the notebook's header wants."""
    everything = "\n".join(module.files.values())
    assert not re.search(r"mcp.notebook|NotebookServer", everything), everything
    for text in notebook.words("has"):
        assert text in everything, everything
    for text in notebook.words("lacks"):
        assert text not in everything, everything
    if notebook.words("pip"):
        assert [" ".join(module.pip)] == notebook.words("pip")
    if notebook.words("files"):
        assert sorted(module.files) == notebook.words("files")[0].split()
    package = next(directory.glob("package_*"))
    rules = "E4,E7,E9,F,I" if not notebook.words("lint") else "E9,I"
    for command in (["check", "--select", rules], ["format", "--check"]):
        done = subprocess.run(
            [find_ruff_bin(), *command, "--isolated", "--no-cache", str(package)],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{done.stdout}\n{everything}"


async def seen(server: MCPServer[Any], notebook: PercentNotebook) -> dict[str, Any]:
    """What a client sees of a server: its lists, and what it answers."""
    answers = iter(notebook.answers)

    async def answer(context: Any, params: Any) -> types.ElicitResult:
        return types.ElicitResult(action="accept", content=next(answers))

    async with Client(server, elicitation_callback=answer) as client:
        lists: dict[str, list[Any]] = {
            "tools": (await client.list_tools()).tools,
            "resources": (await client.list_resources()).resources,
            "templates": (await client.list_resource_templates()).resource_templates,
            "prompts": (await client.list_prompts()).prompts,
        }
        seen: dict[str, Any] = {kind: [as_json(item) for item in items] for kind, items in lists.items()}
        seen["instructions"] = server.instructions
        for request in notebook.requests:
            seen.setdefault("answers", []).append(await answered(client, request))
    return seen


async def answered(client: Client, request: Request) -> Any:
    try:
        if request.kind == "call":
            return as_json(await client.call_tool(request.name, request.arguments))
        if request.kind == "read":
            return as_json(await client.read_resource(request.name))
        if request.kind == "prompt":
            return as_json(await client.get_prompt(request.name, request.arguments))
        ((name, value),) = request.arguments.items()
        reference = types.PromptReference(name=request.name)
        return as_json(await client.complete(reference, {"name": name, "value": value}))
    except Exception as error:  # noqa: BLE001 - an answer like any other
        return f"{type(error).__name__}: {error}"


def as_json(item: Any) -> Any:
    return item.model_dump(by_alias=True, mode="json", exclude_none=True)
