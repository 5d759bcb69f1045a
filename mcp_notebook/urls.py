"""URLs as browsers read them: where a link really leads, and what about it can mislead."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from typing import Any

from mcp_notebook.visible import visible

__all__ = ["Address", "address_of"]

LETTERS = "This name holds letters beyond a to z, which can look like others. Is it the host that you mean?"


@dataclass(frozen=True)
class Address:
    """What a URL says to a browser.

    Attributes:
        written: The URL as it came, every character of it to be seen.
        href: The URL as a browser writes it; None where it is not a web page's, so that it must not become a link.
        host: The host that it leads to, names beyond ASCII in Punycode; "" where there is none.
        site: The domain that somebody registered, of which the host is a part; an IP address is one by itself.
        rewritten: Whether a browser writes it in another way than it came.
        cautions: What to look at twice, a sentence each. Without an `href`, the first one says why.
    """

    written: str
    href: str | None
    host: str
    site: str
    cautions: tuple[str, ...]
    rewritten: bool = False

    @property
    def parts(self) -> tuple[str, str, str]:
        """The `href` before its host, the host, and what follows it."""
        href = self.href or ""
        authority = re.match(r"\w+://[^/?#]*", href)
        start = (authority.group() if authority else "").rfind("@") + 1 or href.find("//") + 2
        return href[:start], self.host, href[start + len(self.host) :]


def address_of(url: str) -> Address:
    """Read a URL as browsers do, by the WHATWG's standard.

    Only ``http`` and ``https`` lead to a web page; a browser opens other schemes in ways of their own, or runs them.
    """
    import ada_url  # here, because few cells show a URL

    written = visible(url, one_line=True)
    try:
        read: Any = ada_url.URL(url)
    except ValueError:
        return Address(written, None, "", "", ("No link: a browser cannot read this as a whole URL.",))
    scheme, host = str(read.protocol), str(read.hostname)
    if scheme not in ("http:", "https:"):
        return Address(written, None, host, "", (f"No link: {scheme} is not the address of a web page.",))
    number = read.host_type != ada_url.HostType.DEFAULT
    href = str(read.href)
    rewritten = written not in (href, href.removesuffix("/"))
    cautions = tuple(_cautions(read, number, rewritten))
    return Address(written, href, host, host if number else _site(host), cautions, rewritten)


def _cautions(read: Any, number: bool, rewritten: bool) -> list[str]:
    found = []
    if read.username or read.password:
        found.append("What stands before the @ is a user name, and not the host.")
    if number:
        found.append("The host is the number of a machine, and not a name.")
    if re.search(r"(^|\.)xn--", str(read.hostname)):
        found.append(LETTERS)
    if rewritten:
        found.append("The server wrote it in another way than browsers do; this is how they read it.")
    return found


def _site(host: str) -> str:
    name = host.rstrip(".")
    return _suffixes().privatesuffix(name) or name


@functools.cache
def _suffixes() -> Any:
    from publicsuffixlist import PublicSuffixList

    return PublicSuffixList()
