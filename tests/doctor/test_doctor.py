"""What the doctor finds, and the fix it gives with it."""

from __future__ import annotations

import asyncio
import importlib.metadata
import logging
import os
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from mcp_notebook.doctor import Diagnosis, KernelFacts, examine, front_end, parent_command, report

KERNEL = KernelFacts("JupyterLab or Notebook", subshells=True, loop="asyncio.unix_events")


@pytest.fixture(autouse=True)
def private_runtime_folder(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    # Not in `tmp_path`: its name has words of the test's in it.
    folder = tmp_path_factory.mktemp("folder")
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(folder))
    return folder


def found(words: str, kernel: KernelFacts | None = None, environ: Mapping[str, str] | None = None) -> Diagnosis:
    """Return the one finding that says this."""
    (finding,) = (f for f in examine(kernel, environ or {}) if words in f.what)
    return finding


def installed(monkeypatch: pytest.MonkeyPatch, **versions: str | None) -> None:
    """Let some packages have other versions than they have, or none."""
    version = importlib.metadata.version

    def other(name: str) -> str:
        if name.replace("-", "_") not in versions:
            return version(name)
        pretended = versions[name.replace("-", "_")]
        if pretended is None:
            raise importlib.metadata.PackageNotFoundError(name)
        return pretended

    monkeypatch.setattr(importlib.metadata, "version", other)


def test_everything_that_is_not_as_it_should_be_comes_with_its_fix() -> None:
    findings = examine(KernelFacts("plain IPython"), {"HTTP_PROXY": "http://p", "JUPYTERHUB_USER": "a"})
    assert {f.status for f in findings} == {"problem", "note", "ok"}
    assert all(f.fix for f in findings if f.status != "ok")
    assert [f.status for f in findings] == sorted((f.status for f in findings), key=["problem", "note", "ok"].index)


def test_looking_at_everything_takes_less_than_half_a_second() -> None:
    # Of the processor's time: what other programs take of the clock's says nothing about this.
    start = time.process_time()
    examine(KERNEL, {})
    assert time.process_time() - start < 0.5


def test_versions_are_held_against_what_the_package_itself_asks_for(monkeypatch: pytest.MonkeyPatch) -> None:
    assert found("versions").status == "ok"
    assert f"mcp {importlib.metadata.version('mcp')}" in found("versions").what
    installed(monkeypatch, mcp="1.9.0", uvicorn=None, httptools=None)
    assert found("mcp 1.9.0 does not work").status == "problem"
    assert '"mcp<3,>=2.3"' in found("mcp 1.9.0 does not work").fix
    assert found("uvicorn is not installed").status == "problem"
    assert found("httptools is not installed").status == "note"


def test_a_package_that_is_only_on_the_path_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    def none(_name: str) -> list[str]:
        raise importlib.metadata.PackageNotFoundError

    monkeypatch.setattr(importlib.metadata, "requires", none)
    assert found("not installed in this Python").fix == "pip install mcp-notebook"


def test_the_eras_are_those_that_the_sdk_names() -> None:
    from mcp_types.version import LATEST_HANDSHAKE_VERSION, LATEST_MODERN_VERSION

    assert LATEST_MODERN_VERSION in found("clients served").what
    assert LATEST_HANDSHAKE_VERSION in found("clients served").what


def test_an_extension_of_jupyterlab_that_cannot_draw_the_widgets_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    assert found("widgets: ").status == "ok"
    installed(monkeypatch, ipywidgets="8.1.5", jupyterlab_widgets="1.1.0")
    assert found("jupyterlab_widgets 1.1.0", KERNEL).status == "problem"
    assert found("VS Code displays them itself", KernelFacts("VS Code", subshells=True)).status == "ok"


def test_a_missing_extension_of_jupyterlab_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.metadata, "files", lambda _name: [])
    assert "pip install jupyterlab_widgets anywidget" in found("is not in this environment").fix
    installed(monkeypatch, jupyterlab_widgets=None)
    assert found("is not in this environment").status == "note"


