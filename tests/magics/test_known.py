"""What goes by a name: connections that a cell opened, and two entries that are called the same."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import mcp_types as types
import pytest
from IPython.core.error import UsageError
from mcp.server import Server

from mcp_notebook import NotebookServer, connect
from mcp_notebook.magics.completion import complete
from mcp_notebook.session.forms import form_of
from mcp_notebook.widgets.workbench import Workbench
from tests.support.shells import Shell, running_shell


def twofold() -> Server[Any]:
    """A server that lists two of everything under one name."""
    schemas = [{"type": "object", "properties": {name: {"type": "string"}}, "required": [name]} for name in "ab"]

    async def tools(ctx: Any, params: Any) -> types.ListToolsResult:
        listed = [
            types.Tool(name="twin", description=f"The {n}.", input_schema=s) for n, s in zip("ab", schemas, strict=True)
        ]
        return types.ListToolsResult(tools=[*listed, types.Tool(name="one", input_schema={"type": "object"})])

    async def call(ctx: Any, params: Any) -> types.CallToolResult:
        return types.CallToolResult(content=[types.TextContent(type="text", text=repr(params.arguments))])

    async def resources(ctx: Any, params: Any) -> types.ListResourcesResult:
        return types.ListResourcesResult(
            resources=[types.Resource(name=n, uri="note:///a", description=f"Note {n}.") for n in "ab"]
        )

    async def templates(ctx: Any, params: Any) -> types.ListResourceTemplatesResult:
        return types.ListResourceTemplatesResult(resource_templates=[])

    async def read(ctx: Any, params: Any) -> types.ReadResourceResult:
        return types.ReadResourceResult(contents=[types.TextResourceContents(uri="note:///a", text="noted")])

    async def prompts(ctx: Any, params: Any) -> types.ListPromptsResult:
        arguments = [types.PromptArgument(name="x", required=True)]
        return types.ListPromptsResult(
            prompts=[types.Prompt(name="ask", description=d, arguments=arguments) for d in ("First.", "Second.")]
        )

    async def prompt(ctx: Any, params: Any) -> types.GetPromptResult:
        return types.GetPromptResult(messages=[])

    return Server(
        "twofold", on_list_tools=tools, on_call_tool=call, on_list_resources=resources,
        on_list_resource_templates=templates, on_read_resource=read, on_list_prompts=prompts, on_get_prompt=prompt,
    )  # fmt: skip


@pytest.fixture(scope="module")
def shell() -> Iterator[Shell]:
    with running_shell() as shell:
        yield shell


@pytest.fixture
def twins(shell: Shell) -> Iterator[Shell]:
    shell.session.connect(twofold(), "twins", "auto")
    yield shell
    shell.session.disconnect("twins")


def magic(shell: Shell, line: str) -> Any:
    return shell.shell.run_line_magic("mcp", line)


def test_both_of_one_name_are_listed_and_that_is_said(twins: Shell) -> None:
    for kind, texts, name in (("tools", ("The a.", "The b."), "twin"), ("resources", ("Note a.", "Note b."), "note:///a"),
                              ("prompts", ("First.", "Second."), "ask")):  # fmt: skip
        listed = repr(magic(twins, f"{kind} --on twins"))
        card = magic(twins, f"{kind} {name} --on twins")
        for text in texts:
            assert listed.count(text) == 1
            assert text in repr(card)
            assert text in card.html
        assert f"More than one is named {name}: the server decides which of them a request reaches." in listed


def test_a_tool_of_a_name_that_is_there_twice_is_called_and_has_a_form(twins: Shell) -> None:
    assert magic(twins, "call twin a=x --on twins").content[0].text == "{'a': 'x'}"
    assert magic(twins, "form twin --on twins") is None
    form = form_of(twins.session, "twins", "twin")
    form.fill({"a": "y"})
    assert form.arguments == {"a": "y"}
    assert magic(twins, "prompt ask x=1 --on twins").messages == []
    assert magic(twins, "read note:///a --on twins").contents[0].text == "noted"
    offered = list(complete(twins.session, "%mcp call --on twins tw").texts)
    assert offered == ["twin"]
    assert "a=" in complete(twins.session, "%mcp call --on twins twin ").texts


def test_the_workbench_shows_the_one_of_two_that_is_chosen(twins: Shell) -> None:
    bench = Workbench(twins.session.connected["twins"])
    try:
        for name, count in (("tools", 3), ("prompts", 2), ("resources", 2)):
            keys = [row["key"] for row in bench.actions["rows"]({"list": name})["rows"]]
            assert len(set(keys)) == count
            for key in keys:
                mount = bench.actions["show"]({"list": name, "key": key})["form"]
                assert bench.forms[-1].mount == mount
        twin_b = bench.actions["rows"]({"list": "tools"})["rows"][1]
        bench.actions["show"]({"list": "tools", "key": twin_b["key"]})
        assert twin_b["text"] == "The b."
        assert bench.forms[-1].actions["send"]({"arguments": '{"a": "x"}'})["problems"]
    finally:
        bench.close()


def test_a_connection_that_a_cell_opened_is_known_by_its_variable_and_its_name(shell: Shell) -> None:
    server = NotebookServer("library")

    @server.tool()
    def add(a: int, b: int) -> int:
        return a + b

    with connect(server, name="branch") as connection:
        shell.shell.user_ns["there"] = connection
        for name in ("there", "branch"):
            assert magic(shell, f"call add a=1 b=2 --on {name}").structured_content == {"result": 3}
            assert "add" in repr(magic(shell, f"tools --on {name}"))
            assert "add" in repr(magic(shell, f"log --on {name}"))
        assert repr(magic(shell, "")).count("library") == 1
        assert "there" in repr(magic(shell, ""))
        assert "there" in complete(shell.session, "%mcp tools --on th").texts
        assert magic(shell, "inspect there") is None
        assert magic(shell, "form add --on branch") is None
        assert magic(shell, "call add a=1 b=2 --on there --era legacy").structured_content == {"result": 3}
    with pytest.raises(UsageError, match="Nothing is connected as 'there'"):
        magic(shell, "tools --on there")
    del shell.shell.user_ns["there"]


def test_it_is_closed_by_the_magic_too(shell: Shell) -> None:
    connection = connect(NotebookServer("passing"))
    assert "passing" in repr(magic(shell, ""))
    magic(shell, "disconnect passing")
    assert connection.closed
    assert "passing" not in repr(magic(shell, ""))


def test_a_live_server_goes_before_a_connection_of_its_name(shell: Shell) -> None:
    shell.good("%mcp new shop", "%%mcp_tool\ndef here() -> str:\n    return 'here'")
    with connect(NotebookServer("shop")):
        assert "here" in repr(magic(shell, "tools --on shop"))
