"""Agent Skills on a server: the extension ``io.modelcontextprotocol/skills`` (SEP-2640).

A skill is a folder with a ``SKILL.md``: instructions for an agent, and the files that they name. Each file is a
resource of the server. This extension adds the list of the skills, with a digest of every file.
"""

from __future__ import annotations

import hashlib
import mimetypes
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import quote

import yaml
from mcp.server.context import ServerRequestContext
from mcp.server.extension import Extension, MethodBinding, ResourceBinding
from mcp.server.mcpserver.resources import BinaryResource, Resource, TextResource
from mcp.shared.exceptions import MCPError
from mcp_types import INVALID_PARAMS, PaginatedRequestParams
from mcp_types.version import MODERN_PROTOCOL_VERSIONS

__all__ = ["IDENTIFIER", "MAIN", "MOST_BYTES", "MOST_FILES", "Skill", "Skills", "frontmatter_of"]

IDENTIFIER = "io.modelcontextprotocol/skills"

MAIN = "SKILL.md"
"""The file that each skill has at its root."""

MOST_FILES = 512
"""Most files of a skill; clients need not load one with more (SEP-2640, Limits)."""

MOST_BYTES = 16 * 1024**2
"""Most bytes of all files of a skill (SEP-2640, Limits)."""

PAGE = 50
"""Skills, or files of a directory, on one page of a list."""

_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_FRONT_MATTER = re.compile(r"\ufeff?---[ \t]*\r?\n(.*?)^---[ \t]*\r?(?:\n|\Z)", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True)
class Skill:
    """A skill: its files, and the place that they have on the server.

    Attributes:
        files: The content of each file, by its path below the skill, such as ``references/FORMS.md``.
        prefix: The path above the skill, such as ``acme/billing``; "" for none.

    Raises:
        ValueError: It does not follow the Agent Skills format, or is larger than clients need to support.
    """

    files: Mapping[str, bytes]
    prefix: str = ""
    frontmatter: dict[str, Any] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "frontmatter", frontmatter_of(self.files.get(MAIN)))
        if len(self.files) > MOST_FILES:
            raise ValueError(f"The skill {self.name!r} has {len(self.files)} files; clients accept {MOST_FILES}.")
        if (size := sum(map(len, self.files.values()))) > MOST_BYTES:
            raise ValueError(f"The skill {self.name!r} has {size:,} bytes; clients accept {MOST_BYTES:,}.")

    @classmethod
    def from_folder(cls, folder: Path, prefix: str = "") -> Skill:
        """Read a skill from a folder that is named like it, without what Python or a name with a dot hides in it.

        Raises:
            ValueError: As of the class, or the folder has another name than the skill.
            OSError: A file cannot be read.
        """
        found = {path.relative_to(folder): path for path in sorted(folder.rglob("*")) if path.is_file()}
        hidden = {path for path in found if any(part.startswith((".", "__pycache__")) for part in path.parts)}
        skill = cls({p.as_posix(): path.read_bytes() for p, path in found.items() if p not in hidden}, prefix)
        if (name := folder.resolve().name) != skill.name:
            raise ValueError(f"The folder {name!r} has the skill {skill.name!r}. Give both one name.")
        return skill

    @property
    def name(self) -> str:
        """The name in the front matter."""
        return str(self.frontmatter["name"])

    @property
    def description(self) -> str:
        """The description in the front matter."""
        return str(self.frontmatter["description"])

    @property
    def root(self) -> str:
        """The URI of the skill's directory."""
        return "skill://" + quote("/".join([*filter(None, self.prefix.split("/")), self.name]))

    @property
    def uri(self) -> str:
        """The URI of its ``SKILL.md``, by which clients know the skill."""
        return self.uri_of(MAIN)

    def uri_of(self, path: str) -> str:
        """Return the URI of one of its files."""
        return f"{self.root}/{quote(path)}"

    @cached_property
    def resources(self) -> list[Resource]:
        """Its files as resources, ``SKILL.md`` first."""
        return [self._resource(path, self.files[path]) for path in sorted(self.files, key=lambda path: path != MAIN)]

    def _resource(self, path: str, content: bytes) -> Resource:
        about: dict[str, Any] = {"uri": self.uri_of(path), "name": path.rpartition("/")[2]}
        if path == MAIN:
            about |= {"name": self.name, "description": self.description}
        guessed = "text/markdown" if path.endswith(".md") else mimetypes.guess_type(path)[0]
        try:
            return TextResource(**about, mime_type=guessed or "text/plain", text=content.decode("utf-8"))
        except UnicodeDecodeError:
            return BinaryResource(**about, mime_type=guessed or "application/octet-stream", data=content)

    @cached_property
    def entry(self) -> dict[str, Any]:
        """The entry in the list of skills, as JSON."""
        return {
            "uri": self.uri,
            "frontmatter": self.frontmatter,
            "resources": [
                {
                    "uri": self.uri_of(path),
                    "digest": f"sha256:{hashlib.sha256(content).hexdigest()}",
                    "size": len(content),
                }
                for path, content in self.files.items()
            ],
        }


