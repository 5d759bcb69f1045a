"""The server's side of Events (SEP-3415): types, polling and streams, in a plain script."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp.client import Client
from mcp.server.mcpserver import MCPServer
from mcp.shared.exceptions import MCPError
from mcp_types import Request, Result
from pydantic import BaseModel, ConfigDict

from mcp_notebook import Command, NotebookServer, connect
from mcp_notebook.client.event_delivery import Delivery
from mcp_notebook.client.event_following import FollowedEvents
from mcp_notebook.client.extensions.events import EventFrame, EventStreams
from mcp_notebook.errors import RequestError
from mcp_notebook.server import sdk_gaps
from mcp_notebook.server.changes import take_place
from mcp_notebook.server.extensions.events import Events, Happening, emitted, streams
from tests.support.waiting import until


class Anything(Result):
    model_config = ConfigDict(extra="allow")


class Order(BaseModel):
    """A payload."""

    number: int
    customer: str
    note: str | None = None


@contextmanager
def served(events: Events) -> Iterator[Any]:
    """Yield a function that makes a request of a plain server, and returns the result as JSON or the error."""
    with sdk_gaps.quiet_construction():
        server = MCPServer("shop", extensions=[events])

    def ask(method: str, **params: Any) -> Any:
        async def main() -> Any:
            async with Client(server) as client:
                request = Request[dict[str, Any], str](method=f"events/{method}", params=params)
                try:
                    found = await client.session.send_request(request, Anything)
                except MCPError as refused:
                    return refused
                return {k: v for k, v in found.model_dump(by_alias=True).items() if k != "_meta"}

        answer = anyio.run(main)
        if isinstance(answer, MCPError):
            raise answer
        return answer

    yield ask


def error(ask: Any, method: str, **params: Any) -> tuple[int, Any]:
    with pytest.raises(MCPError) as refused:
        ask(method, **params)
    return refused.value.error.code, refused.value.error.data


def shop(orders: list[dict[str, Any]]) -> Events:
    events = Events()

    @events.event("order.placed")
    def placed(cursor: int = 0, customer: str = "") -> tuple[list[Order], int]:
        """An order was placed."""
        return [Order(**o) for o in orders[cursor:] if customer in ("", o["customer"])], len(orders)

    return events


ADA: dict[str, Any] = {"number": 1, "customer": "Ada", "note": None}
BOB: dict[str, Any] = {"number": 2, "customer": "Bob", "note": "soon"}


def test_a_function_is_listed_with_the_schemas_of_its_parameters_and_its_result() -> None:
    with served(shop([])) as ask:
        (listed,) = ask("list")["events"]
    assert (listed["name"], listed["description"], listed["delivery"]) == (
        "order.placed",
        "An order was placed.",
        ["push", "poll"],
    )
    assert list(listed["inputSchema"]["properties"]) == ["customer"]
    assert listed["payloadSchema"]["required"] == ["number", "customer"]


def test_a_poll_begins_now_and_goes_on_from_its_cursor() -> None:
    orders = [ADA]
    with served(shop(orders)) as ask:
        first = ask("poll", name="order.placed")
        assert (first["events"], first["truncated"], first["hasMore"]) == ([], False, False)
        assert first["resultType"] == "complete"
        orders += [BOB, ADA]
        second = ask("poll", name="order.placed", cursor=first["cursor"])
        assert [one["data"] for one in second["events"]] == [BOB, ADA]
        assert ask("poll", name="order.placed", cursor=second["cursor"])["events"] == []
        filtered = ask("poll", name="order.placed", cursor=first["cursor"], arguments={"customer": "Ada"})
        assert [one["data"] for one in filtered["events"]] == [ADA]


def test_a_repeated_poll_has_the_same_identifiers_and_equal_events_have_different_ones() -> None:
    orders = [ADA]
    with served(shop(orders)) as ask:
        cursor = ask("poll", name="order.placed")["cursor"]
        orders += [BOB, BOB]
        ids = [one["eventId"] for one in ask("poll", name="order.placed", cursor=cursor)["events"]]
        again = [one["eventId"] for one in ask("poll", name="order.placed", cursor=cursor)["events"]]
    assert ids == again
    assert len(set(ids)) == 2


def test_a_poll_for_fewer_events_goes_on_in_the_middle_of_what_the_function_returns() -> None:
    orders: list[dict[str, Any]] = [ADA]
    with served(shop(orders)) as ask:
        cursor = ask("poll", name="order.placed")["cursor"]
        orders += [{**BOB, "number": n} for n in range(5)]
        seen, more = [], True
        while more:
            answer = ask("poll", name="order.placed", cursor=cursor, maxEvents=2)
            assert len(answer["events"]) <= 2
            seen += [one["data"]["number"] for one in answer["events"]]
            cursor, more = answer["cursor"], answer["hasMore"]
    assert seen == [0, 1, 2, 3, 4]


def test_an_event_can_have_its_own_identifier_and_time_and_old_ones_are_skipped_on_request() -> None:
    now = datetime.now(timezone.utc)
    events = Events()

    @events.event("door.opened")
    async def opened(cursor: Any) -> Any:
        happened = [Happening({"door": n}, id=f"door-{n}", time=now - timedelta(minutes=n)) for n in (9, 5, 1)]
        return happened, "end"

    with served(events) as ask:
        start = ask("poll", name="door.opened")["cursor"]
        every = ask("poll", name="door.opened", cursor=start)
        assert [one["eventId"] for one in every["events"]] == ["door-9", "door-5", "door-1"]
        assert every["events"][2]["timestamp"].startswith((now - timedelta(minutes=1)).strftime("%Y-%m-%dT%H:%M:%S."))
        recent = ask("poll", name="door.opened", cursor=start, maxAgeMs=6 * 60 * 1000)
        assert ([one["eventId"] for one in recent["events"]], recent["truncated"]) == (["door-5", "door-1"], True)
        assert ask("poll", name="door.opened", cursor=start, maxAgeMs=10**18)["truncated"] is False


def test_a_function_can_say_that_events_were_lost() -> None:
    events = Events()
    events.event("door.opened")(lambda cursor: ([{"door": 1}], 2, cursor == 1))
    with served(events) as ask:
        assert ask("poll", name="door.opened", cursor="[1,0]")["truncated"] is True
        assert ask("poll", name="door.opened", cursor="[2,0]")["truncated"] is False


@pytest.mark.parametrize(
    ("params", "code", "data"),
    [
        ({"name": "order.lost"}, -32023, {"kind": "event"}),
        ({"name": "order.placed", "arguments": {"client": "Ada"}}, -32602, None),
        ({"name": "order.placed", "arguments": {"customer": 5}}, -32602, None),
        ({"name": "order.placed", "cursor": "["}, -32602, None),
        ({"name": "order.placed", "cursor": "[1]"}, -32602, None),
        ({"name": "order.placed", "cursor": '["x",0]'}, -32602, None),
        ({"name": "order.placed", "cursor": "[1,-1]"}, -32602, None),
        ({"name": "order.placed", "cursor": "[" * 9_000}, -32602, None),
    ],
)
@pytest.mark.parametrize("method", ["poll", "stream"])
def test_what_a_type_does_not_know_is_refused(method: str, params: dict[str, Any], code: int, data: Any) -> None:
    with served(shop([])) as ask:
        assert error(ask, method, **params) == (code, data)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda: [1], "has to return what happened and the new cursor"),
        (lambda: ([], None), "has to return what happened and the new cursor"),
        (lambda: (["text"], 1), "has to be an object"),
        (lambda: ([{"big": "x" * 300_000}], 1), "300,010 bytes"),
        (lambda: ([Happening({}, id="two words")], 1), "cannot be an event's id"),
        (lambda: 1 / 0, "division by zero"),
    ],
)
def test_an_error_of_the_function_reaches_the_author_and_not_the_client(
    caplog: pytest.LogCaptureFixture, answer: Any, words: str
) -> None:
    events = Events()
    events.event("broken")(lambda cursor: answer())
    with served(events) as ask:
        for _ in range(2):
            with pytest.raises(MCPError, match=r"^Error in event type broken$"):
                ask("poll", name="broken", cursor="[1,0]")
    assert caplog.text.count("The function of the event type 'broken' raised") == 1
    assert words in caplog.text


def test_the_first_error_of_each_version_of_a_function_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    events = Events()
    with served(events) as ask:
        for message in ("first", "second"):

            @events.event("broken")
            def broken(cursor: int = 0, message: str = message) -> tuple[list[dict[str, int]], int]:
                raise RuntimeError(message)

            for _ in range(2):
                error(ask, "poll", name="broken")
    assert caplog.text.count("RuntimeError: first") == caplog.text.count("RuntimeError: second") == 1


def test_a_function_without_a_cursor_is_refused() -> None:
    with pytest.raises(TypeError, match="needs a function with a parameter 'cursor'"):
        Events().event("x")(lambda: None)
    with pytest.raises(TypeError, match="cannot be passed by name"):
        Events().event("x")(lambda cursor, *rest: None)
    with pytest.raises(TypeError, match="has to be an object, such as a dict or a model, not string"):

        @Events().event("x")
        def texts(cursor: int) -> tuple[list[str], int]:
            return [], cursor


def test_an_emitted_event_reaches_a_poll_and_the_arguments_are_compared_with_its_data() -> None:
    events = Events()
    events.declare("stock.low", description="Nearly gone.", payload=Order)
    with served(events) as ask:
        (listed,) = ask("list")["events"]
        assert list(listed["inputSchema"]["properties"]) == ["number", "customer", "note"]
        start = ask("poll", name="stock.low")["cursor"]
        events.emit("stock.low", Order(**ADA))
        events.emit("stock.low", BOB, id="mine")
        every = ask("poll", name="stock.low", cursor=start)["events"]
        assert [one["data"] for one in every] == [ADA, BOB]
        assert every[1]["eventId"] == "mine"
        bob = ask("poll", name="stock.low", cursor=start, arguments={"customer": "Bob"})["events"]
        assert [one["data"] for one in bob] == [BOB]
    with pytest.raises(ValueError, match="number"):
        events.emit("stock.low", {"customer": "Ada"})
    with pytest.raises(ValueError, match="Out of range float"):
        events.emit("other", {"nan": float("nan")})
    assert "other" not in events.board.types


def test_what_was_emitted_under_an_unknown_name_is_a_new_type_and_a_functions_type_is_not_emitted() -> None:
    events = shop([])
    events.emit("stock.low", {"item": "tea"})
    assert list(events.board.types) == ["order.placed", "stock.low"]
    with pytest.raises(ValueError, match="answered by a function"):
        events.emit("order.placed", ADA)


def test_a_ring_that_has_gone_round_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(emitted, "MOST_KEPT", 3)
    events = Events()
    events.emit("tick", {"n": 0})
    with served(events) as ask:
        start = ask("poll", name="tick")["cursor"]
        for n in range(1, 6):
            events.emit("tick", {"n": n})
        answer = ask("poll", name="tick", cursor=start)
        assert ([one["data"]["n"] for one in answer["events"]], answer["truncated"]) == ([3, 4, 5], True)
        assert ask("poll", name="tick", cursor=answer["cursor"])["truncated"] is False
        for unknown in ("", "another.1", "x" * 9_000, start.replace(".", ".9"), start.partition(".")[0] + ".²"):
            assert ask("poll", name="tick", cursor=unknown)["truncated"] is True


def test_a_ring_has_a_limit_of_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(emitted, "MOST_BYTES_KEPT", 1_000)
    events = Events()
    with served(events) as ask:
        events.emit("big", {"n": 0})
        start = ask("poll", name="big")["cursor"]
        for n in range(4):
            events.emit("big", {"n": n, "x": "y" * 400})
        answer = ask("poll", name="big", cursor=start)
    assert ([one["data"]["n"] for one in answer["events"]], answer["truncated"]) == ([2, 3], True)


def test_a_client_of_the_earlier_protocol_has_no_events() -> None:
    events = shop([])
    with sdk_gaps.quiet_construction():
        server = MCPServer("shop", extensions=[events])
    with connect(server, era="legacy") as connection:
        assert connection.events() == []
        request = Request[dict[str, Any], str](method="events/list", params={})

        async def send(client: Client) -> Any:
            return await client.session.send_request(request, Anything)

        with pytest.raises(RequestError, match="Method not found"):
            connection._ask(connection._requests.ask, send)


# --- streams


@contextmanager
def following(server: MCPServer[Any], name: str, notices: list[str], **options: Any) -> Iterator[FollowedEvents]:
    with connect(server) as connection, connection.follow_events(name, notice=notices.append, **options) as events:
        until(lambda: events.cursor)  # it has begun: "now" is over
        yield events


def test_events_from_any_thread_arrive_on_a_stream_in_order() -> None:
    server, notices = NotebookServer("shop"), list[str]()
    server.emit("tick", {"n": -1})
    with following(server, "tick", notices, seconds=20) as events:
        assert events.delivery == "push"
        for n in range(50):
            emitting = threading.Thread(target=server.emit, args=("tick", {"n": n, "nothing": None}))
            emitting.start()
            emitting.join()
        found = [next(events) for _ in range(50)]
    assert [one.data for one in found] == [{"n": n, "nothing": None} for n in range(50)]
    assert found[-1].cursor == events.cursor
    assert notices == []
    with following(server, "tick", notices, cursor=found[40].cursor, seconds=20) as events:
        assert [next(events).data["n"] for _ in range(9)] == list(range(41, 50))


def test_a_stream_begins_at_a_cursor_and_says_what_it_skipped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(emitted, "MOST_KEPT", 2)
    server, notices = NotebookServer("shop"), list[str]()
    for n in range(4):
        server.emit("tick", {"n": n})
    with following(server, "tick", notices, cursor="old", seconds=20) as events:
        assert [next(events).data["n"], next(events).data["n"]] == [2, 3]
    assert notices == ["events of tick may be missing here: the server no longer has them."]


def test_a_function_is_asked_again_while_a_stream_is_open(monkeypatch: pytest.MonkeyPatch) -> None:
    orders = [ADA]
    events = shop(orders)
    with sdk_gaps.quiet_construction():
        server = MCPServer("shop", extensions=[events])
    with following(server, "order.placed", [], seconds=20) as followed:
        orders.append(BOB)
        assert next(followed).data == BOB


def test_a_quiet_stream_shows_that_it_is_alive(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "HEARTBEAT", 0.05)
    heard: list[tuple[str, str | None]] = []
    route = EventStreams._route

    async def noting(self: EventStreams, what: Any, frame: EventFrame) -> None:
        heard.append((what, frame.cursor))
        await route(self, what, frame)

    monkeypatch.setattr(EventStreams, "_route", noting)
    server = NotebookServer("shop")
    server.emit("tick", {"n": 0})
    with following(server, "tick", [], seconds=20) as events:
        until(lambda: len(heard) > 3)
        assert events.cursor is not None
    assert [what for what, _ in heard[:4]] == ["active", "heartbeat", "heartbeat", "heartbeat"]
    assert {cursor for _, cursor in heard} == {events.cursor}


def test_a_function_that_fails_for_a_while_ends_no_stream(caplog: pytest.LogCaptureFixture) -> None:
    state: dict[str, Any] = {"fails": False, "n": 0}
    events, notices = Events(), list[str]()

    @events.event("tick")
    def tick(cursor: int = 0) -> Any:
        if state["fails"]:
            state["fails"] = False
            raise OSError("the database is away")
        state["n"] += 1
        return [{"n": state["n"]}], state["n"]

    with sdk_gaps.quiet_construction():
        server = MCPServer("shop", extensions=[events])
    with following(server, "tick", notices, seconds=20) as followed:
        next(followed)
        state["fails"] = True
        next(followed)
        next(followed)
    assert notices == ["the server has trouble with tick, and is asked again: Error in event type tick"]
    assert "the database is away" in caplog.text


def test_a_type_that_is_removed_or_asks_for_more_ends_its_streams_and_an_addition_does_not() -> None:
    server, notices = NotebookServer("shop"), list[str]()
    events = Events()
    server.emit("tick", {"n": 0})
    (extension,) = (one for one in sdk_gaps.extensions(server) if isinstance(one, Events))

    class Ticked(BaseModel):
        n: int

    class More(Ticked):
        more: int = 0

    extension.declare("tick", payload=Ticked)
    with following(server, "tick", notices, seconds=20) as followed:
        extension.declare("tick", payload=More)
        server.emit("tick", {"n": 1})
        assert next(followed).data == {"n": 1, "more": 0}
        extension.board.replace({})
        with pytest.raises(RequestError, match=r"has ended the subscription to 'tick': The event type 'tick' was remo"):
            next(followed)
    extension.declare("tick", payload=More)
    with following(server, "tick", notices, seconds=20) as followed:
        extension.declare("tick", payload=Order)
        with pytest.raises(RequestError, match="The payloadSchema of 'tick' has changed"):
            next(followed)
    assert events.board.listeners == extension.board.listeners == 0


def test_a_stream_that_the_server_closes_is_opened_again_and_nothing_is_lost() -> None:
    server, notices = NotebookServer("shop"), list[str]()
    server.emit("tick", {"n": 0})
    (extension,) = (one for one in sdk_gaps.extensions(server) if isinstance(one, Events))
    with following(server, "tick", notices, seconds=30) as followed:
        extension.board.close()
        server.emit("tick", {"n": 1})
        assert next(followed).data == {"n": 1}


def test_a_new_server_of_the_same_name_goes_on_with_the_streams() -> None:
    old, new, notices = NotebookServer("shop"), NotebookServer("shop"), list[str]()
    old.emit("tick", {"n": 0})
    new.emit("tick", {"n": 0})
    with following(old, "tick", notices, seconds=20) as followed:
        take_place(new, old)
        new.emit("tick", {"n": 1})
        assert next(followed).data == {"n": 1}


SCRIPT = """
import threading, time
from mcp.server.mcpserver import MCPServer
from events import Events

