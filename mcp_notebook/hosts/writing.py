"""Write one entry into a host's own file, and change nothing else in it."""

from __future__ import annotations

import os
import re
import shutil
import stat
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from mcp_notebook.errors import HostError
from mcp_notebook.files import locked, put_in_place, write_whole
from mcp_notebook.hosts import json_text
from mcp_notebook.hosts.configuration import HttpLink, Link, entry, own_key, prompts, secret_name, server_key
from mcp_notebook.hosts.table import Host

__all__ = ["Written", "write"]

Change = Literal["nothing", "added", "changed"]

TRIES = 10
"""Number of attempts if the host changes the file at the same time."""

_NEW = "{}\n"
_FORM = {"type", "command", "args", "url", "httpUrl", "headers"}
"""The keys of an entry that belong to this project; the user added any others."""


@dataclass(frozen=True)
class Written:
    """The result of writing to a file.

    Attributes:
        path: The file.
        change: The change to our entry, if any.
        key: The key of our entry.
        backup: A copy of the earlier file; None if there was none, or nothing changed.
        readable: True if other users of this machine can read a token that is in the file now.
    """

    path: Path
    change: Change
    key: str = ""
    backup: Path | None = None
    readable: bool = False


def write(host: Host, link: Link, *, folder: Path) -> Written:
    """Put the entry of one server into the host's file, or change it there.

    Args:
        host: The host.
        link: The way from the host to the server.
        folder: The folder of the notebook; a project's file goes to the top of the repository around it.

    Raises:
        HostError: The file cannot be changed safely, or must not be; it is unchanged.
    """
    if host.form != "json":
        raise HostError(
            f"{host.title} keeps its servers in {host.form.upper()}, among your other settings, and only JSON is "
            f"written. Paste the configuration: %mcp clients {host.key}."
        )
    secret = isinstance(link, HttpLink) and link.token is not None
    try:
        path, shared = _file(host, folder)
        if secret and shared:
            raise HostError(f"{path} may be committed, so the token is not written into it. Leave out --show-token.")
        with locked(path.resolve().parent):
            done = _written(host, link, path, secret=secret)
    except OSError as error:
        what = error.filename or f"The file of {host.title}"
        raise HostError(f"{what} cannot be changed ({error.strerror}). Paste the configuration yourself.") from error
    except UnicodeDecodeError as error:
        raise HostError(f"{path} is not UTF-8, so it was not changed. Paste the configuration yourself.") from error
    return done


def _written(host: Host, link: Link, path: Path, *, secret: bool) -> Written:
    """Change the file, and retry if its host changed it meanwhile: a host does not wait for our lock."""
    for _ in range(TRIES):
        before = path.read_bytes() if path.exists() else None
        after, change, key = _changed(host, link, path, (before or b"").decode("utf-8"))
        if change == "nothing":
            return Written(path, change, key)
        if (backup := _saved(path, before, after.encode(), secret=secret)) is not False:
            readable = secret and os.name == "posix" and bool(stat.S_IMODE(path.stat().st_mode) & 0o044)
            return Written(path, change, key, backup, readable)
    raise HostError(f"{host.title} keeps changing {path}. Close it and try again, or paste the configuration yourself.")


def _file(host: Host, folder: Path) -> tuple[Path, bool]:
    """Return the file to change, and True if it belongs to a project that others may see."""
    project = _project(folder)
    places = [(project / host.project_file, True)] if host.project_file else []
    if host.user_file is not None:
        places.append((host.user_file.expanduser(), False))
    if not places:
        raise HostError(f"There is no file for {host.title}. Paste the configuration into your client's own file.")
    for path, shared in places:
        if path.parent.is_dir():
            return path, shared
    wanted = " nor ".join(str(path.parent) for path, _ in places)
    raise HostError(
        f"There is no folder {wanted}, so {host.title} does not seem to be installed. If it is, create the folder, or "
        "paste the configuration yourself."
    )


def _project(folder: Path) -> Path:
    for above in (folder, *folder.parents):
        if above == Path.home():
            break
        if (above / ".git").exists():
            return above
    return folder


def _changed(host: Host, link: Link, path: Path, before: str) -> tuple[str, Change, str]:
    """Return the text of the file with our entry in it, the kind of change, and the key of the entry."""
    mark, text = ("\ufeff", before[1:]) if before.startswith("\ufeff") else ("", before)
    text = text if text.strip() else _NEW
    try:
        old = _object(json_text.parse(text), "the file")
        known = _object(old.get(host.servers, {}), repr(host.servers))
        key = _key(host, link, known)
        if not _is_free(known.get(key)):
            raise HostError(
                f"{path} already has a server {key!r} that is not a notebook, so it was not changed. "
                "Rename that server, or paste the configuration under another name."
            )
        new, change = _with_entry(text, host, link, known, key)
        for prompt in prompts(host, link):
            if not _is_asked(prompt["id"], old.get("inputs")):
                new = json_text.append(new, "inputs", prompt)
                change = "changed" if change == "nothing" else change
    except (ValueError, RecursionError) as error:
        raise HostError(
            f"{path} does not have the format that {host.title} documents ({error}), so it was not changed. Fix it, "
            "or paste the configuration yourself."
        ) from error
    return mark + new, change, key


