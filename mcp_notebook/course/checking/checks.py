"""Check an exercise: a client sends requests to the learner's server, as an agent would."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from traceback import walk_tb
from typing import Any

from mcp.client import Client
from mcp.server.mcpserver import MCPServer

from mcp_notebook.client.answering import Answering
from mcp_notebook.client.extensions.apps import AppsClient
from mcp_notebook.client.extensions.events import list_events
from mcp_notebook.client.script import Script
from mcp_notebook.course.checking.bench import Bench, entries
from mcp_notebook.course.checking.cases import Answer, AnyCase
from mcp_notebook.course.checking.outcome import CheckResult, Tried
from mcp_notebook.course.library import library_for_a_check
from mcp_notebook.errors import innermost
from mcp_notebook.recording import checking

__all__ = ["MAGICS", "CheckResult", "check"]

MAGICS = {
    "tool": "%%mcp_tool",
    "resource": "%%mcp_resource URI",
    "prompt": "%%mcp_prompt",
    "app": "%%mcp_app URI",
    "event": "%%mcp_event NAME",
}
"""The magics that define something, by its kind."""

WRAPPED = ". It left an 'async with' block, which puts it into an ExceptionGroup: raise it after the block"
"""The pointer for an exception that a client's `async with` has wrapped, so that it is not a ToolError any more."""


async def check(
    server: MCPServer[Any],
    name: str,
    cases: Sequence[AnyCase],
    *,
    read: str,
    kind: str = "tool",
    namespace: Mapping[str, Any] | None = None,
    file: Path | None = None,
    after: Sequence[str] = (),
    settings: Callable[[], Mapping[str, str]] = dict,
) -> CheckResult:
    """Try each case on the server.

    Args:
        server: The learner's server.
        name: The definition that the exercise asks for: a tool's or prompt's name, a resource's or template's URI; for
            `kind` "code", a variable.
        cases: The cases; nothing else is checked.
        read: The section to read again if a case fails.
        kind: The kind of definition, in the learner's words, or "code".
        namespace: The variables of the notebook.
        file: The library's database. While the check runs, it is as on the course's first day.
        after: Lines to show below an answer that passes.
        settings: Returns the settings of a package of the server, see `Bench`.

    A wrong answer raises no exception.
    """
    namespace = namespace if namespace is not None else {}
    answering = Answering(server.name, None)
    token, lifespan = checking.set(True), ""
    try:
        with library_for_a_check(file) if file is not None else nullcontext():
            lifespan = "could not start"
            async with _client(server, answering) as client:
                lifespan = ""
                missing = await _missing(client, server.name, name, kind, namespace, read)
                if missing is not None:
                    return missing
                tried = await _all_tried(cases, Bench(client, name, server, namespace, file, settings), answering)
                lifespan = "did not end well"
    except Exception as error:  # noqa: BLE001 - the learner's lifespan may raise anything; the rest is the check's fault
        if lifespan:
            lines = [f"The server {server.name!r} {lifespan}: its lifespan raised {innermost(error)!r}."]
            return CheckResult("not yet", lines, read=read)
        return CheckResult("the check is broken", [f"It raised {error!r}. Your {kind} is not to blame."])
    finally:
        checking.reset(token)
    passed = all(each.holds for each in tried)
    return CheckResult("passed" if passed else "not yet", cases=tried, read=read, after=after if passed else ())


def _client(server: MCPServer[Any], answering: Answering) -> Client:
    """Return a client that lets the script answer questions, and sees the pages of apps."""
    return Client(
        server,
        cache=None,
        elicitation_callback=answering.elicit,
        sampling_callback=answering.sample,
        list_roots_callback=answering.list_roots,
        extensions=[AppsClient()],  # a server lists pages only to clients that declare them
    )


