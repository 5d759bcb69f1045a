"""Checks that always end, and go on past a keyword that cannot be checked: a reference elsewhere, a slow pattern."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from functools import lru_cache
from typing import Any, Final, TypeAlias

from jsonschema.validators import extend

from mcp_notebook.schema.budget import Budget, Exhausted, NotChecked, spending
from mcp_notebook.schema.keywords import KEYWORDS

__all__ = ["TOO_DEEP", "LenientCheck", "lenient_validator"]

Check: TypeAlias = Callable[[Any, Any, Any, Any], Any]

_TURNING: Final = frozenset({"anyOf", "oneOf", "not", "if", "contains", "unevaluatedItems", "unevaluatedProperties"})
"""Keywords for which to find no error inside is no good news: if that cannot be checked, neither can they."""

ERRORS_OF_A_KEYWORD: Final = 20
"""Errors of one keyword inside an option: one is enough to know that the option does not fit."""

TOO_DEEP: Final = "the schema or the value is nested too deep"


class LenientCheck:
    """One check under way.

    Attributes:
        unchecked: Why keywords were not checked, each reason once.
    """

    def __init__(self) -> None:
        self.unchecked: dict[str, None] = {}
        self._budget = Budget()
        self._out = False

    @contextlib.contextmanager
    def here(self) -> Iterator[None]:
        """While this is open, the validators that `lenient_validator` makes spend from its budget."""
        token = _current.set(self)
        try:
            with spending(self._budget):
                yield
        except NotChecked as reason:
            self._leave_out(reason)
        except RecursionError:
            self._leave_out(TOO_DEEP)
        finally:
            _current.reset(token)

    def errors(self, name: str, check: Check, *about: Any) -> list[Any]:
        """Return the errors that a keyword finds."""
        self._budget.spend()
        if self._out:
            return self._errors_of_option(check, *about)
        found: list[Any] = []
        self._out = name in _TURNING
        if self._out:
            self._budget.begin_options()
        try:
            for error in check(*about) or ():
                found.append(error)
                if _is_new(error):
                    self._budget.found_problem()
        except Exhausted as reason:  # what was found goes out; the next keyword ends the one around this
            self._leave_out(reason)
        except NotChecked as reason:
            self._leave_out(reason)
        except RecursionError:  # a schema without end: to go on at each level would take for ever
            self._budget.exhausted = TOO_DEEP
            self._leave_out(TOO_DEEP)
        except Exception as error:  # noqa: BLE001 - a broken schema can make the library raise anything
            self._leave_out(
                f"{name}: {str(error).strip().partition(chr(10))[0][:100].rstrip(':') or type(error).__name__}"
            )
        return found

    def _errors_of_option(self, check: Check, *about: Any) -> list[Any]:
        found: list[Any] = []
        for error in check(*about) or ():
            found.append(error)
            if _is_new(error):
                self._budget.found_error()
            if len(found) == ERRORS_OF_A_KEYWORD:
                break
        return found

    def _leave_out(self, reason: object) -> None:
        self.unchecked[str(reason)] = None


def _is_new(error: Any) -> bool:
    """Whether an error comes from the keyword itself, not through it from another, which the library has noted."""
    return not isinstance(error.validator, str)


_current: ContextVar[LenientCheck] = ContextVar("mcp_notebook_lenient_check")


@lru_cache(maxsize=16)
def lenient_validator(dialect: Any) -> Any:
    """Return a dialect's validator class where a keyword that cannot be checked finds nothing, and the others do."""
    return extend(dialect, {name: _lenient(name, KEYWORDS.get(name, check)) for name, check in _checks(dialect)})


def _checks(dialect: Any) -> list[tuple[str, Check]]:
    return list(dialect.VALIDATORS.items())


def _lenient(name: str, check: Check) -> Check:
    def errors(validator: Any, value: Any, instance: Any, schema: Any) -> list[Any]:
        return _current.get().errors(name, check, validator, value, instance, schema)

    return errors
