# ---
# jupyter:
#   jupytext:
#     comment_magics: false
#     cell_markers: '"""'
# ---

# %% [markdown]
"""
# 6 · Production deployment

**You will** turn your server into a package and have it proven, run its tests with pytest, break its database and
watch its health check, read its log, repeat a call only where that is safe, and build its image.

**Time** about MINUTES minutes. **Fast track:** parts 1, 2 and 4, then exercise 6.4 in part 7. **You need** chapter 1:
tools and their errors. The chapter installs packages from the Python package index. It uses Docker if you have it.

So far, your library lives in a notebook, on your machine, while you watch. Here it moves out: as an ordinary Python
package on the official SDK, which knows nothing of this notebook.
"""

# %%
# Where the course is missing, as on Colab and Kaggle, this cell installs it.
import importlib.util

if importlib.util.find_spec("mcp_notebook") is None:
    %pip install -q "mcp-notebook[course]"
    print("Installed. If the page offers to restart the session, do that. Then run the next cell.")

# %%
%load_ext mcp_notebook
%mcp checkpoint 6

# %% [markdown]
"""
## 1 · Settings and secrets

A deployed server runs in many places: on your machine, on a test system, on the town's. The code is the same
everywhere. Values that differ are **settings**, and the process reads them from its *environment variables*. A
**secret** is a setting that nobody may read in a file. There are three ways to say so in a cell (`...` is the name of the
package in capitals):

| in a cell | in the package |
|---|---|
| `os.environ["LIBRARY_FILE"]` | the same variable; your value is not written anywhere |
| `FEE = 10  # setting: cents a day` | a variable `..._FEE`, with 10 as the default |
| `PASSWORD = "..."  # secret: for the mail` | a variable `..._PASSWORD`, without a default; your value is not written anywhere |

First, `query` gets ready for production. Where a file is missing, SQLite makes an empty one. So a server with a wrong
`LIBRARY_FILE` would start, and then complain about missing tables. `mode=rw` makes the missing file an error. `timeout`
limits the wait, in seconds, while another process writes.
"""

# %% tags=["project"]
from pathlib import Path


def query(sql, *values):
    """Run one statement on the library's database, which must exist, and return its rows."""
    address = Path(LIBRARY).absolute().as_uri() + "?mode=rw"
    with closing(sqlite3.connect(address, uri=True, timeout=2)) as database, database:
        return database.execute(sql, values).fetchall()

# %% [markdown]
"""
Then a tool that needs a password. The mail account is a stand-in, which sends nothing.
"""

# %%
%%mcp_tool remind --no-destructive
import logging

MAIL_PASSWORD = "only-an-example"  # secret: of the account that sends reminders
log = logging.getLogger("library")


def send_mail(password: str, to: str, text: str) -> None:
    """Do nothing, in place of a mail account."""


def remind(member: Annotated[str, Field(description="The member's name.")]) -> str:
    """Send a member a reminder of the books that they have."""
    found = query("SELECT title FROM loans WHERE member = ? AND returned IS NULL", member)
    if not found:
        raise ToolError(f"{member!r} has no books.")
    send_mail(MAIL_PASSWORD, member, "Please return: " + ", ".join(title for (title,) in found))
    log.info("A reminder was sent, books: %d", len(found))
    return f"{member}: reminded, books: {len(found)}"

# %% [markdown]
"""
### Exercise 6.1: a fee that each library sets

Define the tool `owed(member)`. It returns how many cents a member owes on the day `TODAY`: 10 cents for each day that
a book is late and still out. It refuses a person who is not a member.

Another library charges another fee. So the 10 is a constant `FEE_CENTS`, which the package reads as a setting. The
check looks at the settings that a package of your server would have.
"""

# %% exercise="6.1" tags=["project"]

# %% tags=["needs-jupyter"]
%mcp check 6.1

