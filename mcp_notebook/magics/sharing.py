"""Begin and end to report a learner's progress to the board of a class."""

from __future__ import annotations

import getpass
import os
from html import escape

from mcp_notebook import browser_tab
from mcp_notebook.course.progress import Progress
from mcp_notebook.course.sharing import class_name, own_id, shared_words
from mcp_notebook.errors import McpNotebookError, RequestError, UsageError
from mcp_notebook.rendering import look
from mcp_notebook.server.auth import Token
from mcp_notebook.server.class_code import as_code
from mcp_notebook.session.person import way_to_ask
from mcp_notebook.session.session import Session
from mcp_notebook.session.sharing import Sharing

__all__ = ["begin_reporting", "stop_reporting"]


def begin_reporting(session: Session, url: str, name: str | None, variable: str | None) -> look.Rendering:
    """Report the progress once, and from then on after each check that changes something.

    Args:
        session: The notebook's session.
        url: The URL of the board.
        name: The name that the board shows.
        variable: The environment variable with the class code; None to ask for it.

    Raises:
        UsageError: A name or a code is missing, or is not one.
        RequestError: The board cannot be reached, or refuses. An earlier sharing goes on.
    """
    if browser_tab.HERE:
        raise UsageError(browser_tab.elsewhere("a page reports to no board"))
    if name is None:
        raise UsageError("Choose the name that the board shows: %mcp progress --share URL --as NAME.")
    name, learner = class_name(name), own_id()
    sharing = Sharing(session.portal, url, _code(session, variable), learner, name)
    try:
        report = sharing.begin(Progress.load())
    except McpNotebookError as error:
        raise RequestError(f"{error} Nothing is shared, and your progress is kept here.") from None
    if session.sharing is not None:
        session.sharing.end()
    session.sharing = sharing
    clear = " Over plain HTTP, which others in your network can read." if sharing.in_the_clear else ""
    return _about(
        f"{shared_words(dict(report))}.{clear} Each %mcp check that changes something sends them again; to stop: "
        "%mcp progress --stop-sharing."
    )


def stop_reporting(session: Session) -> look.Rendering:
    """Report no more; the board keeps the latest report."""
    if session.sharing is None:
        return _about("you were not sharing.")
    session.sharing.end()
    session.sharing = None
    return _about("stopped. The board keeps what was sent; nothing more is sent.")


def _code(session: Session, variable: str | None) -> Token:
    if variable is not None:
        typed = os.environ.get(variable, "")
        if not typed.strip():
            raise UsageError(f"The environment variable {variable!r} is not set, so there is no class code.")
    elif way_to_ask(session.shell) is None:
        raise UsageError(
            "Nobody can be asked for the class code here. Put it into an environment variable: --class-code VAR."
        )
    else:
        typed = getpass.getpass("Class code: ")
    code = as_code(typed)
    if not (code and code.isascii() and code.isalnum() and len(code) <= 100):
        raise UsageError("A class code has letters and digits, such as those that the board of your teacher shows.")
    return code


def _about(words: str) -> look.Rendering:
    return look.Rendering(f"sharing: {words}", look.card("sharing", f"<p>{escape(words)}</p>"))
