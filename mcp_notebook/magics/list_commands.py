"""The verbs that show what an agent sees."""

from __future__ import annotations

import click

from mcp_notebook.client.looking_up import known_or_fail
from mcp_notebook.magics.options import PROMPT, RESOURCE, TOOL
from mcp_notebook.magics.verb import ON, verb
from mcp_notebook.rendering import look
from mcp_notebook.rendering.offers import definition_cards, prompts_table, resources_table, tools_table
from mcp_notebook.server.listing import listed
from mcp_notebook.session.session import Session

__all__: list[str] = []


@verb("tools", click.argument("name", type=TOOL, required=False), ON)
def _tools(session: Session, name: str | None, server: str | None) -> look.Rendering:
    """Show what an agent sees of the tools, or of one. Example: %mcp tools add."""
    catalog = session.catalog(server)
    defined = catalog.defined("tool")
    tools = catalog.tools()
    if name is None:
        return tools_table(catalog.name, tools, defined, empty=catalog.none("%%mcp_tool"))
    known_or_fail(name, {tool.name: tool for tool in tools}, "tool", catalog.name)
    entries = [listed(tool) for tool in tools if tool.name == name]
    function = defined[name].function if name in defined else None
    return definition_cards("tool", entries, server=catalog.name, function=function)


@verb("resources", click.argument("name", type=RESOURCE, required=False), ON)
def _resources(session: Session, name: str | None, server: str | None) -> look.Rendering:
    """Show what an agent sees of the resources and templates, or of one. Example: %mcp resources."""
    catalog = session.catalog(server)
    resources, templates = catalog.resources(), catalog.templates()
    if name is None:
        defined = catalog.defined("resource", "resource template")
        empty = catalog.none("%%mcp_resource URI")
        return resources_table(catalog.name, resources, templates, defined, empty=empty)
    entries = [(str(resource.uri), listed(resource)) for resource in resources]
    entries += [(template.uri_template, listed(template)) for template in templates]
    known_or_fail(name, dict(entries), "resource", catalog.name)
    return definition_cards("resource", [entry for uri, entry in entries if uri == name], server=catalog.name)


@verb("prompts", click.argument("name", type=PROMPT, required=False), ON)
def _prompts(session: Session, name: str | None, server: str | None) -> look.Rendering:
    """Show what an agent sees of the prompts, or of one. Example: %mcp prompts."""
    catalog = session.catalog(server)
    prompts = catalog.prompts()
    if name is None:
        return prompts_table(catalog.name, prompts, catalog.defined("prompt"), empty=catalog.none("%%mcp_prompt"))
    known_or_fail(name, {prompt.name: prompt for prompt in prompts}, "prompt", catalog.name)
    entries = [listed(prompt) for prompt in prompts if prompt.name == name]
    return definition_cards("prompt", entries, server=catalog.name)
