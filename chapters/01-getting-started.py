# ---
# jupyter:
#   jupytext:
#     comment_magics: false
#     cell_markers: '"""'
# ---

# %% [markdown]
"""
# 1 · Getting started

**You will** write a tool in a cell, call it, read what an agent reads about it, change it while it is live, and call
it from a program outside the kernel.

**Time** about MINUTES minutes. **Fast track:** parts 2, 3 and 4, with exercises 1.1 and 1.3. **You need** some Python:
functions, type annotations, a little SQL to read along. You need no account, no key and no network.

The course has one project: the server of a neighborhood library, with books, members and loans in a SQLite database.
You start it here, and chapter 6 turns it into a package.
"""

# %%
# Where the course is missing, as on Colab and Kaggle, this cell installs it.
import importlib.util

if importlib.util.find_spec("mcp_notebook") is None:
    %pip install -q "mcp-notebook[course]"
    print("Installed. If the page offers to restart the session, do that. Then run the next cell.")

# %% [markdown]
"""
## 1 · What the Model Context Protocol is

A language model writes text. To look something up or to change something, it needs a program that does it. The Model
Context Protocol (MCP) is an agreement between the two sides: how a program says what it can do, how it is asked, and
how it answers.

![A host holds the model and two clients. Each client is connected to one server: the library, which is your notebook, and a calendar. Requests go to a server, results come back.](drawings/host-client-server.svg)

| word | meaning |
|---|---|
| **host** | the application that a person uses: Claude Code, an editor, a chat window. It holds the model. |
| **client** | the host's connection to one server. A host with three servers has three clients. |
| **server** | the program that offers something. In this course, it is your notebook. |

A server offers three kinds of things. They differ in *who decides* to use them:

| kind | meaning | who decides |
|---|---|---|
| **tool** | a function that the model may call: find a book, lend it | the model |
| **resource** | something to read at a URI: the catalog, a member's card | the application |
| **prompt** | a prepared message: "recommend me something like ..." | the person |

A **transport** carries the messages. With *stdio*, the host starts the server as a process and uses its standard input
and output. With *streamable HTTP*, the server listens at a URL. Within one process, client and server can hand each
other messages directly; that is how this notebook calls its own tools. The messages are the same everywhere.
"""

# %% [markdown] tags=["teacher"]
"""
**For teachers.** Ask first: "Which applications with an MCP client do you use?" Most people name a host and call it the
server. Draw the picture on the board and let them place the names. Common mistake: "the model calls the server". The
model only writes a wish; the host decides, and its client calls.
"""

# %% [markdown]
"""
## 2 · Your first tool

The next cell loads the magics, which are the commands that start with `%` and `%%`. Each chapter then begins with a
*checkpoint*, which brings your notebook to where the chapter starts. For this one, it only makes the library's database:
a SQLite file in the folder `my-library`, beside the notebooks.
"""

# %%
%load_ext mcp_notebook
%mcp checkpoint 1

# %% [markdown]
"""
`query` runs one statement on the database. The environment variable `LIBRARY_FILE` says where it is, so that the same
code works on another machine later. The course plays on one day, so that everybody sees the same results.
"""

# %% tags=["project"]
import os
import sqlite3
from contextlib import closing
from datetime import date

LIBRARY = os.environ["LIBRARY_FILE"]
TODAY = date(2026, 11, 2)


def query(sql, *values):
    """Run one statement on the library's database, and return its rows."""
    with closing(sqlite3.connect(LIBRARY)) as database, database:
        return database.execute(sql, values).fetchall()

# %%
query("SELECT title, author, year, copies FROM books LIMIT 3")

# %% [markdown]
"""
The database has three tables:

| table | columns |
|---|---|
| `books` | `title`, `author`, `year`, `subject`, `copies` |
| `members` | `name`, `joined` |
| `loans` | `id`, `title`, `member`, `lent`, `due`, `returned` (which is empty while the book is out) |

Now the server. A `NotebookServer` is the SDK's `MCPServer`, made for cells that run more than once: a definition that
runs again replaces the earlier one. The cells that follow put their tools on it, because it is the newest server.
"""

# %% tags=["project"]
from mcp_notebook import NotebookServer