# %% [markdown] tags=["teacher"]
"""
**For teachers.** Ask: "Which values in your own programs differ between your machine and production, and where are
they written?" A frequent mistake in 6.1 is to count loans that were returned late. Another is a constant without the
mark: everything works here, and in production the fee cannot be changed. Let people say who would find out, and when.
"""

# %% [markdown]
"""
## 2 · The package and its proof

`%mcp export FOLDER` writes the package: the definitions of the server, everything that they need, and nothing else.
Then it **proves** the package. It installs it in a clean environment, starts it over stdio and over HTTP, compares
everything that it lists with the live server here, and makes the recorded calls again.

![Your cells become a package. The proof installs it in a clean environment, starts it twice, over stdio and over HTTP, and compares lists and calls with the live notebook. The result is PROOF.md.](drawings/cells-to-package.svg)

*Recorded calls* are the calls that you make in this notebook. They become the package's tests, too. So call what you
want to have compared, errors included. Do not call `lend` now: the proof would lend the book again, for real.
"""

# %%
%mcp call search text=butler

# %%
%mcp call author title="Moby Dick"

# %%
%mcp predict 6.a

# %% [markdown]
"""
The next cell takes about 10 seconds with [uv](https://docs.astral.sh/uv/), and up to a minute with pip. The package goes
into the folder of your library. `--environment` keeps the clean environment, because later parts use it.
"""

# %%
folder = Path(LIBRARY).parent

# %% tags=["deployment", "needs-jupyter", "nbval-ignore-output"] reason="Its progress is shown by updates. The next cell shows the result."
exported = %mcp export {folder}/library_server --server library --environment {folder}/clean
package = exported.destination

# %% tags=["deployment", "needs-jupyter"]
print(exported.proof.text)

# %% [markdown]
"""
<details><summary>Explanation</summary>

Both calls gave the same results as here. The proof started the package with the `LIBRARY_FILE` and the settings of this
notebook. The *uvx* line says that the package was also started as other people would: by its name, from an index.

</details>

Each line was observed. If one says *NO*, the lines below the table name the definition, its cell and the field. The
same table is the file `PROOF.md` in the package.

The person who runs the package has to give some values. They are in `.env.example`:
"""

# %% tags=["deployment", "needs-jupyter"]
for line in (package / ".env.example").read_text().splitlines():
    if line.startswith("LIBRARY_"):
        print(line)

# %% [markdown]
"""
Your password was in a cell above. Is it anywhere in the package? Look for yourself.
"""

# %% tags=["deployment", "needs-jupyter"]
texts = {path: path.read_text(encoding="utf-8") for path in package.rglob("*") if path.is_file()}
print("the password is in", [path.name for path, text in texts.items() if MAIL_PASSWORD in text])
print("this notebook is needed by", [path.name for path, text in texts.items() if "import mcp_notebook" in text])

# %% [markdown]
"""
Both lists are empty. Here is the end of `server.py`. A person could have written it like this:
"""

# %% tags=["deployment", "needs-jupyter"]
source = (package / "src/library_server/server.py").read_text(encoding="utf-8")
print(source[source.index("def remind") :].partition("\n\n\n")[0])

# %% [markdown]
"""
You may edit the package. If you export again, your edits are kept, and the report shows them. Lines of your cells that
only try something are left out. If the export cannot tell, it carries a line; end it with `# leave out`, and it stays
here.

## 3 · Tests that run

The package has tests in `tests/`: one for each recorded call, and some for the code around the server. You run them with
pytest, in the environment that the proof left. `scratch` is a copy of the library's database, because tests may change it.
"""

# %% tags=["deployment", "needs-jupyter"]
import re
import shutil

from mcp_notebook.course.environments import add_package, python_of, run_python

python = python_of(folder / "clean")
scratch = folder / "scratch.sqlite3"
values = {"LIBRARY_FILE": str(scratch), "LIBRARY_TEMPLATE": LIBRARY, "COLUMNS": "120"}


