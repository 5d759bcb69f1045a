"""Check that the proxies before Jupyter pass a stream on as it comes, by reading one from outside of them."""

from __future__ import annotations

import time
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from mcp_notebook.addresses import DOOR_PATH, STREAM_PATH, STREAM_PAUSE, Door
from mcp_notebook.doctor.diagnosis import Diagnosis

__all__ = ["streams"]

PATIENCE = 10
"""Seconds to wait for the proxies."""

SETTINGS = (
    "nginx: proxy_http_version 1.1 and proxy_buffering off; ingress-nginx: the annotation "
    'nginx.ingress.kubernetes.io/proxy-buffering: "off"; Traefik: no middleware buffering or compress on this route; '
    "Apache: ProxyPass with flushpackets=on. JupyterHub's own proxy needs no setting"
)
"""The settings by which each proxy passes streams on, by its documentation; those of nginx were tried."""


def streams(door: Door, token: str | None) -> Diagnosis:
    """Read the door's own stream at its public address, and compare when its second and third line arrive.

    Args:
        door: The door of the Jupyter Server that started this process.
        token: A token for that server; None if there is none here.
    """
    url = f"{door.base}{DOOR_PATH}{STREAM_PATH}"
    by_hand = f"on your own machine: curl -N -H 'Authorization: token TOKEN' {_whole(url)}, which has to take a second "
    by_hand += "between its lines"
    if urlsplit(url).scheme not in ("http", "https"):
        operators = "the hub's operators: c.JupyterHub.public_url" if door.hub else "ServerApp.custom_display_url"
        return Diagnosis(
            "streams: not checked, because Jupyter is not told its own address",
            "note",
            f"{operators} = 'https://...'; or {by_hand}",
        )
    if not token:
        return Diagnosis("streams: not checked, because no token for Jupyter is known here", "note", by_hand)
    try:
        apart = _seconds_apart(url, token)
    except (URLError, OSError) as error:
        return Diagnosis(f"streams: not checked, because {url} cannot be asked from here ({error})", "note", by_hand)
    if apart < STREAM_PAUSE / 2:
        return Diagnosis(
            f"streams: a proxy before Jupyter, at {urlsplit(url).netloc}, holds events back until an answer ends, so "
            "progress comes late, and notices do not come",
            "problem",
            SETTINGS,
        )
    return Diagnosis(f"streams: events arrive at once through {urlsplit(url).netloc}")


def _seconds_apart(url: str, token: str) -> float:
    """Return the seconds between the second and the third line of the door's stream."""
    request = Request(url, headers={"Authorization": f"token {token}", "Accept": "text/event-stream"})
    with urlopen(request, timeout=PATIENCE) as answer:  # through the machine's own proxies, as it may have to
        if answer.headers.get_content_type() != "text/event-stream":
            raise OSError(f"it answers with {answer.headers.get_content_type()}")
        lines = (line for line in answer if line.strip())
        next(lines, None), next(lines, None)
        second = time.monotonic()
        next(lines, None)
        return time.monotonic() - second


def _whole(url: str) -> str:
    return url if urlsplit(url).scheme else f"https://YOUR-HUB{url}"
