"""What is known of each host, as one table. Checked on 2026-11-22 against the pages named in it."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["HOSTS", "Host"]


@dataclass(frozen=True)
class Host:
    """One application.

    Attributes:
        key: Its name on a command line.
        title: Its name for people.
        servers: The top-level key of its configuration under which servers are.
        project_file: Its file below the folder of a project; "" where it has none.
        user_files: Its file for all projects, by `sys.platform`; ``$CONFIG`` and ``$APPDATA`` are the platform's.
        starts: Whether an entry that starts a process says so in its `type`.
        calls: Whether an entry by HTTP says so in its `type`; None where the host only starts processes.
        secret: How its file refers to a secret that is kept elsewhere; NAME stands for the secret's name.
        asks: Whether the host asks for that secret itself; else it is an environment variable.
        adds: Whether it has a command that adds a server.
        then: What a person does once the file is written.
        follows: Whether it lists again when the server says ``list_changed``; None: not known.
        follows_note: What limits that.
        sources: Where all this is from.
    """

    key: str
    title: str
    servers: str = "mcpServers"
    project_file: str = ""
    user_files: Mapping[str, str] = field(default_factory=dict)
    starts: bool = False
    calls: bool | None = False
    secret: str = "<token>"
    asks: bool = False
    adds: bool = False
    then: str = ""
    follows: bool | None = None
    follows_note: str = ""
    sources: tuple[str, ...] = ()

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
            title="Claude Code",
            project_file=".mcp.json",
            starts=True,
            calls=True,
            secret="${NAME}",
            adds=True,
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
            title="Claude Desktop",
            user_files={
                "darwin": "~/Library/Application Support/Claude/claude_desktop_config.json",
                "win32": "$APPDATA/Claude/claude_desktop_config.json",
                # The vendor's page names no path for Linux; this is where the application, as Electron has it, looks.
                "linux": "$CONFIG/Claude/claude_desktop_config.json",
            },
            # Servers by URL are its connectors, which call from the vendor's cloud: that does not reach this machine.
            calls=None,
            then="Quit Claude Desktop, the window alone is not enough, and start it again.",
            follows=False,
            follows_note="it has the tools of its start until it is started again",
            sources=(
                "https://modelcontextprotocol.io/docs/develop/connect-local-servers",
                "https://github.com/anthropics/claude-ai-mcp/issues/960",
                "https://github.com/anthropics/claude-code/issues/88483",
            ),
        ),
        Host(
            key="cursor",
            title="Cursor",
            project_file=".cursor/mcp.json",
            user_files=dict.fromkeys(_EVERYWHERE, "~/.cursor/mcp.json"),
            starts=True,
            secret="${env:NAME}",
            then="Start Cursor again, and see that the server is switched on in its MCP settings.",
            follows=False,
            follows_note="reported of sessions that run",
            sources=(
                "https://cursor.com/docs/mcp",
                "https://forum.cursor.com/t/mcp-notifications-tools-list-changed-not-acted-on-mid-session/161459",
            ),
        ),
        Host(
            key="vscode",
            title="VS Code",
            servers="servers",
            project_file=".vscode/mcp.json",
            starts=True,
            calls=True,
            secret="${input:NAME}",
            asks=True,
            then="Start the server with the command 'MCP: List Servers'.",
            follows=True,
            follows_note="a new tool can be called from the next message on",
            sources=(
                "https://code.visualstudio.com/docs/copilot/reference/mcp-configuration",
                "https://github.com/microsoft/vscode/issues/243944",
                "https://github.com/microsoft/vscode/issues/254684",
            ),
        ),
        Host(
            key="json",
            title="plain JSON, for other clients",
            # The form that most clients took over from Claude Desktop; some want another `type`, or none.
            calls=True,
            sources=("https://modelcontextprotocol.io/docs/develop/connect-local-servers",),
        ),
    )
}