def pytest(*words):
    """Run pytest in the folder of the package; print its summary, without the time."""
    shutil.copy(LIBRARY, scratch)
    options = ["-q", "--tb=no", "--color=no", "-p", "no:cacheprovider"]
    output = run_python(python, "-m", "pytest", *options, *words, cwd=package, **values)
    print(re.sub(r" in [\d.]+s", "", "\n".join(re.findall(r"^(?:FAILED|\d+ \w+).*", output, re.MULTILINE))))


pytest()  # leave out: it only runs tests

# %% [markdown]
"""
Now a test of your own. It does three things that good tests of a server do. It asks as a client does. It looks at the
*effect*, the rows in the database, and not only at the answer. And a *fixture*, which pytest runs before each test,
puts a fresh database in place, so that no test depends on another.
"""

# %% tags=["deployment", "needs-jupyter"]
test = '''
import os, shutil, sqlite3
import pytest
from mcp import Client
from library_server.server import library

@pytest.fixture(autouse=True)
def fresh_library():
    shutil.copy(os.environ["LIBRARY_TEMPLATE"], os.environ["LIBRARY_FILE"])

async def lend(title, member):
    async with Client(library) as client:
        result = await client.call_tool("lend", {"title": title, "member": member})
    rows = sqlite3.connect(os.environ["LIBRARY_FILE"]).execute("SELECT count(*) FROM loans WHERE returned IS NULL")
    return result.is_error, rows.fetchone()[0]

async def test_a_loan_is_written():
    assert await lend("Dune", "Ada") == (False, 1)

async def test_a_stranger_gets_nothing():
    assert await lend("Dune", "Bob") == (True, 0)
'''
(package / "tests/test_lend.py").write_text(test);

# %%
%mcp predict 6.b

# %% tags=["deployment", "needs-jupyter"]
pytest("tests/test_lend.py")  # leave out

# %% [markdown]
"""
<details><summary>Explanation</summary>

pytest calls functions, and a call of an `async def` function only makes a coroutine. A plugin has to run it in an event
loop. Two plugins are common, and you choose one by a *mark* on the tests.

</details>

The first plugin is part of **anyio**. The SDK is built on anyio, so the plugin is there already. It can run each test
on several kinds of event loops; the fixture `anyio_backend` chooses asyncio.
"""

# %% tags=["deployment", "needs-jupyter"]
with_anyio = test + '''
pytestmark = pytest.mark.anyio

@pytest.fixture
def anyio_backend():
    return "asyncio"
'''
(package / "tests/test_lend.py").write_text(with_anyio)
pytest("tests/test_lend.py")  # leave out

# %% [markdown]
"""
The second is **pytest-asyncio**, a package of its own. In its usual mode, *strict*, it runs the tests that have its
mark. In the mode *auto* it takes every `async def` test, also those that are meant for anyio. So do not mix *auto* with
anyio's mark.
"""

# %% tags=["deployment", "needs-jupyter"]
if add_package(python, "pytest-asyncio"):
    (package / "tests/test_lend.py").write_text(test + "\npytestmark = pytest.mark.asyncio\n")
    pytest("tests/test_lend.py")  # leave out
else:
    print("pytest-asyncio cannot be installed: there is no package index in reach. anyio's plugin is enough.")
(package / "tests/test_lend.py").write_text(with_anyio);

# %% [markdown]
"""
Both work. In a new project, take anyio's: one dependency less, and it runs tests as the SDK runs servers.

## 4 · Health: a check that can fail

Now the package runs as it would on the town's machine: with a database, a password and a token of its own. `Deployed`,
a helper of the course, does what a platform does. It starts this command, and keeps the log:

```bash
LIBRARY_FILE=... LIBRARY_SERVER_MAIL_PASSWORD=... LIBRARY_SERVER_TOKEN=... python -m library_server --transport http
```
"""

# %% tags=["deployment", "needs-jupyter"]
from mcp_notebook.course.deployed import Deployed

