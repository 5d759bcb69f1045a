"""Pyodide in the tests: a distribution made of what npm and PyPI have, and Node to run it.

Pyodide's own distribution is on a network that the tests do not use. npm has its core, and PyPI most of its packages.
There are stand-ins here for the few compiled ones that PyPI lacks.
"""
