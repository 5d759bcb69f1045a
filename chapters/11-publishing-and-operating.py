# ---
# jupyter:
#   jupytext:
#     comment_magics: false
#     cell_markers: '"""'
# ---

# %% [markdown]
"""
# 11 · Publishing and operating

**You will** give your server a version, publish it in the forms that hosts install, run replicas, read metrics and
traces, decide when to wake somebody, stop a server without losing a call, and prepare it for Claude.ai.

**Time** about MINUTES minutes. **Fast track:** parts 1, 4 and 5, with exercises 11.1, 11.3 and 11.4. **You need**
chapter 6: settings, the package, health. Part 3 uses questions to the user, from chapter 4. The chapter installs
packages from the Python package index. Redis and nginx are used if you have them.

Chapter 6 ended with a package that works. Now other people use it. They have to know what changes. More of them call
than one process can answer. And you want to notice trouble before they do.
"""

# %%
# Where the course is missing, as on Colab and Kaggle, this cell installs it.
import importlib.util

if importlib.util.find_spec("mcp_notebook") is None:
    %pip install -q "mcp-notebook[course]"
    print("Installed. If the page offers to restart the session, do that. Then run the next cell.")

# %%
%load_ext mcp_notebook
%mcp checkpoint 11

# %% [markdown]
"""
## 1 · A version that means something

A published server makes a promise. Hosts keep its lists, people's prompts name its tools, scripts call them. The
**version** says whether all of that still works. *Semantic versioning* has three numbers, MAJOR.MINOR.PATCH:

| a change of the tools | raises | 1.4.2 becomes |
|---|---|---|
| a tool or an argument is gone, an argument is newly required, a type is another | major: callers break | 2.0.0 |
| a new tool, a new optional argument | minor: callers can do more | 1.5.0 |
| other words, a repaired bug | patch | 1.4.3 |

Models read descriptions, so other words can change what they do. Run your evals before you call it a patch.

Save what clients see today, in a file that is called a *saved session*. Then change the server. (The lines with
`tracer` are for part 4.)
"""

# %%
%mcp log --save before.jsonl

# %%
%%mcp_tool --read-only --closed-world
def oldest(
    count: Annotated[int, Field(description="How many titles.", ge=1, le=5)],
    subject: Annotated[str, Field(description="Only books on this subject; any, if empty.")] = "",
) -> list[str]:
    """Return the titles of the oldest books in the library, the oldest first."""
    sql = "SELECT title FROM books WHERE subject LIKE ? ORDER BY year LIMIT ?"
    return [title for (title,) in query(sql, subject or "%", count)]

# %%
%%mcp_tool --read-only --closed-world
import anyio
from mcp.server.mcpserver import Context
from opentelemetry import trace

tracer = trace.get_tracer("library")


async def inventory(ctx: Context) -> dict[str, int]:
    """Count the copies on the shelves, subject by subject. This takes a second."""
    with tracer.start_as_current_span("read the catalog"):
        shelves = dict(query("SELECT subject, sum(copies) FROM books GROUP BY subject"))
    with tracer.start_as_current_span("walk along the shelves"):
        await anyio.sleep(0.25 * len(shelves))
    await ctx.notify_resource_updated("library://inventory")
    return shelves

# %%
%mcp predict 11.a

# %%
%mcp diff before.jsonl

# %% [markdown]
"""
<details><summary>Explanation</summary>

Something was added, and nothing was taken away: 1.5.0. If `count` allowed less than before, old calls could fail, and it
would be 2.0.0.

</details>

The diff is the draft of your **changelog**, the file that tells people what they have to do. Nobody should read *removed*
without a warning: keep the old tool for one minor version, and let its description name the new one.

### Exercise 11.1: which number changes

Define `bump(before, after)`. Both are lists of tools as a client gets them, in JSON: dicts with `name`, `description`
and `inputSchema`. It returns `"major"`, `"minor"`, `"patch"` or `"none"`, by the table above. In a schema, look at the
names in `properties`, at their `type`, and at `required`. Bounds are left out here.
"""