@pytest.mark.parametrize(
    ("facts", "name"),
    [
        ({"kernel": False}, "plain IPython"),
        ({"modules": ["google.colab"]}, "Colab"),
        ({"variables": ["__vsc_ipynb_file__"]}, "VS Code"),
        ({"environ": {"JPY_SESSION_NAME": "a.ipynb"}}, "JupyterLab or Notebook"),
        ({"environ": {"JPY_SESSION_NAME": "a.ipynb"}, "parent": "python jupyter-lab"}, "JupyterLab or Notebook"),
        ({"environ": {"JPY_SESSION_NAME": "a.ipynb"}, "parent": "python jupyter-notebook"}, "JupyterLab or Notebook"),
        (
            {"environ": {"JPY_SESSION_NAME": "a.ipynb"}, "parent": "python jupyter-nbclassic"},
            "classic Notebook (nbclassic)",
        ),
        ({"parent": "python3 jupyter-notebook --no-browser"}, "classic Notebook"),
        ({"parent": "python -m notebook"}, "classic Notebook"),
        ({"parent": "nbserver"}, "classic Notebook"),
        ({"environ": {"KAGGLE_KERNEL_RUN_TYPE": "Interactive"}}, "Kaggle"),
        ({"environ": {"KAGGLE_KERNEL_RUN_TYPE": "Batch"}, "parent": "papermill"}, "Kaggle"),
        ({"environ": {"COLAB_RELEASE_TAG": "release"}}, "Colab"),
        ({"environ": {"DATABRICKS_RUNTIME_VERSION": "17.3"}}, "Databricks"),
        ({"environ": {"DEEPNOTE_PROJECT_ID": "1", "JPY_SESSION_NAME": "a"}}, "Deepnote"),
        ({"environ": {"SAGEMAKER_APP_TYPE": "JupyterLab", "JPY_SESSION_NAME": "a"}}, "JupyterLab or Notebook"),
        ({"environ": {"JUPYTERHUB_USER": "a", "JPY_SESSION_NAME": "a"}}, "JupyterLab or Notebook"),
        ({"environ": {"VSCODE_PID": "1"}}, "VS Code"),
        ({"environ": {"VSCODE_PID": "1", "JPY_SESSION_NAME": "a"}, "parent": "jupyter-lab"}, "JupyterLab or Notebook"),
        ({"environ": {"PYCHARM_HOSTED": "1", "JPY_SESSION_NAME": "a"}}, "PyCharm"),
        ({"modules": ["spyder_kernels"]}, "Spyder"),
        ({"modules": ["pyodide_kernel"]}, "JupyterLite"),
        ({"parent": "python jupyter-qtconsole"}, "a Qt console"),
        ({"parent": "python jupyter-console"}, "a console"),
        ({"parent": "python papermill a.ipynb b.ipynb"}, "papermill"),
        ({"parent": "python jupyter-nbconvert --execute notebook.ipynb"}, "nbconvert"),
        ({"parent": "python -m pytest --nbval"}, "nbval"),
        ({"parent": "python run_notebooks.py"}, "a program (nbclient, nbval) or a console"),
        ({}, "a program (nbclient, nbval) or a console"),
    ],
)
def test_the_front_end_is_told_by_what_each_leaves_in_the_kernel(facts: dict[str, object], name: str) -> None:
    assert front_end(**{"kernel": True, "variables": (), "environ": {}, "modules": (), **facts}) == name  # type: ignore[arg-type]


PINNED = [
    {"COLAB_RELEASE_TAG": "release"},
    {"KAGGLE_KERNEL_RUN_TYPE": "Interactive"},
    {"DATABRICKS_RUNTIME_VERSION": "17.3"},
    {"DEEPNOTE_PROJECT_ID": "1"},
    {"SAGEMAKER_APP_TYPE": "JupyterLab"},
    {"BINDER_REPO_URL": "https://example.com", "JUPYTERHUB_USER": "a"},
    {"JUPYTERHUB_USER": "a"},
]