async def _missing(
    client: Client, server: str, name: str, kind: str, namespace: Mapping[str, Any], read: str
) -> CheckResult | None:
    """Return the outcome if the definition is not there at all; None if it is."""
    if kind == "code":
        return None if name in namespace else CheckResult("not attempted", [f"There is no {name!r} yet."])
    other = await _other_kind(client, name, kind)
    if other:
        lines = [f"{name} is a {other} of {server!r}, and not a {kind}: begin its cell with {MAGICS[kind]}."]
        return CheckResult("not yet", lines, read=read)
    if name in await entries(client) or (kind == "event" and name in [one.name for one in await list_events(client)]):
        return None
    if callable(namespace.get(name)):
        magic = MAGICS.get(kind, "%%mcp_tool")
        lines = [f"There is a function {name}, but it is not a {kind} of {server!r}: begin its cell with {magic}."]
        return CheckResult("not yet", lines, read=read)
    return CheckResult("not attempted", [f"The server {server!r} has no {kind} {name!r} yet."])


async def _other_kind(client: Client, name: str, kind: str) -> str:
    """Return the kind that the definition has instead of the one that is asked for; nothing if it has that, or none."""
    have = {
        "tool": [tool.name for tool in (await client.list_tools()).tools],
        "prompt": [prompt.name for prompt in (await client.list_prompts()).prompts],
    }
    if kind not in have or name in have[kind]:
        return ""
    return next((one for one, names in have.items() if name in names), "")


async def _all_tried(cases: Sequence[AnyCase], bench: Bench, answering: Answering) -> list[Tried]:
    tried: list[Tried] = []
    for case in cases:
        failed = any(not each.holds for each in tried)
        tried.append(await _tried(case, bench, answering, after_failure=failed))
    return tried


async def _tried(case: AnyCase, bench: Bench, answering: Answering, *, after_failure: bool) -> Tried:
    """Try one case; a case that follows a wrong one may not be possible any more."""
    try:
        answer = await _asked(case, bench, answering)
    except Exception:
        if not after_failure:
            raise
        return Tried(case.words(bench.name), case.about, None)
    return Tried(case.words(bench.name), case.about, answer.holds, case.expected, answer.got, answer.note)


async def _asked(case: AnyCase, bench: Bench, answering: Answering) -> Answer:
    """Try one case, with the user's answers; it fails if the server asks fewer questions."""
    script = Script(case.answers)
    answering.answerer = script
    before = _latest(bench)
    answer = await case.ask(bench)
    if answer.holds and script.left:
        return Answer(False, f"{answer.got}, but {script.left} of {len(case.answers)} questions were never asked")
    raised = None if answer.holds else _raised(bench, before)
    if raised is None:
        return answer
    error, words = raised
    foreseen = getattr(case, "error", None)
    withheld = ", whose text clients do not get" if foreseen and foreseen in str(error) and WRAPPED not in words else ""
    return Answer(False, f"{answer.got}, because your code raised {words}{withheld}")


def _latest(bench: Bench) -> int:
    calls = _calls(bench)
    return calls[-1].number if calls else 0


def _calls(bench: Bench) -> Sequence[Any]:
    runtime = getattr(bench.server, "runtime", None)  # a plain MCPServer has none
    return runtime.recorder.calls if runtime is not None else ()


def _raised(bench: Bench, before: int) -> tuple[BaseException, str] | None:
    """Return the exception of the learner's function in the calls since `before`, and the same in words."""
    for call in reversed(_calls(bench)):
        if call.number > before and call.raised is not None:
            error = _innermost(call.raised)
            place = _place(error, bench.namespace.get("__name__"))
            return error, f"{error!r}{place}{'' if error is call.raised else WRAPPED}"
    return None


def _place(error: BaseException, notebook: Any) -> str:
    """Return the line of the learner's cell in which an exception was raised, or a function of another cell called.

    Nothing for an exception that came from no function of the notebook.
    """
    code = [
        (frame.f_code, line)
        for frame, line in walk_tb(error.__traceback__)
        if frame.f_code.co_name != "<module>" and frame.f_globals.get("__name__") == notebook
    ]
    if not code:
        return ""
    own = code[0][0].co_filename
    line = [line for one, line in code if one.co_filename == own][-1]
    called = "" if code[-1][0].co_filename == own else f", which called {code[-1][0].co_name}"
    return f", in line {line} of its cell{called}"


def _innermost(error: BaseException) -> BaseException:
    """Return the one exception inside of an ExceptionGroup; groups have `exceptions`, on Python 3.10 too."""
    inside: Sequence[BaseException] = getattr(error, "exceptions", ())
    return _innermost(inside[0]) if len(inside) == 1 else error
