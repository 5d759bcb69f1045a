"""The Python modules of a package: what the cells defined, as a person would write it on `MCPServer`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mcp_notebook.export.findings import Finding

__all__ = ["Module", "Setting"]


@dataclass(frozen=True)
class Setting:
    """A value that the package takes from its environment.

    Attributes:
        name: The field of the settings class, such as ``api_key``.
        annotation: The source of its type, such as ``str``; a secret's is ``SecretStr``.
        default: The source of its default; None where it must be given.
        secret: Whether it must never be written.
        live: Its value in the notebook, for the proof; never written.
    """

    name: str
    annotation: str
    default: str | None
    secret: bool
    live: Any = field(default=None, repr=False, compare=False)


@dataclass(frozen=True)
class Module:
    """What goes into the package's own folder.

    Attributes:
        files: The source of each module by its file name; ``server.py`` has the server.
        variable: What the server is called in ``server.py``.
        cells: For each kind and name of a definition, the number of its cell; for the report of a difference.
        settings: What the modules read from the environment, through ``settings.py``.
        pip: Requirements that ``%pip install`` lines of the notebook name.
        findings: What could not be carried, what was changed, what was left out.
    """

    files: Mapping[str, str]
    variable: str
    cells: Mapping[tuple[str, str], int | None] = field(default_factory=dict)
    settings: tuple[Setting, ...] = ()
    pip: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
