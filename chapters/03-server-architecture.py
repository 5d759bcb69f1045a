# ---
# jupyter:
#   jupytext:
#     comment_magics: false
#     cell_markers: '"""'
# ---

# %% [markdown]
"""
# 3 · Server architecture

**You will** see both generations of the protocol on the wire, run a server as a process and over HTTP, give it a life and
a background job, tell its errors apart, configure it, and keep state without sessions.

**Time** about MINUTES minutes. **Fast track:** parts 1, 3, 4 and 7, with exercises 3.1 and 3.4. **You need** chapter 1, and
part 4 of chapter 2. It helps to have seen `async` and `with`. You need no account, no key and no network.
"""

# %%
# Where the course is missing, as on Colab and Kaggle, this cell installs it.
import importlib.util

if importlib.util.find_spec("mcp_notebook") is None:
    %pip install -q "mcp-notebook[course]"
    print("Installed. If the page offers to restart the session, do that. Then run the next cell.")

# %% [markdown]
"""
## 1 · Two generations of the protocol

The protocol exists in two generations, or *eras*. **Modern** is the version of 2026-07-28. **Legacy** is everything up to
2025-11-25. You will meet both for years. A server on the current SDK answers both, at the same address.
"""

# %%
%load_ext mcp_notebook
%mcp checkpoint 3

# %% [markdown]
"""
The next two cells make the same call, once in each era. `%mcp log --wire` keeps the messages, and `--diagram` draws them.
The `tools/list` comes from the notebook, which looks up the arguments of a tool before it calls it.
"""

# %%
%mcp predict 3.a

# %%
%mcp log --wire --clear
%mcp call search text=emma
%mcp log --wire --diagram --no-times

# %%
%mcp log --wire --clear
%mcp call search text=emma --era legacy
%mcp log --wire --diagram --no-times

# %% [markdown]
"""
<details><summary>Explanation</summary>

Legacy begins with a **handshake**: `initialize`, its answer, and `notifications/initialized`. The server remembers the
agreement for a **session**. Modern has neither. Each request carries the version and the client's *capabilities* (what it
can do) in its `_meta`, and is complete without the others. A client that wants to know the server first may ask
`server/discover`.

</details>

![Legacy: a client opens a session with one copy of the server, and every later request has to reach that copy. Modern: every request is complete, so any copy of the server can answer it.](drawings/session-or-not.svg)

This is why sessions went: with several copies of a server behind one address, a session works only at its own copy.
"""

# %% [markdown] tags=["teacher"]
"""
**For teachers.** Ask: "Where have you seen this before?" (HTTP without and with cookies on one web server.) A common
misconception: modern means that the server may not remember anything. It may, in a database; only the *connection* has no
memory. Part 7 comes back to this.
"""

# %% [markdown]
"""
## 2 · stdio: a process for one client

Over **stdio**, the host starts the server as a process of its own. Here is one: the kiosk in the entrance, a script on the
plain SDK. Usually that is a file. (`Settings` is for part 6. Here, its default is enough.)
"""

# %%
KIOSK = '''
from mcp.server import MCPServer
from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="KIOSK_")
    closing_hour: int = Field(default=17, ge=12, le=22)

settings = Settings()
kiosk = MCPServer("kiosk")

@kiosk.tool()
def opening_hours(day: str) -> str:
    """Say when the library is open on a day of the week."""
    return "closed" if day == "Sunday" else f"9 to {settings.closing_hour}"

kiosk.run()
'''

# %% [markdown]
"""
`%mcp connect` is a host: it starts the process, and stays connected. `Command` says which program to start.
"""

# %% tags=["needs-jupyter"]
import sys

from mcp_notebook import Command

kiosk = Command(sys.executable, ("-c", KIOSK))
%mcp connect kiosk --as kiosk

# %% tags=["needs-jupyter"]
%mcp call opening_hours day=Monday --on kiosk

# %% tags=["needs-jupyter"]
%mcp log --on kiosk --wire --diagram --no-times

# %% [markdown]
"""
On stdio, the notebook asks `server/discover` first. A legacy server answers that with an error or not at all, and then the
client begins with `initialize`.

Every line on the standard output is a message. Standard error is free for logs. The process gets only a small part of
the host's environment. It ends when the host closes its standard input:
"""

