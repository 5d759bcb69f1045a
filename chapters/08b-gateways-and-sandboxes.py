# ---
# jupyter:
#   jupytext:
#     comment_magics: false
#     cell_markers: '"""'
# ---

# %% [markdown]
"""
# 8b · Gateways, webhooks and sandboxes

**You will** put four servers behind one, and keep it calm when one of them is down; start a server again when it dies;
take signed messages from outside; and run code that a model wrote, knowing what that does not stop.

**Time** about MINUTES minutes. **Fast track:** parts 1, 2, 6 and 7, with exercises 8b.1 and 8b.3. **You need** chapter 4
(errors) and chapter 5 (tokens). Part 7 needs Linux. No account, no key and no network.
"""

# %%
# Where the course is missing, as on Colab and Kaggle, this cell installs it.
import importlib.util

if importlib.util.find_spec("mcp_notebook") is None:
    %pip install -q "mcp-notebook[course]"
    print("Installed. If the page offers to restart the session, do that. Then run the next cell.")

# %%
%load_ext mcp_notebook
%mcp checkpoint 8b

# %% [markdown]
"""
## 1 · Four servers behind one

The library has colleagues: a server for the papers of the house, one for the town archive, and one of the cinema next
door. A host can connect to all of them. One address with one token, one log and one list is easier to hand out. So a
server goes in front, a **gateway**: a server to hosts, and a client to the servers behind it, its *upstreams*.

![A host connects to the gateway only. The gateway is a server to the host and a client to four servers: library, papers, archive and cinema. The cinema is down. Tool names get the server's name in front.](drawings/one-gateway.svg)
"""

# %%
papers, archive = NotebookServer("papers"), NotebookServer("archive")

# %%
%%mcp_tool --server papers --read-only --closed-world
def rules() -> list[str]:
    """Return the rules of the house."""
    return ["Be quiet.", "Bring books back."]

# %%
%%mcp_tool --server archive --read-only --open-world
asked = []


def copies(title: Title) -> int:
    """Return the number of copies of a book in the town archive."""
    asked.append(title)
    return {"Dune": 3, "Kindred": 1}.get(title, 0)

# %%
from mcp import StdioServerParameters

cinema = StdioServerParameters(command="cinema-server-that-nobody-installed")
servers = {"library": library, "papers": papers, "archive": archive, "cinema": cinema}

# %% [markdown]
"""
`MCPServer` has two methods for all that concerns tools: `list_tools` and `call_tool`. A gateway overrides them. Two
servers may both have a tool `search`, so each name gets the upstream's name in front. The specification recommends that.
Take names that *you* give, because the names that servers give themselves may be equal. Here they contain no underscore,
so the first one in a tool's name always ends it.
"""

# %%
from mcp import Client


class Gateway(NotebookServer):
    def __init__(self, name, behind):
        super().__init__(name)
        self.behind = behind

    async def use(self, name, request):
        async with Client(self.behind[name]) as client:
            return await request(client)

    async def tools_of(self, name):
        found = (await self.use(name, lambda client: client.list_tools())).tools
        return [tool.model_copy(update={"name": f"{name}_{tool.name}"}) for tool in found]

    async def list_tools(self):
        tools = await super().list_tools()
        return sum([await self.tools_of(name) for name in self.behind], tools)

    async def call_tool(self, name, arguments, context=None):
        server, _, tool = name.partition("_")
        if server not in self.behind:
            return await super().call_tool(name, arguments, context)
        return await self.use(server, lambda client: client.call_tool(tool, arguments))

# %%
from mcp import MCPError


async def show_servers(server):
    async with Client(server) as client:
        try:
            names = [tool.name for tool in (await client.list_tools()).tools]
            print("tools of:", *sorted({name.partition("_")[0] for name in names}))
        except MCPError as error:
            print("ERROR", error.message)


async def call(server, tool, **arguments):
    async with Client(server) as client:
        result = await client.call_tool(tool, arguments)
    print("ERROR" if result.is_error else "ok   ", result.content[0].text)


first = Gateway("first", {"library": library, "papers": papers, "archive": archive})
await call(first, "archive_copies", title="Dune")
await call(first, "library_author", title="Moby Dick")

