# ---
# jupyter:
#   jupytext:
#     comment_magics: false
#     cell_markers: '"""'
# ---

# %% [markdown]
"""
# 9 · Extensions

**You will** build four things that plain tools cannot do: a stocktaking that goes on as a task, a skill, a small
interface for a result, and an event that tells clients when a book comes back.

**Time** about MINUTES minutes. **Fast track:** parts 1, 2, 5 and 6, with exercises 9.2 and 9.3. **You need** chapters 1
and 2. Part 3 asks a person during a call, which chapter 4 introduces; part 5 has a few lines of JavaScript, explained.
"""

# %%
# Where the course is missing, as on Colab and Kaggle, this cell installs it.
import importlib.util

if importlib.util.find_spec("mcp_notebook") is None:
    %pip install -q "mcp-notebook[course]"
    print("Installed. If the page offers to restart the session, do that. Then run the next cell.")

# %%
%load_ext mcp_notebook
%mcp checkpoint 9

# %% [markdown]
"""
## 1 · What an extension is

The core of the protocol is small and changes slowly. A feature that not every host needs comes as an **extension**: a
specification of its own, with a name, that a client and a server may support or not. This chapter is about four:

| extension | identifier | it adds | status in November 2026 |
|---|---|---|---|
| Tasks | `io.modelcontextprotocol/tasks` | a call that outlives its request | official, since 2026-07-28 (SEP-2663) |
| Skills | `io.modelcontextprotocol/skills` | instructions that an agent loads when it needs them | final since September (SEP-2640) |
| Apps | `io.modelcontextprotocol/ui` | an interface for a tool's result | official, since January (SEP-1865) |
| Events | `io.modelcontextprotocol/events` | news from the server | final, in beta since October (SEP-3415) |

A *SEP* is a proposal to change the protocol; a final one is accepted. An **identifier** is a reversed domain name and a
name. Official extensions begin with `io.modelcontextprotocol`. One of your own would begin with a domain that you own.

**Both sides declare.** A client lists its extensions in the `_meta` of *each request*, because the current protocol has
no session that could remember them:

```json
"_meta": {"io.modelcontextprotocol/clientCapabilities": {"extensions": {"io.modelcontextprotocol/tasks": {}}}}
```

A server lists its own in the answer to `server/discover`. Only what both declare is used. For everything else there is a
*fallback* to the core, or a clear refusal.

![The client declares tasks and ui with each request. The server declares tasks and skills in its answer to server/discover. Only tasks is in both lists, so only tasks is used. For the others, the fallback is the core protocol.](drawings/extension-negotiation.svg)

To see what is on the wire, you will send requests by hand. `ask` sends one request, as a client of its own, and shows
the answer as JSON. (Dots replace ids and times, which differ in each run.)
"""

# %%
from mcp_notebook.course.by_hand import ask

ask(library, "server/discover")

# %% [markdown]
"""
These are the *capabilities* of the library: what it can do. A server of a notebook declares an extension when the first
cell uses it, so you will see `extensions` there after part 2.

Which hosts take which extension? The project keeps facts about hosts in a file, each with a date and a source. They are
the facts behind `%mcp compat`, which chapter 10 uses. A `?` means that no source says it.
"""

# %%
import json
from importlib.resources import files

facts = json.loads(files("mcp_notebook.compat").joinpath("facts.json").read_text(encoding="utf-8"))
EXTENSIONS = ["tasks", "skills", "ui", "events"]
known = {
    (fact["host"], word.rpartition("/")[2]): f"{fact['effect']} {fact['asOf']}"
    for fact in facts["facts"]
    for word in fact.get("keywords", [])
    if fact["check"] == "feature"
}
print(f"{'':16}" + "".join(f"{name:20}" for name in EXTENSIONS))
for host in facts["hosts"]:
    if any((host, name) in known for name in EXTENSIONS):
        print(f"{host:16}" + "".join(f"{known.get((host, name), '?'):20}" for name in EXTENSIONS))

# %% [markdown]
"""
Three more facts are not in that file yet. As of November 2026, Claude Code uses tasks and lists skills, Cursor and
ChatGPT show apps, and ChatGPT takes events, by webhook. The
[client matrix](https://modelcontextprotocol.io/extensions/client-matrix) of the protocol is kept by its community.
Whatever a table says, a server has to work for a host without the extension. Each part below shows what such a host
gets.
"""

