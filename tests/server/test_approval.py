"""A person allows or denies what clients from outside call."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import closing, suppress
from typing import Annotated, Any, Literal

import anyio
import httpx2
import pytest
from anyio.from_thread import start_blocking_portal
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.server.auth.provider import AccessToken, TokenVerifier
from mcp.server.auth.settings import AuthSettings
from mcp.server.mcpserver import Elicit, Resolve
from mcp.server.mcpserver.tools import Tool
from mcp.server.request_state import RequestStateSecurity
from mcp_types import CallToolResult, ElicitResult, ToolAnnotations
from pydantic import AnyHttpUrl, BaseModel

from mcp_notebook.errors import UnknownNameError
from mcp_notebook.portal import Portal
from mcp_notebook.recording import Decision, as_tests
from mcp_notebook.rendering.calls.card import call_card
from mcp_notebook.rendering.calls.log import log
from mcp_notebook.server import sdk_gaps, stable_tools
from mcp_notebook.server.approval import Approval, ApprovalRequest, destructive, left_in_words
from mcp_notebook.server.endpoint import Endpoint
from mcp_notebook.server.hosting import Listener
from mcp_notebook.server.notebook_server import NotebookServer
from mcp_notebook.widgets.approval import ApprovalCard
from tests.support.outside import Connected, connected
from tests.support.raw_http import RawClient, answer
from tests.support.results import text_of
from tests.support.waiting import until

DEADLINE = 20

both_eras = pytest.mark.parametrize("mode", ["auto", "legacy"])


class Sure(BaseModel):
    sure: bool


def ask_whether_sure() -> Elicit[Sure]:
    return Elicit("Sure?", Sure)


class Library:
    """A server that notes what was really done."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.server = NotebookServer("library")
        self.server.tool()(self.delete)
        self.server.tool(annotations=ToolAnnotations(read_only_hint=True))(self.count)
        self.server.tool()(self.wipe)

    def delete(self, title: str) -> str:
        self.done.append(f"delete {title}")
        return f"deleted {title}"

    def count(self) -> int:
        return 3

    def wipe(self, shelf: str, answer: Annotated[Sure, Resolve(ask_whether_sure)]) -> str:
        self.done.append(f"wipe {shelf} {answer.sure}")
        return f"wiped {shelf}"


@pytest.fixture
def library() -> Library:
    return Library()


@pytest.fixture
def listener(portal: Portal, library: Library) -> Iterator[Listener]:
    endpoint = Endpoint(None, approve="destructive", approve_timeout=DEADLINE)
    listener = Listener(portal, library.server, name="library", endpoint=endpoint)
    yield listener
    listener.stop()


@pytest.fixture
def approval(listener: Listener) -> Approval:
    return approval_of(listener)


@pytest.fixture
def client(listener: Listener) -> Iterator[Connected]:
    with connected(listener.url, None) as client:
        yield client


def the_one_that_waits(approval: Approval) -> ApprovalRequest:
    (request,) = until(lambda: approval.waiting)
    return request


def approval_of(listener: Listener) -> Approval:
    assert listener.approval is not None
    return listener.approval


def decided(decision: Decision | None) -> Decision:
    assert decision is not None
    return decision


def text(call: Future[CallToolResult]) -> str:
    return text_of(call.result(DEADLINE))


# Which calls


@pytest.mark.parametrize(
    ("annotations", "asked"),
    [
        (None, True),
        ({}, True),
        ({"title": "Delete"}, True),
        ({"read_only_hint": True}, False),
        ({"read_only_hint": False}, True),
        ({"destructive_hint": True}, True),
        ({"destructive_hint": False}, False),
        ({"read_only_hint": True, "destructive_hint": True}, True),
        ({"read_only_hint": False, "destructive_hint": False}, False),
        ({"idempotent_hint": True, "open_world_hint": False}, True),
    ],
)
def test_a_tool_counts_as_destructive_unless_its_annotations_say_otherwise(
    annotations: Any, asked: bool, library: Library
) -> None:
    stated = ToolAnnotations(**annotations) if annotations is not None else None
    library.server.add_tool(library.delete, name="judged", annotations=stated)

    assert destructive(sdk_gaps.entries(library.server, "tool")["judged"]) is asked


