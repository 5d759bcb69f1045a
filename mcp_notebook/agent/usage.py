"""Count the tokens and the cost of requests to a model."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["USAGE", "Usage"]

USAGE = "mcp-notebook/usage"
"""The key in the ``_meta`` of a model's reply for its `Usage`."""


@dataclass(frozen=True)
class Usage:
    """The tokens and the cost of requests to a model.

    Attributes:
        input: The tokens that the model read; None if unknown.
        output: The tokens that it wrote; None if unknown.
        cost: The cost in US dollars; None if unknown.
    """

    input: int | None = None
    output: int | None = None
    cost: float | None = None

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            None if self.input is None or other.input is None else self.input + other.input,
            None if self.output is None or other.output is None else self.output + other.output,
            None if self.cost is None or other.cost is None else self.cost + other.cost,
        )

    def at(self, input_price: float, output_price: float) -> Usage:
        """Return the same tokens with their cost at these prices, in US dollars for a million tokens."""
        if self.input is None or self.output is None:
            return self
        return Usage(self.input, self.output, (self.input * input_price + self.output * output_price) / 1_000_000)
