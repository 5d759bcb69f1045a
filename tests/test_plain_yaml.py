"""YAML is read with the values of JSON, as the core schema of YAML 1.2 has them."""

from __future__ import annotations

import math
from typing import Any

import pytest
import yaml

from mcp_notebook import plain_yaml
from mcp_notebook.server.extensions.skills import frontmatter_of

VALUES: list[tuple[str, Any]] = [
    ("true", True),
    ("True", True),
    ("FALSE", False),
    ("tRUE", "tRUE"),
    ("yes", "yes"),
    ("on", "on"),
    ("null", None),
    ("Null", None),
    ("~", None),
    ("", None),
    ("0", 0),
    ("+1", 1),
    ("-12", -12),
    ("010", 10),
    ("1_000", "1_000"),
    ("12:30", "12:30"),
    (".5", 0.5),
    ("5.", 5.0),
    ("-.5e-1", -0.05),
    ("1e3", 1000.0),
    ("+", "+"),
    (".", "."),
    ("2026-01-02", "2026-01-02"),
    ("'1'", "1"),
    ("!!str 1", "1"),
    ("!!int '7'", 7),
    ("=", "="),
]


@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize(("text", "value"), VALUES)
def test_scalars_are_those_of_the_core_schema(text: str, value: Any, strict: bool) -> None:
    read = plain_yaml.load(f"a: {text}", strict=strict)["a"]
    assert (read, type(read)) == (value, type(value))


@pytest.mark.parametrize(("text", "value"), VALUES)
def test_front_matter_has_the_same_values(text: str, value: Any) -> None:
    """The module of skills is carried into packages, so it has a reader of its own."""
    read = frontmatter_of(f"---\nname: a\ndescription: b\na: {text}\n---\n".encode())["a"]
    assert (read, type(read)) == (value, type(value))


@pytest.mark.parametrize("strict", [False, True])
def test_numbers_in_other_bases_and_without_end(strict: bool) -> None:
    read = plain_yaml.load("[0x1F, 0o17, .inf, -.INF, .nan]", strict=strict)
    assert read[:4] == [31, 15, math.inf, -math.inf]
    assert math.isnan(read[4])


@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize(
    "text",
    ["!!bool maybe", "!!int x", "!!timestamp x", "!!binary x", "!!set {a}", "!!python/name:os.system", "9" * 9999],
)
def test_a_value_that_json_lacks_is_refused(text: str, strict: bool) -> None:
    with pytest.raises(yaml.YAMLError):
        plain_yaml.load(f"- {text}", strict=strict)


def test_two_halves_are_one_character() -> None:
    assert plain_yaml.load('"\\ud83d\\ude00"', strict=True) == "\U0001f600"


def test_only_a_strict_reader_refuses_aliases_and_repeated_keys() -> None:
    for text, value in [("[&a x, *a]", ["x", "x"]), ("{a: 1, a: 2}", {"a": 2}), ("{1: x, '1': y}", {1: "x", "1": "y"})]:
        assert plain_yaml.load(text) == value
    assert plain_yaml.load("{1: x, '1': y}", strict=True) == {1: "x", "1": "y"}
    for text in ("[&a x, *a]", "{a: 1, a: 2}", "{a: {b: 1, c: 2, b: 1}}"):
        with pytest.raises(yaml.YAMLError):
            plain_yaml.load(text, strict=True)


def test_a_merge_takes_over_keys_where_aliases_are_allowed() -> None:
    assert plain_yaml.load("a: &a {x: 1}\nb: {<<: *a, y: 2}")["b"] == {"x": 1, "y": 2}
