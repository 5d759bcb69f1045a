"""Show hints, solutions, cases and progress."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from mcp_notebook.course.exercises import Exercise, chapters, exercise_of
from mcp_notebook.course.progress import Progress
from mcp_notebook.errors import UsageError
from mcp_notebook.rendering import look

__all__ = ["TRIES", "cases_shown", "next_hint", "progress_shown", "restored_shown", "solution_shown"]

TRIES = 3
"""Answers to check before the solution opens without one that passed."""


def next_hint(number: str, progress: Progress) -> look.Rendering:
    """Show the hints of an exercise up to the next one, and count it."""
    exercise, done = exercise_of(number), progress.done(number)
    done.hints = min(done.hints + 1, len(exercise.hints))
    progress.save()
    left = len(exercise.hints) - done.hints
    after = f"{look.counted(left, 'more hint')}: run this again." if left else f"{_opens(number)}."
    shown = exercise.hints[: done.hints]
    text = [f"hints for {number}", *(f"  {i}. {hint}" for i, hint in enumerate(shown, 1)), f"  {after}"]
    items = "".join(f"<li>{ticked(hint)}</li>" for hint in shown)
    html = look.card(f"hints for {number}", f"<ol>{items}</ol>", f'<p class="dim">{ticked(after)}</p>')
    return look.Rendering("\n".join(text), html)


def solution_shown(number: str, progress: Progress) -> look.Rendering:
    """Show the solution of an exercise.

    Raises:
        UsageError: No answer has passed yet, and fewer than `TRIES` were checked.
    """
    exercise, done = exercise_of(number), progress.done(number)
    if not done.passed and done.tries < TRIES:
        raise UsageError(
            f"{_opens(number)}. So far you have checked {look.counted(done.tries, 'answer')}. "
            f"For a hint: %mcp hint {number}"
        )
    source = exercise.solution.strip()
    text = f"solution of {number}\n\n{source}\n\nWhy it matters: {exercise.why}"
    why = f"<p><b>Why it matters</b>: {ticked(exercise.why)}</p>"
    return look.Rendering(text, look.card(f"solution of {number}", look.pre(source, whole=True), why))


def cases_shown(exercise: Exercise) -> look.Rendering:
    """Show the cases of a check, without trying them."""
    rows = [(case.words(exercise.name), case.about, case.expected) for case in exercise.cases]
    text = [f"the cases of {exercise.number}", *look.columns(rows)]
    cells = ([look.code(words), escape(about), look.code(expected)] for words, about, expected in rows)
    table = look.table(["request", "purpose", "expected"], cells)
    return look.Rendering("\n".join(text), look.card(f"the cases of {exercise.number}", table))


def progress_shown(progress: Progress) -> look.Rendering:
    """Show the progress by chapter: exercises that passed, and predictions that were right."""
    rows: list[tuple[str, str, str, str]] = []
    for chapter in chapters().values():
        asked = [each.number for each in chapter.exercises]
        passed = [number for number in asked if number in progress.exercises and progress.exercises[number].passed]
        made = [each for each in chapter.predictions if each.number in progress.predictions]
        right = sum(progress.predictions[each.number] == each.right for each in made)
        if asked or chapter.predictions:
            left = [number for number in asked if number not in passed]
            exercises = f"{len(passed)} of {len(asked)}" + (f" (left: {', '.join(left)})" if passed and left else "")
            predictions = f"{right} right, {len(made)} of {len(chapter.predictions)} made"
            rows.append((chapter.number, chapter.title, exercises, predictions))
    total = sum(len(chapter.exercises) for chapter in chapters().values())
    done = sum(each.passed for each in progress.exercises.values())
    title = f"{done} of {total} exercises passed"
    kept = f"Kept in {progress.file.parent.name}/{progress.file.name}. To keep a copy, download that file."
    text = [title, *look.columns([("", "chapter", "exercises", "predictions"), *rows]), f"  {kept}"]
    table = look.table(["", "chapter", "exercises", "predictions"], ([escape(each) for each in row] for row in rows))
    return look.Rendering("\n".join(text), look.card(escape(title), table, f'<p class="dim">{escape(kept)}</p>'))


def restored_shown(
    chapter: str, database: str, tools: Sequence[str], answers: Mapping[str, Sequence[str]]
) -> look.Rendering:
    """Show what a checkpoint restored.

    Args:
        chapter: The number of the chapter that begins.
        database: The library's database.
        tools: The tools of the library's server.
        answers: Exercises, by the words that say whose answers they have.
    """
    rows = [("database", database), ("tools", ", ".join(tools) or "none yet")]
    rows += [(words, ", ".join(numbers)) for words, numbers in answers.items() if numbers]
    title = f"ready for chapter {chapter}"
    table = look.table(["", ""], ([escape(words), escape(names)] for words, names in rows))
    return look.Rendering("\n".join([title, *look.columns(rows)]), look.card(escape(title), table))


def ticked(text: str) -> str:
    """Write a text with parts in backticks as HTML."""
    parts = text.split("`")
    return "".join(look.code(part) if i % 2 else escape(part) for i, part in enumerate(parts))


def _opens(number: str) -> str:
    return f"`%mcp solution {number}` opens after an answer that passes, or after {TRIES} that do not"
