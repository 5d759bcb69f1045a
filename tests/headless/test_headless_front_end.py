"""What a kernel runs does not stop a notebook that runs without a front end."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import IPython
import nbformat
import pytest
from click.testing import CliRunner
from ipykernel.zmqshell import KernelMagics
from nbformat.v4 import new_code_cell, new_notebook

from mcp_notebook import headless
from mcp_notebook.cli import main
from mcp_notebook.errors import CellError
from mcp_notebook.headless.shell import FOR_A_PERSON

Write = Callable[..., Path]

TOOL = "%%mcp_tool\ndef add(a: int, b: int) -> int:\n    'Add.'\n    return a + b"


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(*cells: str) -> Path:
        path = tmp_path / "sales.ipynb"
        nbformat.write(new_notebook(cells=[new_code_cell(cell) for cell in cells]), path)
        return path

    return write


def test_a_name_that_an_import_did_not_come_to_is_told_with_that_import(tmp_path: Path) -> None:
    imports = new_code_cell("import os\nimport nosuch\nimport json", metadata={"tags": ["raises-exception"]})
    path = tmp_path / "a.ipynb"
    nbformat.write(new_notebook(cells=[imports, new_code_cell("os.sep"), new_code_cell("json.dumps(1)")]), path)
    said = stops(path)
    assert "cell 3, which begins 'json.dumps(1)', ended with an error" in said
    assert said.endswith(
        "The cause is cell 1, which ended before it came to json: ModuleNotFoundError: No module named 'nosuch'"
    )


def stops(path: Path) -> str:
    with pytest.raises(CellError) as caught, headless.run(path):
        pass
    return str(caught.value)


@pytest.mark.parametrize(
    "cell",
    [
        "%matplotlib inline",
        "%matplotlib widget",
        "%matplotlib ipympl",
        "%matplotlib qt",
        "%matplotlib",
        "matplotlib inline",
        "get_ipython().run_line_magic('matplotlib', 'notebook')",
        "%pylab inline",
        "%config InlineBackend.figure_format = 'retina'",
        "%gui qt",
        pytest.param(
            "%load_ext autoreload\n%autoreload 2",
            marks=pytest.mark.skipif(
                IPython.version_info < (8,) and sys.version_info >= (3, 12), reason="it imports `imp`, which is gone"
            ),
        ),
        "%load_ext nb_black",
        "%conda --version",
        pytest.param(
            "%mamba --version", marks=pytest.mark.skipif(IPython.version_info < (8,), reason="it has no %mamba")
        ),
        "%autosave 60",
        "%clear",
        "%edit",
        "%connect_info",
        pytest.param(
            "value = 3\n%store value",
            marks=pytest.mark.skipif(IPython.version_info < (9,), reason="its %store wants a package of its own"),
        ),
        "%%html\n<b>x</b>",
        "%%javascript\nalert(1)",
        "%%latex\n$x$",
        "%%capture\nprint(1)",
        "%%time\nx = 1",
        "!echo hello",
        "%%bash\necho hello",
        "%%writefile beside.txt\nx",
        "from IPython.display import HTML\ndisplay(HTML('x'))",
        "import ipywidgets\ndisplay(ipywidgets.IntSlider())",
    ],
)
def test_a_cell_that_asks_something_of_a_front_end_does_not_stop_the_run(write: Write, cell: str) -> None:
    with headless.run(write(cell, "came = 'so far'")) as notebook:
        assert notebook.shell.user_ns["came"] == "so far"


def test_every_magic_that_a_kernel_adds_for_a_person_is_there() -> None:
    assert set(KernelMagics.magics["line"]) <= set(FOR_A_PERSON)
    assert not KernelMagics.magics["cell"]


def test_plots_are_drawn_inline_and_closed_after_their_cell(write: Write) -> None:
    plots = "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nopen_figures = len(plt.get_fignums())"
    with headless.run(write("%matplotlib qt", plots, "left = len(plt.get_fignums())\nplt.show()")) as notebook:
        assert (notebook.shell.user_ns["open_figures"], notebook.shell.user_ns["left"]) == (1, 0)


def test_without_matplotlib_only_what_imports_it_stops(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "matplotlib"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "path", [entry for entry in sys.path if not Path(entry, "matplotlib").exists()])
    said = stops(write("came = 1\n%matplotlib inline", "import matplotlib"))
    assert "cell 2, which begins 'import matplotlib', ended with an error" in said


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        (
            "%nosuch 1",
            "Line magic function `%nosuch` not found. Load the extension that has it in a cell above, or tag",
        ),
        ("%%sql\nselect 1", "Cell magic `%%sql` not found. Load the extension that has it in a cell above, or tag"),
        ("%load_ext nosuch", "The extension 'nosuch' is not installed here. Install the package that has it, or tag"),
    ],
)
def test_a_magic_that_is_not_there_stops_with_the_way_on(write: Write, cell: str, said: str) -> None:
    assert said in stops(write(cell))


def test_a_notebook_that_plots_becomes_a_package(write: Write, tmp_path: Path) -> None:
    path = write("%matplotlib inline\n%config InlineBackend.figure_format = 'svg'", TOOL)
    done = CliRunner().invoke(main, ["export", str(path), str(tmp_path / "sales"), "--no-proof"])
    assert (done.exit_code, (tmp_path / "sales" / "pyproject.toml").exists()) == (0, True), done.output
