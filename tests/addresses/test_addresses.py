from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import jupyter_core.paths
import pytest

from mcp_notebook import addresses
from mcp_notebook.addresses import Address
from mcp_notebook.addresses.processes import start_of
from mcp_notebook.errors import UnknownNameError
from tests.support.waiting import until

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="owners and modes are POSIX's")

URL = "http://127.0.0.1:4321/mcp"
TOKEN = "a-secret-that-must-not-show"


@pytest.fixture(autouse=True)
def runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "runtime"
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(folder))
    return folder


@pytest.fixture
def notebook(tmp_path: Path) -> str:
    path = tmp_path / "sales.ipynb"
    path.write_text("{}", encoding="utf-8")
    return str(path)


@pytest.fixture
def stranger() -> Iterator[subprocess.Popen[bytes]]:
    """Another living process."""
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    yield process
    process.kill()
    process.communicate()


def address(notebook: str | None = None, server: str = "notebook", **other) -> Address:
    return Address(server=server, notebook=notebook, kernel=None if notebook else "k1", url=URL, token=TOKEN, **other)


def held_by(address: Address, process: subprocess.Popen[bytes]) -> Address:
    return replace(address, pid=process.pid, started=start_of(process.pid))


def ended(address: Address) -> Address:
    """The same, of a process that is no more."""
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    before = held_by(address, process)
    process.kill()
    process.communicate()
    return before


def test_what_was_published_is_found_with_all_that_a_client_needs(notebook: str) -> None:
    published = address(notebook)
    addresses.publish(published)
    assert addresses.live() == [published]
    assert addresses.find("sales") == published
    assert addresses.find("sales").token == TOKEN


def test_the_file_and_its_directory_are_for_their_owner_only(notebook: str, runtime: Path) -> None:
    path = addresses.publish(address(notebook))
    assert path.parent == runtime
    assert path.stat().st_mode & 0o777 == 0o600
    assert runtime.stat().st_mode & 0o777 == 0o700
    assert [entry.name for entry in runtime.iterdir()] == [path.name]


def test_a_shown_address_hides_its_token(notebook: str) -> None:
    assert TOKEN not in f"{address(notebook)!r} {address(notebook)}"


def test_port_and_token_come_back_to_the_same_notebook_and_server_only(notebook: str, tmp_path: Path) -> None:
    addresses.publish(ended(address(notebook)))
    before = addresses.remembered("notebook", notebook, None)
    assert before is not None
    assert (before.url, before.token) == (URL, TOKEN)
    assert addresses.remembered("other", notebook, None) is None
    assert addresses.remembered("notebook", str(tmp_path / "costs.ipynb"), None) is None


def test_a_server_without_a_notebook_is_remembered_by_its_kernel() -> None:
    addresses.publish(address())
    assert addresses.remembered("notebook", None, "k1") == address()
    assert addresses.remembered("notebook", None, "k2") is None


def test_a_planned_stop_is_remembered_but_not_live(notebook: str) -> None:
    addresses.publish(address(notebook))
    addresses.withdraw(address(notebook))
    assert addresses.live() == []
    assert not addresses.find("sales").running
    assert addresses.remembered("notebook", notebook, None) == replace(address(notebook), listening=False)
    addresses.publish(address(notebook))
    assert addresses.live() == [address(notebook)]


def test_withdrawing_what_was_never_published_writes_nothing(notebook: str, runtime: Path) -> None:
    addresses.withdraw(address(notebook))
    assert not runtime.exists()


def test_a_second_kernel_with_the_same_notebook_gets_a_name_and_a_file_of_its_own(
    notebook: str, stranger: subprocess.Popen[bytes]
) -> None:
    addresses.publish(held_by(address(notebook), stranger))
    assert addresses.remembered("notebook", notebook, None) is None
    addresses.publish(replace(address(notebook), url="http://127.0.0.1:5678/mcp"))
    assert [(each.name, each.pid) for each in addresses.live()] == [("sales", stranger.pid), ("sales-2", os.getpid())]
    assert addresses.find("sales-2").url == "http://127.0.0.1:5678/mcp"

    stranger.kill()
    stranger.wait()
    addresses.publish(replace(address(notebook), url="http://127.0.0.1:5678/mcp"))
    assert [each.name for each in addresses.live()] == ["sales-2"], "a kernel keeps its name while it lives"


