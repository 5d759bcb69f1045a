"""Interpret JSON Schemas: list parameters, describe what they accept, and check values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mcp_notebook.schema.following import one_look
from mcp_notebook.schema.parameters import UNSET, Parameter, Schema, choices, flatten, parameters, resolve
from mcp_notebook.schema.problem import Problem, brief
from mcp_notebook.schema.shape import Shape, shape_of
from mcp_notebook.schema.words import accepts_null, accepts_text, accepts_text_only, type_in_words

if TYPE_CHECKING:
    from mcp_notebook.schema.patterns import found_in
    from mcp_notebook.schema.problems import Checker, Findings, fault_of

__all__ = [
    "UNSET",
    "Checker",
    "Findings",
    "Parameter",
    "Problem",
    "Schema",
    "Shape",
    "accepts_null",
    "accepts_text",
    "accepts_text_only",
    "brief",
    "choices",
    "fault_of",
    "flatten",
    "found_in",
    "one_look",
    "parameters",
    "resolve",
    "shape_of",
    "type_in_words",
]


_LAZY = {"Checker": "problems", "Findings": "problems", "fault_of": "problems", "found_in": "patterns"}
"""The names that need the libraries for JSON Schema and patterns, which take a second to import."""


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_LAZY[name]}"), name)
