"""Chapter 11: versions, replicas, counters, and alerts."""

from __future__ import annotations

from mcp_notebook.course.alerts import paged
from mcp_notebook.course.checking.cases import Probe
from mcp_notebook.course.exercises import Chapter, Exercise, Prediction
from mcp_notebook.course.failing import counted, counts
from mcp_notebook.course.handover import after_a_restart, at_once, in_turn, tickets
from mcp_notebook.course.checking.versions import OWED, changed, schema

BUMP = Exercise(
    number="11.1",
    name="bump",
    title="which number changes",
    read="1 · A version that means something",
    kind="code",
    start="# Exercise 11.1. Define bump(before, after).",
    cases=(
        Probe("the same tools", "nothing changed", changed(lambda _: None), "none"),
        Probe(
            "another description",
            "words are a patch",
            changed(lambda tools: tools[1].update(description="Return the cents that a member owes.")),
            "patch",
        ),
        Probe(
            "a new tool, inventory",
            "a tool more is a minor change",
            changed(lambda tools: tools.append({**OWED, "name": "inventory"})),
            "minor",
        ),
        Probe("owed is gone", "a tool less is a major change", changed(lambda tools: tools.pop()), "major"),
        Probe(
            "a new optional argument",
            "old calls still work",
            changed(lambda tools: schema(tools)["properties"].update(language={"type": "string"})),
            "minor",
        ),
        Probe(
            "a new required argument",
            "old calls lack it",
            changed(
                lambda tools: (
                    schema(tools)["properties"].update(language={"type": "string"}),
                    schema(tools)["required"].append("language"),
                )
            ),
            "major",
        ),
        Probe(
            "subject is required now",
            "old calls may lack it",
            changed(lambda tools: schema(tools)["required"].append("subject")),
            "major",
        ),
        Probe(
            "subject is gone",
            "old calls may have it",
            changed(lambda tools: schema(tools)["properties"].pop("subject")),
            "major",
        ),
        Probe(
            "count is a string now",
            "old calls have the wrong type",
            changed(lambda tools: schema(tools)["properties"].update(count={"type": "string"})),
            "major",
        ),
        Probe(
            "a new tool, and owed is gone",
            "the larger change counts",
            changed(lambda tools: tools[1].update(name="debts")),
            "major",
        ),
    ),
    hints=(
        "Ask the questions from major to none, and return at the first yes.",
        "Make a dict of the tools by name for each list. `old.keys() - new.keys()` are the tools that are gone. The "
        "same works for the properties of a schema, and for `set(schema.get('required', ()))`.",
        "Breaking, for one tool: `kinds(old) - kinds(new)`, where `kinds` is the set of `(name, type)` of its "
        "properties, or `required(new) - required(old)`.",
    ),
    solution='''
def kinds(tool):
    """Return the arguments of a tool with their types."""
    return {(name, about.get("type")) for name, about in tool["inputSchema"]["properties"].items()}


def required(tool):
    """Return the arguments that a call must have."""
    return set(tool["inputSchema"].get("required", ()))


def bump(before, after):
    """Return the part of the version that a change of the tools raises."""
    old, new = ({tool["name"]: tool for tool in tools} for tools in (before, after))
    both = [(old[name], new[name]) for name in old.keys() & new.keys()]
    if old.keys() - new.keys() or any(kinds(a) - kinds(b) or required(b) - required(a) for a, b in both):
        return "major"
    if new.keys() - old.keys() or any(kinds(b) - kinds(a) for a, b in both):
        return "minor"
    return "patch" if before != after else "none"
''',
    why="People decide by the number if they can update today. A breaking change in a patch release breaks their trust.",
)

TICKET = Exercise(
    number="11.2",
    name="replica",
    title="one number for everybody",
    read="3 · Several processes",
    kind="code",
    start="# Exercise 11.2. Define replica(), which returns a new MCPServer with the tool ticket().",
    cases=(
        Probe("4 tickets, two replicas in turn", "they do not give the same number", tickets(in_turn), [1, 2, 3, 4]),
        Probe(
            "20 tickets at the same moment",
            "each number is given once",
            tickets(at_once),
            list(range(1, 21)),
        ),
        Probe("2 tickets, then a new process", "a restart does not begin again", tickets(after_a_restart), [1, 2, 3]),
    ),
    hints=(
        "Where is the only place that all processes see?",
        "The table gives a number to each new row by itself. After an `INSERT`, the cursor has that number in "
        "`lastrowid`.",
        'Inside the tool: `with closing(sqlite3.connect(LIBRARY, timeout=5)) as database, database:` and then '
        '`return database.execute("INSERT INTO tickets (taken) VALUES (?)", (str(TODAY),)).lastrowid`',
    ),
    solution='''
def replica():
    """Return a server with the tool ticket; its numbers come from the database."""
    server = MCPServer("desk", log_level="ERROR")

    @server.tool()
    def ticket() -> int:
        """Take a number."""
        with closing(sqlite3.connect(LIBRARY, timeout=5)) as database, database:
            return database.execute("INSERT INTO tickets (taken) VALUES (?)", (str(TODAY),)).lastrowid

    return server
''',
    why="A variable is right as long as there is one process. The day on which you start a second one comes quietly.",
)


