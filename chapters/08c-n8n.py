# ---
# jupyter:
#   jupytext:
#     comment_magics: false
#     cell_markers: '"""'
# ---

# %% [markdown]
"""
# 8c · MCP and n8n

**You will** tell apart five things that have both names, put a workflow of n8n behind a tool, let n8n call your server,
start workflows that take long, and review what a model changes in them.

**Time** about MINUTES minutes. **Fast track:** parts 2, 3 and 6, with exercises 8c.1 and 8c.3. **You need** chapter 1;
chapters 7 and 8b help. You need no n8n and no account.

**Real, and stand-ins.** For this chapter, n8n 2.41.1 and n8n-mcp 2.87.0 were installed and tried in November 2026. Where it
says "tried", they behaved like that. In the notebook, **stand-ins** take their place: a small program plays n8n, and a
client plays one of its nodes. They imitate the points that the chapter shows, and nothing else.
"""

# %%
# Where the course is missing, as on Colab and Kaggle, this cell installs it.
import importlib.util

if importlib.util.find_spec("mcp_notebook") is None:
    %pip install -q "mcp-notebook[course]"
    print("Installed. If the page offers to restart the session, do that. Then run the next cell.")

# %%
%load_ext mcp_notebook
%mcp checkpoint 8c

# %% [markdown]
"""
## 1 · What n8n is

n8n is a program for **workflows**: boxes and arrows that you draw in a browser. A box is a **node**. It reads mail, calls
a web API, asks a model, runs code; there are hundreds. A workflow begins with a **trigger**: a schedule, a new message,
or a **webhook**, which is a URL that somebody calls. Each run is an **execution**, and n8n keeps a list of them. Keys and
passwords are **credentials**: n8n stores them, and nodes only name them.

So n8n has two things that a Python server lacks: ready connections to hundreds of services, and an editor for people who
do not program. A Python server has what n8n lacks: types, tests, review. Many teams have both, and MCP is where they
meet.

![n8n in the middle, and four meetings with MCP. An assistant learns and edits workflows through n8n-mcp. It calls one workflow's tools through the MCP Server Trigger, and the whole n8n through instance-level access. n8n's MCP Client nodes call your server.](drawings/n8n-meets-mcp.svg)

## 2 · Five things with both names

| | **n8n-mcp** 2.87 | **MCP Server Trigger** | **instance-level MCP access** | **MCP Client**, **MCP Client Tool** | **your server** on the SDK |
|---|---|---|---|---|---|
| purpose | an assistant learns n8n's nodes; with an API key it also builds and runs workflows | offers the tools of *one workflow* | one URL for a *whole n8n*: find, run, build, publish | a workflow, or an agent in n8n, calls tools elsewhere | whatever you write |
| role | server | server | server | client | either |
| author | Romuald Czlonkowski, independent | n8n, built in | n8n, built in (beta) | n8n, built in | you |
| license | MIT | Sustainable Use: own business, or private | the same | the same | yours; the SDK has MIT |
| hosting | npx, Docker, its author's service | where n8n runs | where n8n runs | where n8n runs | anywhere with Python |
| transports | stdio, streamable HTTP | streamable HTTP, SSE | streamable HTTP | streamable HTTP, SSE | stdio, streamable HTTP |
| protocol, as tried | 2025-03-26 | 2025-11-25 | **2026-07-28**, and earlier | 2025-11-25 | 2026-07-28, and earlier |
| sign-in | bearer token; for your n8n its API key | none (default), bearer, header, n8n's users by OAuth | OAuth, or a personal token | none, bearer, headers, OAuth | token, or OAuth with scopes |
| offers | tools: 7, with a key 28 | tools | 50 tools, resources | uses tools only | tools, resources, prompts, questions |
| testing | automatic tests of its author | in the editor, by a test URL | in the editor, `test_workflow` | in the editor | pytest, in memory |
| take it to | learn n8n, build with an assistant | offer a workflow that exists | run and manage n8n by chat | give n8n's agents your tools | have types, tests, review, your data |

As of November 2026, for n8n 2.41.1. The rows *protocol* and *offers* were tried here; so was sign-in by tokens.

**When both?** The library's letters, calendar and chat are in n8n, because its staff changes them. The rules for loans
are in Python, because they need tests. A tool starts a workflow, and a workflow calls a tool. Parts 3 and 4 build that.

<details><summary>Sources, and what was not tried</summary>

- n8n 2.41.1 from npm, run here: webhooks, MCP Server Trigger (version 2 of the node), MCP Client (1), MCP Client Tool
  (1.2), instance-level access, *Remove Duplicates*, *Crypto*, *HTTP Request*. Its license: `LICENSE.md` of the package.
- n8n-mcp 2.87.0 from npm, run here over stdio and HTTP. Its README for hosting. The license of 2.3.2, in June 2025, was still Sustainable Use.
- docs.n8n.io: the pages on *MCP Server Trigger* and *Connect to n8n MCP server*, for SSE and for the word "beta".
- Not tried: n8n's cloud, OAuth in either direction, the hosted service of n8n-mcp, several replicas. n8n says that with
  more than one webhook replica, all requests to `/mcp` must reach the same one.

All five columns were written by people who prefer the last one. Try the others before you decide.

</details>
"""

