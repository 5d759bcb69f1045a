# ---
# jupyter:
#   jupytext:
#     comment_magics: false
#     cell_markers: '"""'
# ---

# %% [markdown]
"""
# 4b · Asking the user, and long work

**You will** ask the user in the middle of a call, watch the rounds on the wire, attack the state between them, send the
user to a page for secrets, and write long work that can be followed and stopped.

**Time** about MINUTES minutes. **Fast track:** parts 1, 2, 3 and 6, with exercises 4b.1 and 4b.3. **You need**
[chapter 4](04-advanced-patterns.ipynb), part 3: dependencies. `async` and `await` appear often. You need no account and
no network.
"""

# %%
# Where the course is missing, as on Colab and Kaggle, this cell installs it.
import importlib.util

if importlib.util.find_spec("mcp_notebook") is None:
    %pip install -q "mcp-notebook[course]"
    print("Installed. If the page offers to restart the session, do that. Then run the next cell.")

# %%
%load_ext mcp_notebook
%mcp checkpoint 4b

# %% [markdown]
"""
Grace has the only copy of Emma. All other books are free.
"""

# %%
query("DELETE FROM loans WHERE returned IS NULL")
query("INSERT INTO loans (title, member, lent, due) VALUES ('Emma', 'Grace', '2026-10-19', '2026-11-09')")
waiting = []


def is_free(title):
    ((copies,),) = query("SELECT copies FROM books WHERE title = ?", title)
    return len(query("SELECT 1 FROM loans WHERE title = ? AND returned IS NULL", title)) < copies

# %% [markdown]
"""
## 1 · A question in the middle of a call

Some things only the person knows: *Are you sure? Which of the two?* The protocol calls such a question **elicitation**.
The server asks in the middle of a call, the host shows a form to its user, and the call goes on with the answer. The
model takes no part in it.

With the SDK, a dependency asks. It returns `Elicit(message, Model)`, and the answer takes the place of its value. If
there is nothing to ask, it returns a value. `Book` and `Person` are the dependencies of chapter 4.
"""

# %%
%%mcp_tool reserve --no-destructive --closed-world
from mcp.server.mcpserver import Context, Elicit
from pydantic import BaseModel


class Wish(BaseModel):
    wait: Annotated[bool, Field(description="Put me on the waiting list")]


def ask_to_wait(title: str, book: Book) -> Wish | Elicit[Wish]:
    if is_free(title):
        return Wish(wait=False)  # nothing to ask
    return Elicit(f"All copies of {title} by {book['author']} are lent. Will you wait?", Wish)


def reserve(title: Title, person: Person, wish: Annotated[Wish, Resolve(ask_to_wait)]) -> str:
    """Reserve a book, or join its waiting list if the user wants that."""
    if is_free(title):
        return f"{title} is at the desk for {person}."
    if not wish.wait:
        return f"{title}: no copy is free, and {person} does not wait."
    waiting.append((title, person))
    return f"{title}: {person} is number {len(waiting)} on the waiting list."

# %% [markdown]
"""
(`reserve` after `%%mcp_tool` says that only this function is a tool.) Who answers in a notebook? You do:
`%mcp call reserve title=Emma` shows a form below the cell and waits. Try it in a cell of your own. A notebook that runs
by itself brings the answers along: an object accepts with this content, `"decline"` and `"cancel"` do as they say.
(The person below is `guest`, because nobody is signed in.)
"""

# %%
%mcp call reserve title=Kindred --answers '[]'

# %%
%mcp call reserve title=Emma --answers '[{"wait": true}]'

# %% [markdown]
"""
### The way that most tutorials show

Before 2026-07-28, a tool awaited `ctx.elicit(...)`. Here is one, first with a client of the earlier protocol.
"""

# %%
%%mcp_tool --no-destructive --closed-world
async def reserve_in_the_old_way(title: Title, ctx: Context) -> str:
    """Reserve a book."""
    print(f"noted: somebody wants {title}")
    answer = await ctx.elicit("Put you on the waiting list?", Wish)
    return f"{title}: {answer.action}"

