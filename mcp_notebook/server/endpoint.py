"""Describe where and how a server listens, as plain data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from mcp.server.transport_security import TransportSecuritySettings

from mcp_notebook.errors import HostingError
from mcp_notebook.server.approval import Which
from mcp_notebook.server.auth import Token
from mcp_notebook.server.call_limits import Limits

__all__ = ["LOOPBACK", "PATHS", "WORKBENCH", "Endpoint", "refuse_unsafe"]

LOOPBACK = "127.0.0.1"
LOCAL_HOSTS = (LOOPBACK, "localhost", "[::1]")

PATHS = {"http": "/mcp", "sse": "/sse"}

WORKBENCH = Limits(streams=256, seconds=0, result_bytes=64 * 1024 * 1024)
"""The limits of a notebook: more streams than a package allows, because all clients that come through Jupyter's door
count as one; larger results, because its author tries things; and no time limit, because a cell may compute for an
hour, or its author debug it."""


@dataclass(frozen=True)
class Endpoint:
    """The address, transport and access rules of a listener.

    Attributes:
        token: Clients send it as ``Authorization: Bearer``. None if the kernel checks nothing, as for a server with
            the SDK's own authorization, or if clients sign in.
        port: The port to bind; 0 for a free one.
        host: The address to bind; anything but loopback can be reached from other machines.
        transport: Streamable HTTP for both eras, or the legacy SSE.
        stable_tools: Whether to offer, in addition to the server's own tools, a pair that reaches all of them.
        search: Whether to list, in place of the server's own tools, a pair that finds and calls them.
        approve: Which calls wait for a person, see `Approval`; None for no calls.
        approve_timeout: Seconds that such a call waits at most.
        allowed_hosts: Additional host names that clients may use, such as that of a proxy in front of the server.
        door: Whether the door in Jupyter Server may pass clients on to this one.
        code: Whether it serves, in the server's place, the two tools for a model that writes code.
        limits: The limits of its callers, and of their calls.
        webhooks: Whether clients that have identified themselves may have events posted to their URLs.
        oauth: Whether clients sign in at the stand-in for an authorization server; there is no token then.
        knows: For a server with guests, whose token is short because people type it: returns whether an id is that of
            a guest who is in already. The door lets guests in without Jupyter's token. None for all other servers.
    """

    token: Token | None
    port: int = 0
    host: str = LOOPBACK
    transport: Literal["http", "sse"] = "http"
    allowed_hosts: tuple[str, ...] = ()
    stable_tools: bool = False
    search: bool = False
    approve: Which | None = None
    approve_timeout: float = 60
    door: bool = True
    limits: Limits = WORKBENCH
    webhooks: bool = False
    code: bool = False
    oauth: bool = False
    knows: Callable[[str], bool] | None = None

    @property
    def local(self) -> bool:
        """Return whether only programs on this machine can reach it."""
        return self.host in (LOOPBACK, "localhost", "::1")

    @property
    def url(self) -> str:
        """The URL for clients on this machine."""
        host = LOOPBACK if self.host in ("0.0.0.0", "::") else self.host
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}{PATHS[self.transport]}"

    @property
    def security(self) -> TransportSecuritySettings:
        """The accepted Host and Origin headers; the check is never turned off."""
        names = [*LOCAL_HOSTS, *([self.host] if not self.local else []), *self.allowed_hosts]
        hosts = [host for name in names for host in (name, f"{name}:*")]
        origins = [f"{scheme}://{host}" for scheme in ("http", "https") for host in hosts]
        return TransportSecuritySettings(
            enable_dns_rebinding_protection=True, allowed_hosts=hosts, allowed_origins=origins
        )


def refuse_unsafe(asked: Endpoint, *, own: bool) -> None:
    """Refuse options that do not fit together, or that would let in others than the author means.

    Args:
        asked: Where and how to listen.
        own: Whether the server has the SDK's own authorization.

    Raises:
        HostingError: They do not fit.
    """
    wrong = _wrong_with_code(asked) or _wrong_with_oauth(asked, own=own)
    open_ = asked.token is None and not asked.oauth and not own
    if wrong is None and open_ and asked.webhooks:
        wrong = "--webhooks needs to know who subscribes. Leave --no-token out."
    if wrong is None and open_ and not asked.local:
        wrong = (
            f"--host {asked.host} with --no-token is refused: it would let everyone on other machines call. Leave "
            "--no-token out."
        )
    if wrong is not None:
        raise HostingError(wrong)


def _wrong_with_code(asked: Endpoint) -> str | None:
    if asked.code and asked.token is None:
        return "--code runs code that clients send, so it needs a token. Leave --no-token and --oauth out."
    if asked.code and (asked.search or asked.stable_tools or asked.webhooks):
        return "--code offers two tools and nothing else. Leave --search, --stable-tools and --webhooks out."
    return None


def _wrong_with_oauth(asked: Endpoint, *, own: bool) -> str | None:
    if not asked.oauth:
        return None
    if own:
        return "This server has an authorization of its own (auth=...). Leave --oauth out, or auth=."
    if not asked.local or asked.allowed_hosts:
        return (
            "--oauth asks for no password, so it is for programs on this machine only. Leave --host and --allow-host "
            "out; for other machines, export the server: %mcp export --auth jwt."
        )
    if asked.search or asked.stable_tools:
        return (
            "--search and --stable-tools call any tool by its name, and so past the scopes that --oauth checks. Leave "
            "them out."
        )
    return None
