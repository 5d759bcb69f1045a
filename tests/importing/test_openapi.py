"""A web API as a notebook: a tool in a cell for each operation."""

from __future__ import annotations

import ast
import asyncio
import json
import os
import re
import shlex
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import nbformat
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from IPython.core.error import UsageError
from IPython.core.inputtransformer2 import TransformerManager
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from mcp_notebook.cli import main
from mcp_notebook.errors import NotebookError
from mcp_notebook.importing.openapi import document as documents
from mcp_notebook.importing.openapi.cells import written
from mcp_notebook.importing.openapi.document import Document, read_document
from mcp_notebook.importing.openapi.operations import operations
from mcp_notebook.importing.openapi.requesting import HELPERS
from mcp_notebook.importing.sources import import_source
from mcp_notebook.visible import visible
from tests.support.kernels import Kernel
from tests.support.results import text_of
from tests.support.shells import Shell, running_shell
from tests.support.web_api import serving
from tests.typed.test_typed import HOSTILE

APIS = Path(__file__).parent / "apis"
PETSTORE = shlex.quote(str(APIS / "petstore.yaml"))


def cells_of(notebook: Path) -> list[str]:
    return [cell.source for cell in nbformat.read(notebook, as_version=4).cells if cell.cell_type == "code"]


@pytest.fixture(scope="module")
def api() -> Iterator[str]:
    with serving() as url:
        yield url


@pytest.fixture
def pets(api: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shell]:
    monkeypatch.setenv("PET_STORE_URL", f"{api}/v1")
    monkeypatch.setenv("PET_STORE_API_KEY", "k3y")
    yield from imported("petstore.yaml", tmp_path)


@pytest.fixture
def tracker(api: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shell]:
    monkeypatch.setenv("ISSUE_TRACKER_URL", api)
    monkeypatch.setenv("ISSUE_TRACKER_TOKEN", "t0ken")
    monkeypatch.setenv("ISSUE_TRACKER_API_KEY", "k 3y")
    yield from imported("tracker.json", tmp_path)


def imported(name: str, folder: Path) -> Iterator[Shell]:
    made = import_source(str(APIS / name), None, folder)
    with running_shell() as shell:
        shell.good(*cells_of(made.notebook)[1:])
        yield shell
        shell.good("client.close()")


def asked(shell: Shell, tool: str, **arguments: Any) -> dict[str, Any]:
    """Call a tool, and return what the API was asked."""
    value = called(shell, tool, **arguments)
    found = value[0] if isinstance(value, list) else value
    return json.loads(found) if isinstance(found, str) else found


def called(shell: Shell, tool: str, **arguments: Any) -> Any:
    result = shell.session.on().call(tool, arguments).result
    if result.is_error or result.structured_content is None:
        text = text_of(result)
        return f"error: {text}" if result.is_error else json.loads(text) if text[:1] == "{" else text
    value = result.structured_content
    # Before Python 3.11, the SDK makes structured content of a value of any type, too.
    return value["result"] if isinstance(value, dict) and value.keys() == {"result"} else value


# What the tools send


def test_each_operation_is_a_tool_with_its_name_description_and_hints(pets: Shell) -> None:
    tools = {tool.name: tool for tool in pets.session.catalog().tools()}
    assert list(tools) == ["listPets", "createPet", "getPet", "deletePet", "order"]
    assert tools["listPets"].description == "List the pets."
    assert tools["deletePet"].description == "Deprecated by the API. DELETE /pets/{petId}"
    hints: dict[str, Any] = {name: tool.annotations for name, tool in tools.items()}
    assert hints["listPets"].read_only_hint
    assert hints["deletePet"].destructive_hint
    assert hints["deletePet"].idempotent_hint
    assert hints["createPet"] is None
    limit = tools["listPets"].input_schema["properties"]["limit"]
    assert (limit["minimum"], limit["maximum"], limit["default"]) == (1, 100, 20)
    assert limit["description"] == "How many at most."
    assert tools["createPet"].input_schema["required"] == ["name"]
    assert "id" not in tools["createPet"].input_schema["properties"]


def test_parameters_are_sent_in_their_places_and_styles(pets: Shell) -> None:
    sent = asked(pets, "listPets", tags=["a b", "c"], ids=[1, 2], filter={"kind": "cat"}, X_Trace=True, session="s;1")
    assert sent["path"] == "/v1/pets"
    assert sent["query"] == "limit=20&tags=a+b&tags=c&ids=1%2C2&filter%5Bkind%5D=cat"
    assert sent["headers"] == {"x-trace": "true", "cookie": "session=s%3B1", "x-api-key": "k3y"}
    assert asked(pets, "listPets", limit=3, born_after="2026-01-02")["query"] == "limit=3&born-after=2026-01-02"


