"""Exercise 8c.1: a workflow behind a tool, once and only once."""

from __future__ import annotations

from collections.abc import Callable

from mcp_notebook.course.checking.bench import Bench, Then
from mcp_notebook.course.checking.cases import Case
from mcp_notebook.course.exercises import Exercise
from mcp_notebook.course.n8n import StandInForN8n, Trouble

__all__ = ["SEND_REMINDERS"]

LATE = """
DELETE FROM loans WHERE returned IS NULL;
INSERT INTO loans (title, member, lent, due) VALUES
    ('Dune', 'Ada', '2026-10-05', '2026-10-26'), ('Emma', 'Omar', '2026-10-05', '2026-10-30'),
    ('Beloved', 'Ada', '2026-10-05', '2026-10-31'), ('Kindred', 'Mary', '2026-10-19', '2026-11-09');
"""
NOBODY = "DELETE FROM loans WHERE returned IS NULL;"
ONE_MORE = """
INSERT INTO loans (title, member, lent, due) VALUES ('Persuasion', 'Grace', '2026-10-05', '2026-10-26');
"""
BOTH = ["Ada", "Omar"]
SENT = "letters to Ada, Omar"


def _n8n(bench: Bench) -> StandInForN8n:
    return bench.namespace["n8n"]  # type: ignore[no-any-return]


def _given(loans: str, *trouble: Trouble, again: bool = False) -> Callable[[Bench], None]:
    """Prepare the loans and n8n; with `again`, n8n remembers the requests before."""

    def prepare(bench: Bench) -> None:
        bench.fill(loans)
        if not again:
            _n8n(bench).reset(*trouble)

    return prepare


def _letters(*members: str) -> Then:
    return Then("the letters that n8n sent", lambda bench: _n8n(bench).letters, list(members))


def _requests(count: int) -> Then:
    return Then("requests to n8n", lambda bench: len(_n8n(bench).requests), count)


def _keys(count: int) -> Then:
    """Count the different keys; a request without one counts as none."""
    return Then("different keys", lambda bench: len({key for _, key in _n8n(bench).requests if key}), count)


SEND_REMINDERS = Exercise(
    number="8c.1",
    name="send_reminders",
    title="once, and only once",
    read="3 · A bridge there: a workflow behind a tool",
    start="# Exercise 8c.1. Begin this cell with %%mcp_tool, and define send_reminders().",
    cases=(
        Case(
            {},
            "two members are late, and each gets one letter",
            result=SENT,
            given=_given(LATE),
            then=[_letters(*BOTH), _requests(1), _keys(1)],
        ),
        Case({}, "the same call again", result=SENT, given=_given("", again=True), then=[_letters(*BOTH), _keys(1)]),
        Case(
            {},
            "with one more member it is another order",
            result="letters to Ada, Grace, Omar",
            given=_given(ONE_MORE, again=True),
            then=[_letters(*BOTH, "Ada", "Grace", "Omar"), _keys(2)],
        ),
        Case({}, "nobody is late", result="nobody is late", given=_given(NOBODY), then=[_requests(0)]),
        Case(
            {},
            "n8n answers too late once",
            result=SENT,
            given=_given(LATE, "slow"),
            then=[_letters(*BOTH), _requests(2), _keys(1)],
        ),
        Case(
            {},
            "a proxy is busy twice",
            result=SENT,
            given=_given(LATE, "busy", "busy"),
            then=[_letters(*BOTH), _requests(3)],
        ),
        Case(
            {},
            "n8n is slow all the time",
            error="may be on their way",
            given=_given(LATE, "slow", "slow", "slow"),
            then=[_letters(*BOTH), _requests(3)],
        ),
        Case({}, "the workflow fails", error="500", given=_given(LATE, "error"), then=[_letters(), _requests(1)]),
    ),
    hints=(
        "What are the two things that name the intent? Any text made of them is a key; it must be the same in each try.",
        "Make the key before the loop, for example with `hashlib.sha256`. Catch `httpx.TransportError`, which a timeout "
        "is, too, and look at `answer.status_code`: above 500 means another try.",
        'In the loop: `except httpx.TransportError: continue`, then `if answer.status_code == 200: return f"letters to '
        "{', '.join(members)}\"`, then `if answer.status_code <= 500: raise ToolError(f\"n8n refused with "
        '{answer.status_code}.")`. After it: `raise ToolError("... letters may be on their way ...")`.',
    ),
    solution='''
%%mcp_tool send_reminders --no-destructive --idempotent --open-world
import hashlib


async def send_reminders() -> str:
    """Have n8n write a letter to each member with a late book. Calling it twice on a day sends no second letter."""
    members = late_members()
    if not members:
        return "nobody is late"
    key = hashlib.sha256(f"reminders {TODAY} {members}".encode()).hexdigest()
    headers = {"X-Library-Key": N8N_KEY, "Idempotency-Key": key}
    async with httpx.AsyncClient(timeout=PATIENCE, headers=headers) as http:
        for _ in range(3):
            try:
                answer = await http.post(N8N_URL, json={"members": members})
            except httpx.TransportError:
                continue
            if answer.status_code == 200:
                return f"letters to {', '.join(members)}"
            if answer.status_code <= 500:
                raise ToolError(f"n8n answered with {answer.status_code}. Ask a person to look at its executions.")
    raise ToolError("n8n does not answer. Letters may be on their way: look there before you try again.")
''',
    why="A time limit says 'I do not know'. With a key for the intent, trying again is safe, for the network and for a "
    "model that calls twice.",
)