library = NotebookServer("library")

# %% [markdown]
"""
A cell that starts with `%%mcp_tool` runs like any cell. Then each public function in it becomes a tool of the server.
`Literal` lists the values that an argument can have; clients see them as an *enumeration*.
"""

# %%
%%mcp_tool
from typing import Literal

GREETINGS = {"en": "Welcome", "fr": "Bienvenue", "es": "Te damos la bienvenida"}


def greet(name: str, language: Literal["en", "fr", "es"] = "en") -> str:
    """Welcome a visitor of the library in their language."""
    return f"{GREETINGS[language]}, {name}!"

# %% [markdown]
"""
The card shows **what an agent sees**: not your code, but a name, a description, and a *schema* of the arguments and of
the result. A model decides with this text alone whether to call the tool, and with which arguments. The part *lint*
says what makes that harder; part 3 comes back to it.

The tool is live. `%mcp call` is a client: it sends a real request to the server.
"""

# %%
%mcp call greet name=Ada language=fr

# %% [markdown]
"""
The result is the value of the cell, so Python can use it. Besides the text for the model, a result carries *structured
content*: the same data as JSON, for programs.
"""

# %%
result = %mcp call greet name=Grace
result.structured_content

# %% [markdown]
"""
You prefer to click? `%mcp form` makes a form from the schema. Fill it in and press **Call**.
"""

# %%
%mcp form greet

# %% [markdown]
"""
Now a wrong call. Read the question, choose an answer, and only then run the cell below it. A prediction that fails
teaches more than a page that you read.
"""

# %%
%mcp predict 1.a

# %%
%mcp call greet name=Ada language=la

# %% [markdown]
"""
<details><summary>Explanation</summary>

The function did not run. The *server* compared the arguments with the schema and refused. The refusal is a **result**
that is marked as an error: `is_error` is true, and the text says what was wrong. A model reads that text and tries
again with a value that fits. (The card is headed *error from the tool* for every result that is marked like that.)

</details>

![The arguments reach the schema check in the server first, then your function. A refusal by the check and a ToolError of the function both come back as a result with is_error. Only a normal return comes back as content.](drawings/two-kinds-of-no.svg)
"""

# %% [markdown]
"""
## 3 · Describe it for a stranger

Here is a tool as it is often written first. It works. Read its card as if you knew nothing else.
"""

# %%
%%mcp_tool
def search(q, n=5):
    pattern = f"%{q}%"
    found = query("SELECT title FROM books WHERE title LIKE ? OR author LIKE ?", pattern, pattern)
    return [title for (title,) in found][:n]

# %% [markdown]
"""
What is `q`, a title or an author? What is `n`, and may it be a million? What comes back? A model would have to guess.
The lint names what it can see of that: no description, and no types. Here is the same function, described properly. `Field` describes an argument and gives it
*bounds*, which the server checks.
"""

# %% tags=["project"]
%%mcp_tool --read-only --closed-world
from typing import Annotated

from pydantic import Field


def search(
    text: Annotated[str, Field(description="Part of a title or of an author's name.")],
    limit: Annotated[int, Field(description="How many titles to return at most.", ge=1, le=10)] = 5,
) -> list[str]:
    """Find books in the library by title or author. Returns titles, in alphabetical order."""
    sql = "SELECT title FROM books WHERE title LIKE ? OR author LIKE ? ORDER BY title LIMIT ?"
    return [title for (title,) in query(sql, f"%{text}%", f"%{text}%", limit)]

# %% [markdown]
"""
The card ends with **changed for clients**: the difference that a connected agent sees. `--read-only` and
`--closed-world` are *annotations* of the tool. They hint that it changes nothing and stays within this server. A third
one, `--no-destructive`, is for a tool that adds something and destroys nothing. A host may use them to decide whether to
ask its user first, but it should trust them only as far as it trusts you. `%mcp_tool --help` lists all options.
"""

# %%
%mcp call search text=butler limit=2

# %% [markdown]
"""
### Exercise 1.1: days late

Define the tool `days_late(due, today)`. Both are dates. It returns the number of days that a loan is late on the day
`today`; a loan that is not due yet is 0 days late.

Write it in the empty cell, then run the check below it. A check calls your server as a client would. If you are stuck,
run `%mcp hint 1.1`. To see what the check will ask, run `%mcp check 1.1 --cases`.
"""

