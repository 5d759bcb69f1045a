"""``%mcp clients`` and ``%mcp doctor`` in a real kernel."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.kernels import Kernel, running_kernel


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home folder, with a project in it that the kernel works in."""
    home = tmp_path_factory.mktemp("home")
    (home / "project").mkdir()
    return home / "project"


@pytest.fixture(scope="module")
def serving(folder: Path) -> Iterator[Kernel]:
    with running_kernel() as kernel:
        kernel.good("%load_ext mcp_notebook")
        kernel.good(f"import os; os.environ['JUPYTER_RUNTIME_DIR'] = {str(folder.parent / 'runtime')!r}")
        kernel.good(f"import os; os.environ['JPY_SESSION_NAME'] = {str(folder / 'analysis.ipynb')!r}")
        kernel.good(f"import os; os.environ['HOME'] = {str(folder.parent)!r}; os.chdir({str(folder)!r})")
        kernel.good("%mcp new idle\n%mcp new library")
        kernel.good("%mcp serve")
        yield kernel


def token(kernel: Kernel) -> str:
    return kernel.value("str(get_ipython().run_line_magic('mcp', 'token'))")


def test_every_host_has_a_section_with_neither_port_nor_secret(serving: Kernel) -> None:
    ran = serving.good("%mcp clients")
    for title in ("Claude Code", "Claude Desktop", "Cursor", "VS Code", "plain JSON"):
        assert title in ran.text
    assert "127.0.0.1" not in ran.everything
    assert token(serving) not in ran.everything
    assert serving.good("%mcp clients").data == ran.data
    assert '<pre style="max-height:none">' in ran.data[0]["text/html"]


def test_one_host_can_be_asked_for_and_what_is_shown_can_be_pasted(serving: Kernel) -> None:
    text = serving.good("%mcp clients vscode").text
    shown = json.loads(text[text.index("{") : text.rindex("}") + 1])
    # This kernel's runtime directory is not the usual one, so the bridge is told.
    args = shown["servers"]["analysis-library"]["args"]
    assert args[2:5] == ["connect", "analysis/library", "--runtime-dir"]


def test_a_server_without_a_notebook_is_told_apart_from_another_of_its_name(tmp_path: Path) -> None:
    with running_kernel(JUPYTER_RUNTIME_DIR=str(tmp_path)) as kernel:
        kernel.good("%load_ext mcp_notebook")
        kernel.good("%mcp new library\n%mcp serve")
        assert "connect library" in kernel.good("%mcp clients claude-code").text
        kernel.good(
            "from mcp_notebook import addresses\n"
            "other = {'server': 'library', 'notebook': None, 'kernel': 'kernel-other'}\n"
            "other = addresses.Address(**other, url='http://127.0.0.1:1/mcp', token=None)\n"
            "addresses.publish(other)"
        )
        own = kernel.value("next(address.kernel for address in addresses.live() if address.kernel != 'kernel-other')")
        assert f"connect {own}" in kernel.good("%mcp clients claude-code").text


def test_by_http_the_token_is_shown_only_on_request(serving: Kernel) -> None:
    hidden = serving.good("%mcp clients --http")
    assert "127.0.0.1" in hidden.text
    assert "Claude Desktop" not in hidden.text
    assert token(serving) not in hidden.everything
    assert token(serving) in serving.good("%mcp clients cursor --http --show-token").text


def test_a_server_without_a_token_is_configured_without_one(serving: Kernel) -> None:
    serving.good("%mcp new open\n%mcp serve --no-token --allow-other-users")
    text = serving.good("%mcp clients cursor --http").text
    assert "headers" not in text
    serving.good("%mcp stop\n%mcp use library")


def test_writing_says_what_was_done_and_writing_again_that_nothing_was(serving: Kernel, folder: Path) -> None:
    (folder / ".vscode").mkdir()
    path = folder / ".vscode" / "mcp.json"
    path.write_text('{\n    // mine\n    "servers": {}\n}\n', encoding="utf-8")
    ran = serving.good("%mcp clients vscode --write")
    assert f"Added 'analysis-library' to {path}" in ran.text
    assert "mcp.json.bak1" in ran.text
    assert "// mine" in path.read_text(encoding="utf-8")
    assert "Nothing was changed" in serving.good("%mcp clients vscode --write").text
    assert "Changed 'analysis-library' in" in serving.good("%mcp clients vscode --write --http").text
    assert token(serving) not in path.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("clients --server idle", "does not listen, so no client can reach it. First: %mcp serve."),
        ("clients --write", "--write requires a host"),
        ("clients vscode --show-token", "--show-token requires --http"),
        ("clients curser", "'HOST': 'curser' is not one of"),
        ("clients claude-desktop --http", "can only start processes"),
        ("clients vscode --http --show-token --write", "may be committed"),
        ("clients json --write", "There is no file for"),
    ],
)
def test_a_mistake_gives_one_line(serving: Kernel, line: str, says: str) -> None:
    ran = serving.run(f"%mcp {line}")
    assert says in ran.stderr
    assert re.fullmatch(r"UsageError: .*\n?", ran.stderr)
    assert token(serving) not in ran.everything


def test_what_cannot_be_written_is_shown_to_be_pasted(serving: Kernel) -> None:
    ran = serving.run("%mcp clients cursor --write")
    assert "does not seem to be installed" in ran.stderr
    assert json.loads(ran.text)["mcpServers"]["analysis-library"]


def test_the_doctor_looks_at_the_kernel_too(serving: Kernel) -> None:
    ran = serving.good("%mcp doctor")
    for words in ("front end: ", "subshells: ", "event loop: asyncio's", "server library listens", "logging: "):
        assert words in ran.text
    assert "<table>" in ran.data[0]["text/html"]
    assert token(serving) not in ran.everything


def test_the_doctor_tells_when_a_remembered_port_is_taken(serving: Kernel) -> None:
    serving.good("%mcp new moved")
    serving.good("served = %mcp serve")
    serving.good("%mcp stop\nimport socket\nother = socket.create_server(('127.0.0.1', served.endpoint.port))")
    try:
        assert "the earlier port of server moved" in " ".join(serving.good("%mcp doctor").text.split())
    finally:
        serving.good("other.close()\n%mcp use library")


@pytest.mark.parametrize("verb", ["clients", "doctor"])
def test_the_verbs_have_help_with_an_example(serving: Kernel, verb: str) -> None:
    assert f"%mcp {verb}" in serving.good(f"%mcp {verb} --help").stdout.split("Example:")[1]


def test_tab_completes_hosts(serving: Kernel) -> None:
    assert serving.complete("%mcp clients claude-") == ["claude-code", "claude-desktop"]