def test_a_body_is_sent_as_its_media_type_says(pets: Shell, tracker: Shell) -> None:
    sent = asked(tracker, "issues_update", number=3, title="New", tree={"value": None})
    assert (sent["method"], sent["path"]) == ("PATCH", "/issues/3")
    assert json.loads(sent["body"]) == {"title": "New", "tree": {"value": None}}
    assert sent["headers"]["content-type"] == "application/merge-patch+json"
    sent = asked(tracker, "addNote", body="Hello")
    assert (sent["body"], sent["headers"]["content-type"]) == ("Hello", "text/plain")


def test_a_json_body_has_only_what_is_given(pets: Shell) -> None:
    sent = asked(pets, "createPet", name="Rex", owner={"name": "Ada", "phone": None})
    assert json.loads(sent["body"]) == {"name": "Rex", "kind": "dog", "owner": {"name": "Ada", "phone": None}}
    assert "error" in called(pets, "createPet", name="Rex", kind="cow")


def test_a_form_is_sent_without_credentials_where_the_operation_takes_none(pets: Shell) -> None:
    sent = asked(pets, "order", pet=1, note="a&b", on="off")
    assert sent["body"] == "pet=1&note=a%26b&on=off"
    assert sent["headers"] == {"content-type": "application/x-www-form-urlencoded"}


def test_credentials_are_sent_if_they_are_set(tracker: Shell) -> None:
    sent = asked(tracker, "search", matrix=["a", "b"], where={"x": 1}, free={"y": "z"}, body={"title": "t"})
    assert sent["headers"]["authorization"] == "Bearer t0ken"
    assert sent["query"] == "matrix=a%7Cb&where=%7B%22x%22%3A+1%7D&y=z&key=k+3y"
    assert json.loads(sent["body"]) == {"title": "t"}


@pytest.mark.parametrize(
    ("label", "path"),
    [("a/b", "a%2Fb"), ("../../x", "..%2F..%2Fx"), ("{number}", "%7Bnumber%7D"), ("x?y#z", "x%3Fy%23z")],
)
def test_a_value_stays_in_its_part_of_the_path(tracker: Shell, label: str, path: str) -> None:
    tool = "put_issues_by_number_labels_by_label"
    assert called(tracker, tool, number=1, label=label) == f"/issues/1/labels/{path}"


@pytest.mark.parametrize("label", ["", ".", ".."])
def test_a_value_that_would_lead_to_another_path_is_refused(tracker: Shell, label: str) -> None:
    said = called(tracker, "put_issues_by_number_labels_by_label", number=1, label=label)
    assert said.endswith(f"label cannot be {label!r}.")