town = folder / "town.sqlite3"
shutil.copy(LIBRARY, town)
deployed = Deployed(package, python, LIBRARY_FILE=str(town), mail_password="of-the-deployment")
print("live: ", deployed.health("/health/live"))
print("ready:", deployed.health("/health/ready"))
print("a call without the token:", deployed.get("/mcp").status_code)
print("a call with the token:   ", await deployed.call("search", text="butler"))

# %% [markdown]
"""
A platform asks two questions again and again. *Live*: does the process answer at all? *Ready*: should it get requests?
Such a question is a **probe**, and needs no token.

![Two probes. If live does not answer, the platform starts the process again. While ready answers 503, the proxy sends no requests, and the process goes on and recovers.](drawings/two-probes.svg)

Now the database goes away, as disks and networks do.
"""

# %%
%mcp predict 6.c

# %% tags=["deployment", "needs-jupyter"]
town.rename(folder / "elsewhere.sqlite3")
print("ready:", deployed.health("/health/ready"))
print("a call:", await deployed.call("search", text="butler"))
(folder / "elsewhere.sqlite3").rename(town);

# %% [markdown]
"""
<details><summary>Explanation</summary>

*Ready* says 200 while no call works. Without a check of yours, the package can only ask whether it lists its tools.
Every light is green, so nobody comes to help. The call failed without a reason; you find the reason in the log, in
part 5.

</details>

The option `--health FUNCTION` names a function of yours that `/health/ready` asks. It raises, or returns `False`, if the
server is not well. Then the answer is 503 with the class of the exception, and nothing more: everyone may ask, and a
message might hold a path or a password. Here is a check as it is often written:
"""

# %%
def always_well():
    try:
        sqlite3.connect("library.db").execute("SELECT 1")
    except Exception:
        pass
    return "ok"


print(always_well(), "| there is a new file:", Path("library.db").exists())
Path("library.db").unlink()

# %% [markdown]
"""
It makes three mistakes in five lines. It swallows the error. Its question, `SELECT 1`, needs no book. And it *makes*
the file that it should look for. A good check asks a question that only a working server can answer. It is cheap,
because it runs every few seconds, and it has a time limit. It asks about this server only: if it also fails with a
distant service, the platform takes all of your servers out of service for that.

### Exercise 6.2: a check that can fail

Define the function `well(file=LIBRARY)`; it is not a tool. It raises or returns `False` if the library in `file` cannot
be used: if the file is missing, damaged or locked by another process for more than a moment, or if it has no books. It
must not make a file.
"""

# %% exercise="6.2" tags=["project"]

# %%
%mcp check 6.2

# %% [markdown] tags=["teacher"]
"""
**For teachers.** Many return a text such as "unhealthy: no file". To the package, that is not `False`, so the server
counts as well. Ask: "How do you know that your check can fail?" It has to be seen once. If time is short, skip part 3
and the code of part 5; the table of part 5 is the important bit.
"""

# %% [markdown]
"""
## 5 · The log, and three kinds of errors

In production nobody sees a traceback in a cell. Three kinds of errors reach three different readers. Here is one of
each, at the deployed package. For the second, the database is away again.
"""

# %% tags=["deployment", "needs-jupyter"]
from mcp import MCPError

print(await deployed.call("author", title="Moby Dick"))

town.rename(folder / "elsewhere.sqlite3")
print(await deployed.call("author", title="Dune"))
(folder / "elsewhere.sqlite3").rename(town)

async with deployed.client() as client:
    try:
        await client.get_prompt("recomend")
    except MCPError as error:
        print(f"protocol error {error.code}: {error.message}")

