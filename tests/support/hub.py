"""A real JupyterHub behind its proxy, and what users do there."""

from __future__ import annotations

import asyncio
import json
import os
import re
import secrets
import socket
import subprocess
import sys
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import httpx2
import psutil
from tornado.httpclient import HTTPRequest
from tornado.websocket import websocket_connect

from tests.support.programs import PROGRAMS, installed_or_skip
from tests.support.waiting import until

PASSWORD = "used-by-tests-only"
USERS = ("ada", "bob")

CONFIG = """
import json, os
c = get_config()
here = json.loads(os.environ["HUB_OF_THE_TESTS"])
c.JupyterHub.bind_url = here["url"]
c.JupyterHub.hub_bind_url = here["hub_url"]
c.JupyterHub.db_url = "sqlite:///" + here["home"] + "/hub.sqlite"
c.JupyterHub.cookie_secret_file = here["home"] + "/cookie_secret"
c.JupyterHub.log_level = "WARN"
c.ConfigurableHTTPProxy.api_url = here["proxy_url"]
c.ConfigurableHTTPProxy.command = here["proxy"]
c.ConfigurableHTTPProxy.pid_file = here["home"] + "/proxy.pid"
c.JupyterHub.authenticator_class = "shared-password"
c.SharedPasswordAuthenticator.user_password = here["password"]
c.Authenticator.allowed_users = set(here["users"])
c.JupyterHub.spawner_class = "simple"
c.SimpleLocalProcessSpawner.home_dir_template = here["home"] + "/{username}"
c.Spawner.cmd = here["command"]
# A server asks the hub again about a token after one second, not after five minutes.
c.Spawner.args = ["--allow-root", "--HubOAuth.cache_max_age=" + here["cache"]]
c.Spawner.http_timeout = c.Spawner.start_timeout = here["patience"]
c.JupyterHub.public_url = here["public"]
c.JupyterHub.services = [{"name": "tests", "api_token": here["token"]}]
c.JupyterHub.load_roles = [
    {"name": "tests", "scopes": ["admin:users", "admin:servers", "tokens", "access:servers"], "services": ["tests"]}
]
for section, settings in here["settings"].items():
    for name, value in settings.items():
        setattr(c[section], name, value)
"""


@dataclass
class Ran:
    """The output of a cell."""

    text: str
    html: str
    ok: bool


class UserServer:
    """The Jupyter Server of one user, seen from outside the hub."""

    def __init__(self, hub: Hub, user: str) -> None:
        self.user = user
        self.url = f"{hub.url}/user/{user}"
        self._hub = hub
        self.token = hub.token(user, f"access:servers!user={user}")
        self._headers = {"Authorization": f"Bearer {self.token}"}

    def open(self, notebook: str) -> RemoteKernel:
        """Start a kernel for a notebook, as JupyterLab does when it opens one."""
        (self._hub.home / self.user / notebook).write_text("{}", encoding="utf-8")
        session = {"path": notebook, "name": notebook, "type": "notebook", "kernel": {"name": "python3"}}
        answer = httpx2.post(f"{self.url}/api/sessions", json=session, headers=self._headers, timeout=60)
        answer.raise_for_status()
        return RemoteKernel(self, answer.json()["kernel"]["id"])

    def door(self, name: str) -> str:
        return f"{self.url}/mcp-notebook/{name}/mcp"


class RemoteKernel:
    """A kernel behind Jupyter Server."""

    def __init__(self, server: UserServer, id: str) -> None:
        self._url = f"{server.url}/api/kernels/{id}"
        self._headers = {"Authorization": f"Bearer {server.token}"}

    def run(self, code: str) -> Ran:
        """Run a cell, and return its output; it must not raise."""
        ran = asyncio.run(asyncio.wait_for(self._run(code), 60))
        assert ran.ok, ran.text
        return ran

    def restart(self) -> None:
        httpx2.post(f"{self._url}/restart", headers=self._headers, timeout=60).raise_for_status()

    async def _run(self, code: str) -> Ran:
        url = self._url.replace("http", "ws", 1) + "/channels"
        request = HTTPRequest(url, headers=self._headers, connect_timeout=60, request_timeout=60)
        socket = await websocket_connect(request)
        header = {"msg_id": uuid.uuid4().hex, "msg_type": "execute_request", "username": "", "session": "tests"}
        content = {"code": code, "silent": False, "store_history": True, "stop_on_error": False}
        message = {"header": header, "parent_header": {}, "metadata": {}, "content": content, "channel": "shell"}
        await socket.write_message(json.dumps(message))
        ran = Ran("", "", True)
        while True:
            said = await socket.read_message()
            assert isinstance(said, str), "the kernel's connection ended"
            answer = json.loads(said)
            if answer["parent_header"].get("msg_id") != header["msg_id"]:
                continue
            kind, content = answer["msg_type"], answer["content"]
            if kind == "stream":
                ran.text += content["text"]
            elif kind in ("execute_result", "display_data"):
                ran.text += content["data"].get("text/plain", "")
                ran.html += content["data"].get("text/html", "")
            elif kind == "error":
                ran.text += re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(content["traceback"]))
                ran.ok = False
            elif kind == "status" and content["execution_state"] == "idle":
                break
        socket.close()
        while await socket.read_message() is not None:
            pass
        return ran