# %% [markdown]
"""
Results and errors pass through as they are, so the model reads the library's own advice. Schemas and annotations pass
through, too. (Questions to the user need `client.session.call_tool(..., allow_input_required=True)`, so that the result
that asks goes on to the host; chapter 4 has these results. Resources and prompts are two more methods each.)

A gateway calls its upstreams with *its own* token. So it must check itself what each caller may do (chapter 5, the
confused deputy).

Now all four, and the cinema's server is not installed.
"""

# %%
await show_servers(Gateway("second", servers))

# %% [markdown]
"""
The exception of one upstream ended the whole list. The host shows no tool at all. The more servers a gateway has, the
more often one of them is down, so it must expect that.
"""

# %% [markdown] tags=["teacher"]
"""
**For teachers.** Ask: "What does a gateway see that no server behind it sees?" Everything: all arguments, all results,
all tokens. So it is the place for a log and for rules, and the place to attack. If time is short, show the drawing, and go on with part 2.
"""

# %% [markdown]
"""
## 2 · Catch what you mean

The quick repair is `except Exception`. Here it is, and beside it a bug in the gateway's own code: `list_tool`, without
the *s*.
"""

# %%
from mcp.server.mcpserver.exceptions import ToolError


class Hiding(Gateway):
    async def use(self, name, request):
        try:
            return await super().use(name, request)
        except Exception:
            raise ToolError(f"The server {name!r} does not answer now. The others do.") from None

# %%
%mcp predict 8b.a

# %%
try:
    await Hiding("hiding", servers).use("library", lambda client: client.list_tool())
except Exception as error:
    print(repr(error))

# %% [markdown]
"""
<details><summary>Explanation</summary>

The library runs. The bug is ours, and the message blames the library. Somebody will look for the fault in the wrong
place for a day.

</details>

Find out what *absent* looks like instead. A client's transport runs in a task group, so its exceptions come inside an
`ExceptionGroup`, perhaps several levels deep.

| the server | the exception |
|---|---|
| is not installed | `FileNotFoundError`, which is an `OSError` |
| does not answer in time | `TimeoutError`, also an `OSError` |
| ended, or ends during the call | `MCPError` with the code `CONNECTION_CLOSED` |
| is at a URL where nobody listens | `httpx2.TransportError` |
"""

# %%
import anyio
import httpx2
from mcp_types import CONNECTION_CLOSED

PATIENCE = 2


def reasons(error):
    """Return the exceptions inside groups; for any other exception, itself."""
    inner = getattr(error, "exceptions", None)
    return [error] if inner is None else [reason for each in inner for reason in reasons(each)]


def is_absence(error):
    closed = isinstance(error, MCPError) and error.code == CONNECTION_CLOSED
    return closed or isinstance(error, (OSError, httpx2.TransportError))


def absence_or_raise(error):
    """Return if an exception says that a server is absent; raise anything else, without its groups."""
    for reason in reasons(error):
        if not is_absence(reason):
            raise reason

# %%
class Calm(Gateway):
    """A gateway that goes on while some of its servers are absent."""

    async def use(self, name, request):
        try:
            with anyio.fail_after(PATIENCE):
                return await super().use(name, request)
        except Exception as error:
            absence_or_raise(error)
            raise ToolError(f"The server {name!r} does not answer now. The others do.") from None

    async def tools_of(self, name):
        try:
            return await super().tools_of(name)
        except ToolError:
            return []

# %%
town = Calm("town", servers)
await show_servers(town)
await call(town, "library_author", title="Emma")
await call(town, "cinema_tonight")
try:
    await town.use("library", lambda client: client.list_tool())
except Exception as error:
    print(repr(error))

# %% [markdown]
"""
The cinema's tools are missing from the list, and everything else works. A call to it gets the gateway's words, and the
bug has its own name again. (With Python 3.11 and later, `except*` looks into groups as well.)

### Exercise 8b.1: who answers?

Define the tool `which_answer()` of the server `town`. For each server in `town.behind`, it returns whether the server
answers when it is asked for its tools, such as `{"library": true, "cinema": false}`. A server that is absent is `false`.
A bug is a bug: it must not be reported as an absent server.
"""