# %% [markdown] tags=["teacher"]
"""
**For teachers.** Begin with the picture and cover the names: who calls whom? People mix up n8n-mcp (an assistant *edits*
workflows) and the Trigger (an assistant *uses* one). Ask which of the five your class would give to a colleague who
does not program. If time is short, leave out part 5. If somebody has an n8n at hand, let them build the webhook of
part 3 there; the tool needs only another URL and key.
"""

# %% [markdown]
"""
## 3 · A bridge there: a workflow behind a tool

A workflow that begins with a *Webhook* node has a URL. The node can demand a header with a secret, and can answer with
the result of the last node. So a tool needs one HTTP request. Ours starts the workflow *reminders*, which writes letters to
members with late books. Ada and Omar are late, Mary is not.
"""

# %%
def set_loans():
    query("DELETE FROM loans WHERE returned IS NULL")
    for title, member, due in ("Dune", "Ada", "2026-10-26"), ("Emma", "Omar", "2026-10-30"), ("Kindred", "Mary", "2026-11-09"):
        query("INSERT INTO loans (title, member, lent, due) VALUES (?, ?, '2026-10-05', ?)", title, member, due)


def late_members():
    sql = "SELECT DISTINCT member FROM loans WHERE returned IS NULL AND due < ? ORDER BY member"
    return [member for (member,) in query(sql, str(TODAY))]


set_loans()
late_members()

# %% tags=["needs-jupyter"]
from mcp_notebook.course.n8n import StandInForN8n

n8n = StandInForN8n()
N8N_URL = f"{n8n.url}/webhook/reminders"
N8N_KEY = n8n.key  # in a package: os.environ["N8N_KEY"]  # secret
n8n

# %% [markdown]
"""
Here is a first version, as it is often written. It has a time limit, and if no answer comes, it tries again.
"""

# %%
%%mcp_tool remind --no-destructive --no-idempotent --open-world
import httpx

PATIENCE = 1.0


async def remind() -> str:
    """Have n8n write a letter to each member with a late book."""
    headers = {"X-Library-Key": N8N_KEY}
    async with httpx.AsyncClient(timeout=PATIENCE, headers=headers) as http:
        for _ in range(3):
            try:
                answer = await http.post(N8N_URL, json={"members": late_members()})
                return f"{answer.json()['letters']} letters sent"
            except httpx.TransportError:
                continue
    raise ToolError("n8n does not answer. No letters were sent.")

# %% tags=["needs-jupyter"]
%mcp call remind

# %% [markdown]
"""
It works. Now n8n is slow once: the workflow runs, but its answer comes after the time limit.
"""

# %%
%mcp predict 8c.a

# %% tags=["needs-jupyter"]
n8n.reset("slow")
%mcp call remind

# %% tags=["needs-jupyter"]
n8n.letters

