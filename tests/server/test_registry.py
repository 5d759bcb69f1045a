from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from mcp.server.mcpserver import MCPServer

from mcp_notebook.errors import UnknownNameError, UsageError
from mcp_notebook.server.definitions import definitions
from mcp_notebook.server.notebook_server import NotebookServer
from mcp_notebook.server.registry import Registry
from mcp_notebook.server.sdk_gaps import quiet_construction


def plain_server(name: str = "plain") -> MCPServer[Any]:
    with quiet_construction():
        return MCPServer(name)


@pytest.fixture
def registry() -> Registry:
    return Registry()


def serve(live: Any) -> list[Any]:
    """Pretend that `live` is served; return the servers that take over there."""
    followed: list[Any] = []
    live.listener = SimpleNamespace(follow=followed.append)
    return followed


def test_the_first_use_makes_a_server_named_notebook(registry: Registry) -> None:
    assert registry.names({}) == []
    assert registry.current.name == "notebook"
    assert isinstance(registry.current.server, NotebookServer)
    assert registry.current.server.name == "notebook"
    assert registry.current is registry.take("notebook", {})


def test_a_new_server_is_current_and_the_earlier_ones_stay(registry: Registry) -> None:
    first = registry.new("first")
    second = registry.new("second")
    assert registry.current is second
    assert registry.take("first", {}) is first
    assert registry.use("first", {}) is first is registry.current


def test_a_new_server_of_a_name_replaces_the_one_that_had_it_where_it_is_served(registry: Registry) -> None:
    live = registry.new("shop")
    before = live.server
    followed = serve(live)
    assert registry.new("shop") is live
    assert live.server is not before
    assert followed == [live.server]


def test_use_adopts_the_plain_server_in_a_variable(registry: Registry) -> None:
    server = plain_server("My shop")
    live = registry.use("app", {"app": server})
    assert registry.current is live
    assert (live.name, live.server, live.variable) == ("app", server, "app")
    server.tool(name="a")(lambda: "old")
    server.tool(name="a", description="new")(lambda: "new")
    assert [d.entry.description for d in definitions(live.server)] == ["new"]


def test_use_knows_a_notebook_server_in_a_variable_under_its_own_name(registry: Registry) -> None:
    server = NotebookServer("shop")
    live = registry.use("app", {"app": server})
    assert (live.name, live.server) == ("shop", server)
    assert registry.current is registry.take("shop", {}) is live


def test_a_notebook_server_is_known_as_soon_as_its_cell_has_run(registry: Registry) -> None:
    server = NotebookServer("shop")
    registry.sync({"app": server})
    assert registry.current.server is server
    registry.sync({"app": server, "other": NotebookServer("other")})
    assert registry.current.server is server
    assert registry.take("other", {}).name == "other"


def test_a_recreated_notebook_server_takes_over_by_its_name_from_any_variable(registry: Registry) -> None:
    registry.sync({"app": NotebookServer("shop")})
    followed = serve(registry.take("shop", {}))
    again = NotebookServer("shop")
    registry.sync({"renamed": again})
    assert registry.take("shop", {}).server is again
    assert followed == [again]


def test_an_older_server_that_is_still_in_another_variable_does_not_come_back(registry: Registry) -> None:
    old, new = NotebookServer("shop"), NotebookServer("shop")
    registry.sync({"app": old})
    registry.sync({"kept": old, "app": new})
    followed = serve(registry.take("shop", {}))
    registry.sync({"app": new, "kept": old, "again": old})
    assert registry.take("shop", {}).server is new
    assert followed == []


def test_an_adopted_server_is_the_one_that_its_variable_holds_now(registry: Registry) -> None:
    live = registry.use("app", {"app": plain_server()})
    followed = serve(live)
    again = plain_server()
    registry.sync({"app": again})
    assert registry.take("app", {}).server is again
    assert followed == [again]
    again.tool(name="a")(lambda: "old")
    again.tool(name="a", description="new")(lambda: "new")
    assert [d.entry.description for d in definitions(again)] == ["new"]


