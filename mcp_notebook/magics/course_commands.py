"""The verbs of the course: check an exercise, get a hint, see the solution, predict, and go on from a checkpoint."""

from __future__ import annotations

import click
from IPython.display import display

from mcp_notebook.client.notices import say
from mcp_notebook.course.checking.outcome import CheckResult
from mcp_notebook.course.exercises import chapters, exercise_of, prediction_of
from mcp_notebook.course.library import library_file, reset_library
from mcp_notebook.course.progress import Progress
from mcp_notebook.course.project import chapter_numbers
from mcp_notebook.course.showing import cases_shown, next_hint, progress_shown, restored_shown, solution_shown
from mcp_notebook.errors import UnknownNameError, UsageError
from mcp_notebook.magics.options import CHAPTER, EXERCISE, PREDICTION, TEXT
from mcp_notebook.magics.sharing import begin_reporting, stop_reporting
from mcp_notebook.magics.verb import verb
from mcp_notebook.rendering import look
from mcp_notebook.session.checkpoint import check_exercise, restore, source_of_answer
from mcp_notebook.session.session import Session

__all__: list[str] = []

NUMBER = click.argument("number", type=EXERCISE)


@verb("check", NUMBER, click.option("--cases", is_flag=True, help="Only show the cases of the check."))
def _check(session: Session, number: str, cases: bool) -> look.Rendering:
    """Check your answer to an exercise of the course. Example: %mcp check 1.1.

    A client sends requests to your server, and looks at what they did. While it does, the library's database is as on
    the first day of the course; yours is back afterwards.
    """
    exercise, progress = exercise_of(number), Progress.load()
    if cases:
        return cases_shown(exercise)
    chapter = chapters()[exercise.chapter].exercises
    others = [each.number for each in chapter if each.number != number]
    passed = 1 + sum(progress.done(other).passed for other in others)
    after = (f"Why it matters: {exercise.why}", f"{passed} of {len(chapter)} exercises of chapter {exercise.chapter}.")
    outcome = check_exercise(session, exercise, after)
    _note(session, number, outcome, progress)
    return outcome


def _note(session: Session, number: str, outcome: CheckResult, progress: Progress) -> None:
    if outcome.state in ("passed", "not yet"):
        done = progress.done(number)
        done.tries += 1
        if outcome.state == "passed":
            done.passed, done.source = True, source_of_answer(session, exercise_of(number))
        progress.save()
        if (sharing := session.sharing) is not None:
            if trouble := sharing.trouble():
                say(f"{trouble} Your progress is kept here.")
            sharing.changed(progress)


@verb("hint", NUMBER)
def _hint(_session: Session, number: str) -> look.Rendering:
    """Show the next of three hints for an exercise. Example: %mcp hint 1.1."""
    return next_hint(number, Progress.load())


@verb("solution", NUMBER)
def _solution(_session: Session, number: str) -> look.Rendering:
    """Show a solution of an exercise, after an answer that passes or three that do not. Example: %mcp solution 1.1."""
    return solution_shown(number, Progress.load())


@verb(
    "progress",
    click.option("--share", "url", type=TEXT, metavar="URL", help="Report it to the board of your class from now on."),
    click.option("--as", "name", type=TEXT, metavar="NAME", help="With --share, the name that the board shows."),
    click.option(
        "--class-code",
        metavar="VAR",
        help="With --share, the environment variable that has the class code. Default: you are asked.",
    ),
    click.option("--stop-sharing", is_flag=True, help="Report it no longer."),
)
def _progress(
    session: Session, url: str | None, name: str | None, class_code: str | None, stop_sharing: bool
) -> look.Rendering:
    """Show your progress in the course. Example: %mcp progress.

    To report it to the board of your class: %mcp progress --share URL --as NAME. The name, the numbers of the exercises
    with tries and passed, the number of right predictions, and a random id are sent; nothing else.
    """
    if stop_sharing:
        return stop_reporting(session)
    if url is not None:
        return begin_reporting(session, url, name, class_code)
    if name is not None or class_code is not None:
        raise UsageError("--as and --class-code go with --share URL.")
    return progress_shown(Progress.load())


@verb(
    "checkpoint",
    click.argument("chapter", type=CHAPTER),
    click.option(
        "--reset", is_flag=True, help="The course's answers instead of yours, and the database as on the first day."
    ),
)
def _checkpoint(session: Session, chapter: str, reset: bool) -> look.Rendering:
    """Bring the library's server to where a chapter of the course begins. Example: %mcp checkpoint 4.

    It runs the cells of the earlier chapters. Your own answers are used if they pass, the course's otherwise.
    """
    if chapter not in (known := chapter_numbers()):
        raise UnknownNameError(f"There is no chapter {chapter!r}. The chapters: {', '.join(known)}.")
    file = library_file()
    if reset:
        reset_library(file)
    restored = restore(session, chapter, own=not reset)
    live = session.registry.servers.get("library")
    tools = [tool.name for tool in session.catalog("library").tools()] if live is not None else []
    answers = {
        "your answers": restored.own,
        "the course's answers": restored.given,
        "the course's, because yours do not pass any more": restored.replaced,
    }
    return restored_shown(chapter, f"{file.parent.name}/{file.name}", tools, answers)


@verb("predict", click.argument("number", type=PREDICTION))
def _predict(session: Session, number: str) -> None:
    """Ask what you expect of the next cell; compare when it has run. Example: %mcp predict 1.a."""
    from mcp_notebook.widgets.prediction import PredictionCard  # ipywidgets takes 0.2 s to import

    asked, progress = prediction_of(number), Progress.load()

    def keep(chosen: int) -> None:
        latest = Progress.load()
        latest.predictions[number] = chosen
        latest.save()

    session.surfaces.prepare()
    cell = session.origins.cell or number
    session.views.close_earlier("predict", cell)
    chosen = progress.predictions.get(number)
    card = PredictionCard(asked.question, asked.options, asked.right, asked.because, chosen, keep)
    session.views.put("predict", cell, card)
    display(card)