# %% [markdown]
"""
<details><summary>Explanation</summary>

A time limit says "I do not know", not "it did not happen". The first request had sent the letters, and the second sent
them again. The error at the end of `remind` is false for the same reason.

</details>

The cure is an **idempotency key**: a header that names the *intent*, "these members, on this day", and not the attempt.
Each try sends the same key, and the receiver does the work only once. n8n does not do that by itself (tried: the same key
twice runs the workflow twice). Its node *Remove Duplicates* does, with *seen in previous executions* and the header as
the value. A second branch can answer `{"duplicate": true}`. Our stand-in has that node.

Which answers deserve another try?

| what happened | another try? | why |
|---|---|---|
| no answer | yes, with the same key | nobody knows whether it ran |
| 502, 503, 504 | yes, with the same key | a proxy in front of n8n spoke |
| 500, "Error in workflow" | no | the key has passed *Remove Duplicates*, so a repeat would be dropped: a person must look |
| 403, 404 | no | a wrong key, or the workflow is not published: it stays wrong |

![A tool and n8n. The first request arrives, the letters go out, and the answer comes too late. The tool repeats the request with the same key. n8n recognizes the key and answers duplicate, without sending letters again.](drawings/same-key-twice.svg)

### Exercise 8c.1: once, and only once

Define the tool `send_reminders()` on `library`. It posts `{"members": [...]}` to `N8N_URL`, with the headers
`X-Library-Key` and `Idempotency-Key`, and at most `PATIENCE` seconds for each request. The key is the same for the same
members on the same day (`TODAY`), in every call of the tool, and another one for other members. It makes at most three
requests; the table says when another try is right.

It returns `"letters to Ada, Omar"`, also if n8n answers that it was a duplicate. If nobody is late, it returns `"nobody
is late"` and makes no request. After 403, 404 or 500 it is an error with the status in its text. If three tries got no
answer, the error says that letters `may be on their way`.
"""

# %% exercise="8c.1"

# %% tags=["needs-jupyter"]
%mcp check 8c.1

# %% [markdown] tags=["teacher"]
"""
**For teachers.** Ask: "How many letters does Ada get if the *model* calls the tool twice?" A random key for each call
protects against the network, and not against the model. A frequent mistake is a new key for each try, which looks right
in the code and protects against nothing. Let people find out by reading `n8n.requests`.
"""

# %% [markdown]
"""
## 4 · A bridge back: n8n calls your server

n8n has two nodes for that. *MCP Client* is a step of a workflow and calls one tool. *MCP Client Tool* gives tools to an AI
agent inside n8n. Both want a URL and a way to sign in. Do not give n8n the whole library. A token opens all tools of a
server, and the selection in n8n is a choice of the workflow's author, not a lock. So n8n gets a server of its own, with
two tools.
"""

# %%
counter = NotebookServer("counter")

for function in (search, author):
    counter.add_tool(function)

# %% [markdown]
"""
The next cell is a **stand-in for the node** *MCP Client*, as n8n 2.41.1 was seen on the wire. It begins with the handshake
of 2025-11-25, declares no capabilities, calls the tool, and hands the next node an item with `content` and
`structuredContent`.
"""

# %%
import httpx2
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp_types import Implementation

NODE = Implementation(name="@n8n/n8n-nodes-langchain.mcpClient", version="1")


async def mcp_client_node(url, token, tool, **arguments):
    """Play the node: return the item that the next node of the workflow gets."""
    async with httpx2.AsyncClient(headers={"Authorization": f"Bearer {token}"}) as http:
        transport = streamable_http_client(url, http_client=http)
        async with Client(transport, mode="legacy", client_info=NODE) as client:
            result = await client.call_tool(tool, arguments)
    item = {"content": [block.text for block in result.content]}
    return item | ({"structuredContent": result.structured_content} if result.structured_content else {})

# %% tags=["needs-jupyter"]
served = %mcp serve --server counter
token = %mcp token --server counter
%mcp log --wire --server counter

# %% tags=["needs-jupyter"]
await mcp_client_node(served.url, token, "author", title="Emma")

