"""``%mcp asyncio on``: let ``asyncio.run(main())``, as scripts have it, run in a cell."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from typing import Any

import click

from mcp_notebook.errors import UnknownNameError
from mcp_notebook.magics.verb import verb
from mcp_notebook.rendering import look
from mcp_notebook.session.session import Session

__all__: list[str] = []

_ON = "asyncio.run() works in cells now, for code that was written as a script. In a cell of your own, await instead."
_OFF = "asyncio.run() raises in cells, as Python has it. Await instead, or switch it on: %mcp asyncio on."
_MISSING = object()


@verb("asyncio", click.argument("switch", type=click.Choice(["on", "off"]), required=False, metavar="[on|off]"))
def _asyncio(session: Session, switch: str | None) -> look.Rendering:
    """Let asyncio.run(main()) run in cells, or no longer. Example: %mcp asyncio on.

    A kernel runs its cells inside an event loop, and Python allows no loop in a loop. This patches asyncio for the
    whole kernel, through the package nest-asyncio2, so it is off until you ask for it. Nothing of mcp_notebook
    needs it.
    """
    if switch == "on" and session.restore_asyncio is None:
        session.restore_asyncio = _allow_nested_loops()
    elif switch == "off" and session.restore_asyncio is not None:
        session.restore_asyncio()
        session.restore_asyncio = None
    words = _OFF if session.restore_asyncio is None else _ON
    return look.Rendering(f"asyncio: {words}", look.card("asyncio", f"<p>{words}</p>"))


def _allow_nested_loops() -> Callable[[], None]:
    """Patch asyncio, and return what undoes that: nest-asyncio2 itself has no way back."""
    try:
        import nest_asyncio2
    except ImportError:
        raise UnknownNameError("This needs the package nest-asyncio2: %pip install nest-asyncio2") from None
    if hasattr(asyncio, "_nest_patched"):
        return lambda: None  # somebody else did it, and relies on it
    loop = asyncio.get_event_loop()
    owners: list[Any] = [asyncio, asyncio.events, asyncio.tasks, asyncio.futures, type(loop)]
    owners.append(type(asyncio.get_event_loop_policy()))
    owners += [sys.modules[name] for name in ("tornado.concurrent",) if name in sys.modules]
    before = [(owner, dict(vars(owner))) for owner in owners]
    nest_asyncio2.apply(loop)

    def restore() -> None:
        for owner, attributes in before:
            for name in [*vars(owner)]:
                was = attributes.get(name, _MISSING)
                if was is _MISSING:
                    delattr(owner, name)
                elif vars(owner)[name] is not was:
                    setattr(owner, name, was)

    return restore
