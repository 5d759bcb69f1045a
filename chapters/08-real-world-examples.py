# ---
# jupyter:
#   jupytext:
#     comment_magics: false
#     cell_markers: '"""'
# ---

# %% [markdown]
"""
# 8 · Real-world examples: files, a database, a web API

**You will** give a model files, a database and a web service, each behind a server that limits what it can do; attack
each of them; and put an MCP server into a FastAPI application.

**Time** about MINUTES minutes. **Fast track:** parts 1, 4 and 6, with exercise 8.4. **You need** chapter 4 (errors) and
the lifespan of chapter 3. SQL and HTTP are used, not explained. No account, no key and no network. (On Windows, two
lines of part 1 differ: the system allows no links by default.)

The library has grown. It has papers in a folder, records in a database, and an archive across the town that it asks
over the web.
"""

# %%
# Where the course is missing, as on Colab and Kaggle, this cell installs it.
import importlib.util

if importlib.util.find_spec("mcp_notebook") is None:
    %pip install -q "mcp-notebook[course]"
    print("Installed. If the page offers to restart the session, do that. Then run the next cell.")

# %%
%load_ext mcp_notebook
%mcp checkpoint 8

# %% [markdown]
"""
## 1 · Files: one way in

A model should read and write the library's papers, and nothing else on this disk. The next cell makes an office with
private files, and with two links that lead to them:

```text
office/
├── alarm.txt                 private
├── papers-old/wages.txt      private
└── papers/                   for the model
    ├── minutes/may.txt
    ├── rules.txt
    ├── stamp.png
    ├── visitors.log          70 kB
    ├── door.txt  →  ../alarm.txt
    └── old       →  ../papers-old
```
"""

# %%
from mcp_notebook.course.papers import lay_out_papers

ROOT = lay_out_papers()

# %% [markdown]
"""
Every path that comes from a model goes through one function, `inside`. First `resolve()`, which removes the dots and
follows the links. Then `is_relative_to`, which compares whole names, so that `papers-old` is not in `papers`.

![A path from the model is joined to the folder, resolved so that dots and links are gone, and compared. Only a path below the folder is opened. The others become an error that names a tool to use.](drawings/one-way-in.svg)
"""

# %%
papers = NotebookServer("papers")

# A path with a control character fails deep inside the system, so the schema refuses it.
Place = Annotated[
    str, Field(description="A path below the folder.", max_length=200, pattern=r"^[^\x00-\x1f]*$")
]


def inside(path):
    """Return where a path leads; refuse it unless that is inside the folder."""
    found = (ROOT / path).resolve()
    if not found.is_relative_to(ROOT):
        raise ToolError(f"{path!r} is not among the papers. Use list_papers to see them.")
    return found

# %%
%%mcp_tool list_papers --server papers --read-only --closed-world
def all_papers():
    """Yield every file inside the folder. A link in it that leads out is left out."""
    for path in sorted(ROOT.rglob("*")):
        if path.is_file() and path.resolve().is_relative_to(ROOT):
            yield path


def list_papers() -> dict[str, int]:
    """List the papers, at most 200, each with its size in bytes."""
    return {path.relative_to(ROOT).as_posix(): path.stat().st_size for path in [*all_papers()][:200]}

# %% [markdown]
"""
A picture is not a text for the model. It is a **resource** for the application. In the template below, `{+path}` takes
slashes, too. Its author forgot `inside`.
"""

# %%
%%mcp_resource papers://{+path} --server papers --mime-type application/octet-stream
def paper(path: str) -> bytes:
    """A paper, byte by byte."""
    return (ROOT / path).read_bytes()

# %%
from urllib.parse import quote

from mcp import Client, MCPError

WAYS_OUT = {
    "dots": "../alarm.txt",
    "a whole path": str(ROOT.parent / "alarm.txt"),
    "a similar name": "../papers-old/wages.txt",
    "a link to a file": "door.txt",
    "a linked folder": "old/wages.txt",
}


async def try_all_ways_out():
    async with Client(papers) as client:
        for way, path in WAYS_OUT.items():
            try:
                await client.read_resource("papers://" + quote(path))
                print(f"{way:17}LET OUT")
            except MCPError:
                print(f"{way:17}refused")

