"""What a package is made of, as plain data."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from mcp.server.mcpserver import MCPServer

from mcp_notebook.errors import ExportError
from mcp_notebook.export.dependencies import Dependencies
from mcp_notebook.export.module.writing import Module
from mcp_notebook.export.naming import printable

__all__ = ["Health", "Package"]


class Health(NamedTuple):
    """The author's function that tells whether the server is well: where it is, and of which kind."""

    module: str
    function: str
    kind: Literal["sync", "async"]


@dataclass(frozen=True)
class Package:
    """All that the files of a package are written from.

    Attributes:
        name: Of the Python package; see `naming.package_name`.
        title: What people call it.
        module: The modules that the notebook became.
        dependencies: What they need.
        server: The live one: what the documents list is read from it.
        tests: Further files of tests, by their names in ``tests/``.
        health: The name of a function of the modules that raises, or returns False, when the server is not well.
        license: An SPDX expression, such as ``MIT``.
        python: The lowest version of Python, such as ``3.11``: that which ran.
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

    @property
    def distribution(self) -> str:
        """What pip calls it, which is also its command."""
        return self.name.replace("_", "-")

    @property
    def prefix(self) -> str:
        """What the names of its own environment variables begin with."""
        return self.name.upper()

    @property
    def docstring(self) -> str:
        """The title as it can stand in a docstring."""
        return " ".join(printable(self.title).replace("\\", "/").replace('"', "'").split()).rstrip(".") + "."

    @property
    def description(self) -> str:
        """What it is, in one line: the beginning of the server's instructions, else its title."""
        paragraph = (self.server.instructions or self.server.description or "").strip().partition("\n\n")[0]
        return " ".join(printable(paragraph).split())[:200] or self.title

    @property
    def authorizes(self) -> bool:
        """Whether the author gave the server the SDK's own authorization, in which case the package adds none."""
        return self.server.settings.auth is not None

    @property
    def own_health(self) -> bool:
        """Whether the author has written a route ``/health``."""
        return any(
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr == "custom_route"
            and [ast.unparse(value) for value in (*node.args[:1], *(k.value for k in node.keywords if k.arg == "path"))]
            == ["'/health'"]
            for _, node in self._nodes()
        )

    @property
    def own_state_keys(self) -> bool:
        """Whether the author chose how the state of multi-round calls is sealed."""
        return any(isinstance(node, ast.keyword) and node.arg == "request_state_security" for _, node in self._nodes())

    def find_health(self) -> Health | None:
        """Return the function that `health` names.

        Raises:
            ExportError: No module has it, or it wants arguments.
        """
        if self.health is None:
            return None
        for path, node in self._nodes():
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == self.health:
                arguments = node.args
                needed = len(arguments.posonlyargs) + len(arguments.args) - len(arguments.defaults)
                if needed or None in arguments.kw_defaults:
                    raise ExportError(
                        f"{self.health}() cannot be the health check: it wants arguments. Give one without."
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
