"""The address of a notebook behind the door, as its owner needs it."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from mcp_notebook import addresses
from mcp_notebook.addresses import Address, Door, entrance
from mcp_notebook.cli import main
from mcp_notebook.errors import UnknownNameError

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="owners and modes are POSIX's")

HUB = Door("/user/ada/", "/hub/", True, 1)


@pytest.fixture(autouse=True)
def runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path / "runtime"))


@pytest.fixture
def on_hub(monkeypatch: pytest.MonkeyPatch) -> None:
    told: dict[str, str] = {}
    HUB.tell(told)
    for name, value in told.items():
        monkeypatch.setenv(name, value)


def published(folder: Path, name: str, *, door: bool = True) -> Address:
    folder.mkdir(exist_ok=True)
    path = folder / f"{name}.ipynb"
    path.write_text("{}")
    address = Address("notebook", str(path), None, "http://127.0.0.1:9/mcp", "secret", door=door)
    addresses.publish(address)
    return address


def test_an_address_that_is_not_known_has_a_part_to_fill_in() -> None:
    found = HUB.entrance("sales/shop")
    assert found.url == "https://YOUR-HUB/user/ada/mcp-notebook/sales/shop/mcp"
    assert found.note == "https://YOUR-HUB is the first part of the address in your browser"
    assert found.token_from == "your hub: https://YOUR-HUB/hub/token"
    remote = replace(HUB, base="/", hub=None).entrance("sales")
    assert remote.url == "https://YOUR-JUPYTER/mcp-notebook/sales/mcp"
    assert "jupyter server list" in remote.token_from


def test_an_address_that_is_known_is_complete() -> None:
    found = replace(HUB, base="https://x.org/user/ada/", hub="https://x.org/hub/").entrance("a b ü")
    assert found.url == "https://x.org/user/ada/mcp-notebook/a%20b%20%C3%BC/mcp"
    assert found.note == ""
    assert found.token_from == "your hub: https://x.org/hub/token"


def test_a_path_as_a_name_has_no_slashes() -> None:
    assert HUB.entrance("/home/a.ipynb").url.endswith("/mcp-notebook/%2Fhome%2Fa.ipynb/mcp")


def test_there_is_none_at_home_without_a_door_or_where_it_is_off(tmp_path: Path, on_hub: None) -> None:
    here = published(tmp_path, "sales")
    at_home: dict[str, str] = {}
    replace(HUB, remote=False).tell(at_home)
    assert entrance(here) is not None
    assert entrance(here, at_home) is None
    assert entrance(here, {}) is None
    assert entrance(None) is None
    assert entrance(replace(here, door=False)) is None


def test_notebooks_of_one_name_have_addresses_of_their_own(tmp_path: Path, on_hub: None) -> None:
    two = [published(tmp_path / name, "sales") for name in ("one", "two")]
    urls = [found.url for address in two if (found := entrance(address))]
    assert len(set(urls)) == 2
    assert all("%2Fsales.ipynb" in url for url in urls)


def test_the_file_of_an_earlier_version_is_read(tmp_path: Path) -> None:
    published(tmp_path, "sales")
    (file,) = addresses.runtime_dir().glob("mcp-notebook-*.json")
    told = json.loads(file.read_text())
    del told["door"]
    file.write_text(json.dumps(told))
    assert addresses.find("sales").door


def test_the_list_names_the_door(tmp_path: Path, on_hub: None) -> None:
    published(tmp_path, "sales")
    published(tmp_path, "hidden", door=False)
    url = "https://YOUR-HUB/user/ada/mcp-notebook/sales/mcp"
    lines = CliRunner().invoke(main, ["list"]).output.splitlines()
    assert lines[-3:] == [
        "From your own machine, with a token from your hub: https://YOUR-HUB/hub/token",
        f"sales  {url}",
        "https://YOUR-HUB is the first part of the address in your browser.",
    ]
    rows = json.loads(CliRunner().invoke(main, ["list", "--json"]).output)
    assert {row["name"]: row.get("door") for row in rows} == {"sales": url, "hidden": None}


def test_the_list_is_as_before_without_a_door(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MCP_NOTEBOOK_DOOR", raising=False)
    published(tmp_path, "sales")
    assert len(CliRunner().invoke(main, ["list"]).output.splitlines()) == 2


def test_two_notebooks_of_one_name_have_an_address_each(tmp_path: Path, on_hub: None) -> None:
    here, there = published(tmp_path / "a", "sales"), published(tmp_path / "b", "sales")
    rows = json.loads(CliRunner().invoke(main, ["list", "--json"]).stdout)
    doors = {row["notebook"]: row["door"] for row in rows}
    assert set(doors) == {here.notebook, there.notebook}
    assert all(Path(notebook).parent.name in door for notebook, door in doors.items())
    listed = CliRunner().invoke(main, ["list"]).stdout
    assert all(door in listed for door in doors.values())


@pytest.mark.parametrize("name", ["~nobody-of-this-name", "a\0b", "x" * 5000])
def test_a_name_that_cannot_be_a_path_is_only_unknown(name: str) -> None:
    with pytest.raises(UnknownNameError, match="has been served"):
        addresses.find(name)


@pytest.mark.parametrize("url", ["http://[::1/mcp", "http://127.0.0.1:99999/mcp"])
def test_a_file_with_a_broken_url_is_passed_over(tmp_path: Path, url: str) -> None:
    whole = published(tmp_path, "sales")
    addresses.publish(replace(whole, server="other", url=url))
    assert [address.server for address in addresses.live()] == ["notebook"]