# %%
%mcp predict 8.a

# %%
await try_all_ways_out()

# %% [markdown]
"""
<details><summary>Explanation</summary>

The SDK checks the variables of a template before your function runs, but it sees only the text. A link shows only on the
disk, so the function needs `inside`, too.

</details>
"""

# %%
%%mcp_resource papers://{+path} --server papers --mime-type application/octet-stream
from mcp.server.mcpserver.exceptions import ResourceNotFoundError


def paper(path: str) -> bytes:
    """A paper, byte by byte."""
    try:
        return inside(path).read_bytes()
    except (ToolError, OSError):
        raise ResourceNotFoundError(f"There is no paper {path!r}.") from None

# %%
await try_all_ways_out()

# %% [markdown]
"""
One gap remains. Between the check and the opening, *another program* that may write into the folder could put a link
there. If others write there, open files with the system's help (on Linux, `openat2` with `RESOLVE_BENEATH`), or run the
server in a container that holds nothing else.
"""

# %% [markdown] tags=["teacher"]
"""
**For teachers.** Let people guess other ways out before the prediction: they find `~`, `%2e%2e`, and a file name that
is too long. Try them. Common misconception: "`startswith` would do". Ask what it says about `papers-old`. If time is
short, skip part 3 and show only the table in part 4.
"""

# %% [markdown]
"""
## 2 · Files that nobody waits for

An `async def` tool runs on the server's event loop (chapter 3). While it waits for a disk or a network drive, every
other call waits, too. Most systems have no asynchronous functions for files, so libraries do the waiting on a thread:

| | AnyIO, which the SDK uses anyway | aiofiles, a package for asyncio |
|---|---|---|
| open, read, write | `anyio.open_file(path)` | `aiofiles.open(path)` |
| a path: `is_file`, `stat`, `read_text` | `anyio.Path(path)` | `aiofiles.os`, `aiofiles.os.path` |
| one function of yours | `anyio.to_thread.run_sync(function)` | `asyncio.to_thread(function)` |
| runs on | asyncio and Trio | asyncio |

Here is a tool with AnyIO. It has a limit, because a result costs the model's tokens. Each error names a way to go on.
"""

# %% tags=["needs-jupyter"]
%%mcp_tool read_paper --server papers --read-only --closed-world
import anyio


async def read_paper(path: Place) -> str:
    """Read a paper, if it is a text of moderate length."""
    found = anyio.Path(inside(path))
    if not await found.is_file():
        raise ToolError(f"There is no paper {path!r}. Use list_papers to see them.")
    if (await found.stat()).st_size > 20_000:
        raise ToolError(f"{path!r} is too long. Use search_papers to find lines in it.")
    try:
        return await found.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise ToolError(f"{path!r} is not a text. It is the resource papers://{path}.") from None

# %% [markdown]
"""
And one with aiofiles, which writes. The mode `x` creates a file, and fails if it exists, in one step. To ask `exists()`
first would leave a moment in which somebody else creates the file.
"""

# %% tags=["needs-jupyter"]
%%mcp_tool write_paper --server papers --no-destructive --closed-world
import aiofiles

Words = Annotated[str, Field(description="All of its text.", max_length=20_000)]


async def write_paper(path: Place, words: Words) -> str:
    """Write a new paper. An existing one is never changed."""
    try:
        async with aiofiles.open(inside(path), "x", encoding="utf-8") as file:
            await file.write(words)
    except FileExistsError:
        raise ToolError(f"{path!r} exists. Choose another name.") from None
    except OSError as error:
        raise ToolError(f"Cannot write {path!r}: {error.strerror}.") from None
    return f"{path}: {len(words)} characters"

# %% [markdown]
"""
A search reads many lines. With `async for line in file`, each line would be a trip to a thread and back. A plain `def` is
better: the SDK runs the *whole* call on one worker thread.
"""

# %%
%%mcp_tool search_papers --server papers --read-only --closed-world
def search_papers(
    words: Annotated[str, Field(description="Words in one line.", min_length=2, max_length=80)],
) -> list[str]:
    """Find lines in the papers. Returns at most 20, each with its paper and line number."""
    hits = []
    for path in all_papers():
        with path.open(encoding="utf-8", errors="replace") as lines:
            for number, line in enumerate(lines, 1):
                if words.lower() in line.lower():
                    hits.append(f"{path.relative_to(ROOT).as_posix()}:{number}: {line.strip()[:200]}")
                    if len(hits) == 20:
                        return [*hits, "There are more. Search for something narrower."]
    return hits

