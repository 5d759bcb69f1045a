"""Which statements put on a server what is there now, and which of those that did before are superseded."""

from mcp_notebook.export.module.registrations.account import of
from mcp_notebook.export.module.registrations.registration import Key, Registration, Registrations
from mcp_notebook.export.module.registrations.uses import is_main, makes_app, runs

__all__ = ["Key", "Registration", "Registrations", "is_main", "makes_app", "of", "runs"]
