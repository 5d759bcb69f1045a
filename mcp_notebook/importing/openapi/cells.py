"""Write the notebook of an API: a cell that sends requests, and a cell with a tool for each operation."""

from __future__ import annotations

import builtins
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from mcp_notebook.errors import McpNotebookError
from mcp_notebook.formatting import laid_out
from mcp_notebook.importing.openapi.credentials import Credential, credentials
from mcp_notebook.importing.openapi.document import Document
from mcp_notebook.importing.openapi.operations import Operation
from mcp_notebook.importing.openapi.requesting import DEEP, HELPERS, REQUEST
from mcp_notebook.importing.openapi.tools import arguments_of, cell_of, returned
from mcp_notebook.typed.names import Identifiers, identifier
from mcp_notebook.typed.source import Writer
from mcp_notebook.typed.texts import comment, literal, shortened
from mcp_notebook.visible import visible

__all__ = ["ApiCells", "server_name", "written"]

_TAKEN: Final = frozenset(
    {
        "Annotated", "Any", "Field", "Literal", "NotRequired", "ToolError", "TypedDict", "base64", "client", "httpx2",
        "json", "logging", "os", "quote", "sign", "In", "Out", "display", "exit", "get_ipython", "quit",
        *HELPERS, *dir(builtins),
    }
)  # fmt: skip
"""Names that no function and no type of an API gets."""

_IMPORTS: Final = {
    "Annotated": "typing", "Any": "typing", "Literal": "typing", "quote": "urllib.parse",
    "ToolError": "mcp.server.mcpserver.exceptions", "Field": "pydantic", "NotRequired": "typing_extensions",
    "TypedDict": "typing_extensions",
}  # fmt: skip
"""Names that cells import, with their modules, in the usual order."""


@dataclass(frozen=True)
class ApiCells:
    """The cells of an API.

    Attributes:
        cells: The kind and the text of each.
        tools: The number of tools.
        variables: The variables of the environment with the credentials.
        notes: Remarks on what is left to the author.
    """

    cells: list[tuple[str, str]]
    tools: int
    variables: list[str]
    notes: list[str]


def server_name(document: Document) -> str:
    """Return the name of the server: the title of the API, in ASCII. No variable refers to it."""
    words = re.findall(r"[a-z0-9]+", document.title.lower())
    return identifier("_".join(words)[:40].strip("_"), "api")


def written(document: Document, operations: Sequence[Operation]) -> ApiCells:
    """Return the cells for operations of a document."""
    name = server_name(document)
    prefix = name.upper()
    found, notes = credentials(document, prefix)
    variables = [variable for credential in found for variable in credential.variables]
    ours = [operation for operation in operations if not operation.left]
    names = Identifiers(_TAKEN | {f"{prefix}_URL", *variables})
    named = {id(one): names.free(_wanted(one)) for one in ours}
    arguments = {id(one): arguments_of(document, one, named[id(one)]) for one in ours}
    returns = {id(one): returned(one, document) for one in ours}
    kinds = [argument.annotated for one in ours for argument in arguments[id(one)]]
    writer = Writer([*kinds, *returns.values()], names)
    tools = [cell_of(one, named[id(one)], arguments[id(one)], returns[id(one)], writer) for one in ours]
    types = writer.classes()
    left = [f"{one.line} is left to you: {one.left}" for one in operations if one.left]
    head = _head(document, prefix, found, "\n".join([*tools, types]))
    code = [head, *([types] if types else []), *tools, *map(_left, (one for one in operations if one.left))]
    cells = [
        ("markdown", f"# {_markdown(shortened(document.title, 100))}"),
        ("code", "%load_ext mcp_notebook"),
        ("code", f"%mcp new {name}"),
        *(("code", text) for text in code),
    ]
    try:
        cells = [(kind, _formatted(text) if kind == "code" else text) for kind, text in cells]
    except McpNotebookError as error:
        notes.append(f"the cells are not formatted. {error}")
    return ApiCells(cells, len(tools), variables, [*notes, *left])


def _wanted(operation: Operation) -> str:
    wanted = identifier(operation.name.replace("{", "by_"), "operation").rstrip("_")
    wanted = re.sub("_{2,}", "_", wanted) or "operation"
    return f"{wanted}_" if wanted in _TAKEN else identifier(wanted)


def _formatted(text: str) -> str:
    first, _, rest = text.partition("\n")
    if first.startswith("%"):
        return f"{first}\n{laid_out(rest).rstrip()}" if rest else first
    return laid_out(text).rstrip()


def _left(operation: Operation) -> str:
    return "\n".join([comment(operation.line), comment(f"This operation is left to you: {operation.left}.")])


def _head(document: Document, prefix: str, found: Sequence[Credential], code: str) -> str:
    """Return the first cell, with the imports that the others need."""
    helpers = (DEEP if "deep(" in code else "") + REQUEST
    signing = _sign(found)
    settings = [
        comment("The address of the API. Requests go there, with the credentials below."),
        f'{prefix}_URL = os.environ.get("{prefix}_URL", {literal(document.base_url)})',
    ]
    for credential in found:
        settings.append(comment(credential.about))
        settings += [f'{variable} = os.environ.get("{variable}", "")' for variable in credential.variables]
    settings += ["", f"client = httpx2.Client(base_url={prefix}_URL, timeout=30)"]
    whole = "\n".join([code, helpers, signing])
    plain = [name for name in ("base64", "json", "logging") if f"{name}." in whole]
    words = set(re.findall(r"\w+", whole))
    grouped: dict[str, list[str]] = {}
    for name, module in _IMPORTS.items():
        if name in words:
            grouped.setdefault(module, []).append(name)
    standard = [f"import {name}" for name in [*plain, "os"]]
    standard += [_from(module, grouped) for module in ("typing", "urllib.parse") if module in grouped]
    others = [_from(module, grouped) for module in grouped if module not in ("typing", "urllib.parse")]
    return "\n".join([*standard, "", "import httpx2", *others, "", *settings, "", signing, helpers])


def _from(module: str, grouped: Mapping[str, list[str]]) -> str:
    return f"from {module} import {', '.join(sorted(grouped[module]))}"


def _sign(found: Sequence[Credential]) -> str:
    lines = [
        "",
        "def sign(query: dict[str, Any], headers: dict[str, Any], cookies: dict[str, Any]) -> None:",
        '    """Add the credentials that are set."""',
    ]
    for credential in found:
        lines += [f"    if {credential.variables[0]}:", *(f"        {line}" for line in credential.code.split("\n"))]
    return "\n".join(lines)


def _markdown(text: str) -> str:
    """Return a text for a line of Markdown in which nothing is markup."""
    return re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", visible(text, one_line=True))