# %% tags=["needs-jupyter"]
async def ask(server, tool, **arguments):
    """Call a tool in memory; return its structured content, or the text of its error."""
    async with Client(server) as client:
        result = await client.call_tool(tool, arguments)
    if result.is_error:
        return "ERROR: " + result.content[0].text.removeprefix(f"Error executing tool {tool}: ")
    return result.structured_content.get("result", result.structured_content)


print(await ask(papers, "search_papers", words="piranesi"))
print(await ask(papers, "write_paper", path="minutes/june.txt", words="Nobody came.\n"))
print(await ask(papers, "write_paper", path="rules.txt", words="No rules."))
for path in ("minutes/june.txt", "visitors.log", "stamp.png"):
    print(await ask(papers, "read_paper", path=path))

# %% [markdown]
"""
### Exercise 8.1: a copy of a paper

Define the tool `copy_paper(source, target)` of the server `papers`. It copies a paper of any kind, byte by byte, and
returns the number of bytes. It never overwrites. A path that leads out is refused on both sides. A missing source is an
error that names it.
"""

# %% exercise="8.1"

# %%
%mcp check 8.1

# %% [markdown]
"""
## 3 · A database: describe it, ask it

The library's `query` uses `sqlite3` in `def` tools, so each call has a worker thread. That is fine for a file on the
same disk. **SQLAlchemy** is a layer above such drivers. Its `asyncio` variant waits for a database without blocking the
event loop, and the same code works for PostgreSQL. Its driver for SQLite is `aiosqlite`: `sqlite3` on a thread of its
own.
"""

# %% tags=["needs-jupyter"]
from sqlalchemy import inspect, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

# A pool belongs to one event loop, and a notebook has several: so this one opens a connection for each use.
engine = create_async_engine(f"sqlite+aiosqlite:///{LIBRARY}", poolclass=NullPool)
records = NotebookServer("records")

print(query("SELECT title FROM books WHERE author = ?", "Jane Austen"))

async with engine.connect() as connection:
    statement = text("SELECT title FROM books WHERE author = :author")
    print((await connection.execute(statement, {"author": "Jane Austen"})).all())

# %% [markdown]
"""
| | `sqlite3` in a `def` tool | SQLAlchemy in an `async def` tool |
|---|---|---|
| values | `?`, in order | `:name`, from a dictionary |
| waits on | a worker thread for the whole call | the driver; other calls go on |
| a transaction | `with database:` | `async with engine.begin()` |
| take it when | there is one file, or you need the driver's own features | the database is a server, or the tool awaits other things |

Before a model can ask a database, it must know what is in it. One tool that lists and describes saves it a round.
(`run_sync` is for functions of SQLAlchemy without an asynchronous form.)
"""

# %% tags=["needs-jupyter"]
%%mcp_tool list_tables --server records --read-only --closed-world
def columns_of(connection):
    inspector = inspect(connection)
    names = inspector.get_table_names()
    return {name: [column["name"] for column in inspector.get_columns(name)] for name in names}


async def list_tables() -> dict[str, list[str]]:
    """List the tables of the library's records, each with its columns."""
    async with engine.connect() as connection:
        return await connection.run_sync(columns_of)

# %% tags=["needs-jupyter"]
await ask(records, "list_tables")

# %% [markdown]
"""
### Broken on purpose: a value inside the SQL

In a library, *who* read *what* is private. The next tool only finds titles, and still it tells.
"""

# %% tags=["needs-jupyter"]
%%mcp_tool find_titles --server records --read-only --closed-world
Part = Annotated[str, Field(description="Part of a title.", min_length=1, max_length=80)]


async def find_titles(part: Part) -> list[str]:
    """Find titles."""
    async with engine.connect() as connection:
        found = await connection.scalars(text(f"SELECT title FROM books WHERE title LIKE '%{part}%'"))
        return list(found)

