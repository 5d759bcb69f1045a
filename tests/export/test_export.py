"""Exporting a notebook: in a cell, and from a shell."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from click.testing import CliRunner
from IPython.core.error import UsageError

from mcp_notebook.cli import main
from mcp_notebook.export import exporting, project
from mcp_notebook.export.proof import Proof, Row
from mcp_notebook.export.report import Exported
from tests.support.kernels import Kernel
from tests.support.packages import texts
from tests.support.shells import Shell, running_shell

CELLS = [
    "%load_ext mcp_notebook",
    "import math\nimport datetime",
    '%%mcp_tool\ndef area(radius: float) -> float:\n    "The area of a circle."\n    return math.pi * radius**2',
    '%%mcp_tool\ndef now() -> dict[str, str]:\n    "The time."\n    return {"at": datetime.datetime.now().isoformat()}',
    '%%mcp_resource notes://today\ndef today() -> str:\n    "What is on."\n    return "nothing"',
    "%mcp call area radius=2",
    "%mcp call now",
    "%mcp read notes://today",
]


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Shell]:
    """A notebook in a folder of its own, where a tool and a resource were used."""
    monkeypatch.chdir(tmp_path)
    with running_shell() as shell:
        shell.good(*CELLS)
        yield shell


def exported(shell: Shell, line: str) -> Exported:
    found = shell.good(f"%mcp export {line}")
    assert isinstance(found, Exported)
    return found


def test_a_package_is_written_and_can_be_written_again(shell: Shell, tmp_path: Path) -> None:
    first = exported(shell, "books --no-proof --license MIT")
    assert (tmp_path / "books/src/books/server.py").read_text() == first.server_file
    assert "def area(radius: float) -> float:" in first.server_file
    assert 'license = "MIT"' in (tmp_path / "books/pyproject.toml").read_text()
    assert "async def test_area" in (tmp_path / "books/tests/test_calls.py").read_text()
    again = exported(shell, "books --no-proof --license MIT")
    assert again.update is not None
    assert again.update.written == ()
    assert repr(again).startswith("package books in books: written\n  0 files written, ")


def test_no_file_of_the_package_has_a_word_of_the_workbench(shell: Shell) -> None:
    for path, text in texts(exported(shell, "books --no-proof").files).items():
        assert not re.search("mcp[-_]notebook", text), path


def test_a_dry_run_shows_the_files_and_the_source_and_writes_nothing(shell: Shell, tmp_path: Path) -> None:
    found = exported(shell, "books --dry-run")
    assert list(tmp_path.iterdir()) == []
    said = repr(found)
    assert "package books in books: a dry run, so nothing was written" in said
    assert "\nsrc/\n  books/\n    __init__.py\n" in said
    assert found.server_file in said


def test_what_a_person_edited_is_kept_and_shown(shell: Shell, tmp_path: Path) -> None:
    exported(shell, "books --no-proof")
    server = tmp_path / "books/src/books/server.py"
    server.write_text(server.read_text().replace("The area of a circle.", "The area."))
    found = exported(shell, "books --no-proof")
    assert "src/books/server.py: kept, because you edited it" in repr(found)
    assert '-    "The area."\n+    "The area of a circle."' in repr(found)
    assert "The area.\n" not in server.read_text()


def test_the_diff_of_an_edited_file_shows_no_secret(shell: Shell, tmp_path: Path) -> None:
    exported(shell, "books --no-proof")
    server = tmp_path / "books/src/books/server.py"
    server.write_text(server.read_text() + 'PASSWORD = "tr0ub4dor-and-3"\n')
    said = repr(exported(shell, "books --no-proof"))
    assert '-PASSWORD = "tr..."' in said
    assert "ub4dor" not in said


def test_what_stops_comes_first_and_nothing_is_written(shell: Shell, tmp_path: Path) -> None:
    shell.good("POOL = object()  # setting", "%%mcp_tool\ndef pool() -> str:\n    return str(POOL)")
    found = exported(shell, "books")
    assert found.stopped
    assert found.findings[0].weight == "stops"
    assert "not written; the reasons are below" in repr(found)
    assert not (tmp_path / "books").exists()


def test_calls_with_a_secret_in_them_stay_in_the_notebook(shell: Shell) -> None:
    token = "ghp_" + "a1B2c3D4e5" * 4
    shell.good(
        "%%mcp_tool\ndef login(token: str) -> int:\n    return len(token)",
        f"%mcp call login token={token}",
    )
    found = exported(shell, "books --no-proof")
    assert not found.stopped, found
    assert not any(token in text for text in found.files.values())


@pytest.mark.parametrize(("options", "words"), [("--dry-run", '{"result": 2}'), ("--no-proof", "Varies(int")])
def test_what_a_proof_will_replay_is_tested_exactly(shell: Shell, options: str, words: str) -> None:
    shell.good("count = [0]")
    shell.good("%%mcp_tool\ndef next_one() -> int:\n    count[0] += 1\n    return count[0]")
    shell.good("%mcp call next_one", "%mcp call next_one")
    assert words in exported(shell, f"books {options}").files["tests/test_calls.py"]


def test_a_secret_is_seen_in_every_file(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI_TOKEN", "Return-a-new-app-4711")
    render = project.writing.render  # type: ignore[attr-defined]
    monkeypatch.setattr(
        project.writing, "render", lambda *a: render(*a).replace("Return a new app", "Return-a-new-app-4711")
    )
    found = exported(shell, "books --no-proof")
    assert next(str(finding) for finding in found.findings if finding.weight == "stops").startswith("src/books/web.py")


def test_no_finding_quotes_the_value_of_a_secret(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIBRARY_TOKEN", "")
    shell.good("%env LIBRARY_TOKEN=tr0ub4dor-and-3", "from pathlib import Path")
    shell.good(
        "Path('left').write_text('tr0ub4dor-and-3')", "Path('out').write_text(str({'password': 'c0rrect-h0rse'}))"
    )
    found = exported(shell, "books --no-proof")
    assert "write_text('tr..." in repr(found)
    assert not re.search("ub4dor|rect-h0rse", repr(found))


def test_a_health_check_that_no_tool_uses_is_in_the_package_with_what_it_needs(shell: Shell) -> None:
    shell.good("LIMIT = 10", "def is_well() -> bool:\n    return LIMIT > 0")
    found = exported(shell, "books --no-proof --health is_well")
    assert "LIMIT = 10\n\n\ndef is_well() -> bool:" in found.server_file
    assert "from books.server import is_well" in found.files["src/books/health.py"]
    assert "is_well" not in exported(shell, "plain --no-proof").server_file


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("books --health arae", "There is no function 'arae' in the cells that ran. Did you mean 'area'"),
        ("books --server nobody", "There is no server 'nobody' here"),
        ("books --health nothing", "There is no function 'nothing'"),
        ("", "Missing argument 'DEST'"),
        (".", "not an exported package"),
    ],
)
def test_an_option_that_cannot_be_honored_is_one_line(shell: Shell, tmp_path: Path, line: str, words: str) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(UsageError, match=words):
        exported(shell, f"{line} --no-proof")


def test_the_verb_completes(shell: Shell) -> None:
    from mcp_notebook.magics.completion import complete

    offered = list(complete(shell.session, "%mcp export books --").texts)
    assert {"--dry-run", "--no-proof", "--volatile", "--health", "--license", "--server"} <= set(offered)


def test_the_card_says_in_html_what_the_text_says(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    row = Row("tools (2)", "equal", "1 different", False, ("tool <b>, /title: 1",))
    monkeypatch.setattr(exporting, "prove", lambda *_, **__: Proof((row,)))
    found = exported(shell, "books")
    html = shell.shell.display_formatter.format(found)[0]["text/html"]
    assert 'class="mcpnb bad"' in html
    assert "tool &lt;b&gt;, /title: 1" in html
    assert '<span class="chip bad"><span>✗</span> no</span>' in html
    assert '<span class="chip bad"><span>✗</span> not proven: 1 of 1 checks failed</span>' in html


def test_a_proof_of_before_goes_with_what_it_proved(
    shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting, "prove", lambda *_, **__: Proof((Row("tools (2)", "equal", "equal"),)))
    found = exported(shell, "books")
    assert found.update is not None
    assert "PROOF.md" in found.update.written
    assert "Proven: the package behaves as the notebook." in (tmp_path / "books/PROOF.md").read_text()
    exported(shell, "books --no-proof")
    assert not (tmp_path / "books/PROOF.md").exists()


# --- the proof itself


def proving_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have proofs use this interpreter, which has all that the packages here need."""
    prove: Any = vars(exporting)["prove"]
    monkeypatch.setattr(exporting, "prove", lambda *a, **o: prove(*a, **{**o, "python": Path(sys.executable)}))


