"""Drive Claude Code where it is installed: the host is the real one, and a script plays its model."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from mcp.client.stdio import get_default_environment

from mcp_notebook.addresses import runtime_dir
from mcp_notebook.course.local_site import LocalSite, SiteReply, SiteRequest

__all__ = ["Transcript", "configuration_in", "run_claude_code"]

PROGRAM = "claude"
MISSING = f"Claude Code is not installed here (no {PROGRAM!r} on the PATH), so this step is skipped."
SECONDS = 120

QUIET = ("DISABLE_TELEMETRY", "DISABLE_AUTOUPDATER", "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC")
"""Variables that keep it from calling anything but the model."""

LOADING = {"ENABLE_TOOL_SEARCH": "false", "MCP_CONNECTION_NONBLOCKING": "0", "MCP_TIMEOUT": "60000"}
"""Variables that make it wait for its servers, and tell the model about all their tools at once."""


class Transcript:
    """The conversation between Claude Code and the script that played its model.

    Attributes:
        lines: The steps, one a line.
        tools: The tools that it offered its model, by the names that it gave them.
    """

    def __init__(self, lines: Sequence[str], tools: Sequence[str] = ()) -> None:
        self.lines = list(lines)
        self.tools = list(tools)

    def __repr__(self) -> str:
        return "\n".join(self.lines)


def configuration_in(shown: object) -> dict[str, Any]:
    """Return the JSON in the output of `%mcp clients HOST`, as it goes into the host's file."""
    text = str(shown)
    return dict(json.loads(text[text.index("{") :]))


def run_claude_code(
    prompt: str, servers: Mapping[str, Any], steps: Sequence[str | Mapping[str, Any]], *, allow: Sequence[str] = ()
) -> Transcript:
    """Have Claude Code answer a prompt, with a script as its model.

    It runs in a temporary home directory: your own settings are neither read nor changed, and no key is used.

    Args:
        prompt: The person's words.
        servers: The servers, as under ``mcpServers`` in a configuration.
        steps: The model's replies: a text, or a call as ``{"tool": NAME, "arguments": {...}}``.
        allow: The names of the tools that it may call without asking. Nobody is there to ask.
    """
    program = shutil.which(PROGRAM)
    if program is None:
        return Transcript([MISSING])
    with tempfile.TemporaryDirectory() as home, _Api(steps) as api:
        configuration = Path(home) / "mcp.json"
        configuration.write_text(json.dumps({"mcpServers": dict(servers)}), encoding="utf-8")
        allowed = ",".join(f"mcp__{server}__{tool}" for server in servers for tool in allow)
        command = [program, "-p", prompt, "--mcp-config", str(configuration), "--strict-mcp-config", "--tools", ""]
        done = subprocess.run(
            [*command, *(["--allowedTools", allowed] if allowed else [])],
            cwd=home,
            env=_environment(home, api.url),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=SECONDS,
            check=False,
        )
    if done.returncode or not api.requests:
        said = (done.stderr or done.stdout).strip().splitlines() or ["it said nothing"]
        return Transcript([f"Claude Code ended with status {done.returncode}: {said[-1]}"])
    return Transcript(list(_lines(api)), api.tools())


def _environment(home: str, url: str) -> dict[str, str]:
    return {
        **get_default_environment(),
        "HOME": home,
        "CLAUDE_CONFIG_DIR": str(Path(home) / "settings"),
        # The bridge looks for the notebook's address there; by default, that is in the home directory.
        "JUPYTER_RUNTIME_DIR": str(runtime_dir()),
        "PATH": os.environ["PATH"],
        "ANTHROPIC_BASE_URL": url,
        "ANTHROPIC_API_KEY": "none",
        **dict.fromkeys(QUIET, "1"),
        **LOADING,
    }


def _lines(api: _Api) -> Iterator[str]:
    """Yield what happened between the host and its model, step by step."""
    yield f"host: {api.host}, which offers its model {', '.join(api.tools()) or 'no tools'}"
    results = iter(api.results())
    for step in api.taken:
        if "text" in step:
            yield f"model (a script): {step['text']}"
        else:
            yield f"model (a script): calls {step['tool']} {json.dumps(step['arguments'], ensure_ascii=False)}"
            failed, text = next(results, (True, "no result"))
            yield f"  {'error' if failed else 'result'}: {text}"


