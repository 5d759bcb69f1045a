"""How long a form of 60 properties keeps a kernel busy, next to as many bare inputs."""

from __future__ import annotations

from statistics import median

from benchmarks.table import Row
from tests.support.kernels import Kernel, running_kernel

SETUP = """
import ipywidgets as _w, time as _time
from mcp_types import Tool as _Tool
from mcp_notebook.widgets.tool_form import ToolForm as _ToolForm
_kinds = [
    {"type": "string"}, {"type": "integer", "default": 3}, {"type": "boolean"}, {"enum": ["a", "b"]},
    {"anyOf": [{"type": "string"}, {"type": "null"}], "default": None}, {"type": "array", "items": {"type": "string"}},
    {"type": "object", "properties": {"a": {"type": "string"}}}, {"type": "number", "minimum": 0},
]
_parts = {f"property_{i}": {**_kinds[i % 8], "description": "Something about it."} for i in range(60)}
_schema = {"type": "object", "properties": _parts}
def _timed(make):
    start = _time.perf_counter()
    made = make()
    print((_time.perf_counter() - start) * 1000)
_bare = lambda: _w.VBox([_w.Text(description=name) for name in _parts])
_tool = _Tool(name="sixty", input_schema=_schema)
_form = lambda: _ToolForm(_tool, lambda arguments, on_progress: None)
"""


def milliseconds(kernel: Kernel, what: str) -> float:
    return float(kernel.good(f"_timed({what})").stdout)


def rows(*, quick: bool = False) -> list[Row]:
    times = 5 if quick else 20
    with running_kernel() as kernel:
        kernel.good(SETUP)
        first = milliseconds(kernel, "_form")
        taken = [(milliseconds(kernel, "_form"), milliseconds(kernel, "_bare")) for _ in range(times)]
    ours, bare = median(form for form, _ in taken), median(inputs for _, inputs in taken)
    return [
        Row(
            what="the form of a schema with 60 properties",
            ours=f"{ours:.0f} ms (the first {first:.0f}, worst {max(form for form, _ in taken):.0f})",
            peer=f"60 text inputs of ipywidgets: {bare:.0f} ms",
            target="faster than the bare inputs",
            holds=ours < bare,
            runs=f"{times} forms",
        )
    ]
