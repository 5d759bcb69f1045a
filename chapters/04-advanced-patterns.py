# ---
# jupyter:
#   jupytext:
#     comment_magics: false
#     cell_markers: '"""'
# ---

# %% [markdown]
"""
# 4 · Advanced patterns: results, caches and limits

**You will** return results that programs and models can both use, let the server fill in what a model must not decide,
and protect slow or costly work with caches, batches and rate limits.

**Time** about MINUTES minutes. **Fast track:** parts 1, 3 and 6, with exercises 4.1 and 4.3. **You need**
[chapter 2](02-core-concepts.ipynb): tools, and a client in a cell. `async` and `await` appear often.
"""

# %%
# Where the course is missing, as on Colab and Kaggle, this cell installs it.
import importlib.util

if importlib.util.find_spec("mcp_notebook") is None:
    %pip install -q "mcp-notebook[course]"
    print("Installed. If the page offers to restart the session, do that. Then run the next cell.")

# %%
%load_ext mcp_notebook
%mcp checkpoint 4

# %% [markdown]
"""
Today, the 2nd of November, three books are lent. Grace's is a week late.
"""

# %%
from mcp import Client

query("DELETE FROM loans WHERE returned IS NULL")
lent = [("Dune", "Ada", "2026-11-09"), ("Emma", "Grace", "2026-10-26"), ("Kindred", "Ada", "2026-11-16")]
for title, member, due in lent:
    sql = "INSERT INTO loans (title, member, lent, due) VALUES (?, ?, date(?, '-21 days'), ?)"
    query(sql, title, member, due, due)

# %% [markdown]
"""
## 1 · Results for programs

A tool's result has two sides. **Content** is for the model: blocks of text, images or sound. **Structured content** is
for programs: a JSON value that follows the tool's *output schema*. Clients read the schema in the list of tools, before
they call.

![Your function returns one value. The SDK makes text from it for the model, and structured content for programs. The return annotation becomes the output schema, which clients know before the call and check the result against.](drawings/two-sides.svg)

Your return annotation decides. A pydantic model says most, because its fields can have descriptions and bounds.
"""

# %%
%%mcp_tool --read-only --closed-world
from pydantic import BaseModel


class Holding(BaseModel):
    title: str
    free: Annotated[int, Field(description="Copies that can be lent now.", ge=0)]
    due: Annotated[date | None, Field(description="When the next copy is due; null if none is lent.")]


def holding(title: Title) -> Holding:
    """Return how many copies of a book are free, and when the next one is due."""
    found = query("SELECT copies FROM books WHERE title = ?", title)
    if not found:
        raise ToolError(f"{title!r} is not in the library. Use search to find the exact title.")
    lent = query("SELECT due FROM loans WHERE title = ? AND returned IS NULL", title)
    due = min((date.fromisoformat(day) for (day,) in lent), default=None)
    return Holding(title=title, free=found[0][0] - len(lent), due=due)

# %% [markdown]
"""
The SDK made the text from the model. It is complete, but not written to be read.
"""

# %%
result = %mcp call holding title=Emma
print("for programs:", result.structured_content)
print("for the model:", result.content[0].text)

# %% [markdown]
"""
Other annotations make schemas, too: a `TypedDict` for a dictionary with known keys, a dataclass, and plain types such
as `bool` or `str | None`.
"""

# %%
%%mcp_tool --read-only --closed-world
from typing_extensions import TypedDict  # from Python 3.12 on, typing has it

Member = Annotated[str, Field(description="The member's name.")]


class Loan(TypedDict):
    title: str
    due: str


def loans_of(member: Member) -> list[Loan]:
    """Return the books that a member has, and when they are due."""
    rows = query("SELECT title, due FROM loans WHERE member = ? AND returned IS NULL", member)
    return [Loan(title=title, due=due) for title, due in rows]

# %%
%%mcp_tool --read-only --closed-world
from dataclasses import dataclass


@dataclass
class Fee:
    member: str
    cents: int


