# ---
# jupyter:
#   jupytext:
#     comment_magics: false
#     cell_markers: '"""'
# ---

# %% [markdown]
"""
# 2 · Core concepts

**You will** offer texts, pictures and tables as resources, tell clients what changed, guard what a tool accepts, prepare
prompts with suggestions, and choose the right kind for each thing.

**Time** about MINUTES minutes. **Fast track:** parts 1, 3, 4 and 5, with exercises 2.2 and 2.3. **You need** chapter 1, up
to its part 5. It helps to have seen `async`, and pandas. You need no account, no key and no network.
"""

# %%
# Where the course is missing, as on Colab and Kaggle, this cell installs it.
import importlib.util

if importlib.util.find_spec("mcp_notebook") is None:
    %pip install -q "mcp-notebook[course]"
    print("Installed. If the page offers to restart the session, do that. Then run the next cell.")

# %% [markdown]
"""
## 1 · Resources: an address and a content

A **resource** is something to read. It has an address (a URI), a content, and a *MIME type*, which says what kind of
content that is. The content is made when somebody reads it, and reading changes nothing.

The checkpoint restores the server of chapter 1, with your own answers if they pass. It also brings the names that
chapter 1 gave: `library`, `query`, `TODAY`, `Title`, the functions of the tools, and what its cells imported, such as
`Annotated`, `Field` and `ToolError`.
"""

# %%
%load_ext mcp_notebook
%mcp checkpoint 2

# %% [markdown]
"""
The function's return value decides what is sent: `str` is text, `bytes` are binary, and anything else becomes JSON.
"""

# %%
%%mcp_resource library://notices/today --mime-type text/plain
todays_notice = "Story time at 15, in the reading room."


def notice() -> str:
    """The notice at the entrance of the library. It is empty on most days."""
    return todays_notice

# %% tags=["project"]
%%mcp_resource library://catalog --mime-type application/json
def catalog() -> list[str]:
    """All titles of the library, in alphabetical order."""
    return [title for (title,) in query("SELECT title FROM books ORDER BY title")]

# %% [markdown]
"""
And a picture, by matplotlib. It counts how often it was drawn. `Figure` is used without `pyplot`, because the
server calls functions on threads, and `pyplot` is not made for threads.
"""

# %%
%%mcp_resource library://subjects --mime-type image/png
import io

from matplotlib.figure import Figure

drawn = 0


def subjects() -> bytes:
    """A bar chart: how many books the library has in each subject."""
    global drawn
    drawn += 1
    names, counts = zip(*query("SELECT subject, count(*) FROM books GROUP BY subject ORDER BY 2"))
    figure = Figure(figsize=(5, 2), dpi=80, layout="constrained")
    figure.subplots().barh(names, counts, color="#1f5fbf")
    png = io.BytesIO()
    figure.savefig(png, format="png")
    return png.getvalue()

# %% [markdown]
"""
`%mcp read` shows a resource. Here is a client that reads one itself, with `Client` from the official SDK. JSON has no
bytes, so text travels in a field `text`, and a binary content in a field `blob`, written as *base64*, which is text.
"""

# %%
from base64 import b64decode

from IPython.display import Image
from mcp import Client
from mcp_types import TextResourceContents


async def show(uri):
    """Read a resource, and show what came."""
    async with Client(library) as client:
        (content,) = (await client.read_resource(uri)).contents
    if isinstance(content, TextResourceContents):
        return f"text: {content.text!r}"
    print("blob:", content.blob[:16], "...")
    return Image(b64decode(content.blob))


await show("library://subjects")

# %%
todays_notice = ""
await show("library://notices/today")

# %% [markdown]
"""
An empty text is a text, too. So `show` asks for the type. `content.text or content.blob` would fail on the first day
without a notice.

A client *lists* resources, *reads* some, and may *listen* for changes of a few.

![A list brings names and types, and no function runs. A read runs your function and brings the content. Listening brings a notification for each change, without content.](drawings/list-read-listen.svg)
"""

# %%
%mcp predict 2.a

