"""Read YAML with the values that JSON has: the core schema of YAML 1.2.

``True``, ``.5``, ``+1``, ``010`` (ten) and ``Null`` are values. A date, ``yes`` and ``no`` are texts: by itself, PyYAML
follows YAML 1.1, where they are not. Tags of other types are refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

import yaml
from yaml.constructor import ConstructorError

__all__ = ["load"]


def load(text: str, *, strict: bool = False) -> Any:
    """Return the value that a YAML text has.

    Args:
        text: The text.
        strict: Whether to refuse an alias, since a few lines of them can stand for gigabytes, and a key that a mapping
            has twice.

    Raises:
        yaml.YAMLError: It is not such YAML; ``problem`` is the reason and ``problem_mark`` the place, where known.
        RecursionError: It is nested too deep.
    """
    return yaml.load(text, _StrictLoader if strict else _Loader)


def _integer(text: str) -> int:
    return int(text[2:], 16 if text[1] == "x" else 8) if text[:2] in ("0x", "0o") else int(text)


def _float(text: str) -> float:
    return float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))


def _text(text: str) -> str:
    # As in JSON, two escapes may stand for the halves of one character. A half alone is none.
    return text.encode("utf-16", "surrogatepass").decode("utf-16")


_FAST: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_CORE: Final[list[tuple[str, str, list[str], Callable[[str], Any]]]] = [
    ("null", "~|null|Null|NULL|", ["~", "n", "N", ""], lambda _: None),
    ("bool", "true|True|TRUE|false|False|FALSE", [*"tTfF"], lambda text: {"true": True, "false": False}[text.lower()]),
    ("int", "[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", [*"-+0123456789"], _integer),
    (
        "float",
        r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)",
        [*"-+.0123456789"],
        _float,
    ),
    ("str", "", [], _text),
]
"""The types of scalars: the tag, the form of a plain scalar, the characters that it begins with, and the reading."""


def _scalar(name: str, read: Callable[[str], Any]) -> Callable[[Any, Any], Any]:
    def construct(loader: Any, node: Any) -> Any:
        try:
            return read(loader.construct_scalar(node))
        except (KeyError, ValueError):
            reason = "half of a character stands alone" if name == "str" else f"the value cannot be read as {name}"
            raise ConstructorError(None, None, reason, node.start_mark) from None

    return construct


def _with_core_schema(kind: Any) -> Any:
    """Return a subclass of a loader of PyYAML that has the types of JSON only."""

    class Loader(kind):  # type: ignore[misc]  # the library publishes no types
        yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 - the name is PyYAML's
        yaml_constructors: dict[Any, Any] = {  # noqa: RUF012
            tag: kind.yaml_constructors[tag] for tag in ("tag:yaml.org,2002:seq", "tag:yaml.org,2002:map", None)
        }

    for name, pattern, first, read in _CORE:
        tag = f"tag:yaml.org,2002:{name}"
        Loader.add_constructor(tag, _scalar(name, read))
        if first:
            Loader.add_implicit_resolver(tag, re.compile(f"(?:{pattern})\\Z"), first)
    return Loader


_Loader: Any = _with_core_schema(_FAST)
# YAML 1.2 has no such key, and documents that are not strict use it: it takes over the keys of another mapping.
_Loader.add_implicit_resolver("tag:yaml.org,2002:merge", re.compile(r"<<\Z"), ["<"])


class _StrictLoader(_with_core_schema(yaml.SafeLoader)):  # type: ignore[misc]
    """Refuses aliases and repeated keys; its base is the one whose methods can be replaced."""

    def compose_node(self, *args: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            raise ConstructorError(None, None, "an alias (*) is not allowed", self.peek_event().start_mark)
        return super().compose_node(*args)

    def construct_mapping(self, node: Any, deep: bool = False) -> Any:
        lines: dict[tuple[str, Any], int] = {}
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode):
                if (line := lines.get((key.tag, key.value))) is not None:
                    reason = f"the key {key.value!r} is in line {line} already"
                    raise ConstructorError(None, None, reason, key.start_mark)
                lines[key.tag, key.value] = key.start_mark.line + 1
        return super().construct_mapping(node, deep=deep)
