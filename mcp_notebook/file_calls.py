"""Calls in source code that make or remove files, as far as their names and arguments show."""

from __future__ import annotations

import ast

__all__ = ["makes_file", "name_of", "removes_file"]

MAKING = frozenset({"makedirs", "mkdir", "symlink", "symlink_to", "touch", "urlretrieve", "write_bytes", "write_text"})

GIVEN_A_TARGET = frozenset(
    {
        "dump",
        "rename",
        "save",
        "savefig",
        "savetxt",
        "to_csv",
        "to_excel",
        "to_json",
        "to_parquet",
        "to_pickle",
        "to_sql",
    }
)
"""Calls that write if they are given a target; without one, they return a text or a new object."""

OF_MODULES = {
    "os": frozenset({"rename", "renames", "replace", "truncate"}),
    "shutil": frozenset({"copy", "copy2", "copyfile", "copytree", "move"}),
}

REMOVING = frozenset({"removedirs", "rmdir", "rmtree", "unlink"})


def makes_file(node: ast.AST) -> bool:
    """Return whether a node is a call that makes or changes a file or a directory."""
    if not isinstance(node, ast.Call):
        return False
    name = name_of(node)
    if name == "open":
        places = node.args[:2] if isinstance(node.func, ast.Attribute) else node.args[1:2]
        given = [*places, *(word.value for word in node.keywords if word.arg == "mode")]
        modes = {part.value for part in given if isinstance(part, ast.Constant) and isinstance(part.value, str)}
        return any(set(mode) <= set("rwaxbt+") and set(mode) & set("wax+") for mode in modes)
    return (
        name in MAKING
        or (name in GIVEN_A_TARGET and bool(node.args))
        or name in OF_MODULES.get(_owner(node), ())
        # str.replace takes two arguments, Path.replace one.
        or (name == "replace" and len(node.args) == 1 and not node.keywords)
    )


def removes_file(node: ast.AST) -> bool:
    """Return whether a node is a call that removes a file or a directory."""
    return isinstance(node, ast.Call) and (
        name_of(node) in REMOVING or (name_of(node) == "remove" and _owner(node) == "os")
    )


def name_of(call: ast.Call) -> str:
    """Return the name of the function or method that a call runs."""
    return str(getattr(call.func, "attr", getattr(call.func, "id", "")))


def _owner(call: ast.Call) -> str:
    return str(getattr(getattr(call.func, "value", None), "id", ""))
