"""A stand-in for a service that only this machine can reach, and a stand-in for DNS."""

from __future__ import annotations

from collections.abc import Sequence

from mcp_notebook.course.local_site import LocalSite, SiteReply, SiteRequest

__all__ = ["ADDRESSES", "Office", "resolve"]

ADDRESSES = {
    "books.example": ["93.184.215.14"],
    "six.example": ["2606:2800:21f:cb07:6820:80da:af6b:8b2c"],
    "office.example": ["10.0.0.7"],
    "cloud.example": ["169.254.169.254"],
    "carrier.example": ["100.64.0.1"],
    "both.example": ["93.184.215.14", "127.0.0.1"],
    "mapped.example": ["::ffff:127.0.0.1"],
    "127.0.0.1": ["127.0.0.1"],
    "2130706433": ["127.0.0.1"],
}
"""The names of the stand-in for DNS, with their addresses. A number is an address, too, as in the real one."""


def resolve(host: str) -> Sequence[str]:
    """Return the addresses of a host; none for an unknown one."""
    return ADDRESSES.get(host, [])


class Office(LocalSite):
    """Serves the pages of the library's office on this machine.

    Attributes:
        port: Its port.
        url: Its address.
    """

    def __init__(self) -> None:
        super().__init__("office")
        self.listen()

    def answer(self, request: SiteRequest) -> SiteReply:
        """Show what is in the till, and nothing else."""
        if request.path == "/till":
            return SiteReply("In the till: 212.50", kind="text/plain")
        return SiteReply("Nothing here.", 404, "text/plain")
