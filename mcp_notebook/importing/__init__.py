"""Turn a module with an `MCPServer`, and the modules that it needs, into the cells of a notebook."""
