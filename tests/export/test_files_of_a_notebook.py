"""Files that a package will lack, and files that a notebook made and removed again."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from mcp_notebook.export.module.writing import Module, write
from mcp_notebook.session.choosing import subject_of
from tests.support.shells import Shell, running_shell

SERVER = (
    "import glob, json, os, sqlite3\nfrom pathlib import Path\nfrom mcp.server.mcpserver import MCPServer\n"
    "mcp = MCPServer('library')"
)


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shell]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "data").mkdir()
    for name in ("data/sales.csv", "README", "notes.db"):
        (tmp_path / name).write_text("", encoding="utf-8")
    with running_shell() as shell:
        shell.good(SERVER)
        yield shell


def tool(returned: str) -> str:
    return f"@mcp.tool()\ndef found() -> str:\n    return str({returned})"


def warned(shell: Shell, *cells: str) -> list[str]:
    shell.good(*cells)
    return [f.name for f in write(subject_of(shell.session)).findings if f.weight == "warns"]


SALES = {
    "a text": ["open('data/sales.csv').read()"],
    "a path and a part": ["(Path('data') / 'sales.csv').read_text()"],
    "parts of a path": ["Path('data', 'sales.csv').open()"],
    "os.path.join": ["open(os.path.join('data', 'sales.csv'))"],
    "the directory where it is": ["(Path.cwd() / 'data' / 'sales.csv').read_bytes()"],
    "its absolute form": ["open(os.path.abspath(os.path.join(os.getcwd(), 'data', 'sales.csv')))"],
    "joinpath": ["Path('data').joinpath('sales.csv').read_text()"],
    "another suffix": ["Path('data/sales.txt').with_suffix('.csv').read_text()"],
    "a variable": ["open(PLACE)", "PLACE = Path('data') / 'sales.csv'"],
    "variables of variables": ["PLACE.read_text()", "FOLDER = Path('data')\nPLACE = FOLDER / 'sales.csv'"],
    "a folder in a variable": ["(FOLDER / 'sales.csv').read_text()", "FOLDER = Path('data')"],
    "an f-string": ["open(f'{FOLDER}/sales.csv')", "FOLDER = 'data'"],
    "texts put together": [
        "open(FOLDER + '/' + NAME)",
        "FOLDER, NAME = 'data', 'x'\nFOLDER = 'data'\nNAME = 'sales.csv'",
    ],
    "a dict": ["open(PLACES['sales'])", "PLACES = {'sales': 'data/sales.csv'}"],
    "a class": ["Places.sales.read_text()", "class Places:\n    sales = Path('data') / 'sales.csv'"],
    "a library": ["load('data/sales.csv')", "def load(path):\n    return open(path)"],
}
OTHERS = {
    "glob.glob": ("glob.glob('data/*.csv')", "'data/*.csv'"),
    "glob": ("list(Path('data').glob('*.csv'))", "'data'"),
    "rglob": ("list(Path('data').rglob('*'))", "'data'"),
    "iterdir": ("list(Path('data').iterdir())", "'data'"),
    "listdir": ("os.listdir('data')", "'data'"),
    "a name without a dot": ("open('README').read()", "'README'"),
    "sqlite": ("sqlite3.connect('notes.db')", "'notes.db'"),
}


@pytest.mark.parametrize("cells", SALES.values(), ids=[key.replace(" ", "_") for key in SALES])
def test_a_file_that_will_be_missing_is_warned_of_once_however_its_path_is_written(
    shell: Shell, cells: list[str]
) -> None:
    returned, *before = cells
    assert warned(shell, *before, tool(returned)) == ["'data/sales.csv'"]


@pytest.mark.parametrize(("returned", "name"), OTHERS.values(), ids=[key.replace(" ", "_") for key in OTHERS])
def test_what_is_opened_or_listed_is_warned_of(shell: Shell, returned: str, name: str) -> None:
    assert warned(shell, tool(returned)) == [name]


@pytest.mark.parametrize("returned", ["['data', 'README']", "Path('nowhere') / 'x.csv'", "sqlite3.connect(':memory:')"])
def test_words_and_places_where_nothing_is_are_not_warned_of(shell: Shell, returned: str) -> None:
    assert warned(shell, tool(returned)) == []


def test_a_file_that_a_cell_makes_under_a_path_of_parts_is_warned_of(shell: Shell) -> None:
    shell.good(
        "(Path('data') / 'made.json').write_text('{}')", tool("json.loads((Path('data') / 'made.json').read_text())")
    )
    (said,) = (f for f in write(subject_of(shell.session)).findings if f.weight == "warns")
    assert said.name == "'data/made.json'"
    assert "cell 2 makes this file and is left out" in said.what


# --- made and removed again

MADE = {
    "with what is needed": ["with open('big.txt', 'w') as file:\n    size = 3\n    file.write('x' * size)"],
    "by a function": ["def make(path):\n    with open(path, 'w') as file:\n        file.write('x')\n    return 3",
                      "size = make('big.txt')"],
    "by a path": ["big = Path('big.txt')\nbig.write_text('x' * 10)\nsize = 3"],
    "by os": ["big = os.open('big.txt', os.O_CREAT | os.O_WRONLY)\nos.write(big, b'x')\nos.close(big)\nsize = 3"],
    "by a file": ["big = open('big.txt', 'w')\nbig.write('x')\nbig.close()\nsize = 3"],
}  # fmt: skip
REMOVED = {
    "os": "os.remove('big.txt')",
    "a path": "Path('big.txt').unlink()",
    "where it is there": "if os.path.exists('big.txt'):\n    os.remove('big.txt')",
}


@pytest.mark.parametrize("removed", REMOVED.values(), ids=[key.replace(" ", "_") for key in REMOVED])
@pytest.mark.parametrize("made", MADE.values(), ids=[key.replace(" ", "_") for key in MADE])
def test_a_file_that_was_removed_again_is_not_there_after_a_start(
    shell: Shell, tmp_path: Path, made: list[str], removed: str
) -> None:
    shell.good(*made, "big = None\ndel big", removed, tool("(size, os.sep)"))
    module = write(subject_of(shell.session))
    imported(module, tmp_path)
    assert not (tmp_path / "big.txt").exists(), module.files["server.py"]


def imported(module: Module, folder: Path) -> None:
    assert [finding for finding in module.findings if finding.weight == "stops"] == []
    name = f"package_{folder.name}"
    (folder / name).mkdir()
    for file, text in {"__init__.py": "", **module.files}.items():
        (folder / name / file).write_text(text)
    importlib.import_module(f"{name}.server")


@pytest.mark.parametrize("returned", ["Path.cwd().name", "os.listdir(os.getcwd())", "open('data/sales.csv').read()"])
def test_a_change_of_the_working_directory_is_named_if_carried_code_depends_on_it(shell: Shell, returned: str) -> None:
    where = "os.chdir('.')"
    assert where in warned(shell, where, tool(returned))


def test_it_is_not_named_if_nothing_depends_on_it(shell: Shell) -> None:
    assert warned(shell, "os.chdir('.')", tool("1 + 1")) == []
