"""The people around a server in a lesson about signing in: a person with a browser, an application, its wallet.

They are stand-ins. Their requests are real: they go over HTTP to the server of the notebook.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cached_property
from html import unescape
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

import httpx2
from mcp.shared.auth import AuthorizationCodeResult, OAuthClientInformationFull, OAuthClientMetadata, OAuthToken

from mcp_notebook.course.reading_app import ReadingApp

__all__ = ["Citizen", "Reply", "Town", "Wallet"]

PROTOCOL = "2026-07-28"
TIMEOUT = 20
MOST_LINES = 40


class Reply(NamedTuple):
    """The reply to a request that was made by hand.

    Attributes:
        status: The status of HTTP.
        challenge: The header ``WWW-Authenticate``; "" if there is none.
        said: The text of the result or of the error.
    """

    status: int
    challenge: str
    said: str

    def __str__(self) -> str:
        return " ".join(str(part) for part in (self.status, self.challenge or self.said) if part)


class Wallet:
    """Keeps in memory what a client is given; a real one uses the keyring of the system."""

    def __init__(self) -> None:
        self.tokens: OAuthToken | None = None
        self.client: OAuthClientInformationFull | None = None

    async def get_tokens(self) -> OAuthToken | None:
        """Return the tokens."""
        return self.tokens

    async def set_tokens(self, tokens: OAuthToken) -> None:
        """Keep the tokens."""
        self.tokens = tokens

    async def get_client_info(self) -> OAuthClientInformationFull | None:
        """Return the client's registration."""
        return self.client

    async def set_client_info(self, client_info: OAuthClientInformationFull) -> None:
        """Keep the client's registration."""
        self.client = client_info


class Town:
    """Everyone around the server of a lesson.

    Attributes:
        url: The URL of the server.
        steps: The requests that were made so far, in order, without ports.
    """

    def __init__(self, url: str) -> None:
        """Take the URL of the server."""
        self.url = url
        self.steps: list[str] = []
        self._names = {urlsplit(url).netloc: "library"}

    @cached_property
    def app(self) -> ReadingApp:
        """The application; its site starts when it is first used."""
        app = ReadingApp(lambda: self._add("town hall", "GET", app.url, 200))
        self.name(app.url, "reading-app")
        return app

    @property
    def client(self) -> OAuthClientMetadata:
        """The application, as the SDK's client describes itself."""
        return OAuthClientMetadata.model_validate(self.app.document)

    def person(self, name: str, allows: Sequence[str] | None = None) -> Citizen:
        """Return a person, who allows these scopes; by default, all that they are asked for."""
        return Citizen(self, name, allows)

    def shown(self, text: object) -> str:
        """Return a text with names in place of addresses, whose ports differ in each run."""
        found = str(text)
        for address, name in self._names.items():
            found = found.replace(address, name)
        return found

    def name(self, url: str, name: str) -> None:
        """Give another address a name, for `shown`."""
        self._names[urlsplit(url).netloc] = name

    async def note(self, response: httpx2.Response) -> None:
        """Add a request of the application to the steps: an event hook of httpx."""
        self._add("app", response.request.method, str(response.request.url), response.status_code)

    def print_steps(self) -> None:
        """Print the steps, and forget them."""
        print(*self.steps, sep="\n")
        self.steps.clear()

    async def request(
        self,
        token: str | None,
        method: str = "server/discover",
        *,
        url: str | None = None,
        query: str = "",
        headers: Mapping[str, str] | None = None,
        **params: Any,
    ) -> Reply:
        """Send one request by hand.

        Args:
            token: The token to send in the header; None for none.
            method: The method of the protocol.
            url: The URL of another server.
            query: A query to add to the URL.
            headers: More headers, or others.
            params: The parameters of the method.
        """
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": {**params, "_meta": META}}
        sent = {"Accept": "application/json, text/event-stream", "Mcp-Protocol-Version": PROTOCOL, "Mcp-Method": method}
        if "name" in params:
            sent["Mcp-Name"] = params["name"]
        if token is not None:
            sent["Authorization"] = f"Bearer {token}"
        async with httpx2.AsyncClient(timeout=TIMEOUT) as http:
            response = await http.post((url or self.url) + query, json=body, headers={**sent, **(headers or {})})
        return Reply(response.status_code, response.headers.get("www-authenticate", ""), _said(response))

    async def call(self, token: str | None, tool: str, **arguments: Any) -> Reply:
        """Call a tool by hand, with a token."""
        return await self.request(token, "tools/call", name=tool, arguments=arguments)

    def close(self) -> None:
        """Stop the application's site, if it has one."""
        if "app" in vars(self):
            self.app.close()

    def _add(self, who: str, method: str, url: str, status: int) -> None:
        address = self.shown(url.partition("?")[0])
        self.steps.append(f"{who:10}{method:5}{address:62}{status}")


