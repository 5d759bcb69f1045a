"""The helpers of a long module: definitions that depend neither on the server nor on the order of the cells."""

from __future__ import annotations

import ast
import builtins
from collections import Counter
from collections.abc import Mapping, Sequence

from mcp_notebook.export.module.server_uses import root, run_now
from mcp_notebook.slicing import names
from mcp_notebook.slicing.names import Names
from mcp_notebook.slicing.statements import Statement

__all__ = ["helpers"]

BUILTINS = frozenset(name for name in dir(builtins) if not name.startswith("__"))
"""Names that mean the same in every module."""

OF_ONE_MODULE = frozenset({"eval", "exec", "globals", "locals"})
"""Functions that see the names of the module in which they are called, by whatever text."""

QUIET = frozenset("""
    ConfigDict Decimal Field Fraction Literal NewType ParamSpec Path PurePath TypeVar UUID abstractmethod
    asynccontextmanager auto cache cached_property classmethod compile computed_field contextmanager dataclass
    date datetime dict field field_serializer field_validator final float frozenset int len list lru_cache
    model_serializer model_validator overload override property range runtime_checkable set sorted
    staticmethod str timedelta total_ordering tuple unique wraps
""".split())  # fmt: skip  # noqa: SIM905
"""Functions and decorators that only give a value, so that they can as well run earlier."""

HOOKS = {"__init_subclass__", "__set_name__", "__class_getitem__"}
"""Methods that run while other classes are defined."""

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_VALUES = (ast.Assign, ast.AnnAssign)


def helpers(imports: Sequence[Statement], statements: Sequence[Statement], server: str) -> list[Statement]:
    """Return the statements that can be in a module that is imported before the others run.

    They are functions, classes and the constants that these read. They read nothing that stays, neither now nor when
    they are called. Each is bound once, by no function, and no statement that stays may change it.

    Args:
        imports: The imports at the top of both modules.
        statements: All others.
        server: The variable of the server.
    """
    found = names.of_all([s.node for s in (*imports, *statements)])
    own = found[len(imports) :]
    if any(OF_ONE_MODULE & (one.reads | one.late) for one in own):
        return []
    movable = _movable(statements, own)
    movable.pop(server, None)
    imported = frozenset[str]().union(*(one.binds for one in found[: len(imports)]))
    everywhere = imported | (BUILTINS - frozenset[str]().union(*(one.binds | one.globals for one in own)))
    while stuck := [name for name, i in movable.items() if not _reads_only(own[i], i, movable, everywhere)]:
        for name in stuck:
            del movable[name]
    # A constant that only the others read stays with them.
    work = [name for name, i in movable.items() if not isinstance(statements[i].node, _VALUES)]
    needed: set[str] = set()
    while work:
        name = work.pop()
        if name in movable and name not in needed:
            needed.add(name)
            work += own[movable[name]].reads | own[movable[name]].late | own[movable[name]].hints
    return [statements[i] for name, i in movable.items() if name in needed]


def _movable(statements: Sequence[Statement], found: Sequence[Names]) -> dict[str, int]:
    """Return the statements that could move if all that they read does, by the names that they define."""
    bound = Counter(name for one in found for name in one.binds | one.globals | one.deletes)
    quoted = {n.value for s in statements for n in ast.walk(s.node) if isinstance(n, ast.Constant)}
    changed = _may_change(statements, found)
    movable = {}
    for i, statement in enumerate(statements):
        name = _defines(statement.node)
        # A type named in a text may be looked up where it was defined.
        is_quoted = isinstance(statement.node, ast.ClassDef) and name in quoted
        alone = bound[str(name)] == 1 and found[i].binds == {name}
        if name and alone and not is_quoted and name not in changed and _is_quiet(statement.node):
            movable[name] = i
    return movable


def _may_change(statements: Sequence[Statement], found: Sequence[Names]) -> set[str]:
    """Return the names whose values a statement that stays may change, itself or by functions that it names."""
    code = {name: one for s, one in zip(statements, found, strict=True) if _is_code(s.node) for name in one.binds}
    changed: set[str] = set()
    work: list[str] = []
    for statement, one in zip(statements, found, strict=True):
        if not _is_quiet(statement.node):
            parts = (part for part in ast.walk(statement.node) if isinstance(part, ast.Attribute | ast.Subscript))
            changed |= {root(part) for part in parts}
            work += one.reads
    seen = set(work)
    while work:
        name = work.pop()
        if name not in code:
            changed.add(name)
            continue
        work += code[name].late - seen
        seen |= code[name].late
    return changed


def _is_code(node: ast.stmt) -> bool:
    return isinstance(node, (*_FUNCTIONS, ast.ClassDef))


def _defines(node: ast.stmt) -> str | None:
    """Return the one name that a definition or an assignment gives a value to."""
    target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
    has_value = isinstance(node, _VALUES) and node.value is not None
    return target.id if has_value and isinstance(target, ast.Name) else getattr(node, "name", None)


def _is_quiet(node: ast.stmt) -> bool:
    """Return whether a statement has the same effect whenever it runs, apart from the variables that it reads."""
    if isinstance(node, ast.ClassDef):
        inside = all(_is_quiet(part) for part in node.body)
        return inside and not any(getattr(part, "name", "") in HOOKS for part in node.body) and _are_quiet(node)
    is_text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    return is_text or isinstance(node, ast.Pass) or (isinstance(node, (*_FUNCTIONS, *_VALUES)) and _are_quiet(node))


def _are_quiet(node: ast.stmt) -> bool:
    """Return whether all that a statement itself runs only gives values."""
    if any(_name(decorator) not in QUIET for decorator in getattr(node, "decorator_list", [])):
        return False
    for part in run_now(ast.Module([node], [])):
        if isinstance(part, ast.Await | ast.NamedExpr) or (isinstance(part, ast.Call) and _name(part) not in QUIET):
            return False
        if isinstance(part, ast.Attribute) and part.attr in ("environ", "argv", "path"):
            return False  # which statements that stay may set
    return True


def _name(node: ast.expr) -> str:
    function = node.func if isinstance(node, ast.Call) else node
    return getattr(function, "attr", getattr(function, "id", ""))


def _reads_only(one: Names, index: int, movable: Mapping[str, int], everywhere: frozenset[str]) -> bool:
    now = all(name in everywhere or movable.get(name, index) < index for name in one.reads)
    return now and all(name in everywhere or name in movable for name in one.late | one.hints)
