"""Read results that the SDK refuses: keep what can be used, with a list of what is wrong."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from mcp_types import (
    AudioContent,
    BlobResourceContents,
    CallToolResult,
    EmbeddedResource,
    GetPromptResult,
    ImageContent,
    ListPromptsResult,
    ListResourcesResult,
    ListResourceTemplatesResult,
    ListToolsResult,
    Prompt,
    PromptMessage,
    ReadResourceResult,
    Resource,
    ResourceLink,
    ResourceTemplate,
    TextContent,
    TextResourceContents,
    Tool,
)
from pydantic import BaseModel, Field, RootModel, ValidationError

from mcp_notebook.client.extensions.skills import ListSkillsResult, ServedSkill
from mcp_notebook.client.faults import faults_of, place_of, words_of
from mcp_notebook.client.limits import MOST_PROBLEMS
from mcp_notebook.schema import Problem, brief

__all__ = ["Flawed", "ItemList", "Seen", "Unknown", "flawed", "in_words", "misfits", "read_anyway", "reading", "see"]

T = TypeVar("T")
Result = TypeVar("Result", bound=BaseModel)


class ItemList(list[T], Generic[T]):
    """The items of a server's list.

    Attributes:
        problems: The problems of the list and its items; unreadable items are left out.
    """

    def __init__(self, items: Iterable[T] = (), problems: Iterable[Problem] = ()) -> None:
        super().__init__(items)
        self.problems = list(problems)


class Unknown(RootModel[Any]):
    """A part of a result that does not follow the protocol; `root` is the JSON that came."""


class Flawed(BaseModel):
    """A result with problems.

    Attributes:
        problems: The problems, in the order of the places.
        unchecked: Why its output schema was not checked completely, each reason once.
        rest: The fields that are not part of the protocol.
    """

    problems: list[Any] = Field(default=[], exclude=True)
    unchecked: list[str] = Field(default=[], exclude=True)
    rest: Any = Field(default=None, exclude=True)


class _ToolResult(CallToolResult, Flawed):
    content: Any = ()
    is_error: Any = False


class _Resource(ReadResourceResult, Flawed):
    contents: Any = ()


class _Prompt(GetPromptResult, Flawed):
    messages: Any = ()


@dataclass
class Seen:
    """The raw results of a request, and their problems.

    Attributes:
        raw: The latest result as it came.
        problems: The problems of all results.
    """

    raw: Mapping[str, Any] | None = None
    problems: list[Problem] = field(default_factory=list)


_seen: ContextVar[Seen | None] = ContextVar("mcp_notebook_seen", default=None)


@contextmanager
def reading() -> Iterator[Seen]:
    """Collect the results of this task's requests while the context is open."""
    seen = Seen()
    token = _seen.set(seen)
    try:
        yield seen
    finally:
        _seen.reset(token)


def see(raw: Mapping[str, Any]) -> None:
    """Note a result as it came."""
    seen = _seen.get()
    if seen is not None:
        seen.raw = raw


def read_anyway(method: str, refusal: ValidationError) -> BaseModel | None:
    """Return the usable part of the result that the SDK has just refused; None if there is none."""
    seen = _seen.get()
    if seen is None or seen.raw is None:
        return None
    if method in _RESULTS:
        read: BaseModel = flawed(method, seen.raw, refusal)
        return read
    return _list(method, seen.raw, refusal, seen.problems) if method in _LISTS else None


def misfits(result: CallToolResult, problems: list[Problem], unchecked: list[str]) -> CallToolResult:
    """Return a tool's result, with problems that its output schema found."""
    earlier = result if isinstance(result, Flawed) else Flawed()
    kept = {name: getattr(result, name) for name in CallToolResult.model_fields}
    return _ToolResult.model_construct(
        result.model_fields_set,
        **kept,
        problems=[*earlier.problems, *problems][:MOST_PROBLEMS],
        unchecked=[*earlier.unchecked, *unchecked],
        rest=earlier.rest,
    )


def in_words(result: Any) -> list[str]:
    """Describe what is wrong with a result and what was not checked, one line each; empty if all is well."""
    if not isinstance(result, Flawed):
        return []
    return [*map(str, result.problems), *(f"not checked: {reason}" for reason in result.unchecked)]


def flawed(method: str, raw: Mapping[str, Any], refusal: ValidationError) -> Any:
    """Return a result that the SDK refused, with its problems."""
    kind, name, parts = _RESULTS[method]
    problems: list[Problem] = []
    found = raw.get(name)
    if name not in raw:
        problems.append(Problem((name,), "missing"))
    elif not isinstance(found, list):
        problems.append(Problem((name,), f"{brief(found)}, where a list belongs"))
    items = found if isinstance(found, list) else [] if found is None else [found]
    read = [_part(item, (name, i), parts, problems) for i, item in enumerate(items)]
    problems += [problem for problem in faults_of(refusal, raw) if problem.place[:1] != (name,)]
    known = {field.alias or field_name: field_name for field_name, field in kind.model_fields.items()}
    rest = {key: value for key, value in raw.items() if key not in known and not _is_said(key)}
    values = {
        "structured_content": raw.get("structuredContent"),
        "is_error": raw.get("isError") is True,
        "description": raw.get("description") if isinstance(raw.get("description"), str) else None,
    }
    return kind.model_construct(
        None,
        **{key: value for key, value in values.items() if key in kind.model_fields},
        **{name: read},
        problems=(problems or [Problem((), words_of(refusal.errors(include_url=False)[0]))])[:MOST_PROBLEMS],
        rest=rest or None,
    )


