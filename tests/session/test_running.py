"""A call that a cell waits for is seen while it runs, and leaves nothing behind."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.kernels import DEADLINE, Kernel

SLOW = """%%mcp_tool
import threading
from mcp.server.mcpserver import Context

go = threading.Event()

async def slow(ctx: Context, words: str = "<b>words</b>") -> str:
    "Wait until it may go on."
    import anyio
    print(words)
    await ctx.report_progress(1, 4, "reading")
    while not go.is_set():
        await anyio.sleep(0.01)
    return "found"

def quick() -> str:
    "Return at once."
    return "quick"
"""

NOTEBOOK = "cell-1"


@pytest.fixture(scope="module")
def kernel(shared_kernel: Kernel) -> Kernel:
    shared_kernel.good(SLOW)
    return shared_kernel


def messages_of(kernel: Kernel, message_id: str) -> Iterator[tuple[str, Any]]:
    """Yield what a cell puts out, until the kernel is idle again."""
    while True:
        message = kernel.client.get_iopub_msg(timeout=DEADLINE)
        if message["parent_header"].get("msg_id") != message_id:
            continue
        yield message["msg_type"], message["content"]
        if message["content"].get("execution_state") == "idle":
            return


def seen_until(outputs: Iterator[tuple[str, Any]], words: str) -> str:
    """Return the text of the first display with these words."""
    for kind, content in outputs:
        if kind in ("display_data", "update_display_data") and words in content["data"].get("text/plain", ""):
            assert words.split("\n", maxsplit=1)[0] in content["data"]["text/html"]
            return str(content["data"])
    raise AssertionError(f"{words} was not seen")


def test_progress_and_prints_are_seen_while_it_runs_and_nothing_of_them_stays(kernel: Kernel) -> None:
    kernel.good("go.clear(); threading.Timer(2, go.set).start()")
    outputs = messages_of(kernel, kernel.start("%mcp call slow", NOTEBOOK))
    shown = seen_until(outputs, "25 %")
    assert "1 of 4, reading" in shown
    assert "&lt;b&gt;words&lt;/b&gt;" in shown
    rest = list(outputs)
    assert [content["data"] for kind, content in rest if kind == "update_display_data"][-1] == {}
    kinds = [kind for kind, _ in rest if kind not in ("update_display_data", "status")]
    assert kinds == ["stream", "execute_result"]


def test_a_quick_call_shows_nothing_extra(kernel: Kernel) -> None:
    outputs = messages_of(kernel, kernel.start("%mcp call quick", NOTEBOOK))
    assert [kind for kind, _ in outputs if "display" in kind] == []


def test_without_a_notebook_that_shows_it_nothing_extra_is_put_out_nor_sent(kernel: Kernel) -> None:
    kernel.good("go.clear(); threading.Timer(1.2, go.set).start()")
    outputs = messages_of(kernel, kernel.start("%mcp call slow"))
    assert [kind for kind, _ in outputs if "display" in kind] == []


def test_an_interrupt_cancels_the_call_at_the_server_and_takes_the_display_away(kernel: Kernel) -> None:
    kernel.good("go.clear()")
    outputs = messages_of(kernel, kernel.start("%mcp call slow", NOTEBOOK))
    seen_until(outputs, "reading")
    kernel.interrupt()
    rest = list(outputs)
    assert [content["data"] for kind, content in rest if kind == "update_display_data"][-1] == {}
    (error,) = [content for kind, content in rest if kind == "error"]
    assert error["traceback"] == ["KeyboardInterrupt: the call of 'slow' was interrupted, and cancelled at the server."]
    assert "cancelled" in kernel.good("%mcp log --last 1").text
