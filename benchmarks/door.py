"""A tool called from outside a JupyterHub: what the door, and the hub's proxy before it, add to a call on loopback."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from statistics import median

from benchmarks.servers import TOOL, p50
from benchmarks.table import Row
from benchmarks.wire import ADD, LEGACY, MODERN, Block, Job
from tests.support.hub import RemoteKernel, running_hub

AN_HOUR = 3600


def rows(*, quick: bool = False) -> list[Row]:
    blocks, calls = (20, 40) if quick else (60, 60)
    with tempfile.TemporaryDirectory() as home, running_hub(Path(home), cache=AN_HOUR) as hub:
        [ada] = hub.start("ada")
        kernel = ada.open("sales.ipynb")
        kernel.run("%load_ext mcp_notebook")
        kernel.run("%%mcp_tool\n" + TOOL)
        kernel.run("_served = %mcp serve")
        own = ada.door("sales").replace(ada.url, _value(kernel, "os.environ['JUPYTERHUB_SERVICE_URL'].rstrip('/')"))
        servers: list[tuple[str, str | None]] = [
            (_value(kernel, "_served.url"), _value(kernel, "str(_served.token)")),
            (own, ada.token),
            (ada.door("sales"), ada.token),
        ]
        return [_of_era(name, era, servers, blocks, calls) for name, era in (("modern", MODERN), ("legacy", LEGACY))]


def _value(kernel: RemoteKernel, expression: str) -> str:
    return kernel.run(f"import os; print({expression})").text.strip()


def _of_era(name: str, era: str, servers: list[tuple[str, str | None]], blocks: int, calls: int) -> Row:
    job = Job(servers, "tools/call", ADD, era, connections=1, blocks=blocks, calls=calls)
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.wire"],
        input=json.dumps(asdict(job)),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    in_turn = [[Block(**peer) for peer in block] for block in json.loads(done.stdout)]
    direct, door, proxied = zip(*in_turn, strict=True)
    by_door = median(there.p50 - here.p50 for there, here in zip(door, direct, strict=True))
    by_all = median(there.p50 - here.p50 for there, here in zip(proxied, direct, strict=True))
    return Row(
        what=f"a tool call through JupyterHub's proxy and the door, {name}, p50",
        ours=f"{p50(proxied):.2f} ms",
        peer=f"the same server on loopback: {p50(direct):.2f} ms; by the door, without the proxy: {p50(door):.2f} ms",
        target=f"adds at most 3 ms (measured {by_all:.2f} ms, {by_door:.2f} ms of it by the door)",
        holds=by_all <= 3,
        runs=f"{blocks} blocks of {calls} calls each",
    )