# %% [markdown] tags=["teacher"]
"""
**For teachers.** Ask: "Your host does not know an extension. What may the server do?" (Fall back, or refuse clearly. It
must not send something that the client did not declare.) A common misconception is that extensions are versions of the
protocol. They are not: each has its own pace, and none is needed to conform. If time is short, skip the cell with the
table of hosts and show its output.
"""

# %% [markdown]
"""
## 2 · Tasks: a call that outlives its request

Stocktaking takes minutes. One request should not last so long: many hosts give up after a minute or two, proxies close
quiet connections, and a laptop that goes to sleep loses the result. Progress, from chapter 2, shows that the server is
alive, but the result is still lost with the connection.

With `--task`, the server answers the call at once with a **handle**, and the function goes on in the background. The
client asks for the state until there is a result; that is called *polling*. The pause of 0.2 s below is a stand-in for a
person who walks along the shelves.
"""

# %%
%%mcp_tool --task --read-only --closed-world
import asyncio

from mcp.server.mcpserver import Context


async def take_stock(subject: Annotated[str, Field(description="Such as novel.")], ctx: Context) -> dict[str, int]:
    """Count the copies of each book of a subject that should be on the shelf: all but those on loan."""
    out = "(SELECT count(*) FROM loans WHERE loans.title = books.title AND returned IS NULL)"
    shelf = query(f"SELECT title, copies - {out} FROM books WHERE subject = ? ORDER BY title", subject)
    for number, (title, _) in enumerate(shelf, 1):
        await asyncio.sleep(0.2)
        await ctx.report_progress(number, len(shelf), title)
    return dict(shelf)

# %%
ask(library, "server/discover")["result"]["capabilities"]["extensions"]

# %% [markdown]
"""
Now the server declares tasks. The next cell calls the tool by hand, as a client that declares nothing.
"""

# %%
%mcp predict 9.a

# %%
call = {"name": "take_stock", "arguments": {"subject": "novel"}}
ask(library, "tools/call", call)

# %% [markdown]
"""
<details><summary>Explanation</summary>

The client gets the result, after the wait. A server must never send a handle to a client that did not declare tasks,
because that client would not know what to do with it. This is the fallback: the client waits, and loses nothing.

</details>

And now as a client that declares the extension. The value beside its name is for *settings*; tasks have none.
"""

# %%
TASKS = {"io.modelcontextprotocol/tasks": {}}

task = ask(library, "tools/call", call, extensions=TASKS)["result"]
task

# %% [markdown]
"""
`resultType` says that this is a handle and not a result. The client keeps `taskId`, and asks again after
`pollIntervalMs`. The task's progress is in `statusMessage`.
"""

# %%
import time


def ended(task):
    """Poll a task until it has ended, and return its last state."""
    while True:
        state = ask(library, "tasks/get", {"taskId": task["taskId"]}, extensions=TASKS)["result"]
        if state["status"] not in ("working", "input_required"):
            return state
        time.sleep(state["pollIntervalMs"] / 1000)


ended(task)

# %% [markdown]
"""
The last state has the `result` in it, exactly as the call would have returned it. Each `ask` was a client of its own:
the id is all that they share. So a client that lost its connection, or was restarted, comes back with the id.

![A task begins as working. It can change to input required and back. It ends as completed, failed or cancelled, and then never changes again.](drawings/task-states.svg)

A tool that raises `ToolError` leads to `completed`: its error is a result (chapter 1). `failed` means that there is no
result at all, only an error of the protocol.

You do not poll by hand, of course. Agents such as Claude Code do it for you, and so does `%mcp call`. With
`--background`, other cells can run meanwhile.
"""

# %%
job = %mcp call take_stock subject=fantasy --background
print("This line does not wait.")
job.result(timeout=10).structured_content

# %% [markdown]
"""
## 3 · Questions, cancellation, and the end of the kernel

A task can ask its user. In chapter 4, a tool asked *before* its function ran, because a request of the current protocol
has no way back to the client while it is open. A task has one: its state is `input_required`, the state brings the
questions, and `tasks/update` brings the answers. So `ctx.elicit` works here, in the middle of the function.

A client without tasks could not be asked. `--task-only` says that: the server refuses such clients.
"""

# %%
%%mcp_tool --task-only --no-destructive --closed-world
from pydantic import BaseModel