# %%
drawn = 0
async with Client(library) as client:
    for resource in (await client.list_resources()).resources:
        print(f"{resource.uri:24} {resource.mime_type}")
    print("drawn after listing:", drawn)
    await client.read_resource("library://subjects")
    print("drawn after reading:", drawn)

# %% [markdown]
"""
<details><summary>Explanation</summary>

A list holds names, types and descriptions, never contents. So a host can show hundreds of resources in a menu, and read
only the chosen ones.

</details>

## 2 · Templates: one function for many addresses

An address with a variable is a **resource template**; the variable is a parameter of the function. The *scheme*,
`library`, is our own, so our server decides what its addresses mean. Use `https` only for what a client can also fetch from
the web by itself.

Chapter 1 made the template `library://books/{title}`. For an unknown title, its function fails, and clients see an
*internal error*, as if the server were broken. Here is a better version: the text of a `ResourceNotFoundError` reaches the
client.
"""

# %% tags=["project"]
%%mcp_resource library://books/{title} --mime-type application/json
from mcp.server.mcpserver.exceptions import ResourceNotFoundError


def book(title: str) -> dict[str, object]:
    """One book of the library: author, year, subject and number of copies."""
    found = query("SELECT author, year, subject, copies FROM books WHERE title = ?", title)
    if not found:
        raise ResourceNotFoundError(f"{title!r} is not in the library. See library://catalog.")
    author, year, subject, copies = found[0]
    return {"title": title, "author": author, "year": year, "subject": subject, "copies": copies}

# %% [markdown]
"""
Each member has an address, too. (So far, everybody may read it. Chapter 5 is about who may.)
"""

# %% tags=["project"]
%%mcp_resource library://members/{name} --mime-type application/json
def member_card(name: str) -> dict[str, object]:
    """A member of the library, with the books that they have now and the days on which they are due."""
    found = query("SELECT joined FROM members WHERE name = ?", name)
    if not found:
        raise ResourceNotFoundError(f"{name!r} is not a member of the library.")
    sql = "SELECT title, due FROM loans WHERE member = ? AND returned IS NULL ORDER BY due"
    loans = [{"title": title, "due": due} for title, due in query(sql, name)]
    return {"name": name, "joined": found[0][0], "loans": loans}

# %% [markdown]
"""
Ada borrows a book. (The first line ends loans that you made before.)
"""

# %%
query("DELETE FROM loans WHERE returned IS NULL")
%mcp call lend title=Dune member=Ada
%mcp read library://members/Ada

# %% [markdown]
"""
A client fills in the variables, by the standard RFC 6570. Three forms are enough:

| in the template | stands for | example |
|---|---|---|
| `{title}` | one piece, without a slash | `library://books/The%20Dispossessed` |
| `{+place}` | several pieces, with slashes | `library://shelves/ground/fiction` |
| `{?subject,before}` | options after a question mark | `library://shelf?before=1900` |

An option needs a default in the function. An address is text; the type of the parameter makes a number of it.
"""

# %%
%%mcp_resource library://shelf{?subject,before} --mime-type application/json
def shelf(subject: str = "", before: int = 9999) -> list[str]:
    """Titles on the shelf, narrowed by subject and by year."""
    sql = "SELECT title FROM books WHERE subject LIKE ? AND year < ? ORDER BY title"
    return [title for (title,) in query(sql, f"%{subject}%", before)]

# %%
%mcp read library://shelf?subject=novel&before=1850

# %%
%mcp predict 2.b

# %%
from mcp import MCPError

addresses = [
    "library://books/Moby%20Dick",
    "library://books/Dune/first-edition",
    "library://shelf?before=long-ago",
    "library://magazines",
]
async with Client(library) as client:
    for uri in addresses:
        try:
            await client.read_resource(uri)
        except MCPError as error:
            print(error.code, error.message)

