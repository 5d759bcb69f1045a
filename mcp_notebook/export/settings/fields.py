"""Turn a constant of the notebook into a setting, and write the settings class of pydantic-settings."""

from __future__ import annotations

import ast
import builtins
import io
import json
import re
import tokenize
from collections.abc import Mapping
from dataclasses import replace
from keyword import iskeyword
from typing import Any, NamedTuple

from pydantic import BaseModel

from mcp_notebook.export.module.writing import Setting
from mcp_notebook.export.settings.wording import words

__all__ = ["Constant", "Fields", "Mark", "imports_for", "marks", "plain", "setting_of", "target", "text_of", "unmarked"]

Constant = ast.Assign | ast.AnnAssign

MARK = re.compile(r"#+\s*(setting|secret)\s*(?::\s*(\S.*?)\s*)?$", re.IGNORECASE)
PLAIN = (str, bytes, bool, int, float)


OWN = {"token", "allowed_hosts", "request_state_keys", "log_level", "settings"}
"""Variables of each package, after its prefix; settings of these names get another name."""

HEAD = '''"""The settings of the server: from its environment, or from a file `.env` where it starts."""

{imports}
from pydantic import Field, Json, Secret, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Each field is the environment variable {prefix}FIELD, unless it names another."""

    model_config = SettingsConfigDict(
        env_prefix="{prefix}", env_file=".env", env_file_encoding="utf-8", extra="ignore", hide_input_in_errors=True
    )

'''


class Fields:
    """The settings so far, each under a name of its own.

    Attributes:
        imports: The imports that their types and defaults need.
    """

    def __init__(self, prefix: str) -> None:
        self.imports: set[str] = set()
        self._prefix = prefix
        self._settings: dict[str, Setting] = {}

    @property
    def settings(self) -> tuple[Setting, ...]:
        """All settings, in order."""
        return tuple(self._settings.values())

    def add(self, setting: Setting) -> Setting:
        """Add a setting, and return it, or an earlier one for the same variable or secret.

        Args:
            setting: Without a variable, it gets that of its field; its name may be any text.
        """
        for other in self.settings:
            if _same(other, setting):
                return other
        name = self._free(setting.name)
        added = replace(setting, name=name, variable=setting.variable or f"{self._prefix}{name}".upper())
        self._settings[name] = added
        return added

    def source(self) -> str:
        """Return the text of the module, not yet formatted."""
        head = HEAD.format(imports="\n".join(sorted(self.imports)), prefix=self._prefix)
        return head + "".join(map(self._field, self.settings)) + "\n\nsettings = Settings.model_validate({})\n"

    def _field(self, setting: Setting) -> str:
        value = setting.default
        if setting.variable != f"{self._prefix}{setting.name}".upper():
            default = "" if value is None else f"default={value}, "
            value = f"Field({default}validation_alias={setting.variable!r})"
        text = f"    {setting.name}: {setting.annotation}" + ("" if value is None else f" = {value}") + "\n"
        return text + (f"    {_quoted(setting.description)}\n" if setting.description else "")

    def _free(self, name: str) -> str:
        name = "_".join(words(name)) or "value"
        if name[0].isdigit():
            name = f"value_{name}"
        if iskeyword(name) or hasattr(BaseModel, name) or name in OWN:
            name = f"{name}_value"
        numbered = (f"{name}_{n}" for n in range(2, len(self._settings) + 3))
        return next(free for free in (name, *numbered) if free not in self._settings)


class Mark(NamedTuple):
    """A comment that makes the constant of its line a setting: ``# setting``, ``# secret: for the API``.

    Attributes:
        secret: Whether it is a secret.
        description: The author's description; "" for none.
        line: Its line, from 1.
        column: Its first column, from 0.
    """

    secret: bool
    description: str
    line: int
    column: int

    def __str__(self) -> str:
        return "# secret" if self.secret else "# setting"


def marks(source: str) -> dict[int, Mark]:
    """Return the marks in a module, by the number of their line."""
    comments = (t for t in tokenize.generate_tokens(io.StringIO(source).readline) if t.type == tokenize.COMMENT)
    found = ((token.start, MARK.match(token.string)) for token in comments)
    return {
        line: Mark(match[1].lower() == "secret", match[2] or "", line, column)
        for (line, column), match in found
        if match
    }


def unmarked(source: str, lines: Mapping[int, Mark]) -> str:
    """Return the source without these marks; everything else keeps its place."""
    return "\n".join(
        text[: lines[n].column].rstrip() if n in lines else text for n, text in enumerate(source.split("\n"), 1)
    )


def target(statement: Constant) -> str:
    """Return the name that a statement binds; "" if it is not a plain name."""
    found = statement.targets[0] if isinstance(statement, ast.Assign) else statement.target
    return found.id if isinstance(found, ast.Name) else ""


