"""`compat` finds, in each server of the kept set, the planted fault and nothing else."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from mcp.server import Server, ServerRequestContext
from mcp_types import (
    ListPromptsResult,
    ListResourcesResult,
    ListResourceTemplatesResult,
    ListToolsResult,
    Prompt,
    Resource,
    ResourceTemplate,
    Tool,
)

from mcp_notebook.client import connect
from mcp_notebook.compat import CheckedServer, Report, check, of_connection, of_session, table
from mcp_notebook.compat.checks import CHECKS
from mcp_notebook.compat.report import VERDICTS, overall
from tests.compat.planted import PLANTED, Planted, refers, saved, taking, tool

IN_FILES_ONLY = {"unreadable", "schema-not-object", "task-required"}
"""Faults that the SDK's own server does not send: it refuses them, or they are of the legacy era."""

NOT_SENT = {"required is null", "a $schema that is not a text", "an output's $schema that is not a text"}
"""Servers with such a fault, whose check has others that it sends."""


def found(report: Report) -> list[tuple[str, str, str, str]]:
    observations = [finding.observation for finding in report.findings]
    return [(seen.check, seen.kind, seen.name, seen.path) for seen in observations]


def of_planted(planted: Planted | None) -> Report:
    server = of_session(saved(planted))
    return check(replace(server, **planted.reach) if planted is not None else server)


def served(planted: Planted) -> Server[Any]:
    """A server of the SDK with the fault."""
    session = saved(planted)

    async def tools(_ctx: ServerRequestContext[Any], _params: Any) -> ListToolsResult:
        return ListToolsResult(tools=[Tool.model_validate(entry) for entry in session.lists["tool"]])

    async def resources(_ctx: ServerRequestContext[Any], _params: Any) -> ListResourcesResult:
        return ListResourcesResult(resources=[Resource.model_validate(entry) for entry in session.lists["resource"]])

    async def templates(_ctx: ServerRequestContext[Any], _params: Any) -> ListResourceTemplatesResult:
        found = [ResourceTemplate.model_validate(entry) for entry in session.lists["resourceTemplate"]]
        return ListResourceTemplatesResult(resource_templates=found)

    async def prompts(_ctx: ServerRequestContext[Any], _params: Any) -> ListPromptsResult:
        return ListPromptsResult(prompts=[Prompt.model_validate(entry) for entry in session.lists["prompt"]])

    return Server(
        session.server.name,
        instructions=session.server.instructions,
        on_list_tools=tools,
        on_list_resources=resources,
        on_list_resource_templates=templates,
        on_list_prompts=prompts,
    )


def test_a_good_server_has_no_finding_and_every_host_accepts_it() -> None:
    report = of_planted(None)
    assert found(report) == []
    assert report.lint == []
    assert {host.verdict for host in report.hosts} == {"no problem known"}
    assert not report.rejected


@pytest.mark.parametrize("name", PLANTED)
def test_it_finds_the_planted_fault_and_nothing_else(name: str) -> None:
    planted = PLANTED[name]
    report = of_planted(planted)
    (finding,) = [one for one in report.findings if one.observation.check not in planted.also]
    seen = finding.observation
    assert (seen.check, seen.kind, seen.name, seen.path) == (planted.check, planted.kind, planted.name, planted.path)
    assert sorted(check for check, *_ in found(report)) == sorted([planted.check, *planted.also])
    assert report.lint == []
    assert {key: finding.hosts[key].verdict for key in planted.hosts} == planted.hosts
    for host in report.hosts:
        worst = min((one.hosts[host.key].verdict for one in report.findings), key=VERDICTS.index)
        assert host.verdict == overall(worst)


@pytest.mark.parametrize(
    "name",
    [
        name
        for name, p in PLANTED.items()
        if not p.calls and not p.reach and p.check not in IN_FILES_ONLY and name not in NOT_SENT
    ],
)
def test_it_finds_the_same_of_a_server_that_runs(name: str) -> None:
    planted = PLANTED[name]
    with connect(served(planted)) as connection:
        report = check(of_connection(connection))
    # The SDK's client drops such tools before anybody sees them, and the list says so.
    header = planted.check == "schema-header"
    expected = ("unreadable", "server", "", "") if header else (planted.check, planted.kind, planted.name, planted.path)
    assert [one for one in found(report) if one[0] not in planted.also] == [expected]
    assert report.lint == []