# %% [markdown]
"""
<details><summary>Explanation</summary>

Only the first reaches a function. The second has a slash, which `{title}` does not take, and the fourth fits no template.
The third fits one, but `long-ago` is not a number, so the server refuses before `shelf` runs.

The code `-32602` says that the address is wrong, `-32603` that something failed in the server. For a value of the wrong
type, the SDK uses the second.

</details>

A failed tool answers with a *result*, because a model reads it. A missing resource is an *error of the protocol*, because
the application asked.

### Exercise 2.1: books of a decade

Define the template `library://decades/{decade}`. It gives the titles of ten years, in alphabetical order:
`library://decades/1970` has the books from 1970 to 1979. Clients learn that the content is JSON. A decade that is not a
number is an error that names it, with the code `-32602` of a wrong address.
"""

# %% exercise="2.1"

# %%
%mcp check 2.1

# %% [markdown] tags=["teacher"]
"""
**For teachers.** Ask before part 2: "How many resources does a library with a million books list?" (One: the catalog. The
template needs one entry.) A frequent mistake in 2.1 is `year - decade < 10`, which also takes the earlier years. If
somebody asks why a list and a template are separate: a client cannot read a template before it has filled it in.
"""

# %% [markdown]
"""
## 3 · Tools: what they change, and what they accept

Why is `library://members/{name}` a resource, and `lend` a tool? Think of a request that is sent twice, or by mistake.
Reading does no harm. A tool may **act**: afterwards, the world is different.

So hosts ask their users before some calls. They decide by the tool's **annotations**, which you write as options:

| option | says | if you say nothing |
|---|---|---|
| `--read-only` | changes nothing | it may change things |
| `--no-destructive` | only adds; overwrites and deletes nothing | it may destroy |
| `--idempotent` | a second call with the same arguments changes nothing more | each call may change more |
| `--closed-world` | stays within this server | it may reach the web, a mailbox, ... |

Here is a tool that lies: it says that it only reads.
"""

# %%
%%mcp_tool --read-only --closed-world
def take_down() -> str:
    """Take down the notice at the entrance."""
    global todays_notice
    todays_notice = ""
    return "There is no notice any more."

# %%
%mcp predict 2.c

# %%
todays_notice = "Lost: a green scarf."
async with Client(library) as host:
    for tool in (await host.list_tools()).tools:
        harmless = tool.annotations and tool.annotations.read_only_hint
        print(f"{tool.name:10} {'the host just calls it' if harmless else 'the host asks its user first'}")
    await host.call_tool("take_down")
print("the notice:", repr(todays_notice))

# %% [markdown]
"""
<details><summary>Explanation</summary>

Annotations are claims, not locks. The specification tells clients not to trust them unless they trust the server. You owe
true ones to the people who trust yours. Part 4 corrects this tool.

</details>

A *schema* does hold: the server refuses what does not fit. With pydantic, arguments that belong together become a class.
A *validator* in it is a rule that no schema can express. The text of its `ValueError` reaches the model.
"""

# %%
%%mcp_tool --no-destructive --closed-world
from pydantic import BaseModel, field_validator


class Reservation(BaseModel):
    """A wish to borrow a book when it is back."""

    title: Title
    member: str
    weeks: Annotated[int, Field(description="For how long.", ge=1, le=4)] = 3

    @field_validator("title")
    @classmethod
    def in_the_library(cls, title):
        if not query("SELECT 1 FROM books WHERE title = ?", title):
            raise ValueError(f"{title!r} is not in the library. Use search to find the exact title.")
        return title


def reserve(reservation: Reservation) -> Reservation:
    """Check a reservation, without making it."""
    return reservation

# %% [markdown]
"""
In the first reservation, the number of weeks is a text. Models often write numbers like that.
"""

# %%
%mcp call reserve reservation={"title":"Emma","member":"Ada","weeks":"2"}

# %%
%mcp call reserve reservation={"title":"Emma","member":"Ada","weeks":9}

# %%
%mcp call reserve reservation={"title":"Ulysses","member":"Ada"}

# %% [markdown]
"""
`"2"` is accepted, because that text is a number. `reserve` itself needs no `if`.

A long call can report its **progress** to the client that made it, if that client asked. The SDK fills in `Context`, an
object with what belongs to the request; clients do not see this parameter.
"""

# %% tags=["project"]
from mcp.server.mcpserver import Context

