"""The connection to the scheduler: made at the first call, and again when it is lost; closed with the process."""

from __future__ import annotations

import logging
import os
import secrets
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from hashlib import sha256
from importlib import import_module
from importlib.resources import files
from operator import methodcaller
from typing import Any

from mcp.server.mcpserver.exceptions import ToolError

from .plugins import carrier, watcher
from .travelling import PACKAGE, reason

__all__ = ["PATIENCE", "VARIABLE", "Link", "address", "close", "connected", "ready"]

VARIABLE = f"{PACKAGE.upper()}_DASK_ADDRESS"
"""The environment variable with the address of the scheduler; without it, workers of this machine are started."""

PATIENCE = 20.0
"""Seconds to wait for a scheduler, and for a worker."""

MOST_WORKERS = 4
"""Most worker processes of the embedded cluster."""

MOST_KEPT = 100
"""Futures that are released together: Dask sends at most one message in 10 ms, and a release would delay a call."""

Tell = Callable[[list[Any]], None]
"""Takes a message of a call, on Dask's thread; its first item is the kind."""


class Link:
    """A client of one scheduler, with what is installed there.

    Args:
        address: The address of the scheduler; "" for a cluster of this machine.

    Attributes:
        address: The same.

    Raises:
        ToolError: There is no scheduler that answers, or it has no worker.
    """

    def __init__(self, address: str) -> None:
        from distributed import Client

        self.address = address
        self._tells: dict[str, Tell] = {}
        self._futures: dict[str, Any] = {}
        self._done: list[Any] = []
        self._cluster = None if address else _embedded()
        self._token = secrets.token_hex(8)
        self._topic = f"mcp-{self._token}"
        try:
            where = _inside(self._cluster) if self._cluster else {"address": address}
            self._client = Client(**where, timeout=PATIENCE, set_as_default=False)
        except Exception as error:
            self.close()
            raise ToolError(
                f"No Dask scheduler answers at {address} ({reason(error)}). Start it, or correct {VARIABLE}."
            ) from error
        try:
            self._prepare()
        except BaseException:
            self.close()
            raise

    def _prepare(self) -> None:
        source = (files(__package__) / "worker.py").read_text(encoding="utf-8")
        self._module = f"mcp_on_dask_{sha256(source.encode()).hexdigest()[:16]}"
        try:
            self._client.register_plugin(carrier(self._module, source))
            self._client.register_plugin(watcher(self._token, self._topic, self._client.id))
        except Exception as error:
            raise ToolError(
                f"The Dask scheduler does not take what a tool needs there ({reason(error)}). It must allow plugins: "
                "distributed.scheduler.pickle in the configuration of Dask."
            ) from error
        self._client.subscribe_topic(self._topic, self._heard)
        # It is cancelled when the connection is lost; then the plugins may be gone, too.
        self._sentinel = self._client.submit(import_module, self._module, key=f"mcp-ready-{self._token}", pure=False)
        if not self.has_workers(PATIENCE):
            raise ToolError(f"{self} has no workers. Start some: dask worker ADDRESS.")

    def __str__(self) -> str:
        return f"The Dask cluster at {self.address}" if self.address else "The Dask cluster of this machine"

    @property
    def alive(self) -> bool:
        """Return whether the connection stands, as it was made."""
        return self._client.status == "running" and not self._sentinel.cancelled()

    def has_workers(self, timeout: float) -> bool:
        """Return whether there is a worker within this time; blocks."""
        with suppress(Exception):
            self._client.wait_for_workers(1, timeout=timeout)
            return True
        return False

    def start(self, name: str, payload: bytes, tell: Tell, *, once: bool) -> str:
        """Run a payload at a worker; return the key of the task. `tell` gets its messages, from now on."""
        key = f"{name}-{self._token}{int(once)}{secrets.token_hex(8)}"
        self._tells[key] = tell
        self._client.loop.add_callback(self._submit, key, payload)
        return key

    def _submit(self, key: str, payload: bytes) -> None:
        # On Dask's own thread: here, the connection cannot be lost between these two lines.
        if not self.alive:
            return self._tell(key, ["disconnected"])
        import toolz

        # Only names that each worker has: the function is a part of the payload, the module comes with a plugin.
        run = methodcaller("run", payload, key, self._topic, logging.getLogger().level)
        future = self._client.submit(toolz.pipe, self._module, import_module, run, key=key, pure=False, retries=0)
        if key in self._tells:  # it was not cancelled in the meantime
            self._futures[key] = future
        return None

    def watch(self, key: str) -> None:
        """Tell the call when its task fails or is cancelled. Dask uses a thread for this, so short calls go without."""
        self._client.loop.add_callback(self._watch, key)

    def _watch(self, key: str) -> None:
        if (future := self._futures.get(key)) is not None:
            future.add_done_callback(partial(self._ended, key))

    def fetch(self, key: str) -> Any:
        """Return the value of a task; blocks.

        Raises:
            Exception: Whatever Dask says about a task that has none.
        """
        return self._futures[key].result()

    def forget(self, key: str, *, now: bool) -> None:
        """Drop a task: `now`, which cancels it if it runs, or when there are others to drop."""
        self._tells.pop(key, None)
        future = self._futures.pop(key, None)
        if future is None:
            return
        self._done.append(future)
        if now or len(self._done) > MOST_KEPT:
            while self._done:
                self._done.pop().release()

    def close(self) -> None:
        """Disconnect, and end the workers that were started here."""
        client, cluster = getattr(self, "_client", None), self._cluster
        with suppress(Exception):
            if client is not None:
                client.close(timeout=2)
        with suppress(Exception):
            if cluster is not None:
                cluster.close(timeout=5)
        for key in list(self._tells):
            self._tell(key, ["disconnected"])

    def _heard(self, event: tuple[float, dict[str, Any]]) -> None:
        _, message = event
        for part in message["parts"]:
            self._tell(message["call"], part)

    def _ended(self, key: str, future: Any) -> None:
        """Tell of a task that has ended, in case it could not do so itself; on a thread of Dask's."""
        if future.status == "error":
            self._tell(key, ["failed", future.exception()])
        elif future.status in ("cancelled", "lost"):
            self._tell(key, ["disconnected"])

    def _tell(self, key: str, part: list[Any]) -> None:
        tell = self._tells.get(key)
        if tell is not None:
            tell(part)


