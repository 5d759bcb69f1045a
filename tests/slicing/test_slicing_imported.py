"""A slice of a random program about objects of imported classes keeps each statement that changes them.

``SLICING_PROGRAMS=3000`` makes as many programs; 300 without it.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from copy import copy
from itertools import islice
from random import Random
from types import ModuleType
from typing import Any

import pytest

from mcp_notebook.export.ran import RanCell
from mcp_notebook.export.selection import select
from mcp_notebook.slicing import statements

PROGRAMS = int(os.environ.get("SLICING_PROGRAMS", "300"))
BATCHES = 10

LIBRARY = '''
"""A library that nobody has heard of: the names of its methods say nothing, and each of them changes its object."""

class Store:
    def __init__(self):
        self.log = []
        self.part = Part(self)
    def __getattr__(self, name):
        if name.startswith("_"):
            raise AttributeError(name)
        return lambda *args, **options: self.note(name)
    def note(self, name):
        self.log.append(name)
        return len(self.log)
    def collect(self, function):
        self.note("collect")
        return function
    def pair(self): return self.note("pair"), 2, 3
    def batch(self): return self.part
    def __enter__(self): self.note("enter"); return self
    def __exit__(self, *_): self.note("exit")
    def __iadd__(self, other): self.note("iadd"); return self
    def __setitem__(self, key, value): self.note("setitem")
    def __getitem__(self, key): return key
    def __delitem__(self, key): self.note("delitem")
    def __call__(self, *args): return self.note("call")
    def __iter__(self): self.note("iter"); return iter([1, 2])

class Part:
    def __init__(self, store): self.store = store
    def __enter__(self): return self.store
    def __exit__(self, *_): self.store.note("end")
    def weigh(self): return self.store.note("weigh")

class Stack(list):
    def settle(self, x): self.append(x); return len(self)

class Table(dict):
    def settle(self, x): self[x] = x; return len(self)

class Ticker:
    def __init__(self): self.n = 0
    def __iter__(self): return self
    def __next__(self): self.n += 1; return self.n

def prepare(*things, **named):
    for thing in [*things, *named.values()]:
        if hasattr(thing, "settle"): thing.settle(len(things))
        if isinstance(thing, Ticker): next(thing)
    return len(things)

def freeze(net):
    prepare(net)
    return net

def marked(thing):
    prepare(thing)
    return lambda function: function
'''

PRELUDE = """
import numpy as np
import pandas as pd
import unheard_of as lib
from collections import Counter, OrderedDict, defaultdict, deque
from functools import partial, reduce
from unheard_of import Stack, freeze, prepare
class Shelf(Stack):
    def turn(self):
        self.append(-1)
        return self
