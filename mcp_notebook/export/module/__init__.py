"""From the statements that are needed to the modules that a person would write."""
