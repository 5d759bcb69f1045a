"""What the package reads from its environment, for those who set it, and for its tests."""

from __future__ import annotations

import json
import re
from typing import NamedTuple

from mcp_notebook.export.project.package import Package

__all__ = ["Variable", "files", "variables"]


class Variable(NamedTuple):
    """One environment variable.

    Attributes:
        name: Its name.
        annotation: The source of its value's type.
        default: The source of its default; None where it must be given.
        secret: Whether it is nobody else's business.
        meaning: What it is for.
    """

    name: str
    annotation: str
    default: str | None
    secret: bool
    meaning: str


def variables(package: Package) -> list[Variable]:
    """Return all of them: the notebook's settings, then what the package itself asks for."""
    settings = [
        Variable(
            setting.variable, setting.annotation, setting.default, setting.secret,
            setting.description.rstrip(".") or setting.name.replace("_", " "),
        )
        for setting in package.module.settings
    ]  # fmt: skip
    token = Variable(
        f"{package.prefix}_TOKEN", "str", '""', True, "what HTTP clients send as a bearer token; without: loopback only"
    )
    others = Variable(
        f"{package.prefix}_ALLOW_OTHER_USERS", "str", '""', False,
        "1 to listen without a token on a machine that other people use",
    )  # fmt: skip
    keys = Variable(
        f"{package.prefix}_REQUEST_STATE_KEYS", "str", '""', True,
        "for several workers: keys of at least 32 characters, with commas between; the first seals, all open",
    )  # fmt: skip
    return [
        *settings,
        *([] if package.authorizes else [token, others]),
        Variable(
            f"{package.prefix}_ALLOWED_HOSTS", "str", '""', False,
            "names that HTTP clients reach it by, with commas between, beside those of loopback",
        ),
        *([] if package.own_state_keys else [keys]),
        Variable(f"{package.prefix}_LOG_LEVEL", "str", '"INFO"', False, "from which level on it logs"),
    ]  # fmt: skip


def files(package: Package) -> dict[str, str]:
    """Return ``.env.example``, and what sets in the tests those that must be given."""
    given = variables(package)
    written = {".env.example": "".join(_example(variable) for variable in given)}
    required = [variable for variable in given if variable.default is None]
    if required:
        lines = "".join(f"os.environ.setdefault({v.name!r}, {_stand_in(v)!r})\n" for v in required)
        written["tests/conftest.py"] = (
            f'"""Stand-ins for the settings that the server cannot be without."""\n\nimport os\n\n{lines}'
        )
    return written


def _example(variable: Variable) -> str:
    if variable.default is None or variable.secret:
        required = " (required)" if variable.default is None else ""
        return f"# {variable.meaning}{required}\n{variable.name}=\n"
    return f"# {variable.meaning}\n# {variable.name}={_plain(variable.default)}\n"


def _plain(default: str) -> str:
    """Return a default as it stands in an environment: text without its quotes."""
    try:
        value = json.loads(default) if default.startswith('"') else default.strip("'")
    except ValueError:
        value = default
    return str(value)


def _stand_in(variable: Variable) -> str:
    kind = re.sub(r"^(?:Secret\[)?(?:Json\[)?", "", variable.annotation)
    by_kind = {"int": "1", "float": "1", "bool": "true", "dict": "{}", "list": "[]", "tuple": "[]", "set": "[]"}
    return by_kind.get(re.split(r"\W", kind)[0], "example")