# %% exercise="11.1"

# %%
%mcp check 11.1

# %% [markdown] tags=["teacher"]
"""
**For teachers.** Ask: "Your tool gets a better description, and a customer's agent stops using it. Was that a patch?"
There is no right answer, which is the point. In 11.1 many compare `required` the wrong way round: a *new* requirement
breaks, one that is dropped does not. If time is short, discuss the table and skip the code.
"""

# %% [markdown]
"""
## 2 · Four forms, one package

| form | for | how people get it |
|---|---|---|
| a **wheel** on PyPI, the Python package index | hosts that start a process | `uvx library-server` |
| a **bundle**, a file `.mcpb` | hosts that install by a click, such as Claude Desktop | from your release |
| an **image** (chapter 6) | platforms | from a registry of images |
| an entry in the **MCP Registry** | directories, and through them hosts | it says where the other forms are |

Two options of the export write what is missing: `--bundle` and `--registry NAMESPACE`. `--deploy` is for part 3. The
proof is left out here, to save time. When you publish, prove: then the bundle is started, too.
"""

# %% tags=["deployment", "needs-jupyter", "nbval-ignore-output"] reason="The progress of an export is shown by updates."
folder = Path(LIBRARY).parent
published = %mcp export {folder}/library_server --server library --no-proof --health well --bundle --deploy --registry io.github.town-library
package = published.destination

# %% tags=["deployment", "needs-jupyter"]
import json

entry = json.loads((package / "server.json").read_text())
print(entry["name"], entry["version"])
for each in entry["packages"]:
    print(each["registryType"], each["identifier"], each["runtimeHint"])
    print("asks for:", [variable["name"] for variable in each["environmentVariables"]])

# %% [markdown]
"""
`server.json` has no code and no values: it points to PyPI. You prove the namespace `io.github.town-library` by the
GitHub account of that name. And the `README.md` on PyPI has to name the registry's entry, so nobody else can claim your
package. (The registry is in preview. Other directories read it, and hosts read those.)

Each form has the version of `pyproject.toml`. So raise it there, export again, and build the wheel.
"""

# %% tags=["deployment", "needs-jupyter", "nbval-ignore-output"] reason="The progress of an export is shown by updates."
project = package / "pyproject.toml"
project.write_text(project.read_text().replace('version = "0.1.0"', 'version = "0.2.0"'))
published = %mcp export {folder}/library_server --server library --no-proof --health well --bundle --deploy --registry io.github.town-library

# %% tags=["deployment", "needs-jupyter"]
from mcp_notebook.course.environments import build_wheel

for name in ("server.json", "manifest.json"):
    print(name, json.loads((package / name).read_text())["version"])
wheel = build_wheel(package, folder / "dist")
(bundle,) = (package / "dist").glob("*0.2.0.mcpb")
print(wheel.name, bundle.name, sep="\n")

# %% [markdown]
"""
`uvx library-server` gets that wheel from PyPI, makes an environment for it and runs its command. You can try it before
you publish: `uvx --from dist/library_server-0.2.0-py3-none-any.whl library-server`. Here is the same without the
network. A wheel is an archive, so unpack it into an empty folder, and start the module that is inside.
"""

# %% tags=["deployment", "needs-jupyter"]
import sys
from zipfile import ZipFile

from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client

PYTHON = Path(sys.executable)
with ZipFile(wheel) as archive:
    archive.extractall(folder / "unpacked")

environment = {"PYTHONPATH": str(folder / "unpacked"), "LIBRARY_FILE": LIBRARY}
command = StdioServerParameters(command=sys.executable, args=["-m", "library_server"], env=environment)
with (folder / "unpacked.log").open("w") as log:
    async with Client(stdio_client(command, errlog=log)) as client:
        tools = (await client.list_tools()).tools
        print("inventory is in the wheel:", "inventory" in [tool.name for tool in tools])
        print((await client.call_tool("oldest", {"count": 1, "subject": "nature"})).structured_content)

