"""Replace marked constants, reads of the environment, and secrets of a module by settings."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from mcp_notebook.export.findings import Finding, Weight
from mcp_notebook.export.module.writing import Module, Setting
from mcp_notebook.export.ran import Subject
from mcp_notebook.export.settings import environment_reads as reads
from mcp_notebook.export.settings import fields
from mcp_notebook.export.settings.fields import Constant, Fields, Mark, plain, target
from mcp_notebook.export.settings.known_formats import SecretPart
from mcp_notebook.export.settings.literals import Literal, literals
from mcp_notebook.export.settings.rewriting import Rewriting
from mcp_notebook.export.settings.secrets import NO_SECRET, brief, cell_of, parts, places, secrets_of
from mcp_notebook.export.settings.wording import says_secret
from mcp_notebook.formatting import formatted

__all__ = ["lift"]

ASKING = {"getpass.getpass", "getpass", "input"}
"""Calls that ask the person at the notebook; a server has nobody to ask."""


def lift(module: Module, subject: Subject, environment: Mapping[str, str], *, package: str) -> Module:
    """Return the module with its settings and secrets in a ``settings.py``.

    These become settings: constants at the top level whose line ends with ``# setting`` or ``# secret`` (a description
    may follow after a colon), reads of environment variables by name, answers to `getpass` and `input` at the top
    level, and literals that are secrets. A secret has no default; `Setting.live` is its value in the notebook. A line
    that ends with ``# not a secret`` keeps its literals.

    Args:
        module: The modules made from the cells.
        subject: The cells, which findings name, and the variables as they are.
        environment: The environment of the notebook.
        package: The name of the package, with which the names of the variables begin.
    """
    beside = "settings" if "settings.py" not in module.files else "environment_settings"
    set_here = frozenset(name for source in module.files.values() for name in reads.written(ast.parse(source)))
    work = _Work(Fields(f"{package.upper()}_"), subject, environment, secrets_of(environment), set_here)
    files = {path: _lifted(source, beside, work) for path, source in module.files.items()}
    if work.fields.settings:
        files[f"{beside}.py"] = formatted(work.fields.source())
    return replace(module, files=files, settings=work.fields.settings, findings=(*module.findings, *work.findings))


@dataclass(frozen=True)
class _Work:
    """The data that the files of a module share while they are rewritten."""

    fields: Fields
    subject: Subject
    environment: Mapping[str, str]
    hidden: Mapping[str, str]
    set_here: frozenset[str]
    findings: list[Finding] = field(default_factory=list)

    def say(self, weight: Weight, value: str, name: str, what: str, way_out: str = "") -> None:
        """Report something about the last cell that has this text."""
        self.findings.append(Finding(weight, cell_of(value, self.subject.cells), name, what, way_out))


def _lifted(source: str, beside: str, work: _Work) -> str:
    marked = _marked(source, work)
    rewriting = Rewriting(fields.unmarked(source, {mark.line: mark for mark in marked.values()}))
    from_environment: set[str] = set()
    for statement in rewriting.tree.body:
        if isinstance(statement, Constant) and statement.value and target(statement):
            mark, asked = marked.get(statement.lineno), _asked(statement.value)
            machine = _is_made_of(from_environment, statement.value)
            from_environment |= {target(statement)} if machine else set()
            if not (mark or asked):
                continue
            read = machine and not asked and _lift_reads(statement.value, mark, rewriting, work)
            if not read:
                _lift_constant(statement, mark, asked, rewriting, work, has_default=not machine)
    _lift_reads(rewriting.tree, None, rewriting, work)
    _lift_literals(rewriting, work)
    _lift_again(rewriting, work)
    return rewriting.done(beside)


def _marked(source: str, work: _Work) -> dict[int, Mark]:
    """Return the marks of constants, by the line where the constant begins; report marks without a constant."""
    left = fields.marks(source)
    found = {}
    for statement in ast.parse(source).body:
        within = range(statement.lineno, (statement.end_lineno or statement.lineno) + 1)
        if isinstance(statement, Constant) and target(statement) and (line := next(filter(left.get, within), None)):
            found[statement.lineno] = left.pop(line)
    for line, mark in left.items():
        work.say(
            "warns", source.split("\n")[line - 1], str(mark), "is on a line that gives no constant its value.",
            "Give the value a name at the top level of a cell, and mark that line.",
        )  # fmt: skip
    return found


def _asked(value: ast.expr) -> set[str]:
    """Return the functions in an expression that ask a person."""
    return {ast.unparse(node.func) for node in ast.walk(value) if isinstance(node, ast.Call)} & ASKING


def _is_made_of(names: set[str], value: ast.expr) -> bool:
    """Return whether a value comes from the environment, directly or through constants that do."""
    used = {node.id for node in ast.walk(value) if isinstance(node, ast.Name)}
    return bool(used & names) or reads.mentions(value)


def _lift_constant(
    statement: Constant, mark: Mark | None, asked: set[str], rewriting: Rewriting, work: _Work, *, has_default: bool
) -> None:
    """Make a setting of a constant; a value of this machine does not become its default."""
    value, name, namespace = statement.value, target(statement), work.subject.namespace
    assert value is not None
    text = plain(value)
    secret = bool(mark and mark.secret) or (isinstance(text, str) and bool(parts(text, name, work.hidden)))
    secret = secret or bool(asked and (says_secret(name) or asked != {"input"}))
    description = mark.description if mark else ""
    setting = fields.setting_of(name, statement, rewriting.tree, namespace, secret=secret, description=description)
    if setting is None:
        work.say(
            "stops", name, name, "is to be a setting, but an environment variable cannot give its value.",
            "Give it a plain value (text, number, list, dict), or mark a value that it is made from.",
        )  # fmt: skip
        return
    if setting.default is not None and not has_default:
        setting = replace(setting, default=None, live=fields.text_of(namespace.get(name)))
    work.fields.imports |= fields.imports_for(setting, rewriting.tree)
    setting = work.fields.add(setting)
    if asked:
        work.say(
            "notes", name, setting.name, "the answer typed here became this setting.",
            f"Set {setting.variable} where the server runs.",
        )  # fmt: skip
    rewriting.put(value, rewriting.value_of(setting))


def _lift_reads(tree: ast.AST, mark: Mark | None, rewriting: Rewriting, work: _Work) -> bool:
    """Make settings of the environment variables that code reads; return whether there are any."""
    found = [_lift_read(node, mark, rewriting, work) for node in (tree, *rewriting.staying(tree))]
    return any(found)


def _lift_read(node: ast.AST, mark: Mark | None, rewriting: Rewriting, work: _Work) -> bool:
    """Make a setting of an expression that reads an environment variable; return whether it became one."""
    read = reads.read(node)
    if read is None or not work.set_here.isdisjoint({read.variable, "*"}):
        return False
    default = None if read.default is None else plain(read.default)
    if read.required and read.variable not in work.environment:
        work.say("notes", read.variable, read.variable, "is not set here: the package reads it where your code does.")
        return False
    if read.default is not None and not isinstance(default, str):
        return False
    secret = bool(mark and mark.secret) or _is_secret(read, default, work)
    if secret and default:
        work.say("notes", read.variable, read.variable, "is a secret, so its default is left out: it must be set.")
    rewriting.put(node, rewriting.value_of(work.fields.add(_variable(read, default, mark, work, secret=secret))))
    return True


def _is_secret(read: reads.Read, default: str | None, work: _Work) -> bool:
    texts = [text for text in (work.environment.get(read.variable), default) if text]
    return says_secret(read.variable) or any(parts(text, "", {}) for text in texts)


def _variable(read: reads.Read, default: str | None, mark: Mark | None, work: _Work, *, secret: bool) -> Setting:
    """Return the setting that reads the same variable."""
    annotation = "SecretStr" if secret else "str"
    written: str | None = None
    if default is not None:
        written = repr(default) if not secret else 'SecretStr("")' if not default else None
    elif not read.required:
        annotation, written = f"{annotation} | None", "None"
    live = work.environment.get(read.variable, default if secret else None)
    return Setting(read.variable, annotation, written, secret, read.variable, mark.description if mark else "", live)


def _lift_literals(rewriting: Rewriting, work: _Work) -> None:
    """Make settings of the secrets in literals."""
    lines = rewriting.source.split("\n")
    for literal in _replaceable(rewriting):
        if not NO_SECRET.search(lines[(literal.node.end_lineno or 1) - 1]):
            found = parts(literal.value, literal.name, work.hidden)
            _put(literal, {part: _secret(literal, part, work) for part in found}, rewriting)


def _replaceable(rewriting: Rewriting) -> list[Literal]:
    """Return the literals that an expression can replace and that are not replaced yet."""
    staying = set(rewriting.staying())
    return [one for one in literals(rewriting.tree) if one.free and (one.part or one.node) in staying]


def _put(literal: Literal, found: Mapping[SecretPart, Setting], rewriting: Rewriting) -> None:
    """Replace parts of a literal by settings."""
    if not found:
        return
    pieces: list[ast.expr] = []
    at = 0
    for part, setting in sorted(found.items()):
        if part.start < at:
            continue  # one secret is a part of another
        value = ast.parse(rewriting.value_of(setting), mode="eval").body
        pieces += [ast.Constant(literal.value[at : part.start]), ast.FormattedValue(value, -1)]
        at = part.end
    pieces = [p for p in (*pieces, ast.Constant(literal.value[at:])) if not isinstance(p, ast.Constant) or p.value]
    if literal.part is not None:
        rewriting.put(literal.part, pieces)
        return
    only = pieces[0].value if len(pieces) == 1 and isinstance(pieces[0], ast.FormattedValue) else ast.JoinedStr(pieces)
    rewriting.put(literal.node, ast.unparse(only) + (".encode()" if literal.is_bytes else ""))


def _lift_again(rewriting: Rewriting, work: _Work) -> None:
    """Replace the secrets that were found wherever else they are, such as in the key of a dict."""
    settings = {
        setting.live: setting
        for setting in work.fields.settings
        if setting.secret and setting.live and len(setting.live) >= 8 and not setting.live.isalpha()
    }
    for literal in _replaceable(rewriting):
        again = {SecretPart(*span, "", ""): settings[live] for live in settings for span in places(literal.value, live)}
        _put(literal, again, rewriting)


def _secret(literal: Literal, part: SecretPart, work: _Work) -> Setting:
    """Add the setting for a part of a literal, and report it."""
    value = literal.value[part.start : part.end]
    name = literal.name if value == literal.value and literal.name.isidentifier() else part.field
    setting = work.fields.add(Setting(name, "SecretStr", None, True, live=value))
    work.say(
        "notes", value, setting.name, f"{part.why} ({brief(value)}) became this setting.",
        f"Set {setting.variable} where the server runs. If it is not a secret, end its line with '# not a secret'.",
    )  # fmt: skip
    return setting
