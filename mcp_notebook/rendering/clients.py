"""Render the clients of a server of this kernel, with transport and era."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from mcp_notebook.recording import Call
from mcp_notebook.rendering import look

__all__ = ["clients"]


def clients(calls: Sequence[Call], listening: str) -> str:
    """Draw (HTML) the clients in the recorded calls, the latest caller first."""
    by_client: dict[tuple[str, str, str], list[Call]] = {}
    for call in calls:
        by_client.setdefault((call.client or "unnamed", call.transport, call.protocol_version), []).append(call)
    latest_first = sorted(by_client.items(), key=lambda item: item[1][-1].number, reverse=True)
    rows = [
        (
            escape(client),
            escape(f"{transport}, {version} ({made[-1].era})"),
            f"{len(made):,}",
            f"{sum(call.running for call in made):,}",
            look.code(made[-1].name),
            escape(made[-1].state),
        )
        for (client, transport, version), made in latest_first
    ]
    headers = ("client", "over", "calls", "running", "latest", "ended")
    table = look.table(headers, rows, numbers=(2, 3)) if rows else "<p>No calls yet.</p>"
    return look.card("clients", f"<p>{escape(listening)}</p>", table)
