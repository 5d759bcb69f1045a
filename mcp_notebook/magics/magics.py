"""The magics. Their docstrings are the texts that ``%mcp?`` and ``--help`` show."""

from __future__ import annotations

from typing import Any, Protocol

from IPython.core.magic import needs_local_scope, no_var_expand

__all__ = ["Magics"]


class RunMagic(Protocol):
    """Runs a magic, by its name, on a line and on the text of a cell."""

    def __call__(self, magic: str, line: str, cell: str | None = None, local: dict[str, Any] | None = None) -> Any: ...


class Magics:
    """The line magic and the cell magics, apart from their implementation, which takes long to import."""

    def __init__(self, run: RunMagic) -> None:
        self._run = run

    @no_var_expand
    @needs_local_scope
    def mcp(self, line: str, local_ns: dict[str, Any] | None = None) -> Any:
        """Work with the MCP servers of this notebook.

        Servers
        %mcp                          what is live here, and what is connected
        %mcp new library              a new, empty server, current from now on
        %mcp use mcp                  switch server, or adopt the MCPServer in the variable `mcp`
        %mcp tools [NAME]             what an agent sees; also resources, prompts, events
        %mcp expose df                make a variable a live resource; %mcp remove NAME
        %mcp skills [NAME]            the skills; %mcp skill DIR puts those of a folder on the server

        Requests
        %mcp call add a=1 b=2         call a tool; the result is the value of the cell
        %mcp read notes://today       read a resource; %mcp prompt review text=... fills in a prompt
        %mcp call train --background  the same, while other cells run; %mcp tasks lists such calls
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
        %mcp eval                     whether models use the tools; %%mcp_eval has the cases

        Clients from outside
        %mcp serve                    listen for clients outside the kernel; %mcp stop
        %mcp serve --approve all      have a person allow their calls
        %mcp approvals                the calls that wait for that; %mcp allow 1, deny 1 [REASON]
        %mcp token                    the secret that they send
        %mcp clients [HOST]           what Claude Code, VS Code and others need to know of the server; --write

        A package of it
        %mcp export DEST              the cells as a package on the SDK, and the proof that it is the same; --dry-run

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
    def mcp_app(self, line: str, cell: str) -> Any:
        """Make the HTML of the cell an app, which hosts show with the results of a tool, and show it.

        The page speaks the protocol of MCP Apps with its host. It is shown again when its cell or its tool's cell
        runs again.

        Example:
            %%mcp_app ui://chart --tool rows
            <canvas id="chart"></canvas>
            <script>...</script>
        """
        return self._run("%%mcp_app", line, cell)

    @no_var_expand
    def mcp_skill(self, line: str, cell: str) -> Any:
        """Make the text of the cell a skill: instructions that an agent loads when it needs them.

        The text is Markdown. It may begin with front matter of its own, as a SKILL.md does.

        Example:
            %%mcp_skill refunds --description "Use it when a customer wants money back."
            # Refunds
            1. Look up the order with the tool `order`.
            2. Refund at most what was paid.
        """
        return self._run("%%mcp_skill", line, cell)

    @no_var_expand
    def mcp_event(self, line: str, cell: str) -> Any:
        """Run the cell, and make its function a type of events that clients can subscribe to.

        The function gets a cursor, and returns what happened since then and the cursor after it. Its other parameters
        are the arguments of a subscription. A class instead says what the data of emitted events looks like.

        Example:
            %%mcp_event order.placed
            def orders(cursor: int = 0, customer: str = ""):
                "An order was placed."
                return [o for o in ORDERS[cursor:] if customer in ("", o["customer"])], len(ORDERS)

        Any cell and thread can also tell what happens: server.emit("stock.low", {"item": "tea"}).
        """
        return self._run("%%mcp_event", line, cell)

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

    @no_var_expand
    def mcp_eval(self, line: str, cell: str) -> Any:
        """Run the cases of the cell with a model, many times, and show how often they pass.

        A case is a prompt, and any of: the calls that are expected, tools that must never be called, texts that the
        answer must contain. Without --model, a stand-in plays the model: it chooses tools by the words of their
        descriptions.

        Example:
            %%mcp_eval books --runs 20
            - prompt: Which books by Butler do we have?
              calls:
                - find_books: {author: Butler}
              never: burn_book
              answer: Kindred

        %mcp eval books runs it again, with other options; %mcp eval --from-log writes cases from recorded calls.
        """
        return self._run("%%mcp_eval", line, cell)
