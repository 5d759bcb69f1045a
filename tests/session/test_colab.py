"""Colab, by what its package google.colab documents: a stand-in, in a kernel that gets requests as Colab sends them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.magics.test_person import HEARS
from tests.support.kernels import Kernel, Ran, running_kernel

WIDGET = "application/vnd.jupyter.widget-view+json"
MANAGER = "https://colab.example/manager.js"

STAND_IN = f"""
import sys, types
colab, output, widgets = (types.ModuleType(f"google.{{name}}") for name in ("colab", "colab.output", "colab._widgets"))
asked = []
def enable_custom_widget_manager():
    asked.append(True)
    widgets._installed_url = {MANAGER!r}
output.enable_custom_widget_manager, output._widgets = enable_custom_widget_manager, widgets
widgets._installed_url = None
sys.modules.update({{"google.colab": colab, "google.colab.output": output}})
"""
TOOL = "%%mcp_tool\ndef add(a: int, b: int) -> int:\n    'Add.'\n    return a + b"


def run(kernel: Kernel, code: str, cell: str | None = None) -> Ran:
    """Run a cell as Colab sends it: with an id of its own, and questions allowed."""
    content = {"code": code, "silent": False, "store_history": True, "user_expressions": {}, "allow_stdin": True}
    message = kernel.client.session.msg("execute_request", content, metadata={"colab": {"cell_id": cell or code}})
    kernel.client.shell_channel.send(message)
    ran = kernel.finish(message["header"]["msg_id"])
    assert ran.ok, ran.everything
    return ran


@pytest.fixture(scope="module")
def kernel() -> Iterator[Kernel]:
    with running_kernel() as kernel:
        run(kernel, STAND_IN)
        run(kernel, "%load_ext mcp_notebook")
        yield kernel


def test_the_widgets_of_others_are_switched_on_once_by_the_first_card(kernel: Kernel) -> None:
    assert kernel.value("asked") == []
    run(kernel, TOOL)
    run(kernel, "%mcp form add")
    assert kernel.value("asked") == [True]


@pytest.mark.parametrize("code", ["%mcp form add", "%mcp inspect"])
def test_an_output_is_the_widget_with_the_manager_that_draws_it_and_the_html(kernel: Kernel, code: str) -> None:
    ran = run(kernel, code)
    assert [set(data) for data in ran.data] == [{WIDGET, "text/html", "text/plain"}]
    assert ran.metadata == [{WIDGET: {"colab": {"custom_widget_manager": {"url": MANAGER}}}}]
    assert "mcpnb-mount" not in ran.data[0]["text/html"]


def test_a_tool_that_leaves_its_cell_is_withdrawn_as_in_jupyter(kernel: Kernel) -> None:
    run(kernel, TOOL.replace("add", "old"), cell="Ab2")
    run(kernel, TOOL.replace("add", "new"), cell="Ab2")
    listed = run(kernel, "%mcp tools").text
    assert "new" in listed
    assert "old" not in listed


def test_a_cell_that_waits_asks_on_a_card_only_if_the_kernel_can_hear_it(kernel: Kernel) -> None:
    way = "from mcp_notebook.session.person import way_to_ask\nprint(way_to_ask(get_ipython()))"
    assert run(kernel, way).stdout.strip() == ("card" if HEARS else "lines")