# %%
%mcp call reserve_in_the_old_way title=Emma --answers '[{"wait": true}]' --era legacy

# %%
%mcp predict 4b.a

# %% tags=["raises-exception"]
%mcp call reserve_in_the_old_way title=Emma --answers '[{"wait": true}]'

# %% [markdown]
"""
<details><summary>Explanation</summary>

In the current protocol a server cannot send requests, so `ctx.elicit` has no way to the client. It fails when the
question comes, and the lines before it have run already. `Elicit` in a dependency works in both generations: the SDK
chooses the way. Part 3 shows both ways.

</details>
"""

# %% [markdown] tags=["teacher"]
"""
**For teachers.** Let each person run `%mcp call reserve title=Emma` without answers and try *Accept*, *Decline* and the
closing of the form. Ask: "Who sees the question, the model or the user?" A common misconception is that the model
answers it. Some hosts have no elicitation at all; ask what a tool should do then.
"""

# %% [markdown]
"""
## 2 · Four outcomes

A question can end in four ways:

| outcome | what happened | what to tell the model |
|---|---|---|
| **accept** | the user sent the form | the result; read the answer, because a box may be unticked |
| **decline** | the user said no | do not ask again, offer something else |
| **cancel** | the user closed the form without a choice | nothing is decided, ask again later |
| **invalid** | the host sent an answer that does not fit the schema | nothing: the SDK refuses it |

A tool that takes a `Wish` runs only after *accept*. Otherwise the SDK ends the call with an error in its own words. Take
the whole outcome, `ElicitationResult[Wish]`, if "no" means something, or if the model should read your words.
"""

# %%
%%mcp_tool --no-destructive --closed-world
from mcp.server.mcpserver import (
    AcceptedElicitation,
    CancelledElicitation,
    DeclinedElicitation,
    ElicitationResult,
)

Outcome = Annotated[ElicitationResult[Wish], Resolve(ask_to_wait)]


def reserve(title: Title, person: Person, outcome: Outcome) -> str:
    """Reserve a book, or join its waiting list if the user wants that."""
    match outcome:
        case AcceptedElicitation(data=Wish(wait=True)):
            waiting.append((title, person))
            return f"{title}: {person} is number {len(waiting)} on the waiting list."
        case AcceptedElicitation() if is_free(title):
            return f"{title} is at the desk for {person}."
        case AcceptedElicitation() | DeclinedElicitation():
            return f"{title} is lent, and {person} will not wait. Do not ask again; offer another book."
        case CancelledElicitation():
            return f"{title} is lent, and {person} has not decided. Ask when they come back to it."

# %% [markdown]
"""
Now the host's side. The SDK's client hands each question to a function, the *callback*. In a real host it shows the
form; here, `play_the_user` takes the next answer. `mode` chooses the current protocol or the earlier one. The last
answer is invalid: `wait` is a boolean.
"""

# %%
from mcp import Client, MCPError
from mcp_types import ElicitResult


async def play_the_user(context, params):
    return answer


for mode, action, content in [
    ("auto", "accept", {"wait": False}),
    ("legacy", "decline", None),
    ("auto", "cancel", None),
    ("legacy", "accept", {"wait": "perhaps"}),
]:
    answer = ElicitResult(action=action, content=content)
    async with Client(library, mode=mode, elicitation_callback=play_the_user) as client:
        result = await client.call_tool("reserve", {"title": "Emma"})
        print(f"{client.protocol_version} {action}: {result.content[0].text}")

# %% [markdown]
"""
A client without a callback declares no *capability* for elicitation, and the server must not ask it. A book that needs
no question can still be reserved:
"""

# %%
async with Client(library) as client:
    print((await client.call_tool("reserve", {"title": "Dune"})).content[0].text)
    try:
        await client.call_tool("reserve", {"title": "Emma"})
    except MCPError as error:
        print(error.message)

