"""The lists and the description of a server, extensions included, and the differences between two servers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, Literal, NamedTuple

from mcp.server.mcpserver import MCPServer
from pydantic import BaseModel

from mcp_notebook.client import Connection
from mcp_notebook.export.proof import extensions
from mcp_notebook.export.proof.evidence import Difference, differences, short
from mcp_notebook.json_diff import ABSENT
from mcp_notebook.server.stable_tools import is_of_the_notebook

__all__ = ["KINDS", "Cells", "Kind", "Offer", "compared", "of_the_protocol", "offer_of"]

Kind = Literal["tool", "resource", "resource template", "prompt", "skill", "event", "app page"]

Cells = Mapping[tuple[str, str], int | None]
"""The number of the cell of each definition, by its kind and name."""


class _List(NamedTuple):
    method: Literal["list_tools", "list_resources", "list_resource_templates", "list_prompts"]
    field: str
    name: str


KINDS: dict[Kind, _List] = {
    "tool": _List("list_tools", "tools", "name"),
    "resource": _List("list_resources", "resources", "uri"),
    "resource template": _List("list_resource_templates", "resourceTemplates", "uriTemplate"),
    "prompt": _List("list_prompts", "prompts", "name"),
}


@dataclass(frozen=True)
class Offer:
    """The description and the lists of a server, as JSON.

    Attributes:
        about: Its name, instructions and capabilities; not its version.
        entries: For each kind its entries by name, in the order of the list.
        pages: For each kind of the protocol itself the rest of its pages, such as how long a client may keep them.
    """

    about: dict[str, Any]
    entries: dict[Kind, dict[str, dict[str, Any]]]
    pages: dict[Kind, list[dict[str, Any]]]


def offer_of(connection: Connection, live: MCPServer[Any] | None = None) -> Offer:
    """Request the description and every page of each list of a server.

    Args:
        connection: The connection.
        live: The notebook's server at its end. Files and pages are not requested of it, because that would be recorded.

    Raises:
        RequestError: It does not answer.
    """
    info = {} if connection.server_info is None else _json(connection.server_info)
    info.pop("version", None)
    about = {
        "serverInfo": info,
        "instructions": connection.instructions,
        "capabilities": _json(connection.capabilities),
    }
    entries: dict[Kind, dict[str, dict[str, Any]]] = {}
    pages: dict[Kind, list[dict[str, Any]]] = {}
    for kind, (method, field, name) in KINDS.items():
        found = [_json(page) for page in connection.pages(method)]
        listed = [entry for page in found for entry in page.pop(field)]
        entries[kind] = {entry[name]: entry for entry in listed if not is_of_the_notebook(entry[name])}
        pages[kind] = [of_the_protocol(page) for page in found]
    entries |= {
        "skill": extensions.skills(connection, read=live is None),
        "event": extensions.events(connection),
        "app page": extensions.app_pages(connection, entries["resource"]) if live is None else extensions.made(live),
    }
    return Offer(about, entries, pages)


def _json(model: BaseModel) -> dict[str, Any]:
    return model.model_dump(by_alias=True, mode="json", exclude_none=True)


def of_the_protocol(result: Mapping[str, Any]) -> dict[str, Any]:
    """Return a result without the mark of its server, which has the server's version."""
    meta = {k: v for k, v in (result.get("_meta") or {}).items() if k != "io.modelcontextprotocol/serverInfo"}
    rest = {key: value for key, value in result.items() if key not in ("_meta", "resultType")}
    return {**rest, **({"_meta": meta} if meta else {})}


def compared(notebook: Offer, package: Offer, cells: Cells) -> dict[str, list[Difference]]:
    """Return the differences of the package: in its description under ``server``, the others by kind."""
    return {
        "server": list(_between("server", None, notebook.about, package.about)),
        **{kind: list(_of_kind(kind, notebook, package, cells)) for kind in notebook.entries},
    }


def _of_kind(kind: Kind, notebook: Offer, package: Offer, cells: Cells) -> Iterator[Difference]:
    ours, theirs = notebook.entries[kind], package.entries[kind]
    for name in dict.fromkeys([*ours, *theirs]):
        about, cell = f"{kind} {name}", cells.get((kind, name))
        if name in ours and name in theirs:
            # Of a page, whose lines all differ below a new one, the first says enough.
            yield from islice(_between(about, cell, ours[name], theirs[name]), 1 if kind == "app page" else None)
        else:
            one, other = (short(ABSENT) if name not in entries else "an entry" for entries in (ours, theirs))
            yield Difference(about, cell, "in the list", one, other)
    if ours.keys() == theirs.keys() and [*ours] != [*theirs]:
        yield Difference(f"{kind}s", None, "the order of the list", short([*ours]), short([*theirs]))
    yield from _between(f"{kind}s", None, notebook.pages.get(kind), package.pages.get(kind))


def _between(about: str, cell: int | None, notebook: Any, package: Any) -> Iterator[Difference]:
    for at, one, other in differences(notebook, package):
        yield Difference(about, cell, at or "/", short(one), short(other))