# %% tags=["needs-jupyter", "nbval-ignore-output"] reason="The stream and the call begin at the same time, in either order."
%mcp log --wire --diagram --server counter --no-times

# %% [markdown]
"""
That is the earlier protocol: a handshake, a session, a stream for messages from the server. The last two requests are
the SDK's own; n8n does not send them. Now a call that fails.
"""

# %%
%mcp predict 8c.b

# %% tags=["needs-jupyter"]
await mcp_client_node(served.url, token, "author", title="Moby Dick")

# %% tags=["needs-jupyter"]
%mcp log --last 2 --no-times

# %% [markdown]
"""
<details><summary>Explanation</summary>

The node of n8n 2.41.1 drops `isError` (tried): the workflow goes on with the text of the error as if it was an answer.
The node that the *agent* uses passes the text to its model, which can react. So in a workflow, put an *If* node behind
*MCP Client* and go on only if `structuredContent` exists: an error has none. (Your tools have it, unless you give them no result type.)

</details>

Three more things to know. The client declares no capabilities, so a tool that **asks** is refused. It speaks the earlier
protocol, so your server has to answer both, as the SDK's does. And n8n calls from *its* machine: a real one needs an
`https` address (chapter 6), and `%mcp stop` ends this one.
"""

# %%
%mcp stop --server counter

# %% [markdown]
"""
## 5 · Workflows that take long

Some workflows run for minutes: they wait for a mail, or for a person. A tool that waits loses its client, and proxies cut
connections. So the webhook answers *immediately*, "Workflow was started", and something else must bring the result:

- **Polling.** One tool starts the workflow and returns a handle; another says how far it is. Every client can do that.
  n8n's own instance-level server works so: `execute_workflow` returns an id, `get_workflow_execution` has the rest.
- **A task.** The protocol's extension does the same with one tool, for hosts that know it (chapter 9).

Either way, n8n has to report back. Its last node sends an HTTP request to *us*, and we keep the result. The handle here
is the subject and the day, so that a model that asks twice starts one workflow.
"""

# %%
%%mcp_tool start_report --no-destructive --idempotent --open-world
import json
from datetime import datetime, timedelta

query("CREATE TABLE IF NOT EXISTS reports (job TEXT PRIMARY KEY, started TEXT, state TEXT, text TEXT)")


def now():
    return datetime(2026, 11, 2, 10, 0)


async def start_report(subject: str) -> dict[str, str]:
    """Start a report about the books of a subject. It takes minutes: ask report_status for the result."""
    job = f"{subject}-{TODAY}"
    if not query("SELECT 1 FROM reports WHERE job = ?", job):
        query("INSERT INTO reports VALUES (?, ?, 'working', '')", job, now().isoformat())
        async with httpx.AsyncClient(timeout=PATIENCE, headers={"X-Library-Key": N8N_KEY}) as http:
            answer = await http.post(N8N_URL.replace("reminders", "report"), json={"job": job})
        if answer.status_code != 200:
            query("DELETE FROM reports WHERE job = ?", job)
            raise ToolError(f"n8n refused with {answer.status_code}.")
    return {"job": job, "next": "report_status"}

# %% tags=["needs-jupyter"]
query("DELETE FROM reports")
%mcp call start_report subject=nature

# %% [markdown]
"""
The way back is open to the internet, so it needs proof that n8n is the sender. In n8n, a *Crypto* node makes an HMAC of
the time and the body with a secret that both sides know, and *HTTP Request* sends all three (tried: the bytes match).
Chapter 8b explains signatures; this is the same check.
"""

# %%
import hmac
import time

from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route


async def finished(request):
    """Take the result of a workflow, if n8n signed it and it is fresh."""
    body, sent = await request.body(), request.headers.get("x-sent", "")
    expected = "sha256=" + hmac.new(n8n.secret, sent.encode() + b"." + body, "sha256").hexdigest()
    given = request.headers.get("x-signature", "")
    if not hmac.compare_digest(given.encode(), expected.encode()) or abs(time.time() - int(sent)) > 300:
        return Response(status_code=401)
    done = json.loads(body)
    sql = "UPDATE reports SET state = ?, text = ? WHERE job = ? AND state = 'working'"
    query(sql, done["state"], done["text"], done["job"])
    return Response(status_code=204)