def _inside(cluster: Any) -> dict[str, Any]:
    """Return the arguments of a client for a scheduler in this process. A socket would delay each call."""
    listeners = cluster.scheduler.listeners
    near = next(each.contact_address for each in listeners if each.contact_address.startswith("inproc:"))
    return {"address": near, "loop": cluster.loop, "security": cluster.security}


def _embedded() -> Any:
    """Start a cluster on this machine, on loopback; only this process has the certificate that its scheduler asks for.

    Raises:
        ToolError: It cannot start.
    """
    import dask
    from distributed import LocalCluster

    # Only this process uses it: no pages, no profiles for them, and no log lines when workers come and go.
    config = {
        "distributed.scheduler.http.routes": [],
        "distributed.worker.http.routes": [],
        "distributed.worker.profile.enabled": False,
        "logging": {"distributed": "critical"},
    }
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    try:
        with dask.config.set(config), _uninterrupted():
            return LocalCluster(
                n_workers=min(os.cpu_count() or 1, MOST_WORKERS),
                threads_per_worker=1,
                processes=True,
                host="127.0.0.1",
                protocol="tls://",
                security=True,
                scheduler_kwargs={"protocol": ["tls://", "inproc://"], "host": ["127.0.0.1", ""], "port": [0, None]},
                dashboard_address="127.0.0.1:0",
                worker_dashboard_address=None,
                silence_logs=logging.CRITICAL,
            )
    except Exception as error:
        raise ToolError(f"No Dask cluster could be started on this machine ({reason(error)}).") from error


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Keep interrupts from processes that are started here: a Ctrl-C, or a stopped cell, reaches the whole group.

    Threads and processes inherit which signals are blocked.
    """
    if not hasattr(signal, "pthread_sigmask"):  # as on Windows
        yield
        return
    from multiprocessing import resource_tracker  # which a browser tab does not have

    resource_tracker.ensure_running()  # its start would let interrupts in again
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


_lock = threading.Lock()
_link: Link | None = None


def ready() -> Link | None:
    """Return the connection if it stands."""
    link = _link
    return link if link is not None and link.alive and link.address == address() else None


def connected() -> Link:
    """Return the connection; make it if it does not stand. Blocks.

    Raises:
        ToolError: As `Link`.
    """
    global _link  # noqa: PLW0603 - one for the process
    with _lock:
        if (link := ready()) is not None:
            return link
        if _link is not None:
            _link.close()
        _link = None
        _link = Link(address())
        return _link


def close() -> None:
    """Close the connection, if there is one; the next call makes another."""
    global _link  # noqa: PLW0603 - one for the process
    with _lock:
        if _link is not None:
            _link.close()
            _link = None


def address() -> str:
    """Return the address of the scheduler; "" for a cluster of this machine."""
    return os.environ.get(VARIABLE, "").strip()
