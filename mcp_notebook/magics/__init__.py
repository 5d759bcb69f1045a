"""The extension: ``%%mcp_tool``, ``%%mcp_resource``, ``%%mcp_prompt``, ``%%mcp_chat`` and ``%mcp``.

Loading imports nothing but IPython, so it takes a few milliseconds; the SDK is imported in a thread once that cell
has ended.
The texts that ``%mcp?`` and ``--help`` show are the docstrings of this module.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from IPython.core.completer import CompletionContext, SimpleMatcherResult, context_matcher
from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell
from IPython.core.magic import needs_local_scope, no_var_expand

from mcp_notebook.magics.registering import python_stays_python, registered
from mcp_notebook.session.attaching import Attachment

if TYPE_CHECKING:
    from mcp_notebook.session.session import Session

__all__ = ["load", "unload"]

_EXTENSION = "_mcp_notebook"
"""The shell's attribute with the extension. ``%autoreload`` would lose a variable of this module."""


def load(shell: InteractiveShell) -> None:
    """Register the magics, their completion and the display of results; loading again changes nothing."""
    if not hasattr(shell, _EXTENSION):
        extension = Extension(shell)
        setattr(shell, _EXTENSION, extension)
        extension.load()


def unload(shell: InteractiveShell) -> None:
    """Undo `load`: stop listening, close connections, take everything out of the shell."""
    extension: Extension | None = getattr(shell, _EXTENSION, None)
    if extension is not None:
        delattr(shell, _EXTENSION)
        extension.unload()


class Extension:
    """The extension, loaded into one shell."""

    def __init__(self, shell: InteractiveShell) -> None:
        self.shell = shell
        self._undo = ExitStack()
        self._attachment = Attachment(shell)

    @property
    def session(self) -> Session:
        """The session of the notebook; the first use waits for the SDK's import."""
        return self._attachment.session

    def load(self) -> None:
        """Put everything into the shell, each with the step that takes it out."""
        for kind, function in (
            ("line", self.mcp),
            ("cell", self.mcp_tool),
            ("cell", self.mcp_resource),
            ("cell", self.mcp_prompt),
            ("cell", self.mcp_chat),
        ):
            self._undo.enter_context(registered(self.shell, kind, function))
        self._undo.enter_context(python_stays_python(self.shell))
        matchers = self.shell.Completer.custom_matchers
        matchers.append(self._complete)
        self._undo.callback(matchers.remove, self._complete)
        self._attachment.attach()

    def unload(self) -> None:
        """Take everything out of the shell again."""
        try:
            self._attachment.detach()
        finally:
            self._undo.close()

    @no_var_expand
    @needs_local_scope
    def mcp(self, line: str, local_ns: dict[str, Any] | None = None) -> Any:
        """Work with the MCP servers of this notebook.

        Servers
        %mcp                          what is live here, and what is connected
        %mcp new library              a new, empty server, current from now on
        %mcp use mcp                  switch server, or adopt the MCPServer in the variable `mcp`
        %mcp tools [NAME]             what an agent sees; also resources, prompts
        %mcp expose df                make a variable a live resource; %mcp remove NAME

        Requests
        %mcp call add a=1 b=2         call a tool; the result is the value of the cell
        %mcp read notes://today       read a resource
        %mcp prompt review text=...   fill in a prompt
        %mcp form add                 a form that calls the tool
        %mcp inspect                  the workbench: all that a server offers, and live traffic

        Other servers
        %mcp connect TARGET           a client of any server: a URL, a command, a live notebook
        %mcp call add a=1 --on NAME   a request on that; %mcp disconnect NAME
        %mcp roots [DIR ...]          the directories that servers are told of when they ask
        %mcp sampling MODEL           a model answers when a server samples; %%mcp_chat talks to one

        What happened
        %mcp log                      what was called; %mcp log 3, replay 3, debug 3
        %mcp compare 3 5              two calls, and what differs
        %mcp eras add a=1             one call under both protocol eras, frame by frame

        Clients from outside
        %mcp serve                    listen for clients outside the kernel; %mcp stop
        %mcp serve --approve all      have a person allow their calls
        %mcp approvals                the calls that wait for that; %mcp allow 1, deny 1 [REASON]
        %mcp token                    the secret that they send
        %mcp clients [HOST]           what Claude Code, VS Code and others need to know of the server; --write

        A package of it
        %mcp export DEST              the cells as a package on the SDK, and the proof that it behaves the same
        %mcp export DEST --dry-run    what would be written

        A deployed server
        %mcp import server.py         a module's server as a notebook, to work on it in cells

        The kernel
        %mcp doctor                   what would not work here, and the fix
        %mcp asyncio on               let asyncio.run(main()) run in a cell

        Add --help to a verb for its options: %mcp call --help. Tab completes everything.
        """
        return self._run("%mcp", line, local=local_ns)

    @no_var_expand
    def mcp_tool(self, line: str, cell: str) -> Any:
        """Run the cell, and make each public function that it defines a tool.

        Running it again replaces the tools. The functions stay ordinary functions of the notebook.

        Example:
            %%mcp_tool --read-only
            def add(a: int, b: int) -> int:
                "Add two numbers."
                return a + b
        """
        return self._run("%%mcp_tool", line, cell)

    @no_var_expand
    def mcp_resource(self, line: str, cell: str) -> Any:
        """Run the cell, and make the public function that it defines a resource.

        A URI with {variables} makes a resource template; the variables are the function's parameters.

        Example:
            %%mcp_resource notes://{day}
            def notes(day: str) -> str:
                "What was noted on a day."
                return f"Nothing on {day}."
        """
        return self._run("%%mcp_resource", line, cell)

    @no_var_expand
    def mcp_prompt(self, line: str, cell: str) -> Any:
        """Run the cell, and make each public function that it defines a prompt.

        Example:
            %%mcp_prompt
            def review(text: str) -> str:
                "Ask for a review of a text."
                return f"Review this text: {text}"
        """
        return self._run("%%mcp_prompt", line, cell)

    @no_var_expand
    def mcp_chat(self, line: str, cell: str) -> Any:
        """Say the cell's text to a model, which may call the tools of this notebook's servers.

        Each call is shown with its arguments and result. The conversation goes on from cell to cell.

        Example:
            %%mcp_chat --model anthropic:claude-sonnet-4-5
            Which of our books is the oldest?

        Without a key, a script plays the model: --script VAR, a list of texts and calls.
        """
        return self._run("%%mcp_chat", line, cell)

    def _run(self, magic: str, line: str, cell: str | None = None, local: dict[str, Any] | None = None) -> Any:
        session = self.session
        session.local = local or {}
        from mcp_notebook.errors import McpNotebookError
        from mcp_notebook.magics.commands import run

        try:
            return run(session, magic, line, cell)
        except McpNotebookError as error:
            raise UsageError(str(error)) from None
        finally:
            session.local = {}

    @context_matcher()
    def _complete(self, context: CompletionContext) -> SimpleMatcherResult:
        if "%mcp" not in context.line_with_cursor:
            return SimpleMatcherResult(completions=[])
        from mcp_notebook.magics.completion import complete

        return complete(self.session, context.text_until_cursor)
