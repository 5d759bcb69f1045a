"""Without a token a server is open to every user of the machine, so on a shared one that needs a second word."""

from __future__ import annotations

import os

import pytest
from IPython.core.error import UsageError

from mcp_notebook.cli import main
from mcp_notebook.server import shared_machine
from mcp_notebook.server.shared_machine import why_shared
from tests.support.shells import running_shell

pytestmark = pytest.mark.skipif(os.name == "nt", reason="user ids of POSIX")

ME = os.getuid() if os.name != "nt" else 0
SOMEBODY = 12_345 if ME != 12_345 else 12_346


def running(monkeypatch: pytest.MonkeyPatch, *uids: int) -> None:
    monkeypatch.setattr(shared_machine, "_running", lambda: {ME, 0, *uids})


def test_the_users_of_what_runs_are_seen() -> None:
    assert ME in shared_machine._running()


@pytest.mark.parametrize("uids", [(), (1,), (33,), (999,), (65_534,), (62_000,), (4_294_967_294,)])
def test_services_and_nobody_are_no_people(monkeypatch: pytest.MonkeyPatch, uids: tuple[int, ...]) -> None:
    monkeypatch.setattr(shared_machine, "SYSTEM_UIDS", 1000)
    running(monkeypatch, *uids)
    assert why_shared({}) is None


@pytest.mark.parametrize("uid", [SOMEBODY, 100_000, 1_600_000_000])
def test_other_people_are_noticed_by_what_they_run(monkeypatch: pytest.MonkeyPatch, uid: int) -> None:
    running(monkeypatch, uid)
    assert str(uid) in (why_shared({}) or "")
    assert why_shared({"SUDO_UID": str(uid)}) is None


@pytest.mark.parametrize("name", ["JUPYTERHUB_USER", "JUPYTERHUB_API_TOKEN", "JUPYTERHUB_SERVICE_PREFIX"])
def test_a_hub_is_noticed_by_its_variables(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    running(monkeypatch)
    assert name in (why_shared({name: ""}) or "")


@pytest.mark.parametrize("shared", ["hub", "people"])
def test_no_token_is_refused_there_until_other_users_are_allowed(monkeypatch: pytest.MonkeyPatch, shared: str) -> None:
    running(monkeypatch, *([SOMEBODY] if shared == "people" else []))
    monkeypatch.delenv("JUPYTERHUB_USER", raising=False)
    if shared == "hub":
        monkeypatch.setenv("JUPYTERHUB_USER", "ada")
    with running_shell() as shell:
        shell.good("%%mcp_tool\ndef add(a: int = 1) -> int:\n    return a")
        with pytest.raises(UsageError, match="Leave out --no-token, or add --allow-other-users") as refused:
            shell.good("%mcp serve --no-token")
        assert "\n" not in str(refused.value)
        assert shell.session.registry.current.listener is None
        assert shell.good("_served = %mcp serve --no-token --allow-other-users\n_served").token is None
        shell.good("%mcp stop")
        assert shell.good("_served = %mcp serve\n_served").token is not None
        shell.good("%mcp stop")


def test_no_token_alone_is_enough_on_a_machine_of_ones_own(monkeypatch: pytest.MonkeyPatch) -> None:
    running(monkeypatch)
    for name in [name for name in os.environ if name.startswith("JUPYTERHUB_")]:
        monkeypatch.delenv(name)
    with running_shell() as shell:
        shell.good("%%mcp_tool\ndef add(a: int = 1) -> int:\n    return a")
        assert shell.good("_served = %mcp serve --no-token\n_served").token is None
        shell.good("%mcp stop")


def test_the_command_line_has_the_same_word() -> None:
    options = {option for parameter in main.commands["serve"].params for option in parameter.opts}
    assert {"--no-token", "--allow-other-users"} <= options
