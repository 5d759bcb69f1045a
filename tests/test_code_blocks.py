"""Each code block of the documents is run, or at least checked, and none is left out silently."""

from __future__ import annotations

import ast
import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
import yaml
from IPython.core.inputtransformer2 import TransformerManager

from mcp_notebook.cli import main
from mcp_notebook.magics.commands import root, verbs
from mcp_notebook.magics.words import split
from tests.support import ROOT
from tests.support.blocks import DOCUMENTS, LANGUAGES, MARKS, Block, blocks_of, marks_of, shows
from tests.support.shell_lines import commands, problem
from tests.support.shells import Shell

pytestmark = pytest.mark.once

if sys.version_info >= (3, 11):
    import tomllib
else:
    from pip._vendor import tomli as tomllib

NOT_RUN = 11
"""So many cells are not run, each with its reason. Before you raise this, try to run yours."""

ONLY_SHOWN = 5
"""So many texts are not compared with an output."""

BLOCKS = {path: blocks_of(path) for path in DOCUMENTS}
EVERY = [block for blocks in BLOCKS.values() for block in blocks]
BASH = None if os.name == "nt" else shutil.which("bash")  # on Windows, it can be that of another system


def in_shell(blocks: list[Block]) -> list[Block]:
    """Return the shell blocks that are run: those with their output below, or that have to fail."""
    return [block.before for block in blocks if block.shown and block.before and block.before.language == "sh"]


def pages() -> Iterator[Any]:
    """Pages with something to run; those that start programs or make packages are slow."""
    for path, blocks in BLOCKS.items():
        programs = in_shell(blocks) or any("%mcp export" in block.code for block in blocks if block.run)
        if programs or any(block.run for block in blocks):
            name = path.relative_to(ROOT).as_posix()
            yield pytest.param(path, id=name, marks=pytest.mark.slow if programs else ())


