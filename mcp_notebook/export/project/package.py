"""The content of a package, as plain data, and the templates of its files."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from itertools import chain
from string import Template
from typing import Any, Literal, NamedTuple

from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.tools import Tool

from mcp_notebook.errors import ExportError
from mcp_notebook.export.dependencies import Dependencies
from mcp_notebook.export.module.writing import Module
from mcp_notebook.export.naming import printable
from mcp_notebook.server.definitions import definitions
from mcp_notebook.server.sign_in import scopes_of

__all__ = ["Auth", "Health", "Package", "render"]

Auth = Literal["jwt", "introspection", "token"]
"""The kinds of tokens that a package can let in: `sign_in.JwtVerifier` and such."""


class Health(NamedTuple):
    """The author's function that tells whether the server is well: its module, name and kind."""

    module: str
    function: str
    kind: Literal["sync", "async"]


FIRST = "0.1.0"
"""The version of a new package."""


@dataclass(frozen=True)
class Package:
    """The data for all files of a package.

    Attributes:
        name: The name of the Python package; see `naming.package_name`.
        title: The title for people.
        module: The modules made from the cells.
        dependencies: The dependencies of these modules.
        server: The live server, which the documents describe.
        tests: More files of tests, by their names in ``tests/``.
        health: The name of a function of the modules that raises, or returns False, when the server is not well.
        license: An SPDX expression, such as ``MIT``.
        python: The lowest version of Python, such as ``3.11``: the one that ran.
        version: The version of the distribution.
        bundle: Whether it has the manifest of a bundle (MCPB).
        registry: Its name in the MCP Registry; None if it is not described for that.
        auth: The kind of tokens that let in; None for one token, or for the server's own authorization.
        deploy: Whether it has the files that run several replicas.
        deploy: Whether it has the files that run several replicas.
    """

    name: str
    title: str
    module: Module
    dependencies: Dependencies
    server: MCPServer[Any]
    tests: Mapping[str, str] = field(default_factory=dict)
    health: str | None = None
    license: str | None = None
    python: str = "3.10"
    version: str = FIRST
    bundle: bool = False
    registry: str | None = None
    auth: Auth | None = None
    deploy: bool = False

    @property
    def distribution(self) -> str:
        """The name for pip, which is also the command."""
        return self.name.replace("_", "-")

    @property
    def prefix(self) -> str:
        """The prefix of its own environment variables."""
        return self.name.upper()

    @property
    def docstring(self) -> str:
        """The title, fit for a docstring."""
        return " ".join(printable(self.title).replace("\\", "/").replace('"', "'").split()).rstrip(".") + "."

    @property
    def description(self) -> str:
        """A description in one line: the beginning of the server's instructions, or its title."""
        paragraph = (self.server.instructions or self.server.description or "").strip().partition("\n\n")[0]
        return " ".join(printable(paragraph).split())[:200] or self.title

    @property
    def authorizes(self) -> bool:
        """Return whether the server has the SDK's own authorization; then the package does not add any."""
        return self.server.settings.auth is not None

    @property
    def gated(self) -> bool:
        """Return whether one token lets in over HTTP."""
        return not self.authorizes and self.auth is None

    @property
    def scopes(self) -> list[str]:
        """The scopes that tools need, in the order of the tools."""
        found = [scopes_of(d.entry.meta) for d in definitions(self.server) if isinstance(d.entry, Tool)]
        return list(dict.fromkeys(chain.from_iterable(found)))

    @property
    def own_health(self) -> bool:
        """Return whether the author has written a route ``/health``."""
        return any(
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr == "custom_route"
            and [ast.unparse(value) for value in (*node.args[:1], *(k.value for k in node.keywords if k.arg == "path"))]
            == ["'/health'"]
            for _, node in self._nodes()
        )

    @property
    def tasks(self) -> bool:
        """Return whether the server has tools that run as tasks."""
        return "extensions/tasks/__init__.py" in self.module.extensions

    @property
    def dask(self) -> bool:
        """Return whether the server has tools that run on a Dask cluster."""
        return "extensions/cluster/__init__.py" in self.module.extensions

    @property
    def uses_redis(self) -> bool:
        """Return whether the server can use a Redis: for its tasks, or to pass notices on to other replicas."""
        return "extensions/redis_client.py" in self.module.extensions

    @property
    def own_state_keys(self) -> bool:
        """Return whether the author chose how the state of multi-round calls is sealed."""
        return any(isinstance(node, ast.keyword) and node.arg == "request_state_security" for _, node in self._nodes())

    def find_health(self) -> Health | None:
        """Return the function that `health` names.

        Raises:
            ExportError: No module has it, or it requires arguments.
        """
        if self.health is None:
            return None
        for path, node in self._nodes():
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == self.health:
                arguments = node.args
                needed = len(arguments.posonlyargs) + len(arguments.args) - len(arguments.defaults)
                if needed or None in arguments.kw_defaults:
                    raise ExportError(
                        f"{self.health}() cannot be the health check: it requires arguments. Name one without."
                    )
                kind: Literal["sync", "async"] = "async" if isinstance(node, ast.AsyncFunctionDef) else "sync"
                return Health(path.removesuffix(".py").replace("/", "."), node.name, kind)
        raise ExportError(
            f"There is no function {self.health!r} in the package for the health check. Define it with def at the top "
            "level of a cell, or leave --health out."
        )

    def _nodes(self) -> Iterator[tuple[str, ast.AST]]:
        for path, source in self.module.files.items():
            for node in ast.walk(ast.parse(source)):
                yield path, node


class _Text(Template):
    """A text with ``@@name`` in it, which Python, YAML and shell do not use."""

    delimiter = "@@"


_SECTION = re.compile(r"^@@if (\w+)\n(.*?)^@@end\n", re.MULTILINE | re.DOTALL)


def render(template: str, values: Mapping[str, str], sections: Mapping[str, bool]) -> str:
    """Return a file's text.

    Args:
        template: The name of its template; the text between ``@@if SECTION`` and ``@@end`` is for some packages.
        values: The values of each ``@@NAME``.
        sections: Whether to include each section.
    """
    text = (files(__package__) / "templates" / f"{template}.txt").read_text(encoding="utf-8")
    chosen = _SECTION.sub(lambda match: match[2] if sections[match[1]] else "", text)
    return _Text(chosen).substitute(values)