events = Events()
server = MCPServer("shop", extensions=[events])
events.declare("tick")

@server.tool()
def tick(n: int) -> str:
    events.emit("tick", {"n": n})
    return "done"

if __name__ == "__main__":
    server.run()
"""


def test_a_plain_script_serves_events_on_stdio_without_this_project(tmp_path: Path) -> None:
    """The extension is a folder that goes into a package as it is."""
    source = Path(emitted.__file__).parent
    (tmp_path / "events").mkdir()
    for module in source.glob("*.py"):
        (tmp_path / "events" / module.name).write_text(module.read_text(encoding="utf-8"), encoding="utf-8")
        assert "mcp_notebook" not in module.read_text(encoding="utf-8")
    (tmp_path / "server.py").write_text(SCRIPT, encoding="utf-8")
    loads = "import sys, events; print(any('mcp_notebook' in name for name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", loads], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
    with connect(Command(sys.executable, [str(tmp_path / "server.py")])) as connection:
        deliveries: tuple[Delivery, ...] = ("push", "poll")
        for delivery in deliveries:
            with connection.follow_events("tick", delivery=delivery, seconds=30) as followed:
                until(lambda followed=followed: followed.cursor)  # type: ignore[misc]
                connection.call("tick", {"n": 1})
                assert (followed.delivery, next(followed).data) == (delivery, {"n": 1})
