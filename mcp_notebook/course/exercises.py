"""Define what a chapter of the course asks a learner: predictions and exercises."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import Literal

from mcp_notebook.course.checking.cases import AnyCase
from mcp_notebook.errors import UnknownNameError, did_you_mean

__all__ = ["Chapter", "Exercise", "Prediction", "chapters", "exercise_of", "exercises", "prediction_of", "predictions"]

Kind = Literal["tool", "resource", "prompt", "app", "event", "code"]


@dataclass(frozen=True)
class Exercise:
    """A task, its check, its hints and its solution.

    Attributes:
        number: The chapter and the number in it, such as ``1.2``.
        name: The definition that the task asks for: a tool's or prompt's name, or a URI; for code, a variable's name.
        title: The task in a few words.
        cases: The cases of the check. Nothing else is checked.
        start: The text of the cell that a learner fills in.
        hints: Three hints: a nudge, the name of the thing, nearly the code.
        solution: The text of the cell that solves it.
        why: The reason why it matters, in one or two sentences.
        read: The heading of the part to read again, as the check quotes it.
        kind: The kind of definition.
        server: The name of the server that must have it.
    """

    number: str
    name: str
    title: str
    cases: Sequence[AnyCase]
    start: str
    hints: tuple[str, str, str]
    solution: str
    why: str
    read: str
    kind: Kind = "tool"
    server: str = "library"

    @property
    def chapter(self) -> str:
        """The number of its chapter."""
        return self.number.rpartition(".")[0]


@dataclass(frozen=True)
class Prediction:
    """A question that a learner answers before the next cell runs.

    Attributes:
        number: The chapter and a letter, such as ``1.a``.
        question: The question.
        options: The possible answers.
        right: The index of the right one.
        because: The reason, in one or two sentences.
    """

    number: str
    question: str
    options: tuple[str, ...]
    right: int
    because: str


@dataclass(frozen=True)
class Chapter:
    """The exercises and predictions of a chapter; its text is a notebook.

    Attributes:
        number: Its number, such as ``4`` or ``4b``.
        title: Its title.
        exercises: The exercises, in order.
        predictions: The predictions, in order.
    """

    number: str
    title: str
    exercises: Sequence[Exercise] = ()
    predictions: Sequence[Prediction] = ()


@cache
def chapters() -> Mapping[str, Chapter]:
    """Return the chapters by number, in order: one for each module of `mcp_notebook.course.chapters`."""
    package = import_module("mcp_notebook.course.chapters")
    names = sorted(module.name for module in iter_modules(package.__path__))
    found: Iterator[Chapter] = (import_module(f"{package.__name__}.{name}").CHAPTER for name in names)
    return {chapter.number: chapter for chapter in found}


def exercises() -> Mapping[str, Exercise]:
    """Return all exercises by number, in order."""
    return {each.number: each for chapter in chapters().values() for each in chapter.exercises}


def predictions() -> Mapping[str, Prediction]:
    """Return all predictions by number, in order."""
    return {each.number: each for chapter in chapters().values() for each in chapter.predictions}


def exercise_of(number: str) -> Exercise:
    """Return the exercise of that number.

    Raises:
        UnknownNameError: There is none.
    """
    if (found := exercises().get(number)) is None:
        raise UnknownNameError(_unknown("exercise", number, [*exercises()]))
    return found


def prediction_of(number: str) -> Prediction:
    """Return the prediction of that number.

    Raises:
        UnknownNameError: There is none.
    """
    if (found := predictions().get(number)) is None:
        raise UnknownNameError(_unknown("prediction", number, [*predictions()]))
    return found


def _unknown(what: str, number: str, known: Sequence[str]) -> str:
    chapter = number.partition(".")[0]
    near = [each for each in known if each.partition(".")[0] == chapter]
    if near:
        return f"Chapter {chapter} has no {what} {number!r}. It has: {', '.join(near)}."
    having = ", ".join(dict.fromkeys(each.partition(".")[0] for each in known))
    return f"There is no {what} {number!r}.{did_you_mean(number, known)} Chapters with {what}s: {having}."
