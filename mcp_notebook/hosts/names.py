"""The names of hosts for people, by their keys."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

__all__ = ["TITLES"]

TITLES: Mapping[str, str] = MappingProxyType(
    {
        "claude-code": "Claude Code",
        "claude-desktop": "Claude Desktop",
        "vscode": "VS Code",
        "cursor": "Cursor",
        "chatgpt": "ChatGPT",
        "codex": "Codex",
        "gemini": "Gemini CLI",
        "goose": "Goose",
        "windsurf": "Windsurf",
        "openai-api": "OpenAI API",
        "json": "plain JSON, for other clients",
    }
)
