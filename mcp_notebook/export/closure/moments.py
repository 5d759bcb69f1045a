"""What each statement does to the objects of a notebook: one pass over the trace, from what the text shows.

It errs on one side: what may be the same object, or a part of it, is taken to be; what may change, to change. For the
sake of time, all calls of one function within one statement are taken together, as one call with the arguments of all.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field

from mcp_notebook.export.closure import effects, known
from mcp_notebook.export.closure.describing import describe
from mcp_notebook.export.closure.effects import Body, Call
from mcp_notebook.export.closure.names import Names
from mcp_notebook.export.closure.objects import Found, Object, Objects
from mcp_notebook.export.closure.statements import Statement

__all__ = ["follow"]

Look = Callable[[str], Found]
_DEFINITIONS = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
_MAKING = {"__new__", "__init__"}
_NOTHING: Found = 0, 0
_READING = Call("", frozenset(), is_method=True, positional=(), keywords=(), others=frozenset(), dropped=False)


def follow(
    statements: Sequence[Statement], names: Sequence[Names], *, server: str | None, trials: Collection[int] = ()
) -> Objects:
    """Return the objects that the statements made, with what each did to them.

    Args:
        statements: In execution order.
        names: What each binds and reads.
        server: The variable of the server.
        trials: Statements that no package has: what they change is noted, but not what came to hold what in them.
    """
    objects = Objects(server=server)
    asks_for_subclasses = any("__subclasses__" in statement.text for statement in statements)
    for statement in statements:
        moment = _Moment(objects, statement, names[statement.index], asks_for_subclasses=asks_for_subclasses)
        moment.is_trial = statement.index in trials
        moment.run()
    return objects


@dataclass
class _Run:
    """A function as it may run in a moment: what its parameters may be, and the objects whose method it is."""

    given: dict[str, Found] = field(default_factory=dict)
    on: int = 0

    def widen(self, given: dict[str, Found], on: int) -> bool:
        """Take in another call; say whether that brings anything new."""
        before = self.given.copy(), self.on
        for name, found in given.items():
            self.given[name] = _both(self.given.get(name, _NOTHING), found)
        self.on |= on
        return before != (self.given, self.on)


class _Moment:
    """What one statement does to the objects."""

    def __init__(self, objects: Objects, statement: Statement, names: Names, *, asks_for_subclasses: bool) -> None:
        self._objects = objects
        self.is_trial = False
        self._statement = statement
        self._now = statement.index
        self._asks_for_subclasses = asks_for_subclasses
        self._names = names
        self._written: dict[str, None] = {}
        self._changed = 0
        self._runs: dict[Body, _Run] = {}
        self._waiting: dict[Body, _Run] = {}
        self._outside: dict[str, None] = {}
        self._reaching: dict[str, int] = {}
        self._given_by: dict[int, Found] = {}
        self._given_when: object = None

    def run(self) -> None:
        """Bind, connect, change: again and again until there is nothing new."""
        node = self._statement.node
        body = effects.eager(node, self._names, dropped=not self._statement.shown)
        for name in self._names.binds:
            describe(self._objects.bound(self._now, name), node, self._names, self._objects)
        if any(_writes_a_file(part) for part in ast.walk(node)) and not isinstance(node, _DEFINITIONS):
            self._outside["a file"] = None
        before = None
        while before != (before := self._state()):
            self._connect(body, self._look)
            if isinstance(node, ast.ClassDef) and self._asks_for_subclasses:
                made = 1 << self._objects.bound(self._now, node.name).number
                self._change(self._objects.behind.of(made) & self._objects.classes & ~made)
            self._read()
            self._do(body, self._look)
            self._waiting = dict(self._runs)
            while self._waiting:
                self._follow(*self._waiting.popitem())
        self._note(node)

    def _state(self) -> tuple[object, ...]:
        """Return what tells whether anything is new."""
        objects = self._objects
        return objects.holds.size, objects.behind.size, len(self._written), objects.used_up, self._changed

    def _note(self, node: ast.stmt) -> None:
        for one in self._objects.those(self._changed):
            one.changed.append(self._now)
        if self._outside:
            self._objects.outside[self._now] = list(self._outside)
        if not self._statement.raised or not _is_simple(node):
            self._objects.bindings.add(self._now, self._names, list(self._written))

    def _read(self) -> None:
        """Reading uses up a generator, and runs operators and properties."""
        objects = self._objects
        for one in objects.those(self._look_all(self._names.reads, self._look)[0]):
            itself = 1 << one.number
            is_used_up = bool(itself & objects.used_up)
            if is_used_up:
                self._change(itself)
            for code in objects.those(objects.behind.of(itself) & objects.running):
                for body in code.functions.values():
                    if body.is_implicit or (body.is_generator and is_used_up):
                        self._run(body, _READING, self._look, itself, itself=code, direct=False)

    # Which objects a root stands for.

    def _look(self, root: str) -> Found:
        if root.startswith("()"):
            return self._given_back(self._look(root[2:])[0])
        if root.startswith(".") or self._objects.is_server(root):
            return _NOTHING
        if root not in self._reaching:
            self._reaching[root] = _group(self._objects.reaching(root, self._now))
        found = self._reaching[root]
        if root in self._names.binds or root in self._written:
            found |= 1 << self._objects.bound(self._now, root).number
        return found, 0

    @staticmethod
    def _look_all(roots: Iterable[str], look: Look) -> Found:
        found = _NOTHING
        for root in roots:
            found = _both(found, look(root))
        return found

    def _inside(self, given: dict[str, Found]) -> Look:
        """Return what roots stand for in a function that is called with these arguments."""

        def look(root: str) -> Found:
            if root.startswith("()"):
                return self._given_back(look(root[2:])[0])
            if root.startswith("."):
                return given.get(root[1:], _NOTHING)
            return self._look(root)

        return look

    def _given_back(self, called: int) -> Found:
        """Return what a call of these objects may give back."""
        if self._given_when != (now := self._state()):
            self._given_when = now
            self._given_by.clear()
        if called not in self._given_by:
            self._given_by[called] = self._find_given_back(called)
        return self._given_by[called]

    def _find_given_back(self, called: int) -> Found:
        objects = self._objects
        held, makers = called & ~objects.code, 0
        while new := objects.behind.of(called) & (objects.running | objects.classes) & ~makers:
            makers |= new
            bodies = (body for code in objects.those(new) for body in code.functions.values())
            for root in frozenset[str]().union(*(body.returns for body in bodies)):
                found = self._look(root.removeprefix("()"))[0]
                if root.startswith("()"):
                    called |= found
                    held |= found & ~objects.code
                else:
                    held |= found
        return held, makers

    # What is done.

    def _connect(self, body: Body, look: Look) -> None:
        for name, sources in body.flows:
            is_new = name in body.writes
            targets = 1 << self._objects.bound(self._now, name).number if is_new else look(name)[0]
            self._hold(targets, self._look_all(sources, look))

    def _do(self, body: Body, look: Look) -> None:
        for roots, put_in in body.changes:
            is_here = look == self._look
            self._change(self._look_all(roots, look)[0], self._look_all(put_in, look), modules=is_here)
        for call in body.calls:
            self._call(call, look)

    def _change(self, group: int, put_in: Found = _NOTHING, *, modules: bool = False) -> None:
        """Note a change of objects and what is in them; of modules only where one is meant: anything may hold one."""
        objects = self._objects
        group = group if modules else group & ~objects.modules
        parts = group | objects.holds.of(group) & objects.changing
        parts |= objects.holds.of(group & objects.modules) & objects.modules
        self._changed |= parts & ~objects.constant
        self._hold(parts, put_in)

    def _hold(self, holders: int, found: Found) -> None:
        if not self.is_trial:
            self._objects.hold(holders, found, self._now)

    def _call(self, call: Call, look: Look) -> None:
        if any(self._objects.is_server(root.removeprefix("()")) for root in call.on):
            return
        objects = self._objects
        on, makers = self._look_all(call.on, look)
        arguments = self._look_all(call.arguments, look)
        ran = self._call_all(call, look, on, on | makers)
        if not call.is_method:
            self._change(objects.holds.of(on) & objects.changers, arguments)
        if call.is_method and call.name in known.CHANGING_METHODS:
            self._change(on, arguments, modules=look == self._look)
            if call.name == "register" and on & objects.modules:  # as atexit has it
                self._outside[call.name] = None
        elif call.is_method and call.name in known.DRAWING_METHODS and not ran:
            self._change(on & ~objects.code | self._seeded(on & objects.code), modules=True)
            self._change(arguments[0] if call.name == "shuffle" else 0)
        elif call.name in known.CHANGING_FUNCTIONS:
            self._change(arguments[0], arguments)
        elif not ran:
            self._call_unknown(call, on, arguments, look)

    def _seeded(self, group: int) -> int:
        """Return those that were set up: what unseeded random numbers draw is not the same again anyway."""
        objects = self._objects
        modules = {
            one: objects.those(objects.holds.of(1 << one.number) & objects.modules) for one in objects.those(group)
        }
        now = self._changed
        return _group(
            one for one, parts in modules.items() if any(part.changed or now >> part.number & 1 for part in parts)
        )

    def _call_all(self, call: Call, look: Look, on: int, called: int) -> bool:
        """Run the functions that a call may mean; say whether there are any."""
        objects = self._objects
        methods = set() if call.is_method else set[str]().union(*(one.methods for one in objects.those(called)))
        ran = False
        for code in objects.those(objects.behind.of(called) & objects.running):
            itself = 1 << code.number
            direct = bool(itself & called & objects.code)
            by_others = bool(itself & objects.behind.of(called & ~itself)) if direct else True
            for name, body in code.functions.items():
                if _is_meant(call, name, code) or name in methods:
                    ran = True
                    if direct:
                        self._run(body, call, look, on, itself=code, direct=True)
                    if by_others:
                        self._run(body, call, look, on, itself=code, direct=False)
        return ran

    def _run(self, body: Body, call: Call, look: Look, on: int, *, itself: Object, direct: bool) -> None:
        if body.does_nothing:
            return
        given = self._given(body, call, look, on, itself, direct=direct)
        run = self._runs.setdefault(body, _Run())
        if run.widen(given, 0 if direct else on):
            self._waiting[body] = run

    def _follow(self, body: Body, run: _Run) -> None:
        inside = self._inside(run.given)
        self._written.update(dict.fromkeys(body.writes))
        self._connect(body, inside)
        self._do(body, inside)
        if body.keeps_state:
            self._change(self._bound_with(run.on))

    def _bound_with(self, group: int) -> int:
        """Return the group and what the same statements bound, such as the functions that share what they count."""
        return group | _group(
            other
            for one in self._objects.those(group & ~self._objects.code)
            for other in self._objects.bound_by(one.index)
        )

    def _given(self, body: Body, call: Call, look: Look, on: int, itself: Object, *, direct: bool) -> dict[str, Found]:
        """Return the objects behind each parameter; where the order is not known, all behind each."""
        names = list(body.parameters)
        given: dict[str, Found] = {}
        if itself.is_class:
            # The object of a constructor is new, but its class is not.
            state = 1 << itself.number if itself.has_state or body.of_class else 0
            own = state if direct and not call.is_method else on | state
            if names:
                given[names.pop(0)] = own, 0
        everything = self._look_all(call.arguments, look)
        if call.positional is None or not (direct or itself.is_class):
            return given | dict.fromkeys(names, (everything[0] | on, everything[1]))
        given |= {name: self._look_all(roots, look) for name, roots in zip(names, call.positional, strict=False)}
        rest = self._look_all(
            [*call.others, *(root for roots in call.positional[len(names) :] for root in roots)], look
        )
        words = {word: self._look_all(roots, look) for word, roots in call.keywords}
        for name in names:
            if name in words:
                given[name] = words[name]
            elif name in body.defaults and name not in given:
                given[name] = 1 << itself.number, 0
            elif name not in given:
                given[name] = everything if (rest[0] or words) else _NOTHING
        return given

    def _call_unknown(self, call: Call, on: int, arguments: Found, look: Look) -> None:
        """A call of something from outside: where its value is dropped, it was called for what it changes."""
        objects = self._objects
        may_call = objects.behind.of(arguments[0])  # what it is given
        for holder in objects.those(may_call & objects.changers):
            self._change(1 << holder.number, arguments)
        # A class from outside, such as `Thread` or `MCPServer`, keeps what it is given for later.
        for code in () if call.name[:1].isupper() else objects.those(may_call & objects.running):
            for name, body in code.functions.items():
                if not code.is_class or name == "__call__":
                    self._run(body, call, look, arguments[0], itself=code, direct=False)
        imported = on & objects.modules
        modules = {part.name for part in objects.those(objects.holds.of(imported)) if part.index < 0}
        if modules and call.name in known.SETTING_UP:
            self._change(imported, modules=True)
            self._outside[call.name] = None
            return
        if call.decorates:  # ``@event.listens_for(engine, "connect")`` registers on what it is given
            if imported and call.name not in known.WRAPPING:
                self._change(arguments[0] & ~objects.code)
            if not call.is_method:
                return
        if not call.dropped or call.name in (known.LOOKING_METHODS if call.is_method else known.LOOKING):
            return
        if not call.decorates and not modules & known.LOOKING_MODULES:
            self._change(arguments[0] & ~objects.code)
        self._change(on & ~objects.code, arguments)
        if modules or not on:
            self._outside[call.name] = None


def _is_meant(call: Call, name: str, code: Object) -> bool:
    """Whether a call may run the function `name` of an object."""
    if not call.is_method:
        return not code.is_class or name.startswith("__")
    if code.is_class:
        return name == call.name or (code.makes_classes and call.name == "__init_subclass__" and name in _MAKING)
    return call.name not in known.CHANGING_METHODS | known.LOOKING_METHODS


def _both(one: Found, other: Found) -> Found:
    return one[0] | other[0], one[1] | other[1]


def _group(objects: Iterable[Object]) -> int:
    group = 0
    for one in objects:
        group |= 1 << one.number
    return group


def _writes_a_file(node: ast.AST) -> bool:
    """Whether a call opens a file to write to it, or makes one."""
    if not isinstance(node, ast.Call):
        return False
    name = getattr(node.func, "attr", getattr(node.func, "id", ""))
    options = [*node.args, *(word.value for word in node.keywords if word.arg == "mode")]
    modes = {part.value for part in options if isinstance(part, ast.Constant) and isinstance(part.value, str)}
    is_to_write = any(re.fullmatch(r"[wax][bt+]*|r[bt]*\+[bt]*", mode) for mode in modes)
    return name in {"write_text", "write_bytes", "mkdir", "touch"} or (name == "open" and is_to_write)


def _is_simple(node: ast.stmt) -> bool:
    return not hasattr(node, "body")