s0 = lib.Store()
s1 = lib.Store()
k0 = Stack([1])
k1 = Shelf([2])
t0 = lib.Table(a=1)
c0 = Counter("aab")
d0 = defaultdict(list)
q0 = deque([1, 2, 3])
r0 = OrderedDict(a=1, b=2)
i0 = lib.Ticker()
i1 = iter([1, 2, 3, 4, 5, 6, 7, 8, 9])
a0 = np.array([3, 1, 2])
p0 = pd.DataFrame({"a": [1, 1, 2], "b": [3, 3, 4]})
n = 1
"""

STORES, KEPT, ITERATORS = ["s0", "s1"], ["k0", "k1", "t0"], ["i0", "i1"]
NAMES = [*STORES, *KEPT, "c0", "d0", "q0", "r0", *ITERATORS, "a0", "p0"]
METHODS = [
    "rebuild",
    "touch",
    "index",
    "join",
    "format",
    "sync",
    "compact",
    "mark",
    "visit",
    "run",
    "transform",
    "reload",
]

TEMPLATES = r"""
S.M()
S.M(N)
n = S.M()
n = S.M(n) + 1
n: int = S.M()
n += S.M()
print(S.M())
print(len(str(S.M())))
n = str(S.M())
n = f"{S.M()}"
n = [S.M(), 1]
n = {"k": S.M()}
n = -S.M()
n = S.M() > 2
n = S.M() if N % 2 else 1
n = S and S.M()
n = (S.M(), 2)[1]
if S.M(): pass
while S.M() < 0: pass
for n in range(S.M() % 3): pass
for n in [1, 2]: S.M()
xs = [S.M() for _ in range(2)]
[S.M(i) for i in range(2)]
xs = {i: S.M() for i in "ab"}
xs = list(S.M() for _ in range(2))
n = sum(S.M() for _ in range(2))
n = any(S.M() > 100 for _ in range(2))
(n := S.M())
if (n := S.M()) > 1: n = 2
S += N
S.mode = S.M()
S["k"] = N
del S["k"]
n = S(N)
S(N)
a, *b = S.pair()
n, S.mode = S.pair()[:2]
@S.collect\ndef helper(): return 1
@S\nclass Decorated: pass
with S.batch() as b: b.M()
with S.batch(): n = 1
with S as b: n = 2
with S: n = 3
for n in S: pass
n = list(S)
part = S.part\npart.weigh()
n = S.part.weigh()
other = S\nn = other.M()
m = S.M\nn = m()
p = partial(S.M, N)\nn = p()
box = {"o": S}\nn = box["o"].M()
box = [S]\nfor each in box: n = each.M()
n = getattr(S, "M")()
setattr(S, "M", N)
def helper(): return S.M()\nn = helper()
def helper(x): return x.M()\nn = helper(S)
f = lambda: S.M()\nn = f()
n = (lambda x: x.M())(S)
n = list(map(S.M, [1]))
n = sorted([2, 1], key=S.M)
n = max([1, 2], key=lambda x: S.M())
n = reduce(lambda x, y: S.M(), [1, 2])
class Held:\n    x = S.M()
def h(x=S.M()): return x
try:\n    n = S.M()\nexcept ValueError:\n    n = 0
try:\n    n = 1\nfinally:\n    S.M()
assert S.M() is not None
match S.M():\n    case _: n = 1
global_store = S\ndef change():\n    global n\n    n = global_store.M()\nchange()
K.settle(N)
n = K.settle(N)
n = prepare(K)
prepare(K, n)
n = prepare(n, key=K)
n = lib.prepare(K)
mode = freeze(K)
mode = lib.freeze(K)
n = [prepare(K) for _ in range(2)]
if prepare(K): n = 1
n = prepare(*[K])
n = prepare(**{"a": K})
@lib.marked(K)\ndef helper(): return 2
n = k1.turn()
n = k1.turn().settle(N)
k0 += [N]
k0[:] = [N]
n = [k0.append(N)]
t0[N] = N
t0 |= {"z": N}
n = t0.setdefault("y", N)
c0.update("abc")
n = c0.update("b")
c0["a"] += N
c0 += Counter("z")
n = d0["x"]
d0["x"].append(N)
n = len(d0["y"])
n = d0["w"] or 1
q0.rotate(N)
n = q0.rotate(1)
n = q0.popleft() if q0 else 0
n = [q0.append(N)]
n = r0.move_to_end("a")
n = r0.popitem() if len(r0) > 1 else 0
n = next(I)
first = [next(I) for _ in range(2)]
for x in I: break
n = prepare(I)
n = 1 if next(I) > 1 else 2
n = list(zip(range(2), I))
x, y = next(I), 1
n = next(iter(I))
a0[0] = N
a0[a0 > 1] = N
a0 += N
a0.sort()
n = a0.sort()
n = a0.fill(N)
n = np.put(a0, 0, N)
n = np.copyto(a0, N)
np.random.default_rng(1).shuffle(a0)
n = np.add(a0, 1, out=a0)
p0["c"] = N
p0.loc[0, "a"] = N
p0.iloc[0, 0] = N
p0.at[0, "b"] = N
n = p0.drop_duplicates(inplace=True)
p0.drop_duplicates(inplace=True)
n = p0.sort_values("a", inplace=True)
n = p0.insert(0, f"n{len(p0.columns)}", N)
n = p0.pop("b") if "b" in p0 and len(p0.columns) > 2 else 0
n = p0.rename(columns={"a": "a"}, inplace=True)
n = p0.update(p0 * N)
p0.columns = [str(each) for each in p0.columns]
view = p0\nn = view.fillna(N, inplace=True)
n = p0.eval("z = a", inplace=True) if "a" in p0 else 0
""".strip().split("\n")

LOOKS = r"""
print(n)
print(k0)
n = len(k0)
n = str(p0)
p0.head()
p0.describe()
n = a0.sum()
print(s0)
xs = sorted(k0)
""".strip().split("\n")

SLOTS = {"S": STORES, "K": KEPT, "I": ITERATORS, "M": METHODS}
PLACE = re.compile(r"(?<![A-Za-z0-9_'])[SKIMN](?![A-Za-z0-9_'])")


@pytest.fixture(scope="module", autouse=True)
def library() -> Iterator[None]:
    module = ModuleType("unheard_of")
    exec(compile(LIBRARY, "unheard_of.py", "exec"), vars(module))
    sys.modules["unheard_of"] = module
    yield
    del sys.modules["unheard_of"]


pytestmark = pytest.mark.filterwarnings("ignore:The inplace keyword")


def statement(random: Random) -> str:
    filled: dict[str, str] = {}  # one name for one letter, so that a template can speak of one object twice

    def fill(place: re.Match[str]) -> str:
        return filled.setdefault(
            place[0], random.choice(SLOTS[place[0]]) if place[0] in SLOTS else str(random.randint(1, 9))
        )

    template = random.choice(LOOKS if random.random() < 0.15 else TEMPLATES)
    return PLACE.sub(fill, template.replace("\\n", "\n"))


def run(sources: list[str]) -> dict[str, Any]:
    namespace: dict[str, Any] = {"__name__": "__main__", "print": lambda *_: None}
    for source in sources:
        exec(compile(source, "<cell>", "exec"), namespace)
    return namespace


def program(random: Random) -> list[str]:
    """Make a program's statements; one that raises is left out."""
    namespace, kept = run([PRELUDE]), []
    for _ in range(random.randint(2, 8)):
        source = statement(random)
        before = dict(namespace)
        try:
            exec(compile(source, "<cell>", "exec"), namespace)
        except Exception:  # noqa: BLE001 - whatever a random statement raises
            if dict(namespace) != before:
                break
            continue
        kept.append(source)
    return kept


