"""The facts about each host, as one table. Checked on 2026-11-22 against the pages that it names; three on 11-29."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from mcp_notebook.hosts.names import TITLES

__all__ = ["HOSTS", "Host"]


@dataclass(frozen=True)
class Host:
    """One application.

    Attributes:
        key: Its name on a command line.
        servers: The top-level key of its configuration for servers.
        form: The format of its file; only JSON is written, the others are shown to paste.
        project_file: Its file in the folder of a project; "" if it has none.
        user_files: Its file for all projects, by `sys.platform`; ``$CONFIG`` and ``$APPDATA`` are the platform's.
        starts: True if an entry that starts a process needs a `type`.
        calls: True if an entry by HTTP needs a `type`; None if the host can only start processes.
        sse: False if it does not have the legacy SSE.
        secret: The reference in its file to a secret that is kept outside; NAME stands for the secret's name.
        asks: True if the host prompts for that secret; else it is an environment variable.
        adds: The start of its command that adds a server; "" if it has none.
        then: The step for the user after the file is written.
        follows: True if it lists again after ``list_changed``; None if that is not known.
        follows_note: A limit of that.
        sources: The pages with these facts.
    """

    key: str
    servers: str = "mcpServers"
    form: Literal["json", "toml", "yaml"] = "json"
    project_file: str = ""
    user_files: Mapping[str, str] = field(default_factory=dict)
    starts: bool = False
    calls: bool | None = False
    sse: bool = True
    secret: str = "<token>"
    asks: bool = False
    adds: str = ""
    then: str = ""
    follows: bool | None = None
    follows_note: str = ""
    sources: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """Its name for people."""
        return TITLES[self.key]

    @property
    def user_file(self) -> Path | None:
        """The file for all projects on this platform, with ``~`` for the home folder."""
        name = self.user_files.get(sys.platform)
        if name is None:
            return None
        for variable, folder in (
            ("$CONFIG", os.environ.get("XDG_CONFIG_HOME") or "~/.config"),
            ("$APPDATA", os.environ.get("APPDATA") or "~/AppData/Roaming"),
        ):
            name = name.replace(variable, folder)
        return Path(name)


_EVERYWHERE = ("linux", "darwin", "win32")

HOSTS = {
    host.key: host
    for host in (
        Host(
            key="claude-code",
            project_file=".mcp.json",
            starts=True,
            calls=True,
            secret="${NAME}",
            adds="claude mcp add",
            then="Claude Code asks at its next start whether you approve it.",
            follows=True,
            follows_note="since 2.1.0",
            sources=(
                "https://code.claude.com/docs/en/mcp",
                "https://github.com/anthropics/claude-code/blob/main/CHANGELOG.md",
            ),
        ),
        Host(
            key="claude-desktop",
            user_files={
                "darwin": "~/Library/Application Support/Claude/claude_desktop_config.json",
                "win32": "$APPDATA/Claude/claude_desktop_config.json",
                # The vendor's page names no path for Linux. Electron applications look here.
                "linux": "$CONFIG/Claude/claude_desktop_config.json",
            },
            # Its servers by URL are called from the vendor's cloud, which cannot reach this machine.
            calls=None,
            then="Quit Claude Desktop (closing the window is not enough) and start it again.",
            follows=False,
            follows_note="it keeps the tools that it had at its start until it is restarted",
            sources=(
                "https://modelcontextprotocol.io/docs/develop/connect-local-servers",
                "https://github.com/anthropics/claude-ai-mcp/issues/960",
                "https://github.com/anthropics/claude-code/issues/88483",
            ),
        ),
        Host(
            key="cursor",
            project_file=".cursor/mcp.json",
            user_files=dict.fromkeys(_EVERYWHERE, "~/.cursor/mcp.json"),
            starts=True,
            secret="${env:NAME}",
            then="Restart Cursor, and check that the server is enabled in its MCP settings.",
            follows=False,
            follows_note="reported for running sessions",
            sources=(
                "https://cursor.com/docs/mcp",
                "https://forum.cursor.com/t/mcp-notifications-tools-list-changed-not-acted-on-mid-session/161459",
            ),
        ),
        Host(
            key="vscode",
            servers="servers",
            project_file=".vscode/mcp.json",
            starts=True,
            calls=True,
            secret="${input:NAME}",
            asks=True,
            then="Start the server with the command 'MCP: List Servers'.",
            follows=True,
            follows_note="a new tool is available from the next message on",
            sources=(
                "https://code.visualstudio.com/docs/copilot/reference/mcp-configuration",
                "https://github.com/microsoft/vscode/issues/243944",
                "https://github.com/microsoft/vscode/issues/254684",
            ),
        ),
        Host(
            # Checked on 2026-11-29, as the next two.
            key="codex",
            servers="mcp_servers",
            form="toml",
            sse=False,
            project_file=".codex/config.toml",
            user_files=dict.fromkeys(_EVERYWHERE, "~/.codex/config.toml"),
            secret="$NAME",
            adds="codex mcp add",
            follows=False,
            follows_note="reported up to 0.153",
            sources=(
                "https://developers.openai.com/codex/mcp",
                "https://github.com/openai/codex/issues/10105",
                "https://github.com/openai/codex/issues/37417",
            ),
        ),
        Host(
            key="gemini",
            project_file=".gemini/settings.json",
            user_files=dict.fromkeys(_EVERYWHERE, "~/.gemini/settings.json"),
            secret="${NAME}",
            then="Restart Gemini CLI; /mcp shows whether it is connected.",
            follows=True,
            sources=(
                "https://github.com/google-gemini/gemini-cli/blob/main/docs/tools/mcp-server.md",
                "https://github.com/google-gemini/gemini-cli/blob/main/docs/reference/configuration.md",
                "https://github.com/google-gemini/gemini-cli/blob/main/packages/core/src/tools/mcp-client.ts",
            ),
        ),
        Host(
            key="goose",
            servers="extensions",
            form="yaml",
            sse=False,
            user_files={
                **dict.fromkeys(("linux", "darwin"), "$CONFIG/goose/config.yaml"),
                "win32": "$APPDATA/Block/goose/config/config.yaml",
            },
            follows=True,
            follows_note="from the next reply on, since August 2026",
            sources=(
                "https://github.com/aaif-goose/goose/blob/main/documentation/docs/guides/config-files.md",
                "https://github.com/aaif-goose/goose/pull/10925",
            ),
        ),
        Host(
            key="json",
            # The format that most clients copied from Claude Desktop; some want another `type`, or none.
            calls=True,
            sources=("https://modelcontextprotocol.io/docs/develop/connect-local-servers",),
        ),
    )
}
