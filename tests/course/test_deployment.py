"""The helpers of the chapters on deployment: packages that run, connections that lose answers, broken databases."""

from __future__ import annotations

import os
import sqlite3
import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp.server.mcpserver import MCPServer
from mcp.shared.exceptions import MCPError

from mcp_notebook.course import check
from mcp_notebook.course.checking.bench import Bench
from mcp_notebook.course.checking.broken_databases import EXPECTED, broken, verdict_on
from mcp_notebook.course.checking.cases import Probe
from mcp_notebook.course.checking.certificate import Certificate, Proven, edited_files, health_function
from mcp_notebook.course.checking.packaged import Packaged
from mcp_notebook.course.containers import build_image
from mcp_notebook.course.deployed import Deployed
from mcp_notebook.course.environments import add_package, python_of, run_python
from mcp_notebook.course.library import reset_library, rows_of
from mcp_notebook.course.lossy import LossyClient, desk
from mcp_notebook.export import project
from tests.support.packages import package, texts, write

PYTHON = Path(sys.executable)


@pytest.fixture
def library(tmp_path: Path) -> Path:
    file = tmp_path / "library.sqlite3"
    reset_library(file)
    return file


def outcome(cases: Sequence[Any], name: str = "answer", **options: Any) -> str:
    server: MCPServer[Any] = MCPServer("library")
    return str(anyio.run(lambda: check(server, name, cases, read="it", kind="code", **options)))


def test_a_lost_answer_was_an_answer_for_the_server(library: Path) -> None:
    async def main() -> list[str]:
        client = LossyClient(desk(library), lost=1)
        async with client:
            with pytest.raises(MCPError, match="Timed out"):
                await client.call_tool("lend", {"title": "Dune", "member": "Ada"})
            result = await client.call_tool("lend", {"title": "Dune", "member": "Ada"})
            assert not result.is_error
            return client.asked

    assert anyio.run(main) == ["lend", "lend"]
    assert rows_of(library, "SELECT count(*) FROM loans WHERE returned IS NULL") == [(2,)]


def test_the_desk_has_a_tool_for_each_kind_of_claim(library: Path) -> None:
    async def main() -> dict[str, Any]:
        async with LossyClient(desk(library)) as client:
            hints = {tool.name: tool.annotations for tool in (await client.list_tools()).tools}
            assert (await client.call_tool("copies", {"title": "Moby Dick"})).is_error
            for _ in range(2):
                assert not (await client.call_tool("rename", {"subject": "novel", "to": "fiction"})).is_error
            with pytest.raises(MCPError) as raised:
                await client.call_tool("hours")
            assert not -32768 <= raised.value.code <= -32000
        return {name: hint and (hint.read_only_hint, hint.idempotent_hint) for name, hint in hints.items()}

    claims = anyio.run(main)
    assert claims == {
        "copies": (True, None),
        "rename": (False, True),
        "lend": (False, False),
        "join": None,
        "hours": (True, None),
    }
    assert rows_of(library, "SELECT count(*) FROM books WHERE subject = 'novel'") == [(0,)]


def right(file: str) -> bool:
    with closing(sqlite3.connect(f"{Path(file).as_uri()}?mode=rw", uri=True, timeout=0.2)) as database:
        return database.execute("SELECT 1 FROM books").fetchone() is not None


async def right_but_async(file: str) -> bool:
    return right(file)


@pytest.mark.parametrize("check", [right, right_but_async])
def test_a_right_check_gets_the_right_verdict_on_each_database(check: Any) -> None:
    bench = Bench(None, "check", None, {"check": check})  # type: ignore[arg-type]
    assert {state: verdict_on(state)(bench) for state in EXPECTED} == EXPECTED


def test_a_wrong_check_is_told_what_it_did() -> None:
    def makes_it(file: str) -> bool:
        with closing(sqlite3.connect(file)) as database:
            database.execute("CREATE TABLE books (title)").fetchall()
        return False

    bench = Bench(None, "check", None, {"check": makes_it})  # type: ignore[arg-type]
    assert verdict_on("missing")(bench) == "unhealthy, but the check made the file"
    assert verdict_on("good")(bench) == "unhealthy (OperationalError)"
    bench = Bench(None, "check", None, {"check": lambda _: "unhealthy"})  # type: ignore[arg-type]
    assert verdict_on("damaged")(bench) == "healthy (it returned 'unhealthy')"


def test_a_locked_database_is_locked_for_readers_too() -> None:
    with (
        broken("locked") as file,
        closing(sqlite3.connect(file, timeout=0)) as database,
        pytest.raises(sqlite3.OperationalError, match="locked"),
    ):
        database.execute("SELECT 1 FROM books")


def test_a_setting_of_the_package_is_a_case() -> None:
    case = Packaged("fee_cents", "another fee", "10")
    assert outcome([case], namespace={"answer": 1}, settings=lambda: {"fee_cents": "10"}).startswith("passed")
    said = outcome([case], namespace={"answer": 1}, settings=lambda: {"file": "required", "key": "a secret"})
    assert "Expected fee_cents = 10,\n    got file = required, key = a secret." in said
    assert "got a package without settings" in outcome([case], namespace={"answer": 1})


def test_a_group_with_one_exception_is_that_exception() -> None:
    async def fails(_: Bench) -> None:
        async with anyio.create_task_group():
            raise KeyError("x")

    case = Probe("it", "fails", fails, 1)
    assert "got the exception KeyError('x')." in outcome([case], namespace={"answer": 1})


PROOF = """# Proof

Proven: the package behaves as the notebook.

Looked at on Python 3.11.7.

| | stdio | HTTP | |
|---|---|---|---|
| installs and imports | in a clean environment, by uv |  | ok |
| tools (2) | equal | equal | ok |
| prompts (0) | equal | 1 different | **no** |
| its tests | 7 passed, 1 failed |  | ok |
"""


