"""Document the environment variables of a package, and set them for its tests."""

from __future__ import annotations

import json
import re
from typing import NamedTuple

from mcp_notebook.export.project.package import Package
from mcp_notebook.server.call_limits import Limits

__all__ = ["Variable", "example", "files", "plain", "variables"]


class Variable(NamedTuple):
    """One environment variable.

    Attributes:
        name: Its name.
        annotation: The source of its value's type.
        default: The source of its default; None if it is required.
        secret: Whether it is a secret.
        meaning: Its purpose.
    """

    name: str
    annotation: str
    default: str | None
    secret: bool
    meaning: str


_LIMITS = {
    "rate": "requests a second that one caller may make over HTTP; 0 for any number",
    "burst": "requests that one caller may make at once, after a pause",
    "at_once": "requests of one caller that may run at a time",
    "streams": "streams that one caller may hold open",
    "seconds": "seconds that a call may take over HTTP",
    "request_bytes": "bytes that the body of a request may have, up to 4194304",
    "result_bytes": "bytes that a result may have over HTTP",
}
_SCOPES = ('""', False, "scopes that each token needs, with spaces between")
_OF_ISSUER = {
    "URL": ('""', False, "for HTTP: the URL of the endpoint as clients write it, such as https://example.com/mcp"),
    "ISSUER": ('""', False, "for HTTP: the authorization server that issues the tokens, exactly as it names itself"),
    "AUDIENCE": ('""', False, "the name of this server in the tokens, where that is not its URL"),
}
_OF_AUTH: dict[str | None, dict[str, tuple[str | None, bool, str]]] = {
    "jwt": {
        **_OF_ISSUER,
        "JWKS_URL": ('""', False, "the URL of the issuer's keys, where its metadata does not tell it"),
        "REQUIRED_SCOPES": _SCOPES,
    },
    "introspection": {
        **_OF_ISSUER,
        "INTROSPECTION_URL": ('""', False, "for HTTP: where the issuer is asked about tokens"),
        "CLIENT_ID": ('""', False, "for HTTP: the id of this server at the issuer"),
        "CLIENT_SECRET": ('""', True, "for HTTP: the secret of this server at the issuer"),
        "REQUIRED_SCOPES": _SCOPES,
    },
    "token": {
        "TOKENS": (
            '""', True,
            'for HTTP: who may call, as JSON: {"ada": {"token": "...", "scopes": ["notes:write"]}, "bob": "..."}',
        ),
        "REQUIRED_SCOPES": _SCOPES,
    },
}  # fmt: skip
"""The variables of a sign-in: the source of the default, whether it is a secret, and the meaning."""


def variables(package: Package) -> list[Variable]:
    """Return all variables: the notebook's settings, then those of each package."""
    prefix = package.prefix
    ours = {
        "TOKEN": ('""', True, "what HTTP clients send as a bearer token; without: loopback only"),
        "ALLOW_OTHER_USERS": ('""', False, "1 to listen without a token on a machine that other people use"),
        **_OF_AUTH.get(package.auth, {}),
        "ALLOWED_HOSTS": (
            '""', False, "names that HTTP clients reach it by, with commas between, beside those of loopback"
        ),
        "REQUEST_STATE_KEYS": (
            '""', True,
            "for several replicas: keys of at least 32 characters, with commas between; the first seals, all open",
        ),
        "REDIS_URL": (
            '""', True, "the Redis that replicas share, such as redis://:PASSWORD@HOST:6379/0; without: the memory"
        ),
        "DASK_ADDRESS": (
            '""', False, "the Dask scheduler whose workers run tools, such as tls://HOST:8786; without: own workers"
        ),
        "STATELESS": ('""', False, "1 for one of several replicas: over HTTP, no session is kept in the process"),
        "WORKERS": ("1", False, "processes that serve HTTP at one port; with several, each is a replica"),
        **{
            f"LIMIT_{name.upper()}": (str(getattr(Limits, name)), False, meaning) for name, meaning in _LIMITS.items()
        },
        "GRACE_SECONDS": ("3", False, "seconds that open requests have when the server is told to stop"),
        "DRAIN_SECONDS": ("0", False, "seconds before that in which it takes requests but says that it is not ready"),
        "METRICS_PORT": ('""', False, "a port for Prometheus, at /metrics; needs the extra otel"),
        "METRICS_HOST": ('"127.0.0.1"', False, "the address of that port"),
        "LOG_LEVEL": ('"INFO"', False, "from which level on it logs"),
    }  # fmt: skip
    unused = set[str]() if package.gated else {"TOKEN", "ALLOW_OTHER_USERS"}
    unused |= {"REQUEST_STATE_KEYS"} if package.own_state_keys else set()
    unused |= set() if package.uses_redis else {"REDIS_URL"}
    unused |= set() if package.dask else {"DASK_ADDRESS"}
    return [
        *(
            Variable(
                s.variable, s.annotation, s.default, s.secret, s.description.rstrip(".") or s.name.replace("_", " ")
            )
            for s in package.module.settings
        ),
        *(Variable(f"{prefix}_{name}", "str", *about) for name, about in ours.items() if name not in unused),
    ]


def files(package: Package) -> dict[str, str]:
    """Return ``.env.example``, and a file that sets the required variables in the tests."""
    given = variables(package)
    written = {".env.example": "".join(example(variable) for variable in given)}
    required = [variable for variable in given if variable.default is None]
    if required:
        lines = "".join(f"os.environ.setdefault({v.name!r}, {_stand_in(v)!r})\n" for v in required)
        written["tests/conftest.py"] = (
            f'"""Stand-ins for the required settings of the server."""\n\nimport os\n\n{lines}'
        )
    return written


def example(variable: Variable) -> str:
    """Return the lines of a variable in an example of an environment."""
    if variable.default is None or variable.secret:
        required = " (required)" if variable.default is None else ""
        return f"# {variable.meaning}{required}\n{variable.name}=\n"
    return f"# {variable.meaning}\n# {variable.name}={plain(variable.default)}\n"


def plain(default: str) -> str:
    """Return a default as an environment variable has it: text without its quotes."""
    try:
        value = json.loads(default) if default.startswith('"') else default.strip("'")
    except ValueError:
        value = default
    return str(value)


def _stand_in(variable: Variable) -> str:
    kind = re.sub(r"^(?:Secret\[)?(?:Json\[)?", "", variable.annotation)
    by_kind = {"int": "1", "float": "1", "bool": "true", "dict": "{}", "list": "[]", "tuple": "[]", "set": "[]"}
    return by_kind.get(re.split(r"\W", kind)[0], "example")
