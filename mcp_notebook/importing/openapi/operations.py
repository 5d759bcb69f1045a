"""Read the operations of an API, and how each of their arguments is sent."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias, get_args

from mcp_notebook.importing.openapi.document import Document
from mcp_notebook.schema import flatten, one_look
from mcp_notebook.schema.parameters import mapping, sequence

__all__ = ["ApiParameter", "Operation", "Place", "RequestBody", "chosen", "operations"]

Method: TypeAlias = Literal["GET", "PUT", "POST", "DELETE", "PATCH", "HEAD"]
METHODS: Final[tuple[Method, ...]] = get_args(Method)

Place: TypeAlias = Literal["path", "query", "header", "cookie"]
PLACES: Final[tuple[Place, ...]] = get_args(Place)

BodyKind: TypeAlias = Literal["json", "form", "text"]

_IGNORED: Final = frozenset({"accept", "content-type", "authorization"})
"""Headers that the specification keeps for the media types and the security."""

_USUAL: Final = {"path": "simple", "header": "simple", "query": "form", "cookie": "form"}
"""The style of a parameter that names none."""


@dataclass(frozen=True)
class ApiParameter:
    """A parameter.

    Attributes:
        name: The name that is sent.
        place: Where it is sent.
        schema: Its schema.
        required: Whether it has to be sent.
        about: The description.
        style: How a list or object is written.
        explode: Whether each item of a list is a parameter of its own.
        as_json: Whether it is sent as JSON text.
    """

    name: str
    place: Place
    schema: Mapping[str, Any]
    required: bool
    about: str
    style: str
    explode: bool
    as_json: bool


@dataclass(frozen=True)
class RequestBody:
    """The body of a request.

    Attributes:
        kind: How it is written.
        media_type: Its media type.
        schema: Its schema.
        required: Whether it has to be sent.
        about: The description.
    """

    kind: BodyKind
    media_type: str
    schema: Mapping[str, Any]
    required: bool
    about: str


@dataclass(frozen=True)
class Operation:
    """An operation.

    Attributes:
        name: The operation's own name, or its method and path.
        method: The HTTP method.
        path: The path, with ``{parameters}``.
        tags: The groups that it is in.
        about: The summary and the description.
        deprecated: Whether the API advises against it.
        parameters: The parameters.
        body: The body of the request; None if it has none.
        answer: The schema of the successful answer; None if it is not JSON, or not described.
        signed: Whether it takes the credentials of the API.
        left: The reason why the import does not write it; empty if it does.
    """

    name: str
    method: Method
    path: str
    tags: Sequence[str]
    about: str
    deprecated: bool
    parameters: Sequence[ApiParameter]
    body: RequestBody | None
    answer: Mapping[str, Any] | None
    signed: bool
    left: str

    @property
    def line(self) -> str:
        """The method and the path."""
        return f"{self.method} {self.path}"


def operations(document: Document) -> list[Operation]:
    """Return the operations of a document, in its order."""
    return [
        _operation(document, path, method, item, mapping(item[method.lower()]))
        for path, unread in mapping(document.root.get("paths")).items()
        if isinstance(path, str)
        for item in [document.resolved(unread)]
        for method in METHODS
        if isinstance(item.get(method.lower()), Mapping)
    ]


def chosen(found: Sequence[Operation], patterns: Sequence[str]) -> list[Operation]:
    """Return the operations whose name, path, method with path, or tag fits one of the patterns (``pets*``)."""
    return [
        operation
        for operation in found
        if any(
            fnmatch.fnmatchcase(word, pattern)
            for pattern in patterns
            for word in (operation.name, operation.path, operation.line, *operation.tags)
        )
    ]


def _operation(
    document: Document, path: str, method: Method, item: Mapping[str, Any], raw: Mapping[str, Any]
) -> Operation:
    with one_look():
        name = raw.get("operationId")
        body, left = _body(document, raw)
        parameters = list(_parameters(document, item, raw))
        ours = document.root.get("servers")
        named = {parameter.name for parameter in parameters if parameter.place == "path"}
        if not path.startswith("/") or path.startswith("//"):
            left = "its path does not begin with one slash"
        elif "?" in path or "#" in path:
            left = "its path has a query or a fragment"
        elif any((one.get("servers") or ours) != ours for one in (item, raw)):
            left = "it has a server of its own"
        elif missing := [part for part in _in_braces(path) if part not in named]:
            left = f"its path has {missing[0]!r}, which is not among its parameters"
        security = raw.get("security", document.root.get("security"))
        texts = [raw.get(key) or item.get(key) for key in ("summary", "description")]
        return Operation(
            name=name if isinstance(name, str) and name.strip() else f"{method.lower()} {path}",
            method=method,
            path=path,
            tags=[tag for tag in sequence(raw.get("tags")) if isinstance(tag, str)],
            about="\n\n".join(dict.fromkeys(text.strip() for text in texts if isinstance(text, str) and text.strip())),
            deprecated=raw.get("deprecated") is True,
            parameters=parameters,
            body=body,
            answer=_answer(document, raw),
            signed=security != [],
            left=left,
        )


def _in_braces(path: str) -> list[str]:
    return [part.partition("}")[0] for part in path.split("{")[1:]]


def _parameters(document: Document, item: Mapping[str, Any], raw: Mapping[str, Any]) -> Iterator[ApiParameter]:
    """Yield the parameters of a path and an operation; of two with the same name and place, the operation's counts."""
    found: dict[tuple[str, Place], Mapping[str, Any]] = {}
    for unread in [*sequence(item.get("parameters")), *sequence(raw.get("parameters"))]:
        one = document.resolved(unread)
        name, place = one.get("name"), one.get("in")
        if isinstance(name, str) and name and place in PLACES:
            found[name, place] = one
    for (name, place), one in found.items():
        if place == "header" and name.lower() in _IGNORED:
            continue
        content = mapping(one.get("content"))
        schema = mapping(next(iter(content.values()), {})).get("schema") if content else one.get("schema")
        style = one.get("style", _USUAL[place])
        explode = one.get("explode")
        yield ApiParameter(
            name=name,
            place=place,
            schema=flatten(schema, document.root),
            required=one.get("required") is True or place == "path",
            about=one["description"] if isinstance(one.get("description"), str) else "",
            style=style if isinstance(style, str) else _USUAL[place],
            explode=explode if isinstance(explode, bool) else style == "form",
            as_json=bool(content),
        )


