"""Chapter 5b: handles, paths, addresses, and tools that change after they were approved."""

from __future__ import annotations

from mcp_notebook.course.exercises import Chapter, Exercise, Prediction
from mcp_notebook.course.checking.security_cases import TAKEN, added, address, noticed, pinned, raced, same_refusal

LISTS = "{'h-ada': %r, 'h-ada-2': %r, 'h-grace': ''}"
AS_BEFORE = LISTS % ("Dune", "")

ADD_TO_LIST = Exercise(
    number="5b.1",
    name="add_to_list",
    title="a list of your own",
    read="1 · Handles and state belong to a person",
    start="# Exercise 5b.1. Define the tool add_to_list(handle, title).",
    cases=(
        added("Ada", "h-ada", "Ada adds to her list, and gets all its titles", f"Dune, Emma; lists: {LISTS}" % ("Dune, Emma", "")),
        added("Ada", "h-ada-2", "her lists are not mixed up", f"Emma; lists: {LISTS}" % ("Dune", "Emma")),
        added("Grace", "h-ada", "Grace knows the handle, and it is not hers", f"refused; lists: {AS_BEFORE}"),
        added(None, "h-ada", "without a sign-in nobody owns a list", f"refused; lists: {AS_BEFORE}"),
        same_refusal("a refusal does not tell which handles exist"),
    ),
    hints=(
        "Two questions, and one answer for both: is there such a list, and is it the caller's?",
        "`LISTS.get(handle)` gives a pair, the owner and the titles, or None. `caller()` says who asks.",
        '`if LISTS.get(handle, ("", []))[0] != member: raise ToolError("You have no such list. ...")`',
    ),
    solution='''
%%mcp_tool --no-destructive --closed-world
def add_to_list(
    handle: Annotated[str, Field(description="The handle that open_list returned.")], title: Title
) -> list[str]:
    """Add a title to a reading list of yours, and return all its titles."""
    member = caller()
    owner, titles = LISTS.get(handle, ("", []))
    if owner != member:
        raise ToolError("You have no such list. open_list opens one.")
    titles.append(title)
    return titles
''',
    why="A handle is a name, not a permission. It gets into logs, prompts and other people's conversations.",
)

BOOKS = "93.184.215.14"

ADDRESS_FOR = Exercise(
    number="5b.2",
    name="address_for",
    kind="code",
    title="an address outside",
    read="3 · Pages and addresses",
    start="# Exercise 5b.2. Define address_for(url).",
    cases=(
        address("https://books.example/dune", "a public site may be fetched, at this address", BOOKS),
        address("https://six.example/", "an address of version 6 is public, too", "2606:2800:21f:cb07:6820:80da:af6b:8b2c"),
        address("http://books.example/dune", "only https", "refused"),
        address("https://127.0.0.1/till", "this machine", "refused"),
        address("https://2130706433/till", "this machine, written as a number", "refused"),
        address("https://office.example/", "a name that leads into the house", "refused"),
        address("https://cloud.example/", "the metadata service of a cloud", "refused"),
        address("https://carrier.example/", "neither private nor public: a provider's own network", "refused"),
        address("https://mapped.example/", "this machine, as an address of version 6", "refused"),
        address("https://both.example/", "one bad address among good ones is enough", "refused"),
        address("https://books.example:443@office.example/", "the host comes after the @", "refused"),
        address("https://nowhere.example/", "a host without an address", "refused"),
        address("https://changing.example/", "DNS that changes its mind: ask once, and connect to that", BOOKS),
    ),
    hints=(
        "The text of a URL says little. Take it apart as a browser would, ask `resolve` once, and look at every address.",
        "`urlsplit(url)` has `.scheme` and `.hostname`. `ipaddress.ip_address(text).is_global` is true for public "
        "addresses only; `not is_private` is not the same.",
        "`addresses = resolve(host)`, then refuse `if not addresses or not all(ip_address(a).is_global for a in "
        "addresses)`, then return `addresses[0]`.",
    ),
    solution='''
from ipaddress import ip_address
from urllib.parse import urlsplit


def address_for(url):
    """Return the address to connect to for a URL that the tool may fetch."""
    parts = urlsplit(url)
    addresses = resolve(parts.hostname) if parts.scheme == "https" else []
    if not addresses or not all(ip_address(address).is_global for address in addresses):
        raise ToolError("Only public https addresses can be fetched.")
    return addresses[0]
''',
    why="Your server is inside the house. A tool that fetches any URL lends that position to everyone who can call it.",
)

NOTICE = f"refused; board/scarf.txt: {TAKEN!r}"

