"""Pickle a function so that it runs elsewhere: with the code of the notebook or of the package, by value."""

from __future__ import annotations

import io
import site
import sys
from collections.abc import Callable, Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from sysconfig import get_paths
from types import CodeType, ModuleType
from typing import Any

from mcp.server.mcpserver.exceptions import ToolError

__all__ = ["EXTRA", "PACKAGE", "is_installed", "packed"]

PACKAGE = __name__.partition(".")[0]
"""The package that this folder is a part of."""

EXTRA = f"{PACKAGE.replace('_', '-')}[dask]"
"""The requirement that installs Dask beside it."""

FLIPPED = bytes(255 - each for each in range(256))
"""The same table as in `worker`, which imports nothing from here."""

_seen: set[str] = set()
_newest: tuple[int, str] | None = None
"""Number of modules and name of the last one, when they were last looked at: comparing all names delays each call."""


@cache
def is_installed() -> bool:
    """Return whether Dask is here."""
    return find_spec("distributed") is not None


def packed(function: Callable[..., Any], arguments: Mapping[str, Any], context: str | None, request: str) -> bytes:
    """Return the payload for `worker.run`, with its bytes `FLIPPED`.

    Code that the workers need not have travels by value: the notebook's, that of this package, and that of modules in
    the current folder. Everything else is imported there.

    Raises:
        ToolError: A value that the function uses cannot be pickled.
    """
    _by_value()
    try:
        return _dumps((function, dict(arguments), context, request))
    except Exception as error:
        name = getattr(function, "__name__", "function")
        raise ToolError(
            f"{name} cannot be sent to Dask, because it uses something that belongs to this process ({reason(error)}). "
            "Open or make that inside the function, or run the tool here."
        ) from error


def _dumps(value: Any) -> bytes:
    out = io.BytesIO()
    _pickler()(out).dump(value)
    return out.getvalue().translate(FLIPPED)


@cache
def _pickler() -> Any:
    import cloudpickle

    class Pickler(cloudpickle.Pickler):  # type: ignore[misc] # it has no types
        def reducer_override(self, obj: Any) -> Any:
            if not isinstance(obj, CodeType):
                return super().reducer_override(obj)
            make, parts = self.dispatch_table[CodeType](obj)
            # Without the name of the file, a traceback could not show the author's lines.
            return make, tuple(obj.co_filename if part == "<dynamic-code>" else part for part in parts)

    return Pickler


def reason(error: BaseException) -> str:
    """Return the class and the words of an error, in one line."""
    text = " ".join(str(error).split())[:300]
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _by_value() -> None:
    """Let the modules of the author travel by value; each is looked at once."""
    import cloudpickle

    global _newest
    newest = len(sys.modules), next(reversed(sys.modules))
    if newest == _newest:
        return
    _newest, new = newest, sys.modules.keys() - _seen
    _seen.update(new)
    here, installed = Path.cwd(), {Path(path) for path in (*get_paths().values(), site.getusersitepackages())}
    for name in new:
        module = sys.modules.get(name)
        if name == "__main__" or not isinstance(module, ModuleType):
            continue
        if name == PACKAGE or _is_in(module, here, installed):
            cloudpickle.register_pickle_by_value(module)


def _is_in(module: ModuleType, folder: Path, installed: set[Path]) -> bool:
    place = getattr(module, "__file__", None)
    if not place:
        return False
    above = set(Path(place).resolve().parents)
    return folder in above and not above & installed