# %% tags=["needs-jupyter"]
ATTACK = "' AND 0 UNION SELECT member || ' had ' || title FROM loans LIMIT 3 --"
await ask(records, "find_titles", part=ATTACK)

# %% [markdown]
"""
`text()` does not protect you from an f-string. A **parameter** does: the value never becomes part of the SQL.
"""

# %% tags=["needs-jupyter"]
%%mcp_tool find_titles --server records --read-only --closed-world
FIND = text("SELECT title FROM books WHERE title LIKE :pattern ORDER BY title LIMIT 50")


async def find_titles(part: Part) -> list[str]:
    """Find titles by a part of them. Returns at most 50."""
    async with engine.connect() as connection:
        return list(await connection.scalars(FIND, {"pattern": f"%{part}%"}))

# %% tags=["needs-jupyter"]
print([await ask(records, "find_titles", part=part) for part in (ATTACK, "dar")])

# %% [markdown]
"""
A tool that *writes* does one narrow thing, in a **transaction**. `async with engine.begin() as connection:` commits at
its end, or rolls back if an exception leaves it. An `UPDATE` that finds nothing is not an error for the database, so
look at the `rowcount` of what `execute` returns.

### Exercise 8.2: from hand to hand

Ada passes a book that she has borrowed to Grace. Define the tool `hand_over(title, giver, taker)` of the server
`records`. It gives the open loan to the taker, and returns `"Dune: Ada to Grace"`. A loan is open while `returned` is
`NULL`; the past stays as it was. Refuse a giver who does not have the book, and a taker who is not a member, and name
the person. Then nothing has changed.
"""

# %% exercise="8.2"

# %%
%mcp check 8.2

# %% [markdown] tags=["teacher"]
"""
**For teachers.** In 8.2, most first answers forget `returned IS NULL` and move old loans, too. Let the check find it:
the call succeeds, only the table is wrong. Ask: "Which of your own tests look at the table afterwards?" People who know
an ORM ask for it; say that a tool's result is a dictionary, so that rows are often enough.
"""

# %% [markdown]
"""
## 4 · SQL that a model writes

Sometimes a model should ask its own questions. Then the *statement* is the argument, so parameters do not help. A list of
forbidden words does not either: `WITH`, comments and functions get around it. The **database** must refuse.

The guards are features of the driver, so this tool uses `sqlite3` directly. (A database server has rights for it:
`GRANT SELECT` on a view, and a timeout for statements.)

![Five guards around a statement: the file is opened for reading, the authorizer refuses tables, columns and functions, a length limit and a time limit stop what grows, and fetchmany cuts the rows.](drawings/guards-of-a-query.svg)
"""

# %%
import time
from pathlib import Path

MOST_SECONDS = 0.5
READING = {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_RECURSIVE}
FUNCTIONS = {"avg", "coalesce", "count", "like", "lower", "max", "min", "round", "sum", "upper"}


def may(action, first, second, *_):
    """Allow reading and some functions, but not learning who read what."""
    private = first == "members" or (first, second) == ("loans", "member")
    named = second in FUNCTIONS and action == sqlite3.SQLITE_FUNCTION
    allowed = named or (action in READING and not private)
    return sqlite3.SQLITE_OK if allowed else sqlite3.SQLITE_DENY


def guarded():
    """Open the library's database for questions only."""
    end = time.monotonic() + MOST_SECONDS
    database = sqlite3.connect(f"{Path(LIBRARY).as_uri()}?mode=ro", uri=True)
    database.set_authorizer(may)
    database.set_progress_handler(lambda: time.monotonic() > end, 10_000)
    if hasattr(database, "setlimit"):  # from Python 3.11 on
        database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, 1_000_000)
    return database

# %% [markdown]
"""
SQLite calls the *authorizer* for every table, column and function before it runs a statement. It calls the *progress
handler* every 10,000 steps while the statement runs; a true answer ends it. The length limit stops a text that doubles
itself.
"""

# %%
%%mcp_tool ask_records --server records --read-only --closed-world
Sql = Annotated[str, Field(description="One SELECT; :names in it for values.", max_length=2000)]
Values = Annotated[dict[str, str | int | float], Field(description="The values of the :names.")]


