"""Read URLs as browsers do: find where a link really leads, and what about it is misleading."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from typing import Any

from mcp_notebook import browser_tab
from mcp_notebook.visible import visible

__all__ = ["WebAddress", "address_of"]

LETTERS = "The name contains letters other than a to z, which can look like others. Is it the host you expect?"


@dataclass(frozen=True)
class WebAddress:
    """A URL as a browser understands it.

    Attributes:
        written: The URL as given, with every character visible.
        href: The URL as a browser writes it; None if it is not a web page's, and so must not become a link.
        host: The host that it leads to, with Punycode for other than ASCII letters; "" if there is none.
        site: The registered domain that the host belongs to; an IP address stands for itself.
        rewritten: Whether a browser writes the URL differently.
        cautions: Warnings, one sentence each. Without an `href`, the first one says why.
    """

    written: str
    href: str | None
    host: str
    site: str
    cautions: tuple[str, ...]
    rewritten: bool = False

    @property
    def parts(self) -> tuple[str, str, str]:
        """The parts of `href`: before the host, the host, and after it."""
        href = self.href or ""
        authority = re.match(r"\w+://[^/?#]*", href)
        start = (authority.group() if authority else "").rfind("@") + 1 or href.find("//") + 2
        return href[:start], self.host, href[start + len(self.host) :]


def address_of(url: str) -> WebAddress:
    """Read a URL as browsers do, by the WHATWG's standard.

    Only ``http`` and ``https`` lead to a web page; browsers hand other schemes to other programs, or run them.
    """
    written = visible(url, one_line=True)
    try:
        read = _read(url)
    except ValueError:
        return WebAddress(written, None, "", "", ("No link: a browser cannot read this as a whole URL.",))
    scheme, host = str(read.protocol), str(read.hostname)
    if scheme not in ("http:", "https:"):
        return WebAddress(written, None, host, "", (f"No link: {scheme} is not the address of a web page.",))
    number = _ADDRESS.fullmatch(host) is not None
    href = str(read.href)
    rewritten = written not in (href, href.removesuffix("/"))
    cautions = tuple(_cautions(read, number, rewritten))
    return WebAddress(written, href, host, host if number else _site(host), cautions, rewritten)


_ADDRESS = re.compile(r"\d+(\.\d+){3}|\[.*\]")
"""An IP address as the standard writes it."""


def _read(url: str) -> Any:
    if browser_tab.HERE:
        return browser_tab.read_url(url)
    import ada_url  # imported here, because few cells show a URL

    return ada_url.URL(url)


def _cautions(read: Any, number: bool, rewritten: bool) -> list[str]:
    found = []
    if read.username or read.password:
        found.append("The text before the @ is a user name, not the host.")
    if number:
        found.append("The host is an IP address, not a name.")
    if re.search(r"(^|\.)xn--", str(read.hostname)):
        found.append(LETTERS)
    if rewritten:
        found.append("The server wrote the URL differently; this is how browsers read it.")
    return found


def _site(host: str) -> str:
    name = host.rstrip(".")
    return _suffixes().privatesuffix(name) or name


@functools.cache
def _suffixes() -> Any:
    from publicsuffixlist import PublicSuffixList

    return PublicSuffixList()
