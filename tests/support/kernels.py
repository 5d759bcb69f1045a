"""A real kernel, driven as a front end drives it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from jupyter_client.manager import KernelManager, start_new_kernel

from tests.support.waiting import until

DEADLINE = 60


@dataclass
class Ran:
    """What a cell put out."""

    stdout: str = ""
    stderr: str = ""
    data: list[dict[str, Any]] = field(default_factory=list)
    metadata: list[dict[str, Any]] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    tracebacks: list[list[str]] = field(default_factory=list)
    ok: bool = True

    @property
    def text(self) -> str:
        """Everything that was displayed, as text."""
        return "\n".join(bundle.get("text/plain", "") for bundle in self.data)

    @property
    def everything(self) -> str:
        return "\n".join([self.stdout, self.stderr, *map(str, self.data), *self.errors])


class Kernel:
    def __init__(self, manager: KernelManager, client: Any) -> None:
        self.manager = manager
        self.client = client

    def start(self, code: str, cell: str | None = None, tags: Sequence[str] = (), *, lab: bool = False) -> str:
        """Send a cell; `cell` is the id that a notebook's front end gives with it, and `tags` are the cell's.

        With `lab`, as JupyterLab sends it, which also names the cells that were deleted.
        """
        if cell is None and not tags:
            # Else the kernel drops what comes soon after a cell that raised, and a test goes on at once.
            return self.client.execute(code, stop_on_error=False)
        content = {"code": code, "silent": False, "store_history": True, "user_expressions": {}}
        content |= {"allow_stdin": True, "stop_on_error": False}
        metadata = {"cellId": cell, "tags": list(tags), **({"deletedCells": []} if lab else {})}
        message = self.client.session.msg("execute_request", content, metadata=metadata)
        self.client.shell_channel.send(message)
        return message["header"]["msg_id"]

    def begin(self, code: str) -> str:
        """Send a cell, and return when it runs."""
        message_id = self.start(code)
        while True:
            message = self.client.get_iopub_msg(timeout=DEADLINE)
            if message["parent_header"].get("msg_id") == message_id and message["msg_type"] == "execute_input":
                return message_id

    def finish(self, message_id: str) -> Ran:
        """Collect the output of a cell until the kernel is idle again."""
        ran = Ran()
        while True:
            message = self.client.get_iopub_msg(timeout=DEADLINE)
            if message["parent_header"].get("msg_id") != message_id:
                continue
            kind, content = message["msg_type"], message["content"]
            if kind == "stream" and content["name"] == "stdout":
                ran.stdout += content["text"]
            elif kind == "stream":
                ran.stderr += content["text"]
            elif kind in ("display_data", "execute_result"):
                ran.data.append(content["data"])
                ran.metadata.append(content["metadata"])
            elif kind == "error":
                ran.errors.append(content["ename"])
                ran.tracebacks.append(content["traceback"])
            elif kind == "status" and content["execution_state"] == "idle":
                break
        ran.ok = self._reply(message_id)["status"] == "ok"
        return ran

    def _reply(self, message_id: str) -> dict[str, Any]:
        while True:
            reply = self.client.get_shell_msg(timeout=DEADLINE)
            if reply["parent_header"].get("msg_id") == message_id:
                return reply["content"]

    def run(self, code: str, cell: str | None = None) -> Ran:
        return self.finish(self.start(code, cell))

    def dialog(self, code: str, *answers: str) -> Ran:
        """Run a cell that asks on stdin, and type the answers."""
        message_id = self.start(code)
        for answer in answers:
            self.client.get_stdin_msg(timeout=DEADLINE)
            self.client.input(answer)
        return self.finish(message_id)

    @property
    def process(self) -> Any:
        """The kernel's own process."""
        assert self.manager.provisioner is not None
        return self.manager.provisioner.process

    def interrupt(self) -> None:
        self.manager.interrupt_kernel()

    def restart(self) -> None:
        """Restart as the menu of a notebook does; the extension is loaded again."""
        self.manager.restart_kernel(now=True)
        self.client.wait_for_ready(timeout=DEADLINE)
        self.good("%load_ext mcp_notebook")

    def good(self, code: str, cell: str | None = None) -> Ran:
        """Run a cell that has to end well."""
        ran = self.run(code, cell)
        assert ran.ok, ran.everything
        return ran

    def value(self, expression: str) -> Any:
        """Evaluate in the kernel, and bring back a value that has a literal."""
        import ast

        return ast.literal_eval(self.good(f"print(repr({expression}))").stdout)

    def wait_for(self, expression: str) -> None:
        """Wait until an expression is true in the kernel."""
        until(lambda: self.value(f"bool({expression})"), deadline=DEADLINE, why=lambda: f"never true: {expression}")

    def complete(self, line: str) -> list[str]:
        """Return what the last word can become."""
        found = self.client.complete(line, reply=True, timeout=DEADLINE)["content"]
        kept = line[: found["cursor_start"]].rpartition(" ")[2]
        return [kept + match for match in found["matches"]]

    def documentation(self, name: str) -> str:
        """What ``name?`` opens in the pager."""
        reply = self.client.execute(f"{name}?", reply=True, timeout=DEADLINE)
        return reply["content"]["payload"][0]["data"]["text/plain"]


@contextmanager
def running_kernel(**environment: str) -> Iterator[Kernel]:
    manager, client = start_new_kernel(startup_timeout=DEADLINE, env={**os.environ, **environment})
    try:
        yield Kernel(manager, client)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
