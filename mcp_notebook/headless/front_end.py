"""Magics that ask something of a front end: without one they do nothing, and the notebook goes on."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from typing import Any

from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell

__all__ = ["FOR_A_PERSON", "do_without"]

FOR_A_PERSON = (
    *("autosave", "clear", "cls", "connect_info", "edit", "less", "man", "more", "qtconsole", "subshell"),
    *("tensorboard", "watermark"),
)
"""Line magics that only show something or open something: those of ipykernel, then those of extensions."""

EXTENSIONS_FOR_A_PERSON = frozenset({
    *("blackcellmagic", "google.colab.data_table", "jupyter_black", "lab_black", "nb_black"),
    *("tensorboard", "watermark"),
})  # fmt: skip
"""Extensions that format what a person types, or show something; where one is not installed, nothing is missing."""


def do_without(shell: InteractiveShell) -> None:
    """Give a shell the magics that a kernel has and IPython alone has not."""
    for name in FOR_A_PERSON:
        if name == "edit" or shell.find_line_magic(name) is None:  # IPython's %edit needs a terminal
            shell.register_magic_function(_nothing, "line", name)
    shell.extension_manager.load_extension("storemagic")  # as a kernel does
    _load_what_is_there(shell)
    for name in ("conda", "mamba", "micromamba"):
        if (install := shell.find_line_magic(name)) is not None:
            shell.register_magic_function(partial(_where_it_is_one, name, install), "line", name)


def _where_it_is_one(name: str, install: Callable[[str], Any], line: str) -> Any:
    """Run a package manager in an environment of its own; in another one, imports say what is missing."""
    try:
        return install(line)
    except ValueError as error:
        if "conda environment" not in str(error):
            raise
        print(f"%{name}: this is not an environment of conda's, so nothing was installed.", file=sys.stderr)
        return None


def _nothing(_line: str) -> None:
    """Do nothing: nobody would see it."""


def _load_what_is_there(shell: InteractiveShell) -> None:
    load = shell.find_line_magic("load_ext")

    def load_ext(line: str) -> Any:
        """Load an extension; one that is not installed is an error only where a cell could miss it."""
        name = line.strip()
        try:
            return load(line)
        except ModuleNotFoundError as error:
            if error.name is None or not f"{name}.".startswith(f"{error.name}."):
                raise  # something that the extension itself imports
            if name not in EXTENSIONS_FOR_A_PERSON:
                raise UsageError(
                    f"The extension {name!r} is not installed here. Install the package that has it, or tag this "
                    "cell skip-execution if the server can do without."
                ) from None
            print(f"%load_ext {name}: not installed, and not needed without a front end.", file=sys.stderr)
            return None

    shell.register_magic_function(load_ext, "line", "load_ext")
