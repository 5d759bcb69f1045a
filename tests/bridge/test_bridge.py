from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import anyio
import mcp_types
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mcp import Client, MCPError
from mcp.client.stdio import StdioServerParameters
from mcp.client.subscriptions import ToolsListChanged
from mcp.shared.inbound import decode_header_value, encode_header_value, mcp_param_headers, x_mcp_header_map

from mcp_notebook import addresses
from mcp_notebook.bridge.command import WAIT, plain_arguments
from mcp_notebook.bridge.headers import ParameterHeaders, field
from mcp_notebook.bridge.http import MOST_BYTES
from mcp_notebook.bridge.kernel import VERSION
from mcp_notebook.client import limits
from tests.support import served
from tests.support.served import DEADLINE, Served
from tests.support.waiting import until

pytestmark = pytest.mark.filterwarnings("ignore::mcp.MCPDeprecationWarning")

MODERN = "2026-07-28"
LEGACY = "2025-11-25"
ENVELOPE = {
    "io.modelcontextprotocol/protocolVersion": MODERN,
    "io.modelcontextprotocol/clientInfo": {"name": "test", "version": "1"},
    "io.modelcontextprotocol/clientCapabilities": {},
}
ERAS = pytest.mark.parametrize("mode", ["legacy", MODERN])


@pytest.fixture(autouse=True)
def notebook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path / "runtime"))
    path = tmp_path / "sales.ipynb"
    path.write_text("{}", encoding="utf-8")
    return path


@pytest.fixture
def kernel(notebook: Path) -> Iterator[Served]:
    served = Served(notebook)
    yield served
    served.stop()


def command(*arguments: str) -> StdioServerParameters:
    words = ["-m", "mcp_notebook", "connect", *(arguments or ("sales",))]
    return StdioServerParameters(
        command=sys.executable, args=words, env={"JUPYTER_RUNTIME_DIR": os.environ["JUPYTER_RUNTIME_DIR"]}
    )


def client(mode: str, *arguments: str, **options: Any) -> Client:
    return Client(command(*arguments), mode=mode, read_timeout_seconds=DEADLINE, **options)


async def wait_for(event: threading.Event) -> None:
    assert await anyio.to_thread.run_sync(event.wait, DEADLINE)