def ask_records(sql: Sql, values: Values = {}) -> dict[str, object]:
    """Ask the library's records in SQL. Read only. Names of readers are private."""
    with closing(guarded()) as database:
        try:
            cursor = database.execute(sql, values)
            rows = cursor.fetchmany(51)
        except (sqlite3.Error, sqlite3.Warning) as error:
            raise ToolError(f"The database refused it: {error}.") from None
    columns = [column[0] for column in cursor.description or ()]
    return {"columns": columns, "rows": rows[:50], "more_rows": len(rows) > 50}

# %%
ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"

for sql in (
    "SELECT count(*) FROM loans",
    "SELECT * FROM loans",
    "SELECT title FROM loans WHERE member = 'Ada'",
    "WITH gone AS (SELECT 1) DELETE FROM loans",
    "ATTACH 'other.db' AS other",
    "SELECT hex(zeroblob(400000000))",
    "SELECT fine FROM loans",
    ENDLESS,
):
    print(f"{sql[:45]:46}", await ask(records, "ask_records", sql=sql))

# %% [markdown]
"""
`*` means every column, the private one included, so the whole statement is refused. So is a condition on it. `ATTACH`
would have opened another database, and `hex` would have filled 800 MB of memory: that is why functions are allowed by
name. The line about `fine` is an honest mistake, and there the words of the database help the model.

## 5 · A web API that is slow or down

The town archive answers over HTTP. Ours is a **stand-in** on a port of this machine. It counts the requests, and `begin`
gives the next ones some trouble.
"""

# %% tags=["needs-jupyter"]
from contextlib import asynccontextmanager

import httpx

from mcp_notebook.course.archive import TownArchive, Trouble

town = TownArchive()


@asynccontextmanager
async def connected(server):
    async with httpx.AsyncClient(base_url=town.url, timeout=1) as http:
        yield http


archive = NotebookServer("archive", lifespan=connected)

# %% [markdown]
"""
The HTTP client is opened once, in the **lifespan**, so that connections are used again. It also needs:

- a **timeout** for each request;
- another **try** after no answer, or a status that says *busy*. Only for `GET`: a request that changes something may
  have been carried out although nobody heard the answer;
- **waiting** in between (*backoff*): as long as the header `Retry-After` says, or else longer each time. A bit of chance
  keeps a thousand clients from returning in the same moment;
- an **end**, with an error that says when to ask again.
"""

# %% tags=["needs-jupyter"]
import random

BUSY = {429, 502, 503, 504}


async def fetch(http, path):
    """GET a path, again where that may help; a ToolError says when to ask again."""
    wait = 0.0
    for attempt in range(3):
        await anyio.sleep(wait)
        try:
            response = await http.get(path)
        except httpx.TransportError:  # includes timeouts
            response = None
        if response is not None and response.status_code not in BUSY:
            return response
        wait = 0.05 * 2**attempt * random.uniform(1, 2)
        if response is not None and response.headers.get("retry-after", "").isdecimal():
            wait = int(response.headers["retry-after"])
        if wait > 2:
            raise ToolError(f"The archive is busy. Ask again in {wait} s, not before.")
    raise ToolError("The archive does not answer. Ask again later.")

# %% [markdown]
"""
(Packages such as *tenacity* do this and more.)

The tool **keeps** answers for a minute. *No copies* and *unknown* are answers as well; failures are not. A title goes
into a URL as a value goes into SQL: quoted.
"""

# %% tags=["needs-jupyter"]
%%mcp_tool copies --server archive --read-only --open-world
from mcp.server.mcpserver import Context

kept = {}


async def copies(title: Title, ctx: Context) -> int | None:
    """Return the number of copies in the town archive; null if it does not know the book."""
    if title in kept and kept[title][1] > time.monotonic():
        return kept[title][0]
    http = ctx.request_context.lifespan_context
    response = await fetch(http, f"/copies/{quote(title, safe='')}")
    if response.status_code not in (200, 404):
        raise ToolError(f"The archive has a fault (status {response.status_code}). Do not ask again.")
    found = response.json()["copies"] if response.status_code == 200 else None
    kept[title] = found, time.monotonic() + 60
    return found

# %% tags=["needs-jupyter"]
async def try_copies(title, *trouble):
    kept.clear()
    town.begin(*trouble)
    answers = [await ask(archive, "copies", title=title) for _ in range(2)]
    print(f"{title}: requests {len(town.asked)}, answers {answers}")


