"""Define skills on a live server, from the text of a cell or from a folder."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from mcp.server.mcpserver import MCPServer

from mcp_notebook.errors import DefinitionError
from mcp_notebook.server import LiveServer, sdk_gaps
from mcp_notebook.server.changes import put_back, replace
from mcp_notebook.server.extended import extended, extension_of
from mcp_notebook.server.extensions.skills import MAIN, Skill, Skills
from mcp_notebook.server.results import checked_resource
from mcp_notebook.server.skill_lint import lint_of_skill
from mcp_notebook.session.session import Session

__all__ = ["DefinedSkill", "define_skill", "define_skills_of", "files_of_skills"]


class DefinedSkill(NamedTuple):
    """A skill on the server, with advice for its author; `before` is the skill that it replaced."""

    skill: Skill
    advice: list[str]
    before: Skill | None


def define_skill(
    session: Session, live: LiveServer, name: str, description: str | None, prefix: str = ""
) -> DefinedSkill:
    """Make the text of the cell a skill.

    Args:
        session: The session, which knows the cell.
        live: The server.
        name: The name of the skill.
        description: Its purpose, and when to use it; None if the text has front matter of its own.
        prefix: The path above the skill.

    Raises:
        DefinitionError: It does not follow the Agent Skills format; nothing changed on the server.
    """
    text = session.cell[1]
    if text.lstrip("\ufeff").startswith("---"):
        if description is not None:
            raise DefinitionError("The cell has front matter, so its description belongs there, not in --description.")
    elif description is None:
        raise DefinitionError(f'Say when to use the skill: %%mcp_skill {name} --description "Use it when ...".')
    else:
        # A JSON text is a YAML text too, whatever is in it.
        text = f"---\nname: {name}\ndescription: {json.dumps(description, ensure_ascii=False)}\n---\n\n{text}"
    try:
        skill = Skill({MAIN: text.encode()}, prefix)
    except ValueError as error:
        raise DefinitionError(str(error)) from None
    if skill.name != name:
        raise DefinitionError(f"The magic names the skill {name!r}, but its front matter names it {skill.name!r}.")
    return _put(session, live, skill)


def define_skills_of(session: Session, live: LiveServer, folder: Path, prefix: str = "") -> list[DefinedSkill]:
    """Read the skill in a folder, or those in the folders of it, and put them on the server.

    Raises:
        DefinitionError: There is none, or one does not follow the Agent Skills format; nothing changed on the server.
    """
    folders = [folder] if (folder / MAIN).is_file() else sorted(path.parent for path in folder.glob(f"*/{MAIN}"))
    if not folders:
        raise DefinitionError(f"There is no {MAIN} in {str(folder)!r}, nor in a folder of it.")
    try:
        found = [Skill.from_folder(one, prefix) for one in folders]
    except (OSError, ValueError) as error:
        raise DefinitionError(str(error)) from None
    return [_put(session, live, skill) for skill in found]


def files_of_skills(server: MCPServer[Any]) -> dict[str, list[str]]:
    """Return the URIs of the files of each skill of a server, by its name."""
    extension = extension_of(server, Skills)
    found: dict[str, list[str]] = {}
    for skill in extension.skills if extension is not None else ():
        found.setdefault(skill.name, []).extend(resource.uri for resource in skill.resources)
    return found


def _has_resource(server: MCPServer[Any], uri: str) -> bool:
    return uri in sdk_gaps.entries(server, "resource")


def _put(session: Session, live: LiveServer, skill: Skill) -> DefinedSkill:
    server = live.server
    skills = extended(server, Skills)
    skills.is_served = partial(_has_resource, server)  # type: ignore[method-assign]
    before = next((one for one in skills.skills if one.uri == skill.uri), None)
    files = {resource.uri: checked_resource(resource) for resource in skill.resources}
    others = {resource.uri for one in skills.skills if one is not before for resource in one.resources}
    gone = {resource.uri for resource in before.resources} - files.keys() - others if before else set()
    gone |= set(session.origins.withdrawn(server, "resource", files))
    skills.add(skill)
    replace(server, "resource", files, withdrawn=gone)
    # First in the list, as in an exported package, where the constructor registers them.
    table = sdk_gaps.entries(server, "resource")
    first = {r.uri: table[r.uri] for one in skills.skills for r in one.resources if r.uri in table}
    put_back(server, {"resource": {**first, **table}})
    tools = sdk_gaps.entries(server, "tool")
    return DefinedSkill(skill, lint_of_skill(skill, tools), before)
