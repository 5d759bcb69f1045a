from __future__ import annotations

import logging
from typing import Any

import anyio
import pytest
from mcp import Client
from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import InvalidSignature, ToolError, UnexpectedToolError
from mcp.server.mcpserver.resources import TextResource
from mcp.shared.exceptions import MCPError
from mcp_types import ToolAnnotations

from mcp_notebook.errors import DefinitionError
from mcp_notebook.server.definitions import build_prompt, build_tool, define_resource, definitions, register
from mcp_notebook.server.notebook_server import NotebookServer, adopt
from mcp_notebook.server.runtime import CALL_ID
from mcp_notebook.server.sdk_gaps import quiet_construction


def plain_server(name: str = "plain", **options: Any) -> MCPServer[Any]:
    with quiet_construction():
        return MCPServer(name, **options)


def adopted_server() -> MCPServer[Any]:
    return adopt(plain_server())


replacing_servers = pytest.mark.parametrize("make", [NotebookServer, adopted_server])


def asked(server: MCPServer[Any], *requests: tuple[Any, ...]) -> list[Any]:
    """Ask a client of `server`: each request is the name of a client's method, and its arguments."""

    async def main() -> list[Any]:
        async with Client(server, cache=None) as client:
            return [await getattr(client, method)(*arguments) for method, *arguments in requests]

    return anyio.run(main)


def named_one_two_three(register_one: Any) -> None:
    for name in ("one", "two", "three"):
        register_one(name, f"old {name}")
    register_one("two", "new two")


@replacing_servers
def test_a_tool_registered_again_is_replaced_and_keeps_its_place(make: Any) -> None:
    server = make()

    def register_one(name: str, says: str) -> None:
        @server.tool(name=name, description=says)
        def answer() -> str:
            return says

    named_one_two_three(register_one)
    listing, old, new = asked(server, ("list_tools",), ("call_tool", "one"), ("call_tool", "two"))
    assert [(t.name, t.description) for t in listing.tools] == [
        ("one", "old one"),
        ("two", "new two"),
        ("three", "old three"),
    ]
    assert (old.content[0].text, new.content[0].text) == ("old one", "new two")


@replacing_servers
def test_a_prompt_registered_again_is_replaced_and_keeps_its_place(make: Any) -> None:
    server = make()

    def register_one(name: str, says: str) -> None:
        @server.prompt(name=name, description=says)
        def answer() -> str:
            return says

    named_one_two_three(register_one)
    listing, new = asked(server, ("list_prompts",), ("get_prompt", "two"))
    assert [(p.name, p.description) for p in listing.prompts] == [
        ("one", "old one"),
        ("two", "new two"),
        ("three", "old three"),
    ]
    assert new.messages[0].content.text == "new two"


@replacing_servers
def test_a_static_resource_registered_again_is_replaced_and_keeps_its_place(make: Any) -> None:
    server = make()

    def register_one(name: str, says: str) -> None:
        @server.resource(f"data://{name}")
        def answer() -> str:
            return says

    named_one_two_three(register_one)
    listing, new = asked(server, ("list_resources",), ("read_resource", "data://two"))
    assert [r.uri for r in listing.resources] == ["data://one", "data://two", "data://three"]
    assert new.contents[0].text == "new two"


@replacing_servers
def test_a_resource_template_registered_again_is_replaced_and_keeps_its_place(make: Any) -> None:
    server = make()

    def register_one(name: str, says: str) -> None:
        @server.resource(f"data://{name}/{{key}}", description=says)
        def answer(key: str) -> str:
            return f"{says} {key}"

    named_one_two_three(register_one)
    listing, new = asked(server, ("list_resource_templates",), ("read_resource", "data://two/x"))
    assert [(t.uri_template, t.description) for t in listing.resource_templates] == [
        ("data://one/{key}", "old one"),
        ("data://two/{key}", "new two"),
        ("data://three/{key}", "old three"),
    ]
    assert new.contents[0].text == "new two x"


@replacing_servers
def test_a_resource_object_replaces_the_one_of_its_uri(make: Any) -> None:
    server = make()
    for text in ("old", "new"):
        server.add_resource(TextResource(uri="data://a", name="a", text=text))
    (read,) = asked(server, ("read_resource", "data://a"))
    assert read.contents[0].text == "new"


