"""The one click group behind all magics, and the way from a line to it."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import click
from IPython.core.error import UsageError

from mcp_notebook.errors import DefinitionError, RequestError, did_you_mean

# Imported for the verbs that they register.
from mcp_notebook.magics import (  # noqa: F401
    answering_commands,
    app_commands,
    approval_commands,
    asyncio_command,
    board_commands,
    cell_commands,
    chat_command,
    code_commands,
    compat_command,
    connect_commands,
    course_commands,
    definition_commands,
    eval_commands,
    event_commands,
    host_commands,
    inspect_command,
    list_commands,
    log_commands,
    package_commands,
    request_commands,
    session_commands,
    skill_commands,
    stats_command,
    task_commands,
    words,
)
from mcp_notebook.magics.magics import Magics
from mcp_notebook.magics.server_commands import status
from mcp_notebook.magics.verb import VERBS
from mcp_notebook.session.saying import say_call
from mcp_notebook.session.session import Session

__all__ = ["root", "run"]


class _Verbs(click.Group):
    """A group that knows what was meant."""

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        if args and self.get_command(ctx, args[0]) is None and not ctx.resilient_parsing:
            known = ", ".join(self.list_commands(ctx))
            ctx.fail(f"There is no verb {args[0]!r}.{did_you_mean(args[0], self.commands)} The verbs: {known}.")
        return super().resolve_command(ctx, args)


def _help(magic: Callable[..., Any]) -> str:
    # \b keeps click from filling the lines of the examples into a paragraph.
    return "\n\n".join(f"\b\n{part}" for part in inspect.cleandoc(magic.__doc__ or "").split("\n\n"))


_SETTINGS = {"help_option_names": ["-h", "--help"], "max_content_width": 100}

verbs = _Verbs(
    "%mcp",
    commands=VERBS,
    callback=status,
    invoke_without_command=True,
    help=_help(Magics.mcp),
    context_settings=_SETTINGS,
)

root = click.Group(
    commands={
        "%mcp": verbs,
        "%%mcp_tool": cell_commands.tool,
        "%%mcp_resource": cell_commands.resource,
        "%%mcp_prompt": cell_commands.prompt,
        "%%mcp_app": app_commands.app,
        "%%mcp_skill": cell_commands.skill,
        "%%mcp_event": event_commands.event,
        "%%mcp_chat": chat_command.chat,
        "%%mcp_eval": eval_commands.eval_cell,
    },
    context_settings=_SETTINGS,
)
"""Each magic is a command, so that parsing, help and completion are one."""

for _command, _magic in (
    (cell_commands.tool, Magics.mcp_tool),
    (cell_commands.resource, Magics.mcp_resource),
    (cell_commands.prompt, Magics.mcp_prompt),
    (app_commands.app, Magics.mcp_app),
    (cell_commands.skill, Magics.mcp_skill),
    (event_commands.event, Magics.mcp_event),
    (chat_command.chat, Magics.mcp_chat),
    (eval_commands.eval_cell, Magics.mcp_eval),
):
    _command.help = _help(_magic)


def run(session: Session, magic: str, line: str, cell: str | None) -> Any:
    """Carry out one magic; what it returns is the value of the cell.

    Raises:
        UsageError: The line cannot be understood; IPython shows it without a traceback.
        McpNotebookError: It was understood, and could not be done.
    """
    if cell is not None:
        session.cell = (f"{magic} {line}", cell)
    session.sync()
    try:
        with root.make_context("", [magic, *words.split(line)], obj=session) as context:
            return root.invoke(context)
    except click.exceptions.Exit:  # --help has been printed
        return None
    except click.UsageError as error:
        where = error.ctx.command_path.strip() if error.ctx else magic
        raise UsageError(f"{error.format_message()} See {where} --help.") from None
    except RequestError as error:
        say_call(error.call)
        raise UsageError(str(error)) from None
    except DefinitionError as error:
        raise UsageError(f"{error} Nothing changed on the server.") from None
