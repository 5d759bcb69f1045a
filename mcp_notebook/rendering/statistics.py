"""Render the statistics of calls as a table, for places that show no live panel."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from mcp_notebook.recording.statistics import MOST_LATENCIES, SECONDS, Tally
from mcp_notebook.rendering import look

__all__ = ["MOST_ROWS", "PERCENTS", "statistics_table", "title_of"]

MOST_ROWS = 20
"""Rows that are shown at once; the busiest come first."""

PERCENTS = (50, 95, 99)
"""The percentiles of the latency."""

BARS = " ▁▂▃▄▅▆▇█"
SECONDS_OF_A_BAR = 5


def title_of(tally: Tally) -> str:
    """Return the tool's name, or the method and name of another request."""
    method, name = tally.about.method, tally.about.name
    if not method:
        return "(other names)"
    return name if method == "tools/call" else f"{method} {name}"


def statistics_table(tallies: Sequence[Tally], now: int) -> look.Rendering:
    """Draw the tallies, the busiest first.

    Args:
        tallies: The tallies, with the busiest first.
        now: The current second, since the epoch.
    """
    if not tallies:
        empty = "no calls yet. Call a tool with %mcp call NAME, or from a client after %mcp serve."
        return look.Rendering(f"statistics: {empty}", look.card("statistics", f"<p>{escape(empty)}</p>"))
    several = len({tally.about.server for tally in tallies}) > 1
    headers = ("tool", *(["server"] if several else []), "calls", "errors", *(f"p{p}" for p in PERCENTS), "last minute")
    rows = [_row(tally, now, several=several) for tally in tallies[:MOST_ROWS]]
    calls, errors = sum(tally.calls for tally in tallies), sum(tally.errors for tally in tallies)
    title = f"statistics: {look.counted(calls, 'call')}, {look.counted(errors, 'error')}"
    notes = [f"Latency: of the latest {MOST_LATENCIES:,} calls of each that were answered."]
    if len(tallies) > MOST_ROWS:
        notes.append(f"Not shown: {len(tallies) - MOST_ROWS:,} that are less busy.")
    text = [title, *look.columns([headers, *rows]), *(f"  {note}" for note in notes)]
    cells = [[look.code(name), *(look.cell(cell) for cell in rest)] for name, *rest in rows]
    table = look.table(headers, cells, numbers=range(len(headers) - 3 - len(PERCENTS), len(headers) - 1))
    return look.Rendering("\n".join(text), look.card(escape(title), table, *(f"<p>{note}</p>" for note in notes)))


def _row(tally: Tally, now: int, *, several: bool) -> list[str]:
    latencies = (tally.percentile(percent) for percent in PERCENTS)
    return [
        title_of(tally),
        *([tally.about.server] if several else []),
        f"{tally.calls:,}",
        _errors(tally),
        *("" if seconds is None else look.duration(seconds) for seconds in latencies),
        _last_minute(tally, now),
    ]


def _errors(tally: Tally) -> str:
    share = tally.errors / max(tally.calls, 1)
    return f"{tally.errors:,} ({share:.{0 if share >= 0.1 else 1}%})" if tally.errors else "0"


def _last_minute(tally: Tally, now: int) -> str:
    """Write the number of calls in the last minute, and a bar for each five seconds of it."""
    bars = [0] * (SECONDS // SECONDS_OF_A_BAR)
    for second in tally.seconds:
        age = now - second.at
        if 0 <= age < SECONDS:
            bars[-1 - age // SECONDS_OF_A_BAR] += second.calls
    most = max(bars)
    if not most:
        return "0"
    drawn = "".join(BARS[0 if not bar else max(round(bar / most * (len(BARS) - 1)), 1)] for bar in bars)
    return f"{sum(bars):,} |{drawn}|"
