"""Make checks that always end, and skip keywords that cannot be checked: remote references, slow patterns."""

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
"""Keywords that do not simply pass on inner errors: if their inner parts cannot be checked, neither can they."""

ERRORS_OF_A_KEYWORD: Final = 20
"""The most errors of one keyword inside an option; one already shows that the option does not fit."""

TOO_DEEP: Final = "the schema or the value is nested too deep"


class LenientCheck:
    """One running check.

    Attributes:
        unchecked: The reasons why keywords were not checked, each once.
    """

    def __init__(self) -> None:
        self.unchecked: dict[str, None] = {}
        self._budget = Budget()
        self._out = False

    @contextlib.contextmanager
    def here(self) -> Iterator[None]:
        """Let the validators of `lenient_validator` spend this check's budget until the end."""
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
        """Return the errors of a keyword."""
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
        except Exhausted as reason:  # keep the errors found; the next keyword will end the outer one
            self._leave_out(reason)
        except NotChecked as reason:
            self._leave_out(reason)
        except RecursionError:  # an endless schema: going on at each level would take forever
            self._budget.exhausted = TOO_DEEP
            self._leave_out(TOO_DEEP)
        except Exception as error:  # noqa: BLE001 - a broken schema can make the library raise anything
            self._leave_out(
                f"{name}: {str(error).strip().partition(chr(10))[0][:100].rstrip(':') or type(error).__name__}"
            )
        finally:
            self._out = False
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
    """Return whether an error comes from the keyword itself; the library has marked those from inner keywords."""
    return not isinstance(error.validator, str)


_current: ContextVar[LenientCheck] = ContextVar("mcp_notebook_lenient_check")


@lru_cache(maxsize=16)
def lenient_validator(dialect: Any) -> Any:
    """Return a dialect's validator class in which keywords that cannot be checked find no errors."""
    return extend(dialect, {name: _lenient(name, KEYWORDS.get(name, check)) for name, check in _checks(dialect)})


def _checks(dialect: Any) -> list[tuple[str, Check]]:
    return list(dialect.VALIDATORS.items())


def _lenient(name: str, check: Check) -> Check:
    def errors(validator: Any, value: Any, instance: Any, schema: Any) -> list[Any]:
        return _current.get().errors(name, check, validator, value, instance, schema)

    return errors
