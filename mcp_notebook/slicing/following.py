"""Follows the statements in the order in which they ran, and notes which values each may have changed.

A function of the notebook that is called is followed into. Any other call changes what it is given and what it is on,
unless its name says that it only looks.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Collection, Iterable, Iterator, Sequence

from mcp_notebook.file_calls import makes_file
from mcp_notebook.slicing import known
from mcp_notebook.slicing.effects import CallSite, Effects
from mcp_notebook.slicing.names import Names
from mcp_notebook.slicing.statements import Statement
from mcp_notebook.slicing.values import Value, Values

__all__ = ["follow"]


def follow(
    statements: Sequence[Statement], names: Sequence[Names], *, server: str | None, trials: Collection[int] = ()
) -> Values:
    """Return the values that the statements bound, with the statements that may have changed each.

    Args:
        statements: In execution order.
        names: The names that each binds and reads.
        server: The variable of the server, whose methods change nothing that is followed.
        trials: Statements that no package has: their changes are noted, but not what they put into what.
    """
    defining = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Import | ast.ImportFrom
    values = Values({name for one in statements if isinstance(one.node, defining) for name in names[one.index].binds})
    values.seeks_subclasses = any("__subclasses__" in statement.text for statement in statements)
    for statement in statements:
        _Moment(values, statement, names[statement.index], server, is_trial=statement.index in trials).run()
    return values


class _Moment:
    """The run of one statement; groups of values are bit sets."""

    def __init__(
        self, values: Values, statement: Statement, names: Names, server: str | None, *, is_trial: bool
    ) -> None:
        self._values, self._statement, self._now, self._names = values, statement, statement.index, names
        self._server, self._is_trial = server, is_trial
        self._changed = 0
        self._written: dict[str, None] = {}
        self._outside: dict[str, None] = {}
        self._ran: dict[Effects, tuple[int, int, int]] = {}
        self._given_back: dict[int, int] = {}
        self._known: dict[str, int] = {}

    def run(self) -> None:
        """Follow the statement again and again until nothing new is found."""
        node, values, names, now = self._statement.node, self._values, self._names, self._now
        effects = Effects(names, values.code, dropped=not self._statement.shown)
        effects.read(node)
        for name in sorted(names.binds):
            values.describe(values.bound(now, name), node, names, effects)
        if not isinstance(node, known.DEFINITIONS) and any(makes_file(part) for part in ast.walk(node)):
            self._outside["a file"] = None
        self._ran[effects.settled()] = 0, 0, 0
        before = None
        while before != (before := (values.links, self._changed, [*self._ran.values()], [*self._given_back.values()])):
            read = self._group(names.reads)
            for code, function in self._functions(read):
                if function.unseen:  # an operator, a property or a generator expression
                    self._run(function, code, read, 0)
            if isinstance(node, ast.ClassDef) and values.seeks_subclasses:
                own = values.bound(now, node.name).bit
                self._changed |= values.parts(own) & values.groups["class"] & ~own
            for one in [*self._ran]:
                self._apply(one, is_statement=one is effects)
        for value in values.those(self._changed & ~values.groups["constant"]):
            value.changed.append(now)
        if self._outside:
            values.outside[now] = [*self._outside]
        if hasattr(node, "body") or not self._statement.raised:
            values.bind(now, names, self._written)

    def _functions(self, group: int) -> Iterator[tuple[Value, Effects]]:
        for code in self._values.those(self._values.parts(group)):
            for function in code.functions:
                yield code, function

    # The values of roots.

    def _group(self, roots: Iterable[str], on: int = 0, given: int = 0) -> int:
        """Return the values that roots stand for; of functions that ran, also what they gave back."""
        found = 0
        for root in roots:
            found |= {".": given, "..": on}[root] if root[0] == "." else self._variable(root)
        for own, given_back in self._given_back.items():
            found |= given_back if found & own else 0
        return found

    def _variable(self, root: str) -> int:
        if root not in self._known:
            name = root.lstrip("=")
            binds = name in self._names.binds or name in self._written
            own = self._values.bound(self._now, name).bit if binds else 0
            before = 0 if root[0] == "=" and own else self._values.reached(name, self._now)
            self._known[root] = 0 if name == self._server else own | before
        return self._known[root]

    # Changes.

    def _change(self, group: int, put_in: int = 0) -> None:
        """Note that values are changed, with all that may share something with them."""
        values = self._values
        self._changed |= group | (values.parts(group) & self._free)
        self._link(group | put_in)

    @property
    def _free(self) -> int:
        """The values that may change with others: all but functions, classes and modules."""
        return ~self._values.groups["code"] | self._values.groups["state"]

    def _link(self, group: int) -> None:
        if not self._is_trial:
            self._values.link(group, self._now)

    def _change_modules(self, group: int) -> None:
        imports = self._values.groups["import"]
        self._changed |= self._values.parts(group & imports) & imports

    def _apply(self, effects: Effects, *, is_statement: bool) -> None:
        """Do once what a statement or function does."""
        values, (own, on, given) = self._values, self._ran[effects]
        if not effects.writes <= self._written.keys():
            self._written.update(dict.fromkeys(sorted(effects.writes)))
            self._known.clear()
        if own:
            self._given_back[own] = self._given_back.get(own, 0) | self._group(effects.returns, on, given)
        for group in effects.put:
            self._link(self._group(group, on, given))
        touched = self._group(effects.touched - {".", ".."})
        self._change(touched | self._group(effects.touched & {".", ".."}, on, given) & self._free)
        if is_statement:
            self._change_modules(touched)
        used = self._group(effects.used, on, given)
        for code, function in self._functions(used):
            if function.yields:
                self._run(function, code, used, 0)
        self._change(values.parts(used) & values.groups["once"])
        self._change(values.parts(self._group(effects.items, on, given)) & values.groups["filling"])
        for call in effects.calls:
            if self._server not in call.on:
                self._call(call, effects, self._group(call.on, on, given), self._group(call.given, on, given))

    # Calls.

    def _call(self, call: CallSite, effects: Effects, on: int, given: int) -> None:
        values, code = self._values, self._values.groups["code"]
        named = self._group(call.named)
        imports = named & values.groups["import"]
        modules = {one.name for one in values.those(values.parts(imports)) if one.index < 0}
        if call.name in known.SETTING_UP and imports:
            self._change_modules(imports)
            self._outside[call.name] = None
        ran = self._run_all(call, effects, on, given)
        if not call.is_method:  # a function that was put into a variable may keep something
            self._change(on & ~code, given)
        if call.name in known.CHANGING_FUNCTIONS:
            self._change(given & ~code, given)
        if call.dropped and not ran and (imports or not on) and call.name not in known.LOOKING:
            self._outside[call.name] = None
        if call.is_method and call.name in known.CHANGING and known.MODULES.isdisjoint(modules):
            # Of a class, the method is that of an attribute, such as a list.
            self._change(on & self._free | imports if on else given & ~code, given | on)
        elif not ran and not self._looks(call, on, modules):
            # A function of a module leaves the module as it is; a method of an object that is imported may not.
            objects = imports & values.groups["object"] if call.is_method else 0
            there = on & self._free if call.is_method else on & ~code
            self._change(there | given & ~code | objects, given | on)
            if call.name in known.DRAWING and any(one.changed for one in values.those(values.parts(imports))):
                self._change_modules(imports)  # numbers that were not seeded are not the same again anyway

    def _looks(self, call: CallSite, on: int, modules: Collection[str]) -> bool:
        """Return whether the name of a call says that it only looks."""
        values = self._values
        if call.in_place:
            return False
        if call.decorates:
            return call.name in known.WRAPPING or not on
        if call.is_method and call.name in known.AMBIGUOUS and values.parts(on) & ~values.groups["built-in"]:
            return False
        if call.is_method and on and not on & ~values.groups["constant"]:
            return True  # of a text or a number
        is_builtin = not call.is_method and not on and hasattr(builtins, call.name)
        makes = call.name[:1].isupper() and not call.is_method  # a class from outside keeps what it is given for later
        looking = known.LOOKING_METHODS if call.is_method and not modules else known.LOOKS
        return is_builtin or makes or call.name in looking or not known.MODULES.isdisjoint(modules)

    def _run_all(self, call: CallSite, effects: Effects, on: int, given: int) -> bool:
        """Run the functions that a call may run; say whether it runs nothing else."""
        direct = False
        for code, function in self._functions(on):
            is_class, itself = code.bit & self._values.groups["class"], bool(on & code.bit)
            if call.is_method and is_class:
                made = call.name == "__init_subclass__" and function.name in {"__new__", "__init__"}
                meant = made or function.name == call.name
            elif call.is_method:
                meant = call.name not in known.CHANGING | known.LOOKS
            else:
                meant = not is_class or not itself or function.name[:2] == "__"
            if meant:
                direct = direct or bool(is_class) or (itself and not call.is_method)
                self._run(function, code, on, given)
        if not (call.name in known.LOOKING or call.name[:1].isupper() or call.decorates):
            self._change(self._values.parts(given) & self._values.groups["method"])
            for code, function in self._functions(given):  # something else may call what it is given
                if not code.bit & self._values.groups["class"] or function.name in effects.loaded | {"__call__"}:
                    self._run(function, code, given, given)
        return direct

    def _run(self, function: Effects, code: Value, on: int, given: int) -> None:
        """Have a function run, in this round or the next, with what it is called on and given."""
        groups = self._values.groups
        state = code.bit & groups["state"]
        on = on & ~code.bit | state
        given |= state | (0 if code.bit & groups["class"] else on & ~groups["code"])
        _, before_on, before_given = self._ran.get(function, (0, 0, 0))
        self._ran[function] = 0 if code.bit & groups["class"] else code.bit, before_on | on, before_given | given