class Found(BaseModel):
    copies: int = Field(description="The copies on the shelf.", ge=1)


async def take_stock(author: Annotated[str, Field(description="An author's name.")], ctx: Context) -> str:
    """Count the books of an author with a person at the shelf, and correct the numbers of copies."""
    shelf = query("SELECT title, copies FROM books WHERE author = ? ORDER BY title", author)
    corrected = 0
    for number, (title, copies) in enumerate(shelf, 1):
        await ctx.report_progress(number, len(shelf), title)
        answer = await ctx.elicit(f"How many copies of {title} do you see?", Found)
        if answer.action == "accept" and answer.data.copies != copies:
            query("UPDATE books SET copies = ? WHERE title = ?", answer.data.copies, title)
            corrected += 1
    return f"{len(shelf)} books counted, {corrected} corrected"

# %% [markdown]
"""
`--answers` gives the person's answers in advance. Run the call without them, and you are asked below the cell.
"""

# %%
%mcp call take_stock author="Jane Austen" --answers [{"copies":2},{"copies":1}]

# %%
query("SELECT title, copies FROM books WHERE author = 'Jane Austen'")

# %% [markdown]
"""
Here is the same on the wire. The first line makes the notebook keep the messages from now on. Then the call is made
again, and drawn. (`--no-times` leaves out times and ids.)
"""

# %%
%mcp log --wire

# %%
%mcp call take_stock author="Jane Austen" --answers [{"copies":2},{"copies":1}]

# %%
%mcp log --diagram --no-times

# %% [markdown]
"""
Read it from the top: the handle, a poll that finds a question, the answer in `tasks/update`, the next poll. `%mcp call`
was the client all along. And a client that does not declare tasks?
"""

# %%
question = {"name": "take_stock", "arguments": {"author": "Jane Austen"}}
ask(library, "tools/call", question)

# %% [markdown]
"""
-32021 is the protocol's code for a missing capability, and `data` names it. Prefer `--task` with a fallback where you
can. Refuse only if the tool makes no sense otherwise.

**Cancelling** is a request, not a command. `tasks/cancel` is answered with an empty result at once. The function is
cancelled at its next `await`; what it has done until then stays done.
"""

# %%
task = ask(library, "tools/call", question, extensions=TASKS)["result"]
ask(library, "tasks/cancel", {"taskId": task["taskId"]}, extensions=TASKS)

# %%
ended(task)

# %% [markdown]
"""
**What survives?**

| what ends | the task |
|---|---|
| the request, the connection, the client | goes on; a client with the id gets the state |
| `%mcp stop`, which ends listening | goes on |
| the task itself | its result is kept for an hour (`--task-ttl SECONDS`) |
| the kernel, or the process of a package | is lost; the next poll is an error, shown below |
| one of several processes of a package that share a Redis | fails with a line that says so; the tasks of the others go on, and all results stay |
"""

# %%
ask(library, "tasks/get", {"taskId": "a-task-of-an-earlier-kernel"}, extensions=TASKS)

# %% [markdown]
"""
The id is a secret. Here it is made of 24 random bytes. Where people sign in (chapter 5), only the one who called gets
the task; elsewhere, the id is all that protects a result. The protocol has no list of tasks, for that reason.

### Exercise 9.1: a holiday

The library closes for some days, and each open loan gets so many more. Each member is told, which takes a while.

Define the tool `extend_loans(days)`. It runs as a task, and clients without tasks get its result. `days` is at least 1.
It goes through the loans that are not returned, in the order of `id`. For each, it adds `days` to `due`, reports its
progress ("1 of 3: Dune"), and pauses for 0.1 seconds. It returns the number of loans that it extended. If it is
cancelled, it stops: the loans so far keep their new dates.

SQLite adds days itself: `date(due, '+7 days')`, or `date(due, ? || ' days')` with a number.
"""

# %% exercise="9.1" tags=["project"]

# %%
%mcp check 9.1

# %% [markdown] tags=["teacher"]
"""
**For teachers.** Typical mistakes in 9.1: `time.sleep` in a `def`. It runs on a thread, and a thread cannot be stopped,
so the call is cancelled but the loans go on changing. One UPDATE for all loans cannot be cancelled, either. Ask: "What
should a cancelled task leave behind?" There is no rollback in the protocol; the author decides. In a class without
chapter 4, skip the question and show only the diagram.
"""

