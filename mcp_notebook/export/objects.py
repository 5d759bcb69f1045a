"""The objects of a notebook and the moments that changed them: one pass over the trace, from what the text shows.

It errs on one side: what may be the same object, or a part of it, is taken to be; what may change, to change.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from mcp_notebook.export import effects, known
from mcp_notebook.export.bindings import Bindings
from mcp_notebook.export.effects import Body, Call
from mcp_notebook.export.names import Names
from mcp_notebook.export.statements import Statement

__all__ = ["Object", "Objects"]


@dataclass(eq=False)
class Object:
    """What a statement bound to a name, or a module.

    Attributes:
        index: The statement; -1 for a module.
        name: The name; a module's own.
        holds: Objects that it may be, be part of or have in it, each since a moment.
        made_by: The functions and classes that made it or that it inherits from, each since a moment.
        functions: The functions that it is or has: one for a ``def``, a class's by their names.
        is_function: Whether it is a function.
        is_class: Whether it is a class.
        makes_classes: Whether it is a class of classes.
        has_state: Whether it is a class with an attribute of its own that its objects may change.
        methods: The methods, not called, that its value was made of: ``add = books.append``.
        is_module: Whether it is a module, or something imported from one.
        is_constant: Whether nothing can change it.
        is_used_up: Whether reading it changes it, as a generator.
        changed: The statements that may have changed it, in order.
    """

    index: int
    name: str
    holds: list[tuple[int, Object]] = field(default_factory=list)
    made_by: list[tuple[int, Object]] = field(default_factory=list)
    functions: dict[str, Body] = field(default_factory=dict)
    is_function: bool = False
    is_class: bool = False
    makes_classes: bool = False
    has_state: bool = False
    methods: set[str] = field(default_factory=set)
    is_module: bool = False
    is_constant: bool = False
    is_used_up: bool = False
    changed: list[int] = field(default_factory=list)

    @property
    def is_code(self) -> bool:
        """Whether it is a function, class or module: changed only where it is named itself."""
        return self.is_function or self.is_class or self.is_module

    def reach(self, moment: int, *, makers: bool) -> Iterator[Object]:
        """Give it and all that may be in it at `moment`; with `makers`, also the functions and classes behind it."""
        seen = {self}
        work = [self]
        while work:
            at = work.pop()
            yield at
            for since, other in [*at.holds, *(at.made_by if makers else ())]:
                if since <= moment and other not in seen:
                    seen.add(other)
                    work.append(other)


Look = Callable[[str], "Found"]
Found = tuple[set[Object], set[Object]]
"""The objects that a root may stand for, and the functions and classes that made it."""


class Objects:
    """The objects of the notebook, by the statement and the name that it bound."""

    def __init__(self, statements: Sequence[Statement], names: Sequence[Names], *, server: str | None) -> None:
        self.bindings = Bindings()
        self.outside: dict[int, list[str]] = {}
        self._statements = statements
        self._names = names
        self._server = server
        self._by_binding: dict[tuple[int, str], Object] = {}
        self._modules: dict[str, Object] = {}
        self.asks_for_subclasses = any("__subclasses__" in statement.text for statement in statements)
        for statement in statements:
            _Moment(self, statement, names[statement.index]).run()

    def bound(self, index: int, name: str) -> Object:
        """Return the object that statement `index` bound to `name`."""
        if (index, name) not in self._by_binding:
            self._by_binding[index, name] = Object(index, name)
        return self._by_binding[index, name]

    def bound_with(self, one: Object) -> list[Object]:
        """Return it and what the same statement bound, such as the functions that share what they count."""
        names = self._names[one.index].binds if one.index >= 0 and not one.is_code else ()
        return [one, *(self.bound(one.index, name) for name in names if name != one.name)]

    def reaching(self, name: str, moment: int) -> list[Object]:
        """Return the objects that `name` may have just before `moment`."""
        found = self.bindings.reaching(name, moment)
        return [self.bound(binding.index, name) for binding in found if binding.kind != "deletes"]

    def module(self, name: str) -> Object:
        """Return the module at the top of a dotted name: its submodules are part of it."""
        top = name.split(".", maxsplit=1)[0]
        return self._modules.setdefault(top, Object(-1, top, is_module=True))

    def is_server(self, name: str) -> bool:
        """Whether a variable is the server's."""
        return name == self._server


