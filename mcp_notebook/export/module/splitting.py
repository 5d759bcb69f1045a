"""What a long module keeps in one of helpers: definitions that have to do with neither the server nor the order."""

from __future__ import annotations

import ast
import builtins
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from mcp_notebook.slicing import following, known, names
from mcp_notebook.slicing.names import Names
from mcp_notebook.slicing.statements import Statement

__all__ = ["helpers"]

BUILTINS = frozenset(name for name in dir(builtins) if not name.startswith("__"))
"""Names that mean the same in every module."""

OF_ONE_MODULE = known.words("eval exec globals locals")
"""Functions that see the names of the module in which they are called, by whatever text."""

QUIET = known.words("""
    ConfigDict Decimal Field Fraction Literal NewType ParamSpec Path PurePath TypeVar UUID abstractmethod
    asynccontextmanager auto cache cached_property classmethod compile computed_field contextmanager dataclass
    date datetime dict field field_serializer field_validator final float frozenset int len list lru_cache
    model_serializer model_validator overload override property range runtime_checkable set sorted
    staticmethod str timedelta total_ordering tuple unique wraps
""")
"""Functions and decorators that do nothing but give a value, so that they can as well run earlier."""

HOOKS = {"__init_subclass__", "__set_name__", "__class_getitem__"}
"""Methods that run while other classes are defined."""


def helpers(imports: Sequence[Statement], statements: Sequence[Statement], server: str) -> list[Statement]:
    """Return those of the statements that can stand in a module that is imported before the others run.

    They are functions, classes and the constants that these read, which read nothing of what stays: neither now nor
    when they are called. Each is bound once, by no function, and changed by no statement.

    Args:
        imports: Those that stand at the top, of both modules.
        statements: All others.
        server: The variable of the server.
    """
    rest = [replace(statement, index=i) for i, statement in enumerate(statements)]
    found = names.of_all([s.node for s in (*imports, *rest)])
    imported = frozenset[str]().union(*(one.binds for one in found[: len(imports)]))
    own = found[len(imports) :]
    if any(OF_ONE_MODULE & (one.reads | one.late) for one in own):
        return []
    movable = _movable(rest, own, server)
    everywhere = imported | (BUILTINS - frozenset[str]().union(*(one.binds | one.globals for one in own)))
    while stuck := [name for name, i in movable.items() if not _reads_only(own[i], i, movable, everywhere)]:
        for name in stuck:
            del movable[name]
    needed = _needed(rest, own, movable)
    return [statements[i] for name, i in movable.items() if name in needed]


def _movable(statements: Sequence[Statement], found: Sequence[Names], server: str) -> dict[str, int]:
    """Return what could move if all that it reads does: the statement of each name."""
    bound = Counter(name for one in found for name in one.binds | one.globals | one.deletes)
    quoted = {n.value for s in statements for n in ast.walk(s.node) if isinstance(n, ast.Constant)}
    values = following.follow(statements, found, server=server)
    movable = {}
    for statement in statements:
        name = _defines(statement.node)
        if name is None or statement.raised or bound[name] > 1 or found[statement.index].binds != {name}:
            continue
        if isinstance(statement.node, ast.ClassDef) and name in quoted:
            continue  # a type named in a text may be looked up where it stood
        parts = values.those(values.parts(values.bound(statement.index, name).bit))
        # The definition of a class may register it with the class that it inherits from, which moves with it.
        later = {index for part in parts if part.index >= 0 for index in part.changed if index > part.index}
        changed = bool(later - {statement.index})
        if not changed and _is_quiet(statement.node):
            movable[name] = statement.index
    return movable


def _defines(node: ast.stmt) -> str | None:
    """Return the one name that a definition or an assignment gives a value to."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return node.name
    if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
        return node.targets[0].id
    if isinstance(node, ast.AnnAssign) and node.value is not None and isinstance(node.target, ast.Name):
        return node.target.id
    return None


def _is_quiet(node: ast.stmt) -> bool:
    """Whether nothing can tell when a statement runs, as far as it does not read variables."""
    if isinstance(node, ast.ClassDef):
        inside = all(_is_quiet(part) for part in node.body)
        return inside and not any(getattr(part, "name", "") in HOOKS for part in node.body) and _are_quiet(node)
    kinds = ast.FunctionDef | ast.AsyncFunctionDef | ast.Assign | ast.AnnAssign | ast.Pass
    is_text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    return is_text or (isinstance(node, kinds) and _are_quiet(node))


def _are_quiet(node: ast.stmt) -> bool:
    """Whether all that a statement itself runs only gives values."""
    decorators = getattr(node, "decorator_list", [])
    if any(_name(part.func if isinstance(part, ast.Call) else part) not in QUIET for part in decorators):
        return False
    for part in _run_by(node):
        if isinstance(part, ast.Await | ast.NamedExpr) or (
            isinstance(part, ast.Call) and _name(part.func) not in QUIET
        ):
            return False
        if isinstance(part, ast.Attribute) and part.attr in ("environ", "argv", "path"):
            return False  # which statements that stay may set
    return True


def _run_by(node: ast.AST) -> Iterator[ast.AST]:
    """Yield what runs when a statement does, but for decorators: of a function its defaults and hints."""
    later: list[ast.AST] = []
    if isinstance(node, ast.Lambda):
        later = [node.body]
    elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        later = [*node.decorator_list, *node.body]
    for child in ast.iter_child_nodes(node):
        if child not in later:
            yield child
            yield from _run_by(child)


def _name(function: ast.expr) -> str:
    return getattr(function, "attr", getattr(function, "id", ""))


def _reads_only(one: Names, index: int, movable: Mapping[str, int], everywhere: frozenset[str]) -> bool:
    now = all(name in everywhere or movable.get(name, index) < index for name in one.reads)
    return now and all(name in everywhere or name in movable for name in one.late | one.hints)


def _needed(statements: Sequence[Statement], found: Sequence[Names], movable: Mapping[str, int]) -> set[str]:
    """Return functions and classes, and what they read; a constant that only the others read stays with them."""
    work = [name for name, i in movable.items() if not isinstance(statements[i].node, ast.Assign | ast.AnnAssign)]
    needed: set[str] = set()
    while work:
        name = work.pop()
        if name in movable and name not in needed:
            needed.add(name)
            one = found[movable[name]]
            work += one.reads | one.late | one.hints
    return needed
