"""A stand-in for an authorization server: it lets a notebook show the whole sign-in, on this machine only.

It asks for no password, because it has nobody to protect: the people who sign in are invented. Everything else is real.
Clients find it through the server's metadata, name themselves by a document or register, and get codes and tokens, on
the handlers of the SDK (`mcp.server.auth.handlers`). These modules add what the SDK leaves to its users, or lacks:

- `documents`: fetch Client ID Metadata Documents, within bounds.
- `clients`: keep the clients, and compare redirect URIs, with any port on loopback (RFC 8252, section 7.3).
- `grants`: codes and tokens, which are revoked when one of them is used twice.
- `provider`: answer the SDK's handlers.
- `consent`, `page`: ask the person.
- `handlers`: the checks around the SDK's handlers: repeated parameters, `resource` at the token endpoint, `iss` in
  errors, and no redirect to a foreign site before a person has agreed.
- `gate`: put all of it in front of a server.

Nothing is written to disk: clients, codes and tokens are gone when the server stops.
"""

from .gate import StandInGate
from .provider import PEOPLE

__all__ = ["PEOPLE", "StandInGate"]
