"""The comparison of what a package's server and the live server are made of, the functions that answer included.

`anatomy` describes any server as JSON. `live` does that for the notebook's, without what the workbench has added.
`carrying` names, before anything is written, the functions of it that no carried statement makes; `comparing` compares
it with the package's, once that is installed.
"""
