"""Tools that run on Dask, in a package: with a cluster of its own, with one at an address, and without Dask."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp import Client
from mcp.client.stdio import StdioServerParameters, stdio_client

from tests.support.dask_cluster import running_dask
from tests.support.results import text_of
from tests.support.shells import running_shell

pytest.importorskip("distributed")

pytestmark = [pytest.mark.slow, pytest.mark.skipif(os.name == "nt", reason="processes of POSIX")]

CELLS = (
    """%%mcp_tool --run-on dask --read-only
import os
from mcp.server.mcpserver import Context

FACTOR = 10

def _times(n):
    return n * FACTOR

def where() -> int:
    "Tell which process runs this."
    print("printed")
    os.system("echo by another program")
    return os.getpid()
""",
    """%%mcp_tool --run-on dask --timeout 60
async def multiply(n: int, ctx: Context) -> int:
    "Multiply."
    await ctx.report_progress(1, 2, "half")
    if n < 0:
        raise ValueError("less than nothing")
    return _times(n)
""",
    "%%mcp_tool\ndef plain(n: int) -> int:\n    'Call the other function.'\n    return where() * 0 + _times(n)",
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("an export") / "lab"
    with running_shell() as shell:
        shell.good(*CELLS, f"%mcp export {str(folder)!r} --no-proof")
    return folder


def talk(folder: Path, work: Callable[[Client], Any], *, code: str = "", **variables: str) -> Any:
    """Start the package over stdio, and return what the work with a client gives."""
    code = code + "import sys; sys.argv[0] = 'lab'\nfrom lab.__main__ import main\nif __name__ == '__main__': main()"
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(folder / "src"), **variables}
    parameters = StdioServerParameters(command=sys.executable, args=["-c", code], env=environment)

    async def main() -> Any:
        async with Client(stdio_client(parameters)) as client:
            return await work(client)

    return anyio.run(main)


def test_the_functions_stay_as_they_are_in_the_module(folder: Path) -> None:
    text = (folder / "src" / "lab" / "server.py").read_text()
    assert "from .extensions.cluster import on_dask\n" in text
    assert "mcp.tool(annotations=ToolAnnotations(read_only_hint=True))(on_dask(where, idempotent=True))\n" in text
    assert "mcp.tool()(time_limit(60)(on_dask(multiply)))\n" in text
    assert 'dask = ["distributed>=' in (folder / "pyproject.toml").read_text()
    assert "# LAB_DASK_ADDRESS=" in (folder / ".env.example").read_text()
    assert "LAB_DASK_ADDRESS" in (folder / "README.md").read_text()


def test_it_starts_workers_of_its_own_which_end_with_it(folder: Path) -> None:
    async def work(client: Client) -> list[int]:
        reports: list[Any] = []

        async def report(progress: float, total: float | None, message: str | None) -> None:
            reports.append((progress, total, message))

        where = await client.call_tool("where", {})
        assert not where.is_error, text_of(where)
        told = await client.call_tool("multiply", {"n": 4}, progress_callback=report)
        assert text_of(told) == "40"
        assert reports == [(1, 2, "half")]
        assert text_of(await client.call_tool("plain", {"n": 4})) == "40"
        assert text_of(await client.call_tool("multiply", {"n": -1})) == "Error executing tool multiply"
        return [int(text_of(where))]

    import psutil

    (worker,) = talk(folder, work)
    from tests.support.waiting import until

    until(lambda: not psutil.pid_exists(worker) or psutil.Process(worker).status() == psutil.STATUS_ZOMBIE)


def test_it_uses_a_cluster_at_an_address_whose_workers_do_not_have_it(folder: Path) -> None:
    async def work(client: Client) -> str:
        return (
            text_of(await client.call_tool("where", {})) + " " + text_of(await client.call_tool("multiply", {"n": 4}))
        )

    with running_dask(workers=1) as cluster:
        where, told = talk(folder, work, LAB_DASK_ADDRESS=cluster.address).split()
        assert int(where) in cluster.workers
        assert told == "40"


WITHOUT_DASK = """
import importlib.util
find = importlib.util.find_spec
importlib.util.find_spec = lambda name, *rest: None if name == "distributed" else find(name, *rest)
"""


def test_without_dask_it_runs_in_its_own_process_unless_an_address_is_set(folder: Path) -> None:
    async def work(client: Client) -> str:
        return "\n".join([text_of(await client.call_tool(name, {"n": 4})) for name in ("multiply", "plain")])

    assert talk(folder, work, code=WITHOUT_DASK) == "40\n40"
    said = talk(folder, work, code=WITHOUT_DASK, LAB_DASK_ADDRESS="tcp://127.0.0.1:1").split("\n")[0]
    assert said.endswith("LAB_DASK_ADDRESS is set, and Dask is not installed. Run: pip install 'lab[dask]'")


def test_its_own_modules_import_no_dask(folder: Path) -> None:
    code = "import sys, lab.server; print([name for name in ('dask', 'distributed') if name in sys.modules])"
    environment = {**os.environ, "PYTHONPATH": str(folder / "src")}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert done.stdout.strip() == "[]"


def test_the_proof_finds_it_equal(tmp_path: Path) -> None:
    with running_shell() as shell:
        shell.good(*CELLS[:2], "%mcp call multiply n=4 -o one", "%mcp call multiply n=4 -o two")
        exported = shell.good(f"%mcp export {str(tmp_path / 'lab')!r}")
    assert "not proven" not in str(exported)
    assert "proven" in str(exported)
