"""Write the files of a package, from templates and from the modules of the notebook."""

from __future__ import annotations

import json
import platform
import subprocess
import sys
from collections.abc import Mapping
from importlib.metadata import version
from importlib.resources import files as files_of
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import get_args

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

from mcp_notebook.errors import ExportError
from mcp_notebook.export import dependencies
from mcp_notebook.export.naming import printable
from mcp_notebook.export.project import bundle, deploying, environment, hashes, registry
from mcp_notebook.export.project.package import Auth, Package, render
from mcp_notebook.export.project.readme import readme
from mcp_notebook.server.changes import KINDS
from mcp_notebook.server.definitions import definitions

__all__ = ["RESERVED", "files"]

RESERVED = frozenset({
    "__init__.py", "__main__.py", "access.py", "app.py", "call_limits.py", "caller_errors.py", "health.py",
    "http_limits.py", "idle_sessions.py", "logs.py", "observing.py", "serving.py", "shared_machine.py", "telemetry.py",
    "web.py", "workers.py",
})  # fmt: skip
"""Names of modules that each package has."""

TEMPLATES = {
    "pyproject.toml": "pyproject.toml",
    "src/{name}/__init__.py": "init.py",
    "src/{name}/__main__.py": "main.py",
    "src/{name}/app.py": "app.py",
    "src/{name}/logs.py": "logs.py",
    "src/{name}/observing.py": "observing.py",
    "src/{name}/serving.py": "serving.py",
    "src/{name}/web.py": "web.py",
    "src/{name}/workers.py": "workers.py",
    "tests/test_server.py": "test_server.py",
    "Dockerfile": "dockerfile",
    ".dockerignore": "dockerignore",
    "compose.yaml": "compose.yaml",
    ".github/workflows/ci.yml": "ci.yml",
    ".github/workflows/release.yml": "release.yml",
    ".gitignore": "gitignore",
}


def files(package: Package) -> dict[str, str | bytes]:
    """Return the content of each file of the package, by its path: texts, and what its extensions serve as bytes.

    Raises:
        ExportError: A module of the notebook has a name that the package needs, or the health check is not there.
    """
    clash = sorted(RESERVED & set(package.module.files))
    if clash:
        raise ExportError(f"The package has a module {clash[0]} of its own. Give the notebook's another name.")
    sections, values = _sections(package), _values(package)
    templates = {path.format(name=package.name): template for path, template in TEMPLATES.items()}
    if package.bundle:
        templates[".mcpbignore"] = "mcpbignore"
    if package.auth is not None:
        templates[f"src/{package.name}/access.py"] = "access.py"
    if sections["our_health"]:
        templates[f"src/{package.name}/health.py"] = "health.py"
    written = {path: render(template, values, sections) for path, template in templates.items()}
    ours = ["call_limits.py", "caller_errors.py", "http_limits.py", "idle_sessions.py", "telemetry.py"]
    for name in (*ours, "shared_machine.py") if package.gated else ours:
        written[f"src/{package.name}/{name}"] = (files_of("mcp_notebook.server") / name).read_text(encoding="utf-8")
    if package.auth is not None:
        for one in (files_of("mcp_notebook.server") / "sign_in").iterdir():
            if one.name.endswith(".py"):
                written[f"src/{package.name}/sign_in/{one.name}"] = one.read_text(encoding="utf-8")
    written |= {f"src/{package.name}/{path}": source for path, source in package.module.files.items()}
    extensions = {f"src/{package.name}/{path}": content for path, content in package.module.extensions.items()}
    written |= {path: content for path, content in extensions.items() if isinstance(content, str)}
    written |= environment.files(package)
    written |= deploying.files(package, values, sections) if package.deploy else {}
    written |= {f"tests/{path.removeprefix('tests/')}": source for path, source in package.tests.items()}
    written |= {"requirements.lock": _lock(package), "README.md": printable(readme(package))}
    written |= {bundle.MANIFEST: bundle.manifest(package)} if package.bundle else {}
    written |= {registry.SERVER: registry.server_json(package)} if package.registry else {}
    laid_out, ignores = _tidy(written)
    if ignores:
        values, sections = values | {"ignores": ignores}, sections | {"ignores": True}
        laid_out["pyproject.toml"] = render("pyproject.toml", values, sections)
    served = {path: content for path, content in extensions.items() if isinstance(content, bytes)}
    if served:
        folders = sorted({path.split("/")[2] for path in served})
        laid_out[".gitattributes"] = "".join(f"src/{package.name}/{folder}/** -text\n" for folder in folders)
    return {**laid_out, **served}


