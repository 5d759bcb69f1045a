"""Many tools and many clients, next to the bare SDK."""

from __future__ import annotations

from benchmarks.servers import bare, faster, measure, ours, p50, rate, slower
from benchmarks.table import Row
from benchmarks.wire import LEGACY

TOOLS = 1_000
CLIENTS = 100
NO_WORSE = 1.1
"""What counts as no worse: gaps of a tenth are within the noise of a shared machine."""


def rows(*, quick: bool = False) -> list[Row]:
    return [_many_tools(5 if quick else 15, 5), _many_clients(5 if quick else 20, 500 if quick else 1_000)]


def _many_tools(blocks: int, lists: int) -> Row:
    tools = [
        f'\ndef tool_{i}(a: int, b: str = "") -> str:\n    """Tool {i}."""\n    return b * a\n' for i in range(TOOLS)
    ]
    with ours(*tools) as a, bare(*tools) as b:
        ours_p50, bare_p50 = measure(a, b, method="tools/list", params={}, blocks=blocks, calls=lists, apart=True)
    longer = slower(ours_p50, bare_p50)
    return Row(
        what=f"`tools/list` with {TOOLS:,} tools, p50",
        ours=f"{p50(ours_p50):.1f} ms",
        peer=f"bare SDK on a thread: {p50(bare_p50):.1f} ms",
        target=f"no worse: within {NO_WORSE:.2f} (measured {longer:.2f})",
        holds=longer <= NO_WORSE,
        runs=f"{blocks} blocks of {lists} requests each",
    )


def _many_clients(blocks: int, calls: int) -> Row:
    with ours() as a, bare() as b:
        ours_rate, bare_rate = measure(a, b, era=LEGACY, connections=CLIENTS, blocks=blocks, calls=calls, apart=True)
    fewer = 1 / faster(ours_rate, bare_rate)
    return Row(
        what=f"calls a second, {CLIENTS} clients at once, each with a session of its own",
        ours=f"{rate(ours_rate):.0f}",
        peer=f"bare SDK on a thread: {rate(bare_rate):.0f}",
        target=f"no worse: within {NO_WORSE:.2f} (measured {fewer:.2f})",
        holds=fewer <= NO_WORSE,
        runs=f"{blocks} blocks of {calls} calls each",
    )
