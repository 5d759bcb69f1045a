"""Render recorded calls and their frames: as a log, one call, two compared, a sequence diagram, both eras."""
