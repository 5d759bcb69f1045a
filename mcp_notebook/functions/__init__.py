"""Offer the tools of servers as typed async functions: in a namespace, as a module, and to a model that writes code."""

from mcp_notebook.functions.namespace import Namespace, ServerFunctions, namespace_of

__all__ = ["Namespace", "ServerFunctions", "namespace_of"]
