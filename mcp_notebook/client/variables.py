"""Take tokens and other secrets from variables, because a line with a secret in it is kept by notebooks and shells."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mcp_notebook.client.arguments import unquote
from mcp_notebook.errors import UnknownNameError, UsageError

__all__ = ["Variables"]


@dataclass(frozen=True)
class Variables:
    """The variables that a line can name.

    Attributes:
        notebook: Those of the notebook, which come first; None if there is no notebook. The others are the
            environment's.
    """

    notebook: Mapping[str, Any] | None = None

    def token(self, word: str) -> str:
        """Return the token in a variable. In a notebook, a word that cannot be a name is the token itself.

        Raises:
            UnknownNameError: There is no such variable.
        """
        found = self._found(word.removeprefix("$"))
        # In a shell, a token on the line would be seen by other users of the machine.
        if found is None and (self.notebook is None or word.replace("_", "").isalpha()):
            # The message does not repeat the word, because it may be the secret itself.
            raise UnknownNameError(
                f"--token takes the name of a variable of {self._where}, and there is none of that name."
            )
        return word if found is None else found

    def secret(self, word: str) -> str:
        """Return the client's secret in a variable.

        Raises:
            UnknownNameError: There is no such variable.
        """
        found = self._found(word.removeprefix("$"))
        if found is None:
            # The message does not repeat the word: it may be the secret itself.
            raise UnknownNameError(
                f"--client-secret takes the name of a variable of {self._where}, and there is none of that name."
            )
        return found

    def header(self, text: str) -> tuple[str, str]:
        """Return the name and the value of a header that is written ``NAME: $VAR``.

        Raises:
            UnknownNameError: There is no such variable.
            UsageError: It is written in another way.
        """
        name, colon, value = text.partition(":")
        if not colon or not name.strip():
            raise UsageError('--header takes a name and a value: --header "X-Key: $VAR".')
        return name.strip(), self._expanded(value.strip(), "--header")

    def setting(self, word: str) -> tuple[str, str]:
        """Return an environment variable for a command, which is written ``NAME`` or ``NAME=$VAR``.

        Raises:
            UnknownNameError: There is no such variable.
            UsageError: It is written in another way.
        """
        name, equals, value = word.partition("=")
        if not name:
            raise UsageError("--env takes a name, or a name and a value: --env NAME=$VAR.")
        return name, self._expanded(unquote(value) if equals else f"${name}", "--env")

    @property
    def _where(self) -> str:
        return "the environment" if self.notebook is None else "the notebook or the environment"

    def _found(self, name: str) -> str | None:
        held: Any = (self.notebook or {}).get(name)
        return str(held) if isinstance(held, str) else os.environ.get(name)

    def _expanded(self, text: str, option: str) -> str:
        """Replace each ``$NAME`` by the value of that variable."""

        def held(match: re.Match[str]) -> str:
            found = self._found(match["name"])
            if found is None:
                raise UnknownNameError(f"{option}: there is no variable {match['name']!r} in {self._where}.")
            return found

        return re.sub(r"\$\{?(?P<name>[A-Za-z_]\w*)\}?", held, text)
