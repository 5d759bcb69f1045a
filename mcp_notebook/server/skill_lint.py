"""Find what makes a skill hard for an agent to find or to follow."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from urllib.parse import unquote

from mcp_notebook.errors import did_you_mean
from mcp_notebook.server.extensions.skills import MAIN, Skill
from mcp_notebook.server.listing import CHARACTERS_PER_TOKEN

__all__ = ["lint_of_skill"]

MOST_LINES = 500
"""Lines of a ``SKILL.md`` that the Agent Skills format recommends at most."""

MOST_TOKENS = 5_000
"""Tokens of a ``SKILL.md`` that it recommends at most, see `CHARACTERS_PER_TOKEN`."""

_WHEN = re.compile(r"\b(when|whenever|before|after|if|for|during|while|use (this|it)|to use)\b", re.IGNORECASE)
_LINK = re.compile(r"\]\(\s*<?([^)>\s#]+)")
_TOOL = re.compile(
    r"\b(?:tools?|calls?|calling)\s+`([A-Za-z_][\w.-]*)(?:\([^`]*\))?`|`([A-Za-z_][\w.-]*)`\s+tool\b", re.IGNORECASE
)
"""A name in backticks that the text calls a tool: "the tool `order`", "call `order(id=1)`", "`order` tool"."""


def lint_of_skill(skill: Skill, tools: Collection[str]) -> list[str]:
    """Return what would keep an agent from using a skill well, each with its fix.

    Args:
        skill: The skill.
        tools: The names of the tools on its server.
    """
    return list(_lint(skill, tools))


def _lint(skill: Skill, tools: Collection[str]) -> Iterator[str]:
    text = skill.files[MAIN].decode("utf-8")
    if not _WHEN.search(skill.description):
        yield "the description does not tell when to use it: a model chooses a skill by that. Write: Use it when ..."
    for name in sorted(_tools_named_in(text) - set(tools)):
        yield f"it names a tool {name!r}, which the server does not have.{did_you_mean(name, tools)}"
    for path in sorted(_files_named_in(text) - set(skill.files)):
        yield f"it links to {path}, which the skill does not have. Paths start at the folder of {MAIN}."
    lines, tokens = text.count("\n") + 1, len(text) // CHARACTERS_PER_TOKEN
    if lines > MOST_LINES or tokens > MOST_TOKENS:
        yield (
            f"{MAIN} has {lines:,} lines and about {tokens:,} tokens, which a model reads at once. Move details to "
            "files that it links to."
        )
    if "allowed-tools" in skill.frontmatter:
        yield "clients ignore allowed-tools of a skill from a server, unless a person allows it."


def _tools_named_in(text: str) -> set[str]:
    return {first or second for first, second in _TOOL.findall(text)}


def _files_named_in(text: str) -> set[str]:
    links = (unquote(link) for link in _LINK.findall(text))
    return {link.removeprefix("./") for link in links if not re.match(r"[a-zA-Z][\w+.-]*:|/|\.\./", link)}
