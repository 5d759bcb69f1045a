"""Find the texts in a module's source, and the name that each is given to."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from itertools import pairwise
from types import MappingProxyType
from typing import NamedTuple

from mcp_notebook.export.settings.command_lines import is_program
from mcp_notebook.export.settings.wording import INNOCENT, is_login, says_secret, says_secrets, words

__all__ = ["Literal", "literals"]


class Literal(NamedTuple):
    """A text in the source.

    Attributes:
        node: The constant, the f-string that it is a part of, or the list of words of a command.
        value: The text; for bytes, their text.
        name: The variable, parameter, keyword or key that it is given to; "" if unknown.
        part: The constant in the f-string; None elsewhere.
        free: Whether another expression can replace it.
    """

    node: ast.expr
    value: str
    name: str
    part: ast.Constant | None = None
    free: bool = True

    @property
    def is_bytes(self) -> bool:
        """Return whether it is bytes in the source."""
        return isinstance(self.node, ast.Constant) and isinstance(self.node.value, bytes)


THROUGH = {"SecretStr", "SecretBytes", "Secret", "Field", "str", "bytes", "encode", "strip", "field"}
"""Calls that return their argument, as far as secrets are concerned."""

PAIRS = {
    "get", "getenv", "setdefault", "putenv", "setenv", "add_header", "putheader", "set_header", "append", "add",
    "set", "set_cookie", "set_key", "setattr", "add_unredirected_header", "with_header", "header",
}  # fmt: skip
"""Calls with a name and its value."""

LOGINS = ("Auth", "login", "Login", "Credentials", "Credential", "UsernamePassword")
"""Ends of the names of calls with a user and a password."""

PLACES: dict[str, tuple[int, str]] = {
    **dict.fromkeys(("pymysql.connect", "MySQLdb.connect", "FTP", "FTP_TLS"), (2, "password")),
    **dict.fromkeys(("Github", "HTTPBearer", "BearerAuth", "TokenAuth", "access_token_call_credentials"), (0, "token")),
    **dict.fromkeys(("Fernet", "AESGCM", "ChaCha20Poly1305", "AES.new", "hmac.new"), (0, "cipher_key")),
    **dict.fromkeys(("AzureKeyCredential", "AzureSasCredential"), (0, "azure_token")),
    "AzureNamedKeyCredential": (1, "azure_token"),
    "SendGridAPIClient": (0, "sendgrid_api_key"),
    "login_user": (1, "password"),
}
"""Calls with a secret at a fixed place."""

SHOWN = {"default", "value", "const", "example", "examples", "enum", "initial"}
"""Keys of a schema for values of the described field."""

PUBLIC = INNOCENT | {
    "user", "username", "email", "login", "host", "hostname", "port", "region", "tenant", "database", "db", "account",
    "workspace", "project", "org", "organization", "cluster", "warehouse", "role", "domain", "server", "method", "flow",
}  # fmt: skip
"""Other members of a login, besides its secret."""


def literals(tree: ast.AST) -> Iterator[Literal]:
    """Yield the texts of a module, in order.

    Each constant is a text of its own: what an expression puts together from several is not evaluated.
    """
    for child in ast.iter_child_nodes(tree):
        yield from _in(child, "", free=True)


def _in(
    node: ast.AST, name: str, *, free: bool, above: Mapping[ast.AST, str] = MappingProxyType({})
) -> Iterator[Literal]:
    """Yield the texts in a node; `above` names nodes further down."""
    if isinstance(node, ast.Constant):
        if isinstance(node.value, str | bytes):
            yield Literal(node, _text(node), name, free=free)
        return
    if isinstance(node, ast.JoinedStr):
        yield from _in_f_string(node, name, free=free)
        return
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):  # a docstring
        yield from _in(node.value, "", free=False)
        return
    if isinstance(node, ast.List | ast.Tuple) and node.elts and is_program(_text(node.elts[0])):
        yield Literal(node, " ".join(map(_quoted, node.elts)), "", free=False)
    given = {**dict(_given(node, name)), **above}
    unnamed = isinstance(node, ast.ClassDef) and any("Enum" in ast.unparse(base) for base in node.bases)
    for field, value in ast.iter_fields(node):
        for child in value if isinstance(value, list) else [value]:
            if not isinstance(child, ast.AST):
                continue
            fixed = field in ("annotation", "returns") or isinstance(child, ast.pattern)
            for found in _in(child, given.get(child, ""), free=free and not fixed, above=given):
                yield found._replace(name="") if unnamed and isinstance(child, ast.Assign) else found


def _in_f_string(node: ast.JoinedStr, name: str, *, free: bool) -> Iterator[Literal]:
    """Yield the constants of an f-string, and all of it with ``{}`` for each value."""
    yield Literal(node, "".join(map(_word, node.values)), "", free=False)
    for value in node.values:
        if isinstance(value, ast.Constant):
            yield Literal(node, str(value.value), name, value, free)
        elif isinstance(value, ast.FormattedValue):
            yield from _in(value.value, "", free=free)


def _text(node: ast.expr) -> str:
    """Return the text of a constant; "" for every other expression."""
    value = node.value if isinstance(node, ast.Constant) else None
    return value.decode(errors="replace") if isinstance(value, bytes) else value if isinstance(value, str) else ""


def _word(node: ast.expr) -> str:
    return _text(node) if isinstance(node, ast.Constant) else "{}"


def _quoted(node: ast.expr) -> str:
    """Return a word of a command line, in quotes if it has spaces."""
    word = _word(node)
    return f'"{word}"' if " " in word and '"' not in word else word


def _given(node: ast.AST, name: str) -> Iterator[tuple[ast.AST, str]]:
    """Yield the parts of a node that have a name, with the name."""
    match node:
        case ast.Assign(targets=[ast.Tuple(elts=names)], value=ast.Tuple(elts=values)) if len(names) == len(values):
            yield from zip(values, map(_name, names), strict=True)
        case ast.Assign(targets=[target, *_], value=value):
            yield value, _name(target)
        case ast.AnnAssign(target=target, value=ast.expr() as value) | ast.NamedExpr(target=target, value=value):
            yield value, _name(target)
        case ast.keyword(arg=arg, value=value):
            yield value, name if arg in ("default", None) else arg
        case ast.List() | ast.Set() | ast.Tuple():
            yield from _given_to_members(node, name)
        case ast.Dict():
            yield from _given_to_keys(node, name)
        case ast.arguments():
            positional = zip(reversed([*node.posonlyargs, *node.args]), reversed(node.defaults), strict=False)
            others = zip(node.kwonlyargs, node.kw_defaults, strict=True)
            yield from ((default, arg.arg) for arg, default in (*positional, *others) if default is not None)
        case ast.Call():
            yield from _given_to_call(node, name)
        case ast.Compare(left=left, comparators=[right], ops=[ast.Eq() | ast.NotEq()]):
            yield from ((right, _compared(left, right)), (left, _compared(right, left)))
        case ast.BinOp() | ast.BoolOp() | ast.IfExp() | ast.Attribute() | ast.Await():
            yield from ((child, name) for child in ast.iter_child_nodes(node))


def _given_to_call(node: ast.Call, name: str) -> Iterator[tuple[ast.AST, str]]:
    called = _name(node.func)
    yield from ((keyword, name) for keyword in node.keywords if keyword.arg == "default")
    if called in THROUGH:
        yield node.func, name
        yield from ((value, name) for value in node.args if not isinstance(node.func, ast.Attribute))
    elif called in PAIRS and len(node.args) in (2, 3):
        yield node.args[-1 if called == "setattr" else 1], _name(node.args[-2 if called == "setattr" else 0])
    elif called == "set_password" and len(node.args) >= 2:
        yield node.args[-1], "password"
    elif (called == "login" or called[:1].isupper()) and called.endswith(LOGINS) and len(node.args) == 2:
        yield node.args[1], "password"
    else:
        place, word = PLACES.get(ast.unparse(node.func)) or PLACES.get(called) or (0, "")
        if word and len(node.args) > place:
            yield node.args[place], word


def _given_to_members(node: ast.List | ast.Set | ast.Tuple, name: str) -> Iterator[tuple[ast.AST, str]]:
    """Yield named members of a list: a login's password, several secrets, a name's value, options."""
    match node:
        case ast.List(elts=[_, second]) | ast.Tuple(elts=[_, second]) if is_login(name):
            yield second, "password"
        case ast.List() | ast.Set() | ast.Tuple() if says_secrets(name):
            yield from ((child, name) for child in node.elts)
        case ast.List() | ast.Set() | ast.Tuple() if says_secret(name):
            yield from ((child, "login_pass") for child in node.elts)
        case ast.Tuple(elts=[ast.Constant() as key, second]):
            yield second, _text(key).lstrip("-")
        case ast.List(elts=[ast.Constant() as key, second]) if any(map(str.isdigit, _text(second))):
            yield second, _text(key).lstrip("-")
        case ast.List(elts=several) | ast.Tuple(elts=several):
            options = ((_text(one), other) for one, other in pairwise(several))
            yield from ((other, option.lstrip("-")) for option, other in options if option.startswith("-"))


def _given_to_keys(node: ast.Dict, name: str) -> Iterator[tuple[ast.AST, str]]:
    """Yield the keys of a dict and their values, which are a password in a login unless they are `PUBLIC`."""
    several = name if says_secrets(name) else ""
    yield from ((key, several) for key in node.keys if key is not None)
    for key, value in zip(node.keys, node.values, strict=True):
        named = _name(key) if key else ""
        if named in SHOWN and says_secret(name):
            named = name
        if is_login(name) and named and not says_secret(named) and PUBLIC.isdisjoint(words(named)[-1:]):
            named = f"{named}_pass"
        yield value, named if says_secret(named) else several or named


def _compared(other: ast.expr, value: ast.expr) -> str:
    """Return the name that a text is compared with; "" for a word, which may be one of several."""
    text = _text(value).replace("-", "").replace("_", "")
    return _name(other) if text and not text.isalpha() else ""


def _name(node: ast.AST) -> str:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case ast.Subscript(slice=key):
            return _name(key)
        case ast.Constant():
            return _text(node)
    return ""
