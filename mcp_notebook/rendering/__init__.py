"""Data as HTML and as text: cards, tables, calls, content.

Pure functions. Saved notebooks, terminals and the front end show the same. Every color and every piece of layout comes
from `look`.
"""
