"""Find what a person names among what a server lists, and the arguments that it takes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from mcp_types import Prompt, Tool

from mcp_notebook.client.arguments import named_values, quoted_key
from mcp_notebook.client.blocking import Blocking
from mcp_notebook.client.notices import say
from mcp_notebook.client.reading import ItemList
from mcp_notebook.errors import RequestError, UnknownNameError, UsageError, did_you_mean
from mcp_notebook.schema import brief
from mcp_notebook.schema.parameters import sequence

__all__ = [
    "by_name",
    "json_object",
    "known_or_fail",
    "prompt_arguments",
    "prompt_named",
    "tool_arguments",
    "tool_named",
]

MOST_NAMED = 50
"""Names of a long list that an error has."""


def by_name(items: Iterable[Any]) -> dict[str, Any]:
    """Return the entries of a list by their names; if two have the same name, the first."""
    found: dict[str, Any] = {}
    for item in items:
        found.setdefault(item.name, item)
    return found


def known_or_fail(name: str, known: Mapping[str, Any], kind: str, server: str) -> Any:
    """Return the entry of that name.

    Raises:
        UnknownNameError: There is none; the message names similar ones.
    """
    if name not in known:
        named = ", ".join(list(known)[:MOST_NAMED]) or "none yet"
        more = f" and {len(known) - MOST_NAMED} more" if len(known) > MOST_NAMED else ""
        raise UnknownNameError(f"{server!r} has no {kind} {name!r}.{did_you_mean(name, known)} It has: {named}{more}.")
    return known[name]


def tool_named(connection: Blocking, name: str, timeout: float | None = None) -> Tool:
    """Return a tool as it is listed; if the list cannot be read, a placeholder that takes any arguments.

    Raises:
        UnknownNameError: It is not listed.
    """
    asking = partial(connection.tools, timeout=timeout)
    return _listed(connection.name, "tool", name, asking) or Tool(name=name, input_schema={})


def prompt_named(connection: Blocking, name: str, timeout: float | None = None) -> Prompt:
    """Return a prompt as it is listed; if the list cannot be read, a placeholder that takes any arguments.

    Raises:
        UnknownNameError: It is not listed.
    """
    asking = partial(connection.prompts, timeout=timeout)
    return _listed(connection.name, "prompt", name, asking) or Prompt(name=name)


def tool_arguments(
    tool: Tool,
    words: Sequence[str],
    whole: Mapping[str, Any] | None,
    variables: Mapping[str, Any] | None,
    again: str,
) -> dict[str, Any]:
    """Return the arguments of a call.

    Args:
        tool: The tool.
        words: Those written as ``key=value``; see `named_values`.
        whole: Those given as one object, which is sent unchanged, whatever the schema requires.
        variables: The variables that a value can name; None if there are none.
        again: The command that calls the tool, for the message that names what is missing.

    Raises:
        UnknownNameError: The tool has no such parameter.
        UsageError: A word is not key=value, its value is not usable, or a required one is missing.
    """
    named = named_values(words, tool.input_schema, variables, tool.name)
    if whole is None:
        required = map(str, sequence(tool.input_schema.get("required")))
        _nothing_missing(tool.name, [name for name in required if name not in named], again, every=True)
    return {**(whole or {}), **named}


def prompt_arguments(
    prompt: Prompt,
    words: Sequence[str],
    whole: Mapping[str, Any] | None,
    variables: Mapping[str, Any] | None,
    again: str,
) -> dict[str, Any]:
    """Return the arguments of a prompt; as `tool_arguments`, but what is required may be in `whole`, too."""
    # A prompt's arguments are texts; the protocol gives them no schema.
    schema = {"properties": {a.name: {"type": "string"} for a in prompt.arguments or []}}
    values = {**(whole or {}), **named_values(words, schema, variables, prompt.name)}
    missing = [a.name for a in prompt.arguments or [] if a.required and a.name not in values]
    _nothing_missing(prompt.name, missing, again, every=False)
    return values


def json_object(text: str, option: str) -> dict[str, Any]:
    """Parse a JSON object.

    Raises:
        UsageError: It is not JSON, or not an object; the message names the option.
    """
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{option}: not JSON ({error}). Write it in single quotes: {option} '{{\"a\": 1}}'.") from None
    if not isinstance(value, dict):
        raise UsageError(f'{option} takes an object, such as {{"a": 1}}, but this is {text}.')
    return value


def _listed(server: str, kind: str, name: str, ask: Callable[[], ItemList[Any]]) -> Any:
    """Return the entry of that name; None if the list cannot be read, because the server may still have it."""
    try:
        found = ask()
    except RequestError as error:
        if error.code is None:  # the connection is the reason, not the list
            raise
        say(f"{server} does not list its {kind}s. {error}")
        return None
    known = by_name(found)
    for problem in found.problems:
        if name not in known or problem.reason.endswith(f"({brief(name)})"):
            say(str(problem))
    if found.problems and name not in known:
        return None
    return known_or_fail(name, known, kind, server)


def _nothing_missing(owner: str, missing: Sequence[str], again: str, *, every: bool) -> None:
    if missing:
        keys = [quoted_key(name) for name in missing]
        words = " ".join(f"{key}=..." for key in (keys if every else keys[:1]))
        raise UsageError(f"{owner} requires {', '.join(keys)}: {again} {words}")
