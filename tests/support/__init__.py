"""Helpers that the tests of several rooms share: kernels, JupyterLab, servers, clients, packages."""

from pathlib import Path

__all__ = ["ROOT"]

ROOT = Path(__file__).parent.parent.parent
