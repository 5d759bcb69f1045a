"""A stand-in for the authorization server of a package, on this machine, so that the proof can sign in."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from secrets import token_urlsafe
from threading import Thread
from typing import Any
from urllib.parse import parse_qs

from mcp_notebook.export.project.package import Auth

__all__ = ["signed_in"]

URL = "http://127.0.0.1/mcp"
"""The name of the package in its tokens; the port of the process is not known before it starts."""

SECONDS = 3600
"""Seconds for which a token is valid; a proof takes less."""


@contextmanager
def signed_in(auth: Auth | None, scopes: Sequence[str], prefix: str) -> Iterator[tuple[dict[str, str], str]]:
    """Yield environment variables that let one caller in, and the token of that caller, which has all scopes.

    Args:
        auth: The kind of the tokens; None for the single one.
        scopes: The scopes that the tools need.
        prefix: The prefix of the package's variables.
    """
    token = token_urlsafe(32)
    if auth is None:
        yield {f"{prefix}_TOKEN": token}, token
    elif auth == "token":
        yield {f"{prefix}_TOKENS": json.dumps({"proof": {"token": token, "scopes": list(scopes)}})}, token
    else:
        with _Issuer(scopes) as issuer:
            variables = {"URL": URL, "ISSUER": issuer.url}
            if auth == "introspection":
                variables |= {"INTROSPECTION_URL": f"{issuer.url}/introspect", "CLIENT_ID": "proof"}
                variables |= {"CLIENT_SECRET": token}  # which the stand-in does not check
            yield {f"{prefix}_{name}": value for name, value in variables.items()}, issuer.token


class _Issuer:
    """An issuer of one token, which is a JWT and is known to its introspection, too."""

    def __init__(self, scopes: Sequence[str]) -> None:
        import jwt  # with it comes cryptography, which a browser tab does not have
        from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
        from jwt.algorithms import ECAlgorithm

        key = generate_private_key(SECP256R1())
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        about = {"iss": self.url, "aud": URL, "sub": "proof", "client_id": "proof", "scope": " ".join(scopes)}
        self._claims = {**about, "exp": int(time.time()) + SECONDS}
        self.token = jwt.encode(self._claims, key, "ES256", headers={"kid": "proof"})
        public = json.loads(ECAlgorithm.to_jwk(key.public_key()))
        self._keys = {"keys": [{**public, "kid": "proof", "alg": "ES256", "use": "sig"}]}

    def __enter__(self) -> _Issuer:
        Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _answer(self, path: str, form: str) -> Any:
        if path == "/introspect":
            active = parse_qs(form).get("token") == [self.token]
            return {"active": True, **self._claims} if active else {"active": False}
        if path == "/keys":
            return self._keys
        return {"issuer": self.url, "jwks_uri": f"{self.url}/keys"}

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        answer = self._answer

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                form = self.rfile.read(int(self.headers.get("content-length", 0))).decode()
                body = json.dumps(answer(self.path, form)).encode()
                self.send_response(200)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_POST = do_GET

            def log_message(self, *_: Any) -> None:
                """Say nothing in the cell."""

        return Handler
