"""From the cells of a notebook to an ordinary package on the SDK, and the proof that it behaves the same."""
