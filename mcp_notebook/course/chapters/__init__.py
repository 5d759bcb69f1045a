"""The exercises and predictions of each chapter, one module a chapter."""