def fee(member: Member) -> Fee:
    """Return what a member has to pay: 10 cents for each book and day."""
    due = [date.fromisoformat(loan["due"]) for loan in loans_of(member)]
    return Fee(member, sum(10 * days_late(day, TODAY) for day in due))


def open_on(day: Annotated[date, Field(description="A day.")]) -> bool:
    """Return whether the library is open on a day. It is closed on Sundays."""
    return day.weekday() != 6


def reserved_by(title: Title) -> str | None:
    """Return the member who has reserved a book; null if nobody has."""
    return None

# %% [markdown]
"""
Python calls `0`, `[]`, `False` and `None` *falsy*: in an `if`, they count as false. As answers they are as good as any
other. The next cell gets five falsy answers, and prints both sides of each.
"""

# %%
%mcp predict 4.a

# %%
questions = [
    ("fee", {"member": "Ada"}),
    ("loans_of", {"member": "Mary"}),
    ("open_on", {"day": "2026-11-08"}),
    ("reserved_by", {"title": "Dune"}),
    ("holding", {"title": "Emma"}),
]
async with Client(library) as client:
    for tool, arguments in questions:
        result = await client.call_tool(tool, arguments)
        texts = [block.text.replace("\n", "") for block in result.content]
        print(f"{tool:12}{result.structured_content}\n{'':12}{texts}")

# %% [markdown]
"""
<details><summary>Explanation</summary>

Programs get all five. The text is made of what is there: for an empty list and for `None` there is **no text at all**.
A model that reads only text learns nothing, not even that the call worked. Part 2 repairs that.

Clients lose falsy values in a line such as `result.structured_content["result"] or "unknown"`, which turns *closed*
into *unknown*. Ask `is None` or `in`, not whether a value is "true".

</details>

Three answers came as `{"result": ...}`. This **wrapper is the SDK's**: up to protocol 2025-11-25, structured content had
to be an object. The current specification allows any JSON value, so expect a bare list or number from other servers.

### Who checks the schema?

On your server, the model does: `Holding(free=-1)` raises an exception. Other servers may be careless. This one promises
an integer and sends a text.
"""

# %%
from mcp_notebook.course.stand_ins import careless_server

async with Client(careless_server()) as client:
    try:
        await client.call_tool("free_copies")
    except RuntimeError as error:
        print(str(error).splitlines()[0])

# %% [markdown]
"""
The client refused the result, as the specification recommends. A program would have calculated with `"two"`.
"""

# %% [markdown] tags=["teacher"]
"""
**For teachers.** Ask: "Which of your programs contain `value or default`?" Let people find a case where it is wrong.
Common misconception: the model reads the structured content. Some hosts pass it on, some pass only the text; a server
cannot know. If time is short, skip "Who checks the schema?".
"""

# %% [markdown]
"""
## 2 · Results for the model

A model reads your result in the middle of a conversation, and decides what to do next. It cannot ask you back:

| say | because otherwise |
|---|---|
| how many of how many | the model takes the first page for everything |
| in words that there is nothing | silence looks like a failure, and the model calls again |
| the next step, as a call | it guesses, and invents arguments |
| units, and names instead of ids | `14` of what? |
| only what helps to decide | each result is read again with every later turn, and paid for |

A tool that returns a `CallToolResult` writes both sides itself. `Annotated` keeps the schema, and the server checks the
structured side against it.
"""

# %%
%%mcp_tool --read-only --closed-world
from mcp_types import CallToolResult, TextContent


class Found(BaseModel):
    total: int
    titles: list[str]


def find_books(
    text: Annotated[str, Field(description="Part of a title or of an author's name.")],
    start: Annotated[int, Field(description="How many to skip.", ge=0)] = 0,
) -> Annotated[CallToolResult, Found]:
    """Find books by title or author, two at a time."""
    sql = "SELECT title FROM books WHERE title LIKE ? OR author LIKE ? ORDER BY title"
    found = [title for (title,) in query(sql, f"%{text}%", f"%{text}%")]
    page = found[start : start + 2]
    words = f"{len(page)} of {len(found)} books, from number {start + 1}: {', '.join(page)}."
    if not page:
        words = f"No title or author contains {text!r}, or start is too high. Try a shorter text."
    elif start + 2 < len(found):
        words += f" Next: find_books with start={start + 2}."
    both = {"total": len(found), "titles": page}
    return CallToolResult(content=[TextContent(type="text", text=words)], structured_content=both)

