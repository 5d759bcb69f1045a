"""A form of any size opens: what would need too many fields is written as JSON, and says so."""

from __future__ import annotations

from typing import Any

import ipywidgets
import pytest

from mcp_notebook.widgets.form.form_context import MOST_FIELDS
from tests.widgets.test_form_choices import Sending
from tests.widgets.test_form_fields import find, walk

MANY = 10_000
TEXT = {"type": "string"}


def wide(count: int, **more: Any) -> dict[str, Any]:
    return {"type": "object", "properties": {f"f{i}": TEXT for i in range(count)}, **more}


def inputs(form: Any) -> int:
    return sum(isinstance(each, ipywidgets.Text | ipywidgets.Textarea | ipywidgets.Dropdown) for each in walk(form))


def json_input(form: Any) -> Any:
    (found,) = (each for each in walk(form) if isinstance(each, ipywidgets.Textarea) and "too many" in each.placeholder)
    return found


def test_ten_thousand_fields_are_one_input_for_json_that_says_why() -> None:
    form = Sending(wide(MANY))
    assert inputs(form.form) < 10
    text = json_input(form.form)
    assert text.placeholder == "10,000 fields are too many for this form: write a JSON object"
    assert text.description == "arguments"
    assert form.called() == {}
    text.value = '{"f1": "x", "f9999": "y"}'
    assert form.called() == {"f1": "x", "f9999": "y"}
    text.value = '{"f1": 1}'
    assert form.called() == {"f1": "x", "f9999": "y"}, "nothing more was sent"
    assert [str(problem) for problem in form.form.form.problems()] == ["f1: 1 is not of type string"]
    form.form.fill({"f2": "z"})
    assert form.called() == {"f2": "z"}


def test_what_is_shown_of_it_without_widgets_is_bounded_too() -> None:
    bundle = Sending(wide(MANY)).form._repr_mimebundle_()
    assert "and 9,900 more, not shown" in bundle["text/plain"]
    assert len(bundle["text/plain"]) < 20_000
    assert len(bundle["text/html"]) < 50_000


HUNDRED = [f"p{i}" for i in range(100)]
INNER = {"type": "object", "required": ["b"], "properties": {"b": wide(MANY)}}


@pytest.mark.parametrize(
    "schema",
    [
        wide(1, required=["big"], properties={"big": wide(MANY, required=["f1"])}),
        {"properties": {"a": INNER}, "required": ["a"]},
        {"properties": {name: wide(100, required=["f1"]) for name in HUNDRED}, "required": HUNDRED},
        {"properties": {"a": {"type": "array", "minItems": 3, "items": wide(400, required=["f1"])}}, "required": ["a"]},
        {"properties": {"a": {"anyOf": [wide(MANY), TEXT]}}},
        {"properties": {"a": {"type": "array", "prefixItems": [TEXT] * MANY}}, "required": ["a"]},
    ],
    ids=["inside", "deeper", "many of many", "items", "union", "tuple"],
)  # fmt: skip
def test_no_form_has_more_fields_than_that_at_once(schema: dict[str, Any]) -> None:
    form = Sending(schema)
    assert inputs(form.form) <= 2 * MOST_FIELDS
    value = {"a": [{"f1": "x"}] * 3} if "items" in str(schema)[:60] else {}
    form.form.fill(value)
    assert form.form.form.draft().items() >= value.items()


def test_a_form_of_a_usual_size_has_its_fields() -> None:
    form = Sending(wide(MOST_FIELDS))
    find(form.form, "f499").value = "x"
    assert form.called() == {"f499": "x"}


def test_filling_a_form_again_and_again_takes_no_fields_from_it() -> None:
    form = Sending({"properties": {"a": {"type": "array", "items": wide(100)}}})
    for _ in range(10):
        form.form.fill({"a": [{"f1": "x"}, {"f2": "y"}]})
    assert [getattr(each, "description", "") for each in walk(form.form)].count("f99") == 2