# %% [markdown]
"""
The rest is done by `.github/workflows/release.yml` in the package. You push the tag `v0.2.0`. It runs the tests, checks
that all files have this version, and publishes. There is no password: by *trusted publishing*, PyPI knows your
repository and workflow. *Attestations* let anyone check that a file was built there, from this source.

## 3 · Several processes

One Python process uses about one processor. So the package can serve in several **workers**, by its setting
`..._WORKERS`: processes on one machine with one port. Here are two, and one of them is killed.
"""

# %% tags=["deployment", "needs-jupyter"]
import psutil

from mcp_notebook.course.deployed import Deployed

with Deployed(package, PYTHON, LIBRARY_FILE=LIBRARY, workers="2") as server:
    started = psutil.Process(server.process.pid).children()
    workers = [process for process in started if "spawn_main" in " ".join(process.cmdline())]
    print("workers:", len(workers))
    workers[0].kill()
    print("after the kill:", await server.call("oldest", count=1))

# %% [markdown]
"""
The other one answered, and the package starts a new one. **Replicas** are processes on several machines, behind a proxy
that spreads the requests. The current protocol makes that easy: it has no sessions, so any replica can answer any
request. A replica must not keep anything that the next request needs:

![Clients send requests to a proxy, which passes each to one of two replicas. The replicas keep nothing. Both use one database, one Redis for notices and tasks, and one key for the state of questions.](drawings/replicas.svg)

| what | where it has to be |
|---|---|
| books, loans, numbers | the database |
| notices for clients that listen, and tasks | a **broker**, such as Redis: `LIBRARY_SERVER_REDIS_URL` |
| the state of a call that asked something | the client brings it along; all replicas share the key that seals it: `..._REQUEST_STATE_KEYS` |

The last row is easy to forget. Try it with two replicas in this process: `lend` asks the user at one of them, and the
answer arrives at the other.
"""

# %%
from mcp import Client, MCPError
from mcp.server import MCPServer
from mcp.server.mcpserver import Elicit, Resolve
from mcp.server.request_state import RequestStateSecurity
from pydantic import BaseModel


class Sure(BaseModel):
    sure: bool


def ask(title: str) -> Elicit[Sure]:
    return Elicit(f"Lend {title}?", Sure)


def desk(key=None, bus=None):
    security = RequestStateSecurity(keys=[key]) if key else None
    server = MCPServer("desk", request_state_security=security, subscriptions=bus, log_level="CRITICAL")

    @server.tool()
    async def lend(title: str, answer: Annotated[Sure, Resolve(ask)], ctx: Context) -> str:
        await ctx.notify_resource_updated("library://loans")
        return f"{title}: lent"

    return server

# %%
%mcp predict 11.b

# %%
from mcp_notebook.course.handover import answered_elsewhere, heard_elsewhere

key = "a key of 32 characters, or longer"
print("a key each:", await answered_elsewhere(desk(), desk(), "lend", title="Dune"))
print("one key:   ", await answered_elsewhere(desk(key), desk(key), "lend", title="Dune"))

# %% [markdown]
"""
<details><summary>Explanation</summary>

A server without a key makes one when it starts. With one process you never notice, until it restarts between question
and answer. To change a key without a break, give two: the first seals, and all of them open.

</details>

Notices have the same problem. The server's *subscription bus* tells listeners, and the bus that a server has by itself
lives in its process.
"""

# %%
from mcp.server.subscriptions import InMemorySubscriptionBus

bus = InMemorySubscriptionBus()
print("a bus each:", await heard_elsewhere(desk(), desk(), "library://loans", "lend", title="Dune"))
print("one bus:   ", await heard_elsewhere(desk(bus=bus), desk(bus=bus), "library://loans", "lend", title="Dune"))