# %% [markdown]
"""
### Defaults and choices

A form is small on purpose, so that every host can show it: one flat object of texts, numbers, booleans, dates and
choices. `Literal` makes one choice, a list of `Literal` several. A host should fill in the defaults before the user
types.
"""

# %%
%%mcp_tool pick_up --no-destructive --closed-world
from typing import Literal


class PickUp(BaseModel):
    branch: Annotated[Literal["Harbor", "Hill", "Market"], Field(description="Where")] = "Harbor"
    day: Annotated[date, Field(description="When")] = date(2026, 11, 3)
    extras: Annotated[list[Literal["bag", "bookmark"]], Field(description="With it")] = []


def ask_where(title: str) -> Elicit[PickUp]:
    return Elicit(f"Where and when do you want to pick up {title}?", PickUp)


def pick_up(title: Title, choice: Annotated[PickUp, Resolve(ask_where)]) -> str:
    """Have a book brought to a branch."""
    extras = f" with {' and '.join(choice.extras)}" if choice.extras else ""
    return f"{title}{extras} will be at {choice.branch} on {choice.day}."

# %%
from mcp.server.elicitation import render_elicitation_schema

for name, field in render_elicitation_schema(PickUp)["properties"].items():
    print(f"{name:8}{field}")

# %%
%mcp call pick_up title=Dune --answers '[{"branch": "Hill", "extras": ["bag"]}]'

# %% [markdown]
"""
The host left out `day`, and the model's default filled it in. Nested models are not allowed. The SDK notices only when
it asks, so test each question once. And a form never asks for a password, a key or a card number: the answer passes
through the host. Part 4 has the way for those.

### Exercise 4b.1: are you sure?

Define the tool `discard(title)`. It deletes the book from `books`. If a copy is lent, it asks the user first, with one
field, `sure`, which is true or false. It returns:

| the user | result |
|---|---|
| is not asked, because no copy is lent | `"Dune: discarded"` |
| accepts, and is sure | `"Dune: discarded"` |
| accepts, and is not sure; or declines | `"Dune: kept"` |
| cancels | `"Dune: not decided"` |
"""

# %% exercise="4b.1" tags=["project"]

# %%
%mcp check 4b.1

# %% [markdown] tags=["teacher"]
"""
**For teachers.** The classic mistake in 4b.1: the book is deleted after every *accept*, also when the box is unticked.
Ask: "What does a user mean who sends the form with the box empty?" Others delete in the dependency that asks. Part 3
shows why that is dangerous: dependencies run in every round.
"""

# %% [markdown]
"""
## 3 · Rounds on the wire

In the earlier protocol, the server *sends a request* to the client in the middle of the call. That needs a connection
that stays open, and a server that remembers the call. `%mcp log --wire` keeps the messages from now on, and
`%mcp log --diagram` draws the latest call from them:
"""

# %%
%mcp log --wire --clear
%mcp call reserve title=Emma --answers '["decline"]' --era legacy
%mcp log --diagram --no-times

# %% [markdown]
"""
Message 2 goes from the server to the client. In the current protocol only the client sends requests.
"""

# %%
%mcp predict 4b.b

# %%
%mcp call reserve title=Emma --answers '["decline"]'
%mcp log --diagram --no-times

# %% [markdown]
"""
<details><summary>Explanation</summary>

The first `tools/call` **ends**, with a result of the type *input required* and the question in it. The client asks its
user, and sends the **same call again** with the answer. This is a *multi round-trip request*. There can be several
rounds, and the next one may reach another copy of the server. Reading a resource and getting a prompt can end like
this, too; no other request can.

</details>

![Two ways to ask. Up to 2025-11-25: the server keeps the call open and sends a request to the client. In 2026-07-28: the call ends with a question and a sealed state, and the client calls again with the answer and the state.](drawings/rounds.svg)

The server keeps nothing in between. Its memory travels with the client as the **request state**: which question was
asked, and which were answered before. Here are the two rounds by hand. `allow_input_required` tells the SDK's client to
return the question, and not to answer it by itself.
"""

# %%
from mcp_notebook.course.people import signed_in

emma = {"title": "Emma"}