@replacing_servers
def test_a_tool_passes_on_all_that_its_decorator_was_told(make: Any) -> None:
    server = make()

    @server.tool(
        name="say",
        title="Say it",
        annotations=ToolAnnotations(read_only_hint=True),
        meta={"a": 1},
        structured_output=False,
    )
    def answer() -> str:
        """Say something."""
        return "x"

    (listing,) = asked(server, ("list_tools",))
    (tool,) = listing.tools
    assert (tool.name, tool.title, tool.description) == ("say", "Say it", "Say something.")
    assert tool.annotations.read_only_hint is True
    assert tool.meta == {"a": 1}
    assert tool.output_schema is None


@replacing_servers
def test_a_function_that_does_not_fit_leaves_the_working_tool(make: Any) -> None:
    server = make()

    @server.tool()
    def answer() -> str:
        return "works"

    def broken(_private: int) -> str:
        return "never"

    with pytest.raises(InvalidSignature):
        server.tool(name="answer")(broken)
    (result,) = asked(server, ("call_tool", "answer"))
    assert result.content[0].text == "works"


@replacing_servers
def test_a_tool_is_called_with_its_context(make: Any) -> None:
    server = make()

    @server.tool()
    def whoami(context: Context) -> str:
        return context.mcp_server.name

    (result,) = asked(server, ("call_tool", "whoami"))
    assert result.content[0].text == server.name


class NoSuchCityError(Exception):
    pass


def add_failing_tool(server: MCPServer[Any]) -> NoSuchCityError:
    error = NoSuchCityError("Graz")

    @server.tool()
    def fail() -> str:
        raise error

    return error


def raised_in(server: Any, arguments: dict[str, Any]) -> tuple[Any, Any]:
    """Call ``fail``; return its result, and what the recorder kept of what the function raised."""
    (result,) = asked(server, ("call_tool", "fail", arguments))
    return result, server.runtime.recorder.calls[-1].raised


@replacing_servers
def test_what_a_tool_raised_is_kept_with_the_call_and_not_told_to_the_client(make: Any) -> None:
    server = make()
    error = add_failing_tool(server)
    result, kept = raised_in(server, {})
    assert result.is_error
    assert "Graz" not in result.content[0].text
    assert kept is error


@replacing_servers
@pytest.mark.parametrize("number", [3, "three"])
def test_what_a_tool_tells_its_clients_on_purpose_is_not_kept(make: Any, number: Any) -> None:
    server = make()

    @server.tool()
    def fail(number: int) -> str:
        raise ToolError(f"no {number}")

    result, kept = raised_in(server, {"number": number})
    assert result.is_error
    assert kept is None


@replacing_servers
def test_a_request_that_is_waited_for_is_known_by_its_id_and_no_other_is(make: Any) -> None:
    server = make()
    add_failing_tool(server)

    async def main() -> tuple[Any, Any]:
        recorder = server.runtime.recorder
        async with Client(server, cache=None) as client:
            with recorder.expecting() as mine, recorder.expecting() as anothers:
                await client.call_tool("fail", {}, meta={CALL_ID: "nobody's"})  # type: ignore[arg-type]
                assert (mine.call, anothers.call) == (None, None)
                await client.call_tool("fail", {}, meta={CALL_ID: mine.id})  # type: ignore[arg-type]
                return mine.call, anothers.call

    mine, anothers = anyio.run(main)
    assert mine is server.runtime.recorder.calls[-1]
    assert anothers is None


@replacing_servers
@pytest.mark.parametrize("error", [SystemExit(1), KeyboardInterrupt()])
def test_a_definition_that_ends_the_process_is_refused_and_the_loop_goes_on(make: Any, error: Any) -> None:
    server = make()

    @server.tool()
    async def fail() -> str:
        raise error

    @server.resource("a://b")
    def read() -> str:
        raise error

    @server.prompt()
    def ask() -> str:
        raise error

    result, kept = raised_in(server, {})
    assert result.is_error
    assert result.content[0].text == "Error executing tool fail"
    assert kept is error

    async def main() -> None:
        async with Client(server, cache=None) as client:
            with pytest.raises(MCPError):
                await client.read_resource("a://b")
            with pytest.raises(MCPError):
                await client.get_prompt("ask", {})

    anyio.run(main)


@replacing_servers
def test_a_tool_called_outside_any_request_raises_as_the_sdk_has_it(make: Any) -> None:
    server = make()
    error = add_failing_tool(server)

    async def main() -> None:
        await server.call_tool("fail", {})

    with pytest.raises(UnexpectedToolError) as raised:
        anyio.run(main)
    assert raised.value.__cause__ is error


