"""Cards with tools, where a person sees them; static HTML and text everywhere else."""

from __future__ import annotations

from typing import Any

import pytest

from mcp_notebook.rendering.look import Rendering
from mcp_notebook.widgets.card import Card
from tests.support.kernels import Kernel

WIDGET = "application/vnd.jupyter.widget-view+json"
SERVE = "%mcp new desk\nlistener = %mcp serve\nlistener"


@pytest.fixture(scope="module")
def kernel(shared_kernel: Kernel) -> Kernel:
    shared_kernel.good(SERVE)
    return shared_kernel


def shown(kernel: Kernel, code: str, cell: str | None) -> dict[str, Any]:
    (data,) = kernel.good(code, cell).data
    return data


@pytest.mark.parametrize("cell", [None, "cell-1"])
def test_a_listener_is_a_card_with_its_address_and_the_next_step_and_without_the_token(
    kernel: Kernel, cell: str | None
) -> None:
    data = shown(kernel, "listener", cell)
    url, token = kernel.value("(listener.url, str(listener.token))")
    assert data["text/plain"].startswith(f"desk listens at {url} (this machine only)\n  Clients send a token")
    assert f"<pre>{url}</pre>" in data["text/html"]
    assert "required" in data["text/html"]
    assert "%mcp clients" in data["text/html"]
    assert token not in str(data)
    assert (WIDGET in data) == (cell is not None)


@pytest.mark.parametrize("cell", [None, "cell-1"])
def test_the_configurations_of_all_hosts_are_there_with_and_without_tabs(kernel: Kernel, cell: str | None) -> None:
    data = shown(kernel, "%mcp clients", cell)
    for host in ("Claude Code", "Cursor", "VS Code"):
        assert host in data["text/plain"]
        assert host in data["text/html"]
    assert (WIDGET in data) == (cell is not None)


def test_a_card_shows_its_rendering_where_there_are_no_widgets() -> None:
    rendering = Rendering("all", "<p>all</p>")
    card = Card(rendering)
    assert repr(card) == "all"
    assert card.state == {"html": "<p>all</p>", "tabs": []}
    assert Card(rendering, "<p>head</p>", {"one": "<p>1</p>"}).state == {
        "html": "<p>head</p>",
        "tabs": [{"words": "one", "html": "<p>1</p>"}],
    }
