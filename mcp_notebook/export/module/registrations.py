"""The statements that made the live entries of a server, and those that are superseded.

The live entries decide what a package registers. A decorator or call of the author's that made one is kept; for the
entries that magics made, `entries` writes the decorator.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from mcp.server.mcpserver import MCPServer

from mcp_notebook.export.findings import Finding
from mcp_notebook.export.module.entries import is_made_otherwise
from mcp_notebook.export.module.extensions import live_definitions
from mcp_notebook.export.module.server_uses import METHODS, ServerUses, is_main, method_of, removed_names
from mcp_notebook.server import Definition
from mcp_notebook.server.changes import Kind
from mcp_notebook.server.event_types import EVENT
from mcp_notebook.slicing import names
from mcp_notebook.slicing.statements import Magic, Notebook, Statement

__all__ = ["Key", "Registration", "Registrations", "of"]

Key = tuple[Kind, str]

_Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Registration:
    """A statement that registers one definition.

    Attributes:
        statement: The statement; of a magic, the one that defines the function.
        cell: The cell that registered.
        method: The method of the server that it uses; "" for a magic.
        name: The name of the definition; None if only running the statement tells it.
        decorator: The place of the decorator among those of the function; None for a call or a magic.
    """

    statement: Statement
    cell: int
    method: str = ""
    name: str | None = None
    decorator: int | None = None

    @property
    def source(self) -> str:
        """The source of the decorator; "" for a call or a magic."""
        decorators = getattr(self.statement.node, "decorator_list", [])
        return "" if self.decorator is None else ast.unparse(decorators[self.decorator])


@dataclass
class Registrations:
    """All that the cells have to do with one server.

    Attributes:
        aliases: The variables that hold it.
        begun: The index of the statement that made it; -1 if a magic did.
        definitions: The live definitions, in their order.
        makers: The registration of each definition that a single statement made.
        superseded: The places of decorators that go, by the index of their statement.
        others: Statements that change the server in another way, such as a loop that registers.
        left_out: Statements that a package never carries.
        taken_off: Definitions that are gone, and that `others` may register again.
        findings: Definitions that cannot be carried.
    """

    aliases: frozenset[str]
    begun: int
    definitions: dict[Key, Definition]
    makers: dict[Key, Registration] = field(default_factory=dict)
    superseded: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))
    others: list[Statement] = field(default_factory=list)
    left_out: list[Statement] = field(default_factory=list)
    taken_off: list[Key] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    @property
    def cells(self) -> dict[Key, int | None]:
        """The number of the cell of each definition."""
        return {
            key: maker.statement.cell if (maker := self.makers.get(key)) else _cell_of(definition)
            for key, definition in self.definitions.items()
        }


def of(
    notebook: Notebook,
    server: MCPServer[Any],
    aliases: Iterable[str],
    namespace: Mapping[str, Any],
    gone: Iterable[Key] = (),
) -> Registrations:
    """Find what the cells have to do with a server that these variables hold.

    Args:
        notebook: All that ran.
        server: The server.
        aliases: The variables.
        namespace: The notebook's variables.
        gone: Definitions that the server offered once, and offers no longer.
    """
    held = frozenset(aliases)
    found = Registrations(held, _begun(notebook, held), live_definitions(server))
    sites = [site for statement in notebook.statements for site in _sites(statement, held, namespace)]
    ours = [site for site in sites if site.statement.index > found.begun]
    homes = {key: _home(definition, notebook) for key, definition in found.definitions.items()}
    for key, home in homes.items():
        maker = _maker(key, home, ours)
        magic = None if home is None else _magic(found.definitions[key], home, notebook, {server.name, *held})
        if home is not None and magic is not None and (maker is None or magic.cell >= maker.cell):
            maker = Registration(home, magic.cell)
        if maker is not None:
            found.makers[key] = maker
    _supersede(found, sites)
    registering = {site.statement.index for site in ours}
    uses = ServerUses(notebook, server, held, namespace, set(map(_function_name, found.definitions.values())))
    others = [s for s in notebook.statements[found.begun + 1 :] if s.index not in registering and uses.change(s.node)]
    # The decorator of such a function is in a variable.
    others += [s for key, s in homes.items() if s is not None and key not in found.makers and _is_decorated(s)]
    found.others = sorted({_place(s): s for s in others}.values(), key=lambda statement: statement.index)
    found.left_out += [s for s in notebook.statements if is_main(s.node)]
    whole = [*found.others, *([notebook.statements[found.begun]] if _makes_more(found, notebook) else [])]
    if whole:
        taken = [*gone, *(("tool", name) for name in removed_names(notebook, held))]
        _take_off(taken, found, {site.name for site in ours}, whole)
    else:
        found.findings += _unaccounted(found)
    return found


def _begun(notebook: Notebook, aliases: frozenset[str]) -> int:
    naming = [s for s in notebook.statements if any(alias in s.text for alias in aliases)]
    bound = {name: s.index for s in naming for name in names.of(s.node).binds & aliases}
    return min(bound.values(), default=-1)


# --- which statement made a definition


def _sites(statement: Statement, aliases: frozenset[str], namespace: Mapping[str, Any]) -> Iterator[Registration]:
    """Yield the registrations that a statement is, by its decorators or as a call."""
    node = statement.node
    calls: list[tuple[ast.expr, int | None, str | None]] = []
    if isinstance(node, _Function):
        calls = [(decorator, place, node.name) for place, decorator in enumerate(node.decorator_list)]
    elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        # mcp.add_tool(function), or mcp.tool()(function)
        call = node.value
        function = _live_name(next(iter(call.args), None), "__name__", namespace)
        calls = [(call.func if isinstance(call.func, ast.Call) else call, None, function)]
    for used, place, function in calls:
        method = method_of(used, aliases)
        if method in METHODS:
            yield Registration(statement, statement.cell, method, _name(method, used, function, namespace), place)


def _name(method: str, node: ast.expr, function: str | None, namespace: Mapping[str, Any]) -> str | None:
    """Return the name that a decorator or call registers; None if only running it tells."""
    option = "uri" if "resource" in method else "name"
    given: list[ast.expr] = getattr(node, "args", [])
    if method in ("add_resource", "add_prompt"):
        entry = given[0] if given else None
        if not isinstance(entry, ast.Call):
            return _live_name(entry, option, namespace)
        function = _live_name(next(iter(entry.args), None), "__name__", namespace)
        node, given = entry, []
    elif method == "add_tool":
        given = given[1:]
    options = [word.value for word in getattr(node, "keywords", []) if word.arg == option]
    value = next(iter([*given, *options]), None)
    if value is None:
        return function if option == "name" else None
    return value.value if isinstance(value, ast.Constant) and isinstance(value.value, str) else None


def _live_name(node: ast.expr | None, attribute: str, namespace: Mapping[str, Any]) -> str | None:
    name = getattr(namespace.get(node.id), attribute, None) if isinstance(node, ast.Name) else None
    return str(name) if name is not None else None


def _maker(key: Key, home: Statement | None, sites: Sequence[Registration]) -> Registration | None:
    """Return the latest registration that may have made a definition: that of its code, or of its name."""
    fitting = [site for site in reversed(sites) if key[0] in METHODS[site.method] and site.name in (None, key[1])]
    return min(fitting, key=lambda site: (site.statement is not home, site.name is None), default=None)


def _home(definition: Definition, notebook: Notebook) -> Statement | None:
    """Return the statement that has the code of a definition's function."""
    code = getattr(definition.function, "__code__", None)
    if code is None:
        return None
    same = [s for s in notebook.statements if s.cell == _cell_of(definition)]
    same = [s for s in reversed(same) if code.co_name == "<lambda>" or code.co_name in s.text]
    return min(same, key=lambda s: not s.first <= code.co_firstlineno <= s.last, default=None)