@pytest.mark.parametrize("environ", PINNED)
def test_nobody_is_told_to_upgrade_what_a_service_pins(
    environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    installed(monkeypatch, ipykernel="6.10.0", ipywidgets="7.5.1", jupyterlab_widgets="0.9.0", mcp="1.9.0")
    findings = examine(KernelFacts("JupyterLab or Notebook", subshells=False), environ)
    about = [f for f in findings if any(w in f.what for w in ("subshells", "ipykernel 6.10", "widgets"))]
    assert len([f for f in about if f.fix]) >= 3
    assert not [f for f in about if "pip install" in f.fix]
    assert any('pip install -U "mcp' in f.fix for f in findings)


def test_colab_is_known_by_its_module_alone() -> None:
    assert found("no subshells", KernelFacts("Colab", subshells=False)).fix == (
        "do not change it: Colab has its own version and needs it"
    )


def test_on_a_machine_of_ones_own_an_upgrade_is_advised(monkeypatch: pytest.MonkeyPatch) -> None:
    installed(monkeypatch, ipykernel="6.10.0")
    assert "pip install -U" in found("ipykernel 6.10.0 does not work", KERNEL).fix


def test_the_classic_notebook_is_known_by_the_file_of_its_server(private_runtime_folder: Path) -> None:
    (private_runtime_folder / "nbserver-4711.json").write_text("{}")
    assert parent_command({"JPY_PARENT_PID": "4711"}) == "nbserver"
    assert "python" in parent_command({"JPY_PARENT_PID": str(os.getpid())})
    assert parent_command({"JPY_PARENT_PID": "99999999"}) == ""


def test_widgets_of_the_classic_notebook_are_drawn_by_its_own_extension(monkeypatch: pytest.MonkeyPatch) -> None:
    kernel = KernelFacts("classic Notebook", subshells=True)
    installed(monkeypatch, ipywidgets="8.1.5", widgetsnbextension="4.0.14", jupyterlab_widgets=None)
    assert (
        found("widgets: ", kernel).what == "widgets: the classic Notebook's extension for them is in this environment"
    )
    installed(monkeypatch, widgetsnbextension="3.6.0")
    assert found("widgets: ", kernel).status == "note"


def test_the_widgets_of_ipywidgets_7_need_the_older_extensions(monkeypatch: pytest.MonkeyPatch) -> None:
    kernel = KernelFacts("classic Notebook", subshells=False)
    installed(monkeypatch, ipywidgets="7.7.1", widgetsnbextension="3.6.10", jupyterlab_widgets="1.1.0")
    assert found("widgets: ", kernel).status == "ok"
    assert found("widgets: ", KernelFacts("JupyterLab or Notebook", subshells=False)).status == "ok"
    installed(monkeypatch, ipywidgets="7.7.1", widgetsnbextension="4.0.14")
    assert "widgetsnbextension==3.*" in found("for ipywidgets 7", kernel).fix


def test_subshells_are_told() -> None:
    assert found("subshells", KERNEL).status == "ok"
    assert "ipykernel>=7" in found("no subshells", KernelFacts("VS Code", subshells=False)).fix
    assert found("no kernel", KernelFacts("plain IPython")).status == "note"


def test_a_nested_loop_is_told_and_only_the_one_that_loses_cells_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    assert found("event loop", KERNEL).what == "event loop: asyncio's, not nested"
    monkeypatch.setattr(asyncio, "_nest_patched", True, raising=False)
    monkeypatch.delattr(asyncio, "_nest_asyncio2", raising=False)
    assert found("nest_asyncio is applied", KERNEL).status == "problem"
    monkeypatch.setattr(asyncio, "_nest_asyncio2", object(), raising=False)
    assert found("nest_asyncio2 is applied", KERNEL).status == "ok"


def test_a_remembered_port_is_a_problem_only_while_another_program_has_it() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        kernel = KernelFacts("VS Code", subshells=True, ports={"a": 5}, remembered={"library": port})
        assert found("library", kernel).status == "problem"
        assert found("server a listens on port 5", kernel).status == "ok"
    assert not [f for f in examine(kernel, {}) if "library" in f.what]


def test_handlers_of_the_root_logger_are_told() -> None:
    root = logging.getLogger()
    before = root.handlers[:]
    try:
        root.handlers[:] = [logging.NullHandler()]
        assert found("root logger", KERNEL).status == "ok"
        root.handlers[:] = [logging.StreamHandler()]
        assert found("root logger", KERNEL).status == "note"
        assert "StreamHandler" in found("root logger", KERNEL).what
    finally:
        root.handlers[:] = before


@pytest.mark.parametrize(
    ("environ", "status"),
    [
        ({}, "ok"),
        ({"HTTPS_PROXY": "http://p"}, "ok"),
        ({"HTTP_PROXY": "http://p"}, "problem"),
        ({"http_proxy": "http://p", "no_proxy": "localhost"}, "problem"),
        ({"ALL_PROXY": "http://p", "NO_PROXY": "localhost, 127.0.0.1"}, "ok"),
        ({"HTTP_PROXY": "http://p", "NO_PROXY": "*"}, "ok"),
    ],
)
def test_a_proxy_is_a_problem_where_it_is_asked_for_this_machine(environ: dict[str, str], status: str) -> None:
    assert found("prox", environ=environ).status == status


def test_hubs_and_forwarding_servers_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    assert found("JupyterHub", environ={"JUPYTERHUB_USER": "ada"}).status == "note"
    installed(monkeypatch, jupyter_server_proxy="4.4.0")
    assert "421" in found("jupyter-server-proxy is installed").what
    assert "--allow-host" in found("jupyter-server-proxy is installed").fix


def test_a_runtime_folder_that_cannot_be_one_is_a_problem(
    private_runtime_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert found("runtime folder").status == "ok"
    (private_runtime_folder / "file").touch()
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(private_runtime_folder / "file" / "below"))
    assert found("runtime folder").status == "problem"
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(private_runtime_folder / "not" / "made" / "yet"))
    assert found("runtime folder").status == "ok"


