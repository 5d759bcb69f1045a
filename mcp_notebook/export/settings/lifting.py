"""What a module takes from its environment instead of having it written in it: marked constants, and secrets."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from mcp_notebook.export.findings import Finding, Weight
from mcp_notebook.export.module.writing import Module, Setting
from mcp_notebook.export.ran import Subject
from mcp_notebook.export.settings import environment_reads as reads
from mcp_notebook.export.settings.constants import Constant, imports_for, plain, setting_of, text_of
from mcp_notebook.export.settings.fields import Fields
from mcp_notebook.export.settings.formats import Part
from mcp_notebook.export.settings.literals import Literal, literals
from mcp_notebook.export.settings.marks import Mark, marks, unmarked
from mcp_notebook.export.settings.rewriting import Rewriting
from mcp_notebook.export.settings.secrets import NO_SECRET, brief, cell_of, found_at, parts, secrets_of
from mcp_notebook.export.settings.wording import says_secret
from mcp_notebook.formatting import formatted

__all__ = ["lift"]

ASKING = {"getpass.getpass", "getpass", "input"}
"""Calls that ask the person at the notebook; nobody sits at a server."""


def lift(module: Module, subject: Subject, environment: Mapping[str, str], *, package: str) -> Module:
    """Return the module with its settings and secrets in a ``settings.py``, none where a setting can stand.

    These become settings: constants at the top level whose line ends with ``# setting`` or ``# secret`` (what they are
    for may follow after a colon), reads of environment variables by name, what `getpass` and `input` gave at the top
    level, and literals that are secrets. A secret has no default; `Setting.live` is its value in the notebook. What
    only looks like a secret stays where its line ends with ``# not a secret``.

    Args:
        module: What the cells became.
        subject: Where it came from: the cells that findings name, and the variables as they are.
        environment: That of the notebook.
        package: The name of the package, which the names of the variables begin with.
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
    """What the files of a module have in common while they are rewritten."""

    fields: Fields
    subject: Subject
    environment: Mapping[str, str]
    hidden: Mapping[str, str]
    set_here: frozenset[str]
    findings: list[Finding] = field(default_factory=list)

    def say(self, weight: Weight, value: str, name: str, what: str, way_out: str = "") -> None:
        """Report something about the cell that has this text; of cells that have it, the one that ran last."""
        self.findings.append(Finding(weight, cell_of(value, self.subject.cells), name, what, way_out))


def _lifted(source: str, beside: str, work: _Work) -> str:
    marked = _marked(source, work)
    rewriting = Rewriting(unmarked(source, {mark.line: mark for mark in marked.values()}))
    made_of_environment = set[str]()
    for statement in rewriting.tree.body:
        if isinstance(statement, Constant):
            mark = marked.get(statement.lineno)
            if not _is_made_of(made_of_environment, statement):
                _lift_constant(statement, mark, rewriting, work)
                continue
            made_of_environment.add(_target(statement))
            if mark or _asked(statement):
                _lift_made_of_environment(statement, mark, rewriting, work)
    for node in rewriting.staying():
        _lift_read(node, None, rewriting, work)
    staying = set(rewriting.staying())
    for literal in literals(rewriting.tree):
        if literal.free and (literal.part or literal.node) in staying:
            _lift_secrets(literal, rewriting, work)
    _lift_again(rewriting, work)
    return rewriting.done(beside)


def _marked(source: str, work: _Work) -> dict[int, Mark]:
    """Return the marks of constants, by the line where the constant begins; say which marks are of none."""
    left = marks(source)
    found = {}
    for statement in ast.parse(source).body:
        within = range(statement.lineno, (statement.end_lineno or statement.lineno) + 1)
        if isinstance(statement, Constant) and _target(statement) and (line := next(filter(left.get, within), None)):
            found[statement.lineno] = left.pop(line)
    for line, mark in left.items():
        work.say(
            "warns", source.split("\n")[line - 1], str(mark), "is on a line that gives no constant its value.",
            "Give the value a name at the top level of a cell, and mark that line.",
        )  # fmt: skip
    return found