for title in ("Dune", "Emma", "Moby Dick", "../hours/2026-11-03"):
    await try_copies(title)
await try_copies("Dune", Trouble(status=503, retry_after="1"))
await try_copies("Dune", Trouble(slow=1.5))
await try_copies("Dune", Trouble(status=503, retry_after="3600"))
await try_copies("Dune", *[Trouble(status=503)] * 3)
await try_copies("Dune", Trouble(status=500))

# %% [markdown]
"""
The first four lines are two calls and one request each: answers are kept, `0` and `None` too. The path stayed a title.
Busy or slow for a moment costs a second request, and the caller notices nothing. *In an hour* is too long to wait. `500`
is a bug over there, and is not tried again.

Now the answer itself is slow: it comes one byte at a time.
"""

# %%
%mcp predict 8.b

# %% tags=["needs-jupyter"]
await try_copies("Dune", Trouble(drip=True))

# %% [markdown]
"""
<details><summary>Explanation</summary>

The timeout of `httpx` is the longest pause *between* two pieces, not the length of the whole request. It could have been
two hours. A user needs a **deadline** for the whole call: `with anyio.fail_after(2):` around it raises `TimeoutError`,
whatever happens inside.

</details>

### Exercise 8.3: when is it open?

`GET /hours/2026-11-03` answers `{"hours": "9 to 17"}`, or `{"hours": null}` on a day when the archive is closed, or
status 404 for a text that is not a date. Define the tool `opening_hours(day, ctx)` of the server `archive`. It uses
`fetch`, and returns the hours, or `None`. It asks the archive only once for each `day`, which is a text. For 404, its
error says *not a date*. After one second it gives up, and its error says *too long*.
"""

# %% exercise="8.3" tags=["needs-jupyter"]

# %%
%mcp check 8.3

# %% [markdown] tags=["teacher"]
"""
**For teachers.** Ask before 8.3: "What do people ask about most often?" *Is it open?*, and the answer is often no. A
cache that tests `if kept.get(day)` loses exactly that answer, and nobody notices, because the result is right. Draw the
difference between a timeout and a deadline on a time line. Part 6 stands alone if you are short of time.
"""

# %% [markdown]
"""
## 6 · One process: a REST API and MCP

Many teams already have an application in FastAPI. The MCP server can live inside it.
`streamable_http_app()` makes an ASGI application of the server (ASGI is Python's interface between web servers and
applications), and `mount` puts it into another.

![One FastAPI process with two doors. Programs use the REST routes, agents use the mounted MCP application at /mcp. Both call the same functions on the same database, and one lifespan starts both.](drawings/one-process-two-doors.svg)

Four things go wrong easily:

1. **The lifespan.** An application does not start what is mounted in it. Enter the inner lifespan in the outer one.
2. **The path.** The inner application has its own path, `/mcp`. Mount it at `/`, after all other routes. At `/mcp`, its
   address would be `/mcp/mcp`.
3. **The guards.** A dependency such as `Depends(check_token)` guards FastAPI's routes, not the mounted application. It
   needs its own, as in chapter 5. This one has none, because it runs inside the notebook.
4. **The host.** It answers to `127.0.0.1` and `localhost` only; to others, the status is 421. `transport_security`
   names your hosts.
"""

# %% tags=["needs-jupyter"]
from fastapi import FastAPI, HTTPException


def make_app():
    """Return an application with a REST API for programs and an MCP server for agents."""
    mcp_app = library.streamable_http_app()

    @asynccontextmanager
    async def lifespan(app):
        async with mcp_app.router.lifespan_context(mcp_app):
            yield

    app = FastAPI(lifespan=lifespan)

    @app.get("/books/{title}/author")
    def author_of(title: str) -> str:
        try:
            return author(title)
        except ToolError as error:
            raise HTTPException(404, str(error)) from None

    app.mount("/", mcp_app)
    return app

# %% [markdown]
"""
The route calls the tool's function, which is an ordinary function, too. To try both doors, you need no port. An *ASGI
transport* hands requests of an HTTP client to an application in the same process. (The SDK uses `httpx2`, the successor
of `httpx`.)
"""

