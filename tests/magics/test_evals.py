"""``%%mcp_eval`` and ``%mcp eval`` in a notebook."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from IPython.core.error import UsageError

from tests.support.kernels import Kernel
from tests.support.shells import Shell
from tests.support.waiting import until

VAGUE, CLEAR = "Does a lookup.", "Find which books we have by an author, such as Butler."
BURN = """%%mcp_tool
def burn(title: str) -> str:
    "Destroy a copy."
    return title
"""
CASE = """
- name: by Butler
  prompt: Which books by Butler do we have?
  calls:
    - find: {author: Butler}
  never: burn
  answer: Kindred
"""


def find(description: str) -> str:
    return (
        f'%%mcp_tool\ndef find(author: str) -> list[str]:\n    "{description}"\n'
        '    return ["Kindred"] if author == "Butler" else []'
    )


def library(description: str) -> list[str]:
    # The other tool comes first, so that it is chosen if both have as few words.
    return ["%mcp new library", BURN, find(description)]


@pytest.fixture
def notebook(shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    monkeypatch.chdir(tmp_path)
    shell.good(*library(VAGUE), "number = 3")
    return shell


def said(capsys: pytest.CaptureFixture[str]) -> str:
    return "".join(capsys.readouterr())


def refused(shell: Shell, cell: str) -> str:
    error = shell.run(cell).error_in_exec
    assert isinstance(error, UsageError)
    assert "\n" not in str(error)
    return str(error)


def test_a_cell_shows_how_often_its_cases_pass(notebook: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    notebook.good(find(CLEAR))
    capsys.readouterr()
    notebook.good(f"%%mcp_eval books --runs 40 -o report\n{CASE}")
    text = said(capsys)
    assert text.startswith(
        "eval books: 1 case, 40 runs each, with stand-in, which compares words and is not a language model\n"
        "  case       stand-in: passed (95% interval)\n"
    )
    report = notebook.shell.user_ns["report"]
    rate = report.sides[0].rate()
    assert f"by Butler  {rate.passed}/40" in text
    assert repr(report) == f"Report of the eval books: stand-in {rate.passed}/40"


def test_the_same_cell_gives_the_same_output(notebook: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    notebook.good(f"%%mcp_eval books --runs 20\n{CASE}")
    first = said(capsys)
    notebook.good(f"%%mcp_eval books --runs 20\n{CASE}")
    assert said(capsys) == first


def test_a_failed_conversation_is_one_click_away_and_its_text_is_text(notebook: Shell) -> None:
    notebook.good(
        "%%mcp_tool\ndef find(author: str) -> str:\n"
        f'    "{CLEAR}"\n    return "<img src=x onerror=alert(1)> \\u202e \\x1b[31m"'
    )
    notebook.good(f"%%mcp_eval books -o report\n{CASE}")
    from mcp_notebook.rendering.evals import eval_card

    card = eval_card(notebook.shell.user_ns["report"])
    assert card.html.count("<details>") == len({trial.problems for trial in notebook.shell.user_ns["report"].failures})
    assert "The answer lacks &#x27;Kindred&#x27;." in card.html
    assert "prompt: Which books by Butler do we have?" in card.html
    assert "result: &lt;img src=x" in card.html
    assert "<img" not in card.html
    assert "\\u202e" in card.html
    assert "\x1b" not in card.html


def test_another_description_is_scored_beside_the_earlier(notebook: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    notebook.good(f"%%mcp_eval books --runs 40\n{CASE}", find(CLEAR))
    capsys.readouterr()
    notebook.good(f"%%mcp_eval books --runs 40\n{CASE}")
    text = said(capsys)
    assert "earlier: passed (95% interval)  present: passed (95% interval)" in text
    assert "present is better than earlier (n=40): +" in text
    assert "Between the two: find has another description." in text
    notebook.good("%mcp eval --runs 41")
    assert "present is better than earlier (n=40 and 41)" in said(capsys)


def test_two_runs_are_too_few_to_compare(notebook: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    notebook.good(f"%%mcp_eval books --runs 2\n{CASE}", find(CLEAR), "%mcp eval books")
    capsys.readouterr()
    notebook.good("%mcp eval books --compare earlier present")
    text = said(capsys)
    assert "Too few runs to tell (n=2)" in text
    assert "--runs" in text
    notebook.good("%mcp eval books --compare earlier present --runs 40")
    assert "present is better than earlier (n=40)" in said(capsys)
    notebook.good("%mcp eval books --compare present earlier")
    assert "present is better than earlier (n=40): -" in said(capsys)


def test_two_servers_are_compared(notebook: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    notebook.good("%mcp new better", BURN, find(CLEAR))
    capsys.readouterr()
    notebook.good(f"%%mcp_eval books --runs 40 --compare library better\n{CASE}")
    assert "better is better than library (n=40)" in said(capsys)


def test_an_eval_that_watches_is_scored_when_a_cell_changes_a_tool(
    notebook: Shell, capsys: pytest.CaptureFixture[str]
) -> None:
    notebook.good(f"%%mcp_eval books --watch --runs 40\n{CASE}")
    capsys.readouterr()
    notebook.good("1 + 1", find(VAGUE))
    assert "scored again" not in said(capsys)
    notebook.good(find(CLEAR))
    assert "mcp: eval books, scored again: earlier " in said(capsys)
    notebook.good("%mcp eval books --no-watch")
    capsys.readouterr()
    notebook.good(find(VAGUE))
    assert "scored again" not in said(capsys)


def test_without_watching_a_changed_tool_is_left_alone(notebook: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    notebook.good(f"%%mcp_eval books\n{CASE}")
    capsys.readouterr()
    notebook.good(find(CLEAR))
    assert "scored again" not in said(capsys)


def test_a_script_plays_the_model_for_all_cases_or_for_each(
    notebook: Shell, capsys: pytest.CaptureFixture[str]
) -> None:
    notebook.good(
        "good = [{'tool': 'find', 'arguments': {'author': 'Butler'}}, 'Kindred.']",
        "bad = {'by Butler': ['I do not know.'], 'other': good}",
        f"%%mcp_eval books --script good --model stand-in --runs 3 -o report\n{CASE}",
    )
    by_script, by_stand_in = notebook.shell.user_ns["report"].sides
    assert (by_script.model, by_script.rate().passed) == ("scripted", 3)
    assert (by_stand_in.model, by_stand_in.rate().runs) == ("stand-in", 3)
    notebook.good(f"%%mcp_eval books --script bad --runs 3 -o report\n{CASE}")
    assert notebook.shell.user_ns["report"].sides[0].rate().passed == 0
    capsys.readouterr()
    notebook.good("short = good[:1]", f"%%mcp_eval books --script short --runs 2\n{CASE}")
    text = said(capsys)
    assert "2 runs not scored, because the model failed: The script has only 1 steps" in text
    assert "no run" in text


@pytest.mark.parametrize(
    ("cell", "line"),
    [
        ("%%mcp_eval\n ", "The cases have to be a YAML list"),
        (f"%%mcp_eval --script nothing\n{CASE}", "nothing is not a list"),
        (f"%%mcp_eval --model scripted\n{CASE}", "needs a script"),
        (f"%%mcp_eval --model nobody:nothing\n{CASE}", "Unknown model: nobody:nothing"),
        (f"%%mcp_eval --model CASE\n{CASE}", "Unknown model: CASE"),
        (f"%%mcp_eval --model number\n{CASE}", "A value of type int is not a model. Name one as provider:name"),
        (f"%%mcp_eval --on libary\n{CASE}", "Did you mean 'library'?"),
        (f"%%mcp_eval --compare earlier present\n{CASE}", "There is no earlier version"),
        (f"%%mcp_eval --compare library library\n{CASE}", "compares a thing with itself"),
        (f"%%mcp_eval --runs 0\n{CASE}", "0 is not in the range"),
        ("%mcp eval", "There is no eval 'cases'. Evals: none yet."),
        ("%mcp eval --from-log", "There is nothing to take cases from"),
        ("%mcp eval --save tests.py", "There is no eval 'cases'"),
    ],
)
def test_a_mistake_is_one_line(notebook: Shell, cell: str, line: str) -> None:
    assert line in refused(notebook, cell)


def test_cases_are_taken_from_the_log_without_secrets(notebook: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_PASSWORD", "opensesame-opensesame")
    notebook.good(
        "script = [{'tool': 'find', 'arguments': {'author': 'Butler'}}, 'Kindred.']",
        "%%mcp_chat --script script\nWhich books by Butler do we have?",
        "%mcp call burn title=opensesame-opensesame",
    )
    text = notebook.good("%mcp eval --from-log").text
    assert text.startswith("%%mcp_eval\n- prompt: Which books by Butler do we have?\n  calls:\n    - find: ")
    assert "opensesame-opensesame" not in text
    assert notebook.shell.rl_next_input == text
    assert "Case 2 has no prompt" in refused(notebook, text)
    notebook.good(text.replace('prompt: ""', "prompt: Destroy it"))
    assert [*notebook.session.evals] == ["cases"]
    # What an eval called is no news.
    notebook.good("%mcp call burn title=Dawn")
    assert notebook.good("%mcp eval --from-log").text.count("- prompt:") == 3


def test_a_chat_can_talk_to_the_stand_in(notebook: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    notebook.good(find(CLEAR))
    capsys.readouterr()
    notebook.good("%%mcp_chat --model stand-in\nWhich books by Butler do we have?")
    assert "stand-in for a model: Kindred" in said(capsys)


def test_cases_are_saved_as_a_test(notebook: Shell, tmp_path: Path) -> None:
    pytest.importorskip("ruff")
    notebook.good(f"%%mcp_eval books --runs 3\n{CASE}")
    words = notebook.good("%mcp eval books --save test_evals.py --import shop.server:mcp").text
    assert words.startswith("test_evals.py: 1 case. The stand-in plays the model")
    source = (tmp_path / "test_evals.py").read_text(encoding="utf-8")
    assert "from shop.server import mcp" in source
    assert 'os.environ.get("EVAL_RUNS", "3")' in source
    assert "Cannot write no/where.py" in refused(notebook, "%mcp eval --save no/where.py")
    for importing in (
        ":mcp",
        "a b;import os:mcp",
        "shop-server:mcp",
        "shop:mcp.x",
        "shop:",
        "class:mcp",
        "shop..x:mcp",
    ):
        assert "is not the name of a module" in refused(notebook, f"%mcp eval --save x.py --import '{importing}'")
    assert not (tmp_path / "x.py").exists()


def test_an_interrupt_keeps_the_runs_that_have_ended(kernel: Kernel, tmp_path: Path) -> None:
    begun = tmp_path / "begun"
    kernel.good("%load_ext mcp_notebook")
    kernel.good(
        "%%mcp_tool\nimport anyio, pathlib\nasync def wait(title: str) -> str:\n"
        "    'Wait for a title.'\n    if title == 'Kindred':\n        return 'Kindred'\n"
        f"    pathlib.Path({str(begun)!r}).touch()\n    await anyio.sleep(600)\n    return 'never'"
    )
    cases = '- name: ends\n  prompt: Wait for "Kindred"\n  calls: [wait]\n- prompt: Wait for "x"\n  calls: [wait]'
    cell = kernel.begin(f"%%mcp_eval -o report\n{cases}")
    until(begun.exists)
    kernel.interrupt()
    ran = kernel.finish(cell)
    assert ran.errors == ["KeyboardInterrupt"]
    assert "It was interrupted: only the runs that had ended are scored." in ran.text
    assert re.search(r"^  ends +1/1, 100% ", ran.text, re.MULTILINE)
    assert kernel.value("report.interrupted") is True
    assert kernel.good("%mcp call wait title=Kindred").text == "Kindred"


def test_a_model_is_asked_once_however_often_it_is_named(notebook: Shell) -> None:
    notebook.good(f"%%mcp_eval --model stand-in --model stand-in -o report\n{CASE}")
    assert len(notebook.shell.user_ns["report"].sides) == 1


def test_a_function_that_raises_in_a_script_is_one_line(notebook: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    notebook.good("def boom(messages):\n    raise ZeroDivisionError('no')", "sc = [boom]")
    capsys.readouterr()
    notebook.good(f"%%mcp_eval f --script sc --runs 2\n{CASE}")
    assert "2 runs not scored, because the model failed: ZeroDivisionError: no" in said(capsys)


def test_only_a_script_that_cannot_differ_has_no_interval(notebook: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    notebook.good("fixed = [['a', 'b']]", "free = {'by Butler': [['a', lambda messages: 'b']]}")
    capsys.readouterr()
    notebook.good(f"%%mcp_eval --script fixed\n{CASE}")
    assert "interval" not in said(capsys)
    notebook.good(f"%%mcp_eval --script free\n{CASE}")
    assert "interval" in said(capsys)


def test_names_of_evals_are_completed(notebook: Shell) -> None:
    from mcp_notebook.magics.completion import complete

    notebook.good(f"%%mcp_eval books --runs 1\n{CASE}")
    assert "books" in [str(found) for found in complete(notebook.session, "%mcp eval b")[0]]


def test_the_results_are_updated_in_place(kernel: Kernel) -> None:
    for cell in library(CLEAR):
        kernel.good(cell)
    ran = kernel.good(f"%%mcp_eval\n{CASE}")
    assert ran.text.count("eval cases: 1 case") == 1
