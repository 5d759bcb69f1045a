"""Write the matrix in docs/platforms.md.

A test that shows features on a platform is marked ``platform(PLATFORM, FEATURE, ...)``. The rest of the matrix is in
`CLAIMS`, with its reasons in the page. Run this after changing a mark or a claim; a test compares the page with them.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "platforms.md"
BEGIN, END = "<!-- scripts/platforms.py writes from here -->", "<!-- to here -->"

PLATFORMS = {
    "lab": "JupyterLab 4",
    "notebook": "Notebook 7",
    "classic": "Notebook 6, nbclassic",
    "hub": "JupyterHub, Binder",
    "colab": "Colab, Kaggle",
    "vscode": "VS Code",
    "lite": "JupyterLite",
    "terminal": "IPython in a terminal",
    "batch": "nbclient, papermill",
}
FEATURES = {
    "cells": "magics, definitions, calls",
    "card": "cards",
    "form": "forms",
    "question": "a server's questions",
    "approval": "approval of calls",
    "workbench": "the workbench",
    "app": "apps",
    "busy": "forms while a cell runs",
    "serve": "`%mcp serve` on this machine",
    "door": "an address for clients elsewhere",
    "connect": "`%mcp connect`",
    "export": "`%mcp export` and its proof",
    "course": "the course",
}
TESTED, VERSIONS, CONTRACT, UNVERIFIED = "tested", "its versions", "by contract", "unverified"
TEXT, NO = "as text", "no"

# By platform: its cells of the matrix, in the order of FEATURES; "" where a test is marked. The page has the reasons.
C, N, T, U, V = CONTRACT, NO, TEXT, UNVERIFIED, VERSIONS
OTHERS: dict[str, tuple[str, ...]] = {
    "lab": ("",) * 13,
    "notebook": ("", "", "", "", C, "", C, C, C, C, C, C, C),
    "classic": ("", "", "", "", C, "", U, N, C, C, C, C, C),
    "hub": ("", "", C, C, C, C, C, C, "", "", C, C, C),
    "colab": (V, C, C, C, C, C, U, N, C, N, C, C, V),
    "vscode": (C, C, C, C, C, C, U, U, C, N, C, C, C),
    "lite": ("", "", "", "", N, "", U, N, N, N, U, N, ""),
    "terminal": ("", T, T, "", T, T, T, N, "", N, C, C, N),
    "batch": (TESTED, "", T, "", N, T, T, N, C, N, C, C, TESTED),  # make check-notebooks
}
CLAIMS = {
    (platform, feature): claim
    for platform, claims in OTHERS.items()
    for feature, claim in zip(FEATURES, claims, strict=True)
    if claim
}


def cells() -> dict[tuple[str, str], str]:
    """Return what the matrix says, by platform and feature."""
    return CLAIMS | dict.fromkeys(tested(), "tested")


def tested() -> dict[tuple[str, str], list[str]]:
    """Return the tests that are marked, by platform and feature."""
    found = defaultdict(list)
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        for place, name in _marked(ast.parse(path.read_text(encoding="utf-8"))):
            found[place].append(path.relative_to(ROOT).as_posix() + name)
    return found


def _marked(tree: ast.Module) -> Iterator[tuple[tuple[str, str], str]]:
    for statement in tree.body:
        if isinstance(statement, ast.Assign):
            marks, name = ast.walk(statement.value), ""
        elif isinstance(statement, ast.FunctionDef):
            marks, name = iter(statement.decorator_list), f"::{statement.name}"
        else:
            continue
        for mark in marks:
            if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "pytest.mark.platform":
                platform, *features = (str(ast.literal_eval(argument)) for argument in mark.args)
                yield from (((platform, feature), name) for feature in features)


def matrix() -> str:
    """Return the matrix, and the tests behind it, as Markdown."""
    said, behind = cells(), defaultdict(set)
    for (platform, _), tests in tested().items():
        behind[platform].update(test.partition("::")[0] for test in tests)
    lines = [
        f"| | {' | '.join(PLATFORMS.values())} |",
        f"|---|{'---|' * len(PLATFORMS)}",
        *(f"| {title} | {' | '.join(said[key, name] for key in PLATFORMS)} |" for name, title in FEATURES.items()),
        "",
        "The tests behind *tested*:",
        "",
        *(
            f"- {PLATFORMS[key]}: {', '.join(f'`{path}`' for path in sorted(behind[key]))}"
            for key in PLATFORMS
            if key in behind
        ),
    ]
    return "\n".join(lines)


def main() -> None:
    """Write the matrix into the page."""
    text = PAGE.read_text(encoding="utf-8")
    before, after = text.partition(BEGIN)[0], text.partition(END)[2]
    PAGE.write_text(f"{before}{BEGIN}\n\n{matrix()}\n\n{END}{after}", encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