# %% [markdown]
"""
## 4 · Skills: instructions beside the tools

A description says what one tool does. It has no place for a procedure: search first, ask who is borrowing, mention the
day. You could write that into the server's *instructions*, but a model reads those in each conversation, also in those
that need none of it. Each reading costs tokens.

A **skill** is a folder with a file `SKILL.md`: a name, a description, and the procedure as Markdown. The model reads only
the description, until it needs the rest. The format is the same for all agents
([agentskills.io](https://agentskills.io/specification)). The extension puts skills on a server, beside the tools that
they use.

Here is one with two faults. The card's lint finds them.
"""

# %%
%%mcp_skill help-a-reader --description "Help a reader find and borrow a book. Use it when somebody asks for a book."
# Help a reader

1. Look the title up with the tool `search`. If several fit, ask which one is meant.
2. Ask for the reader's name. Then lend the book with the tool `lend_book`.
3. Say on which day it is due. The rules are in [rules.md](rules.md).

# %% [markdown]
"""
A model that follows this text calls a tool that does not exist. Next comes the corrected text. A client has already
read the first version.
"""

# %%
%mcp predict 9.b

# %% tags=["project"]
%%mcp_skill help-a-reader --description "Help a reader find and borrow a book. Use it when somebody asks for a book."
# Help a reader

1. Look the title up with the tool `search`. If several fit, ask which one is meant.
2. Ask for the reader's name. Then lend the book with the tool `lend`.
3. Say on which day it is due.

# %% [markdown]
"""
<details><summary>Explanation</summary>

Each file of a skill is a resource, so a client that follows it is notified that it changed. The notification does not
carry the text. The server's list now has another **digest** for the file: a fingerprint (SHA-256) of its bytes. A client
compares it with what it has, and reads the file again.

</details>
"""

# %%
ask(library, "skills/list", extensions={"io.modelcontextprotocol/skills": {}})["result"]["skills"][0]

# %%
%mcp skills --verify

# %% [markdown]
"""
`--verify` read each file and computed its digest. A digest shows that you have the text that the server lists. It does
not show that the text is good: a skill tells a model what to do, so read a stranger's skill as you read a stranger's
code.

**A host without the extension** sees a resource, `skill://help-a-reader/SKILL.md`, and can read it as any other. Nobody
tells its model when to do that. A prompt (chapter 2) is the closest thing in the core: there, a person decides.
"""

# %%
%mcp read skill://help-a-reader/SKILL.md

# %% [markdown]
"""
## 5 · Apps: an interface for a result

A tool's result is text and JSON for the model. A person who wants to see how loans went over the year would rather have
a picture, and press a button. An **app** is an HTML page on the server, with a URI such as `ui://loans`. A tool names it,
and a host shows the page in the conversation, with the tool's result.

If the result is a list of rows, you need no page of your own:
"""

# %% tags=["project"]
%%mcp_tool --read-only --closed-world --view plot
def loans_by_month(year: Annotated[int, Field(description="Such as 2026.")] = 2026) -> list[dict[str, str | int]]:
    """Return how many books were lent in each month of a year."""
    sql = "SELECT substr(lent, 1, 7) AS month, count(*) FROM loans WHERE month LIKE ? || '-%' GROUP BY month"
    return [{"month": month, "loans": loans} for month, loans in query(sql, str(year))]

# %% [markdown]
"""
Below the card, you see what a host shows: the app, in a frame. (A saved notebook has the rows in its place. Run the cell
to see the plot.) `--view table` makes a table to sort and filter.

The link between tool and page is in the list of tools, for clients that declare `ui`. Its setting is the type of page
that the client can show.
"""

# %%
UI = {"io.modelcontextprotocol/ui": {"mimeTypes": ["text/html;profile=mcp-app"]}}


def meta_of(tool, extensions):
    """Return what the list of tools has in the tool's `_meta`."""
    tools = ask(library, "tools/list", extensions=extensions)["result"]["tools"]
    return next(one.get("_meta") for one in tools if one["name"] == tool)


print("with ui:   ", meta_of("loans_by_month", UI))
print("without ui:", meta_of("loans_by_month", {}))