# %% [markdown]
"""
| you raise | the client gets | for | what to do about it |
|---|---|---|---|
| `ToolError` | a result with `is_error` and your text | the model | count them: many of one kind mean that a description is bad |
| anything else | a result with `is_error`, without the reason | you: the log has the traceback | repair the bug, or the thing that you depend on |
| `MCPError` | a **protocol error** with a code | the host | raise it rarely: for requests that are wrong in themselves |

"The book is lent out" and "the library is closed" are about the library, so they are `ToolError`: a model can read
them and change its plan. For protocol errors, the specification divides the codes:

| code | belongs to |
|---|---|
| -32700, -32600 to -32603 | JSON-RPC: -32602, *invalid params*, is the one above |
| -32020 to -32099 | the specification; do not invent any |
| -32000 to -32019 | old code. New code should not use these at all |
| outside -32768 to -32000 | you, such as `MCPError(4001, ...)` |

The package writes its log to standard error, one JSON object a line: programs read it, people filter it.
"""

# %% tags=["deployment", "needs-jupyter"]
for entry in deployed.entries():
    if "exception" in entry:
        print(entry["level"], "|", entry["message"])
        print("  first:", re.search(r"^[\w.]*Error: .*", entry["exception"], re.MULTILINE)[0])
print("the token is in the log:", deployed.token in deployed.log)
print("the password is in the log:", "of-the-deployment" in deployed.log)

# %% [markdown]
"""
Now you know why the second call failed. Never log a secret, or texts that users confide in you: logs are copied and
kept. The package takes its token out of every line; the rest is up to you.

## 6 · Deadlines and retries

A client must not wait forever. The specification asks for a timeout on every request. With the SDK it is
`read_timeout_seconds`, for a whole client or for one call. At the deadline the client also *cancels* the request, so
the server can stop.
"""

# %%
import anyio
from mcp import Client, MCPError
from mcp.server import MCPServer

archive = MCPServer("archive", log_level="CRITICAL")


@archive.tool()
async def dig(title: str) -> str:
    """Look for a book in the archive in the cellar, which takes a minute."""
    try:
        await anyio.sleep(60)
        return f"{title} is in the cellar."
    finally:
        print("The archive stops looking.")


async with Client(archive) as client:
    try:
        await client.call_tool("dig", {"title": "Dune"}, read_timeout_seconds=0.2)
    except MCPError as error:
        print(f"{error.code}: {error.message}")

# %% [markdown]
"""
The error did not come from the server. The SDK made it here, with a code of its own: -32001 for a timeout, and -32000
for a connection that broke. (Here are the old codes, but they never travel.) Both mean that *no answer arrived*, which
is neither yes nor no. May you ask again? Try it with two stand-ins: `desk` is a small server on your database, and
`LossyClient` a client on a bad network, which loses the first answer.
"""

# %%
from mcp_types import CONNECTION_CLOSED, REQUEST_TIMEOUT

from mcp_notebook.course.lossy import LossyClient, desk

LOST = (CONNECTION_CLOSED, REQUEST_TIMEOUT)


async def stubborn(client, tool, arguments):
    """Repeat a call until there is an answer, whatever the tool does."""
    while True:
        try:
            return (await client.call_tool(tool, arguments)).content[0].text
        except MCPError as error:
            if error.code not in LOST:
                raise

# %%
%mcp predict 6.d

# %%
async with LossyClient(desk(LIBRARY), lost=1) as client:
    print(await stubborn(client, "lend", {"title": "Dune", "member": "Zoe"}))
print("loans of Zoe:", query("SELECT count(*) FROM loans WHERE member = 'Zoe'")[0][0])
query("DELETE FROM loans WHERE member = 'Zoe'");

# %% [markdown]
"""
<details><summary>Explanation</summary>

Two. The first call had done its work when its answer got lost.

</details>

To look twice is to look. To lend twice is a complaint. The server tells which tools are safe, by their annotations:

![When a call failed: an answer of the server, also an error, ends it. If no answer arrived, a tool that is read-only or idempotent is asked again, after a pause that grows, at most three times. Any other tool is not asked again.](drawings/ask-again.svg)

- *Idempotent* means that calling twice has the effect of calling once.
- A tool that claims nothing may not be asked again.
- The pause grows, and has a random part. Otherwise all clients come back at the same moment.
- There is one deadline for everything, retries included. A server that calls others gives them less time than it has.

### Exercise 6.3: ask again, where that is safe

Define `async def patient(client, tool, arguments)`. It calls the tool and returns the text of the result. If the answer
is lost, it asks again, three times in all, but only if the tool says that it only reads or is idempotent. Otherwise the
`MCPError` goes through to the caller. A result with `is_error` is an answer: raise its text as `ToolError`. So is a
protocol error of the server.

Sleep a little between two attempts. The check counts calls and looks at the database; it does not measure the pause.
"""

