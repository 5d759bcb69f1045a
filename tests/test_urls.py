"""What is shown of a URL is where a browser goes."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mcp_types import CallToolResult, ElicitRequestURLParams, TextContent

from mcp_notebook.client import Question
from mcp_notebook.recording import Call
from mcp_notebook.rendering.calls.card import call_card
from mcp_notebook.rendering.chat import says
from mcp_notebook.rendering.content import markdown, render
from mcp_notebook.rendering.question import asked
from mcp_notebook.urls import LETTERS, address_of
from mcp_notebook.widgets.question_card import QuestionCard
from tests.session.test_questions import shown

LEADS_TO = {
    r"https://evil.example\@bank.example/login": "evil.example",
    r"https://evil.example\.bank.example/": "evil.example",
    r"https:\\evil.example\bank.example": "evil.example",
    "https:evil.example/bank.example": "evil.example",
    "https:///evil.example": "evil.example",
    "https://bank.example@evil.example/": "evil.example",
    "https://bank.example:pay@evil.example/": "evil.example",
    "https://bank.example%2F@evil.example/": "evil.example",
    "https://bank.example#@evil.example/": "bank.example",
    "https://bank.example?@evil.example/": "bank.example",
    "https://ev\til.example/": "evil.example",
    "https://evil\n.example/": "evil.example",
    "  https://evil.example/ ": "evil.example",
    "\x00https://evil.example/": "evil.example",
    "https://evil%2eexample/": "evil.example",
    "https://evil%E3%80%82example/": "evil.example",
    "https://evil。example/": "evil.example",
    "https://evil．example/": "evil.example",
    "https://evil｡example/": "evil.example",
    "https://EVIL.Example/": "evil.example",
    "HTTPS://evil.example": "evil.example",
    "https://evil.example./": "evil.example.",
    "https://evil.example:443/": "evil.example",
    "https://evil.example:8443/": "evil.example",
    "https://ｅｖｉｌ.example/": "evil.example",
    "https://evil\u00ad.example/": "evil.example",
    "https://аpple.example/": "xn--pple-43d.example",
    "https://faß.example/": "xn--fa-hia.example",
    "http://2130706433/": "127.0.0.1",
    "http://0x7f000001/": "127.0.0.1",
    "http://0x7f.1/": "127.0.0.1",
    "http://0177.0.0.1/": "127.0.0.1",
    "http://127.1/": "127.0.0.1",
    "http://①②⑦.0.0.1/": "127.0.0.1",
    "http://[::ffff:7f00:1]/": "[::ffff:7f00:1]",
    "http://[0:0:0:0:0:0:0:1]:80/": "[::1]",
}

NO_LINK = [
    "javascript:alert(1)",
    "JavaScript:alert(1)",
    "java\tscript:alert(1)",
    " javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "file:///etc/passwd",
    "blob:https://bank.example/0",
    "vbscript:x",
    "ftp://bank.example/",
    "vscode://open?x",
    "mailto:a@bank.example",
    "about:blank",
    "//evil.example",
    "evil.example",
    "/path",
    "#part",
    "",
    "http://",
    "http://[",
    "http://[::1%25eth0]/",
    "https://a b.example/",
    "https://a.example:99999/",
    "https://1.2.3.4.5/",
    "https://\u202eevil.example/",
    "https://evil%00.example/",
    "https://ex<ample/",
]


def question(url: str, message: str = "Go.") -> Question:
    return Question("url", ElicitRequestURLParams(message=message, url=url), "shop")


def links(html: str) -> list[tuple[str, str]]:
    """Each link: where it leads, and its text."""
    found = re.findall(r'<a href="([^"]*)"[^>]*>(.*?)</a>', html)
    return [(unescape(href), unescape(re.sub(r"<[^>]+>", "", text))) for href, text in found]


@pytest.mark.parametrize(("url", "host"), LEADS_TO.items())
def test_the_host_of_a_question_is_the_one_that_the_link_opens(url: str, host: str) -> None:
    card = QuestionCard(question(url))
    html = shown(card)
    ((href, text),) = links(html)
    assert href == text, "what is shown is what opens"
    assert re.fullmatch(rf"https?://([^/@]*@)?{re.escape(host)}(:\d+)?/.*", href)
    emphasised = re.findall(r"<strong>(.*?)</strong>", html)
    assert emphasised[:2] == [host, host]
    assert 'target="_blank" rel="noopener noreferrer"' in html
    assert re.search(rf"\n  host\n    {re.escape(host)}(\n|$)", asked(question(url)).text)
    assert f"\n  URL\n    {href}\n" in asked(question(url)).text


@pytest.mark.parametrize("url", NO_LINK)
def test_what_is_not_a_web_page_has_no_link_and_says_so(url: str) -> None:
    rendering = asked(question(url))
    assert links(rendering.html) == []
    assert "No link: " in rendering.text
    assert "No link: " in rendering.html
    assert "\u202e" not in rendering.text + rendering.html


@pytest.mark.parametrize(
    ("url", "site"),
    [
        ("https://bank.example.evil.co.uk/", "evil.co.uk"),
        ("https://login.bank.com.evil.com/", "evil.com"),
        ("https://somebody.github.io/", ""),
        ("https://deep.somebody.github.io/", "somebody.github.io"),
        ("https://evil.example/", ""),
        ("https://localhost:3000/", ""),
        ("http://127.0.0.1/", ""),
        ("https://www.evil.example./", "evil.example"),
    ],
)
def test_the_domain_that_somebody_registered_is_named(url: str, site: str) -> None:
    text = asked(question(url)).text
    assert (f"\n  part of\n    {site}\n" in f"{text}\n") == bool(site)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("https://bank.example@evil.example/", "before the @ is a user name"),
        ("https://:secret@evil.example/", "before the @ is a user name"),
        ("http://2130706433/", "is an IP address"),
        ("http://[::1]/", "is an IP address"),
        ("https://аpple.example/", LETTERS),
        ("https://xn--pple-43d.example/", LETTERS),
        (r"https://evil.example\@bank.example/", "wrote the URL differently"),
        ("https://EVIL.example/", "wrote the URL differently"),
    ],
)
def test_what_can_mislead_is_called_out(url: str, words: str) -> None:
    rendering = asked(question(url))
    assert words in rendering.text
    assert words in unescape(rendering.html)


@pytest.mark.parametrize("url", ["https://bank.example/a?b=c#d", "https://bank.example", "https://bank.example:8443/"])
def test_an_ordinary_url_has_nothing_to_look_at_twice(url: str) -> None:
    assert "caution" not in asked(question(url)).text
    assert "as written" not in asked(question(url)).text


def test_a_message_cannot_look_like_the_host() -> None:
    text = asked(question("https://evil.example/", "Hi.\n  host\n    bank.example")).text
    assert text.splitlines().count("  host") == 1


@given(st.text(st.sampled_from("https:/\\@.?#[]%2ea\t\n 0x7f。ev")) | st.text())
def test_no_url_shows_another_host_than_it_opens(rest: str) -> None:
    for url in (rest, f"https://{rest}", f"https://bank.example{rest}"):
        address = address_of(url)
        if address.href is None:
            assert address.cautions[0].startswith("No link: ")
        else:
            assert address_of(address.href).host == address.host
            assert "".join(address.parts) == address.href
            assert address.parts[1] == address.host != ""
            assert re.match(r"https?://", address.href)


# Markdown.


def drawn(text: str) -> str:
    html = markdown.to_html(text)
    assert html is not None
    return html


@pytest.mark.parametrize(("url", "host"), [(u, h) for u, h in LEADS_TO.items() if re.fullmatch(r"[^\s\\\x00\[]+", u)])
def test_a_link_of_markdown_names_the_host_that_it_opens(url: str, host: str) -> None:
    html = drawn(f"[bank.example](<{url}>)")
    ((href, _),) = links(html)
    assert re.fullmatch(rf"https?://([^/@]*@)?{re.escape(address_of(href).host)}(:\d+)?/.*", href)
    assert f"[{address_of(href).host}]" in html


@pytest.mark.parametrize("url", [u for u in NO_LINK if u and not re.search(r"[\s<>]", u)])
def test_no_other_link_of_markdown_can_be_clicked(url: str) -> None:
    html = drawn(f"[click]({url}) and <{url}>")
    assert [href for href, _ in links(html)] == []


def test_a_link_that_says_where_it_leads_is_not_told_twice() -> None:
    assert "[bank.example]" not in drawn("<https://bank.example/>")
    assert links(drawn("<https://bank.example/>")) == [("https://bank.example/", "https://bank.example/")]


def test_results_and_models_link_in_the_same_way() -> None:
    text = "# Pay\n\n- [bank.example](https://evil.example/x)\n- [run](javascript:alert(1))"
    result = CallToolResult(content=[TextContent(type="text", text=text)])
    for html in (render(result).html, says(text, "model").html):
        assert links(html) == [("https://evil.example/x", "bank.example")]
        assert "[evil.example]" in html


def test_a_resource_link_is_named_and_no_link() -> None:
    link: Any = {"type": "resource_link", "name": "a", "uri": "javascript:alert(1)"}
    assert "<a " not in render(CallToolResult.model_validate({"content": [link]})).html


def test_the_log_of_a_question_names_the_host_that_it_led_to() -> None:
    call = Call(server="shop", method="tools/call", name="pay", arguments={})
    params = {"mode": "url", "message": "Go.", "url": r"https://evil.example\@bank.example/"}
    call.add("question", {"method": "elicitation/create", "params": params})
    call.end("done", {"content": []})
    card = call_card(call, "", repr)
    for shown_ in (card.text, card.html):
        assert "https://evil.example/@bank.example/" in shown_
        assert "host: evil.example" in shown_


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_the_front_matter_of_a_skill_is_no_heading(end: str) -> None:
    html = markdown.to_html(end.join(["---", "name: greet", "---", "# Greet", ""]))
    assert html is not None
    assert "<h2>" not in html
    assert "<h1>Greet</h1>" in html
    assert 'class="language-yaml">name: greet' in html
    assert "<hr" in str(markdown.to_html("text\n\n---\n"))
