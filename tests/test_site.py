"""The text of the site's pages, before MkDocs sees it; `make site` checks the rest."""

from __future__ import annotations

import re

import pytest

from mcp_notebook.cli import main
from mcp_notebook.magics.commands import root, verbs
from scripts import site_pages
from tests.support import ROOT

pytestmark = pytest.mark.once

SOURCE = "https://example.org/somebody/project"
MKDOCS = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")


def test_the_addresses_are_derived_from_that_of_the_project() -> None:
    assert site_pages.site_address("https://github.com/somebody/project") == "https://somebody.github.io/project/docs/"
    assert "https:" not in MKDOCS
    assert site_pages.source_address().startswith("https://github.com/")


@pytest.mark.parametrize(
    ("document", "link", "target"),
    [
        ("docs/design.md", "glossary.md", "glossary.md"),
        ("docs/design.md", "../CONTRIBUTING.md", "contributing.md"),
        ("docs/how-to/index.md", "../start.md#1-install", "../start.md#1-install"),
        ("docs/how-to/index.md", "../images/tool.png", "../images/tool.png"),
        ("docs/course/index.md", "../../README.md#the-course", f"{SOURCE}/blob/main/README.md#the-course"),
        ("docs/course/index.md", "../../notebooks/00-welcome.ipynb", f"{SOURCE}/blob/main/notebooks/00-welcome.ipynb"),
        ("CHANGELOG.md", "docs/replicas.md", "replicas.md"),
        ("CONTRIBUTING.md", "CODE_OF_CONDUCT.md", "code-of-conduct.md"),
        ("docs/design.md", "https://example.com/a.md", "https://example.com/a.md"),
        ("docs/design.md", "#purpose", "#purpose"),
        ("docs/design.md", "/absolute.md", "/absolute.md"),
    ],
)
def test_a_link_leads_to_a_page_of_the_site_or_to_the_repository(document: str, link: str, target: str) -> None:
    assert site_pages.adapted(f"See [it]({link}).\n", document, SOURCE) == f"See [it]({target}).\n"


def test_code_is_left_as_it_is() -> None:
    text = "```python\nlinks = [x](../README.md)\n```\n"
    assert site_pages.adapted(text, "docs/design.md", SOURCE) == text


def test_comments_for_the_tests_are_left_out() -> None:
    text = "    <!-- not run: it needs a key -->\n    ```sh\n    ls\n    ```\n"
    assert site_pages.adapted(text, "docs/design.md", SOURCE) == "    ```sh\n    ls\n    ```\n"


def test_an_or_in_a_table_is_shown_without_its_backslash() -> None:
    row = "| `--approve destructive\\|all` | asks \\| waits |\n"
    assert site_pages.adapted(row, "docs/a.md", SOURCE) == "| `--approve destructive|all` | asks \\| waits |\n"


def test_a_picture_for_two_themes_follows_the_theme_of_the_site() -> None:
    picture = '<picture>\n  <source media="(dark)" srcset="a-dark.png">\n  <img alt="An A" src="a.png">\n</picture>'
    assert (
        site_pages.adapted(picture, "docs/a.md", SOURCE) == "![An A](a.png#only-light)\n![An A](a-dark.png#only-dark)"
    )


@pytest.mark.parametrize(
    "page",
    [
        '<script src="https://cdn.example.com/a.js"></script>',
        "<script async src=//cdn.example.com/a.js></script>",
        '<link rel="stylesheet" href="https://fonts.example.com/css">',
        '<link href="https://fonts.example.com" rel="preconnect" crossorigin>',
        '<img alt="x" src="http://example.com/badge.svg">',
    ],
)
def test_what_a_page_would_load_from_another_host_is_found(page: str) -> None:
    assert site_pages.foreign(page)


@pytest.mark.parametrize(
    "page",
    [
        '<a href="https://example.com">a link</a>',
        '<script src="assets/a.js"></script>',
        '<link rel="canonical" href="https://somebody.github.io/project/">',
    ],
)
def test_links_and_own_files_are_not_loaded_from_another_host(page: str) -> None:
    assert site_pages.foreign(page) == []


def test_every_magic_and_verb_has_its_help_with_its_options() -> None:
    page = site_pages.magics_page()
    headings = re.findall(r"^##+ `(.*)`$", page, re.MULTILINE)
    assert set(headings) == {*(f"%mcp {name}" for name in verbs.commands), *(root.commands.keys() - {"%mcp"})}
    assert "| `--read-only / --no-read-only` |" in page
    assert "Example: `%mcp call add a=1 b=2`" in page


def test_every_shell_command_has_its_help() -> None:
    page = site_pages.shell_page()
    assert re.findall(r"^## `mcp-notebook (.*)`$", page, re.MULTILINE) == sorted(main.commands)
    assert "mcp-notebook call server.py add a=1 b=2" in page