def test_an_error_of_the_api_is_told(pets: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    pets.good("petsUrl = PET_STORE_URL\nclient.base_url = petsUrl + '/missing'")
    pets.good("def path(name):\n    return request('GET', name)")
    for name, words in [("/missing", "The API answered 404: {"), ("/moved", "The API answered 302: ")]:
        with pytest.raises(Exception, match=words.replace("{", "\\{")):
            pets.good(f"path({name!r})")
    pets.good("client.base_url = 'http://127.0.0.1:9'")
    assert "The API did not answer: " in called(pets, "getPet", petId=1)


# What is written


def test_the_outcome_says_where_requests_go_and_what_is_left(tmp_path: Path) -> None:
    made = import_source(str(APIS / "petstore.yaml"), None, tmp_path)
    assert str(made).splitlines() == [
        "pet_store.ipynb: 5 tools from petstore.yaml, server 'pet_store'.",
        "  Requests go to https://eu.pets.example.com/v1; to change that: the environment variable PET_STORE_URL.",
        "  Credentials come from the environment: PET_STORE_API_KEY, PET_STORE_USERNAME, PET_STORE_PASSWORD.",
        "  POST /pets/{petId}/photo is left to you: its body is multipart/form-data.",
    ]
    with pytest.raises(NotebookError, match="already exists"):
        import_source(str(APIS / "petstore.yaml"), None, tmp_path)


def test_what_is_not_written_is_a_comment(tmp_path: Path) -> None:
    made = import_source(str(APIS / "tracker.json"), None, tmp_path)
    cells = "\n".join(cells_of(made.notebook))
    assert "# The API takes path in the style label, which this does not write." in cells
    assert (
        "# GET //evil.example.com/x\n# This operation is left to you: its path does not begin with one slash." in cells
    )
    assert "its path has 'id', which is not among its parameters" in cells
    assert "The document does not name the address of the API: set the environment variable ISSUE_TRACKER_URL." in str(
        made
    )
    assert "'sign-in' is OAuth: get a token yourself, and set it." in str(made)


@pytest.mark.slow
def test_the_cells_pass_mypy(tmp_path: Path) -> None:
    for name in ("petstore.yaml", "tracker.json"):
        made = import_source(str(APIS / name), None, tmp_path)
        lines = "\n\n".join(cells_of(made.notebook)).splitlines()
        module = tmp_path / f"{Path(name).stem}.py"
        module.write_text("\n".join(line for line in lines if line[:1] != "%"), encoding="utf-8")
        words = [sys.executable, "-m", "mypy", "--config-file=", "--cache-dir", str(tmp_path / "cache"), str(module)]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        assert "Success" in done.stdout, done.stdout


def many(count: int) -> dict[str, Any]:
    paths = {
        f"/things/{n}": {
            "get": {"operationId": f"thing_{n}", "tags": ["even" if n % 2 == 0 else "odd"], "responses": {}}
        }
        for n in range(count)
    }
    return {"openapi": "3.1.0", "info": {"title": "Many"}, "servers": [{"url": "https://a.example"}], "paths": paths}


@pytest.mark.parametrize(
    ("only", "tools"),
    [(["thing_7"], 1), (["even"], 30), (["/things/1?"], 10), (["GET /things/5", "thing_6"], 2), (["*"], 60)],
)
def test_of_a_large_document_operations_are_chosen(tmp_path: Path, only: list[str], tools: int) -> None:
    path = tmp_path / "many.json"
    path.write_text(json.dumps(many(60)))
    assert f"{tools} tool" in str(import_source(str(path), None, tmp_path, only=only))


def test_a_large_document_is_refused_with_a_line_that_tells_how_to_choose(tmp_path: Path) -> None:
    path = tmp_path / "many.json"
    path.write_text(json.dumps(many(60)))
    with pytest.raises(NotebookError, match=r"60 operations.*--only 'thing_0'.*Tags: even \(30\), odd \(30\)\."):
        import_source(str(path), None, tmp_path)
    with pytest.raises(NotebookError, match=r"No operation of many\.json fits thing_99\. Did you mean 'thing_9'"):
        import_source(str(path), None, tmp_path, only=["thing_99"])
    assert list(tmp_path.glob("*.ipynb")) == []


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('{"swagger": "2.0"}', "is Swagger 2.0. Convert it to OpenAPI 3 first"),
        ('{"a": 1}', "is not an OpenAPI document: it has no 'openapi: 3...'"),
        ("openapi: 2.0", "is not an OpenAPI document"),
        ("[1]", "it is not an object"),
        ("{", "is neither JSON nor YAML"),
        ("a: [", "is neither JSON nor YAML"),
        ("\x00", "is neither JSON nor YAML"),
        ("!!python/object/apply:os.system [ls]", "is neither JSON nor YAML"),
        ('{"openapi": "3.0.0", "info": {}, "paths": {}}', "has no operations"),
        ('{"openapi": "3.0.0", "paths": {"/a": 3, "b": {"get": 1}}}', "has no operations"),
    ],
)
def test_what_is_no_such_document_is_refused_in_one_line(tmp_path: Path, text: str, why: str) -> None:
    path = tmp_path / "api.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(NotebookError) as error:
        import_source(str(path), None, tmp_path)
    assert why in str(error.value)
    assert "\n" not in str(error.value)


def test_yaml_is_read_as_openapi_has_it(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("openapi: 3.1.0\nx: [on, yes, 2026-01-02, true, 1, null]\npaths: {}\n")
    assert read_document(str(path)).root["x"] == ["on", "yes", "2026-01-02", True, 1, None]


def test_a_document_is_fetched_from_a_url(tmp_path: Path) -> None:
    async def answer(request: Request) -> Response:
        if request.url.path.endswith("/api.json"):
            return Response(json.dumps({**many(2), "servers": [{"url": "v2"}]}))
        return Response("no", status_code=404)

    with serving(answer) as url:
        made = import_source(f"{url}/docs/api.json", None, tmp_path)
        assert f"Requests go to {url}/docs/v2;" in str(made)
        with pytest.raises(NotebookError, match="answered 404"):
            import_source(f"{url}/other", None, tmp_path)
    with pytest.raises(NotebookError, match="Cannot fetch"):
        import_source(f"{url}/docs/api.json", None, tmp_path)


def test_a_document_without_end_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "MOST_BYTES", 1_000_000)

    async def answer(request: Request) -> Response:
        return Response(b" " * 2_000_000)

    with serving(answer) as url, pytest.raises(NotebookError, match="has more than 1 MB"):
        import_source(url, None, tmp_path)