def test_only_what_may_destroy_is_asked_about_or_all(
    library: Library, listener: Listener, approval: Approval, client: Connected
) -> None:
    assert client.call("count") == 3
    approval.which = "all"
    counting = client.start("count")
    approval.allow(the_one_that_waits(approval).number)
    assert counting.result(DEADLINE).structured_content == {"result": 3}


def test_the_notebooks_own_calls_are_not_asked_about(library: Library, approval: Approval) -> None:
    async def main() -> Any:
        async with Client(library.server, cache=None) as client:
            return await client.call_tool("delete", {"title": "Dune"})

    assert not anyio.run(main).is_error
    assert approval.decided == []


def test_an_unknown_tool_is_refused_without_a_question(approval: Approval, client: Connected) -> None:
    assert "Unknown tool" in text(client.start("delet", title="Dune"))
    assert approval.decided == []


# What is decided


@pytest.mark.parametrize("transport", ["http", "sse"])
@both_eras
def test_a_call_runs_when_a_person_allows_it_and_not_before(
    portal: Portal, library: Library, transport: Literal["http", "sse"], mode: str
) -> None:
    endpoint = Endpoint(None, transport=transport, approve="destructive")
    listener = Listener(portal, library.server, name="library", endpoint=endpoint)
    with closing(_Stopping(listener)), connected(listener.url, None, mode) as client:
        call = client.start("delete", title="Dune")
        request = the_one_that_waits(approval_of(listener))
        assert (request.tool, request.arguments, request.server) == ("delete", {"title": "Dune"}, "library")
        (recorded,) = library.server.runtime.recorder.calls
        assert (recorded.state, recorded.running, library.done) == ("waiting for approval", True, [])
        approval_of(listener).allow(request.number)
        assert call.result(DEADLINE).structured_content == {"result": "deleted Dune"}
        assert library.done == ["delete Dune"]
        assert recorded.state == "done"
        assert recorded.approval == request.decision
        assert (decided(recorded.approval).allowed, decided(recorded.approval).by) == (True, "a person")


class _Stopping:
    def __init__(self, listener: Listener) -> None:
        self.close = listener.stop


@both_eras
def test_a_denied_call_does_not_run_and_its_model_reads_why(
    library: Library, listener: Listener, approval: Approval, mode: str
) -> None:
    with connected(listener.url, None, mode) as client:
        call = client.start("delete", title="Dune")
        approval.deny(the_one_that_waits(approval).number, "Dune is on loan")
        assert call.result(DEADLINE).is_error
        assert text(call).startswith("A person denied this call, so it was not run. They say: Dune is on loan. Do not")
    assert library.done == []
    (recorded,) = library.server.runtime.recorder.calls
    assert (recorded.state, decided(recorded.approval).by, recorded.raised) == ("error", "a person", None)
    assert not as_tests.testable(recorded)
    assert "error, denied" in log([recorded], lambda call: "").text
    assert "denied by a person: Dune is on loan, after" in call_card(recorded, "", repr).text


@both_eras
def test_a_call_that_nobody_answers_is_denied(portal: Portal, library: Library, mode: str) -> None:
    endpoint = Endpoint(None, approve="all", approve_timeout=0.05)
    listener = Listener(portal, library.server, name="library", endpoint=endpoint)
    with closing(_Stopping(listener)), connected(listener.url, None, mode) as client:
        call = client.start("delete", title="Dune")
        assert "Nobody allowed this call within 0.05 s" in text(call)
        assert call.result().is_error
        assert (library.done, approval_of(listener).waiting) == ([], [])
    assert decided(library.server.runtime.recorder.calls[0].approval).by == "timeout"


def test_a_call_that_its_client_cancels_waits_no_longer(
    library: Library, approval: Approval, client: Connected
) -> None:
    call = client.start("delete", title="Dune")
    request = the_one_that_waits(approval)
    call.cancel()
    until(lambda: not approval.waiting)
    with pytest.raises(UnknownNameError, match=f"No request {request.number} is waiting"):
        approval.allow(request.number)
    (recorded,) = library.server.runtime.recorder.calls
    until(lambda: recorded.state == "cancelled")
    assert decided(recorded.approval).by == "cancelled"
    assert library.done == []