class _Api(LocalSite):
    """A stand-in for the vendor's API of messages, which replies with the steps of a script; a context manager.

    Attributes:
        url: Its address.
        host: The program that asked, with its version.
        requests: The requests that were about a conversation with tools.
        taken: The steps that were replied with.
    """

    def __init__(self, steps: Sequence[str | Mapping[str, Any]]) -> None:
        self.host = ""
        self.requests: list[dict[str, Any]] = []
        self.taken: list[dict[str, Any]] = []
        self._steps = [{"text": step} if isinstance(step, str) else dict(step) for step in steps]
        super().__init__("stand-in-model")
        self.listen()

    def answer(self, request: SiteRequest) -> SiteReply:
        """Reply with the next step to a conversation, and with nothing of use to anything else."""
        body = json.loads(request.body or b"{}")
        if request.method == "GET":
            return SiteReply({"data": []})
        if "messages" not in body or "count_tokens" in request.path:
            return SiteReply({"input_tokens": 1})
        self.host = self.host or _program_of(request.headers.get("user-agent", ""))
        return SiteReply(self.reply(body), kind="text/event-stream")

    def reply(self, body: dict[str, Any]) -> str:
        """Return the next step as the events of a stream; requests without tools get a word."""
        names = [tool["name"] for tool in body.get("tools", [])]
        if not names or len(self.taken) == len(self._steps):
            return "".join(_events({"text": "Done."}, "", len(self.requests)))
        self.requests.append(body)
        step = self._steps[len(self.taken)]
        self.taken.append(step)
        name = next((name for name in names if name.endswith(f"__{step.get('tool')}")), str(step.get("tool")))
        return "".join(_events(step, name, len(self.requests)))

    def tools(self) -> list[str]:
        """Return the names of the tools that the model was offered."""
        return [tool["name"] for tool in self.requests[0]["tools"]] if self.requests else []

    def results(self) -> list[tuple[bool, str]]:
        """Return the results of the calls, each with whether it was an error, as the model was told them."""
        blocks: list[Any] = []
        for message in self.requests[-1]["messages"] if self.requests else []:
            blocks += message["content"] if isinstance(message["content"], list) else []
        results = [block for block in blocks if block.get("type") == "tool_result"]
        return [(bool(block.get("is_error")), _text(block["content"])) for block in results]


def _text(content: Any) -> str:
    parts = [{"text": content}] if isinstance(content, str) else content
    return " ".join(" ".join(part.get("text", "") for part in parts).split())


def _program_of(user_agent: str) -> str:
    """Return the program and its version, such as ``claude-cli 2.1.332``."""
    return user_agent.partition(" ")[0].replace("/", " ") or "a host"


def _events(step: Mapping[str, Any], name: str, number: int) -> Iterator[str]:
    calls = "tool" in step
    usage = {"input_tokens": 1, "output_tokens": 1}
    message = {"id": f"m{number}", "type": "message", "role": "assistant", "model": "a-script", "content": []}
    ending = {"stop_reason": None, "stop_sequence": None}
    block: dict[str, Any] = {"type": "text", "text": ""}
    delta: dict[str, Any] = {"type": "text_delta", "text": step.get("text", "")}
    if calls:
        block = {"type": "tool_use", "id": f"call{number}", "name": name, "input": {}}
        delta = {"type": "input_json_delta", "partial_json": json.dumps(step["arguments"])}
    for data in (
        {"type": "message_start", "message": {**message, **ending, "usage": usage}},
        {"type": "content_block_start", "index": 0, "content_block": block},
        {"type": "content_block_delta", "index": 0, "delta": delta},
        {"type": "content_block_stop", "index": 0},
        {
            "type": "message_delta",
            "delta": {**ending, "stop_reason": "tool_use" if calls else "end_turn"},
            "usage": usage,
        },
        {"type": "message_stop"},
    ):
        yield f"event: {data['type']}\ndata: {json.dumps(data)}\n\n"
