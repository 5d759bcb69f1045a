"""What a server says of itself and lists, and where two servers differ in that."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from pydantic import BaseModel

from mcp_notebook.client import Connection
from mcp_notebook.export.proof.comparing import differences
from mcp_notebook.export.proof.evidence import Difference, short
from mcp_notebook.json_diff import ABSENT
from mcp_notebook.server.stable_tools import TOOLS as OF_THE_NOTEBOOK

__all__ = ["KINDS", "Offer", "compared", "of_the_protocol", "offer_of"]

Kind = Literal["tool", "resource", "resource template", "prompt"]


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
    """What a server offers, as JSON.

    Attributes:
        about: Its name and instructions, what it is capable of; all but its version.
        entries: For each kind its entries by name, in the order of the list.
        pages: For each kind what its pages say beside the entries, such as how long they may be kept.
    """

    about: dict[str, Any]
    entries: dict[Kind, dict[str, dict[str, Any]]]
    pages: dict[Kind, list[dict[str, Any]]]


def offer_of(connection: Connection) -> Offer:
    """Ask a server what it offers; every page of each list.

    Raises:
        RequestError: It does not say.
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
        entries[kind] = {entry[name]: entry for entry in listed if entry[name] not in OF_THE_NOTEBOOK}
        pages[kind] = [of_the_protocol(page) for page in found]
    return Offer(about, entries, pages)


def _json(model: BaseModel) -> dict[str, Any]:
    return model.model_dump(by_alias=True, mode="json", exclude_none=True)


def of_the_protocol(result: Mapping[str, Any]) -> dict[str, Any]:
    """Return a result without what tells which server gave it: that has the server's version in it."""
    meta = {k: v for k, v in (result.get("_meta") or {}).items() if k != "io.modelcontextprotocol/serverInfo"}
    rest = {key: value for key, value in result.items() if key not in ("_meta", "resultType")}
    return {**rest, **({"_meta": meta} if meta else {})}


def compared(
    notebook: Offer, package: Offer, cells: Mapping[tuple[str, str], int | None]
) -> dict[str, list[Difference]]:
    """Return where the package's offer differs: what it says of itself under ``server``, the rest by its kind."""
    found = {
        "server": [Difference("server", None, *_words(each)) for each in differences(notebook.about, package.about)]
    }
    for kind in KINDS:
        found[kind] = list(_of_kind(kind, notebook, package, cells))
    return found


def _of_kind(
    kind: Kind, notebook: Offer, package: Offer, cells: Mapping[tuple[str, str], int | None]
) -> Iterator[Difference]:
    ours, theirs = notebook.entries[kind], package.entries[kind]
    for name in dict.fromkeys([*ours, *theirs]):
        about, cell = f"{kind} {name}", cells.get((kind, name))
        if name in ours and name in theirs:
            yield from (Difference(about, cell, *_words(each)) for each in differences(ours[name], theirs[name]))
        else:
            one, other = (short(ABSENT) if name not in entries else "an entry" for entries in (ours, theirs))
            yield Difference(about, cell, "in the list", one, other)
    if ours.keys() == theirs.keys() and [*ours] != [*theirs]:
        yield Difference(f"{kind}s", None, "the order of the list", short([*ours]), short([*theirs]))
    yield from (
        Difference(f"{kind}s", None, *_words(each)) for each in differences(notebook.pages[kind], package.pages[kind])
    )


def _words(found: tuple[str, Any, Any]) -> tuple[str, str, str]:
    at, one, other = found
    return at or "/", short(one), short(other)
