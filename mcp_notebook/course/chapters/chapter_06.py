"""Chapter 6: settings, a package and its proof, health, retries, and the package of the learner."""

from __future__ import annotations

from mcp_notebook.course.checking.broken_databases import verdict_on
from mcp_notebook.course.checking.cases import Case, Probe
from mcp_notebook.course.checking.certificate import Proven, edited_files, health_function
from mcp_notebook.course.exercises import Chapter, Exercise, Prediction
from mcp_notebook.course.lossy import patiently
from mcp_notebook.course.checking.packaged import Packaged

LOAN = "INSERT INTO loans (title, member, lent, due) VALUES ('{}', 'Ada', '2026-10-01', '{}')"

OWED = Exercise(
    number="6.1",
    name="owed",
    title="a fee that each library sets",
    read="1 · Settings and secrets",
    start="# Exercise 6.1. Begin this cell with %%mcp_tool, and define FEE_CENTS and owed(member).",
    cases=(
        Case({"member": "Ada"}, "books that were returned late cost nothing any more", result=0),
        Case(
            {"member": "Ada"},
            "a book that is 3 days late costs 30 cents",
            result=30,
            given=LOAN.format("Dune", "2026-10-30"),
        ),
        Case(
            {"member": "Ada"},
            "a second one, 10 days late, adds 100",
            result=130,
            given=LOAN.format("Emma", "2026-10-23"),
        ),
        Case(
            {"member": "Ada"},
            "a book that is not due yet changes nothing",
            result=130,
            given=LOAN.format("Kindred", "2026-11-20"),
        ),
        Case({"member": "Grace"}, "other members owe nothing for that", result=0),
        Case({"member": "Bob"}, "the error names the person who is not a member", error="Bob"),
        Packaged("fee_cents", "the package can be told another fee", "10"),
    ),
    hints=(
        "A value that differs from library to library is a constant with a mark. The table of this part has the mark.",
        "`FEE_CENTS = 10  # setting: ...`. The days of one loan are `(TODAY - date.fromisoformat(due)).days`, and never "
        "less than 0.",
        "`found = query(\"SELECT due FROM loans WHERE member = ? AND returned IS NULL\", member)`, then "
        "`FEE_CENTS * sum(max(0, (TODAY - date.fromisoformat(due)).days) for (due,) in found)`",
    ),
    solution='''
%%mcp_tool --read-only --closed-world
FEE_CENTS = 10  # setting: cents for each day that a book is late


def owed(member: Annotated[str, Field(description="The member's name.")]) -> int:
    """Return how many cents a member owes for books that are late."""
    if not query("SELECT 1 FROM members WHERE name = ?", member):
        raise ToolError(f"{member!r} is not a member.")
    found = query("SELECT due FROM loans WHERE member = ? AND returned IS NULL", member)
    days = [(TODAY - date.fromisoformat(due)).days for (due,) in found]
    return FEE_CENTS * sum(max(0, late) for late in days)
''',
    why="A setting is changed by the person who runs the server, without touching code and without a new proof.",
)

WELL = Exercise(
    number="6.2",
    name="well",
    title="a check that can fail",
    read="4 · Health: a check that can fail",
    kind="code",
    start="# Exercise 6.2. Define well(file=LIBRARY), a plain function.",
    cases=(
        Probe("well(a good library)", "a library with books is well", verdict_on("good"), "healthy"),
        Probe("well(a missing file)", "a missing file is noticed, and not made", verdict_on("missing"), "unhealthy"),
        Probe("well(a damaged file)", "a damaged file is noticed", verdict_on("damaged"), "unhealthy"),
        Probe("well(no books)", "a library without books is noticed", verdict_on("without books"), "unhealthy"),
        Probe("well(a locked file)", "a locked database is noticed soon", verdict_on("locked"), "unhealthy"),
        Probe(
            "well()",
            "without an argument it looks at the library, as the package does",
            lambda bench: bench.namespace["well"]() is not False,
            True,
        ),
    ),
    hints=(
        "Which question can only be answered by a database that exists, can be read and has books? Ask that one.",
        "`mode=rw` and `timeout=`, as in `query`. An exception says 'unhealthy' by itself; a missing row does not.",
        '`with closing(sqlite3.connect(Path(file).absolute().as_uri() + "?mode=rw", uri=True, timeout=1)) as database:` '
        'and then `return database.execute("SELECT 1 FROM books LIMIT 1").fetchone() is not None`',
    ),
    solution='''
def well(file: str = LIBRARY) -> bool:
    """Return whether a book can be read; raise if the database cannot be read at all."""
    address = Path(file).absolute().as_uri() + "?mode=rw"
    with closing(sqlite3.connect(address, uri=True, timeout=1)) as database:
        return database.execute("SELECT 1 FROM books LIMIT 1").fetchone() is not None
''',
    why="A health check is a promise to the person on call. You have now seen each of its failures once.",
)


OPEN = "SELECT count(*) FROM loans WHERE returned IS NULL"
NEW = "SELECT count(*) FROM members WHERE name = 'Zoe'"

