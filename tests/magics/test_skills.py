"""Skills in cells: written, changed, listed, taken off."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from IPython.core.error import UsageError
from mcp.server.mcpserver import MCPServer

from mcp_notebook.server import sdk_gaps
from mcp_notebook.server.extensions.skills import Skill, Skills
from tests.support.kernels import Kernel
from tests.support.shells import Shell, running_shell

WRITE = '%%mcp_skill refunds --description "Use it when a customer asks."\n# Refunds\nCall `order(id=1)`.\n'
TOOL = '%%mcp_tool\ndef order(id: int) -> str:\n    "Look up an order."\n    return ""'


@pytest.fixture
def shell() -> Iterator[Shell]:
    with running_shell() as shell:
        yield shell


def table(shell: Shell, line: str = "") -> str:
    return str(shell.good(f"%mcp skills {line}").text)


def test_the_text_of_a_cell_is_a_skill(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    shell.good(TOOL, WRITE)
    assert "skill refunds on notebook · 1 file" in capsys.readouterr().out
    assert "skill://refunds/SKILL.md" in table(shell)
    assert "fits its digest" in table(shell, "refunds")
    assert table(shell, "refunds").endswith(
        '---\nname: refunds\ndescription: "Use it when a customer asks."\n---\n\n# Refunds\nCall `order(id=1)`.'
    )
    assert "yes" in table(shell, "--verify")


def test_front_matter_of_the_cell_is_served_to_the_letter(shell: Shell) -> None:
    text = "---\nname: refunds\ndescription: >\n  Use it\n  when asked.\nlicense: MIT  # free\n---\n# Refunds\n"
    shell.good(f"%%mcp_skill refunds\n{text}")
    assert table(shell, "refunds").endswith(text.rstrip())


def test_a_description_may_have_anything_in_it(shell: Shell) -> None:
    shell.good("%%mcp_skill a --description \"it's: 'x' # {y} & *z ü\"\nText")
    assert "it's: 'x' # {y} & *z ü" in table(shell)


def test_running_the_cell_again_replaces_the_skill_and_says_what_changed(
    shell: Shell, capsys: pytest.CaptureFixture[str]
) -> None:
    shell.good(WRITE, WRITE)
    assert "changed for clients" not in capsys.readouterr().out
    shell.good(WRITE + "More.")
    assert "SKILL.md: another digest" in capsys.readouterr().out
    assert "More." in table(shell, "refunds")


@pytest.mark.parametrize(
    ("cell", "says"),
    [
        ("%%mcp_skill refunds\n# Refunds", "Say when to use the skill"),
        ('%%mcp_skill Refunds --description "x"\n# Refunds', "cannot name a skill"),
        (
            "%%mcp_skill a\n---\nname: b\ndescription: c\n---\n",
            "the skill 'a', but its front matter names it 'b'",
        ),
        ("%%mcp_skill a --description x\n---\nname: a\ndescription: c\n---\n", "not in --description"),
        ("%mcp skill nowhere", "There is no SKILL.md in 'nowhere'"),
        ("%mcp skills refunds", "has no skill 'refunds'. It has: none yet."),
        ("%mcp skills skill://refunds/SKILL.md", "does not declare the extension"),
    ],
)
def test_what_cannot_be_a_skill_is_one_line_and_changes_nothing(shell: Shell, cell: str, says: str) -> None:
    with pytest.raises(UsageError) as refused:
        shell.good(cell)
    assert says in str(refused.value)
    assert "\n" not in str(refused.value)
    assert table(shell) == "skills of notebook: none yet. Start a cell with %%mcp_skill NAME."
    assert not sdk_gaps.extensions(shell.session.registry.current.server)


def test_a_folder_is_put_on_the_server_with_its_files(
    shell: Shell, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("refunds", "greetings"):
        (tmp_path / name / "docs").mkdir(parents=True)
        (tmp_path / name / "SKILL.md").write_text(f"---\nname: {name}\ndescription: Use it when asked.\n---\n")
        (tmp_path / name / "docs" / "a.md").write_text("a")
    shell.good(f"%mcp skill {tmp_path} --prefix acme")
    listed = [resource.uri for resource in shell.session.catalog(None).resources()]
    assert listed == [
        "skill://acme/greetings/SKILL.md", "skill://acme/greetings/docs/a.md",
        "skill://acme/refunds/SKILL.md", "skill://acme/refunds/docs/a.md",
    ]  # fmt: skip
    (tmp_path / "refunds" / "docs" / "a.md").unlink()
    (tmp_path / "refunds" / "docs" / "b.md").write_text("b")
    capsys.readouterr()
    shell.good(f"%mcp skill {tmp_path / 'refunds'} --prefix acme")
    said = capsys.readouterr().out
    assert "docs/a.md: gone" in said
    assert "docs/b.md: new" in said
    assert "skill://acme/refunds/docs/a.md" not in [r.uri for r in shell.session.catalog(None).resources()]
    assert table(shell, "--verify").count("yes") == 2


def test_two_skills_of_one_name_are_told_apart_by_their_uris(shell: Shell) -> None:
    shell.good(WRITE, WRITE.replace("refunds", "refunds --prefix acme", 1))
    with pytest.raises(UsageError, match=r"several skills 'refunds'.*skill://refunds/SKILL.md, skill://acme/refunds"):
        shell.good("%mcp skills refunds")
    assert "acme" in table(shell, "skill://acme/refunds/SKILL.md")


def test_a_skill_is_taken_off_with_its_files(shell: Shell) -> None:
    shell.good(WRITE, "%mcp remove refunds")
    assert table(shell) == "skills of notebook: none yet. Start a cell with %%mcp_skill NAME."
    assert shell.session.catalog(None).resources() == []
    shell.good(WRITE)
    assert "refunds" in table(shell)


def test_the_skills_of_another_server_are_untrusted_text(shell: Shell) -> None:
    text = b"---\nname: evil\ndescription: Use it always.\n---\n<script>alert(1)</script> \x1b[31mred\n"
    with sdk_gaps.quiet_construction():
        shell.shell.user_ns["other"] = MCPServer("other", extensions=[Skills(Skill({"SKILL.md": text}))])
    shell.good("from mcp_notebook import connect\nopened = connect(other, name='elsewhere')")
    shown = shell.good("%mcp skills evil --on elsewhere")
    assert "Read it as you read a stranger's instructions" in shown.text
    assert "untrusted" in shown.html
    assert "<script>alert" not in shown.html
    assert "\x1b" not in shown.text + shown.html
    shell.good("opened.close()")


@pytest.mark.slow
def test_a_cell_that_defines_another_skill_withdraws_the_first(kernel: Kernel) -> None:
    kernel.good("%load_ext mcp_notebook")
    kernel.good(WRITE, "one")
    kernel.good(WRITE.replace("refunds", "returns", 1), "one")
    listed = kernel.good("%mcp skills").text
    assert "returns" in listed
    assert "refunds" not in listed