# %% exercise="1.1" tags=["project"]

# %%
%mcp check 1.1

# %% [markdown]
"""
### Exercise 1.2: bounds

Define the tool `oldest(count)`. It returns the titles of the `count` oldest books, the oldest first. `count` is at
least 1 and at most 3. The *schema* has both bounds, so the server refuses other values before your function runs.
"""

# %% exercise="1.2" tags=["project"]

# %%
%mcp check 1.2

# %% [markdown]
"""
### Broken on purpose: a cell that fails

You will write cells that fail. The next one defines `search` again, and then calls a function that does not exist.
"""

# %%
%mcp predict 1.b

# %% tags=["raises-exception"]
%%mcp_tool --read-only
def search(text: str, limit: int = 5) -> list[str]:
    """Find titles."""
    return ["nothing"]


searhc("a quick try")

# %% [markdown]
"""
The traceback is yours. The line below it says what became of the server: it still has the earlier `search`. (In Python,
the name `search` means the new function.)
"""

# %%
%mcp call search text=austen

# %% [markdown] tags=["teacher"]
"""
**For teachers.** Let people compare their descriptions of `days_late` in pairs: could your neighbor's model call it
without seeing the code? Frequent mistakes in 1.1: subtracting the wrong way round, and texts in place of dates. In 1.2,
some check the bounds in the function. Ask: "When does the model learn the rule, before or after it failed?"
"""

# %% [markdown]
"""
## 4 · Errors that a model can read

There are three ways to say no. Here they are, as three tools for the same question.
"""

# %% tags=["project"]
%%mcp_tool --read-only --closed-world
from mcp.server.mcpserver.exceptions import ToolError

Title = Annotated[str, Field(description="A title, as in the library.")]


def author(title: Title) -> str:
    """Return the author of a book."""
    found = query("SELECT author FROM books WHERE title = ?", title)
    if not found:
        raise ToolError(f"{title!r} is not in the library. Use search to find the exact title.")
    return found[0][0]

# %%
%%mcp_tool --read-only --closed-world
AUTHORS = dict(query("SELECT title, author FROM books"))


def author_as_text(title: Title) -> str:
    """Return the author of a book (an unknown title gives a text)."""
    return AUTHORS.get(title, "Error: no such title")


def author_raising(title: Title) -> str:
    """Return the author of a book (an unknown title raises KeyError)."""
    return AUTHORS[title]

# %%
%mcp predict 1.c

# %%
%mcp call author_as_text title="Moby Dick"

# %%
%mcp call author_raising title="Moby Dick"

# %%
%mcp call author title="Moby Dick"

# %% [markdown]
"""
1. The first answer is false. To the client it is a success, and "Error: no such title" may end up as the author of
   Moby Dick.
2. The second is an error, but its text stays in the server: the text of an unexpected exception might hold secrets.
   You see above what was raised and where. The model learns only that something went wrong.
3. `ToolError` is for what you foresee. Its text reaches the model. Write it as advice: what was wrong, and what to do
   next.

### Exercise 1.3: lending

Define the tool `lend(title, member)`. It adds a loan to the table `loans`: `title`, `member`, the day `lent`, which is
`TODAY`, and the day `due`, three weeks later. Dates are texts such as `2026-11-02`; `str(TODAY)` writes one. It returns
`"Dune: lent to Ada until 2026-11-23"`.

It refuses a title that the library does not have, and a person who is not a member. Each error names what was wrong.
The tool adds something and destroys nothing, and one of its annotations says so.
"""

# %% exercise="1.3" tags=["project"]

# %%
%mcp check 1.3

# %% [markdown] tags=["teacher"]
"""
**For teachers.** Questions to ask: "What will the model do with 'Error: no such title'?" and "Which of your own
programs returns errors as text?" In 1.3, many forget that a refusal must leave the database as it was; the check looks.
If time is short, stop after this part: parts 5 to 7 are shown in later chapters again.
"""

