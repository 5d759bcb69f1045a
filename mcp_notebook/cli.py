"""The command line: ``mcp-notebook``."""

from __future__ import annotations

from pathlib import Path

import click

__all__ = ["main"]


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="mcp-notebook")
def main() -> None:
    """Work with MCP servers that live in Jupyter notebooks."""


@main.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path), default="course")
@click.option("--fresh", is_flag=True, help="Start over; what you changed is kept beside, in a dated folder.")
@click.option("--port", type=int, default=8888, show_default=True, help="JupyterLab's port, or the next free one.")
@click.option("--no-browser", is_flag=True, help="Only print the address.")
def lab(folder: Path, fresh: bool, port: int, no_browser: bool) -> None:
    """Open the course in JupyterLab, on a copy of the notebooks in FOLDER.

    Run again, it keeps every notebook that is there, and adds those that are not.
    """
    from mcp_notebook.course.copy import copy_course
    from mcp_notebook.course.lab import run_lab
    from mcp_notebook.errors import McpNotebookError

    try:
        click.echo(copy_course(folder, fresh=fresh))
        run_lab(folder, port=port, browser=not no_browser)
    except McpNotebookError as error:
        raise click.ClickException(str(error)) from None
    except OSError as error:
        raise click.ClickException(
            f"{folder} cannot be written ({error.strerror}). Name another folder: mcp-notebook lab FOLDER"
        ) from None


@main.command()
@click.pass_context
def doctor(ctx: click.Context) -> None:
    """Say what would not work here, and how to mend it; end with 1 where something does not work.

    In a notebook, %mcp doctor also looks at the kernel and its front end.
    """
    from mcp_notebook.doctor import examine, report

    findings = examine()
    click.echo(report(findings))
    ctx.exit(int(any(found.status == "problem" for found in findings)))


if __name__ == "__main__":
    main()
