"""Exercise 8.4: put an MCP server into a FastAPI application."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

from mcp_notebook.course.checking.bench import Bench, rows
from mcp_notebook.course.checking.cases import Probe
from mcp_notebook.course.exercises import Exercise
from mcp_notebook.course.web_app import AppCalls, calls_to

__all__ = ["MAKE_DESK"]

LENDING = "SELECT title, member FROM loans WHERE returned IS NULL"


def _with_app(request: str, about: str, use: Callable[[AppCalls, Bench], Awaitable[Any]], expected: Any) -> Probe:
    """Use a new application of the learner's, with its lifespan entered, as a web server would."""

    def look(bench: Bench) -> Awaitable[Any]:
        return calls_to(bench.namespace["make_desk"], lambda calls: use(calls, bench))

    return Probe(request, about, look, expected)


async def _lend(calls: AppCalls, bench: Bench) -> Any:
    bench.fill("DELETE FROM loans WHERE returned IS NULL")
    status, body = await calls.http("POST", "/loans", {"title": "Dune", "member": "Ada"})
    return status, body, rows(LENDING).look(bench)


async def _refuse(calls: AppCalls, bench: Bench) -> Any:
    bench.fill("DELETE FROM loans WHERE returned IS NULL")
    status, body = await calls.http("POST", "/loans", {"title": "Dune", "member": "Bob"})
    return status, "Bob" in json.dumps(body.get("detail") if isinstance(body, dict) else ""), rows(LENDING).look(bench)


async def _invalid(calls: AppCalls, bench: Bench) -> Any:
    return (await calls.http("POST", "/loans", {"title": "Dune"}))[0]


async def _by_mcp(calls: AppCalls, bench: Bench) -> Any:
    return await calls.tool("author", {"title": "Dune"})


async def _both(calls: AppCalls, bench: Bench) -> Any:
    bench.fill("DELETE FROM loans WHERE returned IS NULL")
    await calls.tool("lend", {"title": "Emma", "member": "Grace"})
    await calls.http("POST", "/loans", {"title": "Dune", "member": "Ada"})
    return sorted(rows(LENDING).look(bench))


MAKE_DESK = Exercise(
    number="8.4",
    name="make_desk",
    title="the desk's application",
    kind="code",
    read="6 · One process: a REST API and MCP",
    start="# Exercise 8.4. Define make_desk(), which returns a new FastAPI application.",
    cases=(
        _with_app(
            "POST /loans, Dune for Ada; the status, the answer, and the open loans",
            "the book is lent",
            _lend,
            (201, "Dune: lent to Ada until 2026-11-23", [("Dune", "Ada")]),
        ),
        _with_app(
            "POST /loans, Dune for Bob; the status, whether detail names Bob, and the open loans",
            "a refusal of lend is the status 409, with its text",
            _refuse,
            (409, True, []),
        ),
        _with_app(
            "POST /loans without a member; the status",
            "FastAPI refuses what is not complete",
            _invalid,
            422,
        ),
        _with_app("the tool author at /mcp", "an agent is answered, too", _by_mcp, {"result": "Frank Herbert"}),
        _with_app(
            "lend at /mcp, then POST /loans; the open loans",
            "both doors lead to the same library",
            _both,
            [("Dune", "Ada"), ("Emma", "Grace")],
        ),
    ),
    hints=(
        "Take `make_app` as a model. Which two lines are about the route?",
        "A pydantic model with `title` and `member` for the body; `@app.post('/loans', status_code=201)`; "
        "`HTTPException(409, ...)`. The route comes before `mount`, and the lifespan stays.",
        "`def lend_book(loan: Loan) -> str:` with `return lend(loan.title, loan.member)` in a `try`; "
        "`except ToolError as error: raise HTTPException(409, str(error)) from None`.",
    ),
    solution='''
from pydantic import BaseModel


class Loan(BaseModel):
    title: str
    member: str


def make_desk():
    mcp_app = library.streamable_http_app()
    app = FastAPI(lifespan=lambda app: mcp_app.router.lifespan_context(mcp_app))

    @app.post("/loans", status_code=201)
    def lend_book(loan: Loan) -> str:
        try:
            return lend(loan.title, loan.member)
        except ToolError as error:
            raise HTTPException(409, str(error)) from None

    app.mount("/", mcp_app)
    return app
''',
    why="A program and a model need different doors, with statuses here and advice there. The rules behind both must be "
    "written once.",
)

