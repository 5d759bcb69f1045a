"""The package around the modules: all that makes it installable, startable, testable and deployable."""

from mcp_notebook.export.project.package import Package
from mcp_notebook.export.project.writing import RESERVED, files

__all__ = ["RESERVED", "Package", "files"]