# %% exercise="8b.1"

# %%
%mcp check 8b.1

# %% [markdown] tags=["teacher"]
"""
**For teachers.** Search for `except Exception` in a real project of the group, and ask of each: "Which exception was
meant?" Most were meant for one kind. In 8b.1, some answer with `try: ... except Exception: False`; the check has a case
for it. Others read `servers` in place of `town.behind`, which is a lesson about state that is copied too early.
"""

# %% [markdown]
"""
## 3 · A budget for descriptions

A host puts the list of tools in front of its model, in every conversation. A gateway adds the lists of all servers. So
it should know what they cost. The archive's author likes to tell stories:
"""

# %%
from mcp_types import ToolAnnotations

STORY = "Return the number of copies in the town archive. " + "The archive was founded in 1884. " * 60
archive.add_tool(copies, description=STORY, annotations=ToolAnnotations(read_only_hint=True))


async def costs(server):
    """Print about how many tokens the tools of each upstream cost: a quarter of the characters."""
    async with Client(server, cache=None) as client:
        for tool in (await client.list_tools()).tools:
            if tool.name in ("library_author", "papers_rules", "archive_copies"):
                print(f"{tool.name:15} {len(tool.model_dump_json(exclude_none=True)) // 4:4} tokens")


await costs(town)

# %% [markdown]
"""
A budget for each description keeps one server from crowding out the others. Cut at the end of a sentence, because half a
sentence can say the opposite. Keep the schema whole: without it, the tool cannot be called.
"""

# %%
class Thrifty(Calm):
    """A gateway that shortens long descriptions."""

    most = 200

    async def tools_of(self, name):
        return [self.shortened(tool) for tool in await super().tools_of(name)]

    def shortened(self, tool):
        words = tool.description or ""
        if len(words) > self.most:
            end = words.rfind(". ", 0, self.most) + 1
            words = (words[:end] or words[: self.most]) + " (shortened)"
        return tool.model_copy(update={"description": words})


await costs(Thrifty("thrifty", servers))

# %% [markdown]
"""
With a hundred tools, a budget is not enough. Then offer a *search* in place of the list: `%mcp serve --search` does
that. A gateway is also the place to review descriptions, and to notice when one changes (chapter 5).

## 4 · Keep answers, try again

Lists carry hints for caching: `ttlMs` says how long a list stays fresh, and `cacheScope` says whether it is the same for
all callers (`public`) or not (`private`). The SDK's client follows them. Results of **tools** carry none. So the gateway
needs rules of its own, and the annotations help:

| | keep the result | try again when nobody answers |
|---|---|---|
| reads only (`readOnlyHint`) | for a while | yes |
| changes something | never | no: it may have been done |
| changes something, and is `idempotentHint` | never | yes: twice has the effect of once |

Annotations are hints. Believe them of servers that you chose, and of no others.
"""

# %%
import json


class Keeping(Calm):
    def __init__(self, name, behind):
        super().__init__(name, behind)
        self.reading, self.kept = set(), {}

    async def tools_of(self, name):
        tools = await super().tools_of(name)
        self.reading |= {t.name for t in tools if t.annotations and t.annotations.read_only_hint}
        return tools

    async def call_tool(self, name, arguments, context=None):
        if (key := (name, json.dumps(arguments, sort_keys=True))) in self.kept:
            return self.kept[key]
        try:
            result = await super().call_tool(name, arguments, context)
        except ToolError:
            if name not in self.reading:
                raise
            result = await super().call_tool(name, arguments, context)  # the second try
        if name in self.reading and not result.is_error:
            self.kept[key] = result
        return result

# %%
class Stumbling(dict):
    """Servers, of which the archive can be absent for some tries: a stand-in for a bad network."""

    absent = 0

    def __getitem__(self, name):
        if name == "archive" and self.absent > 0:
            self.absent -= 1
            return cinema
        return super().__getitem__(name)


desk = Keeping("desk", Stumbling(servers))
await desk.list_tools()
asked.clear()
desk.behind.absent = 1
for _ in range(3):
    await call(desk, "archive_copies", title="Dune")
