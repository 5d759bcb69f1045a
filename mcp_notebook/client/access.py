"""The options for access to a server: the same in a cell and in a shell."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

from mcp_notebook.client.targets import Command, Target, Url
from mcp_notebook.client.variables import Variables
from mcp_notebook.errors import UsageError

__all__ = ["ACCESS", "Access"]


@dataclass(frozen=True)
class Access:
    """The access to a server, as a person writes it.

    Attributes:
        token: The variable with the bearer token.
        headers: Headers for each request, as ``NAME: $VAR``.
        oauth: Whether to sign in with the browser if the server requires it.
        client_id: The id of a registered client.
        client_secret: The variable with its secret.
        scope: The scopes to ask for, separated by spaces.
        transport: ``http``, or ``sse`` for old servers.
        env: Environment variables for a command, as ``NAME`` or ``NAME=$VAR``.
        cwd: The working directory of a command.
    """

    token: str | None = None
    headers: tuple[str, ...] = ()
    oauth: bool = False
    client_id: str | None = None
    client_secret: str | None = None
    scope: str | None = None
    transport: Literal["http", "sse"] = "http"
    env: tuple[str, ...] = ()
    cwd: str | None = None

    def to(self, target: Target, variables: Variables) -> Target:
        """Return the target with this access to it.

        Raises:
            RequestError: HTTP cannot carry it, or it does not fit together.
            UnknownNameError: There is no variable of a name.
            UsageError: It is not for this kind of target.
        """
        if not isinstance(target, Url):
            signing_in = {"--client-id": self.client_id, "--client-secret": self.client_secret, "--scope": self.scope}
            _only_for("a URL", {"--token": self.token, "--header": self.headers, "--oauth": self.oauth, **signing_in})
        if not isinstance(target, Command):
            _only_for("a command", {"--env": self.env, "--cwd": self.cwd})
        if isinstance(target, Url):
            secret = self.client_secret
            return replace(
                target,
                headers={**target.headers, **dict(map(variables.header, self.headers))},
                token=target.token if self.token is None else variables.token(self.token),
                oauth=self.oauth or target.oauth,
                client_id=self.client_id or target.client_id,
                client_secret=target.client_secret if secret is None else variables.secret(secret),
                scope=self.scope or target.scope,
                transport="sse" if self.transport == "sse" else target.transport,
            )
        if isinstance(target, Command):
            settings = dict(map(variables.setting, self.env))
            return replace(target, env={**(target.env or {}), **settings}, cwd=self.cwd or target.cwd)
        return target


ACCESS: dict[tuple[str, ...], dict[str, Any]] = {
    ("--token",): {"metavar": "VAR", "help": "The variable with the bearer token."},
    ("--header", "headers"): {
        "multiple": True,
        "metavar": '"NAME: $VAR"',
        "help": "A header for each request; $VAR is a variable.",
    },
    ("--oauth",): {"is_flag": True, "help": "Sign in with the browser if the server requires it."},
    ("--client-id",): {
        "metavar": "ID",
        "help": "With --oauth, the id of a registered client. Default: register one.",
    },
    ("--client-secret",): {"metavar": "VAR", "help": "With --client-id, the variable with its secret."},
    ("--scope",): {
        "metavar": '"A B"',
        "help": "With --oauth, the scopes to ask for. Default: those that the server wants.",
    },
    ("--env",): {
        "multiple": True,
        "metavar": "NAME[=$VAR]",
        "help": "An environment variable for a command; without a value, the variable of that name.",
    },
    ("--cwd",): {"metavar": "FOLDER", "help": "The working directory of a command. Default: this one."},
}
"""The fields of `Access` as options of a command line, without the transport: their names, and `click.option`'s words.

A variable is one of the environment; in a cell, one of the notebook comes first.
"""


def _only_for(what: str, given: dict[str, object]) -> None:
    wrong = [option for option, value in given.items() if value]
    if wrong:
        raise UsageError(f"{' and '.join(wrong)}: only for {what}.")
