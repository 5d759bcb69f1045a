"""Chapter 0: a first taste, with one prediction and no exercise."""

from __future__ import annotations

from mcp_notebook.course.exercises import Chapter, Prediction

CHAPTER = Chapter(
    "0",
    "Welcome",
    predictions=(
        Prediction(
            "0.a",
            "The next cell asks for a book that is not on the shelf. What does the tool answer?",
            ("An error", "The number 0", "Nothing"),
            1,
            "The function asks the shelf with 0 for a title that it does not have. Chapter 1 shows when an error would "
            "be better.",
        ),
    ),
)
