"""The models of providers: what is missing is said in one line, and a real client of one makes a whole turn."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from mcp_notebook.agent import Conversation, Toolbox, Turn, Usage, provided
from mcp_notebook.agent.evals import EvalCase, as_pytest
from mcp_notebook.client import Connection, Era
from mcp_notebook.errors import ModelError
from mcp_notebook.portal import Portal
from tests.agent.test_agent import Log, library


class Provider(ThreadingHTTPServer):
    """Stands in for a provider of OpenAI's chat completions."""

    daemon_threads = True

    def __init__(self, replies: list[dict[str, Any]]) -> None:
        self.replies = replies
        self.requests: list[dict[str, Any]] = []
        self.status = 200
        self.more: dict[str, Any] = {}
        super().__init__(("127.0.0.1", 0), _Completions)


class _Completions(BaseHTTPRequestHandler):
    server: Provider

    def do_POST(self) -> None:
        self.server.requests.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
        if self.server.status != 200:
            return self._answer({"error": {"message": f"wrong: {self.headers['authorization']}"}})
        message = {"role": "assistant", "content": None, **self.server.replies.pop(0)}
        ended = "tool_calls" if "tool_calls" in message else "stop"
        self._answer(
            {
                "id": "1",
                "object": "chat.completion",
                "created": 0,
                "model": "stand-in",
                "choices": [{"index": 0, "finish_reason": ended, "message": message}],
                **self.server.more,
            }
        )

    def _answer(self, value: dict[str, Any]) -> None:
        body = json.dumps(value).encode()
        self.send_response(self.server.status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


CALL = {
    "tool_calls": [
        {"id": "c1", "type": "function", "function": {"name": "find", "arguments": json.dumps({"author": "Butler"})}}
    ]
}


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> Iterator[Provider]:
    with Provider([CALL, {"content": "We have Kindred."}]) as provider:
        thread = threading.Thread(target=provider.serve_forever, daemon=True)
        thread.start()
        monkeypatch.setenv("OLLAMA_BASE_URL", f"http://127.0.0.1:{provider.server_port}/v1")
        monkeypatch.setenv("OLLAMA_API_KEY", "sk-very-secret")
        yield provider
        provider.shutdown()


USAGE = {"prompt_tokens": 1000, "completion_tokens": 100, "total_tokens": 1100}


@pytest.mark.parametrize(
    ("more", "usage"),
    [
        ({}, Usage()),
        ({"usage": USAGE}, Usage(2000, 200)),
        ({"usage": USAGE, "model": "gpt-4o-2024-08-06"}, Usage(2000, 200, 2 * (1000 * 2.5 + 100 * 10) / 1e6)),
    ],
)
def test_tokens_are_those_that_the_model_reports_and_the_cost_is_told_only_if_it_is_known(
    portal: Portal, provider: Provider, monkeypatch: pytest.MonkeyPatch, more: dict[str, Any], usage: Usage
) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", f"http://127.0.0.1:{provider.server_port}/v1")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-very-secret")
    provider.more = more
    conversation = Conversation()
    toolbox = Toolbox({"library": Connection(portal, library())})
    model = provided("openai-chat:gpt-4o")

    async def turn() -> Turn:
        return await conversation.turn("Which books by Butler?", model, toolbox, Log())

    portal.run(turn)
    assert (conversation.usage.input, conversation.usage.output) == (usage.input, usage.output)
    assert conversation.usage.cost == (None if usage.cost is None else pytest.approx(usage.cost))


@pytest.mark.slow
def test_a_saved_eval_asks_the_model_that_the_environment_names(provider: Provider, tmp_path: Path) -> None:
    pytest.importorskip("ruff")
    case = EvalCase("Which books by Butler?", "by Butler", [("find", {"author": "Butler"})], answer=["Kindred"])
    (tmp_path / "test_evals.py").write_text(as_pytest([case], "shelf:mcp", runs=1, least=1), encoding="utf-8")
    (tmp_path / "shelf.py").write_text(
        "from mcp.server.mcpserver import MCPServer\n\nmcp = MCPServer('shelf', instructions='Say please.')\n\n\n"
        "@mcp.tool()\ndef find(author: str) -> list[str]:\n    return [author + ' wrote it']\n",
        encoding="utf-8",
    )
    environment = {**os.environ, "EVAL_MODEL": "ollama:stand-in"}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    first, second = provider.requests
    assert first["tools"][0]["function"]["parameters"]["required"] == ["author"]
    assert first["messages"][0]["content"] == "Say please."
    assert "Butler wrote it" in second["messages"][-1]["content"]


def turn(portal: Portal, era: Era = "modern") -> Turn:
    model = provided("ollama:stand-in")
    toolbox = Toolbox({"library": Connection(portal, library(), era)})

    async def turn() -> Turn:
        return await Conversation().turn("Which books by Butler?", model, toolbox, Log())

    return portal.run(turn)


@pytest.mark.parametrize("era", ["modern", "legacy"])
def test_a_provider_s_own_client_calls_tools_and_is_told_the_result(
    portal: Portal, provider: Provider, era: Era
) -> None:
    made = turn(portal, era)
    assert made.answer == "We have Kindred."
    assert made.calls[0][1].structured_content == {"result": ["Kindred"]}
    first, second = provider.requests
    assert first["tools"][0]["function"]["name"] == "find"
    assert first["tools"][0]["function"]["parameters"]["required"] == ["author"]
    assert [message["role"] for message in second["messages"]] == ["system", "user", "assistant", "tool"]
    assert second["messages"][0]["content"] == "About the tools of library: Say please."
    assert second["messages"][-1] == {"role": "tool", "tool_call_id": "c1", "content": "Kindred"}


def test_a_refused_key_is_one_line_without_the_key(portal: Portal, provider: Provider) -> None:
    provider.status = 401
    with pytest.raises(ModelError, match="ollama:stand-in refused the key \\(401\\)") as raised:
        turn(portal)
    assert "secret" not in str(raised.value)


def test_a_provider_that_is_not_there_is_one_line(portal: Portal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OLLAMA_BASE_URL", "http://127.0.0.1:1/v1")
    with pytest.raises(ModelError, match="ollama:stand-in did not answer: Connection error"):
        turn(portal)


@pytest.mark.parametrize(
    ("model", "line"),
    [
        ("openai:gpt-5", "openai:gpt-5 needs OPENAI_API_KEY in the environment in which Jupyter starts"),
        ("anthropic:claude-sonnet-4-5", "Run %pip install 'pydantic-ai-slim\\[anthropic\\]'"),
        ("nobody:nothing", "Unknown model: nobody:nothing. Name a model as provider:name"),
        ("gpt-5", "Name a model as provider:name"),
    ],
)
def test_what_a_model_needs_is_one_line(model: str, line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(ModelError, match=line) as raised:
        provided(model)
    assert "\n" not in str(raised.value)