def _is_said(key: str) -> bool:
    return key in ("_meta", "resultType", "nextCursor", "ttlMs", "cacheScope")


def _part(
    item: Any, place: tuple[str | int, ...], kinds: Mapping[str, type[BaseModel]], problems: list[Problem]
) -> Any:
    """Read a content block, a resource's contents or a message; anything else is kept as it came."""
    key = _key(item, kinds)
    if not isinstance(item, Mapping):
        problems.append(Problem(place, f"{brief(item)}, where an object belongs"))
    elif key is None:
        what = "missing" if "type" not in item else f"{brief(item['type'])} is unknown"
        problems.append(Problem((*place, "type"), what))
    else:
        try:
            return kinds[key].model_validate(item, by_name=False)
        except ValidationError as refusal:
            problems += [Problem((*place, *problem.place), problem.reason) for problem in faults_of(refusal, item)]
    return Unknown(item)


def _key(item: Any, kinds: Mapping[str, type[BaseModel]]) -> str | None:
    """Return the kind of an item: by its type, or by the field that only one kind has."""
    if not isinstance(item, Mapping):
        return None
    told = item.get("type")
    if isinstance(told, str) and told in kinds:
        return told
    return next((key for key in kinds if key.startswith("/") and key[1:] in item), "/" if "/" in kinds else None)


def _list(method: str, raw: Mapping[str, Any], refusal: ValidationError, problems: list[Problem]) -> BaseModel:
    """Read a list: keep correct items, and items that are correct without a part or two."""
    name, result, kind = _LISTS[method]
    items = raw.get(name)
    problems += faults_of(refusal, raw)
    kept: list[BaseModel] = []
    for place, item in enumerate(items if isinstance(items, list) else []):
        read = _item(kind, item)
        if read is not None:
            kept.append(read)
        else:
            problems.append(Problem((name, place), f"left out: {brief(item, 200)}"))
    del problems[MOST_PROBLEMS:]
    cursor = raw.get("nextCursor")
    return result.model_validate({name: kept, "nextCursor": cursor if isinstance(cursor, str) else None})


def _item(kind: type[BaseModel], item: Any) -> BaseModel | None:
    """Return an item of a list without its faulty parts; None if too much is wrong with it."""
    for _ in range(10):
        try:
            return kind.model_validate(item, by_name=False)
        except ValidationError as refusal:
            wrong = [place_of(error, item) for error in refusal.errors(include_url=False, include_input=False)]
            if not isinstance(item, Mapping) or not all(place and _can_go(place, item) for place in wrong):
                return None
            for place in wrong:
                item = _without(item, place)
    return None


def _can_go(place: tuple[str | int, ...], item: Mapping[str, Any]) -> bool:
    return place[0] in item or place[0] in _INSTEAD


def _without(item: Mapping[str, Any], place: tuple[str | int, ...]) -> Mapping[str, Any]:
    """Return an object without the part at a place, or with the minimum that is needed there."""
    key, *inner = place
    part = item.get(str(key))
    if key in _INSTEAD:
        return {**item, str(key): _INSTEAD[str(key)]}
    if inner and isinstance(part, Mapping):
        return {**item, str(key): {name: value for name, value in part.items() if name != inner[0]}}
    return {name: value for name, value in item.items() if name != key}


_INSTEAD = {"inputSchema": {"type": "object"}}
"""The defaults for a missing or faulty part; without an input schema, a tool could not be called."""


_BLOCKS: Mapping[str, type[BaseModel]] = {
    "text": TextContent,
    "image": ImageContent,
    "audio": AudioContent,
    "resource_link": ResourceLink,
    "resource": EmbeddedResource,
}
_CONTENTS: Mapping[str, type[BaseModel]] = {"/blob": BlobResourceContents, "/": TextResourceContents}
_MESSAGES: Mapping[str, type[BaseModel]] = {"/": PromptMessage}
_RESULTS: Mapping[str, tuple[type[Any], str, Mapping[str, type[BaseModel]]]] = {
    "tools/call": (_ToolResult, "content", _BLOCKS),
    "resources/read": (_Resource, "contents", _CONTENTS),
    "prompts/get": (_Prompt, "messages", _MESSAGES),
}
_LISTS: Mapping[str, tuple[str, type[BaseModel], type[BaseModel]]] = {
    "tools/list": ("tools", ListToolsResult, Tool),
    "resources/list": ("resources", ListResourcesResult, Resource),
    "resources/templates/list": ("resourceTemplates", ListResourceTemplatesResult, ResourceTemplate),
    "prompts/list": ("prompts", ListPromptsResult, Prompt),
    "skills/list": ("skills", ListSkillsResult, ServedSkill),
}