class _Moment:
    """What one statement does to the objects."""

    def __init__(self, objects: Objects, statement: Statement, names: Names) -> None:
        self._objects = objects
        self._statement = statement
        self._now = statement.index
        self._names = names
        self._written: dict[str, None] = {}
        self._ran: set[tuple[Body, frozenset[tuple[object, ...]]]] = set()

    def run(self) -> None:
        """Bind, connect, change."""
        node = self._statement.node
        body = effects.eager(node, self._names, dropped=not self._statement.shown)
        for name in self._names.binds:
            self._describe(self._objects.bound(self._now, name), node)
        self._connect(body, self._look)
        if isinstance(node, ast.ClassDef) and self._objects.asks_for_subclasses:
            made = self._objects.bound(self._now, node.name)
            self._change(one for one in list(made.reach(self._now, makers=True)) if one.is_class and one is not made)
        if any(_writes_a_file(part) for part in ast.walk(node)) and not isinstance(node, _DEFINITIONS):
            self._objects.outside.setdefault(self._now, []).append("a file")
        self._read()
        self._do(body, self._look, ())
        if not self._statement.raised or not _is_simple(node):
            self._objects.bindings.add(self._now, self._names, list(self._written))

    def _read(self) -> None:
        """Reading uses up a generator, and runs operators and properties."""
        for one in self._look_all(self._names.reads)[0]:
            if one.is_used_up:
                self._change({one})
            for code in list(one.reach(self._now, makers=True)):
                for body in code.functions.values():
                    if body.is_implicit or (body.is_generator and one.is_used_up):
                        self._run(body, _READING, self._look, (), {one}, itself=code, direct=False)

    # What is bound.

    def _describe(self, made: Object, node: ast.stmt) -> None:
        if isinstance(node, ast.Import | ast.ImportFrom):
            self._describe_import(made, node)
            return
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == made.name:
            made.is_function = True
            made.functions = {node.name: effects.late(node, self._names)}
            return
        if isinstance(node, ast.ClassDef) and node.name == made.name:
            made.is_class = True
            made.makes_classes = any(ast.unparse(base).endswith(("type", "Meta")) for base in node.bases)
            made.has_state = _has_state(node)
            made.functions = dict(_methods(node, self._names))
            return
        for number, part in enumerate(ast.walk(node)):
            if isinstance(part, ast.Lambda | ast.FunctionDef | ast.AsyncFunctionDef):
                made.functions[f"{number}"] = effects.late(part, self._names)
            elif isinstance(part, ast.GeneratorExp):
                made.functions[f"{number}"] = effects.lazily(part, self._names)
            elif isinstance(part, ast.ClassDef):
                made.functions |= dict(_methods(part, self._names))
            elif isinstance(part, ast.Import | ast.ImportFrom):
                self._describe_import(made, part)
        called = {part.func for part in ast.walk(node) if isinstance(part, ast.Call)}
        loaded = (part for part in ast.walk(node) if isinstance(part, ast.Attribute) and part not in called)
        made.methods = {part.attr for part in loaded if isinstance(part.ctx, ast.Load)}
        value = getattr(node, "value", None)
        made.is_function = isinstance(value, ast.Lambda)
        if isinstance(node, ast.AugAssign):
            made.is_constant = self._constant(node.target) and self._constant(value)
        else:
            made.is_constant = isinstance(node, ast.Assign | ast.AnnAssign) and self._constant(value)
        made.is_used_up = isinstance(value, ast.GeneratorExp) or (
            isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id in known.ONE_SHOT
        )

    def _describe_import(self, made: Object, node: ast.Import | ast.ImportFrom) -> None:
        for alias in node.names:
            if alias.name == "*" or made.name in (alias.asname, alias.name, alias.name.split(".")[0]):
                made.is_module = True
                module = node.module if isinstance(node, ast.ImportFrom) else alias.name
                made.holds.append((self._now, self._objects.module(module or "")))

    def _constant(self, value: ast.AST | None) -> bool:
        """Whether a value is a number, a string, a path or the like, made of nothing else."""
        if isinstance(value, ast.Name):
            found = self._objects.reaching(value.id, self._now)
            return bool(found) and all(one.is_constant for one in found)
        if isinstance(value, ast.Call) and isinstance(value.func, ast.Name):
            return value.func.id in known.CONSTANT
        if isinstance(value, ast.Call):
            return self._constant(value.func) or ast.unparse(value.func).startswith(("os.environ", "os.getenv"))
        if isinstance(value, ast.Attribute):
            return self._constant(value.value)
        if isinstance(value, ast.BinOp | ast.UnaryOp | ast.Tuple):
            return all(self._constant(part) for part in ast.iter_child_nodes(value) if isinstance(part, ast.expr))
        return isinstance(value, ast.Constant | ast.JoinedStr | ast.Compare)

    # Which objects a root stands for.

    def _look(self, root: str) -> Found:
        if root.startswith("()"):
            return self._given_back(root[2:], self._look, ())
        if root.startswith(".") or self._objects.is_server(root):
            return set(), set()
        found = set(self._objects.reaching(root, self._now))
        if root in self._names.binds or root in self._written:
            found.add(self._objects.bound(self._now, root))
        return found, set()

    def _look_all(self, roots: Iterable[str], look: Look | None = None) -> Found:
        found: Found = set(), set()
        for root in roots:
            held, makers = (look or self._look)(root)
            found[0].update(held)
            found[1].update(makers)
        return found

    def _given_back(self, root: str, look: Look, running: tuple[Body, ...]) -> Found:
        """Return what a call of the object behind `root` may give back."""
        held: set[Object] = set()
        makers: set[Object] = set()
        for one in look(root)[0]:
            if not one.is_code:
                held.add(one)
            for code in one.reach(self._now, makers=True):
                if code.functions or code.is_class:
                    makers.add(code)
                for body in code.functions.values():
                    if body not in running:
                        inside = self._inside({}, (*running, body))
                        more = self._look_all(
                            (root for root in body.returns if not root.startswith((".", "()."))), inside
                        )
                        held |= more[0]
                        makers |= more[1]
        return held, makers

    def _inside(self, arguments: dict[str, Found], running: tuple[Body, ...]) -> Look:
        """Return what roots stand for in a function that is called with these arguments."""

        def look(root: str) -> Found:
            if root.startswith("()"):
                return self._given_back(root[2:], look, running)
            if root.startswith("."):
                return arguments.get(root[1:], (set(), set()))
            return self._look(root)

        return look

    # What is done.

    def _connect(self, body: Body, look: Look) -> None:
        for name, sources in body.flows:
            is_new = name in (body.writes if look is not self._look else self._names.binds)
            targets = {self._objects.bound(self._now, name)} if is_new else look(name)[0]
            self._hold(targets, self._look_all(sources, look))

    def _hold(self, holders: Iterable[Object], found: Found) -> None:
        for holder in holders:
            if holder.is_constant:
                continue
            for one in found[0]:
                if one is not holder and not one.is_constant:
                    holder.holds.append((self._now, one))
            holder.made_by += [(self._now, one) for one in found[1] if one is not holder]
            if not holder.is_code:
                holder.is_used_up |= any(body.is_generator for one in found[1] for body in one.functions.values())

    def _do(self, body: Body, look: Look, running: tuple[Body, ...]) -> None:
        for roots, put_in in body.changes:
            self._change(self._look_all(roots, look)[0], self._look_all(put_in, look))
        for call in body.calls:
            self._call(call, look, running)

    def _change(self, objects: Iterable[Object], put_in: Found = (set(), set())) -> None:
        for one in objects:
            for part in list(one.reach(self._now, makers=False)):
                if part.is_constant or (part is not one and not _changes_with(one, part)):
                    continue
                if part.changed[-1:] != [self._now]:
                    part.changed.append(self._now)
                self._hold({part}, put_in)

    def _call(self, call: Call, look: Look, running: tuple[Body, ...]) -> None:
        if any(self._objects.is_server(root.removeprefix("()")) for root in call.on):
            return
        on, on_makers = self._look_all(call.on, look)
        arguments = self._look_all(call.arguments, look)
        ran = False
        for one in on | on_makers:
            for code in list(one.reach(self._now, makers=True)):
                for name, body in code.functions.items():
                    if self._is_meant(call, name, code) or (not call.is_method and name in one.methods):
                        ran = True
                        self._run(body, call, look, running, on, itself=code, direct=code is one and one.is_code)
        if not call.is_method:
            bound = {one for held in on for one in held.reach(self._now, makers=False)}
            self._change((one for one in bound if one.methods & known.CHANGING_METHODS), arguments)
        if call.is_method and call.name in known.CHANGING_METHODS:
            self._change(on, arguments)
            if call.name == "register" and any(one.is_module for one in on):  # as atexit has it
                self._objects.outside.setdefault(self._now, []).append(call.name)
        elif call.is_method and call.name in known.DRAWING_METHODS and not ran:
            self._change(one for one in on if not one.is_code or _is_seeded(one, self._now))
            self._change(arguments[0] if call.name == "shuffle" else ())
        elif call.name in known.CHANGING_FUNCTIONS:
            self._change(arguments[0], arguments)
        elif not ran:
            self._call_unknown(call, on, arguments, look, running)

    @staticmethod
    def _is_meant(call: Call, name: str, code: Object) -> bool:
        """Whether a call may run the function `name` of an object."""
        if not call.is_method:
            return not code.is_class or name.startswith("__")
        if code.is_class:
            return name == call.name or (code.makes_classes and call.name == "__init_subclass__" and name in _MAKING)
        return call.name not in known.CHANGING_METHODS | known.LOOKING_METHODS

    def _run(
        self,
        body: Body,
        call: Call,
        look: Look,
        running: tuple[Body, ...],
        on: set[Object],
        *,
        itself: Object,
        direct: bool,
    ) -> None:
        if body in running or body.does_nothing:
            return
        given = self._given(body, call, look, on, itself, direct=direct)
        run = body, frozenset((name, *sorted(map(id, found[0]))) for name, found in given.items())
        if run in self._ran:
            return
        self._ran.add(run)
        inside = self._inside(given, (*running, body))
        self._written.update(dict.fromkeys(body.writes))
        self._connect(body, inside)
        self._do(body, inside, (*running, body))
        if body.keeps_state and not direct:
            self._change({other for one in on for other in self._objects.bound_with(one)})

    def _given(
        self, body: Body, call: Call, look: Look, on: set[Object], itself: Object, *, direct: bool
    ) -> dict[str, Found]:
        """Return the objects behind each parameter; where the order is not known, all behind each."""
        names = list(body.parameters)
        given: dict[str, Found] = {}
        if itself.is_class:
            # The object of a constructor is new, but its class is not.
            state = {itself} if itself.has_state or body.of_class else set()
            own = state if direct and not call.is_method else on | state
            if names:
                given[names.pop(0)] = own, set()
        if call.positional is None or not (direct or itself.is_class):
            everything = self._look_all(call.arguments, look)
            return given | dict.fromkeys(names, (everything[0] | on, everything[1]))
        given |= {name: self._look_all(roots, look) for name, roots in zip(names, call.positional, strict=False)}
        rest = self._look_all(
            [*call.others, *(root for roots in call.positional[len(names) :] for root in roots)], look
        )
        words = {word: self._look_all(roots, look) for word, roots in call.keywords}
        everything = self._look_all(call.arguments, look)
        for name in names:
            if name in words:
                given[name] = words[name]
            elif name in body.defaults and name not in given:
                given[name] = {itself}, set()
            elif name not in given:
                given[name] = everything if (rest[0] or words) else (set(), set())
        return given

    def _call_unknown(
        self, call: Call, on: set[Object], arguments: Found, look: Look, running: tuple[Body, ...]
    ) -> None:
        """A call of something from outside: where its value is dropped, it was called for what it changes."""
        for one in arguments[0]:  # what it is given, it may call
            for code in list(one.reach(self._now, makers=True)):
                if code.methods & known.CHANGING_METHODS:
                    self._change({code}, arguments)
                for name, body in code.functions.items():
                    if not code.is_class or name == "__call__":
                        self._run(body, call, look, running, arguments[0], itself=code, direct=False)
        modules = {part for one in on if one.is_module for part in one.reach(self._now, makers=False) if part.index < 0}
        if modules and call.name in known.SETTING_UP:
            self._change(one for one in on if one.is_module)
            self._objects.outside.setdefault(self._now, []).append(call.name)
            return
        if call.decorates:  # ``@event.listens_for(engine, "connect")`` registers on what it is given
            if any(one.is_module for one in on) and call.name not in known.WRAPPING:
                self._change(one for one in arguments[0] if not one.is_code)
            if not call.is_method:
                return
        if not call.dropped or call.name in (known.LOOKING_METHODS if call.is_method else known.LOOKING):
            return
        if not call.decorates and not any(one.name in known.LOOKING_MODULES for one in modules):
            self._change(one for one in arguments[0] if not one.is_code)
        self._change((one for one in on if not one.is_code), arguments)
        if modules or not on:
            self._objects.outside.setdefault(self._now, []).append(call.name)


