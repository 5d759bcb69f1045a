"""The table of facts is complete, dated and sourced, and says the same as the rest of the project."""

from __future__ import annotations

import json
import re
from collections import Counter
from importlib.resources import files

import pytest

from mcp_notebook.compat.checks import CHECKS
from mcp_notebook.compat.facts import BAD, SPECIFICATION, table
from mcp_notebook.hosts import HOSTS
from scripts import compat_facts
from tests.support import ROOT

pytestmark = pytest.mark.once

NOTES = {"feature", "approval"}
SAME = {"claude-code", "claude-desktop", "cursor", "vscode", "codex", "gemini", "goose"}
"""Hosts that `hosts/table.py` has, too."""


def test_each_fact_names_a_host_and_a_check_that_there_are() -> None:
    facts = table().facts
    assert {fact.host for fact in facts} == set(table().hosts)
    assert {fact.check for fact in facts} <= CHECKS.keys() | NOTES


def test_each_check_has_a_fact_that_makes_it_a_finding() -> None:
    assert {fact.check for fact in table().facts if fact.effect in BAD} == CHECKS.keys()


def test_each_fact_has_a_source_and_a_date_before_the_day_of_reading() -> None:
    for fact in table().facts:
        known = fact.source.startswith("https://") or (ROOT / fact.source).is_file()
        assert known, fact
        assert fact.as_of <= table().read, fact


def test_what_is_bad_is_said_in_words() -> None:
    assert [fact for fact in table().facts if fact.effect in BAD and not fact.happens] == []


def test_no_fact_is_there_twice() -> None:
    text = files("mcp_notebook.compat").joinpath("facts.json").read_text(encoding="utf-8")
    written = [json.dumps(fact, sort_keys=True) for fact in json.loads(text)["facts"]]
    assert [fact for fact, count in Counter(written).items() if count > 1] == []


def test_the_facts_about_sse_and_list_changes_are_those_of_the_configurations() -> None:
    sse = {host: facts[0].effect for host, facts in table().about("transport-sse").items() if host in SAME}
    assert sse == {key: "accepts" if HOSTS[key].sse else "rejects" for key in SAME}
    words = {True: "accepts", False: "ignores", None: None}
    follows = {
        fact.host: fact.effect
        for fact in table().facts
        if fact.check == "feature" and "list changes" in fact.keywords and fact.host in SAME
    }
    assert follows == {key: words[HOSTS[key].follows] for key in SAME if HOSTS[key].follows is not None}


def test_the_specification_has_no_feature_to_ignore() -> None:
    assert not [fact for fact in table().facts if fact.host == SPECIFICATION and fact.check in NOTES]


def test_the_page_has_the_table() -> None:
    page = compat_facts.PAGE.read_text(encoding="utf-8")
    assert f"{compat_facts.BEGIN}\n\n{compat_facts.facts()}\n\n{compat_facts.END}" in page


def test_a_link_to_source_code_names_a_commit() -> None:
    places = {fact.source for fact in table().facts if "github.com" in fact.source and "/blob/" in fact.source}
    assert places
    assert [place for place in places if not re.search(r"/blob/[0-9a-f]{40}/", place)] == []


def test_the_names_of_hosts_are_those_of_the_configurations() -> None:
    titles = table().titles
    assert {key: titles[key] for key in SAME} == {key: HOSTS[key].title for key in SAME}
    assert len(set(titles.values())) == len(titles)


def test_a_host_has_at_least_one_fact_that_is_compared() -> None:
    compared = {fact.host for fact in table().facts if fact.check in CHECKS}
    assert compared == set(table().hosts)


def test_the_page_has_no_tag_of_html() -> None:
    page = compat_facts.PAGE.read_text(encoding="utf-8")
    marked = re.sub(r"`[^`]*`|<!--.*?-->", "", page)
    assert re.findall(r"<[^>]*>", marked) == []
    assert "tells the model &lt;empty&gt;" in page
