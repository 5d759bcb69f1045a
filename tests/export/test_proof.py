"""The proof of a package: what is compared, what is made again, and what is said of it."""

from __future__ import annotations

import math
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import pytest
from mcp.server.mcpserver import Context, Elicit, Resolve
from mcp_types import PromptReference
from pydantic import BaseModel

from mcp_notebook.client import Connection
from mcp_notebook.errors import ExportError, RequestError
from mcp_notebook.export.proof import Proof, Row, installing
from mcp_notebook.export.proof.environment import installed
from mcp_notebook.export.proof.evidence import Difference, differences, merged
from mcp_notebook.export.proof.inspecting import importing
from mcp_notebook.export.proof.offering import compared, offer_of
from mcp_notebook.export.proof.replaying import recorded, replayed, replays
from mcp_notebook.json_diff import ABSENT
from mcp_notebook.portal import Portal
from mcp_notebook.recording import Call
from mcp_notebook.recording.call import Decision
from mcp_notebook.recording.volatile import marked
from mcp_notebook.server import NotebookServer


class Size(BaseModel):
    size: str


def ask() -> Elicit[Size]:
    return Elicit("Which size?", Size)


def library(*, added: int = 0, description: str = "Add two numbers.") -> NotebookServer:
    """A server, and with other arguments one that went wrong on the way."""
    server = NotebookServer("library", instructions="Books.", version=str(added))

    @server.tool(description=description)
    def add(a: int, b: int = 2) -> int:
        return a + b + added

    @server.tool()
    def order(size: Annotated[Size, Resolve(ask)]) -> str:
        return size.size

    @server.tool()
    async def confirm(ctx: Context[Any, Any]) -> str:
        answer = await ctx.elicit("Sure?", Size)
        return answer.action

    @server.tool()
    def fails() -> str:
        raise ValueError("no")

    @server.resource("notes://today")
    def today() -> str:
        return "nothing"

    @server.resource("notes://{day}/{hour}")
    def at(day: str, hour: str) -> str:
        if day == "never":
            raise ValueError("no such day")
        return f"{day} {hour}"

    @server.prompt()
    def review(text: str) -> str:
        return f"Review {text}"

    return server


def latest(server: NotebookServer) -> Call:
    return server.runtime.recorder.calls[-1]


# --- two JSON values


@pytest.mark.parametrize(
    ("notebook", "package", "found"),
    [
        ({"a": 1, "b": [1, 2]}, {"a": 1, "b": [1, 2]}, []),
        ({"a": {"b/c": 1}}, {"a": {"b/c": 2}}, [("/a/b~1c", 1, 2)]),
        ({"a": 1}, {}, [("/a", 1, ABSENT)]),
        ([1], [1, 2], [("/1", ABSENT, 2)]),
        (1, 1.0, [("", 1, 1.0)]),
        (True, 1, [("", True, 1)]),
        ({"mean": math.nan}, {"mean": math.nan}, []),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, [("", {"in this order": ["a", "b"]}, {"in this order": ["b", "a"]})]),
    ],
)
def test_a_difference_is_found_where_it_is(notebook: Any, package: Any, found: list[Any]) -> None:
    assert list(differences(notebook, package)) == found


def test_of_what_is_volatile_only_the_type_counts() -> None:
    notebook = marked({"at": 1.5, "name": "x"}, ["/at"])
    assert list(differences(notebook, {"at": 2, "name": "x"})) == []
    assert [at for at, *_ in differences(notebook, {"at": "2", "name": "y"})] == ["/at", "/name"]


# --- two servers


def offers(portal: Portal, notebook: NotebookServer, package: NotebookServer) -> tuple[Any, Any]:
    with Connection(portal, notebook, "modern") as here, Connection(portal, package, "modern") as there:
        return offer_of(here), offer_of(there)


def test_two_servers_are_equal_but_for_their_versions(portal: Portal) -> None:
    assert not any(compared(*offers(portal, library(), library(added=1)), {}).values())


def test_a_difference_names_definition_cell_and_field(portal: Portal) -> None:
    notebook, package = offers(portal, library(), library(description="Adds."))
    found = compared(notebook, package, {("tool", "add"): 4})["tool"]
    assert [str(difference) for difference in found] == [
        'tool add (cell 4), /description: "Add two numbers." in the notebook, "Adds." in the package'
    ]