# %%
async with Client(library) as client:
    for arguments in ({"text": "austen"}, {"text": "le"}, {"text": "le", "start": 2}, {"text": "Melville"}):
        result = await client.call_tool("find_books", arguments)
        print(f"{result.structured_content}\n    {result.content[0].text}")

# %% [markdown]
"""
### A table and a picture

In a notebook, data is often a table or a plot. A tool of a `NotebookServer` may return either. A DataFrame becomes
structured content with its first 20 rows, the same rows as a Markdown table for the model, and links to all of it.
"""

# %%
%%mcp_tool --read-only --closed-world
import pandas as pd


def past_loans(member: Member) -> pd.DataFrame:
    """Return all past loans of a member, the latest first."""
    sql = "SELECT title, lent, returned FROM loans WHERE member = ? AND returned NOT NULL ORDER BY lent DESC"
    return pd.DataFrame(query(sql, member), columns=["title", "lent", "returned"])

# %%
result = %mcp call past_loans member=Ada
table = result.structured_content
print(table["rows"][0])
print(len(table["rows"]), "of", table["row_count"], "rows; a link to all as CSV:", "csv" in table["whole"])
print(*result.content[0].text.splitlines()[:4], sep="\n")

# %% [markdown]
"""
Programs read the links with `resources/read`; the model is spared 75 rows. A figure becomes *image content*, which the
model sees. (On the SDK's own `MCPServer`, return a list of models, and `Image(data=...)`.)
"""

# %%
%%mcp_tool --read-only --closed-world
from matplotlib.figure import Figure


def loans_by_month(year: Annotated[int, Field(description="A year.", ge=2024)]) -> Figure:
    """Draw how many books were lent in each month of a year."""
    sql = "SELECT substr(lent, 6, 2), count(*) FROM loans WHERE lent LIKE ? GROUP BY 1 ORDER BY 1"
    months, counts = zip(*query(sql, f"{year}-%"), strict=True)
    figure = Figure(figsize=(5, 2), layout="constrained")
    figure.suptitle(f"Loans in {year}")
    figure.subplots().bar(months, counts)
    return figure

# %% tags=["nbval-ignore-output"] reason="The size of the picture depends on the version of matplotlib."
%mcp call loans_by_month year=2025

# %% [markdown]
"""
## 3 · Context and dependencies

Not everything that a tool needs should come from the model. The server fills in two kinds of parameters, and clients do
not see them:

- **`Context`** belongs to the request: progress, notifications, the client's capabilities.
- **`Annotated[T, Resolve(function)]`** is a *dependency*: the result of your function. The function may take the tool's
  arguments by name, the `Context`, and other dependencies.

![A call of borrow: the model sends only the title. The server looks the book up from the title, computes the days from the book, and reads the person from the token of the request. All four reach the function.](drawings/who-fills-in.svg)

Here are three. The most important is `person`. The requests of a signed-in client carry a *token*, which the server
verifies. The person comes from there, never from an argument: a model could write any name. Chapter 5 makes real
tokens. Until then, `signed_in` puts one into the requests of this notebook.
"""

# %% tags=["project"]
from mcp.server.auth.middleware.auth_context import get_access_token
from mcp.server.mcpserver import Resolve


def person() -> str:
    """Return the signed-in person, from the token of the request."""
    token = get_access_token()
    return "guest" if token is None else str(token.subject)


Person = Annotated[str, Resolve(person)]

# %% [markdown]
"""
The other two know the book, and for how many days it is lent. `loan_days` depends on the book itself.
"""

