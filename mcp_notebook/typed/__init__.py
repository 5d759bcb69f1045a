"""Python names, types and texts for what others have named and described: JSON Schemas, tools, web APIs.

Foreign text gets into source code only as an identifier from `names`, or as a literal, docstring or comment from
`texts`. Nothing of it is ever evaluated.
"""