@both_eras
def test_what_waits_when_the_server_stops_is_denied(
    library: Library, listener: Listener, approval: Approval, mode: str
) -> None:
    with connected(listener.url, None, mode) as client:
        call = client.start("delete", title="Dune")
        the_one_that_waits(approval)
        listener.stop()
        assert "it stopped listening; it was not run" in text(call)
    assert library.done == []


def test_a_client_that_asked_for_progress_is_told_what_it_waits_for(listener: Listener, approval: Approval) -> None:
    heard: list[str | None] = []

    async def main() -> None:
        async def progress(progress: float, total: float | None, message: str | None) -> None:
            heard.append(message)
            approval.allow(approval.waiting[0].number)

        async with httpx2.AsyncClient() as http, Client(streamable_http_client(listener.url, http_client=http)) as c:
            await c.call_tool("delete", {"title": "Dune"}, progress_callback=progress)

    anyio.run(main)
    assert heard == [f"waiting, {DEADLINE} s at most, for a person to allow this in the notebook"]


def test_two_calls_wait_side_by_side_and_each_has_its_own_answer(
    library: Library, approval: Approval, client: Connected
) -> None:
    first, second = client.start("delete", title="Dune"), client.start("delete", title="Emma")
    until(lambda: len(approval.waiting) == 2)
    titles = {request.arguments["title"]: request.number for request in approval.waiting}
    approval.deny(titles["Dune"])
    approval.allow(titles["Emma"])
    assert first.result(DEADLINE).is_error
    assert not second.result(DEADLINE).is_error
    assert library.done == ["delete Emma"]


# What is allowed is what runs


def test_a_tool_that_is_defined_anew_meanwhile_is_asked_about_again(
    library: Library, approval: Approval, client: Connected
) -> None:
    call = client.start("delete", title="Dune")
    request = the_one_that_waits(approval)

    @library.server.tool(name="delete")
    def delete_all(title: str) -> str:
        library.done.append("delete everything")
        return "gone"

    approval.allow(request.number)
    again = until(lambda: [r for r in approval.waiting if r is not request])[0]
    assert again.redefined
    assert library.done == []
    approval.deny(again.number)
    assert call.result(DEADLINE).is_error
    assert library.done == []


def test_what_was_allowed_for_the_rest_is_asked_about_again_once_it_is_defined_anew(
    library: Library, approval: Approval, client: Connected
) -> None:
    call = client.start("delete", title="Dune")
    approval.allow(the_one_that_waits(approval).number, always=True)
    call.result(DEADLINE)
    assert client.call("delete", title="Emma") == "deleted Emma"
    recorded = library.server.runtime.recorder.calls[-1]
    assert str(recorded.approval) == "allowed by a person: always, decided earlier"

    @library.server.tool(name="delete")
    def delete_all(title: str) -> str:
        return "gone"

    call = client.start("delete", title="Kim")
    approval.allow(the_one_that_waits(approval).number, always=True)
    call.result(DEADLINE)
    approval.ask_again()
    call = client.start("delete", title="Kim")
    approval.deny(the_one_that_waits(approval).number)
    assert call.result(DEADLINE).is_error


class SaysTheName(TokenVerifier):
    """For the test, a token is the name of its person."""

    async def verify_token(self, token: str) -> AccessToken:
        return AccessToken(token=token, client_id="app", scopes=[], subject=token)


def test_who_signed_in_is_shown_and_what_was_allowed_for_the_rest_is_for_that_person(portal: Portal) -> None:
    issuer = AuthSettings(issuer_url=AnyHttpUrl("https://issuer.example"), resource_server_url=None)
    server = NotebookServer("library", auth=issuer, token_verifier=SaysTheName())
    server.tool(name="delete")(lambda title: "deleted")
    listener = Listener(portal, server, name="library", endpoint=Endpoint(None, approve="all"))
    with closing(_Stopping(listener)):
        for person in ("Ada", "Mallory"):
            with connected(listener.url, person) as client:
                call = client.start("delete", title="Dune")
                request = the_one_that_waits(approval_of(listener))
                assert request.person == person
                assert f'"mcp 0.1.0", signed in as {person} wants' in repr(
                    ApprovalCard(approval_of(listener), "library")
                )
                approval_of(listener).allow(request.number, always=True)
                call.result(DEADLINE)
                client.start("delete", title="Dune").result(DEADLINE)
        assert len(approval_of(listener).decided) == 2