@pytest.mark.slow
def test_a_package_is_proven_and_one_that_was_changed_is_not(
    shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    proving_here(monkeypatch)
    found = exported(shell, "books")
    assert found.proof is not None
    assert found.proof.ok, found
    assert [(row.what, row.stdio, row.http) for row in found.proof.rows][2:7] == [
        ("tools (2)", "equal", "equal"),
        ("resources (1)", "equal", "equal"),
        ("resource templates (0)", "equal", "equal"),
        ("prompts (0)", "equal", "equal"),
        ("recorded calls (3)", "equal", "equal"),
    ]
    assert "making the recorded calls again over HTTP (3)" in capsys.readouterr().err
    assert not re.search(r"\d\.\d s|:\d{4,5}\b|/tmp", repr(found) + (tmp_path / "books/PROOF.md").read_text())

    server = tmp_path / "books/src/books/server.py"
    server.write_text(server.read_text().replace("of a circle", "of a disc").replace("radius**2", "radius**3"))
    changed = exported(shell, "books")
    assert changed.proof is not None
    assert not changed.proof.ok
    said = [str(difference) for difference in changed.proof.differences]
    assert (
        'tool area (cell 3), /description: "The area of a circle." in the notebook, '
        '"The area of a disc." in the package' in said
    )
    assert any(line.startswith("tool area (cell 3, call 1), /structuredContent/result: 12.5") for line in said)
    tests = next(row for row in changed.proof.rows if row.what == "its tests")
    assert any(detail.startswith("test_area") for detail in tests.details)


def test_an_interrupt_is_told_in_one_line(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_: Any, **__: Any) -> Proof:
        raise KeyboardInterrupt

    monkeypatch.setattr(exporting, "prove", interrupted)
    capsys.readouterr()
    shell.shell.run_cell("%mcp export books")
    assert capsys.readouterr().out.startswith("KeyboardInterrupt: the export was interrupted")


def test_a_file_on_the_way_to_the_directory_is_named(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(UsageError, match=r"mine\.txt is a file"):
        exported(shell, "mine.txt/books --no-proof")


SIGNING_IN = """
from mcp.server.auth.provider import AccessToken
from mcp.server.auth.settings import AuthSettings
from mcp_notebook import NotebookServer

class Verifier:
    async def verify_token(self, token: str) -> AccessToken | None:
        return None

auth = AuthSettings(
    issuer_url="https://example.com",
    resource_server_url="http://127.0.0.1:8000/mcp",
    validate_token_resource=True,
)
members = NotebookServer("members", auth=auth, token_verifier=Verifier())

@members.tool()
def hello() -> str:
    "Say hello."
    return "hello"
"""


@pytest.mark.slow
def test_over_http_a_server_with_a_sign_in_of_its_own_is_only_started(
    shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    proving_here(monkeypatch)
    shell.good(SIGNING_IN, "%mcp call --server members hello")
    found = exported(shell, "club --server members")
    assert found.proof is not None
    assert found.proof.ok, found
    assert {(row.stdio, row.http) for row in found.proof.rows[1:7]} == {("equal", "not asked")}
    said = "over HTTP: started, and not asked: the server wants a sign-in of its own."
    assert said in (tmp_path / "club/PROOF.md").read_text()


@pytest.fixture
def notebook(tmp_path: Path) -> Path:
    path = tmp_path / "library.ipynb"
    cells = [nbformat.v4.new_code_cell(cell) for cell in CELLS]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    return path


@pytest.mark.slow
def test_a_notebooks_file_is_exported_from_a_shell_and_proven_in_a_clean_environment(
    notebook: Path, tmp_path: Path
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "mcp_notebook", "export", str(notebook), "library"],
        cwd=tmp_path, capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith("package library in library: proven: the package behaves as the notebook\n")
    assert "in a clean environment" in done.stdout
    assert "recorded calls (3)" in done.stdout
    assert "Proven" in (tmp_path / "library/PROOF.md").read_text()


def invoke(*words: str) -> Any:
    return CliRunner().invoke(main, ["export", *words])


def test_the_shell_ends_with_2_where_nothing_was_written(notebook: Path, tmp_path: Path) -> None:
    assert invoke(str(tmp_path / "nothing.ipynb"), str(tmp_path / "books")).exit_code == 2
    assert invoke(str(notebook), str(tmp_path / "books"), "--server", "nobody").exit_code == 2
    assert not (tmp_path / "books").exists()


def test_the_shell_ends_with_1_where_the_package_is_not_proven(
    notebook: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting, "prove", lambda *_, **__: Proof(unproven="it cannot be installed: no index"))
    result = invoke(str(notebook), str(tmp_path / "books"))
    assert result.exit_code == 1
    assert "written, and not proven: it cannot be installed: no index" in result.stdout
    assert invoke(str(notebook), str(tmp_path / "books"), "--no-proof").exit_code == 0


@pytest.mark.slow
def test_interrupting_the_proof_ends_what_it_started(kernel: Kernel, tmp_path: Path) -> None:
    kernel.good(f"import os\nos.chdir({str(tmp_path)!r})")
    kernel.good(CELLS[2].replace("math.pi", "3"))
    kernel.good(
        "import subprocess\nstarted = []\nPopen = subprocess.Popen\n"
        "class Noted(Popen):\n    def __init__(self, *a, **k):\n        super().__init__(*a, **k)\n"
        "        started.append(self)\nsubprocess.Popen = Noted"
    )
    running = kernel.begin("%mcp export books")
    while True:
        message = kernel.client.get_iopub_msg(timeout=60)
        if "installing the package" in str(message["content"]):
            break
    kernel.interrupt()
    ended = kernel.finish(running)
    assert ended.errors == ["KeyboardInterrupt"]
    assert kernel.value("all(process.poll() is not None for process in started)")
    assert not (tmp_path / "books/PROOF.md").exists()


KEY = "sk-" + "proj-abcDEF1234567890abcdef"  # put together, so that nobody takes it for one


def test_a_secret_that_the_lists_tell_every_client_is_named_with_its_cell(shell: Shell) -> None:
    shell.good(f"API_KEY = {KEY!r}", "%%mcp_tool\ndef ask(key: str = API_KEY) -> int:\n    return len(key)")
    (said,) = (f for f in exported(shell, "books --no-proof").findings if "to every client" in f.what)
    assert (said.weight, said.name, said.cell) == ("warns", "tool ask", 10)
    assert "lists the secret api_key" in said.what
    shell.good(f"%%mcp_tool\ndef ask(key: str = {KEY!r}) -> int:\n    return len(key)")
    found = exported(shell, "books --no-proof")
    assert found.stopped
    assert "stops  cell 12, tool ask: lists the secret" in repr(found)


def test_a_secret_in_a_docstring_stops_once(shell: Shell) -> None:
    shell.good(f'%%mcp_tool\ndef ask() -> int:\n    """Ask by {KEY}."""\n    return 1')
    (said,) = (f for f in exported(shell, "books --no-proof").findings if f.weight == "stops")
    assert said.cell == 9
    assert KEY[:6] not in str(said)


def test_what_a_person_typed_becomes_a_setting(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("getpass.getpass", lambda *_: "typed by hand 7")
    shell.good("from getpass import getpass\nPASS = getpass()", "%%mcp_tool\ndef n() -> int:\n    return len(PASS)")
    found = exported(shell, "books --no-proof")
    assert not any("typed by hand" in text for text in [repr(found), *found.files.values()])
    assert "PASS = settings.pass_value.get_secret_value()" in found.server_file
    assert "the answer typed here became this setting. Set BOOKS_PASS_VALUE" in " ".join(repr(found).split())


def test_without_a_proof_the_tests_compare_values_only_where_two_calls_gave_them(shell: Shell, tmp_path: Path) -> None:
    shell.good("%mcp call area radius=2", "%mcp call area radius=3")
    found = exported(shell, "books --no-proof")
    tests = texts(found.files)["tests/test_calls.py"]
    assert "12.566370614359172" in tests
    assert "28.27" not in tests
    assert "Varies(str)" in tests.partition("async def test_now")[2]
    assert "compare only the types of the results of calls that were made once" in " ".join(repr(found).split())
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "books/src")}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/test_calls.py"]
    ran = subprocess.run(
        command, cwd=tmp_path / "books", env=environment, capture_output=True, text=True, check=False, timeout=120
    )
    assert "4 passed" in ran.stdout, ran.stdout


def test_what_is_left_out_is_named_by_its_names_the_same_each_time(shell: Shell) -> None:
    shell.good("def helper(): ...\nscratch = 1", "scratch", "# a comment", "%mcp")
    first = [str(f) for f in exported(shell, "books --no-proof").findings]
    assert any(one.startswith("helper, scratch: left out: nothing that the server needs uses it.") for one in first)
    assert [str(f) for f in exported(shell, "books --no-proof").findings] == first


@pytest.mark.parametrize(
    ("cells", "named"),
    [
        (["open('data.json', 'w').close()"], "open('data.json').read()"),
        (
            ["from pathlib import Path\nDATA = Path('.')", "(DATA / 'data.json').write_text('')"],
            "str(DATA / 'data.json')",
        ),
        (["%%writefile data.json\n{}"], "open('data.json').read()"),
    ],
    ids=["open", "path", "writefile"],
)
def test_a_file_that_only_a_cell_makes_is_warned_of(shell: Shell, cells: list[str], named: str) -> None:
    shell.good(*cells, f"%%mcp_tool\ndef load() -> str:\n    return {named}")
    (said,) = (f for f in exported(shell, "books --no-proof").findings if "data.json" in f.name and f.weight == "warns")
    assert re.search(r"cell \d+ makes this file and is left out", said.what)
    assert "importlib.resources" in said.way_out


def test_an_option_that_has_no_effect_is_named(shell: Shell) -> None:
    said = repr(exported(shell, "books --no-proof --environment there"))
    assert "notes  --environment: is for the proof, which --no-proof leaves out" in said


def test_calls_that_are_no_tests_are_named_with_the_reason(shell: Shell) -> None:
    shell.good("%%mcp_tool\ndef log_in(password: str) -> int:\n    return 1", "%mcp call log_in password=tr0ub4dor-3")
    said = " ".join(repr(exported(shell, "books --no-proof")).split())
    assert re.search(r"notes call \d, log_in\S*: does not become a test: its arguments have a secret in it\.", said)
