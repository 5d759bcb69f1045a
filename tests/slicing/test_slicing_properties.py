# ruff: noqa: E501 - each template is a line
"""A slice of a random program, run alone, defines the same values as the whole program."""

from __future__ import annotations

import itertools
import os
import re
import subprocess
import sys
import types
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from mcp_notebook.export.ran import RanCell
from mcp_notebook.slicing import slicer, statements
from tests.support import ROOT

pytestmark = pytest.mark.once

PRELUDE = """
from itertools import count, chain
from functools import partial, reduce
i0 = 1
i1 = 2
i2 = 3
l0 = [1]
l1 = [2, 3]
l2 = [l1]
l3 = []
d0 = {"k": 1}
d1 = {"k": [5], "m": l0}
def f0(x): return len(x) + i0
def f1(x): return x
def f2(x): return f0(x)
class K0:
    shared = []
    made = 0
    def __init__(self, x):
        self.x = x
        self.n = 0
    def add(self, v):
        self.x.append(v)
        self.n += 1
        return self.n
    def look(self): return len(self.x) + i1
    def everywhere(self, v): self.shared.append(v)
    @classmethod
    def count(cls): cls.made += 1
    @property
    def noisy(self):
        self.n += 10
        return self.n
o0 = K0([1])
o1 = K0(l0)
g0 = f0
it0 = iter([1, 2, 3, 4, 5, 6])
"""

INTS, LISTS, DICTS, FUNCTIONS, OBJECTS = (
    ["i0", "i1", "i2"],
    ["l0", "l1", "l2", "l3"],
    ["d0", "d1"],
    ["f0", "f1", "f2", "g0"],
    ["o0", "o1"],
)

TEMPLATES = r"""
I = N
I = I + 1
I += I
I = len(L)
I = F(L) if callable(F) and not isinstance(F(L), list) else 0
I, I = I, N
L = [N, I]
L = L
L = [L, L]
L = list(L)
L = L + [I]
L += [I]
L = D.get("m", L)
L = O.x
L = F(L) if isinstance(F(L), list) else [7]
L = [i + 1 for i in range(I % 5)]
L = [y for y in L]
L = [(w := v) for v in L]
L.append(I)
L.append(L)
L[:] = [N]
L.extend([N, I])
L and L.pop()
I = (L.pop(), 5)[1] if L else I
del L[:1]
D = {"k": I, "m": L}
D = dict(D)
D = D
D["m"] = L
D["k"] = I
D.setdefault("m", L).append(N)
D.get("m", L).append(N)
D.update(k=N)
O = K0(L)
O = K0([N])
O = O
O.add(N)
I = O.add(N)
O.x = L
O.x.append(N)
O.n += 1
I = O.look()
O.everywhere(N)
O.count()
K0.made += 1
K0.shared = [N]
K0.count()
I = O.noisy
print(O.noisy)
I = K0.made
L = K0.shared
F(L)
print(F(L))
G = F
G = partial(F, L)
G = lambda x=L: (x.append(N), len(x))[1]
G = lambda x: len(L) + I
G = O.add
def f0(x): return len(x) + I
def f0(x): return F(x)
def f1(x): return L
def f1(x):\n    L.append(N)\n    return x
def f1(x):\n    x.append(N)\n    return x
def f1(x):\n    y = x\n    y += [N]\n    return I
def f2(x):\n    global I\n    I += 1\n    return I
def f2(x):\n    global L\n    L = [N]\n    return L
def f2(x):\n    D["m"] = x\n    return len(D)
def f2(x, acc=[]):\n    acc.append(N)\n    return len(acc)
def f2(x, acc=L):\n    acc.append(N)\n    return len(acc)
def f2(x):\n    for y in list(L):\n        if isinstance(y, list):\n            y.append(N)\n    return I
def f2(x):\n    return O.add(N)
def f2(x):\n    def inner():\n        x.append(N)\n    inner()\n    return x
def f2(x):\n    return sum(1 for _ in L) + I
def make(start):\n    total = start\n    def step(x):\n        nonlocal total\n        total += 1\n        return total\n    return step
G = make(I) if "make" in globals() else F
G = (lambda n: (lambda x: n.append(N) or len(n)))(L)
class K0(K0):\n    def add(self, v):\n        self.n -= 1\n        L.append(v)\n        return self.n
class K0:\n    shared = L\n    made = I\n    def __init__(self, x):\n        self.x = x\n        self.n = I\n        self.shared.append(N)\n    def add(self, v):\n        self.x = self.x + [v]\n        return I\n    def look(self): return f0(self.x)\n    def everywhere(self, v): type(self).made += 1\n    @classmethod\n    def count(cls): cls.shared.append(N)\n    noisy = 3
if I % 2:\n    I = N\nelse:\n    L.append(N)
if I % 2:\n    L = [N]\nelse:\n    L = L + [I]
if I % 3:\n    def f1(x): return I
for q in range(2):\n    I += q\n    L.append(q)
for q in list(L):\n    if isinstance(q, list):\n        q.append(N)
for D["k"] in range(N): pass
while True:\n    I += 1\n    L.append(I)\n    break
try:\n    I = 1 // (I % 2)\n    L.append(N)\nexcept ZeroDivisionError as error:\n    I = N\n    L = [str(error)]
try:\n    import json as js\nexcept ImportError:\n    js = None
with open("/dev/null") as handle:\n    I = len(handle.read()) + N
match I:\n    case 1 | 2:\n        I = N\n    case other:\n        L.append(other)
match L:\n    case [first, *rest]:\n        rest.append(N)\n        L = rest\n    case _:\n        I = N
tmp = [N]; L.append(tmp); del tmp
tmp = I; I = tmp + 1; del tmp
del I; I = N
I = next(it0, 0)
it0 = iter(L)
it0 = (F(z) for z in [[1], [2]])
L = list(it0)
I = sum(1 for _ in it0)
c0 = count(N)
I = next(c0) if "c0" in globals() else 0
L = sorted(L, key=lambda z: (I, str(z)))
L = list(map(F, [L]))
I = reduce(lambda a, b: a + 1, [L, L], I)
[L.append(v) for v in range(2)]
L = [v.append(N) or v for v in [L]]
x0, *L = [I, N, L]
I: int = N
D |= {"k": L}
(L if I % 2 else L).append(N)
D["f"] = F
I = D["f"](L) if "f" in D else 0
fs = [F, G]
L.append(fs[0](L)) if "fs" in globals() else None
def deco(fn):\n    L.append(fn.__name__)\n    return fn
@(deco if "deco" in globals() else lambda fn: fn)\ndef f0(x): return I
def gen(x):\n    L.append(N)\n    yield x
it0 = gen(L) if "gen" in globals() else iter([])
setattr(O, "x", L)
(L.append)(N)
G = L.append
assert L is not None
""".strip().split("\n")