# %%
%%mcp_tool --read-only --closed-world
async def take_stock(ctx: Context) -> int:
    """Count the copies of the oldest books, one title after the other."""
    books = query("SELECT title, copies FROM books ORDER BY year LIMIT 3")
    for done, (title, _) in enumerate(books, start=1):
        await ctx.report_progress(done, len(books), title)
    return sum(copies for _, copies in books)

# %% [markdown]
"""
`%mcp log --diagram` draws the messages of the latest call. The first line below makes the notebook keep them. With a
timeout, `%mcp call` asks for progress, because each report restarts the clock.
"""

# %%
%mcp log --wire --clear
%mcp call take_stock --timeout 10
%mcp log --diagram --no-times

# %% [markdown] tags=["teacher"]
"""
**For teachers.** Common misconception: "the annotations protect my data". Let people find a tool in their own work that
would be dangerous if its annotation were false. Ask: "Is `lend` idempotent?" (No: a second call makes a second loan.) If
time is short, skip the progress: chapter 4 uses it again.
"""

# %% [markdown]
"""
## 4 · Tell clients what changed

A client that shows the notice on a screen should not ask again every second. It **listens**: it names addresses, and gets
a *notification* when one of them changed. The notification has no content. To get that, the client reads again.

Here is one more thing that changes. `%mcp expose` makes a variable of the notebook a resource.
"""

# %%
waiting = ["Mary"]
%mcp expose waiting --uri library://waiting --description "Who waits for Piranesi."

# %% [markdown]
"""
Now a client that listens in the background. It has no cell to print to, so it puts what it hears into a queue.
"""

# %%
import asyncio

import anyio

heard = asyncio.Queue()


async def follow(*uris):
    """Be a client that listens to these addresses, until it is cancelled."""
    async with Client(library) as client, client.listen(resource_subscriptions=uris) as changes:
        heard.put_nowait("listening")
        async for change in changes:  # it waits here for the next notification
            heard.put_nowait(change)


async def next_change(patience=5):
    """Return what the client heard next."""
    with anyio.move_on_after(patience):  # seconds
        return await heard.get()
    return "nothing"


# A task runs beside the cells; the first thing that it puts into the queue is "listening".
follower = asyncio.create_task(follow("library://waiting", "library://notices/today"))
await next_change()

# %%
%mcp predict 2.d

# %%
waiting.append("Omar")

# %%
await next_change(1)

# %%
waiting = [*waiting, "Grace"]

# %%
await next_change(1)

# %%
todays_notice = "Story time at 15."
%mcp call take_down

# %%
await next_change(1)

# %% [markdown]
"""
<details><summary>Explanation</summary>

The notebook sees that a cell gave the name `waiting`, which it exposes, another list. It cannot see a change inside of a
list. `todays_notice` is not exposed: a function reads it, and nothing watches it. (Readers get the new content in each case. They only were not told.)

</details>

So a tool that changes something should say so, *after* the change. `Context` does that. The annotations are true now, too.
"""

# %%
%%mcp_tool --destructive --idempotent --closed-world
async def take_down(ctx: Context) -> str:
    """Take down the notice at the entrance."""
    global todays_notice
    todays_notice = ""
    await ctx.notify_resource_updated("library://notices/today")
    return "There is no notice any more."

# %%
%mcp call take_down
await next_change()

# %%
query("DELETE FROM loans WHERE returned IS NULL")  # Ada's loan ends, and so does the client
follower.cancel();

# %% [markdown]
"""
### Exercise 2.2: a book comes back

Define the tool `give_back(title, member)`. It ends the member's open loan of this title: `returned` becomes `TODAY`, as
text. It returns `"Dune: back from Ada"`. Clients that listen to the member's address, such as `library://members/Ada`, are
notified. If there is no such open loan, the error names the title, and nothing changes. Loans that ended earlier stay as
they are.
"""

# %% exercise="2.2" tags=["project"]

# %%
%mcp check 2.2