@pytest.mark.parametrize(
    ("servers", "base"),
    [
        ([{"url": "https://a.example/v1/"}], "https://a.example/v1"),
        ([{"url": "javascript:alert(1)"}], ""),
        ([{"url": "https://user:pw@a.example"}], ""),
        ([{"url": "https://a.example/\u202e"}], ""),
        ([{"url": "http://[::1"}], ""),
        ([{"url": 3}, {"url": "http://b.example"}], "http://b.example"),
        ("x", ""),
    ],
)
def test_only_a_plain_address_becomes_the_base_url(tmp_path: Path, servers: Any, base: str) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps({"openapi": "3.0.0", "servers": servers}))
    assert read_document(str(path)).base_url == base


# Hostile documents

ANYTHING = st.one_of(HOSTILE, st.none(), st.integers(), st.lists(HOSTILE, max_size=2))
SCHEMA = st.recursive(
    st.fixed_dictionaries(
        {},
        optional={
            "type": st.sampled_from(["string", "integer", "object", "array"]),
            "enum": st.lists(ANYTHING, max_size=3),
            "default": ANYTHING,
            "minimum": st.one_of(st.floats(), ANYTHING),
            "description": ANYTHING,
            "$ref": st.sampled_from(["#/components/schemas/S", "#", "x.json#/a", '#/components/schemas/"\n']),
        },
    ),
    lambda inner: st.fixed_dictionaries(
        {"type": st.just("object"), "properties": st.dictionaries(HOSTILE, inner, max_size=3)},
        optional={"title": HOSTILE, "required": st.lists(HOSTILE, max_size=2), "additionalProperties": inner},
    ),
    max_leaves=4,
)
PARAMETER = st.fixed_dictionaries(
    {"name": HOSTILE, "in": st.sampled_from(["query", "header", "cookie", "path"]), "schema": SCHEMA},
    optional={
        "description": ANYTHING,
        "style": st.one_of(st.sampled_from(["form", "deepObject", "pipeDelimited"]), ANYTHING),
        "explode": st.booleans(),
        "required": st.booleans(),
        "content": st.dictionaries(HOSTILE, st.fixed_dictionaries({"schema": SCHEMA}), max_size=1),
    },
)
MEDIA = st.sampled_from(
    ["application/json", "a/b+json", "application/x-www-form-urlencoded", "text/plain", "image/png"]
)
OPERATION: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {"parameters": st.lists(PARAMETER, max_size=4)},
    optional={
        "operationId": ANYTHING,
        "summary": ANYTHING,
        "description": ANYTHING,
        "deprecated": st.booleans(),
        "tags": ANYTHING,
        "security": st.sampled_from([[], None, [{}]]),
        "requestBody": st.fixed_dictionaries(
            {
                "content": st.dictionaries(
                    st.one_of(MEDIA, HOSTILE), st.fixed_dictionaries({"schema": SCHEMA}), max_size=2
                )
            }
        ),
        "responses": st.dictionaries(
            st.sampled_from(["200", "default"]),
            st.fixed_dictionaries({"content": st.dictionaries(MEDIA, st.fixed_dictionaries({"schema": SCHEMA}))}),
        ),
    },
)
PATHS = st.dictionaries(
    st.one_of(HOSTILE, HOSTILE.map(lambda text: f"/{text}"), st.just("/a/{b}")),
    st.dictionaries(st.sampled_from(["get", "post", "put", "delete", "head", "patch"]), OPERATION, max_size=2),
    max_size=3,
)
SCHEMES = st.dictionaries(
    HOSTILE,
    st.fixed_dictionaries(
        {"type": st.sampled_from(["http", "apiKey", "oauth2", "x"])},
        optional={
            "scheme": st.sampled_from(["bearer", "basic", "x"]),
            "in": st.sampled_from(["header", "query", "cookie"]),
            "name": HOSTILE,
        },
    ),
    max_size=3,
)
DOCUMENT = st.fixed_dictionaries(
    {
        "info": st.fixed_dictionaries({"title": ANYTHING}),
        "paths": PATHS,
        "components": st.fixed_dictionaries(
            {"securitySchemes": SCHEMES, "schemas": st.fixed_dictionaries({"S": SCHEMA})}
        ),
    }
)