class Host:
    """A host that writes and reads lines."""

    def __init__(self, *arguments: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "mcp_notebook", "connect", *(arguments or ("sales",))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self._received: queue.Queue[bytes] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def __enter__(self) -> Host:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stderr):
            assert pipe is not None
            pipe.close()

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as out:
            for line in out:
                self._received.put(line)

    def write(self, line: bytes) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(line + b"\n")
        self.process.stdin.flush()

    def send(self, method: str, params: dict[str, Any] | None = None, **message: Any) -> None:
        self.write(json.dumps({"jsonrpc": "2.0", "method": method, "params": params or {}, **message}).encode())

    def receive(self) -> dict[str, Any]:
        line = self._received.get(timeout=DEADLINE)
        assert line.endswith(b"\n")
        message = json.loads(line)
        assert message["jsonrpc"] == "2.0"
        return message

    def received_nothing(self) -> bool:
        return self._received.empty()

    def ask(self, method: str, params: dict[str, Any] | None = None, id: object = 1) -> dict[str, Any]:
        """Send a modern request, and return what comes next."""
        self.send(method, {**(params or {}), "_meta": ENVELOPE}, id=id)
        return self.receive()

    def call(self, tool: str, id: object = 1, **arguments: Any) -> dict[str, Any]:
        return self.ask("tools/call", {"name": tool, "arguments": arguments}, id)

    def initialize(self) -> dict[str, Any]:
        info = {"name": "test", "version": "1"}
        capabilities: dict[str, Any] = {"elicitation": {}}
        self.send("initialize", {"protocolVersion": LEGACY, "capabilities": capabilities, "clientInfo": info}, id="i")
        answer = self.receive()
        self.send("notifications/initialized")
        return answer

    def close(self) -> int:
        """Close stdin, and return the exit status."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        return self.process.wait(DEADLINE)


def test_the_bridge_knows_its_version() -> None:
    assert version("mcp-notebook") == VERSION


# The SDK's own client at the other end


@ERAS
def test_a_client_lists_calls_and_reads_through_the_bridge(kernel: Served, mode: Any) -> None:
    async def main() -> None:
        async with client(mode) as connected:
            assert connected.protocol_version == (LEGACY if mode == "legacy" else MODERN)
            assert "add" in {tool.name for tool in (await connected.list_tools()).tools}
            assert (await connected.call_tool("add", {"a": 1, "b": 2})).structured_content == {"result": 3}
            contents = (await connected.read_resource("test://text")).contents
            assert [getattr(content, "text", None) for content in contents] == ["text"]
            agent = await connected.call_tool("agent")
            assert agent.structured_content == {"result": f"mcp-notebook-connect/{VERSION}"}

    anyio.run(main)


def test_a_client_that_chooses_by_itself_chooses_the_modern_era(kernel: Served) -> None:
    async def main() -> str:
        async with client("auto") as connected:
            return connected.protocol_version

    assert anyio.run(main) == MODERN


@ERAS
def test_errors_of_the_server_reach_the_client_as_they_are(kernel: Served, mode: Any) -> None:
    async def main() -> None:
        async with client(mode) as connected:
            assert (await connected.call_tool("add", {"a": "x"})).is_error
            with pytest.raises(MCPError) as caught:
                await connected.read_resource("test://nowhere")
            assert caught.value.error.code == -32602
            assert "test://nowhere" in caught.value.error.message

    anyio.run(main)


@ERAS
def test_progress_comes_while_the_call_runs(kernel: Served, mode: Any) -> None:
    steps: list[tuple[float, float | None, str | None]] = []

    async def on_progress(progress: float, total: float | None, message: str | None) -> None:
        steps.append((progress, total, message))

    async def main() -> None:
        async with client(mode) as connected:
            result = await connected.call_tool("steps", progress_callback=on_progress)
            assert result.structured_content == {"result": "done"}

    anyio.run(main)
    assert steps == [(step, 3, f"schritt {step} ü") for step in range(3)]


@ERAS
def test_log_messages_reach_the_client(kernel: Served, mode: Any) -> None:
    said: list[object] = []

    async def on_log(params: mcp_types.LoggingMessageNotificationParams) -> None:
        said.append(params.data)

    async def main() -> None:
        options = {} if mode == "legacy" else {"log_level": "info"}
        async with client(mode, logging_callback=on_log, **options) as connected:
            await connected.call_tool("says", {"text": "grüß dich"})

    anyio.run(main)
    assert said == ["grüß dich"]


@pytest.mark.parametrize(("mode", "tool"), [("legacy", "asks"), ("legacy", "resolves"), (MODERN, "resolves")])
def test_the_server_asks_and_the_answer_comes_back(kernel: Served, mode: Any, tool: str) -> None:
    async def answer(context: Any, params: Any) -> mcp_types.ElicitResult:
        return mcp_types.ElicitResult(action="accept", content={"name": "Ümit"})

    async def main() -> Any:
        async with client(mode, elicitation_callback=answer) as connected:
            return (await connected.call_tool(tool)).structured_content

    assert anyio.run(main) == {"result": "Ümit"}


def test_the_second_part_of_an_answer_is_fetched(kernel: Served) -> None:
    async def main() -> Any:
        async with client("legacy") as connected:
            return (await connected.call_tool("breaks_off")).structured_content

    assert anyio.run(main) == {"result": "the rest"}


@ERAS
def test_cancelling_reaches_the_server(kernel: Served, mode: Any) -> None:
    async def main() -> None:
        async with client(mode) as connected:
            with anyio.fail_after(DEADLINE):
                async with anyio.create_task_group() as tasks:
                    tasks.start_soon(connected.call_tool, "forever")
                    await wait_for(kernel.tools.started)
                    tasks.cancel_scope.cancel()
            await wait_for(kernel.tools.cancelled)
            assert (await connected.call_tool("add", {"a": 1, "b": 2})).structured_content == {"result": 3}

    anyio.run(main)


def test_a_legacy_client_hears_that_the_list_of_tools_changed(kernel: Served) -> None:
    async def main() -> None:
        heard = anyio.Event()

        async def on_message(message: object) -> None:
            if isinstance(message, mcp_types.ToolListChangedNotification):
                heard.set()

        async with client("legacy", message_handler=on_message) as connected:
            # The stream for what is sent unasked is opened in the background.
            await anyio.to_thread.run_sync(until, lambda: any(seen[":method"] == "GET" for seen in kernel.seen))
            with anyio.fail_after(DEADLINE):
                while not heard.is_set():
                    await connected.call_tool("changes")

    anyio.run(main)


def test_a_modern_client_hears_that_the_list_of_tools_changed(kernel: Served) -> None:
    async def main() -> None:
        async with client(MODERN) as connected, connected.listen(tools_list_changed=True) as events:
            await connected.call_tool("changes")
            with anyio.fail_after(DEADLINE):
                assert await anext(events) == ToolsListChanged()

    anyio.run(main)


@pytest.mark.parametrize("region", ["eu-west", "Zürich", " padded ", "=?base64?eHg=?=", "two\nlines", ""])
@pytest.mark.parametrize("listed", [True, False])
def test_parameters_that_a_schema_wants_in_headers_are_there(kernel: Served, region: str, listed: bool) -> None:
    async def main() -> list[str]:
        async with client(MODERN) as connected:
            if listed:
                await connected.list_tools()
            result = await connected.call_tool("region", {"region": region, "count": 7})
            return result.structured_content["result"]

    assert anyio.run(main) == [region, encode_header_value(region), "7", "7"]


@ERAS
def test_what_is_not_ascii_comes_through(kernel: Served, mode: Any) -> None:
    text = "naïve — 漢字 🎈 \u2028 \x7f \"\\ '"

    async def main() -> Any:
        async with client(mode) as connected:
            return (await connected.call_tool("echo", {"text": text})).structured_content

    assert anyio.run(main) == {"result": text}


@ERAS
def test_a_large_result_comes_through(kernel: Served, mode: Any) -> None:
    async def main() -> str:
        async with client(mode) as connected:
            result = await connected.call_tool("echo", {"text": "é" * 1000, "times": 1000})
            return result.structured_content["result"]

    assert anyio.run(main) == "é" * 1_000_000


@ERAS
def test_fifty_calls_at_once_are_each_answered(kernel: Served, mode: Any) -> None:
    answers: dict[int, Any] = {}

    async def main() -> None:
        async with client(mode) as connected, anyio.create_task_group() as tasks:

            async def call(number: int) -> None:
                result = await connected.call_tool("add", {"a": number, "b": 1000})
                answers[number] = result.structured_content["result"]

            for number in range(50):
                tasks.start_soon(call, number)

    anyio.run(main)
    assert answers == {number: number + 1000 for number in range(50)}


# Lines


def test_the_first_answer_needs_neither_the_sdk_nor_click_nor_asyncio() -> None:
    program = "import sys, mcp_notebook.bridge.command; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert not {"mcp", "click", "asyncio", "anyio", "pydantic", "email", "typing", "jupyter_core"} & {
        name.split(".")[0] for name in done.stdout.split()
    }


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b"{", -32700),
        (b"no json", -32700),
        (b"\xff\xfe", -32700),
        (b"[" * 100_000, -32700),
        (b"[]", -32600),
        (b'[{"jsonrpc":"2.0","id":1,"method":"ping"}]', -32600),
        (b"1", -32600),
        (b"null", -32600),
        (b"{}", -32600),
        (b'{"id":1,"method":"ping"}', -32600),
        (b'{"jsonrpc":"2.0","id":1}', -32600),
        (b'{"jsonrpc":"2.0","id":null,"method":"ping"}', -32600),
        (b'{"jsonrpc":"2.0","id":true,"method":"ping"}', -32600),
        (b'{"jsonrpc":"2.0","id":{},"method":"ping"}', -32600),
        (b'{"jsonrpc":"2.0","id":1,"method":5}', -32600),
        (b'{"jsonrpc":"2.0","id":1,"method":"ping","params":[1]}', -32600),
        (b'{"jsonrpc":"2.0","method":"notifications/cancelled","params":"x"}', -32600),
    ],
)
def test_a_line_that_is_no_message_is_answered_with_an_error_and_the_bridge_goes_on(
    kernel: Served, line: bytes, code: Any
) -> None:
    with Host() as host:
        host.write(line)
        error = host.receive()
        assert (error["id"], error["error"]["code"]) == (None, code)
        assert "\n" not in error["error"]["message"]
        assert host.call("add", a=1, b=2)["result"]["structuredContent"] == {"result": 3}


def test_blank_lines_and_carriage_returns_do_not_matter(kernel: Served) -> None:
    with Host() as host:
        host.write(b"")
        host.write(b"  \r")
        host.write(
            json.dumps({"jsonrpc": "2.0", "id": 1, "method": "server/discover", "params": {"_meta": ENVELOPE}}).encode()
            + b"\r"
        )
        assert "result" in host.receive()


@pytest.mark.parametrize("id", [0, 1, -5, 2**60, "1", "", "ü\n", "listen-1"])
def test_an_answer_has_the_id_of_its_request(kernel: Served, id: Any) -> None:
    with Host() as host:
        assert host.call("add", id, a=1, b=2)["id"] == id
        assert host.ask("no/such", id=id)["id"] == id


def test_odd_cancellations_are_ignored(kernel: Served) -> None:
    with Host() as host:
        about: list[dict[str, Any]] = [{}, {"requestId": None}, {"requestId": []}, {"requestId": "never"}]
        for params in about:
            host.send("notifications/cancelled", params)
        assert host.call("add", a=1, b=2)["result"]["structuredContent"] == {"result": 3}


def test_a_cancelled_request_is_not_answered_but_its_id_can_be_used_again(kernel: Served) -> None:
    with Host() as host:
        host.send("tools/call", {"name": "forever", "arguments": {}, "_meta": ENVELOPE}, id=1)
        assert kernel.tools.started.wait(DEADLINE)
        host.send("notifications/cancelled", {"requestId": 1})
        assert kernel.tools.cancelled.wait(DEADLINE)
        assert host.call("add", 1, a=1, b=2)["result"]["structuredContent"] == {"result": 3}
        assert host.received_nothing()


def test_a_cancelled_legacy_request_is_not_answered(kernel: Served) -> None:
    with Host() as host:
        host.initialize()
        host.send("tools/call", {"name": "forever", "arguments": {}}, id=1)
        assert kernel.tools.started.wait(DEADLINE)
        host.send("notifications/cancelled", {"requestId": 1})
        assert kernel.tools.cancelled.wait(DEADLINE)
        host.send("ping", id=2)
        assert host.receive()["id"] == 2


def test_both_eras_can_be_spoken_on_one_pipe(kernel: Served) -> None:
    with Host() as host:
        assert host.initialize()["result"]["protocolVersion"] == LEGACY
        assert "structuredContent" in host.call("add", a=1, b=2)["result"]
        host.send("tools/list", id=2)
        assert "tools" in host.receive()["result"]


def test_a_message_that_is_too_large_for_the_server_is_refused_in_one_line(kernel: Served) -> None:
    with Host() as host:
        answer = host.call("echo", text="x" * 6_000_000)
        assert answer["id"] == 1
        assert "\n" not in answer["error"]["message"]
        assert host.call("add", a=1, b=2)["result"]["structuredContent"] == {"result": 3}


def test_an_answer_that_is_too_large_is_refused_in_one_line_and_the_bridge_goes_on(kernel: Served) -> None:
    with Host() as host:
        answer = host.call("echo", text="x" * 1_000_000, times=40)  # it is there twice, as text and as structure
        assert answer["error"]["message"] == (
            "'sales' answered with more than 64 MB, the limit for one message. Ask for less data."
        )
        assert host.call("add", a=1, b=2)["result"]["structuredContent"] == {"result": 3}


def test_the_bridge_takes_as_much_of_a_message_as_a_connection() -> None:
    assert MOST_BYTES == limits.MESSAGE


@ERAS
def test_half_a_character_of_a_tool_comes_through_as_a_replacement(kernel: Served, mode: Any) -> None:
    async def main() -> Any:
        async with client(mode) as connected:
            return (await connected.call_tool("file")).structured_content

    assert anyio.run(main) == {"caf\ufffd.csv": "caf\ufffd.csv"}


def test_half_a_character_of_a_host_is_answered(kernel: Served) -> None:
    with Host() as host:
        answer = host.call("echo", text="cut \ud83d")
        assert answer["result"]["structuredContent"] == {"result": "cut \ufffd"}
        assert host.call("add", a=1, b=2)["result"]["structuredContent"] == {"result": 3}


# The end


def test_the_end_of_input_ends_the_bridge_and_its_session_and_what_runs(kernel: Served) -> None:
    with Host() as host:
        host.initialize()
        host.send("tools/call", {"name": "forever", "arguments": {}}, id=1)
        assert kernel.tools.started.wait(DEADLINE)
        assert host.close() == 0
        assert any(seen[":method"] == "DELETE" for seen in kernel.seen)
        assert kernel.tools.cancelled.wait(DEADLINE)


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX's")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_bridge_and_what_runs(kernel: Served, number: Any) -> None:
    with Host() as host:
        host.send("tools/call", {"name": "forever", "arguments": {}, "_meta": ENVELOPE}, id=1)
        assert kernel.tools.started.wait(DEADLINE)
        host.process.send_signal(number)
        assert host.process.wait(DEADLINE) == 0
        assert kernel.tools.cancelled.wait(DEADLINE)


def test_a_bridge_that_is_killed_cancels_its_call_and_leaves_the_server_well(kernel: Served) -> None:
    with Host() as host:
        host.send("tools/call", {"name": "forever", "arguments": {}, "_meta": ENVELOPE}, id=1)
        assert kernel.tools.started.wait(DEADLINE)
        host.process.kill()
        assert kernel.tools.cancelled.wait(DEADLINE)
    with Host() as host:
        assert host.call("add", a=1, b=2)["result"]["structuredContent"] == {"result": 3}


def test_a_host_that_listens_no_more_ends_the_bridge(kernel: Served) -> None:
    words = [sys.executable, "-m", "mcp_notebook", "connect", "sales"]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdout.close()
        process.stdin.write(b"no message\n")
        process.stdin.flush()
        assert process.wait(DEADLINE) == 0


def test_a_name_that_was_never_served_ends_it_with_one_line() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "mcp_notebook", "connect", "nowhere"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert "'nowhere'" in done.stderr


def test_a_server_over_sse_is_refused_with_one_line(notebook: Path, kernel: Served) -> None:
    addresses.publish(replace(kernel.address, transport="sse"))
    done = subprocess.run(
        [sys.executable, "-m", "mcp_notebook", "connect", "sales"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)


# The kernel goes, and comes back


def test_requests_wait_for_a_server_that_comes_back_on_its_port(notebook: Path) -> None:
    first = Served(notebook)
    with Host() as host:
        assert host.call("add", a=1, b=2)
        first.stop()
        host.send("tools/call", {"name": "add", "arguments": {"a": 2, "b": 2}, "_meta": ENVELOPE}, id=2)
        host.send("tools/call", {"name": "add", "arguments": {"a": 3, "b": 2}, "_meta": ENVELOPE}, id=3)
        second = Served(notebook, first.port, first.token)
        answers = {
            answer["id"]: answer["result"]["structuredContent"]["result"] for answer in (host.receive(), host.receive())
        }
        assert answers == {2: 4, 3: 5}
        second.stop()


def test_requests_wait_for_a_server_that_comes_back_with_another_port_and_token(notebook: Path) -> None:
    first = Served(notebook)
    with Host() as host:
        assert host.call("add", a=1, b=2)
        first.stop()
        host.send("tools/call", {"name": "add", "arguments": {"a": 2, "b": 2}, "_meta": ENVELOPE}, id=2)
        second = Served(notebook)
        assert second.token != first.token
        assert host.receive()["result"]["structuredContent"] == {"result": 4}
        second.stop()


def test_a_new_token_on_the_same_port_is_read_again(notebook: Path) -> None:
    first = Served(notebook)
    with Host() as host:
        assert host.call("add", a=1, b=2)
        first.stop()
        second = Served(notebook, first.port)
        assert host.call("add", a=1, b=2)["result"]["structuredContent"] == {"result": 3}
        second.stop()


def test_a_legacy_session_finds_the_new_token_too(notebook: Path) -> None:
    first = Served(notebook)
    with Host() as host:
        host.initialize()
        until(lambda: any(seen[":method"] == "GET" for seen in first.seen))
        first.stop()
        second = Served(notebook, first.port)
        assert all("list_changed" in host.receive()["method"] for _ in range(3))
        host.send("ping", id=2)
        assert host.receive()["id"] == 2
        second.stop()


def test_a_token_that_the_server_does_not_take_gives_one_clear_line(kernel: Served) -> None:
    addresses.publish(replace(kernel.address, token="stale"))
    with Host() as host:
        error = host.call("add", a=1, b=2)["error"]
        assert "token" in error["message"]
        assert "stale" not in error["message"]
        assert "\n" not in error["message"]


def test_a_request_that_waited_in_vain_is_told_why_and_what_to_do(notebook: Path) -> None:
    Served(notebook).stop()
    with Host("sales", "--wait", "0.2") as host:
        error = host.call("add", a=1, b=2)["error"]
        assert error["code"] == -32000
        assert "0.2 s" in error["message"]
        assert "%mcp serve" in error["message"]
        assert "\n" not in error["message"]


def test_a_notebook_that_is_not_running_yet_is_waited_for(notebook: Path) -> None:
    before = Served(notebook)
    before.stop()
    addresses.withdraw(before.address)
    with Host() as host:
        host.send("server/discover", {"_meta": ENVELOPE}, id=1)
        after = Served(notebook)
        assert "result" in host.receive()
        after.stop()


def test_a_legacy_session_is_opened_again_and_the_host_hears_that_lists_changed(notebook: Path) -> None:
    first = Served(notebook)
    with Host() as host:
        host.initialize()
        host.send("tools/list", id=1)
        assert "tools" in host.receive()["result"]
        until(lambda: any(seen[":method"] == "GET" for seen in first.seen))
        first.stop()
        second = Served(notebook, first.port, first.token)
        heard = [host.receive()["method"] for _ in range(3)]
        assert heard == [f"notifications/{name}/list_changed" for name in ("tools", "prompts", "resources")]
        host.send("tools/call", {"name": "add", "arguments": {"a": 1, "b": 2}}, id=2)
        assert host.receive()["result"]["structuredContent"] == {"result": 3}
        until(lambda: any(seen[":method"] == "GET" for seen in second.seen))
        second.stop()


@pytest.mark.slow
def test_a_legacy_host_that_had_a_question_open_is_told_that_it_is_void(notebook: Path) -> None:
    with served.process(notebook) as kernel, Host() as host:
        host.initialize()
        host.send("tools/call", {"name": "asks", "arguments": {}}, id=1)
        question = host.receive()
        assert question["method"] == "elicitation/create"
        kernel.kill()
        answer = host.receive()
        assert (answer["id"], answer["error"]["code"]) == (1, -32000)
        with served.process(notebook):
            cancelled, *changed = (host.receive() for _ in range(4))
            assert cancelled["method"] == "notifications/cancelled"
            assert cancelled["params"]["requestId"] == question["id"]
            assert all("list_changed" in message["method"] for message in changed)
            host.write(json.dumps({"jsonrpc": "2.0", "id": question["id"], "result": {"action": "cancel"}}).encode())
            host.send("ping", id=2)
            assert host.receive()["id"] == 2


def test_a_legacy_subscription_stands_again_and_the_host_hears_that_the_resource_changed(notebook: Path) -> None:
    first = Served(notebook)
    with Host() as host:
        host.initialize()
        host.send("resources/subscribe", {"uri": "test://text"}, id=1)
        assert host.receive()["id"] == 1
        first.stop()
        second = Served(notebook, first.port, first.token)
        assert [host.receive()["method"] for _ in range(4)][-1] == "notifications/resources/updated"
        heard: list[object] = []

        def hears() -> bool:
            # The stream for what is sent unasked is opened in the background.
            host.send("tools/call", {"name": "updates", "arguments": {}}, id=2)
            heard.append(host.receive().get("params"))
            return {"uri": "test://text"} in heard

        until(hears)
        second.stop()


def test_a_listen_stream_stands_again_and_the_host_hears_that_what_it_asked_for_changed(notebook: Path) -> None:
    first = Served(notebook)
    with Host() as host:
        wanted = {"toolsListChanged": True, "resourceSubscriptions": ["test://text"]}
        assert "acknowledged" in host.ask("subscriptions/listen", {"notifications": wanted}, "L")["method"]
        first.stop()
        second = Served(notebook, first.port, first.token)
        heard = [host.receive(), host.receive()]
        assert [message["method"] for message in heard] == [
            "notifications/tools/list_changed",
            "notifications/resources/updated",
        ]
        for message in heard:
            assert message["params"]["_meta"] == {"io.modelcontextprotocol/subscriptionId": "L"}
        host.send("tools/call", {"name": "changes", "arguments": {}, "_meta": ENVELOPE}, id=2)
        methods = {host.receive().get("method", "answer") for _ in range(2)}
        assert methods == {"notifications/tools/list_changed", "answer"}
        second.stop()


def test_a_client_goes_on_after_a_restart_as_if_nothing_had_been(notebook: Path) -> None:
    first = Served(notebook)

    async def main(mode: str, port: int) -> None:
        async with client(mode) as connected:
            await connected.list_tools()
            await anyio.to_thread.run_sync(running[0].stop)
            running[0] = await anyio.to_thread.run_sync(Served, notebook, port, first.token)
            assert (await connected.call_tool("add", {"a": 1, "b": 2})).structured_content == {"result": 3}

    running = [first]
    for mode in ("legacy", MODERN):
        anyio.run(main, mode, first.port)
    running[0].stop()


@pytest.mark.slow
@pytest.mark.parametrize("era", ["legacy", MODERN])
def test_a_call_under_way_when_the_kernel_is_killed_is_not_run_again(notebook: Path, era: Any) -> None:
    with served.process(notebook) as kernel, Host() as host:
        meta = {} if era == "legacy" else {"_meta": ENVELOPE}
        if era == "legacy":
            host.initialize()
        host.send("tools/call", {"name": "waits", "arguments": {}, **meta}, id=1)
        host.send("tools/call", {"name": "steps", "arguments": {}, **meta}, id=2)
        assert host.receive()["id"] == 2
        kernel.kill()
        kernel.wait()
        answer = host.receive()
        assert answer["id"] == 1
        assert "may or may not have run" in answer["error"]["message"]
        host.send("tools/list", meta, id=3)
        with served.process(notebook):
            while (answer := host.receive()).get("id") != 3:
                assert "list_changed" in answer["method"]
            assert "tools" in answer["result"]


# The list


@pytest.fixture
def listing() -> Callable[..., str]:
    def run(*words: str) -> str:
        command = [sys.executable, "-m", "mcp_notebook", "list", *words]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    return run


def test_live_notebooks_are_listed_without_their_tokens(
    listing: Callable[..., str], kernel: Served, notebook: Path
) -> None:
    heads, row = listing().splitlines()
    assert heads.split() == ["NAME", "SERVER", "URL", "PID", "NOTEBOOK"]
    assert row.split() == ["sales", "notebook", kernel.address.url, str(os.getpid()), str(notebook)]
    assert kernel.token not in row
    [entry] = json.loads(listing("--json"))
    assert entry == {
        "name": "sales",
        "server": "notebook",
        "url": kernel.address.url,
        "pid": os.getpid(),
        "notebook": str(notebook),
    }


def test_a_list_of_nothing_says_what_to_do(listing: Callable[..., str]) -> None:
    assert "%mcp serve" in listing()
    assert json.loads(listing("--json")) == []


@pytest.mark.parametrize("words", [["--help"], [], ["a", "b"], ["sales", "--wait", "soon"], ["sales", "--wait", "-1"]])
def test_help_and_mistakes_are_for_click_to_answer(words: Any) -> None:
    command = [sys.executable, "-m", "mcp_notebook", "connect", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == (0 if words == ["--help"] else 2)
    assert "Usage: mcp-notebook connect" in done.stdout + done.stderr


# Headers


@given(st.text())
def test_a_header_value_is_written_as_the_sdk_writes_it(value: Any) -> None:
    line = field("x", value)
    assert line == f"x: {encode_header_value(value)}\r\n".encode()
    assert decode_header_value(encode_header_value(value)) == value


@given(
    st.dictionaries(
        st.sampled_from(["a", "b", "c"]),
        st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.lists(st.integers())),
    )
)
def test_parameters_in_headers_are_written_as_the_sdk_writes_them(arguments: Any) -> None:
    properties: dict[str, Any] = {name: {"type": "string", "x-mcp-header": f"H-{name}"} for name in "ab"}
    schema = {"properties": {**properties, "c": {"type": "object", "properties": {"a": properties["a"]}}}}
    schema["properties"]["c"]["properties"]["a"] = {"type": "string", "x-mcp-header": "Inner"}
    known = ParameterHeaders()
    known.learn({"tools": [{"name": "tool", "inputSchema": schema}]})
    lines = known.lines({"method": "tools/call", "params": {"name": "tool", "arguments": arguments}})
    wanted = mcp_param_headers(x_mcp_header_map(schema), arguments)
    assert sorted(lines.decode().splitlines()) == sorted(f"{name}: {value}" for name, value in wanted.items())


@pytest.mark.parametrize("header", ["", "two words", "a\r\nb: c", "ü", 5, None])
def test_an_annotation_that_is_no_header_name_is_left_out(header: Any) -> None:
    known = ParameterHeaders()
    known.learn({"tools": [{"name": "t", "inputSchema": {"properties": {"a": {"x-mcp-header": header}}}}, 5, {}]})
    assert known.lines({"method": "tools/call", "params": {"name": "t", "arguments": {"a": "x"}}}) == b""


def test_what_connect_is_given_is_understood_without_click() -> None:
    assert plain_arguments(["connect", "a"]) == ("a", WAIT, None)
    assert plain_arguments(["connect", "--wait", "3", "a", "--runtime-dir", "/r"]) == ("a", 3, "/r")


@pytest.mark.parametrize("words", [[], ["a", "b"], ["a", "--wait"], ["a", "--wait", "-1"], ["--help"], ["a", "--what"]])
def test_what_is_not_plain_is_left_to_click(words: list[str]) -> None:
    assert plain_arguments(["connect", *words]) is None
