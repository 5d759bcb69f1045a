"""Extensions of the protocol in an exported package."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from mcp_notebook.export.module.extensions import ExtensionCode, given
from mcp_notebook.export.report import Exported
from mcp_notebook.slicing.statements import Statement
from tests.support.shells import Shell, running_shell

CODE = [ExtensionCode("skills", ("Skills",), "Skills()"), ExtensionCode("tasks", ("Tasks",), "Tasks()")]
TOOL = '%%mcp_tool\ndef order(id: int) -> str:\n    "Look up an order."\n    return "paid"'
SKILL = '%%mcp_skill refunds --description "Use it when a customer asks."\n# Refunds\nCall `order(id=1)`.\n'


def statement(text: str) -> Statement:
    return Statement(cell=3, first=1, last=1, text=text, node=ast.parse(text).body[0], index=0)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("mcp = MCPServer()", "mcp = MCPServer(extensions=[skills, tasks])"),
        ('mcp = MCPServer("shop")', 'mcp = MCPServer("shop", extensions=[skills, tasks])'),
        ('mcp = MCPServer("shop", debug=True,)', 'mcp = MCPServer("shop", debug=True, extensions=[skills, tasks],)'),
        ('mcp = MCPServer("é", extensions=[Mine(1)])', 'mcp = MCPServer("é", extensions=[Mine(1), skills, tasks])'),
        ("mcp = mcpserver.MCPServer(extensions=[])", "mcp = mcpserver.MCPServer(extensions=[skills, tasks])"),
    ],
)
def test_a_server_is_given_its_extensions_where_it_is_made(before: str, after: str) -> None:
    made, findings = given(statement(before), CODE, {})
    assert (made.text, findings) == (after, [])


@pytest.mark.parametrize("text", ["mcp = made()", "mcp = MCPServer(**options)", "mcp = MCPServer(extensions=mine)"])
def test_a_server_that_is_made_out_of_sight_stops_the_export(text: str) -> None:
    made, (finding,) = given(statement(text), CODE, {})
    assert made.text == text
    assert (finding.weight, finding.cell) == ("stops", 3)
    assert "Make the server in one statement" in finding.way_out


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shell]:
    monkeypatch.chdir(tmp_path)
    with running_shell() as shell:
        shell.good("%load_ext mcp_notebook", TOOL)
        yield shell


def exported(shell: Shell, line: str) -> Exported:
    found = shell.good(f"%mcp export {line}")
    assert isinstance(found, Exported)
    return found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "mine" / "greet"
    (folder / "scripts").mkdir(parents=True)
    (folder / "SKILL.md").write_bytes(b"---\r\nname: greet\r\ndescription: Use it when asked.\r\n---\r\nHello\r\n")
    (folder / "scripts" / "run.py").write_bytes(b"import sys,os\nx  =  1")
    return folder


def test_skills_travel_to_the_byte(shell: Shell, tmp_path: Path, folder: Path) -> None:
    shell.good(SKILL, f"%mcp skill {folder} --prefix acme/hall")
    exported(shell, "shop --no-proof")
    source = tmp_path / "shop" / "src" / "shop"
    for path in ("SKILL.md", "scripts/run.py"):
        assert (source / "skills/acme/hall/greet" / path).read_bytes() == (folder / path).read_bytes()
    server = (source / "server.py").read_text()
    assert 'Skill.from_folder(Path(__file__).parent / "skills/acme/hall/greet", "acme/hall")' in server
    assert "extensions=[skills]" in server
    assert "mcp_notebook" not in (source / "extensions" / "skills.py").read_text()
    assert '"pyyaml>=' in (tmp_path / "shop" / "pyproject.toml").read_text()


def test_a_server_without_extensions_is_exported_without_the_folder(shell: Shell, tmp_path: Path) -> None:
    exported(shell, "shop --no-proof")
    assert not (tmp_path / "shop" / "src" / "shop" / "extensions").exists()


def test_a_file_that_is_no_text_stops_the_export(shell: Shell, tmp_path: Path, folder: Path) -> None:
    (folder / "logo.png").write_bytes(b"\x89\xff")
    shell.good(f"%mcp skill {folder}")
    found = exported(shell, "shop --no-proof")
    assert [f.what for f in found.findings if f.weight == "stops"] == [
        "logo.png of this skill is not text, and an export writes texts only."
    ]
    assert not (tmp_path / "shop").exists()


@pytest.mark.slow
def test_a_package_with_skills_is_proven(shell: Shell, tmp_path: Path, folder: Path) -> None:
    shell.good(
        "from mcp_notebook import NotebookServer\nmcp = NotebookServer('shop')\n"
        '@mcp.resource("note://a")\ndef a() -> str:\n    "A note."\n    return "a"',
        "_ = %mcp use mcp",
        SKILL,
        f"%mcp skill {folder}",
        "_ = %mcp skills refunds",
        "_ = %mcp skills greet",
    )
    found = exported(shell, "shop --server shop")
    assert found.proof is not None
    assert found.proof.ok, found.proof.markdown


TASK = '%%mcp_tool --task-ttl 60\nasync def train(steps: int) -> str:\n    "Train."\n    return f"trained {steps}"'


def test_tasks_travel_as_a_folder(shell: Shell, tmp_path: Path) -> None:
    shell.good(TASK)
    exported(shell, "lab --no-proof")
    source = tmp_path / "lab" / "src" / "lab"
    server = (source / "server.py").read_text()
    assert 'tasks = Tasks({"train": 60.0}, store=chosen_store())' in server
    assert "extensions=[tasks]" in server
    assert "mcp.middleware.append(tasks.listen)" in server
    modules = sorted((source / "extensions" / "tasks").glob("*.py"))
    in_redis = ["redis_lease", "redis_replica", "redis_scripts", "redis_store"]
    assert [path.stem for path in modules] == ["__init__", "extension", "listening", *in_redis, "running", "task"]
    assert not [path for path in modules if "mcp_notebook" in path.read_text()]


@pytest.mark.slow
def test_a_package_with_tasks_is_proven(shell: Shell, tmp_path: Path) -> None:
    shell.good(TASK, "_ = %mcp call train steps=3", "_ = %mcp call order id=1")
    found = exported(shell, "lab")
    assert found.proof is not None
    assert found.proof.ok, found.proof.markdown
