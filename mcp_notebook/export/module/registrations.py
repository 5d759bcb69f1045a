"""Which statements put on a server what is there now, and which of those that did before are superseded."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from mcp.server.mcpserver import MCPServer

from mcp_notebook.export.closure import names
from mcp_notebook.export.closure.statements import Notebook, Statement
from mcp_notebook.export.findings import Finding
from mcp_notebook.export.module.exposed import is_exposed
from mcp_notebook.export.module.magic_lines import Line, lines
from mcp_notebook.server import Definition, definitions
from mcp_notebook.server.changes import Kind

__all__ = ["Key", "Registration", "Registrations", "is_main", "of", "runs"]

Key = tuple[Kind, str]

DECORATORS: dict[str, tuple[Kind, ...]] = {
    "tool": ("tool",),
    "resource": ("resource", "resource template"),
    "prompt": ("prompt",),
}
ADDERS: dict[str, tuple[Kind, ...]] = {
    "add_tool": ("tool",),
    "add_resource": ("resource",),
    "add_prompt": ("prompt",),
}
CHANGING = {*DECORATORS, *ADDERS, "completion", "custom_route", "middleware"}
"""What of a server changes it where it is used in a function."""

READING = {
    "run", "run_stdio_async", "run_sse_async", "run_streamable_http_async", "streamable_http_app", "sse_app",
    "list_tools", "list_resources", "list_resource_templates", "list_prompts", "call_tool", "read_resource",
    "get_prompt", "name", "title", "description", "instructions", "version", "icons", "website_url", "settings",
    "session_manager", "runtime", "dependencies", "remove_tool",
}  # fmt: skip
"""What of a server leaves it as it is, or (the last) takes off what the package never registers."""


@dataclass(frozen=True)
class Registration:
    """One place in the cells that registers one definition.

    Attributes:
        statement: That it is in; of a magic, the one that defines the function.
        kinds: What it makes: one of these.
        name: Of what it makes; None where only running it tells.
        decorator: Its place among the decorators of the statement; None for a call, or a magic.
        line: The magic that made it.
    """

    statement: Statement
    kinds: tuple[Kind, ...]
    name: str | None
    decorator: int | None = None
    line: Line | None = None

    @property
    def source(self) -> str:
        """The source of the decorator."""
        decorators = getattr(self.statement.node, "decorator_list", [])
        return "" if self.decorator is None else ast.unparse(decorators[self.decorator])

    @property
    def order(self) -> tuple[int, int]:
        """When it ran."""
        return (self.line.cell if self.line else self.statement.cell, self.statement.index)


@dataclass
class Registrations:
    """What the cells have to do with one server.

    Attributes:
        aliases: The variables that hold it.
        begun: The index of the statement that made it; -1 where a magic did.
        definitions: What is live on it, in its order.
        makers: For each definition, what registered it; none for those that no single place did.
        superseded: The decorators that go, by the index of their statement.
        others: Statements that change the server in another way, such as a loop that registers.
        left_out: Statements that are never carried.
        findings: What cannot be told, and what is left out.
    """

    aliases: frozenset[str]
    begun: int
    definitions: dict[Key, Definition]
    makers: dict[Key, Registration] = field(default_factory=dict)
    superseded: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))
    others: list[Statement] = field(default_factory=list)
    left_out: list[Statement] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    def made_in(self, index: int) -> dict[Key, Registration]:
        """Return what the statement with this index registers, in the order of the live list."""
        return {key: maker for key, maker in self.makers.items() if maker.statement.index == index}

    @property
    def cells(self) -> dict[Key, int | None]:
        """The number of the cell of each definition."""
        return {
            key: maker.statement.cell if (maker := self.makers.get(key)) else _cell(definition)
            for key, definition in self.definitions.items()
        }


def _cell(definition: Definition) -> int | None:
    return definition.cell.execution_count if definition.cell else None


def of(
    notebook: Notebook, server: MCPServer[Any], aliases: Iterable[str], namespace: Mapping[str, Any]
) -> Registrations:
    """Find what the cells have to do with a server that these variables hold."""
    held = frozenset(aliases)
    found = Registrations(held, _begun(notebook, held), {(d.kind, d.name): d for d in definitions(server)})
    since = [statement for statement in notebook.statements if statement.index > found.begun]
    sites = [site for statement in since for site in _sites(statement, found.aliases, namespace)]
    sites += _magics(notebook, {server.name, *found.aliases})
    sites.sort(key=lambda site: site.order)
    for key, definition in found.definitions.items():
        maker = _maker(key, definition, sites, notebook)
        if maker is not None:
            found.makers[key] = maker
    _supersede(found, sites)
    for statement in notebook.statements[: max(found.begun, 0)]:
        for site in _sites(statement, found.aliases, namespace):
            if site.decorator is not None:  # on the server that the variable held before
                found.superseded[statement.index].add(site.decorator)
    ours = {id(site.statement) for site in sites}
    changing = [s for s in since if id(s) not in ours and _changes(s, found.aliases, notebook, namespace)]
    found.others = _latest([*changing, *_decorated_homes(found, notebook)])
    found.left_out += [s for s in notebook.statements if is_main(s.node)]
    found.findings += _unaccounted(found, notebook)
    return found


def _decorated_homes(found: Registrations, notebook: Notebook) -> Iterator[Statement]:
    """Yield functions that a decorator registered which is not seen to be the server's, being in a variable."""
    for key, definition in found.definitions.items():
        home = _home(definition, notebook) if key not in found.makers else None
        if home is not None and getattr(home.node, "decorator_list", []) and _is_function(home, definition):
            yield home


