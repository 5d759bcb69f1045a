"""Recorded calls and their frames: the log, one call, two side by side, step by step, in both eras."""