def state(value: Any) -> Any:
    """Return what can be seen of a value."""
    match type(value).__name__:
        case "DataFrame":
            return value.to_dict("list")
        case "ndarray":
            return value.tolist()
        case "Store":
            return {key: repr(each) for key, each in vars(value).items() if key != "part"}
    if hasattr(value, "__next__"):
        return list(islice(copy(value), 3))
    return type(value).__name__, repr(value)


def failure(random: Random) -> str | None:
    """Make a program and slice it for two of its objects; return what went wrong, with the program."""
    cells = [PRELUDE, *program(random)]
    try:
        whole = run(cells)
    except Exception:  # noqa: BLE001 - what a statement that raised had done before counts no more
        return None
    wanted = random.sample(NAMES, k=2)
    found = select(statements.read([RanCell(n, cell) for n, cell in enumerate(cells, 1)]), [], wanted, server=None)
    text = "\n".join(part.text for part in found.statements)
    told = [str(one) for one in found.findings if one.weight != "notes"]
    alone = run([text])
    for name in wanted:
        if name not in alone or state(alone[name]) != state(whole[name]):
            if any(f"cell {number}" in one or name in one for one in told for number in range(2, len(cells) + 1)):
                return None
            return "\n".join([f"{name} differs", *cells[1:], "==== slice", text, "==== told", *told])
    return None


@pytest.mark.parametrize("batch", range(BATCHES))
def test_what_changes_an_object_of_an_imported_class_is_kept(batch: int) -> None:
    failures = [failure(Random(f"{batch}/{i}")) for i in range(PROGRAMS // BATCHES)]
    assert [one for one in failures if one] == []


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_statement_that_changes_an_object_is_kept_whatever_its_position(template: str) -> None:
    for seed in range(3):
        source = PLACE.sub(
            lambda place, seed=seed: SLOTS[place[0]][seed % len(SLOTS[place[0]])] if place[0] in SLOTS else "3",  # type: ignore[misc]
            template.replace("\\n", "\n"),
        )
        before, after = run([PRELUDE]), run([PRELUDE, source])
        for name in NAMES:
            if state(before[name]) == state(after[name]):
                continue
            read = statements.read([RanCell(1, PRELUDE), RanCell(2, source)])
            found = select(read, [], [name], server=None)
            alone = run(["\n".join(part.text for part in found.statements)])
            assert state(alone[name]) == state(after[name]), source


def test_the_programs_change_something() -> None:
    """If few of the programs changed the objects that are asked for, they would show little."""
    changed = 0
    for i in range(40):
        random = Random(f"0/{i}")
        cells = program(random)
        before, after = run([PRELUDE]), run([PRELUDE, *cells])
        changed += any(state(before[name]) != state(after[name]) for name in NAMES)
    assert changed > 30
