"""Widgets that a person can click or fill in: forms, question cards, approvals, the workbench."""
