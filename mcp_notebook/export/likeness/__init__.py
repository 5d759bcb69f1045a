"""Whether a package is made of what the live server is made of, the functions that answer included.

`anatomy` describes any server as JSON. `live` does that for the notebook's, without what the workbench has added.
`carrying` says, before anything is written, which functions of it no carried statement makes; `likeness.comparing`
compares it with the package's, once that is installed.
"""