# %% tags=["needs-jupyter"]
%mcp disconnect kiosk

# %% [markdown]
"""
Each host starts a process of its own, with its own memory. That suits a tool for one person's files. It does not suit a
server that many people share, or this notebook, which runs already. (For hosts that can only start a process, there is a
bridge: `mcp-notebook connect NAME` passes their messages to a live notebook.)

## 3 · Streamable HTTP: one server for many clients

Over **streamable HTTP**, the server listens at a URL. Each message of a client is a POST to it. The answer is JSON, or a
*stream* of several messages. `%mcp eras` makes one call in both eras, and shows what goes over HTTP.
"""

# %%
%mcp eras search text=emma

# %% [markdown]
"""
| | legacy | modern |
|---|---|---|
| begins with | `initialize`, `notifications/initialized` | nothing |
| who the client is | said once, kept in the session | in `_meta` of each request |
| messages belong together by | the header `Mcp-Session-Id` | nothing |
| the server speaks first | on the stream of a `GET` | on a stream that the client opens: `subscriptions/listen` |
| ends with | `DELETE` | nothing |

A session can get lost, for instance when the server restarts. Here are three requests by hand, without a session: a modern
one, a legacy one, and a modern one whose header contradicts its body.
"""

# %% tags=["needs-jupyter"]
import httpx

served = %mcp serve
token = %mcp token
META = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientInfo": {"name": "by-hand", "version": "1"},
    "io.modelcontextprotocol/clientCapabilities": {},
}
MODERN = {"Mcp-Protocol-Version": "2026-07-28", "Mcp-Method": "tools/list"}


def post(method, params, headers):
    always = {"Authorization": f"Bearer {token}", "Accept": "application/json, text/event-stream"}
    body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    response = httpx.post(served.url, headers={**always, **headers}, json=body)
    print(response.status_code, response.json().get("error", "a result"))


post("tools/list", {"_meta": META}, MODERN)
post("tools/list", {}, {})
post("prompts/list", {"_meta": META}, MODERN)

# %% [markdown]
"""
The modern request is complete. The legacy one is refused: it names no session. In the third, a proxy that reads only
headers would see `tools/list`, while the body asks for something else. So the server compares the two, and refuses.

**SSE** is the earlier transport: two URLs, and a stream that must stay open. It is deprecated. `%mcp serve --transport sse`
is for old hosts; build nothing new on it. The two are often confused, because streamable HTTP uses *server-sent events*,
too, as the format of its streams.

| transport | who starts the server | clients | protection | use it for |
|---|---|---|---|---|
| memory | nobody: it is in the client's process | any number | none needed | tests, notebooks |
| stdio | the host | one for each process | the rights of the person who starts it | tools on one's own machine |
| streamable HTTP | you, or your platform | many | a token, or OAuth (chapter 5) | everything shared |
"""

# %%
%mcp stop

# %% [markdown] tags=["teacher"]
"""
**For teachers.** Let people read the two columns of `%mcp eras` in pairs, and name every line that only legacy has. Then
ask what each of them was for. If time is short, skip the three requests by hand.
"""

# %% [markdown]
"""
## 4 · The life of a server

A server often needs something that is opened before the first request, and closed after the last: a pool of connections, a
model in memory. That is its **lifespan**: a *context manager*, a function with one `yield`. The lines before the `yield`
run at the start, the lines after it at the end. Tools get the yielded object from their context.

The desk of the library has a visitors' book that is opened in the morning. A timeline records in which order things happen.
"""

# %%
from contextlib import asynccontextmanager

from mcp import Client

from mcp_notebook.course.timeline import Timeline

timeline = Timeline()


@asynccontextmanager
async def open_desk(server):
    with timeline.bar("the desk"):
        yield []


desk = NotebookServer("desk", lifespan=open_desk)


@desk.tool()
async def note(text: str, ctx: Context) -> int:
    """Write a line into the visitors' book. Return how many lines it has."""
    timeline.event("the desk")
    lines = ctx.request_context.lifespan_context
    lines.append(text)
    return len(lines)