# %% [markdown]
"""
**A host without the extension** gets the same result as before, as text and structured content. So always return
data that makes sense without the page.

Now a page of your own. `--sdk` puts the class `App` of the official JavaScript package into it. A few lines are enough:
`ontoolresult` receives the tool's result, and `connect` begins. The page can also *call tools of your server*: here, the
menu asks for another year.
"""

# %%
%%mcp_app ui://library/loans --tool loans_by_month --sdk year=2026
<label>Year <select id="year"><option>2025</option><option selected>2026</option></select></label>
<div id="bars"></div>
<script type="module">
  const app = new App({ name: "loans", version: "1.0.0" });
  const bars = document.getElementById("bars");
  app.ontoolresult = ({ structuredContent }) => {
    bars.replaceChildren();
    for (const row of structuredContent.result) {
      const line = document.createElement("div");
      line.textContent = `${row.month} ${"▇".repeat(row.loans)} ${row.loans}`;
      bars.append(line);
    }
  };
  document.getElementById("year").onchange = async ({ target }) =>
    app.ontoolresult(
      await app.callServerTool({ name: "loans_by_month", arguments: { year: Number(target.value) } }),
    );
  await app.connect();
</script>

# %% [markdown]
"""
`textContent` shows a text as text. Use it for data: with `innerHTML`, a title with HTML in it would become part of your
page.

The page of a server is the code of a stranger, and it runs inside your host. That is why the frame is a **sandbox**:

![The host shows the page in a sandboxed frame. The page sends messages only to the host. The host makes the calls of tools for it at the page's own server, and asks the person before a link or a message to the model. Requests to other servers are blocked.](drawings/app-sandbox.svg)

| the page wants | it gets |
|---|---|
| to read the host's page, cookies or storage | nothing: its frame has an origin of its own |
| to load or send something over the network | nothing, except to the domains that the page declares (`--connect-domain`) |
| to call a tool of its own server | the result, through the host, which may ask the person first |
| to call a tool that is marked for the model only, or of another server | an error |
| to open a link, or to send a message to the model | what the host allows; this notebook asks you each time |

A tool says in `_meta.ui.visibility` who may call it: `["model", "app"]` is the default, `["model"]` excludes pages, and
`["app"]` is for a button that no model should press.
"""

# %%
%mcp apps

# %% [markdown]
"""
### Exercise 9.2: the desk

The next cell defines two tools: `on_loan` lists the open loans, and `end_loan` ends one.

Define the app `ui://library/desk` for `on_loan`. Its page shows a line for each open loan, with the title and the
member, and a button. The button calls `end_loan` with the number of the loan. Load nothing from other servers.

Begin with a copy of the page above. Like there, write the call as `app.callServerTool({ name: ..., arguments: { ... } })`:
the check reads it, and makes the call that your button would make.
"""

# %% tags=["project"]
%%mcp_tool --no-destructive --closed-world
def end_loan(loan: Annotated[int, Field(description="The number of the loan, from on_loan.")]) -> str:
    """Note that a lent book came back."""
    found = query("SELECT title, member FROM loans WHERE id = ? AND returned IS NULL", loan)
    if not found:
        raise ToolError(f"Loan {loan} is not open. Use on_loan to list the open ones.")
    query("UPDATE loans SET returned = ? WHERE id = ?", str(TODAY), loan)
    return f"{found[0][0]}: returned by {found[0][1]}"

# %% tags=["project"]
%%mcp_tool --read-only --closed-world
def on_loan() -> list[dict[str, str | int]]:
    """List the open loans: number, title, member and the day on which each is due."""
    found = query("SELECT id, title, member, due FROM loans WHERE returned IS NULL ORDER BY id")
    return [{"loan": loan, "title": title, "member": member, "due": due} for loan, title, member, due in found]

# %% exercise="9.2" tags=["project"]

# %%
%mcp check 9.2

# %% [markdown] tags=["teacher"]
"""
**For teachers.** No JavaScript in the group? Let them change only the three names in the copied page. Ask: "Why may the
page call `end_loan`, and not fetch the library's web site?" (Each call passes through the host, which knows the tool
and may ask; a request would not.) A frequent mistake is to set `ontoolresult` after `connect`: the first result is lost.
"""

