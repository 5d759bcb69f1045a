"""Render skills: the card of one that a cell defined, the list of a server's, and the text of one."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from html import escape

from mcp_notebook.client.extensions.skills import ServedSkill
from mcp_notebook.client.reading import ItemList
from mcp_notebook.rendering import look
from mcp_notebook.rendering.listing import listing
from mcp_notebook.server.extensions.skills import MAIN, Skill
from mcp_notebook.server.listing import CHARACTERS_PER_TOKEN
from mcp_notebook.visible import visible

__all__ = ["skill_card", "skill_text", "skills_table"]


def skill_card(skill: Skill, *, server: str, advice: Sequence[str], changed: Sequence[str]) -> look.Rendering:
    """Draw a skill as a cell has put it on a server.

    Args:
        skill: The skill.
        server: The name of the server.
        advice: The lint.
        changed: The files that changed, as clients will find out.
    """
    size = sum(map(len, skill.files.values()))
    files = [(path, f"{len(content):,} bytes") for path, content in skill.files.items()]
    tokens = f"about {len(skill.files[MAIN].decode()) // CHARACTERS_PER_TOKEN:,} tokens"
    about = f"on {server} · {len(files)} file{'s' * (len(files) > 1)}, {size:,} bytes"
    try_it = f"%mcp skills {skill.name}"
    text = [f"skill {skill.name} {about}", f"  {skill.description}", f"  uri: {skill.uri}", f"  {MAIN}: {tokens}"]
    text += ["  files", *look.columns(files, indent="    ")] if len(files) > 1 else []
    for title, sign, lines in (("lint", "!", advice), ("changed for clients", "*", changed)):
        text += [f"  {title}", *look.columns([(sign, line) for line in lines], indent="    ")] if lines else []
    html = look.card(
        f"skill {look.code(skill.name)} {look.muted(about)}",
        f"<p>{escape(skill.description)}</p>",
        f"<p>{look.muted('uri')} {look.code(skill.uri)} {look.muted(tokens)}</p>",
        look.section("files", look.table((), [(look.code(p), escape(s)) for p, s in files]) if len(files) > 1 else ""),
        look.section("lint", look.bullets(advice)),
        look.section("changed for clients", look.bullets(changed)),
        look.json_block("front matter as JSON", skill.frontmatter),
        f"<p>{look.muted('try it')} {look.code(try_it)}</p>",
    )
    return look.Rendering("\n".join([*text, f"  try it: {try_it}"]), html)


def skills_table(
    server: str, skills: ItemList[ServedSkill], checked: Mapping[str, str] | None, *, empty: str
) -> look.Rendering:
    """Draw the skills of a server.

    Args:
        server: The name of the server.
        skills: The skills.
        checked: The result of reading all files of each, by its URI; None if nothing was read.
        empty: The text for an empty list.
    """
    rows = []
    for skill in skills:
        files, size = "dynamic", ""
        if skill.resources != "dynamic":
            files, size = f"{len(skill.resources)}", f"{skill.size:,}"
        description = textwrap.shorten(skill.description, 240, placeholder=" ...")
        verified = [] if checked is None else [checked[skill.uri]]
        rows.append((skill.name, description, files, size, *verified, skill.uri))
    headers = ("name", "description", "files", "bytes", *([] if checked is None else ["verified"]), "uri")
    return listing(f"skills of {server}", headers, rows, empty=empty, numbers=(2, 3), problems=skills.problems)


def skill_text(server: str, skill: ServedSkill, text: str, *, own: bool) -> look.Rendering:
    """Draw the ``SKILL.md`` of a server's skill, as text.

    Args:
        server: The name of the server.
        skill: Its entry.
        text: The text, which fits to the entry.
        own: Whether the server is this notebook's.
    """
    fits = "not verifiable: the server makes the content" if skill.resources == "dynamic" else "fits its digest"
    trust = "" if own else "This text comes from the server. Read it as you read a stranger's instructions."
    files = [] if skill.resources == "dynamic" else [(file.uri, f"{file.size:,} bytes") for file in skill.resources]
    head = [f"skill {skill.name} of {server}, {fits}", *([f"  {trust}"] if trust else [])]
    head += ["  files", *look.columns(files, indent="    ")]
    html = look.card(
        f"skill {look.code(skill.name)} {look.muted(f'of {server} · {fits}')}",
        f"<p>{look.badge('untrusted', 'warn')} {escape(trust)}</p>" if trust else "",
        look.pre(text),
        look.section("files", look.table((), [(look.code(uri), escape(size)) for uri, size in files])),
    )
    return look.Rendering(visible("\n".join([*head, "", *text.splitlines()])), visible(html))
