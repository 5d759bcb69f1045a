"""Chapter 2: resources, tools with effects, notifications, tables, prompts."""

from __future__ import annotations

from mcp_types import INVALID_PARAMS

from mcp_notebook.course.checking.bench import rows
from mcp_notebook.course.checking.cases import Case, Filling, Listed, Reading
from mcp_notebook.course.exercises import Chapter, Exercise, Prediction

DECADES = Exercise(
    number="2.1",
    name="library://decades/{decade}",
    title="books of a decade",
    read="2 · Templates: one function for many addresses",
    start="# Exercise 2.1. Begin this cell with %%mcp_resource library://decades/{decade}, and say that it is JSON.",
    kind="resource",
    cases=(
        Listed({"mimeType": "application/json"}, "clients learn that the content is JSON"),
        Reading(
            "library://decades/1970", "the books from 1970 to 1979, by title", result=["Kindred", "The Dispossessed"]
        ),
        Reading("library://decades/2010", "2020 is in the next ten years", result=[]),
        Reading(
            "library://decades/soon",
            "a decade that is not a number is an error that names it",
            error="soon",
            code=INVALID_PARAMS,
        ),
        Reading(
            "library://decades/1970",
            "a book that is new in the database counts",
            result=["A Wizard Alone", "Kindred", "The Dispossessed"],
            given="INSERT INTO books VALUES ('A Wizard Alone', 'Ada Pine', 1970, 'fantasy', 1)",
        ),
    ),
    hints=(
        "The variable of the address is a parameter of your function. Which exception did `book` raise for an address "
        "that means nothing?",
        "A parameter typed as `int` refuses other texts, but with the code -32603. So take a `str`, and raise "
        "`ResourceNotFoundError` unless `decade.isdecimal()`. In SQL, `BETWEEN ? AND ?` has both ends.",
        "`first = int(decade)`, and then "
        '`query("SELECT title FROM books WHERE year BETWEEN ? AND ? ORDER BY title", first, first + 9)`',
    ),
    solution='''
%%mcp_resource library://decades/{decade} --mime-type application/json
def of_decade(decade: str) -> list[str]:
    """Titles of the books of ten years, such as 1970 to 1979."""
    if not decade.isdecimal():
        raise ResourceNotFoundError(f"{decade!r} is not a decade, such as 1970.")
    first = int(decade)
    sql = "SELECT title FROM books WHERE year BETWEEN ? AND ? ORDER BY title"
    return [title for (title,) in query(sql, first, first + 9)]
''',
    why="An error says whose fault it is: -32602 is a wrong address, -32603 a broken server. And the MIME type tells a "
    "client what to do with the content. Without it, JSON is only a text that happens to have brackets.",
)

LOANS_OF_DUNE = "SELECT member, returned FROM loans WHERE title = 'Dune' AND lent > '2026-10-01' ORDER BY member"
RETURNED_TODAY = "SELECT count(*) FROM loans WHERE returned = '2026-11-02'"

