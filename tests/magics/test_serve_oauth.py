"""`%mcp serve --oauth`, and a notebook's own client that signs in there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from IPython.core.error import UsageError

from mcp_notebook import connect
from mcp_notebook.addresses import runtime_dir
from mcp_notebook.export.likeness.live import anatomy_of
from mcp_notebook.session import listening
from tests.support.shells import Shell
from tests.support.stand_in import Attacker, Person, document_host

TOOLS = """%%mcp_tool --scope notes:write
def write(text: str) -> str:
    "Write a note."
    from mcp.server.auth.middleware.auth_context import get_access_token
    token = get_access_token()
    return f"{token.subject if token else 'the notebook'} wrote {text}"
"""


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody else uses this machine."""
    monkeypatch.setattr(listening, "why_shared", lambda environ: None)


def mcp(shell: Shell, line: str) -> Any:
    return shell.shell.run_line_magic("mcp", line)


@pytest.fixture
def url(shell: Shell) -> str:
    shell.good(TOOLS)
    return str(mcp(shell, "serve --oauth").url)


def refused(shell: Shell, line: str) -> str:
    with pytest.raises(UsageError) as raised:
        mcp(shell, line)
    (words,) = str(raised.value).splitlines()
    return words


def test_a_notebook_serves_and_connects_to_itself(shell: Shell, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    person = Person("grace")
    monkeypatch.setattr("webbrowser.open", person.browse)
    mcp(shell, f"connect {url} --oauth --as mine")
    result = mcp(shell, "call write text=hello --on mine")
    assert result.structured_content == {"result": "grace wrote hello"}
    assert mcp(shell, "call write text=hello").structured_content == {"result": "the notebook wrote hello"}
    assert "Nobody has verified this client." in person.pages[0]


def test_a_client_with_a_metadata_document_needs_only_its_url(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with document_host(tmp_path, monkeypatch) as host:
        person = Person()
        host.document["redirect_uris"] = ["http://127.0.0.1/callback"]
        with connect(url, oauth=person.browse, client_id=host.url, notice=lambda _: None) as connection:
            assert connection.call("write", {"text": "x"}).result.structured_content == {"result": "ada wrote x"}
    assert "verified by TLS" in person.pages[0]


def test_the_output_names_the_stand_in_and_no_token(shell: Shell, url: str) -> None:
    listener = mcp(shell, "serve --oauth")
    assert "at a stand-in for an authorization server: no passwords" in repr(listener)
    assert "token" not in repr(listener)
    assert f"{url}, clients sign in" in mcp(shell, "").text
    assert "sign in, so there is no token" in refused(shell, "token")
    assert "already listens" in refused(shell, "serve")
    assert "stand-in, which asks for no password" in mcp(shell, "doctor").text


def test_the_card_of_a_tool_says_which_scopes_its_callers_need(shell: Shell) -> None:
    shell.good("%mcp new notes")
    card = shell.good(TOOLS.replace("--scope", "--scope notes:admin --scope"))
    assert "they need notes:admin and notes:write" in str(mcp(shell, "tools write"))
    assert card is None or "notes:admin" in str(card)


def test_clients_are_configured_by_url_and_without_a_token(shell: Shell, url: str) -> None:
    shown = repr(mcp(shell, "clients claude-code"))
    assert url in shown
    assert "Authorization" not in shown
    assert "cannot sign in" in refused(shell, "clients claude-desktop")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ("--no-token", "Leave one of them out"),
        ("--host 0.0.0.0", "for programs on this machine only"),
        ("--allow-host notes.example", "for programs on this machine only"),
        ("--search", "past the scopes"),
        ("--stable-tools", "past the scopes"),
        ("--code", "Leave --no-token and --oauth out"),
    ],
)
def test_options_that_would_let_others_in_are_refused(shell: Shell, options: str, words: str) -> None:
    shell.good(TOOLS)
    assert words in refused(shell, f"serve --oauth {options}")
    assert "in this kernel only" in mcp(shell, "").text


def test_a_machine_with_other_users_needs_the_authors_word(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listening, "why_shared", lambda environ: "others run programs")
    shell.good(TOOLS)
    assert "--oauth lets every user of this machine call" in refused(shell, "serve --oauth")
    assert mcp(shell, "serve --oauth --allow-other-users").endpoint.oauth


def test_a_server_with_its_own_authorization_keeps_that(shell: Shell) -> None:
    shell.good(
        "from mcp.server.auth.settings import AuthSettings\n"
        "from mcp_notebook.server import NotebookServer\n"
        "class Nobody:\n    async def verify_token(self, token): return None\n"
        "own = NotebookServer('own', token_verifier=Nobody(), auth=AuthSettings(issuer_url='https://a.example', "
        "resource_server_url='http://127.0.0.1/mcp', validate_token_resource=True))"
    )
    mcp(shell, "use own")
    assert "authorization of its own" in refused(shell, "serve --oauth")


def test_a_scope_of_a_cell_that_runs_again_counts_at_once(shell: Shell, url: str) -> None:
    client = Attacker(url)
    token = client.tokens(scope="notes:write")["access_token"]
    assert client.call(token, "write").status_code == 200
    shell.good(TOOLS.replace("notes:write", "notes:print"))
    assert client.call(token, "write").status_code == 403
    shell.good(TOOLS.replace(" --scope notes:write", ""))
    assert client.call(token, "write").status_code == 200


def test_nothing_secret_is_in_a_file_or_in_the_log(shell: Shell, url: str) -> None:
    client = Attacker(url)
    tokens = client.tokens(scope="notes:write")
    client.call(tokens["access_token"], "write")
    written = b"".join(path.read_bytes() for path in runtime_dir().rglob("*") if path.is_file())
    logged = repr(mcp(shell, "log")) + repr(mcp(shell, "log --wire"))
    for secret in (tokens["access_token"], tokens["refresh_token"], client.client_id):
        assert secret.encode() not in written
        assert secret not in logged
    assert url.encode() in written


def test_an_export_while_clients_sign_in_has_nothing_of_the_stand_in(shell: Shell, url: str, tmp_path: Path) -> None:
    assert Attacker(url).call(None).status_code == 401
    exported = mcp(shell, f"export '{tmp_path / 'shop'}' --no-proof")
    assert "stand_in" not in str(exported)
    written = "".join(path.read_text(encoding="utf-8") for path in (tmp_path / "shop").rglob("*.py"))
    assert "stand_in" not in written
    server = shell.session.live().server
    during = anatomy_of(server, {})
    mcp(shell, "stop")
    assert anatomy_of(server, {}) == during
