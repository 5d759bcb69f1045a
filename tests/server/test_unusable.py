"""What a person reads of a function whose types cannot be described to clients."""

from __future__ import annotations

import sys
import threading
import typing
import warnings
from collections.abc import Callable, Iterator
from dataclasses import make_dataclass
from typing import Annotated, Any, Generic, TypeVar, cast

import pytest
from pydantic import BaseModel, Field

from mcp_notebook.errors import DefinitionError
from mcp_notebook.server.definitions import build_tool
from mcp_notebook.server.lint import lint

T = TypeVar("T")


class Thing: ...


class Box(Generic[T]): ...


class Holds(BaseModel):
    model_config = {"arbitrary_types_allowed": True}
    thing: Thing


class Unfinished(BaseModel):
    of: NotThere  # type: ignore[name-defined]  # noqa: F821


class Refuses:
    @classmethod
    def __get_pydantic_core_schema__(cls, *_: Any) -> Any:
        raise RuntimeError("not today\nnor tomorrow")


Old = typing.TypedDict("Old", {"a": int})  # noqa: UP013
WITH_OLD = make_dataclass("WITH_OLD", [("old", Old)])
BEFORE_312 = "typing_extensions.TypedDict` instead of `typing.TypedDict` on Python < 3.12."


def takes(annotation: Any, default: Any = ...) -> Callable[..., Any]:
    def f(x: Any) -> int:
        return 1

    f.__annotations__ = {"x": annotation, "return": int}
    f.__defaults__ = None if default is ... else (default,)
    return f


def gives(annotation: Any) -> Callable[..., Any]:
    def f() -> Any:
        return 1

    f.__annotations__ = {"return": annotation}
    return f


def refusal(function: Callable[..., Any], **options: Any) -> str:
    with pytest.raises(DefinitionError) as caught:
        build_tool(function, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="Python 3.12 has the TypedDict that pydantic wants")
@pytest.mark.parametrize("annotation", [Old, list[Old], Old | None, dict[str, Old], WITH_OLD])
def test_the_typed_dict_of_typing_is_told_in_pydantics_words(annotation: Any) -> None:
    assert BEFORE_312 in refusal(takes(annotation))


@pytest.mark.parametrize(
    ("annotation", "said"),
    [
        (Thing, "Thing, which no JSON Schema describes"),
        (list[Thing], "Thing in it, which no JSON Schema describes"),
        (dict[str, Thing], "Thing in it, which no JSON Schema describes"),
        (Holds, "Thing in it, which no JSON Schema describes"),
        (Box[int], "Box[int], which no JSON Schema describes"),
        (Callable[[int], int], "Callable[[int], int], which no JSON Schema describes"),
        (any, "<built-in function any>, which no JSON Schema describes"),
        (Annotated[int, Field(ge="a")], "pydantic says: Error building \"int\" validator: ValueError: 'ge' must be"),
        (Annotated[str, Field(pattern="(")], "pydantic says: Error building \"str\" validator: SchemaError: regex"),
        (Annotated[list[int], Field(min_length=cast(int, "x"))], "pydantic says: Error building"),
        (Unfinished, "which names something that is not defined (name 'NotThere' is not defined). Define it in"),
        (list["NotThere"], "which names something that is not defined. Define it in"),  # type: ignore[name-defined]  # noqa: F821
        ("list[NotThere]", "its annotations cannot be read (name 'NotThere' is not defined)"),
        (Refuses, "pydantic says: not today nor tomorrow."),
    ],
)  # fmt: skip
def test_each_unusable_type_is_told_with_its_reason_in_one_line(annotation: Any, said: str) -> None:
    told = refusal(takes(annotation))
    assert told.startswith("f: ")
    assert said in told
    assert "arbitrary_types_allowed" not in told


@pytest.mark.parametrize("annotation", [Iterator[int], any])
def test_an_unusable_result_is_told_as_the_result(annotation: Any) -> None:
    told = refusal(gives(annotation))
    assert "f: its result is a " in told
    assert "--no-structured" in told


def test_an_unusable_result_that_has_to_be_structured_is_told_as_the_result() -> None:
    assert "Thing, which no JSON Schema describes, so clients" in refusal(gives(Thing), structured_output=True)


def test_a_default_that_is_not_json_is_a_line_on_the_card_and_no_warning() -> None:
    function = takes(int, threading.Lock())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        tool = build_tool(function, description="Wait.")
    entry = {"name": "f", "description": "Wait.", "inputSchema": tool.parameters}
    assert any(
        "clients are not told the default of parameter 'x': it is not JSON." in line for line in lint(entry, function)
    )
    fine = build_tool(takes(int, 3), description="Wait.")
    assert not any("default" in line for line in lint({**entry, "inputSchema": fine.parameters}, takes(int, 3)))
