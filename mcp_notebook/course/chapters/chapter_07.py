"""Chapter 7: a client that answers, a loop with a guard, and a test that can fail."""

from __future__ import annotations

from mcp_notebook.course.checking.bench import rows
from mcp_notebook.course.checking.cases import Case
from mcp_notebook.course.exercises import Chapter, Exercise, Prediction
from mcp_notebook.course.checking.guard import BURN, KEEP, LOOK, SAY, TAKE, TITLES, guarded
from mcp_notebook.course.checking.returns import VERSIONS, tested

DUNE = """
DELETE FROM loans WHERE returned IS NULL;
INSERT INTO loans (title, member, lent, due) VALUES ('Dune', 'Ada', '2026-11-02', '2026-11-23');
"""
DUE = "SELECT title, member, due FROM loans WHERE returned IS NULL"

KEEP_LONGER = Exercise(
    number="7.1",
    name="keep_longer",
    server="desk",
    title="a client with a rule",
    read="4 · What the server asks and says meanwhile",
    start="# Exercise 7.1. Begin with %%mcp_tool --server desk, and define keep_longer(title, member, weeks).",
    cases=(
        Case(
            {"title": "Dune", "member": "Ada", "weeks": 2},
            "the desk answers the library's question with the weeks",
            result="Dune: 2 weeks longer",
            given=DUNE,
            then=[rows(DUE, ("Dune", "Ada", "2026-12-07"))],
        ),
        Case(
            {"title": "Dune", "member": "Ada", "weeks": 4},
            "4 weeks are still allowed",
            result="Dune: 4 weeks longer",
            given=DUNE,
            then=[rows(DUE, ("Dune", "Ada", "2026-12-21"))],
        ),
        Case(
            {"title": "Dune", "member": "Ada", "weeks": 5},
            "more than 4 weeks are declined",
            result="Dune: not extended",
            given=DUNE,
            then=[rows(DUE, ("Dune", "Ada", "2026-11-23"))],
        ),
        Case(
            {"title": "Emma", "member": "Ada", "weeks": 2},
            "an error of the library is an error of the desk, in the library's words",
            error="Ada has not borrowed 'Emma'",
            given=DUNE,
        ),
        Case(
            {"title": "Emma", "member": "Ada", "weeks": 9},
            "that is an error for more than 4 weeks, too",
            error="Ada has not borrowed 'Emma'",
            given=DUNE,
        ),
    ),
    hints=(
        "The function that answers needs to know `weeks`. Where can you define it so that it does?",
        "Define an `async def` inside of the tool and give it as `elicitation_callback`. It returns "
        '`ElicitResult(action="decline")` or one with `action="accept"` and `content`. Afterwards look at '
        "`result.is_error`.",
        "`async with Client(library, elicitation_callback=answer) as client:` and in it only "
        '`result = await client.call_tool("extend_loan", {"title": title, "member": member})`. After the block: '
        "`if result.is_error: raise ToolError(result.content[0].text)`",
    ),
    solution='''
%%mcp_tool --server desk --no-destructive --closed-world
async def keep_longer(title: Title, member: str, weeks: int) -> str:
    """Extend a member's loan, by at most 4 weeks."""

    async def answer(context, question):
        if weeks > 4:
            return ElicitResult(action="decline")
        return ElicitResult(action="accept", content={"weeks": weeks})

    async with Client(library, elicitation_callback=answer) as client:
        result = await client.call_tool("extend_loan", {"title": title, "member": member})
    if result.is_error:
        raise ToolError(result.content[0].text)
    return result.content[0].text
''',
    why="A program that answers for people needs rules that people have set, and 'no' is one of its answers.",
)


