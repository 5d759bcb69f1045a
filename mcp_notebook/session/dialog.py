"""Ask a question line by line on stdin, for front ends without widgets that work while a cell runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mcp_types import (
    CreateMessageRequestParams,
    CreateMessageResult,
    ElicitRequestFormParams,
    ElicitRequestURLParams,
    ElicitResult,
    ListRootsResult,
    Root,
    TextContent,
)

from mcp_notebook.client import Answer, Question
from mcp_notebook.client.answers import DECLINED, NO_ROOTS, root
from mcp_notebook.client.arguments import named_values
from mcp_notebook.errors import UnknownNameError, UsageError
from mcp_notebook.rendering import look
from mcp_notebook.rendering.question import asked
from mcp_notebook.schema import UNSET, Checker, Parameter, Schema, parameters, type_in_words
from mcp_notebook.visible import visible

__all__ = ["NobodyThereError", "ask_line_by_line"]


class NobodyThereError(Exception):
    """There is no stdin to read from."""


class _Refused(Exception):
    """The person typed decline or cancel."""


def ask_line_by_line(question: Question) -> Answer:
    """Print a question and read the answer; ask again for a value that does not fit.

    Raises:
        NobodyThereError: There is no stdin to read from.
    """
    print(asked(question).text)
    try:
        return _ASKING[question.kind](question.params)
    except _Refused as word:
        return _REFUSALS.get(question.kind, {}).get(str(word)) or ElicitResult(action=str(word))  # type: ignore[arg-type]


def _form(params: ElicitRequestFormParams) -> Answer:
    print("  (type decline or cancel to stop; leave a line empty to skip an optional value)")
    schema = params.requested_schema
    content = {}
    for parameter in parameters(schema):
        value = _field(parameter, schema)
        if value is not UNSET:
            content[parameter.name] = value
    return ElicitResult(action="accept", content=content)


def _field(parameter: Parameter, schema: Schema) -> Any:
    about = [type_in_words(parameter.schema, schema)]
    if parameter.default not in (UNSET, None):
        about.append(f"if empty: {look.json_text(parameter.default)}")
    elif not parameter.required:
        about.append("optional")
    if parameter.description:
        print(visible(f"  {parameter.description}"))
    return _until_it_fits(
        f"  {visible(parameter.name, one_line=True)} ({', '.join(about)}): ",
        lambda typed: _value(parameter, schema, typed),
    )


def _value(parameter: Parameter, schema: Schema, typed: str) -> Any:
    if not typed:
        if parameter.required and parameter.default is UNSET:
            raise ValueError("a value is required; or type decline or cancel")
        return UNSET if parameter.default is None else parameter.default
    checker = Checker({**parameter.schema, "$defs": schema.get("$defs", {})})
    yes_or_no = {"yes": True, "no": False}.get(typed.lower())
    if yes_or_no is not None and not checker.problems(yes_or_no):
        return yes_or_no
    try:
        value = named_values([f"{parameter.name}={typed}"], schema, {}, "this question")[parameter.name]
    except (UnknownNameError, UsageError):
        raise ValueError(f"expected {type_in_words(parameter.schema, schema)}") from None
    problems = checker.problems(value)
    if problems:
        raise ValueError("; ".join(map(str, problems)))
    return value


def _url(params: ElicitRequestURLParams) -> Answer:
    def accepted(typed: str) -> Answer:
        if typed != "accept":
            raise ValueError("type accept, decline or cancel")
        return ElicitResult(action="accept")

    return _until_it_fits("  open the link yourself if you want to, then type accept, decline or cancel: ", accepted)


def _sampling(params: CreateMessageRequestParams) -> Answer:
    def answer(typed: str) -> Answer:
        if not typed:
            raise ValueError("the answer cannot be empty; type decline to send none")
        content = TextContent(type="text", text=typed)
        return CreateMessageResult(role="assistant", content=content, model="a person", stop_reason="endTurn")

    return _until_it_fits("  the model's answer (or decline): ", answer)


def _roots(params: None) -> Answer:
    found: list[Root] = []
    while given := _until_it_fits(
        "  a directory (leave empty to finish; or decline): ", lambda typed: root(typed) if typed else None
    ):
        found.append(given)
    return ListRootsResult(roots=found)


def _until_it_fits(prompt: str, read: Callable[[str], Any]) -> Any:
    while True:
        try:
            typed = input(visible(prompt)).strip()
        except (EOFError, OSError):
            raise NobodyThereError from None
        if typed in ("decline", "cancel"):
            raise _Refused(typed)
        try:
            return read(typed)
        except ValueError as error:
            print(visible(f"  not accepted: {error}"))


_ASKING: dict[str, Callable[[Any], Answer]] = {"form": _form, "url": _url, "sampling": _sampling, "roots": _roots}

_REFUSALS: dict[str, dict[str, Answer]] = {
    "sampling": {"decline": DECLINED, "cancel": DECLINED},
    "roots": {"decline": NO_ROOTS, "cancel": NO_ROOTS},
}