COUNTING = Exercise(
    number="11.3",
    name="counting",
    title="a counter that sees errors",
    read="4 · Metrics and traces",
    kind="code",
    start="# Exercise 11.3. Define counting(counter, tools), which returns a middleware.",
    cases=(
        Probe("search, search", "calls are counted, lists are not", counted("search", "search"), counts(search_ok=2)),
        Probe("author", "a refusal is a result, and an error", counted("author"), counts(author_tool_error=1)),
        Probe("owed", "so is a bug", counted("owed"), counts(owed_tool_error=1)),
        Probe("move", "a protocol error is raised, and counted", counted("move"), counts(move_protocol_error=1)),
        Probe(
            "a tool that does not exist, twice",
            "clients cannot add names",
            counted("abc", "xyz"),
            counts(other_tool_error=2),
        ),
        Probe(
            "all four, as the client sees them",
            "the middleware changes nothing",
            counted("search", "author", "owed", "move", seen=True),
            [
                "search: result: Dune",
                "author: error result: Error executing tool author: 'Moby Dick' is not in the library.",
                "owed: error result: Error executing tool owed",
                "move: protocol error 4001",
            ],
        ),
    ),
    hints=(
        "In `count_naively`, two of the three failures came back as a result. Look into the result.",
        '`ctx.method == "tools/call"`, `ctx.params["name"]`, and `result["isError"]`: a result is JSON here, a dict. '
        "After counting in an `except`, write `raise`.",
        '`tool = ctx.params["name"] if ctx.params["name"] in tools else "other"`. Then `outcome = "tool_error" if '
        'result.get("isError") else "ok"`, and `counter.add(1, {"tool": tool, "outcome": outcome})`.',
    ),
    solution='''
def counting(counter, tools):
    """Return a middleware that counts calls by their tool and outcome."""

    async def count(ctx, call_next):
        if ctx.method != "tools/call":
            return await call_next(ctx)
        tool = ctx.params["name"] if ctx.params["name"] in tools else "other"
        try:
            result = await call_next(ctx)
        except MCPError:
            counter.add(1, {"tool": tool, "outcome": "protocol_error"})
            raise
        outcome = "tool_error" if result.get("isError") else "ok"
        counter.add(1, {"tool": tool, "outcome": outcome})
        return result

    return count
''',
    why="A counter that was never seen at 1 is not a counter. Cause each error once, on purpose, and look.",
)


PAGE = Exercise(
    number="11.4",
    name="should_page",
    title="when to wake somebody",
    read="5 · Alerts, and a budget for errors",
    kind="code",
    start="# Exercise 11.4. Define should_page(minutes, objective=0.99).",
    cases=(
        Probe("an hour without errors", "all is well", paged((60, (10, 0))), False),
        Probe("1 error in 100 calls", "that is the budget, evenly spent", paged((60, (100, 1))), False),
        Probe("12 bad minutes, still bad", "somebody has to look", paged((48, (10, 0)), (12, (10, 10))), True),
        Probe(
            "12 bad minutes, then 5 good ones",
            "it is over, so let people sleep",
            paged((43, (10, 0)), (12, (10, 10)), (5, (10, 0))),
            False,
        ),
        Probe("2 bad minutes", "too early: most are over soon", paged((58, (10, 0)), (2, (10, 10))), False),
        Probe("one call in the night, failed", "too few calls to judge", paged((59, (0, 0)), (1, (1, 1))), False),
        Probe("no calls at all", "an empty hour is not an error", paged((60, (0, 0))), False),
        Probe("a bad hour, two hours ago", "only the last hour counts", paged((60, (10, 10)), (60, (10, 0))), False),
        Probe(
            "2 errors in 100 calls, objective 0.999",
            "a stricter promise is broken sooner",
            paged((60, (100, 2)), objective=0.999),
            True,
        ),
    ),
    hints=(
        "Two windows have to agree: the last 60 entries of the list, and the last 5.",
        "`minutes[-60:]` and `minutes[-5:]`, each into `burn`. Before that, count the calls of the hour.",
        "`hour = minutes[-60:]`; `if sum(calls for calls, _ in hour) < 10: return False`; then "
        "`return min(burn(hour, objective), burn(minutes[-5:], objective)) >= 14.4`",
    ),
    solution='''
def should_page(minutes, objective=0.99):
    """Return whether to wake somebody: the budget burns fast, has done so for a while, and still does."""
    hour, now = minutes[-60:], minutes[-5:]
    if sum(calls for calls, _ in hour) < 10:
        return False
    return burn(hour, objective) >= 14.4 and burn(now, objective) >= 14.4
''',
    why="An alarm that is often false is soon ignored. Then the right one is ignored too.",
)

CHAPTER = Chapter(
    "11",
    "Publishing and operating",
    exercises=(BUMP, TICKET, COUNTING, PAGE),
    predictions=(
        Prediction(
            "11.a",
            "`oldest` gets another argument with a default, and allows a larger `count`. A tool is added. Which version "
            "follows 1.4.2?",
            ("1.4.3", "1.5.0", "2.0.0"),
            1,
            "Every call that worked still works, so it is not a breaking change. Clients can do more than before, so it is "
            "a minor one.",
        ),
        Prediction(
            "11.b",
            "The server asks the user at one replica, and the answer arrives at the other. The replicas have no key in "
            "common. What does the client get?",
            ("The book is lent", "The question again", "A protocol error"),
            2,
            "The state that the client brings along was sealed with the key of the first replica. To the second one it "
            "looks like a forged state, so it refuses.",
        ),
        Prediction(
            "11.c",
            "Four calls: one works, one is refused by a `ToolError`, one hits a bug, one gets a protocol error. "
            "`count_naively` counts exceptions. How many errors does it count?",
            ("1", "2", "3"),
            0,
            "A `ToolError` and a bug are *results* when they pass the middleware: the SDK has caught the exception "
            "already. Only the protocol error is raised.",
        ),
    ),
)