def test_adopting_gives_the_server_itself_with_what_it_had() -> None:
    server = plain_server()
    server.tool(name="a")(lambda: "x")
    assert adopt(server) is server
    (listing,) = asked(server, ("list_tools",))
    assert [tool.name for tool in listing.tools] == ["a"]


@pytest.mark.parametrize("make", [NotebookServer, adopted_server])
def test_adopting_what_replaces_already_changes_nothing(make: Any) -> None:
    server = make()
    runtime, recorder, middleware = server.runtime, server.runtime.recorder, list(server.middleware)
    adopted: Any = adopt(server)
    assert adopted is server
    assert (server.runtime, server.runtime.recorder, server.middleware) == (runtime, recorder, middleware)


def test_a_new_server_leaves_the_root_logger_without_handlers() -> None:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    root.handlers.clear()
    try:
        NotebookServer()
        assert root.handlers == []
        assert root.level == level
    finally:
        root.handlers[:] = handlers


def test_a_notebook_server_takes_the_options_of_the_sdk() -> None:
    server = NotebookServer("shop", instructions="Be kind.", version="3")
    assert isinstance(server, MCPServer)
    assert (server.name, server.instructions, server.version) == ("shop", "Be kind.", "3")
    assert NotebookServer().name == "notebook"


@pytest.mark.parametrize("make", [NotebookServer, adopted_server, plain_server])
def test_definitions_are_all_kinds_by_name_with_the_functions_as_they_were_written(make: Any) -> None:
    server = make()

    def tool(x: int) -> int:
        return x

    def static() -> str:
        return "s"

    def template(key: str) -> str:
        return key

    def prompt(topic: str) -> str:
        return topic

    server.prompt()(prompt)
    server.resource("data://{key}")(template)
    server.resource("data://all")(static)
    server.tool(name="named")(tool)
    server.add_resource(TextResource(uri="data://text", name="text", text="x"))

    found = definitions(server)
    assert [(d.kind, d.name, d.function) for d in found] == [
        ("tool", "named", tool),
        ("resource", "data://all", static),
        ("resource", "data://text", None),
        ("resource template", "data://{key}", template),
        ("prompt", "prompt", prompt),
    ]
    assert {d.cell for d in found} == {None}


def test_what_is_built_takes_effect_only_when_it_is_registered() -> None:
    server = NotebookServer()

    def tool(x: int) -> int:
        return x

    def prompt(topic: str) -> str:
        return topic

    built = build_tool(tool, name="t"), build_prompt(prompt, name="p")
    assert definitions(server) == []
    for entry in built:
        register(server, entry)
    assert [(d.kind, d.name) for d in definitions(server)] == [("tool", "t"), ("prompt", "p")]


def takes_any_number(*words: str) -> str:
    return ""


def takes_any_name(**words: str) -> str:
    return ""


def takes_by_place(word: str, /) -> str:
    return word


def takes_a_lock(lock: anyio.Lock) -> str:
    return ""


def takes_something_undefined(place: Plaec) -> str:  # type: ignore[name-defined]  # noqa: F821
    return ""


@pytest.mark.parametrize("build", [build_tool, build_prompt])
@pytest.mark.parametrize(
    ("function", "culprit"),
    [
        (takes_any_number, "*words"),
        (takes_any_name, "**words"),
        (takes_by_place, "word"),
        (takes_a_lock, "parameter 'lock' is a "),
        (takes_something_undefined, "'Plaec'"),
    ],
)
def test_a_signature_that_no_client_could_fill_is_refused_by_the_name_of_what_is_wrong(
    build: Any, function: Any, culprit: str
) -> None:
    with pytest.raises(DefinitionError) as refusal:
        build(function)
    message = str(refusal.value)
    assert message.startswith(f"{function.__name__}: ")
    assert culprit in message
    assert "\n" not in message


@pytest.mark.parametrize("uri", ["data://{other}", "data://plain", "data://{open"])
def test_a_resource_whose_uri_does_not_fit_its_function_is_refused_and_changes_nothing(uri: str) -> None:
    server = NotebookServer()

    def template(key: str) -> str:
        return key

    with pytest.raises(DefinitionError, match=r"^template: "):
        define_resource(server, uri, template)
    assert definitions(server) == []
