"""The verbs for Agent Skills: put a folder on a server, and see the skills of one."""

from __future__ import annotations

from pathlib import Path

import click
from IPython.display import display

from mcp_notebook.client import Connection
from mcp_notebook.client.extensions.skills import ServedSkill
from mcp_notebook.client.reading import ItemList
from mcp_notebook.errors import RequestError, UnknownNameError, UsageError, did_you_mean
from mcp_notebook.magics.options import TEXT
from mcp_notebook.magics.verb import ON, ON_SERVER, TIMEOUT, verb
from mcp_notebook.rendering import look
from mcp_notebook.rendering.skills import skill_card, skill_text, skills_table
from mcp_notebook.session.session import Session
from mcp_notebook.session.skills import DefinedSkill, define_skills_of

__all__ = ["PREFIX", "card"]

PREFIX = click.option("--prefix", type=TEXT, metavar="PATH", help="The path above the skill, such as acme/billing.")


@verb("skill", click.argument("folder", type=TEXT, metavar="DIR"), PREFIX, ON_SERVER)
def _skill(session: Session, folder: str, prefix: str | None, server: str | None) -> None:
    """Put the skill in a folder on the server, or each skill in its folders. Example: %mcp skill skills/refunds.

    The folder follows the Agent Skills format: a SKILL.md with front matter, and the files that it names. It is read
    once. Run the line again after a change.
    """
    live = session.defining(server)
    for one in define_skills_of(session, live, Path(folder).expanduser(), prefix or ""):
        display(card(live.name, one))


@verb(
    "skills",
    click.argument("name", type=TEXT, required=False),
    click.option("--verify", is_flag=True, help="Read all files, and check them against the list."),
    TIMEOUT,
    ON,
)
def _skills(
    session: Session, name: str | None, verify: bool, timeout: float | None, server: str | None
) -> look.Rendering:
    """Show the skills of a server, or the text of one. Example: %mcp skills refunds.

    The text is checked against the digest in the server's list. It is instructions for a model: read those of a
    stranger with care.
    """
    connection = session.on(server)
    if name is not None and "://" in name:  # a server need not list all its skills
        return _shown(session, connection, connection.skill(name, timeout=timeout), timeout)
    try:
        skills = connection.skills(timeout=timeout)
    except RequestError:
        if connection.name not in session.registry.servers:
            raise
        skills = ItemList()  # no cell has defined one yet
    if name is None:
        checked = {skill.uri: _verified(connection, skill, timeout) for skill in skills} if verify else None
        return skills_table(connection.name, skills, checked, empty="none yet. Start a cell with %%mcp_skill NAME.")
    return _shown(session, connection, _named(name, skills, connection.name), timeout)


def card(server: str, one: DefinedSkill) -> look.Rendering:
    """Return the card of a skill that was defined."""
    before = one.before.files if one.before is not None else one.skill.files
    files = {**before, **one.skill.files}
    changed = [f"{path}: {_change(before.get(path), one.skill.files.get(path))}" for path in files]
    return skill_card(
        one.skill, server=server, advice=one.advice, changed=[line for line in changed if not line.endswith(": same")]
    )


def _change(before: bytes | None, now: bytes | None) -> str:
    if before == now:
        return "same"
    return "new" if before is None else "gone" if now is None else "another digest"


def _named(name: str, skills: ItemList[ServedSkill], server: str) -> ServedSkill:
    found = [skill for skill in skills if skill.name == name]
    if len(found) == 1:
        return found[0]
    if found:
        uris = ", ".join(skill.uri for skill in found)
        raise UsageError(f"{server!r} has several skills {name!r}. Name one by its URI: {uris}.")
    names = [skill.name for skill in skills]
    raise UnknownNameError(
        f"{server!r} has no skill {name!r}.{did_you_mean(name, names)} It has: {', '.join(names) or 'none yet'}."
    )


def _shown(session: Session, connection: Connection, skill: ServedSkill, timeout: float | None) -> look.Rendering:
    content = connection.read_skill(skill, timeout=timeout)
    own = connection.name in session.registry.servers
    return skill_text(connection.name, skill, content.decode("utf-8", errors="replace"), own=own)


def _verified(connection: Connection, skill: ServedSkill, timeout: float | None) -> str:
    """Read all files of a skill; return "yes", or the line about the first that does not fit."""
    if skill.resources == "dynamic":
        return "no: the server makes its content"
    try:
        for file in skill.resources:
            connection.read_skill(skill, file.uri, timeout=timeout)
    except RequestError as error:
        return f"no: {error}"
    return "yes"