def test_allowing_one_tool_through_the_stable_pair_allows_no_other(portal: Portal, library: Library) -> None:
    endpoint = Endpoint(None, approve="destructive", stable_tools=True)
    listener = Listener(portal, library.server, name="library", endpoint=endpoint)
    with closing(_Stopping(listener)), connected(listener.url, None) as client:
        call = client.start("call_notebook_tool", name="delete", arguments={"title": "Dune"})
        request = the_one_that_waits(approval_of(listener))
        assert (request.tool, request.arguments) == ("delete", {"title": "Dune"})
        approval_of(listener).allow(request.number, always=True)
        assert not call.result(DEADLINE).is_error
        call = client.start("call_notebook_tool", name="wipe", arguments={"shelf": "A"})
        request = the_one_that_waits(approval_of(listener))
        assert request.tool == "wipe"
        approval_of(listener).deny(request.number)
        assert call.result(DEADLINE).is_error
        assert not client.start("call_notebook_tool", name="count").result(DEADLINE).is_error
    stable_tools.withdraw(library.server)


@both_eras
def test_a_call_of_several_rounds_is_asked_about_once(
    library: Library, listener: Listener, approval: Approval, mode: str
) -> None:
    async def sure(context: Any, params: Any) -> ElicitResult:
        return ElicitResult(action="accept", content={"sure": True})

    async def main() -> CallToolResult:
        transport = streamable_http_client(listener.url)
        async with Client(transport, mode=mode, elicitation_callback=sure) as client:
            return await client.call_tool("wipe", {"shelf": "A"})

    with start_blocking_portal() as portal:
        call = portal.start_task_soon(main)
        approval.allow(the_one_that_waits(approval).number)
        assert not call.result(DEADLINE).is_error
    assert library.done == ["wipe A True"]
    assert len(approval.decided) == 1


def test_an_answer_that_brings_other_arguments_is_asked_about_again(
    library: Library, listener: Listener, approval: Approval
) -> None:
    """The protocol sends the arguments with every round; a client could change them after the first Allow."""

    def post(http: httpx2.Client, id: int, arguments: dict[str, Any], **more: Any) -> Any:
        meta = {
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientInfo": {"name": "sly", "version": "1"},
            "io.modelcontextprotocol/clientCapabilities": {"elicitation": {"form": {}}},
        }
        params = {"name": "wipe", "arguments": arguments, "_meta": meta, **more}
        message = {"jsonrpc": "2.0", "id": id, "method": "tools/call", "params": params}
        headers = {
            "accept": "application/json, text/event-stream",
            "mcp-protocol-version": "2026-07-28",
            "mcp-method": "tools/call",
            "mcp-name": "wipe",
        }
        return http.post(listener.url, json=message, headers=headers, timeout=DEADLINE)

    with httpx2.Client() as http, start_blocking_portal() as portal:
        first = portal.start_task_soon(anyio.to_thread.run_sync, lambda: post(http, 1, {"shelf": "A"}))
        approval.allow(the_one_that_waits(approval).number)
        asked = first.result(DEADLINE).json()["result"]
        assert asked["resultType"] == "input_required"
        (key,) = asked["inputRequests"]
        answer = {
            "inputResponses": {key: {"action": "accept", "content": {"sure": True}}},
            "requestState": asked["requestState"],
        }
        second = portal.start_task_soon(anyio.to_thread.run_sync, lambda: post(http, 2, {"shelf": "B"}, **answer))

        def refused_or_waiting() -> bool:
            return second.done() or bool(approval.waiting)

        until(refused_or_waiting)
        for request in approval.waiting:
            assert request.arguments == {"shelf": "B"}
            approval.deny(request.number)
        second.result(DEADLINE)
    assert library.done == []


