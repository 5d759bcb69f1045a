"""``%mcp asyncio on``: let ``asyncio.run(main())``, as scripts have it, run in a cell."""

from __future__ import annotations

import click

from mcp_notebook.magics.verb import verb
from mcp_notebook.rendering import look
from mcp_notebook.session.nested_loops import allow_nested_loops
from mcp_notebook.session.session import Session

__all__: list[str] = []

_ON = "asyncio.run() works in cells now, for code that was written as a script. In a cell of your own, await instead."
_OFF = "asyncio.run() raises in cells, as Python has it. Await instead, or switch it on: %mcp asyncio on."


@verb("asyncio", click.argument("switch", type=click.Choice(["on", "off"]), required=False, metavar="[on|off]"))
def _asyncio(session: Session, switch: str | None) -> look.Rendering:
    """Allow or forbid asyncio.run(main()) in cells. Example: %mcp asyncio on.

    A kernel runs its cells inside an event loop, and Python allows no loop in a loop. This patches asyncio for the
    whole kernel, through the package nest-asyncio2, so it is off by default. mcp_notebook itself
    does not need it.
    """
    if switch == "on" and session.restore_asyncio is None:
        session.restore_asyncio = allow_nested_loops()
    elif switch == "off" and session.restore_asyncio is not None:
        session.restore_asyncio()
        session.restore_asyncio = None
    words = _OFF if session.restore_asyncio is None else _ON
    return look.Rendering(f"asyncio: {words}", look.card("asyncio", f"<p>{words}</p>"))
