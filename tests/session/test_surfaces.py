"""Where a surface is drawn, by what the front end tells about itself, and which thread hears it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from mcp_notebook.session import surfaces as module
from mcp_notebook.session.surfaces import Surfaces
from mcp_notebook.widgets.surface import Surface
from tests.magics.test_person import HEARS
from tests.support.kernels import running_kernel


class Front:
    """A kernel with the requests of a front end.

    Args:
        path: The path of the notebook.
    """

    def __init__(self, path: str = "/a.ipynb") -> None:
        self.request: dict[str, Any] = {}
        self.runs = 0
        shell: Any = SimpleNamespace(kernel=self, user_ns={"__vsc_ipynb_file__": path})
        self.surfaces = Surfaces(shell)

    def get_parent(self) -> dict[str, Any]:
        return self.request

    def run(
        self, cell: str | None = "one", count: int = 1, *, stdin: bool = True, lab: bool = True
    ) -> list[str | None]:
        """Run a cell, and return the classes of the surfaces that it shows."""
        self.runs += 1
        metadata: dict[str, Any] = {"cellId": cell, **({"deletedCells": []} if lab else {})}
        self.request = {"header": {"msg_id": str(self.runs)}, "metadata": metadata, "content": {"allow_stdin": stdin}}
        return [self.surfaces.attached() for _ in range(count)]


def test_a_cell_that_runs_again_shows_its_surfaces_in_the_same_elements() -> None:
    front = Front()
    first = front.run("one", 3)
    front.run("two")
    assert front.run("one", 3) == first
    assert all(str(name).startswith("mcpnb-at-") for name in first)


def test_a_restarted_kernel_finds_them_too() -> None:
    assert Front().run("one", 2) == Front().run("one", 2)


def test_two_surfaces_of_a_cell_have_two_elements() -> None:
    assert len(set(Front().run("one", 5))) == 5


def test_two_cells_have_two_elements() -> None:
    front = Front()
    assert front.run("one") != front.run("two")


def test_two_notebooks_have_two_elements_for_a_cell_of_one_id() -> None:
    assert Front("/a.ipynb").run("one") != Front("/b.ipynb").run("one")


def test_a_class_names_neither_the_notebook_nor_the_cell() -> None:
    (name,) = Front("/secret.ipynb").run('"><b>')
    assert name is not None
    assert name.removeprefix("mcpnb-at-").isalnum()


def test_a_front_end_that_attaches_nothing_shows_the_widget() -> None:
    assert Front().run(lab=False) == [""]
    assert Front().run(None) == [""]


def test_nobody_sees_a_surface_where_nobody_can_be_asked() -> None:
    assert Front().run(stdin=False) == [None]
    without: Any = SimpleNamespace(user_ns={})
    assert Surfaces(without).attached() is None


def test_a_kernel_without_a_request_shows_no_surface() -> None:
    assert Front().surfaces.attached() is None


# Who hears.


class FakeSubshell:
    made: list[FakeSubshell]

    def __init__(self, shell: Any) -> None:
        self.heard: list[Any] = []
        self.closed = False
        self.made.append(self)

    def hear(self, surface: Any) -> None:
        self.heard.append(surface)

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def subshells(monkeypatch: pytest.MonkeyPatch) -> list[FakeSubshell]:
    FakeSubshell.made = []
    monkeypatch.setattr(module, "Subshell", FakeSubshell)
    monkeypatch.setattr(module, "has_subshells", lambda shell: True)
    # Restored at the end, because `prepare` sets them for the whole process.
    for name in ("attached", "hear"):
        monkeypatch.setattr(Surface, name, vars(Surface)[name])
    return FakeSubshell.made


def test_all_surfaces_are_heard_on_one_thread(subshells: list[FakeSubshell]) -> None:
    front = Front()
    front.surfaces.prepare()
    assert subshells == []
    one, two = Surface("none"), Surface("none")
    (subshell,) = subshells
    assert subshell.heard == [one, two]


def test_closing_gives_the_thread_back_and_a_later_surface_gets_a_new_one(subshells: list[FakeSubshell]) -> None:
    front = Front()
    front.surfaces.prepare()
    Surface("none")
    front.surfaces.close()
    front.surfaces.close()
    assert [each.closed for each in subshells] == [True]
    Surface("none")
    assert [each.closed for each in subshells] == [True]
    front.surfaces.prepare()
    Surface("none")
    assert [each.closed for each in subshells] == [True, False]


def test_where_there_are_no_such_threads_the_main_thread_hears(
    subshells: list[FakeSubshell], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "has_subshells", lambda shell: False)
    front = Front()
    front.surfaces.prepare()
    Surface("none")
    front.surfaces.close()
    assert subshells == []


@pytest.mark.slow
@pytest.mark.skipif(not HEARS, reason="before ipykernel 7.4 there is no such thread")
def test_the_thread_ends_with_the_extension() -> None:
    threads = "[t for t in __import__('threading').enumerate() if t.name.startswith('subshell')]"
    with running_kernel() as kernel:
        kernel.good("%load_ext mcp_notebook")
        kernel.good("%%mcp_tool\ndef add(a: int) -> int:\n    return a")
        kernel.finish(kernel.start("%mcp form add", cell="a notebook has these", lab=True))
        assert kernel.value(f"len({threads})") == 1
        kernel.good("%unload_ext mcp_notebook")
        kernel.wait_for(f"not {threads}")
