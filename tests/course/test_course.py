"""The course: every exercise is honest, every notebook is fit to be committed."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any

import anyio
import nbformat
import pytest
from click.testing import CliRunner
from mcp.server.mcpserver import Elicit, Resolve
from nbclient import NotebookClient
from pydantic import BaseModel

from mcp_notebook import NotebookServer
from mcp_notebook.cli import main
from mcp_notebook.course import Case, check
from mcp_notebook.course.copy import FIRST, copy_course, course_source

NOTEBOOKS = sorted(course_source().glob("*.ipynb"))


def cells_of(path: Path) -> list[Any]:
    return nbformat.read(path, as_version=4).cells


PILE = """%%mcp_tool give_back
class Back(BaseModel):
    title: str
    days_late: int | None = None
    problem: str | None = None

def loan_of(title):
    return next((loan for loan in loans if loan["title"] == title), None)

def back(title):
    loan = loan_of(title)
    if loan is None:
        return Back(title=title, problem="not lent")
    loans.remove(loan)
    return Back(title=title, days_late=max(0, today - loan["due"]))

"""
TITLES = "titles: Annotated[list[str], Field(min_length=1, max_length=20)]"
SURE = "%%mcp_tool discard\nclass Sure(BaseModel):\n    sure: bool\n\n"
ASK = """def ask(title: str) -> Sure | Elicit[Sure]:
    lent = any(loan["title"] == title for loan in loans)
    return Elicit("Sure?", Sure) if lent else Sure(sure=True)

"""
DISCARD = "def discard(title: str, outcome: Annotated[ElicitationResult[Sure], Resolve(ask)]) -> str:\n"
SCAN = """%%mcp_tool --timeout 0.5
import time

async def scan(title: str, pages: Annotated[int, Field(ge=1)]) -> int:
    scanner_room["used_by"] = title
    for page in range(pages):
"""

ENTER = """
pool = NotebookServer("pool")

@pool.tool()
def enter(card: str) -> str:
    try:
        key = keys_of_the_town_hall.get_signing_key_from_jwt(cards[card])
        return jwt.decode(cards[card], key, algorithms=["ES256"], {})["sub"]
    except jwt.PyJWTError:
        raise ToolError("This card is not good here.")
"""

PIN = """%%mcp_tool --server library
def pin_notice(name: str, text: Annotated[str, Field(max_length=500)]) -> str:
    path = (board / name).resolve()
    if {}:
        raise ToolError("No notice can be called that.")
    if path.exists():
        raise ToolError("There is such a notice already.")
    path.write_text(text)
    return "pinned"
"""

MEMBERS = """%%mcp_tool --server library --run-on main
from typing import Literal

def members_by(column: {}, limit: Annotated[int, Field({})]) -> list[str]:
    return [name for (name,) in database.execute(f"SELECT name FROM members {}", ({}))]
"""

CLOSE = """%%mcp_tool --server library --destructive
def close_account(member: Name) -> str:
    {}
    accounts.discard(member)
    return f"The account of {{member}} is closed."
"""

COPY = """%%mcp_tool --server papers
def copy_file(source: Place, target: Place) -> int:
    original, copy = {}, {}
    if not original.is_file(): raise ToolError(f"There is no file {{source!r}}.")
    {}
    {}
    return original.stat().st_size
"""
NEVER = "if copy.exists(): raise ToolError('It is there already.')"
SAME = "copy.write_bytes(original.read_bytes())"

HAND = """%%mcp_tool --server records
def hand_over(title: str, giver: str, taker: str) -> str:
    values = {{"title": title, "giver": giver, "taker": taker}}
    with engine.{}() as connection:
        if {}: raise ToolError(f"{{taker!r}} is no member.")
        move = text({})
        if connection.execute(move, values).rowcount != {}: raise ToolError(f"{{giver!r}} does not have {{title!r}}.")
    return f"{{title}}: {{giver}} to {{taker}}"
"""
UNKNOWN = "connection.scalar(text('SELECT name FROM members WHERE name = :taker'), values) is None"
MOVE = "'UPDATE loans SET member = :taker WHERE title = :title AND member = :giver'"

HOURS = """%%mcp_tool --server archive
days = {{}}

async def hours(week: int, day: str, ctx: Context) -> str | None:
    http = ctx.request_context.lifespan_context
    if {}:
        answer = await {}
        if answer.status_code == {}: raise ToolError("That is no day.")
        days[{}] = answer.json()["hours"]
    return days[{}]
"""
FETCH = "fetch(http, f'/hours/{week}/{day}')"

NEWS = """%%mcp_tool --server door
taken = set()

def take_news(body: str, sent_at: int, signature: str) -> str:
    expected = signature_of({}, DOOR_SECRET)
    {}
    {}
    {}
    {}
    return "taken"
"""
SIGNED = 'f"{sent_at}.{body}".encode()'
FORGED = "if not hmac.compare_digest(signature.encode(), expected.encode()): raise ToolError('forged')"
OLD = "if abs(clock() - sent_at) > 300: raise ToolError('too old')"
SEEN = "if signature in taken: raise ToolError('seen before')"
KEEP = "taken.add(signature)"

WELL = """%%mcp_tool --server clinic
def well(place: str) -> str:
    try:
        with closing(sqlite3.connect({})) as database:
            count = {}
    except {} as error:
        {}
    if count == 0: raise ToolError("unhealthy: no books")
    return "ok"