# %% [markdown]
"""
## 5 · A resource and a prompt

A resource has an address. With a variable in it, it is a *resource template*: one function for many addresses.
"""

# %% tags=["project"]
%%mcp_resource library://books/{title} --mime-type application/json
def book(title: str) -> dict[str, object]:
    """One book of the library: author, year, subject and number of copies."""
    ((author, year, subject, copies),) = query(
        "SELECT author, year, subject, copies FROM books WHERE title = ?", title
    )
    return {"title": title, "author": author, "year": year, "subject": subject, "copies": copies}

# %%
%mcp read library://books/Dune

# %% [markdown]
"""
A prompt is a message that a person picks from a menu in the host and fills in.
"""

# %% tags=["project"]
%%mcp_prompt
def recommend(liked: str) -> str:
    """Ask for a book similar to one that the reader liked."""
    return f"A reader liked {liked}. Search our library and recommend one book. Say why, in two sentences."

# %%
%mcp prompt recommend liked=Dune

# %% [markdown]
"""
Chapter 2 is about these two and how they differ from tools.

## 6 · From outside the kernel

So far, client and server shared this process. Now the server listens, on this machine only, for programs that know its
**token**. The token is a secret, so it is not printed. (Run `%mcp serve` alone in a cell, and it shows the URL.)
"""

# %% tags=["needs-jupyter"]
served = %mcp serve
token = %mcp token
token

# %% [markdown]
"""
Here is a client as any program would be: a Python process of its own, with the official SDK and nothing from this
notebook. It gets the URL and the token through its environment, because other programs of the machine can read a
command line. `httpx2` is the HTTP client that the SDK uses: the successor of httpx.
"""

# %%
program = """
import asyncio, os
import httpx2
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

async def main():
    headers = {"Authorization": "Bearer " + os.environ["LIBRARY_TOKEN"]}
    async with httpx2.AsyncClient(headers=headers) as http:
        transport = streamable_http_client(os.environ["LIBRARY_URL"], http_client=http)
        async with Client(transport) as client:
            result = await client.call_tool("greet", {"name": "Ada"})
            print("protocol", client.protocol_version, "|", result.content[0].text)

asyncio.run(main())
"""

# %% tags=["needs-jupyter"]
import subprocess
import sys


def run_outside_client():
    environment = {**os.environ, "LIBRARY_URL": served.url, "LIBRARY_TOKEN": token}
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    print(done.stdout or done.stderr, end="")


run_outside_client()

# %% [markdown]
"""
Now change the tool and call it again. Nothing is restarted, neither the kernel nor the server. Try your own words.
"""

# %%
%%mcp_tool --read-only --closed-world
def greet(name: str, language: Literal["en", "fr", "es"] = "en") -> str:
    """Welcome a visitor of the library in their language, and say how many books it has."""
    ((books,),) = query("SELECT count(*) FROM books")
    return f"{GREETINGS[language]}, {name}! ({books} books)"

# %% tags=["needs-jupyter"]
run_outside_client()

# %% [markdown]
"""
The same URL and token work in any host. `%mcp clients claude-code` writes the configuration for Claude Code, and there
is one each for Claude Desktop, Cursor and VS Code. Chapter 7 connects them.

## 7 · On the wire, and over stdio

The messages are **JSON-RPC 2.0**: JSON objects with a method and its parameters. So you can write one by hand, and send
it by HTTP. Each request of the current protocol is complete:
there is no handshake before it, and all that the server must know about the client is in `_meta`. Three headers repeat
the version, the method and the name, so that a proxy sees them without reading the body.
"""

# %% tags=["needs-jupyter"]
import json

import httpx2

META = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientInfo": {"name": "by-hand", "version": "1"},
    "io.modelcontextprotocol/clientCapabilities": {},
}
headers = {
    "Authorization": f"Bearer {token}",
    "Accept": "application/json, text/event-stream",
    "Mcp-Protocol-Version": "2026-07-28",
    "Mcp-Method": "tools/call",
    "Mcp-Name": "greet",
}
params = {"name": "greet", "arguments": {"name": "Ada"}, "_meta": META}
request = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
response = httpx2.post(served.url, headers=headers, json=request)
print(json.dumps(response.json(), indent=2, ensure_ascii=False))