# %% [markdown]
"""
Between processes, the bus goes through Redis; the package has one (`--deploy`). If this machine has Redis and nginx, the
next cell starts the package twice behind nginx, with the configuration that the export wrote. A client listens, another
calls, and then one replica is killed.
"""

# %% tags=["deployment", "needs-jupyter", "nbval-ignore-output"] reason="It depends on Redis and nginx, and on which replica answers."
from mcp_notebook.course.running_replicas import RunningReplicas, missing_programs

if missing := missing_programs():
    print("Skipped, because this machine has no", " and no ".join(missing))
else:
    with RunningReplicas(package, PYTHON, LIBRARY_FILE=LIBRARY) as replicas:
        async with replicas.client() as here, replicas.client() as there:
            async with here.listen(resource_subscriptions=["library://inventory"]) as notices:
                for _ in range(4):
                    await there.call_tool("inventory")
                print("heard:", (await anext(notices)).uri)
        print("requests by replica:", replicas.answered())
        replicas.replicas[0].process.kill()
        async with replicas.client() as client:
            answers = [await client.call_tool("oldest", {"count": 1}) for _ in range(6)]
        print("after the kill:", sum(not answer.is_error for answer in answers), "of 6 answered")

# %% [markdown]
"""
### Exercise 11.2: one number for everybody

Readers take a number at the desk. Define `replica()`. It returns a new `MCPServer` with the tool `ticket()`, which
returns 1, 2, 3 and so on. Nobody gets a number twice, whichever replica they ask, also at the same moment, and also after
a restart. The table is there: `tickets(number INTEGER PRIMARY KEY, taken TEXT)`. A new row gets the next number.

The check runs your cell once for each replica, as separate processes would, with variables of their own.
"""

# %% exercise="11.2"

# %%
%mcp check 11.2

# %% [markdown] tags=["teacher"]
"""
**For teachers.** Ask: "Where in your own servers does a variable remember something between two requests?" Caches,
counters and lists of users come up. Some read the largest number and add one: two requests at the same moment then get
the same, and a test may miss it. Let the group find the moment between reading and writing.
"""

# %% [markdown]
"""
## 4 · Metrics and traces

A **metric** is a number over time: how many calls, how many errors, how long. A **trace** is the story of one request,
made of **spans**: parts with a name, a beginning and an end. *OpenTelemetry* is the common standard for both, and the
SDK makes its spans by it. In production, an *exporter* sends them away. The ones here are real and keep them in memory.
"""

# %%
if importlib.util.find_spec("opentelemetry.sdk") is None:
    %pip install -q opentelemetry-sdk opentelemetry-exporter-prometheus

# %% tags=["needs-jupyter"]
from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader

from mcp_notebook.course.failing import TOOLS, visit
from mcp_notebook.course.observing import points, tree

reader = InMemoryMetricReader()
page = PrometheusMetricReader(disable_target_info=True, scope_info_enabled=False)
meter = MeterProvider([reader, page]).get_meter("library")
errors = meter.create_counter("library.errors", description="calls that failed")


async def count_naively(ctx, call_next):
    """Count exceptions; this is middleware, a function around each message of a server."""
    try:
        return await call_next(ctx)
    except Exception:
        errors.add(1, {"method": ctx.method})
        raise

# %% [markdown]
"""
`visit` is a client of a server that fails in each way in which a call can fail. You know them from chapter 6.
"""

# %%
%mcp predict 11.c

# %% tags=["needs-jupyter"]
print(*await visit(TOOLS, count_naively), sep="\n")
print("counted:", points(reader, "library.errors"))

# %% [markdown]
"""
<details><summary>Explanation</summary>

Of three failures it counted one. A dashboard of this counter says that all is well.

</details>

*Prometheus* is a program that fetches metrics from a page of text, every few seconds. This is the page:
"""

# %% tags=["needs-jupyter"]
from prometheus_client import generate_latest

