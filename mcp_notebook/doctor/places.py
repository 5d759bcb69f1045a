"""Detect the front end and the service of a notebook; some services pin their own versions of Jupyter's packages."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass

from mcp_notebook.addresses import SERVICES, runtime_dir

__all__ = ["Place", "front_end", "parent_command", "place_of"]


@dataclass(frozen=True)
class Place:
    """A service that runs notebooks in its own image.

    Attributes:
        name: Its name.
        variables: One of these environment variables is set there.
        instead: The advice if a newer version of a package in its image is needed.
    """

    name: str
    variables: tuple[str, ...]
    instead: str

    def fix(self, _command: str) -> str:
        """Return the advice that replaces a command to change the image's packages."""
        return self.instead


_LEAVE = "do not change it: {} has its own version and needs it"

_INSTEAD = {
    "Colab": _LEAVE.format("Colab"),
    "Kaggle": _LEAVE.format("Kaggle"),
    "Databricks": _LEAVE.format("the Databricks runtime"),
    "Deepnote": _LEAVE.format("Deepnote"),
    "SageMaker": "do not change it, or choose a newer SageMaker image: the image has its own version",
    "Binder": "add the version to the repository's requirements; an upgrade here is lost when Binder ends",
    "JupyterHub": "ask the hub's operators for an image with it; an upgrade here may be lost when your server restarts",
}

PLACES = tuple(Place(name, variables, _INSTEAD[name]) for name, variables in SERVICES.items())

_AS_FRONT_ENDS = ("Colab", "Kaggle", "Databricks", "Deepnote")
"""The services with their own front end; the others show JupyterLab."""

_PROGRAMS = {
    "papermill": "papermill",
    "nbconvert": "nbconvert",
    "jupyter-execute": "jupyter execute",
    "pytest": "nbval",
    "qtconsole": "a Qt console",
    "jupyter-console": "a console",
    "jupyter_console": "a console",
    "spyder": "Spyder",
}
"""Programs that start a kernel themselves, by a word on their command line."""

_CLASSIC = re.compile(r"\bjupyter[- ](notebook|nbclassic)\b|-m (notebook|nbclassic)\b|\bnbserver\b")


def place_of(environ: Mapping[str, str], front_end: str = "") -> Place | None:
    """Return the service that this runs on; None on the user's own machine."""
    found = (p for p in PLACES if p.name == front_end or any(name in environ for name in p.variables))
    return next(found, None)


def front_end(
    *,
    kernel: bool,
    variables: Collection[str],
    environ: Mapping[str, str],
    modules: Collection[str],
    parent: str = "",
) -> str:
    """Return the front end of the notebook, as far as a kernel can tell.

    Args:
        kernel: False in plain IPython, which has no kernel.
        variables: The variables of the notebook; VS Code sets one.
        environ: The kernel's environment; a Jupyter server names the notebook there.
        modules: The imported modules; the kernels of Colab and Spyder have their own.
        parent: The command line of the program that started the kernel, from `parent_command`.
    """
    if not kernel:
        return "plain IPython"
    place = place_of(environ, "Colab" if "google.colab" in modules else "")
    program = next((name for word, name in _PROGRAMS.items() if re.search(rf"\b{word}\b", parent)), None)
    by_server = "JPY_SESSION_NAME" in environ
    signs = (
        (place is not None and place.name in _AS_FRONT_ENDS, place.name if place else ""),
        ("__vsc_ipynb_file__" in variables, "VS Code"),
        ("spyder_kernels" in modules, "Spyder"),
        ("pyodide_kernel" in modules, "JupyterLite"),
        ("PYCHARM_HOSTED" in environ, "PyCharm"),
        (by_server and "nbclassic" in parent, "classic Notebook (nbclassic)"),
        (by_server, "JupyterLab or Notebook"),
        (program is not None, program or ""),
        (_CLASSIC.search(parent) is not None, "classic Notebook"),
        (bool({"VSCODE_PID", "VSCODE_CWD"} & set(environ)), "VS Code"),
    )
    return next((name for applies, name in signs if applies), "a program (nbclient, nbval) or a console")


def parent_command(environ: Mapping[str, str] = os.environ) -> str:
    """Return the command line of the program that started this kernel; "" if it is not visible.

    The classic Notebook, before 7, does not tell its kernels the notebook's name. Its server leaves a file
    ``nbserver-PID.json`` in Jupyter's runtime folder, in whichever program it runs.
    """
    pid = environ.get("JPY_PARENT_PID", "")
    if not pid.isdigit():
        pid = str(os.getppid())
    if (runtime_dir() / f"nbserver-{pid}.json").exists():
        return "nbserver"
    try:
        import psutil  # imported here, because a browser tab has no processes
    except ImportError:
        return ""
    with suppress(psutil.Error, OSError):
        command = psutil.Process(int(pid)).cmdline()
        return " ".join(word.rpartition("/")[2] for word in command)
    return ""