async def round_of(name, arguments, **again):
    """Call reserve as a person; return the result, or the error's message."""
    async with Client(library, elicitation_callback=play_the_user) as client:
        with signed_in(name):
            try:
                return await client.session.call_tool("reserve", arguments, allow_input_required=True, **again)
            except MCPError as error:
                return error.message


first = await round_of("Mary", emma)
((key, question),) = first.input_requests.items()
print(first.result_type, question.method, question.params.message, first.request_state[:3], sep=" | ")

# %% [markdown]
"""
The state is **sealed**: encrypted, so that the client cannot read it, and protected against changes. Otherwise a client
could send answers that its user never gave. Besides your data, the seal binds the server's name, the tool, its
arguments, the *principal* (the signed-in person) and an expiry, by default ten minutes ahead.

The next cell sends the state of Mary's first round back in five ways.
"""

# %%
%mcp predict 4b.c

# %%
state, yes = first.request_state, {key: ElicitResult(action="accept", content={"wait": True})}
attempts = [
    ("as it is", "Mary", emma, state),
    ("with a changed byte", "Mary", emma, state[:-4] + "AAAA"),
    ("for another book", "Mary", {"title": "Persuasion"}, state),
    ("by another person", "Ada", emma, state),
    ("as it is, once more", "Mary", emma, state),
]
for words, name, arguments, sent in attempts:
    result = await round_of(name, arguments, input_responses=yes, request_state=sent)
    print(f"{words:21}{result if isinstance(result, str) else result.content[0].text}")

# %% [markdown]
"""
<details><summary>Explanation</summary>

The first and the last. The seal stops changes, other calls and other people. It does not stop the same client from
sending the same answer again: the state is sealed, not used up. Mary is on the list twice now. A tool that must not act
twice has to see to that itself.

</details>

Two rules follow:

- **Dependencies run in every round.** Keep them free of effects: lend, pay and write in the tool itself.
- **The key of the seal** is made when the server starts and dies with it. Copies of a server need one key for all:
  `RequestStateSecurity(keys=[...])`. Chapter 6 does that.

### Exercise 4b.2: an answer counts once

Define the tool `borrow(title)`. It asks for how many weeks, with one field: `weeks`, from 1 to 4, by default 3. Then it
lends the book to the signed-in person: a row in `loans` with `TODAY` and the day on which it is due. It returns
`"Dune: lent to Ada until 2026-11-16"`. Nobody has the same book twice: for a person who has it already, nothing
changes, and the result says until when they have it. If the user says no, nothing is lent.
"""

# %% exercise="4b.2" tags=["project"]

# %%
%mcp check 4b.2

# %% [markdown]
"""
## 4 · A question with an address

Grace owes a fee. The number of her bank card must reach neither the model nor the host, so a form is wrong. In **URL
mode** the server sends an address instead. The host shows it, and opens it in a browser if its user agrees. Everything
else stays between the user and that page.

### Broken on purpose: three faults in one question

`Elicit` makes forms. For an address, the tool returns the *input required* result itself, and finds the answer in
`ctx.input_responses` when the call comes again.
"""

# %%
%%mcp_tool pay_fee --no-destructive
from mcp_types import ElicitRequest, ElicitRequestURLParams, InputRequiredResult


def ask_to_pay(url):
    page = ElicitRequestURLParams(message="You owe 70 cents. Pay on this page?", url=url)
    return InputRequiredResult(input_requests={"bank": ElicitRequest(params=page)})


def pay_fee(member: Annotated[str, Field(description="Who pays.")], ctx: Context) -> str | InputRequiredResult:
    """Let a member pay their fee on a page."""
    answer = (ctx.input_responses or {}).get("bank")
    if answer is None:
        return ask_to_pay(f"https://pay.library.example/?member={member}")
    return f"{member} has paid." if answer.action == "accept" else f"{member} has not paid."

# %% [markdown]
"""
Ada is signed in, says that she is Grace, and agrees to the address. She never pays.
"""

