"""Jupyter's runtime directory, computed as jupyter_core does it.

Importing jupyter_core takes 25 ms, a quarter of the time that the bridge has for its first answer. A test compares the
two results.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

__all__ = ["chosen_runtime_dir", "runtime_dir"]


def runtime_dir() -> Path:
    """Return the directory; it may not exist yet."""
    if named := os.environ.get("JUPYTER_RUNTIME_DIR"):
        return Path(named)
    if os.environ.get("JUPYTER_PLATFORM_DIRS", "no").lower() not in ("no", "n", "false", "off", "0", "0.0"):
        # The user set this variable, and another library computes the path, so the import is worth its time.
        from jupyter_core.paths import jupyter_runtime_dir

        return Path(jupyter_runtime_dir())
    return _data_dir() / "runtime"


def chosen_runtime_dir() -> Path | None:
    """Return the directory if the environment of this process sets it; None if it is the usual one.

    A process with another environment, such as a host's, would look in the usual one.
    """
    return runtime_dir() if any(name in os.environ for name in _CHOOSE) else None


_CHOOSE = ("JUPYTER_RUNTIME_DIR", "JUPYTER_DATA_DIR", "JUPYTER_PLATFORM_DIRS", "XDG_DATA_HOME")


def _data_dir() -> Path:
    if named := os.environ.get("JUPYTER_DATA_DIR"):
        return Path(named)
    home = Path.home().resolve()
    if sys.platform == "darwin":
        return home / "Library" / "Jupyter"
    if sys.platform == "win32":
        if appdata := os.environ.get("APPDATA"):
            return Path(appdata, "jupyter").resolve()
        return Path(os.environ.get("JUPYTER_CONFIG_DIR") or home / ".jupyter", "data")
    return Path(os.environ.get("XDG_DATA_HOME") or home / ".local" / "share", "jupyter")
