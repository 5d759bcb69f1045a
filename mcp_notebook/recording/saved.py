"""A session as a file: what a server lists, the calls that were made, and the frames.

The file has a JSON object in each line. The first tells the format, its version and the server; each other has one key,
which tells what it is: ``tool``, ``resource``, ``resourceTemplate``, ``prompt``, ``call`` or ``frame``. Other keys are
ignored, so that a later minor version can add some.
"""

from __future__ import annotations

import gc
import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel
from pydantic_core import from_json

from mcp_notebook.errors import UsageError
from mcp_notebook.recording.call import Call, Kind, State
from mcp_notebook.recording.cutting import MOST_DEPTH, is_deep
from mcp_notebook.recording.wire import Frame

__all__ = ["LISTS", "SavedSession", "Server", "read", "write"]

FORMAT = "mcp-notebook session"
VERSION = 1

LISTS = ("tool", "resource", "resourceTemplate", "prompt")
"""The kinds of entries that a server lists."""


class _Line(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="ignore", allow_inf_nan=False)


class Server(_Line):
    """The server of a session.

    Attributes:
        name: Its name.
        version: Its version, as it says itself.
        protocol_version: The version of the protocol that was spoken.
        capabilities: Its declared capabilities.
        instructions: Its instructions for a model.
    """

    name: str
    version: str = ""
    protocol_version: str = ""
    capabilities: dict[str, Any] = {}
    instructions: str | None = None


class _Head(_Line):
    format: str
    version: int
    server: Server


class _Call(_Line):
    method: str
    name: str
    arguments: Any = None
    client: str = ""
    transport: str = ""
    protocol_version: str = ""
    started: float = 0.0
    duration: float = 0.0
    state: State = "done"
    result: dict[str, Any] | None = None
    error: str | None = None
    code: int | None = None
    data: Any = None
    problems: list[str] = Field(default_factory=list)  # pydantic copies a plain [] deeply, for each call
    rounds: int = 1
    task: bool = False
    cut: bool = False
    malformed: bool = False
    events: list[tuple[Kind, float, Any]] = Field(default_factory=list)


class _Frame(_Line):
    at: float
    direction: Literal["client", "server"]
    transport: str = ""
    exchange: int = 0
    head: str = ""
    message: Any = None


@dataclass
class SavedSession:
    """A session of one server.

    Attributes:
        server: The server.
        lists: Its entries by the kinds in `LISTS`, as they went over the wire.
        calls: The calls that have ended, oldest first.
        frames: The frames, oldest first.
    """

    server: Server
    lists: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: {kind: [] for kind in LISTS})
    calls: list[Call] = field(default_factory=list)
    frames: list[Frame] = field(default_factory=list)


def write(session: SavedSession, path: Path, clean: Callable[[list[Any]], list[Any]] = lambda lines: lines) -> None:
    """Write a session into a file, whole or not at all.

    Args:
        session: The session.
        path: The file, which is replaced.
        clean: Returns the lines, as JSON data, without their secrets.

    Raises:
        UsageError: The file cannot be written.
    """
    draft = path.with_name(f".{path.name}.part")
    lines = clean([*_lines(session)])
    try:
        with draft.open("w", encoding="utf-8", newline="\n") as file:
            file.writelines(f"{json.dumps(line, ensure_ascii=False)}\n" for line in lines)
        draft.replace(path)
    except OSError as error:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
        raise UsageError(f"Cannot write {path} ({error.strerror}). Choose another file.") from None


def _lines(session: SavedSession) -> Iterator[dict[str, Any]]:
    yield _Head(format=FORMAT, version=VERSION, server=session.server).model_dump(by_alias=True, exclude_none=True)
    for kind in LISTS:
        yield from ({kind: entry} for entry in session.lists[kind])
    for call in session.calls:
        if not call.running:
            yield {"call": _brief(_of_call(call))}
    for frame in session.frames:
        yield {"frame": _brief(_Frame(**frame._asdict()))}


def _of_call(call: Call) -> _Call:
    same = {name: getattr(call, name) for name in _Call.model_fields if name not in ("duration", "problems", "events")}
    return _Call(**same, duration=call.duration or 0.0, problems=list(call.problems), events=[*map(tuple, call.events)])


def _brief(line: _Line) -> dict[str, Any]:
    """Return a line without what is usual."""
    return line.model_dump(mode="json", by_alias=True, exclude_defaults=True)


def read(path: Path) -> SavedSession:
    """Read a session from a file; calls and frames are cut as those that are recorded.

    Raises:
        UsageError: There is no such file, or it is not a session that this version reads.
    """
    try:
        with path.open(encoding="utf-8") as file, _without_collection():
            return _read(file, path)
    except UnicodeDecodeError:
        raise _not_one(path, 1) from None
    except OSError as error:
        raise UsageError(f"Cannot read {path} ({error.strerror}).") from None


@contextmanager
def _without_collection() -> Iterator[None]:
    """Keep the garbage collector from visiting the whole kernel, many times, for objects that all stay."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _read(lines: Iterable[str], path: Path) -> SavedSession:
    session: SavedSession | None = None
    for number, text in enumerate(lines, 1):
        try:
            if session is None:
                session = SavedSession(_head(text, path).server)
            elif text.strip():
                _add(session, _json(text), path)
        except (ValueError, TypeError, RecursionError):  # pydantic's own is a ValueError
            raise _not_one(path, number) from None
    if session is None:
        raise _not_one(path, 1)
    return session


def _json(text: str) -> Any:
    """Return the JSON of a line; the faster parser does not take half characters, which other programs may write."""
    try:
        return from_json(text)
    except ValueError:
        return json.loads(text)


def _head(text: str, path: Path) -> _Head:
    head = _Head.model_validate_json(text)
    if head.format != FORMAT:
        raise _not_one(path, 1)
    if head.version > VERSION:
        raise UsageError(
            f"{path} has version {head.version} of the format, and this mcp-notebook reads up to {VERSION}. "
            "Install a newer one."
        )
    return head


def _add(session: SavedSession, line: dict[str, Any], path: Path) -> None:
    for kind, value in line.items():
        if kind in LISTS:
            if is_deep(value):  # neither pydantic nor a validator of schemas takes such a definition
                raise UsageError(f"The {kind} {value.get('name')!r} in {path} is nested more than {MOST_DEPTH} deep.")
            session.lists[kind].append(dict(value))
        elif kind == "call":
            session.calls.append(_call(_Call.model_validate(value), session.server.name, len(session.calls) + 1))
        elif kind == "frame":
            session.frames.append(Frame(**dict(_Frame.model_validate(value))))


def _call(saved: _Call, server: str, number: int) -> Call:
    call = Call(
        server=server,
        method=saved.method,
        name=saved.name,
        arguments=saved.arguments,
        client=saved.client,
        transport=saved.transport,
        protocol_version=saved.protocol_version,
    )
    for kind, at, value in saved.events:
        call.add(kind, value)
        if call.events:
            call.events[-1] = call.events[-1]._replace(at=at)
    call.end(saved.state, saved.result, saved.error, code=saved.code, data=saved.data)
    call.number, call.started, call.duration = number, saved.started, saved.duration
    call.problems, call.rounds, call.task, call.malformed = saved.problems, saved.rounds, saved.task, saved.malformed
    call.cut = call.cut or saved.cut
    return call


def _not_one(path: Path, number: int) -> UsageError:
    return UsageError(f"{path} is not a session: line {number} cannot be read. %mcp log --save FILE writes one.")
