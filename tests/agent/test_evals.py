"""Cases of evals: how they are written, scored, compared and saved."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from itertools import product
from pathlib import Path
from typing import Annotated, Any

import anyio
import pytest
from mcp.server.mcpserver import Elicit, ElicitationResult, Resolve
from mcp.shared.exceptions import MCPError
from mcp_types import (
    CreateMessageRequestParams,
    CreateMessageResultWithTools,
    SamplingMessage,
    TextContent,
    ToolResultContent,
    ToolUseContent,
)
from pydantic import BaseModel

from mcp_notebook import NotebookServer
from mcp_notebook.agent import Conversation, Model, ScriptedModel, StandInModel, Toolbox, Usage
from mcp_notebook.agent.evals import (
    EvalCase,
    EvalReport,
    Player,
    Rate,
    RunLimits,
    as_pytest,
    cases_in,
    cases_of,
    changes,
    run,
    unknown_tools,
    written,
)
from mcp_notebook.agent.evals.checking import problems
from mcp_notebook.agent.evals.intervals import difference, enough_for
from mcp_notebook.agent.stand_in import choose
from mcp_notebook.client import Connection
from mcp_notebook.errors import ModelError, UsageError
from mcp_notebook.portal import Portal
from mcp_notebook.recording import Call
from mcp_notebook.rendering.evals import eval_card

LATER = 'It did not call burn with {"title": "Kindred"} once more, or not in the expected order.'
OTHER = "It called %s, but not with %s."
ONCE = 'It did not call find with {"author": "Butler"} once more, or not in the expected order.'
FIND, BURN = ("find", {"author": "Butler"}), ("burn", {"title": "Kindred"})

BUTLER = cases_in(
    """
- name: by Butler
  prompt: Which books by Butler do we have?
  calls:
    - find: {author: Butler}
  never: burn
  answer: Kindred