def test_a_certificate_is_read_from_a_proof(tmp_path: Path) -> None:
    (tmp_path / "PROOF.md").write_text(PROOF)
    found = Certificate.of(tmp_path)
    assert found.verdict == "Proven: the package behaves as the notebook."
    assert {name: (line.number, line.words, line.ok) for name, line in found.lines.items()} == {
        "installs and imports": (0, "in a clean environment, by uv", True),
        "tools": (2, "2, equal over stdio and HTTP", True),
        "prompts": (0, "0, equal", False),
        "its tests": (7, "7 passed, 1 failed", True),
    }
    assert "2, equal over stdio and HTTP  tools" in str(found)


def test_a_certificate_has_to_be_about_the_server_as_it_is_now(tmp_path: Path) -> None:
    (tmp_path / "PROOF.md").write_text(PROOF)
    cases = [Proven("", "proven"), Proven("tools", "all", live=True), Proven("its tests", "enough", 8)]
    said = outcome(cases, namespace={"answer": tmp_path})
    assert "✓ PROOF.md, its first line: proven\n    Proven: the package behaves as the notebook." in said
    assert "got 2, equal over stdio and HTTP, your server has 0." in said
    assert "Expected 8 or more, and ok,\n    got 7 passed, 1 failed." in said
    assert "None, which is not the result of an export" in outcome(cases, namespace={"answer": None})


def test_files_that_somebody_edited_are_named(tmp_path: Path) -> None:
    folder = write(tmp_path, {".export.json": '{"files": {"a.py": "0", "tests/b.py": "0"}}', "a.py": "x"})
    bench = Bench(None, "answer", None, {"answer": str(folder)})  # type: ignore[arg-type]
    assert edited_files(bench) == ["PROOF.md", "a.py"]
    with pytest.raises(LookupError, match="no package"):
        health_function(bench)


@pytest.mark.parametrize("health", ["is_well", None])
def test_the_health_function_of_a_package_is_found(tmp_path: Path, health: str | None) -> None:
    folder = write(tmp_path, texts(project.files(package(health=health))))
    bench = Bench(None, "answer", None, {"answer": folder})  # type: ignore[arg-type]
    assert health_function(bench) == (health or "")


def test_a_package_that_is_there_is_not_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert add_package(PYTHON, "pytest")
    assert run_python(PYTHON, "-c", "import os; print(os.environ['A'])", A="1").strip() == "1"
    assert python_of(Path("env")) == Path("env", "bin", "python")


@pytest.mark.slow
def test_a_package_runs_and_is_looked_at_from_outside(tmp_path: Path) -> None:
    folder = write(tmp_path, texts(project.files(package(health="is_well"))))
    with Deployed(folder, PYTHON, log_level="DEBUG") as shop:
        assert shop.health() == '200 {"status":"ok"}'
        assert shop.get("/mcp").status_code == 401
        assert "12.5" in anyio.run(lambda: shop.call("price", title="Emma"))
        assert anyio.run(lambda: shop.call("nothing")).startswith("error result: Unknown tool")
        assert {entry["logger"] for entry in shop.entries("bookshop")} != set()
        assert shop.token not in shop.log
        assert repr(shop) == "<bookshop, running>"
    assert repr(shop) == "<bookshop, stopped>"
    with Deployed(folder, PYTHON, SICK="1") as shop:
        assert shop.health() == '503 {"status":"unhealthy","reason":"RuntimeError"}'


def test_a_process_that_ends_at_once_says_why(tmp_path: Path) -> None:
    folder = write(tmp_path, texts(project.files(package())))
    with pytest.raises(RuntimeError, match="bookshop does not answer"):
        Deployed(folder, PYTHON, workers="many")
    with pytest.raises(LookupError, match="no package"):
        Deployed(tmp_path / "nothing", PYTHON)


DOCKER = """#!/bin/sh
echo "$@" >> {log}
case $1 in
  run) echo the-container ;;
  port) echo 127.0.0.1:{port} ;;
  exec) exit {healthy} ;;
esac
"""


@pytest.mark.skipif(os.name == "nt", reason="the image is a Linux")
@pytest.mark.slow
def test_an_image_is_built_and_started_by_docker_where_it_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write(tmp_path / "shop", texts(project.files(package())))
    with Deployed(folder, PYTHON) as shop:
        port = shop.url.rpartition(":")[2]
        program = write(tmp_path, {"docker": DOCKER.format(log=tmp_path / "log", port=port, healthy=0)}) / "docker"
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
        image = build_image(folder)
        with image.started({"FILE": tmp_path / "a.db"}, BOOKSHOP_TOKEN="secret-token") as container:
            assert container.url == shop.url
            assert container.passes_its_check()
    log = (tmp_path / "log").read_text()
    assert image.by == "Docker"
    assert f"--volume={tmp_path}/a.db:/data/a.db shop-of-the-course" in log
    assert "exec the-container python -c" in log
    assert log.splitlines()[-1] == "stop the-container"
    assert "secret-token" not in log


@pytest.mark.skipif(os.name == "nt", reason="the image is a Linux")
@pytest.mark.slow
def test_an_image_is_made_by_its_steps_where_no_docker_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write(tmp_path / "shop", texts(project.files(package(health="is_well"))))
    program = write(tmp_path, {"docker": "#!/bin/sh\nexit 1\n"}) / "docker"
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    image = build_image(folder)
    assert "as written" in image.by
    with image.started({}, BOOKSHOP_TOKEN="a-token") as container:
        assert container.passes_its_check()
    with image.started({}, BOOKSHOP_TOKEN="a-token", SICK="1") as container:
        assert not container.passes_its_check()