def test_the_second_of_two_kernels_gets_its_own_port_back(notebook: str, stranger: subprocess.Popen[bytes]) -> None:
    addresses.publish(held_by(address(notebook), stranger))
    addresses.publish(ended(replace(address(notebook), url="http://127.0.0.1:5678/mcp")))
    again = addresses.remembered("notebook", notebook, None)
    assert again is not None
    assert (again.url, again.name) == ("http://127.0.0.1:5678/mcp", "sales-2")


def test_what_another_kernel_holds_is_not_withdrawn(notebook: str, stranger: subprocess.Popen[bytes]) -> None:
    theirs = held_by(address(notebook), stranger)
    addresses.publish(theirs)
    addresses.withdraw(address(notebook))
    assert addresses.live() == [theirs]


@pytest.mark.skipif(sys.platform not in ("linux", "win32"), reason="the platform does not tell when a process started")
def test_a_process_id_that_was_given_anew_is_another_process(notebook: str) -> None:
    addresses.publish(replace(address(notebook), started="1"))
    assert addresses.live() == []


@pytest.mark.skipif(sys.platform != "linux", reason="/proc tells")
def test_a_process_that_ended_and_was_not_waited_for_is_not_alive() -> None:
    process = subprocess.Popen([sys.executable, "-c", ""], stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.read()
    until(lambda: start_of(process.pid) is None)
    process.communicate()


@pytest.mark.parametrize(
    ("parts", "name"),
    [
        ({"notebook": "/home/me/sales.ipynb"}, "sales"),
        ({"notebook": "/home/me/sales.ipynb", "server": "shop"}, "sales/shop"),
        ({"notebook": "/home/me/sales.ipynb", "seat": 2}, "sales-2"),
        ({"notebook": "/home/me/sales.ipynb", "server": "shop", "seat": 3}, "sales/shop-3"),
        ({"server": "shop"}, "shop"),
        ({}, "notebook"),
    ],
)
def test_a_name_is_as_short_as_it_can_be(parts: Any, name: str) -> None:
    assert address(**parts).name == name


@pytest.mark.parametrize("typed", ["sales", "sales/notebook", "NOTEBOOK"])
def test_a_notebook_is_found_by_stem_stem_and_server_or_path(typed: str, notebook: str) -> None:
    addresses.publish(address(notebook))
    assert addresses.find(notebook if typed == "NOTEBOOK" else typed).notebook == notebook


@pytest.mark.parametrize("typed", ["shop", "sales/shop", "sales"])
def test_a_named_server_is_found_by_its_name_too(typed: str, notebook: str) -> None:
    addresses.publish(address(notebook, "shop"))
    assert addresses.find(typed).server == "shop"


def test_the_more_exact_meaning_goes_first(notebook: str) -> None:
    addresses.publish(address(notebook, "shop"))
    addresses.publish(address(notebook))
    assert addresses.find("sales").server == "notebook"
    assert addresses.find("shop").server == "shop"


def test_one_that_runs_goes_before_one_that_does_not(notebook: str, tmp_path: Path) -> None:
    elsewhere = tmp_path / "old" / "sales.ipynb"
    elsewhere.parent.mkdir()
    elsewhere.write_text("{}", encoding="utf-8")
    addresses.publish(ended(address(str(elsewhere))))
    addresses.publish(address(notebook))
    assert addresses.find("sales").notebook == notebook


def test_an_ambiguous_name_is_refused_with_the_ways_to_say_which(notebook: str, tmp_path: Path) -> None:
    elsewhere = tmp_path / "old" / "sales.ipynb"
    addresses.publish(address(notebook))
    addresses.publish(address(str(elsewhere)))
    with pytest.raises(UnknownNameError) as caught:
        addresses.find("sales")
    assert "\n" not in str(caught.value)
    assert notebook in str(caught.value)
    assert str(elsewhere) in str(caught.value)


def test_an_unknown_name_is_refused_with_what_may_have_been_meant(notebook: str) -> None:
    addresses.publish(address(notebook))
    with pytest.raises(UnknownNameError, match="'sales'") as caught:
        addresses.find("slaes")
    assert "\n" not in str(caught.value)
    assert TOKEN not in str(caught.value)


def test_nothing_is_live_where_the_directory_does_not_exist() -> None:
    assert addresses.live() == []
    with pytest.raises(UnknownNameError):
        addresses.find("sales")


def test_the_file_of_an_ended_kernel_is_kept_while_its_notebook_is_there(notebook: str) -> None:
    path = addresses.publish(ended(address(notebook)))
    addresses.live()
    assert path.exists()
    Path(notebook).unlink()
    addresses.live()
    assert not path.exists()


def test_the_file_of_an_ended_kernel_is_kept_for_thirty_days_only(notebook: str) -> None:
    path = addresses.publish(ended(address(notebook)))
    month_ago = time.time() - 31 * 24 * 3600
    os.utime(path, (month_ago, month_ago))
    addresses.live()
    assert not path.exists()


def test_the_file_of_a_living_kernel_is_kept_whatever_its_age(notebook: str) -> None:
    path = addresses.publish(address(notebook))
    Path(notebook).unlink()
    os.utime(path, (0, 0))
    assert len(addresses.live()) == 1


def test_the_file_of_an_ended_kernel_without_a_notebook_goes() -> None:
    path = addresses.publish(ended(address()))
    addresses.live()
    assert not path.exists()


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"server": "notebook"}', "\x00", '"text"', "[" * 100_000])
def test_a_file_that_makes_no_sense_is_ignored_and_removed(text: str, notebook: str, runtime: Path) -> None:
    addresses.publish(address(notebook))
    nonsense = runtime / "mcp-notebook-0000.json"
    nonsense.write_text(text, encoding="utf-8")
    nonsense.chmod(0o600)
    assert addresses.find("sales").url == URL
    assert len(addresses.live()) == 1
    assert not nonsense.exists()