# %% [markdown]
"""
`visit` is a client for one call. In memory, the first two clients come one after the other.
"""

# %%
async def visit(name, transport, mode="auto"):
    with timeline.bar(name):
        async with Client(transport, mode=mode) as client:
            result = await client.call_tool("note", {"text": f"{name} was here"})
    print(f"{name} is told: {result.structured_content['result']}")


await visit("Ada", desk)
await visit("Grace", desk)
timeline

# %% [markdown]
"""
In memory, each client starts the server for itself: the desk opened twice, and Grace found an empty book. Over HTTP, the
server runs before the clients come. `at` is the SDK's transport for that, with the token in every request.
"""

# %%
%mcp predict 3.b

# %% tags=["needs-jupyter"]
import httpx2
from mcp.client.streamable_http import streamable_http_client


@asynccontextmanager
async def at(served, token):
    async with httpx2.AsyncClient(headers={"Authorization": f"Bearer {token}"}) as http:
        async with streamable_http_client(served.url, http_client=http) as streams:
            yield streams


timeline = Timeline()
served = %mcp serve --server desk
token = %mcp token --server desk
await visit("Ada", at(served, token))
await visit("Grace", at(served, token))
await visit("Mary", at(served, token), mode="legacy")
%mcp stop --server desk
timeline

# %% [markdown]
"""
<details><summary>Explanation</summary>

A lifespan is entered **once each time the server starts**: here, when it begins to listen, before anybody calls. It is left
when the server stops. All clients of both eras share the yielded object. So it is the place for things that belong to all, and the wrong place for
things that belong to one client. On stdio, each process has one lifespan.

</details>

### A job in the background

The library reminds members of overdue books, without a request. Such a job belongs in the lifespan, too: it starts with
the server, and above all it *ends* with it. A *task group* holds the job. At the end it is cancelled, and the group waits
until the job has stopped.
"""

# %%
import anyio

today = str(TODAY)


async def remind(reminded):
    """Look for overdue loans, again and again."""
    while True:
        overdue = query("SELECT member, title FROM loans WHERE returned IS NULL AND due < ?", today)
        reminded |= {f"{member}: {title}" for member, title in overdue}
        await anyio.sleep(0.02)  # an hour, in a real library


@asynccontextmanager
async def with_reminders(server):
    reminded = set()
    async with anyio.create_task_group() as jobs:
        jobs.start_soon(remind, reminded)
        yield reminded
        jobs.cancel_scope.cancel()

# %%
desk = NotebookServer("desk", lifespan=with_reminders)


@desk.tool()
async def reminders(ctx: Context) -> list[str]:
    """Name the loans for which a reminder was sent."""
    return sorted(ctx.request_context.lifespan_context)


query("DELETE FROM loans WHERE returned IS NULL")
lend("Emma", "Ada")
async with Client(desk) as client:
    for today in (str(TODAY), "2026-12-01"):
        await anyio.sleep(0.2)
        print(today, (await client.call_tool("reminders")).structured_content["result"])
query("DELETE FROM loans WHERE returned IS NULL");

# %% [markdown]
"""
Four weeks passed while the client was connected, and the answer changed, although no tool wrote anything. Each
running server has its own job. If you run four copies, each reminds Ada. Then the job belongs in a program of its own.

### Exercise 3.1: the ticket machine

A machine in the entrance draws numbers: 1, 2, 3. When it is switched on, it starts at 1 again. Give the server `machine` a
lifespan that holds the last number, and the tool `next_number()`, which returns the next one.
"""

# %% exercise="3.1"

# %%
%mcp check 3.1

# %% [markdown]
"""
## 5 · Where a call runs, and where it fails

| `--run-on` | the function runs | default for |
|---|---|---|
| `worker` | on a worker thread, so it may block | `def` |
| `loop` | on the server's event loop, where nothing may block | `async def` |
| `main` | on the thread of your cells | |

To *block* is to wait without giving way: `time.sleep`, a slow query, a long computation. An *event loop* runs many calls on
one thread, and changes between them only at an `await`. Here are three tools that wait.
"""

# %%
%%mcp_tool --read-only --closed-world
import time

Row = Annotated[str, Field(description="A row of the timeline.")]


