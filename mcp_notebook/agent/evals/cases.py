"""Read the cases of an eval from YAML, and write recorded conversations as such cases.

- name: by Butler
  prompt: Which books by Butler do we have?
  calls:
    - find: {author: Butler}
  never: burn
  answer: Kindred
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import yaml
from mcp_types import SamplingMessage, TextContent, ToolUseContent

from mcp_notebook import plain_yaml
from mcp_notebook.agent.evals.checking import EvalCase
from mcp_notebook.errors import UsageError, did_you_mean
from mcp_notebook.recording import Call
from mcp_notebook.schema.problem import brief, shortened

__all__ = ["cases_in", "cases_of", "unknown_tools", "written"]

KEYS = ("name", "prompt", "calls", "order", "never", "answer")

LONGEST_NAME = 40
"""Characters of the name of a case that has only a prompt."""


def cases_in(text: str) -> list[EvalCase]:
    """Read cases.

    Args:
        text: A YAML list with a mapping for each case: ``prompt``, and any of ``name``, ``calls`` (a list of names of
            tools, or of ``tool: {argument: value}``), ``order`` (``any``), ``never`` and ``answer`` (texts or lists).

    Raises:
        UsageError: It is not such a list; one line says where.
    """
    entries = _loaded(text)
    if not isinstance(entries, list) or not entries:
        raise UsageError(
            "The cases have to be a YAML list. Begin each with a dash: - prompt: Which books by Butler do we have?"
        )
    cases = [_case(entry, number) for number, entry in enumerate(entries, 1)]
    names = [case.name for case in cases]
    for number, name in enumerate(names, 1):
        if name in names[: number - 1]:
            raise UsageError(f"Case {number} has the name {name!r}, and so has an earlier one. Give it another name.")
    return cases


def unknown_tools(cases: Iterable[EvalCase], known: Sequence[str]) -> list[str]:
    """Return a sentence for each tool that a case names and that is not known."""
    named = ((case, name) for case in cases for name in [*(name for name, _ in case.calls or ()), *case.never])
    return [
        f"The case {case.name!r} names the tool {name}, which is not there.{did_you_mean(name, known)}"
        for case, name in named
        if name not in known
    ]


def cases_of(messages: Sequence[SamplingMessage], calls: Iterable[Call]) -> list[EvalCase]:
    """Return a case for each prompt of a conversation, and one without a prompt for each other call of a tool.

    Args:
        messages: The messages of a conversation.
        calls: Recorded calls. Those that the conversation made are left out, and so are repetitions.
    """
    cases: list[EvalCase] = []
    for message in messages:
        if message.role == "user" and any(isinstance(block, TextContent) for block in message.content_as_list):
            texts = [block.text for block in message.content_as_list if isinstance(block, TextContent)]
            cases.append(EvalCase("\n".join(texts), calls=[]))
        elif cases:
            made = [(block.name, block.input) for block in message.content_as_list if isinstance(block, ToolUseContent)]
            cases[-1] = replace(cases[-1], calls=[*(cases[-1].calls or []), *made])
    seen = [made for case in cases for made in case.calls or []]
    for call in calls:
        one = (call.name, call.arguments)
        if call.method == "tools/call" and call.state == "done" and not call.cut and one not in seen:
            seen.append(one)
            cases.append(EvalCase("", calls=[one]))
    return cases


def written(cases: Iterable[EvalCase]) -> str:
    """Write cases as YAML that `cases_in` reads; what comes from elsewhere is quoted."""
    return "\n".join(_entry(case) for case in cases)


def _entry(case: EvalCase) -> str:
    lines = [
        f"- prompt: {_quoted(case.prompt)}" + ("" if case.prompt else "  # the text that should lead to this call")
    ]
    if case.name:
        lines.insert(0, f"- name: {_quoted(case.name)}")
        lines[1] = f"  {lines[1][2:]}"
    if case.calls is not None:
        lines.append("  calls:" if case.calls else "  calls: []")
        lines += [f"    - {_quoted(name)}: {_quoted(arguments)}" for name, arguments in case.calls]
    lines += ["  order: any"] if case.any_order else []
    lines += [f"  never: {_quoted(list(case.never))}"] if case.never else []
    lines += [f"  answer: {_quoted(list(case.answer))}"] if case.answer else []
    return "\n".join(lines)


def _quoted(value: Any) -> str:
    # JSON is YAML, except that YAML ends a line at some characters that JSON leaves as they are.
    plain = isinstance(value, str) and re.fullmatch(r"[A-Za-z_][\w.-]*( [\w.,?!-]+)*", value, re.ASCII)
    if plain and _loaded(f"- {value}") == [value]:
        return str(value)
    return re.sub(
        "[\x7f-\x9f\u2028\u2029\ufeff\ud800-\udfff]",
        lambda one: f"\\u{ord(one[0]):04x}",
        json.dumps(value, ensure_ascii=False),
    )


def _loaded(text: str) -> Any:
    try:
        return plain_yaml.load(text, strict=True)
    except RecursionError:
        raise UsageError("The cases are nested too deep.") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" in line {mark.line + 1}" if mark is not None else ""
        reason = getattr(error, "problem", None) or " ".join(str(error).split())
        raise UsageError(
            f"The cases cannot be read{where}: {reason}. Begin each case with a dash, put a text with a colon in "
            "quotes, and indent with spaces."
        ) from None


def _case(entry: Any, number: int) -> EvalCase:
    if not isinstance(entry, dict):
        raise UsageError(f"Case {number} is {brief(entry)}. Write it as names and values: - prompt: TEXT")
    unknown = [key for key in entry if key not in KEYS]
    if unknown:
        raise UsageError(
            f"Case {number} has {brief(unknown[0])}, which a case does not have."
            f"{did_you_mean(str(unknown[0]), KEYS)} It has: {', '.join(KEYS)}."
        )
    prompt = _text(entry.get("prompt"), "prompt", number).strip()
    if not prompt:
        raise UsageError(f"Case {number} has no prompt. Write what a person would ask: prompt: TEXT")
    name = _text(entry.get("name"), "name", number).strip() or shortened(" ".join(prompt.split()), LONGEST_NAME)
    if entry.get("order") not in (None, "any"):
        raise UsageError(f"Case {number}: order is {brief(entry['order'])}. Write order: any, or leave it out.")
    case = EvalCase(
        prompt,
        " ".join(name.split()),
        _calls(entry["calls"], number) if entry.get("calls") is not None else None,
        entry.get("order") == "any",
        _texts(entry.get("never"), "never", number),
        _texts(entry.get("answer"), "answer", number),
    )
    for tool in case.never:
        if any(tool == called for called, _ in case.calls or ()):
            raise UsageError(f"Case {number} has {brief(tool)} in calls and in never. Take it out of one of them.")
    if case.calls is None and not case.never and not case.answer:
        raise UsageError(f"Case {number} expects nothing. Add calls, never or answer; for no call at all, calls: [].")
    return case


def _calls(value: Any, number: int) -> list[tuple[str, Mapping[str, Any]]]:
    return [_call(each, number) for each in (value if isinstance(value, list) else [value])]


def _call(value: Any, number: int) -> tuple[str, Mapping[str, Any]]:
    if isinstance(value, str) and value:
        return value, {}
    if isinstance(value, dict) and len(value) == 1:
        ((name, arguments),) = value.items()
        if isinstance(name, str) and (arguments is None or _is_object(arguments)):
            return name, arguments or {}
    raise UsageError(
        f"Case {number}: {brief(value)} is not a call. Write the name of a tool, or name: {{argument: value}}."
    )


def _is_object(value: Any) -> bool:
    """Return whether a value is an object that JSON can carry."""
    if not isinstance(value, dict):
        return False
    try:
        return bool(json.loads(json.dumps(value, allow_nan=False)) == value)
    except (TypeError, ValueError, RecursionError):
        return False


def _texts(value: Any, key: str, number: int) -> list[str]:
    values = value if isinstance(value, list) else [] if value is None else [value]
    return [text for text in (_text(each, key, number) for each in values) if text]


def _text(value: Any, key: str, number: int) -> str:
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise UsageError(f"Case {number}: {key} is {brief(value)}, not a text. Put it in quotes.")
    return str(value)
