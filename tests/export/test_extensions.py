"""Extensions of the protocol in an exported package."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from mcp_notebook.export.module.giving import given
from mcp_notebook.export.report import Exported
from mcp_notebook.slicing.statements import Statement
from tests.support.shells import Shell, running_shell

NAMES = ["skills", "tasks"]
TOOL = '%%mcp_tool\ndef order(id: int) -> str:\n    "Look up an order."\n    return "paid"'
SKILL = '%%mcp_skill refunds --description "Use it when a customer asks."\n# Refunds\nCall `order(id=1)`.\n'


def statement(text: str) -> Statement:
    return Statement(cell=3, first=1, last=1, text=text, node=ast.parse(text).body[0], index=0)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('mcp = MCPServer(("shop"))  # it', "mcp = MCPServer('shop', extensions=[skills, tasks])  # it"),
        ('mcp = MCPServer(name=("shop"))', 'mcp = MCPServer(name=("shop"), extensions=[skills, tasks])'),
        ("mcp = MCPServer()", "mcp = MCPServer(extensions=[skills, tasks])"),
        ('mcp = MCPServer("shop")', "mcp = MCPServer('shop', extensions=[skills, tasks])"),
        ('mcp = MCPServer("shop", debug=True,)', 'mcp = MCPServer("shop", debug=True, extensions=[skills, tasks],)'),
        ('mcp = MCPServer("é", extensions=[Mine(1)])', 'mcp = MCPServer("é", extensions=[Mine(1), skills, tasks])'),
        ("mcp = mcpserver.MCPServer(extensions=[])", "mcp = mcpserver.MCPServer(extensions=[skills, tasks])"),
    ],
)
def test_a_server_is_given_its_extensions_where_it_is_made(before: str, after: str) -> None:
    made, findings = given(statement(before), NAMES, {})
    assert (made.text, findings) == (after, [])


@pytest.mark.parametrize("text", ["mcp = made()", "mcp = MCPServer(**options)", "mcp = MCPServer(extensions=mine)"])
def test_a_server_that_is_made_out_of_sight_stops_the_export(text: str) -> None:
    made, (finding,) = given(statement(text), NAMES, {})
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


def test_a_file_that_is_no_text_travels_too(shell: Shell, tmp_path: Path, folder: Path) -> None:
    logo = folder / "build" / "logo.png"  # a folder that git would ignore, and the wheel with it
    logo.parent.mkdir()
    logo.write_bytes(b"\x89\xff\r\n")
    shell.good(f"%mcp skill {folder}")
    exported(shell, "shop --no-proof")
    there = tmp_path / "shop" / "src" / "shop" / "skills" / "greet" / "build" / "logo.png"
    assert there.read_bytes() == b"\x89\xff\r\n"
    assert (tmp_path / "shop" / ".gitattributes").read_text() == "src/shop/skills/** -text\n"
    logo.write_bytes(b"\x89\xff\r\n\x00")
    shell.good(f"%mcp skill {folder}")
    update = exported(shell, "shop --no-proof").update
    assert update is not None
    assert update.written == ("src/shop/skills/greet/build/logo.png",)
    assert there.read_bytes() == logo.read_bytes()
    there.write_bytes(b"mine")
    (folder / "build" / "logo.png").write_bytes(b"\x89\xff\x01")
    shell.good(f"%mcp skill {folder}")
    update = exported(shell, "shop --no-proof").update
    assert update is not None
    assert list(update.kept) == ["src/shop/skills/greet/build/logo.png"]
    assert there.read_bytes() == b"mine"


def test_a_secret_in_a_file_that_is_no_text_stops_the_export(
    shell: Shell, tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOP_API_KEY", "hJ8dk2LqPw93")
    (folder / "db.sqlite").write_bytes(b"\x89\xff key=hJ8dk2LqPw93 \x00")
    shell.good(f"%mcp skill {folder}")
    found = exported(shell, "shop --no-proof")
    (finding,) = [f for f in found.findings if f.weight == "stops"]
    assert finding.name == "src/shop/skills/greet/db.sqlite, line 1"
    assert "SHOP_API_KEY" in finding.what
    assert "hJ8dk2" not in str(finding)
    assert not (tmp_path / "shop").exists()


def test_a_variable_of_the_notebook_keeps_its_name(shell: Shell, tmp_path: Path) -> None:
    shell.good(
        "tasks = ['sweep']",
        '%%mcp_tool --task\ndef chores(events: int) -> list[str]:\n    "List chores."\n    return tasks[:events]',
        '%%mcp_event done\nfrom pydantic import BaseModel\nclass Done(BaseModel):\n    "It is done."\n    what: str',
    )
    exported(shell, "lab --no-proof")
    server = (tmp_path / "lab" / "src" / "lab" / "server.py").read_text()
    assert 'tasks_extension = Tasks({"chores": 3600.0}, store=' in server
    assert "extensions=[tasks_extension, events_extension]" in server
    assert "tasks_extension.listen" in server
    assert 'events_extension.declare("done", payload=Done' in server


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


def test_a_tool_that_only_runs_as_a_task_has_no_test(
    shell: Shell, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shell.good(TASK.replace("--task-ttl 60", "--task-only"), "_ = %mcp call train steps=3", "_ = %mcp call order id=1")
    tests = exported(shell, "lab --dry-run").files["tests/test_calls.py"]
    assert "order" in str(tests)
    assert "train" not in str(tests)
    shell.good(f"%mcp log --to test {tmp_path / 'test_calls.py'} --import lab.server:mcp")
    assert "left out: call 1: its tool only runs as a task, which the SDK's client does not follow" in (
        capsys.readouterr().out
    )