# %% [markdown] tags=["teacher"]
"""
**For teachers.** In 2.2, nearly everybody first writes an UPDATE without `returned IS NULL`, which rewrites history. Let
them read the case that found it, and ask which of their own tests would have. Ask also: "Why notify after the change?" (A
client reads at once, and would get the old content.)
"""

# %% [markdown]
"""
## 5 · Tables, plots and links

The library has two years of loans. Here they are as a pandas *DataFrame*, a table: for each loan, the days that the book
was kept and the days that it was late.
"""

# %%
import pandas as pd

SQL = """
SELECT title, member, lent, julianday(returned) - julianday(lent), max(0, julianday(returned) - julianday(due))
FROM loans WHERE returned IS NOT NULL ORDER BY lent
"""


def read_loans() -> pd.DataFrame:
    """Return the loans that came back, as they are in the database now."""
    table = pd.DataFrame(query(SQL), columns=["title", "member", "lent", "kept", "late"])
    return table.astype({"kept": int, "late": int})


loans = read_loans()
loans.tail(3)

# %% [markdown]
"""
A tool may return a table as it is. A model should not get all of it: each row costs *tokens*, the units that models read
and are billed by. So the result has the first rows for the model, and **resource links** to all of it. A link is an
address, with a name and a type. The host can read it, or pass it on. (`-o` keeps a result in a variable.)

![A table of 149 rows becomes a result with two parts: the first 20 rows, which the model reads, and two links, with which the application can read all.](drawings/table-and-links.svg)
"""

# %%
%%mcp_tool --read-only --closed-world
def loans_of(member: Annotated[str, Field(description="The member's name.")]) -> pd.DataFrame:
    """List the earlier loans of a member, the latest first."""
    table = read_loans()
    return table[table["member"] == member].sort_values("lent", ascending=False)

# %%
%mcp call loans_of member=Ada -o result
table = result.structured_content
table["row_count"], len(table["rows"]), table["rows"][0]

# %%
link = next(block for block in result.content if block.type == "resource_link")
async with Client(library) as client:
    (whole,) = (await client.read_resource(link.uri)).contents
print(link.name, "as", link.mime_type, "has", len(whole.text.splitlines()) - 1, "rows")

# %% [markdown]
"""
A plot is a result, too: a picture for the person, and for a model that can see. The red line is the due day.
"""

# %%
%%mcp_tool --read-only --closed-world
def plot_of_days() -> Figure:
    """Plot for how many days books were kept, with a line at the 21 days of a loan."""
    figure = Figure(figsize=(6, 2.4), dpi=80, layout="constrained")
    axes = figure.subplots()
    table = read_loans()
    late = (table["late"] > 0).mean()
    axes.hist(table["kept"], bins=range(0, 39, 3), color="#6fa8dc", edgecolor="white")
    axes.axvline(21, color="#b00020")
    axes.set(xlabel="days kept", ylabel="loans", title=f"{late:.0%} of the loans came back late")
    return figure

# %%
%mcp call plot_of_days -o plotted
Image(b64decode(plotted.content[0].data))

# %% [markdown]
"""
Or leave the questions to the model. `%mcp expose --query` offers the table as a resource, and adds a tool that filters and
sorts it. The model needs no SQL for it, and cannot write any.
"""

# %%
%mcp expose loans --uri library://loans --description "All loans that came back." --query

# %%
%mcp call query_loans where=[{"column":"late","op":">","value":12}] sort=[{"column":"lent","descending":true}] limit=3

# %% [markdown]
"""
The variable `loans` is a copy of one moment; `loans_of` asks the database each time. Know which of the two you offer.

Your own tools can return links as well, for instance to a resource that exists already:
"""

# %%
%%mcp_tool --read-only --closed-world
from urllib.parse import quote

from mcp_types import ResourceLink


def newest() -> list[str | ResourceLink]:
    """Return the newest book of the library, with a link to what is known about it."""
    ((title,),) = query("SELECT title FROM books ORDER BY year DESC LIMIT 1")
    link = ResourceLink(name=title, uri=f"library://books/{quote(title)}", mime_type="application/json")
    return [f"The newest book is {title}.", link]

