"""Write an OpenAPI document as a notebook."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mcp_notebook.errors import NotebookError, did_you_mean
from mcp_notebook.importing.openapi.cells import server_name, written
from mcp_notebook.importing.openapi.document import Document, read_document
from mcp_notebook.importing.openapi.operations import Operation, chosen, operations
from mcp_notebook.importing.writing import new_notebook_at, write_notebook
from mcp_notebook.typed.texts import literal, shortened
from mcp_notebook.visible import visible

__all__ = ["ImportedApi", "import_api"]

MOST_OPERATIONS: Final = 50
"""Operations of a document from which nobody has to choose."""

MOST_NOTES: Final = 20
MOST_TAGS: Final = 20


@dataclass(frozen=True)
class ImportedApi:
    """The outcome of an import.

    Attributes:
        notebook: The file that was written.
        about: A line on what it has.
        notes: Remarks on it, and the things that are left to do, a sentence each.
    """

    notebook: Path
    about: str
    notes: tuple[str, ...]

    def __str__(self) -> str:
        return "\n".join([f"{self.notebook.name}: {self.about}", *(f"  {note}" for note in self.notes)])


def import_api(source: str, to: Path | None, folder: Path, *, only: Sequence[str] = ()) -> ImportedApi:
    """Write the operations of an API as a notebook, with a tool in a cell for each.

    Args:
        source: The file or URL of an OpenAPI document.
        to: The notebook to write; defaults to the title of the API in `folder`.
        folder: The folder for the notebook.
        only: Patterns for the operations: their names, paths, methods with paths, or tags.

    Raises:
        NotebookError: The document cannot be read or used, it has too many operations, or the notebook exists.
    """
    document = read_document(source)
    wanted = _wanted(document, operations(document), only)
    name = server_name(document)
    notebook = new_notebook_at(folder / (to or f"{name}.ipynb"))
    made = written(document, wanted)
    write_notebook(notebook, made.cells)
    tools = f"{made.tools} tool{'s' if made.tools != 1 else ''}"
    variable = f"{name.upper()}_URL"
    if document.base_url:
        base = visible(document.base_url, one_line=True)
        notes = [f"Requests go to {base}; to change that: the environment variable {variable}."]
    else:
        notes = [f"The document does not name the address of the API: set the environment variable {variable}."]
    if made.variables:
        notes.append(f"Credentials come from the environment: {', '.join(made.variables)}.")
    told = [f"{note[:1].upper()}{note[1:].rstrip('.')}." for note in made.notes]
    notes += [visible(shortened(note, 300), one_line=True) for note in told[:MOST_NOTES]]
    if len(told) > MOST_NOTES:
        notes.append(f"{len(told) - MOST_NOTES} more remarks are in the cells.")
    return ImportedApi(notebook, f"{tools} from {document.source}, server {name!r}.", tuple(notes))


def _wanted(document: Document, found: Sequence[Operation], only: Sequence[str]) -> list[Operation]:
    if not found:
        raise NotebookError(f"{document.source} has no operations. Give a document with paths.")
    tags = Counter(tag for operation in found for tag in operation.tags)
    if only:
        wanted = chosen(found, only)
        if not wanted:
            known = [*(operation.name for operation in found), *tags]
            meant = did_you_mean(only[0], known)
            raise NotebookError(f"No operation of {document.source} fits {', '.join(only)}.{meant}{_tags(tags)}")
        return wanted
    if len(found) > MOST_OPERATIONS:
        raise NotebookError(
            f"{document.source} has {len(found):,} operations. Choose some by name, path or tag: --only PATTERN, such "
            f"as --only {literal(found[0].name)}; --only '*' takes all.{_tags(tags)}"
        )
    return list(found)


def _tags(tags: Counter[str]) -> str:
    if not tags:
        return ""
    named = ", ".join(f"{shortened(tag, 40)} ({count})" for tag, count in tags.most_common(MOST_TAGS))
    return f" Tags: {visible(named, one_line=True)}{', ...' if len(tags) > MOST_TAGS else ''}."