def test_a_definition_that_is_not_there_and_another_order_are_differences(portal: Portal) -> None:
    other = library()
    other.remove_tool("add")
    found = compared(*offers(portal, library(), other), {})["tool"]
    assert [(d.definition, d.field, d.notebook, d.package) for d in found] == [
        ("tool add", "in the list", "an entry", "nothing")
    ]
    other.add_tool(lambda a, b=2: a, name="add", description="Add two numbers.")
    assert "the order of the list" in [d.field for d in compared(*offers(portal, library(), other), {})["tool"]]


def test_another_word_of_the_instructions_is_a_difference(portal: Portal) -> None:
    other = NotebookServer("library", instructions="Book.")
    found = compared(*offers(portal, NotebookServer("library", instructions="Books."), other), {})["server"]
    assert [str(d) for d in found] == ['server, /instructions: "Books." in the notebook, "Book." in the package']


def test_a_difference_on_both_transports_is_told_once() -> None:
    one = Difference("tool add", 4, "/description", "1", "2")
    found = merged([replace(one, over=("stdio",)), replace(one, over=("HTTP",))])
    assert [str(each) for each in found] == ["tool add (cell 4), /description: 1 in the notebook, 2 in the package"]
    (only,) = merged([replace(one, over=("HTTP",))])
    assert "(cell 4, over HTTP)" in str(only)


# --- recorded calls


def used(portal: Portal, server: NotebookServer) -> None:
    with Connection(portal, server, "modern") as modern, Connection(portal, server, "legacy") as legacy:
        modern.call("add", {"a": 1})
        modern.call("add", {"a": "x"})
        modern.call("order", answers=[{"size": "L"}])
        modern.call("order", answers=["decline"])
        modern.call("fails")
        modern.call("unknown")
        modern.read("notes://today")
        modern.read("notes://monday/8")
        for uri in ("notes://never/8", "other://x"):
            with pytest.raises(RequestError):
                modern.read(uri)
        modern.prompt("review", {"text": "this"})
        with pytest.raises(RequestError):
            modern.prompt("unknown")
        legacy.call("confirm", answers=[{"size": "L"}])
        legacy.call("add", {"a": 5})


def test_each_call_can_be_made_again_with_the_recorded_answers(portal: Portal) -> None:
    server = library()
    used(portal, server)
    again = library()
    chosen = replays(server.runtime.recorder.calls, server)
    assert chosen.left_out == ()
    assert len(chosen.calls) == 14
    with Connection(portal, again, "modern") as modern, Connection(portal, again, "legacy") as legacy:
        for call in chosen.calls:
            connection = modern if call.era == "modern" else legacy
            assert list(differences(recorded(call), replayed(portal, connection, call))) == []


def test_another_result_is_found_where_it_is(portal: Portal) -> None:
    server, other = library(), library(added=1)
    with Connection(portal, server, "modern") as connection:
        connection.call("add", {"a": 1})
    with Connection(portal, other, "modern") as connection:
        found = differences(recorded(latest(server)), replayed(portal, connection, latest(server)))
    assert ("/structuredContent/result", 3, 4) in list(found)


def test_a_question_more_is_a_difference(portal: Portal) -> None:
    server, other = NotebookServer("library"), library()

    @server.tool()
    def order() -> str:
        return "L"

    with Connection(portal, server, "modern") as connection:
        connection.call("order")
    with Connection(portal, other, "modern") as connection:
        outcome = replayed(portal, connection, latest(server))
    assert outcome["refused"] == "it asks more questions than the notebook did"


def why(server: NotebookServer) -> list[str]:
    return [reason for _, reason in replays(server.runtime.recorder.calls, server).left_out]


def test_calls_of_a_definition_that_has_changed_are_not_made_again(portal: Portal) -> None:
    server = library()
    with Connection(portal, server, "modern") as connection:
        connection.call("add", {"a": 1})
        connection.read("notes://today")

        @server.tool()
        def add(a: int) -> int:
            return a

        assert why(server) == ["its definition has changed since"]
        server.remove_tool("add")
        assert why(server) == ["its definition is gone"]


