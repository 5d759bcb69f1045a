"""Read what OpenTelemetry's exporters keep in memory: the points of metrics, and traces as trees."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

__all__ = ["points", "tree"]


def points(reader: Any, name: str) -> dict[str, float]:
    """Return the values of a metric by their attributes: of a counter the sum, of a histogram the number of values.

    Args:
        reader: An `InMemoryMetricReader`.
        name: The name of the metric.
    """
    data = reader.get_metrics_data()
    metrics = (
        metric
        for resource in (data.resource_metrics if data is not None else ())
        for scope in resource.scope_metrics
        for metric in scope.metrics
        if metric.name == name
    )
    found = (point for metric in metrics for point in metric.data.data_points)
    return {_named(point.attributes): getattr(point, "value", getattr(point, "count", 0)) for point in found}


def _named(attributes: Mapping[str, Any]) -> str:
    return ", ".join(f"{key}={value}" for key, value in sorted(attributes.items()))


def tree(spans: Iterable[Any]) -> str:
    """Draw finished spans as trees: each below the one that it is part of, in the order in which they began."""
    ordered = sorted(spans, key=lambda span: int(span.start_time))
    known = {span.context.span_id for span in ordered}
    roots = [span for span in ordered if span.parent is None or span.parent.span_id not in known]
    return "\n".join(line for root in roots for line in _lines(root, ordered, ""))


def _lines(span: Any, spans: list[Any], indent: str) -> Iterator[str]:
    failed = span.attributes.get("error.type")
    yield f"{indent}{span.name}" + (f"  [error.type={failed}]" if failed else "")
    for other in spans:
        if other.parent is not None and other.parent.span_id == span.context.span_id:
            yield from _lines(other, spans, indent + "  ")