@pytest.mark.parametrize("change", [{"pid": "1"}, {"url": None}, {"token": 5}, {"seat": "x"}, {"notebook": []}])
def test_a_file_with_values_of_another_kind_is_ignored_and_removed(change: Any, notebook: str) -> None:
    path = addresses.publish(address(notebook))
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | change), encoding="utf-8")
    assert addresses.live() == []
    assert not path.exists()


def test_files_of_other_programs_are_left_alone(notebook: str, runtime: Path) -> None:
    addresses.publish(address(notebook))
    other = runtime / "jpserver-1.json"
    other.write_text("{", encoding="utf-8")
    addresses.live()
    assert other.exists()


@pytest.mark.parametrize("mode", [0o644, 0o620, 0o606])
def test_a_file_that_others_can_reach_is_not_trusted(mode: int, notebook: str) -> None:
    path = addresses.publish(address(notebook))
    path.chmod(mode)
    assert addresses.live() == []
    assert path.exists()


def test_a_link_is_not_followed_for_reading_nor_for_writing(notebook: str, tmp_path: Path) -> None:
    path = addresses.publish(address(notebook))
    target = tmp_path / "elsewhere.json"
    path.rename(target)
    path.symlink_to(target)
    assert addresses.live() == []
    before = target.read_text(encoding="utf-8")
    addresses.publish(replace(address(notebook), url="http://127.0.0.1:5678/mcp"))
    assert target.read_text(encoding="utf-8") == before
    assert not path.is_symlink()


def test_a_pipe_in_the_place_of_a_file_does_not_hold_up_anyone(runtime: Path, notebook: str) -> None:
    addresses.publish(address(notebook))
    os.mkfifo(runtime / "mcp-notebook-0000.json", 0o600)
    assert len(addresses.live()) == 1


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"JUPYTER_RUNTIME_DIR": "/somewhere/run"},
        {"JUPYTER_DATA_DIR": "/somewhere/data"},
        {"XDG_DATA_HOME": "/somewhere/share"},
        {"JUPYTER_PLATFORM_DIRS": "1"},
        {"JUPYTER_PLATFORM_DIRS": "0", "HOME": "/somewhere/home"},
    ],
)
def test_the_directory_is_the_one_that_jupyter_uses(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("JUPYTER_RUNTIME_DIR", "JUPYTER_DATA_DIR", "XDG_DATA_HOME", "JUPYTER_PLATFORM_DIRS"):
        monkeypatch.delenv(name, raising=False)
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    assert str(addresses.runtime_dir()) == jupyter_core.paths.jupyter_runtime_dir()