print("The archive was asked for", asked)

# %% [markdown]
"""
Three calls, one try in vain, and one request that arrived. (The results are kept forever here; chapter 8 has the expiry.)

The key above has a hole. All callers share the results. If a tool answers *"your loans"*, the second caller reads the
loans of the first. In a gateway that knows its callers by their tokens, the caller is a part of the key.

### Exercise 8b.2: the key of a kept result

Define the function `cache_key(caller, tool, arguments)`. `caller` is a name, `tool` is a tool as it is listed, and
`arguments` is a dictionary. It returns a key for a dictionary of kept results, or `None` if the result must not be kept,
because the tool does not say that it only reads. Equal calls have equal keys, also if the arguments come in another
order. All other calls have different keys.
"""

# %% exercise="8b.2"

# %%
%mcp check 8b.2

# %% [markdown]
"""
## 5 · A server that dies

So far, the gateway connects for each call. In memory that costs nothing, but a server on stdio is started as a process
each time. Then one connection should stay open, and a **supervisor** should open another when the process dies. Here is
the archive as a process. Its tool `break_down` ends it as a crash would.

![A supervisor's loop: connect, look for signs of life, and after a failure ask the rule. The rule answers with a number of seconds to wait, or with None, which means to give up.](drawings/supervisor.svg)
"""

# %% tags=["needs-jupyter"]
import sys
import time

from mcp.client.stdio import stdio_client


def rule(failures, now):
    """Wait longer after each failure of the last minute; give up after the fifth."""
    recent = [failure for failure in failures if now - failure < 60]
    return None if len(recent) > 4 else 0.05 * (2 ** len(recent) - 1)

# %% tags=["needs-jupyter"]
class Upstream:
    """A connection to a server that is opened again when the server dies."""

    def __init__(self, parameters):
        self.parameters, self.client, self.starts = parameters, None, 0

    async def run(self, rule):
        """Keep the connection open. After a failure, wait as the rule says, or give up."""
        failures = []
        while (wait := rule(failures, time.monotonic())) is not None:
            await anyio.sleep(wait)
            # A notebook's sys.stderr is not always a file, so the process gets the kernel's own.
            transport = stdio_client(self.parameters, errlog=sys.__stderr__)
            try:
                async with Client(transport, cache=None) as self.client:
                    self.starts += 1
                    while True:  # a sign of life, now and then
                        await self.client.list_tools()
                        await anyio.sleep(0.1)
            except Exception as error:
                self.client = None
                absence_or_raise(error)
                failures.append(time.monotonic())

# %% tags=["needs-jupyter"]
from mcp_notebook.course.processes import archive_server

script = StdioServerParameters(command=sys.executable, args=[archive_server.__file__])
process = Upstream(script)


async def started(upstream, count):
    with anyio.fail_after(30):
        while upstream.client is None or upstream.starts < count:
            await anyio.sleep(0.05)


async with anyio.create_task_group() as tasks:
    tasks.start_soon(process.run, rule)
    for count in (1, 2):
        await started(process, count)
        print(count, (await process.client.call_tool("copies", {"title": "Dune"})).content[0].text)
        try:
            await process.client.call_tool("break_down", {})
        except MCPError as error:
            print(error.message)
    tasks.cancel_scope.cancel()

# %% tags=["needs-jupyter"]
missing = Upstream(cinema)
await missing.run(rule)
print("starts of the cinema's server:", missing.starts, "- and then it gave up")

# %% [markdown]
"""
The call that was under way is lost, and its caller is told. The next one finds a new process. A modern client needs no
handshake and has no session, so nothing else is lost, except streams of `subscriptions/listen`: open them again.

The rule counts the failures of a *window*. Without the window, a server that dies once a week would be given up after a
month. Without the end, a server that cannot start would be started forever. With HTTP, systemd, Docker or Kubernetes
supervise by such rules. With stdio the client owns the process, so the client must.
"""

# %% [markdown] tags=["teacher"]
"""
**For teachers.** A good place for a discussion: "Who supervises in your company, and who is told when it gives up?" Let
somebody draw the waiting times on a time line, with and without the window. If time is short, skip parts 3 and 5.
"""

