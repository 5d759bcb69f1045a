"""``%mcp serve`` and ``%mcp clients`` in a kernel of a hub, as far as its environment tells."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mcp_notebook.addresses import Door
from tests.support.kernels import Kernel, running_kernel

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there are no hubs on Windows")

URL = "https://hub.example.org/user/ada/mcp-notebook/sales/mcp"


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    folder = tmp_path_factory.mktemp("home")
    environ = {"JPY_SESSION_NAME": str(folder / "sales.ipynb"), "JUPYTER_RUNTIME_DIR": str(folder / "runtime")}
    Door("https://hub.example.org/user/ada/", "https://hub.example.org/hub/", True, 1).tell(environ)
    with running_kernel(**environ) as kernel:
        kernel.good("%load_ext mcp_notebook")
        kernel.good("%mcp serve")
        yield kernel


def shown(text: str) -> dict[str, object]:
    found: dict[str, object] = json.loads(text[text.index("{") : text.rindex("}") + 1])
    return found


def test_the_card_begins_with_the_door(kernel: Kernel) -> None:
    ran = kernel.good("%mcp serve")
    html = ran.data[0]["text/html"].replace("<wbr>", "")
    assert html.index(URL) < html.index("127.0.0.1")
    assert "required" in html
    assert "from your hub: https://hub.example.org/hub/token" in html
    assert "fill in" not in html
    assert f"From your own machine, through Jupyter: {URL}" in ran.text
    assert URL in kernel.good("%mcp").text


def test_vs_code_asks_for_the_token_of_the_hub(kernel: Kernel) -> None:
    text = kernel.good("%mcp clients vscode").text
    server = {"type": "http", "url": URL, "headers": {"Authorization": "Bearer ${input:sales-token}"}}
    found = shown(text)
    assert found["servers"] == {"sales": server}
    assert "The token is from your hub: https://hub.example.org/hub/token" in str(found["inputs"])


def test_claude_code_reads_it_from_its_environment(kernel: Kernel) -> None:
    text = kernel.good("%mcp clients claude-code").text
    assert "run in a shell on your own machine" in text
    assert f"claude mcp add --transport http sales {URL}" in text
    assert "environment variable MCP_NOTEBOOK_TOKEN_SALES. The token" in text
    assert "%mcp token" not in text


def test_all_clients_that_can_call_a_url_are_listed(kernel: Kernel) -> None:
    text = kernel.good("%mcp clients").text
    assert text.startswith("clients of notebook, through Jupyter")
    assert "%mcp clients --local" in text
    assert "Claude Desktop" not in text
    assert (
        "Claude Desktop can only start processes on its own machine"
        in kernel.run("%mcp clients claude-desktop").everything
    )


def test_clients_on_the_hubs_machine_are_configured_as_everywhere(kernel: Kernel) -> None:
    assert "connect sales" in kernel.good("%mcp clients claude-code --local").text
    assert "127.0.0.1" in kernel.good("%mcp clients cursor --local --http").text
    assert "127.0.0.1" in kernel.good("%mcp clients cursor --http --show-token").text
    assert URL not in kernel.good("%mcp clients cursor --http --show-token").text


def test_what_is_written_is_for_clients_on_the_hubs_machine(kernel: Kernel, tmp_path: Path) -> None:
    (tmp_path / ".vscode").mkdir()
    kernel.good(f"import os; os.chdir({str(tmp_path)!r})")
    kernel.good("%mcp clients vscode --write")
    assert '"connect"' in (tmp_path / ".vscode" / "mcp.json").read_text()


def test_a_server_that_is_not_behind_the_door_is_shown_as_at_home(kernel: Kernel) -> None:
    for option in ("--no-door", "--transport sse", "--host 127.0.0.2"):
        kernel.good("%mcp new hidden")
        ran = kernel.good(f"%mcp serve {option}")
        assert "hub.example.org" not in ran.everything
        assert "127.0.0" in ran.text
        kernel.good("%mcp stop")
    kernel.good("%mcp use notebook")


def test_a_server_with_authorization_of_its_own_is_not_behind_the_door(kernel: Kernel) -> None:
    kernel.good(
        "from mcp.server.auth.settings import AuthSettings\n"
        "from mcp.server.mcpserver import MCPServer\n"
        "class Verifier:\n    async def verify_token(self, token): return None\n"
        "guarded = MCPServer('guarded', token_verifier=Verifier(), auth=AuthSettings(\n"
        "    issuer_url='https://a.example.org', resource_server_url='https://b.example.org'))"
    )
    kernel.good("%mcp use guarded")
    ran = kernel.good("%mcp serve")
    assert "hub.example.org" not in ran.everything
    assert "127.0.0.1" in ran.text
    kernel.good("%mcp use notebook")
