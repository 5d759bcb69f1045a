"""The verb of a teacher: the board of a class."""

from __future__ import annotations

from html import escape
from pathlib import Path

import click
from IPython.display import display

from mcp_notebook import browser_tab
from mcp_notebook.client.notices import say
from mcp_notebook.course.board_file import save_board
from mcp_notebook.errors import HostingError
from mcp_notebook.magics.options import TEXT
from mcp_notebook.magics.verb import verb
from mcp_notebook.rendering import look
from mcp_notebook.session.class_board import ClassBoard, lan_words
from mcp_notebook.session.session import Session

__all__: list[str] = []


@verb(
    "board",
    click.option(
        "--host",
        type=TEXT,
        metavar="ADDRESS",
        help="Listen on this address of your network, over plain HTTP. Default: this machine only.",
    ),
    click.option(
        "--port", type=click.IntRange(1, 65535), help="Listen on this port. Default: the previous port, or a free one."
    ),
    click.option("--any-port", is_flag=True, help="If the port is taken, use a free one."),
    click.option("--no-door", is_flag=True, help="Do not let learners in through Jupyter Server."),
    click.option(
        "--show-code",
        is_flag=True,
        help="Print the address and the class code. Clear this output before you save or share the notebook.",
    ),
    click.option("--new-code", is_flag=True, help="Make another class code; each learner has to type it."),
    click.option("--clear", is_flag=True, help="Forget all reports."),
    click.option("--save", type=TEXT, metavar="FILE", help="Write the board as CSV, with the names and the times."),
    click.option("--stop", is_flag=True, help="Stop listening; the reports stay until the kernel ends."),
)
def _board(
    session: Session,
    host: str | None,
    port: int | None,
    any_port: bool,
    no_door: bool,
    show_code: bool,
    new_code: bool,
    clear: bool,
    save: str | None,
    stop: bool,
) -> look.Rendering | None:
    """Show how far the learners of your class are, live, as they report it. Example: %mcp board.

    The board has the address and the class code for your learners. They run: %mcp progress --share URL --as NAME.
    """
    if browser_tab.HERE:
        raise HostingError(browser_tab.elsewhere(browser_tab.CANNOT_LISTEN))
    board = session.board
    done = []
    if save is not None:
        save_board(standing := board.reports.standing(), path := Path(save).expanduser())
        done.append(f"{look.counted(len(standing.rows), 'learner')} written to {path}")
    if clear:
        done.append(f"{look.counted(board.reports.clear(), 'learner')} forgotten")
    if new_code:
        board.change_code()
        done.append("there is another class code")
    if stop:
        board.stop()
        done.append("it no longer listens, and its reports stay until the kernel ends")
    if show_code:
        joining = board.joining()
        print(*filter(None, [joining["url"], f"class code: {joining['code']}", joining["note"]]), sep="\n")
    if done or show_code:
        return _about("; ".join(done)) if done else None
    listener = board.open(host=host, port=port, any_port=any_port, door=not no_door)
    if not listener.endpoint.local:
        say(lan_words(listener.endpoint.host))
    _show(session, board)
    return None


def _show(session: Session, board: ClassBoard) -> None:
    from mcp_notebook.widgets.board import BoardPanel  # ipywidgets takes 0.2 s to import

    session.surfaces.prepare()
    cell = session.origins.cell or ""
    session.views.close_earlier("board", cell)
    panel = BoardPanel(board.reports.standing, lambda: board.reports.moves, board.joining)
    session.views.put("board", cell, panel)
    display(panel)


def _about(words: str) -> look.Rendering:
    return look.Rendering(f"class board: {words}", look.card("class board", f"<p>{escape(words)}</p>"))