# %% [markdown]
"""
## 6 · Webhooks: signed, fresh, once

Asking every minute whether something is new is a waste. With a **webhook**, the other side sends an HTTP `POST` when
something happens. The archive does that when it gives copies of a book to the library. Anybody can send a `POST`, so it
is **signed** with an HMAC: a hash of the body and of a secret that only the two know.

![The sender computes a signature from id, time and body with the shared secret. The receiver computes it again and asks three questions: is it signed, is it fresh, is it new. Only then does it read the body.](drawings/signed-fresh-once.svg)
"""

# %%
import hmac
import secrets

import httpx
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

SECRET = secrets.token_bytes(32)


def signature_of(message):
    return hmac.new(SECRET, message, "sha256").hexdigest()


async def first_door(request):
    """Take news of the archive, if the archive signed it."""
    body = await request.body()
    signature = request.headers.get("signature", "")
    if not hmac.compare_digest(signature.encode(), signature_of(body).encode()):
        return Response(status_code=401)
    news = json.loads(body)
    query("UPDATE books SET copies = copies + ? WHERE title = ?", news["added"], news["title"])
    return Response(status_code=204)

# %% [markdown]
"""
The signature is checked over the bytes *as they came*, before anything in them is read. `compare_digest` takes equally
long wherever the first difference is. `==` may stop at the first one, and an attacker who can measure that finds the
signature byte by byte. **No check of this course can see the difference**: both give the same answers. You have to know.
"""

# %%
async def post(door, body, **headers):
    app = Starlette(routes=[Route("/news", door, methods=["POST"])])
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://door") as http:
        return (await http.post("/news", content=body, headers=headers)).status_code


letter = b'{"title": "Emma", "added": 1}'
signed = signature_of(letter)
print("not signed:  ", await post(first_door, letter))
print("body changed:", await post(first_door, letter.replace(b"1", b"9"), signature=signed))
print("as it was:   ", await post(first_door, letter, signature=signed))
query("SELECT copies FROM books WHERE title = 'Emma'")

# %%
%mcp predict 8b.b

# %%
print("once more:   ", await post(first_door, letter, signature=signed))
query("SELECT copies FROM books WHERE title = 'Emma'")

# %% [markdown]
"""
<details><summary>Explanation</summary>

The signature is genuine, so the letter counts twice. That needs no attacker. A sender that hears no answer sends again,
so every webhook comes *at least* once. And somebody who recorded a letter can send it next year.

</details>

*Standard Webhooks* is a convention against both, and MCP's extension for events uses it. The sender adds an **id** and a
**time**, and signs all three parts. A letter that is too old or from the future is refused: that is the *replay window*.
A letter whose id was seen is acknowledged, so that the sender stops, but it changes nothing.

### Exercise 8b.3: the second door

Define the function `second_door(request)`, an endpoint like `first_door`. The headers are `id`, `time` (in seconds, by
`clock()`, in place of `time.time()`) and `signature`, which signs `id.time.body`, joined by dots. The answer is 401 if the signature is wrong or
missing, or the time is more than 300 seconds away in either direction. It is 422 if a signed body is not news: JSON with
a text `title` and a whole number `added`, at least 1. Otherwise it is 204, and each id counts only once.
"""

# %%
class Clock:
    now = 1_000_000

    def __call__(self):
        return self.now


clock = Clock()

# %% exercise="8b.3"

# %%
%mcp check 8b.3

# %% [markdown]
"""
## 7 · Code that a model wrote

Some questions are answered best by a small program, and models write those well. Running it is the most dangerous thing
that a tool can do. `exec` in the server's process is not an option: such code has the server's memory, secrets and
connections. (`%mcp serve --code` is for code that calls your tools. It is not a sandbox either: a person approves each
run.) This is what a process of its own can offer on Linux:

| limit | by what means |
|---|---|
| processor time, memory, size of files, further processes | `setrlimit`, before the code begins |
| no network | `unshare`: a new *network namespace* has no interface that is up |
| time on the clock, no child left behind | a process group of its own, which is killed as a whole |
| a flood of output | output goes into a file, and files have a limit |
| secrets in the environment | an empty one |

The new process sets the limits itself, before it runs the program. If the system does not allow `unshare`, as in some
containers, nothing is run. (To see the rest there, set `CUT_NETWORK = False`.)
"""

