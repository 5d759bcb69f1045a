"""Chapter 8c: MCP and n8n."""

from __future__ import annotations

from mcp_notebook.course.chapters.chapter_08c.report_status import REPORT_STATUS
from mcp_notebook.course.chapters.chapter_08c.review import REVIEW
from mcp_notebook.course.chapters.chapter_08c.send_reminders import SEND_REMINDERS
from mcp_notebook.course.exercises import Chapter, Prediction

__all__ = ["CHAPTER"]

CHAPTER = Chapter(
    "8c",
    "MCP and n8n",
    exercises=(SEND_REMINDERS, REPORT_STATUS, REVIEW),
    predictions=(
        Prediction(
            "8c.a",
            "n8n runs the workflow, but its answer comes after our time limit. `remind` tries again. How many letters "
            "does Ada get?",
            ("None", "One", "Two", "Three"),
            2,
            "The first request did its work; only the answer was missing. The second one did it again.",
        ),
        Prediction(
            "8c.b",
            "`author` fails for Moby Dick: the result has `isError`. What does the next node of the workflow get?",
            (
                "Nothing: the workflow stops with an error",
                "An item that is marked as an error",
                "An item with the text of the error, like any other",
            ),
            2,
            "The node of n8n 2.41.1 passes on `content` and `structuredContent`, and drops `isError`.",
        ),
        Prediction(
            "8c.c",
            "A host asks its user only before tools that may destroy something. Which of these can a model do on n8n's "
            "own server without a question?",
            (
                "Only look at workflows",
                "Create a workflow, but not publish it",
                "Create a workflow and publish it",
            ),
            2,
            "Both are annotated as not destructive, because they delete nothing. An annotation is not a policy.",
        ),
    ),
)
