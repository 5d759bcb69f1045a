"""The proof of what a server offers by extensions: a package that differs in it is not proven."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from mcp.server.mcpserver import Context
from pydantic import BaseModel

from mcp_notebook.client import Connection
from mcp_notebook.errors import RequestError
from mcp_notebook.export.likeness.comparing import Source
from mcp_notebook.export.proof import Row, inspecting
from mcp_notebook.export.proof.evidence import differences
from mcp_notebook.export.proof.judging import Observed
from mcp_notebook.export.proof.offering import offer_of
from mcp_notebook.export.proof.replaying import Replays, recorded, replayed, replays
from mcp_notebook.export.proof.variations import Run
from mcp_notebook.portal import Portal
from mcp_notebook.recording import Call
from mcp_notebook.server import NotebookServer
from mcp_notebook.server.apps import app_entry, put_app
from mcp_notebook.server.event_types import build_event_type, put_event_type
from mcp_notebook.server.extended import extended
from mcp_notebook.server.extensions.skills import Skill, Skills
from mcp_notebook.server.extensions.tasks import Tasks

MAIN = "---\nname: refunds\ndescription: Use it for refunds.\n---\nRefund at most what was paid.\n"


class Stock(BaseModel):
    item: str


class Stocked(BaseModel):
    item: str
    left: int


def orders(cursor: int = 0) -> Any:
    return [], cursor


def shop(**other: Any) -> NotebookServer:
    """A server with something of each extension; with other arguments, one that went wrong on the way."""
    files = {"SKILL.md": other.get("skill", MAIN).encode(), "logo.png": other.get("logo", b"\x89\xff")}
    server = NotebookServer("shop", extensions=[Skills(Skill(files))])
    put_event_type(server, build_event_type(other.get("payload", Stock), "stock.low", None))
    put_event_type(server, build_event_type(orders, "order.placed", None))
    put_app(server, app_entry("ui://chart", other.get("page", "<p>\n<b>chart</b>\n</p>")))
    put_app(server, app_entry("ui://made", other.get("made", lambda: "<p>made")))
    return server


def rows(portal: Portal, notebook: NotebookServer, package: NotebookServer) -> dict[str, Row]:
    with Connection(portal, notebook, "modern") as here, Connection(portal, package, "modern") as there:
        offers = offer_of(here, notebook), offer_of(there)
    runs = {transport: Run(offers[1]) for transport in ("stdio", "HTTP")}
    observed = Observed(offers[0], {}, Replays(), runs, {"anatomy": {}}, inspecting.Tested(1, ()), [], None, Source([]))
    return {row.what: row for row in observed.proof.rows}


def test_a_row_for_each_extension_that_the_server_has(portal: Portal) -> None:
    found = rows(portal, shop(), shop())
    assert [*found][5:9] == ["prompts (0)", "skills (1)", "events (2)", "app pages (2)"]
    assert all(row.ok for row in found.values())
    without = rows(portal, NotebookServer("shop"), NotebookServer("shop"))
    assert not any(what.startswith(("skill", "event", "app")) for what in without)


@pytest.mark.parametrize(
    ("other", "row", "details"),
    [
        ({"skill": MAIN + "Or more.\n"}, "skills (1)", "/files/skill:~1~1refunds~1SKILL.md/digest"),
        ({"skill": MAIN.replace("for", "at")}, "skills (1)", "/frontmatter/description"),
        ({"logo": b"\x89\xfe"}, "skills (1)", "/files/skill:~1~1refunds~1logo.png/digest"),
        ({"payload": Stocked}, "events (2)", "/payloadSchema/properties/left"),
        ({"page": "<p>\nx\n<b>chart</b>\n</p>"}, "app pages (2)", '/page/1: "<b>chart</b>" in the notebook, "x" in'),
        ({"made": lambda: b"a"[2]}, "app pages (2)", "Error reading resource ui://made"),
    ],
)
def test_another_content_is_a_difference(portal: Portal, other: dict[str, Any], row: str, details: str) -> None:
    found = rows(portal, shop(), shop(**other))
    assert not found[row].ok
    assert details in "\n".join(found[row].details)
    assert [what for what, one in found.items() if not one.ok and what not in (row, "resources (4)")] == []


def test_what_the_package_does_not_have_is_a_difference(portal: Portal) -> None:
    found = rows(portal, shop(), NotebookServer("shop"))
    assert not any(found[what].ok for what in ("skills (1)", "events (2)", "app pages (2)"))
    found = rows(portal, NotebookServer("shop"), shop())
    assert not any(found[what].ok for what in ("skills (0)", "events (0)", "app pages (0)"))


def test_the_pages_and_files_of_the_notebook_are_not_read_for_a_proof(portal: Portal) -> None:
    server = shop()
    rows(portal, server, shop())
    assert list(server.runtime.recorder.calls) == []


def test_webhooks_do_not_count(portal: Portal) -> None:
    from mcp_notebook.server.event_types import let_webhooks

    server = shop()
    let_webhooks(server, True)
    assert rows(portal, server, shop())["events (2)"].ok


# --- tasks


def lab(*, task: bool = True, only: bool = False, more: int = 0, asks: bool = True) -> NotebookServer:
    server = NotebookServer("lab")

    @server.tool()
    async def train(steps: int, ctx: Context[Any, Any]) -> str:
        await ctx.report_progress(1, steps, "fitting")
        if asks and steps > 1:
            answer = await ctx.elicit(f"Train {steps} steps?", Stock)
            return f"{answer.action} {answer.data.item if answer.action == 'accept' else ''}"
        if steps < 0:
            raise ValueError("steps")
        return f"trained {steps + more}"

    tasks = extended(server, Tasks)
    if task:
        tasks.add("train", required=only)
    return server


def trained(portal: Portal, server: NotebookServer, steps: int, **options: Any) -> Call:
    with Connection(portal, server, "modern", **options) as connection:
        connection.call("train", {"steps": steps}, answers=[{"item": "all"}])
    return server.runtime.recorder.calls[-1]


def again(portal: Portal, call: Call, package: NotebookServer, *, extensions: str = "all") -> list[str]:
    with Connection(portal, package, "modern", extensions=extensions) as connection:
        found = differences(recorded(call), replayed(portal, connection, call))
        return [f"{at}: {one!r}, {other!r}" for at, one, other in found]


@pytest.mark.parametrize("steps", [1, 2, -1])
def test_a_task_is_followed_to_its_end(portal: Portal, steps: int) -> None:
    call = trained(portal, lab(), steps)
    assert recorded(call)["task"] == "completed"
    assert again(portal, call, lab()) == []


@pytest.mark.parametrize(
    ("steps", "package", "found"),
    [
        (1, lambda: lab(more=1), "/content/0/text: 'trained 1', 'trained 2'"),
        (1, lambda: lab(task=False), "/task: 'completed', nothing"),
        (2, lambda: lab(asks=False), "/questions/0: "),
    ],
)
def test_a_task_that_goes_another_way_is_a_difference(
    portal: Portal, steps: int, package: Callable[[], NotebookServer], found: str
) -> None:
    assert any(each.startswith(found) for each in again(portal, trained(portal, lab(), steps), package()))


def test_a_task_that_fails_is_another_than_one_that_completes(portal: Portal) -> None:
    server = lab()
    with Connection(portal, server, "modern") as connection:
        connection.call("train", {"steps": 1})
    call = server.runtime.recorder.calls[-1]
    failing = lab()
    failing.remove_tool("train")

    @failing.tool()
    async def train(steps: int) -> str:
        raise RequestError("no")

    extended(failing, Tasks).add("train")
    assert [each for each in again(portal, call, failing) if "isError" in each] == ["/isError: False, True"]


def test_a_call_by_a_client_without_tasks_is_made_again_by_one(portal: Portal) -> None:
    server = lab()
    plain, task = trained(portal, server, 1, extensions="none"), trained(portal, server, 1)
    found = replays(server.runtime.recorder.calls, server)
    assert found.plainly == {plain.number}
    assert "task" not in recorded(plain)
    assert again(portal, plain, lab(), extensions="none") == []
    assert [call.number for call in found.testable] == [plain.number, task.number]


def test_a_task_of_a_tool_that_runs_no_more_as_one_is_not_made_again(portal: Portal) -> None:
    server = lab()
    trained(portal, server, 1)
    extended(server, Tasks).remove("train")
    ((_, why),) = replays(server.runtime.recorder.calls, server).left_out
    assert why == "its tool no longer runs as a task"


def test_a_tool_that_only_runs_as_a_task_has_no_test(portal: Portal) -> None:
    server = lab(only=True)
    trained(portal, server, 1)
    found = replays(server.runtime.recorder.calls, server)
    assert len(found.calls) == 1
    assert found.testable == []


def test_a_script_of_a_skill_need_not_be_this_python(tmp_path: Path) -> None:
    (tmp_path / "old.py").write_text("print 'hello'\n")
    (tmp_path / "latin.py").write_bytes(b"caf\xe9 = 1\nimport mcp_notebook\n")
    assert inspecting.importing(tmp_path) == []