# %% [markdown]
"""
## 6 · Events: news from the server

A reader waits for a book. An agent could call `on_loan` each minute, and a model would read each answer. With **events**,
the server lists *types* of things that happen, and a client subscribes to one. The host looks for news without the
model, and wakes it when there is some. A client can get the events in three ways:

![Three ways to get events. Poll: the client asks what happened since its cursor. Push: one long request stays open and the server writes events to it. Webhook: the client names a URL, and the server posts signed events to it.](drawings/event-deliveries.svg)

A type is a class that says what the data looks like. `emit` tells what happened, from any cell or tool. Here, `end_loan`
is defined again, with one line more.
"""

# %% tags=["project"]
%%mcp_event book.returned
from pydantic import BaseModel


class Returned(BaseModel):
    """A book came back to the library."""

    title: str
    member: str

# %% tags=["project"]
%%mcp_tool --no-destructive --closed-world
def end_loan(loan: Annotated[int, Field(description="The number of the loan, from on_loan.")]) -> str:
    """Note that a lent book came back."""
    found = query("SELECT title, member FROM loans WHERE id = ? AND returned IS NULL", loan)
    if not found:
        raise ToolError(f"Loan {loan} is not open. Use on_loan to list the open ones.")
    ((title, member),) = found
    query("UPDATE loans SET returned = ? WHERE id = ?", str(TODAY), loan)
    library.emit("book.returned", {"title": title, "member": member})
    return f"{title}: returned by {member}"

# %% [markdown]
"""
A client subscribes by its first poll. It has no events, because a subscription begins now. But it has a **cursor**: a
position that only the server understands, and that the client sends with its next poll.
"""

# %%
EVENTS = {"io.modelcontextprotocol/events": {}}

first = ask(library, "events/poll", {"name": "book.returned"}, extensions=EVENTS)["result"]
first

# %% [markdown]
"""
Now the client goes away, and two books are lent and come back.
"""

# %%
%mcp predict 9.c

# %%
from mcp_notebook import connect

with connect(library) as client:
    for title in ("Emma", "Kindred"):
        client.call("lend", {"title": title, "member": "Ada"})
        ((loan,),) = query("SELECT max(id) FROM loans")
        client.call("end_loan", {"loan": loan})

later = {"name": "book.returned", "cursor": first["cursor"]}
for event in ask(library, "events/poll", later, extensions=EVENTS)["result"]["events"]:
    print(event["data"])

# %% [markdown]
"""
<details><summary>Explanation</summary>

Both, the oldest first. The cursor says where the client was, not when it last asked. If it sends the same cursor again,
it gets the same events with the same identifiers (`eventId`), so it can tell that they are not new.

</details>

`emit` knows only about returns through this tool. Often something else changes the data: another program, or a person
with SQL. Then a type is a *function*: it gets a cursor, and returns what happened since, and the new cursor. For a new
subscription it gets `None`. Any value that only grows makes a good cursor, such as SQLite's number of a row.
"""

# %%
%%mcp_event member.joined
def joined(cursor: int | None = None) -> tuple[list[dict[str, str]], int]:
    """Somebody became a member of the library."""
    ((last,),) = query("SELECT max(rowid) FROM members")
    new = query("SELECT name, joined FROM members WHERE rowid > ? ORDER BY rowid", last if cursor is None else cursor)
    return [{"name": name, "joined": day} for name, day in new], last

# %% [markdown]
"""
While a client listens, the server asks the function once a second. `follow_events` is such a client, by push. In a cell,
`%mcp events member.joined` does the same and prints what comes.
"""

# %%
with connect(library) as client, client.follow_events("member.joined", seconds=5) as news:
    query("INSERT OR REPLACE INTO members VALUES ('Lin', '2026-11-02')")  # as another program would
    for event in news:
        print(event.data)
        break

# %% [markdown]
"""
**A host without the extension** sees no events at all. It still has the tools, so give it one that answers "what is
new?", such as `on_loan`.

### Exercise 9.3: a book was lent

Define the event `book.lent` with a function `lent`. It tells of each new row of the table `loans`, from this program or another. The
data of an event has the `title`, the `member` and the day `due`. A subscriber may give an argument `member`: then only
that member's loans count; with `""`, the default, all do. `loans.id` grows with each loan.
"""

# %% exercise="9.3" tags=["project"]

# %%
%mcp check 9.3

