"""A long list of tools, searched instead of read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from mcp_types import Tool

from mcp_notebook import connect
from mcp_notebook.client import Connection, Url
from mcp_notebook.server import NotebookServer, stable_tools
from mcp_notebook.server.listing import listed, tokens
from mcp_notebook.server.tool_search import found
from tests.support.shells import Shell, running_shell

TOOLS = [
    ("list_customer_orders", "All orders of a customer.", {"customer": "The id of the customer."}),
    ("refundOrder", "Pay money back.", {"order": "The order.", "amount": "In euros."}),
    ("send_mail", "Send a message to a customer.", {"text": "The message."}),
    ("weather", "The forecast for a city.", {"city": "A city in Europe."}),
]


def tool(name: str, about: str, takes: dict[str, str]) -> Tool:
    properties = {key: {"type": "string", "description": text} for key, text in takes.items()}
    return Tool(name=name, description=about, input_schema={"type": "object", "properties": properties})


@pytest.mark.parametrize(
    ("query", "best", "others"),
    [
        ("refund", "refundOrder", []),
        ("refunding orders", "refundOrder", ["list_customer_orders"]),
        ("customer", "list_customer_orders", ["send_mail"]),
        ("forecasts", "weather", []),
        ("LIST", "list_customer_orders", []),
        ("nothing like it", None, []),
        ("", None, []),
        ('*" OR (', None, []),
        ("AND NOT NEAR", None, []),
    ],
)
def test_the_tools_with_the_words_of_a_query_come_best_first(query: str, best: str | None, others: list[str]) -> None:
    names = [one.name for one in found(query, [tool(*one) for one in TOOLS])]
    assert names == [*([best] if best else []), *others]


def test_the_best_of_many_is_first() -> None:
    many = [tool(f"tool_{number}", f"Does the thing number {number}.", {}) for number in range(1000)]
    assert found("thing 777", many)[0].name == "tool_777"


TOOL = "%%mcp_tool\ndef tool_{0}(a: int) -> int:\n    'Does the thing number {0}.'\n    return a + {0}"


@pytest.fixture
def shell() -> Iterator[Shell]:
    with running_shell() as shell:
        for number in range(30):
            shell.good(TOOL.format(number))
        yield shell


@pytest.fixture
def outside(shell: Shell) -> Iterator[Connection]:
    listener = shell.good("%mcp serve --search --any-port")
    with connect(Url(listener.url, token=str(listener.token))) as connection:
        yield connection


def texts(outcome: Any) -> list[str]:
    return [block.text for block in outcome.result.content]


def test_a_client_lists_two_tools_and_reaches_all(shell: Shell, outside: Connection) -> None:
    assert [one.name for one in outside.tools()] == ["search_notebook_tools", "call_notebook_tool"]
    (hit,) = map(json.loads, texts(outside.call("search_notebook_tools", {"query": "thing 7", "limit": 1})))
    assert (hit["name"], hit["inputSchema"]["required"]) == ("tool_7", ["a"])
    assert texts(outside.call("call_notebook_tool", {"name": "tool_7", "arguments": {"a": 1}})) == ["8"]
    assert texts(outside.call("tool_7", {"a": 1})) == ["8"]
    (nothing,) = texts(outside.call("search_notebook_tools", {"query": "zebra"}))
    assert nothing.startswith("None of the 30 tools fits these words.")


def test_a_tool_of_a_later_cell_is_found(shell: Shell, outside: Connection) -> None:
    shell.good("%%mcp_tool\ndef zebra() -> str:\n    'Stripes.'\n    return ''")
    (hit,) = map(json.loads, texts(outside.call("search_notebook_tools", {"query": "stripe"})))
    assert hit["name"] == "zebra"


def test_the_table_says_what_the_list_costs_and_what_a_search_saves(shell: Shell) -> None:
    said = shell.good("%mcp tools").text.splitlines()[-1]
    whole = sum(tokens(listed(one)) for one in shell.session.catalog(None).tools())
    listener = shell.good("%mcp serve --search --any-port")
    with connect(Url(listener.url, token=str(listener.token))) as outside:
        pair = sum(tokens(listed(one)) for one in outside.tools())
    assert f"reads about {whole:,} tokens" in said
    assert f"about {pair:,} tokens." in said
    assert pair * 2 < whole
    said = shell.good("%mcp tools").text.splitlines()[-1].strip()
    listed_only = f"search_notebook_tools and call_notebook_tool: about {pair:,} tokens in place of {whole:,}."
    assert said == f"Clients list only {listed_only}"


def test_a_short_list_has_no_such_line() -> None:
    with running_shell() as shell:
        shell.good(TOOL.format(1))
        assert "tokens." not in shell.good("%mcp tools").text


def test_both_pairs_can_be_offered_and_taken_off() -> None:
    server = NotebookServer("s")
    stable_tools.offer(server)
    stable_tools.offer(server, stable_tools.SEARCHING)
    with connect(server) as connection:
        assert {one.name for one in connection.tools()} == set(stable_tools.TOOLS)
        stable_tools.withdraw(server)
        assert connection.tools() == []