print(*[line for line in generate_latest().decode().splitlines() if "library_errors_total" in line], sep="\n")

# %% [markdown]
"""
The words in braces are **labels**. Each combination of labels is kept as a series of its own. So never label by
something that callers choose, such as a title or an unknown tool's name: anyone could fill the memory.

### Exercise 11.3: a counter that sees errors

Define `counting(counter, tools)`. It returns a middleware that calls `counter.add(1, {"tool": ..., "outcome": ...})` for
each call of a tool, and for nothing else. The outcome is `ok`, `tool_error` (a result with `isError`), or
`protocol_error` (raised). `tools` are the names that the server has; every other name is counted as `other`. Clients see
the same as without it.
"""

# %% exercise="11.3"

# %%
%mcp check 11.3

# %% [markdown]
"""
Your package measures this already, as a histogram of durations: with `LIBRARY_SERVER_METRICS_PORT` for Prometheus, or
with `OTEL_EXPORTER_OTLP_ENDPOINT` for any collector. (Install it with its extra `otel`.)

Now a trace. A client asks for an inventory, and for a book that is not there.
"""

# %% tags=["needs-jupyter"]
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

spans = InMemorySpanExporter()
provider = TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(spans))
trace.set_tracer_provider(provider)

# %% tags=["needs-jupyter"]
spans.clear()
with trace.get_tracer("a host").start_as_current_span("a reader asks"):
    async with Client(library) as client:
        await client.call_tool("inventory")
        await client.call_tool("author", {"title": "Moby Dick"})

print(tree(spans.get_finished_spans()))
parts = [span for span in spans.get_finished_spans() if span.instrumentation_scope.name == "library"]
print("longest:", max(parts, key=lambda span: span.end_time - span.start_time).name)

# %% [markdown]
"""
Read it from the top: each line is a part of the line above it that is less indented. The SDK opened a span for each
request, and your `tracer` opened two inside. The question "why does it take a second" has an answer. The refused call
has its `error.type`.

Across processes this works too: a client puts its `traceparent` into `_meta` of each request, and the server's spans
join that trace. Arguments and results are *not* in spans. Keep it so, because many people read traces.

## 5 · Alerts, and a budget for errors

No server answers every call. So promise a number, the **objective**, such as *99% of the calls in 30 days succeed*. The
other 1% is your **error budget**. As long as some is left, you may take risks. The **burn rate** says how fast it goes: at
1, it lasts exactly 30 days; at 14.4, two days.

Count only what is your fault. "Not in the library" is a good answer to a bad question. A middleware cannot tell it from a
bug, so take bugs from the log, where they have a traceback.
"""

# %%
from itertools import accumulate

import matplotlib.pyplot as plt

from mcp_notebook.course.alerts import a_day


def burn(minutes, objective=0.99):
    """Return how many times faster than allowed the budget was spent in these minutes."""
    calls, failed = sum(c for c, _ in minutes), sum(e for _, e in minutes)
    return failed / calls / (1 - objective) if calls else 0.0


day = a_day()  # an invented day: (calls, errors) of each minute
hours = [minute / 60 for minute in range(len(day))]
budget = 0.01 * sum(calls for calls, _ in day)
left = [100 * (1 - failed / budget) for failed in accumulate(failed for _, failed in day)]
figure, (above, below) = plt.subplots(2, 1, sharex=True, figsize=(7, 4), layout="constrained")
above.plot(hours, [burn(day[max(0, minute - 9) : minute + 1]) for minute in range(len(day))])
above.axhline(14.4, color="gray", linestyle="dashed")
above.set(ylabel="burn rate")
below.plot(hours, left)
below.set(ylabel="% of the budget left", xlabel="hour")
plt.show()
plt.close(figure)

