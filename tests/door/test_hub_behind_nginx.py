"""A hub behind another proxy: the address that it is told, streams through it, and what the doctor finds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx2
import pytest

from tests.support.hub import RemoteKernel, UserServer, free_urls, running_hub
from tests.support.nginx import program_or_skip, running_nginx
from tests.support.outside import connected
from tests.support.raw_http import RawClient

pytestmark = [pytest.mark.slow, pytest.mark.outside]

SERVER = """
server {{
    listen {listen};
    location / {{
        proxy_pass {hub};
        proxy_set_header Host $http_host;
        {more}
    }}
}}
"""
PASSES_ON = "proxy_http_version 1.1;"
HOLDS_BACK = "proxy_http_version 1.0; proxy_buffering on; proxy_ignore_headers X-Accel-Buffering;"
"""With HTTP/1.1, nginx passes the parts of a chunked answer on even then."""

TOOL = """%%mcp_tool
import time
import anyio
from mcp.server.mcpserver import Context

async def progresses(ctx: Context) -> list[float]:
    sent = []
    for number in range(3):
        sent.append(time.monotonic())
        await ctx.report_progress(number, 3)
        await anyio.sleep(0.5)
    return sent
"""


@dataclass
class Behind:
    """A hub that is told its address at nginx, its learners, and the address of an nginx that holds back."""

    ada: UserServer
    bob: UserServer
    kernel: RemoteKernel
    public: str
    slow: str

    def at(self, url: str) -> str:
        """Return the address of the notebook behind a proxy."""
        return f"{url}{urlsplit(self.ada.door('sales')).path}"


@pytest.fixture(scope="module")
def behind(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Behind]:
    program_or_skip()
    public, slow = free_urls(2)
    with running_hub(tmp_path_factory.mktemp("hub"), public=f"{public}/") as hub:
        servers = "".join(
            SERVER.format(listen=urlsplit(url).netloc, hub=hub.url, more=more)
            for url, more in ((public, PASSES_ON), (slow, HOLDS_BACK))
        )
        with running_nginx(tmp_path_factory.mktemp("nginx"), servers, answers_at=f"{public}/hub/api/"):
            ada, bob = hub.start("ada", "bob")
            kernel = ada.open("sales.ipynb")
            for cell in ("%load_ext mcp_notebook", TOOL):
                kernel.run(cell)
            yield Behind(ada, bob, kernel, public, slow)


def test_the_printed_address_works_as_it_is(behind: Behind) -> None:
    printed = behind.kernel.run("%mcp serve").text
    url = behind.at(behind.public)
    assert url in printed
    assert f"{behind.public}/hub/token" in printed
    assert "YOUR-HUB" not in printed
    assert behind.ada.token not in printed
    with connected(url, behind.ada.token) as client:
        assert "progresses" in client.tools()


@pytest.mark.parametrize("era", ["legacy", "auto"], ids=["legacy", "modern"])
def test_progress_passes_nginx_as_debian_sets_it_up(behind: Behind, era: str) -> None:
    behind.kernel.run("%mcp serve")
    with connected(behind.at(behind.public), behind.ada.token, era) as client:
        late = []
        for _ in range(3):
            arrived, sent = client.progress("progresses")
            late.append(max(there - here for there, here in zip(arrived, sent, strict=True)))
            if late[-1] < 0.4:  # less than from one to the next
                return
    raise AssertionError(f"progress came late, by {late} s")


@pytest.mark.parametrize("proxy", ["public", "slow"])
def test_another_users_token_is_refused_behind_each_proxy(behind: Behind, proxy: str) -> None:
    behind.kernel.run("%mcp serve")
    url = behind.at(getattr(behind, proxy))
    for token in (behind.bob.token, None):
        with RawClient(url, token) as thief:
            assert thief.request("tools/list", {}).status_code == 403
    stream = url.replace("sales/mcp", "stream")
    assert httpx2.get(stream, headers={"Authorization": f"Bearer {behind.bob.token}"}).status_code == 403
    assert httpx2.get(stream).status_code == 403


def test_the_doctor_sees_streams_pass(behind: Behind) -> None:
    found = " ".join(behind.kernel.run("%mcp doctor").text.split())
    assert f"streams: events arrive at once through {urlsplit(behind.public).netloc}" in found, found


def test_the_doctor_finds_a_proxy_that_holds_back_and_says_what_to_set(behind: Behind) -> None:
    behind.kernel.run("import os; told = os.environ['MCP_NOTEBOOK_DOOR']")
    behind.kernel.run(f"os.environ['MCP_NOTEBOOK_DOOR'] = told.replace({behind.public!r}, {behind.slow!r})")
    try:
        found = " ".join(behind.kernel.run("%mcp doctor").text.split())
    finally:
        behind.kernel.run("os.environ['MCP_NOTEBOOK_DOOR'] = told")
    slow = urlsplit(behind.slow).netloc
    assert f"problem streams: a proxy before Jupyter, at {slow}, holds events back" in found, found
    assert "nginx: proxy_http_version 1.1 and proxy_buffering off" in found
    assert behind.ada.token not in found


def test_the_doctor_says_how_to_check_by_hand_where_it_cannot(behind: Behind) -> None:
    behind.kernel.run("import os; token = os.environ.pop('JUPYTERHUB_API_TOKEN')")
    try:
        found = " ".join(behind.kernel.run("%mcp doctor").text.split())
    finally:
        behind.kernel.run("os.environ['JUPYTERHUB_API_TOKEN'] = token")
    assert "streams: not checked, because no token for Jupyter is known here" in found
    assert f"curl -N -H 'Authorization: token TOKEN' {behind.public}/user/ada/mcp-notebook/stream" in found