@pytest.mark.parametrize("namespace", [{}, {"app": 3}, {"app": None}], ids=["deleted", "a number", "None"])
def test_an_adopted_server_stays_when_its_variable_holds_no_server_anymore(registry: Registry, namespace: Any) -> None:
    server = plain_server()
    live = registry.use("app", {"app": server})
    followed = serve(live)
    registry.sync(namespace)
    assert registry.current.server is server
    assert followed == []


def test_a_plain_server_in_a_variable_is_left_alone_until_it_is_asked_for(registry: Registry) -> None:
    registry.sync({"app": plain_server("app")})
    with pytest.raises(UnknownNameError):
        registry.take("app", {})


def test_a_new_server_under_an_adopted_name_no_longer_follows_the_variable(registry: Registry) -> None:
    registry.use("app", {"app": plain_server()})
    made = registry.new("app").server
    registry.sync({"app": plain_server()})
    assert registry.take("app", {}).server is made


def test_nothing_is_replaced_where_nothing_changed(registry: Registry) -> None:
    namespace = {"app": NotebookServer("shop"), "adopted": plain_server()}
    registry.sync(namespace)
    served = [serve(registry.take("shop", {})), serve(registry.use("adopted", namespace))]
    registry.sync(namespace)
    registry.use("adopted", namespace)
    assert served == [[], []]


def test_the_names_to_use_are_live_servers_and_variables_that_hold_one(registry: Registry) -> None:
    registry.new("live")
    namespace = {"app": plain_server(), "live": NotebookServer("live"), "_": plain_server(), "number": 3}
    assert registry.names(namespace) == ["live", "app"]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            "shpo",
            "There is no server 'shpo' here. Did you mean 'shop'? There is: shop. '%mcp new shpo' creates one.",
        ),
        ("zzz", "There is no server 'zzz' here. There is: shop. '%mcp new zzz' creates one."),
        (
            "text",
            "'text' is a str, not an MCP server. Name a live server, or a variable that holds an MCPServer.",
        ),
    ],
)
def test_using_what_is_no_server_says_why_and_what_to_do(registry: Registry, name: str, message: str) -> None:
    registry.new("shop")
    with pytest.raises(UnknownNameError) as refusal:
        registry.use(name, {"text": "x"})
    assert str(refusal.value) == message
    assert registry.current.name == "shop"


def test_a_variable_that_holds_a_server_is_suggested_too(registry: Registry) -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'weather'"):
        registry.use("wether", {"weather": plain_server()})


def test_an_unknown_server_is_refused_with_those_that_exist(registry: Registry) -> None:
    with pytest.raises(UnknownNameError) as refusal:
        registry.find({}, "shop")
    assert str(refusal.value) == "There is no server 'shop' here. There is none yet. '%mcp new shop' creates one."
    registry.new("shop")
    registry.new("bank")
    with pytest.raises(UnknownNameError) as refusal:
        registry.find({"weather": plain_server()}, "shpo")
    said = "There is no server 'shpo' here. Did you mean 'shop'? There is: shop, bank, weather."
    assert str(refusal.value) == f"{said} '%mcp new shpo' creates one."


def test_a_server_is_found_by_its_name_its_variable_and_its_own_name(registry: Registry) -> None:
    registry.new("live")
    namespace = {"app": plain_server("the shop"), "a": plain_server("twice"), "b": plain_server("twice")}
    assert [registry.find(namespace, name) for name in ("live", "app", "the shop")] == ["live", "app", "app"]
    with pytest.raises(UsageError, match=r"several servers 'twice' here: a, b\. Choose one with --server NAME"):
        registry.find(namespace, "twice")


def test_all_servers_of_a_notebook_share_its_recorder(registry: Registry) -> None:
    servers: list[Any] = [registry.new("made").server, registry.use("app", {"app": plain_server()}).server]
    assert {server.runtime.recorder for server in servers} == {registry.recorder}