SLOTS = {"I": INTS, "L": LISTS, "D": DICTS, "F": FUNCTIONS, "G": FUNCTIONS[1:], "O": OBJECTS}


PLACE = re.compile(r"(?<!\w)[ILDFGON](?!\w)")


def statement(random: Random) -> str:
    def fill(place: re.Match[str]) -> str:
        return random.choice(SLOTS[place[0]]) if place[0] in SLOTS else str(random.randint(0, 9))

    return PLACE.sub(fill, random.choice(TEMPLATES).replace("\\n", "\n"))


def notebook(random: Random) -> list[list[str]]:
    """Make cells of some statements each; a cell may run again later. What raises ends the notebook."""
    cells = [[statement(random) for _ in range(random.randint(1, 4))] for _ in range(random.randint(1, 5))]
    cells += random.choices(cells, k=random.randint(0, 1))
    namespace = run([PRELUDE])
    for number, cell in enumerate(cells):
        for line, source in enumerate(cell):
            try:
                exec(compile(source, "<cell>", "exec"), namespace)
            except Exception:  # noqa: BLE001 - whatever a random statement raises
                return [*cells[:number], cell[:line]]
    return cells


def run(sources: list[str]) -> dict[str, Any]:
    namespace: dict[str, Any] = {"__name__": "__main__", "print": lambda *_: None}
    for source in sources:
        exec(compile(source, "<cell>", "exec"), namespace)
    return namespace


def described(value: Any, depth: int = 0) -> Any:  # noqa: PLR0911 - a kind of value each
    """Describe a value by what can be seen of it; a function by what it gives back, called twice."""
    if depth > 6:
        return "..."
    if isinstance(value, list | tuple):
        return [described(item, depth + 1) for item in value]
    if isinstance(value, dict):
        return {key: described(item, depth + 1) for key, item in list(value.items())}
    if isinstance(value, types.ModuleType | types.BuiltinFunctionType | int | str | None):
        return repr(value) if not isinstance(value, types.BuiltinFunctionType) else value.__name__
    if isinstance(value, type):
        plain = {key: item for key, item in vars(value).items() if isinstance(item, int | list)}
        return value.__name__, described({key: item for key, item in plain.items() if key[0] != "_"}, depth + 1)
    if callable(value):
        results = []
        for argument in ([1], [1, 2]):
            try:
                results.append(described(value(argument), depth + 2))
            except (TypeError, AttributeError, RecursionError, NameError) as error:
                results.append(type(error).__name__)
        return results
    if hasattr(value, "__next__"):
        try:
            return described(list(itertools.islice(value, 5)), depth + 1)
        except (TypeError, AttributeError, RecursionError, NameError) as error:
            return type(error).__name__
    return type(value).__name__, described(vars(value), depth + 1)


NAMES = [*INTS, *LISTS, *DICTS, *FUNCTIONS, *OBJECTS, "K0", "it0", "w", "c0"]


@given(random=st.randoms(use_true_random=False))
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_slice_run_alone_defines_the_same_values(random: Random) -> None:
    check(random)


def check(random: Random) -> None:
    cells = [PRELUDE, *("\n".join(cell) for cell in notebook(random))]
    whole = run(cells)
    wanted = [name for name in random.sample(NAMES, k=2) if name in whole]
    read = statements.read([RanCell(number, source) for number, source in enumerate(cells, 1)])
    text = "\n".join(part.text for part in slicer.cut(read, [], wanted, server=None).statements)
    note("\n# ---- cell\n".join(cells[1:]))
    note("# ==== slice\n" + text)
    alone = run([text])
    for name in wanted:
        assert described(alone.get(name)) == described(whole[name]), name


LONG = """
from tests.slicing.test_slicing_properties import *
random = Random(1017)
cells = [PRELUDE, *("\\n".join(statement(random) for _ in range(4)) for _ in range(6))]
read = statements.read([RanCell(number, source) for number, source in enumerate(cells, 1)])
found = slicer.cut(read, [], random.sample(NAMES[:-2], k=2), server=None)
print([part.index for part in found.statements], found.unbound, found.changed_later.keys(), sep="\\n")
"""
"""A program whose slice was another with other hashes, before the slice was walked in the order of the names."""


def test_a_slice_is_the_same_whatever_the_hashes_of_names() -> None:
    def sliced(seed: str) -> str:
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        root = ROOT
        done = subprocess.run(
            [sys.executable, "-c", LONG], cwd=root, env=environment, capture_output=True, text=True, check=True
        )
        return done.stdout

    assert sliced("1") == sliced("2")