@settings(max_examples=150, deadline=None)
@given(DOCUMENT, HOSTILE)
def test_no_document_can_write_code(monkeypatch_layout: None, root: dict[str, Any], address: str) -> None:
    document = Document(root, "api.json", address)
    made = written(document, operations(document))
    (markdown,) = (text for kind, text in made.cells if kind == "markdown")
    assert len(markdown.splitlines()) == 1
    sources = [text for kind, text in made.cells if kind == "code"]
    assert sources[:2] == ["%load_ext mcp_notebook", sources[1]]
    assert sources[1].removeprefix("%mcp new ").isidentifier()
    bodies = []
    for source in sources[2:]:
        assert visible(source) == source
        first, _, rest = source.partition("\n")
        body = rest if first.startswith("%%") else source
        assert not first.startswith("%%") or first in FIRST_LINES
        # IPython takes nothing in it for its own syntax.
        assert TransformerManager().transform_cell(body + "\n") == body + "\n"
        bodies.append(body)
    tree = ast.parse("\n".join(bodies))
    nodes = list(ast.walk(tree))
    made_here = {node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    made_here |= {one.id for one in nodes if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)}
    made_here |= {one.arg for one in nodes if isinstance(one, ast.arg)}
    made_here |= {"error"}  # of the one handler
    loaded = {one.id for one in nodes if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Load)}
    assert loaded - made_here <= KNOWN
    assert {type(one) for one in nodes if isinstance(one, ast.stmt)} <= STATEMENTS
    assert {one.attr for one in nodes if isinstance(one, ast.Attribute)} <= ATTRIBUTES
    called = [one.func.id for one in nodes if isinstance(one, ast.Call) and isinstance(one.func, ast.Name)]
    assert set(called) <= CALLED


FIRST_LINES = {
    "%%mcp_tool",
    "%%mcp_tool --read-only",
    "%%mcp_tool --idempotent",
    "%%mcp_tool --destructive --idempotent",
}
STATEMENTS = {
    ast.Import, ast.ImportFrom, ast.Assign, ast.AnnAssign, ast.FunctionDef, ast.ClassDef, ast.Expr, ast.Return, ast.If,
    ast.For, ast.Try, ast.Raise, ast.With, ast.AugAssign,
}  # fmt: skip
KNOWN = {
    "Annotated", "Any", "Field", "Literal", "NotRequired", "ToolError", "TypedDict", "base64", "bool", "client", "dict",
    "RecursionError", "UnicodeEncodeError", "ValueError", "bytearray", "bytes", "float", "httpx2", "int", "isinstance",
    "json", "len", "list", "logging", "map", "os", "quote", "repr", "str", "type",
}  # fmt: skip
CALLED = {
    "Field", "ToolError", "TypedDict", "bytearray", "bytes", "deep", "dict", "given", "isinstance", "joined", "len",
    "map", "parts", "quote", "received", "request", "sign", "text", "type",
}  # fmt: skip
ATTRIBUTES = {
    "Client", "HTTPError", "InvalidURL", "Response", "WARNING", "__name__", "b64encode", "decode", "dumps", "encode",
    "encoding", "environ", "get", "getLogger", "headers", "is_success", "items", "iter_bytes", "join", "loads",
    "replace", "setLevel", "status_code", "stream",
}  # fmt: skip


