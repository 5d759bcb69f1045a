"""Checks that go on past a keyword which cannot be checked: a pattern of another language, a reference elsewhere."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any, Final, TypeAlias

from jsonschema.exceptions import ValidationError
from jsonschema.validators import extend

__all__ = ["patient"]

Check: TypeAlias = Callable[[Any, Any, Any, Any], Any]

_TURNING: Final = frozenset({"anyOf", "oneOf", "not", "if", "contains", "unevaluatedItems", "unevaluatedProperties"})
"""Keywords for which to find no error inside is no good news: if that cannot be checked, neither can they."""


def patient(dialect: Any) -> Any:
    """Return a dialect's validator class where a keyword that cannot be checked finds nothing, and the others do."""
    patience = _Patience()
    checks = {**dialect.VALIDATORS, "multipleOf": _multiple_of}
    return extend(dialect, {name: patience.of(name, check) for name, check in checks.items()})


class _Patience:
    """Whether an error goes out to the keyword around it."""

    def __init__(self) -> None:
        self._out = False

    def of(self, name: str, check: Check) -> Check:
        def checked(validator: Any, value: Any, instance: Any, schema: Any) -> Any:
            if self._out:
                return check(validator, value, instance, schema)
            try:
                with self._letting_out(name in _TURNING):
                    return list(check(validator, value, instance, schema) or ())
            except RecursionError:  # a schema without end: to go on at each level would take for ever
                raise
            except Exception:  # noqa: BLE001 - a broken schema can make the library raise anything
                return []

        return checked

    @contextlib.contextmanager
    def _letting_out(self, out: bool) -> Iterator[None]:
        self._out = out
        try:
            yield
        finally:
            self._out = False


def _multiple_of(validator: Any, step: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
    """Check in decimals, as a person counts: to a binary float, 19.99 is no multiple of 0.01."""
    if validator.is_type(instance, "number") and Fraction(str(instance)) % Fraction(str(step)):
        yield ValidationError(f"{instance!r} is not a multiple of {step!r}")
