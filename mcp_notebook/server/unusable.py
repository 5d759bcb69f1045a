"""Explain why a function cannot be described to clients: the type at fault, pydantic's reason, and the fix."""

from __future__ import annotations

import inspect
import re
import warnings
from collections.abc import Callable
from typing import Any

from pydantic import PydanticUserError, TypeAdapter
from pydantic.errors import PydanticInvalidForJsonSchema, PydanticSchemaGenerationError, PydanticUndefinedAnnotation
from pydantic.warnings import ArbitraryTypeWarning

__all__ = ["UNKNOWN", "reason_of", "unusable_type"]

MOST = 300
"""Most characters of a reason. Pydantic's reasons are sentences, but the author's validators may say anything."""

UNKNOWN = (PydanticSchemaGenerationError, PydanticInvalidForJsonSchema)
"""Pydantic's errors for types that it does not know; their messages are about pydantic's internals."""


def unusable_type(function: Callable[..., Any]) -> str | None:
    """Return which parameter, or the result, has a type that no JSON Schema describes, and how to fix it."""
    try:
        signature = inspect.signature(function, eval_str=True)
    except NameError as error:
        return (
            f"its annotations cannot be read ({error}). Define or import that name in this cell or an "
            "earlier one, then run the cell again."
        )
    except Exception as error:  # noqa: BLE001 - no signature, or an annotation (the author's code) raised
        return f"its signature cannot be read ({error}). Write a def around it, with a type for each parameter."
    for name, parameter in signature.parameters.items():
        if parameter.annotation is not parameter.empty and (raised := _raised_by(parameter.annotation)):
            return _explained(
                f"parameter {name!r}",
                parameter.annotation,
                raised,
                "so no client could send one. Use a type that pydantic knows (str, int, list, dict, a BaseModel), or "
                "read the object from a variable of the notebook instead.",
            )
    result = signature.return_annotation
    if result is not signature.empty and (raised := _raised_by(result)):
        return _explained(
            "its result",
            result,
            raised,
            "so clients cannot be told what to expect. Return a type that pydantic knows (str, int, list, dict, a "
            "BaseModel), or send it as text: --no-structured.",
        )
    return None


def reason_of(error: BaseException) -> str:
    """Return the message of pydantic, the SDK or the author's own code in one line."""
    words = " ".join(str(error).split("\n\nFor further information")[0].split("\n\nIf you got this")[0].split())
    words = words[:MOST].rstrip(". ")
    return f"{words or type(error).__name__}."


def _raised_by(annotation: Any) -> Exception | None:
    """Return the error or warning that pydantic raises when it has to describe a type; None if there is none."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", ArbitraryTypeWarning)  # such a type would accept any value
        try:
            TypeAdapter(annotation).json_schema()
        except Exception as error:  # noqa: BLE001 - pydantic evaluates annotations, which are the author's code
            return error
    return None


def _explained(what: str, annotation: Any, error: Exception, so: str) -> str:
    shown = inspect.formatannotation(annotation)
    if isinstance(error, UNKNOWN):
        inner = re.search(r"<class '([^']+)'>", str(error))
        within = f", with a {inner[1]} in it," if inner and inner[1] != shown else ","
        return f"{what} is a {shown}{within} which no JSON Schema describes, {so}"
    if _is_undefined(error):
        return (
            f"{what} is a {shown}, which names something that is not defined{_undefined_in(annotation)}. Define it in "
            "this cell or an earlier one, then run the cell again."
        )
    return f"{what} is a {shown}, and pydantic says: {reason_of(error)}"


def _is_undefined(error: Exception) -> bool:
    return isinstance(error, PydanticUndefinedAnnotation) or (
        isinstance(error, PydanticUserError) and error.code == "class-not-fully-defined"
    )


def _undefined_in(annotation: Any) -> str:
    """Return what a model says is missing, in parentheses; "" for other types, for which pydantic does not say."""
    try:
        annotation.model_rebuild()
    except (AttributeError, TypeError):
        return ""
    except Exception as error:  # noqa: BLE001 - this evaluates the author's annotations
        return f" ({reason_of(error).rstrip('.')})"
    return ""
