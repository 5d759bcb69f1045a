"""Check keywords of JSON Schema whose usual checks can take forever: patterns, and comparisons of large values."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from typing import Any, Final

from jsonschema.exceptions import FormatError, ValidationError

from mcp_notebook.schema.budget import NotChecked, current
from mcp_notebook.schema.evaluated import names_and_places
from mcp_notebook.schema.patterns import matches

__all__ = ["KEYWORDS"]

LONGEST_FORMATTED: Final = 2_000
"""The most characters of a text whose format is checked."""

_SLOW_FORMATS: Final = frozenset({"iri", "iri-reference", "regex"})
"""Formats whose parsers have no time limit; a bad pattern is noticed when it is used."""


def _pattern(validator: Any, pattern: str, instance: Any, schema: Any) -> Iterator[ValidationError]:
    if validator.is_type(instance, "string") and not matches(pattern, instance, current()):
        yield ValidationError("")


def _pattern_properties(validator: Any, patterns: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
    if validator.is_type(instance, "object"):
        for pattern, inner in patterns.items():
            for name, value in instance.items():
                if matches(pattern, name, current()):
                    yield from validator.descend(value, inner, path=name, schema_path=pattern)


def _additional_properties(validator: Any, allowed: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
    if not validator.is_type(instance, "object"):
        return
    known, patterns = schema.get("properties", {}), schema.get("patternProperties", {})
    for name, value in instance.items():
        current().spend()
        if name not in known and not any(matches(pattern, name, current()) for pattern in patterns):
            yield from _other(validator, name, value, allowed)


def _unevaluated_properties(validator: Any, allowed: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
    if validator.is_type(instance, "object"):
        known = names_and_places(validator, instance, schema, leave_out="unevaluatedProperties")
        for name, value in instance.items():
            if name not in known:
                yield from _other(validator, name, value, allowed)


def _other(validator: Any, name: str, value: Any, allowed: Any) -> Iterator[ValidationError]:
    """Check a property that the schema does not name."""
    if allowed is False:
        yield ValidationError("unknown property", path=(name,))
    else:
        yield from validator.descend(value, allowed, path=name)


def _unevaluated_items(validator: Any, allowed: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
    if validator.is_type(instance, "array"):
        known = names_and_places(validator, instance, schema, leave_out="unevaluatedItems")
        for place, value in enumerate(instance):
            if place not in known:
                if allowed is False:
                    yield ValidationError("one item too many", path=(place,))
                else:
                    yield from validator.descend(value, allowed, path=place)


def _required(validator: Any, names: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
    if validator.is_type(instance, "object") and isinstance(names, list):
        for name in names:
            if name not in instance:
                yield ValidationError("required", path=(name,))


def _enum(validator: Any, allowed: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
    mine = _comparable(instance)
    if all(_comparable(value) != mine for value in allowed):
        yield ValidationError("")


def _const(validator: Any, only: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
    if _comparable(instance) != _comparable(only):
        yield ValidationError("")


def _unique_items(validator: Any, unique: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
    if unique and validator.is_type(instance, "array"):
        seen = set()
        for item in instance:
            comparable = _comparable(item)
            if comparable in seen:
                yield ValidationError("")
                return
            seen.add(comparable)


def _comparable(value: Any) -> Any:
    """Return a key that is equal for equal JSON values: ``1`` equals ``1.0``, but not ``true``."""
    current().spend()
    if isinstance(value, list):
        return ("array", *map(_comparable, value))
    if isinstance(value, Mapping):
        return ("object", frozenset((name, _comparable(item)) for name, item in value.items()))
    return ("boolean", value) if isinstance(value, bool) else value


def _multiple_of(validator: Any, step: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
    """Check in decimals, as a person counts; as binary floats, 19.99 is not a multiple of 0.01."""
    if not validator.is_type(instance, "number"):
        return
    try:
        remainder = Fraction(str(instance)) % Fraction(str(step))
    except (ValueError, OverflowError, ZeroDivisionError):  # infinity, thousands of digits, or 0
        raise NotChecked("multipleOf has a number that cannot be used for division") from None
    if remainder:
        yield ValidationError("")


def _format(validator: Any, name: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
    if validator.format_checker is None or name in _SLOW_FORMATS or not isinstance(instance, str):
        return
    if len(instance) > LONGEST_FORMATTED:
        if name in validator.format_checker.checkers:
            raise NotChecked(f"a text of {len(instance):,} characters is too long to check its format")
        return
    try:
        validator.format_checker.check(instance, name)
    except FormatError:
        yield ValidationError("")


KEYWORDS: Final[Mapping[str, Callable[[Any, Any, Any, Any], Iterator[ValidationError]]]] = {
    "pattern": _pattern,
    "patternProperties": _pattern_properties,
    "additionalProperties": _additional_properties,
    "unevaluatedProperties": _unevaluated_properties,
    "unevaluatedItems": _unevaluated_items,
    "required": _required,
    "enum": _enum,
    "const": _const,
    "uniqueItems": _unique_items,
    "multipleOf": _multiple_of,
    "format": _format,
}
