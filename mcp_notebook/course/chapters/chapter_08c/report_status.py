"""Exercise 8c.2: the state of a workflow that takes long."""

from __future__ import annotations

from mcp_notebook.course.checking.cases import Case
from mcp_notebook.course.exercises import Exercise

__all__ = ["REPORT_STATUS"]

REPORTS = """
CREATE TABLE reports (job TEXT PRIMARY KEY, started TEXT, state TEXT, text TEXT);
INSERT INTO reports VALUES
    ('novel-2026-11-02', '2026-11-02T09:58:00', 'working', ''),
    ('nature-2026-11-02', '2026-11-02T08:30:00', 'done', 'One book: Silent Spring.'),
    ('epic-2026-11-02', '2026-11-02T09:30:00', 'failed', 'No book has that subject.'),
    ('fantasy-2026-11-01', '2026-11-01T17:00:00', 'working', ''),
    ('essay-2026-11-02', '2026-11-02T09:00:00', 'working', ''),
    ('memoir-2026-11-01', '2026-11-01T09:50:00', 'failed', '');
"""

REPORT_STATUS = Exercise(
    number="8c.2",
    name="report_status",
    title="how far is it?",
    read="5 · Workflows that take long",
    start="# Exercise 8c.2. Begin this cell with %%mcp_tool, and define report_status(job).",
    cases=(
        Case(
            {"job": "novel-2026-11-02"},
            "started two minutes ago, it is still running",
            result={"state": "working", "ask_again_in": 5},
            given=REPORTS,
        ),
        Case(
            {"job": "nature-2026-11-02"},
            "the report is there; it does not matter that it was started long ago",
            result={"state": "done", "text": "One book: Silent Spring."},
        ),
        Case({"job": "epic-2026-11-02"}, "a failed workflow says why", error="No book has that subject."),
        Case({"job": "fantasy-2026-11-01"}, "started yesterday, nobody will report any more", error="lost"),
        Case({"job": "essay-2026-11-02"}, "an hour exactly is too long", error="lost"),
        Case({"job": "drama-2026-11-02"}, "nobody started that", error="drama-2026-11-02"),
    ),
    hints=(
        "Five answers, and the order of the questions matters: which of them depends on the time?",
        "`datetime.fromisoformat(started)` reads the text, and `now() - ... >= timedelta(hours=1)` compares. `query` "
        "returns a list, which is empty for an unknown job.",
        'First `if not found: raise ToolError(...)`, then `((started, state, text),) = found`, then `if state == "done"`, '
        'then `if state == "failed"`, then the time, and at last the answer for a workflow that runs.',
    ),
    solution='''
%%mcp_tool report_status --read-only --closed-world
def report_status(job: Annotated[str, Field(description="The job, as start_report returned it.")]) -> dict[str, object]:
    """Say how far a report is. If it is working, ask again after the seconds in ask_again_in."""
    found = query("SELECT started, state, text FROM reports WHERE job = ?", job)
    if not found:
        raise ToolError(f"There is no report {job!r}. Start one with start_report.")
    ((started, state, text),) = found
    if state == "done":
        return {"state": "done", "text": text}
    if state == "failed":
        raise ToolError(f"The workflow failed: {text}")
    if now() - datetime.fromisoformat(started) >= timedelta(hours=1):
        raise ToolError(f"The report {job!r} is lost: n8n has not reported for an hour. Ask a person to look there.")
    return {"state": "working", "ask_again_in": 5}
''',
    why="A workflow that never reports back is the normal case of a failure. Without an end, a model asks forever.",
)
