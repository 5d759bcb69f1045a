"""Write what runs several replicas of a package: for Compose behind nginx, and for Kubernetes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping

from mcp_notebook.export.findings import Finding
from mcp_notebook.export.project.environment import Variable, example, plain, variables
from mcp_notebook.export.project.package import Package, render

__all__ = ["files", "findings", "label"]

DRAIN = 10
"""Seconds for which a replica that is told to stop takes requests: others need them to choose another."""

GRACE = 20
"""Seconds that open requests have after that."""

ENDING = 10
"""Seconds to end tasks and to send notices, and to spare."""

FILES = {
    "deploy/compose.yaml": "compose.yaml",
    "deploy/nginx.conf": "nginx.conf",
    "deploy/kubernetes/autoscaling.yaml": "kubernetes/autoscaling.yaml",
    "deploy/kubernetes/config.yaml": "kubernetes/config.yaml",
    "deploy/kubernetes/deployment.yaml": "kubernetes/deployment.yaml",
    "deploy/kubernetes/disruption.yaml": "kubernetes/disruption.yaml",
    "deploy/kubernetes/secret.yaml.template": "kubernetes/secret.yaml",
    "deploy/kubernetes/service.yaml": "kubernetes/service.yaml",
}

FIXED = ("STATELESS", "WORKERS", "DRAIN_SECONDS", "GRACE_SECONDS", "ALLOW_OTHER_USERS")
"""Settings that the files have, or that a replica in a container has no use for."""

PASSWORD = Variable("REDIS_PASSWORD", "str", None, True, "the password of the Redis, of letters and digits")


def files(package: Package, values: Mapping[str, str], sections: Mapping[str, bool]) -> dict[str, str]:
    """Return the files of the folder ``deploy``, by their paths; the arguments are for the templates."""
    given = [one for one in variables(package) if one.name.removeprefix(f"{package.prefix}_") not in FIXED]
    secrets = [one for one in given if one.secret]
    config = [one for one in given if not one.secret and not one.name.endswith("_ALLOWED_HOSTS")]
    further = {
        "label": label(package.distribution),
        "tag": re.sub(r"[^A-Za-z0-9_.-]+", "-", package.version),
        "drain": str(DRAIN),
        "grace": str(GRACE),
        "ending": str(DRAIN + GRACE + ENDING),
        "settings": "".join(map(_config_line, config)).rstrip("\n"),
        "secrets": "".join(f'  # {one.meaning}\n  {one.name}: ""\n' for one in secrets).rstrip("\n"),
    }
    written = {path: render(f"deploy/{template}", {**values, **further}, sections) for path, template in FILES.items()}
    in_compose = [one for one in given if one.name != f"{package.prefix}_REDIS_URL"]
    in_compose += [PASSWORD] if package.uses_redis else []
    return written | {"deploy/.env.example": _examples(package, in_compose)}


def label(name: str) -> str:
    """Return a name that Kubernetes and Compose take for one of theirs: a label of DNS."""
    plain_name = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:50].strip("-")
    return plain_name if plain_name[:1].isalpha() else f"server-{plain_name}".strip("-")


def findings(package: Package) -> Iterator[Finding]:
    """Yield a warning if the image of the replicas would lack what they share."""
    if package.uses_redis and not any(pin.startswith("redis==") for pin in package.dependencies.locked):
        what = "is not installed here, so requirements.lock and the image do not have it, and replicas would not start."
        yield Finding("warns", None, "redis", what, "Run: pip install 'mcp-notebook[redis]', and export again.")


def _config_line(variable: Variable) -> str:
    if variable.default is None:
        return f'  # {variable.meaning} (required)\n  {variable.name}: ""\n'
    return f"  # {variable.meaning}\n  # {variable.name}: {json.dumps(plain(variable.default))}\n"


def _examples(package: Package, given: Iterable[Variable]) -> str:
    needed = {f"{package.prefix}_TOKEN", f"{package.prefix}_REQUEST_STATE_KEYS"}
    lines = (example(one._replace(default=None) if one.name in needed else one) for one in given)
    return (
        "# For compose.yaml. A secret that nobody guesses is made by:\n"
        '# python -c "import secrets; print(secrets.token_hex(32))"\n\n' + "".join(lines)
    )