# %%
with signed_in("Ada"):
    result = %mcp call pay_fee member=Grace --answers '["accept"]'
print(result.content[0].text)

# %% [markdown]
"""
1. **The person comes from an argument.** A model, or its user, can write any name.
2. **A name is in the address.** Addresses end up in histories and logs, and can be changed. The specification forbids
   personal data in them.
3. **"Accept" is taken for "paid".** It means only: the user agreed to open the page.

The repair takes the person from the token, gives each person a random *reference* for the address, and looks whether
the payment came. The page has to know its visitor, too, by the sign-in of the browser. Otherwise Grace could mail her
address to Ada, and Ada would pay for Grace.

![Grace's host calls the server, which answers with an address that holds a random reference. Grace opens it and pays. If Ada opens the same address, the page compares its visitor with the person of the reference, and refuses.](drawings/url-mode.svg)

`visit` stands for that page. `opens_pages` looks at the client's capabilities: a server must not send a question in a
mode that the client does not have.
"""

# %%
import secrets

references, paid = {}, set()


def visit(reference, visitor):
    """The page behind the address."""
    if references.get(visitor) != reference:
        return f"{visitor}, this address was made for somebody else."
    paid.add(visitor)
    return f"{visitor}, thank you."


def opens_pages(ctx):
    modes = ctx.client_capabilities and ctx.client_capabilities.elicitation
    return modes is not None and modes.url is not None

# %%
%%mcp_tool --no-destructive
def pay_fee(ctx: Context) -> str | InputRequiredResult:
    """Pay your fee on a page of the library."""
    me = person()  # a tool that asks by itself cannot take dependencies
    if me in paid:
        return f"{me} has paid."
    answer = (ctx.input_responses or {}).get("bank")
    if not opens_pages(ctx):
        raise ToolError("This application cannot open pages. Please pay at the desk.")
    if answer is None:
        return ask_to_pay(f"https://pay.library.example/{references.setdefault(me, secrets.token_urlsafe(16))}")
    if answer.action == "accept":
        return f"{me} went to the page. No payment has come yet: call pay_fee again in a minute."
    return f"{me} did not want to pay now. The fee stays."

# %%
%mcp predict 4b.d

# %%
with signed_in("Grace"):
    result = %mcp call pay_fee --answers '["accept"]'
    print(result.content[0].text)
    for visitor in ("Ada", "Grace"):
        print("page:", visit(references["Grace"], visitor))
    result = %mcp call pay_fee --answers '[]'
    print(result.content[0].text)

# %% [markdown]
"""
<details><summary>Explanation</summary>

"Accept" brought no payment. The page refused Ada, who had the right address and the wrong sign-in. After Grace's visit,
the second call asks nothing, because the server looks first.

</details>

In 2025-11-25 such a question had an `elicitationId`, and a notification told the client when the visit was over. Both
are gone: the client calls again, and learns the outcome. On an earlier connection, the tool awaits `ctx.elicit_url(...)`.
A host shows the whole address before it opens it, because a bad server could send its user anywhere.
"""

# %% [markdown] tags=["teacher"]
"""
**For teachers.** Before the repair, let pairs find the three faults; most find one or two. Then ask: "Why must the page
know its visitor?" The answer is the phishing attack in the specification. If time is short, skip part 5: nobody should
build new servers on it.
"""

# %% [markdown]
"""
## 5 · Sampling and roots: legacy

A server could also ask for an answer of the client's *model*, which is **sampling**, or for the folders in which its
user works, the **roots**. Both are deprecated since 2026-07-28, and few hosts ever had them. A server that needs a model
calls one itself; a folder can be an argument or a setting. If you meet a server that asks, it looks like this:
"""

# %%
%%mcp_tool blurb --read-only
from mcp.server.mcpserver import Sample
from mcp_types import CreateMessageResult, SamplingMessage, TextContent


def ask_the_model(book: Book) -> Sample:
    request = f"Praise {book['title']} by {book['author']} in one short sentence."
    content = TextContent(type="text", text=request)
    return Sample([SamplingMessage(role="user", content=content)], max_tokens=60)


