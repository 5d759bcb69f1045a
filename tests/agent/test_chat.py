"""A cell talks to a model, which a script plays."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.kernels import DEADLINE, Kernel
from tests.support.waiting import until

LIBRARY = """%%mcp_tool --read-only
def find(author: str) -> list[str]:
    "Find titles."
    print("looking")
    return ["Kindred"] if author == "Butler" else []
"""
BURN = """%%mcp_tool
def burn(title: str) -> str:
    "Burn a book."
    burnt.append(title)
    return "burnt"
"""
SCRIPT = """
from mcp_notebook import NotebookServer

burnt = []
find_it = {"tool": "find", "arguments": {"author": "Butler"}}
burn_it = {"tool": "burn", "arguments": {"title": "Kindred"}}
finding = [["Let me look.", find_it], lambda messages: f"{len(messages)} messages"]
burning = [find_it, burn_it, "Done."]
"""


@pytest.fixture(scope="module")
def chat(shared_kernel: Kernel) -> Kernel:
    for cell in ("%mcp new library", SCRIPT, LIBRARY, BURN):
        shared_kernel.good(cell)
    return shared_kernel


def test_each_step_is_shown_and_the_script_says_that_it_is_one(chat: Kernel) -> None:
    ran = chat.good("%%mcp_chat --new --script finding -o turn\nWhich books by Butler are there?")
    assert ran.text == (
        "chat with the script finding instead of a model; tools: 2 of library\n"
        "scripted model: Let me look.\n"
        'calls find on library: {"author": "Butler"}\n'
        "  Kindred\n"
        "scripted model: 3 messages"
    )
    assert ran.stdout == "looking\n"
    assert "Which books" not in ran.everything
    assert chat.good("turn").text == "Turn: 1 calls, 2 requests to the model\n3 messages"


def test_the_conversation_goes_on_from_cell_to_cell_until_a_new_one(chat: Kernel) -> None:
    chat.good("%%mcp_chat --new --script finding\nWhich?")
    assert "scripted model: 7 messages" in chat.good("%%mcp_chat --script finding\nAnd now?").text
    assert "scripted model: 3 messages" in chat.good("%%mcp_chat --script finding --new\nAnd now?").text


def test_calls_of_a_chat_are_in_the_log(chat: Kernel) -> None:
    chat.good("%%mcp_chat --script finding\nWhich?")
    *_, latest = chat.good("%mcp log").text.splitlines()
    assert latest.split()[1:3] == ["find", 'author="Butler"']


def test_a_person_is_asked_before_what_may_destroy(chat: Kernel) -> None:
    ran = chat.dialog("%%mcp_chat --script burning --approve destructive\nTidy up.", "n")
    assert "  no result: The user did not allow this call." in ran.text
    assert chat.value("burnt") == []
    assert "  burnt" in chat.dialog("%%mcp_chat --script burning --approve destructive\nTidy up.", "y").text
    assert chat.value("burnt") == ["Kindred"]


def test_what_is_asked_can_be_answered_beforehand(chat: Kernel) -> None:
    ran = chat.good('%%mcp_chat --script burning --approve all --answers \'["accept", "decline"]\'\nTidy up.')
    assert "  Kindred\n" in ran.text
    assert ran.text.count("no result: The user did not allow this call.") == 1


def test_nobody_there_means_no(chat: Kernel) -> None:
    message = chat.client.execute("%%mcp_chat --script burning --approve destructive\nTidy up.", allow_stdin=False)
    assert "  no result: The user did not allow this call." in chat.finish(message).text


def test_approving_all_asks_before_what_only_reads_too(chat: Kernel) -> None:
    ran = chat.dialog("%%mcp_chat --script burning --approve all\nTidy up.", "n", "n")
    assert ran.text.count("no result: The user did not allow this call.") == 2


@pytest.mark.parametrize(
    ("cell", "line"),
    [
        ("%%mcp_chat --script finding\n ", "The prompt is empty"),
        ("%%mcp_chat\nHello", "No model is chosen. Use --model anthropic:NAME"),
        ("%%mcp_chat --model scripted\nHello", "needs a script: --script VAR"),
        ("%%mcp_chat --script nothing\nHello", "nothing is not a list"),
        ("%%mcp_chat --model nobody:nothing\nHello", "Unknown model: nobody:nothing"),
        (
            "%%mcp_chat --script finding --model openai:gpt-5\nHello",
            "Either openai:gpt-5 or the script can answer, not both",
        ),
        ("%%mcp_chat --script finding --on libary\nHello", "Did you mean 'library'?"),
        ("%%mcp_chat --script finding --max-turns 1\nHello", "asked 1 times and still calls tools"),
    ],
)
def test_a_mistake_is_one_line(chat: Kernel, cell: str, line: str) -> None:
    ran = chat.run(cell)
    assert not ran.ok
    assert line in ran.stderr
    assert "Traceback" not in ran.everything


def test_only_the_servers_that_are_named_are_at_the_model_s_hand(chat: Kernel) -> None:
    chat.good("%mcp new cinema")
    chat.good('%%mcp_tool --server cinema\ndef find(film: str) -> str:\n    "Find a film."\n    return film')
    assert "tools: 2 of library\n" in chat.good("%%mcp_chat --script finding --on library\nWhich?").text
    both = [{"tool": "cinema_find", "arguments": {"film": "Solaris"}}, "Found."]
    chat.good(f"both = {both!r}")
    ran = chat.good("%%mcp_chat --script both\nWhich?")
    assert "tools: 2 of library, 1 of cinema\n" in ran.text
    assert 'calls cinema_find on cinema: {"film": "Solaris"}\n  Solaris' in ran.text
    chat.good("%mcp use library")


def test_interrupting_the_cell_cancels_the_call_and_leaves_the_kernel_usable(chat: Kernel, tmp_path: Path) -> None:
    begun = tmp_path / "begun"
    chat.good(
        "%%mcp_tool --server library\nimport anyio, pathlib\nended = []\n"
        "async def wait() -> str:\n    try:\n"
        f"        pathlib.Path({str(begun)!r}).touch()\n        await anyio.sleep(600)\n"
        "    finally:\n        ended.append('cancelled')\n    return 'never'"
    )
    chat.good("waiting = [{'tool': 'wait'}, 'Done.']")
    cell = chat.begin("%%mcp_chat --script waiting --on library\nWait.")
    until(begun.exists)
    chat.interrupt()
    ran = chat.finish(cell)
    assert ran.errors == ["KeyboardInterrupt"]
    chat.wait_for("ended == ['cancelled']")
    assert "scripted model: Let me look." in chat.good("%%mcp_chat --script finding --on library\nWhich?").text


def test_interrupting_the_question_leaves_the_kernel_usable(chat: Kernel) -> None:
    cell = chat.start("%%mcp_chat --script burning --on library --approve all\nTidy up.")
    chat.client.get_stdin_msg(timeout=DEADLINE)
    chat.interrupt()
    assert chat.finish(cell).errors == ["KeyboardInterrupt"]
    assert "scripted model: Let me look." in chat.good("%%mcp_chat --script finding --on library\nWhich?").text


def test_a_model_answers_when_a_server_samples(chat: Kernel) -> None:
    chat.good(
        "from mcp.server.mcpserver import Sample, Resolve\nfrom typing import Annotated\n"
        "from mcp_types import SamplingMessage, TextContent, CreateMessageResult\n"
        "def blurb():\n"
        "    words = TextContent(type='text', text='Praise it.')\n"
        "    return Sample([SamplingMessage(role='user', content=words)], max_tokens=20)\n"
    )
    chat.good(
        "%%mcp_tool praise --server library\n"
        "def praise(said: Annotated[CreateMessageResult, Resolve(blurb)]) -> str:\n"
        "    'Praise.'\n    return said.content.text"
    )
    chat.good("praises = [lambda messages: 'heard: ' + messages[-1].content.text]")
    assert ": scripted.\n" in chat.good("%mcp sampling --script praises").stdout
    assert chat.good("%mcp call praise").text == "heard: Praise it."
    assert "The script has only 1 steps" in chat.run("%mcp call praise").stderr
    assert ": no model.\n" in chat.good("%mcp sampling off").stdout
    unattended = chat.client.execute("%mcp call praise", allow_stdin=False)
    assert "nobody is here to answer" in chat.finish(unattended).stderr
