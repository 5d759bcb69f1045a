"""Describe a package for the MCP Registry: ``server.json``."""

from __future__ import annotations

import json
import re
from typing import Any

from mcp_notebook.errors import ExportError
from mcp_notebook.export.project.host_settings import HostSetting, host_settings
from mcp_notebook.export.project.package import Package
from mcp_notebook.export.project.schemas import SERVER_SCHEMA

__all__ = ["SERVER", "server_json", "server_name"]

SERVER = "server.json"

LONGEST = 100
"""Characters of a description or a title in the registry."""


def server_name(given: str, distribution: str) -> str:
    """Return the name of a server in the registry.

    Args:
        given: The whole name, or only the namespace: ``io.github.USER``, or a domain from its end, ``com.example``.
        distribution: The name after the namespace, if only that is given.

    Raises:
        ExportError: The registry does not take such a name.
    """
    name = given if "/" in given else f"{given}/{distribution}"
    if not re.fullmatch(r"[a-zA-Z0-9-]+(\.[a-zA-Z0-9-]+)+/[a-zA-Z0-9._-]+", name) or len(name) > 200:
        raise ExportError(
            f"{given!r} is not a namespace of the MCP Registry. Give the one that you can prove: io.github.USER for an "
            "account on GitHub, or your domain from its end, such as com.example."
        )
    return name


def server_json(package: Package) -> str:
    """Return the text of ``server.json``, for a package on PyPI that hosts start by `uvx`."""
    variables = [_variable(one) for one in host_settings(package)]
    document: dict[str, Any] = {
        "$schema": SERVER_SCHEMA,
        "name": package.registry,
        "title": package.title[:LONGEST],
        "description": _cut(package.description),
        "version": package.version,
        "packages": [
            {
                "registryType": "pypi",
                "identifier": package.distribution,
                "version": package.version,
                "runtimeHint": "uvx",
                "transport": {"type": "stdio"},
                **({"environmentVariables": variables} if variables else {}),
            }
        ],
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3].rstrip()}..."


def _variable(one: HostSetting) -> dict[str, Any]:
    default = one.default
    return {
        "name": one.variable,
        "description": one.meaning,
        "format": one.kind,
        "isRequired": one.required,
        "isSecret": one.secret,
        **({} if default is None else {"default": default if isinstance(default, str) else json.dumps(default)}),
    }