def test_a_server_that_takes_over_is_asked_about_too(
    library: Library, listener: Listener, approval: Approval, client: Connected
) -> None:
    other = Library()
    listener.follow(other.server)
    with connected(listener.url, None) as again:
        call = again.start("delete", title="Dune")
        approval.deny(the_one_that_waits(approval).number)
        assert call.result(DEADLINE).is_error
    assert other.done == []


# The list by itself


def asked(approval: Approval, **facts: Any) -> ApprovalRequest:
    return ApprovalRequest(**{"client": "tester", "server": "s", "tool": "t", "arguments": {}, **facts})


def test_of_two_answers_the_first_holds() -> None:
    async def main() -> None:
        approval = Approval("all", DEADLINE)
        request = asked(approval)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(approval.ask, request)
            while not approval.waiting:
                await anyio.lowlevel.checkpoint()
            threads = [threading.Thread(target=_try, args=(approval.allow, request.number)) for _ in range(8)]
            threads += [threading.Thread(target=_try, args=(approval.deny, request.number)) for _ in range(8)]
            for thread in threads:
                thread.start()
            for thread in threads:
                await anyio.to_thread.run_sync(thread.join)
        assert len(approval.decided) == 1
        assert request.decision is not None

    anyio.run(main)


def _try(answer: Callable[[int], object], number: int) -> None:
    with suppress(UnknownNameError):
        answer(number)


def test_more_than_anybody_reads_are_denied_at_once() -> None:
    async def main() -> Decision:
        approval = Approval("all", DEADLINE)
        async with anyio.create_task_group() as tasks:
            for _ in range(20):
                tasks.start_soon(approval.ask, asked(approval))
            await anyio.wait_all_tasks_blocked()
            decision = await approval.ask(asked(approval))
            approval.close()
        assert {request.decision.by for request in approval.decided if request.decision} == {"the notebook"}
        return decision

    decision = anyio.run(main)
    assert str(decision) == "denied by the notebook: 20 other calls wait for a person already"


def test_observers_hear_when_something_waits_when_the_words_for_its_time_change_and_when_it_ends() -> None:
    heard: list[int] = []

    async def main() -> None:
        approval = Approval("all", 10.05)
        leave = approval.observe(lambda: heard.append(len(approval.waiting)))
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(approval.ask, asked(approval))
            with anyio.fail_after(DEADLINE):
                while len(heard) < 2:
                    await anyio.sleep(0.01)
            approval.deny(approval.waiting[0].number)
        assert heard == [1, 1, 0]
        leave()
        approval.ask_again()
        assert heard == [1, 1, 0]

    anyio.run(main)


@pytest.mark.parametrize(
    ("left", "words"),
    [
        (301, "less than 6 minutes left"),
        (120, "less than 2 minutes left"),
        (60, "less than a minute left"),
        (30, "less than 30 seconds left"),
        (2, "less than 10 seconds left"),
    ],
)
def test_the_time_that_is_left_is_said_in_words_that_seldom_change(left: int, words: str) -> None:
    assert left_in_words(left) == words


# The card


@pytest.fixture
def waiting() -> Iterator[Callable[..., tuple[Approval, ApprovalCard, ApprovalRequest]]]:
    """Make something wait, on a card."""
    with start_blocking_portal() as portal:
        approvals: list[Approval] = []

        def wait(**facts: Any) -> tuple[Approval, ApprovalCard, ApprovalRequest]:
            approval = Approval("all", DEADLINE)
            approvals.append(approval)
            card = ApprovalCard(approval, "library")
            request = asked(approval, **facts)
            portal.start_task_soon(approval.ask, request)
            until(lambda: card.state["rows"])
            return approval, card, request

        yield wait
        for approval in approvals:
            approval.close()


def press(card: ApprovalCard, action: str, request: ApprovalRequest, **values: Any) -> Decision:
    """Press a button again and again, until it works."""

    def decision() -> Decision | None:
        card.actions[action]({"number": request.number, **values})
        return request.decision

    return decided(until(decision))


