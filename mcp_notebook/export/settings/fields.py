"""The settings of a package, and the module that reads them: one class of pydantic-settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from keyword import iskeyword
from typing import Any

from pydantic import BaseModel

from mcp_notebook.export.module.writing import Setting
from mcp_notebook.export.settings.wording import words

__all__ = ["Fields", "type_of"]

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
