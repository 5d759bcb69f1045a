"""What is wrong with a value, next to its schema: the place and the reason, in few words."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import jsonschema
from jsonschema.validators import validator_for
from referencing.jsonschema import EMPTY_REGISTRY

from mcp_notebook.schema.parameters import Schema
from mcp_notebook.schema.patience import patient

__all__ = ["Checker", "Place", "Problem", "fault_of"]

T = TypeVar("T")

Place = tuple[str | int, ...]

WIDTH: Final = 60
"""Characters of a value in a message."""


@dataclass(frozen=True)
class Problem:
    """Something wrong with a part of a value.

    Attributes:
        place: The keys and indices that lead to the part.
        reason: What is wrong, or what should be.
    """

    place: Place
    reason: str

    def __str__(self) -> str:
        return f"{in_words(self.place)}: {self.reason}" if self.place else self.reason


def in_words(place: Place) -> str:
    """Write a place as it would be in code: ``loan.items[2]``."""
    words = ""
    for part in place:
        if isinstance(part, int):
            words += f"[{part}]"
        else:
            words += f".{part}" if words else part
    return words


def fault_of(schema: Schema) -> str | None:
    """Return why a schema is none; None where it is one."""
    try:
        _dialect(schema).check_schema(schema)
    except jsonschema.SchemaError as error:
        return " ".join(error.message.split())
    return None


def _dialect(schema: Schema) -> Any:
    return validator_for({"$schema": str(schema.get("$schema", ""))}, default=jsonschema.Draft202012Validator)


class Checker:
    """Checks values against a schema, by the JSON Schema dialect that it names, or 2020-12; fetches nothing.

    Args:
        root: The schema. Where it is broken, what cannot be checked is taken as right: the server decides.
    """

    def __init__(self, root: Schema) -> None:
        kind = _dialect(root)
        try:
            self._validator = patient(kind)(root, format_checker=kind.FORMAT_CHECKER, registry=EMPTY_REGISTRY)
        except Exception:  # noqa: BLE001 - a broken schema can make the library raise anything
            self._validator = kind({})

    def problems(self, value: Any) -> list[Problem]:
        """Return what is wrong with a value, in the order of its places."""
        return _guarded(lambda: list(dict.fromkeys(_problems(self._validator.iter_errors(value)))), [])

    def fits(self, value: Any, schema: Any) -> bool:
        """Whether a value fits a part of the schema."""
        return _guarded(lambda: bool(self._validator.evolve(schema=schema).is_valid(value)), True)


def _guarded(check: Callable[[], T], otherwise: T) -> T:
    """Return what a check finds, or `otherwise` where a broken schema makes the library fail."""
    try:
        return check()
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException:  # noqa: BLE001 - a schema without end makes the Rust in it panic, and that is no Exception
        return otherwise


def _problems(errors: Iterator[Any]) -> Iterator[Problem]:
    for error in errors:
        place = tuple(error.absolute_path)
        if error.context and error.validator in ("anyOf", "oneOf"):
            yield from _problems(iter(_likeliest(error)))
        elif error.validator == "required" and isinstance(error.validator_value, list):
            yield from (
                Problem((*place, name), "required") for name in error.validator_value if name not in error.instance
            )
        elif error.validator == "additionalProperties" and error.validator_value is False:
            yield from (
                Problem((*place, name), "there is no such property")
                for name in error.instance
                if not _is_named(name, error.schema)
            )
        else:
            yield Problem(place, _reason(error))


def _is_named(name: str, schema: Schema) -> bool:
    return name in schema.get("properties", {}) or any(
        re.search(pattern, name) for pattern in schema.get("patternProperties", {})
    )


def _likeliest(error: Any) -> list[Any]:
    """Return the errors of the option that was most likely meant: the one that got furthest."""
    options: dict[Any, list[Any]] = {}
    for inner in error.context:
        # Where an option is `false`, there is no path.
        options.setdefault(next(iter(inner.schema_path), None), []).append(inner)

    def misfit(errors: list[Any]) -> tuple[int, int]:
        wrong_kind = sum(e.validator in ("type", "const", "enum") and len(e.path) <= 1 for e in errors)
        return wrong_kind, len(errors)

    return min(options.values(), key=misfit)


def _reason(error: Any) -> str:
    write = _REASONS.get(error.validator)
    if write is None:
        return _short(error.message)
    try:
        return write(error.instance, error.validator_value)
    except TypeError:  # an old dialect, where the keyword takes something else
        return _short(error.message)


def _json(value: Any) -> str:
    return _short(json.dumps(value, ensure_ascii=False, default=str))


def _short(text: str) -> str:
    return text if len(text) <= WIDTH else f"{text[: WIDTH - 1]}…"


def _type(value: Any, kind: Any) -> str:
    return f"{_json(value)} is no {' or '.join(kind) if isinstance(kind, list) else kind}"


_REASONS: Final[dict[str, Callable[[Any, Any], str]]] = {
    "type": _type,
    "const": lambda value, only: f"must be {_json(only)}",
    "enum": lambda value, allowed: f"{_json(value)} is none of {_short(', '.join(map(_json, allowed)))}",
    "minimum": lambda value, bound: f"{value} is under {bound}",
    "maximum": lambda value, bound: f"{value} is over {bound}",
    "exclusiveMinimum": lambda value, bound: f"{value} is not over {bound}",
    "exclusiveMaximum": lambda value, bound: f"{value} is not under {bound}",
    "multipleOf": lambda value, step: f"{value} is no multiple of {step}",
    "minLength": lambda value, bound: f"{len(value)} characters, at least {bound} are needed",
    "maxLength": lambda value, bound: f"{len(value)} characters, at most {bound} fit",
    "pattern": lambda value, pattern: f"{_json(value)} does not match {_short(pattern)}",
    "format": lambda value, name: f"{_json(value)} is no {name}",
    "minItems": lambda value, bound: f"{len(value)} items, at least {bound} are needed",
    "maxItems": lambda value, bound: f"{len(value)} items, at most {bound} fit",
    "uniqueItems": lambda value, _: "an item is there twice",
    "contains": lambda value, _: "no item is of the kind that must be there",
    "minProperties": lambda value, bound: f"{len(value)} properties, at least {bound} are needed",
    "maxProperties": lambda value, bound: f"{len(value)} properties, at most {bound} fit",
    "not": lambda value, _: f"{_json(value)} is just what is not allowed",
}
