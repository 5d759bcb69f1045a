"""The library's papers: a folder for a model, beside files that are not for it."""

from __future__ import annotations

import shutil
from contextlib import suppress
from pathlib import Path

from mcp_notebook.course.folder import course_folder

__all__ = ["lay_out_papers"]

TEXTS = {
    "alarm.txt": "The code of the alarm is 0000.\n",
    "papers-old/wages.txt": "Grace earns ...\n",
    "papers/rules.txt": "Be quiet.\nBring books back.\n",
    "papers/minutes/may.txt": "Present: Ada, Grace.\nWe buy Piranesi.\n",
    "papers/visitors.log": "somebody came\n" * 5000,
}

STAMP = b"\x89PNG\r\n\x1a\n" + bytes(24)

LINKS = {"papers/door.txt": "alarm.txt", "papers/old": "papers-old"}
"""Links in the folder of papers, and where each leads: out of it."""


def lay_out_papers() -> Path:
    """Write the office's files as on the first day of the course, and return the folder of papers in it.

    Everything that was in the office before is removed. Where the system allows no links, as Windows does by default,
    they are left out.
    """
    office = course_folder().resolve() / "office"
    shutil.rmtree(office, ignore_errors=True)
    for name, text in TEXTS.items():
        file = office / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text.encode())
    (office / "papers" / "stamp.png").write_bytes(STAMP)
    for name, target in LINKS.items():
        with suppress(OSError):
            (office / name).symlink_to(office / target, target_is_directory=(office / target).is_dir())
    return office / "papers"
