"""Lines that register what is live, written from the SDK's own entries, with only the options that matter."""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from mcp.server.mcpserver.prompts import Prompt
from mcp.server.mcpserver.resources import FunctionResource, ResourceTemplate
from mcp.server.mcpserver.tools import Tool
from pydantic import BaseModel

from mcp_notebook.export.findings import Finding
from mcp_notebook.server import Definition
from mcp_notebook.server.apps import HtmlApp
from mcp_notebook.server.data import data_tool
from mcp_notebook.server.execution import execution_of
from mcp_notebook.server.extensions.data import forms, is_lazy
from mcp_notebook.server.extensions.events.emitted import Emitted
from mcp_notebook.server.variables import SERVES
from mcp_notebook.slicing.statements import Magic

__all__ = [
    "FOLDER",
    "TIME_LIMIT",
    "TIME_LIMIT_IMPORTS",
    "decorators",
    "elsewhere",
    "exposed",
    "is_exposed",
    "is_made_otherwise",
    "is_on_dask",
    "not_exposed",
    "options",
    "variable_of",
]

FOLDER = "extensions"
"""The folder of the package with the modules that it carries."""

TIME_LIMIT_IMPORTS = (
    "import functools",
    "from collections.abc import Callable",
    "from typing import Any",
    "import anyio",
    "from mcp.server.mcpserver.exceptions import ToolError",
)
TIME_LIMIT = '''
def time_limit(seconds: float) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Stop calls of an async tool that take longer."""

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        async def limited(*args: Any, **kwargs: Any) -> Any:
            with anyio.move_on_after(seconds):
                return await function(*args, **kwargs)
            raise ToolError(f"No answer within {seconds:g} s; it was stopped.")

        return limited

    return decorate
'''.strip()

_OPTIONS = ("name", "title", "description", "mime_type", "annotations", "icons", "meta")


def options(definition: Definition) -> dict[str, Any]:
    """Return the options of the SDK's decorator that make the live entry of its function."""
    entry, function = definition.entry, definition.function
    if function is None:
        raise ValueError(f"{definition.name} has no function")
    further: dict[str, Any] = {}
    plain: BaseModel
    if isinstance(entry, Tool):
        name = entry.name if function.__name__ == "<lambda>" else None
        try:
            plain = data_tool(function, name=name)
            if entry.output_schema != plain.output_schema:
                further["structured_output"] = entry.output_schema is not None
        except Exception:  # noqa: BLE001 - no schema describes the result, and annotations are the author's code
            plain = data_tool(function, name=name, structured_output=False)
            further["structured_output"] = False
    elif isinstance(entry, Prompt):
        plain = Prompt.from_function(function)
    elif isinstance(entry, ResourceTemplate):
        plain = ResourceTemplate.from_function(function, definition.name)
    else:
        plain = FunctionResource.from_function(function, definition.name)
    values = {option: getattr(entry, option, None) for option in _OPTIONS}
    differing = {o: v for o, v in values.items() if v is not None and v != getattr(plain, o, None)}
    return differing | further


def decorators(server: str, definition: Definition, imports: list[str]) -> list[str]:
    """Write the decorators that make the live definition of its function; note the imports that they need."""
    method = definition.kind.partition(" ")[0]
    given = [repr(definition.name)] if method == "resource" else []
    given += [f"{option}={_source(value, imports)}" for option, value in options(definition).items()]
    limits = []
    if isinstance(definition.entry, Tool) and _is_async(definition):
        timeout = execution_of(definition.entry).timeout
        limits = [] if timeout is None else [f"time_limit({timeout:g})"]
    return [f"{server}.{method}({', '.join(given)})", *limits]


def _is_async(definition: Definition) -> bool:
    return inspect.iscoroutinefunction(definition.function)


def _source(value: Any, imports: list[str]) -> str:
    """Write a value as an expression; models of the SDK by their constructor."""
    if isinstance(value, BaseModel):
        kind = type(value).__name__
        imports.append(f"from mcp_types import {kind}")
        given = {name: getattr(value, name) for name in type(value).model_fields}
        return f"{kind}({', '.join(f'{k}={_source(v, imports)}' for k, v in given.items() if v is not None)})"
    if isinstance(value, list):
        return f"[{', '.join(_source(item, imports) for item in value)}]"
    return repr(value)


def elsewhere(definition: Definition, cell: int) -> Iterator[Finding]:
    """Warn if calls of the package will run otherwise than here."""
    if not isinstance(definition.entry, Tool):
        return
    run_on, timeout = execution_of(definition.entry)
    if run_on == "dask":
        yield _set_up(cell, definition)
    usual = "loop" if _is_async(definition) else "worker"
    if run_on not in (usual, "dask"):
        there = "on the server's event loop" if _is_async(definition) else "on a worker thread"
        what = f"--run-on {run_on} only has a meaning in the notebook; the package runs it {there}."
        yield Finding("warns", cell, definition.name, what, "Make sure that what it uses may be used there.")
    if timeout is not None and not _is_async(definition):
        what = f"its time limit of {timeout:g} s is not in the package: a thread cannot be stopped."
        way_out = "Make it an async def that awaits, or give what it waits for a time limit."
        yield Finding("warns", cell, definition.name, what, way_out)


def is_on_dask(definition: Definition) -> bool:
    """Return whether calls of the definition run on a Dask cluster."""
    return isinstance(definition.entry, Tool) and execution_of(definition.entry).run_on == "dask"