def _is_function(home: Statement, definition: Definition) -> bool:
    return getattr(home.node, "name", "") == getattr(definition.function, "__name__", "")


def _unaccounted(found: Registrations, notebook: Notebook) -> Iterator[Finding]:
    """Say of which definitions no cell can be seen to register them."""
    if found.others or _makes_more(found, notebook):
        return
    for (kind, name), definition in found.definitions.items():
        if (kind, name) not in found.makers and not is_exposed(definition):
            yield Finding(
                "stops",
                _cell(definition),
                name,
                f"this {kind} is on the server, and no cell registers it; a call did, or code outside of the cells.",
                f"Register it in a cell, or take it off: %mcp remove {name}.",
            )


def _makes_more(found: Registrations, notebook: Notebook) -> bool:
    """Whether making the server may have registered on it."""
    if found.begun < 0:
        return False
    value = getattr(notebook.statements[found.begun].node, "value", None)
    if not isinstance(value, ast.Call) or not ast.unparse(value.func).endswith("MCPServer"):
        return True
    return any(keyword.arg in (None, "tools", "resources", "extensions") for keyword in value.keywords)


def _begun(notebook: Notebook, aliases: frozenset[str]) -> int:
    naming = [s for s in notebook.statements if any(alias in s.text for alias in aliases)]
    bound = {name: s.index for s in naming for name in names.of(s.node).binds & aliases}
    return min(bound.values(), default=-1)


def _sites(statement: Statement, aliases: frozenset[str], namespace: Mapping[str, Any]) -> Iterator[Registration]:
    """Yield the registrations that a statement is, by a decorator or by a call."""
    node = statement.node
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        for place, decorator in enumerate(node.decorator_list):
            if (method := _method(decorator, aliases)) in DECORATORS:
                yield Registration(statement, DECORATORS[method], _decorated_name(method, decorator, node.name), place)
    elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        call = node.value
        if (method := _method(call, aliases)) in ADDERS:
            yield Registration(statement, ADDERS[method], _added_name(method, call, namespace))
        elif isinstance(call.func, ast.Call) and (method := _method(call.func, aliases)) in DECORATORS and call.args:
            name = _decorated_name(method, call.func, _function_name(call.args[0], namespace))
            yield Registration(statement, DECORATORS[method], name)


def _method(node: ast.expr, aliases: frozenset[str]) -> str:
    """Return the method of the server that a decorator or call is of; "" for another."""
    function = node.func if isinstance(node, ast.Call) else node
    if isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name) and function.value.id in aliases:
        return function.attr
    return ""


def _decorated_name(method: str, node: ast.expr, function: str | None) -> str | None:
    call = node if isinstance(node, ast.Call) else ast.Call(node, [], [])
    option = "uri" if method == "resource" else "name"
    given = call.args[0] if call.args else _keyword(call, option)
    return _text(given) if given is not None or method == "resource" else function


def _added_name(method: str, call: ast.Call, namespace: Mapping[str, Any]) -> str | None:
    if not call.args:
        return None
    added = call.args[0]
    if method == "add_tool":
        given = call.args[1] if len(call.args) > 1 else _keyword(call, "name")
        return _text(given) if given is not None else _function_name(added, namespace)
    option = "uri" if method == "add_resource" else "name"
    if isinstance(added, ast.Name):
        value = getattr(namespace.get(added.id), option, None)
        return str(value) if value is not None else None
    if isinstance(added, ast.Call):
        given = _keyword(added, option)
        if given is None and option == "name" and added.args:
            return _function_name(added.args[0], namespace)
        return _text(given)
    return None


def _keyword(call: ast.Call, name: str) -> ast.expr | None:
    return next((keyword.value for keyword in call.keywords if keyword.arg == name), None)


def _text(node: ast.expr | None) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def _function_name(node: ast.expr, namespace: Mapping[str, Any]) -> str | None:
    if isinstance(node, ast.Name):
        name = getattr(namespace.get(node.id), "__name__", None)
        return str(name) if name is not None else node.id
    return None


def _magics(notebook: Notebook, servers: Iterable[str]) -> Iterator[Registration]:
    """Yield what the magics registered, on this server as far as their line tells."""
    for line in lines(notebook.magics):
        if line.options.get("server", next(iter(servers))) not in servers:
            continue
        here = _functions(s for s in notebook.statements if s.cell == line.cell)
        earlier = _functions(s for s in notebook.statements if s.cell < line.cell)
        public = [name for name in here if not name.startswith("_")]
        chosen = line.functions or public
        for function, key in zip(chosen, line.keys(public), strict=False):
            statement = here.get(function) or earlier.get(function)
            if statement is not None:
                yield Registration(statement, line.kinds, key, line=line)