class _UriParams(PaginatedRequestParams):
    uri: str


class Skills(Extension):
    """The skills of a server: ``MCPServer("shop", extensions=[Skills(Skill.from_folder(folder))])``.

    Args:
        skills: The skills.
    """

    identifier = IDENTIFIER

    def __init__(self, *skills: Skill) -> None:
        self._skills = {skill.uri: skill for skill in skills}

    @property
    def skills(self) -> list[Skill]:
        """The skills, in the order in which they were added."""
        return [skill for skill in list(self._skills.values()) if self.is_served(skill.uri)]

    def is_served(self, uri: str) -> bool:
        """Return whether the server has this resource; a server that removes resources replaces this method."""
        return True

    def take_over(self, other: Skills | None) -> None:
        """Offer the skills of `other`; None offers none."""
        self._skills = dict(other._skills) if other is not None else {}

    def add(self, skill: Skill) -> None:
        """Add a skill, or replace the one of the same URI. Its resources are not put on the server."""
        self._skills = {**self._skills, skill.uri: skill}  # a request on another thread may be reading the old ones

    def settings(self) -> dict[str, Any]:
        """Declare that directories can be read."""
        return {"directoryRead": True}

    def resources(self) -> Sequence[ResourceBinding]:
        """Return the files of all skills; a file of two skills once."""
        by_uri = {resource.uri: resource for skill in self._skills.values() for resource in skill.resources}
        return [ResourceBinding(resource) for resource in by_uri.values()]

    def methods(self) -> Sequence[MethodBinding]:
        """Return the methods of the extension; they belong to the modern protocol."""
        versions = frozenset(MODERN_PROTOCOL_VERSIONS)
        return [
            MethodBinding("skills/list", PaginatedRequestParams, self._list, versions),
            MethodBinding("skills/get", _UriParams, self._get, versions),
            MethodBinding("resources/directory/read", _UriParams, self._read_directory, versions),
        ]

    async def _list(self, ctx: ServerRequestContext[Any, Any], params: PaginatedRequestParams) -> dict[str, Any]:
        entries = {skill.uri: skill.entry for skill in self.skills}
        return {**_page("skills", entries, params.cursor), **_FRESHNESS}

    async def _get(self, ctx: ServerRequestContext[Any, Any], params: _UriParams) -> dict[str, Any]:
        for skill in self.skills:
            if skill.uri == params.uri:
                return {"resultType": "complete", "skill": skill.entry, **_FRESHNESS}
        raise MCPError(INVALID_PARAMS, f"There is no skill {params.uri[:200]!r}. A skill has the URI of its {MAIN}.")

    async def _read_directory(self, ctx: ServerRequestContext[Any, Any], params: _UriParams) -> dict[str, Any]:
        children = _children(params.uri, (resource for skill in self.skills for resource in skill.resources))
        if not children:
            raise MCPError(INVALID_PARAMS, f"There is no directory {params.uri[:200]!r}.")
        return {**_page("resources", children, params.cursor), **_FRESHNESS}  # which the Inspector (2.12) asks for


_FRESHNESS = {"ttlMs": 0, "cacheScope": "private"}  # a client asks each time, because skills change


