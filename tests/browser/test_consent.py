"""The page of the stand-in in a real Chromium, with the notebook's own client behind it."""

from __future__ import annotations

import queue
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright
from starlette.applications import Starlette
from starlette.responses import HTMLResponse
from starlette.routing import Route

from mcp_notebook import connect
from mcp_notebook.errors import RequestError
from mcp_notebook.portal import Portal
from tests.support.lab import FLAGS, OUTPUT, PATIENCE, browser_or_skip
from tests.support.looks import assert_good
from tests.support.served import serving
from tests.support.stand_in import Attacker, document_host, get, listening, said

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    portal = Portal()
    with listening(portal) as listener:
        yield listener.url
    portal.close()


@pytest.fixture(scope="module")
def chromium(url: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_or_skip(), args=FLAGS)
        yield browser
        browser.close()


@contextmanager
def page_of(chromium: Browser, **options: Any) -> Iterator[Page]:
    with chromium.new_context(**options) as context:
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        yield page


class SignIn:
    """A client of the notebook that connects on a thread, and the link that its person gets."""

    def __init__(self, url: str, **options: Any) -> None:
        self._links: queue.Queue[str] = queue.Queue()
        self._url, self._options = url, options
        self._pool = ThreadPoolExecutor(1)
        self._called: Future[Any] = self._pool.submit(self._connect)

    def _connect(self) -> Any:
        with connect(self._url, oauth=self._links.put, notice=lambda _: None, **self._options) as connection:
            return connection.call("write", {"text": "x"}).result.structured_content

    def link(self) -> str:
        return self._links.get(timeout=PATIENCE / 1000)

    def result(self) -> Any:
        try:
            return self._called.result(PATIENCE / 1000)
        finally:
            self._pool.shutdown()


def looks(page: Page, name: str) -> None:
    """Take pictures, light and dark, narrow and wide, and check the page by axe-core's rules."""
    OUTPUT.mkdir(exist_ok=True)
    for scheme in ("dark", "light"):
        page.emulate_media(color_scheme=scheme)
        for width in (500, 1280):
            page.set_viewport_size({"width": width, "height": 900})
            assert_good(page.locator("html"))
            page.screenshot(path=OUTPUT / f"{name}-{scheme}-{width}.png")


def test_a_person_signs_in_as_the_one_they_choose(chromium: Browser, url: str) -> None:
    sign_in = SignIn(url)
    with page_of(chromium) as page:
        page.goto(sign_in.link())
        expect(page.get_by_role("note")).to_contain_text("This is a stand-in.")
        expect(page.get_by_role("heading", level=1)).to_have_text("An unverified program asks to use notes")
        page.get_by_role("radio", name="grace").check()
        page.get_by_role("button", name="Allow").click()
        expect(page.get_by_text("Signed in. You can close this page")).to_be_visible()
    assert sign_in.result() == {"result": "grace wrote x"}


def test_everything_is_reached_by_keyboard_and_the_first_button_denies(chromium: Browser, url: str) -> None:
    sign_in = SignIn(url)
    with page_of(chromium) as page:
        page.goto(sign_in.link())
        names = []
        for _ in range(5):
            page.keyboard.press("Tab")
            names.append(page.evaluate("document.activeElement.value || document.activeElement.name"))
        assert names == ["ada", "notes:admin", "notes:write", "deny", "allow"]
        page.get_by_role("radio", name="ada").press("Enter")
        expect(page.get_by_text("Not signed in: access_denied")).to_be_visible()
    with pytest.raises(RequestError, match="Not signed in: access_denied"):
        sign_in.result()


def test_a_scope_that_is_not_ticked_is_asked_for_when_it_is_needed(chromium: Browser, url: str) -> None:
    sign_in = SignIn(url)
    with page_of(chromium) as page:
        page.goto(sign_in.link())
        for box in page.get_by_role("checkbox").all():
            box.uncheck()
        page.get_by_role("button", name="Allow").click()
        expect(page.get_by_text("Signed in.")).to_be_visible()
        page.goto(sign_in.link())
        expect(page.get_by_role("checkbox", name="notes:write")).to_be_checked()
        page.get_by_role("button", name="Allow").click()
        expect(page.get_by_text("Signed in.")).to_be_visible()
    assert sign_in.result() == {"result": "ada wrote x"}


def test_the_page_of_a_verified_client_looks_good(
    chromium: Browser, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ExitStack() as stack:
        host = stack.enter_context(document_host(tmp_path, monkeypatch))
        page = stack.enter_context(page_of(chromium, bypass_csp=True))
        client = Attacker(url)
        client.client_id = host.url
        page.goto(client.authorize(scope="notes:write notes:admin").headers["location"])
        expect(page.get_by_role("heading", level=1)).to_contain_text("127.0.0.1:")
        looks(page, "consent-verified")


def test_the_page_of_an_unverified_client_and_that_of_a_fault_look_good(chromium: Browser, url: str) -> None:
    client = Attacker(url, client_name="A client with a long name " + "x" * 60)
    with page_of(chromium, bypass_csp=True) as page:
        page.goto(client.authorize(scope="notes:write").headers["location"])
        looks(page, "consent-unverified")
        elsewhere = Attacker(url, ["https://app.example/cb"])
        page.goto(str(elsewhere.authorize(scope="nonsense").request.url))
        expect(page.get_by_role("link", name="tell app.example about it")).to_be_visible()
        looks(page, "consent-fault")


def test_another_page_can_neither_frame_the_question_nor_answer_it(chromium: Browser, url: str) -> None:
    client = Attacker(url)
    asked = client.authorize(scope="notes:write").headers["location"]
    forged = (
        f"<iframe src='{asked}'></iframe><form method=post action='{client.site}/consent'>"
        f"<input name=transaction value='{said(asked)['transaction']}'><input name=person value=ada>"
        "<input name=decision value=allow><input name=scope value=notes:write><button>Win a prize</button></form>"
    )
    app = Starlette(routes=[Route("/", lambda request: HTMLResponse(forged))])
    with serving(app) as evil, page_of(chromium) as page:
        page.goto(evil)
        frame = page.frame_locator("iframe")
        expect(frame.get_by_role("button", name="Allow")).to_have_count(0)
        page.get_by_role("button", name="Win a prize").click()
        expect(page.locator("body")).to_contain_text("does not come from the page of this server")
        assert page.url.startswith(client.site)
    assert get(asked).status_code == 200  # the question still waits for its person