app = Starlette(routes=[Route("/n8n/finished", finished, methods=["POST"])])

# %% tags=["needs-jupyter"]
report = {"job": "nature-2026-11-02", "state": "done", "text": "One book: Silent Spring."}
print("somebody else:", await n8n.finished(app, report, secret=b"guessed"))
print("an old one:   ", await n8n.finished(app, report, age=3600))
print("n8n:          ", await n8n.finished(app, report))
query("SELECT job, state, text FROM reports")

# %% [markdown]
"""
`compare_digest` takes equally long wherever the first difference is. `==` gives the same answers, only faster for a worse
guess, and an attacker can measure that. No check of this course can see the difference, so you have to know it. The time
is part of what is signed, and `state = 'working'` in the update makes a repeated message harmless.

### Exercise 8c.2: how far is it?

Define the tool `report_status(job)`, with the result type `dict[str, object]`; for a bare `dict`, the SDK sends only
text. It reads the table `reports` and returns, or refuses:

- `{"state": "working", "ask_again_in": 5}` while the workflow runs;
- `{"state": "done", "text": ...}` with the report;
- an error with n8n's own words, which are in `text`, if the state is `failed`;
- an error that says `lost` if it is still `working` an hour or more after it `started`, by `now()`. `started` is a text
  as `isoformat` writes it;
- an error that names the job if there is no such job.
"""

# %% exercise="8c.2"

# %%
%mcp check 8c.2

# %% [markdown]
"""
## 6 · When a model edits workflows

n8n-mcp with a key, and n8n's instance-level access, let a model build workflows. That is their purpose, and they do it
well. It also means that text from anywhere, such as a mail that the model reads, can end in a change of your n8n
(*prompt injection*, chapter 7). The author of n8n-mcp warns in capitals: never edit production workflows directly with
AI. What do the servers say about their tools? Here are the lists that they gave, by their annotations.
"""

# %%
from collections import Counter

import matplotlib.pyplot as plt

from mcp_notebook.course.n8n import recorded_tools

KINDS = {"reads": "tab:green", "changes": "tab:orange", "destroys": "tab:red"}
figure, axes = plt.subplots(figsize=(7, 2))
for place, (server, tools) in enumerate(recorded_tools().items()):
    counts, left = Counter(tools.values()), 0
    for kind, color in KINDS.items():
        axes.barh(place, counts[kind], left=left, color=color, label=kind if place == 1 else None)
        left += counts[kind]
axes.set_yticks(range(3), list(recorded_tools()))
axes.set_xlabel("tools")
axes.legend()
plt.show()
plt.close(figure)

# %% [markdown]
"""
Many hosts can ask their user before calls that may *destroy* something, as `--approve destructive` does in this project.
"""

# %%
%mcp predict 8c.c

# %%
tools = recorded_tools()["n8n 2.41.1, instance-level"]
[name for name, kind in tools.items() if kind == "changes" and "workflow" in name]

# %% [markdown]
"""
<details><summary>Explanation</summary>

Creating and publishing are both annotated as not destructive. That is correct by the protocol: nothing is deleted. But
together they put something new on the internet. This was tried with a personal token: two calls, and a webhook without
sign-in answered the world. And n8n's hint for builders, in the source of its Trigger, is to choose sign-in `none` by
default.

</details>

So an annotation is not a policy. These four things help, the strongest first:

1. **Another n8n.** The model edits a copy without real credentials. A person carries the result over.
2. **Fewer rights.** An OAuth grant that only reads, or tools that your host leaves out: no `publish_workflow`.
3. **A review before publishing**, by a person who sees what matters. A workflow is JSON, so a program can point at it.
4. `n8n audit` on its command line, and backups of the workflows in Git.

### Exercise 8c.3: what a reviewer must see

Write the function `review(workflow)`. It returns a list of texts in the order of the nodes, each `"NAME: REASON"`:

- `open to everyone`: a node of a type in `OPEN`, if its parameter `authentication` is missing or `none`;
- `runs code`: a node of a type in `CODE`;
- `calls HOST`, with the host in small letters: a node of type `REQUEST` whose `url` leads to a host that is not in
  `HOSTS`; ports and user names are not part of the host;
- `calls an address that is known only in the run`: a `url` that begins with `=`, which is an expression in n8n.
"""