def _set_up(cell: int, definition: Definition) -> Finding:
    what = "it runs on Dask if the package has its extra dask, at workers on its machine; without, in its process."
    way_out = "For a cluster, set the address that .env.example names."
    return Finding("notes", cell, definition.name, what, way_out)


# --- variables that %mcp expose made resources, as functions that return them

_DRAWN_BY = {
    "text/html": "_repr_html_",
    "text/markdown": "_repr_markdown_",
    "text/latex": "_repr_latex_",
    "image/svg+xml": "_repr_svg_",
    "image/png": "_repr_png_",
    "image/jpeg": "_repr_jpeg_",
}
"""The methods by which objects draw themselves, with IPython or without it."""


def is_exposed(definition: Definition) -> bool:
    """Return whether ``%mcp expose`` made the definition."""
    return getattr(definition.function, "__module__", "") == "mcp_notebook.session.exposures"


def is_made_otherwise(definition: Definition) -> bool:
    """Return whether no function in a cell makes the definition: it is a variable's, a text, or for what is emitted."""
    return is_exposed(definition) or isinstance(definition.entry, HtmlApp | Emitted)


def variable_of(definition: Definition) -> str:
    """Return the variable that a definition of ``%mcp expose`` serves."""
    return str(getattr(definition.function, SERVES, definition.entry.name))


def exposed(server: str, definition: Definition, namespace: Mapping[str, Any], imports: list[str]) -> str | None:
    """Write the resource or the tool that serves a variable; None if only IPython can draw its value."""
    variable, form = variable_of(definition), str(getattr(definition.entry, "mime_type", "text/plain"))
    value = namespace.get(variable)
    if isinstance(definition.entry, Tool):
        imports += ["from mcp_types import ToolAnnotations", f"from .{FOLDER}.data import query_of"]
        made = f"query_of(lambda: {variable}, {variable!r})"
        return f"{server}.add_tool({made}, annotations=ToolAnnotations(read_only_hint=True))"
    of_data = _of_data(definition.name, variable, form, value, imports)
    kind, returned, end = of_data or (*_of_value(definition, variable, form, value, imports), "")
    if returned is None:
        return None
    given = {"name": definition.entry.name, "description": definition.entry.description}
    given |= {} if form == "text/plain" else {"mime_type": form}
    words = "".join(f", {name}={word!r}" for name, word in given.items())
    return (
        f"@{server}.resource({definition.name!r}{words})\ndef read_{variable}{end}() -> {kind}:\n    return {returned}"
    )


def _of_data(uri: str, variable: str, form: str, value: Any, imports: list[str]) -> tuple[str, str, str] | None:
    """Return the type, the expression and the end of the name for a table or an array; None for another value."""
    files = forms(value)
    suffix = next((suffix for suffix, kind in files.items() if kind == form), None)
    if suffix is not None:
        imports.append(f"from .{FOLDER}.data import as_file")
        return "str | bytes", f"as_file({variable}, {suffix!r})", f"_{suffix}"
    if (files or is_lazy(value)) and form == "text/markdown":
        imports.append(f"from .{FOLDER}.data import as_text")
        return "str", f"as_text({variable}, {uri!r})", ""
    return None


def _of_value(
    definition: Definition, variable: str, form: str, value: Any, imports: list[str]
) -> tuple[str, str | None]:
    """Return the type and the expression for a value; no expression if only IPython can draw it."""
    if (form, type(value)) in (("text/plain", str), ("application/octet-stream", bytes)):
        return type(value).__name__, variable
    if form == "application/json" and _is_json(value):
        imports.append("import json")
        return "str", f"json.dumps({variable}, ensure_ascii=False)"
    if form == "application/json":
        # A date or a Decimal, say, as the notebook writes it.
        imports += ["import json", "from pydantic_core import to_jsonable_python"]
        return "str", f"json.dumps(to_jsonable_python({variable}, fallback=str), ensure_ascii=False)"
    if _draws_itself(definition, value, method := _DRAWN_BY.get(form, "")):
        return ("bytes" if form in ("image/png", "image/jpeg") else "str"), f"{variable}.{method}()"
    return "str", None


def _draws_itself(definition: Definition, value: Any, method: str) -> bool:
    """Return whether the value's own method gives what clients read: IPython may have been told to draw otherwise."""
    if definition.function is None or not callable(getattr(value, method, None)):
        return False
    try:
        return bool(getattr(value, method)() == definition.function())
    except Exception:  # noqa: BLE001 - it is code of the author's
        return False


def _is_json(value: Any) -> bool:
    try:
        json.dumps(value)
    except (TypeError, ValueError):
        return False
    return True


def not_exposed(definition: Definition, magics: Iterable[Magic], namespace: Mapping[str, Any]) -> Finding:
    """Return the finding for a variable that a package cannot offer as a resource."""
    variable = variable_of(definition)
    cells = [magic.cell for magic in magics if "expose" in magic.text and variable in magic.text.split()]
    kind = type(namespace.get(variable)).__name__
    what = f"IPython draws this {kind} for its readers, and the package does not have IPython."
    way_out = f"Write a resource that returns its text or bytes: %%mcp_resource {definition.name}."
    return Finding("stops", cells[-1] if cells else None, variable, what, way_out)
