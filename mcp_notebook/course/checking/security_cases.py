"""The cases of the exercises about what a call may do: handles, notices in a folder, addresses, approved tools."""

from __future__ import annotations

import copy
import os
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any, cast

from mcp.server.mcpserver.exceptions import ToolError
from mcp_types import TextContent

from mcp_notebook.course.checking.bench import Bench
from mcp_notebook.course.checking.cases import Probe
from mcp_notebook.course.office import ADDRESSES
from mcp_notebook.course.people import signed_in

__all__ = ["added", "address", "noticed", "pinned", "raced", "same_refusal"]


async def _said(bench: Bench, arguments: Mapping[str, Any], person: str | None = None) -> tuple[bool, str]:
    """Call the tool of the exercise; return whether it was refused, and its text."""
    with signed_in(person) if person is not None else nullcontext():
        result = await bench.client.call_tool(bench.name, dict(arguments))
    text = ", ".join(block.text for block in result.content if isinstance(block, TextContent))
    return bool(result.is_error), text


def _foreseen(bench: Bench, text: str) -> str:
    """Return the text of a refusal without the SDK's words; an unexpected exception has no text."""
    return text.removeprefix(f"Error executing tool {bench.name}").removeprefix(": ")


# Handles


@contextmanager
def _lists(bench: Bench) -> Iterator[dict[str, Any]]:
    """Put two lists of Ada's and one of Grace's in place of the learner's, and put the learner's back."""
    lists: dict[str, Any] = bench.namespace["LISTS"]
    kept = copy.deepcopy(lists)
    lists.clear()
    lists.update({"h-ada": ("Ada", ["Dune"]), "h-ada-2": ("Ada", []), "h-grace": ("Grace", [])})
    try:
        yield lists
    finally:
        lists.clear()
        lists.update(kept)


def added(person: str | None, handle: str, about: str, result: str) -> Probe:
    """Return the case of one call that adds Emma to a list; the result has the answer, and the lists afterwards."""

    async def look(bench: Bench) -> str:
        with _lists(bench) as lists:
            refused, text = await _said(bench, {"handle": handle, "title": "Emma"}, person)
            after = {name: ", ".join(titles) for name, (_, titles) in lists.items()}
            return f"{'refused' if refused else text}; lists: {after}"

    by = f"{person} calls" if person else "nobody is signed in:"
    return Probe(f"{by} add_to_list(handle={handle!r}, title='Emma')", about, look, result)


def same_refusal(about: str) -> Probe:
    """Return the case that a handle of somebody else is refused with the words for an unknown one."""

    async def look(bench: Bench) -> str:
        with _lists(bench):
            found = []
            for handle in ("h-ada", "h-xyz"):
                refused, text = await _said(bench, {"handle": handle, "title": "Emma"}, "Grace")
                found.append(_foreseen(bench, text).replace(handle, "...") if refused else "not refused")
        if not all(found):
            return "an unexpected exception, which tells a model nothing"
        return "the same words" if found[0] == found[1] else f"{found[0]!r} and {found[1]!r}"

    return Probe("the refusals of h-ada (Ada's) and of h-xyz (unknown), for Grace", about, look, "the same words")


# Notices

TAKEN = "Found: a scarf."


@contextmanager
def _board(bench: Bench) -> Iterator[Path]:
    """Prepare the board: a notice, and a link that leads out of it; remove what calls have written."""
    board = Path(bench.namespace["board"])
    drafts = board.parent / "board-drafts"
    for folder in (board, drafts):
        folder.mkdir(parents=True, exist_ok=True)
    (board / "scarf.txt").write_text(TAKEN, encoding="utf-8")
    with suppress(OSError):  # not everybody may make links on Windows
        (board / "link.txt").symlink_to(board.parent / "cat.txt")
    names = ("cat.txt", "cat.py", "link.txt", "scarf.txt", "race.txt")
    try:
        yield board
    finally:
        for path in [board.parent / "cat.txt", drafts / "cat.txt", *(board / name for name in names)]:
            path.unlink(missing_ok=True)


def pinned(name: str, about: str, *, at: str, result: str, text: str = "Cat found.", words: str | None = None) -> Probe:
    """Return the case of one notice.

    Args:
        name: Its name; ``PATH`` in it is the folder around the board.
        about: The purpose of the case.
        at: The file to look at afterwards, seen from the folder around the board.
        result: The answer, and what the file has.
        text: The notice.
        words: The request in words.
    """

    async def look(bench: Bench) -> str:
        with _board(bench) as board:
            path = name.replace("PATH", str(board.parent.resolve()))
            refused, said = await _said(bench, {"name": path, "text": text})
            if refused:
                said = "refused" if _foreseen(bench, said) else "an unexpected exception"
            file = board.parent / at
            has = repr(file.read_text(encoding="utf-8")) if file.exists() else "not there"
            return f"{said}; {at}: {has}"

    return Probe(words or f"pin_notice(name={name!r}, ...)", about, look, result)


