"""Render data as HTML and as text: cards, tables, calls, content.

All functions are pure, so that saved notebooks, terminals and the front end show the same. All colors and layout come
from `look`.
"""
