"""Tab completion of a magic's line: click says what may follow."""

from __future__ import annotations

import re

from click.shell_completion import ShellComplete

from mcp_notebook.magics.commands import root
from mcp_notebook.magics.matching import NOTHING, Found
from mcp_notebook.magics.words import split
from mcp_notebook.session.session import Session
from mcp_notebook.visible import visible

__all__ = ["complete"]

# A magic at the start of the line, or on the right of an assignment, with something after its name.
_LINE = re.compile(r"^\s*(?:[\w.,\[\]\s]+=\s*)?(?P<magic>%%?mcp\w*)\s(?P<rest>.*)$")


def complete(session: Session, line: str) -> Found:
    """Return the completions at the end of `line`; nothing for a line that is not ours."""
    found = _LINE.match(line)
    if found is None or found["magic"] not in root.commands:
        return NOTHING
    words = split(found["rest"])
    incomplete = words.pop() if words and not line[-1].isspace() else ""
    finder = ShellComplete(root, {"obj": session}, "", "")
    items = finder.get_completions([found["magic"], *words], incomplete)
    # A terminal would obey what is in a name, and what cannot be seen cannot be chosen.
    typed = [item.value for item in items if visible(item.value, one_line=True) == item.value]
    return Found(tuple(dict.fromkeys(typed)), incomplete)
