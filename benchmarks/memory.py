"""The memory of a kernel that is called and called: flat once the recorder is full."""

from __future__ import annotations

from benchmarks.servers import Served, bare, measure, ours
from benchmarks.table import Row

AT_ONCE = 16
FLAT = 0.05
"""A growth by less than this share of the process counts as flat."""

WARM_UP = 12_000
"""Calls before the first weighing: more than a recorder keeps."""


def rows(*, quick: bool = False) -> list[Row]:
    calls = 6_000 if quick else 100_000 - WARM_UP
    bare_calls = 6_000  # it keeps nothing, so a look is enough
    with ours() as served:
        before, after = _weighed(served, calls)
    with bare() as served:
        bare_before, bare_after = _weighed(served, bare_calls)
    return [
        Row(
            what=f"memory of the kernel after {WARM_UP:,} calls and after {WARM_UP + calls:,}",
            ours=f"{before:.0f} MB, {after:.0f} MB",
            peer=f"bare SDK on a thread: {bare_before:.0f} MB, {bare_after:.0f} MB",
            target=f"flat: grows under {FLAT:.0%} (measured {after / before - 1:+.1%})",
            holds=after < before * (1 + FLAT),
            runs=f"{WARM_UP + calls:,} calls, {WARM_UP + bare_calls:,} of the bare SDK, {AT_ONCE} clients at once",
        )
    ]


def _weighed(served: Served, calls: int) -> tuple[float, float]:
    """Return the resident memory in MB after the warm-up, and after `calls` more."""
    weights = []
    for many in (WARM_UP, calls):
        # Half of them in the block that `measure` does not keep.
        measure(served, connections=AT_ONCE, blocks=1, calls=many // 2)
        weights.append(served.kernel.value("__import__('psutil').Process().memory_info().rss") / 1e6)
    return weights[0], weights[1]
