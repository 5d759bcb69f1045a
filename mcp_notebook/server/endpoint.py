"""Where and how a server listens, as plain data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from mcp.server.transport_security import TransportSecuritySettings

from mcp_notebook.server.approval import Which
from mcp_notebook.server.gate import Token

__all__ = ["LOOPBACK", "PATHS", "Endpoint"]

LOOPBACK = "127.0.0.1"
LOCAL_HOSTS = (LOOPBACK, "localhost", "[::1]")

PATHS = {"http": "/mcp", "sse": "/sse"}


@dataclass(frozen=True)
class Endpoint:
    """Where and how a server listens.

    Attributes:
        token: What clients send as ``Authorization: Bearer``; None where the kernel checks nothing, as for a server
            that brings the SDK's own authorization.
        port: 0 for a free one.
        host: The address to bind; others than loopback are seen from outside this machine.
        transport: Streamable HTTP for both eras, or the legacy SSE.
        stable_tools: Whether to offer, beside the server's own, a pair of tools that reach all of them.
        approve: Which calls wait for a person, see `Approval`; None for none.
        approve_timeout: Seconds that they wait at most.
        allowed_hosts: Names beyond those of loopback that clients may reach it by, as a proxy in front of it has.
    """

    token: Token | None
    port: int = 0
    host: str = LOOPBACK
    transport: Literal["http", "sse"] = "http"
    allowed_hosts: tuple[str, ...] = ()
    stable_tools: bool = False
    approve: Which | None = None
    approve_timeout: float = 60

    @property
    def local(self) -> bool:
        """Whether only programs of this machine reach it."""
        return self.host in (LOOPBACK, "localhost", "::1")

    @property
    def url(self) -> str:
        """Where clients of this machine connect."""
        host = LOOPBACK if self.host in ("0.0.0.0", "::") else self.host
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}{PATHS[self.transport]}"

    @property
    def security(self) -> TransportSecuritySettings:
        """The Host and Origin headers that are let in; never all of them."""
        names = [*LOCAL_HOSTS, *([self.host] if not self.local else []), *self.allowed_hosts]
        hosts = [host for name in names for host in (name, f"{name}:*")]
        origins = [f"{scheme}://{host}" for scheme in ("http", "https") for host in hosts]
        return TransportSecuritySettings(
            enable_dns_rebinding_protection=True, allowed_hosts=hosts, allowed_origins=origins
        )
