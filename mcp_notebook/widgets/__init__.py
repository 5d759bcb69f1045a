"""What a person sees, as HTML and as text: cards, tables, calls, content; and the widgets that a person uses.

Every text and every colour comes from `look`. Only what a person can click or fill in needs ipywidgets: forms, the
card of a question, approvals, the workbench.
"""
