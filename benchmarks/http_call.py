"""A tool called over HTTP from another process, the kernel idle: next to the bare SDK and to FastMCP."""

from __future__ import annotations

from benchmarks.servers import Served, bare, faster, fastmcp, measure, ours, p50, rate, slower
from benchmarks.table import Row
from benchmarks.wire import LEGACY, MODERN

ERAS = {"modern": MODERN, "legacy": LEGACY}
AT_ONCE = 16


def rows(*, quick: bool = False) -> list[Row]:
    blocks, calls = (20, 40) if quick else (60, 60)
    with ours() as a, bare() as b, fastmcp() as c:
        return [row for era in ERAS for row in _of_era(era, (a, b, c), blocks, calls)]


def _of_era(era: str, servers: tuple[Served, ...], blocks: int, calls: int) -> list[Row]:
    ours, bare, fast = measure(*servers, blocks=blocks, calls=calls, era=ERAS[era], apart=True)
    ours16, bare16, fast16 = measure(
        *servers, blocks=blocks, calls=2 * calls, connections=AT_ONCE, era=ERAS[era], apart=True
    )
    longer, fewer, more = slower(ours, bare), 1 / faster(ours16, bare16), faster(ours16, fast16)
    return [
        Row(
            what=f"a tool call over HTTP, {era}, p50",
            ours=f"{p50(ours):.2f} ms",
            peer=f"bare SDK on a thread: {p50(bare):.2f} ms; FastMCP on a thread: {p50(fast):.2f} ms",
            target=f"within 1.10 of the bare SDK (measured {longer:.2f})",
            holds=longer <= 1.1,
            runs=f"{blocks} blocks of {calls} calls each",
        ),
        Row(
            what=f"calls a second, {AT_ONCE} clients at once, {era}",
            ours=f"{rate(ours16):.0f}",
            peer=f"bare SDK on a thread: {rate(bare16):.0f}; FastMCP on a thread: {rate(fast16):.0f}",
            target=f"within 1.10 of the bare SDK (measured {fewer:.2f}), twice FastMCP (measured {more:.1f})",
            holds=fewer <= 1.1 and more >= 2,
            runs=f"{blocks} blocks of {2 * calls} calls each",
        ),
    ]
