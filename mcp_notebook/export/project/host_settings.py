"""The settings of a package as a host asks a person for them."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from typing import Literal, NamedTuple

from mcp_notebook.export.module.writing import Setting
from mcp_notebook.export.project.environment import variables
from mcp_notebook.export.project.package import Package

__all__ = ["HostSetting", "host_settings"]

Kind = Literal["string", "number", "boolean"]


class HostSetting(NamedTuple):
    """One value.

    Attributes:
        variable: The environment variable that it goes to.
        title: Its name for people.
        meaning: Its purpose.
        kind: Its type.
        required: Whether it must be given.
        secret: Whether it is a secret.
        default: The value that it has otherwise; None if there is none, or if no form can hold it.
    """

    variable: str
    title: str
    meaning: str
    kind: Kind
    required: bool
    secret: bool
    default: str | float | bool | None


def host_settings(package: Package) -> Iterator[HostSetting]:
    """Yield each setting of the notebook; not those of serving over HTTP."""
    meanings = {variable.name: variable.meaning for variable in variables(package)}
    for setting in package.module.settings:
        kind = _kind(setting)
        yield HostSetting(
            setting.variable,
            setting.name.replace("_", " ").capitalize(),
            meanings[setting.variable],
            kind,
            setting.default is None,
            setting.secret,
            None if setting.default is None else _default(setting, kind),
        )


def _kind(setting: Setting) -> Kind:
    plain = re.sub(r"^(?:Secret\[)?(?:Json\[)?", "", setting.annotation)
    kinds: dict[str, Kind] = {"int": "number", "float": "number", "bool": "boolean"}
    return kinds.get(re.split(r"\W", plain)[0], "string")


def _default(setting: Setting, kind: Kind) -> str | float | bool | None:
    """Return a default as an environment variable has it, or as the number or truth value that a form shows."""
    if setting.secret:
        return None
    try:
        value = ast.literal_eval(setting.default or "")
    except (SyntaxError, ValueError):
        return None
    if kind != "string":
        return value if isinstance(value, bool if kind == "boolean" else int | float) else None
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list | dict) else None
