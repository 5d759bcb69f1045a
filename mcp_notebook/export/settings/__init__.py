"""What a package reads from its environment: settings, and the secrets that must not be written."""