"""
READ_ONLY = 'f"file:{places[place]}?mode=rw", uri=True, timeout=0.2'
COUNT = 'database.execute("SELECT count(*) FROM books").fetchone()[0]'
UNWELL = 'raise ToolError(f"unhealthy: {type(error).__name__}") from None'

TALLY = """%%mcp_tool --server office
{}async def count_calls(tools: list[str]) -> dict[str, int]:
    {}

    async def counting(ctx, call_next):
        if {}: return await call_next(ctx)
        try:
            result = await call_next(ctx)
        except MCPError:
            {}
        counts[{}] += 1
        return result

    await visit(tools, counting)
    return dict(counts)
"""
NONE_YET = "counts = Counter()"
NO_CALL = 'ctx.method != "tools/call"'
COUNT_IT = "counts['protocol_error'] += 1; raise"
BY_RESULT = '"tool_error" if result["isError"] else "ok"'

PATIENT = """%%mcp_tool --server desk
async def patient(tool: str, lost: int) -> str:
    result = None
    async with Client(lossy(lost)) as client:
        hints = {{t.name: t.annotations for t in (await client.list_tools()).tools}}[tool]
        repeatable = {}
        for _ in range({} if repeatable else 1):
            try:
                result = await client.call_tool(tool)
                {}
            except MCPError:
                pass
    if result is None: raise ToolError("no answer after 3 attempts" if repeatable else f"not repeated: {{tool}}")
    if {}: raise ToolError(result.content[0].text)
    return result.content[0].text
