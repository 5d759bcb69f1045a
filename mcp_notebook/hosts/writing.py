"""Writing one entry into a host's own file, and touching nothing else in it."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from mcp_notebook.errors import HostError
from mcp_notebook.hosts import json_text
from mcp_notebook.hosts.configuration import Http, Link, entry, prompts, server_key
from mcp_notebook.hosts.table import Host

__all__ = ["Written", "write"]

Change = Literal["nothing", "added", "changed"]

_NEW = "{}\n"
_FORM = {"type", "command", "args", "url", "headers"}
"""What an entry says by bridge or by HTTP; anything else in it is a person's own."""


@dataclass(frozen=True)
class Written:
    """What became of a file.

    Attributes:
        path: The file.
        change: What was done to our entry; nothing where it said so already.
        backup: A copy of the file as it was; None where nothing was there, or nothing changed.
        readable: Whether others on this machine can read a token that is in it now.
    """

    path: Path
    change: Change
    backup: Path | None = None
    readable: bool = False


def write(host: Host, link: Link, *, folder: Path) -> Written:
    """Put the entry of one server into the host's file, or change it there.

    Args:
        host: Whose file.
        link: How the host reaches the server.
        folder: Where the notebook is; a file of a project goes to the top of the repository that it is in.

    Raises:
        HostError: The file cannot be changed surely, or must not be; it is as it was.
    """
    secret = isinstance(link, Http) and link.token is not None
    try:
        path, shared = _file(host, folder)
        if secret and shared:
            raise HostError(f"{path} may be committed, so the token is not written into it. Leave out --show-token.")
        before = path.read_bytes().decode("utf-8") if path.exists() else ""
        after, change = _changed(host, link, path, before)
        if change == "nothing":
            return Written(path, change)
        backup = _keep(path) if path.exists() else None
        _save(path, after, secret=secret)
    except OSError as error:
        what = error.filename or f"The file of {host.title}"
        raise HostError(f"{what} cannot be changed ({error.strerror}). Paste the configuration yourself.") from error
    except UnicodeDecodeError as error:
        raise HostError(f"{path} is not UTF-8, so it is left as it is. Paste the configuration yourself.") from error
    readable = secret and os.name == "posix" and bool(stat.S_IMODE(path.stat().st_mode) & 0o044)
    return Written(path, change, backup, readable)


def _file(host: Host, folder: Path) -> tuple[Path, bool]:
    """Return the file to change, and whether it belongs to a project that others may see."""
    project = _project(folder)
    places = [(project / host.project_file, True)] if host.project_file else []
    if host.user_file is not None:
        places.append((host.user_file.expanduser(), False))
    if not places:
        raise HostError(f"There is no file for {host.title}. Paste the configuration where your client keeps its own.")
    for path, shared in places:
        if path.parent.is_dir():
            return path, shared
    wanted = " nor ".join(str(path.parent) for path, _ in places)
    raise HostError(
        f"There is no folder {wanted}, so {host.title} does not seem to be used here. Make the folder if it is, or "
        "paste the configuration yourself."
    )


def _project(folder: Path) -> Path:
    for above in (folder, *folder.parents):
        if above == Path.home():
            break
        if (above / ".git").exists():
            return above
    return folder


def _changed(host: Host, link: Link, path: Path, before: str) -> tuple[str, Change]:
    """Return the text of the file with our entry in it, and what kind of change that is."""
    mark, text = ("\ufeff", before[1:]) if before.startswith("\ufeff") else ("", before)
    text = text if text.strip() else _NEW
    try:
        old = _object(json_text.parse(text), "the file")
        known = _object(old.get(host.servers, {}), repr(host.servers))
        if not _is_free(known.get(server_key(link.name))):
            raise HostError(
                f"{path} has a server {server_key(link.name)!r} that is not a notebook's, so it is left as it is. "
                "Rename that one, or paste the configuration under another name."
            )
        new, change = _with_entry(text, host, link, known)
        for prompt in prompts(host, link):
            if not _is_asked(prompt["id"], old.get("inputs")):
                new = json_text.append(new, "inputs", prompt)
                change = "changed" if change == "nothing" else change
    except (ValueError, RecursionError) as error:
        raise HostError(
            f"{path} does not have the form that {host.title} documents ({error}), so it is left as it is. Mend it, "
            "or paste the configuration yourself."
        ) from error
    return mark + new, change


def _with_entry(text: str, host: Host, link: Link, known: dict[str, Any]) -> tuple[str, Change]:
    """Return the text with our entry; what a person added to it stays, unless it starts in another way now."""
    key, ours = server_key(link.name), entry(host, link)
    if known.get(key) is None:
        return json_text.put(text, (host.servers, key), ours), "added"
    if known[key].keys() & _FORM - ours.keys():
        return json_text.put(text, (host.servers, key), ours), "changed"
    new = text
    for name, value in ours.items():
        new = json_text.put(new, (host.servers, key, name), value)
    return new, "nothing" if new == text else "changed"


def _is_free(there: Any) -> bool:
    """Whether an entry may be ours: there is none, or it leads to a notebook on this machine."""
    if there is None:
        return True
    known = _object(there, "the server")
    words = str(known).replace("-", "_")
    url = urlsplit(str(known.get("url", "")))
    by_http = url.hostname in ("127.0.0.1", "localhost", "::1") and url.path in ("/mcp", "/sse")
    return by_http or ("mcp_notebook" in words and "'connect'" in words)


def _is_asked(name: str, inputs: Any) -> bool:
    return isinstance(inputs, list) and any(isinstance(known, dict) and known.get("id") == name for known in inputs)


def _object(value: Any, what: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError(f"{what} is no object")
    return value


def _keep(path: Path) -> Path:
    """Copy a file beside itself, under the first free number, as readable as it is."""
    for number in count(1):
        backup = path.with_name(f"{path.name}.bak{number}")
        try:
            backup.touch(mode=0o600, exist_ok=False)
        except FileExistsError:
            continue
        return Path(shutil.copy2(path, backup))
    raise AssertionError("numbers do not end")


def _save(path: Path, text: str, *, secret: bool) -> None:
    """Write the text; over a file that is there all at once, since a host that watches it would read half of it."""
    if not path.exists():
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600 if secret else 0o666)
        with os.fdopen(descriptor, "wb") as file:
            file.write(text.encode())
        return
    target = path.resolve()
    descriptor, draft = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}-")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(text.encode())
        shutil.copymode(target, draft)
        Path(draft).replace(target)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise
