"""Tools whose functions run on a Dask cluster, past this process and this machine.

Wrap the function, and give that to the server::

    mcp.tool()(on_dask(fit, idempotent=True))

The first call connects: to the scheduler that the environment names, or to a small cluster of worker processes on this
machine, which ends with this process. Prints, log records, progress and exceptions come back with the call. The folder
imports nothing of this project, so that an exported package gets a copy of it, and it imports Dask at the first call.
Needs ``distributed``, and ``cryptography`` for the small cluster; without, the functions run in this process. `worker`
and `plugins` have what runs at the workers and at the scheduler.
"""

from .calls import on_dask
from .connection import VARIABLE, close
from .travelling import is_installed

__all__ = ["VARIABLE", "close", "is_installed", "on_dask"]