def setting_of(
    name: str, statement: Constant, tree: ast.Module, namespace: Mapping[str, Any], *, secret: bool, description: str
) -> Setting | None:
    """Return the setting for a constant; None if an environment variable cannot give its value.

    Args:
        name: Its name.
        statement: The statement that binds it.
        tree: The module of the statement.
        namespace: The variables of the notebook, for values that are computed.
        secret: Whether it is a secret.
        description: The author's description.
    """
    assert statement.value is not None
    value = plain(statement.value)
    live = namespace.get(name) if value is None else value
    is_plain = live is not None and _is_plain(live)
    if secret:
        return Setting(name, _secret_type(live), None, True, "", description, text_of(live)) if is_plain else None
    annotation = _annotation(statement, tree, namespace) or (type_of(live) if is_plain else None)
    as_written = value is not None or (_carries(statement.value, tree) and not is_plain)
    default = ast.unparse(statement.value) if as_written else repr(live) if is_plain else None
    return None if annotation is None or default is None else Setting(name, annotation, default, False, "", description)


def plain(node: ast.expr) -> Any:
    """Return the value of a literal; None for every other expression."""
    try:
        value = ast.literal_eval(node)
    except (ValueError, TypeError, MemoryError, RecursionError):
        return None
    return value if _is_plain(value) else None


def imports_for(setting: Setting, tree: ast.Module) -> set[str]:
    """Return the imports of a module that the type and the default of a setting need."""
    known = _imports(tree)
    parsed = [ast.parse(text, mode="eval") for text in (setting.annotation, setting.default) if text]
    return {known[n.id] for node in parsed for n in ast.walk(node) if isinstance(n, ast.Name) and n.id in known}


def text_of(value: Any) -> str:
    """Return a value as an environment variable has it."""
    if isinstance(value, bytes):
        return value.decode(errors="surrogateescape")
    return value if isinstance(value, str) else json.dumps(value, default=list)


def _annotation(statement: Constant, tree: ast.Module, namespace: Mapping[str, Any]) -> str | None:
    """Return the type that the author wrote, or the class that is called, if the settings' module can import it."""
    if isinstance(statement, ast.AnnAssign):
        annotation = statement.annotation
        if isinstance(annotation, ast.Subscript) and ast.unparse(annotation.value).endswith("Final"):
            annotation = annotation.slice
        if not ast.unparse(annotation).endswith("Final") and _carries(annotation, tree):
            return ast.unparse(annotation)
    match statement.value:
        case ast.Call(func=ast.Name(id=called)) if isinstance(namespace.get(called), type):
            return called
    return None


def _carries(node: ast.AST, tree: ast.Module) -> bool:
    """Return whether an expression means the same in another module, with the imports of this one."""
    return {n.id for n in ast.walk(node) if isinstance(n, ast.Name)} <= set(dir(builtins)) | set(_imports(tree))


def _imports(tree: ast.Module) -> dict[str, str]:
    """Return the absolute imports at the top level of a module, by the name that each binds."""
    return {
        (alias.asname or alias.name).partition(".")[0]: ast.unparse(
            ast.Import([alias]) if isinstance(node, ast.Import) else ast.ImportFrom(node.module, [alias], 0)
        )
        for node in tree.body
        if isinstance(node, ast.Import) or (isinstance(node, ast.ImportFrom) and not node.level)
        for alias in node.names
    }


def _is_plain(value: Any) -> bool:
    if isinstance(value, dict):
        return all(isinstance(key, str) and _is_plain(item) for key, item in value.items())
    if isinstance(value, list | tuple | set):
        return all(map(_is_plain, value))
    return value is None or isinstance(value, PLAIN)


def _secret_type(value: Any) -> str:
    if isinstance(value, str):
        return "SecretStr"
    return f"Secret[{type_of(value)}]" if isinstance(value, PLAIN) else f"Secret[Json[{type_of(value)}]]"


def type_of(value: Any) -> str:
    """Return the source of a plain value's type, such as ``dict[str, int]``."""
    if value is None:
        return "None"
    if isinstance(value, Mapping):
        return f"dict[{_types(value)}, {_types(value.values())}]"
    if isinstance(value, list | set):
        return f"{type(value).__name__}[{_types(value)}]"
    return f"tuple[{_types(value)}, ...]" if isinstance(value, tuple) else type(value).__name__


def _types(values: Any) -> str:
    return " | ".join(sorted({type_of(value) for value in values})) or "str"


def _same(one: Setting, other: Setting) -> bool:
    if one.annotation != other.annotation:
        return False
    if other.variable:
        return (one.variable, one.default) == (other.variable, other.default)
    return one.secret and other.secret and one.live is not None and one.live == other.live


def _quoted(text: str) -> str:
    text = text if text.endswith((".", "!", "?")) else f"{text}."
    return '"""' + (text[0].upper() + text[1:]).replace("\\", "\\\\").replace('"', "'") + '"""'