def blurb(title: Title, written: Annotated[CreateMessageResult, Resolve(ask_the_model)]) -> str:
    """Write a sentence of praise for the shelf."""
    return f"{title}: {written.content.text}"

# %%
%mcp call blurb title=Kindred --answers '["A journey you will not forget."]'
%mcp log --diagram --no-times

# %% [markdown]
"""
The model is a stand-in: the answer is the text that it would write. The rounds are the same as for a form.

## 6 · Long work, followed and stopped

The protocol has no stream of results: the result of a call comes whole, at the end. Before the end, three things make
long work bearable:

- **Progress** notifications go to the client that called, if it asked for them. Each has a number, which must grow, and
  may have a message. The message can carry a part of the result.
- **Cancellation** goes the other way. The work has to stop, and leave things tidy.
- **Partial results** in a resource are still there afterwards, and for everybody.

Once a year, somebody counts the books, shelf by shelf.
"""

# %%
%%mcp_resource library://stocktake --mime-type application/json
stocktake = {"state": "not begun", "counted": {}}


def stocktake_so_far() -> dict[str, object]:
    """The yearly count of the shelves, as far as it is."""
    return stocktake

# %%
%%mcp_tool --no-destructive --idempotent --closed-world
import anyio

STOCKTAKE = "library://stocktake"


async def take_stock(ctx: Context) -> str:
    """Count all shelves. Goes on where it was stopped; library://stocktake has the numbers so far."""
    shelves = query("SELECT subject, sum(copies) FROM books GROUP BY subject ORDER BY subject")
    counted, stocktake["state"] = stocktake["counted"], "counting"
    try:
        for subject, copies in shelves:
            if subject not in counted:
                await anyio.sleep(0.05)  # somebody walks along the shelf
                counted[subject] = copies
                await ctx.report_progress(len(counted), len(shelves), f"{subject}: {copies}")
                await ctx.notify_resource_updated(STOCKTAKE)
        stocktake["state"] = "complete"
        return f"{len(counted)} shelves, {sum(counted.values())} books"
    finally:
        if stocktake["state"] != "complete":
            stocktake["state"] = "stopped"
            with anyio.CancelScope(shield=True):
                await ctx.notify_resource_updated(STOCKTAKE)

# %% [markdown]
"""
`finally` runs however the work ends: done, failed or cancelled. A cancelled task may not await anything any more, so the
last notification needs a *shield*. The client in the next cell hears the parts, and cancels its call after the second.
"""

# %%
async with Client(library) as client:
    with anyio.CancelScope() as call:

        async def hear(done, total, message):
            print(f"{done:.0f} of {total:.0f}: {message}")
            if done == 2:
                call.cancel()

        await client.call_tool("take_stock", progress_callback=hear)
print("cancelled:", call.cancelled_caught)
%mcp read library://stocktake

# %% [markdown]
"""
The two numbers are kept. `if subject not in counted` lets the next call go on from there. With `--timeout`, the client
waits that long for the result *or the next progress report*, so long work that reports is not given up.
"""

# %%
%mcp call take_stock --timeout 5
%mcp log --diagram --no-times

# %% [markdown]
"""
How a cancellation travels depends on the transport. Over HTTP, the client closes the response: a laptop that is shut in
the middle of a call is a cancellation. Over stdio, it sends `notifications/cancelled`. Only `async` code can be stopped,
and only where it awaits. A plain `def` runs to its end (chapter 3).

### Exercise 4b.3: the page scanner

Define the tool `scan(title, pages)`. `pages` is at least 1. For each page, it awaits `anyio.sleep(0.01)`, writes the
number of pages so far to `scanned[title]`, and reports progress: how many of how many. It returns how many it scanned.
While it works, `scanner["used_by"]` is the title. Afterwards it is `None`, **however** the call ended. Give the tool a
`--timeout` of half a second; longer calls are stopped.
"""

# %%
scanner, scanned = {"used_by": None}, {}

# %% exercise="4b.3"

# %%
%mcp check 4b.3

