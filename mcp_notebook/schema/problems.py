"""Check values against a schema, and describe each problem by its place and a short reason."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice
from typing import Any, Final

import jsonschema
from jsonschema.validators import validator_for
from jsonschema_specifications import REGISTRY
from referencing.jsonschema import EMPTY_REGISTRY, specification_with

from mcp_notebook.schema.budget import Budget, NotChecked, spending
from mcp_notebook.schema.lenient_validator import TOO_DEEP, LenientCheck, lenient_validator
from mcp_notebook.schema.light import light, light_schema
from mcp_notebook.schema.messages import message_of
from mcp_notebook.schema.parameters import Schema, sequence
from mcp_notebook.schema.problem import WIDTH, Problem, brief, shortened

__all__ = ["Checker", "Findings", "fault_of"]


@dataclass(frozen=True)
class Findings:
    """The outcome of a check.

    Attributes:
        problems: The problems with the value, in the order of their places.
        unchecked: The reasons why parts of the schema were not checked, each once.
    """

    problems: list[Problem] = field(default_factory=list)
    unchecked: list[str] = field(default_factory=list)


def fault_of(schema: Any) -> str | None:
    """Return why a schema is invalid; None if it is valid."""
    if isinstance(schema, bool):
        return None
    if not isinstance(schema, Mapping):
        return f"{brief(schema)} is not a JSON Schema"
    found = _checker_of(_dialect(schema)).check(schema)
    return str(found.problems[0]) if found.problems else None


def _dialect(schema: Schema) -> Any:
    return validator_for({"$schema": str(schema.get("$schema", ""))}, default=jsonschema.Draft202012Validator)


def _specification(dialect: Any) -> Any:
    return specification_with(dialect.META_SCHEMA["$schema"])


@lru_cache(maxsize=16)
def _checker_of(dialect: Any) -> Checker:
    """Return the checker for schemas of a dialect."""
    specification = _specification(dialect)
    with spending(Budget()):
        parts = [(uri, specification.create_resource(light_schema(REGISTRY.contents(uri)))) for uri in REGISTRY]
    return Checker(dialect.META_SCHEMA, EMPTY_REGISTRY.with_resources(parts))


class Checker:
    """Checks values against a schema, in the dialect that it names or else 2020-12, without fetching anything.

    A check always ends in time, and may run on any thread.

    Args:
        root: The schema. If parts of it are broken, values count as valid there; the server decides.
        registry: The other schemas that it may refer to.
    """

    def __init__(self, root: Any, registry: Any = EMPTY_REGISTRY) -> None:
        self._unusable: str | None = None if isinstance(root, Mapping | bool) else "the schema is not an object"
        kind = _dialect(root) if isinstance(root, Mapping) else jsonschema.Draft202012Validator
        self._validator = lenient_validator(kind)({})
        try:
            with spending(Budget()):
                schema = light_schema(root) if self._unusable is None else {}
            resource = _specification(kind).create_resource(schema)
            # With its own resolver, because the library would add schemas that are not light copies.
            resolver = registry.resolver_with_root(resource)
            checks = {"format_checker": kind.FORMAT_CHECKER, "registry": registry, "_resolver": resolver}
            self._validator = lenient_validator(kind)(schema, **checks)
        except NotChecked as reason:
            self._unusable = str(reason)
        except RecursionError:
            self._unusable = TOO_DEEP
        except Exception:  # noqa: BLE001 - a broken schema can make the library raise anything
            self._unusable = "the schema cannot be used"

    def check(self, value: Any) -> Findings:
        """Return the problems with a value, and the reasons why parts were not checked."""
        problems: dict[Problem, None] = {}

        def look() -> None:
            for problem in _problems(self._validator.iter_errors(light(value))):  # those before an end are kept
                problems[problem] = None

        unchecked = self._leniently(look)
        return Findings(list(problems), unchecked)

    def problems(self, value: Any) -> list[Problem]:
        """Return the problems with a value, in the order of their places."""
        return self.check(value).problems

    def fits(self, value: Any, schema: Any) -> bool:
        """Return whether a value fits a part of the schema."""
        wrong: list[Any] = []

        def look() -> None:
            part = self._validator.evolve(schema=light_schema(schema))
            wrong.extend(islice(part.iter_errors(light(value)), 1))

        self._leniently(look)
        return not wrong

    def _leniently(self, look: Callable[[], None]) -> list[str]:
        """Check as much as possible; return the reasons why the rest was not checked."""
        check = LenientCheck()
        try:
            with check.here():
                look()
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException:  # noqa: BLE001 - an endless schema makes the library's Rust code panic, which is not an Exception
            check.unchecked[TOO_DEEP] = None
        return [*([self._unusable] if self._unusable else []), *check.unchecked]


def _problems(errors: Iterator[Any]) -> Iterator[Problem]:
    for error in errors:
        place = tuple(error.absolute_path)
        if error.context and error.validator in ("anyOf", "oneOf"):
            yield from _problems(iter(_likeliest(error)))
        else:
            yield Problem(place, _reason(error))


def _likeliest(error: Any) -> list[Any]:
    """Return the errors of the option that was most likely meant: the one that fits best."""
    options: dict[Any, list[Any]] = {}
    for inner in error.context:
        # An option that is `false` has no path.
        options.setdefault(next(iter(inner.schema_path), None), []).append(inner)

    def misfit(errors: list[Any]) -> tuple[int, int, int]:
        kinds = [len(e.path) for e in errors if e.validator in ("type", "const", "enum")]
        return kinds.count(0), kinds.count(1), len(errors)

    return min(options.values(), key=misfit)


def _reason(error: Any) -> str:
    message = message_of(error.schema, error.validator)
    if message:
        return message
    if error.validator == "pattern" and isinstance(error.schema, Mapping):
        example = next((e for e in sequence(error.schema.get("examples")) if isinstance(e, str)), None)
        if example is not None:
            return f"{brief(error.instance)} does not have the form of {brief(example)}"
    write = _REASONS.get(error.validator)
    if write is None:
        return shortened(error.message)
    try:
        return write(error.instance, error.validator_value)
    except TypeError:  # an old dialect, in which the keyword has another type
        return shortened(error.message)


def _type(value: Any, kind: Any) -> str:
    return f"{brief(value)} is not of type {shortened(' or '.join(kind) if isinstance(kind, list) else str(kind))}"


def _whole(bound: Any) -> str:
    """Write a number of characters or items: 2.0 is 2."""
    return brief(int(bound) if isinstance(bound, float) and bound.is_integer() else bound)


_REASONS: Final[dict[str, Callable[[Any, Any], str]]] = {
    "type": _type,
    "const": lambda value, only: f"must be {brief(only)}",
    "enum": lambda value, allowed: (
        f"{brief(value)} is not one of {shortened(', '.join(map(brief, islice(allowed, WIDTH))))}"
    ),
    "minimum": lambda value, bound: f"{brief(value)} is less than {brief(bound)}",
    "maximum": lambda value, bound: f"{brief(value)} is greater than {brief(bound)}",
    "exclusiveMinimum": lambda value, bound: f"{brief(value)} is not greater than {brief(bound)}",
    "exclusiveMaximum": lambda value, bound: f"{brief(value)} is not less than {brief(bound)}",
    "multipleOf": lambda value, step: f"{brief(value)} is not a multiple of {brief(step)}",
    "minLength": lambda value, bound: f"{len(value)} characters; at least {_whole(bound)} are required",
    "maxLength": lambda value, bound: f"{len(value)} characters; at most {_whole(bound)} are allowed",
    "pattern": lambda value, pattern: f"{brief(value)} does not match {shortened(str(pattern))}",
    "format": lambda value, name: f"{brief(value)} is not a valid {shortened(str(name))}",
    "minItems": lambda value, bound: f"{len(value)} items; at least {_whole(bound)} are required",
    "maxItems": lambda value, bound: f"{len(value)} items; at most {_whole(bound)} are allowed",
    "uniqueItems": lambda value, _: "two items are equal",
    "contains": lambda value, _: "no item matches the schema in `contains`",
    "minProperties": lambda value, bound: f"{len(value)} properties; at least {brief(bound)} are required",
    "maxProperties": lambda value, bound: f"{len(value)} properties; at most {brief(bound)} are allowed",
    "not": lambda value, _: f"{brief(value)} is not allowed",
}