@pytest.fixture(scope="module")
def monkeypatch_layout() -> Iterator[None]:
    """Leave out the formatter: a process for each cell of each example takes long, and changes no meaning."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("mcp_notebook.importing.openapi.cells.laid_out", lambda source: source)
        yield


def test_markup_in_a_title_is_text(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    title = "![x](http://evil.example/x.png) <script>"
    path.write_text(json.dumps({**many(1), "info": {"title": title, "description": title}}))
    made = import_source(str(path), None, tmp_path)
    (cell,) = (c for c in nbformat.read(made.notebook, as_version=4).cells if c.cell_type == "markdown")
    assert cell.source.startswith("# \\!\\[x\\]\\(http\\:")
    assert "<" not in cell.source.replace("\\<", "")


# Odd parts of documents


def document(
    folder: Path, paths: dict[str, Any], *, title: str = "Odd", api: str = "https://a.example", **components: Any
) -> Path:
    """Write a document with these paths; a parameter without a place is in the query."""
    root = {"openapi": "3.0.3", "info": {"title": title}, "servers": [{"url": api}], "paths": paths}
    path = folder / "odd.json"
    path.write_text(json.dumps({**root, "components": components}), encoding="utf-8")
    return path


def tool_of(folder: Path, operation: dict[str, Any], path: str = "/a", **item: Any) -> str:
    """Return the cell of the tool for an operation."""
    made = import_source(
        str(document(folder, {path: {"post": {"operationId": "a", **operation}, **item}})), None, folder
    )
    return cells_of(made.notebook)[-1]


def body(kind: str = "application/json", *, required: bool = True, **schema: Any) -> dict[str, Any]:
    return {"required": required, "content": {kind: {"schema": {"type": "object", **schema}}}}


@pytest.fixture
def odd(api: str, tmp_path: Path) -> Iterator[Shell]:
    free: dict[str, Any] = {"type": "object"}
    parameters = [
        {"name": "deep", "in": "query", "style": "deepObject", "schema": free},
        {"name": "spread", "in": "query", "schema": free},
        {"name": "packed", "in": "query", "explode": False, "schema": {"type": "array", "items": {}}},
        {"name": "rows", "in": "query", "schema": {"type": "array", "items": {}}},
        {"name": "json", "in": "query", "content": {"application/json": {"schema": free}}},
        {"name": "text", "in": "query", "schema": {"type": "string"}},
        {"name": "X-Trace", "in": "header", "schema": {"type": "string"}},
    ]
    form = body("application/x-www-form-urlencoded", properties={"o": free, "rows": {"type": "array", "items": {}}})
    optional = body(required=False, properties={"a": {"type": "string"}})
    unlisted = body(properties={"a": {"type": "object", "properties": {"x": {}}, "required": ["y"]}})
    unlisted["content"]["application/json"]["schema"] |= {"required": ["b"]}
    paths = {
        "/query": {"get": {"operationId": "query", "parameters": parameters}},
        "/form": {"post": {"operationId": "form", "requestBody": form}},
        "/optional": {"post": {"operationId": "optional", "requestBody": optional}},
        "/unlisted": {"post": {"operationId": "unlisted", "requestBody": unlisted}},
    }
    made = import_source(str(document(tmp_path, paths, api=api)), None, tmp_path)
    with running_shell() as shell:
        shell.good(*cells_of(made.notebook)[1:])
        yield shell
        shell.good("client.close()")


@pytest.mark.parametrize(
    ("arguments", "sent"),
    [
        (
            {"deep_2": {"a": {"b": 1}, "c": [True, None]}},
            [("deep[a]", '{"b": 1}'), ("deep[c]", "true"), ("deep[c]", "null")],
        ),
        ({"spread": {"a": {"b": 1}, "c": False}}, [("a", '{"b": 1}'), ("c", "false")]),
        ({"packed": [{"a": "x"}, None, True, 1.5]}, [("packed", '{"a": "x"},null,true,1.5')]),
        ({"rows": [{"a": 1}, [2], "x"]}, [("rows", '{"a": 1}'), ("rows", "[2]"), ("rows", "x")]),
        ({"json_2": {"a": None}, "text": "a b"}, [("json", '{"a": null}'), ("text", "a b")]),
    ],
)
def test_what_is_nested_in_the_query_is_sent_as_json(odd: Shell, arguments: dict[str, Any], sent: list[Any]) -> None:
    assert parse_qsl(asked(odd, "query", **arguments)["query"]) == sent


def test_what_is_nested_in_a_form_is_sent_as_json(odd: Shell) -> None:
    found = asked(odd, "form", o={"x": [1, None]}, rows=[{"a": 1}, False])["body"]
    assert parse_qsl(found) == [("o", '{"x": [1, null]}'), ("rows", '{"a": 1}'), ("rows", "false")]


def test_an_optional_body_is_sent_only_if_a_field_is_given(odd: Shell) -> None:
    assert asked(odd, "optional")["body"] == ""
    assert json.loads(asked(odd, "optional", a="x")["body"]) == {"a": "x"}


def test_a_required_field_that_is_not_described_is_an_argument(odd: Shell) -> None:
    given_: dict[str, Any] = {"a": {"x": 1, "y": [2]}, "b": {"z": 3}}
    assert json.loads(asked(odd, "unlisted", **given_)["body"]) == given_
    assert "error" in called(odd, "unlisted", a={"y": 1})


def test_a_header_that_cannot_be_sent_is_told(odd: Shell) -> None:
    assert "a header can only have ASCII characters" in called(odd, "query", X_Trace="\u00fc")


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (Response(b"", media_type="application/json"), None),
        (Response(b"", status_code=204, media_type="application/json"), None),
        (Response(b"<p>busy", media_type="application/json"), "answers with JSON, but this is none: <p>busy"),
        (Response(b"[" * 900, media_type="application/json"), "answers with JSON, but this is none: [["),
        (Response(b"1" * 2_000, media_type="text/plain"), "answered with more than 1,000 bytes"),
        (Response(b"1" * 2_000, status_code=500), "answered with more than 1,000 bytes"),
        (Response(b'{"a": 1}', media_type="application/json"), {"a": 1}),
        (Response("\u00fc".encode("latin-1"), media_type="text/plain; charset=latin-1"), "\u00fc"),
    ],
)
def test_an_answer_that_is_empty_broken_or_long_is_told(tmp_path: Path, answer: Response, said: Any) -> None:
    async def given_answer(request: Request) -> Response:
        return answer

    responses = {"200": {"content": {"application/json": {"schema": {"type": "object"}}}}}
    if "text/plain" in str(answer.media_type):
        responses = {}
    with serving(given_answer) as url, running_shell() as shell:
        path = document(tmp_path, {"/a": {"get": {"operationId": "a", "responses": responses}}}, api=url)
        shell.good(*cells_of(import_source(str(path), None, tmp_path).notebook)[1:], "MOST_BYTES = 1_000")
        if not isinstance(said, str):
            # Of an Any, the SDK makes no structured content.
            assert called(shell, "a") == said
        else:
            assert said in called(shell, "a")
        shell.good("client.close()")


@pytest.mark.parametrize(
    ("path", "more", "why"),
    [
        ("/a?x=1", {}, "its path has a query or a fragment"),
        ("/a#x", {}, "its path has a query or a fragment"),
        ("/a", {"servers": [{"url": "https://other.example"}]}, "it has a server of its own"),
        ("/b", {"post": {"operationId": "b", "servers": [{"url": "/v2"}]}}, "it has a server of its own"),
    ],
)
def test_what_would_go_to_another_address_is_left(tmp_path: Path, path: str, more: dict[str, Any], why: str) -> None:
    assert tool_of(tmp_path, {}, path, **more).endswith(f"# This operation is left to you: {why}.")


def test_a_server_that_is_named_again_is_no_other_one(tmp_path: Path) -> None:
    again = [{"url": "https://a.example"}]
    assert tool_of(tmp_path, {"servers": again}, servers=[]).startswith("%%mcp_tool")


@pytest.mark.parametrize(
    ("schema", "written"),
    [
        ({"type": "integer", "maximum": 10**400, "minimum": 1}, "Annotated[int | None, Field(ge=1)] = None"),
        ({"type": "number", "maximum": 10**400, "minimum": -1e300}, "float | None = None"),
        ({"type": "integer", "maximum": 1.5, "minimum": 2.0}, "Annotated[int | None, Field(ge=2)] = None"),
        ({"type": "string", "minLength": -1, "maxLength": 2**64}, "str | None = None"),
        (
            {"type": "string", "minLength": 1, "maxLength": 8},
            "Annotated[str | None, Field(min_length=1, max_length=8)]",
        ),
        ({"type": "number", "default": 0.5}, "float = 0.5"),
        ({"type": "number", "default": 1}, "float = 1"),
        ({"type": "number", "default": True}, "float | None = None"),
        ({"type": "integer", "default": 0.5}, "int | None = None"),
        ({"type": "integer", "default": 10**400}, "int | None = None"),
        ({"type": "integer", "minimum": 1, "exclusiveMinimum": True}, "Annotated[int | None, Field(gt=1)]"),
        ({"type": "number", "maximum": 2, "exclusiveMaximum": True}, "Annotated[float | None, Field(lt=2)]"),
        ({"type": "integer", "minimum": 1, "exclusiveMinimum": False}, "Annotated[int | None, Field(ge=1)]"),
        ({"type": "number", "exclusiveMinimum": 0.5}, "Annotated[float | None, Field(gt=0.5)]"),
    ],
)
def test_bounds_and_defaults_are_written_where_they_can_run(
    tmp_path: Path, schema: dict[str, Any], written: str
) -> None:
    cell = tool_of(tmp_path, {"parameters": [{"name": "n", "in": "query", "schema": schema}]})
    assert f"(n: {written}" in re.sub(r"\s+", " ", cell).replace("( n", "(n")


@pytest.mark.parametrize("word", ["pets", "client", "os", "list", "logging", "sign", *sorted(HELPERS)])
def test_no_tool_replaces_what_the_first_cell_makes(api: str, tmp_path: Path, word: str) -> None:
    paths = {f"/{n}": {"get": {"operationId": word}} for n in range(2)}
    made = import_source(str(document(tmp_path, paths, title=word, api=api)), None, tmp_path)
    with running_shell() as shell:
        shell.good(*cells_of(made.notebook)[1:])
        first, second = (tool.name for tool in shell.session.catalog().tools())
        assert (first == word) is (word == "pets")
        assert asked(shell, second)["path"] == "/1"
        shell.good("client.close()")


@pytest.mark.parametrize("source", ["http://[::1", "HTTPS://[x]/a.json", "http://", "https://\x00/"])
def test_an_address_that_is_none_is_told_in_one_line(tmp_path: Path, source: str) -> None:
    with pytest.raises(NotebookError, match="Cannot fetch"):
        import_source(source, None, tmp_path)


def test_a_document_that_drips_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "SECONDS", 0.5)
    gone = threading.Event()

    async def drip() -> AsyncIterator[bytes]:
        while not gone.is_set():
            yield b" "
            await asyncio.sleep(0.05)

    async def answer(request: Request) -> Response:
        return StreamingResponse(drip())

    with serving(answer) as url:
        try:
            with pytest.raises(NotebookError, match=r"took more than 0\.5 s"):
                import_source(url, None, tmp_path)
        finally:
            gone.set()


# In a notebook, and in a shell


def test_the_magic_writes_a_notebook_beside_this_one(
    shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    said = shell.good(f"%mcp import {PETSTORE} --only orders --to chosen.ipynb")
    assert said.text.startswith("chosen.ipynb: 1 tool from petstore.yaml")
    assert (tmp_path / "chosen.ipynb").exists()
    with pytest.raises((NotebookError, UsageError), match="--only chooses operations of an OpenAPI document"):
        shell.good(f"%mcp import {tmp_path}/server.py --only x")
    with pytest.raises((NotebookError, UsageError), match="--rename-fastmcp is for modules"):
        shell.good(f"%mcp import {PETSTORE} --rename-fastmcp --to b.ipynb")


def test_the_command_does_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(main, ["import", str(APIS / "petstore.yaml"), "--only", "pets"])
    assert done.exit_code == 0, done.output
    assert "pet_store.ipynb: 4 tools" in done.output
    assert CliRunner().invoke(main, ["import", str(APIS / "nothing.json")]).exit_code == 1


@pytest.mark.slow
def test_import_run_call_export_prove(api: str, tmp_path: Path, kernel: Kernel) -> None:
    made = import_source(str(APIS / "petstore.yaml"), None, tmp_path)
    kernel.good(f"import os\nos.environ['PET_STORE_URL'] = '{api}/v1'\nos.environ['PET_STORE_API_KEY'] = 'hunter2-key'")
    for cell in cells_of(made.notebook):
        kernel.good(cell)
    assert "limit=3" in kernel.good("%mcp call listPets limit=3").text
    kernel.good('%mcp call createPet name="Rex"')
    package = tmp_path / "pets"
    said = kernel.good(f"%mcp export {package}").text
    assert "proven" in said, said
    assert "not proven" not in said, said
    settings_file = (package / "src" / "pets" / "settings.py").read_text(encoding="utf-8")
    assert "pet_store_api_key: SecretStr" in settings_file
    assert "https://eu.pets.example.com/v1" in settings_file
    everything = "".join(
        path.read_text(encoding="utf-8", errors="replace") for path in package.rglob("*") if path.is_file()
    )
    assert "hunter2" not in everything


LOGGED = """
import asyncio, logging, sys
from mcp import Client
from keyed.logs import configure
from keyed.server import mcp as keyed

