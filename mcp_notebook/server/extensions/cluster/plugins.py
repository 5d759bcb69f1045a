"""Plugins for the workers and the scheduler. Their classes are local, so that they travel by value."""

from __future__ import annotations

from typing import Any

__all__ = ["carrier", "watcher"]


def carrier(module: str, source: str) -> Any:
    """Return a plugin for workers that makes the text of a module importable, at those that come later, too."""
    from distributed import WorkerPlugin

    class Carrier(WorkerPlugin):  # type: ignore[misc] # it has no types
        idempotent = True
        name = module

        def setup(self, worker: Any) -> None:
            import sys
            import types

            if module not in sys.modules:
                made = types.ModuleType(module)
                exec(compile(source, f"{module}.py", "exec"), made.__dict__)
                sys.modules[module] = made

    return Carrier()


def watcher(token: str, topic: str, client_id: str) -> Any:
    """Return a plugin for the scheduler that tells the server which of its tasks have lost their worker.

    Dask would run each of them again, on another worker. Those that may run only once are kept from that: no worker
    has the name that they are restricted to from then on. The plugin goes when its client does.

    Args:
        token: Begins the part of a key that tells tasks of this server; behind it, 1 is for those that run only once.
        topic: The topic on which the server listens.
        client_id: The client of the server.
    """
    from distributed import SchedulerPlugin

    class Watcher(SchedulerPlugin):  # type: ignore[misc] # it has no types
        name = topic

        async def start(self, scheduler: Any) -> None:
            self.scheduler = scheduler

        def transition(self, key: Any, start: str, finish: str, *args: Any, **kwargs: Any) -> None:
            if finish != "released" or start not in ("processing", "memory") or token not in str(key):
                return
            task = self.scheduler.tasks[key]
            if not task.who_wants:
                return  # it was cancelled, or its outcome is there
            once = f"{token}1" in key
            if once:
                task.worker_restrictions = {"runs only once"}
            self.scheduler.log_event(topic, {"call": key, "parts": [["lost", once]]})

        def remove_client(self, scheduler: Any, client: str) -> None:
            if client == client_id:
                scheduler.plugins.pop(topic, None)

    return Watcher()
