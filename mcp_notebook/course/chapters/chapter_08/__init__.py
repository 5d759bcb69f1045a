"""Chapter 8: files, a database, a web API, and a server inside a FastAPI application."""

from __future__ import annotations

from mcp_notebook.course.chapters.chapter_08.copy_paper import COPY_PAPER
from mcp_notebook.course.chapters.chapter_08.hand_over import HAND_OVER
from mcp_notebook.course.chapters.chapter_08.make_desk import MAKE_DESK
from mcp_notebook.course.chapters.chapter_08.opening_hours import OPENING_HOURS
from mcp_notebook.course.exercises import Chapter, Prediction

CHAPTER = Chapter(
    "8",
    "Real-world examples: files, a database, a web API",
    exercises=(COPY_PAPER, HAND_OVER, OPENING_HOURS, MAKE_DESK),
    predictions=(
        Prediction(
            "8.a",
            "The function of this resource checks nothing. Which of the five ways lead out of the folder?",
            ("All five", "The two links", "The dots and the whole path", "None of them"),
            1,
            "The SDK refuses dots and whole paths in a template's variable, because they show in the text. Links show "
            "only on the disk, and the SDK does not look there.",
        ),
        Prediction(
            "8.b",
            "The timeout is 1 s. The answer of 13 bytes needs 2.6 s, a byte every 0.2 s. What does the tool do?",
            (
                "It times out, tries three times, and gives up",
                "It times out once, and the second request succeeds",
                "It waits, and returns the answer",
            ),
            2,
            "The timeout limits the pause between two pieces, and no pause is longer than 0.2 s.",
        ),
        Prediction(
            "8.c",
            "Nobody enters the lifespan of the application now. Which of the two requests below works?",
            ("Both", "The one to the REST route", "The one to MCP", "Neither"),
            1,
            "The REST route needs nothing from the lifespan. The MCP application starts its session manager there.",
        ),
    ),
)
