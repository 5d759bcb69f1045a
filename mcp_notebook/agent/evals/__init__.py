"""Evals: cases for a model with tools, run many times, and how often they pass."""

from mcp_notebook.agent.evals.as_pytest import as_pytest
from mcp_notebook.agent.evals.cases import cases_in, cases_of, unknown_tools, written
from mcp_notebook.agent.evals.checking import EvalCase
from mcp_notebook.agent.evals.intervals import Rate
from mcp_notebook.agent.evals.report import EvalReport, Side, Trial, changes
from mcp_notebook.agent.evals.running import Player, RunLimits, run

__all__ = [
    "EvalCase",
    "EvalReport",
    "Player",
    "Rate",
    "RunLimits",
    "Side",
    "Trial",
    "as_pytest",
    "cases_in",
    "cases_of",
    "changes",
    "run",
    "unknown_tools",
    "written",
]