def test_the_card_has_buttons_that_allow_and_deny(
    waiting: Callable[..., tuple[Approval, ApprovalCard, ApprovalRequest]],
) -> None:
    approval, card, request = waiting()
    assert card.state["rows"][0]["open"]
    assert press(card, "allow", request).allowed
    assert not card.state["rows"][0]["open"]
    assert "allowed by a person" in repr(card)
    assert "allowed by a person" in card.state["past"]

    approval, card, request = waiting()
    assert press(card, "deny", request, reason=" not this one ")[::3] == (False, "not this one")

    approval, card, request = waiting()
    assert not card.state["standing"]
    press(card, "allow", request, always=True)
    assert approval.standing == [("tester", "", "s", "t")]
    assert card.state["standing"]
    card.actions["again"]({})
    assert approval.standing == []
    assert not card.state["standing"]


def test_the_buttons_of_a_new_request_wait_for_a_moment(
    waiting: Callable[..., tuple[Approval, ApprovalCard, ApprovalRequest]],
) -> None:
    _approval, card, request = waiting()
    card.actions["allow"]({"number": request.number})
    assert request.decision is None
    assert card.about["pause"] > 0
    assert press(card, "allow", request).allowed


def test_a_button_that_comes_too_late_changes_nothing(
    waiting: Callable[..., tuple[Approval, ApprovalCard, ApprovalRequest]],
) -> None:
    approval, card, request = waiting()
    approval.deny(request.number)
    assert not press(card, "allow", request).allowed


def test_a_button_of_a_request_that_is_not_there_changes_nothing(
    waiting: Callable[..., tuple[Approval, ApprovalCard, ApprovalRequest]],
) -> None:
    _approval, card, request = waiting()
    for action in ("allow", "deny"):
        card.actions[action]({"number": request.number + 1_000})
    assert request.decision is None


def test_an_answered_row_keeps_its_place_until_nothing_waits_and_a_new_request_comes() -> None:
    approval = Approval("all", DEADLINE)
    card = ApprovalCard(approval, "library")
    with start_blocking_portal() as portal:
        requests = [asked(approval, tool=tool) for tool in "abc"]
        for request in requests[:2]:
            portal.start_task_soon(approval.ask, request)
        until(lambda: len(card.state["rows"]) == 2)
        approval.deny(requests[0].number)
        assert [(row["tool"], row["open"]) for row in card.state["rows"]] == [("a", False), ("b", True)]
        approval.deny(requests[1].number)
        portal.start_task_soon(approval.ask, requests[2])
        until(lambda: [row["tool"] for row in card.state["rows"]] == ["c"])
        approval.close()


def test_what_a_client_sends_is_shown_as_it_is_and_nothing_of_it_can_hide(
    waiting: Callable[..., tuple[Approval, ApprovalCard, ApprovalRequest]],
) -> None:
    arguments = {"path": "a\u202etxt.exe\u200b", "note": "<script>alert(1)</script>\nnext"}
    _approval, card, _request = waiting(tool="<b>t</b>", arguments=arguments)
    html = card.rendering.html
    assert "<script>" not in html + json.dumps(card.state)
    assert "<b>t</b>" not in html
    for shown in (html, repr(card)):
        assert "a\\u202etxt.exe\\u200b" in shown
        assert "\\nnext" in shown


def test_the_card_reads_as_text_where_there_is_no_front_end(
    waiting: Callable[..., tuple[Approval, ApprovalCard, ApprovalRequest]],
) -> None:
    approval, card, request = waiting(arguments={"title": "Dune"})
    assert repr(card).splitlines() == [
        "approvals of library: 1 waiting for you",
        f'  {request.number}  "tester" wants to call t (less than 30 seconds left)',
        "       {",
        '         "title": "Dune"',
        "       }",
        "  %mcp allow N, %mcp deny N [REASON]",
    ]
    approval.deny(request.number, "no")
    assert repr(card).splitlines() == [
        "approvals of library: none waiting",
        "decided",
        f'  {request.number}  t  "tester"  denied by a person: no',
    ]
    assert repr(ApprovalCard(Approval(), "library")) == "approvals of library: none waiting"


# What is shown before it is allowed


TOOL = Tool.from_function(lambda path, content, force: None, name="write")