"""
)


def server(find: str = "Which books do we have by an author?", burn: str = "Destroy a copy.") -> NotebookServer:
    made = NotebookServer("library")
    burnt: list[str] = []

    @made.tool(name="find", description=find)
    def _find(author: str) -> list[str]:
        return ["Kindred"] if author == "Butler" else []

    @made.tool(name="burn", description=burn)
    def _burn(title: str) -> str:
        burnt.append(title)
        return "burnt"

    setattr(made, "burnt", burnt)  # noqa: B010 - a note for the test
    return made


Eval = Callable[..., EvalReport]


@pytest.fixture
def evaluate(portal: Portal) -> Eval:
    def evaluate(
        cases: Sequence[EvalCase],
        *servers: NotebookServer,
        player: Player | None = None,
        runs: int = 5,
        limits: RunLimits = RunLimits(),  # noqa: B008 - it is immutable
    ) -> EvalReport:
        player = player or Player.stand_in()
        labels = ["A", "B", "C"][: len(servers)] if len(servers) > 1 else [""]
        toolboxes = [Toolbox({"library": Connection(portal, each)}) for each in servers]
        sides = [player.side(box, label) for label, box in zip(labels, toolboxes, strict=True)]
        report = EvalReport("books", cases, runs, sides)
        portal.run(run, report, [(side, player, box) for side, box in zip(sides, toolboxes, strict=True)], limits)
        return report

    return evaluate


def scripted(*steps: Any) -> Player:
    return Player("scripted", lambda _case, _number: ScriptedModel(steps), scripted=True, alike=True)


# Cases


def test_a_case_has_only_what_a_person_has_to_say() -> None:
    first, second = cases_in("- prompt: Hello?\n  answer: hi\n- prompt: x\n  calls: [find, {burn: {title: Kindred}}]\n")
    assert (first.name, first.prompt, first.calls, first.answer) == ("Hello?", "Hello?", None, ["hi"])
    assert second.calls == [("find", {}), BURN]


def test_a_date_and_a_no_are_texts_and_numbers_are_numbers() -> None:
    (case,) = cases_in("- prompt: x\n  calls: {on: {day: 2026-01-02, word: no, n: 3, x: 1.5, old: 010}}\n  answer: 42")
    assert case.calls == [("on", {"day": "2026-01-02", "word": "no", "n": 3, "x": 1.5, "old": 10})]
    assert case.answer == ["42"]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", "The cases have to be a YAML list"),
        ("prompt: x", "The cases have to be a YAML list"),
        ("- just words", 'Case 1 is "just words"'),
        ("- prompt: x\n  call: find", "Case 1 has \"call\", which a case does not have. Did you mean 'calls'?"),
        ("- answer: x", "Case 1 has no prompt"),
        ("- prompt: x", "Case 1 expects nothing"),
        ("- prompt: x\n  order: all\n  calls: [find]", 'order is "all"'),
        ("- prompt: x\n  calls: [[find]]", 'Case 1: ["find"] is not a call'),
        ("- prompt: x\n  calls: [{find: 3}]", "is not a call"),
        ("- prompt: x\n  answer: true", "Case 1: answer is true, not a text. Put it in quotes."),
        ("- prompt: say: this\n  answer: x", "The cases cannot be read in line 1: mapping values are not allowed"),
        ("- &a [*a]", "in line 1: an alias (*) is not allowed"),
        (
            "- prompt: first\n  calls: []\n  prompt: second\n  calls: [x]",
            "in line 3: the key 'prompt' is in line 1 already. Begin each case with a dash",
        ),
        ("- {prompt: a, prompt: b}", "in line 1: the key 'prompt' is in line 1 already"),
        ("- prompt: x\n  calls: [{f: {a: 1, a: 2}}]", "in line 2: the key 'a' is in line 2 already"),
        ('- prompt: "find \\ud800 books"\n  calls: []', "in line 1: half of a character stands alone"),
        ("- prompt: find \ud800 books\n  calls: []", "The cases cannot be read"),
        ("- prompt: !!bool maybe", "in line 1: the value cannot be read as bool"),
        ("- prompt: !!timestamp x", "in line 1: could not determine a constructor"),
        ("- prompt: x\n  calls: [f, g]\n  never: [h, g]", 'Case 1 has "g" in calls and in never. Take it out of one'),
        ("- prompt: x\n  answer: a\n- prompt: x\n  answer: b", "Case 2 has the name 'x', and so has an earlier one"),
        ("[" * 3000, "The cases are nested too deep."),
    ],
)
def test_a_mistake_in_a_case_is_one_line(text: str, line: str) -> None:
    with pytest.raises(UsageError) as raised:
        cases_in(text)
    assert line in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_name_that_no_tool_has_is_noted() -> None:
    (case,) = cases_in("- prompt: x\n  calls: [fnd]\n  never: [burn]")
    assert unknown_tools([case], ["find", "burn"]) == [
        "The case 'x' names the tool fnd, which is not there. Did you mean 'find'?"
    ]


@pytest.mark.parametrize(
    ("expected", "calls", "answer", "found"),
    [
        (EvalCase("", calls=[FIND]), [FIND], "", []),
        (EvalCase("", calls=[("find", {})]), [("find", {"author": "x", "limit": 3})], "", []),
        (
            EvalCase("", calls=[FIND]),
            [("find", {"author": "x"})],
            "",
            ['It called find, but not with {"author": "Butler"}.'],
        ),
        (EvalCase("", calls=[FIND]), [BURN], "", ["It did not call find."]),
        (EvalCase("", calls=[FIND, BURN]), [FIND, ("look", {}), BURN], "", []),
        (EvalCase("", calls=[FIND, BURN]), [BURN, FIND], "", [LATER]),
        (EvalCase("", calls=[FIND, BURN], any_order=True), [BURN, FIND], "", []),
        (EvalCase("", calls=[("find", {}), FIND], any_order=True), [FIND, ("find", {"author": "x"})], "", []),
        (EvalCase("", calls=[FIND, FIND], any_order=True), [FIND], "", [ONCE]),
        (EvalCase("", calls=[]), [], "", []),
        (EvalCase("", calls=[]), [FIND], "", ["It called find, and no call was expected."]),
        (EvalCase("", never=["burn"]), [FIND, BURN], "", ["It called burn, which it must not."]),
        (EvalCase("", answer=["KINDRED", "1979"]), [], "kindred, of 1979", []),
        (EvalCase("", answer=["Kindred"]), [], "Nothing.", ["The answer lacks 'Kindred'."]),
        (
            EvalCase("", calls=[("put", {"n": 1, "at": [{"x": 1}]})]),
            [("put", {"n": 1.0, "at": [{"x": 1, "y": 2}]})],
            "",
            [],
        ),
        (
            EvalCase("", calls=[("put", {"n": 1})]),
            [("put", {"n": True})],
            "",
            ['It called put, but not with {"n": 1}.'],
        ),
        (
            EvalCase("", calls=[("put", {"at": [1]})]),
            [("put", {"at": [1, 2]})],
            "",
            ['It called put, but not with {"at": [1]}.'],
        ),
    ],
)
def test_a_conversation_is_checked(expected: EvalCase, calls: Any, answer: str, found: list[str]) -> None:
    assert problems(expected, calls, answer) == found


# Intervals


@pytest.mark.parametrize("rate", [Rate(0, 5), Rate(5, 5), Rate(1, 1), Rate(12, 20), Rate(81, 263)])
def test_the_interval_of_a_rate_is_wilsons(rate: Rate) -> None:
    """Its ends are where the share that was seen is 1.96 standard errors away, with the error of a rate at that end."""
    for end in rate.interval:
        error = math.sqrt(end * (1 - end) / rate.runs)
        assert abs(rate.share - end) == pytest.approx(1.959964 * error, abs=1e-6)
    assert rate.interval[0] <= rate.share <= rate.interval[1]


def test_no_run_says_nothing() -> None:
    assert Rate(0, 0).interval == (0.0, 1.0)


def test_the_interval_of_a_difference_needs_more_than_two_runs() -> None:
    assert difference(Rate(0, 2), Rate(2, 2))[0] < 0
    assert difference(Rate(0, 5), Rate(5, 5))[0] > 0
    low, high = difference(Rate(5, 10), Rate(5, 10))
    assert low == pytest.approx(-high)


def test_the_interval_of_a_difference_covers_it_as_often_as_it_says() -> None:
    """Exactly, over all outcomes of 10 runs each: 95% with the error of a discrete distribution."""
    for p, q in [(0.5, 0.5), (0.1, 0.1), (0.9, 0.6), (0.3, 0.8)]:
        covered = 0.0
        for a in range(11):
            for b in range(11):
                low, high = difference(Rate(a, 10), Rate(b, 10))
                weight = math.comb(10, a) * p**a * (1 - p) ** (10 - a) * math.comb(10, b) * q**b * (1 - q) ** (10 - b)
                covered += weight if low <= q - p <= high else 0.0
        assert covered > 0.93, (p, q)


def chance(n: int, before: float, after: float) -> float:
    """Return exactly how often n runs on each side show a difference of these two rates."""
    one, other = ([math.comb(n, k) * rate**k * (1 - rate) ** (n - k) for k in range(n + 1)] for rate in (before, after))
    found = 0.0
    for a, b in product(range(n + 1), repeat=2):
        if one[a] * other[b] > 1e-12:
            low, high = difference(Rate(a, n), Rate(b, n))
            found += one[a] * other[b] if low > 0 or high < 0 else 0.0
    return found


@pytest.mark.parametrize(
    ("before", "after", "cases"),
    [
        (Rate(2, 5), Rate(3, 5), 1),
        (Rate(3, 5), Rate(2, 5), 1),
        (Rate(1, 5), Rate(3, 5), 1),
        (Rate(4, 5), Rate(5, 5), 1),
        (Rate(6, 15), Rate(9, 15), 3),
    ],
)
def test_the_suggested_runs_find_a_difference_in_four_evals_of_five(before: Rate, after: Rate, cases: int) -> None:
    runs = enough_for(before, after, cases)
    assert runs is not None
    assert chance(runs * cases, before.share, after.share) >= 0.8
    assert chance(runs * cases * 2 // 3, before.share, after.share) < 0.8


def test_the_suggested_runs_of_close_rates_are_none() -> None:
    assert enough_for(Rate(499, 1000), Rate(500, 1000), 1) is None


# Runs


def test_the_stand_in_gives_the_same_results_each_time(evaluate: Eval) -> None:
    def results() -> list[tuple[int, tuple[str, ...]]]:
        (side,) = evaluate(BUTLER, server(find="Which titles by Butler?"), runs=20).sides
        return [(trial.number, trial.problems) for trial in side.of(BUTLER[0])]

    first = results()
    assert first == results()
    assert [number for number, _ in first] == list(range(1, 21))
    assert 0 < sum(not found for _, found in first) <= 20


def test_the_better_description_is_preferred_if_there_are_enough_runs(evaluate: Eval) -> None:
    vague, clear = server(find="Does a lookup."), server(find="Find which books we have by an author, such as Butler.")
    few = evaluate(BUTLER, vague, clear, runs=2)
    many = evaluate(BUTLER, vague, clear, runs=40)
    assert "Too few runs to tell (n=2)" in next(few.sentences())
    assert next(many.sentences()).startswith("B is better than A (n=40): +")
    assert many.sides[0].rate().share < many.sides[1].rate().share
    swapped = evaluate(BUTLER, clear, vague, runs=40)
    assert next(swapped.sentences()).startswith("A is better than B")


def test_the_same_description_twice_makes_no_difference(evaluate: Eval) -> None:
    assert next(evaluate(BUTLER, server(), server(), runs=60).sentences()).startswith("No difference seen (n=60)")
    assert "Too few runs to tell (n=3)" in next(evaluate(BUTLER, server(), server(), runs=3).sentences())


def test_few_runs_of_one_side_are_called_few(evaluate: Eval) -> None:
    assert "Too few runs to tell (n=3)" in next(evaluate(BUTLER, server(), runs=3).sentences())
    assert [*evaluate(BUTLER, server(), runs=60).sentences()] == []


def test_a_forbidden_call_is_not_made(evaluate: Eval) -> None:
    library: Any = server()
    (side,) = evaluate(BUTLER, library, player=scripted({"tool": "burn", "arguments": BURN[1]}, "Burnt."), runs=1).sides
    assert library.burnt == []
    (trial,) = side.trials
    assert trial.problems[0] == "It called burn, which it must not."
    assert "The user did not allow this call." in trial.transcript


def test_a_model_that_never_ends_has_failed(evaluate: Eval) -> None:
    again = [{"tool": "find", "arguments": FIND[1]}] * 3
    report = evaluate(BUTLER, server(), player=scripted(*again), runs=1, limits=RunLimits(turns=2))
    assert report.failures[0].problems == ("It was asked 2 times, and still called tools.",)


class Broken:
    name = "broken"

    def __init__(self, bad_until: int) -> None:
        self.bad_until = bad_until
        self.asked = 0

    async def __call__(self, request: CreateMessageRequestParams) -> CreateMessageResultWithTools:
        self.asked += 1
        if self.asked <= self.bad_until:
            raise ModelError("broken did not answer: no network")
        return await StandInModel()(request)


def test_errors_of_a_model_are_not_failures_of_a_tool(evaluate: Eval) -> None:
    model = Broken(2)
    report = evaluate(BUTLER, server(), player=Player("broken", lambda _c, _n: model, scripted=True), runs=10)
    assert report.sides[0].rate() == Rate(8, 8)
    assert "2 runs not scored, because the model failed: broken did not answer: no network" in [*report.sentences()]
    assert not report.passed


def test_a_model_that_never_answers_is_not_asked_for_all_runs(evaluate: Eval) -> None:
    model = Broken(1000)
    report = evaluate(BUTLER, server(), player=Player("broken", lambda _c, _n: model, scripted=True), runs=50)
    assert model.asked == 3
    assert report.sides[0].rate() == Rate(0, 0)
    assert report.sides[0].errors == 50


def boom(messages: Any) -> Any:
    raise ZeroDivisionError("by\nzero")


NO_MODELS: dict[str, Model] = {}


class Grouped:
    name = "grouped"

    async def __call__(self, request: CreateMessageRequestParams) -> CreateMessageResultWithTools:
        async with anyio.create_task_group() as group:
            group.start_soon(self.fails)
        return await StandInModel()(request)

    async def fails(self) -> None:
        raise ValueError


@pytest.mark.parametrize(
    ("player", "reason"),
    [
        (scripted(boom), "ZeroDivisionError: by zero"),
        (Player.provided(Grouped()), "ValueError"),
        (Player("lost", lambda case, _: NO_MODELS[case.name], scripted=True), "KeyError: 'by Butler'"),
        (scripted(3), "Step 1 of the script is 3."),
    ],
)
def test_any_error_of_a_model_is_one_line_and_the_eval_goes_on(evaluate: Eval, player: Player, reason: str) -> None:
    report = evaluate(BUTLER, server(), player=player, runs=2)
    assert report.sides[0].errors == 2
    (sentence,) = [line for line in report.sentences() if "the model failed" in line]
    assert sentence.startswith(f"2 runs not scored, because the model failed: {reason}")
    assert "\n" not in sentence


def test_an_error_while_results_are_shown_is_itself(portal: Portal) -> None:
    toolbox = Toolbox({"library": Connection(portal, server())})
    player = Player.stand_in()
    side = player.side(toolbox)
    report = EvalReport("books", BUTLER, 1, [side])

    async def show() -> None:
        assert report.running
        assert not [line for line in report.sentences() if "Too few runs" in line]
        raise UsageError("no display")

    with pytest.raises(UsageError, match="no display"):
        portal.run(run, report, [(side, player, toolbox)], RunLimits(), show)
    assert "Too few runs to tell (n=1)" in next(report.sentences())


def test_the_stand_in_reads_half_of_a_character(evaluate: Eval) -> None:
    report = evaluate([EvalCase("find \ud800 books", calls=[])], server(), runs=2)
    assert report.sides[0].errors == 0
    assert report.sides[0].rate().runs == 2


def test_a_script_has_no_interval_because_its_runs_are_copies(evaluate: Eval) -> None:
    report = evaluate(BUTLER, server(), server(), player=scripted(FIND_STEP, "Kindred."), runs=20)
    assert [*report.sentences()] == [
        "The steps of the script are the same in each run, so that more runs tell nothing."
    ]
    text = eval_card(report).text
    assert "20/20, 100%" in text
    assert " to " not in text
    assert "interval" not in text


def test_a_model_without_tools_is_noted(evaluate: Eval) -> None:
    (case,) = cases_in("- prompt: Good morning!\n  calls: []")
    noted = "The model had no tools"
    assert [line for line in evaluate([case], NotebookServer("empty")).sentences() if line.startswith(noted)]
    both = evaluate([case], server(), NotebookServer("empty"))
    assert [line for line in both.sentences() if line.startswith(f"{noted} with B,")]
    assert not [line for line in evaluate([case], server()).sentences() if line.startswith(noted)]


def test_calls_without_a_result_are_noted(evaluate: Eval) -> None:
    library = server()

    @library.tool(name="find")
    def _find(author: str) -> str:
        raise MCPError(-32603, "the library burnt down")

    player = scripted(FIND_STEP, {"tool": "burn", "arguments": BURN[1]}, {"tool": "none"}, "Kindred.")
    report = evaluate(BUTLER, library, player=player, runs=3)
    (sentence,) = [line for line in report.sentences() if "no result" in line]
    assert sentence.startswith("3 calls had no result. The last: ")
    assert "the library burnt down" in sentence


class Sure(BaseModel):
    sure: bool


def ask() -> Elicit[Sure]:
    return Elicit("Sure?", Sure)


def borrow(title: str, sure: Annotated[ElicitationResult[Sure], Resolve(ask)]) -> str:
    """Borrow a title."""
    return sure.action


def test_several_runs_of_a_provider_s_model_go_on_at_a_time(evaluate: Eval) -> None:
    class Slow:
        name = "slow"
        inside = most = 0

        def __init__(self) -> None:
            self.all_in = anyio.Event()

        async def __call__(self, request: CreateMessageRequestParams) -> CreateMessageResultWithTools:
            self.inside += 1
            self.most = max(self.most, self.inside)
            if self.inside == 4:
                self.all_in.set()
            with anyio.fail_after(60):
                await self.all_in.wait()
            self.inside -= 1
            return await StandInModel()(request)

    cases = cases_in("".join(f"- prompt: Good morning {number}\n  calls: []\n" for number in range(8)))
    slow = Slow()
    report = evaluate(cases, server(), player=Player.provided(slow), runs=1)
    assert report.passed
    assert slow.most == 4


def test_questions_of_a_server_are_declined(evaluate: Eval) -> None:
    library = server()
    library.tool()(borrow)
    (case,) = cases_in("- prompt: Borrow Kindred\n  calls: [borrow]\n  answer: decline")
    assert evaluate([case], library, runs=1).passed


def test_a_transcript_is_bounded_and_has_all_that_happened(evaluate: Eval) -> None:
    report = evaluate(BUTLER, server(), player=scripted([FIND_STEP, "Looking."], "x" * 5000), runs=1)
    lines = report.failures[0].transcript.splitlines()
    assert lines[0] == "prompt: Which books by Butler do we have?"
    assert 'calls find {"author": "Butler"}' in lines
    assert "result: Kindred" in lines
    assert lines[-1].endswith("… (5,000 characters)")
    assert len(lines[-1]) < 2100


FIND_STEP = {"tool": "find", "arguments": {"author": "Butler"}}


def test_versions_are_told_apart() -> None:
    async def tools(made: NotebookServer) -> Any:
        return await made.list_tools()

    portal = Portal()
    try:
        old, new = portal.run(tools, server()), portal.run(tools, server(find="Look."))
    finally:
        portal.close()
    assert changes(old, new) == ["find has another description"]
    assert changes(old, old) == []
    assert changes(old, old[:1]) == ["burn is gone"]


# Tokens


def test_tokens_and_cost_are_summed_and_unknown_stays_unknown() -> None:
    assert Usage(1, 2, 0.5) + Usage(10, 20, 0.25) == Usage(11, 22, 0.75)
    assert Usage(1, 2, 0.5) + Usage(10, 20) == Usage(11, 22)
    assert Usage(1_000_000, 500_000).at(3, 10) == Usage(1_000_000, 500_000, 8.0)
    assert Usage().at(3, 10) == Usage()


# The stand-in


def tool(name: str, description: str, **properties: Any) -> tuple[str, str, Any]:
    return name, description, {"type": "object", "properties": properties, "required": [*properties]}


def test_the_stand_in_chooses_by_the_words_of_a_description() -> None:
    tools = [tool("a", "Delete a book."), tool("b", "Search the titles of an author.", author={"type": "string"})]
    assert choose("Search for titles by Octavia Butler", tools) == [("b", {"author": "Octavia Butler"})]
    assert choose("Delete it. Then search titles of Butler.", tools) == [("a", {}), ("b", {"author": "Butler"})]
    assert choose("What is the weather?", tools) == []
    assert choose("", tools) == []
    assert choose("anything", []) == []


@pytest.mark.parametrize(
    ("prompt", "schema", "value"),
    [
        ("Go 3 steps", {"type": "integer"}, 3),
        ("Go -3.5 steps", {"type": "number"}, -3.5),
        ("Go 3.5 steps", {"type": "integer"}, 3),
        ("Go home", {"type": "integer"}, None),
        ('Go to "the sea"', {"type": "string"}, "the sea"),
        ("go there", {"type": "string"}, "there"),
        ("Go north", {"enum": ["south", "north"]}, "north"),
        ("Go to Rome", {"anyOf": [{"type": "string"}, {"type": "null"}]}, "Rome"),
        ("Go to Rome", {"type": "array", "items": {"type": "string"}}, ["Rome"]),
        ("Go", {"type": "boolean"}, True),
        ("Go", {"type": "object"}, None),
        ("Go 1" + "0" * 500, {"type": "number"}, None),
        ("Go", True, None),
        ("Go", {"anyOf": 3, "enum": 3, "type": ["x"]}, None),
    ],
)
def test_the_stand_in_finds_arguments(prompt: str, schema: Any, value: Any) -> None:
    assert choose(prompt, [tool("go", "", x=schema)]) == [("go", {} if value is None else {"x": value})]


@pytest.mark.parametrize(
    "schema", [None, True, {"properties": 3}, {"properties": {"a": {}}, "required": 3}, {"required": ["a"]}]
)
def test_the_stand_in_reads_any_schema(schema: Any) -> None:
    assert choose("Go", [("go", "", schema)]) == [("go", {})]


def test_the_stand_in_can_be_talked_to(portal: Portal) -> None:
    class Quiet:
        async def said(self, text: str) -> None: ...
        async def calling(self, use: Any) -> None: ...
        async def called(self, use: Any, result: Any, call: Any) -> None: ...
        async def failed(self, use: Any, reason: str, call: Any) -> None: ...

    toolbox = Toolbox({"library": Connection(portal, server())})
    conversation = Conversation()

    def say(prompt: str) -> str:
        async def turn() -> str:
            return (await conversation.turn(prompt, StandInModel(), toolbox, Quiet())).answer

        return portal.run(turn)

    assert say("Which books by Butler do we have?") == "Kindred"
    assert say("Nice weather") == "No tool here is about that."


# From the log


def test_cases_come_from_a_conversation_and_from_other_calls(portal: Portal) -> None:
    def said(role: Any, *blocks: Any) -> SamplingMessage:
        return SamplingMessage(role=role, content=[*blocks])

    messages = [
        said("user", TextContent(type="text", text="Which?")),
        said("assistant", ToolUseContent(id="1", name="find", input={"author": "Butler"})),
        said("user", ToolResultContent(tool_use_id="1", content=[])),
        said("assistant", TextContent(type="text", text="Kindred.")),
        said("user", TextContent(type="text", text="Thanks: bye #1")),
        said("assistant", TextContent(type="text", text="Bye.")),
    ]
    calls = [
        recorded("find", {"author": "Butler"}),
        recorded("burn", {"title": 'A "b"'}),
        recorded("burn", {"title": 'A "b"'}),
    ]
    cases = cases_of(messages, [*calls, recorded("burn", {}, state="error")])
    assert [(case.prompt, case.calls) for case in cases] == [
        ("Which?", [FIND]),
        ("Thanks: bye #1", []),
        ("", [("burn", {"title": 'A "b"'})]),
    ]
    text = written(cases)
    with pytest.raises(UsageError, match="Case 3 has no prompt"):
        cases_in(text)
    read = cases_in(text.replace('prompt: ""', "prompt: Burn it"))
    assert [case.calls for case in read] == [case.calls for case in cases]
    assert read[1].prompt == "Thanks: bye #1"


def recorded(name: str, arguments: Any, state: Any = "done") -> Call:
    call = Call(server="library", method="tools/call", name=name, arguments=arguments)
    call.end(state, {})
    return call


@pytest.mark.parametrize(
    "text", ["a: b", "# x", "- y", "no", "null", "1.5", "two\nlines", "\x85\u2028", "'q'", '"', "*a", "{", "é", "x "]
)
def test_every_text_survives_being_written(text: str) -> None:
    case = EvalCase(
        f"p{text}p",
        f"n{text.strip()}n".replace("\n", " "),
        [(f"t{text}", {text: [text, None, 1]})],
        True,
        [text],
        [text],
    )
    (read,) = cases_in(written([case]))
    assert (read.prompt, read.calls, read.any_order, read.never, read.answer) == (
        case.prompt,
        case.calls,
        True,
        [text],
        [text],
    )


# A saved test


@pytest.mark.slow
def test_a_saved_test_runs_with_plain_pytest_and_fails_with_a_bad_description(tmp_path: Path) -> None:
    pytest.importorskip("ruff")
    tests = as_pytest(BUTLER, "library_server:mcp", runs=10, least=0.8)
    assert "mcp_notebook" not in tests
    (tmp_path / "test_evals.py").write_text(tests, encoding="utf-8")

    def outcome(description: str, **environment: str) -> subprocess.CompletedProcess[str]:
        (tmp_path / "library_server.py").write_text(SERVER.format(description=description), encoding="utf-8")
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-W", "error", str(tmp_path)]
        return subprocess.run(
            command, cwd=tmp_path, capture_output=True, text=True, env={**environ(), **environment}, check=False
        )

    good = outcome("Which books do we have by an author? For example the books by Butler.")
    assert good.returncode == 0, good.stdout
    bad = outcome("Do it.")
    assert bad.returncode == 1
    assert "It did not call find." in bad.stdout
    assert outcome("Do it.", EVAL_LEAST="0").returncode == 0


def environ() -> dict[str, str]:
    return {key: value for key, value in os.environ.items() if not key.startswith(("EVAL_", "PYTEST_", "COV"))}


SERVER = '''from mcp.server.mcpserver import MCPServer

mcp = MCPServer("library")


@mcp.tool(description={description!r})
def find(author: str) -> list[str]:
    return ["Kindred"] if author == "Butler" else []


@mcp.tool()
def burn(title: str) -> str:
    """Burn a copy."""
    return "burnt"
'''


def test_a_saved_test_scores_as_the_notebook_does(evaluate: Eval) -> None:
    """The runs of a saved test overlook the same words, so that both have the same rate."""
    (side,) = evaluate(BUTLER, server(find="Titles by Butler."), runs=20).sides
    tools = [(each.name, each.description or "", each.input_schema) for each in side.tools]
    chosen = [choose(BUTLER[0].prompt, tools, number) for number in range(1, 21)]
    assert [bool(calls) and calls[0][0] == "find" for calls in chosen] == [trial.passed for trial in side.of(BUTLER[0])]


def test_a_case_in_a_saved_test_is_data() -> None:
    pytest.importorskip("ruff")
    hostile = EvalCase('"""\n{module}\\', "n", [("x", {"a": "'); import os"})], answer=["\u202e"])
    source = as_pytest([hostile], "server:mcp", runs=1, least=1)
    namespace: dict[str, Any] = {}
    start = source.index("CASES: list")
    exec(source[start : source.index("\n]\n", start) + 3], {"Any": Any, "dict": dict, "list": list}, namespace)
    assert namespace["CASES"] == [
        {"name": "n", "prompt": hostile.prompt, "calls": [("x", {"a": "'); import os"})], "answer": ["\u202e"]}
    ]
    assert json.dumps(namespace["CASES"])
