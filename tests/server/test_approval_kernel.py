"""`%mcp serve --approve` in a real kernel, with a client from outside."""

from __future__ import annotations

import pytest

from tests.magics.test_runtime_kernel import served
from tests.support.kernels import Kernel
from tests.support.outside import bridged, connected
from tests.support.results import text_of

pytestmark = pytest.mark.slow

TOOLS = """%%mcp_tool
def delete(title: str) -> str:
    "Delete a book."
    deleted.append(title)
    return title
"""

APPROVAL = "get_ipython()._mcp_notebook_session.registry.current.listener.approval"


def number_that_waits(kernel: Kernel) -> int:
    kernel.wait_for(f"{APPROVAL}.waiting")
    return kernel.value(f"{APPROVAL}.waiting[0].number")


def test_a_person_allows_and_denies_by_verbs(shared_kernel: Kernel) -> None:
    kernel = shared_kernel
    kernel.good("deleted = []")
    kernel.good(TOOLS)
    refused = kernel.run("%mcp approvals")
    assert (
        "does not ask for approval. To be asked before calls: %mcp serve --approve destructive." in refused.everything
    )
    ran = kernel.good("_served = %mcp serve --approve destructive --approve-timeout 60")
    assert ran.text == "approvals of notebook: none waiting"
    url, token = kernel.value("(_served.url, str(_served.token))")
    assert "A person allows calls (destructive): %mcp approvals" in kernel.value("repr(_served)")
    assert "already listens" in kernel.run("%mcp serve").everything
    with connected(url, token) as client:
        call = client.start("delete", title="Dune")
        number = number_that_waits(kernel)
        assert kernel.complete("%mcp allow ") == [str(number)]
        shown = kernel.good("%mcp approvals")
        assert f'  {number}  "mcp 0.1.0" wants to call delete (less than a minute left)' in shown.text
        assert '"title": "Dune"' in shown.text
        assert "waiting for approval" in kernel.good("%mcp log").text
        assert kernel.good(f"%mcp allow {number}").stdout == 'Allowed: delete, for "mcp 0.1.0".\n'
        assert call.result(60).structured_content == {"result": "Dune"}
        assert f"No request {number} is waiting" in kernel.run(f"%mcp allow {number}").everything

        call = client.start("delete", title="Emma")
        kernel.good(f"%mcp deny {number_that_waits(kernel)} it is on loan")
        assert "They say: it is on loan" in text_of(call.result(60))

    with bridged("notebook") as client:
        call = client.start("delete", title="Kim")
        kernel.good(f"%mcp allow {number_that_waits(kernel)} --always")
        assert call.result(60).structured_content == {"result": "Kim"}
        assert client.call("delete", title="Ivanhoe") == "Ivanhoe"
    assert kernel.value("deleted") == ["Dune", "Kim", "Ivanhoe"]
    assert "Always allowed" in kernel.good("%mcp approvals").data[0]["text/html"]
    assert "Always allowed" not in kernel.good("%mcp approvals --ask-again").data[0]["text/html"]
    assert "approval   denied by a person: it is on loan" in kernel.good("%mcp log 2").text
    kernel.good("%mcp stop")


def test_the_notebooks_own_calls_and_a_busy_cell_do_not_wait(shared_kernel: Kernel) -> None:
    """A call from outside waits through a cell that runs; calls of the notebook itself never wait."""
    kernel = shared_kernel
    kernel.good("deleted = []")
    kernel.good(TOOLS)
    url, token = served(kernel, "--approve all")
    assert kernel.good("%mcp call delete title=Dune").ok
    with connected(url, token) as client:
        call = client.start("delete", title="Emma")
        number = number_that_waits(kernel)
        busy = kernel.begin(f"from threading import Timer\nTimer(0.1, {APPROVAL}.allow, [{number}]).start()\n"
                            "while 'Emma' not in deleted: pass")  # fmt: skip
        assert call.result(60).structured_content == {"result": "Emma"}
        assert kernel.finish(busy).ok
    kernel.good("%mcp stop")


def test_reloading_the_extension_goes_on_asking(kernel: Kernel) -> None:
    kernel.good("deleted = []")
    kernel.good(TOOLS)
    url, token = served(kernel, "--approve all")
    kernel.good("%reload_ext mcp_notebook")
    with connected(url, token) as client:
        call = client.start("delete", title="Dune")
        kernel.good(f"%mcp deny {number_that_waits(kernel)}")
        assert call.result(60).is_error