def _magic(definition: Definition, home: Statement, notebook: Notebook, servers: set[str]) -> Magic | None:
    """Return the latest magic that registered the function of a definition."""
    for magic in reversed(notebook.magics):
        before, _, after = magic.text.split("\n")[0].replace("--app=", "--app ").partition(" --app ")
        if definition.kind == "resource" and after.split()[:1] == [_function_name(definition)]:
            return magic
        words, made = [*before.split(), *after.split()[1:]], magic.name.removeprefix("mcp_")
        if definition.kind not in METHODS.get(made, (made,)) or (made == EVENT and definition.name not in words):
            continue
        if "--server" in words[:-1] and words[words.index("--server") + 1] not in servers:
            continue
        if _function_name(definition) in words:
            return magic
        if magic.cell == home.cell:  # without a name that it defines, a cell means all of its functions
            here = {name for s in notebook.statements if s.cell == magic.cell for name in _functions(s.node)}
            if not here.intersection(words):
                return magic
    return None


def _functions(node: ast.AST) -> Iterator[str]:
    """Yield the functions that a statement defines, in its branches too."""
    if isinstance(node, _Function):
        yield node.name
    elif not isinstance(node, ast.ClassDef | ast.expr):
        for child in ast.iter_child_nodes(node):
            yield from _functions(child)


