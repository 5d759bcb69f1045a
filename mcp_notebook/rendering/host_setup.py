"""Render how to configure a host for a server: snippets to paste, and changes that were written."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from dataclasses import replace
from html import escape

from mcp_notebook.hosts import BridgeLink, Host, HttpLink, Link, Written, add_command, snippet, token_hint
from mcp_notebook.rendering import look
from mcp_notebook.visible import visible

__all__ = ["Configurations", "snippet_card", "written_card"]

_INDENT = "    "


class Configurations(look.Rendering):
    """The snippets to paste into the configuration of some hosts.

    Attributes:
        head: The title (HTML).
        tabs: The part for each host (HTML), by the host's title.
    """

    def __init__(self, server: str, link: Link, hosts: list[Host]) -> None:
        outside = _is_elsewhere(link)
        way = "by bridge" if isinstance(link, BridgeLink) else "through Jupyter" if outside else "by HTTP"
        title = f"clients of {look.code(server)} {look.muted(way)}"
        about = "For clients on your own machine. For those on the machine of this kernel: %mcp clients --local"
        self.head = look.card(title, f"<p>{escape(about)}</p>" if outside else "")
        self.tabs = {host.title: visible(_html(host, link)) for host in hosts}
        text = [f"clients of {server}, {way}", *([f"  {about}"] if outside else [])]
        text += [line for host in hosts for line in _lines(host, link)]
        html = [look.heading(5, escape(name)) + part for name, part in self.tabs.items()]
        super().__init__("\n".join(text), look.card(title, f"<p>{escape(about)}</p>" if outside else "", *html))


def _lines(host: Host, link: Link) -> Iterator[str]:
    yield f"  {host.title}"
    for words, text in _parts(host, link):
        yield from textwrap.wrap(words, look.WIDTH, initial_indent=_INDENT, subsequent_indent=_INDENT)
        yield from textwrap.indent(text, _INDENT + "  ").splitlines()


def _html(host: Host, link: Link) -> str:
    return "".join(f"<p>{escape(words)}</p>{_snippet(text)}" for words, text in _parts(host, link))


def _snippet(text: str) -> str:
    if not text:
        return ""
    return look.json_pre(text, whole=True) if text.startswith("{") else look.pre(text, whole=True)


def _parts(host: Host, link: Link) -> Iterator[tuple[str, str]]:
    """Yield pairs for one host: a sentence, and the snippet to copy below it, or ""."""
    command = add_command(host, link)
    if command:
        shell = "on your own machine" if _is_elsewhere(link) else "in this folder"
        yield f"To add it for yourself, run in a shell {shell}:", command
    places = [host.project_file and f"{host.project_file} of the project", str(host.user_file or "")]
    where = " or ".join(place for place in places if place)
    yield f"In {where}:" if where else "In the client's list of servers:", _pretty(host, link)
    if isinstance(link, HttpLink) and link.note:
        yield f"{link.note}.", ""
    if hint := token_hint(host, link):
        yield hint, ""
    if host.follows is False:
        yield f"It does not notice when tools change ({host.follows_note}): use %mcp serve --stable-tools.", ""


def _is_elsewhere(link: Link) -> bool:
    """Return whether the clients are on another machine than the kernel."""
    return isinstance(link, HttpLink) and bool(link.token_from)


def _pretty(host: Host, link: Link) -> str:
    return snippet(host, link)


def snippet_card(host: Host, link: Link) -> look.Rendering:
    """Draw a snippet to paste by hand if the file cannot be written, without the token, which is only for the file."""
    text = _pretty(host, replace(link, token=None) if isinstance(link, HttpLink) else link)
    return look.Rendering(text, look.card(f"for {escape(host.title)}", _snippet(text)))


def written_card(host: Host, link: Link, done: Written) -> look.Rendering:
    """Draw the changes in a host's own file."""
    lines = list(_said(host, link, done))
    text = [f"{host.title}: {lines[0]}", *(f"  {line}" for line in lines[1:])]
    html = look.card(escape(host.title), *(f"<p>{escape(line)}</p>" for line in lines))
    return look.Rendering("\n".join(text), html)


def _said(host: Host, link: Link, done: Written) -> Iterator[str]:
    key = repr(done.key)
    if done.change == "nothing":
        yield f"{done.path} has {key} as it should be. Nothing was changed."
        return
    yield f"{f'Added {key} to' if done.change == 'added' else f'Changed {key} in'} {done.path}."
    if done.backup is not None:
        yield f"The earlier file is kept as {done.backup.name}."
    if done.readable:
        yield f"It now contains the token, and other users of this machine can read it: chmod 600 {done.path}"
    if hint := token_hint(host, link):
        yield hint
    yield host.then
