"""Find the credentials that an API takes, and the variables of the environment that they come from."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from mcp_notebook.importing.openapi.document import Document
from mcp_notebook.schema.parameters import mapping
from mcp_notebook.typed.names import Identifiers
from mcp_notebook.typed.texts import literal

__all__ = ["Credential", "credentials"]

MOST: Final = 10
"""Schemes that are written."""

_PLACES: Final = {
    "header": ("headers", "the header"),
    "query": ("query", "the query as"),
    "cookie": ("cookies", "the cookie"),
}
"""The place of a key, in the code and in words."""

# In a function that each request needs, so that an export has it, too.
_QUIET: Final = 'logging.getLogger("httpx2").setLevel(logging.WARNING)  # else its log has the key, with the address'

_HEADER: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


@dataclass(frozen=True)
class Credential:
    """A credential.

    Attributes:
        variables: The variables of the environment.
        about: A line on where it is sent.
        code: The statements that put it into ``headers``, ``query`` or ``cookies``.
    """

    variables: tuple[str, ...]
    about: str
    code: str


def credentials(document: Document, prefix: str) -> tuple[list[Credential], list[str]]:
    """Return the credentials for the security schemes of a document, and notes on schemes that are left.

    Args:
        document: The document.
        prefix: The beginning of their variables.
    """
    schemes = mapping(mapping(document.root.get("components")).get("securitySchemes"))
    names = Identifiers()
    found: dict[str, Credential] = {}
    notes = []
    for name, raw in list(schemes.items())[:MOST]:
        scheme = document.resolved(raw)
        made = next(_credential(scheme, prefix, names), None)
        if made is None:
            notes.append(f"the security scheme {literal(str(name))} is left to you")
        else:
            found.setdefault(made.code, made)
        if scheme.get("type") in ("oauth2", "openIdConnect"):
            notes.append(f"{literal(str(name))} is OAuth: get a token yourself, and set it")
    return list(found.values()), notes


def _credential(scheme: Mapping[str, Any], prefix: str, names: Identifiers) -> Iterator[Credential]:
    kind, way, place, key = (scheme.get(word) for word in ("type", "scheme", "in", "name"))
    way = way.lower() if isinstance(way, str) else ""
    if kind in ("oauth2", "openIdConnect") or (kind == "http" and way == "bearer"):
        # One token, whichever of these schemes an operation names.
        variable = f"{prefix}_TOKEN"
        code = f'headers["Authorization"] = f"Bearer {{{variable}}}"'
        yield Credential((variable,), "Sent as a bearer token.", code)
    elif kind == "http" and way == "basic":
        user, password = f"{prefix}_USERNAME", f"{prefix}_PASSWORD"
        pair = f'f"{{{user}}}:{{{password}}}"'
        code = f'headers["Authorization"] = "Basic " + base64.b64encode({pair}.encode()).decode()'
        yield Credential((user, password), "Sent as a user name and password.", code)
    elif (
        kind == "apiKey" and place in _PLACES and isinstance(key, str) and (place == "query" or _HEADER.fullmatch(key))
    ):
        variable = names.free(f"{prefix}_API_KEY")
        target, words = _PLACES[place]
        code = f"{target}[{literal(key)}] = {variable}"
        code = f"{_QUIET}\n{code}" if place == "query" else code
        yield Credential((variable,), f"Sent in {words} {key}.", code)
