from __future__ import annotations

import re

import pytest

from mcp_notebook import errors
from mcp_notebook.errors import HostingError, McpNotebookError, ModelError, NotebookError, did_you_mean


@pytest.mark.parametrize(
    ("word", "suggestion"),
    [("serch", " Did you mean 'search'?"), ("sum", ""), ("", ""), ("SEARCHES", "")],
)
def test_a_near_name_is_suggested_and_a_far_one_is_not(word: str, suggestion: str) -> None:
    assert did_you_mean(word, ["fetch_page", "search"]) == suggestion


def test_nothing_is_suggested_where_nothing_is_known() -> None:
    assert did_you_mean("search", {}) == ""


def test_the_nearest_of_several_names_is_suggested() -> None:
    assert did_you_mean("search_note", ["search", "search_notes", "notes"]) == " Did you mean 'search_notes'?"


def test_the_tree_in_the_docstring_is_the_tree_of_the_classes() -> None:
    drawn = re.findall(r"^    (?:│   )?(?:[├└]── )?(\w+Error)\b", errors.__doc__, re.MULTILINE)
    raised = [getattr(errors, name) for name in errors.__all__ if name.endswith("Error")]
    assert drawn[0] == McpNotebookError.__name__
    assert sorted(drawn) == sorted(error.__name__ for error in raised)
    bases = {Exception, McpNotebookError, HostingError, ModelError, NotebookError}
    assert {error.__base__ for error in raised} == bases
