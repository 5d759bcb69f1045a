"""Hooks that MkDocs calls while it builds the site, see `mkdocs.yml`."""

from __future__ import annotations

from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page
from site_course import DRAWINGS, course_pages
from site_pages import (
    PROJECT_PAGES,
    ROOT,
    adapted,
    foreign,
    magics_page,
    shell_page,
    site_address,
    source_address,
)

from mcp_notebook.rendering.look import style_sheet

_DOCUMENTS = {page: document for document, page in PROJECT_PAGES.items()}


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Take the addresses from pyproject.toml, the one place that has them."""
    config.repo_url = source_address()
    config.repo_name = config.repo_url.removeprefix("https://github.com/")
    config.site_url = site_address(config.repo_url)
    course = next(part["Course"] for part in config.nav or () if "Course" in part)
    course += [{title: place} for place, title, _ in course_pages()]
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that are not in docs: the project's own documents, and the help of every command."""
    for document, page in PROJECT_PAGES.items():
        files.append(File.generated(config, page, content=(ROOT / document).read_text(encoding="utf-8")))
    files.append(File.generated(config, "magics.md", content=magics_page()))
    files.append(File.generated(config, "shell.md", content=shell_page()))
    for place, _, text in course_pages():
        files.append(File.generated(config, place, content=text))
    for drawing in sorted(DRAWINGS.glob("*.svg")):
        files.append(File.generated(config, f"course/drawings/{drawing.name}", content=drawing.read_bytes()))
    files.append(File.generated(config, "stylesheets/cards.css", content=style_sheet()))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Make the links of a document work on the site."""
    document = _DOCUMENTS.get(page.file.src_uri, f"docs/{page.file.src_uri}")
    return adapted(markdown, document, str(config.repo_url))


def on_post_build(config: MkDocsConfig) -> None:
    """Check that no page loads anything from another host.

    Raises:
        PluginError: One does.
    """
    pages = sorted(Path(config.site_dir).rglob("*.html"))
    found = [f"{page.name}: {what}" for page in pages for what in foreign(page.read_text(encoding="utf-8"))]
    if found:
        raise PluginError("Pages load from other hosts:\n" + "\n".join(found))