class Citizen:
    """A person in front of a browser, who signs in at the stand-in of `%mcp serve --oauth`.

    Attributes:
        name: The name that they sign in with.
        allows: The scopes that they allow; None for all that they are asked for.
        page: The text of the last page that they saw.
        link: The last link that they opened.
        back: The address that the browser was sent back to.
    """

    def __init__(self, town: Town, name: str, allows: Sequence[str] | None = None) -> None:
        self.name = name
        self.allows = allows
        self.page = self.link = self.back = ""
        self._town = town

    async def open(self, link: str) -> None:
        """Open a link in the browser, and answer the question on the page."""
        self.link = link
        async with httpx2.AsyncClient(timeout=TIMEOUT, event_hooks={"response": [self._note]}) as browser:
            page = await browser.get(link, follow_redirects=True)
            page.raise_for_status()
            self.page = self._town.shown(_text(page.text))
            transaction, *_ = re.findall(r'name=transaction value="([^"]+)"', page.text)
            offered = [unescape(scope) for scope in re.findall(r'name=scope value="([^"]*)"', page.text)]
            allowed = [scope for scope in offered if self.allows is None or scope in self.allows]
            form = {"transaction": transaction, "person": self.name, "decision": "allow", "scope": allowed}
            origin = "{0.scheme}://{0.netloc}".format(urlsplit(str(page.url)))
            answer = await browser.post(f"{origin}/consent", data=form, headers={"Origin": origin})
        self.back = answer.headers["location"]

    async def come_back(self) -> AuthorizationCodeResult:
        """Return what the browser brings back to the application."""
        came = {name: values[0] for name, values in parse_qs(urlsplit(self.back).query).items()}
        return AuthorizationCodeResult(code=came["code"], state=came.get("state"), iss=came.get("iss"))

    async def _note(self, response: httpx2.Response) -> None:
        self._town._add(self.name, response.request.method, str(response.request.url), response.status_code)


META = {
    "io.modelcontextprotocol/protocolVersion": PROTOCOL,
    "io.modelcontextprotocol/clientInfo": {"name": "by-hand", "version": "1"},
    "io.modelcontextprotocol/clientCapabilities": {"elicitation": {"form": {}}},
}


def _said(response: httpx2.Response) -> str:
    """Return the text of a result, or of an error, in an answer."""
    try:
        answer = response.json()
    except ValueError:
        return response.text
    if "error" in answer:
        error = answer["error"]
        return str(error["message"] if isinstance(error, dict) else answer.get("error_description", error))
    return "\n".join(str(block["text"]) for block in answer["result"].get("content", []))


def _text(html: str) -> str:
    """Return the words of a page, one line for each block."""
    body = re.sub(r"<style>.*?</style>|<title>.*?</title>", "", html, flags=re.DOTALL)
    lines = re.sub(r"</?(?:h1|p|dd|dl|dt|legend|fieldset|div|label|button)\b[^>]*>", "\n", body)
    words = (" ".join(unescape(re.sub(r"<[^>]*>", "", line)).split()) for line in lines.splitlines())
    return "\n".join([line for line in words if line][:MOST_LINES])
