"""The evidence that an exported package behaves as the notebook did."""

from mcp_notebook.export.proof.evidence import Difference, Proof, Row
from mcp_notebook.export.proof.proving import prove

__all__ = ["Difference", "Proof", "Row", "prove"]
