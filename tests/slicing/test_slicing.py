"""What of a notebook a definition needs, and what is said of the rest."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from mcp_notebook.export.installs import requirements
from mcp_notebook.export.pitfalls.subject import line_of
from mcp_notebook.export.ran import RanCell
from mcp_notebook.export.selection import Selection, select
from mcp_notebook.slicing import statements


def sliced(
    *cells: str | RanCell, needs: str = "f", server: str | None = None, wanted: str = "", functions: str = ""
) -> Selection:
    """Close over the names in `needs`, and over the statements whose text has `wanted` in it."""
    ran = [cell if isinstance(cell, RanCell) else RanCell(n, cell) for n, cell in enumerate(cells, 1)]
    read = statements.read(ran)
    chosen = [part for part in read.statements if wanted and wanted in part.text]
    return select(read, chosen, needs.split(), server=server, functions=functions.split())


def texts(*cells: str | RanCell, needs: str = "f", server: str | None = None, wanted: str = "") -> list[str]:
    return [part.text for part in sliced(*cells, needs=needs, server=server, wanted=wanted).statements]


def stops(*cells: str | RanCell, needs: str = "f") -> list[str]:
    return [str(finding) for finding in sliced(*cells, needs=needs).findings if finding.weight == "stops"]


LIFE = "def life(s):\n    jobs.append(s)\n    yield"
PART = "def part(t, n):\n    all = []\n    for one in t.split():\n        all.append(one)\n    return all[n]"
TURN = "def turn(rows):\n    all = []\n    all.append(rows[0])\n    for one in all:\n        one.mode = 1"


def whole(*cells: str) -> tuple[list[str | RanCell], list[str]]:
    """Return cells of which a slice has all."""
    return [*cells], [*cells]


CARRIED: dict[str, tuple[list[str | RanCell], list[str]]] = {
    "the last value for what a function reads, the value of then for what a statement reads": (
        ["a = 1", "b = a", "a = 2", "def f(): return a, b"],
        ["a = 1", "b = a", "a = 2", "def f(): return a, b"],
    ),
    "a list of a class": whole("class Shop:\n    kinds = []", "Shop.kinds.append(1)", "def f(): return Shop.kinds"),
    "a list that is a class's": whole(
        "all = []", "class Shop:\n    kinds = all", "Shop.kinds.append(1)", "def f(): return all"
    ),
    "a list by a class method": whole(
        "class Shop:\n    kinds = []\n    @classmethod\n    def add(cls): cls.kinds.append(1)",
        "Shop.add()",
        "def f(): return Shop",
    ),
    "a string annotation": (["class Book: ...", "def f(b: 'Book'): ..."], ["class Book: ...", "def f(b: 'Book'): ..."]),
    "only the last of two definitions": (["x = 1", "x = 2", "def f(): return x"], ["x = 2", "def f(): return x"]),
    "what a later cell appends": (
        ["x = []", "x.append(1)\nprint(x)\nlen(x)", "def f(): return x"],
        ["x = []", "x.append(1)", "def f(): return x"],
    ),
    "a change by another name": (
        ["x = []", "y = x", "y.append(1)", "def f(): return x"],
        ["x = []", "y = x", "y.append(1)", "def f(): return x"],
    ),
    "what a helper does to its argument": (
        ["def fill(rows): rows.append(1)", "x = []", "fill(x)", "def f(): return x"],
        ["def fill(rows): rows.append(1)", "x = []", "fill(x)", "def f(): return x"],
    ),
    "a global that a function sets": (
        ["x = 1\ndef init():\n    global x\n    x = 2", "init()", "def f(): return x"],
        ["x = 1", "def init():\n    global x\n    x = 2", "init()", "def f(): return x"],
    ),
    "not a look at the data": (
        ["rows = [1]", RanCell(2, "rows.describe()", shown=True), "def f(): return rows"],
        ["rows = [1]", "def f(): return rows"],
    ),
    "a table that is made through a cursor": (
        ["import sqlite3", "c = sqlite3.connect('')", "k = c.cursor()", "k.execute('x')", "def f(): return c"],
        ["import sqlite3", "c = sqlite3.connect('')", "k = c.cursor()", "k.execute('x')", "def f(): return c"],
    ),
    "not what another statement made of a constant": (
        ["N = 3", "xs = list(range(N))\nxs.append(N)", "def f(): return N"],
        ["N = 3", "def f(): return N"],
    ),
    "both ways of an import": (
        ["try:\n    import tomllib\nexcept ImportError:\n    tomllib = None", "def f(): return tomllib"],
        ["try:\n    import tomllib\nexcept ImportError:\n    tomllib = None", "def f(): return tomllib"],
    ),
    "the star import that a name comes from": (
        ["from os.path import *\nfrom math import *", "def f(): return join('a', sqrt(2))"],
        ["from os.path import *", "from math import *", "def f(): return join('a', sqrt(2))"],
    ),
    "the setting up of a module that is used": (
        ["import random, time", "random.seed(1)", "time.sleep(0)", "def f(): return random.random()"],
        ["import random, time", "random.seed(1)", "def f(): return random.random()"],
    ),
    "what a decorator puts into a table": (
        ["table = {}", "def entry(g):\n    table[1] = g", "@entry\ndef a(): 1", "def f(): return table"],
        ["table = {}", "def entry(g):\n    table[1] = g", "@entry\ndef a(): 1", "def f(): return table"],
    ),
    "what a decorator of a library registers on what it is given, and what that calls": (
        ["from sqlalchemy import event\nengine = object()\nlimit = 1",
         "@event.listens_for(engine, 'connect')\ndef check(c): return limit", "def f(): return engine"],
        ["from sqlalchemy import event", "engine = object()", "limit = 1",
         "@event.listens_for(engine, 'connect')\ndef check(c): return limit", "def f(): return engine"],
    ),
    "what is registered on an object by its own decorator": (
        ["from m import Bus\nbus = Bus()\nlimit = 1", "@bus.on('x')\ndef check(c): return limit",
         "@bus.seen\ndef note(c): ...", "def f(): return bus"],
        ["from m import Bus", "bus = Bus()", "limit = 1", "@bus.on('x')\ndef check(c): return limit",
         "@bus.seen\ndef note(c): ...", "def f(): return bus"],
    ),
    "not each function that is wrapped with an option": (
        ["from functools import wraps\ndef g(): ...", "@wraps(g)\ndef h(): ...", "def f(): return g"],
        ["def g(): ...", "def f(): return g"],
    ),
    "not a read of what holds a generator that changes it": (
        ["jobs = []", LIFE, "jobs.append(life)", "jobs[0]", "def f(): return jobs"],
        ["jobs = []", LIFE, "jobs.append(life)", "def f(): return jobs"],
    ),
    "not a call of a function that only looks": (
        ["text = load()", PART, "print(part(text, 0))", "def f(): return text"],
        ["text = load()", "def f(): return text"],
    ),
    "what a function does to an object through a list of its own": (
        ["rows = load()", TURN, "turn(rows)", "def f(): return rows"],
        ["rows = load()", TURN, "turn(rows)", "def f(): return rows"],
    ),
    "what a carried module is given to run": (
        ["import atexit", "@atexit.register\ndef bye(): ...", "def f(): return atexit"],
        ["import atexit", "@atexit.register\ndef bye(): ...", "def f(): return atexit"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CARRIED)
def test_a_slice_has(case: str) -> None:
    cells, expected = CARRIED[case]
    assert texts(*cells) == expected


def test_exploring_a_server_is_not_part_of_it() -> None:
    cells = [
        "mcp = MCPServer('x', lifespan=life)\nlimit = 3",
        "@mcp.tool()\ndef f(): return limit",
        "c = Client(mcp)\nmcp.run()\nawait c.call_tool('f')",
    ]
    found = texts(
        "def life(s): return start\nstart = 1\nfrom m import MCPServer, Client", *cells, server="mcp", wanted="def f"
    )
    assert "mcp.run()" not in found
    assert not any("Client(" in text for text in found)
    assert "start = 1" in found


def test_what_is_left_out_is_named() -> None:
    found = sliced("import time", "time.sleep(0)", "spare = 1", "def f(): ...").findings
    assert [str(finding).split(": ")[0] for finding in found] == ["cell 2, time.sleep(0)", "spare"]
    assert sliced("import time", "%who", "# a comment", "1 + 1", "def f(): ...").findings == ()


STOPS: dict[str, tuple[list[str | RanCell], str]] = {
    "a name that no cell binds": (["def f(): return ghost"], "ghost"),
    "a name that a shell command sets": (["files = !ls", "def f(): return files"], "files = !ls"),
    "a name that %%capture sets": (["%%capture out\n1", "def f(): return out"], "%%capture out"),
    "a value that was awaited": (["async def g(): ...", "x = await g()", "def f(): return x"], "await"),
    "the history of the kernel": (["def f(): return Out[3], _"], "only a kernel"),
    "display": (["def f(): display(1)"], "display"),
    "a typed value": (["keys = [input('key? ')]\nkeys[0] = input()", "def f(): return keys"], "typed"),
    "a statement that raised": (
        [RanCell(1, "for x in [1, 0]:\n    y = 1 / x", raised_at=2), "def f(): return y"],
        "raised",
    ),
    "a magic in a function": (["def f():\n    !ls\n    return 1"], "!ls"),
}


def test_a_file_that_is_written_and_left_out_is_named() -> None:
    made = "import pathlib\nP = pathlib.Path('a')\nwith open(P, 'w') as file: file.write('x')\nP.read_text()"
    found = sliced(made, "def f(): return P.read_text()").findings
    assert [(finding.weight, finding.name) for finding in found if finding.cell] == [
        ("warns", "with open(P, 'w') as file: file.write('x')")
    ]


@pytest.mark.parametrize("case", STOPS)
def test_an_export_stops_at(case: str) -> None:
    cells, said = STOPS[case]
    found = stops(*cells)
    assert found
    assert said in found[0]


def test_what_is_fit_has_nothing_that_stops() -> None:
    assert stops("import os", "def f(): return os.getcwd(), print, __name__, [x for x in ()]") == []


def test_a_change_in_an_awaited_statement_is_warned_of() -> None:
    found = sliced("x = []\nasync def g(): x.append(1)", "await g()", "def f(): return x")
    assert [finding.name for finding in found.findings if finding.weight == "warns"] == ["x"]
    assert "await g()" not in [part.text for part in found.statements]


def test_a_local_module_stops_and_a_path_warns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "helpers_of_mine.py").write_text("def h(): ...", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(tmp_path)
    found = sliced(
        "import helpers_of_mine\nDATA = 'helpers_of_mine.py'", "def f(): return helpers_of_mine, DATA"
    ).findings
    assert [(finding.weight, finding.name) for finding in found if finding.weight != "notes"] == [
        ("stops", "helpers_of_mine"),
        ("warns", "'helpers_of_mine.py'"),
    ]


def test_comments_stay_and_magics_keep_the_lines() -> None:
    source = "\n\n# about f\n@d  # why\ndef f(): ...  # end\n%time a = f()\nb = 1; c = 2  # both\n"
    read = statements.read([RanCell(1, source)])
    assert [(part.first, part.text) for part in read.statements] == [
        (2, "# about f\n@d  # why\ndef f(): ...  # end"),
        (4, "a = f()"),
        (5, "b = 1"),
        (5, "c = 2  # both"),
    ]


def test_requirements_are_read_from_install_lines() -> None:
    source = "%pip install -q 'httpx>=0.27' rich\n!uv pip install -r x.txt foo\n%conda install -y numpy=1.26"
    assert requirements(statements.read([RanCell(1, source)]).magics) == ("httpx>=0.27", "rich", "foo", "numpy==1.26")


def test_a_future_import_holds_for_later_cells() -> None:
    assert sliced("from __future__ import annotations", "def f(a: B): ...").future == {"annotations"}


def a_chain(count: int) -> list[str]:
    """Slice cells of which each function calls the one before."""
    cells = [f"import os\nlimit_{n} = {n}\nrows_{n} = [limit_{n}]\nrows_{n}.append({n})" for n in range(2 * count)]
    cells += [f"def tool_{n}(a: int) -> int:\n    return sum(rows_{n}) + tool_{max(n - 1, 0)}(a)" for n in range(count)]
    return texts(*cells, needs=" ".join(f"tool_{n}" for n in range(count)))


def a_web(count: int) -> list[str]:
    """Slice cells of which each function calls all."""
    calls = ", ".join(f"call_{n}(a)" for n in range(count))
    cells = ["seen = []", *(f"def call_{n}(a):\n    seen.append(a)\n    return [{calls}]" for n in range(count))]
    return texts(*cells, "kept = call_0([])", "seen.append(kept)", "other = []", needs=f"call_{count - 1}")


def growth(work: Callable[[int], object], count: int) -> float:
    """Return how many times as long twice as much takes: the best of three of each, in one run."""
    best = []
    for size in (count, 2 * count):
        times = []
        for _ in range(3):
            start = time.process_time()
            work(size)
            times.append(time.process_time() - start)
        best.append(min(times))
    return best[1] / best[0]


def test_a_long_chain_of_functions_takes_far_less_than_the_cube_of_its_length() -> None:
    assert len(a_chain(100)) == 400
    assert growth(a_chain, 50) < 6  # twice the cells take twice as long; 8 times would be their cube


def test_functions_that_all_call_each_other_take_less_than_the_square_of_their_calls() -> None:
    assert a_web(30)[-2:] == ["kept = call_0([])", "seen.append(kept)"]
    assert growth(a_web, 15) < 12  # there are 4 times the calls; 16 times would be their square


NOTES = ["notes = []", "def add(text): notes.append(text)"]
DESK = "from mcp import Client\ndesk = Client('http://desk')"
TRIALS = {
    "a registered function is called": [*NOTES, "add('x')"],
    "a registered function is called in a loop": [*NOTES, "for t in ['x']:\n    print(add(t))"],
    "a client is asked": [*NOTES, DESK, "notes.append(desk.info())"],
    "a client of ours is asked": [*NOTES, "import mcp_notebook as m\nc = m.connect('x')", "notes.append(c.call('y'))"],
    "an exercise is checked": [*NOTES, "from mcp_notebook.course import check", "notes.append(check(add))"],
    "the server is asked": [*NOTES, "import asyncio", "notes += asyncio.run(mcp.call_tool('add'))"],
    "a client is entered": [*NOTES, DESK, "async with desk as c:\n    notes = [await c.call_tool('add')]"],
    "a request is awaited": [*NOTES, "notes.append(await mcp.call_tool('add'))"],
}


@pytest.mark.parametrize("case", TRIALS)
def test_a_trial_is_not_carried_and_named_where(case: str) -> None:
    *before, trial = TRIALS[case]
    found = sliced(*before, trial, needs="add", server="mcp", functions="add")
    assert [part.text for part in found.statements] == NOTES
    warned = [finding for finding in found.findings if finding.weight != "notes"]
    assert [(finding.weight, finding.cell, finding.name) for finding in warned] == [("warns", len(before) + 1, "notes")]
    assert trial.split("\n")[0] in warned[0].what


def test_what_a_trial_binds_is_carried_where_it_is_read() -> None:
    found = sliced(*NOTES, "first = add('x')", "def f(): return first", functions="add")
    assert "first = add('x')" in [part.text for part in found.statements]
    assert stops(*NOTES, DESK, "first = await desk.call_tool('add')", "def f(): return first")


def test_a_client_that_a_server_works_through_is_carried() -> None:
    cells = [DESK, "others = []", "others.append(desk)", "def f(): return others"]
    assert texts(*cells) == [*DESK.split("\n"), *cells[1:]]


READS_KEY = "def f(): return os.environ['KEY']"
SETS_KEY = {
    "by item": "os.environ['KEY'] = 'v4lue'",
    "by setdefault": "os.environ.setdefault('KEY', 'v4lue')",
    "by update": "os.environ.update({'KEY': 'v4lue'})",
    "by putenv": "os.putenv('KEY', 'v4lue')",
    "in a branch": "if 'KEY' not in os.environ:\n    os.environ['KEY'] = 'v4lue'",
    "by a magic": "%env KEY=v4lue",
}


@pytest.mark.parametrize("case", SETS_KEY)
def test_the_environment_is_not_carried_and_only_its_names_are_noted(case: str) -> None:
    found = sliced("import os", SETS_KEY[case], READS_KEY)
    assert [part.text for part in found.statements] == ["import os", READS_KEY]
    said = [str(finding) for finding in found.findings if finding.cell == 2]
    assert [text.split(":")[0] for text in said] == ["cell 2, KEY"]
    assert not any("v4lue" in text for text in said)


def test_a_dotenv_file_is_not_loaded_by_the_package() -> None:
    found = sliced("import os\nfrom dotenv import load_dotenv", "load_dotenv()", READS_KEY)
    assert [part.text for part in found.statements] == ["import os", READS_KEY]
    assert "cell 2, os.environ" in str(found.findings[0])


def test_magics_are_named_only_where_something_carried_depends_on_them() -> None:
    magics = ["%env KEY=x", "%cd /tmp", "%run prepare.py"]
    assert sliced(*magics, "def f(): return open").findings == ()
    found = sliced(*magics, "def f(): return open('books.csv').read(), prepared")
    said = [str(finding) for finding in found.findings if finding.weight != "notes"]
    assert ["books.csv" in text for text in said] == [False, True]
    assert "%run prepare.py" in said[0]


TWOFOLD = {
    "kinds differ": (["limit = 1", "def limit(): ...", "def f(): return limit"], (2, "limit", "in cell 1")),
    "a cell ran again": (["def g(): 1", "def g(): 2", "def g(): 1", "def f(): g()"], (3, "g", "after cell 2")),
    "a cell was edited and ran again": (["def g(): 1", "def g(): 2", "def f(): g()"], None),
    "a cell ran twice": (["x = 1", "x = 1", "def f(): return x"], None),
    "what was built on itself": (["from m import cache\ndef g(): 1", "g = cache(g)", "def f(): g()"], None),
}


@pytest.mark.parametrize("case", TWOFOLD)
def test_a_name_that_is_defined_in_two_ways_is_warned_of(case: str) -> None:
    cells, expected = TWOFOLD[case]
    warned = [finding for finding in sliced(*cells).findings if finding.weight == "warns"]
    assert [(one.cell, one.name) for one in warned] == ([] if expected is None else [expected[:2]])
    assert expected is None or expected[2] in warned[0].what


def test_a_change_in_a_later_cell_is_noted_once() -> None:
    found = sliced("x = []\nx.append(0)", "x.append(1)", "x.append(2)", "def f(): return x")
    noted = [finding for finding in found.findings if finding.name == "x"]
    assert [(finding.weight, finding.cell) for finding in noted] == [("notes", 2)]
    assert "x.append(1)" in noted[0].what


def test_a_module_that_is_only_set_up_is_named() -> None:
    found = sliced("import atexit", "@atexit.register\ndef bye(): ...", "def f(): ...")
    assert [finding.cell for finding in found.findings] == [2, None]


def test_what_is_taken_from_a_queue_is_gone_and_what_is_only_asked_is_not() -> None:
    cells = ["from queue import Queue\nq = Queue()\nq.put(1)", "first = q.get()", "def f(): return q"]
    assert "first = q.get()" in texts(*cells)
    pure = ["class Shelf:\n    def get(self): return 1", "q = Shelf()", "q.get()", "def f(): return q"]
    assert "q.get()" not in texts(*pure)


def test_a_file_of_variables_is_read_as_settings_and_put_into_no_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text("KEY=x")
    (said,) = sliced("def f(): return open('.env').read()").findings
    assert (said.weight, said.way_out) == ("warns", "Read os.environ, which becomes settings.")


@pytest.mark.parametrize(
    ("statement", "named"),
    [
        ("""print(f"{shelf['Dune']} of {shelf['Emma']}")""", """print(f"{shelf['Dune']} of {shelf['Emma']}")"""),
        ('exec(\n    "a = 1",\n    {},\n)', 'exec( "a = 1", {}, )'),
        ('# a note\nexec("a = 1")  # and another', 'exec("a = 1")'),
        ('b = 2; exec("a = 1")', 'exec("a = 1")'),
        ('for name in "ab":\n    exec(name)', 'for name in "ab":'),
        ('if True: exec("é = 1")', 'if True: exec("é = 1")'),
    ],
)
def test_a_finding_shows_a_statement_as_its_author_wrote_it(statement: str, named: str):
    assert line_of(statements.read([RanCell(1, statement)]).statements[-1]) == named