# %%
from urllib.parse import urlsplit

from mcp_notebook.course.n8n import workflow

OPEN = {"n8n-nodes-base.webhook", "@n8n/n8n-nodes-langchain.mcpTrigger"}
CODE = {"n8n-nodes-base.code", "n8n-nodes-base.executeCommand"}
REQUEST = "n8n-nodes-base.httpRequest"
HOSTS = {"archive.example", "api.library.example"}

workflow(
    ("Start", "n8n-nodes-base.webhook", {"path": "loans"}),
    ("Ask", REQUEST, {"url": "https://archive.example/copies"}),
)

# %% exercise="8c.3"

# %%
%mcp check 8c.3

# %% [markdown] tags=["teacher"]
"""
**For teachers.** The third exercise is a good one for pairs: one writes the review, the other writes workflows that slip
through. Ask at the end what a review can never see: the meaning. A workflow that mails all members to one allowed host
passes. So a program points, and a person decides.
"""

# %% tags=["needs-jupyter"]
n8n.close()

# %% [markdown]
"""
## Looking back

- n8n-mcp edits workflows, the Trigger offers one, the Client nodes call you, instance-level access opens a whole n8n.
- A workflow behind a tool is one HTTP request with a time limit and a key for the intent.
- n8n's *MCP Client* node drops `isError`. Let the workflow look at `structuredContent`.
- Long workflows: start, report back signed, ask. A handle that names the intent starts one workflow.
- Annotations are not a policy. Publishing is where a person belongs.

**Test yourself**

<details><summary>1. A colleague wants to chat with an assistant about how the Slack node is set. Which of the five?</summary>

n8n-mcp without a key. It knows the nodes and can change nothing.

</details>
<details><summary>2. Your request to a webhook got no answer. May you send it again?</summary>

Only with an idempotency key, and if the receiver drops repeats. Otherwise the work may be done twice.

</details>
<details><summary>3. Why is the key not a random number for each call?</summary>

The model may call the tool twice. A key for the intent, such as the members and the day, covers that as well.

</details>
<details><summary>4. A workflow with the MCP Client node goes on although your tool failed. Why?</summary>

The node passes the text on without `isError`. Only `structuredContent` is missing, so the workflow has to look for it.

</details>
<details><summary>5. Your host asks before destructive calls. Can a model still publish a workflow unasked?</summary>

Yes. Creating and publishing are annotated as not destructive. Leave those tools out, or ask before every call.

</details>

**Outdated elsewhere**

- n8n-mcp under the *Sustainable Use License*: so it was in June 2025. Now it has MIT.
- *SSE* as the transport of n8n's nodes: streamable HTTP is the default of their newer versions.
- "n8n's instance-level access cannot edit workflows": since 2.13 it can.
- The community node `n8n-nodes-mcp`: n8n has nodes of its own now.

WORDS workflow, node, trigger, execution, webhook, idempotency key, stand-in

**In the specification:**
[tools and their annotations](https://modelcontextprotocol.io/specification/2026-07-28/server/tools) ·
[versioning](https://modelcontextprotocol.io/specification/2026-07-28/basic/versioning) ·
[streamable HTTP](https://modelcontextprotocol.io/specification/2026-07-28/basic/transports/streamable-http) ·
[tasks](https://modelcontextprotocol.io/extensions/tasks/overview) ·
[security best practices](https://modelcontextprotocol.io/docs/2026-07-28/tutorials/security/security_best_practices)

**Next:** [chapter 9](09-extensions.ipynb), apps, tasks, skills and events.
"""