# %% tags=["project"]
def find_book(title: str) -> dict[str, object]:
    """Return the row of a book."""
    found = query("SELECT title, author, year, copies FROM books WHERE title = ?", title)
    if not found:
        raise ToolError(f"{title!r} is not in the library. Use search to find the exact title.")
    return dict(zip(("title", "author", "year", "copies"), found[0], strict=True))


Book = Annotated[dict[str, object], Resolve(find_book)]


def loan_days(book: Book) -> int:
    return 7 if book["year"] >= 2020 else 21  # new books go round faster


Days = Annotated[int, Resolve(loan_days)]

# %%
%%mcp_tool --no-destructive --closed-world
from datetime import timedelta


def borrow(title: Title, book: Book, days: Days, person: Person) -> str:
    """Borrow a book for yourself."""
    if holding(title).free == 0:
        raise ToolError(f"No copy of {title} by {book['author']} is free.")
    due = TODAY + timedelta(days=days)
    sql = "INSERT INTO loans (title, member, lent, due) VALUES (?, ?, ?, ?)"
    query(sql, title, person, str(TODAY), str(due))
    return f"{title}: lent to {person} until {due}"

# %% [markdown]
"""
`loan_days` and `borrow` both need the book. It is looked up once: within a call, each dependency runs once. The card
shows one argument. But a model may send `days` and `person` all the same:
"""

# %%
%mcp predict 4.b

# %%
from mcp_notebook.course.people import signed_in

with signed_in("Mary"):
    lent = %mcp call borrow --json '{"title": "Piranesi", "days": 365, "person": "Ada"}'
    unknown = %mcp call borrow title="Moby Dick"
print(lent.content[0].text, unknown.content[0].text, sep="\n")

# %% [markdown]
"""
<details><summary>Explanation</summary>

Due in seven days, and lent to Mary. An argument cannot set what a dependency fills in; the server ignores it. A price,
a limit or a name must not come from a model.

A dependency that raises ends the call before your function runs. So every tool that needs a `Book` refuses Moby Dick in
the same words.

</details>

### Exercise 4.1: renewing

Define the tool `renew(title)`. It extends the loan that the signed-in person has of this book: it is due again after
`Days`, counted from `TODAY`. It returns `"Emma: due on 2026-11-23"`. If this person does not have the book, the error
says `"not lent to Ada"`, with their name. Clients see one argument, the title.
"""

# %% exercise="4.1" tags=["project"]

# %%
%mcp check 4.1

# %% [markdown] tags=["teacher"]
"""
**For teachers.** Ask before part 3: "A tool takes the argument `member`. Who fills it in?" The answer, the model, is
why `person` exists. In 4.1, many forget `AND returned IS NULL` and change old loans; the check looks at them. Another
mistake is to add the days to the old due date.
"""

# %% [markdown]
"""
## 4 · Caches

### Cache hints for clients

Clients ask for lists and resources again and again, and mostly nothing has changed. Each such result carries two
**cache hints**: `ttlMs` says for how many milliseconds it stays fresh, and `cacheScope` who may share it. *Public* may
be shared between users; *private*, the SDK's default, may not. The library's branch gives a hint:
"""

# %%
import anyio
from mcp.client import CacheConfig
from mcp.server import CacheHint

from mcp_notebook.course.stand_ins import Archive, LessonClock

hints = {"resources/read": CacheHint(ttl_ms=5_000, scope="public")}
branch = NotebookServer("branch", cache_hints=hints)
reads = []


@branch.resource("branch://hours")
def hours() -> str:
    """When the branch is open."""
    reads.append("hours")
    return "9 to 17"

# %% [markdown]
"""
The client of the SDK keeps a result as long as the hint allows. Here it gets a clock that the lesson moves.
"""

# %%
clock = LessonClock()
async with Client(branch, cache=CacheConfig(clock=clock)) as client:
    for seconds in (0, 0, 4, 2, 0):
        clock.now += seconds
        await client.read_resource("branch://hours")
        print(f"at {clock.now:.0f} s: {len(reads)} reached the server")

