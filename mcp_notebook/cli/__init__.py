"""The command line: ``mcp-notebook``."""

from __future__ import annotations

import click

from mcp_notebook.cli.compat_command import compat
from mcp_notebook.cli.live_commands import connect, doctor, list_live
from mcp_notebook.cli.notebook_commands import export_notebook, import_server, lab, serve
from mcp_notebook.cli.request_commands import call, prompt, read, tools
from mcp_notebook.cli.session_commands import mock

__all__ = ["main"]


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="mcp-notebook")
def main() -> None:
    """Work with MCP servers that live in Jupyter notebooks, and call any others."""


for command in (
    lab,
    serve,
    export_notebook,
    import_server,
    connect,
    list_live,
    doctor,
    call,
    tools,
    read,
    prompt,
    compat,
    mock,
):
    # click keeps the lines after \b apart; in a docstring that is a backslash and a letter.
    command.help = (command.help or "").replace("\\b", "\b")
    main.add_command(command)