@pytest.mark.skipif(os.name != "posix", reason="modes are those of POSIX")
@pytest.mark.parametrize(("mode", "status"), [(0o700, "ok"), (0o755, "note"), (0o777, "problem")])
def test_a_runtime_folder_is_private(private_runtime_folder: Path, mode: int, status: str) -> None:
    private_runtime_folder.chmod(mode)
    assert found("runtime folder").status == status


def test_a_runtime_folder_on_a_network_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mcp_notebook.doctor.environment._file_system", lambda _folder: "nfs4")
    assert "JUPYTER_RUNTIME_DIR" in found("on a network drive (nfs4)").fix


def test_a_python_without_a_path_cannot_be_started_by_hosts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "")
    assert found("cannot start the bridge").status == "problem"


def test_hosts_that_do_not_follow_changes_are_named() -> None:
    assert "Claude Desktop" in found("when tools change").what
    assert "--stable-tools" in found("when tools change").fix


def test_the_report_says_each_status_in_words_and_breaks_no_command() -> None:
    text = report(
        [Diagnosis("a " * 80, "problem", "run " + "--some-option " * 12), Diagnosis("b", "note", "c"), Diagnosis("d")]
    )
    lines = text.splitlines()
    assert lines[0] == "doctor: 1 problem, 1 note, 1 ok"
    assert max(map(len, lines)) <= 100
    assert lines[1].startswith("  problem  a a")
    assert text.count("--some-option") == 12
    assert lines[-3:] == ["  note     b", "           fix: c", "  ok       d"]


@pytest.mark.parametrize(("proxy", "code"), [("", 0), ("http://127.0.0.1:9", 1)])
def test_the_shell_command_ends_with_1_where_something_does_not_work(
    private_runtime_folder: Path, proxy: str, code: int
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "mcp_notebook", "doctor"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, "HTTP_PROXY": proxy, "http_proxy": proxy, "all_proxy": "", "ALL_PROXY": "", "NO_PROXY": ""},
    )
    assert done.returncode == code, done.stdout + done.stderr
    assert done.stdout.startswith("doctor: ")
    assert "front end" not in done.stdout