def thread(name: Row) -> None:
    """Wait on a worker thread."""
    with timeline.bar(name):
        time.sleep(0.2)


async def loop(name: Row) -> None:
    """Wait on the loop, and block it."""
    with timeline.bar(name):
        time.sleep(0.2)


async def loop_await(name: Row) -> None:
    """Wait on the loop, and give way."""
    with timeline.bar(name):
        await anyio.sleep(0.2)

# %%
%mcp predict 3.c

# %% tags=["needs-jupyter"]
timeline = Timeline()
async with Client(library) as client:
    for tool in ("thread", "loop", "loop_await"):
        async with anyio.create_task_group() as calls:
            for number in (1, 2, 3):
                calls.start_soon(client.call_tool, tool, {"name": f"{tool} {number}"})
                await anyio.sleep(0.02)
timeline

# %% [markdown]
"""
<details><summary>Explanation</summary>

Threads overlap, and so do functions that `await`. A function on the loop that blocks holds up every other client. If you
are not sure, write `def`. In an `async def`, hand what blocks to a thread: `await anyio.to_thread.run_sync(function,
argument)`.

</details>

Some objects belong to the thread that made them. A connection of `sqlite3` is one. This tool works as a function, because
the cell runs on the same thread:
"""

# %%
%%mcp_tool --read-only --closed-world
database = sqlite3.connect(LIBRARY)


def count_books() -> int:
    """Return the number of books in the library."""
    return database.execute("SELECT count(*) FROM books").fetchone()[0]


count_books()

# %% [markdown]
"""
For a client it fails, because the call runs on a worker thread. With `--run-on main` it would work in a notebook. A package
has no such thread, so `query` opens a connection for each call.

What does a client learn of that failure? Here are four requests that go wrong, each in another place.
"""

# %% tags=["needs-jupyter"]
from mcp import MCPError

async with Client(library) as client:
    for tool, arguments in [
        ("oldest", {"count": 99}),
        ("lend", {"title": "Emma", "member": "Bob"}),
        ("count_books", {}),
    ]:
        result = await client.call_tool(tool, arguments)
        print("result with is_error:", " ".join(result.content[0].text.split())[:84])
    try:
        await client.read_resource("library://magazines")
    except MCPError as error:
        print("error of the protocol:", error.code, error.message)

# %% [markdown]
"""
![Four layers around your function. HTTP refuses a request without a token. The protocol refuses what it cannot understand. The schema and your own ToolError answer with a result for the model. A bug reaches the model only as a short text.](drawings/error-layers.svg)

A model can act on a result. An error of the protocol stays with the host. So everything that a model should know is a
`ToolError`, and that includes "the desk is closed". `MCPError` is for a request that no arguments can repair, for instance
if the client lacks a capability that the tool needs. (An unknown tool is such an error in the specification. This SDK answers
it with a result.) Clients never learn what a bug is, because its text might hold a secret. You find it in the log;
`%mcp log N` shows the whole call N, with its traceback.
"""

# %% tags=["needs-jupyter", "nbval-ignore-output"] reason="The exception of sqlite3 names threads by their ids."
%mcp log --failed --no-times --last 4

# %% [markdown]
"""
### Exercise 3.2: a slow archive

The town's archive answers slowly. `slow_archive(title)` blocks for a while, and returns the number of index cards about a
book. Define the tool `ask_archive(title)`, which returns that number. It reports its progress: 0 of 1 before it asks, and
1 of 1 afterwards. And it must not hold up other calls.
"""

# %%
def slow_archive(title):
    with timeline.bar(title):
        time.sleep(0.2)
        return len(title)

# %% exercise="3.2"

# %%
%mcp check 3.2

# %% [markdown] tags=["teacher"]
"""
**For teachers.** A common misconception: "`async` makes it faster." Let people say what happens to the timeline if the
`await` in `loop_await` is missing. For the errors, give examples, and let them choose the layer: a wrong date (schema), a
book that is lent (`ToolError`), a division by zero (a bug), a misspelled address (protocol), an old token (HTTP).
"""