def _lift_constant(statement: Constant, mark: Mark | None, rewriting: Rewriting, work: _Work) -> None:
    value, name = statement.value, _target(statement)
    asked = _asked(statement)
    if value is None or not name or not (mark or asked):
        return
    text = plain(value)
    secret = bool(mark and mark.secret) or (isinstance(text, str) and bool(parts(text, name, work.hidden)))
    secret = secret or bool(asked and (says_secret(name) or asked != {"input"}))
    description = mark.description if mark else ""
    setting = setting_of(
        name, statement, rewriting.tree, work.subject.namespace, secret=secret, description=description
    )
    if setting is None:
        work.say(
            "stops", name, name, "is to be a setting, and its value is nothing that an environment variable can give.",
            "Give it a plain value (text, number, list, dict), or mark what it is made from.",
        )  # fmt: skip
        return
    if setting.default is not None and reads.mentions(value):  # what this machine has is no default
        setting = replace(setting, default=None, live=text_of(work.subject.namespace.get(name)))
    work.fields.imports |= imports_for(setting, rewriting.tree)
    setting = work.fields.add(setting)
    if asked:
        work.say(
            "notes", name, setting.name, "what was typed here became this setting.",
            f"Set {setting.variable} where the server runs.",
        )  # fmt: skip
    rewriting.put(value, rewriting.value_of(setting))


def _lift_made_of_environment(statement: Constant, mark: Mark | None, rewriting: Rewriting, work: _Work) -> None:
    """Make settings of the variables that a marked constant is made of: its own value is this machine's."""
    assert statement.value is not None
    if _asked(statement):
        _lift_constant(statement, mark, rewriting, work)
    elif not any([_lift_read(node, mark, rewriting, work) for node in ast.walk(statement.value)]):  # noqa: C419 - each of them
        name = _target(statement)
        what = "is made of what the environment has, which the package reads there; it is no setting of its own."
        work.say("warns", name, name, what, "Mark the line that reads the variable.")


def _asked(statement: Constant) -> set[str]:
    calls = (n for n in ast.walk(statement.value) if isinstance(n, ast.Call)) if statement.value else ()
    return {ast.unparse(call.func) for call in calls} & ASKING


def _is_made_of(made_of_environment: set[str], statement: Constant) -> bool:
    if statement.value is None or not _target(statement):
        return False
    names = {node.id for node in ast.walk(statement.value) if isinstance(node, ast.Name)}
    return bool(names & made_of_environment) or reads.mentions(statement.value)


def _lift_read(node: ast.AST, mark: Mark | None, rewriting: Rewriting, work: _Work) -> bool:
    """Make a setting of an expression that reads an environment variable; return whether it does."""
    read = reads.read(node)
    if read is None or not work.set_here.isdisjoint({read.variable, "*"}):
        return False
    default = None if read.default is None else plain(read.default)
    if read.required and read.variable not in work.environment:
        work.say(
            "notes", read.variable, read.variable, "is not set here: it is read where it is used, as in the notebook."
        )
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


def _lift_secrets(literal: Literal, rewriting: Rewriting, work: _Work) -> None:
    found = parts(literal.value, literal.name, work.hidden)
    if not found or NO_SECRET.search(rewriting.source.split("\n")[(literal.node.end_lineno or 1) - 1]):
        return
    _put(literal, {part: _secret(literal, part, work) for part in found}, rewriting)


def _put(literal: Literal, found: Mapping[Part, Setting], rewriting: Rewriting) -> None:
    """Put settings in the place of parts of a literal."""
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
    """Take secrets that were found also from where nothing says that they are secret, such as the key of a dict."""
    settings = {
        setting.live: setting
        for setting in work.fields.settings
        if setting.secret and setting.live and len(setting.live) >= 8 and not setting.live.isalpha()
    }
    staying = set(rewriting.staying())
    for literal in literals(rewriting.tree):
        if literal.free and (literal.part or literal.node) in staying:
            again = {Part(*span, "", ""): settings[live] for live in settings for span in found_at(literal.value, live)}
            _put(literal, again, rewriting)


def _secret(literal: Literal, part: Part, work: _Work) -> Setting:
    """Add the setting for a part of a literal, and say so."""
    value = literal.value[part.start : part.end]
    name = literal.name if value == literal.value and literal.name.isidentifier() else part.field
    setting = work.fields.add(Setting(name, "SecretStr", None, True, live=value))
    work.say(
        "notes", value, setting.name, f"{part.why} ({brief(value)}) became this setting.",
        f"Set {setting.variable} where the server runs; where it is none, end its line with '# not a secret'.",
    )  # fmt: skip
    return setting


def _target(statement: Constant) -> str:
    """Return the name that a statement binds; "" where it is no plain name."""
    target = statement.targets[0] if isinstance(statement, ast.Assign) else statement.target
    return target.id if isinstance(target, ast.Name) else ""