# %% [markdown]
"""
Without the token, the answer is the HTTP status 401, and nobody reads the message.
"""

# %% tags=["needs-jupyter"]
httpx2.post(served.url, json=request).status_code

# %% [markdown]
"""
Over stdio, the server's standard output *is* the connection: one JSON message on each line. Below is a whole server as
a script, with one line too many, and its output for one request. Which line would a client fail to read?
"""

# %% tags=["needs-jupyter"]
script = """
from mcp.server import MCPServer

print("Loading the books ...")
mcp = MCPServer("library")

@mcp.tool()
def opening_hours() -> str:
    "Return the hours when the library is open."
    return "9 to 17"

mcp.run()
"""

request = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {"_meta": META}}
pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
with subprocess.Popen([sys.executable, "-c", script], **pipes) as server:
    print(json.dumps(request), file=server.stdin, flush=True)
    print("line 1:", server.stdout.readline().strip())
    print("line 2:", server.stdout.readline()[:60], "...")
    server.stdin.close()

# %% [markdown]
"""
<details><summary>Answer</summary>

The first. A host then reports a parse error, or waits forever. Logs belong on standard error:
`print(..., file=sys.stderr)`, or `logging`, which writes there. In this notebook you may print: no transport here uses
its standard output.

</details>
"""

# %%
%mcp stop

# %% [markdown]
"""
## Looking back

- A tool is a function with a type for each argument and a description that a stranger can use.
- An error is a result that is marked as one, with advice in its text.
- The same server answers in this process and over HTTP. A cell that runs again replaces its tool for every client.
- The messages are JSON-RPC. The current protocol has no handshake.

**When something does not work**

| you see | the reason | do this |
|---|---|---|
| `ModuleNotFoundError: mcp_notebook` | the kernel is another Python than the one with the course | `%pip install "mcp-notebook[course]"`, then restart the kernel |
| `Cell magic %%mcp_tool not found` | the extension is not loaded; a restarted kernel forgets it | run `%load_ext mcp_notebook` |
| the tool is missing in `%mcp tools` | its cell failed, or its name starts with `_` | run the cell and read its last line |
| a client says 401 | the token is missing or old | `token = %mcp token` again |
| a client says 421 | it uses another host name | connect to `127.0.0.1` |

**Test yourself**

<details><summary>1. A host has two servers. How many clients does it have?</summary>

Two. A client is the connection to one server.

</details>
<details><summary>2. Who decides to call a tool, to read a resource, to use a prompt?</summary>

The model, the application and the person, in this order.

</details>
<details><summary>3. Your tool returns the text "Error: no such title". What does the client see?</summary>

A success. Raise `ToolError` to mark the result as an error.

</details>
<details><summary>4. Why does the text of a `KeyError` not reach the model?</summary>

The text of an unexpected exception might hold a secret. The client learns only that the tool failed.

</details>
<details><summary>5. Why must a server on stdio not print?</summary>

Its standard output is the connection. A line that is not JSON-RPC breaks it.

</details>

**Outdated elsewhere**

- *FastMCP* was the name of this class in version 1 of the official SDK: `from mcp.server.fastmcp import FastMCP`. In
  version 2 it is `MCPServer`. The separate project FastMCP goes on under that name.
- *initialize*, the handshake of protocol versions up to 2025-11-25, opened a session. The current protocol has neither.
  Many hosts still use the old way, and the SDK's servers answer both. Chapter 3 shows it on the wire.

WORDS server, client, host, agent, tool, resource, resource template, prompt, annotation, schema, structured content,
transport, stdio, streamable HTTP, JSON-RPC, request, handshake, lint

**In the specification:** [overview](https://modelcontextprotocol.io/specification/2026-07-28) ·
[architecture](https://modelcontextprotocol.io/specification/2026-07-28/architecture) ·
[tools](https://modelcontextprotocol.io/specification/2026-07-28/server/tools) ·
[streamable HTTP](https://modelcontextprotocol.io/specification/2026-07-28/basic/transports/streamable-http)

**Next:** [chapter 2](02-core-concepts.ipynb), resources and prompts beside tools.
"""
