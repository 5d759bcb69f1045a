"""The frames of one call, found among those of all clients."""

from __future__ import annotations

from typing import Any

from mcp_notebook.recording import Call
from mcp_notebook.recording.wire import Frame
from mcp_notebook.rendering.calls.frames_of_call import frames_of

ASKED = {"city": {"method": "elicitation/create", "params": {"message": "Which city?"}}}
QUESTION = {"id": 1, "method": "elicitation/create", "params": {"message": "Which city?"}}


def made(transport: str = "memory", **arguments: Any) -> Call:
    call = Call(server="weather", method="tools/call", name="forecast", arguments=arguments, transport=transport)
    call.started = 1000.0
    return call


def tool(id: int, name: str = "forecast", token: Any = None, **arguments: Any) -> dict[str, Any]:
    meta = {} if token is None else {"_meta": {"progressToken": token}}
    return {"id": id, "method": "tools/call", "params": {"name": name, "arguments": arguments, **meta}}


def client(message: Any, exchange: int = 0, session: str = "", at: float = 1000.0) -> Frame:
    return _frame("client", message, exchange, "POST /mcp", session, at)


def server(message: Any, exchange: int = 0, session: str = "", at: float = 1000.0) -> Frame:
    return _frame("server", message, exchange, "200", session, at)


def _frame(direction: Any, message: Any, exchange: int, line: str, session: str, at: float) -> Frame:
    head = f"{line}\nmcp-session-id: {session}" if session else line
    return Frame(at, direction, "http" if exchange else "memory", exchange, head if exchange else "", message)


def places(call: Call, frames: list[Frame]) -> list[int]:
    """Return the places of the frames that belong to a call."""
    found = frames_of(call, frames)
    return [i for i, frame in enumerate(frames) if any(frame is other for other in found)]


def test_a_call_has_the_nearest_request_of_its_name_and_arguments() -> None:
    frames = [
        client(tool(1, days=2), at=998.5),
        server({"id": 1, "result": {}}, at=998.6),
        client(tool(2, days=3)),
        server({"id": 2, "result": {}}),
        client(tool(3, "history", days=2)),
        server({"id": 3, "result": {}}),
        client(tool(4, days=2), at=1000.1),
        server({"id": 4, "result": {}}, at=1000.2),
    ]
    assert places(made(days=2), frames) == [6, 7]
    assert places(made(days=4), frames) == []
    assert places(made("http", days=2), frames) == []


def test_a_call_without_frames_does_not_get_those_of_another_one_like_it() -> None:
    frames = [client(tool(1, days=2), at=999.5), server({"id": 1, "result": {}}, at=999.6)]
    earlier, later, over_http = made(days=2), made(days=2), made("http", days=2)
    earlier.started = over_http.started = 999.5
    assert frames_of(later, frames, [earlier, later]) == []
    assert frames_of(earlier, frames, [earlier, later]) == frames
    assert frames_of(later, frames, [over_http, later]) == frames


def test_rounds_with_the_answers_follow_by_the_state_that_the_server_gave() -> None:
    first = {"resultType": "input_required", "inputRequests": ASKED, "requestState": "mine"}
    again = {"name": "forecast", "inputResponses": {"city": {"action": "accept"}}}
    frames = [
        client(tool(1)),
        client(tool(2), at=1000.5),
        server({"id": 2, "result": {**first, "requestState": "theirs"}}),
        server({"id": 1, "result": first}),
        client({"id": 3, "method": "tools/call", "params": {**again, "requestState": "theirs"}}),
        client({"id": 4, "method": "tools/call", "params": {**again, "requestState": "mine"}}),
        server({"id": 3, "result": {}}),
        server({"id": 4, "result": {}}),
        client({"id": 5, "method": "tools/call", "params": {**again, "requestState": "mine"}}),
    ]
    assert places(made(), frames) == [0, 3, 5, 7]


def test_everything_in_its_http_requests_belongs_to_a_call_and_nothing_of_other_sessions() -> None:
    frames = [
        client(tool(1), 1, "a"),
        client(tool(1), 2, "b", at=1000.5),
        server(QUESTION, 2, "b"),
        server(QUESTION, 1, "a"),
        client({"id": 1, "result": {"action": "cancel"}}, 3, "b"),
        client({"id": 1, "result": {"action": "accept"}}, 4, "a"),
        server("", 3, "b"),
        server("", 4, "a"),
        server({"method": "notifications/message", "params": {}}, 1),
        client({"method": "notifications/cancelled", "params": {"requestId": 1}}, 5, "b"),
        client({"method": "notifications/cancelled", "params": {"requestId": 1}}, 6, "a"),
        server("", 6, "a"),
    ]
    assert places(made("http"), frames) == [0, 3, 5, 7, 8, 10, 11]


def test_without_http_progress_goes_by_its_token_and_the_rest_to_the_only_request_that_is_open() -> None:
    def progress(token: int) -> Frame:
        return server({"method": "notifications/progress", "params": {"progressToken": token, "progress": 1}})

    logged = server({"method": "notifications/message", "params": {"level": "info", "data": "on it"}})
    frames = [
        logged._replace(at=999.0),
        client(tool(1, token=7)),
        logged,
        client({"id": 2, "method": "tools/list"}),
        server(QUESTION),
        progress(7),
        progress(8),
        server({"id": 2, "result": {}}),
        server(QUESTION | {"id": 5}),
        client({"id": 5, "result": {"action": "accept"}}),
        server({"id": 1, "result": {}}),
        progress(7),
        logged._replace(at=1001.0),
    ]
    assert places(made(), frames) == [1, 2, 5, 8, 9, 10]


def test_a_call_that_became_a_task_has_the_requests_about_it() -> None:
    def about(id: int, task: str) -> Frame:
        return client({"id": id, "method": "tasks/get", "params": {"taskId": task}})

    frames = [
        client(tool(1)),
        server({"id": 1, "result": {"resultType": "task", "taskId": "t", "status": "working"}}),
        about(2, "t"),
        server({"id": 2, "result": {"taskId": "t", "status": "completed", "result": {"content": []}}}),
        about(3, "other"),
        server({"id": 3, "result": {}}),
    ]
    assert places(made(), frames) == [0, 1, 2, 3]


def test_an_unanswered_call_ends_where_a_new_connection_uses_its_id_again() -> None:
    frames = [client(tool(1)), client({"id": 1, "method": "tools/list"}), server({"id": 1, "result": {}})]
    assert places(made(), frames) == [0]


def test_frames_of_any_form_are_looked_at() -> None:
    odd: list[Any] = [None, 3, "text", [], {}, {"id": [1]}, {"method": 3},
           {"id": 1, "method": "tools/call", "params": [1]},
           {"id": 1, "result": 5}, {"method": "x", "params": {"progressToken": {}}}]  # fmt: skip
    frames = [f for message in odd for f in (client(message), server(message), client(message, 1), server(message, 1))]
    assert places(made(), [*frames, client(tool(1)), *frames])
