"""Nothing that comes from elsewhere hides in what is shown, or is obeyed by a terminal."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from concurrent.futures import Future
from types import SimpleNamespace
from typing import Any

import anyio
import mcp_types as types
import pytest
from anyio.from_thread import start_blocking_portal
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from IPython.core.error import UsageError
from IPython.utils.capture import capture_output
from mcp.server import Server
from mcp.shared.exceptions import MCPError

from mcp_notebook.cli import main
from mcp_notebook.client import Question
from mcp_notebook.client.notices import say
from mcp_notebook.errors import McpNotebookError, RequestError
from mcp_notebook.magics.completion import complete
from mcp_notebook.recording import Call
from mcp_notebook.rendering.calls.card import call_card
from mcp_notebook.rendering.calls.compare import compare
from mcp_notebook.rendering.calls.log import log
from mcp_notebook.rendering.calls.sequence import diagram
from mcp_notebook.server.approval import Approval, ApprovalRequest
from mcp_notebook.session.dialog import NobodyThereError, ask_line_by_line
from mcp_notebook.visible import visible
from mcp_notebook.widgets.approval import ApprovalCard
from mcp_notebook.widgets.question_card import QuestionCard
from mcp_notebook.widgets.tool_form import ToolForm
from tests.support.shells import Shell, running_shell

HOSTILE = {
    "colour": "\x1b[31mred\x1b[0m",
    "clipboard": "\x1b]52;c;ZXZpbA==\x07",
    "link": "\x1b]8;;https://evil.example\x1b\\bank.example\x1b]8;;\x1b\\",
    "c1": "\x9b2J\x9d52;c;ZXZpbA==\x9c",
    "overwriting": "rm -rf /\rls      ",
    "backspace": "evil\b\b\b\bgood",
    "delete": "a\x7f",
    "override": "a\u202etxt.exe\u202c",
    "isolate": "a\u2066b\u2069",
    "marks": "a\u200e\u200f\u061cb",
    "zero width": "pay\u200b\u2060\ufeff\u00ad",
    "joiners": "pay\u200dpal\u200c",
    "tags": "".join(chr(0xE0000 + ord(c)) for c in "obey"),
    "selectors": "a" + "".join(chr(0xE0100 + ord(c)) for c in "obey"),
    "separators": "a\u2028b\u2029c",
    "next line": "a\x85b\x0b\x0c",
    "fillers": "\u3164\u115f\uffa0",
}


def hidden(text: str) -> list[str]:
    """The characters of a text that a person does not see, or a terminal obeys."""
    return [
        f"U+{ord(c):04X}"
        for i, c in enumerate(text)
        if (unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp") and c not in "\n\t" and text[i : i + 2] != "\r\n")
        or 0xE0000 <= ord(c) <= 0xE0FFF
        or c in "\u3164\u115f\u1160\uffa0\u034f"
    ]


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_what_hides_or_is_obeyed_is_escaped_and_the_rest_stays(text: str) -> None:
    shown = visible(text)
    assert hidden(shown) == []
    assert shown != text
    assert shown == visible(shown)


@pytest.mark.parametrize(
    "text",
    [
        "two\nlines\r\n\tand a tab",
        "👩‍💻 👨‍👩‍👧‍👦 ❤️‍🔥 🏳️‍🌈 👩🏽‍🚀 🏴‍☠️ 1️⃣ ©️ ☎︎",
        "שלום עולם, مرحبا بالعالم, می‌خواهم, क्‍ष",
        "葛󠄀飾区, naïve, Zürich, 10 000 €",
        "",
    ],
)
def test_ordinary_writing_is_left_as_it_is(text: str) -> None:
    assert visible(text) == text


@given(st.text())
def test_no_text_hides_anything_and_none_becomes_two_lines(text: str) -> None:
    kept = set("\u200c\u200d")
    assert {c for c in visible(text) if hidden(c)} - kept - set("\r") <= {chr(c) for c in range(0xE0100, 0xE01F0)}
    assert len(visible(text, one_line=True).splitlines()) <= 1


@pytest.mark.parametrize("text", ["\x1b" * 200_000, "\u200d" * 200_000])
def test_a_long_text_takes_no_longer_for_each_character(text: str) -> None:
    assert len(visible(text)) == 6 * len(text)


def server(evil: str) -> Server[Any]:
    """A server with the same text in each field that the protocol has for one."""
    schema = {
        "type": "object",
        "properties": {
            evil: {"type": "string", "description": evil, "default": evil, "title": evil},
            "kind": {"enum": [evil, "b"]},
            "either": {"anyOf": [{"title": evil, "type": "object"}, {"const": evil}]},
        },
    }
    output = {"type": "object", "properties": {"r": {"type": "string", "description": evil}, evil: {"title": evil}}}
    resource = types.TextResourceContents(uri="note:///a", text=evil, mime_type=evil)
    content: list[types.ContentBlock] = [
        types.TextContent(type="text", text=evil),
        types.ImageContent(type="image", data="AAAA", mime_type=evil),
        types.AudioContent(type="audio", data="AAAA", mime_type=evil),
        types.ResourceLink(type="resource_link", name=evil, title=evil, uri=f"note:///{evil}", description=evil),
        types.EmbeddedResource(type="resource", resource=resource),
    ]
    prompt = types.Prompt(
        name=evil, title=evil, description=evil, arguments=[types.PromptArgument(name=evil, description=evil)]
    )

    async def list_tools(ctx: Any, params: Any) -> types.ListToolsResult:
        hints = types.ToolAnnotations(title=evil, read_only_hint=True)
        about: dict[str, Any] = {"title": evil, "description": evil, "annotations": hints}
        tools = [
            types.Tool(name=evil, input_schema=schema, output_schema=output, **about),
            types.Tool(name="structured", input_schema=schema, output_schema=output, **about),
            *(
                types.Tool(name=name, input_schema={"type": "object"}, **about)
                for name in ("plain", "fails", "refuses")
            ),
        ]
        return types.ListToolsResult(tools=tools)

    async def call_tool(ctx: Any, params: Any) -> types.CallToolResult:
        if params.name == "refuses":
            raise MCPError(code=-32000, message=evil, data={evil: evil})
        if params.name == "structured":
            return types.CallToolResult(content=[], structured_content={"r": evil, evil: {evil: [evil]}})
        return types.CallToolResult(content=content, is_error=params.name == "fails")

    async def list_resources(ctx: Any, params: Any) -> types.ListResourcesResult:
        listed = types.Resource(name=evil, title=evil, uri=f"note:///{evil}", description=evil, mime_type=evil)
        return types.ListResourcesResult(resources=[listed])

    async def list_templates(ctx: Any, params: Any) -> types.ListResourceTemplatesResult:
        listed = types.ResourceTemplate(name=evil, uri_template=f"note:///{evil}/{{a}}", description=evil)
        return types.ListResourceTemplatesResult(resource_templates=[listed])

    async def read(ctx: Any, params: Any) -> types.ReadResourceResult:
        return types.ReadResourceResult(contents=[resource])

    async def list_prompts(ctx: Any, params: Any) -> types.ListPromptsResult:
        return types.ListPromptsResult(prompts=[prompt])

    async def get_prompt(ctx: Any, params: Any) -> types.GetPromptResult:
        return types.GetPromptResult(
            description=evil, messages=[types.PromptMessage(role="user", content=block) for block in content]
        )

    return Server(
        evil,
        version=evil,
        title=evil,
        instructions=evil,
        on_list_tools=list_tools,
        on_call_tool=call_tool,
        on_list_resources=list_resources,
        on_list_resource_templates=list_templates,
        on_read_resource=read,
        on_list_prompts=list_prompts,
        on_get_prompt=get_prompt,
    )


@pytest.fixture(scope="module")
def shell() -> Iterator[Shell]:
    with running_shell() as shell:
        yield shell


LINES = [
    "",
    "tools --on {name}",
    "tools structured --on {name}",
    "tools no-such --on {name}",
    "resources --on {name}",
    "prompts --on {name}",
    "call plain --on {name}",
    "call fails --on {name}",
    "call refuses --on {name}",
    "call structured kind=b --on {name}",
    "call structured nothing=b --on {name}",
    "call structured --on {name} -o kept",
    "read note:///a --on {name}",
    "prompt {name} --on {name}",
    "tools {name} --on {name}",
    "prompts {name} --on {name}",
    "call {name} --on {name}",
    "form structured --on {name}",
    "form {name} --on {name}",
    "inspect {name}",
    "eras plain --on {name}",
    "log --on {name}",
    "log 1 --on {name}",
    "log 4 --on {name} --diagram",
    "log --on {name} --wire",
    "log --on {name} --wire --brief",
    "log --on {name} --wire --diagram",
    "replay 1 --on {name}",
    "disconnect {name}",
]


def shown_by(shell: Shell, line: str) -> Iterator[str]:
    """All text that a magic shows."""
    result = None
    with capture_output() as captured:
        try:
            result = shell.shell.run_line_magic("mcp", line)
        except UsageError as error:
            yield str(error)
    yield captured.stdout
    yield captured.stderr
    for output in captured.outputs:
        yield from _texts(output.data)
    if result is not None:
        yield from _texts(shell.shell.display_formatter.format(result)[0])


def _texts(bundle: dict[str, Any]) -> Iterator[str]:
    yield from (bundle[kind] for kind in ("text/plain", "text/html") if kind in bundle)


def _strings(value: Any) -> Iterator[str]:
    """All texts in a value of JSON."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _strings(each)