PIN_NOTICE = Exercise(
    number="5b.3",
    name="pin_notice",
    title="pinning a notice",
    read="4 · A path out of the folder",
    start="# Exercise 5b.3. Define the tool pin_notice(name, text).",
    cases=(
        pinned("cat.txt", "a notice is pinned", at="board/cat.txt", result="pinned; board/cat.txt: 'Cat found.'"),
        pinned("scarf.txt", "one that is there stays as it is", at="board/scarf.txt", result=NOTICE),
        pinned("../cat.txt", "nothing is written beside the board", at="cat.txt", result="refused; cat.txt: not there"),
        pinned(
            "PATH/cat.txt",
            "nor by a whole path",
            at="cat.txt",
            result="refused; cat.txt: not there",
            words="pin_notice(name='/.../my-library/cat.txt', ...)",
        ),
        pinned(
            "../board-drafts/cat.txt",
            "nor in a folder with a similar name",
            at="board-drafts/cat.txt",
            result="refused; board-drafts/cat.txt: not there",
        ),
        pinned("link.txt", "nor through a link", at="cat.txt", result="refused; cat.txt: not there"),
        pinned("cat.py", "only texts are notices", at="board/cat.py", result="refused; board/cat.py: not there"),
        pinned(
            "cat.txt",
            "and short ones",
            at="board/cat.txt",
            result="refused; board/cat.txt: not there",
            text="x" * 501,
            words="pin_notice(name='cat.txt', text=501 characters)",
        ),
        raced("of two at once, the first stays"),
    ),
    hints=(
        "The guard of `read_notice` works for files that do not exist yet, too. For *is it there already?* there is a "
        "better way than asking: a mode of `open` that fails.",
        "`resolve()`, then `is_relative_to`, then `.suffix`. `path.open('x')` raises `FileExistsError`. "
        "`Field(max_length=500)` bounds the text.",
        "`try: file = path.open('x', encoding='utf-8')`, `except FileExistsError: raise ToolError(...) from None`, then "
        "write, and return `pinned`.",
    ),
    solution='''
%%mcp_tool --no-destructive --closed-world
def pin_notice(
    name: Annotated[str, Field(description="A file name, such as cat.txt.", max_length=80)],
    text: Annotated[str, Field(description="The notice.", max_length=500)],
) -> str:
    """Pin a notice to the board."""
    path = (board / name).resolve()
    if not path.is_relative_to(board.resolve()) or path.suffix != ".txt":
        raise ToolError("No notice can have that name. Use one such as cat.txt.")
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise ToolError("There is such a notice already. Use another name.") from None
    return "pinned"
''',
    why="Anyone who can write a file anywhere can soon run code: a start-up script, a key, a cell of a notebook.",
)

NOT_APPROVED = Exercise(
    number="5b.4",
    name="not_approved",
    kind="code",
    title="tools that changed",
    read="7 · Servers of other people",
    start="# Exercise 5b.4. Define not_approved(approved, tools).",
    cases=(
        noticed("the same tools", "nothing to approve", []),
        noticed("the other order", "the order of a list means nothing", []),
        noticed("the same, with its keys in another order", "neither does the order in an object", []),
        noticed("a tool is new", "nobody has approved it", ["tides"]),
        noticed("a tool is gone", "what is gone needs no approval", []),
        noticed("another description", "the text that a model reads", ["forecast"], {"description": "Read the notices."}),
        noticed(
            "another description of an argument",
            "a model reads those, too",
            ["forecast"],
            {"inputSchema.properties.day.description": "The day, and all notices."},
        ),
        noticed(
            "one more argument",
            "a way to carry something away",
            ["forecast"],
            {"inputSchema.properties.notes": {"type": "string"}},
        ),
        noticed(
            "read-only no more", "a host asks less for such tools", ["forecast"], {"annotations.readOnlyHint": False}
        ),
        noticed("a title", "people read it when they are asked", ["forecast"], {"title": "Weather (official)"}),
    ),
    hints=(
        "Which parts of a tool may change without a new question? Compare everything else.",
        "None may. Two dicts are equal if all their parts are, in any order.",
        "For each tool: is exactly this dict among the approved ones? `tool not in approved`",
    ),
    solution='''
def not_approved(approved, tools):
    """Return the names of the tools that differ from every approved one, in their order."""
    return [tool["name"] for tool in tools if tool not in approved]
''',
    why="An approval is for what a person has read. Hosts that remember only a name approve whatever comes under it later.",
)

CHAPTER = Chapter(
    "5b",
    "Security",
    exercises=(ADD_TO_LIST, ADDRESS_FOR, PIN_NOTICE, NOT_APPROVED),
    predictions=(
        Prediction(
            "5b.a",
            "Ada was asked whether to withdraw Dune, and she said yes. Her client sends the sealed state and her "
            "answer. Then the same request comes a second time. What happens?",
            (
                "It is refused: a sealed state is good once",
                "It is refused: the state is bound to Ada",
                "It runs again",
            ),
            2,
            "The seal holds the person, the tool, the arguments and a time. It does not count. If a call may happen only "
            "once, the server has to remember that it has happened.",
        ),
        Prediction(
            "5b.b",
            "The archive keeps the tokens that it was sent in its log. Somebody reads the log. What can they do at "
            "the library?",
            (
                "Nothing: the token was for the archive",
                "Everything that Ada's token allows",
                "Only read what the archive was asked",
            ),
            1,
            "The token was issued for the library, and the library sent it away. Anyone who presents it is Ada.",
        ),
        Prediction(
            "5b.c",
            "Four guards for a path, and four attacks on it. Which guard refuses all four?",
            (
                "No `..` in the name",
                "The path starts with the text of the folder",
                "The resolved path starts with the text of the folder",
                "The resolved path is relative to the folder",
            ),
            3,
            "Only `resolve()` follows links and dots, and only `is_relative_to` compares whole names: `board-drafts` "
            "starts with `board`.",
        ),
    ),
)
