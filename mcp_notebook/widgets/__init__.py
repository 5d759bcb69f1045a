"""Widgets, for what a person can click or fill in: forms, the card of a question, approvals, the workbench."""
