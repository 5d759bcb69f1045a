"""Find uv, and let it use the indexes that pip is configured for."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from pathlib import Path

__all__ = ["find", "variables"]

OF_UV = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "find-links": "UV_FIND_LINKS",
    "no-index": "UV_NO_INDEX",
    "trusted-host": "UV_INSECURE_HOST",
    "cert": "SSL_CERT_FILE",
    "proxy": "ALL_PROXY",
}
"""The variable of uv for each setting of pip about indexes."""

INDEXES = ("UV_DEFAULT_INDEX", "UV_INDEX", "UV_INDEX_URL", "UV_EXTRA_INDEX_URL", "UV_FIND_LINKS", "UV_NO_INDEX")


def find() -> str | None:
    """Return the path of uv: the one on the PATH, or the one of its wheel in this environment; None without one."""
    if (found := shutil.which("uv")) is not None:
        return found
    try:
        return str(import_module("uv").find_uv_bin())
    except (ImportError, OSError):
        return None


def variables(*, shared: bool = False) -> dict[str, str]:
    """Return the environment for uv: with the indexes of pip, unless uv is configured for indexes of its own.

    They go into the environment, not onto a command line, because a URL may have a password.

    Args:
        shared: Whether to leave out folders of this machine, which others cannot reach.
    """
    if _has_indexes():
        return dict(os.environ)
    pip = _of_pip(tuple(sorted((name, value) for name, value in os.environ.items() if name.startswith("PIP_"))))
    found = {OF_UV[name]: value for name, value in pip.items() if name in OF_UV}
    for name, separator in (("UV_INDEX", " "), ("UV_FIND_LINKS", ",")):
        places = [place for place in found.pop(name, "").split() if place.startswith("http") or not shared]
        found |= {name: separator.join(places)} if places else {}
    if "UV_INDEX" in found:
        found["UV_INDEX_STRATEGY"] = "unsafe-best-match"  # as pip does: the version decides, not the index
    return {**found, **os.environ}


def _has_indexes() -> bool:
    """Return whether a variable or a file configures uv."""
    home = Path.home()
    folders = [
        Path(os.environ.get("XDG_CONFIG_HOME") or home / ".config"),
        Path(os.environ.get("APPDATA") or home / "AppData" / "Roaming"),
        Path("/etc"),
        Path(os.environ.get("PROGRAMDATA") or "/etc"),
    ]
    files = any((folder / "uv" / "uv.toml").is_file() for folder in folders)
    return files or any(os.environ.get(name) for name in (*INDEXES, "UV_CONFIG_FILE"))


@cache
def _of_pip(_variables: tuple[tuple[str, str], ...]) -> Mapping[str, str]:
    """Return pip's settings by their names: of its variables, then of its files; none where there is no pip.

    Args:
        _variables: Those of the environment, on which the answer depends.
    """
    command = [sys.executable, "-m", "pip", "config", "list", "--disable-pip-version-check"]
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, encoding="utf-8", errors="replace",
            timeout=30, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return {}
    found: dict[str, dict[str, str]] = {"global": {}, "install": {}, ":env:": {}}
    for line in done.stdout.splitlines():
        key, _, written = line.partition("=")
        section, _, name = key.rpartition(".")
        if section in found:
            found[section][name] = _value(written)
    return {**found["global"], **found["install"], **found[":env:"]}


def _value(written: str) -> str:
    try:
        return str(ast.literal_eval(written))
    except (SyntaxError, ValueError):
        return written
