"""The extension for skills on a plain server of the SDK, as an exported package has it."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from mcp import Client
from mcp.server.mcpserver import MCPServer
from mcp.shared.exceptions import MCPError
from mcp_types import INVALID_PARAMS, METHOD_NOT_FOUND, Request, Result
from pydantic import ConfigDict

from mcp_notebook.server import sdk_gaps
from mcp_notebook.server.extensions.skills import MOST_FILES, PAGE, Skill, Skills, frontmatter_of
from mcp_notebook.server.skill_lint import lint_of_skill

REFUNDS = b"---\nname: refunds\ndescription: Refund an order. Use it when a customer asks.\n---\n\n# Refunds\n"


class Anything(Result):
    model_config = ConfigDict(extra="allow")


def asked(skills: Skills, use: Callable[[Client], Awaitable[Any]], mode: str = "auto") -> Any:
    with sdk_gaps.quiet_construction():
        server = MCPServer("shop", extensions=[skills])

    async def ask() -> Any:
        async with Client(server, mode=mode) as client:
            return await use(client)

    return asyncio.run(ask())


def answer(skills: Skills, method: str, mode: str = "auto", **params: Any) -> dict[str, Any]:
    async def ask(client: Client) -> dict[str, Any]:
        result = await client.session.send_request(Request[dict[str, Any], str](method=method, params=params), Anything)
        return result.model_dump(by_alias=True, mode="json", exclude_none=True, exclude={"meta"})

    found: dict[str, Any] = asked(skills, ask, mode)
    return found


def refusal(skills: Skills, method: str, mode: str = "auto", **params: Any) -> int:
    """Return the code of the error that a request gets."""

    async def ask(client: Client) -> int:
        with pytest.raises(MCPError) as refused:
            await client.session.send_request(Request[dict[str, Any], str](method=method, params=params), Anything)
        return refused.value.code

    code: int = asked(skills, ask, mode)
    return code


def skill(name: str = "refunds", prefix: str = "", **files: bytes) -> Skill:
    text = REFUNDS.replace(b"name: refunds", f"name: {name}".encode())
    return Skill({"SKILL.md": text, **files}, prefix)


SKILLS = Skills(
    skill(),
    Skill({"SKILL.md": REFUNDS, "docs/A form.md": b"one\r\ntwo", "docs/logo.png": b"\x89\xff"}, "acme/billing"),
)


def test_the_server_declares_that_it_has_skills_and_directories() -> None:
    async def declared(client: Client) -> Any:
        return client.server_capabilities.extensions

    assert asked(SKILLS, declared) == {"io.modelcontextprotocol/skills": {"directoryRead": True}}


def test_an_entry_has_the_front_matter_and_a_digest_of_each_file() -> None:
    listed = answer(SKILLS, "skills/list")
    assert {key: value for key, value in listed.items() if key != "skills"} == {
        "resultType": "complete", "ttlMs": 0, "cacheScope": "private",
    }  # fmt: skip
    assert [entry["uri"] for entry in listed["skills"]] == [
        "skill://refunds/SKILL.md", "skill://acme/billing/refunds/SKILL.md",
    ]  # fmt: skip
    entry = listed["skills"][1]
    assert entry["frontmatter"] == {
        "name": "refunds", "description": "Refund an order. Use it when a customer asks.",
    }  # fmt: skip
    assert entry["resources"] == [
        {"uri": uri, "digest": f"sha256:{hashlib.sha256(content).hexdigest()}", "size": len(content)}
        for uri, content in [
            ("skill://acme/billing/refunds/SKILL.md", REFUNDS),
            ("skill://acme/billing/refunds/docs/A%20form.md", b"one\r\ntwo"),
            ("skill://acme/billing/refunds/docs/logo.png", b"\x89\xff"),
        ]
    ]
    got = answer(SKILLS, "skills/get", uri=entry["uri"])
    assert got == {"resultType": "complete", "skill": entry, "ttlMs": 0, "cacheScope": "private"}


def test_each_file_is_a_resource_to_the_byte() -> None:
    async def read(client: Client) -> list[Any]:
        return [await client.read_resource(r.uri) for r in (await client.list_resources()).resources]

    contents = [content for result in asked(SKILLS, read) for content in result.contents]
    assert [(c.uri, c.mime_type, getattr(c, "text", None), getattr(c, "blob", None)) for c in contents] == [
        ("skill://refunds/SKILL.md", "text/markdown", REFUNDS.decode(), None),
        ("skill://acme/billing/refunds/SKILL.md", "text/markdown", REFUNDS.decode(), None),
        ("skill://acme/billing/refunds/docs/A%20form.md", "text/markdown", "one\r\ntwo", None),
        ("skill://acme/billing/refunds/docs/logo.png", "image/png", None, "if8="),
    ]


def test_a_directory_has_its_files_and_directories() -> None:
    def names(uri: str) -> list[tuple[str, str]]:
        found = answer(SKILLS, "resources/directory/read", uri=uri)["resources"]
        assert all(child["uri"].startswith(f"{uri}/") for child in found)
        return [(child["name"], child["mimeType"]) for child in found]

    assert names("skill://acme") == [("billing", "inode/directory")]
    assert names("skill://acme/billing/refunds") == [("refunds", "text/markdown"), ("docs", "inode/directory")]
    assert names("skill://acme/billing/refunds/docs") == [("A form.md", "text/markdown"), ("logo.png", "image/png")]


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("skills/get", {"uri": "skill://other/SKILL.md"}),
        ("skills/get", {"uri": "skill://acme/billing/refunds/docs/logo.png"}),
        ("skills/list", {"cursor": "another"}),
        ("resources/directory/read", {"uri": "skill://refunds/SKILL.md"}),
        ("resources/directory/read", {"uri": "skill://none"}),
        ("resources/directory/read", {"uri": "skill:/"}),
        ("resources/directory/read", {"uri": "skill://acme/"}),
        ("resources/directory/read", {}),
    ],
)
def test_a_request_for_nothing_is_refused(method: str, params: dict[str, Any]) -> None:
    assert refusal(SKILLS, method, **params) == INVALID_PARAMS


def test_the_methods_belong_to_the_modern_protocol() -> None:
    assert refusal(SKILLS, "skills/list", mode="legacy") == METHOD_NOT_FOUND


def test_a_long_list_has_pages_with_each_skill_once() -> None:
    skills = Skills(*(skill(prefix=f"v{number}") for number in range(2 * PAGE + 1)))
    pages = [answer(skills, "skills/list")]
    while "nextCursor" in pages[-1]:
        pages.append(answer(skills, "skills/list", cursor=pages[-1]["nextCursor"]))
    assert [len(page["skills"]) for page in pages] == [PAGE, PAGE, 1]
    assert [entry["uri"] for page in pages for entry in page["skills"]] == [one.uri for one in skills.skills]


def test_a_skill_without_its_resource_is_not_listed() -> None:
    skills = Skills(skill("one"), skill("two"))
    skills.is_served = lambda uri: "one" in uri  # type: ignore[method-assign]
    assert [entry["uri"] for entry in answer(skills, "skills/list")["skills"]] == ["skill://one/SKILL.md"]
    assert refusal(skills, "skills/get", uri="skill://two/SKILL.md") == INVALID_PARAMS


def test_a_folder_is_a_skill(tmp_path: Path) -> None:
    folder = tmp_path / "refunds"
    (folder / "docs").mkdir(parents=True)
    (folder / ".git").mkdir()
    (folder / "docs" / "__pycache__").mkdir()
    hidden = {".git/config": b"c", ".env": b"KEY=1", "docs/__pycache__/b.pyc": b"c"}
    for path, content in {"SKILL.md": REFUNDS, "docs/b.md": b"b", **hidden}.items():
        (folder / path).write_bytes(content)
    assert Skill.from_folder(folder).files == {"SKILL.md": REFUNDS, "docs/b.md": b"b"}
    with pytest.raises(ValueError, match=r"The folder 'other' has the skill 'refunds'\. Give both one name\."):
        Skill.from_folder(folder.rename(tmp_path / "other"))


FRONT = "---\nname: {}\ndescription: {}\n---\n"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (None, "needs a file SKILL.md"),
        (b"# Refunds", "has to begin with front matter"),
        (b"---\nname: a\ndescription: b\n", "has to begin with front matter"),
        (b"\xff---\n", "is not UTF-8"),
        (b"---\nname: [\n---\n", "is not YAML"),
        (b"---\n- a\n---\n", "has to be a mapping"),
        (b"---\nname: a\ndescription: b\n1: c\n---\n", "has to be a mapping"),
        (b"---\nname: a\ndescription: b\nx: !!binary aGk=\n---\n", "has to be a mapping"),
        (b"---\nname: a\ndescription: b\nx: &x [1]\ny: *x\n---\n", "an alias"),
        (b"---\nname: a\ndescription: b\nx: " + b"[" * 5000 + b"]" * 5000 + b"\n---\n", "nested too deep"),
        (b"---\nname: a\ndescription: b\nx: !!bool maybe\n---\n", "is not YAML"),
        (b"---\nname: a\ndescription: b\nx: !!timestamp soon\n---\n", "is not YAML"),
        (b"---\nname: a\ndescription: b\nx: !!python/object/apply:os.getpid []\n---\n", "is not YAML"),
        (FRONT.format("Refunds", "b").encode(), "cannot name a skill"),
        (FRONT.format("a--b", "b").encode(), "cannot name a skill"),
        (FRONT.format("-a", "b").encode(), "cannot name a skill"),
        (FRONT.format("a" * 65, "b").encode(), "cannot name a skill"),
        (FRONT.format("a/b", "b").encode(), "cannot name a skill"),
        (FRONT.format("a", "").encode(), "needs a description"),
        (FRONT.format("a", "b" * 1025).encode(), "needs a description"),
    ],
)
def test_a_skill_that_does_not_follow_the_format_is_one_line(text: bytes | None, says: str) -> None:
    with pytest.raises(ValueError, match=says) as refused:
        Skill({} if text is None else {"SKILL.md": text})
    assert "\n" not in str(refused.value)


def test_a_skill_that_no_client_need_accept_is_refused() -> None:
    many = {f"{number}.md": b"" for number in range(MOST_FILES)}
    with pytest.raises(ValueError, match=r"has 513 files; clients accept 512\."):
        Skill({"SKILL.md": REFUNDS, **many})
    with pytest.raises(ValueError, match=r"bytes; clients accept 16,777,216\."):
        skill(large=b"x" * 16 * 1024**2)


def test_front_matter_is_as_other_readers_of_yaml_see_it() -> None:
    metadata = "{on: yes, at: 2026-11-29, n: 010, x: null, t: true, f: 1e3, v: 1.10}"
    text = f"\ufeff---\r\nname: a\r\ndescription: 'b: c'\r\nmetadata: {metadata}\r\n---\r\n"
    assert frontmatter_of(text.encode()) == {
        "name": "a",
        "description": "b: c",
        "metadata": {"on": "yes", "at": "2026-11-29", "n": 10, "x": None, "t": True, "f": 1000.0, "v": 1.1},
    }


@pytest.mark.parametrize(
    ("front", "body", "says"),
    [
        ("description: Refunds orders.", "", "does not tell when to use it"),
        ("description: Use it when asked.", "Call `order(id=1)`.", "a tool 'order', which the server does not have."),
        ("description: Use it when asked.", "The `find.it` tool helps.", "names a tool 'find.it'"),
        ("description: Use it when asked.", "See [it](docs/A%20form.md#top).", "links to docs/A form.md"),
        ("description: Use it when asked.", "x\n" * 500, "has 505 lines"),
        ("description: Use it when asked.", "x" * 20_004, "about 5,0"),
        ("description: Use it when asked.\nallowed-tools: Bash", "", "clients ignore allowed-tools"),
    ],
)  # fmt: skip
def test_the_lint_finds(front: str, body: str, says: str) -> None:
    found = lint_of_skill(Skill({"SKILL.md": f"---\nname: a\n{front}\n---\n{body}".encode()}), ["orders"])
    assert len(found) == 1
    assert says in found[0]


def test_the_lint_is_content_with_a_good_skill() -> None:
    text = (
        b"---\nname: a\ndescription: Use it when asked.\n---\nUse the tool `orders`, set `x`, read [a](b.md), "
        b"[c](https://example.org/d), [e](#f), `orders`."
    )
    assert lint_of_skill(Skill({"SKILL.md": text, "b.md": b""}), ["orders"]) == []