# %% [markdown]
"""
Two of five reads reached the server. A change within the five seconds goes unseen, unless a notification (chapter 2)
ends them early: a client that listens throws its copy away. Results of tools carry no hints and are not cached, because
calls may act.

### Broken on purpose: a cache at the server

Work *behind* a tool can be slow, too. The town's archive, a stand-in, answers by telephone and counts the calls.
"""

# %%
archive, remembered = Archive(), {}


def archive_copies(title):
    copies = remembered.get(title)
    if not copies:
        copies = remembered[title] = archive.ask(title)
    return copies


def ask_thrice(copies):
    for title in ("Dune", "Emma", "Ulysses"):
        print(f"{title:8} {[copies(title) for _ in range(3)]}, calls: {archive.calls[title]}")


ask_thrice(archive_copies)

# %% [markdown]
"""
All answers are right, so nobody notices. But `0` and `None`, the most common answers of an archive, cost a call every
time: `if not copies` asks whether the value is true, not whether it is **there**. The repaired cache asks that. It also
forgets after a while.
"""

# %%
def cached(key, ask, seconds=60):
    """Return the remembered answer for a key, or ask."""
    if key in remembered:
        value, until = remembered[key]
        if clock() < until:
            return value
    value = ask()
    remembered[key] = value, clock() + seconds
    return value


archive, remembered = Archive(), {}
ask_thrice(lambda title: cached(title, lambda: archive.ask(title)))

# %% [markdown]
"""
One fault is left. Two tools return the fee of the signed-in person through this cache, with different keys. Ada owes
nothing, Grace owes 70 cents.
"""

# %%
%%mcp_tool --read-only --closed-world
def my_fee(person: Person) -> int:
    """Return what you have to pay, in cents."""
    return cached("fee", lambda: fee(person).cents)


def my_fee_by_person(person: Person) -> int:
    """Return what you have to pay, in cents (cached by person)."""
    return cached(("fee", person), lambda: fee(person).cents)

# %%
async with Client(library) as client:
    for tool in ("my_fee", "my_fee_by_person"):
        for name in ("Ada", "Grace"):
            with signed_in(name):
                print(tool, name, (await client.call_tool(tool)).structured_content)

# %% [markdown]
"""
With the first key, Grace gets Ada's answer. **If an answer depends on the person, the person is part of the key.** The
hint for clients is the same decision: such a result is *private*.

## 5 · Batches

A model that wants to know about five books makes five calls, each in a turn of the conversation. A tool that takes a
**list** saves four turns. Three rules:

- The answers come in the order of the questions.
- One bad item does not spoil the others.
- The list has a limit, in the schema.

Behind the tool, items can be looked up in parallel, but not all at once: the archive has two lines. A
`CapacityLimiter` lets two tasks in and makes the others wait.
"""

# %%
%%mcp_tool archive_stock --read-only
class Stock(BaseModel):
    title: str
    copies: int | None = None
    problem: str | None = None


async def archive_stock(
    titles: Annotated[list[str], Field(description="Titles.", min_length=1, max_length=20)],
) -> list[Stock]:
    """Ask the archive how many copies it has of each book, in the order of the titles."""
    stocks, two_lines = [Stock(title=title) for title in titles], anyio.CapacityLimiter(2)

    async def look_up(stock):
        async with two_lines:
            try:
                stock.copies = await archive.phone(stock.title)
            except LookupError as error:
                stock.problem = str(error)

    async with anyio.create_task_group() as tasks:
        for stock in stocks:
            tasks.start_soon(look_up, stock)
    return stocks

# %% [markdown]
"""
The next cell asks for four books in one call, then makes four calls at the same time. `archive.most` is the highest
number of conversations at one moment.
"""

# %%
%mcp predict 4.c

# %%
archive, titles = Archive(), ["Dune", "Emma", "Moby Dick", "Kindred"]
async with Client(library) as client:
    result = await client.call_tool("archive_stock", {"titles": titles})
    print(*result.structured_content["result"], sep="\n")
    print("one call with four titles:", archive.most)
    archive = Archive()
    async with anyio.create_task_group() as tasks:
        for title in titles:
            tasks.start_soon(client.call_tool, "archive_stock", {"titles": [title]})
    print("four calls at once:", archive.most)