# %% tags=["needs-jupyter"]
import httpx2
from mcp.client.streamable_http import streamable_http_client

HERE = "http://127.0.0.1:8000"


async def by_http(app, path):
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=HERE) as http:
        response = await http.get(path)
    return response.status_code, response.json()


async def by_mcp(app, tool, **arguments):
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app)) as http:
        async with Client(streamable_http_client(f"{HERE}/mcp", http_client=http)) as client:
            return (await client.call_tool(tool, arguments)).structured_content


app = make_app()
async with app.router.lifespan_context(app):
    print(await by_http(app, "/books/Dune/author"), await by_http(app, "/books/Moby/author"))
    print(await by_mcp(app, "author", title="Dune"))

# %% [markdown]
"""
On a port, `uvicorn.run(app)` would enter the lifespan. Now nobody does.
"""

# %%
%mcp predict 8.c

# %% tags=["needs-jupyter"]
app = make_app()
print(await by_http(app, "/books/Dune/author"))
try:
    await by_mcp(app, "author", title="Dune")
except Exception as error:  # an ExceptionGroup: chapter 8b says why
    print(error.exceptions[0])

# %% [markdown]
"""
<details><summary>Explanation</summary>

The REST route needs nothing from the lifespan. The MCP application starts a *session manager* there, which runs the
requests in a task group. Remember its message: *Task group is not initialized*.

</details>

### Exercise 8.4: the desk's application

Define the function `make_desk()`. Like `make_app`, it returns a new FastAPI application with the server `library` at
`/mcp`. It has one route: `POST /loans` with the JSON `{"title": "Dune", "member": "Ada"}` lends a book. The route calls
your `lend` of chapter 1 and answers with its text and the status 201. If `lend` refuses, the status is 409, and `detail`
has the text of the error.
"""

# %% exercise="8.4" tags=["needs-jupyter"]

# %%
%mcp check 8.4

# %% tags=["needs-jupyter"]
town.close()

# %% [markdown]
"""
## Looking back

- Files: one function decides what is inside. It looks at the disk, not at the text.
- A database: parameters for values. SQL of a model meets a database that refuses, and limits.
- A web service: a timeout, a few tries, an end, a deadline. Answers are kept, `null` too.
- One process can be a REST API and an MCP server. The outer lifespan starts the inner one.

**Test yourself**

<details><summary>1. Why does `inside` resolve the path before it compares?</summary>

Before that, dots and links hide where the path leads.

</details>
<details><summary>2. A search over 5,000 lines: `async for line in file`, or a `def` tool?</summary>

A `def` tool: one trip to a worker thread. The other makes a trip for each line.

</details>
<details><summary>3. A tool takes SQL from a model. Why do parameters not protect it?</summary>

The statement itself comes from outside. The database must limit it: reading only, columns, functions, time.

</details>
<details><summary>4. The timeout is 5 seconds. How long can one request take?</summary>

As long as the other side keeps sending. Only a deadline around the whole call limits it.

</details>
<details><summary>5. The REST routes of your application work, and MCP answers with a `RuntimeError`. What is missing?</summary>

The lifespan of the mounted application, entered in the lifespan of the outer one.

</details>

**Outdated elsewhere**

- Tutorials mount `mcp.sse_app()`. The SSE transport is deprecated; `streamable_http_app()` took its place. Its path was a
  setting of *FastMCP* 1.x (`mcp.settings.streamable_http_path`), and is an argument now.
- *Roots* told a file server its folders. They are deprecated since 2026-07-28: folders are settings of the server.

WORDS ORM, transaction, authorizer, worker, ASGI application

**In the specification:** [tools](https://modelcontextprotocol.io/specification/2026-07-28/server/tools) ·
[resources](https://modelcontextprotocol.io/specification/2026-07-28/server/resources) ·
[streamable HTTP](https://modelcontextprotocol.io/specification/2026-07-28/basic/transports/streamable-http) ·
[caching](https://modelcontextprotocol.io/specification/2026-07-28/server/utilities/caching) ·
[deprecated features](https://modelcontextprotocol.io/specification/2026-07-28/deprecated)

**Next:** [chapter 8b](08b-gateways-and-sandboxes.ipynb), several servers behind one, webhooks, and code in a sandbox.
"""