def _cell_of(definition: Definition) -> int | None:
    return definition.cell.execution_count if definition.cell else None


def _function_name(definition: Definition) -> str:
    return str(getattr(definition.function, "__name__", definition.name))


# --- the other statements


def _supersede(found: Registrations, sites: Sequence[Registration]) -> None:
    """Note which decorators and calls made nothing that is live."""
    making = {(maker.statement.index, maker.decorator) for maker in found.makers.values() if maker.method}
    for site in sites:
        if (site.statement.index, site.decorator) in making:
            continue
        if site.decorator is None:
            found.left_out.append(site.statement)
        else:
            found.superseded[site.statement.index].add(site.decorator)


def _is_decorated(statement: Statement) -> bool:
    return isinstance(statement.node, _Function) and bool(statement.node.decorator_list)


def _place(statement: Statement) -> str:
    """Return what two statements have in common if the later takes the place of the earlier."""
    node = statement.node
    if isinstance(node, _Function):
        # A server has one handler of completions.
        one = any(".completion" in ast.unparse(decorator) for decorator in node.decorator_list)
        return "completion" if one else f"def {node.name}"
    return ast.dump(node)


def _makes_more(found: Registrations, notebook: Notebook) -> bool:
    """Return whether making the server may have registered on it."""
    if found.begun < 0:
        return False
    value = getattr(notebook.statements[found.begun].node, "value", None)
    if not isinstance(value, ast.Call) or not ast.unparse(value.func).endswith("MCPServer"):
        return True
    return any(keyword.arg in (None, "tools", "resources", "extensions") for keyword in value.keywords)


def _take_off(gone: Iterable[Key], found: Registrations, single: set[str | None], whole: list[Statement]) -> None:
    """Note what statements that are carried as a whole would register again. The SDK can only take off a tool."""
    text = " ".join(statement.text for statement in whole)
    for kind, name in dict.fromkeys(gone):
        if (kind, name) in found.definitions or (name in single and name not in text):
            continue
        found.taken_off.append((kind, name))
        if kind != "tool":
            what = f"this {kind} was taken off, and the code that registers it here would put it back in the package."
            way_out = "Register only what is meant to stay, and run that again."
            found.findings.append(Finding("stops", whole[0].cell, name, what, way_out))


def _unaccounted(found: Registrations) -> Iterator[Finding]:
    """Stop at definitions that no cell can be seen to register."""
    for (kind, name), definition in found.definitions.items():
        if (kind, name) not in found.makers and not is_made_otherwise(definition):
            what = f"no cell registers this {kind} of the server; a call did, or code outside of the cells."
            way_out = f"Register it in a cell, or take it off: %mcp remove {name}."
            yield Finding("stops", _cell_of(definition), name, what, way_out)