def _quoted(evil: str) -> str:
    return f'"{evil}"'


@pytest.mark.parametrize("evil", HOSTILE.values(), ids=HOSTILE)
def test_no_rendering_of_a_server_passes_on_what_hides_or_is_obeyed(shell: Shell, evil: str) -> None:
    shell.session.connect(server(evil), evil, "auto")
    for line in LINES:
        for text in shown_by(shell, line.format(name=_quoted(evil))):
            assert hidden(text) == [], line


hostile_text = st.text(
    st.sampled_from("ab\x1b[]m;\x07\x9b\r\b\u202e\u2066\u200b\u200d\U000e0041\ufeff\x85"), min_size=1
)


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(hostile_text.filter(str.strip))
def test_nor_does_one_of_a_server_that_is_made_up(shell: Shell, evil: str) -> None:
    connection = shell.session.connect(server(evil), "made up", "auto")
    for line in LINES:
        for text in shown_by(shell, line.format(name='"made up"')):
            assert hidden(text) == [], line
    assert hidden(repr(connection)) == []


@pytest.mark.parametrize("evil", HOSTILE.values(), ids=HOSTILE)
def test_neither_do_questions_notices_errors_progress_approvals_nor_tab(
    shell: Shell, evil: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[str] = []

    def ask(prompt: str) -> str:
        asked.append(prompt)
        raise EOFError

    monkeypatch.setattr("builtins.input", ask)
    field = {"type": "string", "description": evil, "default": evil}
    form = types.ElicitRequestFormParams(message=evil, requested_schema={"type": "object", "properties": {evil: field}})
    url = types.ElicitRequestURLParams(message=evil, url=f"https://a.example/{evil}", elicitation_id=evil)
    for kind, params in (("form", form), ("url", url)):
        with pytest.raises(NobodyThereError):
            ask_line_by_line(Question(kind, params, evil))  # type: ignore[arg-type]
    questions = [QuestionCard(Question("form", form, evil)), QuestionCard(Question("url", url, evil))]
    say(evil)
    tool = ToolForm(types.Tool(name="t", input_schema={"type": "object"}), lambda arguments, on_progress: Future())
    tool._progressed(1, 2, evil)
    approval = Approval("all")
    request = ApprovalRequest(client=evil, server=evil, tool=evil, arguments={evil: evil}, person=evil)
    with start_blocking_portal() as portal:
        decided = portal.start_task_soon(approval.ask, request)
        while not approval.waiting:
            portal.call(anyio.sleep, 0)
        card = ApprovalCard(approval, evil)
        cards = [repr(card), card.rendering.html, *_strings(card.state), *_strings(card.about)]
        approval.deny(request.number, evil)
        decided.result(10)
        cards += [repr(card), card.rendering.html, *_strings(card.state)]
    shell.session.connect(server(evil), "tab", "auto")
    try:
        tab = [
            text
            for line in ("%mcp tools --on tab ", "%mcp call structured --on tab ")
            for text in complete(shell.session, line).texts
        ]
    finally:
        shell.session.disconnect("tab")
    printed = capsys.readouterr()
    cards += [text for each in questions for text in (repr(each), each.about["html"], each.about["server"])]
    texts = [*asked, printed.out, printed.err, tool.state["progress"]["words"], *cards, *tab]
    texts += [str(McpNotebookError(evil)), str(RequestError(evil))]
    assert [hidden(text) for text in texts] == [[] for _ in texts]
    assert "structured" in tab


@pytest.mark.parametrize("evil", HOSTILE.values(), ids=HOSTILE)
def test_nor_does_the_record_of_a_call_nor_the_command_line(evil: str, monkeypatch: pytest.MonkeyPatch) -> None:
    call = Call(server=evil, method="tools/call", name=evil, arguments={evil: evil}, client=evil)
    call.add("message", {"level": "info", "data": evil, "logger": evil})
    call.add("progress", {"progress": 1, "total": 2, "message": evil})
    for method, params in (
        ("elicitation/create", {"message": evil, "requestedSchema": {"properties": {evil: {"description": evil}}}}),
        ("elicitation/create", {"message": evil, "url": f"https://a.example/{evil}"}),
        ("sampling/createMessage", {"systemPrompt": evil, "messages": [{"role": evil, "content": {"text": evil}}]}),
    ):
        call.add("question", {"method": method, "params": params})
        call.add("answer", {"action": evil, "content": {evil: evil}})
    call.end("refused", error=evil)
    drawn = [
        call_card(call, evil, lambda error: evil),
        log([call], lambda call: evil),
        diagram(call),
        compare(call, call),
    ]
    listed = SimpleNamespace(name=evil, server=evil, url=evil, pid=1, notebook=evil)
    monkeypatch.setattr("mcp_notebook.cli.live_commands.addresses.live", lambda: [listed])
    monkeypatch.setattr("mcp_notebook.cli.live_commands.addresses.entrance", lambda _: None)
    printed = CliRunner().invoke(main, ["list"]).output
    texts = [printed, *(text for each in drawn for text in (each.text, each.html))]
    assert [hidden(text) for text in texts] == [[] for _ in texts]
    assert len(printed.splitlines()) == 2