# %% [markdown]
"""
## 7 · Events at a URL

Polls and streams need a client that is awake. A host on the internet, such as ChatGPT, gives the server a URL instead:
a **webhook**. `%mcp serve --webhooks` allows that to clients that have the notebook's token. Here, a small program on
this machine is the stand-in for such a host. It listens at a URL, and checks each message as a host does.
"""

# %% tags=["needs-jupyter"]
from mcp_notebook import Url
from mcp_notebook.course import EventReceiver

served = %mcp serve --webhooks
token = %mcp token

with EventReceiver() as host, connect(Url(served.url, token=token)) as client:
    host.subscribe(client, "book.returned")
    client.call("lend", {"title": "Piranesi", "member": "Omar"})
    ((loan,),) = query("SELECT max(id) FROM loans")
    client.call("end_loan", {"loan": loan})
    (message,) = host.wait()

message["name"], message["data"]

# %% [markdown]
"""
Three things keep webhooks from being misused. You did not see them, because the stand-in did its part:

1. **A challenge.** Before any event, the server posts a random text, and the receiver has to return it. Otherwise anyone
   could have events sent to somebody else's address.
2. **A signature.** Each message is signed with a secret that only client and server know, and has a time. The receiver
   refuses messages that are forged, changed or old.
3. **Addresses.** The server posts to public `https` addresses only, and to this machine for tries like this one. A URL
   inside a private network would let a stranger use your server to reach it (chapter 5 has this attack).

A subscription ends after an hour unless the client refreshes it.
"""

# %% tags=["needs-jupyter"]
%mcp stop

# %% [markdown]
"""
## Looking back

| you want | use | a host without it |
|---|---|---|
| a call that takes more than some seconds | a task | waits for the result |
| a procedure over several tools | a skill | reads a resource, if somebody tells it to |
| something to look at, or to press | an app | shows the text and the data |
| to tell clients what happened | an event | calls a tool again |

- Both sides declare an extension; the client does with each request.
- A task has an id, is polled, can ask and be cancelled, and ends with the process.
- A skill is read when it is needed. A digest shows which version it is.
- An app runs in a sandbox and reaches the world only through the host.
- A client keeps the cursor of an event, and catches up when it has been away.

**Test yourself**

<details><summary>1. A client declares tasks, and the server does not. What happens to a long call?</summary>

Nothing special: the server answers with the result when it is there. An extension is used only if both declare it.

</details>
<details><summary>2. A task's tool raises ToolError. What is the task's last status?</summary>

`completed`. The error is a result with `isError`. `failed` is for errors of the protocol, which have no result.

</details>
<details><summary>3. Why does a skill cost fewer tokens than the same text in the server's instructions?</summary>

The model reads only the skill's description in each conversation. It loads the text when the description fits.

</details>
<details><summary>4. A page wants to show the weather from another web site. What does it need?</summary>

The domain of that site, declared by the page. The host decides whether to allow it. Better: a tool of the server that
fetches the weather, which the page calls.

</details>
<details><summary>5. An event's function uses the time of the last event as its cursor. What can go wrong?</summary>

Two events at the same time: if the client has seen only the first, the second is skipped or the first comes again. A
number that grows with each row has no such ties.

</details>

**Outdated elsewhere**

- Tasks in the protocol of 2025-11-25 were an experiment in the core: a client asked for a task with a parameter `task`,
  there was `tasks/list`, and the result came from `tasks/result`. The extension has none of these. The server decides.
- `ctx.elicit` in a plain tool needs the legacy era. In the current one it fails, because the request has no way back.
- `_meta["ui/resourceUri"]`, with a slash, is how drafts of Apps linked the page. It is `_meta.ui.resourceUri` now.
- "Use notifications for news": the core's notifications say that a list or a resource changed. They carry no data, and
  one that is sent while nobody listens is gone.

WORDS extension, SEP, task, polling, skill, digest, app, event, frame, sandbox

**In the specification:** [extensions](https://modelcontextprotocol.io/extensions/overview) ·
[tasks](https://modelcontextprotocol.io/extensions/tasks/overview) ·
[apps](https://modelcontextprotocol.io/extensions/apps/overview) ·
[which clients](https://modelcontextprotocol.io/extensions/client-matrix) ·
[negotiation](https://modelcontextprotocol.io/specification/2026-07-28/basic/versioning#extension-negotiation)

**Next:** [chapter 10](10-will-a-model-use-it.ipynb): will a model use what you built, and what does it cost?
"""
