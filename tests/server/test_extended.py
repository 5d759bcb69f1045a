from __future__ import annotations

from mcp.server.extension import Extension
from mcp.server.mcpserver import MCPServer

from mcp_notebook import connect
from mcp_notebook.server import NotebookServer, sdk_gaps
from mcp_notebook.server.changes import take_place
from mcp_notebook.server.extended import extended, extension_of
from mcp_notebook.server.extensions.skills import Skill, Skills


class Ping(Extension):
    identifier = "example.test/ping"


def test_a_server_has_no_extension_until_one_is_used() -> None:
    server = NotebookServer("notes")
    assert extension_of(server, Ping) is None
    used = extended(server, Ping)
    assert extended(server, Ping) is used
    assert extension_of(server, Ping) is used


def test_an_extension_that_the_author_gave_is_the_one_that_is_used() -> None:
    ping = Ping()
    with sdk_gaps.quiet_construction():
        server = MCPServer("notes", extensions=[ping])
    assert extended(server, Ping) is ping


def skills_of(text: str) -> Skills:
    return Skills(Skill({"SKILL.md": f"---\nname: lend\ndescription: {text}\n---\n".encode()}))


def test_a_server_that_takes_the_place_of_another_brings_its_skills() -> None:
    served = NotebookServer("notes", extensions=[skills_of("Before.")])
    take_place(NotebookServer("notes", extensions=[skills_of("After.")]), served)
    with connect(served) as connection:
        (skill,) = connection.skills()
        assert skill.description == "After."
        assert b"After." in connection.read_skill(skill)
    take_place(NotebookServer("notes"), served)
    with connect(served) as connection:
        assert connection.skills() == []
