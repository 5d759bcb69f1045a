"""Results that name their client, their request or their transport: what a proof compares, and what it says."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mcp_notebook.export import exporting
from mcp_notebook.export.proof.variations import Run, Variations, variations
from tests.support.shells import Shell, running_shell

CELLS = [
    "import os\nfrom mcp.server.mcpserver import Context, MCPServer\nmcp = MCPServer('library')",
    "@mcp.tool()\ndef who(ctx: Context) -> dict[str, str]:\n    info = ctx.session.client_params.client_info\n"
    "    return {'client': info.name, 'version': info.version, 'request': str(ctx.request_id), 'book': 'Emma'}",
    "@mcp.tool()\ndef where(ctx: Context) -> dict[str, str | None]:\n    request = ctx.request_context.request\n"
    "    return {'url': None if request is None else str(request.url), 'pid': str(os.getpid()), 'book': 'Emma'}",
    "%mcp use mcp",
    "%mcp call who",
    "%mcp call where",
]


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shell]:
    prove: Any = vars(exporting)["prove"]
    monkeypatch.setattr(exporting, "prove", lambda *a, **o: prove(*a, **{**o, "python": Path(sys.executable)}))
    monkeypatch.chdir(tmp_path)
    with running_shell() as shell:
        shell.good(*CELLS)
        yield shell


@pytest.mark.slow
def test_what_names_its_client_request_or_transport_is_said_to_and_the_rest_is_compared(
    shell: Shell, tmp_path: Path
) -> None:
    found = shell.good("%mcp export books")
    assert found.proof.ok, found
    said = [detail for row in found.proof.rows for detail in row.details]
    assert said == [
        "call 1, /structuredContent/client, /structuredContent/version, /structuredContent/request: depends on "
        "its client or on the request, so it is not compared",
        "call 2, /structuredContent/pid: another value in each run, so only its type is compared",
        "call 2, /structuredContent/url: the package gives another value over each transport, so it is not compared",
    ]
    server = tmp_path / "books/src/books/server.py"
    server.write_text(server.read_text().replace("Emma", "Persuasion"))
    changed = shell.good("%mcp export books").proof
    assert not changed.ok
    assert {d.field for d in changed.differences} == {"/structuredContent/book"}


def outcome(value: Any, **more: Any) -> dict[str, Any]:
    return {"content": [{"type": "text", "text": str(value)}], "isError": False, **more}


def runs(stdio: dict[str, Any], http: dict[str, Any]) -> dict[str, Run]:
    return {"stdio": Run(outcomes={1: stdio}), "HTTP": Run(outcomes={1: http})}


def test_an_error_over_one_transport_is_never_excused() -> None:
    first = outcome("a")
    found = variations(runs(first, outcome("no", isError=True)), Run(outcomes={1: first}), Run(outcomes={1: first}))
    assert not found.excuse(1, "/isError", first)


def test_the_cause_that_is_found_first_counts() -> None:
    varied = variations(
        runs(outcome("a"), outcome("d")), Run(outcomes={1: outcome("b")}), Run(outcomes={1: outcome("c")})
    )
    assert varied.in_each_run(1) == ["/content/0/text"]
    assert not varied.excuse(1, "/content/0/text", outcome("a"))


def test_nothing_is_excused_where_nothing_varies() -> None:
    assert not Variations().excuse(1, "/content/0/text", outcome("a"))