# %% [markdown]
"""
The upper line is the burn rate of the last ten minutes; the dashed one is 14.4. The lower line is what is left of the
day's share of the budget. In the morning everything failed for 20 minutes, in the evening a few percent for three hours.
Which one should wake somebody at once? An alert on each error would ring all day. So ask two questions. Does the budget burn
*fast*, over a whole hour? And does it *still* burn, in the last five minutes?

### Exercise 11.4: when to wake somebody

Define `should_page(minutes, objective=0.99)`. `minutes` is a list of `(calls, errors)`, one for each minute, the latest
last. It returns `True` if the burn rate is at least 14.4 in the last 60 minutes *and* in the last 5. With fewer than 10
calls in the hour, it returns `False`: there is too little to judge. Use `burn`.
"""

# %% exercise="11.4"

# %%
%mcp check 11.4

# %% [markdown] tags=["teacher"]
"""
**For teachers.** Ask who has been woken by a false alarm, and what they did with the next one. Run
`[minute for minute in range(len(day)) if should_page(day[: minute + 1])]` together: the morning rings once it has
lasted a few minutes, the evening never does. That one belongs in tomorrow's plan, not in the night.
"""

# %% [markdown]
"""
## 6 · Stopping without losing a call

Every update stops the old process. A platform sends the signal `SIGTERM` for that. The package then **drains**: for
`..._DRAIN_SECONDS` it says *not ready*, so that the proxy sends new requests elsewhere, but it answers the ones that
arrive. After that, open requests get `..._GRACE_SECONDS` to end. Watch a call that is under way when the signal comes.
"""

# %% tags=["deployment", "needs-jupyter"]
server = Deployed(package, PYTHON, LIBRARY_FILE=LIBRARY, drain_seconds="4", grace_seconds="10")
results = []


async def count_the_shelves():
    results.append(await server.call("inventory"))


async with anyio.create_task_group() as tasks:
    tasks.start_soon(count_the_shelves)
    await anyio.sleep(0.5)
    server.terminate()
    await anyio.sleep(0.2)
    ready = server.health()

print("ready, after the signal:", ready)
print("the open call counted", sum(json.loads(results[0]).values()), "copies")
server.stop()
print("closed in good order:", any("shutdown complete" in entry["message"] for entry in server.entries()))

# %% [markdown]
"""
Docker waits ten seconds before it kills, Kubernetes thirty. Both times can be set, and must be longer than drain and
grace together.

And while you develop? `%mcp stats` shows the same numbers for this notebook, live.
"""

# %% tags=["nbval-ignore-output"] reason="Durations differ each time."
%mcp stats

# %% [markdown]
"""
## 7 · To Claude.ai, step by step

Claude.ai runs in Anthropic's cloud, so it cannot reach your machine. You need a public https address, and Claude.ai has
to be let in. As of November 2026, its *custom connectors* sign in with OAuth or use no sign-in at all; a fixed token,
pasted in by the user, is not possible.

| step | do | runs here? |
|---|---|---|
| 1 | export with `--auth jwt`, and name your authorization server (chapter 5) | yes |
| 2 | get a name with https: a platform, or for a first try a **tunnel**, a program that passes a public name on to your machine | no |
| 3 | set `..._URL` to that name, with `/mcp` | yes |
| 4 | in Claude.ai: *Settings*, *Connectors*, *Add custom connector*, the URL | no |
| 5 | Claude.ai calls, gets 401, and finds your authorization server | yes, up to there |
| 6 | you sign in there, and allow the scopes; Claude.ai comes back with a token | at a stand-in, in chapter 5 |

![Claude.ai sends a request through the public name to your package and gets 401 with the place to sign in. You sign in at the authorization server in your browser. Claude.ai gets a token for the package and asks again with it.](drawings/claude-sign-in.svg)

A tunnel shows your server to the whole internet. So do step 1 first, and never tunnel a server that lets everybody in.
"""

# %% tags=["deployment", "needs-jupyter", "nbval-ignore-output"] reason="The progress of an export is shown by updates."
signed = %mcp export {folder}/library_for_claude --server library --no-proof --auth jwt