def _sections(package: Package) -> dict[str, bool]:
    health = package.find_health()
    return {
        "auth": not package.gated,
        "gate": package.gated,
        "sign_in": package.auth is not None,
        "has_issuer": package.auth in ("jwt", "introspection"),
        **{f"auth_{kind}": package.auth == kind for kind in get_args(Auth)},
        "own_health": package.own_health,
        "our_health": not package.own_health,
        "health_given": health is not None,
        # The test of the package has no service that the check asks.
        "replaced_check": (health is not None or package.auth is not None) and not package.own_health,
        "health_sync": health is not None and health.kind == "sync",
        "health_async": health is not None and health.kind == "async",
        "share_keys": not package.own_state_keys,
        "settings": bool(package.module.settings),
        "skills": any(path.startswith("skills/") for path in package.module.extensions),
        "license": package.license is not None,
        "bundle": package.bundle,
        "registry": package.registry is not None,
        "tasks": package.tasks,
        "dask": package.dask,
        "redis": package.uses_redis,
        "no_redis": not package.uses_redis,
        "extras": bool(package.dependencies.extras),
        "hashed": bool(package.dependencies.hashes),
        "unhashed": not package.dependencies.hashes,
        "ignores": False,
        "has_nothing": not definitions(package.server),
        **{f"has_{_identifier(kind)}": bool(_names(package, kind)) for kind in KINDS},
    }


def _values(package: Package) -> dict[str, str]:
    health = package.find_health()
    return {
        "name": package.name,
        "distribution": package.distribution,
        "prefix": package.prefix,
        "title": package.docstring,
        "title_literal": repr(package.docstring),
        "variable": package.module.variable,
        "description": json.dumps(package.description, ensure_ascii=False),
        "python": package.python,
        "version": package.version,
        "registry": package.registry or "",
        "license": _license(package.license),
        "requirements": _toml_lines(package.dependencies.requirements),
        "extras": "\n".join(
            f"{name} = {json.dumps(requirements)}" for name, requirements in package.dependencies.extras.items()
        ),
        # The extras are there for the type checker.
        "test_requirements": _toml_lines(
            [
                *map(str, map(dependencies.requirement, ("httpx2", "pytest"))),
                *chain.from_iterable(package.dependencies.extras.values()),
            ]
        ),
        "ruff": version("ruff"),
        "scopes": repr(tuple(package.scopes)),
        "health_module": health.module if health else "",
        "health_function": health.function if health else "",
        **{_identifier(kind): repr(_names(package, kind)) for kind in KINDS},
    }


def _license(license: str | None) -> str:
    try:
        return canonicalize_license_expression(license) if license else ""
    except InvalidLicenseExpression as error:
        raise ExportError(f"{license!r} is not an SPDX license. Write it as in 'MIT' or 'Apache-2.0'.") from error


def _identifier(kind: str) -> str:
    return kind.replace(" ", "_") + "s"


def _names(package: Package, kind: str) -> list[str]:
    return [definition.name for definition in definitions(package.server) if definition.kind == kind]


def _toml_lines(requirements: list[str] | tuple[str, ...]) -> str:
    return "\n".join(f"    {json.dumps(requirement)}," for requirement in requirements)


def _lock(package: Package) -> str:
    needed = package.dependencies
    lines = [
        f"# What ran, on Python {platform.python_version()} on {platform.system()}, for the image and for everyone who "
        "wants exactly that.",
        "# pip install --require-hashes -r requirements.lock"
        if needed.hashes
        else "# Without hashes: no index told those of all that ran. pip install -r requirements.lock",
    ]
    if needed.unlocked:
        lines.append(f"# Not installed where this was written, so pip chooses: {', '.join(needed.unlocked)}")
    return "\n".join([*lines, *(hashes.written(pin, needed.hashes) for pin in needed.locked)]) + "\n"


def _tidy(files: Mapping[str, str]) -> tuple[dict[str, str], str]:
    """Format the Python files as their ``pyproject.toml`` tells, imports sorted.

    Returns:
        All files; and the lines of TOML that excuse what the linter still finds in the author's code.
    """
    with TemporaryDirectory() as folder:
        root = Path(folder)
        for path, text in files.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text, encoding="utf-8", newline="\n")
        _ruff(root, "check", "--select", "I", "--fix-only")
        _ruff(root, "format")
        excused: dict[str, set[str]] = {}
        for problem in json.loads(_ruff(root, "check", "--output-format", "json") or "[]"):
            path = Path(problem["filename"]).resolve().relative_to(root.resolve()).as_posix()
            excused.setdefault(path, set()).add(problem["code"])
        tidied = {
            path: (root / path).read_text(encoding="utf-8") if path.endswith(".py") else text
            for path, text in files.items()
        }
    lines = (f"{json.dumps(path)} = {json.dumps(sorted(codes))}" for path, codes in sorted(excused.items()))
    return tidied, "\n".join(lines)


def _ruff(root: Path, *arguments: str) -> str:
    command = [sys.executable, "-m", "ruff", *arguments, "--no-cache", "--quiet", "."]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, encoding="utf-8", check=False)
    return done.stdout