PATIENT = Exercise(
    number="6.3",
    name="patient",
    title="ask again, where that is safe",
    read="6 · Deadlines and retries",
    kind="code",
    start="# Exercise 6.3. Define async def patient(client, tool, arguments).",
    cases=(
        Probe(
            'copies("Dune"), no answer lost',
            "an answer is returned as text",
            patiently("copies", title="Dune"),
            "'Dune: 2' after 1 call",
        ),
        Probe(
            'copies("Dune"), 2 answers lost',
            "a tool that only reads is asked again",
            patiently("copies", 2, title="Dune"),
            "'Dune: 2' after 3 calls",
        ),
        Probe(
            'copies("Dune"), 3 answers lost',
            "but at most three times",
            patiently("copies", 3, title="Dune"),
            "MCPError -32001 after 3 calls",
        ),
        Probe(
            'rename("novel", "fiction"), 1 answer lost',
            "an idempotent tool is asked again",
            patiently("rename", 1, subject="novel", to="fiction"),
            "'novel is fiction now' after 2 calls",
        ),
        Probe(
            'lend("Dune", "Ada"), 1 answer lost',
            "nobody is lent a book twice",
            patiently("lend", 1, then=OPEN, title="Dune", member="Ada"),
            "MCPError -32001 after 1 call, rows: 1",
        ),
        Probe(
            'join("Zoe"), 1 answer lost',
            "a tool without annotations is not asked again",
            patiently("join", 1, then=NEW, name="Zoe"),
            "MCPError -32001 after 1 call, rows: 1",
        ),
        Probe(
            'copies("Moby Dick")',
            "an error result is an answer, raised as ToolError",
            patiently("copies", title="Moby Dick"),
            "ToolError with its text after 1 call",
        ),
        Probe(
            "hours()",
            "a protocol error of the server is an answer too",
            patiently("hours"),
            "MCPError 4001 after 1 call",
        ),
    ),
    hints=(
        "You know before the first call whether the tool may be asked again. Who tells you?",
        "`(await client.list_tools()).tools` has each tool's `annotations`, which may be `None`. Their fields are "
        "`read_only_hint` and `idempotent_hint`. An answer was lost if `error.code in LOST`.",
        "`attempts = 3 if safe else 1`, then `for attempt in range(attempts)`: `try` to call and `break`; "
        "`except MCPError as error: if error.code not in LOST or attempt + 1 == attempts: raise`",
    ),
    solution='''
from random import uniform


async def patient(client, tool, arguments):
    """Call a tool, again where the answer was lost and asking twice does no harm."""
    tools = {listed.name: listed.annotations for listed in (await client.list_tools()).tools}
    hints = tools[tool]
    safe = hints is not None and bool(hints.read_only_hint or hints.idempotent_hint)
    attempts = 3 if safe else 1
    for attempt in range(attempts):
        try:
            result = await client.call_tool(tool, arguments)
            break
        except MCPError as error:
            if error.code not in LOST or attempt + 1 == attempts:
                raise
            await anyio.sleep(uniform(0.5, 1) * 0.02 * 2**attempt)
    text = result.content[0].text
    if result.is_error:
        raise ToolError(text)
    return text
''',
    why="Networks lose answers every day. Most people notice when they are charged twice.",
)

RELEASED = Exercise(
    number="6.4",
    name="released",
    title="your certificate",
    read="7 · The image, a checklist and your certificate",
    kind="code",
    start="# Exercise 6.4. Call your tools at least three times, then: released = %mcp export ...",
    cases=(
        Proven("", "the package behaves as your notebook does"),
        Proven("tools", "each tool of your server was compared, over stdio and over HTTP", 6, live=True),
        Proven("resources", "so was each resource", live=True),
        Proven("resource templates", "and each resource template", live=True),
        Proven("prompts", "and each prompt", live=True),
        Proven("recorded calls", "at least three calls were made again", 3),
        Proven("its tests", "the package's own tests passed", 5),
        Probe("the package's health.py", "its health check asks your function", health_function, "well"),
        Probe("the files, against .export.json", "nobody has edited them since the export", edited_files, []),
    ),
    hints=(
        "Three things are needed before the export: the function `well`, calls that may be made again, and no `lend` "
        "among them.",
        "The options are `--server library` and `--health well`. Leave `--no-proof` out. A folder of its own keeps this "
        "package apart from the one of part 2.",
        '`released = %mcp export {folder}/my_library --server library --health well`',
    ),
    solution='''
%mcp call search text=austen
%mcp call author title=Dune
%mcp call author title="Moby Dick"
released = %mcp export {folder}/my_library --server library --health well
''',
    why="A certificate lists evidence. Anyone can make this one again from your notebook, and must get the same.",
)

CHAPTER = Chapter(
    "6",
    "Production deployment",
    exercises=(OWED, WELL, PATIENT, RELEASED),
    predictions=(
        Prediction(
            "6.a",
            "The proof installs the package in a clean environment and starts it in an empty folder. The database is "
            "not part of the package. Will the recorded call of `search` find its books?",
            (
                "No: the package has no database",
                "Yes: the proof gives the package the `LIBRARY_FILE` of this notebook",
                "Yes: an export copies the database into the package",
            ),
            1,
            "The proof starts the package with the values that its settings have in the notebook. In production, the "
            "person who runs it gives the values.",
        ),
        Prediction(
            "6.b",
            "The two tests are `async def`, and nothing says which event loop runs them. What does pytest make of them?",
            ("It passes them, without running them", "It fails them", "It starts a loop and runs them"),
            1,
            "pytest itself runs no coroutines, so each test fails with a line about a missing plugin. Until version 8.4 "
            "it only skipped them with a warning, and broken tests stayed unnoticed.",
        ),
        Prediction(
            "6.c",
            "The database is gone, so `search` cannot work. The package was exported without `--health`. What does "
            "`/health/ready` answer?",
            ("503, because the database is missing", "200, as if all were well", "Nothing: the process has ended"),
            1,
            "Without a function of yours, the check only asks whether the tools can be listed. That works without a "
            "single book.",
        ),
        Prediction(
            "6.d",
            "`stubborn` repeats a call until an answer arrives. The answer of the first `lend` gets lost. How many "
            "loans are in the database at the end?",
            ("None", "One", "Two"),
            2,
            "The tool had done its work before the answer was lost. The client cannot see the difference between 'not "
            "done' and 'done, but you do not know it'.",
        ),
    ),
)
