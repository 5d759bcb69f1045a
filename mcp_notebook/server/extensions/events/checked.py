"""The types of events that a function answers for."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from functools import partial
from hashlib import sha256
from typing import Annotated, Any, get_args, get_origin

import anyio.to_thread
from pydantic import ConfigDict, Field, TypeAdapter, ValidationError, create_model
from pydantic_core import to_jsonable_python

from .occurrences import Batch, Happening, Occurrence, canonical, checked_id, earliest, payload_of
from .sources import OBJECT, EventType, UnreadableError, object_schema

__all__ = ["Checked"]


class Checked(EventType):
    """A type whose function says what happened since a cursor.

    The function has a parameter `cursor`, and its other parameters are the arguments of a subscription. It returns a
    pair: the events since the cursor, oldest first, and the cursor after them. A third value that is true says that
    events were lost in between. The cursor is any JSON value; for a new subscription it is the parameter's default, or
    None, and the events are ignored.

    Args:
        function: The function; a ``def`` runs on a worker thread, an ``async def`` on the server's loop.
        name: The name of the type.
        description: Defaults to the function's docstring.

    Raises:
        TypeError: The function has no parameter `cursor`, has parameters that cannot be passed by name, or has types
            that pydantic does not know.
    """

    interval = 1.0

    def __init__(self, function: Callable[..., Any], name: str, description: str | None = None) -> None:
        self.name = name
        self.function = function
        self.description = inspect.cleandoc(description or function.__doc__ or "")
        signature = inspect.signature(function, eval_str=True)
        parameters = dict(signature.parameters)
        for parameter in parameters.values():
            if parameter.kind not in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY):
                raise TypeError(f"The parameter {str(parameter)!r} cannot be passed by name. Name each parameter.")
        if "cursor" not in parameters:
            raise TypeError(
                f"{name!r} needs a function with a parameter 'cursor', which returns what happened since then and the "
                "new cursor: def NAME(cursor): return events, cursor"
            )
        self._cursor = parameters.pop("cursor")
        hint = self._cursor.annotation
        self._position: TypeAdapter[Any] = TypeAdapter(Any if hint is inspect.Parameter.empty else hint)
        self._names = list(parameters)
        self._model = create_model("Arguments", __config__=ConfigDict(extra="forbid"), **_fields(parameters))
        self.input_schema = {k: v for k, v in self._model.model_json_schema().items() if k != "title"}
        self.payload_schema = _payload_schema(signature.return_annotation, name)

    def checked(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Return the arguments of a subscription as Python values, defaults included."""
        try:
            model = self._model.model_validate(dict(arguments))
        except ValidationError as error:
            raise UnreadableError(_in_words(error)) from None
        return {name: getattr(model, f"argument_{name}") for name in self._names}

    async def read(self, arguments: Mapping[str, Any], cursor: str | None, most: int, max_age: int | None) -> Batch:
        """Ask the function what happened since a cursor."""
        values = self.checked(arguments)
        position, skipped = (None, 0) if cursor is None else self._decoded(cursor)
        if cursor is not None:
            values["cursor"] = position
        elif self._cursor.default is inspect.Parameter.empty:
            values["cursor"] = None
        happened, after, truncated = _parts(await self._answer(values), self.name)
        end = _encoded(after)
        if cursor is None:
            return Batch(end, [], end)
        floor = earliest(max_age)
        occurrences: list[Occurrence] = []
        for index, one in enumerate(happened[skipped:], skipped):
            past = end if index == len(happened) - 1 else _encoded(position, index + 1)
            occurrence = self._occurrence(one, (arguments, to_jsonable_python(position), index), past)
            if floor is not None and occurrence.time < floor:
                truncated, cursor = True, cursor if occurrences else past
            else:
                occurrences.append(occurrence)
        shown = occurrences[:most]
        more = len(occurrences) > most
        return Batch(cursor, shown, shown[-1].cursor if more else end, truncated, more)

    async def _answer(self, values: dict[str, Any]) -> Any:
        call = partial(self.function, **values)
        if inspect.iscoroutinefunction(self.function):
            return await call()
        return await anyio.to_thread.run_sync(call, abandon_on_cancel=True)

    def _occurrence(self, one: Any, place: tuple[Any, ...], cursor: str) -> Occurrence:
        event = one if isinstance(one, Happening) else Happening(one)
        data = payload_of(self.name, event.data)
        # Made from what was asked and the place in the answer, so that a client that asks again gets the same one.
        made = f"evt_{sha256(canonical([self.name, *place, data]).encode('utf-8', 'replace')).hexdigest()[:32]}"
        time = (event.time or datetime.now(timezone.utc)).astimezone(timezone.utc)
        return Occurrence(made if event.id is None else checked_id(event.id), self.name, time, data, cursor)

    def _decoded(self, cursor: str) -> tuple[Any, int]:
        """Return the function's own cursor, and how many events after it are known."""
        try:
            position, skipped = json.loads(cursor)
            if not isinstance(skipped, int) or skipped < 0:
                raise ValueError(skipped)
            position = self._position.validate_python(position)
        except (ValueError, TypeError, RecursionError):  # pydantic's error is a ValueError
            raise UnreadableError(f"The cursor is not one of {self.name!r}. Begin again without a cursor.") from None
        return position, skipped


def _fields(parameters: Mapping[str, inspect.Parameter]) -> dict[str, Any]:
    """Return the fields of a model; by other names, because a model has methods such as `copy`."""
    fields: dict[str, Any] = {}
    for name, parameter in parameters.items():
        hint = Any if parameter.annotation is parameter.empty else parameter.annotation
        default = ... if parameter.default is parameter.empty else parameter.default
        fields[f"argument_{name}"] = (Annotated[hint, Field(alias=name)], default)
    return fields


def _payload_schema(returned: Any, name: str) -> dict[str, Any]:
    """Return the schema of what a function's list of events has, if its annotation says it."""
    parts = get_args(returned) if get_origin(returned) is tuple else ()
    events = get_args(parts[0]) if parts else ()
    if not events or events[0] in (Any, Happening):
        return OBJECT
    return object_schema(TypeAdapter(events[0]), name)


def _parts(answer: Any, name: str) -> tuple[list[Any], Any, bool]:
    if not isinstance(answer, tuple) or len(answer) not in (2, 3) or answer[1] is None:
        raise TypeError(
            f"The function of {name!r} has to return what happened and the new cursor, as in 'return events, cursor', "
            f"but returned {type(answer).__name__}."
        )
    return list(answer[0]), answer[1], bool(answer[2:] and answer[2])


def _encoded(position: Any, skipped: int = 0) -> str:
    return canonical([to_jsonable_python(position), skipped])


def _in_words(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    place = ".".join(str(part) for part in first["loc"])
    return f"{place}: {first['msg']}" if place else str(first["msg"])
