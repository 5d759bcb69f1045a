"""The command that says what hosts make of a server: ``compat``."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import click

from mcp_notebook.cli.request_commands import request_command

if TYPE_CHECKING:
    from mcp_notebook.client import Connection
    from mcp_notebook.compat.conformance import Scenario

__all__ = ["compat"]


@request_command(
    click.option("--host", "hosts", multiple=True, metavar="NAME", help="Only this host; may be given again."),
    click.option(
        "--conformance",
        is_flag=True,
        help="Run the protocol's official suite, too: for a URL without a token, with Node.",
    ),
)
def compat(connection: Connection, hosts: tuple[str, ...], conformance: bool, as_json: bool) -> None:
    r"""Say what each host would reject, degrade or ignore of a server.

    With --json, each finding has the sources of its facts. Exit status: 1 a host rejects something, or a check of the
    suite fails; 2 the server cannot be reached, or there is no such host.

    \b
    Examples:
      mcp-notebook compat server.py
      mcp-notebook compat https://example.com/mcp --host claude-code --host vscode --json
    """
    from mcp_notebook.cli.results import print_json
    from mcp_notebook.cli.targets import is_file
    from mcp_notebook.compat import check, of_connection
    from mcp_notebook.compat.conformance import run
    from mcp_notebook.rendering.compat import compat_card

    server = of_connection(connection)
    if is_file(click.get_current_context().params["target"]):
        server = replace(server, transport="")  # it runs as a process only to be checked; hosts may reach it by HTTP
    report = check(server, hosts)
    outcomes: list[Scenario] = run(connection.target) if conformance else []
    if as_json:
        suite = {"conformance": [outcome.as_json() for outcome in outcomes]} if conformance else {}
        print_json({**report.as_json(), **suite})
    else:
        click.echo(compat_card(report, outcomes=outcomes).text)
    if report.rejected or any(outcome.failed for outcome in outcomes):
        raise SystemExit(1)
