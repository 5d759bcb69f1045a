"""The code cells of an ``.ipynb`` file, as plain data, and which of them are meant."""

from __future__ import annotations

import re
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mcp_notebook.errors import NotebookError, did_you_mean

__all__ = ["CodeCell", "NotebookFile", "chosen", "read"]

SKIPPED = frozenset({"skip-execution", "nbval-skip"})
"""Tags of cells that do not run: nbclient's, and nbval's."""


@dataclass(frozen=True)
class CodeCell:
    """A code cell.

    Attributes:
        number: Which code cell of the notebook it is, from 1; those that do not run count.
        id: Its identity when the notebook is read again.
        source: As its author wrote it, magics included.
        tags: Those of its metadata.
    """

    number: int
    id: str
    source: str
    tags: frozenset[str] = frozenset()

    @property
    def runs(self) -> bool:
        """Return whether it has code, and no tag that forbids running it."""
        return bool(self.source.strip()) and not self.tags & SKIPPED

    @property
    def may_raise(self) -> bool:
        """Return whether its author expects it to raise."""
        return "raises-exception" in self.tags

    @property
    def first_line(self) -> str:
        """The line that it begins with."""
        return self.source.strip().split("\n")[0]


@dataclass(frozen=True)
class NotebookFile:
    """A notebook as it was read.

    Attributes:
        path: Its file, absolute.
        cells: Its code cells from top to bottom, those that do not run among them.
    """

    path: Path
    cells: tuple[CodeCell, ...]


def read(path: Path) -> NotebookFile:
    """Read a notebook's code cells.

    Raises:
        NotebookError: It is not there, not a notebook of version 4, or not for a Python kernel.
    """
    found = _parsed(path)
    if found.nbformat != 4:
        raise NotebookError(
            f"{path} has the notebook format {found.nbformat}, and only 4 is read. Bring it up to date: "
            f"jupyter nbconvert --to notebook --inplace {path}"
        )
    metadata = found.metadata
    language = metadata.get("kernelspec", {}).get("language") or metadata.get("language_info", {}).get("name")
    if (language or "python").lower() not in ("python", "ipython"):
        raise NotebookError(f"{path} is for a kernel of {language}, and only Python runs here. Name another notebook.")
    return NotebookFile(path.resolve(), tuple(_code_cells(found)))


def _code_cells(found: Any) -> Iterator[CodeCell]:
    seen: Counter[str] = Counter()
    code = (cell for cell in found.cells if cell.cell_type == "code")
    for number, cell in enumerate(code, 1):
        # Notebooks before version 4.5 give no ids; then it is the source by which a cell is known again.
        known = str(cell.get("id") or cell.source)
        seen[known] += 1
        known += f" ({seen[known]})" if seen[known] > 1 else ""
        yield CodeCell(number, known, cell.source, frozenset(cell.metadata.get("tags", ())))


def _parsed(path: Path) -> Any:
    # Half a second to import, and only a notebook's file needs it.
    import nbformat

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of missing ids, which the front end has to add
            found = nbformat.reads(path.read_text(encoding="utf-8"), as_version=nbformat.NO_CONVERT)
            if found.nbformat == 4:
                nbformat.validate(found)
    except OSError as error:
        raise NotebookError(f"{path} cannot be read ({error.strerror}). Name a notebook's file: NAME.ipynb") from None
    except nbformat.ValidationError as error:
        raise NotebookError(f"{path} is not a notebook ({error.message}). Fix it in Jupyter.") from None
    except (ValueError, AttributeError, TypeError, KeyError):  # what is in it may be secret
        raise NotebookError(f"{path} is not a notebook, or not all of one. Name a file that Jupyter opens.") from None
    return found


def chosen(notebook: NotebookFile, only: str | None) -> tuple[CodeCell, ...]:
    """Return the cells that `only` means, or all.

    Args:
        notebook: The notebook.
        only: Numbers of code cells and tags, such as ``1-5,8`` or ``tools,setup``; None for all.

    Raises:
        NotebookError: A word is neither, or means no cell.
    """
    if only is None:
        return notebook.cells
    meant = [_meaning(word.strip(), notebook) for word in only.split(",")]
    return tuple(cell for cell in notebook.cells if any(means(cell) for means in meant))


def _meaning(word: str, notebook: NotebookFile) -> Callable[[CodeCell], bool]:
    numbers = re.fullmatch(r"(\d+)(-(\d+)?)?", word)
    count = len(notebook.cells)
    if numbers:
        first = int(numbers[1])
        last = int(numbers[3] or count) if numbers[2] else first
        if not 1 <= first <= last <= count:
            has = f"1 to {count}" if count else "none"
            raise NotebookError(f"There is no code cell {word}: {notebook.path.name} has {has}. Change --only.")
        return lambda cell: first <= cell.number <= last
    tags = sorted({tag for cell in notebook.cells for tag in cell.tags})
    if word not in tags:
        raise NotebookError(
            f"No code cell of {notebook.path.name} has the tag {word!r}.{did_you_mean(word, tags)} --only takes "
            f"numbers of code cells (1-5,8) and tags ({', '.join(tags) or 'this notebook has none'})."
        )
    return lambda cell: word in cell.tags
