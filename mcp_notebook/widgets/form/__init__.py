"""Forms for a JSON Schema: `SchemaForm` fills in an object, and `ToolForm` calls a tool with it."""

from mcp_notebook.widgets.form.schema_form import SchemaForm
from mcp_notebook.widgets.form.tool_form import ToolForm

__all__ = ["SchemaForm", "ToolForm"]
