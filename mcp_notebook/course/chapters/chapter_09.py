"""Chapter 9: tasks, skills, apps and events."""

from __future__ import annotations

from typing import Any

from mcp_notebook.course.checking.bench import Bench, rows
from mcp_notebook.course.checking.cases import Case, Listed, Probe
from mcp_notebook.course.exercises import Chapter, Exercise, Prediction
from mcp_notebook.course.checking.extension_cases import CancelledCall, EventCase, ReportingCall, TaskCall
from mcp_notebook.course.checking.pages import app_of_tool, event_arguments, in_order, pressed, reached

NEW_LOANS = """
DELETE FROM loans WHERE returned IS NULL;
INSERT INTO loans (title, member, lent, due) VALUES
    ('Dune', 'Ada', '2026-11-02', '2026-11-23'),
    ('Emma', 'Grace', '2026-11-02', '2026-11-23'),
    ('Kindred', 'Omar', '2026-11-02', '2026-11-23');
"""
ONLY_NEW = NEW_LOANS.partition(";")[2]
NINE_LOANS = NEW_LOANS + ONLY_NEW + ONLY_NEW
OPEN = "SELECT title, due FROM loans WHERE returned IS NULL ORDER BY id"
EXTENDED = "SELECT count(*) FROM loans WHERE returned IS NULL AND due <> '2026-11-23'"
OLD_ONES = "SELECT count(*) FROM loans WHERE returned IS NOT NULL AND due <> date(lent, '+21 days')"

EXTEND_LOANS = Exercise(
    number="9.1",
    name="extend_loans",
    title="a holiday",
    read="2 · Tasks: a call that outlives its request",
    start="# Exercise 9.1. Define the tool extend_loans(days), which runs as a task.",
    cases=(
        TaskCall(
            {"days": 7},
            "a task extends the three open loans by a week",
            result=3,
            given=NEW_LOANS,
            then=[
                rows(OPEN, ("Dune", "2026-11-30"), ("Emma", "2026-11-30"), ("Kindred", "2026-11-30")),
                rows(OLD_ONES, (0,)),
            ],
        ),
        Case({"days": 1}, "a client without tasks gets the result itself", result=3, given=NEW_LOANS),
        ReportingCall(
            {"days": 1},
            "it reports each loan",
            reports=((1, 3, "Dune"), (2, 3, "Emma"), (3, 3, "Kindred")),
            given=NEW_LOANS,
        ),
        CancelledCall(
            {"days": 7},
            "cancelled after the first loan, it leaves the others as they are",
            changed=EXTENDED,
            total=9,
            given=NINE_LOANS,
        ),
        Case(
            {"days": 0},
            "less than a day is refused",
            error="days",
            given=NEW_LOANS,
            then=[rows(EXTENDED, (0,))],
        ),
    ),
    hints=(
        "`take_stock`, in its first version, has all the parts: the option, the loop, the report, the pause. Which "
        "pause lets the function be cancelled?",
        "Ask for the loans first: `SELECT id, title FROM loans WHERE returned IS NULL ORDER BY id`. For each, UPDATE "
        "one row, then `await ctx.report_progress(number, len(loans), title)` and `await asyncio.sleep(0.1)`.",
        "`query(\"UPDATE loans SET due = date(due, ? || ' days') WHERE id = ?\", days, loan)`, with "
        "`%%mcp_tool --task --no-destructive` and `days: Annotated[int, Field(ge=1)]`",
    ),
    solution='''
%%mcp_tool --task --no-destructive --closed-world
import asyncio

from mcp.server.mcpserver import Context


async def extend_loans(days: Annotated[int, Field(description="How many days to add.", ge=1)], ctx: Context) -> int:
    """Give each open loan more days, one at a time. Returns the number of loans."""
    loans = query("SELECT id, title FROM loans WHERE returned IS NULL ORDER BY id")
    for number, (loan, title) in enumerate(loans, 1):
        query("UPDATE loans SET due = date(due, ? || ' days') WHERE id = ?", days, loan)
        await ctx.report_progress(number, len(loans), title)
        await asyncio.sleep(0.1)
    return len(loans)
''',
    why="A task can be cancelled only where it awaits. Small steps make it stop soon, and leave data that makes sense.",
)


async def _button(bench: Bench) -> Any:
    bench.fill(NEW_LOANS)
    ((loan,),) = rows("SELECT min(id) FROM loans WHERE returned IS NULL").look(bench)
    outcome = await pressed(bench, {"loan": loan, "title": "Dune", "member": "Ada", "due": "2026-11-23"})
    return outcome, rows(OPEN).look(bench)


