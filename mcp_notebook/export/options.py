"""The options of an export: the same in a cell and in a shell."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, get_args

from mcp_notebook.errors import ExportError
from mcp_notebook.export.findings import Finding
from mcp_notebook.export.project.package import Auth

__all__ = ["OPTIONS", "ExportOptions"]


@dataclass(frozen=True)
class ExportOptions:
    """The options of one export.

    Attributes:
        name: The name of the package; the name of the directory if not given.
        dry_run: Whether to write nothing.
        proof: Whether to prove it.
        environment: A directory for the proof's environment, which then stays; a temporary one if not given.
        calls: Whether recorded calls become tests, and are made again for the proof.
        volatile: The places in results where only the type counts: see `recording.volatile`.
        health: The name of a function that tells whether the server is well.
        license: An SPDX expression.
        bundle: Whether to write a bundle (MCPB), too.
        registry: The namespace in the MCP Registry, or the whole name there; without it, no `server.json` is written.
        auth: The kind of tokens that let in over HTTP; one token that all have if not given.
        deploy: Whether to write what runs several replicas, for Compose and for Kubernetes, too.
    """

    name: str | None = None
    dry_run: bool = False
    proof: bool = True
    environment: str | None = None
    calls: bool = True
    volatile: tuple[str, ...] = ()
    health: str | None = None
    license: str | None = None
    bundle: bool = False
    registry: str | None = None
    auth: Auth | None = None
    deploy: bool = False

    def __post_init__(self) -> None:
        """Check what has no type.

        Raises:
            ExportError: There is no such kind of tokens.
        """
        if self.auth is not None and self.auth not in get_args(Auth):
            raise ExportError(f"--auth takes {', '.join(get_args(Auth))}, not {self.auth!r}.")

    def unmet(self) -> Iterator[Finding]:
        """Yield a note for each option that has no effect beside the others."""
        if self.environment and not self.proof:
            what = "is for the proof, which --no-proof leaves out, so no environment is made."
            yield Finding("notes", None, "--environment", what)


OPTIONS: dict[str, dict[str, Any]] = {
    "--name": {"metavar": "NAME", "help": "The package's name. Default: the directory's name."},
    "--dry-run": {"is_flag": True, "help": "Show the files and the server's source, and write nothing."},
    "--proof/--no-proof": {
        "default": True,
        "help": "Prove the package by installing and starting it, or only write it.",
    },
    "--environment": {"metavar": "DIR", "help": "The directory for the proof's environment, which is kept."},
    "--calls/--no-calls": {"default": True, "help": "Whether to replay recorded calls and make tests of them."},
    "--volatile": {
        "multiple": True,
        "metavar": "[NAME:]PLACE",
        "help": "A place in results that differs each time, such as /structuredContent/at, or NAME:/at for one tool.",
    },
    "--health": {"metavar": "FUNCTION", "help": "A function that checks whether the server is healthy."},
    "--license": {"metavar": "ID", "help": "The package's license, such as MIT."},
    "--bundle": {"is_flag": True, "help": "Also write a bundle (MCPB) that hosts such as Claude Desktop install."},
    "--registry": {
        "metavar": "NAMESPACE",
        "help": "Also write server.json for the MCP Registry, under a namespace of yours such as io.github.USER.",
    },
    "--auth": {
        "metavar": "KIND",
        "help": "The tokens that let in over HTTP: jwt, of an authorization server; introspection, which that "
        "server confirms; token, several with names. Default: a single one.",
    },
    "--deploy": {
        "is_flag": True,
        "help": "Also write deploy/, which runs several replicas with Redis behind nginx, or on Kubernetes.",
    },
}
"""The fields of `ExportOptions` as options of a command line: their names, and what `click.option` takes."""
