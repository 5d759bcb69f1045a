"""The text of the site's pages: links that work there, and the help of every command as a page.

`scripts/site_hooks.py` calls this while MkDocs builds. This module knows nothing of MkDocs, so that tests can read it.
"""

from __future__ import annotations

import html
import posixpath
import re
import sys
import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path

import click

if sys.version_info >= (3, 11):
    import tomllib
else:
    from pip._vendor import tomli as tomllib

ROOT = Path(__file__).resolve().parent.parent

PROJECT_PAGES = {
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "CODE_OF_CONDUCT.md": "code-of-conduct.md",
    "SECURITY.md": "vulnerabilities.md",
}
"""Documents outside of `docs` that are pages of the site, with their place there."""

_FENCE = re.compile(r"^ *```.*?^ *```$", re.DOTALL | re.MULTILINE)
_LINK = re.compile(r"(?<=\]\()(?![a-z]+:|[#/])([^)#\s]+)")
_MARKER = re.compile(r"^ *<!--.*?-->\n", re.DOTALL | re.MULTILINE)
_PICTURE = re.compile(r'<picture>.*?srcset="([^"]*)".*?alt="([^"]*)" src="([^"]*)".*?</picture>', re.DOTALL)
_CELL_CODE = re.compile(r"`[^`]*`")
_FOREIGN = re.compile(
    r"""<(?:script|img|iframe|source|video|audio)\b[^>]*?\bsrc(?:set)?=["']?(?:https?:)?//[^"'\s>]+
    |<link\b[^>]*?\brel=["']?(?:stylesheet|preconnect|preload|icon)[^>]*?\bhref=["']?(?:https?:)?//[^"'\s>]+
    |<link\b[^>]*?\bhref=["']?(?:https?:)?//[^>]*?\brel=["']?(?:stylesheet|preconnect|preload|icon)[^>]*""",
    re.VERBOSE,
)


def source_address() -> str:
    """Return the address of the repository, which only pyproject.toml has."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    address: str = project["urls"]["Source"]
    return address


def site_address(source: str) -> str:
    """Return the address of the site, beside the course in a browser tab (.github/workflows/lite.yml)."""
    owner, _, name = source.removeprefix("https://github.com/").partition("/")
    return f"https://{owner}.github.io/{name}/docs/"


def adapted(markdown: str, document: str, source: str) -> str:
    """Return a document as the site shows it.

    Args:
        markdown: The text of the document.
        document: Its path in the project, such as `docs/how-to/index.md`.
        source: The address of the repository.
    """
    markdown = _PICTURE.sub(r"![\2](\3#only-light)\n![\2](\1#only-dark)", _MARKER.sub("", markdown))
    parts: list[str] = []
    end = 0
    for fence in _FENCE.finditer(markdown):
        parts += [_prose(markdown[end : fence.start()], document, source), fence[0]]
        end = fence.end()
    return "".join([*parts, _prose(markdown[end:], document, source)])


def _prose(text: str, document: str, source: str) -> str:
    text = _LINK.sub(lambda found: _target(found[1], document, source), text)
    # GitHub needs the backslash in `a\|b` in a table, and Python-Markdown would show it.
    return "".join(
        _CELL_CODE.sub(lambda found: found[0].replace(r"\|", "|"), line) if line.startswith("|") else line
        for line in text.splitlines(keepends=True)
    )


def _target(link: str, document: str, source: str) -> str:
    """Return a link to a page of the site, or else to the repository."""
    place = posixpath.normpath(posixpath.join(posixpath.dirname(document), link))
    here = posixpath.dirname(PROJECT_PAGES.get(document) or document.removeprefix("docs/"))
    there = PROJECT_PAGES.get(place)
    if there is None and place.startswith("docs/"):
        there = place.removeprefix("docs/")
    return posixpath.relpath(there, here or ".") if there else f"{source}/blob/main/{place}"


def foreign(page: str) -> list[str]:
    """Return what a page would load from another host; links that a reader may follow are not among it."""
    return _FOREIGN.findall(page)


def magics_page() -> str:
    """Return a page with the help of every magic, and of every verb of `%mcp`."""
    from mcp_notebook.magics.commands import root, verbs

    cells = {name: command for name, command in root.commands.items() if command is not verbs}
    head = (
        "# Every magic\n\n`%mcp VERB --help` and `%%mcp_tool?` show the same in a notebook. "
        "The [reference](reference.md) has the verbs by topic.\n\n"
    )
    cell_parts = _commands(cells, "## ", "")
    verb_parts = _commands(verbs.commands, "### ", "%mcp ")
    return head + "".join(cell_parts) + "## Verbs of `%mcp`\n\n" + "".join(verb_parts)


def shell_page() -> str:
    """Return a page with the help of every command in a shell."""
    from mcp_notebook.cli import main

    head = (
        "# Every shell command\n\n`mcp-notebook COMMAND --help` shows the same in a terminal. "
        "[In a shell](connecting.md#in-a-shell) says how targets and arguments are written.\n\n"
    )
    return head + "".join(_commands(main.commands, "## ", "mcp-notebook "))


def _commands(commands: Mapping[str, click.Command], heading: str, prefix: str) -> Iterator[str]:
    for name, command in sorted(commands.items()):
        context = click.Context(command, info_name=f"{prefix}{name}")
        usage = " ".join([f"{prefix}{name}", *command.collect_usage_pieces(context)])
        language = "python" if usage.startswith("%") else "sh"
        text = _help(command.help or "", language)
        yield f"{heading}`{prefix}{name}`\n\n```{language}\n{usage}\n```\n\n{text}{_options(command)}"


def _help(text: str, language: str) -> str:
    parts = []
    for part in re.split(r"\n\s*\n", text.replace("\b\n", "").strip()):
        first, *lines = part.strip("\n").splitlines()
        if example := re.fullmatch(r"\s*Example: (%.*?)\.?\s*", part):
            parts.append(f"Example: `{example[1]}`")
        elif lines and all(line.startswith(first[: len(first) - len(first.lstrip())] + "  ") for line in lines):
            parts.append(f"{_escaped(first.strip())}\n\n```{language}\n{textwrap.dedent(chr(10).join(lines))}\n```")
        else:
            parts.append(_escaped(" ".join(part.split())))
    return "".join(f"{part}\n\n" for part in parts)


def _options(command: click.Command) -> str:
    context = click.Context(command)
    rows = [option.get_help_record(context) for option in command.params if isinstance(option, click.Option)]
    shown = [f"| `{names}` | {_escaped(text)} |\n" for names, text in filter(None, rows)]
    return f"| option | does |\n|---|---|\n{''.join(shown)}\n" if shown else ""


def _escaped(text: str) -> str:
    parts = re.split(r"(`[^`]*`)", text)
    return "".join(
        part if part.startswith("`") else re.sub(r"([*_|\[\]])", r"\\\1", html.escape(part, quote=False))
        for part in parts
    )