def _methods(node: ast.ClassDef, names: Names) -> Iterator[tuple[str, Body]]:
    for part in node.body:
        if isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef):
            body = effects.late(part, names)
            marks = {ast.unparse(mark).split("(")[0].split(".")[-1] for mark in part.decorator_list}
            if "staticmethod" in marks:
                body.parameters = ("", *body.parameters)
            body.of_class = "classmethod" in marks or part.name in {"__new__", "__init_subclass__"}
            body.is_implicit = bool(marks & {"property", "cached_property", "setter"}) or (
                part.name.startswith("__") and part.name not in _OF_A_CONSTRUCTOR
            )
            yield part.name, body


_OF_A_CONSTRUCTOR = {"__init__", "__new__", "__post_init__", "__init_subclass__", "__call__", "__set_name__"}
_DEFINITIONS = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
_MAKING = {"__new__", "__init__"}
_READING = Call("", frozenset(), is_method=True, positional=(), keywords=(), others=frozenset(), dropped=False)


def _has_state(node: ast.ClassDef) -> bool:
    """Whether an object may change its class: by an attribute that is no constant, or by naming the class."""
    for part in node.body:
        # The typed attributes of a data class or model are fields: each object has its own.
        is_field = isinstance(part, ast.AnnAssign) and (node.bases or node.decorator_list)
        if isinstance(part, ast.Assign | ast.AnnAssign) and not is_field and not isinstance(part.value, ast.Constant):
            return True
    return any(getattr(part, "attr", getattr(part, "id", "")) in {"__class__", "type"} for part in ast.walk(node))


def _changes_with(one: Object, part: Object) -> bool:
    """Whether a change of an object may reach what is in it: code changes only where it is named itself."""
    return not part.is_code or part.has_state or (one.is_module and part.is_module)


def _is_seeded(one: Object, moment: int) -> bool:
    """Whether a module was set up: what an unseeded one of random numbers draws is not the same again anyway."""
    return any(part.changed for part in one.reach(moment, makers=False) if part.is_module)


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
