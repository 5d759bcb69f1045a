"""Follows the statements in the order in which they ran, and notes which values each may have changed.

A call of a function of the notebook is followed into it. Any other call changes what it is given and what it is on,
unless its name says that it only looks.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Collection, Iterable, Sequence

from mcp_notebook.slicing import known
from mcp_notebook.slicing.functions import eager
from mcp_notebook.slicing.names import Names
from mcp_notebook.slicing.statements import Statement
from mcp_notebook.slicing.uses import Call, Function, Uses
from mcp_notebook.slicing.values import Value, Values

__all__ = ["follow"]


def follow(
    statements: Sequence[Statement], names: Sequence[Names], *, server: str | None, trials: Collection[int] = ()
) -> Values:
    """Return the values that the statements bound, with what may have changed each.

    Args:
        statements: In execution order.
        names: What each binds and reads.
        server: The variable of the server, whose methods change nothing that is followed.
        trials: Statements that no package has: what they change is noted, but not what came to hold what in them.
    """
    values = Values()
    asks_for_subclasses = any("__subclasses__" in statement.text for statement in statements)
    for statement in statements:
        moment = _Moment(values, statement, names[statement.index], server)
        moment.run(is_trial=statement.index in trials, asks_for_subclasses=asks_for_subclasses)
    return values


class _Scope:
    """What roots stand for in a statement, or in a function that runs with it."""

    def __init__(self, moment: _Moment, given: dict[str, int] | None = None) -> None:
        self._moment = moment
        self._given = given or {}
        self.is_statement = given is None

    def group(self, roots: Iterable[str]) -> int:
        """Return the values that roots stand for."""
        found = 0
        for root in roots:
            if root.startswith("()"):
                found |= self._moment.given_back(self.group([root[2:]]))
            elif root[0] == ".":
                found |= self._given.get(root[1:], 0)
            else:
                found |= self._moment.variable(root)
        return found


class _Moment:
    """What one statement does."""

    def __init__(self, values: Values, statement: Statement, names: Names, server: str | None) -> None:
        self._values = values
        self._statement = statement
        self._now = statement.index
        self._names = names
        self._server = server
        self._written: dict[str, None] = {}
        self._changed = 0
        self._outside: dict[str, None] = {}
        self._ran: dict[Function, tuple[int, int]] = {}
        self._to_run: list[tuple[Uses, _Scope]] = []
        self._is_trial = False

    def run(self, *, is_trial: bool, asks_for_subclasses: bool) -> None:
        """Follow the statement again and again until nothing new is found."""
        node, values = self._statement.node, self._values
        self._is_trial = is_trial
        uses = eager(node, self._names, dropped=not self._statement.shown)
        for name in sorted(self._names.binds):
            values.describe(values.bound(self._now, name), node, self._names)
        if not isinstance(node, known.DEFINITIONS) and any(known.writes_a_file(part) for part in ast.walk(node)):
            self._outside["a file"] = None
        before = None
        while before != (before := (values.links, self._changed, len(self._written))):
            self._ran.clear()
            scope = _Scope(self)
            self._apply(uses, scope)
            self._read(scope.group(self._names.reads))
            while self._to_run:
                self._apply(*self._to_run.pop())
            if isinstance(node, ast.ClassDef) and asks_for_subclasses:
                own = 1 << values.bound(self._now, node.name).number
                self._change(values.parts(own) & values.group("class") & ~own)
        for one in values.those(self._changed & ~values.group("constant")):
            one.changed.append(self._now)
        if self._outside:
            values.outside[self._now] = [*self._outside]
        if hasattr(node, "body") or not self._statement.raised:
            values.bindings.add(self._now, self._names, [*self._written])

    # What roots stand for.

    def variable(self, name: str) -> int:
        """Return the values that a variable may have: that of before, and what the statement binds to it."""
        own = name.startswith("=")
        name = name.lstrip("=")
        if name == self._server:
            return 0
        found = [] if own else self._values.reaching(name, self._now)
        group = sum(1 << one.number for one in found)
        if name in self._names.binds or name in self._written:
            group |= 1 << self._values.bound(self._now, name).number
        return group

    def given_back(self, called: int) -> int:
        """Return the values that a call of these may give back, beside what it is given."""
        found, seen, work = 0, 0, called & ~self._values.group("import")
        while work:
            seen |= work
            more = 0
            for one in self._values.those(work):
                if one.kind != "function" or one.changes_by_itself or one.has_code:
                    found |= 1 << one.number
                for root in one.returns:
                    group = self.variable(root.removeprefix("()"))
                    more |= group if root[0] == "(" else 0
                    found |= 0 if root[0] == "(" else group
            work = more & ~seen & ~self._values.group("import")
        return found

    # What is changed.

    def _change(self, group: int, put_in: int = 0) -> None:
        """Note that values are changed, with all that they may hold."""
        free = self._values.parts(group) & self._values.group("free")
        self._changed |= group | free
        self._hold(free | group, put_in)

    def _hold(self, holders: int, held: int) -> None:
        if not self._is_trial:
            self._values.hold(holders, held, self._now)

    def _apply(self, uses: Uses, scope: _Scope) -> None:
        free, imports = self._values.group("free"), self._values.group("import")
        for holders, held in uses.ties:
            group = scope.group(holders)
            if not next(iter(holders)).startswith("="):
                group |= self._values.parts(group) & free
            self._hold(group, scope.group(held))
        changed = scope.group(uses.changes)
        self._change(changed if scope.is_statement else changed & ~imports)
        if scope.is_statement:
            self._changed |= self._values.parts(changed & imports) & imports
        self._change(self._values.parts(scope.group(uses.iterates)) & self._values.group("once"))
        self._change(self._values.parts(scope.group(uses.items)) & self._values.group("filling"))
        for call in uses.calls:
            self._call(call, scope)

    def _read(self, group: int) -> None:
        """Run what runs by reading values: operators and properties."""
        values = self._values
        parts = values.parts(group)
        for code in values.those(parts & values.group("running")):
            for function in code.functions:
                if function.is_implicit:
                    self._run(function, code, group, 0)

    # What is called.

    def _call(self, call: Call, scope: _Scope) -> None:
        if any(root.removeprefix("()") == self._server for root in call.on):
            return
        values = self._values
        on, given = scope.group(call.on), scope.group(call.given)
        code, imports = values.group("code"), on & values.group("import")
        if call.is_method and call.name in known.FILE_FUNCTIONS and imports:
            self._outside[call.name] = None
            return
        ran = self._run_all(call, on, given)
        if not call.is_method:  # a function that was put into a variable may keep something
            self._change(on & ~code, 0)
            self._change(values.parts(on) & values.group("changers"), given)
        if call.is_method and call.name == "register" and imports:
            self._outside[call.name] = None
        if call.name in known.CHANGING_FUNCTIONS and not (ran and not call.is_method):
            self._change(given & ~code, given)
        elif call.is_method and call.name in known.CHANGING_METHODS:
            self._change(on, given)
            if scope.is_statement:
                self._changed |= values.parts(imports) & values.group("import")
        elif call.is_method and call.name in known.DRAWING_METHODS and not ran:
            self._draw(on, given if call.name == "shuffle" else 0)
        elif not ran:
            self._hand_over(call, given)
            self._call_unknown(call, on, given, imports)

    def _call_unknown(self, call: Call, on: int, given: int, imports: int) -> None:
        """Take a call of something that is not understood to change what it is on and what it is given."""
        values = self._values
        code = values.group("code")
        modules = {one.name for one in values.those(values.parts(imports)) if one.index < 0}
        if modules and call.name in known.SETTING_UP:
            self._changed |= values.parts(imports) & values.group("import")
            self._outside[call.name] = None
        shows = call.name in (known.LOOKING_METHODS if call.is_method else known.LOOKING)
        if call.dropped and (modules or not on) and not shows:
            self._outside[call.name] = None
        if self._looks(call, on, modules) or not modules.isdisjoint(known.LOOKING_MODULES):
            return
        if not call.is_method and not on and hasattr(builtins, call.name):
            return
        receivers = on & ~code & ~values.group("constant")
        if call.is_method and on and not receivers and not imports and not call.in_place:
            return  # of a text or a number
        from_imports = imports if call.is_method else 0
        if from_imports and not any("." in one for one in modules):
            from_imports = 0  # a module's function
        self._change(receivers | from_imports, given)
        self._change(given & ~code, on | given)

    def _looks(self, call: Call, on: int, modules: set[str]) -> bool:
        """Whether the name of a call says that it only looks."""
        if call.in_place:
            return False
        if call.decorates and (call.name in known.WRAPPING or not (modules or on)):
            return True
        if (
            call.is_method
            and call.name in known.AMBIGUOUS_METHODS
            and self._values.parts(on) & ~self._values.group("built-in")
        ):
            return False
        if call.is_method and not modules:
            return call.name in known.LOOKING_METHODS | known.FRESH_METHODS and not (
                call.name == "get" and call.is_empty
            )
        makes = call.name[:1].isupper()  # a class from outside keeps what it is given for later
        return makes or call.name in known.LOOKING | known.LOOKING_FUNCTIONS | known.CONSTANT | known.LOOKING_METHODS

    def _draw(self, on: int, shuffled: int) -> None:
        """Note that random numbers are drawn; what unseeded ones are is not the same again anyway."""
        values = self._values
        imports = values.group("import")
        self._change((on & ~values.group("code")) | shuffled)
        modules = values.parts(on & imports) & imports
        if any(one.changed for one in values.those(modules)) or modules & self._changed:
            self._changed |= modules

    def _hand_over(self, call: Call, given: int) -> None:
        """Have something from outside call the functions that it is given."""
        values = self._values
        parts = values.parts(given)
        self._change(parts & values.group("changers"), given)
        if call.name[:1].isupper() or call.name in known.LOOKING or call.decorates:
            return
        for code in values.those(parts & values.group("running")):
            for function in code.functions:
                if code.kind != "class" or function.name == "__call__":
                    self._run(function, code, given, given)

    def _run_all(self, call: Call, on: int, given: int) -> bool:
        """Run the functions that a call may mean; say whether there are any."""
        values = self._values
        made_of = set() if call.is_method else set[str]().union(*(one.methods for one in values.those(on)))
        ran = False
        for code in values.those(values.parts(on) & values.group("running")):
            for function in code.functions:
                if function.name in made_of or code.may_run(function, call):
                    # What a method of something from outside does with the functions in it, only that knows.
                    ran = ran or not call.is_method or code.kind == "class" or function.itself != ""
                    self._run(function, code, on, given)
        return ran

    def _run(self, function: Function, code: Value, on: int, given: int) -> None:
        """Go into a function that runs, unless it did with no less."""
        before = self._ran.get(function, (0, 0))
        free = self._values.group("free")
        on, given = before[0] | on, before[1] | given
        if function in self._ran and (on, given) == before:
            return
        self._ran[function] = on, given
        own = 1 << code.number
        state = own & free
        direct = bool(on & own)
        everything = given | state | (0 if direct or function.itself else on)
        passed = dict.fromkeys(function.parameters, everything)
        if function.itself:  # the object of a constructor is new, but its class is not
            passed[function.itself] = (own if function.of_class else state) | (0 if direct else on & ~own)
        self._written.update(dict.fromkeys(function.uses.writes))
        if function.keeps_state:
            self._change(state | on & ~self._values.group("code"))
        # Not here: functions that call each other many times over would need a deeper stack than Python has.
        self._to_run.append((function.uses, _Scope(self, passed)))