# %%
%mcp call newest

# %% [markdown]
"""
### Exercise 2.3: late loans

Define the tool `late_loans(days)`. It returns a DataFrame of the loans that came back at least `days` days late, with the
columns `title`, `member` and `late`: the most days first, and the same number of days by title. Each call shows the
database as it is then. `days` is at least 1, and the tool says that it only reads.
"""

# %% exercise="2.3"

# %%
%mcp check 2.3

# %% [markdown] tags=["teacher"]
"""
**For teachers.** In 2.3, many filter `loans`, the copy. It works until the database changes, and the check changes it. Ask:
"Which of your own tables would be too large for a model?" and "Who reads the link?" (The host, if at all; the model only
sees the address.)
"""

# %% [markdown]
"""
## 6 · Prompts and completions

A **prompt** is a message that you prepare and a person starts from. Hosts show prompts in a menu, with a field for each
argument. A parameter without a default is required; one with a default is optional.
"""

# %% tags=["project"]
%%mcp_prompt
def recommend(
    liked: Annotated[str, Field(description="A title that the reader liked.")],
    mood: Annotated[str, Field(description="What the reader is in the mood for.")] = "anything",
    count: Annotated[int, Field(description="How many books to recommend.", ge=1, le=3)] = 1,
) -> str:
    """Ask for books similar to one that the reader liked."""
    return f"A reader liked {liked}, in the mood for {mood}. Search our library, and recommend {count}. Say why."

# %%
%mcp prompt recommend liked=Dune count=2

# %% [markdown]
"""
A person types text into the fields, so arguments have no schema: clients see a name, a description, and whether it is
required. The server still makes a number of `count`, or refuses.

A prompt can be several messages, by the *user* or the *assistant*, and a message can carry data. Here it is an **embedded
resource**: the address and the content together, so that no second request is needed.
"""

# %%
%%mcp_prompt
import json

from mcp.server.mcpserver.prompts.base import AssistantMessage, UserMessage
from mcp_types import EmbeddedResource


def discuss(title: Title) -> list[UserMessage | AssistantMessage]:
    """Talk about a book with somebody who has its data at hand."""
    data = TextResourceContents(uri=f"library://books/{quote(title)}", text=json.dumps(book(title)))
    return [
        UserMessage(f"Let us talk about {title}."),
        UserMessage(EmbeddedResource(resource=data)),
        AssistantMessage("Have you read it, or shall I keep the ending to myself?"),
    ]

# %%
%mcp prompt discuss title=Emma

# %% [markdown]
"""
While a person types a prompt's argument or a template's variable, the client can ask for **completions**: suggestions that
fit the text so far. (Tools have none: a model writes their arguments.) One function, with the SDK's own decorator, answers
for the whole server. In `context` it gets the other arguments, as far as they are filled in; this one
does not need them.
"""

# %% tags=["project"]
from mcp_types import Completion

SUGGESTED = {
    "title": "SELECT title FROM books ORDER BY title",
    "liked": "SELECT title FROM books ORDER BY title",
    "name": "SELECT name FROM members ORDER BY name",
    "subject": "SELECT DISTINCT subject FROM books ORDER BY subject",
}


@library.completion()
async def suggest(ref, argument, context):
    """Suggest what an argument of a prompt, or a variable of a template, could be."""
    if argument.name not in SUGGESTED:
        return None
    values = [value for (value,) in query(SUGGESTED[argument.name])]
    found = [value for value in values if value.lower().startswith(argument.value.lower())]
    return Completion(values=found[:100], total=len(found), has_more=len(found) > 100)

# %%
from mcp_types import PromptReference, ResourceTemplateReference

async with Client(library) as client:
    for ref, name, typed in [
        (PromptReference(name="recommend"), "liked", "p"),
        (ResourceTemplateReference(uri="library://members/{name}"), "name", ""),
    ]:
        answer = await client.complete(ref, {"name": name, "value": typed})
        print(f"{name} {typed!r}: {answer.completion.values}")

# %% [markdown]
"""
An answer has at most 100 values; `total` and `has_more` say what was left out. Suggestions are not a check: a person can
type anything. And they tell things: the last line gave the names of all members to anybody.

A prompt that cannot be made is an error of the protocol, as for a resource. Raise `MCPError(-32602, "why")`: that text
reaches the client. The text of any other exception stays in the server.

### Exercise 2.4: the book club

Define the prompt `book_club` with a required argument `title` and an optional one, `audience`, which is "adults" if nobody
fills it in. Its text names both, and the author of the book.
"""

# %% exercise="2.4"

# %%
%mcp check 2.4

# %% [markdown]
"""
## 7 · Long lists, and who controls what

A list may come in **pages**. Every page but the last has a *cursor*, which the client sends to get the next one. The SDK's
`MCPServer` answers in one page. A server with thousands of entries uses the SDK's lower layer, `Server`, and makes the
pages itself. The course has one: an archive of index cards.
"""

# %%
from mcp_notebook.course.index_cards import archive


async def every_resource(client):
    """Return all resources of a server, page by page."""
    found, cursor = [], None
    while True:
        page = await client.list_resources(cursor=cursor)
        print("a page of", len(page.resources))
        found += page.resources
        if (cursor := page.next_cursor) is None:
            return found


async with Client(archive) as client:
    print(len(await every_resource(client)), "cards")

# %% [markdown]
"""
A client without this loop sees the first 100 cards, and no error. A cursor is *opaque*: send it back as it came, and never
read or make one. Only a missing cursor ends the list. An empty text is a cursor, too, so `if not cursor` would be wrong.

The three kinds differ in **who decides** that they are used:

![In a host, the person picks prompts, the application reads resources, and the model calls tools, all on the same server.](drawings/who-decides.svg)

The same data may be worth offering twice: the catalog for an application that wants all of it, and `search` for a model that
looks something up on the way.

## Looking back

- A resource is listed by name and read on demand. A template gives one function many addresses.
- Clients hear *that* something changed, and read again. A tool says so, after the change.
- Annotations are claims. Schemas and validators hold.
- A table goes to the model as its first rows, and to the application as a link.
- People pick prompts, applications read resources, models call tools.

**Test yourself**

<details><summary>1. A server has a million books. How many entries does its list of templates need for them?</summary>

One, such as `library://books/{title}`. Clients learn the titles from a search tool, a catalog, or completions.

</details>
<details><summary>2. A client reads an address that does not exist. Does it get a result with `is_error`?</summary>

No, an error of the protocol, with the code -32602. `is_error` is for tools.

</details>
<details><summary>3. Your tool says `--read-only` and deletes a row. What does the server do about it?</summary>

Nothing. Annotations are claims. A host that believes this one will not ask its user.

</details>
<details><summary>4. A client got a notification about `library://members/Ada`. What does Ada's card say now?</summary>

The client has to read it again: the notification has only the address.

</details>
<details><summary>5. Your tool finds 50,000 rows. What do you send?</summary>

The first rows and the total number for the model, and a resource link to the file for the application.

</details>

**Outdated elsewhere**

- `resources/subscribe`, a request for each address in a session, is the legacy way. Now one `subscriptions/listen` names
  all that a client wants to hear about.
- A missing resource was -32002. Now it is -32602; clients should accept both.
- `ctx.info("...")` sends log messages to the client. Logging by the protocol is deprecated: use standard error.

WORDS MIME type, scheme, Base64, resource link, embedded resource, subscription, notification, completion, page,
cursor, idempotent

**In the specification:** [resources](https://modelcontextprotocol.io/specification/2026-07-28/server/resources) ·
[subscriptions](https://modelcontextprotocol.io/specification/2026-07-28/basic/patterns/subscriptions) ·
[tools](https://modelcontextprotocol.io/specification/2026-07-28/server/tools) ·
[prompts](https://modelcontextprotocol.io/specification/2026-07-28/server/prompts) ·
[completion](https://modelcontextprotocol.io/specification/2026-07-28/server/utilities/completion)

**Next:** [chapter 3](03-server-architecture.ipynb), what carries these messages, and how a server lives.
"""
