"""Sign-in for a server that leaves the notebook: it verifies the tokens that others issue (OAuth 2.1), or its own.

An exported package carries these modules as they are, so they import nothing of this project.
"""

from typing import TYPE_CHECKING, Any

from .introspection import IntrospectionVerifier
from .named_tokens import NamedTokens
from .protection import Resource, protected
from .services import Unavailable
from .tool_scopes import SCOPES, ToolScopes, required_by, scopes_of

if TYPE_CHECKING:
    from .jwt_verifier import JwtVerifier

__all__ = [
    "SCOPES",
    "IntrospectionVerifier",
    "JwtVerifier",
    "NamedTokens",
    "Resource",
    "ToolScopes",
    "Unavailable",
    "protected",
    "required_by",
    "scopes_of",
]


def __getattr__(name: str) -> Any:
    """Import `JwtVerifier` when it is used: PyJWT and its cryptography take 0.1 s, and only some need them."""
    if name == "JwtVerifier":
        from .jwt_verifier import JwtVerifier

        return JwtVerifier
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
