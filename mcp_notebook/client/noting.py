"""Give access to the record of a request: the server's own `Call`, or one that the client records."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import anyio
from pydantic import BaseModel

from mcp_notebook.recording import Call, Recorder, current
from mcp_notebook.server.runtime import CALL_ID

__all__ = ["Noted", "find_server_record", "record_locally", "request_sent"]


class Noted:
    """A request under way.

    Attributes:
        meta: The ``_meta`` to send with it.
        here: Whether the client records it.
        result: The result, once there is one.
        raw: The result as it came, if it does not follow the protocol.
    """

    def __init__(self, call: Callable[[], Call | None], *, meta: Any = None, here: bool = False) -> None:
        self._call = call
        self.meta = meta
        self.here = here
        self.result: BaseModel | None = None
        self.raw: Mapping[str, Any] | None = None

    @property
    def call(self) -> Call | None:
        """The record so far; None if the server has not recorded it yet."""
        return self._call()


@contextmanager
def find_server_record(recorder: Recorder) -> Iterator[Noted]:
    """Find the `Call` that a server of this kernel records for a request."""
    with recorder.expecting() as expected:
        yield Noted(lambda: expected.call, meta={CALL_ID: expected.id})


@contextmanager
def record_locally(recorder: Recorder, call: Call) -> Iterator[Noted]:
    """Record a request in this client."""
    noted = Noted(lambda: call, here=True)
    by = current.get()
    call.within = None if by is None else by.number
    token = _current.set(call)
    recorder.opened(call)
    try:
        yield noted
    except anyio.get_cancelled_exc_class():
        call.end("cancelled")
        raise
    except Exception as error:
        call.end("refused", error=str(error), code=getattr(error, "code", None), data=getattr(error, "data", None))
        raise
    else:
        came = _on_the_wire(noted.result) if noted.raw is None else noted.raw
        call.end("error" if getattr(noted.result, "is_error", False) else "done", came)
    finally:
        recorder.closed(call)
        _current.reset(token)


def request_sent(message: Mapping[str, Any]) -> None:
    """Count a request that answers the server's questions as another round of the call that this task makes."""
    call, params = _current.get(), message.get("params") or {}
    if call is not None and call.method == message.get("method") and not params.keys().isdisjoint(_ANSWERING):
        call.rounds += 1


_ANSWERING = ("inputResponses", "requestState")

_current: ContextVar[Call | None] = ContextVar("mcp_notebook_noted", default=None)
"""The call that this task makes, if the client records it."""


def _on_the_wire(result: BaseModel | None) -> Mapping[str, Any]:
    return {} if result is None else result.model_dump(by_alias=True, mode="json", exclude_none=True)