GIVE_BACK = Exercise(
    number="2.2",
    name="give_back",
    title="a book comes back",
    read="4 · Tell clients what changed",
    start="# Exercise 2.2. Define the tool give_back(title, member), and let it tell clients what changed.",
    cases=(
        Case(
            {"title": "Dune", "member": "Ada"},
            "Ada brings Dune back, and Grace keeps the other copy",
            result="Dune: back from Ada",
            given="INSERT INTO loans (title, member, lent, due) VALUES ('Dune', 'Ada', '2026-10-20', '2026-11-10'), "
            "('Dune', 'Grace', '2026-10-25', '2026-11-15')",
            then=[rows(LOANS_OF_DUNE, ("Ada", "2026-11-02"), ("Grace", None))],
        ),
        Case(
            {"title": "Dune", "member": "Ada"},
            "a second time, it is an error that names the title",
            error="Dune",
            then=[rows(RETURNED_TODAY, (1,))],
        ),
        Case(
            {"title": "Persuasion", "member": "Grace"},
            "loans that ended earlier stay as they are",
            result="Persuasion: back from Grace",
            given="UPDATE loans SET returned = '2026-10-31' WHERE returned = '2026-11-02'; "
            "INSERT INTO loans (title, member, lent, due) VALUES ('Persuasion', 'Grace', '2026-10-26', '2026-11-16')",
            then=[rows(RETURNED_TODAY, (1,))],
        ),
        Case(
            {"title": "Emma", "member": "Mary"},
            "clients that listen to Mary's address are notified",
            result="Emma: back from Mary",
            given="INSERT INTO loans (title, member, lent, due) VALUES ('Emma', 'Mary', '2026-10-28', '2026-11-18')",
            tells="library://members/Mary",
        ),
    ),
    hints=(
        "`lend` of chapter 1 and the second `take_down` have all the parts. What does the tool need to reach clients "
        "that listen?",
        "Ask for the loan with `returned IS NULL` first, and raise `ToolError` if there is none. `Context` has "
        "`notify_resource_updated`, which needs `await`, so the function is an `async def`.",
        '`found = query("SELECT id FROM loans WHERE title = ? AND member = ? AND returned IS NULL", title, member)`, '
        'then `query("UPDATE loans SET returned = ? WHERE id = ?", str(TODAY), found[0][0])`, and then '
        '`await ctx.notify_resource_updated(f"library://members/{member}")`',
    ),
    solution='''
%%mcp_tool --destructive --closed-world
async def give_back(
    title: Title, member: Annotated[str, Field(description="The member's name.")], ctx: Context
) -> str:
    """Take back a book that a member has borrowed."""
    sql = "SELECT id FROM loans WHERE title = ? AND member = ? AND returned IS NULL"
    found = query(sql, title, member)
    if not found:
        raise ToolError(f"{member} has no open loan of {title!r}. See library://members/{member}.")
    query("UPDATE loans SET returned = ? WHERE id = ?", str(TODAY), found[0][0])
    await ctx.notify_resource_updated(f"library://members/{member}")
    return f"{title}: back from {member}"
''',
    why="A client that shows Ada's card would otherwise show a book that she no longer has. And a tool that changes "
    "more rows than it should is worse than one that fails.",
)

VERY_LATE = [
    {"title": "Emma", "member": "Ada", "late": 14},
    {"title": "Frankenstein", "member": "Grace", "late": 14},
    {"title": "Kindred", "member": "Ada", "late": 14},
    {"title": "Middlemarch", "member": "Grace", "late": 14},
    {"title": "Parable of the Sower", "member": "Ada", "late": 14},
]

NEW_AND_LATE = [
    {"title": "Silent Spring", "member": "Mary", "late": 19},
    {"title": "Beloved", "member": "Omar", "late": 14},
]

LATE_LOANS = Exercise(
    number="2.3",
    name="late_loans",
    title="late loans",
    read="5 · Tables, plots and links",
    start="# Exercise 2.3. Define the tool late_loans(days). It returns a table.",
    cases=(
        Case({"days": 14}, "a table of the loans that were 14 days late", result=VERY_LATE, part="rows"),
        Case({"days": 1}, "one day late is late", result=66, part="row_count"),
        Case({"days": 15}, "no loan was that late, so the table is empty", result=[], part="rows"),
        Case(
            {"days": 14},
            "loans that are new in the database count: the most days first, then by title",
            result=[*NEW_AND_LATE, *VERY_LATE],
            part="rows",
            given="INSERT INTO loans (title, member, lent, due, returned) "
            "VALUES ('Silent Spring', 'Mary', '2026-08-03', '2026-08-24', '2026-09-12'), "
            "('Beloved', 'Omar', '2026-08-04', '2026-08-25', '2026-09-08')",
        ),
        Case({"days": 0}, "less than 1 is refused", error="days"),
        Listed({"annotations": {"readOnlyHint": True}}, "it only reads, and says so"),
    ),
    hints=(
        "`loans_of` does nearly the same, with other rows and other columns.",
        "`read_loans()` gives the table as it is now, and `loans` is a copy of one moment. pandas chooses rows with "
        '`table[table["late"] >= days]`, columns with `table[["title", ...]]`, and sorts with `sort_values`.',
        '`table[table["late"] >= days].sort_values(["late", "title"], ascending=[False, True])`',
    ),
    solution='''
%%mcp_tool --read-only --closed-world
def late_loans(
    days: Annotated[int, Field(description="How many days late, at least.", ge=1)],
) -> pd.DataFrame:
    """List the loans that came back late, the most days late first."""
    table = read_loans()
    late = table[table["late"] >= days].sort_values(["late", "title"], ascending=[False, True])
    return late[["title", "member", "late"]]
''',
    why="Fewer columns and a limit are a kindness to a model: it reads all that you send, and pays for each cell of it.",
)