# %% tags=["needs-jupyter"]
CUT_NETWORK = True
LIMITS = {
    "RLIMIT_CPU": 1,  # seconds
    "RLIMIT_AS": 512 * 2**20,  # bytes of memory
    "RLIMIT_FSIZE": 64 * 2**10,  # bytes in one file, the output included
    "RLIMIT_NOFILE": 32,
    "RLIMIT_NPROC": 0,  # further processes; it does not hold for root
    "RLIMIT_CORE": 0,
}
LAUNCHER = f"""
import ctypes, resource, runpy
NEW_USER_AND_NETWORK = 0x10000000 | 0x40000000
if {CUT_NETWORK} and ctypes.CDLL(None).unshare(NEW_USER_AND_NETWORK) != 0:
    raise SystemExit("Nothing was run: this system does not let us cut the network.")
for name, value in {LIMITS}.items():
    resource.setrlimit(getattr(resource, name), (value, value))
runpy.run_path("program.py", run_name="__main__")
"""

# %% tags=["needs-jupyter"]
import signal
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path

workshop = NotebookServer("workshop")


async def run_limited(folder, output, seconds):
    """Run program.py of a folder within the limits, and say how it ended."""
    command = [sys.executable, "-I", "-c", LAUNCHER]
    streams = {"stdin": subprocess.DEVNULL, "stdout": output, "stderr": output}
    process = await anyio.open_process(command, cwd=folder, env={}, start_new_session=True, **streams)
    try:
        with anyio.move_on_after(seconds) as clock_time:
            await process.wait()
    finally:  # also if the call is cancelled, and if the program left children behind
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        with anyio.CancelScope(shield=True):
            await process.wait()
    if clock_time.cancelled_caught:
        return "out of time"
    return f"exit status {process.returncode}" if process.returncode else "done"

# %% tags=["needs-jupyter"]
%%mcp_tool run_python --server workshop --destructive --open-world
Code = Annotated[str, Field(description="A program. It prints the answer.", max_length=20_000)]
Seconds = Annotated[float, Field(description="How long it may take.", gt=0, le=20)]


async def run_python(code: Code, seconds: Seconds = 5) -> dict[str, str]:
    """Run a Python program in a process of its own: little time and memory, no network, no input."""
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryFile() as output:
        Path(folder, "program.py").write_text(code, encoding="utf-8")
        ended = await run_limited(folder, output, seconds)
        output.seek(0)
        return {"ended": ended, "output": output.read(2000).decode(errors="replace")}

# %% [markdown]
"""
The last line of each output is shown, or the length of a long one.
"""

# %% tags=["needs-jupyter"]
import socket


async def try_all(programs, seconds=5):
    async with Client(workshop) as client:
        for name, code in programs.items():
            arguments = {"code": code, "seconds": seconds}
            ran = (await client.call_tool("run_python", arguments)).structured_content
            last = (ran["output"].splitlines() or ["(nothing)"])[-1]
            print(f"{name:16}{ran['ended']:16}", last if len(last) < 70 else len(ran["output"]))


os.environ["DOOR_CODE"] = "0000"
listening = socket.create_server(("127.0.0.1", 0))
port = listening.getsockname()[1]
await try_all({
    "arithmetic": "print(sum(n * n for n in range(1000)))",
    "an endless loop": "while True: pass",
    "all the memory": "everything = bytearray(10**10)",
    "a big output": "while True: print('spam ' * 1000)",
    "a secret": "import os; print(os.environ.get('DOOR_CODE'))",
    "the network": f"import socket; socket.create_connection(('127.0.0.1', {port}), 1)",
})
await try_all({"just waiting": "import time; time.sleep(60)"}, seconds=0.5)

# %% [markdown]
"""
Status -9 means killed: the loop used up its second of processor time. The flood was cut at 64 kB on the disk, and at
2,000 characters for the model. Even this machine's own ports cannot be reached.

### The other half

Most examples leave out what a sandbox does not stop. Three programs stay within all limits.
"""