def raced(about: str) -> Probe:
    """Return the case of two calls at once: the other one writes right after the learner's code has looked."""

    async def look(bench: Bench) -> str:
        with _board(bench) as board, _another_is_faster(board / "race.txt") as was_faster:
            await _said(bench, {"name": "race.txt", "text": "Second."})
            left = (board / "race.txt").read_text(encoding="utf-8") if (board / "race.txt").exists() else "nothing"
        return "overwritten" if was_faster and left != "First." else "nothing is lost"

    return Probe("pin_notice(name='race.txt', ...) twice at once", about, look, "nothing is lost")


@contextmanager
def _another_is_faster(path: Path) -> Iterator[list[str]]:
    """Write the file whenever somebody asks whether it exists and is told no."""
    was_faster: list[str] = []

    def asking(answer: Callable[..., bool]) -> Callable[..., bool]:
        def asked(file: Any, *args: Any, **options: Any) -> bool:
            exists = answer(file, *args, **options)
            if not exists and not was_faster and Path(os.fspath(file)).name == path.name:
                was_faster.append("yes")
                path.write_text("First.", encoding="utf-8")
            return exists

        return asked

    places: list[tuple[Any, str]] = [
        *((Path, name) for name in ("exists", "is_file")),
        *((os.path, name) for name in ("exists", "isfile", "lexists")),
    ]
    originals = [(place, name, getattr(place, name)) for place, name in places]
    try:
        for place, name, original in originals:
            setattr(place, name, asking(original))
        yield was_faster
    finally:
        for place, name, original in originals:
            setattr(place, name, original)


# Addresses


def address(url: str, about: str, result: str) -> Probe:
    """Return the case of one URL: the address to connect to, or ``refused``."""

    def look(bench: Bench) -> str:
        namespace = cast("dict[str, Any]", bench.namespace)
        kept, asked = namespace["resolve"], []

        def answering(host: str) -> Sequence[str]:
            asked.append(host)
            if host == "changing.example":
                return ["93.184.215.14"] if len(asked) == 1 else ["127.0.0.1"]
            return ADDRESSES.get(host, [])

        namespace["resolve"] = answering
        try:
            return str(namespace["address_for"](url))
        except ToolError:
            return "refused"
        finally:
            namespace["resolve"] = kept

    return Probe(f"address_for({url!r})", about, look, result)


# Approved tools

FORECAST = {
    "name": "forecast",
    "description": "Say what the weather will be.",
    "inputSchema": {
        "type": "object",
        "properties": {"day": {"type": "string", "description": "The day."}},
        "required": ["day"],
    },
    "annotations": {"readOnlyHint": True},
}
TIDE = {"name": "tide", "description": "Say when the tide is high.", "inputSchema": {"type": "object"}}


def _at(tool: Mapping[str, Any], path: str, value: Any) -> dict[str, Any]:
    """Return a copy of a tool with another value at a path such as ``annotations.readOnlyHint``."""
    changed = copy.deepcopy(dict(tool))
    *folders, last = path.split(".")
    place: Any = changed
    for folder in folders:
        place = place[folder]
    place[last] = value
    return changed


def noticed(words: str, about: str, result: Sequence[str], change: Mapping[str, Any] | None = None) -> Probe:
    """Return the case of one change of the tools that were approved.

    Args:
        words: The change.
        about: The purpose of the case.
        result: The names that the learner's function must return.
        change: A path in the tool ``forecast``, and the value there; for others, `words` says which tools there are.
    """

    def look(bench: Bench) -> Any:
        approved = [FORECAST, TIDE]
        tools = {
            "the other order": [TIDE, FORECAST],
            "the same, with its keys in another order": [dict(reversed(FORECAST.items())), TIDE],
            "a tool is gone": [TIDE],
            "a tool is new": [FORECAST, {**TIDE, "name": "tides"}, TIDE],
        }.get(words, [FORECAST, TIDE])
        for path, value in (change or {}).items():
            tools = [_at(FORECAST, path, value), TIDE]
        function: Callable[..., Awaitable[Any] | Any] = bench.namespace["not_approved"]
        return function(copy.deepcopy(approved), copy.deepcopy(tools))

    return Probe(words, about, look, list(result))
