"""The client's side of Agent Skills (SEP-2640): the list of a server's skills, and the check of what is read of one."""

from __future__ import annotations

import base64
import binascii
import hashlib
from typing import Annotated, Any, Literal

from mcp.client import Client
from mcp_types import ReadResourceResult, Request, Result, TextResourceContents
from mcp_types.version import MODERN_PROTOCOL_VERSIONS
from pydantic import BaseModel, Field, model_validator

from mcp_notebook.client.session import discover
from mcp_notebook.errors import RequestError
from mcp_notebook.server.extensions.skills import IDENTIFIER, MAIN, MOST_BYTES, MOST_FILES, frontmatter_of

__all__ = ["ListSkillsResult", "ServedFile", "ServedSkill", "get_skill", "list_skills", "verified"]


class ServedFile(BaseModel):
    """A file of a skill as its server lists it: URI, digest and size in bytes."""

    uri: str
    digest: Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")]
    size: Annotated[int, Field(ge=0, le=MOST_BYTES)]


class ServedSkill(BaseModel):
    """A skill as its server lists it.

    Attributes:
        uri: The URI of its ``SKILL.md``.
        frontmatter: The front matter of that, as JSON.
        resources: Its files; ``dynamic`` if the server makes their content, so that nothing can be verified.
    """

    uri: str
    frontmatter: dict[str, Any]
    resources: Annotated[list[ServedFile], Field(max_length=MOST_FILES)] | Literal["dynamic"]

    @property
    def name(self) -> str:
        """The name, which need not be the only one of its kind: the URI is."""
        return str(self.frontmatter["name"])

    @property
    def description(self) -> str:
        """The description, which tells a model when to use it."""
        return str(self.frontmatter["description"])

    @property
    def size(self) -> int | None:
        """The bytes of all files; None if the server does not say."""
        return None if self.resources == "dynamic" else sum(file.size for file in self.resources)

    @model_validator(mode="after")
    def _follows_the_extension(self) -> ServedSkill:
        name, description = (self.frontmatter.get(key) for key in ("name", "description"))
        if not isinstance(name, str) or not isinstance(description, str):
            raise ValueError("its front matter has no name or no description")
        root = self.uri.removesuffix(f"/{MAIN}")
        if root == self.uri or root.rpartition("/")[2] != name:
            raise ValueError(f"its URI does not end in {name}/{MAIN}")
        if self.resources != "dynamic":
            uris = [file.uri for file in self.resources]
            if self.uri not in uris or len(set(uris)) < len(uris) or not all(u.startswith(f"{root}/") for u in uris):
                raise ValueError(f"its files are not {MAIN} and others of its directory, each once")
        return self


class ListSkillsResult(Result):
    """A page of the list of skills."""

    skills: list[ServedSkill]
    next_cursor: Annotated[str | None, Field(alias="nextCursor")] = None


class _One(Result):
    skill: ServedSkill


async def list_skills(client: Client, cursor: str | None = None) -> ListSkillsResult:
    """Request one page of the server's skills.

    Raises:
        RequestError: The server does not declare the extension.
        MCPError: The server refused.
    """
    await _require(client)
    params = {} if cursor is None else {"cursor": cursor}
    request = Request[dict[str, Any], str](method="skills/list", params=params)
    return await client.session.send_request(request, ListSkillsResult)


async def get_skill(client: Client, uri: str) -> ServedSkill:
    """Request the entry of one skill.

    Raises:
        RequestError: The server does not declare the extension.
        MCPError: The server refused, as for a skill that it does not have.
        ValidationError: The entry does not follow the extension.
    """
    await _require(client)
    request = Request[dict[str, Any], str](method="skills/get", params={"uri": uri})
    return (await client.session.send_request(request, _One)).skill


async def _require(client: Client) -> None:
    """Ask nothing of a server that does not declare the extension."""
    if not _declares(client) and client.protocol_version in MODERN_PROTOCOL_VERSIONS:
        await discover(client)  # a notebook's server declares it only from the first skill on
    if not _declares(client):
        raise RequestError(f"The server has no skills: it does not declare the extension {IDENTIFIER}.")


def _declares(client: Client) -> bool:
    return IDENTIFIER in (client.server_capabilities.extensions or {})


def verified(skill: ServedSkill, file: str, result: ReadResourceResult) -> bytes:
    """Return the content of a file of a skill, if it is what the entry says.

    This shows that the entry and the content fit together. It does not make the content trustworthy: both come from the
    same server, and they are text for a model.

    Args:
        skill: The entry of the skill.
        file: The URI of the file.
        result: The answer to the reading of the file.

    Raises:
        RequestError: The entry does not list the file, or the content is another one. One line says what differs.
    """
    about = f"{file!r} of the skill {skill.name!r}"
    content = _content(about, file, result)
    if skill.resources != "dynamic":
        listed = next((one for one in skill.resources if one.uri == file), None)
        if listed is None:
            raise RequestError(f"{about} is not in the skill's list of files, so it must not be used.")
        if len(content) != listed.size:
            raise RequestError(f"{about} has {len(content):,} bytes, but the list says {listed.size:,}. {_AGAIN}")
        if f"sha256:{hashlib.sha256(content).hexdigest()}" != listed.digest:
            raise RequestError(f"{about} has another digest than the list says. {_AGAIN}")
    if file == skill.uri:
        try:
            frontmatter = frontmatter_of(content)
        except ValueError as error:
            raise RequestError(f"{about} does not follow the format: {error}") from None
        if frontmatter != skill.frontmatter:
            raise RequestError(f"The front matter of {about} is another one than the list says. {_AGAIN}")
    return content


_AGAIN = "It must not be used. If the skill has changed, list the skills again."


def _content(about: str, file: str, result: ReadResourceResult) -> bytes:
    contents = [content for content in result.contents if content.uri == file]
    if len(contents) != 1:
        raise RequestError(f"The server answered with {len(contents)} contents of {about}, not with one.")
    (content,) = contents
    if isinstance(content, TextResourceContents):
        return content.text.encode()
    try:
        return base64.b64decode(content.blob, validate=True)
    except binascii.Error:
        raise RequestError(f"{about} came as bytes that are not base64.") from None