# %% [markdown]
"""
## 6 · Configuration, and changes under way

Limits, addresses and passwords differ from place to place. They do not belong in the code. They come from **environment
variables**, and `pydantic-settings` reads and checks them. The kiosk of part 2 does that: its field `closing_hour`, with
the prefix `KIOSK_`, is the variable `KIOSK_CLOSING_HOUR`.
"""

# %% tags=["needs-jupyter"]
summer = Command(sys.executable, ("-c", KIOSK), env={"KIOSK_CLOSING_HOUR": "20"})
%mcp connect summer --as summer
%mcp call opening_hours day=Monday --on summer

# %% [markdown]
"""
And a value that is not an hour? The process ends before it serves, and says why on its standard error. That is better than
a server that starts, and fails at its first visitor.
"""

# %% tags=["needs-jupyter", "raises-exception"]
wrong = Command(sys.executable, ("-c", KIOSK), env={"KIOSK_CLOSING_HOUR": "late"})
%mcp connect wrong --as wrong

# %% tags=["needs-jupyter"]
%mcp disconnect summer

# %% [markdown]
"""
For a password, annotate the field as `SecretStr`: it shows stars in prints and logs, and `.get_secret_value()` returns the
text.

### Exercise 3.3: fines

The town decides what a late day costs, in the variable `FINES_CENTS_PER_DAY`. Define the class `Fines`: settings with
`cents_per_day`, which is 10 by default, and `most_cents`, which is 500. Define the tool `fine(days_late)`, which returns
the cents to pay: for each day, but never more than the most. `days_late` is at least 0.
"""

# %%
os.environ["FINES_CENTS_PER_DAY"] = "25"  # the town's part: leave it as it is

# %% exercise="3.3"

# %%
%mcp check 3.3

# %% [markdown]
"""
### A change while clients are connected

In a notebook, a server changes while clients are connected, and they hear of it. Here are two that listen for changes of the
list of tools. The modern one opens a stream. The legacy one gets all messages of its session in a *message handler*.
"""

# %%
import asyncio

heard = {"modern": asyncio.Queue(), "legacy": asyncio.Queue()}


async def modern_host():
    async with Client(library) as client, client.listen(tools_list_changed=True) as changes:
        heard["modern"].put_nowait("listening")
        async for change in changes:
            heard["modern"].put_nowait(type(change).__name__)


async def legacy_host():
    async def hear(message):
        heard["legacy"].put_nowait(type(message).__name__)

    async with Client(library, mode="legacy", message_handler=hear):
        heard["legacy"].put_nowait("listening")
        await anyio.sleep_forever()


hosts = [asyncio.create_task(modern_host()), asyncio.create_task(legacy_host())]
{era: await queue.get() for era, queue in heard.items()}

# %%
%mcp remove thread loop loop_await count_books

# %%
{era: await queue.get() for era, queue in heard.items()}

# %%
for host in hosts:
    host.cancel()

# %% [markdown]
"""
The notification says *that* the list changed. A call that is running ends with the old function, the next one gets the new.
Some well-known hosts do not listen: `%mcp compat` names them, and `%mcp serve --stable-tools` helps there.

## 7 · State without sessions: handles

A reader fills a basket over several calls. Where is the basket? Legacy servers often kept such things in the session. A
quick answer is a variable of the server:
"""

# %%
%%mcp_tool --no-destructive --closed-world
basket = []


def put(title: Title) -> list[str]:
    """Put a book into the basket. Return what is in it."""
    basket.append(title)
    return basket

# %%
%mcp predict 3.d

# %%
async with Client(library) as ada, Client(library) as grace:
    await ada.call_tool("put", {"title": "Emma"})
    result = await grace.call_tool("put", {"title": "Dune"})
print("Grace's basket:", result.structured_content["result"])

# %% [markdown]
"""
<details><summary>Explanation</summary>

Both clients call the same function on the same list. With several copies of the server it would be worse: each copy has a
list of its own, and no client knows which copy answers.

</details>

The specification recommends a **handle**: a tool makes the basket, and returns a text that names it. The *model* keeps the
text, and passes it to the next call as an argument.

![The model calls open_basket and gets a handle. It passes the handle to put_in_basket, and any copy of the server finds the basket in the shared database.](drawings/handle.svg)

Four rules for handles:

- **Nobody can guess it.** Make it at random, as below. If callers sign in (chapter 5), check at each call whether this caller
  may use it.
- **It means nothing by itself.** A number that counts up invites guessing.
- **Its life is known.** The description of the tool says how long it is kept, so that the model can tell.
- **An unknown handle is a tool error** that says what to do: make another.
"""