# %%
%mcp predict 8b.c

# %% tags=["needs-jupyter"]
private = tempfile.TemporaryDirectory()
alarm, door = Path(private.name, "alarm.txt"), Path(private.name, "door")
alarm.write_text("The code of the alarm is 0000.")
unix = socket.socket(socket.AF_UNIX)
unix.bind(str(door))
unix.listen()
await try_all({
    "reads a file": f"print(open({str(alarm)!r}).read())",
    "writes a file": f"open({str(alarm)!r}, 'a').write('!'); print('written')",
    "a Unix socket": f"import socket; socket.socket(socket.AF_UNIX).connect({str(door)!r}); print('connected')",
})
for each in (listening, unix):
    each.close()
private.cleanup()

# %% [markdown]
"""
<details><summary>Explanation</summary>

For the system, the program is *you*. It reads and writes your files, and your keys are files. A network namespace does
not cover Unix sockets that are files. Docker's is one, and with it a program owns the machine. A child that calls
`setsid` leaves the process group and lives on.

</details>

So this is a belt against **accidents**: a loop, a program that eats the memory. It is not a wall against malice, and a
model that reads web pages can be made malicious by any of them (chapter 5). For code that you would not run yourself:

| means | adds | still shares |
|---|---|---|
| `bubblewrap`, `nsjail` | a view of files of its own, processes of its own | the kernel |
| a container: `--network none --read-only --memory 256m --pids-limit 32 --cap-drop ALL`, not as root | the same, with limits for all its processes together | the kernel |
| gVisor | most of the kernel's work happens outside the kernel | little |
| a small virtual machine, such as Firecracker | a kernel of its own | the hardware |

Only the command in `open_process` would be another. The host should ask before each run. So the tool says that it is
destructive and open to the world: to claim less would be false.

## Looking back

- A gateway: names with a prefix, results and errors as they are, and one absent server harms nobody else.
- Catch the exceptions that you mean. Everything else keeps its own name.
- Keep and repeat only what reads, and make the caller a part of the key.
- A supervisor waits longer each time, forgets old failures, and gives up.
- A webhook: signed, fresh, once. A sandbox: know what it does not stop.

**Test yourself**

<details><summary>1. Why does a gateway put a prefix in front of each tool's name?</summary>

Two servers may have a tool of the same name, and a client sees one list.

</details>
<details><summary>2. A gateway's author writes `except Exception`. What goes wrong?</summary>

Bugs of the gateway are reported as absent servers, and nobody looks for them in the right place.

</details>
<details><summary>3. A call of `lend` gets no answer. Should the gateway send it again?</summary>

No. The book may have been lent. Only tools that read, or are idempotent, may be repeated.

</details>
<details><summary>4. A webhook arrives a second time with a valid signature. What does the receiver answer?</summary>

That all is well (2xx), or the sender will go on sending. But it changes nothing.

</details>
<details><summary>5. The sandbox has no network. Name a way in which its code still reaches another program.</summary>

A Unix socket in the file system, or a file that the other program reads.

</details>

**Outdated elsewhere**

- Gateways for protocol versions up to 2025-11-25 keep a session for each caller and each upstream, and send them to the
  same process. Since 2026-07-28 there are no sessions, so any process can answer any request.
- `mount` for other servers belongs to the separate project FastMCP. The SDK's `MCPServer` has none, and its
  `ClientSessionGroup` speaks only the earlier protocol.
- Examples call `exec` or a "safe" `eval` a sandbox. Python has ways around every such filter.

WORDS gateway, upstream, supervisor, HMAC, replay window, network namespace

**In the specification:** [tool names](https://modelcontextprotocol.io/specification/2026-07-28/server/tools) ·
[caching](https://modelcontextprotocol.io/specification/2026-07-28/server/utilities/caching) ·
[stdio](https://modelcontextprotocol.io/specification/2026-07-28/basic/transports/stdio) ·
[security](https://modelcontextprotocol.io/docs/2026-07-28/tutorials/security/security_best_practices)

**Next:** [chapter 8c](08c-n8n.ipynb), MCP and n8n.
"""