{"sdk": int, "package": configure, "own": lambda: logging.basicConfig(level="DEBUG", force=True)}[sys.argv[1]]()

async def main():
    async with Client(keyed) as client:
        print((await client.call_tool("a", {})).content[0].text)

asyncio.run(main())
"""


@pytest.mark.parametrize("setup", ["sdk", "package", "own"])
def test_no_log_has_a_key_that_is_sent_in_the_query(api: str, tmp_path: Path, setup: str) -> None:
    schemes = {"key": {"type": "apiKey", "in": "query", "name": "api_key"}}
    path = document(tmp_path, {"/a": {"get": {"operationId": "a"}}}, title="Keyed", api=api, securitySchemes=schemes)
    with running_shell() as shell:
        shell.good(*cells_of(import_source(str(path), None, tmp_path).notebook)[1:])
        shell.good(f"%mcp export {tmp_path / 'keyed'} --no-proof", "client.close()")
    done = subprocess.run(
        [sys.executable, "-c", LOGGED, setup],
        cwd=tmp_path / "keyed" / "src",
        env={**os.environ, "KEYED_API_KEY": "hunter2", "KEYED_LOG_LEVEL": "DEBUG", "COLUMNS": "1000"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "api_key=hunter2" in done.stdout, done.stderr  # the API got it
    assert "hunter2" not in done.stderr