def _children(uri: str, resources: Iterable[Resource]) -> dict[str, dict[str, Any]]:
    """Return what is directly in a directory, by URI; nothing if no file is below it."""
    children: dict[str, dict[str, Any]] = {}
    for resource in resources:
        if resource.uri.startswith(f"{uri}/") and "://" in uri:
            name, slash, _ = resource.uri.removeprefix(f"{uri}/").partition("/")
            child: dict[str, Any] = {"uri": f"{uri}/{name}", "name": name, "mimeType": "inode/directory"}
            if not slash:
                child |= {"name": resource.name, "mimeType": resource.mime_type}
                child |= {"description": resource.description} if resource.description else {}
            children[child["uri"]] = child
    return children


def _page(field: str, items: Mapping[str, Any], cursor: str | None) -> dict[str, Any]:
    """Return one page of a list. The cursor is the key of the last item before it.

    Raises:
        MCPError: No item has that key, or it is gone.
    """
    keys = list(items)
    if cursor is not None and cursor not in items:
        raise MCPError(INVALID_PARAMS, f"The cursor {cursor[:200]!r} is unknown: the list has changed. Ask again.")
    start = 0 if cursor is None else keys.index(cursor) + 1
    page = keys[start : start + PAGE]
    more = {"nextCursor": page[-1]} if start + PAGE < len(keys) else {}
    return {"resultType": "complete", field: [items[key] for key in page], **more}


class _Yaml(yaml.SafeLoader):  # type: ignore[misc]
    """Reads YAML as JSON has it: a date or a ``yes`` is the text that it is, as in YAML 1.2."""

    yaml_implicit_resolvers: dict[str, list[Any]] = {}  # noqa: RUF012 - the name is PyYAML's

    def compose_node(self, *args: Any) -> Any:
        """Refuse an alias: a few lines of them can stand for gigabytes."""
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("an alias (*) is not allowed")
        return super().compose_node(*args)


for _tag, _pattern, _first in (
    ("null", r"^(?:~|null|Null|NULL|)$", ["~", "n", "N", ""]),
    ("bool", r"^(?:true|True|TRUE|false|False|FALSE)$", list("tTfF")),
    ("int", r"^[-+]?[0-9]+$", list("-+0123456789")),
    ("float", r"^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$", list("-+0123456789.")),
):
    _Yaml.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(_pattern), _first)
_Yaml.add_constructor("tag:yaml.org,2002:int", lambda _, node: int(node.value))  # 010 is ten, not eight


def frontmatter_of(main: bytes | None) -> dict[str, Any]:
    """Return the front matter of a ``SKILL.md``; None stands for a skill without one.

    Raises:
        ValueError: There is none, or it does not follow the Agent Skills format.
    """
    if main is None:
        raise ValueError(f"A skill needs a file {MAIN} at its root.")
    try:
        found = _FRONT_MATTER.match(main.decode("utf-8"))
    except UnicodeDecodeError:
        raise ValueError(f"{MAIN} is not UTF-8.") from None
    if found is None:
        raise ValueError(f"{MAIN} has to begin with front matter: ---, name: ..., description: ..., ---.")
    try:
        frontmatter = yaml.load(found[1], _Yaml)
    except RecursionError:
        raise ValueError(f"The front matter of {MAIN} is nested too deep.") from None
    except (yaml.YAMLError, ValueError, KeyError, AttributeError) as error:  # a tag that its value does not fit
        raise ValueError(f"The front matter of {MAIN} is not YAML: {' '.join(str(error).split())}") from None
    if not isinstance(frontmatter, dict) or not _is_json(frontmatter):
        raise ValueError(f"The front matter of {MAIN} has to be a mapping from names to values that JSON has.")
    name, description = frontmatter.get("name"), frontmatter.get("description")
    if not isinstance(name, str) or not _NAME.fullmatch(name) or len(name) > 64:
        raise ValueError(
            f"{name!r} cannot name a skill. Use 1 to 64 lowercase letters, digits and single hyphens between them."
        )
    if not isinstance(description, str) or not description.strip() or len(description) > 1024:
        raise ValueError(f"The skill {name!r} needs a description of 1 to 1,024 characters.")
    return frontmatter


def _is_json(value: Any) -> bool:
    if isinstance(value, dict):
        return all(isinstance(key, str) and _is_json(inner) for key, inner in value.items())
    if isinstance(value, list):
        return all(map(_is_json, value))
    return value is None or isinstance(value, str | bool | int | float)