# %% tags=["deployment", "needs-jupyter"]
names = {"url": "https://library.example/mcp", "issuer": "https://login.example"}
with Deployed(signed.destination, PYTHON, LIBRARY_FILE=LIBRARY, **names) as server:
    refused = server.get("/mcp", Host="library.example")
    found = server.get("/.well-known/oauth-protected-resource/mcp", Host="library.example").json()
print(refused.status_code, refused.headers["WWW-Authenticate"])
print("sign in at", found["authorization_servers"], "for", found["resource"])

# %% [markdown]
"""
That is all Claude.ai needs to begin. From there it reads the authorization server's own metadata. It needs one of two
things there: *client ID metadata documents* (the current way), or dynamic registration (deprecated). And your server
must be named in the token as its audience, or it refuses the token.

When it does not work, look at your log, in this order. Nothing arrives: the tunnel or the URL. **421**: the name
in `..._URL` is not the one that Claude.ai calls. **401** again and again: the token's audience or issuer. **403**: a scope.
"""

# %% tags=["deployment", "needs-jupyter"]
import shutil

for made in ("unpacked", "dist", "library_for_claude"):
    shutil.rmtree(folder / made)
for file in (folder / "unpacked.log", Path("before.jsonl")):
    file.unlink()

# %% [markdown]
"""
## Looking back

- A version is a promise about the interface. The diff of two lists shows what it has to be.
- One package has four forms. A registry's entry points to them; only you can publish under your name.
- Replicas keep nothing that the next request needs: database, broker, shared key.
- A counter has to look into results. A trace shows where the time went. Neither has arguments in it.
- Wake people by the burn of a budget, not by errors. Drain before you stop.

**Test yourself**

<details><summary>1. You rename the argument title to book. Which number do you raise, and what would be kinder?</summary>

Major: calls with `title` break. Kinder is an optional `book` beside `title` in a minor version, and the removal later.

</details>
<details><summary>2. What does the MCP Registry keep of your package?</summary>

Its description: name, version, where it is, and which variables it asks for. The files are on PyPI and elsewhere.

</details>
<details><summary>3. A tool counts its calls in a global variable. What do two replicas answer?</summary>

Each counts its own calls. The numbers disagree, and start again at each restart.

</details>
<details><summary>4. Your error counter says 0, and users complain. Where do you look first?</summary>

At what it counts. If it counts exceptions in middleware, it misses every tool that failed: those are results.

</details>
<details><summary>5. Why must a server answer requests after it has said that it is not ready?</summary>

Proxies ask only every few seconds. Until they have noticed, they send requests, and those should not be lost.

</details>

**Outdated elsewhere**

- *Sticky sessions and a session store.* They were for the handshake of old versions. The current protocol has none.
- *SSE behind a load balancer.* The transport is superseded; streamable HTTP needs no second connection.
- *Upload with a PyPI password or token in the repository.* Trusted publishing needs neither.
- *Dynamic client registration as the way for Claude.ai.* It works, and is deprecated: metadata documents come first.

WORDS version, changelog, bundle, registry, attestation, trusted publishing, replica, subscription bus, broker, drain,
metric, label, span, trace, OpenTelemetry, exporter, Prometheus, middleware, objective, error budget, burn rate,
tunnel

**In the specification:** [versions in the registry](https://modelcontextprotocol.io/registry/versioning) ·
[statelessness and trace context](https://modelcontextprotocol.io/specification/2026-07-28/basic) ·
[subscriptions](https://modelcontextprotocol.io/specification/2026-07-28/basic/patterns/subscriptions) ·
[the MCP Registry](https://modelcontextprotocol.io/registry/about) ·
[connect to remote servers](https://modelcontextprotocol.io/docs/2026-07-28/develop/connect-remote-servers)

**Next:** your own server. The [welcome page](00-welcome.ipynb) has the map, if you left something out.
"""