@pytest.fixture
def folder(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to work in, with the programs of this environment first on the path, and no other live notebooks."""
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path_factory.mktemp("runtime")))
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("PATH", os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))
    monkeypatch.setenv("PYTHONUTF8", "1")
    return tmp_path


@pytest.mark.parametrize("path", list(pages()))
def test_the_blocks_of_a_page_run_in_its_order_and_print_what_it_shows(
    path: Path, folder: Path, shell: Shell, capsys: pytest.CaptureFixture[str]
) -> None:
    programs = in_shell(BLOCKS[path])
    printed = ""
    for block in BLOCKS[path]:
        if block.run:
            good = shell.run(block.code).success
            printed = "".join(capsys.readouterr())
            assert good == (block.mark != "fails"), f"{block.place}:\n{printed}"
        elif block in programs:
            printed = script(block)
        elif block.shown:
            assert shows(printed, block.code), f"{block.place} shows what was not printed, which is:\n{printed}"


def script(block: Block) -> str:
    """Run the lines of a shell, and return what they print."""
    assert BASH
    done = subprocess.run([BASH, "-ec", block.code], check=False, capture_output=True, text=True, encoding="utf-8")
    printed = done.stdout + done.stderr
    assert (done.returncode == 0) == (block.mark != "fails"), f"{block.place}:\n{printed}"
    return printed


def test_every_block_says_what_it_is() -> None:
    assert [block.place for block in EVERY if block.language not in LANGUAGES] == []


def test_every_fence_is_read() -> None:
    """A fence that is not closed, or is closed with another margin, would swallow a block."""
    fences = {
        path: len(re.findall(r"^ *(?:```|~~~)", path.read_text(encoding="utf-8"), re.MULTILINE)) for path in BLOCKS
    }
    assert [path.name for path, blocks in BLOCKS.items() if fences[path] != 2 * len(blocks)] == []


def test_a_comment_about_a_block_is_directly_above_one_of_its_kind() -> None:
    for path, blocks in BLOCKS.items():
        marked = [block for block in blocks if block.mark]
        assert marks_of(path.read_text(encoding="utf-8")) == len(marked), path.name
        kinds = {"not run": {"python"}, "fails": {"python", "sh"}, "only shown": {"text"}}
        assert [block.place for block in marked if block.language not in kinds.get(block.mark, set())] == []
        assert [block.place for block in marked if not block.reason.strip()] == []
    assert {block.mark for block in EVERY} <= {"", *MARKS}


def test_few_blocks_are_not_run() -> None:
    assert len([block for block in EVERY if block.mark == "not run"]) == NOT_RUN
    assert len([block for block in EVERY if block.mark == "only shown"]) == ONLY_SHOWN


def test_a_text_follows_what_prints_it() -> None:
    shown = [block for block in EVERY if block.shown]
    wrong = [
        block.place for block in shown if not (block.before and (block.before.run or block.before.language == "sh"))
    ]
    assert wrong == []


@pytest.mark.parametrize("block", [block for block in EVERY if block.mark == "not run"], ids=lambda block: block.place)
def test_a_cell_that_is_not_run_can_be_read(block: Block, shell: Shell) -> None:
    compiled = TransformerManager().transform_cell(block.code)
    compile(compiled, block.place, "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
    for magic, *words in (line.split() for line in block.code.splitlines() if re.match(r"%%?mcp", line)):
        verb = words.pop(0) if magic == "%mcp" else None
        command = verbs.commands[verb] if verb else root.commands[magic]
        with contextlib.suppress(click.exceptions.Exit):
            command.make_context(verb or magic, split(" ".join(words)), obj=shell.session)


@pytest.mark.parametrize("block", [block for block in EVERY if block.language == "sh"], ids=lambda block: block.place)
def test_a_line_of_a_shell_is_one_that_its_program_understands(block: Block) -> None:
    assert [wrong for words in commands(block.code) if (wrong := problem(words))] == []
    if BASH:
        subprocess.run([BASH, "-n", "-c", block.code], check=True)


@pytest.mark.parametrize(
    "block", [block for block in EVERY if block.language in ("json", "yaml", "toml")], ids=lambda block: block.place
)
def test_data_in_a_document_can_be_parsed(block: Block) -> None:
    parse = {"json": json.loads, "yaml": yaml.safe_load, "toml": tomllib.loads}[block.language]
    assert parse(block.code)


GROUPS = {"%mcp": verbs.commands, "mcp-notebook": main.commands}


def unknown(quoted: str) -> bool:
    """Return whether words in a sentence, such as `%mcp serve --port N`, are a command that does not exist."""
    program, name, *rest = [*quoted.split(), "", ""]
    if program not in GROUPS or not re.fullmatch(r"[a-z]+", name):
        return False
    command = GROUPS[program].get(name)
    parameters = command.params if command else []
    known = {option for one in parameters for option in (*one.opts, *one.secondary_opts)} | {"--help"}
    used = {word.partition("=")[0] for word in rest if re.match(r"--[a-z]", word)}
    return command is None or not used <= known


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_command_in_a_sentence_exists_with_its_options(path: Path) -> None:
    text = re.sub(r"^ *```.*?^ *```$", "", path.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    assert [quoted for quoted in re.findall(r"`([^`]+)`", text) if unknown(quoted)] == []


@pytest.mark.parametrize("quoted", ["%mcp serv", "%mcp serve --ports 1", "mcp-notebook calls", "%mcp\nexprt DEST"])
def test_a_command_in_a_sentence_that_does_not_exist_is_found(quoted: str) -> None:
    assert unknown(quoted)


@pytest.mark.parametrize("quoted", ["%mcp", "%mcp VERB", "%mcp serve --port N", "mcp-notebook --help", "pip install x"])
def test_other_words_in_a_sentence_are_left_alone(quoted: str) -> None:
    assert not unknown(quoted)


@pytest.mark.parametrize(
    ("printed", "shown", "same"),
    [
        ("one\ntwo\nthree\n", "two", True),
        ("one\n\n   two   2\n", "one\ntwo 2", True),
        ("at http://127.0.0.1:4321/mcp", "at http://127.0.0.1:.../mcp", True),
        ("one\ntwo\nthree", "one\n...\nthree", True),
        ("one\ntwo\nthree", "one\nthree", False),
        ("three\none", "one\n...\nthree", False),
    ],
)
def test_a_text_is_compared_line_by_line(printed: str, shown: str, same: bool) -> None:
    assert shows(printed, shown) is same


@pytest.mark.parametrize(
    "line",
    [
        "mcp-notebook calll server.py add",
        "mcp-notebook tools server.py --jsno",
        "make tets",
        "pip install --upgrad mcp-notebook",
        'pip install "mcp-notebook[tutorals]"',
        "pip install",
        "python scripts/nothing.py",
        "uv tol install mcp-notebook",
        "unheard-of --help",
    ],
)
def test_a_line_that_no_program_understands_is_found(line: str) -> None:
    assert any(problem(words) for words in commands(line))