# %% [markdown]
"""
<details><summary>Explanation</summary>

Two, then four. All four items come back, in order, and *zero copies* and *no answer* stay different: `0` and `None`.
Each call made a limiter of its own, so four calls had four. Anything that calls share must live outside the function:
move `two_lines` out of it, run both cells again, and see.

</details>

### Exercise 4.2: a pile of books comes back

Define the tool `take_back(titles)`. `titles` is a list of 1 to 20 titles. For each, it ends the open loan of the book
that was due first: `returned` becomes `TODAY`. It returns a list of objects, in the order of the titles, with three
fields: `title`; `days_late`, which is 0 for a book that is in time; and `problem`, which is `null`. For a title that is
not lent, `days_late` is `null` and `problem` is `"not lent"`.
"""

# %% exercise="4.2"

# %%
%mcp check 4.2

# %% [markdown]
"""
## 6 · Rate limits

The archive complains: no more than three questions in a row from one person, then one every ten seconds. Many would
reach for a semaphore.

### Broken on purpose: a semaphore as a rate limit
"""

# %%
%%mcp_tool --read-only
three = anyio.Semaphore(3)


async def ask_archive(question: Annotated[str, Field(description="For the archive.")]) -> str:
    """Ask the archive a question."""
    async with three:
        return f"The archive will look for: {question}"

# %%
async def answered(questions):
    async with Client(library) as client:
        for_all = [await client.call_tool("ask_archive", {"question": "Where is Emma?"}) for _ in range(questions)]
    return sum(not result.is_error for result in for_all), for_all[-1].content[0].text


passed, _ = await answered(50)
print("3 of 50 are answered:", "holds" if passed == 3 else f"FAILS: {passed}")

# %% [markdown]
"""
A semaphore counts the calls that run **at the same moment**, and knows nothing about time. A caller who asks one
question at a time never waits. It limits *concurrency*, like the limiter of part 5. A rate is a number **per time and
per caller**.

A **token bucket** limits a rate. (These tokens have nothing to do with signing in.)

![A bucket with room for three tokens. A new token drops in every ten seconds, and what does not fit is lost. A call takes a token and passes. A call that finds the bucket empty is refused and told how long to wait.](drawings/token-bucket.svg)
"""

# %%
@dataclass
class Bucket:
    size: float
    per_second: float
    tokens: float
    filled_at: float = 0.0

    def level(self, now):
        """Return the tokens at this time: they grow back, and never above the size."""
        return min(self.size, self.tokens + (now - self.filled_at) * self.per_second)

    def take(self, now):
        """Take a token. Return 0, or the seconds until there will be one."""
        self.tokens, self.filled_at = self.level(now), now
        if self.tokens < 0.999999:  # a sum of fractions is rarely exactly 1
            return (1 - self.tokens) / self.per_second
        self.tokens -= 1
        return 0.0


bucket = Bucket(size=3, per_second=0.1, tokens=3)
print({now: [round(bucket.take(now)) for _ in range(4)] for now in (0, 10, 1000)})

# %% [markdown]
"""
First three pass, and the fourth has to wait ten seconds. Then one passes. After a long pause it is three again, not a
hundred. The time is an argument, so the test does not wait.

Now one bucket for each person. The refusal says how long to wait: "too many requests" invites the same call again. The
tool is `async`: it never awaits, so no other call comes between two lines of `take`. Threads would need a lock.
"""

# %%
%%mcp_tool --read-only
import math

buckets = {}


async def ask_archive(question: Annotated[str, Field(description="For the archive.")], person: Person) -> str:
    """Ask the archive a question: three in a row, then one every ten seconds."""
    if person not in buckets:
        buckets[person] = Bucket(size=3, per_second=0.1, tokens=3, filled_at=clock())
    if seconds := buckets[person].take(clock()):
        raise ToolError(f"No more questions now. Wait {math.ceil(seconds)} s, then ask again.")
    return f"The archive will look for: {question}"