GUARDED = Exercise(
    number="7.2",
    name="guarded",
    kind="code",
    title="a guard",
    read="6 · The loop of model and tools",
    start="# Exercise 7.2. Define the function guarded(client, model, prompt, most_turns=5).",
    cases=(
        guarded("a model may answer at once", [SAY], {"called": [], "told": [], "answer": SAY["text"]}),
        guarded(
            "a tool that only reads is called, and the model is told the result",
            [LOOK, SAY],
            {"called": ["search"], "told": [TITLES], "answer": SAY["text"]},
        ),
        guarded(
            "a tool without annotations is not called, and the model is told",
            [TAKE, SAY],
            {"called": [], "told": ["not allowed"], "answer": SAY["text"]},
        ),
        guarded(
            "annotations that do not say 'read-only' are not enough",
            [KEEP, SAY],
            {"called": [], "told": ["not allowed"], "answer": SAY["text"]},
        ),
        guarded(
            "a tool that the server does not list is not called either",
            [BURN, SAY],
            {"called": [], "told": ["not allowed"], "answer": SAY["text"]},
        ),
        guarded(
            "after a refusal the loop goes on",
            [TAKE, LOOK, SAY],
            {"called": ["search"], "told": ["not allowed", TITLES], "answer": SAY["text"]},
        ),
        guarded(
            "refusals count as turns, so there is an end",
            [TAKE],
            {"called": [], "told": ["not allowed", "not allowed"], "answer": "RuntimeError after 3 requests"},
            most_turns=3,
        ),
    ),
    hints=(
        "You know before the loop begins which tools may be called. From where?",
        "`tool.annotations` may be `None`; otherwise look at its `read_only_hint`. Make a set of names. A refusal is a "
        "message like that of a result.",
        "Copy `converse`. Before the loop: `allowed = {tool.name for tool in tools if tool.annotations and "
        'tool.annotations.read_only_hint}`. In it: `text, failed = "not allowed", True`, and only '
        '`if reply["tool"] in allowed:` make the call and take its text and its `is_error`.',
    ),
    solution='''
async def guarded(client, model, prompt, most_turns=5):
    """Run the loop, but call only tools that are marked as read-only."""
    tools = (await client.list_tools()).tools
    allowed = {tool.name for tool in tools if tool.annotations and tool.annotations.read_only_hint}
    messages = [{"role": "user", "text": prompt}]
    for _ in range(most_turns):
        reply = model(messages, tools)
        messages.append({"role": "assistant", **reply})
        if "tool" not in reply:
            return reply["text"]
        text, failed = f"{reply['tool']} is not allowed", True
        if reply["tool"] in allowed:
            result = await client.call_tool(reply["tool"], reply["arguments"])
            text = ", ".join(block.text for block in result.content if block.type == "text")
            failed = result.is_error
        messages.append({"role": "tool", "text": text, "failed": failed})
    raise RuntimeError(f"no answer after {most_turns} turns")
''',
    why="A list of what is allowed also holds against orders that nobody foresaw. But an annotation is the server's own "
    "claim, so such a guard is only good for servers that you trust.",
)


TEST = Exercise(
    number="7.3",
    name="test_give_back",
    kind="code",
    title="a test that can fail",
    read="7 · Tests",
    start="# Exercise 7.3. Define the function test_give_back(client).",
    cases=tuple(map(tested, VERSIONS)),
    hints=(
        "Three promises want three looks: at Ada's loan, at all the others, and at a call that has to be an error.",
        "After the call, compare the whole list of open loans: `query(\"SELECT title, member FROM loans WHERE returned "
        'IS NULL ORDER BY id")`. For the error, look at `result.is_error` and for the title in its text.',
        'Call `give_back` for Dune and Ada. Then `assert query(...) == [("Emma", "Ada"), ("Dune", "Mary")]`. Then call it '
        'for a title such as Kindred: `assert result.is_error` and `assert "Kindred" in result.content[0].text`.',
    ),
    solution='''
async def test_give_back(client):
    """One loan is back, all others are open, and an unknown loan is an error."""
    result = await client.call_tool("give_back", {"title": "Dune", "member": "Ada"})
    assert not result.is_error
    still_open = query("SELECT title, member FROM loans WHERE returned IS NULL ORDER BY id")
    assert still_open == [("Emma", "Ada"), ("Dune", "Mary")]
    today = query("SELECT title, member FROM loans WHERE returned = '2026-11-02'")
    assert today == [("Dune", "Ada")]

    result = await client.call_tool("give_back", {"title": "Kindred", "member": "Ada"})
    assert result.is_error
    assert "Kindred" in result.content[0].text
''',
    why="A test that compares the words fails with every better wording. One that compares only the words passes when "
    "nothing happens. Test what was promised.",
)

CHAPTER = Chapter(
    "7",
    "Client integration",
    exercises=(KEEP_LONGER, GUARDED, TEST),
    predictions=(
        Prediction(
            "7.a",
            "Four requests go wrong: a tool that fails, wrong arguments, a tool that does not exist, an address that "
            "does not exist. Which of them raise an exception in the client?",
            ("Only the fourth", "The third and the fourth", "The second, third and fourth", "All four"),
            0,
            "By the specification, an unknown tool is a protocol error, so the third should raise as well. The Python "
            "SDK 2.3 answers with `is_error`. Clients meet both.",
        ),
        Prediction(
            "7.b",
            "`extend_loan` asks for how many weeks. This client has nobody to ask. What happens?",
            (
                "The call waits",
                "The tool runs with a default",
                "The call is refused, and nothing has changed",
                "The tool runs, and then the call fails",
            ),
            2,
            "A client without the callback does not declare the capability, so the server must not ask. It refuses "
            "before the function runs.",
        ),
        Prediction(
            "7.c",
            "Both servers have a tool `search`. The library comes first, then the cinema. The host asks `search` for "
            "'dune'. What does it find?",
            ("The book", "The films", "Both", "An error: the name is not unique"),
            1,
            "A dictionary keeps the last entry. The cinema has taken over the library's tool, without a word.",
        ),
        Prediction(
            "7.d",
            "Somebody asks only what readers say about Emma. The note in the book contains an order to lend Dune to "
            "Omar. Our loop makes every call. What happens?",
            (
                "The model quotes the order in its answer",
                "Dune is lent to Omar, and the answer mentions it",
                "Dune is lent to Omar, and the answer does not mention it",
            ),
            2,
            "The result of a tool is text like any other. The model follows the order, the loop makes the call, and the "
            "person reads only the answer.",
        ),
    ),
)