# %% [markdown] tags=["teacher"]
"""
**For teachers.** In 4b.3, many free the scanner in the last line of the function. Ask: "Which lines run when the client
hangs up?" Another mistake is a plain `def` with `time.sleep`: the server cannot stop it. Let people interrupt a cell
with `%mcp call scan title=Dune pages=500` and read `scanner`.
"""

# %% [markdown]
"""
## 7 · Changes for everybody, and tasks

Progress is only for the client that called. Others follow a *resource*: they open `subscriptions/listen`, a request that
stays open, and get a notification whenever it changes (chapter 2). Here a second client follows the count.
"""

# %%
stocktake.update(state="not begun", counted={})
async with Client(library) as caller, Client(library) as follower:
    async with follower.listen(resource_subscriptions=[STOCKTAKE]) as changes:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(caller.call_tool, "take_stock")
            for shelf in ("first", "second", "third", "fourth"):
                change = await anext(changes)
                print(f"{shelf} notification: read {change.uri} again")

# %% [markdown]
"""
One thing is left. A call of minutes is still one request: if its connection breaks, the client can only call again. The
extension *tasks* answers such a call at once with a handle, and the client asks for the result later. Chapter 9 runs
one. Until then:

| need | use |
|---|---|
| the caller wants to see how far it is | progress |
| the caller wants the first parts early | progress messages, or a resource |
| others want to follow | a resource, and `subscriptions/listen` |
| the call takes longer than a connection lasts | a task (chapter 9) |

## Looking back

- A dependency that returns `Elicit` asks the user, in both generations of the protocol. `ctx.elicit` fails in the
  current one.
- Accept, decline, cancel and invalid are four outcomes. An accepted form may still say no.
- A question ends the call, and the same call comes again with the answer and a sealed state. The seal binds the server,
  the tool, its arguments, the person and a time. It does not make the answer count once.
- An address holds a random reference and no name. The person comes from the token, and the page knows its visitor.
- Long work reports progress, keeps its partial results, and tidies up in `finally`.

**Test yourself**

<details><summary>1. A user sends the form with the box "sure" unticked. Which outcome is it?</summary>

*Accept*. Look at the content, not only at the outcome.

</details>
<details><summary>2. Why may a dependency not write to the database?</summary>

It runs in every round of the call, and again if a client repeats a round. Effects belong in the tool.

</details>
<details><summary>3. What does the seal of the request state not prevent?</summary>

That the same client sends the same answer again. A tool that must act once has to check that itself.

</details>
<details><summary>4. The user accepts a question in URL mode. What does the server know?</summary>

That the user agreed to open the address. It has to find out itself whether anything happened there.

</details>
<details><summary>5. A client closes its HTTP response in the middle of a call. What happens to the tool?</summary>

It is cancelled at its next `await`. Its `finally` blocks run.

</details>

**Outdated elsewhere**

- *`await ctx.elicit(...)` in the middle of a tool*, and every other request from the server to the client. The current
  protocol has no way for it.
- *Sampling as the way to use a model in a server*, and *roots* for folders: deprecated.
- *`elicitationId` and `notifications/elicitation/complete`* existed in 2025-11-25 only.
- *`resources/subscribe`, and a GET stream for notifications*: replaced by `subscriptions/listen`.

WORDS elicitation, callback, multi round-trip request, request state, principal, progress, cancellation, sampling,
root

**In the specification:** [elicitation](https://modelcontextprotocol.io/specification/2026-07-28/client/elicitation) ·
[multi round-trip requests](https://modelcontextprotocol.io/specification/2026-07-28/basic/patterns/mrtr) ·
[progress](https://modelcontextprotocol.io/specification/2026-07-28/basic/patterns/progress) ·
[cancellation](https://modelcontextprotocol.io/specification/2026-07-28/basic/patterns/cancellation) ·
[deprecated features](https://modelcontextprotocol.io/specification/2026-07-28/deprecated)

**Next:** [chapter 5](05-authentication-and-security.ipynb), where the person in the token becomes real.
"""