def test_the_kept_set_has_at_least_30_servers_and_a_fault_for_each_check() -> None:
    assert len(PLANTED) >= 30
    assert {planted.check for planted in PLANTED.values()} == CHECKS.keys()


def test_a_hash_after_the_dialect_changes_nothing() -> None:
    dialect = {"$schema": "https://json-schema.org/draft/2020-12/schema#"}
    same = tool(inputSchema={**dialect, "type": "object"}, outputSchema={**dialect, "type": "object"})
    assert found(of_planted(Planted("none", tools=(same,)))) == []
    (finding,) = of_planted(Planted("none", tools=(taking({"items": [{}]}, root=dialect),))).findings
    assert finding.observation.keywords >= {"no older $schema"}


@pytest.mark.parametrize(
    "further",
    [
        {"anyOf": [{"$ref": "#/$defs/Row"}, {"type": "null"}]},
        {"oneOf": [{"type": ["string", "null"]}, {"$ref": "#/$defs/Row"}]},
        {"type": ["object", "null"], "allOf": [{"$ref": "#/$defs/Row"}]},
        {"type": "array", "items": {"$ref": "#/$defs/Row"}},
    ],
)
def test_a_loop_through_a_part_that_may_be_empty_is_none(further: dict[str, Any]) -> None:
    row = {"type": "object", "properties": {"next": further}, "required": ["next"]}
    assert found(of_planted(Planted("none", tools=(refers(row),)))) == []


def test_a_loop_through_several_definitions_is_one_finding() -> None:
    step = {"type": "object", "properties": {"other": {"$ref": "#/$defs/Other"}}, "required": ["other"]}
    back = {"type": "object", "properties": {"row": {"$ref": "#/$defs/Row"}}, "required": ["row"]}
    looping = taking({"$ref": "#/$defs/Row"}, root={"$defs": {"Row": step, "Other": back}})
    assert found(of_planted(Planted("none", tools=(looping,)))) == [("schema-loop", "tool", "bad", "parameter x")]


@pytest.mark.parametrize(
    ("key", "what"),
    [
        ("", "its name is empty"),
        ("my word", "its name has ' '"),
        ("é:x", "its name has ':', 'é'"),
        ("p" * 65, "its name has 65 characters"),
    ],
)
def test_what_is_unusual_about_the_name_of_a_parameter_is_said(key: str, what: str) -> None:
    (finding,) = of_planted(Planted("none", tools=(taking({}, key=key),))).findings
    assert finding.observation.what == what


def test_a_collision_of_names_hides_nothing_about_their_characters() -> None:
    report = of_planted(PLANTED["names that become one"])
    verdicts = {host.key: host.verdict for host in report.hosts}
    assert (verdicts["openai-api"], verdicts["vscode"], verdicts["cursor"]) == ("rejects", "degrades", "rejects")


def test_each_host_has_the_number_of_facts_that_were_compared() -> None:
    def facts(server: CheckedServer) -> dict[str, int]:
        return {host.key: host.facts for host in check(server).hosts}

    read = of_session(saved(None))
    reached = replace(read, transport="http")
    called_too = of_session(saved(PLANTED["a long result"]))
    known = Counter(fact.host for fact in table().facts if fact.check in CHECKS)
    assert facts(replace(called_too, transport="stdio")) == {key: known[key] for key in table().hosts}
    assert facts(read)["chatgpt"] == 0
    assert facts(reached)["chatgpt"] == known["chatgpt"]
    assert facts(read)["gemini"] < facts(reached)["gemini"] < known["gemini"]
    assert facts(called_too)["gemini"] > facts(read)["gemini"]


def test_the_note_on_approval_has_the_words_of_its_fact() -> None:
    writing = saved(None)
    writing.lists["tool"].append(tool("write", annotations={}))
    (fact,) = table().about("approval")["vscode"]
    (host,) = check(of_session(writing), ["vscode"]).hosts
    assert host.notes == [f"asks {fact.happens}: 1 of 2"]
