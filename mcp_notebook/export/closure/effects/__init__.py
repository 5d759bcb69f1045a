"""What code does to objects, as far as its text shows: what it binds to what, what it changes, what it calls.

All of it is said in roots. A root is where an expression takes its object from: a variable of the notebook (``books``),
a local one (``.row``), or what a call of such a one gives back (``()load``). Of

    def add(row):
        copy = row
        books.append(copy)

a `Body` says that it has the parameter ``row`` and calls ``append`` on ``books`` with ``.row``: what is local has been
replaced by what it may stand for. Which objects these roots are is told in `moments`, when the code runs.
"""

from mcp_notebook.export.closure.effects.body import Body, Call
from mcp_notebook.export.closure.effects.walking import eager, late, lazily

__all__ = ["Body", "Call", "eager", "late", "lazily"]
