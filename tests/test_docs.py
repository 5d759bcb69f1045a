"""What the documents say is true."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import nbformat
import pytest

from mcp_notebook.magics.commands import verbs
from tests.kernels import Kernel

if sys.version_info >= (3, 11):
    import tomllib
else:
    from pip._vendor import tomli as tomllib

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
DOCUMENTS = [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")]


def code_blocks(text: str) -> list[str]:
    return re.findall(r"```python\n(.*?)```", text, re.DOTALL)


def test_the_example_of_the_readme_runs(kernel: Kernel) -> None:
    *cells, call = code_blocks(README)
    for cell in cells:
        kernel.good(cell)
    assert kernel.good(call).text == "2"


def test_the_example_of_the_reference_runs(kernel: Kernel) -> None:
    for cell in code_blocks((ROOT / "docs" / "reference.md").read_text(encoding="utf-8")):
        kernel.good(cell)
    assert kernel.good("%mcp call add a=1 b=2").text == "3"


def test_the_badge_is_derived_from_the_address_of_the_project() -> None:
    place = PROJECT["urls"]["Source"].removeprefix("https://github.com/")
    notebook = "lab/tree/notebooks/01-getting-started.ipynb"
    assert f"(https://mybinder.org/v2/gh/{place}/v{PROJECT['version']}?urlpath={notebook})" in README
    assert (ROOT / "notebooks" / "01-getting-started.ipynb").is_file()


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_links_to_files_lead_somewhere(path: Path) -> None:
    targets = re.findall(r"\]\((?!https?:)([^)#]+)", path.read_text(encoding="utf-8"))
    assert [target for target in targets if not (path.parent / target).exists()] == []


def test_the_reference_names_every_verb() -> None:
    reference = (ROOT / "docs" / "reference.md").read_text(encoding="utf-8")
    assert [verb for verb in verbs.commands if not re.search(rf"[`\s]{verb}\b", reference)] == []


@pytest.mark.parametrize("path", sorted((ROOT / "notebooks").glob("*.ipynb")), ids=lambda path: path.name)
def test_a_notebook_opens_with_what_one_will_do_how_long_it_takes_and_what_it_needs(path: Path) -> None:
    first = nbformat.read(path, as_version=4).cells[0].source
    assert all(word in first for word in ("**You will**", "**Time**", "**You need**"))
