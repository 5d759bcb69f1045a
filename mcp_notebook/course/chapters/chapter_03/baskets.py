"""The exercise on handles: a basket that only its owner can fill."""

from __future__ import annotations

import secrets
from typing import Any

from mcp.client import Client
from mcp_types import TextContent

from mcp_notebook.course.checking.bench import Bench
from mcp_notebook.course.checking.cases import Case, Probe
from mcp_notebook.course.exercises import Exercise

__all__ = ["PUT_IN_BASKET", "told"]


async def told(client: Client, tool: str, **arguments: Any) -> Any:
    """Call a tool, and return its value, or the text of its error."""
    result = await client.call_tool(tool, arguments)
    if result.is_error or result.structured_content is None:
        return "\n".join(block.text for block in result.content if isinstance(block, TextContent))
    return result.structured_content.get("result", result.structured_content)



async def _two_baskets(bench: Bench) -> Any:
    first, second = [await told(bench.client, "open_basket") for _ in range(2)]
    puts = [(first, "Emma"), (second, "Dune"), (first, "Dune")]
    return [await told(bench.client, bench.name, basket=basket, title=title) for basket, title in puts]


async def _other_client(bench: Bench) -> Any:
    basket = await told(bench.client, "open_basket")
    await told(bench.client, bench.name, basket=basket, title="Emma")
    async with Client(bench.server) as client:
        return await told(client, bench.name, basket=basket, title="Dune")


async def _unopened(bench: Bench) -> Any:
    # At random: an earlier answer may have made a basket of any fixed name.
    refusal = await told(bench.client, bench.name, basket=secrets.token_urlsafe(16), title="Emma")
    named = isinstance(refusal, str) and "open_basket" in refusal
    return "an error that names open_basket" if named else refusal


async def _unknown_title(bench: Bench) -> Any:
    basket = await told(bench.client, "open_basket")
    refusal = await told(bench.client, bench.name, basket=basket, title="Moby Dick")
    kept = await told(bench.client, bench.name, basket=basket, title="Emma")
    named = isinstance(refusal, str) and "Moby Dick" in refusal
    return "an error that names it" if named else f"no error: {refusal!r}", kept


PUT_IN_BASKET = Exercise(
    number="3.4",
    name="put_in_basket",
    title="put it in the basket",
    read="7 · State without sessions: handles",
    start="# Exercise 3.4. Define the tool put_in_basket(basket, title).",
    cases=(
        Probe(
            "open two baskets; put Emma into the first, Dune into the second, Dune into the first",
            "each basket has its own books",
            _two_baskets,
            [["Emma"], ["Dune"], ["Emma", "Dune"]],
        ),
        Probe(
            "put Emma into a basket; another client puts Dune into the same one",
            "a handle outlives the connection",
            _other_client,
            ["Emma", "Dune"],
        ),
        Probe(
            "put Emma into a basket that nobody opened",
            "an unknown handle is an error with advice",
            _unopened,
            "an error that names open_basket",
        ),
        Probe(
            "put Moby Dick into a basket, then Emma",
            "an unknown title is refused, and leaves the basket as it is",
            _unknown_title,
            ("an error that names it", ["Emma"]),
        ),
    ),
    hints=(
        "The handle is a key of `baskets`. Which two things can be wrong with the arguments?",
        "Check both first, and raise a `ToolError` for each; change the basket last. A text without advice does not tell "
        "the model what to do.",
        '`if basket not in baskets: raise ToolError("... Call open_basket for a new one.")`, then the title as in `lend`, '
        "then `baskets[basket].append(title)` and `return baskets[basket]`.",
    ),
    solution='''
%%mcp_tool --no-destructive --closed-world
def put_in_basket(
    basket: Annotated[str, Field(description="The handle of a basket, from open_basket.")], title: Title
) -> list[str]:
    """Put a book into a basket. Returns the titles that are in it."""
    if basket not in baskets:
        raise ToolError("This basket does not exist, or not any more. Call open_basket for a new one.")
    if not query("SELECT 1 FROM books WHERE title = ?", title):
        raise ToolError(f"{title!r} is not in the library. Use search to find the exact title.")
    baskets[basket].append(title)
    return baskets[basket]
''',
    why="The handle is in the conversation. So it survives a restart of the client, and works with every copy of the "
    "server that shares the baskets.",
)
