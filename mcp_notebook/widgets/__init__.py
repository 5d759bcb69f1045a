"""What a person sees: cards, tables, results and forms. Only `fields` and `form` need ipywidgets."""
