"""The settings of a package, and the secrets that must not be written."""
