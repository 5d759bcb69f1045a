"""The commands for what runs on this machine: ``connect``, ``list`` and ``doctor``."""

from __future__ import annotations

import json

import click

from mcp_notebook import addresses
from mcp_notebook.bridge.command import WAIT
from mcp_notebook.bridge.command import connect as run_bridge
from mcp_notebook.visible import visible

__all__ = ["connect", "doctor", "list_live"]


@click.command()
@click.argument("name")
@click.option(
    "--wait",
    metavar="SECONDS",
    type=click.FloatRange(min=0),
    default=WAIT,
    show_default=True,
    help="The time that a request waits for a kernel that restarts or is not running.",
)
@click.option("--runtime-dir", type=click.Path(), help="Jupyter's runtime directory, if it is not the default.")
def connect(name: str, wait: float, runtime_dir: str | None) -> None:
    """Bridge stdio to the live notebook NAME, for hosts that start an MCP server as a process.

    NAME is the notebook's file name without .ipynb, NOTEBOOK/SERVER, a server's name, or the path of a notebook;
    mcp-notebook list shows them. The token is read from a private file. When the kernel restarts, requests wait for it.
    """
    raise SystemExit(run_bridge(name, wait, runtime_dir))


@click.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
def list_live(as_json: bool) -> None:
    """List the notebooks of this machine that serve now."""
    live = addresses.live()
    entrances = [(each, addresses.entrance(each)) for each in live]
    rows: list[dict[str, object]] = [
        {"name": each.name, "server": each.server, "url": each.url, "pid": each.pid, "notebook": each.notebook}
        for each in live
    ]
    if as_json:
        doors = [{"door": entrance.url} if entrance else {} for _, entrance in entrances]
        click.echo(json.dumps([row | door for row, door in zip(rows, doors, strict=True)], indent=2))
    elif rows:
        click.echo(_table([["NAME", "SERVER", "URL", "PID", "NOTEBOOK"], *([*row.values()] for row in rows)]))
        if behind := [(addresses.own_name(each), entrance) for each, entrance in entrances if entrance]:
            one = behind[0][1]
            click.echo(f"\nFrom your own machine, with a token from {one.token_from}")
            click.echo(_table([[name, entrance.url] for name, entrance in behind]))
            if one.note:
                click.echo(f"{one.note}.")
    else:
        click.echo("No notebook serves now. Run %mcp serve in one.")


def _table(rows: list[list[object]]) -> str:
    cells = [["-" if cell is None else visible(str(cell), one_line=True) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in cells)


@click.command()
@click.pass_context
def doctor(ctx: click.Context) -> None:
    """Report what would not work here, and how to fix it. Exit status: 1 if something does not work.

    In a notebook, %mcp doctor also looks at the kernel and its front end.
    """
    from mcp_notebook.doctor import examine, report

    findings = examine()
    click.echo(visible(report(findings)))
    ctx.exit(int(any(found.status == "problem" for found in findings)))
