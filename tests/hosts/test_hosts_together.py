"""Several notebooks that write into one host's file, and writing that is interrupted."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from mcp_notebook.errors import HostError
from mcp_notebook.hosts import HOSTS, BridgeLink, HttpLink, Link, Written, write
from mcp_notebook.hosts.configuration import secret_name
from tests.support.faults import FAULTS, Killed

URL = "http://127.0.0.1:{}/mcp"
COMMENTED = '{\n  // mine\n  "mcpServers": {"other": {"command": "npx"}},\n}\n'


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    (folder / ".git").mkdir(parents=True)
    return folder


def written(project: Path, link: Link, host: str = "claude-code") -> Written:
    return write(HOSTS[host], link, folder=project)


def servers(project: Path) -> dict[str, dict[str, object]]:
    found: dict[str, dict[str, object]] = json.loads((project / ".mcp.json").read_text("utf-8"))["mcpServers"]
    return found


def files(project: Path) -> list[str]:
    return sorted(path.name for path in project.iterdir() if path.name != ".git" and ".bak" not in path.name)


def test_threads_that_write_at_the_same_time_lose_no_entry(project: Path) -> None:
    failed: list[BaseException] = []
    start = threading.Barrier(8)

    def add(thread: int) -> None:
        start.wait()
        try:
            for number in range(5):
                written(project, BridgeLink(f"server_{thread}_{number}"))
        except BaseException as error:  # noqa: BLE001 - shown by the test
            failed.append(error)

    threads = [threading.Thread(target=add, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert len(servers(project)) == 40
    assert files(project) == [".mcp.json"]


CHILD = """
import sys
from pathlib import Path
from mcp_notebook.hosts import HOSTS, BridgeLink, write
sys.stdin.readline()
for number in range(6):
    write(HOSTS["claude-code"], BridgeLink(f"server_{sys.argv[2]}_{number}"), folder=Path(sys.argv[1]))
"""


@pytest.mark.slow
def test_processes_that_write_at_the_same_time_lose_no_entry(project: Path) -> None:
    children = [
        subprocess.Popen([sys.executable, "-c", CHILD, str(project), str(n)], stdin=subprocess.PIPE) for n in range(4)
    ]
    for child in children:
        child.communicate(b"\n", timeout=120)
    assert [child.returncode for child in children] == [0] * 4
    assert len(servers(project)) == 24


def test_what_the_host_itself_writes_meanwhile_is_not_lost(project: Path) -> None:
    path = project / ".mcp.json"
    path.write_text(COMMENTED, "utf-8")
    wrote: list[bool] = []

    def host_writes() -> None:
        if not wrote:
            wrote.append(True)
            path.write_text(COMMENTED.replace("npx", "uvx"), "utf-8")

    with FAULTS.at(0, project, Killed()):
        FAULTS.active = host_writes
        written(project, BridgeLink("library"))
    text = path.read_text("utf-8")
    assert "// mine" in text
    assert "uvx" in text
    assert '"library"' in text


NAMES = [
    ["sales data", "sales-data", "sales/data", "sales.data", "-sales-data-", "sales  data", "sales:data"],
    ["café", "caf", "caf-", "cafö"],
    ["日本", "中国", "!", "?"],
]


@pytest.mark.parametrize("names", NAMES)
@pytest.mark.parametrize("way", ["bridge", "url", "url without a token", "mixed"])
def test_names_that_look_alike_have_entries_of_their_own(project: Path, names: list[str], way: str) -> None:
    def link(number: int, name: str) -> Link:
        if way == "bridge" or (way == "mixed" and number % 2):
            return BridgeLink(name)
        return HttpLink(name, URL.format(8000 + number), asks_token=way != "url without a token")

    keys: dict[str, str] = {}
    for _ in range(2):  # the second time nothing changes, and nothing is added
        for number, name in enumerate(sorted(names, key=lambda name: name == "sales-data")):
            done = written(project, link(number, name))
            assert keys.setdefault(name, done.key) == done.key
    assert len(set(keys.values())) == len(names)
    assert set(servers(project)) == set(keys.values())


def test_an_entry_is_changed_in_place_whatever_way_it_leads(project: Path) -> None:
    for link in (BridgeLink("sales data"), HttpLink("sales data", URL.format(1)), HttpLink("sales data", URL.format(2)), BridgeLink("sales data")):  # fmt: skip  # noqa: E501
        assert written(project, link).key == "sales-data"
        assert set(servers(project)) == {"sales-data"}


def test_tokens_of_names_that_differ_in_case_or_signs_have_variables_of_their_own() -> None:
    host = HOSTS["claude-code"]
    names = ["sales", "Sales", "SALES", "sales data", "sales-data", "sales_data", "sales/data"]
    assert len({secret_name(host, name) for name in names}) == len(names)
    assert secret_name(host, "sales_data") == "MCP_NOTEBOOK_TOKEN_SALES_DATA"


@pytest.mark.parametrize("before", [None, COMMENTED], ids=["new", "there"])
@pytest.mark.parametrize(
    "error",
    [KeyboardInterrupt(), SystemExit(1), MemoryError(), OSError(28, "No space left on device"), Killed()],
    ids=["interrupt", "exit", "memory", "full", "killed"],
)
def test_whatever_comes_between_two_steps_the_file_is_whole(
    tmp_path: Path, before: str | None, error: BaseException
) -> None:
    number, changed = 0, 0
    while True:
        number += 1
        project = tmp_path / str(number)
        (project / ".git").mkdir(parents=True)
        path = project / ".mcp.json"
        if before is not None:
            path.write_text(before, "utf-8")
        with FAULTS.at(number, project, error, again=isinstance(error, Killed)) as count:
            try:
                written(project, BridgeLink("library"))
            except HostError as told:
                assert "No space left" in str(told)  # noqa: PT017 - it may also come through
            except BaseException as raised:  # noqa: BLE001
                assert raised is error  # noqa: PT017
        text = path.read_text("utf-8") if path.exists() else None
        if text != before:
            changed += 1
            assert text is not None
            assert "library" in text
        if not isinstance(error, Killed) and count[0] != number:
            assert files(project) == ([] if text is None else [".mcp.json"])
        written(project, BridgeLink("library"))
        assert files(project) == [".mcp.json"]
        assert before is None or "// mine" in path.read_text("utf-8")
        if count[0] < number:
            break
    assert number > 3
    assert changed


@pytest.mark.parametrize("before", [None, "{}"], ids=["new", "there"])
def test_a_full_disk_leaves_no_empty_file(project: Path, monkeypatch: pytest.MonkeyPatch, before: str | None) -> None:
    path = project / ".mcp.json"
    if before:
        path.write_text(before, "utf-8")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(HostError, match="No space left"):
        written(project, BridgeLink("library"))
    assert (path.read_text("utf-8") if path.exists() else None) == before
    assert list(project.glob("*bak*")) == []
    assert files(project) == ([".mcp.json"] if before else [])


@pytest.mark.skipif(os.name != "posix", reason="links and modes are those of POSIX")
def test_a_link_stays_one_even_where_its_file_is_not_there_yet_and_modes_stay(project: Path) -> None:
    kept = project / "dotfiles" / "mcp.json"
    kept.parent.mkdir()
    (project / ".mcp.json").symlink_to(kept)
    written(project, BridgeLink("library"))
    assert (project / ".mcp.json").is_symlink()
    kept.chmod(0o640)
    written(project, BridgeLink("another"))
    assert (project / ".mcp.json").is_symlink()
    assert stat.S_IMODE(kept.stat().st_mode) == 0o640
    assert set(servers(project)) == {"library", "another"}
