"""Chapter 8b: gateways, supervision, webhooks and sandboxes."""

from __future__ import annotations

from mcp_notebook.course.chapters.chapter_08b.cache_key import CACHE_KEY
from mcp_notebook.course.chapters.chapter_08b.second_door import SECOND_DOOR
from mcp_notebook.course.chapters.chapter_08b.which_answer import WHICH_ANSWER
from mcp_notebook.course.exercises import Chapter, Prediction

CHAPTER = Chapter(
    "8b",
    "Gateways, webhooks and sandboxes",
    exercises=(WHICH_ANSWER, CACHE_KEY, SECOND_DOOR),
    predictions=(
        Prediction(
            "8b.a",
            "The library runs. The gateway's code calls `client.list_tool()`, a method that does not exist. What does "
            "the next cell print?",
            (
                "An `AttributeError` that names `list_tool`",
                "A `ToolError`: the library does not answer",
                "Nothing: the list is empty",
            ),
            1,
            "`except Exception` catches the bug as well, and reports it as an absent server.",
        ),
        Prediction(
            "8b.b",
            "Emma has two copies now. The same letter comes once more, with its genuine signature. How many copies has "
            "Emma then?",
            ("Two: the letter was seen", "Three", "Two: the signature is used up"),
            1,
            "A signature says who wrote the letter. It does not say how often it may count.",
        ),
        Prediction(
            "8b.c",
            "A program in this sandbox reads a private file, writes to it, and connects to a Unix socket. Which of the "
            "three are stopped?",
            ("All three", "The socket only", "The reading and the writing", "None"),
            3,
            "The process has your rights on files. A network namespace does not cover Unix sockets in the file system.",
        ),
    ),
)