DESK = Exercise(
    number="9.2",
    name="ui://library/desk",
    title="the desk",
    read="5 · Apps: an interface for a result",
    start="# Exercise 9.2. Begin this cell with %%mcp_app ui://library/desk, and write the page below that line.",
    kind="app",
    cases=(
        Listed({"mimeType": "text/html;profile=mcp-app"}, "it is a page that hosts can show"),
        Probe(
            "the app of on_loan in the list of tools",
            "the tool names the page",
            lambda bench: app_of_tool(bench, "on_loan"),
            result="ui://library/desk",
        ),
        Probe(
            "the order of App, ontoolresult and connect in the page",
            "it is ready for the first result before it connects",
            in_order,
            result=["the class App", "ontoolresult", "connect"],
        ),
        Probe(
            "press the button of Ada's loan of Dune",
            "the call that the page makes returns that book, and no other",
            _button,
            result=("end_loan: Dune: returned by Ada", [("Emma", "2026-11-23"), ("Kindred", "2026-11-23")]),
        ),
        Probe("the other servers that the page reaches", "there are none", reached, result=[]),
    ),
    hints=(
        "Copy the page of `ui://library/loans`. Which two options link it to its tool and bring the class `App`?",
        "In the loop over `structuredContent.result`, make a `button` beside the text, with an `onclick`. It needs no "
        "menu. `on_loan` has no arguments.",
        '`button.onclick = () => app.callServerTool({ name: "end_loan", arguments: { loan: row.loan } });`',
    ),
    solution="""
%%mcp_app ui://library/desk --tool on_loan --sdk
<ul id="loans"></ul>
<script type="module">
  const app = new App({ name: "desk", version: "1.0.0" });
  const list = document.getElementById("loans");
  app.ontoolresult = ({ structuredContent }) => {
    list.replaceChildren();
    for (const row of structuredContent.result) {
      const line = document.createElement("li");
      line.textContent = `${row.title}, ${row.member} `;
      const button = document.createElement("button");
      button.textContent = "Returned";
      button.onclick = async () => {
        await app.callServerTool({ name: "end_loan", arguments: { loan: row.loan } });
        app.ontoolresult(await app.callServerTool({ name: "on_loan", arguments: {} }));
      };
      line.append(button);
      list.append(line);
    }
  };
  await app.connect();
</script>
""",
    why="The page has no rights of its own: it can do what the tools of its server do, and the host sees each call.",
)

LENT = Exercise(
    number="9.3",
    name="book.lent",
    title="a book was lent",
    read="6 · Events: news from the server",
    start="# Exercise 9.3. Begin this cell with %%mcp_event book.lent, and define the function lent(cursor, member).",
    kind="event",
    cases=(
        EventCase(
            {},
            "another program lends Dune to Ada",
            meanwhile="INSERT INTO loans (title, member, lent, due) VALUES ('Dune', 'Ada', '2026-11-02', '2026-11-23')",
            data=[{"title": "Dune", "member": "Ada", "due": "2026-11-23"}],
        ),
        EventCase(
            {},
            "of three loans, the oldest comes first",
            meanwhile=ONLY_NEW,
            data=[
                {"title": title, "member": member, "due": "2026-11-23"}
                for title, member in (("Dune", "Ada"), ("Emma", "Grace"), ("Kindred", "Omar"))
            ],
        ),
        EventCase(
            {"member": "Omar"},
            "only his loan, of three",
            meanwhile=ONLY_NEW,
            data=[{"title": "Kindred", "member": "Omar", "due": "2026-11-23"}],
        ),
        EventCase({"member": "Mary"}, "she borrowed nothing", meanwhile=ONLY_NEW, data=[]),
        EventCase(
            {},
            "a book that comes back is not lent",
            meanwhile="UPDATE loans SET returned = '2026-11-02' WHERE returned IS NULL",
            data=[],
            given=NEW_LOANS,
        ),
        Probe(
            "the arguments of book.lent, as listed",
            "a subscriber may name a member",
            lambda bench: event_arguments(bench, "book.lent"),
            result={"member": ""},
        ),
    ),
    hints=(
        "`member.joined` has the form: a cursor that may be `None`, the rows beyond it, and the new cursor.",
        "The new cursor is the largest `id` of *all* loans, also if none of them is that member's. The condition "
        "`? IN ('', member)` holds for an empty argument, and for the rows of that member.",
        "`query(\"SELECT title, member, due FROM loans WHERE id > ? AND ? IN ('', member) ORDER BY id\", "
        "last if cursor is None else cursor, member)`",
    ),
    solution='''
%%mcp_event book.lent
def lent(cursor: int | None = None, member: str = "") -> tuple[list[dict[str, str]], int]:
    """A book was lent to a member. With an argument member, only loans of that member."""
    ((last,),) = query("SELECT coalesce(max(id), 0) FROM loans")
    start = last if cursor is None else cursor
    sql = "SELECT title, member, due FROM loans WHERE id > ? AND ? IN ('', member) ORDER BY id"
    found = query(sql, start, member)
    return [{"title": title, "member": name, "due": due} for title, name, due in found], last
''',
    why="A function with a cursor finds each change of the data, by any program, also after the client was away.",
)

CHAPTER = Chapter(
    "9",
    "Extensions",
    exercises=(EXTEND_LOANS, DESK, LENT),
    predictions=(
        Prediction(
            "9.a",
            "The next cell calls `take_stock` as a client that does not declare tasks. What does it get?",
            (
                "A handle, and it has to poll",
                "The result, after the wait",
                "An error: the client has to declare tasks",
            ),
            1,
            "Only a client that declares the extension can get a handle. All others wait for the result, as before.",
        ),
        Prediction(
            "9.b",
            "The next cell corrects the skill. What does the client learn that follows the earlier one?",
            (
                "Nothing, until it connects again",
                "That the resource changed; the list has another digest",
                "The new text, which the server sends to it",
            ),
            1,
            "A notification says that the resource changed, and carries no text. With the digest in the list, the client "
            "sees whether what it has is still right.",
        ),
        Prediction(
            "9.c",
            "The client was away while two books came back. Now it polls with the cursor that it kept. What does it get?",
            (
                "Nothing: it was not there when the books came back",
                "The latest event",
                "Both events, the oldest first",
            ),
            2,
            "The cursor is the position where the client was. The server answers with everything after it.",
        ),
    ),
)