# %%
for name, questions in (("Ada", 50), ("Grace", 2)):
    with signed_in(name):
        print(name, *await answered(questions))

# %% [markdown]
"""
Watch the level of Mary's bucket. She asks every ten seconds, with a burst of one question a second in between.
"""

# %%
from mcp_notebook.course.pictures import LivePlot

start, question = clock.now, {"question": "Where is Emma?"}
with LivePlot(display, "Mary's bucket", "seconds", "tokens", until=(120, 4)) as plot, signed_in("Mary"):
    async with Client(library) as client:
        for second in range(120):
            clock.now, mark = start + second, ""
            if second % 10 == 0 or 40 <= second < 60:
                result = await client.call_tool("ask_archive", question)
                mark = "refused" if result.is_error else "passed"
            plot.add(second, buckets["Mary"].level(clock.now), mark)
            await anyio.sleep(0.02)

# %% [markdown]
"""
Mary pays for the burst: the bucket empties, and she is refused until a token has grown back. Her slow, regular
questions pass.

On a real server, the clock is `time.monotonic`. Forget buckets that are full. Several copies of a server share their
buckets in a database.

### Exercise 4.3: copies on a library card

The copying machine takes a library card. Each card has two copies in a row, and one more every half minute, but never
more than two in a row. Define the tool `make_copy(card)`. `card` is a text, and the result is `"copied"`. A refusal
says for how long: `"Wait 30 s"`. The time is `clock()`, and `Bucket` is there.
"""

# %% exercise="4.3"

# %%
%mcp check 4.3

# %% [markdown] tags=["teacher"]
"""
**For teachers.** Ask for everyday limits: a parking meter, data volume, a tap. Which limit concurrency, which a rate?
In 4.3, many make the bucket inside the function, so that each call has a full one. If time is short, run part 7 on the
projector only: the picture is worth it.
"""

# %% [markdown]
"""
## 7 · A retry storm

A limit also shapes what callers do. At the archive's desk, forty readers arrive at the same moment, when a train comes
in. The desk has one bucket for all of them. A reader who is refused comes back later. When?
"""

# %%
%%mcp_tool --read-only
desk = Bucket(size=5, per_second=1, tokens=5)


async def ask_desk() -> str:
    """Ask the archive's desk: five questions in a row, then one a second, for all readers together."""
    if seconds := desk.take(clock()):
        raise ToolError(f"The desk is busy. Wait {math.ceil(seconds)} s.")
    return "answered"

# %% [markdown]
"""
`storm` lets the readers call the tool until all have an answer. The calls are real; only the time is simulated. A
*percentile* tells more than a mean: the 95th is the time within which 95 of 100 readers had their answer.
"""

# %%
from random import Random

from mcp_notebook.course.storm import storm

dice, storms = Random(4), {}
policies = {
    "as told": lambda told, tries: told,
    "doubling": lambda told, tries: 2**tries,
    "doubling, random": lambda told, tries: dice.uniform(0.5, 1.5) * 2**tries,
}


async def measure(name, wait):
    clock.now += 3600  # the bucket is full again
    async with Client(library) as client:
        storms[name] = await storm(client, "ask_desk", clock, wait, readers=40)
    p50, p95, p99 = (storms[name].percentile(percent) for percent in (50, 95, 99))
    print(f"{name:18}{len(storms[name].arrivals):5} requests, p50 {p50:3.0f} s, p95 {p95:3.0f} s, p99 {p99:3.0f} s")


for name, wait in policies.items():
    await measure(name, wait)

# %% [markdown]
"""
- **As told.** The server names the time of the next token to all of them. All come back at that moment, and one gets
  it: hundreds of requests for forty answers.
- **Doubling** the pause after each refusal, *exponential backoff*, spares the server. But all double together. Between
  their visits, tokens that nobody takes are lost, and the last reader waits for minutes.
- **Random** pauses, *jitter*, spread the readers out. Clients should always add some.

A server cannot count on polite clients. It can do better itself: give each reader a *turn*.
"""

