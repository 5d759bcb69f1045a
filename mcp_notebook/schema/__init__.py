"""Questions to a JSON Schema: which parameters it has, what each accepts, how to say so, what is wrong with a value."""

from mcp_notebook.schema.following import one_look
from mcp_notebook.schema.parameters import UNSET, Parameter, Schema, choices, flatten, parameters, resolve
from mcp_notebook.schema.patterns import found_in
from mcp_notebook.schema.problems import Checker, Findings, Problem, brief, fault_of
from mcp_notebook.schema.shape import Shape, shape_of
from mcp_notebook.schema.words import accepts_null, accepts_text, accepts_text_only, type_in_words

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