def _body(document: Document, raw: Mapping[str, Any]) -> tuple[RequestBody | None, str]:
    """Return the body, in the first form that can be written, and the reason if there is none."""
    body = document.resolved(raw.get("requestBody"))
    content = {str(name): mapping(one) for name, one in mapping(body.get("content")).items()}
    for kind in get_args(BodyKind):
        for name, one in content.items():
            if _kind_of(name) == kind:
                about = body["description"] if isinstance(body.get("description"), str) else ""
                schema = one.get("schema")
                # Unflattened, because a record takes its name from the reference.
                schema = schema if isinstance(schema, Mapping) else {}
                return RequestBody(kind, name, schema, body.get("required") is True, about), ""
    return None, f"its body is {next(iter(content))}" if content else ""


def _kind_of(media_type: str) -> BodyKind | None:
    kind = media_type.partition(";")[0].strip().lower()
    if kind == "application/json" or kind.endswith("+json") or kind == "*/*":
        return "json"
    if kind == "application/x-www-form-urlencoded":
        return "form"
    return "text" if kind == "text/plain" else None


def _answer(document: Document, raw: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the schema of the successful answer, if there is one, and it is JSON."""
    answers = {str(code): document.resolved(one) for code, one in mapping(raw.get("responses")).items()}
    good = [one for code, one in answers.items() if code[:1] == "2"]
    content = mapping(good[0].get("content")) if len(good) == 1 else {}
    kinds = {str(name): mapping(one) for name, one in content.items()}
    if not kinds or any(_kind_of(name) != "json" for name in kinds):
        return None
    return flatten(next(iter(kinds.values())).get("schema"), document.root)