BOOK_CLUB = Exercise(
    number="2.4",
    name="book_club",
    title="the book club",
    read="6 · Prompts and completions",
    start="# Exercise 2.4. Begin this cell with %%mcp_prompt, and define book_club.",
    kind="prompt",
    cases=(
        Listed(
            {"arguments": [{"name": "title", "required": True}, {"name": "audience", "required": False}]},
            "the title is required, the audience is optional",
        ),
        Filling({"title": "Emma"}, "the text names the title", says="Emma"),
        Filling({"title": "Emma"}, "if nobody fills in an audience, it is for adults", says="adults"),
        Filling({"title": "Emma", "audience": "children"}, "an audience that is filled in is used", says="children"),
        Filling({"title": "Dune"}, "the text names the author, too", says="Frank Herbert", lacks="('"),
        Filling(
            {"title": "The Odyssey"},
            "so it does for a book that is new in the database",
            says="Homer",
            given="INSERT INTO books VALUES ('The Odyssey', 'Homer', -700, 'epic', 1)",
        ),
    ),
    hints=(
        "What makes `mood` optional in `recommend`, and `liked` required?",
        "A default value makes an argument optional. The tool `author` is an ordinary function, so you can call it.",
        '`def book_club(title: Title, audience: str = "adults") -> str`, which returns one f-string with `{title}`, '
        "`{author(title)}` and `{audience}`.",
    ),
    solution='''
%%mcp_prompt
def book_club(
    title: Title, audience: Annotated[str, Field(description="Such as adults or children.")] = "adults"
) -> str:
    """Prepare an evening of the book club."""
    return f"Prepare five questions about {title} by {author(title)} for {audience}. Do not tell the ending."
''',
    why="A person fills this in. Each field that you spare them, and each good default, is a reason to use the prompt.",
)

CHAPTER = Chapter(
    "2",
    "Core concepts",
    exercises=(DECADES, GIVE_BACK, LATE_LOANS, BOOK_CLUB),
    predictions=(
        Prediction(
            "2.a",
            "The next cell sets `drawn` to 0, lists all resources, then reads the picture. What does it print for "
            "`drawn` after each step?",
            ("1 after listing, 2 after reading", "0 after listing, 1 after reading", "1 after listing, 1 after reading"),
            1,
            "A list has names and types. The function runs only when its resource is read.",
        ),
        Prediction(
            "2.b",
            "The next cell reads four addresses, and all four are refused. Which of them did one of our functions "
            "refuse? The server refuses the others before a function runs.",
            (
                "All four",
                "Only `library://books/Moby%20Dick`",
                "`library://books/Moby%20Dick` and `library://shelf?before=long-ago`",
                "None",
            ),
            1,
            "`{title}` takes no slash, `long-ago` is not an `int`, and no template fits magazines. These three never "
            "reach a function.",
        ),
        Prediction(
            "2.c",
            "The next cell plays a careful host, and then calls `take_down`, which says that it only reads. Does anything "
            "stop it from deleting the notice?",
            (
                "Yes: the server knows that a read-only tool may not write",
                "Yes: the careful host asks its user first",
                "No",
            ),
            2,
            "Annotations are claims that nobody checks. A host that believes them does not even ask.",
        ),
        Prediction(
            "2.d",
            "Three changes follow, each with a cell that shows what the client heard. (1) `waiting` gets another "
            "entry, (2) `waiting` becomes another list, (3) the tool `take_down` empties the notice. After which does the "
            "client hear something?",
            ("After each", "Only after (2)", "After (2) and (3)", "Only after (3)"),
            1,
            "The notebook announces that a cell bound the name again. It cannot see a change inside a list, or one that "
            "a function makes.",
        ),
    ),
)
