"""The report stays small, and says what it leaves out, whatever a server sends."""

from __future__ import annotations

from typing import Any

import pytest

from mcp_notebook.compat import CheckedServer, Report, check, of_session
from mcp_notebook.compat.checking import MOST_FINDINGS
from mcp_notebook.rendering.compat import compat_card
from tests.compat.planted import PLANTED, Planted, called, saved, taking, text, tool

FOREIGN = 1_000_000
"""Characters of a text that a hostile server sends."""

LARGEST = 40_000
"""The most characters of a report on a server with one fault."""


def many(number: int, **fields: Any) -> CheckedServer:
    tools = tuple({**taking(True), "name": f"t.{index}", **fields} for index in range(number))
    return of_session(saved(Planted("none", tools=tools)))


def verdicts(report: Report) -> dict[str, str]:
    return {host.key: host.verdict for host in report.hosts}


@pytest.fixture(scope="module")
def crowded() -> Report:
    return check(many(2_000))


def test_a_check_with_many_findings_hides_no_other_check(crowded: Report) -> None:
    checks = [finding.observation.check for finding in crowded.findings]
    assert checks.count("tool-name-characters") == checks.count("schema-boolean") == MOST_FINDINGS
    assert verdicts(crowded)["gemini"] == "rejects"  # because of the parameters, which are checked after the names


def test_what_is_left_out_is_said(crowded: Report) -> None:
    left = 2_000 - MOST_FINDINGS
    assert crowded.left_out == {"tool-name-characters": left, "schema-boolean": left, "lint": left + 1}
    assert crowded.as_json()["leftOut"] == crowded.left_out
    card = compat_card(crowded)
    for shown in (card.text, card.html):
        words = " ".join(shown.split())
        assert "not shown, and count: 1,000 of tool-name-characters, 1,000 of schema-boolean." in words
        assert "The lint of 1,001 further tools is not shown." in words
    few = check(many(3))
    assert few.left_out == {}
    assert "not shown" not in compat_card(few).text


def test_findings_that_are_left_out_count_in_the_verdict() -> None:
    tools = tuple({"name": "n" * 58 + f"_{index}", "inputSchema": {"type": "object"}} for index in range(1_001))
    longer = {"name": "n" * 129, "inputSchema": {"type": "object"}}
    report = check(of_session(saved(Planted("none", tools=(*tools, longer)))), ["claude-code", "specification"])
    assert verdicts(report) == {"claude-code": "rejects", "specification": "degrades"}


def large(planted: Planted) -> tuple[str, str]:
    card = compat_card(check(of_session(saved(planted))))
    return card.text, card.html


def test_a_text_of_the_server_is_cut_wherever_it_is_shown() -> None:
    name = "n." + "n" * FOREIGN
    schema = {"$ref": "#/" + "r" * FOREIGN}
    servers = {
        "the name of a tool": Planted("", tools=(tool(name), tool(name + "2"))),
        "the name of a parameter": Planted("", tools=(taking(True, key=name), taking({}, key=name + "2"))),
        "a reference": Planted("", tools=(taking(schema),)),
        "a type": Planted("", tools=(taking({"type": "t" * FOREIGN}),)),
        "a required name": Planted("", tools=(taking({}, required=[name]),)),
        "the name of the server": Planted("", server={"name": name}),
        "an extension": Planted("", server={"capabilities": {"extensions": {name: {}}}}),
        "many extensions": Planted(
            "", server={"capabilities": {"extensions": {f"x/{index:06}": {} for index in range(100_000)}}}
        ),
        "a URI": Planted("", resources=({"name": "n", "uri": "u" * FOREIGN},)),
        "an unreadable entry": Planted("", prompts=({"name": name, "arguments": [{name: 1}]},)),
        "an output": Planted("", tools=(tool(outputSchema={"type": "object", "$schema": "s" * FOREIGN}),)),
        "the type of an image": Planted(
            "",
            tools=(tool(),),
            calls=(called({"content": [{"type": "image", "data": "", "mimeType": "m" * FOREIGN}]}),),
        ),
        "the name of a tool that was called": Planted("", tools=(tool(name),), calls=(called(text("x"), name=name),)),
    }
    sizes = {what: [len(shown) for shown in large(planted)] for what, planted in servers.items()}
    assert {what: size for what, size in sizes.items() if max(size) > LARGEST} == {}


def test_an_ordinary_report_is_within_the_same_size() -> None:
    assert max(len(shown) for shown in large(PLANTED["a dot in a name"])) < LARGEST / 2
