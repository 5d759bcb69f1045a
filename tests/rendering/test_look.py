"""The style sheet, and the small parts that all cards are made of."""

from __future__ import annotations

import re

import pytest

from mcp_notebook.rendering import look
from mcp_notebook.rendering.badges import state_chip, traits


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0.0 ms"),
        (0.0042, "4.2 ms"),
        (0.00996, "10 ms"),
        (0.123, "123 ms"),
        (0.9996, "1.00 s"),
        (1.234, "1.23 s"),
        (10.057, "10.1 s"),
        (59.96, "1 min 0 s"),
        (125, "2 min 5 s"),
        (3599, "59 min 59 s"),
        (3800, "1 h 3 min"),
    ],
)
def test_a_time_has_three_digits_and_the_unit_that_fits(seconds: float, words: str) -> None:
    assert look.duration(seconds) == words


def test_the_style_has_neither_comments_nor_line_breaks_and_a_fallback_for_each_variable_of_a_front_end() -> None:
    style = look.style()
    assert "/*" not in style
    assert "\n" not in style
    front_ends = re.findall(r"var\((--(?:jp|vscode)-[\w-]+)(,)?", style)
    assert front_ends
    assert all(comma for _, comma in front_ends)


def test_every_variable_of_the_style_is_defined_there() -> None:
    style = look.style()
    assert set(re.findall(r"var\((--mcpnb-\w+)", style)) <= set(re.findall(r"(--mcpnb-\w+):", style))


def test_headings_of_cards_stay_out_of_the_table_of_contents() -> None:
    html = look.card("a card", look.section("a part", "<p>words</p>"))
    headings = re.findall(r"<h\d[^>]*>", html)
    assert headings == ['<h4 class="jp-toc-ignore">', '<h5 class="jp-toc-ignore">']


@pytest.mark.parametrize("kind", look.SIGNS)
def test_a_chip_says_by_a_sign_what_its_color_says(kind: look.Kind) -> None:
    assert look.chip("<b>", kind) == f'<span class="chip {kind}"><span>{look.SIGNS[kind]}</span> &lt;b&gt;</span>'
    assert len(set(look.SIGNS.values())) == len(look.SIGNS)


@pytest.mark.parametrize(
    ("annotations", "words"),
    [
        ({}, []),
        ({"readOnlyHint": True, "destructiveHint": True, "idempotentHint": True}, ["read-only"]),
        ({"destructiveHint": True, "openWorldHint": True}, ["destructive", "open world"]),
        ({"readOnlyHint": False}, ["writes"]),
        ({"destructiveHint": False, "idempotentHint": True}, ["writes", "idempotent"]),
        ({"openWorldHint": False}, []),
    ],
)
def test_badges_name_only_what_a_tool_states(annotations: dict[str, bool], words: list[str]) -> None:
    html = traits({"name": "a", "annotations": annotations})
    assert re.findall(r'<span class="badge[^>]*>([^<]*)</span>', html) == words


def test_the_chip_of_a_call_has_its_state() -> None:
    assert "running" in state_chip("running")
    assert "3 rounds" in state_chip("done", "done, 3 rounds")
