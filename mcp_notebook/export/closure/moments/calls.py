"""What a call does: it runs functions of the notebook, changes what it is on, or hands over what it is given."""

from __future__ import annotations

from collections.abc import Iterator

from mcp_notebook.export.closure import known
from mcp_notebook.export.closure.effects import Body, Call
from mcp_notebook.export.closure.moments.changes import Changes
from mcp_notebook.export.closure.moments.runs import Runs, given
from mcp_notebook.export.closure.moments.scope import Scope
from mcp_notebook.export.closure.objects import Found, Object, Objects

__all__ = ["Calls"]

_READING = Call("", frozenset(), is_method=True, positional=(), keywords=(), others=frozenset(), dropped=False)
_MAKING = {"__new__", "__init__"}


class Calls:
    """The calls of one statement, in it and in the functions that it runs."""

    def __init__(self, objects: Objects, changes: Changes, runs: Runs) -> None:
        self._objects = objects
        self._changes = changes
        self._runs = runs

    def read(self, group: int, scope: Scope) -> None:
        """Read objects: that uses up a generator, and runs operators and properties."""
        objects = self._objects
        for one in objects.those(group):
            itself = 1 << one.number
            is_used_up = bool(itself & objects.used_up)
            if is_used_up:
                self._changes.change(itself)
            for code in objects.those(objects.behind.of(itself) & objects.running):
                for body in _run_by_reading(code, is_used_up=is_used_up):
                    self._run(body, _READING, scope, itself, itself=code, direct=False)

    def call(self, call: Call, scope: Scope) -> None:
        """Take a call to happen; one of the server's own methods changes nothing that is followed."""
        if any(self._objects.is_server(root.removeprefix("()")) for root in call.on):
            return
        objects, changes = self._objects, self._changes
        on, makers = scope.look_all(call.on)
        arguments = scope.look_all(call.arguments)
        ran = self._run_all(call, scope, on, on | makers)
        if not call.is_method:
            changes.change(objects.holds.of(on) & objects.changers, arguments)
        if call.is_method and call.name in known.FILE_FUNCTIONS and on & objects.modules:
            changes.outside[call.name] = None  # as os.remove has it: no module is changed by that
        elif call.is_method and (call.name in known.CHANGING_METHODS or (call.takes and not ran)):
            changes.change(on, arguments, modules=scope.is_statement)
            if call.name == "register" and on & objects.modules:  # as atexit has it
                changes.outside[call.name] = None
        elif call.is_method and call.name in known.DRAWING_METHODS and not ran:
            changes.draw(on)
            changes.change(arguments[0] if call.name == "shuffle" else 0)
        elif call.name in known.CHANGING_FUNCTIONS:
            changes.change(arguments[0], arguments)
        elif not ran:
            self._hand_over(call, arguments, scope)
            self._call_unknown(call, on, arguments)

    def _run_all(self, call: Call, scope: Scope, on: int, called: int) -> bool:
        """Run the functions that a call may mean; say whether there are any."""
        objects = self._objects
        methods = set() if call.is_method else set[str]().union(*(one.methods for one in objects.those(called)))
        ran = False
        for code in objects.those(objects.behind.of(called) & objects.running):
            itself = 1 << code.number
            direct = bool(itself & called & objects.code)
            by_others = not direct or bool(itself & objects.behind.of(called & ~itself))
            for body in _meant(call, code, methods):
                ran = True
                if direct:
                    self._run(body, call, scope, on, itself=code, direct=True)
                if by_others:
                    self._run(body, call, scope, on, itself=code, direct=False)
        return ran

    def _run(self, body: Body, call: Call, scope: Scope, on: int, *, itself: Object, direct: bool) -> None:
        if not body.does_nothing:
            self._runs.add(body, given(body, call, scope, on, itself, direct=direct), 0 if direct else on)

    def _hand_over(self, call: Call, arguments: Found, scope: Scope) -> None:
        """Give something from outside its arguments: it may call them."""
        objects = self._objects
        may_call = objects.behind.of(arguments[0])
        for holder in objects.those(may_call & objects.changers):
            self._changes.change(1 << holder.number, arguments)
        # A class from outside, such as `Thread` or `MCPServer`, keeps what it is given for later.
        for code in () if call.name[:1].isupper() else objects.those(may_call & objects.running):
            for name, body in code.functions.items():
                if not code.is_class or name == "__call__":
                    self._run(body, call, scope, arguments[0], itself=code, direct=False)

    def _call_unknown(self, call: Call, on: int, arguments: Found) -> None:
        """Call something from outside: where its value is dropped, it was called for what it changes."""
        objects, changes = self._objects, self._changes
        imported = on & objects.modules
        modules = {part.name for part in objects.those(objects.holds.of(imported)) if part.index < 0}
        if modules and call.name in known.SETTING_UP:
            changes.change(imported, modules=True)
            changes.outside[call.name] = None
            return
        if call.decorates:  # ``@event.listens_for(engine, "connect")`` registers on what it is given
            if imported and call.name not in known.WRAPPING:
                changes.change(arguments[0] & ~objects.code)
            if not call.is_method:
                return
        if not call.dropped and call.is_method and known.CHANGES.fullmatch(call.name):
            changes.change(on & ~objects.code, arguments)
        if not call.dropped or call.name in (known.LOOKING_METHODS if call.is_method else known.LOOKING):
            return
        if not call.decorates and not modules & known.LOOKING_MODULES:
            changes.change(arguments[0] & ~objects.code)
        changes.change(on & ~objects.code, arguments)
        if modules or not on:
            changes.outside[call.name] = None


def _run_by_reading(code: Object, *, is_used_up: bool) -> Iterator[Body]:
    return (body for body in code.functions.values() if body.is_implicit or (body.is_generator and is_used_up))


def _meant(call: Call, code: Object, methods: set[str]) -> Iterator[Body]:
    """Give the functions of an object that a call may mean; `methods` are those that it was made of."""
    return (body for name, body in code.functions.items() if name in methods or _is_meant(call, name, code))


def _is_meant(call: Call, name: str, code: Object) -> bool:
    if not call.is_method:
        return not code.is_class or name.startswith("__")
    if code.is_class:
        return name == call.name or (code.makes_classes and call.name == "__init_subclass__" and name in _MAKING)
    return call.name not in known.CHANGING_METHODS | known.LOOKING_METHODS
