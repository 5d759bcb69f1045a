"""The requirements of lines that install."""

from __future__ import annotations

import pytest

from mcp_notebook.export.installs import requirements
from mcp_notebook.slicing.magics import Magic


def of(*words: str) -> tuple[str, ...]:
    return requirements([Magic(1, 1, f"%pip install {word}", "line") for word in words])


@pytest.mark.parametrize(
    "ours",
    [
        "mcp-notebook",
        "MCP_Notebook>=0.1",
        "mcp--notebook",
        "'mcp-notebook[course]'",
        "git+https://example.com/someone/mcp-notebook",
        "git+https://example.com/someone/mcp_notebook.git@main",
        "https://example.com/mcp_notebook-0.1.0-py3-none-any.whl",
        "'mcp-notebook @ git+https://example.com/x/y.git'",
    ],
)
def test_this_project_is_no_requirement(ours: str) -> None:
    assert of(ours, "httpx") == ("httpx",)


@pytest.mark.parametrize(
    "theirs",
    [
        "mcp-notebook-extras",
        "mcp-notebook.ext",
        "git+https://example.com/mcp-notebook/other",
        "'foo @ git+https://example.com/x/mcp-notebook.git#subdirectory=foo'",
    ],
)
def test_another_project_with_a_name_like_it_is_one(theirs: str) -> None:
    assert of(theirs) == (theirs.strip("'"),)
