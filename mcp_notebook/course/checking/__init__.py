"""Check the exercises: cases with their expected answers, what tries them on the learner's server, and the outcome."""
