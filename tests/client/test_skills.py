"""The client's side of skills: honest servers, and those that are not."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterator
from typing import Any

import pytest
from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.resources import TextResource

from mcp_notebook import connect
from mcp_notebook.client import Connection
from mcp_notebook.errors import RequestError
from mcp_notebook.server import NotebookServer, sdk_gaps
from mcp_notebook.server.extended import extended
from mcp_notebook.server.extensions.skills import Skill, Skills
from tests.support.fastmcp import imported_or_skipped
from tests.support.served import serving

MAIN = b"---\nname: refunds\ndescription: Use it when a customer asks.\n---\n# Refunds\n"
URI = "skill://refunds/SKILL.md"


def digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def entry(**changes: Any) -> dict[str, Any]:
    return {
        "uri": URI,
        "frontmatter": {"name": "refunds", "description": "Use it when a customer asks."},
        "resources": [{"uri": URI, "digest": digest(MAIN), "size": len(MAIN)}],
        **changes,
    }


class Lying(Skills):
    """Skills with entries of the test's own."""

    entries: list[Any]

    async def _list(self, ctx: Any, params: Any) -> dict[str, Any]:
        return {"resultType": "complete", "skills": self.entries, "ttlMs": 0, "cacheScope": "private"}


@pytest.fixture
def skills() -> Lying:
    return Lying(Skill({"SKILL.md": MAIN}))


@pytest.fixture
def connection(skills: Lying) -> Iterator[Connection]:
    with sdk_gaps.quiet_construction():
        server = MCPServer("shop", extensions=[skills])
    server.add_resource(TextResource(uri="skill://refunds/more.md", name="more", text="more"))
    with connect(server) as connection:
        yield connection


def test_what_an_honest_server_lists_can_be_read(connection: Connection, skills: Lying) -> None:
    skills.entries = [entry()]
    (found,) = connection.skills()
    assert (found.name, found.description, found.size) == ("refunds", "Use it when a customer asks.", len(MAIN))
    assert connection.read_skill(found) == MAIN
    assert connection.skill(URI) == found


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"resources": [{"uri": URI, "digest": digest(b"x"), "size": len(MAIN)}]}, "has another digest"),
        ({"resources": [{"uri": URI, "digest": digest(MAIN), "size": 3}]}, "bytes, but the list says 3"),
        (
            {"frontmatter": {"name": "refunds", "description": "Use it when a customer asks.", "license": "MIT"}},
            r"front matter of .* is another one",
        ),
        (
            {"resources": "dynamic", "frontmatter": {"name": "refunds", "description": "Another."}},
            r"front matter of .* is another one",
        ),
    ],
)
def test_content_that_the_entry_does_not_tell_of_is_not_used(
    connection: Connection, skills: Lying, changes: dict[str, Any], says: str
) -> None:
    skills.entries = [entry(**changes)]
    (found,) = connection.skills()
    with pytest.raises(RequestError, match=says) as refused:
        connection.read_skill(found)
    assert "\n" not in str(refused.value)


def test_a_file_that_the_entry_does_not_list_is_not_used(connection: Connection, skills: Lying) -> None:
    skills.entries = [entry()]
    (found,) = connection.skills()
    with pytest.raises(RequestError, match="is not in the skill's list of files"):
        connection.read_skill(found, "skill://refunds/more.md")


@pytest.mark.parametrize(
    "changes",
    [
        {"resources": None},
        {"resources": "static"},
        {"resources": []},
        {"resources": [{"uri": URI, "digest": "sha256:12", "size": 3}]},
        {"resources": [{"uri": URI, "digest": digest(MAIN)}]},
        {"resources": [{"uri": URI, "digest": digest(MAIN), "size": -1}]},
        {"resources": [{"uri": URI, "digest": digest(MAIN), "size": 2**40}]},
        {"resources": [{"uri": URI, "digest": digest(MAIN), "size": 1}] * 2},
        {"resources": [{"uri": f"skill://refunds/{n}", "digest": digest(b""), "size": 0} for n in range(600)]},
        {"resources": [*entry()["resources"], {"uri": "file:///etc/passwd", "digest": digest(b""), "size": 0}]},
        {"frontmatter": {"name": "refunds"}},
        {"frontmatter": {"name": "other", "description": "x"}},
        {"frontmatter": "refunds"},
        {"uri": "skill://refunds/README.md"},
        {"uri": 3},
    ],
)
def test_an_entry_that_does_not_follow_the_extension_is_left_out(
    connection: Connection, skills: Lying, changes: dict[str, Any]
) -> None:
    skills.entries = [entry(**changes), entry()]
    found = connection.skills()
    assert [skill.uri for skill in found] == [URI]
    assert found.problems


def test_a_server_without_the_extension_is_asked_nothing() -> None:
    with sdk_gaps.quiet_construction():
        server = MCPServer("plain")
    with connect(server) as connection:
        with pytest.raises(RequestError, match="does not declare the extension"):
            connection.skills()
        with pytest.raises(RequestError, match="does not declare the extension"):
            connection.skill(URI)


def test_a_server_may_get_its_first_skill_after_the_connection() -> None:
    server = NotebookServer("shop")
    with connect(server) as connection:
        with pytest.raises(RequestError):
            connection.skills()
        extended(server, Skills).add(Skill({"SKILL.md": MAIN}))
        assert [skill.name for skill in connection.skills()] == ["refunds"]


def test_skills_of_fastmcp_are_listed_and_read() -> None:
    fastmcp = imported_or_skipped()
    from fastmcp.skills import Skill as TheirSkill
    from fastmcp.skills.provider import SkillCatalogProvider

    theirs = TheirSkill(name="review", description="Use it when code is ready.", instructions="# Review\n")
    server = fastmcp.FastMCP("theirs", providers=[SkillCatalogProvider([theirs])])
    with serving(server.http_app()) as url, connect(f"{url}/mcp") as connection:
        (found,) = connection.skills()
        assert (found.name, found.description) == ("review", "Use it when code is ready.")
        assert b"# Review" in connection.read_skill(found)


def test_the_client_of_fastmcp_lists_and_reads_ours() -> None:
    fastmcp = imported_or_skipped()
    from fastmcp.skills import SkillsClientExtension

    with sdk_gaps.quiet_construction():
        server = MCPServer("shop", extensions=[Skills(Skill({"SKILL.md": MAIN, "a/b c.md": b"more"}))])

    async def listed() -> Any:
        async with fastmcp.Client(server, extensions=[SkillsClientExtension()]) as client:
            (skill,) = await client.list_skills()
            return await client.read_skill(skill.uri)

    assert asyncio.run(listed()).files == {"SKILL.md": MAIN, "a/b c.md": b"more"}