# %%
%mcp remove put

# %%
%%mcp_tool --no-destructive --closed-world
import secrets

baskets: dict[str, list[str]] = {}


def open_basket() -> str:
    """Open a basket for books to borrow. Returns its handle, for put_in_basket. It is kept while the server runs."""
    handle = secrets.token_urlsafe(16)
    baskets[handle] = []
    return handle

# %% [markdown]
"""
(`baskets` is in the memory of one process, which is enough here. Several copies of a server would share a database.)

### Exercise 3.4: put it in the basket

Define the tool `put_in_basket(basket, title)`. `basket` is a handle of `open_basket`. The tool returns the titles in that
basket, in the order in which they came. An unknown handle is an error that names `open_basket`. A title that the library
does not have is an error that names it, and the basket stays as it is.
"""

# %% exercise="3.4"

# %%
%mcp check 3.4

# %% [markdown] tags=["teacher"]
"""
**For teachers.** Ask: "Who must remember the handle?" (The model. It is in the conversation, and so it survives a restart
of the client.) "Is a handle a password?" (Without sign-in, yes: everybody who has it has the basket.) In 3.4, look for answers
that create a missing basket silently: they hide the mistake from the model.
"""

# %% [markdown]
"""
## Looking back

- Legacy has a handshake and sessions. Modern has neither: each request is complete. The SDK answers both.
- stdio: a process for one client. Streamable HTTP: one address for many.
- A lifespan opens and closes what all clients share, jobs included, once each time the server starts.
- `def` runs on a thread, `async def` on the loop, where nothing may block.
- `ToolError` is for the model, `MCPError` for the host, the traceback for you.
- Settings come from the environment, and are checked at the start.
- State that goes on over several calls has a handle, which the model keeps.

**Test yourself**

<details><summary>1. A modern client calls a tool. What did it have to send before?</summary>

Nothing. The request has the version and the client's capabilities in its `_meta`.

</details>
<details><summary>2. Three hosts use your server over stdio, and three over HTTP. How many lifespans are open?</summary>

Four: one for each of the three processes, and one for the server that listens.

</details>
<details><summary>3. Your tool is an `async def` with a slow SQL query in it. What do other clients notice?</summary>

They wait: the query blocks the loop. Write `def`, or use a library whose queries you can `await`.

</details>
<details><summary>4. "The desk is closed." Is that a `ToolError` or an `MCPError`?</summary>

A `ToolError`. The model can read it and tell its user, or try again tomorrow.

</details>
<details><summary>5. Your server restarted in the middle of a conversation. Is the reader's basket lost?</summary>

The handle is not: it is in the conversation. The basket is lost if it was in memory, and still there if it is in a database.

</details>

**Outdated elsewhere**

- *Sessions*, with `Mcp-Session-Id` as the key of your state. Use a handle.
- *SSE* as the transport for remote servers: deprecated since 2025.
- The `GET` stream and `Last-Event-ID`, with which a broken stream was resumed: gone. Send the request again.
- `FastMCP("library", port=8000, stateless_http=True)` is version 1 of the SDK. In version 2, such options belong to `run`,
  and modern requests are stateless without any.

WORDS era, session, capability, server-sent events, lifespan, context manager, task group, event loop, environment
variable, handle

**In the specification:** [versioning](https://modelcontextprotocol.io/specification/2026-07-28/basic/versioning) ·
[discovery](https://modelcontextprotocol.io/specification/2026-07-28/server/discover) ·
[stdio](https://modelcontextprotocol.io/specification/2026-07-28/basic/transports/stdio) ·
[streamable HTTP](https://modelcontextprotocol.io/specification/2026-07-28/basic/transports/streamable-http) ·
[stateful tools](https://modelcontextprotocol.io/specification/2026-07-28/server/tools#stateful-tools)

**Next:** [chapter 4](04-advanced-patterns.ipynb), tools that do more than answer once.
"""