# %% exercise="6.3"

# %%
%mcp check 6.3

# %% [markdown] tags=["teacher"]
"""
**For teachers.** Ask before 6.3: "Your payment page shows a timeout. Was the money sent?" Everybody has an answer, and
nobody knows. Typical mistakes: repeating after `is_error`, taking missing annotations for "safe", and an endless loop.
"""

# %% [markdown]
"""
## 7 · The image, a checklist and your certificate

An **image** is a file system with a program in it; a **container** is a process that runs in one. Most platforms take
images. The package has a `Dockerfile` for it. (The port is left out below.)
"""

# %% tags=["deployment", "needs-jupyter"]
dockerfile = (package / "Dockerfile").read_text()
print(re.sub(r"(?m)^#.*\n|\n(?=\n)", "", dockerfile.replace("127.0.0.1:8000", "LOOPBACK")))

# %% [markdown]
"""
- **The lock comes first, the source last.** A change of the source does not install everything again.
- **Wheels only, pinned versions, checked hashes.** You build exactly the packages that were proven.
- **No secret in any layer.** An image keeps what later lines delete. `.dockerignore` admits only the files that the
  Dockerfile names; values come when the container starts.
- **`USER app`** has no rights. **`HEALTHCHECK`** asks over HTTP, as a probe does.

Where a Docker engine answers, the next cell builds the image and starts it, with a file system that it cannot write to.
Where none does, it runs the steps of the Dockerfile as they are written, in a folder of their own. That takes 15 to 60
seconds.
"""

# %% tags=["deployment", "needs-jupyter"]
from secrets import token_urlsafe

from mcp_notebook.course.containers import build_image

image = build_image(package)
given = {"LIBRARY_SERVER_TOKEN": token_urlsafe(), "LIBRARY_SERVER_MAIL_PASSWORD": "of-the-deployment"}
with image.started({"LIBRARY_FILE": town}, **given) as container:
    print("its HEALTHCHECK passes:", container.passes_its_check())

# %% tags=["deployment", "needs-jupyter", "nbval-ignore-output"] reason="It depends on whether a Docker engine answers."
print("built by", image.by)

# %% [markdown]
"""
Now a checklist. Code can check most of it, so let it. Run this before you deploy, and add your own lines.
"""

# %% tags=["deployment", "needs-jupyter"]
lock = (package / "requirements.lock").read_text()
health = (package / "src/library_server/health.py").read_text()
bearer = {"Authorization": f"Bearer {deployed.token}"}
checklist = {
    "it was proven to behave as the notebook does": exported.proof.ok,
    "each dependency has one version, and hashes": "--hash=sha256:" in lock and ">=" not in lock,
    "no file has the password": not any(MAIL_PASSWORD in text for text in texts.values()),
    "the image does not run as root": dockerfile.index("USER app") < dockerfile.index("\nCMD"),
    "without the token, nobody calls": deployed.get("/mcp").status_code == 401,
    "a foreign host name is refused": deployed.get("/mcp", Host="evil.example", **bearer).status_code == 421,
    "the log has no secret": deployed.token not in deployed.log,
    "the health check asks a function of ours": "import well" in health,
}
for line, holds in checklist.items():
    print("yes" if holds else "NO ", line)
deployed.stop();