def test_arguments_are_shown_in_an_order_that_the_client_does_not_choose() -> None:
    arguments = {"zz": 1, "content": "x" * 5_000, "aa": {"z": 1, "b": 2}, "force": True, "path": "/etc/passwd"}
    for sent in (arguments, dict(reversed(arguments.items()))):
        request = asked(Approval("all"), arguments=sent, entry=TOOL)
        assert json.loads(request.text) == arguments
        assert list(json.loads(request.text)) == ["path", "force", "aa", "zz", "content"]
        assert list(json.loads(request.text)["aa"]) == ["b", "z"]


def test_nothing_of_what_a_person_may_allow_is_cut(
    waiting: Callable[..., tuple[Approval, ApprovalCard, ApprovalRequest]],
) -> None:
    arguments = {"content": "x" * 90_000, "path": "/etc/pass\x1b[8mwd"}
    _approval, card, _request = waiting(arguments=arguments, entry=TOOL)
    for shown in (card.rendering.html, card.state["rows"][0]["html"], repr(card)):
        assert "x" * 90_000 in shown
        assert shown.index("/etc/pass\\u001b[8mwd") < shown.index("x" * 90_000)
        assert "not shown" not in shown


DEEP: Any = []
for _ in range(5_000):
    DEEP = [DEEP]


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ({"content": "x" * 200_000, "path": "/etc/passwd"}, "its arguments have 200,0"),
        ({str(i): i for i in range(20_000)}, "a person is shown at most 100,000"),
        ({"content": "\x1b" * 40_000}, "a person is shown at most 100,000"),
        ({"content": DEEP}, "nested too deep"),
    ],
    ids=["long", "many", "control characters", "deep"],
)
def test_a_call_that_cannot_be_shown_whole_is_denied_without_a_question(arguments: Any, why: str) -> None:
    approval = Approval("all", DEADLINE)
    request = asked(approval, arguments=arguments, entry=TOOL)
    decision = anyio.run(approval.ask, request)
    assert (decision.allowed, decision.by) == (False, "the notebook")
    assert why in decision.reason
    assert approval.waiting == []
    assert repr(ApprovalCard(approval, "library"))


def test_a_model_reads_that_its_arguments_are_too_long_to_be_allowed(
    library: Library, approval: Approval, client: Connected
) -> None:
    denied = client.start("delete", title="x" * 200_000).result(DEADLINE)
    assert denied.is_error
    assert "200,0" in text_of(denied)
    assert "a person is shown at most 100,000" in text_of(denied)
    assert library.done == []


# Who goes on with a call


def second_round(client: RawClient, first: dict[str, Any]) -> dict[str, Any]:
    (key,) = first["inputRequests"]
    answers = {key: {"action": "accept", "content": {"sure": True}}}
    more = {"inputResponses": answers, "requestState": first["requestState"]}
    return answer(client.request("tools/call", {"name": "wipe", "arguments": {"shelf": "A"}, **more}))


def test_a_state_that_was_captured_does_not_pass_under_another_name(
    library: Library, listener: Listener, approval: Approval
) -> None:
    with RawClient(listener.url, None, client="honest") as honest, RawClient(listener.url, None, client="sly") as sly:
        with start_blocking_portal() as portal:
            wipe = {"name": "wipe", "arguments": {"shelf": "A"}}
            first = portal.start_task_soon(anyio.to_thread.run_sync, lambda: honest.request("tools/call", wipe))
            approval.allow(the_one_that_waits(approval).number)
            asked_back = answer(first.result(DEADLINE))["result"]
        refused = second_round(sly, asked_back)
        assert refused["error"]["message"] == "Invalid or expired requestState"
        assert library.done == []
        assert "result" in second_round(honest, asked_back)
        assert library.done == ["wipe A True"]
        assert len(approval.decided) == 1


def test_the_author_may_say_for_whom_a_state_passes() -> None:
    security = RequestStateSecurity(keys=["k" * 32], bind_principal=lambda _: "the author's")
    server = NotebookServer("library", request_state_security=security)
    assert security.bind_principal is not None
    assert security.bind_principal(None) == "the author's"  # type: ignore[arg-type]
    assert server.name == "library"