def _key(host: Host, link: Link, known: dict[str, Any]) -> str:
    """Return the key of our entry: a unique one if another notebook has the usual key."""
    usual, own = server_key(link.name), own_key(link.name)
    there = known.get(usual)
    if own in known:
        return own
    if there is None:
        # A URL alone does not identify the server later, so the usual key must go to the server with that exact name.
        return usual if _is_named(host, link) or link.name == usual else own
    return usual if not _is_free(there) or _is_same(host, link, there) else own


def _is_named(host: Host, link: Link) -> bool:
    """Return True if our entry names the server that it leads to."""
    return not isinstance(link, HttpLink) or secret_name(host, link.name) in str(entry(host, link))


def _is_same(host: Host, link: Link, there: dict[str, Any]) -> bool:
    """Return True if a notebook's entry leads to this server, judging by its name, its token's name, or its URL."""
    words = there.get("args")
    if isinstance(words, list) and "connect" in words:
        return bool(words[words.index("connect") + 1 :][:1] == [link.name])
    headers = str(there.get("headers"))
    if re.search(rf"(?<!\w){re.escape(secret_name(host, link.name))}(?!\w)", headers):
        return True
    is_named = "MCP_NOTEBOOK_TOKEN_" in headers or "-token}" in headers
    is_there = isinstance(link, HttpLink) and link.url in (there.get("url"), there.get("httpUrl"))
    return not is_named and (is_there or link.name == server_key(link.name))


def _with_entry(text: str, host: Host, link: Link, known: dict[str, Any], key: str) -> tuple[str, Change]:
    """Return the text with our entry; the user's additions stay, unless the kind of link changes."""
    ours = entry(host, link)
    if known.get(key) is None:
        return json_text.put(text, (host.servers, key), ours), "added"
    if known[key].keys() & _FORM - ours.keys():
        return json_text.put(text, (host.servers, key), ours), "changed"
    new = text
    for name, value in ours.items():
        new = json_text.put(new, (host.servers, key, name), value)
    return new, "nothing" if new == text else "changed"


def _is_free(there: Any) -> bool:
    """Return True if the entry may be replaced: there is none, or it leads to a notebook on this machine."""
    if there is None:
        return True
    known = _object(there, "the server")
    words = str(known).replace("-", "_")
    url = urlsplit(str(known.get("url") or known.get("httpUrl") or ""))
    by_http = url.hostname in ("127.0.0.1", "localhost", "::1") and url.path in ("/mcp", "/sse")
    return by_http or ("mcp_notebook" in words and "'connect'" in words)


def _is_asked(name: str, inputs: Any) -> bool:
    return isinstance(inputs, list) and any(isinstance(known, dict) and known.get("id") == name for known in inputs)


def _object(value: Any, what: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError(f"{what} is not an object")
    return value


def _saved(path: Path, before: bytes | None, after: bytes, *, secret: bool) -> Path | Literal[False] | None:
    """Replace the file as a whole, because a host that watches it could read half of it; a symbolic link is kept.

    Returns:
        The copy of the earlier file, None if there was none, or False if another program changed it meanwhile.
    """
    target = path.resolve()
    draft = target.with_name(f".{target.name}.mcp-notebook")
    draft.unlink(missing_ok=True)  # left by a killed process: the folder is locked, so nobody else is writing
    try:
        write_whole(draft, after, 0o600 if secret else 0o666)
        if before is None:
            backup = None
        else:
            backup = _keep(path, before)
            shutil.copymode(target, draft)
        if (target.read_bytes() if target.exists() else None) != before:
            if backup:
                backup.unlink()
            return False
        put_in_place(draft, target)
    finally:
        with suppress(OSError):
            draft.unlink()
    return backup


def _keep(path: Path, content: bytes) -> Path:
    """Copy a file beside itself, under the first free number, with the same permissions."""
    for number in count(1):
        backup = path.with_name(f"{path.name}.bak{number}")
        with suppress(FileExistsError):
            write_whole(backup, content, 0o600)
            shutil.copystat(path, backup)
            return backup
    raise AssertionError("numbers do not end")