def test_calls_of_a_definition_whose_cell_ran_again_unchanged_are_made_again(portal: Portal) -> None:
    server = NotebookServer("library")
    for _ in range(2):

        @server.tool()
        def add(a: int) -> int:
            return a

        with Connection(portal, server, "modern") as connection:
            connection.call("add", {"a": 1})
    assert why(server) == []


def call(**about: Any) -> Call:
    made = Call(server="library", method="tools/call", name="add", arguments={"a": 1})
    made.end("done", {"content": []})
    for name, value in about.items():
        setattr(made, name, value)
    return made


@pytest.mark.parametrize(
    ("about", "reason"),
    [
        ({"cut": True}, "it was too long to be kept in full"),
        ({"state": "cancelled"}, "it was cancelled"),
        ({"state": "running"}, "it had not ended"),
        ({"approval": Decision(False, "a person", 1.0)}, "it was not allowed"),
        ({"name": "list_notebook_tools"}, "it is a tool of the workbench"),
        (
            {"method": "completion/complete", "name": "notes://{day}/{hour}"},
            "the record does not have its other arguments",
        ),
    ],
)
def test_it_is_said_why_a_call_is_not_made_again(about: dict[str, Any], reason: str) -> None:
    ((_, said),) = replays([call(**about)], library()).left_out
    assert said.startswith(reason)


def test_calls_of_other_servers_are_nobodys_business() -> None:
    assert replays([call(server="another")], library()) == replays([], library())


def test_a_completion_can_be_asked_again(portal: Portal) -> None:
    server, again = library(), library()
    for each in (server, again):

        @each.completion()
        async def complete(ref: Any, argument: Any, context: Any) -> Any:
            return None

    with Connection(portal, server, "modern") as connection:
        connection.complete(PromptReference(name="review"), "text", "a")
    (only,) = replays(server.runtime.recorder.calls, server).calls
    with Connection(portal, again, "modern") as connection:
        assert replayed(portal, connection, only) == recorded(only)


# --- what is looked at beside


def test_a_line_that_imports_the_workbench_is_found(tmp_path: Path) -> None:
    (tmp_path / "server.py").write_text("import mcp\nif mcp:\n    from mcp_notebook.client import connect\n")
    assert importing(tmp_path) == ["server.py, line 3: from mcp_notebook.client import connect"]


def test_an_environment_that_cannot_be_made_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fails = [sys.executable, "-c", FAILS]
    tool = installing._Tool("pip", fails, fails, tmp_path, fails, "--index-url", os.environ)
    monkeypatch.setattr(installing, "_tools", lambda *_: iter([tool]))
    (tmp_path / "books").mkdir()
    with pytest.raises(ExportError) as refusal:
        installed(tmp_path / "books", tmp_path, {}, python=None, say=lambda _: None)
    assert str(refusal.value) == "it cannot be installed: ERROR: no index has it"


FAILS = "import sys; print('Looking\\nERROR: no index has it', file=sys.stderr); sys.exit(1)"


# --- in words

PROOF = Proof(
    (
        Row("tools (2)", "equal", "1 different", False, ("tool add (cell 4, over HTTP), /title: 1, 2",)),
        Row("its tests", "12 passed"),
    ),
    versions=(("Python", "3.12.1"), ("mcp", "2.3.0"), ("platform", "Linux x86_64")),
)


def test_a_proof_reads_as_a_table_with_what_is_to_say_below() -> None:
    assert PROOF.text.splitlines() == [
        "not proven: 1 of 2 checks failed",
        "               stdio      HTTP",
        "NO  tools (2)  equal      1 different",
        "ok  its tests  12 passed",
        "  tool add (cell 4, over HTTP), /title: 1, 2",
    ]


def test_a_proof_in_markdown_says_on_what_it_ran() -> None:
    text = PROOF.markdown
    assert "Looked at on Python 3.12.1, mcp 2.3.0, Linux x86_64." in text
    assert "| tools (2) | equal | 1 different | **no** |" in text


def test_a_package_that_could_not_be_installed_is_written_and_not_proven() -> None:
    proof = Proof(unproven="it cannot be installed: no index")
    assert not proof.ok
    assert proof.text == "written, and not proven: it cannot be installed: no index"
    assert replace(PROOF, rows=PROOF.rows[1:]).verdict == "proven: the package behaves as the notebook"