"""
BY_HINTS = "hints is not None and (hints.read_only_hint or hints.idempotent_hint)"

WRONG = {
    "exercise-days-late": {
        "%%mcp_tool\ndef days_late(due: int, today: int) -> int:\n    return today - due": "never less than 0",
        "%%mcp_tool\ndef days_late(due: int, today: int) -> int:\n    return due - today": "2 days late on day 5",
        "%%mcp_tool\ndef days_late(due: int, today: int) -> int:\n    return max(1, today - due)": "on the day itself",
    },
    "exercise-oldest": {
        "%%mcp_tool\ndef oldest(count: int) -> list[str]:\n"
        "    return sorted(catalogue, key=lambda t: catalogue[t]['year'])[:count]": "more than 3 is refused",
        "%%mcp_tool\ndef oldest(count: Annotated[int, Field(ge=1, le=3)]) -> list[str]:\n"
        "    return sorted(catalogue)[:count]": "Emma is the oldest",
        "%%mcp_tool\ndef oldest(count: Annotated[int, Field(le=3)]) -> list[str]:\n"
        "    return sorted(catalogue, key=lambda t: catalogue[t]['year'])[:count]": "and so is less than 1",
    },
    "exercise-lend": {
        "%%mcp_tool\ndef lend(title: str, member: str) -> str:\n"
        "    return f'{title}: lent to {member}'": "names the title we do not have",
        "%%mcp_tool\ndef lend(title: str, member: str) -> str:\n    catalogue[title]\n"
        "    return f'{title}: lent to {member}'": "names the title we do not have",
        "%%mcp_tool\ndef lend(title: str, member: str) -> str:\n"
        "    if title not in catalogue: raise ToolError(title)\n"
        "    return f'{title}: lent to {member}'": "names the person who is no member",
    },
    "exercise-decades": {
        "%%mcp_resource library://decades/{decade}\ndef of_decade(decade: int) -> list[str]:\n"
        "    return [t for t, b in catalogue.items() if b['year'] // 10 * 10 == decade]": "told that it is JSON",
        "%%mcp_resource library://decades/{decade} --mime-type application/json\n"
        "def of_decade(decade: int) -> list[str]:\n"
        "    return [t for t, b in catalogue.items() if b['year'] == decade]": "the books from 1970 to 1979",
        "%%mcp_resource library://decades/{decade} --mime-type application/json\n"
        "def of_decade(decade: int) -> list[str]:\n    return [t for t, b in catalogue.items() "
        "if decade <= b['year'] <= decade + 10]": "2020 belongs to the next ten years",
        "%%mcp_resource library://decades/{decade} --mime-type application/json\n"
        "def of_decade(decade: str) -> list[str]:\n    return [t for t, b in catalogue.items() "
        "if str(b['year'])[:3] == decade[:3]]": "a decade that is no number is refused",
    },
    "exercise-give-back": {
        "%%mcp_tool\nasync def give_back(title: str, ctx: Context) -> str:\n"
        "    await ctx.notify_resource_updated('library://loans')\n"
        "    return f'{title}: back from {loans[title]}'": "not lent any more",
        "%%mcp_tool\ndef give_back(title: str) -> str:\n    if title not in loans: raise ToolError(title)\n"
        "    return f'{title}: back from {loans.pop(title)}'": "but no notification about library://loans",
        "%%mcp_tool\nasync def give_back(title: str, ctx: Context) -> str:\n    member = loans.pop(title)\n"
        "    await ctx.notify_resource_updated('library://loans')\n"
        "    return f'{title}: back from {member}'": "got the error 'Error executing tool give_back'",
        "%%mcp_tool\ndef give_back(title: str) -> str:\n"
        "    return f'{title}: back from {loans.pop(title, None)}'": "back from None",
    },
    "exercise-rate": {
        "%%mcp_tool\nclass Rating(BaseModel):\n    title: str\n    stars: int\n    comment: str = ''\n\n"
        "def rate(rating: Rating) -> str:\n    return f'{rating.title}: {rating.stars} stars'": "6 stars are too many",
        "%%mcp_tool\nclass Rating(BaseModel):\n    title: str\n    stars: Annotated[int, Field(ge=1, le=5)]\n"
        "    comment: str\n\ndef rate(rating: Rating) -> str:\n"
        "    return f'{rating.title}: {rating.stars} stars'": "the comment may be left out",
        "%%mcp_tool\nclass Rating(BaseModel):\n    title: str\n    stars: Annotated[int, Field(ge=1, le=5)]\n"
        "    comment: str = ''\n\ndef rate(rating: Rating) -> str:\n"
        "    return f'{rating.title}: {rating.stars} stars'": "we do not have this title",
        "%%mcp_tool\nclass Rating(BaseModel):\n    title: str\n    stars: Annotated[int, Field(le=5)]\n"
        "    comment: str = ''\n\ndef rate(rating: Rating) -> str:\n"
        "    return f'{rating.title}: {rating.stars} stars'": "0 stars are too few",
    },
    "exercise-book-club": {
        "%%mcp_prompt\ndef book_club(title: str, audience: str) -> str:\n"
        "    return f'{title} for {audience}'": "the title is required, the audience is not",
        "%%mcp_prompt\ndef book_club(title: str, audience: str = '') -> str:\n"
        "    return f'{title} for {audience}'": "nothing filled in means adults",
        "%%mcp_prompt\ndef book_club(title: str, audience: str = 'adults') -> str:\n"
        "    return f'{title} for adults'": "what is filled in is used",
        "%%mcp_prompt\ndef book_club(title: str, audience: str = 'adults') -> str:\n"
        "    return f'Five questions about a book, for {audience}'": "the text names the title",
    },
    "exercise-overdue": {
        "%%mcp_tool --server library\ndef overdue(today: int) -> list[str]:\n"
        "    return [t for (t,) in database.execute('SELECT title FROM loans WHERE due < ? ORDER BY due', (today,))]": (
            "the database belongs to the main thread"
        ),
        "%%mcp_tool --server library --run-on main\ndef overdue(today: int) -> list[str]:\n"
        "    return [t for (t,) in "
        "database.execute('SELECT title FROM loans WHERE due <= ? ORDER BY due', (today,))]": (
            "what is due today is not overdue yet"
        ),
        "%%mcp_tool --server library --run-on main\ndef overdue(today: int) -> list[str]:\n"
        "    return [t for (t,) in database.execute('SELECT title FROM loans WHERE due < ?', (today,))]": (
            "the longest overdue comes first"
        ),
        "%%mcp_tool --server library --run-on main\ndef overdue(today: int) -> list[str]:\n"
        "    return [t for (t,) in database.execute(f'SELECT title FROM loans WHERE due < {today} "
        "ORDER BY due DESC')]": "got ['Dune', 'Kindred', 'Emma']",
    },
    "exercise-next-number": {
        "machine = NotebookServer('machine')\nlast = 0\n\n@machine.tool()\ndef next_number() -> int:\n"
        "    global last\n    last += 1\n    return last": "the server starts anew, so it draws 1",
        "machine = NotebookServer('machine')\n\n@machine.tool()\ndef next_number() -> int:\n"
        "    last = 0\n    last += 1\n    return last": "the second draws 2 from the same machine",
        "@asynccontextmanager\nasync def switched_on(server):\n    yield {'last': 0}\n\n"
        "machine = NotebookServer('machine')\n\n@machine.tool()\ndef next_number(ctx: Context) -> int:\n"
        "    drawn = ctx.request_context.lifespan_context\n    drawn['last'] += 1\n"
        "    return drawn['last']": "got the error 'Error executing tool next_number'",
        "@asynccontextmanager\nasync def switched_on(server):\n    yield {'last': 0}\n\n"
        "machine = NotebookServer('machine', lifespan=switched_on)\n\n@machine.tool()\n"
        "def next_number(ctx: Context) -> int:\n    drawn = ctx.request_context.lifespan_context\n"
        "    number = drawn['last']\n    drawn['last'] += 1\n    return number": "the first visitor draws 1",
    },
    "exercise-fine": {
        "%%mcp_tool --server library\nfrom pydantic_settings import BaseSettings\n\n"
        "class Fines(BaseSettings):\n    cents_per_day: int = 10\n    most_cents: int = 500\n\n"
        "def fine(days_late: Annotated[int, Field(ge=0)]) -> int:\n"
        "    return min(days_late * Fines().cents_per_day, Fines().most_cents)": "comes from the environment",
        "%%mcp_tool --server library\ndef fine(days_late: Annotated[int, Field(ge=0)]) -> int:\n"
        "    return days_late * int(os.environ['FINES_CENTS_PER_DAY'])": "never more than most_cents",
        "%%mcp_tool --server library\ndef fine(days_late: int) -> int:\n"
        "    return min(days_late * int(os.environ['FINES_CENTS_PER_DAY']), 500)": "a negative number of days",
        "%%mcp_tool --server library\ndef fine(days_late: Annotated[int, Field(ge=0)]) -> int:\n"
        "    return min(days_late * os.environ['FINES_CENTS_PER_DAY'], 500)": "Error executing tool fine",
    },
    "exercise-give-back-pile": {
        f"{PILE}def give_back(titles: list[str]) -> list[Back]:\n    return [back(title) for title in titles]": (
            "clients are told how many titles they may send"
        ),
        f"{PILE}def give_back({TITLES}) -> list[Back]:\n    for title in titles:\n"
        "        if loan_of(title) is None: raise ToolError(f'{title!r} is not lent')\n"
        "    return [back(title) for title in titles]": "got the error \"Error executing tool give_back: 'Emma'",
        f"{PILE}def give_back({TITLES}) -> list[Back]:\n    return [\n"
        "        Back(title=b.title, days_late=b.days_late or None, problem=b.problem) for b in map(back, titles)\n"
        "    ]": "in time is 0 days late",
        f"{PILE}def give_back({TITLES}) -> list[Back]:\n    return [\n"
        "        Back(title=t, days_late=max(0, loan_of(t)['due'] - today)) for t in titles\n    ]": (
            "Emma was due on day 8"
        ),
        f"{PILE}def give_back({TITLES}) -> list[Back]:\n"
        "    return [back(title) for title in titles if loan_of(title)]": "got [{'title': 'Kindred'",
    },
    "exercise-discard": {
        f"{SURE}def ask(title: str) -> Elicit[Sure]:\n    return Elicit('Sure?', Sure)\n\n"
        f"{DISCARD}    catalogue.pop(title)\n    return f'{{title}}: discarded'": "so nobody is asked",
        f"{SURE}{ASK}def discard(title: str, sure: Annotated[Sure, Resolve(ask)]) -> str:\n"
        "    return f'{title}: discarded' if sure.sure else f'{title}: kept'": "elicitation was decline",
        f"{SURE}{ASK}{DISCARD}    accepted = isinstance(outcome, AcceptedElicitation)\n"
        "    return f'{title}: discarded' if accepted else f'{title}: kept'": "the user accepts, and is not sure",
        f"{SURE}{ASK}{DISCARD}    sure = isinstance(outcome, AcceptedElicitation) and outcome.data.sure\n"
        "    return f'{title}: discarded' if sure else f'{title}: kept'": "to cancel is not to decide",
        "%%mcp_tool\ndef discard(title: str) -> str:\n    lent = any(loan['title'] == title for loan in loans)\n"
        "    return f'{title}: kept' if lent else f'{title}: discarded'": "but 1 of 1 questions were never asked",
    },
    "exercise-make-copy": {
        "%%mcp_tool\ntwo = anyio.Semaphore(2)\n\nasync def make_copy(card: str) -> str:\n    async with two:\n"
        "        return 'copied'": "a third at once is too many",
        "%%mcp_tool\neveryone = Bucket(size=2, per_second=1 / 30, tokens=2, filled_at=clock())\n\n"
        "def make_copy(card: str) -> str:\n    seconds = everyone.take(clock())\n"
        "    if seconds: raise ToolError(f'Wait {seconds:.0f} s')\n    return 'copied'": "not held back by Ada's",
        "%%mcp_tool\nmade = Counter()\n\ndef make_copy(card: str) -> str:\n    made[card] += 1\n"
        "    if made[card] > 2: raise ToolError('Wait 30 s')\n    return 'copied'": "30 seconds later there is one",
        "%%mcp_tool\ncards = {}\n\ndef make_copy(card: str) -> str:\n"
        "    full = Bucket(size=999, per_second=1 / 30, tokens=2, filled_at=clock())\n"
        "    seconds = cards.setdefault(card, full).take(clock())\n"
        "    if seconds: raise ToolError(f'Wait {seconds:.0f} s')\n    return 'copied'": "hundreds that were saved up",
        "%%mcp_tool\ncards = {}\n\ndef make_copy(card: str) -> str:\n"
        "    full = Bucket(size=2, per_second=1 / 30, tokens=2, filled_at=clock())\n"
        "    if cards.setdefault(card, full).take(clock()): raise ToolError('Too many requests')\n"
        "    return 'copied'": "make_copy: Too many requests",
    },
    "exercise-scan": {
        f"{SCAN}        await anyio.sleep(0.01)\n        scanned[title] = page + 1\n"
        "    scanner_room['used_by'] = None\n    return pages": "{'used_by': 'Dune', 'pages of Dune are kept': True}",
        f"{SCAN.replace(' --timeout 0.5', '')}        await anyio.sleep(0.01)\n        scanned[title] = page + 1\n"
        "    scanner_room['used_by'] = None\n    return pages": "a thick book takes too long",
        f"{SCAN}        try: await anyio.sleep(0.01)\n        finally: scanner_room['used_by'] = None\n"
        "    scanned[title] = pages\n    return pages": "'pages of Dune are kept': False",
        f"{SCAN.replace(', Field(ge=1)', ', Field()')}        await anyio.sleep(0.01)\n    return pages": (
            "at least one page"
        ),
        f"{SCAN.replace('async ', '')}        time.sleep(0.01)\n    return pages": "a thread cannot be stopped",
    },
    "exercise-enter": {
        "pool = NotebookServer('pool')\n\n@pool.tool()\ndef enter(card: str) -> str:\n"
        "    return jwt.decode(cards[card], options={'verify_signature': False})['sub']": (
            "a signature of somebody else is none"
        ),
        ENTER.format("issuer=town_hall.url, options={'require': ['exp'], 'verify_aud': False}"): (
            "a card for the library does not open the pool"
        ),
        ENTER.format("audience=POOL, options={'require': ['exp']}"): "another issuer is not the town hall",
        ENTER.format("audience=POOL, issuer=town_hall.url"): "a card has to say when it expires",
        ENTER.format("audience=POOL, issuer=town_hall.url, options={'require': ['exp'], 'verify_exp': False}"): (
            "a card that has expired is not good"
        ),
        ENTER.format("audience=POOL, issuer=town_hall.url").replace("jwt.PyJWTError", "KeyError"): (
            "got the error 'Error executing tool enter'"
        ),
    },
    "exercise-pin-notice": {
        PIN.format("path.parent != board.resolve() or path.suffix != '.txt'").replace("if path.exists()", "if False"): (
            "and stays"
        ),
        PIN.format("path.suffix != '.txt'"): "nothing is written beside the board",
        PIN.format("not str(path).startswith(str(board.resolve())) or path.suffix != '.txt'"): (
            "nor to a similar folder"
        ),
        PIN.format("not path.is_relative_to(board.resolve())"): "only texts are notices",
        PIN.format("path.parent != board.resolve() or path.suffix != '.txt'").replace(
            "Annotated[str, Field(max_length=500)]", "str"
        ): "short ones",
        PIN.format("'..' in name or path.suffix != '.txt'").replace("raise ToolError", "return str"): (
            "got 'There is such a notice already.'"
        ),
    },
    "exercise-members-by": {
        MEMBERS.format("str", "ge=1, le=50", "ORDER BY {column} LIMIT ?", "limit,"): (
            "nobody sorts by what they may not see"
        ),
        MEMBERS.format("Literal['name', 'books']", "ge=1, le=50", "ORDER BY ? LIMIT ?", "column, limit"): (
            "the two with the fewest books"
        ),
        MEMBERS.format("Literal['name', 'books']", "ge=1", "ORDER BY {column} LIMIT ?", "limit,"): (
            "a limit has a limit"
        ),
        MEMBERS.format("Literal['name', 'books']", "le=50", "ORDER BY {column} LIMIT ?", "limit,"): "on both sides",
        MEMBERS.format(
            "Literal['name', 'books']", "ge=1, le=50", "ORDER BY {column}", ""
        ): "the two with the fewest books",
        MEMBERS.format("Literal['name', 'books']", "ge=1, le=50", "ORDER BY {column} LIMIT ?", "limit,").replace(
            " --run-on main", ""
        ): "got the error 'Error executing tool members_by'",
    },
    "exercise-close-account": {
        CLOSE.format("needs('library:staff')"): "but her own",
        CLOSE.format("if get_access_token().subject != member: raise ToolError('library:staff')"): (
            "staff closes anybody's"
        ),
        CLOSE.format("pass"): "Ada does not close Grace's",
        CLOSE.format("if get_access_token().subject != member: needs('library:staff')"): (
            "who may only read closes none"
        ),
        CLOSE.format("needs('library:lend')"): "This needs the scope library:lend",
    },
    "exercise-borrow": {
        "%%mcp_tool --server desk\nasync def borrow(title: str, weeks: int) -> str:\n"
        "    async with Client(library) as client:\n"
        "        result = await client.call_tool('lend', {'title': title})\n"
        "    return result.content[0].text": "the answer of the desk reaches the library",
        "%%mcp_tool --server desk\nasync def borrow(title: str, weeks: int) -> str:\n"
        "    async with Client(library, elicitation_callback=at_the_desk) as client:\n"
        "        result = await client.call_tool('lend', {'title': title})\n"
        "    return result.content[0].text": "got 'Emma: lent for 2 weeks'",
        "%%mcp_tool --server desk\nasync def borrow(title: str, weeks: int) -> str:\n"
        "    async def answer(context, question):\n"
        "        return ElicitResult(action='accept', content={'weeks': weeks})\n"
        "    async with Client(library, elicitation_callback=answer) as client:\n"
        "        result = await client.call_tool('lend', {'title': title})\n"
        "    if result.is_error: raise ToolError(result.content[0].text)\n"
        "    return result.content[0].text": "more than 4 weeks are declined",
        "%%mcp_tool --server desk\nasync def borrow(title: str, weeks: int) -> str:\n"
        "    async def answer(context, question):\n"
        "        if weeks >= 4: return ElicitResult(action='decline')\n"
        "        return ElicitResult(action='accept', content={'weeks': weeks})\n"
        "    async with Client(library, elicitation_callback=answer) as client:\n"
        "        result = await client.call_tool('lend', {'title': title})\n"
        "    if result.is_error: raise ToolError(result.content[0].text)\n"
        "    return result.content[0].text": "4 weeks are still allowed",
        "%%mcp_tool --server desk\nasync def borrow(title: str, weeks: int) -> str:\n"
        "    async def answer(context, question):\n"
        "        if weeks > 4: return ElicitResult(action='decline')\n"
        "        return ElicitResult(action='accept', content={'weeks': weeks})\n"
        "    async with Client(library, elicitation_callback=answer) as client:\n"
        "        result = await client.call_tool('lend', {'title': title})\n"
        "    return result.content[0].text": "the library's error is one here too",
    },
    "exercise-find-everywhere": {
        "%%mcp_tool --server desk\nasync def find_everywhere(query: str) -> dict[str, list[str]]:\n"
        "    async with Client(library) as client:\n"
        "        result = await client.call_tool('search', {'query': query})\n"
        "    return {'library': result.structured_content['result']}": "each server's titles stand under its name",
        "%%mcp_tool --server desk\nasync def find_everywhere(query: str) -> dict[str, list[str]]:\n"
        "    found = {}\n    for name, server in servers.items():\n        async with Client(server) as client:\n"
        "            result = await client.call_tool('search', {'query': query})\n"
        "        found[name] = result.structured_content['result']\n"
        "    return found": "got the error 'Error executing tool find_everywhere'",
        "%%mcp_tool --server desk\nasync def find_everywhere(query: str) -> dict[str, list[str]]:\n"
        "    found = {}\n    for name, server in servers.items():\n        async with Client(server) as client:\n"
        "            result = await client.call_tool('search', {'query': query})\n"
        "        if result.is_error: raise ToolError(result.content[0].text)\n"
        "        found[name] = result.structured_content['result']\n"
        "    return found": "Give at least 4 letters",
        "%%mcp_tool --server desk\nasync def find_everywhere(query: str) -> dict[str, list[str]]:\n"
        "    found = {}\n    for name, server in servers.items():\n        async with Client(server) as client:\n"
        "            result = await client.call_tool('search', {'query': query})\n"
        "        found[name] = [block.text for block in result.content]\n"
        "    return found": "the cinema refuses two letters",
        "%%mcp_tool --server desk\nasync def find_everywhere(query: str) -> dict[str, list[str]]:\n"
        "    found = {}\n    for name, server in servers.items():\n        async with Client(server) as client:\n"
        "            result = await client.call_tool('search', {'query': query})\n"
        "        if not result.is_error: found[name] = result.structured_content['result']\n"
        "    return found": "got {'library': ['Emma']}",
    },
    "exercise-guard": {
        "%%mcp_tool --server desk\nasync def answer(steps: list[dict], most_turns: int) -> list[str]:\n"
        "    async with Client(library, elicitation_callback=at_the_desk) as client:\n"
        "        text = await converse(client, scripted(*steps), 'go', most_turns)\n"
        "    return [text]": "a call, then the answer",
        "%%mcp_tool --server desk\nasync def answer(steps: list[dict], most_turns: int) -> list[str]:\n"
        "    model, lines = scripted(*steps), []\n"
        "    async with Client(library, elicitation_callback=at_the_desk) as client:\n"
        "        for _ in range(most_turns):\n            reply = model([], [])\n"
        "            if 'tool' not in reply: return [*lines, reply['text']]\n"
        "            result = await client.call_tool(reply['tool'], reply['arguments'])\n"
        "            lines.append(reply['tool'] + ': ' + ', '.join(b.text for b in result.content))\n"
        "    raise ToolError(f'no answer after {most_turns} turns')": "got ['lend: Dune: lent for 2 weeks'",
        "%%mcp_tool --server desk\nasync def answer(steps: list[dict], most_turns: int) -> list[str]:\n"
        "    model, lines = scripted(*steps), []\n"
        "    async with Client(library) as client:\n        tools = (await client.list_tools()).tools\n"
        "        hints = {tool.name: tool.annotations for tool in tools}\n"
        "        for _ in range(most_turns):\n            reply = model([], tools)\n"
        "            if 'tool' not in reply: return [*lines, reply['text']]\n"
        "            text = 'not allowed'\n            if hints[reply['tool']].read_only_hint:\n"
        "                result = await client.call_tool(reply['tool'], reply['arguments'])\n"
        "                text = ', '.join(b.text for b in result.content)\n"
        "            lines.append(reply['tool'] + ': ' + text)\n"
        "    raise ToolError(f'no answer after {most_turns} turns')": "nor what is not there",
        "%%mcp_tool --server desk\nasync def answer(steps: list[dict], most_turns: int) -> list[str]:\n"
        "    model, lines = scripted(*steps), []\n"
        "    async with Client(library) as client:\n        while True:\n            reply = model([], [])\n"
        "            if 'tool' not in reply: return [*lines, reply['text']]\n"
        "            text = 'not allowed'\n            if reply['tool'] in ('search', 'read_notes'):\n"
        "                result = await client.call_tool(reply['tool'], reply['arguments'])\n"
        "                text = ', '.join(b.text for b in result.content)\n"
        "            lines.append(reply['tool'] + ': ' + text)": "there is an end",
        "%%mcp_tool --server desk\nasync def answer(steps: list[dict], most_turns: int) -> list[str]:\n"
        "    model, lines = scripted(*steps), []\n"
        "    async with Client(library) as client:\n        for _ in range(most_turns):\n"
        "            reply = model([], [])\n"
        "            if 'tool' not in reply: return [*lines, reply['text']]\n"
        "            if reply['tool'] != 'search': raise ToolError('not allowed')\n"
        "            result = await client.call_tool(reply['tool'], reply['arguments'])\n"
        "            lines.append(reply['tool'] + ': ' + ', '.join(b.text for b in result.content))\n"
        "    raise ToolError(f'no answer after {most_turns} turns')": "got the error 'Error executing tool answer'",
    },
    "exercise-copy-file": {
        COPY.format("inside(source)", "root / target", NEVER, SAME): "nothing goes out",
        COPY.format("root / source", "inside(target)", NEVER, SAME): "nothing comes in from outside",
        COPY.format("inside(source)", "inside(target)", "pass", SAME): "nothing is overwritten",
        COPY.format("inside(source)", "inside(target)", NEVER, "copy.write_text(original.read_text())"): (
            "bytes are copied as they are"
        ),
        COPY.format("inside(source)", "inside(target)", NEVER, SAME).replace(
            'if not original.is_file(): raise ToolError(f"There is no file {source!r}.")', "pass"
        ): "what is not there is told by name",
    },
    "exercise-hand-over": {
        HAND.format("connect", UNKNOWN, MOVE, 1): "so she has it no more",
        HAND.format("begin", UNKNOWN, MOVE, "-1 and False"): "got 'Dune: Ada to Grace'",
        HAND.format("begin", "False", MOVE, 1): "the taker has to be a member",
        HAND.format("begin", UNKNOWN, "'UPDATE loans SET member = :taker WHERE title = :title'", 1): (
            "Expected an error that says 'does not have'"
        ),
        HAND.format(
            "begin", UNKNOWN, "f\"UPDATE loans SET member = '{taker}' WHERE title = :title AND member = '{giver}'\"", 1
        ): "and may have an apostrophe",
    },
    "exercise-hours": {
        HOURS.format("(week, day) not in days", "http.get(f'/hours/{week}/{day}')", 404, "week, day", "week, day"): (
            "busy for a moment"
        ),
        HOURS.format("not days.get((week, day))", FETCH, 404, "week, day", "week, day"): "also when it is nothing",
        HOURS.format("day not in days", FETCH, 404, "day", "day"): "another week is another question",
        HOURS.format("(week, day) not in days", FETCH, 400, "week, day", "week, day"): "404 is an answer, too",
        HOURS.format("(week, day) not in days", FETCH, 404, "week, day", "week, day").replace(
            "days[week, day]\n", "days[week, day] or 'closed'\n"
        ): "closed is an answer",
    },
    "exercise-take-news": {
        NEWS.format("body.encode()", FORGED, OLD, SEEN, KEEP): "the time has to be signed, too",
        NEWS.format(SIGNED, FORGED, OLD, "pass", "pass"): "the very same once more",
        NEWS.format(SIGNED, FORGED, "if clock() - sent_at > 300: raise ToolError('too old')", SEEN, KEEP): (
            "from the future"
        ),
        NEWS.format(SIGNED, FORGED, "pass", SEEN, KEEP): "recorded, and kept for later",
        NEWS.format(SIGNED, "if body in taken: raise ToolError('seen before')\n    taken.add(body)", FORGED, OLD, ""): (
            "a forged one before it does not keep the true one out"
        ),
    },
    "exercise-well": {
        WELL.format("places[place]", COUNT, "sqlite3.Error", "return 'ok'"): "one that is not there is not",
        WELL.format(READ_ONLY, 'database.execute("SELECT 1").fetchone()[0]', "sqlite3.Error", UNWELL): (
            "one that cannot be read is not"
        ),
        WELL.format(READ_ONLY, f"{COUNT} or 1", "sqlite3.Error", UNWELL): "nor is one without books",
        WELL.format(READ_ONLY, COUNT, "sqlite3.OperationalError", UNWELL): "got the error 'Error executing tool well'",
        WELL.format(READ_ONLY, COUNT, "sqlite3.Error", "raise ToolError(f'unhealthy: {error}')"): (
            "got the error 'Error executing tool well: unhealthy: unable to open database file'"
        ),
        WELL.format(READ_ONLY.replace("?mode=rw", "?immutable=1"), COUNT, "sqlite3.Error", UNWELL): (
            "nor one that does not answer"
        ),
    },
    "exercise-count-calls": {
        TALLY.format("", NONE_YET, "False", COUNT_IT, BY_RESULT): "calls are counted, and lists are not",
        TALLY.format("", NONE_YET, NO_CALL, COUNT_IT, "'ok'"): "a refusal is a result, and an error",
        TALLY.format("", NONE_YET, NO_CALL, "raise", BY_RESULT): "an error of the protocol is counted",
        TALLY.format("counts = Counter()\n\n", "pass", NO_CALL, COUNT_IT, BY_RESULT): "got {'ok': 2, 'tool_error': 1}",
        TALLY.format("", NONE_YET, NO_CALL, COUNT_IT, '"tool_error" if result.is_error else "ok"'): "got {}",
        TALLY.format("", "counts = Counter(ok=0, tool_error=0)", NO_CALL, COUNT_IT, BY_RESULT): (
            "got {'ok': 2, 'tool_error': 0}"
        ),
    },
    "exercise-patient": {
        PATIENT.format("True", 3, "break", "result.is_error"): "nobody is lent a book twice",
        PATIENT.format(BY_HINTS, 4, "break", "result.is_error"): "and not more often",
        PATIENT.format("hints is not None and hints.read_only_hint", 3, "break", "result.is_error"): (
            "what is idempotent may be repeated"
        ),
        PATIENT.format(
            "hints is None or hints.read_only_hint or hints.idempotent_hint", 3, "break", "result.is_error"
        ): ("what says nothing may not be repeated"),
        PATIENT.format(BY_HINTS, 3, "break", "False"): "got 'Error executing tool gone: We do not have it.",
        PATIENT.format(BY_HINTS, 3, "if not result.is_error: break", "result.is_error"): "You asked 3 times.",
    },
}
"""Plausible wrong answers to each exercise, each with what the check has to say to it."""

WITH_EXERCISES = [path for path in NOTEBOOKS if any(cell.id.startswith("check-") for cell in cells_of(path))]


def text_of(cell: Any) -> str:
    return "".join(output.get("data", {}).get("text/plain", "") + output.get("text", "") for output in cell.outputs)


def name_of(path: Path) -> str:
    return path.name


def run_with(path: Path, answers: dict[str, str]) -> dict[str, str]:
    """Run a notebook with these answers in its exercise cells; return what each check says.

    Cells tagged ``deployment`` are left out: they install and start a package, which no exercise needs.
    """
    notebook = nbformat.read(path, as_version=4)
    notebook.cells = [cell for cell in notebook.cells if "deployment" not in cell.metadata.get("tags", [])]
    for cell in notebook.cells:
        cell.source = answers.get(cell.id, cell.source)
    NotebookClient(notebook, timeout=60, kernel_name="python3", store_widget_state=False).execute()
    return {cell.id: text_of(cell) for cell in notebook.cells if cell.id.startswith("check-")}


def exercises(path: Path) -> list[str]:
    return [cell.id for cell in cells_of(path) if re.fullmatch(r"exercise-\D+", cell.id)]


def solutions(path: Path) -> dict[str, str]:
    """The solutions, from the cells where a learner finds them."""
    found = {}
    for cell in cells_of(path):
        if cell.id.startswith("solution-"):
            code = re.search(r"```python\n(.*?)```", cell.source, re.DOTALL)
            assert code is not None
            found[cell.id.replace("solution-", "exercise-")] = code.group(1)
    return found


@pytest.mark.parametrize("path", WITH_EXERCISES, ids=name_of)
def test_there_are_at_least_three_exercises_each_with_a_check_a_solution_and_wrong_answers(path: Path) -> None:
    found = exercises(path)
    assert len(found) >= 3
    assert set(found) == set(solutions(path))
    assert {name.replace("exercise-", "check-") for name in found} <= {cell.id for cell in cells_of(path)}
    assert all(len(WRONG[name]) >= 3 for name in found)


def test_no_two_exercises_have_one_name() -> None:
    assert sorted(WRONG) == sorted(name for path in NOTEBOOKS for name in exercises(path))


@pytest.mark.parametrize("path", WITH_EXERCISES, ids=name_of)
def test_an_untouched_exercise_counts_as_not_attempted(path: Path) -> None:
    checks = [cell for cell in cells_of(path) if cell.id.startswith("check-")]
    assert [text_of(cell).splitlines()[0] for cell in checks] == ["not attempted"] * len(checks)


@pytest.mark.parametrize("path", WITH_EXERCISES, ids=name_of)
def test_every_solution_passes(path: Path) -> None:
    assert {said.splitlines()[0] for said in run_with(path, solutions(path)).values()} == {"passed"}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("path", "attempt"),
    [(path, n) for path in WITH_EXERCISES for n in range(max(len(WRONG[name]) for name in exercises(path)))],
    ids=lambda value: value.name if isinstance(value, Path) else str(value),
)
def test_every_plausible_wrong_answer_fails_with_a_message_of_its_own(path: Path, attempt: int) -> None:
    answers = {name: list(WRONG[name].items())[attempt] for name in exercises(path) if attempt < len(WRONG[name])}
    said = run_with(path, {exercise: source for exercise, (source, _) in answers.items()})
    for exercise, (_, message) in answers.items():
        outcome = said[exercise.replace("exercise-", "check-")]
        assert outcome.startswith("not yet")
        assert message in outcome
        assert "Read: " in outcome


def test_a_check_that_breaks_says_that_it_is_the_check() -> None:
    server = NotebookServer("library")

    @server.tool()
    def days_late(due: int) -> int:
        return due

    unserializable = Case({"due": object()}, "never sent", result=0)
    outcome = anyio.run(lambda: check(server, "days_late", [unserializable], read="nothing"))
    assert outcome.state == "the check is broken"


class Sure(BaseModel):
    sure: bool


def ask_whether_sure() -> Elicit[Sure]:
    return Elicit("Sure?", Sure)


def asking_server() -> NotebookServer:
    server = NotebookServer("library")

    @server.tool()
    def burn(sure: Annotated[Sure, Resolve(ask_whether_sure)]) -> bool:
        return sure.sure

    @server.tool()
    def keep() -> bool:
        return True

    return server


@pytest.mark.parametrize(
    ("tool", "answers", "said"),
    [
        ("burn", [{"sure": True}], "the user answers {'sure': True}: on purpose"),
        ("burn", [{"sure": False}], "got False"),
        ("burn", ["decline"], "got the error"),
        ("burn", [], "asked 'Sure?', and the 0 answers given are used up"),
        ("keep", [{"sure": True}], "got True, but 1 of 1 questions were never asked"),
    ],
)
def test_a_check_answers_what_the_tool_asks_and_wants_to_be_asked(tool: str, answers: list[Any], said: str) -> None:
    case = Case({}, "on purpose", result=True, answers=answers)
    outcome = anyio.run(lambda: check(asking_server(), tool, [case], read="nothing"))
    assert said in str(outcome)
    assert outcome.state == ("passed" if "the user answers {'sure': True}: on" in said else "not yet")


@pytest.mark.parametrize("path", NOTEBOOKS, ids=name_of)
def test_a_committed_notebook_ran_from_top_to_bottom(path: Path) -> None:
    counts = [cell.execution_count for cell in cells_of(path) if cell.cell_type == "code"]
    assert counts == list(range(1, len(counts) + 1))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=name_of)
def test_a_committed_notebook_holds_no_secret_port_identifier_or_timing(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    outputs = "".join(str(cell.get("outputs", "")) for cell in notebook.cells)
    assert not re.search(r"127\.0\.0\.1:\d|localhost:\d", outputs)
    assert not re.search(r"\b[A-Za-z0-9_-]{43}\b", outputs)
    assert not re.search(r"[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}", outputs)
    assert not re.search(r"\b\d+(\.\d+)? ?(ms|µs|seconds)\b", outputs)
    assert "widgets" not in notebook.metadata
    assert not any("execution" in cell.metadata for cell in notebook.cells)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=name_of)
def test_a_cell_whose_output_is_not_compared_says_why_and_is_kept_without_it(path: Path) -> None:
    cells = cells_of(path)
    ignored = [cell for cell in cells if "nbval-ignore-output" in cell.metadata.get("tags", [])]
    assert all(cell.metadata["reason"] and not cell.outputs for cell in ignored)
    assert len(ignored) <= len(cells) / 10


def test_copying_the_course_again_keeps_what_the_learner_changed(tmp_path: Path) -> None:
    folder = tmp_path / "my course"
    assert f"{len(NOTEBOOKS)} copied" in copy_course(folder)
    (folder / FIRST).write_text("mine", encoding="utf-8")
    assert "to start over: --fresh" in copy_course(folder)
    assert (folder / FIRST).read_text(encoding="utf-8") == "mine"


def test_starting_over_moves_the_learners_notebook_aside(tmp_path: Path) -> None:
    copy_course(tmp_path)
    (tmp_path / FIRST).write_text("mine", encoding="utf-8")
    copy_course(tmp_path, fresh=True)
    assert (tmp_path / FIRST).read_bytes() == (course_source() / FIRST).read_bytes()
    assert [path.read_text(encoding="utf-8") for path in tmp_path.glob("kept-*/*.ipynb")] == ["mine"]


def test_a_folder_that_cannot_be_written_gives_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    result = CliRunner().invoke(main, ["lab", str(tmp_path / "file" / "course")])
    assert result.exit_code != 0
    assert "Name another folder" in result.output
    assert len(result.output.strip().splitlines()) == 1