# %% [markdown]
"""
Other lines only people can answer. Who is called when *ready* fails, and has that been tried? Can yesterday's version
be put back, with yesterday's database? Who changes the token, and when was it last done? Does a constant such as
`TODAY` belong in production?

### Exercise 6.4: your certificate

One line says *NO*. Export your server once more, and properly: into the folder `my_library` beside the first package,
with your function `well` as its health check, and with the proof. Before that, make at least three calls that may be
made again. Keep the result in the variable `released`. The check reads the `PROOF.md` of your package, and shows what
it proves.
"""

# %% exercise="6.4" tags=["deployment", "needs-jupyter", "nbval-ignore-output"] reason="The progress of an export is shown by updates."

# %% tags=["deployment", "needs-jupyter"]
%mcp check 6.4

# %% [markdown]
"""
Does the new check keep its promise? Take the database away once more. Then tidy up: your two packages stay.
"""

# %% tags=["deployment", "needs-jupyter"]
with Deployed(released.destination, python, LIBRARY_FILE=str(town), mail_password="of-the-deployment") as deployed:
    print("ready:", deployed.health())
    town.rename(folder / "elsewhere.sqlite3")
    print("ready:", deployed.health())
    (folder / "elsewhere.sqlite3").rename(town)
    print("ready:", deployed.health())

for file in (scratch, town):
    file.unlink()
shutil.rmtree(folder / "clean")

# %% [markdown]
"""
## Looking back

- You have a package on the official SDK, and a proof that names what was compared. No secret left the notebook.
- Settings and secrets come from the environment. The image has none.
- *Live* and *ready* are two questions. A check, a test and a counter that have never failed say nothing.
- A model reads a `ToolError`. An operator reads the log. A host reads a protocol error.
- A call whose answer was lost is repeated only where the server says that this does no harm.

**Test yourself**

<details><summary>1. Your package works here, and on the town's machine it stops at once with "set LIBRARY_FILE". Is that a bug?</summary>

No. The value differs from place to place, so it has no default. A start that fails at once is better than a server
that runs with the wrong database.

</details>
<details><summary>2. The proof is all green. Name something that it does not prove.</summary>

That the code is right. It proves that the package behaves as your notebook did, mistakes included, in the lists and in
the calls that you recorded.

</details>
<details><summary>3. The database is down for a minute. What should /health/live and /health/ready answer?</summary>

*Live* 200, because a new process would not help. *Ready* 503, so that no requests arrive until it is back.

</details>
<details><summary>4. A tool raises KeyError. Where is the reason?</summary>

In the log, with the traceback. The client gets an error result without it, because the text might hold a secret.

</details>
<details><summary>5. A call of a tool without annotations timed out. What do you do?</summary>

Do not repeat it. Look at the state with a tool that only reads, or ask the user.

</details>

**Outdated elsewhere**

- *Pick an error code from -32000 on.* The specification has divided that range; choose codes outside it. "Resource not
  found" was -32002 and is -32602 now.
- *Sticky sessions.* The current protocol has no session, so any process can answer any request. Chapter 11 starts
  several.
- *`pytest.mark.asyncio` everywhere, `FastMCP` in the tests.* The in-memory client of version 2 is `Client(server)`.
- *Log messages to the client.* They are deprecated, and `logging/setLevel` is gone. Log to standard error, or send
  traces (chapter 11).

WORDS export, proof, certificate, clean environment, setting, secret, fixture, container, image, health check, probe,
deadline, wheel

**In the specification:** [error codes](https://modelcontextprotocol.io/specification/2026-07-28/basic#error-codes) ·
[errors of tools](https://modelcontextprotocol.io/specification/2026-07-28/server/tools#error-handling) ·
[timeouts and cancellation](https://modelcontextprotocol.io/specification/2026-07-28/basic/patterns/cancellation) ·
[security of the HTTP transport](https://modelcontextprotocol.io/specification/2026-07-28/basic/transports/streamable-http)

**Next:** [chapter 7](07-client-integration.ipynb), the other side: clients and hosts.
"""
