"""Sign-in for a server that leaves the notebook: it verifies the tokens that others issue (OAuth 2.1), or its own.

An exported package carries these modules as they are, so they import nothing of this project.
"""

from .introspection import IntrospectionVerifier
from .jwt_verifier import JwtVerifier
from .named_tokens import NamedTokens
from .protection import Resource, protected
from .services import Unavailable
from .tool_scopes import SCOPES, ToolScopes, required_by, scopes_of

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
