"""An issuer of tokens over HTTP, with keys that can be replaced, and answers that can be broken."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt import api_jws
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.support.served import serving

AUDIENCE = "https://notes.example/mcp"
CLIENT, SECRET = "notes:server", "s3cret/with ü and %"

_MADE: dict[str, tuple[Callable[[], Any], Any]] = {
    "RS256": (lambda: rsa.generate_private_key(public_exponent=65537, key_size=2048), RSAAlgorithm),
    "ES256": (lambda: ec.generate_private_key(ec.SECP256R1()), ECAlgorithm),
    "EdDSA": (ed25519.Ed25519PrivateKey.generate, OKPAlgorithm),
}


class Key:
    """A pair of keys."""

    def __init__(self, kid: str | None, algorithm: str = "RS256") -> None:
        make, kind = _MADE[algorithm]
        self.kid, self.algorithm = kid, algorithm
        self.private: Any = make()
        public = json.loads(kind.to_jwk(self.private.public_key()))
        self.public = {**public, "alg": algorithm, "use": "sig", **({"kid": kid} if kid else {})}


class Issuer:
    """What the issuer has and was asked."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.keys = [Key("one")]
        self.more: list[Any] = []  # other entries of the list of keys
        self.known: dict[str, dict[str, Any]] = {}  # answers to introspection, by token
        self.asked: list[str] = []
        self.broken: Response | None = None
        self.metadata: dict[str, Any] = {"issuer": url, "jwks_uri": f"{url}/keys"}

    def claims(self, **other: Any) -> dict[str, Any]:
        now = time.time()
        claims = {"iss": self.url, "aud": AUDIENCE, "exp": now + 300, "iat": now, "sub": "ada", "client_id": "app"}
        return {name: value for name, value in {**claims, **other}.items() if value is not None}

    def token(self, key: Key | None = None, headers: dict[str, Any] | None = None, **other: Any) -> str:
        key = key or self.keys[0]
        about = {**({"kid": key.kid} if key.kid else {}), **(headers or {})}
        # Not jwt.encode, which refuses some claims that an attacker would sign.
        return api_jws.encode(json.dumps(self.claims(**other)).encode(), key.private, key.algorithm, headers=about)

    def _counted(self, request: Request) -> Response | None:
        self.asked.append(request.url.path)
        return self.broken

    async def give_metadata(self, request: Request) -> Response:
        return self._counted(request) or JSONResponse(self.metadata)

    async def give_keys(self, request: Request) -> Response:
        return self._counted(request) or JSONResponse({"keys": [*(key.public for key in self.keys), *self.more]})

    async def introspect(self, request: Request) -> Response:
        if broken := self._counted(request):
            return broken
        kind, _, pair = request.headers.get("authorization", "").partition(" ")
        given = base64.b64decode(pair).decode() if kind == "Basic" else ""
        if given != "notes%3Aserver:s3cret%2Fwith+%C3%BC+and+%25":
            return JSONResponse({"error": "invalid_client"}, status_code=401)
        form = await request.form()
        return JSONResponse(self.known.get(str(form["token"]), {"active": False}))


@contextmanager
def running_issuer() -> Iterator[Issuer]:
    holder: dict[str, Issuer] = {}

    def route(path: str, name: str, method: str = "GET") -> Route:
        async def answer(request: Request) -> Response:
            found: Response = await getattr(holder["issuer"], name)(request)
            return found

        return Route(path, answer, methods=[method])

    app = Starlette(
        routes=[
            route("/.well-known/oauth-authorization-server", "give_metadata"),
            route("/keys", "give_keys"),
            route("/introspect", "introspect", "POST"),
        ]
    )
    with serving(app) as url:
        holder["issuer"] = Issuer(url)
        yield holder["issuer"]