# %%
%%mcp_tool --read-only
turns, next_turn = {}, 0.0


async def ask_desk(person: Person) -> str:
    """Ask the archive's desk: one question a second, each reader at their turn."""
    global next_turn
    if person not in turns:
        turns[person] = next_turn = max(next_turn + 1, clock())
    if clock() < turns[person]:
        raise ToolError(f"The desk is busy. Wait {math.ceil(turns[person] - clock())} s.")
    del turns[person]
    return "answered"

# %%
await measure("turns, as told", lambda told, tries: told)

# %%
import matplotlib.pyplot as plt

figure, rows = plt.subplots(len(storms), sharex=True, figsize=(7, 5), layout="constrained")
for axes, (name, one) in zip(rows, storms.items(), strict=True):
    axes.hist(one.arrivals, bins=range(0, 80), color="#1f5fbf")
    for percent, style in ((50, ":"), (95, "--"), (99, "-")):
        axes.axvline(one.percentile(percent), color="#b00020", linestyle=style)
    axes.set(ylabel="requests", xlim=(0, 80), ylim=(0, 42))
    axes.set_title(f"{name}: the last answer after {max(one.latencies):.0f} s", loc="left", fontsize="small")
rows[-1].set_xlabel("seconds");

# %% [markdown]
"""
The red lines are the 50th, 95th and 99th percentile; with doubling, the last two are far off the picture. With turns,
each reader asks twice at most, and the desk answers one a second from beginning to end. The price is memory: one entry
for each reader, also for those who do not come back.

## Looking back

- The return annotation makes a schema that programs can rely on. The text is for a model, which decides by it.
- `0`, `None`, `False` and `[]` are answers. Nothing on the way may take them for "no answer".
- The model sends what it should decide. Dependencies fill in the rest, and the person comes from the token.
- A cache hint is a promise about time. A cache key names everything that the answer depends on.
- A batch keeps its items apart, and its parallel work is limited. A rate is a number per time and per caller.

**Test yourself**

<details><summary>1. A tool returns an empty list. What does a model read that sees only the content?</summary>

Nothing: the SDK makes one block of text for each item. Say in words that there is nothing.

</details>
<details><summary>2. A tool has the argument <code>user_id</code>. Why is that a mistake?</summary>

The model fills it in, and may write anybody's id. Take the person from the token, with a dependency.

</details>
<details><summary>3. When may a result have the cache scope "public"?</summary>

When it is the same for every user. Shared caches may give it to anybody, even if the request was authenticated.

</details>
<details><summary>4. You allow three calls at a time with a semaphore. How many calls can one client make in a minute?</summary>

As many as it likes, one after the other. A semaphore limits concurrency, not the rate.

</details>
<details><summary>5. All clients double their pause after each refusal. What is missing?</summary>

Jitter. Without it, they come back together, and the capacity between their visits is lost.

</details>

**Outdated elsewhere**

- *"Structured output" as JSON in a text block.* Output schemas and structured content exist since 2025-06-18. The text
  should still say the same, for hosts that read only text.
- *JSON-RPC batches*, several messages in one, were removed in 2025-06-18. Batch the model's turns, not the messages.
- *`ctx.info(...)` and other log messages to the client* are deprecated since 2026-07-28. Write to standard error, or use
  OpenTelemetry (chapter 6).

WORDS output schema, dependency, cache hint, percentile, token bucket, backoff, jitter

**In the specification:** [tools](https://modelcontextprotocol.io/specification/2026-07-28/server/tools) ·
[caching](https://modelcontextprotocol.io/specification/2026-07-28/server/utilities/caching) ·
[resources](https://modelcontextprotocol.io/specification/2026-07-28/server/resources) ·
[security best practices](https://modelcontextprotocol.io/docs/2026-07-28/tutorials/security/security_best_practices)

**Next:** [chapter 4b](04b-asking-the-user.ipynb), questions to the user, and work that takes long.
"""