def _functions(statements: Iterable[Statement]) -> dict[str, Statement]:
    """Return the statements that bind functions, in the branches of an ``if`` too, by the functions' names."""
    return {name: statement for statement in statements for name in _defined(statement.node)}


def _defined(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        yield node.name
    elif not isinstance(node, ast.ClassDef | ast.expr):
        for child in ast.iter_child_nodes(node):
            yield from _defined(child)


def _maker(key: Key, definition: Definition, sites: list[Registration], notebook: Notebook) -> Registration | None:
    kind, name = key
    home = _home(definition, notebook)
    fitting = [site for site in reversed(sites) if kind in site.kinds and site.name in (None, name)]
    tests: tuple[Callable[[Registration], bool], ...] = (
        lambda site: site.statement is home,
        lambda site: site.name == name,
        lambda site: True,
    )
    return next((site for test in tests for site in fitting if test(site)), None)


def _home(definition: Definition, notebook: Notebook) -> Statement | None:
    """Return the statement that has the code of a definition's function."""
    code = getattr(definition.function, "__code__", None)
    cell = _cell(definition)
    if code is None or cell is None:
        return None
    same = [s for s in notebook.statements if s.cell == cell]
    at_line = [s for s in same if s.first <= code.co_firstlineno <= s.last and _has(s, code.co_name)]
    return next(iter([*at_line, *(s for s in reversed(same) if _has(s, code.co_name))]), None)


def _has(statement: Statement, function: str) -> bool:
    return function == "<lambda>" or function in statement.text


def _supersede(found: Registrations, sites: list[Registration]) -> None:
    """Take out the registrations that made nothing of what is live; the magics' leave nothing in a statement."""
    making = {id(maker) for maker in found.makers.values()}
    for site in sites:
        if id(site) in making or site.line is not None:
            continue
        if site.decorator is None:
            found.left_out.append(site.statement)
        else:
            found.superseded[site.statement.index].add(site.decorator)
    for maker in found.makers.values():
        # The magic registered the function anew, in the place of what its decorators did.
        if maker.line is not None:
            same = [site.decorator for site in sites if site.statement is maker.statement]
            found.superseded[maker.statement.index].update(place for place in same if place is not None)


def _changes(statement: Statement, aliases: frozenset[str], notebook: Notebook, namespace: Mapping[str, Any]) -> bool:
    """Whether running a statement changes the server, as far as reading it tells."""
    node = statement.node
    if not any(alias in statement.text for alias in aliases) or is_main(node):
        return False
    if not names.of(node).reads & aliases:
        return False
    return any(_change(part, aliases, notebook, namespace) for part in ast.walk(node))


def is_main(node: ast.stmt) -> bool:
    """Whether a statement is the end of a script: ``if __name__ == "__main__"``."""
    return isinstance(node, ast.If) and any(isinstance(n, ast.Name) and n.id == "__name__" for n in ast.walk(node.test))


def runs(node: ast.stmt, aliases: frozenset[str]) -> bool:
    """Whether a statement starts the server, as the last line of a script does."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and _method(node.value, aliases) == "run"


def _change(part: ast.AST, aliases: frozenset[str], notebook: Notebook, namespace: Mapping[str, Any]) -> bool:
    if isinstance(part, ast.Attribute) and isinstance(part.value, ast.Name) and part.value.id in aliases:
        return part.attr not in READING or not isinstance(part.ctx, ast.Load)
    if isinstance(part, ast.Call):
        passed = [*part.args, *(keyword.value for keyword in part.keywords)]
        if any(isinstance(value, ast.Name) and value.id in aliases for value in passed):
            return _registers(part.func, notebook, namespace)
    return False


def _registers(function: ast.expr, notebook: Notebook, namespace: Mapping[str, Any]) -> bool:
    """Whether what is called with the server may register on it."""
    name = next((n.id for n in ast.walk(function) if isinstance(n, ast.Name)), "")
    defining = [s for s in notebook.statements if name in s.text and name in names.of(s.node).binds]
    if defining and isinstance(defining[-1].node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return any(isinstance(n, ast.Attribute) and n.attr in CHANGING for n in ast.walk(defining[-1].node))
    called = namespace.get(name)
    module = str(getattr(called, "__module__", None) or getattr(called, "__name__", ""))
    return bool(module) and not module.startswith(("builtins", "IPython", "mcp.", "mcp_notebook", "asyncio", "anyio"))


def _latest(statements: list[Statement]) -> list[Statement]:
    """Return them without those that ran again later, or that a later one takes the place of."""
    return sorted({_place(s): s for s in statements}.values(), key=lambda statement: statement.index)


def _place(statement: Statement) -> str:
    """Return what two statements have in common where the later takes the place of the earlier."""
    node = statement.node
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        # A server has one handler of completions.
        one = any(".completion" in ast.unparse(decorator) for decorator in node.decorator_list)
        return "completion" if one else f"def {node.name}"
    return ast.dump(node)
