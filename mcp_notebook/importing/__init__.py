"""A module with an `MCPServer`, and its own modules, as the cells of a notebook."""