class Hub:
    """A running hub.

    Attributes:
        url: The address of its proxy, which is what users know.
        home: The folder with the homes of the users.
        process: The hub's own process; the proxy and the servers of its users are below it.
    """

    def __init__(self, url: str, home: Path, token: str, process: psutil.Popen) -> None:
        self.url = url
        self.home = home
        self.process = process
        self._headers = {"Authorization": f"token {token}"}
        self._ids: dict[str, str] = {}

    def ask(self, verb: str, path: str, body: Any = None) -> Any:
        """Ask the hub's own API."""
        answer = httpx2.request(verb, f"{self.url}/hub/api{path}", json=body, headers=self._headers, timeout=60)
        assert answer.status_code < 400, answer.text
        return answer.json() if answer.content else None

    def start(self, *users: str) -> list[UserServer]:
        """Start the servers of some users."""
        for user in users:
            (self.home / user).mkdir()
            self.ask("POST", f"/users/{user}/server")
        until(lambda: all(self._is_ready(user) for user in users), deadline=300, step=0.1)
        return [UserServer(self, user) for user in users]

    def _is_ready(self, user: str) -> bool:
        return bool(self.ask("GET", f"/users/{user}")["servers"].get("", {}).get("ready"))

    def token(self, user: str, *scopes: str) -> str:
        """Return a new token of a user."""
        made = self.ask("POST", f"/users/{user}/tokens", {"scopes": scopes})
        token: str = made["token"]
        self._ids[token] = made["id"]
        return token

    def revoke(self, user: str, token: str) -> None:
        self.ask("DELETE", f"/users/{user}/tokens/{self._ids[token]}")

    def signed_in(self, user: str) -> httpx2.Client:
        """Return a browser's session: cookies, and no token."""
        client = httpx2.Client(follow_redirects=True, timeout=60)
        page = client.get(f"{self.url}/hub/login")
        form = {"username": user, "password": PASSWORD, "_xsrf": client.cookies.get("_xsrf", path="/hub/")}
        client.post(str(page.url), data=form).raise_for_status()
        client.get(f"{self.url}/user/{user}/api/status").raise_for_status()
        return client


def free_urls(number: int) -> Sequence[str]:
    """Return addresses on loopback that are free now."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(number)]
    urls = [f"http://127.0.0.1:{each.getsockname()[1]}" for each in sockets]
    for each in sockets:
        each.close()
    return urls


@contextmanager
def running_hub(
    home: Path,
    *,
    users: Sequence[str] = USERS,
    cache: int = 1,
    patience: int = 60,
    public: str = "",
    command: Sequence[str] = (sys.executable, "-m", "jupyterhub.singleuser"),
    settings: Mapping[str, Mapping[str, Any]] = MappingProxyType({}),
) -> Iterator[Hub]:
    """Start a hub whose users have their homes in a folder.

    Args:
        home: The folder.
        users: Their names.
        cache: Seconds for which a user's server keeps what the hub told it about a token.
        patience: Seconds that a server of a user may take to start.
        public: The address that the hub tells its servers as its own; "" to tell none.
        command: Starts the server of a user.
        settings: More settings of the hub, by their classes.
    """
    installed_or_skip()
    url, hub_url, proxy_url = free_urls(3)
    token = secrets.token_hex(16)
    config = home / "jupyterhub_config.py"
    config.write_text(CONFIG, encoding="utf-8")
    here = {
        "url": url,
        "hub_url": hub_url,
        "proxy_url": proxy_url,
        "home": str(home),
        "proxy": [str(PROGRAMS / "node"), str(PROGRAMS / "configurable-http-proxy")],
        "command": list(command),
        "settings": settings,
        "password": PASSWORD,
        "users": list(users),
        "token": token,
        "cache": str(cache),
        "patience": patience,
        "public": public,
    }
    # Each user has the directories of their own home, and not those of the tests.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("JUPYTER")}
    environment["HUB_OF_THE_TESTS"] = json.dumps(here, default=dict)
    with (home / "hub.log").open("w") as log:
        process = psutil.Popen(
            [sys.executable, "-m", "jupyterhub", "-f", str(config)],
            cwd=home, env=environment, stdout=log, stderr=subprocess.STDOUT,
        )  # fmt: skip
        hub = Hub(url, home, token, process)
        try:
            until(lambda: _answers(url) or process.poll() is not None, deadline=60, step=0.1)
            assert process.poll() is None, (home / "hub.log").read_text()
            yield hub
        finally:
            process.terminate()
            process.wait(timeout=60)


def _answers(url: str) -> bool:
    try:
        return httpx2.get(f"{url}/hub/api/").status_code == 200
    except httpx2.TransportError:
        return False
