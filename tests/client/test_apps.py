"""What a host reads of an app: its page, and the policy made from what it declares."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from mcp.server.apps import APP_MIME_TYPE
from mcp_types import BlobResourceContents, ReadResourceResult, TextResourceContents, Tool

from mcp_notebook.client.extensions.apps import AppPage, callable_by_apps, page_in, uri_of
from mcp_notebook.errors import RequestError


def page(csp: Any = None, **ui: Any) -> AppPage:
    meta = {"ui": {"csp": csp, **ui}}
    text = TextResourceContents(uri="ui://a", mime_type=APP_MIME_TYPE, text="<p>", _meta=meta)
    return page_in("ui://a", ReadResourceResult(contents=[text]))


def directives(policy: str) -> dict[str, str]:
    return {name: rest for name, _, rest in (part.partition(" ") for part in policy.split("; "))}


def test_nothing_outside_is_allowed_unless_it_is_declared() -> None:
    allowed = directives(page().policy)
    assert allowed["default-src"] == allowed["connect-src"] == allowed["frame-src"] == "'none'"
    assert allowed["form-action"] == allowed["object-src"] == allowed["base-uri"] == "'none'"
    assert allowed["script-src"] == allowed["style-src"] == "'unsafe-inline'"
    assert page().domains == {}


def test_declared_domains_are_allowed_each_for_its_kind() -> None:
    found = page(
        {
            "connectDomains": ["https://api.example", "wss://live.example:8080"],
            "resourceDomains": ["https://*.cdn.example"],
            "frameDomains": ["https://player.example"],
            "baseUriDomains": ["https://base.example/app/"],
        }
    )
    allowed = directives(found.policy)
    assert allowed["connect-src"] == "https://api.example wss://live.example:8080"
    assert allowed["script-src"] == "'unsafe-inline' https://*.cdn.example"
    assert allowed["img-src"] == "data: blob: https://*.cdn.example"
    assert allowed["frame-src"] == "https://player.example"
    assert allowed["base-uri"] == "https://base.example/app/"


@pytest.mark.parametrize(
    "source",
    ["*", "https:", "'unsafe-eval'", "data:", "https://a.example; script-src *", "https://a.example, *", "https://a\n.example",
     "https://*", "file:///etc", "https://a.example/?x", 'https://a.example"'],
)  # fmt: skip
def test_what_is_no_origin_adds_nothing_to_the_policy(source: str) -> None:
    kinds = ("connectDomains", "resourceDomains", "frameDomains", "baseUriDomains")
    found = page({kind: [source] for kind in kinds})
    assert found.policy == page().policy
    assert set(found.left_out) == {source}


@pytest.mark.parametrize(
    "csp", ["https://a.example", {"connectDomains": "https://a.example"}, {"connectDomains": [1]}, []]
)
def test_a_declaration_of_another_shape_allows_nothing(csp: Any) -> None:
    assert page(csp).policy == page().policy


def test_a_long_list_is_cut() -> None:
    found = page({"connectDomains": [f"https://host{i}.example" for i in range(80)]})
    assert (len(found.connect), len(found.left_out)) == (50, 30)


def test_a_page_may_come_in_base64() -> None:
    blob = base64.b64encode("<p>é".encode()).decode()
    contents = BlobResourceContents(uri="ui://a", mime_type=APP_MIME_TYPE, blob=blob)
    assert page_in("ui://a", ReadResourceResult(contents=[contents])).html == "<p>é"
    contents = BlobResourceContents(uri="ui://a", mime_type=APP_MIME_TYPE, blob="%")
    with pytest.raises(RequestError, match="not UTF-8 in Base64"):
        page_in("ui://a", ReadResourceResult(contents=[contents]))


def test_another_type_is_no_page() -> None:
    contents = TextResourceContents(uri="ui://a", mime_type="text/html", text="<p>")
    with pytest.raises(RequestError, match="it is text/html, but an app is text/html;profile=mcp-app"):
        page_in("ui://a", ReadResourceResult(contents=[contents]))


@pytest.mark.parametrize(
    ("meta", "uri", "by_apps"),
    [
        (None, None, True),
        ({"ui": {"resourceUri": "ui://a"}}, "ui://a", True),
        ({"ui/resourceUri": "ui://old"}, "ui://old", True),
        ({"ui": {"resourceUri": "https://a.example"}}, None, True),
        ({"ui": {"visibility": ["model"]}}, None, False),
        ({"ui": {"visibility": ["app"]}}, None, True),
        ({"ui": "ui://a"}, None, True),
    ],
)
def test_a_tool_says_which_app_it_has_and_whether_apps_may_call_it(meta: Any, uri: str | None, by_apps: bool) -> None:
    tool = Tool(name="a", input_schema={"type": "object"}, _meta=meta)
    assert uri_of(tool) == uri
    assert callable_by_apps(tool) is by_apps
